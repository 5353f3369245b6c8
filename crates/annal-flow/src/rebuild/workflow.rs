//! The workflow of a rebuild: one activity that is tried until it ends, is refused or is cancelled.

use std::time::Duration;

use temporalio_common::RetryPolicy;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityCancellationType, ActivityExecutionError, ActivityOptions, WorkflowContext,
    WorkflowContextView, WorkflowResult, WorkflowTermination,
};

use super::activity::RebuildActivities;
use super::order::{RebuildDone, RebuildOrder};

/// A rebuild of one projection, as Temporal sees it.
#[workflow]
pub(crate) struct ProjectionRebuildWorkflow {
    order: RebuildOrder,
}

#[workflow_methods]
impl ProjectionRebuildWorkflow {
    #[init]
    fn new(_ctx: &WorkflowContextView, order: RebuildOrder) -> Self {
        Self { order }
    }

    #[run(name = "rebuild_projection")]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<RebuildDone> {
        let order = ctx.state(|job| job.order.clone());
        let rebuilt = ctx.execute_activity(RebuildActivities::rebuild_projection, order, options());
        match rebuilt.await {
            Err(ActivityExecutionError::Cancelled(_)) => Err(WorkflowTermination::cancelled()),
            ended => Ok(ended?),
        }
    }

    /// What was asked for.
    #[query]
    pub(crate) fn order(&self, _ctx: &WorkflowContextView) -> RebuildOrder {
        self.order.clone()
    }
}

/// A worker that is gone is noticed after this time; its rebuild goes to another one.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Seven years of a bank are rebuilt in hours.
const LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// A database that is away comes back; what is refused for good says so itself.
fn options() -> ActivityOptions {
    let retry = RetryPolicy::builder()
        .initial_interval(Duration::from_secs(1))
        .backoff_coefficient(2.0)
        .maximum_interval(Duration::from_secs(30))
        .build();
    ActivityOptions::with_start_to_close_timeout(LIMIT)
        .heartbeat_timeout(HEARTBEAT)
        .retry_policy(retry)
        // Whoever cancels is told when what was built is gone.
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .build()
}

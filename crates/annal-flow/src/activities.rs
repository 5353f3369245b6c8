//! The activities: each name that an event may bear is one of them. They only say who works where; the desk does it.

#![expect(
    dead_code,
    reason = "the macro makes a constant for each activity; the workflow calls them by name"
)]

use std::sync::Arc;
use std::time::Duration;

use temporalio_macros::activities;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::act::{Answer, Call, OpeningCall, Progress};
use crate::desk::{Desk, DeskError, Place};
use crate::due::Order;
use crate::trace::{within, working};

/// The activities of a worker.
pub(crate) struct Activities {
    desk: Arc<Desk>,
    /// Where the desk works: the runtime of the log's connections.
    at: Handle,
}

/// How often an activity says that it lives; the server hears it less often, as it likes.
const BEAT: Duration = Duration::from_secs(1);

impl Activities {
    pub(crate) fn new(desk: Desk, at: Handle) -> Self {
        let desk = Arc::new(desk);
        Self { desk, at }
    }

    async fn open(&self, ctx: ActivityContext, call: OpeningCall) -> Done<Answer> {
        let (desk, place) = (self.desk.clone(), place(&ctx));
        let span = working(&place, call.trace);
        let work = async move { desk.open(&call, &place).await };
        self.beating(&ctx, within(span, work)).await
    }

    async fn act(&self, ctx: ActivityContext, call: Call) -> Done<Answer> {
        let (desk, place) = (self.desk.clone(), place(&ctx));
        let span = working(&place, call.trace);
        let work = async move { desk.act(&call, &place).await };
        self.beating(&ctx, within(span, work)).await
    }

    async fn work(&self, ctx: ActivityContext, order: Order) -> Done<Progress> {
        let (desk, place) = (self.desk.clone(), place(&ctx));
        let span = working(&place, order.cause.trace);
        let work = async move { desk.work(&order, &place).await };
        self.beating(&ctx, within(span, work)).await
    }

    /// Works while saying that it lives, so that another worker takes over soon if this one does not any more.
    async fn beating<T: Send + 'static>(
        &self,
        ctx: &ActivityContext,
        work: impl Future<Output = Result<T, DeskError>> + Send + 'static,
    ) -> Done<T> {
        // Ends with this future, also when the worker breaks off.
        let mut work = AbortOnDropHandle::new(self.at.spawn(work));
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    let done = done.unwrap_or_else(|error| Err(DeskError::Broken(error.to_string())));
                    return done.map_err(as_failure);
                }
                _ = beat.tick() => ctx.record_heartbeat(()).await?,
            }
        }
    }
}

type Done<T> = Result<T, ActivityError>;

/// Writes an activity for each name. Temporal's macro wants to see them written out.
macro_rules! named_activities {
    (people: $($person:ident)*; engine: $($engine:ident)*;) => {
        #[activities]
        impl Activities {
            #[activity(name = "open_run")]
            async fn open_run(self: Arc<Self>, ctx: ActivityContext, call: OpeningCall) -> Result<Answer, ActivityError> {
                self.open(ctx, call).await
            }
            $(
                #[activity(name = stringify!($person))]
                async fn $person(self: Arc<Self>, ctx: ActivityContext, call: Call) -> Result<Answer, ActivityError> {
                    self.act(ctx, call).await
                }
            )*
            $(
                #[activity(name = stringify!($engine))]
                async fn $engine(self: Arc<Self>, ctx: ActivityContext, order: Order) -> Result<Progress, ActivityError> {
                    self.work(ctx, order).await
                }
            )*
        }
    };
}

named_activities! {
    people:
        register_person change_definition cancel_run reopen_phase confirm_phase
        create_version revise_version revert_version add_items change_item remove_items
        decide_items submit_version withdraw_version approve_version reject_version
        assign_owners acknowledge_ownership escalate_ownership
        request_information submit_document revise_document review_document
        execute_tests record_tests review_tests sign_sections
        refuse_command;
    engine:
        enter_phase complete_phase complete_run pass_deadline escalate
        list_attributes profile_data recommend_scope draw_samples group_observations compose_report
        prepare_phase;
}

fn place(ctx: &ActivityContext) -> Place {
    let info = ctx.info();
    Place {
        workflow_id: info.workflow_id.clone().unwrap_or_default(),
        run_id: info.workflow_run_id.clone().unwrap_or_default(),
        activity: info.activity_type.clone(),
        attempt: info.attempt,
    }
}

fn as_failure(error: DeskError) -> ActivityError {
    ActivityError::application(if error.is_worth_another_try() {
        ApplicationFailure::new(error)
    } else {
        ApplicationFailure::non_retryable(error)
    })
}

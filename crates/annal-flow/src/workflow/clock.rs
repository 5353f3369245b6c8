//! Deadlines: a timer for the open step of each phase.

use std::time::Duration;

use annal_core::Phase;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use temporalio_sdk::{WorkflowContext, workflows::select};

use super::ReportRunWorkflow as Run;
use super::engine::{Branch, perform};
use crate::due::Alarm;

/// Waits for the deadline of whatever step is open in a phase and lets it be recorded, then for each escalation.
pub(super) fn watch(ctx: WorkflowContext<Run>, phase: Phase) -> Branch {
    async move {
        loop {
            Run::wait(&ctx, |run| run.resting() || run.alarm(phase).is_some()).await;
            let next = |run: &Run| run.alarm(phase).filter(|_| !run.resting());
            let Some(alarm) = ctx.state(next) else { return };
            if rings(&ctx, phase, &alarm).await {
                ring(&ctx, phase, alarm).await;
            }
        }
    }
    .boxed_local()
}

/// Whether the alarm's time came; it did not if the step ended or changed before.
async fn rings(ctx: &WorkflowContext<Run>, phase: Phase, alarm: &Alarm) -> bool {
    let wait = ctx.state(|run| left(ctx, alarm.at, run.input.pace.hour_ms));
    let mut rang = wait.is_zero();
    if !rang {
        let other = |run: &Run| run.resting() || run.alarm(phase).as_ref() != Some(alarm);
        select! {
            _ = Run::timer(ctx, wait) => rang = true,
            () = Run::wait(ctx, other).boxed_local().fuse() => {}
        };
    }
    rang
}

async fn ring(ctx: &WorkflowContext<Run>, phase: Phase, alarm: Alarm) {
    // If it could not be said, the next escalation comes at its time all the same.
    if let Err(error) = perform(ctx, alarm.work).await {
        tracing::warn!(%phase, %error, "a missed deadline could not be recorded");
    }
    ctx.state_mut(|run| {
        let rung = run
            .rung
            .entry(phase)
            .or_insert_with(|| (alarm.step.clone(), 0));
        if rung.0 != alarm.step {
            *rung = (alarm.step, 0);
        }
        rung.1 += 1;
    });
}

/// The time left, by the run's own pace.
fn left(ctx: &WorkflowContext<Run>, at: DateTime<Utc>, hour_ms: u64) -> Duration {
    let now = ctx.workflow_time().map_or(at, DateTime::<Utc>::from);
    let ms = u64::try_from((at - now).num_milliseconds()).unwrap_or(0);
    let scaled = u128::from(ms) * u128::from(hour_ms) / 3_600_000;
    Duration::from_millis(u64::try_from(scaled).unwrap_or(u64::MAX))
}

//! The branches of a run that work side by side: one a phase, and those for the run as a whole.

use std::time::Duration;

use annal_core::Phase;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use temporalio_sdk::{ActivityExecutionError, WorkflowContext, workflows::select};

use super::ReportRunWorkflow as Run;
use super::options::{self, Named};
use crate::act::Progress;
use crate::due::{self, Order, Work};

type Context = WorkflowContext<Run>;
pub(super) type Branch = LocalBoxFuture<'static, ()>;

/// Does what is due in a phase, whenever something is.
pub(super) fn lead_phase(ctx: Context, phase: Phase) -> Branch {
    async move {
        loop {
            Run::wait(&ctx, |run| run.resting() || run.due(phase).is_some()).await;
            let due = |run: &Run| run.due(phase).filter(|_| !run.resting());
            let Some(work) = ctx.state(due) else { return };
            let before = ctx.state(|run| run.progress.clone());
            let done = perform(&ctx, work.clone()).await;
            let stands_still =
                ctx.state(|run| run.due(phase) == Some(work) && run.progress == before);
            match done {
                Ok(()) if !stands_still => {
                    ctx.state_mut(|run| run.stuck.remove(&phase));
                }
                Ok(()) => stumble(&ctx, phase, "nothing came of it".to_owned(), true).await,
                Err(error) => stumble(&ctx, phase, describe(&error), !is_final(&error)).await,
            }
        }
    }
    .boxed_local()
}

/// Hands a piece of work to its activity and takes in what came of it.
pub(super) async fn perform(ctx: &Context, work: Work) -> Result<(), ActivityExecutionError> {
    let activity = Named::<Order, Progress>::new(work.activity());
    let options = options::engine(&work);
    let Some(order) = ctx.state(|run| run.order(work)) else {
        return Ok(());
    };
    let progress = ctx.execute_activity(activity, order, options).await?;
    ctx.state_mut(|run| run.take_in(progress));
    Ok(())
}

/// Work failed after all its tries. The run goes on: the work is tried again when something changes in the phase, and,
/// unless it failed for good, after a while.
async fn stumble(ctx: &Context, phase: Phase, why: String, try_again: bool) {
    ctx.state_mut(|run| run.stuck.insert(phase, why));
    let position = |run: &Run| run.progress.as_ref().map(|it| it.position);
    let stood = ctx.state(position);
    if try_again {
        select! {
            _ = Run::timer(ctx, TRY_AGAIN_AFTER) => {}
            () = Run::wait(ctx, |run| run.resting() || position(run) != stood).boxed_local().fuse() => {}
        };
    } else {
        Run::wait(ctx, |run| run.resting() || position(run) != stood).await;
    }
}

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Carries out commands that came as signals, one after the other, also those that came too late: each is answered in
/// the log.
pub(super) fn answer_mail(ctx: Context) -> Branch {
    async move {
        loop {
            Run::wait(&ctx, |run| run.resting() || !run.mail.is_empty()).await;
            let next = |run: &mut Run| (!run.pausing).then(|| run.mail.pop_front()).flatten();
            let Some(call) = ctx.state_mut(next) else { return };
            let again = call.clone();
            if let Err(error) = Run::carry_out(&ctx, call).await {
                tracing::warn!(command = %again.command.id, error = %describe(&error), "a command of the mail waits");
                ctx.state_mut(|run| run.mail.push_front(again));
                Run::timer(&ctx, TRY_AGAIN_AFTER).await;
            }
        }
    }
    .boxed_local()
}

/// Lets the run go on in a new execution before its history becomes too long.
pub(super) fn keep_short(ctx: Context) -> Branch {
    async move {
        let limit = ctx.state(|run| run.input.pace.history_events);
        let long = |ctx: &Context| ctx.continue_as_new_suggested() || ctx.history_length() > limit;
        Run::wait(&ctx, |run| run.resting() || long(&ctx)).await;
        if long(&ctx) {
            ctx.state_mut(|run| run.pausing |= !run.over());
        }
    }
    .boxed_local()
}

/// Completes the run once all phases are over.
pub(super) fn finish(ctx: Context) -> Branch {
    async move {
        loop {
            let ready = |run: &Run| run.mail.is_empty() && run.summary().is_some_and(due::all_over);
            Run::wait(&ctx, |run| run.resting() || ready(run)).await;
            if ctx.state(Run::resting) {
                return;
            }
            if let Err(error) = perform(&ctx, Work::CompleteRun).await {
                tracing::warn!(error = %describe(&error), "the run could not be completed yet");
                Run::timer(&ctx, TRY_AGAIN_AFTER).await;
            }
        }
    }
    .boxed_local()
}

/// Keeps what Temporal itself shows of the run up to date.
pub(super) fn show(ctx: Context) -> Branch {
    async move {
        loop {
            Run::wait(&ctx, |run| run.resting() || run.is_shown_late()).await;
            let update = ctx.state_mut(Run::next_to_show);
            if let Some(shown) = update {
                shown.put_on(&ctx);
            }
            if ctx.state(|run| run.resting() && !run.is_shown_late()) {
                return;
            }
        }
    }
    .boxed_local()
}

/// What went wrong, in the words of the innermost cause.
pub(super) fn describe(error: &ActivityExecutionError) -> String {
    error.reason().map_or_else(
        || error.to_string(),
        |cause| cause.failure().message.clone(),
    )
}

/// Whether the activity said itself that another try is useless.
fn is_final(error: &ActivityExecutionError) -> bool {
    use temporalio_common::error::IncomingError;
    matches!(error.reason(), Some(IncomingError::Application(failure)) if failure.is_non_retryable())
}

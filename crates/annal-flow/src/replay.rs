//! Replaying recorded histories: a change of the workflow that would break runs in progress is found before it is
//! rolled out.

use temporalio_client::{WorkflowFetchHistoryOptions, WorkflowHistory};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use crate::client::FlowClient;
use crate::error::FlowError;
use crate::rebuild::ProjectionRebuildWorkflow;
use crate::workflow::ReportRunWorkflow;

/// Why a history does not replay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It is no history.
    #[error("the history cannot be read: {0}")]
    Unreadable(String),
    /// This build's workflow would have done something else.
    #[error(
        "this build does not repeat the recorded run: {0}; guard the change with a patch, so that runs in progress keep their way"
    )]
    Differs(String),
}

/// Replays the history of one execution, as [`FlowClient::history`] gives it, against this build's workflow.
///
/// # Errors
/// [`ReplayError`].
pub async fn replay(history: &[u8]) -> Result<(), ReplayError> {
    replay_with(history, WorkflowReplayerOptions::new().build()).await
}

/// As [`replay`], with options to which the workflow is added.
pub(crate) async fn replay_with(
    history: &[u8],
    mut options: WorkflowReplayerOptions,
) -> Result<(), ReplayError> {
    let unreadable = |error: &dyn std::fmt::Display| ReplayError::Unreadable(error.to_string());
    let history = WorkflowHistory::from_json(history).map_err(|error| unreadable(&error))?;
    let registered = options
        .register_workflow::<ReportRunWorkflow>()
        .and_then(|options| options.register_workflow::<ProjectionRebuildWorkflow>());
    registered.map_err(|error| unreadable(&error))?;
    let replayer = WorkflowReplayer::new(options).map_err(|error| unreadable(&error))?;
    let replayed = replayer.replay_workflow(history).await;
    replayed.map_err(|error| ReplayError::Differs(error.to_string()))
}

impl FlowClient {
    /// The history of an execution of a run, as JSON: of the one named by Temporal's run id, which every event of the
    /// log bears, or of the current one.
    ///
    /// # Errors
    /// [`FlowError::Refused`] if the server does not give it.
    pub async fn history(
        &self,
        run: annal_core::RunId,
        execution: Option<&str>,
    ) -> Result<Vec<u8>, FlowError> {
        let handle = self.execution(run, execution);
        let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
        let json = history.to_json().await;
        json.map_err(|error| self.refused(&error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicBool, Ordering};

    use temporalio_sdk::workflow_interceptors::{
        CancellableWorkflowOutboundFuture, ScheduleActivityInput, ScheduleActivityResult,
        WorkflowInterceptor, WorkflowInterceptorConstructor, WorkflowInterceptorContext,
        WorkflowNext,
    };

    use super::*;
    use crate::workflow::{Patches, interceptor};

    fn histories() -> Vec<(PathBuf, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
        let entries = std::fs::read_dir(folder).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        };
        paths.into_iter().map(read).collect()
    }

    #[tokio::test]
    async fn every_recorded_history_replays() {
        let histories = histories();
        assert!(histories.len() >= 8, "{} histories", histories.len());
        for (path, history) in histories {
            let replayed = replay(&history).await;
            assert_eq!(replayed, Ok(()), "{}", path.display());
        }
    }

    #[tokio::test]
    async fn what_is_no_history_is_said_to_be_none() {
        let replayed = replay(b"[]").await;
        assert!(
            matches!(replayed, Err(ReplayError::Unreadable(_))),
            "{replayed:?}"
        );
    }

    /// A build that prepares a phase before it enters it.
    #[derive(Default)]
    struct PreparesFirst {
        entered: AtomicBool,
        prepared: AtomicBool,
    }

    impl WorkflowInterceptor for PreparesFirst {
        fn schedule_activity(
            &self,
            _ctx: WorkflowInterceptorContext,
            mut input: ScheduleActivityInput,
            next: WorkflowNext<
                'static,
                ScheduleActivityInput,
                CancellableWorkflowOutboundFuture<ScheduleActivityResult>,
            >,
        ) -> CancellableWorkflowOutboundFuture<ScheduleActivityResult> {
            let name = input.activity_type_mut();
            if name == "enter_phase" && !self.entered.swap(true, Ordering::Relaxed) {
                "list_attributes".clone_into(name);
            } else if name == "list_attributes" && !self.prepared.swap(true, Ordering::Relaxed) {
                "enter_phase".clone_into(name);
            }
            next.run(input)
        }
    }

    #[tokio::test]
    async fn a_build_that_swaps_two_activities_does_not_pass() {
        let mut tried = 0;
        for (path, history) in histories() {
            if !String::from_utf8_lossy(&history).contains("list_attributes") {
                continue;
            }
            tried += 1;
            let mutant = WorkflowInterceptorConstructor::new(|_| PreparesFirst::default());
            let options = WorkflowReplayerOptions::new()
                .workflow_interceptor(mutant)
                .build();
            let replayed = replay_with(&history, options).await;
            assert!(
                matches!(replayed, Err(ReplayError::Differs(_))),
                "{}",
                path.display()
            );
        }
        assert!(tried >= 4, "{tried} histories hold both activities");
    }

    fn history(name: &str) -> Vec<u8> {
        let named = |(path, _): &(PathBuf, Vec<u8>)| path.file_stem().unwrap() == name;
        histories().into_iter().find(named).unwrap().1
    }

    async fn replay_by(patches: Patches, history: &[u8]) -> Result<(), ReplayError> {
        let options = WorkflowReplayerOptions::new()
            .workflow_interceptor(interceptor(patches))
            .build();
        replay_with(history, options).await
    }

    /// Histories from before the memo told what is stuck, and from after it, of the same story.
    const OLD_WAY: &str = "preparation_failed";
    const NEW_WAY: &str = "preparation_failed_and_memo_tells";

    #[tokio::test]
    async fn a_worker_that_holds_patches_back_goes_on_with_every_history() {
        for (path, history) in histories() {
            let replayed = replay_by(Patches::HeldBack, &history).await;
            assert_eq!(replayed, Ok(()), "{}", path.display());
        }
    }

    #[tokio::test]
    async fn a_change_without_a_patch_does_not_pass() {
        let replayed = replay_by(Patches::Unguarded, &history(OLD_WAY)).await;
        assert!(
            matches!(replayed, Err(ReplayError::Differs(_))),
            "{replayed:?}"
        );
    }

    #[tokio::test]
    async fn a_build_from_before_a_patch_goes_on_with_the_old_way_only() {
        let before = replay_by(Patches::Unknown, &history(OLD_WAY)).await;
        assert_eq!(before, Ok(()));
        let after = replay_by(Patches::Unknown, &history(NEW_WAY)).await;
        assert!(matches!(after, Err(ReplayError::Differs(_))), "{after:?}");
    }
}

//! Asking with patience: what is worth asking again, and what the trouble is called otherwise.

use std::time::Duration;

use annal_core::RunId;
use temporalio_client::errors::{
    WorkflowInteractionError, WorkflowQueryError, WorkflowUpdateError, WorkflowUpdateWithStartError,
};
use temporalio_client::tonic::{Code, Request, Status};
use temporalio_client::{WorkflowDescribeOptions, WorkflowExecutionStatus};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use tokio::time::Instant;
use uuid::Uuid;

use super::FlowClient;
use crate::act::Unanswered;
use crate::error::FlowError;
use crate::{TASK_QUEUE, queue};

/// Why there was no answer, before it is clear what that means.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No such execution is running.
    NotFound,
    /// The workflow answered with a failure.
    Failed(Box<Failure>),
    /// The server or the way to it.
    Server(Status),
    /// Something between us and the server's answer.
    Other(String),
}

impl Trouble {
    /// Whether it was another sending of the command that failed, and Temporal only remembers it.
    pub(super) fn is_of_another(&self, sending: Uuid) -> bool {
        match self {
            Self::Failed(failure) if !came_too_late(failure) => {
                unanswered(failure).sending != Some(sending)
            }
            _ => false,
        }
    }
}

/// After this time without an answer we look whether there is a worker at all.
const LOOK_FOR_WORKER_AFTER: Duration = Duration::from_secs(5);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(100);

impl FlowClient {
    /// Asks until there is an answer, a reason why there will be none, or no time left.
    pub(super) async fn ask<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        run: RunId,
        question: impl Fn() -> F,
    ) -> Result<T, FlowError> {
        let deadline = Instant::now() + self.settings.answer_within;
        loop {
            let until = deadline.min(Instant::now() + LOOK_FOR_WORKER_AFTER);
            match tokio::time::timeout_at(until, question()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(trouble)) => {
                    self.give_up_on(run, trouble).await?;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(_) => self.expect_worker().await?,
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out(run));
            }
        }
    }

    pub(super) fn timed_out(&self, run: RunId) -> FlowError {
        let seconds = self.settings.answer_within.as_secs();
        FlowError::TimedOut { run, seconds }
    }

    /// An error if asking again is useless.
    async fn give_up_on(&self, run: RunId, trouble: Trouble) -> Result<(), FlowError> {
        match trouble {
            Trouble::NotFound => self.expect_running(run).await,
            Trouble::Failed(failure) if came_too_late(&failure) => Ok(()),
            Trouble::Failed(failure) => Err(FlowError::Failed {
                run,
                detail: unanswered(&failure).detail,
            }),
            Trouble::Server(status) => match status.code() {
                _ if nobody_polls(&status) => Err(self.no_worker()),
                // Too many at once, or a poll that ended: both pass.
                Code::ResourceExhausted | Code::DeadlineExceeded | Code::FailedPrecondition => {
                    self.expect_worker().await
                }
                Code::Unavailable | Code::Cancelled | Code::Unknown => {
                    Err(self.unreachable(&status))
                }
                // The server's services learn one by one of a namespace that was just made.
                Code::NotFound if self.has_namespace().await => Ok(()),
                _ => Err(self.refused(status.message())),
            },
            Trouble::Other(detail) => Err(self.refused(&detail)),
        }
    }

    /// An execution that just went on in a new one is asked again; one that ended is not.
    async fn expect_running(&self, run: RunId) -> Result<(), FlowError> {
        match self
            .handle(run)
            .describe(WorkflowDescribeOptions::default())
            .await
        {
            Ok(found) => match found.status() {
                WorkflowExecutionStatus::Running | WorkflowExecutionStatus::ContinuedAsNew => {
                    Ok(())
                }
                status => Err(FlowError::Closed {
                    run,
                    status: format!("{status:?}").to_lowercase(),
                }),
            },
            Err(WorkflowInteractionError::NotFound(_)) => Err(FlowError::NotFound {
                run,
                ledger: self.ledger.to_string(),
            }),
            Err(WorkflowInteractionError::Rpc(status)) => Err(self.unreachable(&status)),
            Err(error) => Err(self.refused(&error.to_string())),
        }
    }

    /// Whether our namespace is written down, which is asked of no service's memory.
    async fn has_namespace(&self) -> bool {
        let request = DescribeNamespaceRequest {
            namespace: self.client.options().namespace.clone(),
            ..DescribeNamespaceRequest::default()
        };
        let mut service = self.client.connection().workflow_service();
        let answer = service.describe_namespace(Request::new(request)).await;
        answer.is_ok()
    }

    /// An error if nobody takes work from the queue.
    pub(super) async fn expect_worker(&self) -> Result<(), FlowError> {
        match queue::is_polled(&self.client, TASK_QUEUE).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.no_worker()),
            Err(status) => Err(self.unreachable(&status)),
        }
    }

    fn no_worker(&self) -> FlowError {
        FlowError::NoWorker {
            queue: TASK_QUEUE.to_owned(),
            target: self.target.clone(),
        }
    }

    fn unreachable(&self, status: &Status) -> FlowError {
        FlowError::Unreachable {
            target: self.target.clone(),
            detail: status.message().to_owned(),
        }
    }

    pub(crate) fn refused(&self, detail: &str) -> FlowError {
        FlowError::Refused {
            target: self.target.clone(),
            detail: detail.to_owned(),
        }
    }
}

/// The server's answer to a query that no worker can take.
fn nobody_polls(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition && status.message().contains("no poller")
}

/// The workflow ended or went on in a new execution before it took the command: the next one is asked, or we hear that
/// there is none.
fn came_too_late(failure: &Failure) -> bool {
    use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
    matches!(&failure.failure_info, Some(FailureInfo::ApplicationFailureInfo(info)) if info.r#type == "AcceptedUpdateCompletedWorkflow")
}

fn unanswered(failure: &Failure) -> Unanswered {
    Unanswered::read(innermost(failure))
}

fn innermost(failure: &Failure) -> &str {
    failure
        .cause
        .as_deref()
        .map_or(failure.message.as_str(), innermost)
}

impl From<WorkflowUpdateError> for Trouble {
    fn from(error: WorkflowUpdateError) -> Self {
        match error {
            WorkflowUpdateError::NotFound(_) => Self::NotFound,
            WorkflowUpdateError::Failed(failure) => Self::Failed(failure),
            WorkflowUpdateError::Rpc(status) => Self::Server(status),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<WorkflowUpdateWithStartError> for Trouble {
    fn from(error: WorkflowUpdateWithStartError) -> Self {
        match error {
            WorkflowUpdateWithStartError::Update(error) => error.into(),
            WorkflowUpdateWithStartError::Rpc(status) => Self::Server(status),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<WorkflowQueryError> for Trouble {
    fn from(error: WorkflowQueryError) -> Self {
        match error {
            WorkflowQueryError::NotFound(_) => Self::NotFound,
            WorkflowQueryError::Rpc(status) => Self::Server(status),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<WorkflowInteractionError> for Trouble {
    fn from(error: WorkflowInteractionError) -> Self {
        match error {
            WorkflowInteractionError::NotFound(_) => Self::NotFound,
            WorkflowInteractionError::Rpc(status) => Self::Server(status),
            other => Self::Other(other.to_string()),
        }
    }
}

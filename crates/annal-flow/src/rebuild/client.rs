//! The client side of rebuilds: starts jobs, watches them and gives them up.

use std::time::Duration;

use temporalio_client::errors::{
    WorkflowGetResultError, WorkflowInteractionError, WorkflowStartError,
};
use temporalio_client::tonic::{Code, Status};
use temporalio_client::{
    Client, WorkflowCancelOptions, WorkflowDescribeOptions, WorkflowExecutionInfo,
    WorkflowFetchHistoryOptions, WorkflowGetResultOptions, WorkflowHandle,
    WorkflowIdConflictPolicy, WorkflowStartOptions,
};
use temporalio_common::error::IncomingError;

use super::error::JobError;
use super::job::{JobStatus, RebuildJob};
use super::order::{RebuildDone, RebuildFailed, RebuildOrder};
use super::workflow::ProjectionRebuildWorkflow as Workflow;
use super::{REBUILD_QUEUE, rebuild_workflow_id};
use crate::connection;
use crate::error::FlowError;
use crate::queue;

/// Speaks with the rebuilds of one Temporal namespace. Cheap to clone.
#[derive(Clone)]
pub struct RebuildJobs {
    client: Client,
    target: String,
}

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// How long a job that nobody takes is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

impl RebuildJobs {
    /// Connects to a Temporal server.
    ///
    /// # Errors
    /// [`JobError::Flow`].
    pub async fn connect(target: &str, namespace: &str) -> Result<Self, JobError> {
        Ok(Self {
            client: connection::connect(target, namespace).await?,
            target: target.to_owned(),
        })
    }

    /// Starts a job. A rebuild that was begun by whomever is taken up where it is.
    ///
    /// # Errors
    /// [`JobError::Running`] if there is one for this projection, [`JobError::Flow`].
    pub async fn start(&self, order: &RebuildOrder) -> Result<(), JobError> {
        let id = rebuild_workflow_id(&order.projection);
        let options = WorkflowStartOptions::new(REBUILD_QUEUE, id)
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .static_summary(format!("rebuild of {}", order.projection))
            .build();
        let started = self
            .client
            .start_workflow(Workflow::run, order.clone(), options);
        match started.await {
            Ok(_) => Ok(()),
            Err(WorkflowStartError::AlreadyStarted { .. }) => {
                Err(JobError::Running(order.projection.clone()))
            }
            Err(WorkflowStartError::Rpc(status)) => Err(self.trouble(&status)),
            Err(error) => Err(self.refused(&error.to_string())),
        }
    }

    /// The latest job of a projection; none if there never was one.
    ///
    /// # Errors
    /// [`JobError::Flow`].
    pub async fn look(&self, projection: &str) -> Result<Option<RebuildJob>, JobError> {
        let told = self.handle(projection);
        match told.describe(WorkflowDescribeOptions::default()).await {
            Ok(told) => Ok(Some(RebuildJob::of(projection, &told))),
            Err(WorkflowInteractionError::NotFound(_)) => Ok(None),
            Err(WorkflowInteractionError::Rpc(status)) => Err(self.trouble(&status)),
            Err(error) => Err(self.refused(&error.to_string())),
        }
    }

    /// Of these projections, those that a job rebuilds now.
    ///
    /// # Errors
    /// [`JobError::Flow`].
    pub async fn running(&self, projections: &[String]) -> Result<Vec<RebuildJob>, JobError> {
        let looks = projections.iter().map(|it| self.look(it));
        let found = futures::future::try_join_all(looks).await?;
        let found = found.into_iter().flatten();
        Ok(found.filter(|it| it.status == JobStatus::Running).collect())
    }

    /// Waits until a job ends, telling where it stands on the way.
    ///
    /// # Errors
    /// [`JobError::Failed`], [`JobError::Cancelled`], [`JobError::Absent`]; [`JobError::NoWorker`], [`JobError::Flow`]. The
    /// job itself goes on then.
    pub async fn watch(
        &self,
        projection: &str,
        mut tell: impl FnMut(&RebuildJob),
    ) -> Result<RebuildDone, JobError> {
        let began = tokio::time::Instant::now();
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            let Some(job) = self.look(projection).await? else {
                return Err(JobError::Absent(projection.to_owned()));
            };
            tell(&job);
            if job.status != JobStatus::Running {
                return self.ended(projection).await;
            }
            if job.reached.is_empty() && began.elapsed() > PATIENCE {
                self.expect_worker().await?;
            }
        }
    }

    /// How a job that is over ended; waits for one that is not.
    ///
    /// # Errors
    /// As [`RebuildJobs::watch`].
    pub async fn ended(&self, projection: &str) -> Result<RebuildDone, JobError> {
        let handle = self.handle(projection);
        match handle.get_result(WorkflowGetResultOptions::default()).await {
            Ok(done) => Ok(done),
            Err(
                WorkflowGetResultError::Cancelled { .. }
                | WorkflowGetResultError::Terminated { .. },
            ) => Err(JobError::Cancelled(projection.to_owned())),
            Err(WorkflowGetResultError::NotFound(_)) => {
                Err(JobError::Absent(projection.to_owned()))
            }
            Err(WorkflowGetResultError::Failed(error)) => Err(failed(&error)),
            Err(WorkflowGetResultError::Rpc(status)) => Err(self.trouble(&status)),
            Err(error) => Err(self.refused(&error.to_string())),
        }
    }

    /// Gives a job up and waits until what it built is gone.
    ///
    /// # Errors
    /// [`JobError::Absent`] if none runs; [`JobError::NoWorker`] if none is there to clear up, which one does as soon
    /// as it comes; [`JobError::Flow`].
    pub async fn cancel(&self, projection: &str) -> Result<(), JobError> {
        // A server takes a request for what is over already as one that came twice.
        let running = self.look(projection).await?;
        if running.is_none_or(|it| it.status != JobStatus::Running) {
            return Err(JobError::Absent(projection.to_owned()));
        }
        let handle = self.handle(projection);
        let asked = handle.cancel(WorkflowCancelOptions::builder().build());
        match asked.await {
            Ok(()) => {}
            Err(WorkflowInteractionError::NotFound(_)) => {
                return Err(JobError::Absent(projection.to_owned()));
            }
            Err(WorkflowInteractionError::Rpc(status)) => return Err(self.trouble(&status)),
            Err(error) => return Err(self.refused(&error.to_string())),
        }
        let began = tokio::time::Instant::now();
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            let job = self.look(projection).await?;
            if job.is_none_or(|it| it.status != JobStatus::Running) {
                // What ended in the same moment is told as it ended.
                return match self.ended(projection).await {
                    Ok(_) => Err(JobError::Absent(projection.to_owned())),
                    Err(JobError::Cancelled(_)) => Ok(()),
                    Err(error) => Err(error),
                };
            }
            if began.elapsed() > PATIENCE {
                self.expect_worker().await?;
            }
        }
    }

    /// The history of a projection's latest job, as JSON.
    ///
    /// # Errors
    /// [`JobError::Flow`] if the server does not give it.
    pub async fn history(&self, projection: &str) -> Result<Vec<u8>, JobError> {
        let history = self
            .handle(projection)
            .fetch_history(WorkflowFetchHistoryOptions::default());
        let json = history.to_json().await;
        json.map_err(|error| self.refused(&error.to_string()))
    }

    fn handle(&self, projection: &str) -> WorkflowHandle<Client, Workflow> {
        let info = WorkflowExecutionInfo::builder()
            .namespace(self.client.options().namespace.clone())
            .workflow_id(rebuild_workflow_id(projection))
            .build();
        WorkflowHandle::new(self.client.clone(), info)
    }

    async fn expect_worker(&self) -> Result<(), JobError> {
        match queue::is_polled(&self.client, REBUILD_QUEUE).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(JobError::NoWorker(self.target.clone())),
            Err(status) => Err(self.trouble(&status)),
        }
    }

    fn trouble(&self, status: &Status) -> JobError {
        match status.code() {
            Code::Unavailable | Code::Cancelled | Code::Unknown | Code::DeadlineExceeded => {
                JobError::Flow(FlowError::Unreachable {
                    target: self.target.clone(),
                    detail: status.message().to_owned(),
                })
            }
            _ => self.refused(status.message()),
        }
    }

    fn refused(&self, detail: &str) -> JobError {
        JobError::Flow(FlowError::Refused {
            target: self.target.clone(),
            detail: detail.to_owned(),
        })
    }
}

/// What the activity said, out of what Temporal wraps around it.
fn failed(error: &IncomingError) -> JobError {
    let mut innermost = error;
    while let Some(cause) = cause(innermost) {
        innermost = cause;
    }
    if let IncomingError::Application(failure) = innermost
        && let Ok(Some(no)) = failure.details::<RebuildFailed>()
    {
        return JobError::Failed {
            code: no.code,
            message: no.message,
            examples: no.examples,
        };
    }
    JobError::Failed {
        code: "rebuild_broken".to_owned(),
        message: format!("the rebuild did not end: {}", innermost.failure().message),
        examples: Vec::new(),
    }
}

fn cause(error: &IncomingError) -> Option<&IncomingError> {
    match error {
        IncomingError::Application(it) => it.cause(),
        IncomingError::Activity(it) => it.cause(),
        _ => None,
    }
}

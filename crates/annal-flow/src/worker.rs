//! The worker side: takes workflow tasks and activities from the queue.

use std::sync::Arc;
use std::time::Duration;

use annal_log::Log;
use temporalio_common::worker::WorkerDeploymentOptions;
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder, WorkerTuner};
use temporalio_sdk::{Runtime, Worker as SdkWorker, WorkerOptions, WorkerOptionsBuilder};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::activities::Activities;
use crate::desk::{Desk, engine};
use crate::error::FlowError;
use crate::rebuild::{ProjectionRebuildWorkflow, REBUILD_QUEUE, RebuildActivities, Rebuilder};
use crate::workflow::{Patches, ReportRunWorkflow, interceptor};
use crate::{TASK_QUEUE, connection};

/// How a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Runs that are kept in memory between two messages.
    pub cached_runs: usize,
    /// How long activities may go on after [`Worker::stop`].
    pub grace: Duration,
    /// Whether runs take on changes of the workflow that came with this build.
    pub patches: Patches,
}

impl WorkerSettings {
    /// What serves most.
    pub const DEFAULT: Self = Self {
        cached_runs: 200,
        grace: Duration::from_secs(10),
        patches: Patches::TakenOn,
    };
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A worker on a thread of its own. It ends with [`Worker::stop`]; when it is dropped without, it breaks off as if the
/// process had died, and another worker goes on.
#[must_use = "a worker that is dropped breaks off"]
pub struct Worker {
    shut_down: Box<dyn Fn() + Send + Sync>,
    ended: oneshot::Receiver<Result<(), String>>,
    /// Dropping it breaks the worker off.
    _lifeline: oneshot::Sender<()>,
    target: String,
}

impl Worker {
    /// Starts a worker on a ledger's runs. It returns once the worker is ready.
    ///
    /// # Errors
    /// [`FlowError::Unreachable`] or [`FlowError::Refused`].
    pub async fn start(
        log: Log,
        target: &str,
        namespace: &str,
        settings: WorkerSettings,
    ) -> Result<Self, FlowError> {
        // The log's connections belong to the caller's runtime, so the work with them stays there.
        let activities = Activities::new(Desk::new(log), Handle::current());
        Self::on_duty(Duty::Runs(activities), target, namespace, settings).await
    }

    /// Starts a worker for rebuilds of projections, which has a task queue of its own.
    ///
    /// # Errors
    /// [`FlowError::Unreachable`] or [`FlowError::Refused`].
    pub async fn start_for_rebuilds(
        rebuilder: Arc<dyn Rebuilder>,
        target: &str,
        namespace: &str,
    ) -> Result<Self, FlowError> {
        let activities = RebuildActivities::new(rebuilder, Handle::current());
        let settings = WorkerSettings::DEFAULT;
        Self::on_duty(Duty::Rebuilds(activities), target, namespace, settings).await
    }

    async fn on_duty(
        duty: Duty,
        target: &str,
        namespace: &str,
        settings: WorkerSettings,
    ) -> Result<Self, FlowError> {
        let (ready, is_ready) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (lifeline, cut) = oneshot::channel();
        let post = Post {
            target: target.to_owned(),
            namespace: namespace.to_owned(),
            settings,
            duty,
        };
        let thread = std::thread::Builder::new().name("annal-worker".to_owned());
        let refused = |detail: String| FlowError::Refused {
            target: target.to_owned(),
            detail,
        };
        thread
            .spawn(move || {
                let outcome = post.man(ready, cut);
                // Whoever started the worker may have gone.
                let _ = end.send(outcome);
            })
            .map_err(|error| refused(error.to_string()))?;
        match is_ready.await {
            Ok(Ok(shut_down)) => Ok(Self {
                shut_down,
                ended,
                _lifeline: lifeline,
                target: target.to_owned(),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(refused("the worker's thread broke off".to_owned())),
        }
    }

    /// Takes no more work, finishes what it has and ends.
    ///
    /// # Errors
    /// [`FlowError::Refused`] if it ended with an error.
    pub async fn stop(mut self) -> Result<(), FlowError> {
        (self.shut_down)();
        self.ended().await
    }

    /// Waits until the worker ends, which it does by itself only on an error.
    ///
    /// # Errors
    /// [`FlowError::Refused`] with the error.
    pub async fn ended(&mut self) -> Result<(), FlowError> {
        let ended = (&mut self.ended).await;
        let outcome = ended.unwrap_or_else(|_| Err("the worker's thread broke off".to_owned()));
        outcome.map_err(|detail| FlowError::Refused {
            target: self.target.clone(),
            detail,
        })
    }
}

type ShutDown = Box<dyn Fn() + Send + Sync>;

/// What the worker's thread needs.
struct Post {
    target: String,
    namespace: String,
    settings: WorkerSettings,
    duty: Duty,
}

/// What a worker is there for.
enum Duty {
    Runs(Activities),
    Rebuilds(RebuildActivities),
}

/// Rebuilds that one worker carries out side by side: each keeps a core of the database busy.
const REBUILDS_AT_ONCE: usize = 2;

impl Post {
    /// Runs until shut down or until the lifeline is cut.
    fn man(
        self,
        ready: oneshot::Sender<Result<ShutDown, FlowError>>,
        cut: oneshot::Receiver<()>,
    ) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("annal-worker")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let outcome = runtime.block_on(async {
            let mut worker = match self.worker().await {
                Ok(worker) => worker,
                Err(error) => {
                    let detail = error.to_string();
                    let _ = ready.send(Err(error));
                    return Err(detail);
                }
            };
            let _ = ready.send(Ok(Box::new(worker.shutdown_handle())));
            tokio::select! {
                ended = worker.run() => ended.map_err(|error| error.to_string()),
                _ = cut => Err("the worker was dropped".to_owned()),
            }
        });
        runtime.shutdown_background();
        outcome
    }

    /// The SDK's worker. Its futures stay on this thread.
    async fn worker(self) -> Result<SdkWorker, FlowError> {
        let refused = |detail: String| FlowError::Refused {
            target: self.target.clone(),
            detail,
        };
        let client = connection::connect(&self.target, &self.namespace).await?;
        connection::make_searchable(&client).await;
        let runtime = Runtime::from_current_tokio(RuntimeOptions::default());
        let runtime = runtime.map_err(|error| refused(error.to_string()))?;
        let options = match self.duty {
            Duty::Runs(activities) => WorkerOptions::new(TASK_QUEUE)
                .deployment_options(WorkerDeploymentOptions::from_build_id(engine()))
                .max_cached_workflows(self.settings.cached_runs)
                .graceful_shutdown_period(self.settings.grace)
                // A worker that is gone is noticed soon: see the heartbeat of the activities.
                .sticky_queue_schedule_to_start_timeout(Duration::from_secs(5))
                .max_heartbeat_throttle_interval(Duration::from_secs(1))
                .workflow_interceptor(interceptor(self.settings.patches))
                .register_activities(activities)
                .register_workflow::<ReportRunWorkflow>()
                .map(WorkerOptionsBuilder::build),
            Duty::Rebuilds(activities) => WorkerOptions::new(REBUILD_QUEUE)
                .deployment_options(WorkerDeploymentOptions::from_build_id(engine()))
                // A rebuild that is broken off goes on where it was, so it is not waited for.
                .graceful_shutdown_period(Duration::ZERO)
                .sticky_queue_schedule_to_start_timeout(Duration::from_secs(5))
                .max_heartbeat_throttle_interval(Duration::from_secs(1))
                .tuner(rebuilds_at_once())
                .register_activities(activities)
                .register_workflow::<ProjectionRebuildWorkflow>()
                .map(WorkerOptionsBuilder::build),
        };
        let options = options.map_err(|error| refused(error.to_string()))?;
        SdkWorker::new(&runtime, client, options).map_err(|error| refused(error.to_string()))
    }
}

fn rebuilds_at_once() -> WorkerTuner {
    let at_once = FixedSizeSlotSupplier::new;
    TunerHolder::builder()
        .workflow_task_slot_supplier(at_once(20))
        .activity_task_slot_supplier(at_once(REBUILDS_AT_ONCE))
        .local_activity_task_slot_supplier(at_once(1))
        .nexus_task_slot_supplier(at_once(1))
        .build()
        .into()
}

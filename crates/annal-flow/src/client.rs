//! The client side: opens runs, sends commands to them and asks where they stand.

mod ask;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use annal_core::case::Waiting;
use annal_core::definition::Definition;
use annal_core::run::event::Opening;
use annal_core::{Command, CommandId, LedgerId, Phase, RunId, Summary};
use serde::Serialize;
use temporalio_client::{
    Client, WorkflowExecuteUpdateOptions, WorkflowExecutionInfo, WorkflowHandle,
    WorkflowIdConflictPolicy, WorkflowQueryOptions, WorkflowSignalOptions,
    WorkflowUpdateWithStartOptions,
};
use uuid::Uuid;

use crate::act::{Act, Call, OpeningCall, Reply};
use crate::error::FlowError;
use crate::trace::{Trace, sending, within};
use crate::workflow::{Pace, ReportRunWorkflow, RunInput};
use crate::{TASK_QUEUE, connection, workflow_id};
use ask::Trouble;

/// Speaks with the runs of one ledger. Cheap to clone.
#[derive(Clone)]
pub struct FlowClient {
    client: Client,
    target: String,
    ledger: LedgerId,
    settings: ClientSettings,
}

/// How a client waits, and how the runs that it starts keep time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientSettings {
    /// How long an answer is waited for.
    pub answer_within: Duration,
    /// How long an hour of a deadline lasts in runs started by this client; shorter in a rehearsal.
    pub hour: Duration,
    /// Events after which a run started by this client goes on in a new execution at the latest.
    pub history_events: u32,
}

impl Default for ClientSettings {
    fn default() -> Self {
        let pace = Pace::default();
        Self {
            answer_within: Duration::from_secs(120),
            hour: Duration::from_millis(pace.hour_ms),
            history_events: pace.history_events,
        }
    }
}

impl FlowClient {
    /// Connects to a Temporal server. TLS and API key come from Temporal's usual environment variables.
    ///
    /// # Errors
    /// [`FlowError::Unreachable`] or [`FlowError::Refused`].
    pub async fn connect(
        target: &str,
        namespace: &str,
        ledger: LedgerId,
    ) -> Result<Self, FlowError> {
        Self::connect_with(target, namespace, ledger, ClientSettings::default()).await
    }

    /// As [`FlowClient::connect`], with settings of one's own.
    ///
    /// # Errors
    /// As [`FlowClient::connect`].
    pub async fn connect_with(
        target: &str,
        namespace: &str,
        ledger: LedgerId,
        settings: ClientSettings,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            client: connection::connect(target, namespace).await?,
            target: target.to_owned(),
            ledger,
            settings,
        })
    }

    /// Opens a run, with its workflow. The data and the dictionary that it names have to be among the ledger's files.
    /// The same command sent again is answered as the first time.
    ///
    /// # Errors
    /// [`FlowError`]; a refusal by the rules is a [`Reply`].
    pub async fn start_run(&self, asked: &Command<Opening>) -> Result<Reply, FlowError> {
        let run = asked.body.run;
        let span = sending("open", run, asked.id);
        let trace = Some(Trace::of_message(&span, asked.id));
        let definition = Definition::builtin(&asked.body.definition.version);
        let input = RunInput {
            ledger: self.ledger.clone(),
            opening: asked.clone(),
            trace,
            definition: definition.map_or_else(|_| String::new(), |it| it.text().to_owned()),
            pace: Pace {
                hour_ms: u64::try_from(self.settings.hour.as_millis()).unwrap_or(u64::MAX),
                history_events: self.settings.history_events,
            },
            searchable: connection::is_searchable(&self.client).await,
            carried: None,
        };
        let options = WorkflowUpdateWithStartOptions::new(
            TASK_QUEUE,
            workflow_id(&self.ledger, run),
            WorkflowIdConflictPolicy::UseExisting,
        )
        .static_summary(format!("{}, {}", asked.body.report, asked.body.cycle))
        .update_id(message_id(asked.id, asked))
        .build();
        let call = OpeningCall {
            command: asked.clone(),
            trace,
        };
        let question = || async {
            let (open, start) = (ReportRunWorkflow::open, ReportRunWorkflow::run);
            let (input, call, options) = (input.clone(), call.clone(), options.clone());
            let started = self
                .client
                .execute_update_with_start_workflow(start, input, open, call, options);
            started.await.map_err(Trouble::from)
        };
        within(span, self.ask(run, question)).await
    }

    /// Sends a command to a run and waits for its answer. Sending it again is safe: it is carried out once, and the
    /// first answer comes back. A sending that failed is no answer: the next one is a new try.
    ///
    /// # Errors
    /// [`FlowError`]; a refusal by the rules is a [`Reply`].
    pub async fn act(&self, run: RunId, command: &Command<Act>) -> Result<Reply, FlowError> {
        let handle = self.handle(run);
        let span = sending(command.body.activity(), run, command.id);
        #[expect(
            clippy::disallowed_methods,
            reason = "a client is no workflow, and each sending is another one"
        )]
        let sending = Uuid::now_v7();
        let call = Call {
            run,
            command: command.clone(),
            trace: Some(Trace::of_message(&span, command.id)),
            sending: Some(sending),
        };
        let id = message_id(command.id, command);
        // How many sendings before this one are known to have failed.
        let failed = AtomicUsize::new(0);
        let question = || async {
            loop {
                let before = failed.load(Ordering::Relaxed);
                let options = WorkflowExecuteUpdateOptions::builder()
                    .update_id(nth(&id, before))
                    .build();
                let answer = handle.execute_update(ReportRunWorkflow::act, call.clone(), options);
                match answer.await.map_err(Trouble::from) {
                    Err(trouble) if trouble.is_of_another(sending) => {
                        failed.store(before + 1, Ordering::Relaxed);
                    }
                    answer => return answer,
                }
            }
        };
        within(span, self.ask(run, question)).await
    }

    /// Sends a command to a run and does not wait; what came of it is in the log under the command's id.
    ///
    /// # Errors
    /// [`FlowError`] if it could not be handed over.
    pub async fn act_later(&self, run: RunId, command: &Command<Act>) -> Result<(), FlowError> {
        let handle = self.handle(run);
        let span = sending(command.body.activity(), run, command.id);
        let call = Call {
            run,
            command: command.clone(),
            trace: Some(Trace::of_message(&span, command.id)),
            sending: None,
        };
        let question = || async {
            let options = WorkflowSignalOptions::builder()
                .request_id(message_id(command.id, command))
                .build();
            let sent = handle.signal(ReportRunWorkflow::act_later, call.clone(), options);
            sent.await.map_err(Trouble::from)
        };
        within(span, self.ask(run, question)).await
    }

    /// Whether Temporal answers and a worker takes its work.
    ///
    /// # Errors
    /// [`FlowError::Unreachable`] or [`FlowError::NoWorker`].
    pub async fn ready(&self) -> Result<(), FlowError> {
        self.expect_worker().await
    }

    /// Where a run stands.
    ///
    /// # Errors
    /// [`FlowError`].
    pub async fn state(&self, run: RunId) -> Result<Summary, FlowError> {
        let handle = self.handle(run);
        let state = self.ask(run, || async {
            let options = WorkflowQueryOptions::default();
            let answer = handle.query(ReportRunWorkflow::state, (), options);
            answer.await.map_err(Trouble::from)
        });
        state.await?.ok_or_else(|| FlowError::NotFound {
            run,
            ledger: self.ledger.to_string(),
        })
    }

    /// What waits for whom in a run.
    ///
    /// # Errors
    /// [`FlowError`].
    pub async fn awaiting(&self, run: RunId) -> Result<Vec<Waiting>, FlowError> {
        let handle = self.handle(run);
        self.ask(run, || async {
            let options = WorkflowQueryOptions::default();
            let answer = handle.query(ReportRunWorkflow::awaiting, (), options);
            answer.await.map_err(Trouble::from)
        })
        .await
    }

    /// Work of the engine that failed, by phase, with the reason. It is tried again when something changes in the run,
    /// and after a while where that can help.
    ///
    /// # Errors
    /// [`FlowError`].
    pub async fn stuck(&self, run: RunId) -> Result<BTreeMap<Phase, String>, FlowError> {
        let handle = self.handle(run);
        self.ask(run, || async {
            let options = WorkflowQueryOptions::default();
            let answer = handle.query(ReportRunWorkflow::stuck, (), options);
            answer.await.map_err(Trouble::from)
        })
        .await
    }

    /// Waits until a run stands as the condition wants it, or the client's time for an answer is over.
    ///
    /// # Errors
    /// [`FlowError::TimedOut`], or what keeps the run from answering.
    pub async fn wait_until(
        &self,
        run: RunId,
        condition: impl Fn(&Summary) -> bool,
    ) -> Result<Summary, FlowError> {
        let deadline = tokio::time::Instant::now() + self.settings.answer_within;
        let mut look = tokio::time::interval(Duration::from_millis(50));
        loop {
            look.tick().await;
            let summary = self.state(run).await?;
            if condition(&summary) {
                return Ok(summary);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(self.timed_out(run));
            }
        }
    }

    fn handle(&self, run: RunId) -> WorkflowHandle<Client, ReportRunWorkflow> {
        self.execution(run, None)
    }

    /// One execution of a run's workflow; the current one if none is named.
    pub(crate) fn execution(
        &self,
        run: RunId,
        execution: Option<&str>,
    ) -> WorkflowHandle<Client, ReportRunWorkflow> {
        let info = WorkflowExecutionInfo::builder()
            .namespace(self.client.options().namespace.clone())
            .workflow_id(workflow_id(&self.ledger, run))
            .maybe_run_id(execution.map(str::to_owned))
            .build();
        WorkflowHandle::new(self.client.clone(), info)
    }
}

/// The id under which Temporal knows a message. It has the content in it: a command id that is used again for
/// something else has to reach the log, which tells the two apart.
fn message_id(id: CommandId, content: &impl Serialize) -> String {
    let content = serde_json::to_vec(content).unwrap_or_default();
    format!("{id}-{}", Uuid::new_v5(&id.0, &content).simple())
}

/// The id of a message that is sent after so many sendings of it have failed. Sendings whose outcome is open share one.
fn nth(id: &str, failed: usize) -> String {
    match failed {
        0 => id.to_owned(),
        failed => format!("{id}-{failed}"),
    }
}

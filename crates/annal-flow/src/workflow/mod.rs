//! The workflow of a run: one instance a run, with what it keeps and the messages that it answers.
//!
//! It decides nothing. People's commands go to activities as they come; what the engine has to do follows from where
//! the run stands ([`crate::due`]). So a reopened phase, a restart and a second worker need no code of their own.

mod clock;
mod engine;
mod input;
mod options;
mod patches;
mod show;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use annal_core::case::Waiting;
use annal_core::definition::Definition;
use annal_core::run::RunStatus;
use annal_core::{Phase, StepId, Summary};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityExecutionError, ApplicationFailure, CancellableFuture, ContinueAsNewOptions,
    SyncWorkflowContext, TimerOptions, TimerResult, WaitConditionOptions,
    WorkflowCancellationToken, WorkflowContext, WorkflowContextView, WorkflowResult,
    workflows::join_all,
};

pub(crate) use input::{Carried, Pace, RunInput};
use options::Named;
use patches::Patch;
pub use patches::Patches;
pub(crate) use patches::interceptor;
use show::Shown;
pub(crate) use show::{LISTS, WORD};

use crate::act::{Answer, Call, OpeningCall, Progress, Reply, Unanswered};
use crate::due::{self, Alarm, Order, Work};
use crate::trace::{leading, within};

/// A run, as Temporal sees it.
#[workflow]
pub(crate) struct ReportRunWorkflow {
    input: RunInput,
    definition: Option<Definition>,
    /// Where the run stands; none before it is opened.
    progress: Option<Progress>,
    /// The answer to the opening.
    opened: Option<Result<Reply, String>>,
    /// Engine work that failed for good, by phase; a change in the run or time gets it tried again.
    stuck: BTreeMap<Phase, String>,
    /// The open step of a phase and how many of its alarms rang.
    rung: BTreeMap<Phase, (StepId, usize)>,
    /// Commands that came as signals and wait their turn.
    mail: VecDeque<Call>,
    /// The history has become long: no new work, the run goes on in a new execution.
    pausing: bool,
    shown: Option<Shown>,
    /// Whether the memo tells what is stuck: [`Patch::MemoTellsWhatIsStuck`].
    tells_stuck: bool,
}

#[workflow_methods]
impl ReportRunWorkflow {
    #[init]
    fn new(_ctx: &WorkflowContextView, input: RunInput) -> Self {
        let carried = input.carried.clone().unwrap_or_default();
        Self {
            definition: Definition::parse(&input.definition).ok(),
            progress: carried.progress,
            opened: carried.opened.map(Ok),
            stuck: BTreeMap::new(),
            rung: carried.rung,
            mail: carried.mail.into(),
            pausing: false,
            shown: None,
            tells_stuck: false,
            input,
        }
    }

    #[run(name = "report_run")]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Option<Reply>> {
        let tells_stuck = Patch::MemoTellsWhatIsStuck.is_taken_on(ctx);
        ctx.state_mut(|run| run.tells_stuck = tells_stuck);
        if ctx.state(|run| run.progress.is_none()) {
            Self::open_run(ctx).await;
        }
        let no_more_mail = |run: &Self| run.pausing || run.mail.is_empty();
        loop {
            Self::lead(ctx).await;
            // A signal that comes while the last branches end is answered in another round.
            if !ctx.state(no_more_mail) {
                continue;
            }
            // A caller whose command is being carried out gets the answer, whatever else happens.
            let all = ctx.clone();
            Self::wait(ctx, move |_| all.all_handlers_finished()).await;
            // So does a signal that came meanwhile.
            if ctx.state(no_more_mail) {
                break;
            }
        }
        if ctx.state(|run| run.pausing) {
            let next = ctx.state(Self::carry_over);
            ctx.continue_as_new(next, ContinueAsNewOptions::default())?;
        }
        match ctx.state(|run| run.opened.clone()) {
            Some(Err(detail)) => Err(ApplicationFailure::non_retryable(detail).into()),
            opened => Ok(opened.and_then(Result::ok)),
        }
    }

    /// Opens the run and answers how that went. A second opening of an open run is refused by the rules.
    #[update]
    pub(crate) async fn open(
        ctx: &mut WorkflowContext<Self>,
        opening: OpeningCall,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        if ctx.state(|run| run.input.opening == opening.command) {
            Self::wait(ctx, |run| run.opened.is_some()).await;
            let opened = ctx.state(|run| run.opened.clone());
            return opened
                .unwrap_or_else(|| Err("no answer".to_owned()))
                .map_err(Into::into);
        }
        let answer = ctx.execute_activity(
            Named::<OpeningCall, Answer>::new("open_run"),
            opening,
            options::command(),
        );
        Ok(Self::keep(ctx, answer.await?))
    }

    /// Carries out a person's command and returns its answer.
    #[update]
    pub(crate) async fn act(
        ctx: &mut WorkflowContext<Self>,
        mut call: Call,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        let sending = call.sending.take();
        let span = leading(ctx.is_replaying(), call.command.body.activity(), call.trace);
        let way = async {
            Self::wait(ctx, |run| run.progress.is_some() || run.opened.is_some()).await;
            Self::carry_out(ctx, call).await
        };
        let answer = within(span, way).await;
        answer.map_err(|error| {
            let detail = engine::describe(&error);
            Unanswered { detail, sending }.into()
        })
    }

    /// Takes a command for which nobody waits; its outcome is in the log.
    #[signal]
    pub(crate) fn act_later(&mut self, _ctx: &mut SyncWorkflowContext<Self>, call: Call) {
        self.mail.push_back(call);
    }

    /// Where the run stands; nothing before it is opened.
    #[query]
    pub(crate) fn state(&self, _ctx: &WorkflowContextView) -> Option<Summary> {
        self.summary().cloned()
    }

    /// What waits for whom.
    #[query]
    pub(crate) fn awaiting(&self, _ctx: &WorkflowContextView) -> Vec<Waiting> {
        self.summary()
            .map(|it| it.awaiting.clone())
            .unwrap_or_default()
    }

    /// Work of the engine that failed and waits for a change or for its next try, by phase.
    #[query]
    pub(crate) fn stuck(&self, _ctx: &WorkflowContextView) -> BTreeMap<Phase, String> {
        self.stuck.clone()
    }
}

impl ReportRunWorkflow {
    fn summary(&self) -> Option<&Summary> {
        self.progress.as_ref().map(|it| &it.summary)
    }

    /// Whether the run takes no more work: it ended, or it never opened.
    fn over(&self) -> bool {
        self.summary().is_none_or(|it| it.status != RunStatus::Open)
    }

    /// Whether the branches of this execution have to come to an end.
    fn resting(&self) -> bool {
        self.pausing || self.over()
    }

    /// Of two answers the one that knows more holds, in whatever order they come.
    fn take_in(&mut self, progress: Progress) {
        let known = self.progress.as_ref().map(|it| it.position);
        if known.is_none_or(|known| known < progress.position) {
            self.progress = Some(progress);
            // Another definition has other branches: they begin in a new execution.
            self.pausing |= !self.over() && self.follows_another_definition();
        }
    }

    fn follows_another_definition(&self) -> bool {
        let pinned = self.progress.as_ref().and_then(|it| it.definition.as_ref());
        let own = self.definition.as_ref().map(Definition::reference);
        pinned.is_some() && pinned != own.as_ref()
    }

    /// The text of the definition that the run is pinned to. A published definition never changes.
    fn definition_text(&self) -> String {
        let pinned = self.progress.as_ref().and_then(|it| it.definition.as_ref());
        let published = pinned.and_then(|it| Definition::builtin(&it.version).ok());
        published.map_or_else(|| self.input.definition.clone(), |it| it.text().to_owned())
    }

    fn order(&self, work: Work) -> Option<Order> {
        let progress = self.progress.as_ref()?;
        Some(Order {
            run: self.input.opening.body.run,
            work,
            seen: progress.position,
            cause: progress.cause,
        })
    }

    fn due(&self, phase: Phase) -> Option<Work> {
        due::work(self.definition.as_ref()?, self.summary()?, phase)
    }

    fn alarm(&self, phase: Phase) -> Option<Alarm> {
        let rung = |step: &StepId| match self.rung.get(&phase) {
            Some((of, count)) if of == step => *count,
            _ => 0,
        };
        due::alarm(self.definition.as_ref()?, self.summary()?, phase, rung)
    }

    fn carry_over(&self) -> RunInput {
        let carried = Carried {
            progress: self.progress.clone(),
            opened: self.opened.clone().and_then(Result::ok),
            rung: self.rung.clone(),
            mail: self.mail.iter().cloned().collect(),
        };
        RunInput {
            carried: Some(carried),
            definition: self.definition_text(),
            ..self.input.clone()
        }
    }

    fn keep(ctx: &WorkflowContext<Self>, answer: Answer) -> Reply {
        ctx.state_mut(|run| run.take_in(answer.progress.clone()));
        answer.into_reply()
    }

    async fn open_run(ctx: &WorkflowContext<Self>) {
        let opening = ctx.state(|run| OpeningCall {
            command: run.input.opening.clone(),
            trace: run.input.trace,
        });
        let activity = Named::<OpeningCall, Answer>::new("open_run");
        let answer = ctx
            .execute_activity(activity, opening, options::command())
            .await;
        let opened = match answer {
            Ok(answer) => Ok(Self::keep(ctx, answer)),
            Err(error) => Err(engine::describe(&error)),
        };
        ctx.state_mut(|run| run.opened = Some(opened));
    }

    async fn carry_out(
        ctx: &WorkflowContext<Self>,
        mut call: Call,
    ) -> Result<Reply, ActivityExecutionError> {
        // A command is for the run that it was sent to.
        call.run = ctx.state(|run| run.input.opening.body.run);
        let activity = Named::<Call, Answer>::new(call.command.body.activity());
        let answer = ctx
            .execute_activity(activity, call, options::command())
            .await?;
        Ok(Self::keep(ctx, answer))
    }

    /// All branches side by side, until the run is over or goes on in a new execution.
    async fn lead(ctx: &WorkflowContext<Self>) {
        let phases: Vec<Phase> = ctx.state(|run| {
            let definition = run.definition.iter();
            definition
                .flat_map(|it| it.phases.iter().map(|plan| plan.phase))
                .collect()
        });
        let mut branches = vec![
            engine::show(ctx.clone()),
            engine::answer_mail(ctx.clone()),
            engine::keep_short(ctx.clone()),
            engine::finish(ctx.clone()),
        ];
        for phase in phases {
            branches.push(engine::lead_phase(ctx.clone(), phase));
            branches.push(clock::watch(ctx.clone(), phase));
        }
        join_all(branches).await;
    }

    /// Waits for a condition. A run ends by a decision in the log alone, so a cancellation from outside does not reach
    /// in here.
    async fn wait(ctx: &WorkflowContext<Self>, condition: impl FnMut(&Self) -> bool) {
        let options = WaitConditionOptions::builder()
            .cancellation_token(WorkflowCancellationToken::new())
            .build();
        // The token is ours and nobody cancels it.
        let _ = ctx.wait_condition_with_options(condition, options).await;
    }

    /// A timer that a cancellation from outside does not end either.
    fn timer(
        ctx: &WorkflowContext<Self>,
        duration: Duration,
    ) -> impl CancellableFuture<Output = TimerResult> {
        let mut options = TimerOptions::from(duration);
        options.cancellation_token = Some(WorkflowCancellationToken::new());
        ctx.timer(options)
    }
}

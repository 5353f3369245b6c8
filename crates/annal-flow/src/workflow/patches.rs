//! Changes of what the workflow does, each behind a patch: an execution keeps the way in which it began. How a new
//! build is rolled out is told in `docs/deployments.md`.

use temporalio_sdk::workflow_interceptors::{
    ExecuteWorkflowInput, ExecuteWorkflowResult, WorkflowInterceptor,
    WorkflowInterceptorConstructor, WorkflowInterceptorContext, WorkflowInterceptorFuture,
    WorkflowNext,
};
use temporalio_sdk::{WorkflowContext, WorkflowContextKey};

use super::ReportRunWorkflow;

/// What a worker does with patches that an execution has not met yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patches {
    /// New executions take them on.
    #[default]
    TakenOn,
    /// New executions go the old way; those that took a patch on keep it. For the time in which workers of an older
    /// build still take work from the same queue: those could not go on with an execution that has the patch.
    HeldBack,
    /// A build from before the patches: it neither asks for them nor understands their marks.
    #[cfg(test)]
    Unknown,
    /// A build in which somebody changed the workflow and forgot the patch.
    #[cfg(test)]
    Unguarded,
}

/// A change of the workflow. One goes once no execution without it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patch {
    /// The memo tells what is stuck, and why.
    MemoTellsWhatIsStuck,
}

impl Patch {
    /// Its name in histories, where it stays for ever.
    const fn id(self) -> &'static str {
        match self {
            Self::MemoTellsWhatIsStuck => "memo-tells-what-is-stuck",
        }
    }

    /// Whether this execution goes the new way. To be asked at its beginning and kept.
    pub(super) fn is_taken_on(self, ctx: &WorkflowContext<ReportRunWorkflow>) -> bool {
        let patches = ctx.context_value::<PatchesKey>();
        match patches.map(|it| *it).unwrap_or_default() {
            Patches::TakenOn => ctx.patched(self.id()),
            // A replay follows the history, whatever this worker would do.
            Patches::HeldBack => ctx.is_replaying() && ctx.patched(self.id()),
            #[cfg(test)]
            Patches::Unknown => false,
            #[cfg(test)]
            Patches::Unguarded => true,
        }
    }
}

/// Makes the workflow of a worker treat patches in this way.
pub(crate) fn interceptor(patches: Patches) -> WorkflowInterceptorConstructor {
    WorkflowInterceptorConstructor::new(move |_| Treating(patches))
}

struct PatchesKey;

impl WorkflowContextKey for PatchesKey {
    type Value = Patches;
}

struct Treating(Patches);

impl WorkflowInterceptor for Treating {
    fn execute<'a>(
        &'a self,
        ctx: WorkflowInterceptorContext,
        input: ExecuteWorkflowInput,
        next: WorkflowNext<
            'a,
            ExecuteWorkflowInput,
            WorkflowInterceptorFuture<'a, ExecuteWorkflowResult>,
        >,
    ) -> WorkflowInterceptorFuture<'a, ExecuteWorkflowResult> {
        let running = ctx.with_context_value::<PatchesKey, _>(self.0, next.run(input));
        WorkflowInterceptorFuture::new(running)
    }
}

//! What the engine makes by itself, one file a phase: the first draft of a version, more samples, test results. All of
//! it comes from approved versions and from the run's files; the same inputs give the same items.

mod observations;
mod planning;
mod profiling;
mod report;
mod sampling;
mod scoping;
mod source;
mod testing;

use annal_core::dossier::state::Item;
use annal_core::item::{NewItem, Verdict};
use annal_core::{Case, Phase};

pub(crate) use sampling::draw_more;
pub(crate) use source::{Files, Source};
pub(crate) use testing::run_tests;

use crate::desk::DeskError;

/// The items of a phase's first draft.
pub(crate) async fn first_draft(
    files: &Files,
    case: Case,
    phase: Phase,
) -> Result<Vec<NewItem>, DeskError> {
    let source = files.source(&case).await?;
    computing(move || match phase {
        Phase::Planning => Ok(planning::items(&source)),
        Phase::DataProfiling => profiling::items(&case, &source),
        Phase::Scoping => scoping::items(&case),
        Phase::SampleSelection => sampling::first(&case, &source),
        Phase::Observations => observations::items(&case),
        Phase::TestReport => report::items(&case),
        Phase::DataOwnerId | Phase::RequestInfo | Phase::TestExecution => Ok(Vec::new()),
    })
    .await
}

/// Computes aside, so that heartbeats and other runs go on meanwhile.
pub(crate) async fn computing<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DeskError> + Send + 'static,
) -> Result<T, DeskError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| DeskError::Broken(error.to_string()))?
}

/// The items of a phase's current version that `keep` keeps; none where the phase was skipped or is not in the
/// definition.
fn standing(case: &Case, phase: Phase, keep: impl Fn(&Item) -> bool) -> Vec<NewItem> {
    let dossier = case.dossier(phase);
    let items = dossier
        .current()
        .into_iter()
        .flat_map(|version| &version.items);
    items
        .filter(|(_, item)| keep(item))
        .map(|(id, item)| NewItem {
            id: id.clone(),
            content: item.content.clone(),
        })
        .collect()
}

/// The attributes of the plan.
fn plan(case: &Case) -> Vec<NewItem> {
    let verdict = |item: &Item| item.tester.as_ref().map(|decision| decision.verdict);
    standing(case, Phase::Planning, |item| {
        verdict(item) != Some(Verdict::Exclude)
    })
}

/// The rules that stand, with what they found.
fn rules(case: &Case) -> Vec<NewItem> {
    standing(case, Phase::DataProfiling, |item| !item.dropped_by_tester())
}

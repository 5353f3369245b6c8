//! What Temporal itself shows of a run: search attributes, by which runs are found, and a memo.

use annal_core::Summary;
use annal_core::run::{PhaseStatus, RunStatus};
use temporalio_common::search_attributes::SearchAttributeKey;
use temporalio_sdk::{MemoValue, WorkflowContext};

use super::ReportRunWorkflow;

const STATUS: SearchAttributeKey<String> = SearchAttributeKey::keyword("AnnalStatus");
const PHASES: SearchAttributeKey<Vec<String>> = SearchAttributeKey::keyword_list("AnnalPhases");
const VERSIONS: SearchAttributeKey<Vec<String>> = SearchAttributeKey::keyword_list("AnnalVersions");
const AWAITING: SearchAttributeKey<Vec<String>> = SearchAttributeKey::keyword_list("AnnalAwaiting");

/// The search attributes that list something, and the one that does not.
pub(crate) const LISTS: [&str; 3] = ["AnnalPhases", "AnnalVersions", "AnnalAwaiting"];
/// The search attribute with a single word.
pub(crate) const WORD: &str = "AnnalStatus";

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    status: RunStatus,
    phases: Vec<String>,
    versions: Vec<String>,
    awaiting: Vec<String>,
    /// Not told at all in executions from before it was.
    stuck: Option<Vec<String>>,
}

impl Shown {
    fn of(summary: &Summary, stuck: Option<Vec<String>>) -> Self {
        let started = summary
            .phases
            .iter()
            .filter(|it| it.status == PhaseStatus::Started);
        let versions = summary.phases.iter().filter_map(|it| {
            let last = it.versions.last()?;
            Some(format!(
                "{}@{} {}",
                it.phase,
                last.number,
                last.status.name()
            ))
        });
        let mut awaiting: Vec<String> = summary
            .awaiting
            .iter()
            .map(|it| match &it.awaited.person {
                Some(person) => format!("{} {person} {}", it.awaited.role, it.phase),
                None => format!("{} {}", it.awaited.role, it.phase),
            })
            .collect();
        awaiting.dedup();
        Self {
            status: summary.status,
            phases: started.map(|it| it.phase.to_string()).collect(),
            versions: versions.collect(),
            awaiting,
            stuck,
        }
    }

    /// Sends it to the server.
    pub(super) fn put_on(self, ctx: &WorkflowContext<ReportRunWorkflow>) {
        let mut memo = vec![
            ("status", vec![self.status.name().to_owned()]),
            ("phases", self.phases.clone()),
            ("versions", self.versions.clone()),
            ("awaiting", self.awaiting.clone()),
        ];
        memo.extend(self.stuck.map(|it| ("stuck", it)));
        let memo = memo
            .into_iter()
            .map(|(key, value)| (key, Some(MemoValue::new(value))));
        if let Err(error) = ctx.upsert_memo(memo) {
            tracing::warn!(%error, "the memo could not be written");
        }
        if ctx.state(|run| run.input.searchable) {
            ctx.upsert_search_attributes([
                STATUS.value_set(self.status.name().to_owned()),
                PHASES.value_set(self.phases),
                VERSIONS.value_set(self.versions),
                AWAITING.value_set(self.awaiting),
            ]);
        }
    }
}

impl ReportRunWorkflow {
    pub(super) fn is_shown_late(&self) -> bool {
        self.to_show() != self.shown
    }

    /// What is to be shown, if it is not what is shown already.
    pub(super) fn next_to_show(&mut self) -> Option<Shown> {
        let now = self.to_show();
        if now == self.shown {
            return None;
        }
        self.shown.clone_from(&now);
        now
    }

    fn to_show(&self) -> Option<Shown> {
        let stuck = self.stuck.iter();
        let stuck = stuck.map(|(phase, why)| format!("{phase}: {why}"));
        let told = self.tells_stuck.then(|| stuck.collect());
        self.summary().map(|summary| Shown::of(summary, told))
    }
}

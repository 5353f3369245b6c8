//! What a dossier knows: the fold of its events.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::event::{EvidenceRef, FileRef, Signature, TestOutcome};
use crate::ids::{DocumentId, ItemId, PersonId, RequestId, RunId, TestCaseId, VersionNo};
use crate::item::{CarriedFrom, Content, Decision, Verdict};
use crate::phase::Phase;
use crate::version::{Origin, VersionRef, VersionStatus};

/// One phase of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// Where the phase stands.
    pub status: DossierStatus,
    /// The run and the phase; none before it begins.
    pub place: Option<Place>,
    /// The approved versions that the phase builds on.
    pub inputs: Vec<VersionRef>,
    /// A phase that this one builds on and that was reopened since.
    pub stale_because: Option<Phase>,
    /// How many versions there were when the phase was last reopened; the next one stands only after that.
    pub reopened_after: Option<VersionNo>,
    /// Reopened, and not completed since.
    #[serde(default)]
    pub reopened: bool,
    /// Reopened, and nothing was done in it since.
    pub reopened_untouched: bool,
    /// All versions; number n is at n − 1.
    pub versions: Vec<Version>,
    /// data_owner_id: owners by attribute and line of business.
    pub assignments: BTreeMap<ItemId, BTreeMap<String, Assignment>>,
    /// request_info: what was asked.
    pub requests: IndexMap<RequestId, Request>,
    /// request_info: what came in.
    pub documents: IndexMap<DocumentId, Document>,
    /// test_execution: the cases.
    pub tests: IndexMap<TestCaseId, TestCase>,
    /// Who acted here, and in whose place.
    #[serde(default)]
    pub deputies: BTreeMap<PersonId, BTreeSet<PersonId>>,
    /// Attempts that the rules refused.
    pub refusals: u64,
}

/// Where a phase stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DossierStatus {
    /// Nothing happened yet.
    #[default]
    NotBegun,
    /// Work goes on.
    Open,
    /// Done.
    Completed,
    /// Was not needed.
    Skipped,
}

/// Which phase of which run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The run.
    pub run: RunId,
    /// The phase.
    pub phase: Phase,
}

/// One version of a phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its number.
    pub number: VersionNo,
    /// Where it comes from.
    pub origin: Origin,
    /// What it was built from.
    pub inputs: Vec<VersionRef>,
    /// Who made it.
    pub created_by: PersonId,
    /// Where it stands, with who brought it there.
    pub state: VersionState,
    /// Everybody who handed it in (also where it was withdrawn since) or took items out: they never approve it.
    #[serde(default)]
    pub hands: BTreeSet<PersonId>,
    /// How often an item of it was rewritten or taken out.
    #[serde(default)]
    pub edits: usize,
    /// Its items in the order in which they came.
    pub items: IndexMap<ItemId, Item>,
}

/// The life of a version; each state carries what brought it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum VersionState {
    /// Contents may change.
    Draft,
    /// Waits for approval.
    PendingApproval {
        /// Who handed it in.
        submitted_by: PersonId,
    },
    /// Stands.
    Approved {
        /// Who handed it in.
        submitted_by: PersonId,
        /// Who approved it.
        by: PersonId,
    },
    /// Does not stand.
    Rejected {
        /// Who handed it in.
        submitted_by: PersonId,
        /// Who rejected it.
        by: PersonId,
        /// Why.
        reason: String,
        /// What is asked for.
        requested_changes: Vec<String>,
    },
    /// Stood until the successor was approved.
    Superseded {
        /// Who handed it in.
        submitted_by: PersonId,
        /// Who approved it.
        approved_by: PersonId,
        /// The successor.
        by_version: VersionNo,
    },
}

/// An item of a version with the decisions that stand on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What it says.
    pub content: Content,
    /// From which version it came along, if it did.
    pub carried: Option<CarriedFrom>,
    /// First level.
    pub tester: Option<Decision>,
    /// Second level.
    pub report_owner: Option<Decision>,
    /// Approved on both levels in an earlier version; not decided again.
    pub locked: bool,
    /// Everybody who wrote the content or decided on the first level, in this version or in one that it was carried
    /// from: they never decide on the second.
    pub hands: BTreeSet<PersonId>,
    /// test_report: the signatures that stand, in order.
    pub signatures: Vec<Signature>,
}

/// An owner of an attribute in a line of business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The owner.
    pub owner: PersonId,
    /// They agreed.
    pub acknowledged: bool,
    /// It went up to these persons.
    pub escalated_to: Vec<PersonId>,
}

/// A request for information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Whom.
    pub owner: PersonId,
    /// For which attributes.
    pub attributes: Vec<ItemId>,
    /// What was asked.
    pub text: String,
}

/// A document, by its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The request that it answers.
    pub request: RequestId,
    /// Number of the newest version.
    pub version: VersionNo,
    /// Its file.
    pub file: FileRef,
    /// Who handed it in.
    pub submitted_by: PersonId,
    /// How far its review is.
    pub review: Review,
}

/// The review of a document's newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Review {
    /// Waits for a tester.
    Submitted,
    /// Waits for the report owner.
    TesterAccepted {
        /// The tester.
        by: PersonId,
    },
    /// Accepted on both levels.
    Accepted,
    /// Waits for a new version from its owner.
    SentBack,
}

/// A test case with its newest execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCase {
    /// The sample.
    pub sample: ItemId,
    /// The attribute.
    pub attribute: ItemId,
    /// Which execution this is, from 1.
    pub execution: u32,
    /// How it ended.
    pub outcome: TestOutcome,
    /// What the evidence says.
    pub expected: Option<String>,
    /// What the report says.
    pub actual: Option<String>,
    /// The evidence.
    pub evidence: EvidenceRef,
    /// Who ran it.
    pub executed_by: PersonId,
    /// Accepted or not; none before it was looked at.
    pub accepted: Option<bool>,
}

impl Dossier {
    /// The version that can still change: a draft or one that waits for approval.
    #[must_use]
    pub fn open_version(&self) -> Option<&Version> {
        self.versions.last().filter(|version| version.is_open())
    }

    /// The version that stands.
    #[must_use]
    pub fn current(&self) -> Option<&Version> {
        self.versions
            .iter()
            .rfind(|version| version.status() == VersionStatus::Approved)
    }

    /// A version by number.
    #[must_use]
    pub fn version(&self, number: VersionNo) -> Option<&Version> {
        let index = (number.0 as usize).checked_sub(1)?;
        self.versions.get(index)
    }

    /// A version by number, to be changed by an event.
    pub fn version_mut(&mut self, number: VersionNo) -> Option<&mut Version> {
        let index = (number.0 as usize).checked_sub(1)?;
        self.versions.get_mut(index)
    }

    /// The reference of the version that stands.
    #[must_use]
    pub fn current_ref(&self) -> Option<VersionRef> {
        let Place { run, phase } = self.place?;
        let number = self.current()?.number;
        Some(VersionRef { run, phase, number })
    }

    /// The number that the next version gets.
    #[must_use]
    pub fn next_number(&self) -> VersionNo {
        self.versions
            .last()
            .map_or(VersionNo(1), |version| version.number.next())
    }
}

impl Version {
    /// Where it stands.
    #[must_use]
    pub const fn status(&self) -> VersionStatus {
        match self.state {
            VersionState::Draft => VersionStatus::Draft,
            VersionState::PendingApproval { .. } => VersionStatus::PendingApproval,
            VersionState::Approved { .. } => VersionStatus::Approved,
            VersionState::Rejected { .. } => VersionStatus::Rejected,
            VersionState::Superseded { .. } => VersionStatus::Superseded,
        }
    }

    /// Whether it is a draft or waits for approval.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(
            self.status(),
            VersionStatus::Draft | VersionStatus::PendingApproval
        )
    }

    /// The version that it comes from: the one it revises or whose contents it took.
    #[must_use]
    pub const fn parent(&self) -> Option<VersionNo> {
        match self.origin {
            Origin::Initial => None,
            Origin::Revision { parent, .. } => Some(parent),
            Origin::Revert { to } => Some(to),
        }
    }

    /// How many of its items came along from an earlier version.
    #[must_use]
    pub fn carried_forward(&self) -> usize {
        self.items
            .values()
            .filter(|item| item.carried.is_some())
            .count()
    }
}

impl Item {
    /// An item as it comes into a version.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self {
            content,
            carried: None,
            tester: None,
            report_owner: None,
            locked: false,
            hands: BTreeSet::new(),
            signatures: Vec::new(),
        }
    }

    /// scoping: whether the attribute is tested or gives context. An override says it for itself.
    #[must_use]
    pub fn in_scope(&self) -> bool {
        let by_decision = matches!(
            self.tester.as_ref().map(|decision| decision.verdict),
            Some(Verdict::Accept | Verdict::OverrideIn)
        );
        match self.content {
            Content::ScopeAttribute { primary_key, .. } => primary_key || by_decision,
            _ => false,
        }
    }

    /// Whether the tester took it out (excluded, declined or rejected it).
    #[must_use]
    pub fn dropped_by_tester(&self) -> bool {
        matches!(
            self.tester.as_ref().map(|decision| decision.verdict),
            Some(Verdict::Reject)
        )
    }

    /// Approved on both levels.
    #[must_use]
    pub fn approved_on_both_levels(&self) -> bool {
        let owner = self.report_owner.as_ref().map(|decision| decision.verdict);
        owner == Some(Verdict::Approve) && self.tester.is_some() && !self.dropped_by_tester()
    }
}

//! What can be asked of a dossier.

use serde::{Deserialize, Serialize};

use super::event::{EvidenceRef, FileRef, TestOutcome};
use crate::ids::{DocumentId, ItemId, PersonId, RequestId, RunId, TestCaseId, VersionNo};
use crate::item::{Content, DecisionLevel, ItemVerdict, NewItem};
use crate::people::Role;
use crate::phase::Phase;
use crate::version::{CarryForward, VersionRef};

/// A command on a dossier. Who asks, why and when stand beside it in [`crate::Command`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum DossierCommand {
    /// Engine: the phase begins.
    Begin {
        /// The run.
        run: RunId,
        /// The phase.
        phase: Phase,
        /// The approved versions that it builds on.
        inputs: Vec<VersionRef>,
    },
    /// A first draft with its items.
    CreateVersion {
        /// Its items.
        items: Vec<NewItem>,
    },
    /// A draft that answers a rejected version, or follows an approved one in a reopened phase.
    Revise {
        /// What comes along.
        policy: CarryForward,
        /// New items beside it.
        add: Vec<NewItem>,
    },
    /// A draft with the contents of an old version. Needs a reason.
    Revert {
        /// The old version.
        to: VersionNo,
    },
    /// More items for the draft.
    AddItems {
        /// The items.
        items: Vec<NewItem>,
    },
    /// Another content for an item of the draft. Needs a reason.
    ChangeItem {
        /// The item.
        item: ItemId,
        /// What it says now.
        content: Content,
    },
    /// Fewer items in the draft. Needs a reason.
    RemoveItems {
        /// The items.
        items: Vec<ItemId>,
    },
    /// Decisions on items; all or nothing.
    Decide {
        /// The version meant; the open one if none is given.
        #[serde(default)]
        version: Option<VersionNo>,
        /// First or second level.
        level: DecisionLevel,
        /// The verdicts.
        decisions: Vec<ItemVerdict>,
    },
    /// Hands the draft in.
    Submit {
        /// The version meant; the open one if none is given.
        #[serde(default)]
        version: Option<VersionNo>,
    },
    /// Takes the pending version back to draft. Needs a reason.
    Withdraw {
        /// The version meant; the open one if none is given.
        #[serde(default)]
        version: Option<VersionNo>,
    },
    /// The pending version stands.
    Approve {
        /// The version meant; the open one if none is given.
        #[serde(default)]
        version: Option<VersionNo>,
    },
    /// The pending version does not stand. Needs a reason.
    Reject {
        /// The version meant; the open one if none is given.
        #[serde(default)]
        version: Option<VersionNo>,
        /// What is asked for.
        requested_changes: Vec<String>,
    },
    /// data_owner_id: owners for attributes. One that has another owner is reassigned, which needs a reason.
    AssignOwners {
        /// The assignments.
        assignments: Vec<OwnerAssignment>,
    },
    /// data_owner_id: the owner who asks agrees to all their open assignments, or to those named.
    AcknowledgeOwnership {
        /// The attributes; all that wait for this owner if empty.
        attributes: Vec<ItemId>,
    },
    /// data_owner_id: open assignments go up. Needs a reason.
    EscalateOwnership {
        /// The attributes.
        attributes: Vec<ItemId>,
        /// To whom.
        to: PersonId,
    },
    /// request_info: asks an owner.
    RequestInformation {
        /// The request.
        request: RequestId,
        /// Whom.
        owner: PersonId,
        /// For which attributes.
        attributes: Vec<ItemId>,
        /// What is asked.
        text: String,
    },
    /// request_info: answers a request.
    SubmitDocument {
        /// The document.
        document: DocumentId,
        /// The request.
        request: RequestId,
        /// The file.
        file: FileRef,
    },
    /// request_info: a new version of a document. Needs a reason.
    ReviseDocument {
        /// The document.
        document: DocumentId,
        /// The file.
        file: FileRef,
    },
    /// request_info: accepts a document's newest version or sends it back (needs a reason).
    ReviewDocument {
        /// The document.
        document: DocumentId,
        /// First or second level.
        level: DecisionLevel,
        /// Accept, or send back.
        accept: bool,
    },
    /// test_execution: results of tests; a case that has one is executed again, which needs a reason.
    RecordTests {
        /// The results.
        results: Vec<TestResult>,
    },
    /// test_execution: the results stand, or have to be run again (needs a reason).
    ReviewTests {
        /// The cases; all that wait if empty.
        cases: Vec<TestCaseId>,
        /// They stand.
        accept: bool,
    },
    /// test_report: signs sections in the order tester, report owner, report executive.
    Sign {
        /// The sections with the hash of the content that the person saw; all or nothing.
        sections: Vec<SectionSignature>,
    },
    /// Engine: somebody is reminded.
    Remind {
        /// The step that waits.
        step: String,
        /// Whom.
        to: Role,
        /// Since when it is due.
        due_at: chrono::DateTime<chrono::Utc>,
    },
    /// Engine: a missed deadline goes up.
    EscalateDeadline {
        /// The step that waits.
        step: String,
        /// To whom.
        to: Role,
        /// Since when it is due.
        due_at: chrono::DateTime<chrono::Utc>,
        /// Hours past the deadline.
        hours_past: u32,
    },
    /// Engine: the phase is done.
    Complete {},
    /// Engine: the phase is not needed.
    Skip {
        /// The run.
        run: RunId,
        /// The phase.
        phase: Phase,
        /// Why.
        why: String,
    },
    /// A test executive lets a completed phase go on. Needs a reason.
    Reopen {},
    /// Engine: a phase that this one builds on was reopened.
    MarkStale {
        /// That phase.
        because_of: Phase,
    },
}

/// An owner for an attribute in a line of business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnerAssignment {
    /// The attribute.
    pub attribute: ItemId,
    /// Line of business.
    pub line_of_business: String,
    /// The owner.
    pub owner: PersonId,
}

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestResult {
    /// The sample.
    pub sample: ItemId,
    /// The attribute.
    pub attribute: ItemId,
    /// How it ended.
    pub outcome: TestOutcome,
    /// What the evidence says.
    pub expected: Option<String>,
    /// What the report says.
    pub actual: Option<String>,
    /// The evidence it was compared with.
    pub evidence: EvidenceRef,
}

/// One section of a bulk signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SectionSignature {
    /// The section.
    pub section: ItemId,
    /// Hash of the content that the person saw (`dossier::content_hash`).
    pub content_hash: String,
    /// What the signature stands for.
    pub meaning: super::event::Meaning,
}

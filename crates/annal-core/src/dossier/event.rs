//! What can happen in a dossier. The payload is tagged with `type`, in snake case, which is also the event's type.
//!
//! Schemas are versioned: all are at `1.0` today, which `event_version` writes beside each event, and
//! `tests/golden/dossier` holds an example of each that has to stay readable for ever. How one changes:
//!
//! - A field that may be missing is added with `#[serde(default)]`; old payloads stay as they are, and so does the
//!   version. A golden file is added for the new form.
//! - Anything else is version `2.0` of that event: `event_version` says so for its type, a
//!   `cqrs_es::persist::SemanticVersionEventUpcaster` for the type turns an older payload into the newer one before it
//!   is decoded, and the golden file of `1.0` stays and is decoded through it. Stored payloads are never rewritten: their
//!   bytes are hashed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{DocumentId, ItemId, PersonId, RequestId, RunId, TestCaseId, VersionNo};
use crate::item::{CarriedFrom, Content, Decision, DecisionLevel, Verdict};
use crate::people::Role;
use crate::phase::Phase;
use crate::printed_name::PrintedName;
use crate::rejection::RejectionCode;
use crate::version::{Origin, VersionRef};

/// An event of a dossier. `by` is in the payload wherever a rule asks who it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DossierEvent {
    /// The phase began.
    PhaseBegun {
        /// The run.
        run: RunId,
        /// The phase of this dossier.
        phase: Phase,
        /// The approved versions that it builds on.
        inputs: Vec<VersionRef>,
    },
    /// A draft was made. Its items follow as `ItemAdded` or `ItemCarried`.
    VersionCreated {
        /// Its number.
        version: VersionNo,
        /// Where it comes from.
        #[serde(flatten)]
        origin: Origin,
        /// The approved versions that it was built from.
        inputs: Vec<VersionRef>,
        /// Who made it.
        by: PersonId,
    },
    /// An item was put into a draft.
    ItemAdded {
        /// The draft.
        version: VersionNo,
        /// The item.
        item: ItemId,
        /// What it says.
        content: Content,
        /// Who put it there.
        by: PersonId,
    },
    /// An item came along from an earlier version.
    ItemCarried {
        /// The draft.
        version: VersionNo,
        /// The item.
        item: ItemId,
        /// What it says.
        content: Content,
        /// From where and why.
        from: CarriedFrom,
        /// First-level decision that came along.
        tester: Option<Decision>,
        /// Second-level decision that came along.
        report_owner: Option<Decision>,
        /// Approved on both levels; not decided again.
        locked: bool,
    },
    /// An item of a draft says something else now.
    ItemChanged {
        /// The draft.
        version: VersionNo,
        /// The item.
        item: ItemId,
        /// What it says now.
        content: Content,
        /// Who changed it.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// An item was taken out of a draft.
    ItemRemoved {
        /// The draft.
        version: VersionNo,
        /// The item.
        item: ItemId,
        /// Who took it out.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A decision was taken on an item.
    ItemDecided {
        /// The version.
        version: VersionNo,
        /// The item.
        item: ItemId,
        /// First or second level.
        level: DecisionLevel,
        /// What was decided.
        verdict: Verdict,
        /// By whom.
        by: PersonId,
        /// Why, where due or given.
        reason: Option<String>,
        /// The verdict that this one replaces.
        previous: Option<Verdict>,
    },
    /// A draft was handed in.
    VersionSubmitted {
        /// The version.
        version: VersionNo,
        /// By whom.
        by: PersonId,
    },
    /// A pending version was taken back to draft.
    VersionWithdrawn {
        /// The version.
        version: VersionNo,
        /// By whom: its submitter.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A pending version stands now.
    VersionApproved {
        /// The version.
        version: VersionNo,
        /// By whom; the engine where no approval was due.
        by: PersonId,
        /// The condition under which no person's approval was due, as text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        without_approval: Option<String>,
    },
    /// A pending version does not stand.
    VersionRejected {
        /// The version.
        version: VersionNo,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
        /// What is asked for.
        requested_changes: Vec<String>,
    },
    /// Its successor was approved.
    VersionSuperseded {
        /// The version.
        version: VersionNo,
        /// The successor.
        by_version: VersionNo,
    },
    /// data_owner_id: an attribute got its owner in a line of business.
    OwnerAssigned {
        /// The attribute.
        attribute: ItemId,
        /// Line of business.
        line_of_business: String,
        /// The owner.
        owner: PersonId,
        /// By whom.
        by: PersonId,
    },
    /// data_owner_id: the owner changed.
    OwnerReassigned {
        /// The attribute.
        attribute: ItemId,
        /// Line of business.
        line_of_business: String,
        /// The owner now.
        owner: PersonId,
        /// The owner before.
        previous: PersonId,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// data_owner_id: the owner agreed.
    OwnerAcknowledged {
        /// The attribute.
        attribute: ItemId,
        /// Line of business.
        line_of_business: String,
        /// The owner.
        owner: PersonId,
    },
    /// data_owner_id: an assignment that nobody acknowledged went up.
    AssignmentEscalated {
        /// The attribute.
        attribute: ItemId,
        /// Line of business.
        line_of_business: String,
        /// To whom.
        to: PersonId,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// request_info: an owner was asked for evidence.
    InformationRequested {
        /// The request.
        request: RequestId,
        /// Whom.
        owner: PersonId,
        /// For which attributes.
        attributes: Vec<ItemId>,
        /// What is asked.
        text: String,
        /// By whom.
        by: PersonId,
    },
    /// request_info: evidence came in; version 1 of a document.
    DocumentSubmitted {
        /// The document.
        document: DocumentId,
        /// The request that it answers.
        request: RequestId,
        /// The file.
        file: FileRef,
        /// By whom.
        by: PersonId,
    },
    /// request_info: a new version of a document replaced the one before.
    DocumentRevised {
        /// The document.
        document: DocumentId,
        /// Its number now.
        version: VersionNo,
        /// The number that it replaces.
        replaces: VersionNo,
        /// The file.
        file: FileRef,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// request_info: a document was looked at on one level.
    DocumentReviewed {
        /// The document.
        document: DocumentId,
        /// Its version.
        version: VersionNo,
        /// First or second level.
        level: DecisionLevel,
        /// Accepted, or sent back.
        accepted: bool,
        /// By whom.
        by: PersonId,
        /// Why; due when sent back.
        reason: Option<String>,
    },
    /// test_execution: a test was run, or run again.
    TestExecuted {
        /// The test case.
        case: TestCaseId,
        /// The sample.
        sample: ItemId,
        /// The attribute.
        attribute: ItemId,
        /// 1 for the first execution.
        execution: u32,
        /// How it ended.
        outcome: TestOutcome,
        /// What the evidence says.
        expected: Option<String>,
        /// What the report says.
        actual: Option<String>,
        /// The evidence it was compared with.
        evidence: EvidenceRef,
        /// By whom.
        by: PersonId,
        /// Why it was run again; due from the second execution.
        reason: Option<String>,
    },
    /// test_execution: a tester looked at a result.
    TestReviewed {
        /// The test case.
        case: TestCaseId,
        /// The execution that was looked at.
        execution: u32,
        /// Accepted as the case's result, or to be run again.
        accepted: bool,
        /// By whom.
        by: PersonId,
        /// Why; due when not accepted.
        reason: Option<String>,
    },
    /// test_report: a section was signed.
    SectionSigned {
        /// The version.
        version: VersionNo,
        /// The section.
        section: ItemId,
        /// The signature.
        signature: Signature,
    },
    /// Time ran: somebody was reminded of what waits for them.
    ReminderSent {
        /// The step that waits.
        step: String,
        /// Whom.
        to: Role,
        /// Since when it is due.
        due_at: DateTime<Utc>,
    },
    /// Time ran out: it went up.
    DeadlineEscalated {
        /// The step that waits.
        step: String,
        /// To whom.
        to: Role,
        /// Since when it is due.
        due_at: DateTime<Utc>,
        /// Hours past the deadline: 4, 12, 24, 48.
        hours_past: u32,
    },
    /// The phase is done.
    PhaseCompleted {},
    /// The phase was not needed.
    PhaseSkipped {
        /// Why: the condition's text or the definition.
        why: String,
    },
    /// The phase goes on after it was done.
    PhaseReopened {
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A phase that this one builds on was reopened.
    MarkedStale {
        /// The phase that was reopened.
        because_of: Phase,
    },
    /// The phase was stale, and a test executive says that what was done in it stands as it is.
    PhaseConfirmed {
        /// By whom.
        by: PersonId,
        /// Why it is not touched by what was reopened.
        reason: String,
    },
    /// Somebody acted here in another's place for the first time. What the one does counts as the other's, so that
    /// four eyes stay four.
    DeputyActed {
        /// Who acted.
        by: PersonId,
        /// In whose place.
        in_place_of: PersonId,
    },
    /// Somebody tried what the rules refuse.
    AttemptRefused {
        /// What was tried.
        command: String,
        /// The refusal's code.
        code: RejectionCode,
        /// The refusal's message.
        message: String,
        /// Who tried.
        by: PersonId,
        /// In which role.
        role: Role,
    },
}

/// A file kept by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileRef {
    /// Name as given.
    pub name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceRef {
    /// The document.
    pub document: DocumentId,
    /// Its version.
    pub version: VersionNo,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TestOutcome {
    /// The report says what the evidence says.
    Passed,
    /// It does not.
    Failed,
    /// The evidence does not tell.
    Inconclusive,
}

/// What a signature stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Meaning {
    /// Wrote it.
    Author,
    /// Read and checked it.
    Review,
    /// Agrees to it.
    Approve,
    /// Answers for it.
    Responsible,
}

/// A signature over exactly one content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signature {
    /// Who signed.
    pub by: PersonId,
    /// Printed name at that time.
    pub printed_name: PrintedName,
    /// In which role.
    pub role: Role,
    /// What it stands for.
    pub meaning: Meaning,
    /// SHA-256 of the content signed, in hex.
    pub content_hash: String,
    /// When, as claimed by the person.
    pub signed_at: DateTime<Utc>,
}

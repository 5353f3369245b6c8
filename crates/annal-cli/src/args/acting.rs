//! Commands by which people act. Each takes who acts, and why.

use std::path::PathBuf;

use annal_core::dossier::event::Meaning;
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::version::CarryForward;
use annal_core::{CommandId, DocumentId, ItemId, PersonId, RequestId, Role, TestCaseId, VersionNo};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

use super::naming::verdict_named;
use super::{ItemChoice, PhaseArg, RunArg};

/// Who acts, and why.
#[derive(Debug, Clone, Args)]
pub(crate) struct Who {
    /// Who acts.
    #[arg(long = "as", value_name = "PERSON")]
    pub(crate) person: PersonId,
    /// In which role; left out, the one that the person holds and that the act needs.
    #[arg(long)]
    pub(crate) role: Option<Role>,
    /// In whose place.
    #[arg(long, value_name = "PERSON")]
    pub(crate) on_behalf_of: Option<PersonId>,
    /// Why; rejections, overrides and changes need it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Id of the command: the same id with the same content is carried out once.
    #[arg(long, value_name = "UUID")]
    pub(crate) command_id: Option<CommandId>,
    /// When the act took place, if not now (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) effective_at: Option<DateTime<Utc>>,
}

/// An act on a whole run.
#[derive(Debug, Clone, Args)]
pub(crate) struct ActingArgs {
    /// The run: its id, the beginning of it, or `latest`.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    #[command(flatten)]
    pub(crate) who: Who,
}

pub(crate) type CancelArgs = ActingArgs;

/// An act on a version as a whole.
#[derive(Debug, Clone, Args)]
pub(crate) struct OnVersion {
    /// RUN/PHASE for the open version, or RUN/PHASE@NUMBER.
    #[arg(value_name = "VERSION")]
    pub(crate) version: PhaseArg,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// RUN/PHASE for the open version, or RUN/PHASE@NUMBER.
    #[arg(value_name = "VERSION")]
    pub(crate) version: PhaseArg,
    /// Decisions, each ITEM=VERDICT; all are taken or none.
    #[arg(value_name = "ITEM=VERDICT", required_unless_present = "rest")]
    pub(crate) decisions: Vec<ItemChoice>,
    /// The verdict for every item that is not decided yet and not named.
    #[arg(long, value_name = "VERDICT", value_parser = verdict_named)]
    pub(crate) rest: Option<Verdict>,
    /// First level (tester) or second (report-owner); left out, what the version waits for.
    #[arg(long, value_enum)]
    pub(crate) level: Option<LevelArg>,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// First or second level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    Tester,
    ReportOwner,
}

impl From<LevelArg> for DecisionLevel {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Tester => Self::Tester,
            LevelArg::ReportOwner => Self::ReportOwner,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    pub(crate) on: OnVersion,
    /// What is asked for; may be given several times.
    #[arg(long = "change", value_name = "TEXT")]
    pub(crate) requested_changes: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReviseArgs {
    /// RUN/PHASE.
    #[arg(value_name = "PHASE")]
    pub(crate) phase: PhaseArg,
    /// What comes along from the rejected version.
    #[arg(long, value_enum, default_value_t = PolicyArg::ApprovedOnly)]
    pub(crate) policy: PolicyArg,
    /// sample_selection: how many new samples are drawn beside it.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) draw: u32,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// What a revision takes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyArg {
    /// Items approved on both levels, locked.
    ApprovedOnly,
    /// All items; the tester decides anew where the report owner rejected.
    AllClearRejected,
    /// Everything as it was.
    All,
}

impl From<PolicyArg> for CarryForward {
    fn from(policy: PolicyArg) -> Self {
        match policy {
            PolicyArg::ApprovedOnly => Self::ApprovedOnly,
            PolicyArg::AllClearRejected => Self::AllClearRejected,
            PolicyArg::All => Self::All,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RevertArgs {
    /// RUN/PHASE.
    #[arg(value_name = "PHASE")]
    pub(crate) phase: PhaseArg,
    /// The old version whose contents are taken.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) to: VersionNo,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct ReopenArgs {
    /// RUN/PHASE.
    #[arg(value_name = "PHASE")]
    pub(crate) phase: PhaseArg,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// The owner.
    #[arg(long, value_name = "PERSON")]
    pub(crate) owner: PersonId,
    /// The attributes; all that have no owner yet if none is named.
    #[arg(long = "attribute", value_name = "ITEM")]
    pub(crate) attributes: Vec<ItemId>,
    /// The line of business; all of the report's if left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) line: Option<String>,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ItemCommand {
    /// Put more items into the draft.
    Add {
        /// RUN/PHASE.
        #[arg(value_name = "PHASE")]
        phase: PhaseArg,
        /// A JSON list of {"id", "content"}; `annal show --json` shows the contents of a phase's items.
        #[arg(long, value_name = "JSON")]
        file: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Give an item of the draft another content.
    Change {
        /// RUN/PHASE.
        #[arg(value_name = "PHASE")]
        phase: PhaseArg,
        /// The item.
        #[arg(value_name = "ITEM")]
        item: ItemId,
        /// The content as JSON.
        #[arg(long, value_name = "JSON")]
        file: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Take items out of the draft.
    Remove {
        /// RUN/PHASE.
        #[arg(value_name = "PHASE")]
        phase: PhaseArg,
        /// The items.
        #[arg(value_name = "ITEM", required = true)]
        items: Vec<ItemId>,
        #[command(flatten)]
        who: Who,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EscalateArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// The attributes whose owners do not answer.
    #[arg(long = "attribute", value_name = "ITEM", required = true)]
    pub(crate) attributes: Vec<ItemId>,
    /// To whom.
    #[arg(long, value_name = "PERSON")]
    pub(crate) to: PersonId,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct AcknowledgeArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// The attributes; all that wait for you if none is named.
    #[arg(long = "attribute", value_name = "ITEM")]
    pub(crate) attributes: Vec<ItemId>,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// An id for the request.
    #[arg(long, value_name = "ID")]
    pub(crate) id: RequestId,
    /// Whom to ask.
    #[arg(long, value_name = "PERSON")]
    pub(crate) owner: PersonId,
    /// For which attributes; all that the owner answers for if none is named.
    #[arg(long = "attribute", value_name = "ITEM")]
    pub(crate) attributes: Vec<ItemId>,
    /// What is asked.
    #[arg(long)]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DocumentCommand {
    /// Answer a request with a file.
    Submit {
        /// The run.
        #[arg(value_name = "RUN")]
        run: RunArg,
        /// An id for the document.
        #[arg(long, value_name = "ID")]
        id: DocumentId,
        /// The request that it answers.
        #[arg(long, value_name = "ID")]
        request: RequestId,
        /// The file.
        #[arg(long)]
        file: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Replace a document by a new version.
    Revise {
        /// The run.
        #[arg(value_name = "RUN")]
        run: RunArg,
        /// The document.
        #[arg(long, value_name = "ID")]
        id: DocumentId,
        /// The file.
        #[arg(long)]
        file: PathBuf,
        #[command(flatten)]
        who: Who,
    },
    /// Accept a document's newest version.
    Accept(ReviewArgs),
    /// Send a document's newest version back.
    SendBack(ReviewArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// The document.
    #[arg(long, value_name = "ID")]
    pub(crate) id: DocumentId,
    /// First level (tester) or second (report-owner).
    #[arg(long, value_enum)]
    pub(crate) level: LevelArg,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TestCommand {
    /// Run all open test cases against the accepted evidence, or those named again.
    Execute(TestArgs),
    /// Accept results.
    Accept(TestArgs),
    /// Send results back to be run again.
    SendBack(TestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// The cases; all that wait if none is named.
    #[arg(long = "case", value_name = "CASE")]
    pub(crate) cases: Vec<TestCaseId>,
    #[command(flatten)]
    pub(crate) who: Who,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// The sections; all that wait for your role if none is named.
    #[arg(long = "section", value_name = "ITEM")]
    pub(crate) sections: Vec<ItemId>,
    /// What the signature stands for.
    #[arg(long, value_enum)]
    pub(crate) meaning: MeaningArg,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// What a signature stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MeaningArg {
    Author,
    Review,
    Approve,
    Responsible,
}

impl From<MeaningArg> for Meaning {
    fn from(meaning: MeaningArg) -> Self {
        match meaning {
            MeaningArg::Author => Self::Author,
            MeaningArg::Review => Self::Review,
            MeaningArg::Approve => Self::Approve,
            MeaningArg::Responsible => Self::Responsible,
        }
    }
}

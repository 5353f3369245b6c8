//! Audit questions.

use annal_core::rejection::RejectionCode;
use annal_core::{ItemId, PersonId, Phase, Position, Role};
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};

use super::RunArg;

/// What is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Every decision ever taken, those taken back included.
    Decisions(AskDecisions),
    /// Versions approved and rejected: by whom, why, how long after they were handed in.
    Approvals(AskApprovals),
    /// Decisions against the engine's recommendation.
    Overrides(Narrow),
    /// Attempts that the rules refused.
    Refusals(AskRefusals),
    /// Second-level decisions beside the first-level ones that they answer.
    FourEyes(AskFourEyes),
    /// Steps that were, or are, past their deadline.
    Late(Narrow),
    /// Reasons, refusals, requests and contents by their words.
    Search(AskSearch),
    /// What waits for somebody's word now, the longest first.
    Waiting(AskWaiting),
}

/// What narrows every question.
#[derive(Debug, Args)]
pub(crate) struct Narrow {
    /// Only this run.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunArg>,
    /// Only runs of this report.
    #[arg(long, value_name = "NAME")]
    pub(crate) report: Option<String>,
    /// Only this phase.
    #[arg(long)]
    pub(crate) phase: Option<Phase>,
    /// Only this item, section, document, test case or attribute.
    #[arg(long)]
    pub(crate) item: Option<ItemId>,
    /// Only by this person.
    #[arg(long)]
    pub(crate) person: Option<PersonId>,
    /// Only in this role.
    #[arg(long)]
    pub(crate) role: Option<Role>,
    /// Recorded at this time or later: a date, or a time as in RFC 3339. For `late`: due then; for
    /// `waiting`: waiting since then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<DateTime<Utc>>,
    /// Recorded before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<DateTime<Utc>>,
    /// Done, as the person says, at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) effective_since: Option<DateTime<Utc>>,
    /// Done, as the person says, before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) effective_until: Option<DateTime<Utc>>,
    /// As it was when the log stood here: with the head_position of an answer, the same question gives the same bytes.
    #[arg(long, value_name = "POSITION")]
    pub(crate) as_of: Option<Position>,
    /// Start after this position: the `next` of the page before.
    #[arg(long, default_value = "0", value_name = "POSITION")]
    pub(crate) after: Position,
    /// Rows of a page.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AskDecisions {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Only this kind.
    #[arg(long, value_name = "KIND", value_parser = KINDS)]
    pub(crate) what: Option<String>,
    /// Only with this verdict.
    #[arg(long, value_parser = VERDICTS)]
    pub(crate) verdict: Option<String>,
    /// Only those that stand.
    #[arg(long)]
    pub(crate) current: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AskApprovals {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Only those at most this many seconds after the version was handed in.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) within: Option<u32>,
    /// Only those at least this many seconds after it.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) slower_than: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct AskRefusals {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Only with this code, for instance four_eyes.
    #[arg(long, value_parser = code)]
    pub(crate) code: Option<RejectionCode>,
}

#[derive(Debug, Args)]
pub(crate) struct AskFourEyes {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Only where one person stands on both sides. The rules refuse that, so a row is a finding.
    #[arg(long)]
    pub(crate) broken: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AskSearch {
    /// The words; "a phrase", `this or that` and `-without` are understood.
    #[arg(value_name = "WORDS")]
    pub(crate) words: String,
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Only this kind.
    #[arg(long, value_name = "KIND", value_parser = ["reason", "refusal", "requested_change", "request", "content"])]
    pub(crate) what: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AskWaiting {
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Only this kind.
    #[arg(long, value_name = "KIND", value_parser = ["version", "document", "test", "ownership"])]
    pub(crate) what: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    /// The run; the phases of all runs are counted together without one.
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<RunArg>,
    /// Only runs of this report.
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    pub(crate) report: Option<String>,
    /// Only this phase.
    #[arg(long)]
    pub(crate) phase: Option<Phase>,
}

/// Kinds of decisions.
const KINDS: [&str; 11] = [
    "decision",
    "submission",
    "withdrawal",
    "approval",
    "rejection",
    "signature",
    "document_review",
    "test_review",
    "acknowledgement",
    "reopening",
    "confirmation",
];

/// What is decided, on items and on all else.
const VERDICTS: [&str; 17] = [
    "include",
    "exclude",
    "modify",
    "accept",
    "decline",
    "override_in",
    "override_out",
    "approve",
    "reject",
    "request_changes",
    "submit",
    "withdraw",
    "sign",
    "send_back",
    "acknowledge",
    "reopen",
    "confirm",
];

#[derive(Debug, Args)]
pub(crate) struct LineageArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// A section, observation, test case, document, request, sample, attribute or rule.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// A folder that is made for it; it must not be there yet.
    #[arg(long = "to", value_name = "DIR")]
    pub(crate) folder: std::path::PathBuf,
}

fn code(text: &str) -> Result<RejectionCode, String> {
    // The error lists the codes that there are.
    serde_json::from_value(text.into()).map_err(|no| no.to_string())
}

/// A time, or a date that stands for its first moment in UTC.
pub(super) fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed
        .map(|it| it.to_utc())
        .map_err(|_| format!("'{text}' is no time; write 2026-11-24 or 2026-11-24T09:30:00Z"))
}

//! Commands that read.

use annal_core::{ItemId, PersonId, Phase, Position};
use chrono::{DateTime, Utc};
use clap::Args;

use super::audit::time;
use super::{PhaseArg, RunArg};

#[derive(Debug, Args)]
pub(crate) struct OfRun {
    /// The run: its id, the beginning of it, or `latest`.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
}

#[derive(Debug, Args)]
pub(crate) struct InboxArgs {
    /// Whose inbox.
    #[arg(long = "as", value_name = "PERSON")]
    pub(crate) person: PersonId,
}

#[derive(Debug, Args)]
pub(crate) struct VersionsArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// Only this phase.
    #[arg(long)]
    pub(crate) phase: Option<Phase>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// RUN/PHASE@NUMBER, or RUN/PHASE for the newest.
    #[arg(value_name = "VERSION")]
    pub(crate) version: PhaseArg,
    /// As it was at this moment, by the log's clock: a date, or a time as in RFC 3339.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["position", "before", "effective_at"], value_parser = time)]
    pub(crate) at: Option<DateTime<Utc>>,
    /// As it was at this moment, by what people say: what they say was done later is left out. With --position, as the
    /// log told it then.
    #[arg(long, value_name = "TIME", conflicts_with = "before", value_parser = time)]
    pub(crate) effective_at: Option<DateTime<Utc>>,
    /// As it was when the log stood here.
    #[arg(long, value_name = "N", conflicts_with = "before")]
    pub(crate) position: Option<Position>,
    /// As it was just before this event.
    #[arg(long, value_name = "EVENT")]
    pub(crate) before: Option<annal_core::EventId>,
    /// Replay every event from the first, without a snapshot; the answer is the same.
    #[arg(long)]
    pub(crate) without_snapshots: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier version, RUN/PHASE@NUMBER.
    #[arg(value_name = "A")]
    pub(crate) a: PhaseArg,
    /// The later version, RUN/PHASE@NUMBER; the same as A without one, which then is compared at two moments.
    #[arg(value_name = "B", required_unless_present = "from")]
    pub(crate) b: Option<PhaseArg>,
    /// A as it was when the log stood here.
    #[arg(long, value_name = "N")]
    pub(crate) from: Option<Position>,
    /// B as it was when the log stood here; as it is without.
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<Position>,
}

#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    /// The run; a person's acts are listed over all runs without one.
    #[arg(value_name = "RUN", required_unless_present = "person")]
    pub(crate) run: Option<RunArg>,
    /// Only this phase.
    #[arg(long)]
    pub(crate) phase: Option<Phase>,
    /// Only this item.
    #[arg(long)]
    pub(crate) item: Option<ItemId>,
    /// Only what this person did.
    #[arg(long)]
    pub(crate) person: Option<PersonId>,
    /// Recorded at this time or later: a date, or a time as in RFC 3339.
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
    /// Start after this position: the cursor of the page before.
    #[arg(long, default_value = "0", value_name = "POSITION")]
    pub(crate) after: Position,
    /// How many events.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct DecisionsArgs {
    /// The run.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunArg,
    /// Only this phase.
    #[arg(long)]
    pub(crate) phase: Option<Phase>,
    /// Only this item.
    #[arg(long)]
    pub(crate) item: Option<ItemId>,
    /// Only those of this person.
    #[arg(long)]
    pub(crate) person: Option<PersonId>,
    /// Only attempts that the rules refused.
    #[arg(long)]
    pub(crate) refused: bool,
}

//! A status as a symbol and a word, so that nobody has to see its colour.

use annal_core::run::PhaseStatus;
use annal_core::version::VersionStatus;
use maud::{Markup, html};

use super::human;

/// What a status means to whoever looks: it chooses symbol and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Badge {
    /// Nothing happened yet.
    Blank,
    /// Under way.
    Going,
    /// Waits for somebody.
    Waits,
    /// It stands.
    Good,
    /// It does not.
    Bad,
    /// Late, stale or at risk.
    Warns,
    /// Over, replaced or passed over.
    Past,
}

impl Badge {
    /// The meaning of a status by its name in payloads and tables.
    pub(crate) fn of(status: &str) -> Self {
        match status {
            "draft" | "started" | "open" | "work" | "following" => Self::Going,
            "pending_approval" | "scheduled" | "submitted" | "assigned" | "tester_accepted"
            | "inconclusive" | "request_changes" | "modify" | "rebuilding" => Self::Waits,
            "approved" | "completed" | "done" | "accepted" | "acknowledged" | "passed"
            | "approve" | "include" | "accept" | "override_in" | "verified" | "signed" => {
                Self::Good
            }
            "rejected" | "failed" | "sent_back" | "reject" | "exclude" | "override_out"
            | "broken" | "stopped" => Self::Bad,
            "stale" | "late" | "timed_out" | "escalated" => Self::Warns,
            "superseded" | "skipped" | "cancelled" | "decline" | "replaced" | "withdrawn" => {
                Self::Past
            }
            _ => Self::Blank,
        }
    }

    /// Colours it in the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Going => "going",
            Self::Waits => "waits",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warns => "warns",
            Self::Past => "past",
        }
    }

    /// Drawn before the word.
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Blank => "○",
            Self::Going => "◐",
            Self::Waits => "◔",
            Self::Good => "✓",
            Self::Bad => "✕",
            Self::Warns => "!",
            Self::Past => "–",
        }
    }

    /// With a word of one's own.
    pub(crate) fn saying(self, word: &str) -> Markup {
        html! {
            span class={ "badge " (self.class()) } {
                span.symbol aria-hidden="true" { (self.symbol()) } (word)
            }
        }
    }
}

/// A status by its name in payloads and tables.
pub(crate) fn badge(status: &str) -> Markup {
    Badge::of(status).saying(&human(status))
}

impl From<VersionStatus> for Badge {
    fn from(status: VersionStatus) -> Self {
        Self::of(status.name())
    }
}

impl From<PhaseStatus> for Badge {
    fn from(status: PhaseStatus) -> Self {
        Self::of(status.name())
    }
}

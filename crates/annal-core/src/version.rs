//! Versions: how they are named, where they come from and what carries over.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{RunId, VersionNo};
use crate::phase::Phase;

/// A version of one phase of one run. Written `RUN/PHASE@NUMBER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionRef {
    /// The run.
    pub run: RunId,
    /// Its phase.
    pub phase: Phase,
    /// The version's number there.
    pub number: VersionNo,
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.run, self.phase, self.number)
    }
}

/// A text that is not `RUN/PHASE@NUMBER`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' does not name a version; write RUN/PHASE@NUMBER, for instance 018f…/scoping@2")]
pub struct InvalidVersionRef(pub String);

impl FromStr for VersionRef {
    type Err = InvalidVersionRef;
    fn from_str(value: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (run, rest) = value.split_once('/')?;
            let (phase, number) = rest.split_once('@')?;
            Some(Self {
                run: run.parse().ok()?,
                phase: phase.parse().ok()?,
                number: number.parse().ok()?,
            })
        };
        parse().ok_or_else(|| InvalidVersionRef(value.to_owned()))
    }
}

/// Where a version stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VersionStatus {
    /// Its contents may change.
    Draft,
    /// Submitted; waits for its approval.
    PendingApproval,
    /// Stands.
    Approved,
    /// Does not stand; a revision answers it.
    Rejected,
    /// Stood until its successor was approved.
    Superseded,
}

/// Why a version was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Origin {
    /// The first of its dossier, or a fresh start after a reopening.
    Initial,
    /// Answers a rejected version, or follows an approved one after a reopening.
    Revision {
        /// The version it revises.
        parent: VersionNo,
        /// What came along.
        policy: CarryForward,
    },
    /// Has the contents of an old version.
    Revert {
        /// The version whose contents it takes.
        to: VersionNo,
    },
}

/// Which items of the parent a revision takes along, and with which decisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CarryForward {
    /// Items approved on both levels, approved and locked; the others stay behind.
    #[default]
    ApprovedOnly,
    /// All items; the tester's decision is cleared where the report owner rejected.
    AllClearRejected,
    /// All items with all decisions.
    All,
}

impl CarryForward {
    /// The name used in payloads and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApprovedOnly => "approved_only",
            Self::AllClearRejected => "all_clear_rejected",
            Self::All => "all",
        }
    }
}

impl VersionStatus {
    /// The name used in payloads and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::PendingApproval => "pending_approval",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
        }
    }
}

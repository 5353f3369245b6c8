//! The nine phases of a run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A phase of a run, in the order in which definition 2.0.0 lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Phase {
    /// Which attributes the report has.
    Planning,
    /// Rules derived for the attributes and run over the data.
    DataProfiling,
    /// Which attributes are tested.
    Scoping,
    /// Which rows are tested.
    SampleSelection,
    /// Who owns the data of each attribute.
    DataOwnerId,
    /// Evidence asked from the owners.
    RequestInfo,
    /// Each approved sample × attribute in scope compared with the evidence.
    TestExecution,
    /// What the failed tests mean.
    Observations,
    /// The report and its sign-offs.
    TestReport,
}

/// What a phase's dossier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PhaseKind {
    /// Numbered versions with items that are decided on two levels.
    Versioned,
    /// A trail of acts (assignments, documents, tests) without versions of the whole.
    Audited,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 9] = [
        Self::Planning,
        Self::DataProfiling,
        Self::Scoping,
        Self::SampleSelection,
        Self::DataOwnerId,
        Self::RequestInfo,
        Self::TestExecution,
        Self::Observations,
        Self::TestReport,
    ];

    /// The name used in definitions, payloads and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::DataProfiling => "data_profiling",
            Self::Scoping => "scoping",
            Self::SampleSelection => "sample_selection",
            Self::DataOwnerId => "data_owner_id",
            Self::RequestInfo => "request_info",
            Self::TestExecution => "test_execution",
            Self::Observations => "observations",
            Self::TestReport => "test_report",
        }
    }

    /// Whether the phase has versions or a trail.
    #[must_use]
    pub const fn kind(self) -> PhaseKind {
        match self {
            Self::DataOwnerId | Self::RequestInfo | Self::TestExecution => PhaseKind::Audited,
            _ => PhaseKind::Versioned,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a phase; the phases are planning, data_profiling, scoping, sample_selection, data_owner_id, request_info, test_execution, observations, test_report"
)]
pub struct UnknownPhase(pub String);

impl FromStr for Phase {
    type Err = UnknownPhase;
    fn from_str(value: &str) -> Result<Self, Self::Err> {
        // `-` for `_` is what people type on a command line.
        let name = value.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|phase| phase.name() == name)
            .ok_or_else(|| UnknownPhase(value.to_owned()))
    }
}

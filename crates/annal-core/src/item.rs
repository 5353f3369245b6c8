//! The items inside a dossier and the decisions taken on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{ItemId, PersonId, TestCaseId, VersionNo};

/// Whether a value must be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Requirement {
    /// Always.
    Mandatory,
    /// Under a condition.
    Conditional,
    /// Never.
    Optional,
}

/// How much harm a wrong value does, or how bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Level {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// What a profiling rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Dimension {
    /// A value is there.
    Completeness,
    /// It is one of the allowed values.
    Validity,
    /// It is plausible.
    Accuracy,
    /// It agrees with the other values of its row.
    Consistency,
    /// It occurs once.
    Uniqueness,
    /// It is written as the dictionary says.
    Format,
}

/// What a rule found on the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleResult {
    /// Rows looked at.
    pub tried: u64,
    /// Rows that break the rule.
    pub failed: u64,
    /// A few of those rows, `key: value`.
    pub examples: Vec<String>,
}

/// Why a row was proposed as a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SampleCategory {
    /// It breaks no rule.
    Clean,
    /// It breaks at least one rule.
    Anomaly,
    /// It holds a smallest or largest value.
    Boundary,
}

/// Where a sample came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SampleSource {
    /// Drawn by the engine.
    Recommended,
    /// Named by a tester.
    Tester,
    /// From a list that was uploaded.
    Uploaded,
    /// From an earlier version.
    CarriedForward,
}

/// What an observation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ObservationKind {
    /// The reported value differs from its source.
    DataMismatch,
    /// A value is missing.
    MissingData,
    /// There is no evidence, or it does not answer.
    EvidenceGap,
    /// The process that makes the data is at fault.
    Process,
}

/// What an item says, by its phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Content {
    /// planning: an attribute of the report.
    Attribute {
        /// Technical name, as in the data's header.
        name: String,
        /// Line item of the form.
        line_item: String,
        /// Format as the dictionary writes it.
        format: String,
        /// Whether it must be reported.
        requirement: Requirement,
        /// Part of the row's key.
        primary_key: bool,
        /// A critical data element.
        critical: bool,
        /// Risk of a wrong value.
        risk: Level,
    },
    /// data_profiling: a rule and what it found.
    Rule {
        /// The attribute it is about.
        attribute: ItemId,
        /// What it looks at.
        dimension: Dimension,
        /// The rule in words that can be executed, for instance `between 0 and 3`.
        check: String,
        /// How bad a breach is.
        severity: Level,
        /// What it found; none before it was run.
        result: Option<RuleResult>,
    },
    /// scoping: is this attribute tested?
    ScopeAttribute {
        /// The planning item.
        attribute: ItemId,
        /// Primary keys are always in scope, give context and are not tested.
        primary_key: bool,
        /// What the engine recommends.
        recommended: bool,
        /// Why, in words.
        rationale: String,
    },
    /// sample_selection: a row to test.
    Sample {
        /// Value of the row's primary key.
        row_key: String,
        /// Line in the data, the header being line 1.
        line: u64,
        /// Why it is proposed.
        category: SampleCategory,
        /// Where it came from.
        source: SampleSource,
        /// Line of business.
        line_of_business: String,
        /// The row's values by attribute; a missing value is null.
        values: BTreeMap<String, Option<String>>,
    },
    /// observations: what failed tests mean.
    Observation {
        /// One line.
        title: String,
        /// How bad.
        severity: Level,
        /// About what.
        observation: ObservationKind,
        /// The attribute behind it.
        attribute: ItemId,
        /// The failed tests behind it.
        failed_tests: Vec<TestCaseId>,
    },
    /// test_report: a section of the report.
    Section {
        /// Heading.
        title: String,
        /// Text.
        body: String,
    },
}

/// The two levels of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DecisionLevel {
    /// First level.
    Tester,
    /// Second level.
    ReportOwner,
}

/// What is decided on an item. Which verdicts a phase and level allow is in `dossier::allowed_verdicts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    /// planning, tester: part of the report.
    Include,
    /// planning, tester: not part of it.
    Exclude,
    /// planning, tester: part of it, changed.
    Modify,
    /// scoping, tester: in scope.
    Accept,
    /// scoping, tester: out of scope.
    Decline,
    /// scoping, tester: in scope against the recommendation.
    OverrideIn,
    /// scoping, tester: out of scope against the recommendation.
    OverrideOut,
    /// It stands.
    Approve,
    /// It does not.
    Reject,
    /// It has to be changed first.
    RequestChanges,
}

/// A decision that stands on an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub by: PersonId,
    /// Why, where a reason is due or was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where an item that was carried forward came from, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CarriedFrom {
    /// The version it came from.
    pub version: VersionNo,
    /// The policy's reason, in words.
    pub why: String,
}

/// An item to put into a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewItem {
    /// Its id in this dossier.
    pub id: ItemId,
    /// What it says.
    pub content: Content,
}

/// A verdict for one item of a bulk decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemVerdict {
    /// The item.
    pub item: ItemId,
    /// What is decided on it.
    pub verdict: Verdict,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 10] = [
        Self::Include,
        Self::Exclude,
        Self::Modify,
        Self::Accept,
        Self::Decline,
        Self::OverrideIn,
        Self::OverrideOut,
        Self::Approve,
        Self::Reject,
        Self::RequestChanges,
    ];

    /// The name used in payloads and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Modify => "modify",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::OverrideIn => "override_in",
            Self::OverrideOut => "override_out",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::RequestChanges => "request_changes",
        }
    }

    /// Rejections, overrides and changes need a reason. So does leaving something out against nothing: no
    /// recommendation stands behind an exclusion, while a decline follows one.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(
            self,
            Self::Exclude
                | Self::Modify
                | Self::OverrideIn
                | Self::OverrideOut
                | Self::Reject
                | Self::RequestChanges
        )
    }
}

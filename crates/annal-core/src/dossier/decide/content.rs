//! What an item says: its kind, the verdicts that fit it, and that primary keys stay.

use super::items::Breach;
use crate::dossier::state::Version;
use crate::ids::ItemId;
use crate::item::{Content, DecisionLevel, Verdict};
use crate::phase::Phase;
use crate::rejection::RejectionCode as Code;

/// The verdicts that a phase takes at a level.
#[must_use]
pub const fn allowed_verdicts(phase: Phase, level: DecisionLevel) -> &'static [Verdict] {
    use Verdict as V;
    match (phase, level) {
        (Phase::Planning, DecisionLevel::Tester) => &[V::Include, V::Exclude, V::Modify],
        (Phase::Scoping, DecisionLevel::Tester) => {
            &[V::Accept, V::Decline, V::OverrideIn, V::OverrideOut]
        }
        (Phase::DataProfiling, _) | (Phase::Scoping, DecisionLevel::ReportOwner) => {
            &[V::Approve, V::Reject, V::RequestChanges]
        }
        (Phase::Planning, DecisionLevel::ReportOwner)
        | (Phase::SampleSelection | Phase::Observations, _) => &[V::Approve, V::Reject],
        _ => &[],
    }
}

/// Why a verdict cannot be true of such a content.
pub(super) fn contradicts(content: &Content, verdict: Verdict) -> Option<&'static str> {
    match (content, verdict) {
        (
            Content::Attribute {
                primary_key: true, ..
            },
            Verdict::Exclude,
        ) => Some("is a primary key and always part of the plan"),
        (
            Content::ScopeAttribute {
                primary_key: true, ..
            },
            Verdict::Decline | Verdict::OverrideOut,
        ) => Some("is a primary key and always in scope"),
        (
            Content::ScopeAttribute {
                recommended: false,
                primary_key: false,
                ..
            },
            Verdict::Accept,
        ) => Some("is not recommended; override it into scope, with a reason"),
        (
            Content::ScopeAttribute {
                recommended: true, ..
            },
            Verdict::Decline,
        ) => Some("is recommended; override it out of scope, with a reason"),
        (
            Content::ScopeAttribute {
                recommended: true, ..
            },
            Verdict::OverrideIn,
        )
        | (
            Content::ScopeAttribute {
                recommended: false, ..
            },
            Verdict::OverrideOut,
        ) => Some("is recommended that way; there is nothing to override"),
        _ => None,
    }
}

/// Whether a content is of the kind that the phase holds, and whole.
pub(super) fn fits(phase: Phase, content: &Content) -> Option<Breach> {
    let kind_fits = matches!(
        (phase, content),
        (Phase::Planning, Content::Attribute { .. })
            | (Phase::DataProfiling, Content::Rule { .. })
            | (Phase::Scoping, Content::ScopeAttribute { .. })
            | (Phase::SampleSelection, Content::Sample { .. })
            | (Phase::Observations, Content::Observation { .. })
            | (Phase::TestReport, Content::Section { .. })
    );
    if !kind_fits {
        let why = format!("is not the kind of item that {phase} holds");
        return Some((Code::InvalidContent, why));
    }
    let blank = match content {
        Content::Attribute { name, .. } => name.trim().is_empty(),
        Content::Rule { check, .. } => check.trim().is_empty(),
        Content::Sample { row_key, .. } => row_key.trim().is_empty(),
        Content::Observation { title, .. } | Content::Section { title, .. } => {
            title.trim().is_empty()
        }
        Content::ScopeAttribute { .. } => false,
    };
    blank.then(|| (Code::InvalidContent, "says nothing".to_owned()))
}

/// Primary keys are always in the plan and in scope: they are not taken out …
pub(super) fn is_a_key(draft: &Version, id: &ItemId) -> Option<Breach> {
    let key = draft.items.get(id).is_some_and(|item| {
        matches!(
            item.content,
            Content::Attribute {
                primary_key: true,
                ..
            } | Content::ScopeAttribute {
                primary_key: true,
                ..
            }
        )
    });
    let why = "is a primary key and stays; planning can say that it is none";
    key.then(|| (Code::VerdictNotAllowed, why.to_owned()))
}

/// … and scoping cannot make another attribute of one: which attributes are keys is planning's to say.
pub(super) fn loses_its_key(draft: &Version, id: &ItemId, content: &Content) -> Option<Breach> {
    let item = draft.items.get(id)?;
    let (
        Content::ScopeAttribute {
            attribute: old,
            primary_key: was,
            ..
        },
        Content::ScopeAttribute {
            attribute,
            primary_key,
            ..
        },
    ) = (&item.content, content)
    else {
        return None;
    };
    let why = "speaks of another attribute, or of another key, than planning does";
    (old != attribute || was != primary_key).then(|| (Code::InvalidContent, why.to_owned()))
}

//! The verdicts of each phase on each level, one by one, and those that need a reason.

use annal_core::Phase;
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::rejection::RejectionCode as Code;

use crate::support::*;

use Verdict as V;

const ALL: [V; 10] = [
    V::Include,
    V::Exclude,
    V::Modify,
    V::Accept,
    V::Decline,
    V::OverrideIn,
    V::OverrideOut,
    V::Approve,
    V::Reject,
    V::RequestChanges,
];

/// The table of the domain: phase, first level, second level.
const TABLE: [(Phase, &[V], &[V]); 5] = [
    (
        Phase::Planning,
        &[V::Include, V::Exclude, V::Modify],
        &[V::Approve, V::Reject],
    ),
    (
        Phase::DataProfiling,
        &[V::Approve, V::Reject, V::RequestChanges],
        &[V::Approve, V::Reject, V::RequestChanges],
    ),
    (
        Phase::Scoping,
        &[V::Accept, V::Decline, V::OverrideIn, V::OverrideOut],
        &[V::Approve, V::Reject, V::RequestChanges],
    ),
    (
        Phase::SampleSelection,
        &[V::Approve, V::Reject],
        &[V::Approve, V::Reject],
    ),
    (
        Phase::Observations,
        &[V::Approve, V::Reject],
        &[V::Approve, V::Reject],
    ),
];

/// A draft of the phase with an item on which this verdict says something.
fn draft(phase: Phase, verdict: V) -> (Desk, &'static str) {
    let item = match verdict {
        V::Decline | V::OverrideIn => "low",
        _ => "a",
    };
    (Desk::draft(phase, &[item]), item)
}

#[test]
fn the_first_level_takes_exactly_the_verdicts_of_its_phase() {
    for (phase, allowed, _) in TABLE {
        for verdict in ALL {
            let (desk, item) = draft(phase, verdict);
            let command = first(&[item], verdict);
            let who = tom().because("so");
            if allowed.contains(&verdict) {
                assert_eq!(desk.then(&who, &command).len(), 1, "{phase} {verdict:?}");
            } else {
                desk.refuses(
                    &who,
                    &command,
                    Code::VerdictNotAllowed,
                    "cannot be decided as",
                );
            }
        }
    }
}

#[test]
fn the_second_level_takes_exactly_the_verdicts_of_its_phase() {
    for (phase, _, allowed) in TABLE {
        for verdict in ALL {
            let desk = Desk::pending(phase, &["a"]);
            let command = second(&["a"], verdict);
            let who = olga().because("so");
            if allowed.contains(&verdict) {
                assert_eq!(desk.then(&who, &command).len(), 1, "{phase} {verdict:?}");
            } else {
                desk.refuses(
                    &who,
                    &command,
                    Code::VerdictNotAllowed,
                    "cannot be decided as",
                );
            }
        }
    }
}

#[test]
fn rejecting_overriding_and_changing_need_a_reason_on_both_levels() {
    let due = [
        V::Exclude,
        V::Modify,
        V::OverrideIn,
        V::OverrideOut,
        V::Reject,
        V::RequestChanges,
    ];
    for (phase, on_first, on_second) in TABLE {
        for verdict in on_first {
            let (desk, item) = draft(phase, *verdict);
            let taken = desk.when(&tom(), &first(&[item], *verdict));
            let code = taken.err().map(|no| no.code);
            let expected = due.contains(verdict).then_some(Code::ReasonRequired);
            assert_eq!(code, expected, "{phase} {verdict:?}");
        }
        for verdict in on_second {
            let desk = Desk::pending(phase, &["a"]);
            let taken = desk.when(&olga(), &second(&["a"], *verdict));
            let code = taken.err().map(|no| no.code);
            let expected = due.contains(verdict).then_some(Code::ReasonRequired);
            assert_eq!(code, expected, "{phase} {verdict:?}");
        }
    }
}

#[test]
fn what_is_decided_against_a_recommendation_is_an_override() {
    let desk = Desk::draft(Phase::Scoping, &["a", "low"]);
    let who = tom().because("so");
    for (item, verdict, why) in [
        ("low", V::Accept, "override it into scope"),
        ("a", V::Decline, "override it out of scope"),
        ("a", V::OverrideIn, "nothing to override"),
        ("low", V::OverrideOut, "nothing to override"),
    ] {
        desk.refuses(&who, &first(&[item], verdict), Code::VerdictNotAllowed, why);
    }
}

#[test]
fn an_overridden_attribute_is_in_scope_as_the_override_says() {
    let desk = Desk::draft(Phase::Scoping, &["a", "b", "low", "lower"]);
    let who = tom().because("so");
    let desk = desk.given(&who, first(&["a"], V::Accept));
    let desk = desk.given(&who, first(&["b"], V::OverrideOut));
    let desk = desk.given(&who, first(&["low"], V::OverrideIn));
    let desk = desk.given(&who, first(&["lower"], V::Decline));
    let scope = ["a", "b", "low", "lower"].map(|it| desk.item(it).in_scope());
    assert_eq!(scope, [true, false, true, false]);
}

#[test]
fn audited_phases_and_the_report_decide_on_no_items() {
    for phase in [Phase::DataOwnerId, Phase::RequestInfo, Phase::TestExecution] {
        for level in [DecisionLevel::Tester, DecisionLevel::ReportOwner] {
            let command = decide(level, &ids(&["a"]), V::Approve);
            Desk::begun(phase).refuses(&tom(), &command, Code::NotInThisPhase, "decide_items");
        }
    }
    let report = Desk::draft(Phase::TestReport, &["a"]);
    report.refuses(
        &tom(),
        &first(&["a"], V::Approve),
        Code::NotInThisPhase,
        "decide_items",
    );
}

//! Whoever made or handed in a version, or took a first-level decision in it, never takes the second-level one,
//! whatever roles they hold and in whosever place they act; and the other way round.

use annal_core::dossier::event::Meaning;
use annal_core::dossier::{DossierCommand as C, DossierEvent as E};
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::CarryForward;
use annal_core::{Phase, Role};

use crate::support::*;

/// Everything that the second level can do with a pending version.
fn second_level_acts() -> [C; 3] {
    [second(&["a"], Verdict::Approve), APPROVE, reject()]
}

#[track_caller]
fn kept_from_the_second_level(desk: &Desk, name: &Who) {
    for command in second_level_acts() {
        desk.refuses(name, &command, Code::FourEyes, "somebody else has to");
    }
}

fn owner(who: Who) -> Who {
    who.acting_as(Role::ReportOwner).because("so")
}

/// A draft that Tina made.
fn drafted_by_tina(phase: Phase) -> Desk {
    let items = new_items(phase, &["a"]);
    Desk::begun(phase).given(&tina(), C::CreateVersion { items })
}

#[test]
fn who_made_a_version_does_not_approve_it() {
    for phase in DECIDED {
        let desk = drafted_by_tina(phase)
            .tester_decides()
            .given(&tom(), SUBMIT);
        kept_from_the_second_level(&desk, &owner(tina()));
    }
}

#[test]
fn who_made_a_revision_does_not_approve_it() {
    let policy = CarryForward::All;
    let revise = C::Revise {
        policy,
        add: vec![],
    };
    for phase in DECIDED {
        let desk = Desk::rejected(phase, &["a"]).given(&tina(), revise.clone());
        kept_from_the_second_level(&desk.given(&tom(), SUBMIT), &owner(tina()));
    }
}

#[test]
fn who_submitted_a_version_does_not_approve_it() {
    for phase in DECIDED {
        let desk = Desk::decided(phase, &["a"]).given(&tina(), SUBMIT);
        kept_from_the_second_level(&desk, &owner(tina()));
    }
}

#[test]
fn who_submitted_a_version_does_not_approve_it_after_a_withdrawal_either() {
    let desk = Desk::decided(Phase::Planning, &["a"]).given(&tina(), SUBMIT);
    let desk = desk
        .given(&tina().because("wait"), WITHDRAW)
        .given(&tom(), SUBMIT);
    kept_from_the_second_level(&desk, &owner(tina()));
}

#[test]
fn who_decided_on_the_first_level_does_not_decide_on_the_second() {
    for phase in DECIDED {
        let desk = Desk::draft(phase, &["a", "b"]);
        let desk = desk.given(&tina(), first(&["b"], favour(phase)));
        let desk = desk
            .given(&tom(), first(&["a"], favour(phase)))
            .given(&tom(), SUBMIT);
        kept_from_the_second_level(&desk, &owner(tina()));
        kept_from_the_second_level(&desk, &owner(tom()));
    }
}

#[test]
fn a_first_level_decision_that_was_changed_by_another_still_counts() {
    let desk = Desk::draft(Phase::SampleSelection, &["a"]);
    let desk = desk.given(&tina(), first(&["a"], Verdict::Approve));
    let desk = desk.given(&tom().because("mine"), first(&["a"], Verdict::Approve));
    kept_from_the_second_level(&desk.given(&tom(), SUBMIT), &owner(tina()));
}

#[test]
fn who_added_changed_or_removed_an_item_does_not_approve() {
    let phase = Phase::SampleSelection;
    let items = new_items(phase, &["b"]);
    let add = C::AddItems { items };
    let change = C::ChangeItem {
        item: id("a"),
        content: content(phase, "other"),
    };
    let remove = C::RemoveItems { items: ids(&["c"]) };
    for command in [add, change, remove] {
        let desk = Desk::draft(phase, &["a", "c"]).given(&tina().because("so"), command);
        let desk = desk.tester_decides().given(&tom(), SUBMIT);
        kept_from_the_second_level(&desk, &owner(tina()));
    }
}

#[test]
fn the_first_level_of_an_item_that_was_carried_still_counts() {
    let phase = Phase::SampleSelection;
    let desk = Desk::draft(phase, &["a"]).given(&tina(), first(&["a"], Verdict::Approve));
    let desk = desk.given(&tom(), SUBMIT);
    let desk = desk.given(&olga().because("no"), second(&["a"], Verdict::Reject));
    let desk = desk.given(&olga().because("no"), reject());
    for policy in [CarryForward::All, CarryForward::AllClearRejected] {
        let revise = C::Revise {
            policy,
            add: vec![],
        };
        let desk = desk.clone().given(&tom(), revise).tester_decides();
        kept_from_the_second_level(&desk.given(&tom(), SUBMIT), &owner(tina()));
    }
}

#[test]
fn four_eyes_hold_in_whosever_place_somebody_acts() {
    for phase in DECIDED {
        let desk = Desk::pending(phase, &["a"]);
        kept_from_the_second_level(&desk, &owner(olga().in_place_of("tom")));
    }
}

#[test]
fn what_a_deputy_did_counts_for_the_one_in_whose_place() {
    for phase in DECIDED {
        let desk = Desk::draft(phase, &["a"]);
        let deputy = tina().in_place_of("otto");
        let desk = desk
            .given(&deputy, first(&["a"], favour(phase)))
            .given(&tom(), SUBMIT);
        let otto = Who::named("otto", Role::ReportOwner).because("so");
        kept_from_the_second_level(&desk, &otto);
    }
}

#[test]
fn that_a_deputy_acts_is_recorded_once() {
    let desk = Desk::draft(Phase::Planning, &["a", "b"]);
    let deputy = tina().in_place_of("otto");
    let events = desk.then(&deputy, &first(&["a"], Verdict::Include));
    let acted = E::DeputyActed {
        by: person("tina"),
        in_place_of: person("otto"),
    };
    assert_eq!(events.len(), 2);
    assert_eq!(events[1], acted);
    let desk = desk.given(&deputy, first(&["a"], Verdict::Include));
    assert_eq!(
        desk.then(&deputy, &first(&["b"], Verdict::Include)).len(),
        1
    );
}

#[test]
fn who_decided_on_the_second_level_does_not_take_the_first_of_it_later() {
    let phase = Phase::SampleSelection;
    let desk = Desk::pending(phase, &["a"]).given(&olga(), second(&["a"], Verdict::Approve));
    let desk = desk.given(&tom().because("wait"), WITHDRAW);
    let olga = olga().acting_as(Role::Tester).because("so");
    let add = new_items(phase, &["b"]);
    let change = C::ChangeItem {
        item: id("a"),
        content: content(phase, "other"),
    };
    let remove = C::RemoveItems { items: ids(&["a"]) };
    let decide = first(&["a"], Verdict::Approve);
    for command in [decide, SUBMIT, change, remove, C::AddItems { items: add }] {
        desk.refuses(
            &olga,
            &command,
            Code::FourEyes,
            "second-level decision that stands",
        );
    }
    assert!(desk.when(&tina(), &SUBMIT).is_ok());
}

#[test]
fn who_decided_on_the_second_level_does_not_revise_what_carries_it() {
    let desk = Desk::pending(Phase::SampleSelection, &["a", "b"]);
    let desk = desk.given(&olga(), second(&["a"], Verdict::Approve));
    let desk = desk.given(&olga().because("no"), reject());
    let policy = CarryForward::ApprovedOnly;
    let revise = C::Revise {
        policy,
        add: vec![],
    };
    let who = olga().acting_as(Role::Tester);
    desk.refuses(&who, &revise, Code::FourEyes, "may not revise it");
    assert!(desk.when(&tina(), &revise).is_ok());
}

#[test]
fn an_observation_is_not_approved_by_a_second_tester() {
    let desk = Desk::pending(Phase::Observations, &["a"]);
    for command in second_level_acts() {
        desk.refuses(
            &tina().because("so"),
            &command,
            Code::RoleNotAllowed,
            "report_owner",
        );
    }
}

#[test]
fn who_wrote_made_handed_in_or_signed_a_report_does_not_sign_it_off() {
    let phase = Phase::TestReport;
    let change = C::ChangeItem {
        item: id("a"),
        content: content(phase, "other"),
    };
    let sign = |desk: &Desk| desk.signatures(Meaning::Approve);
    let written = Desk::draft(phase, &["a"]).given(&tina().because("so"), change);
    let written = written.tester_decides().given(&tom(), SUBMIT);
    let made = drafted_by_tina(phase)
        .tester_decides()
        .given(&tom(), SUBMIT);
    let handed_in = Desk::decided(phase, &["a"]).given(&tina(), SUBMIT);
    let draft = Desk::draft(phase, &["a"]);
    let author = draft.signatures(Meaning::Author);
    let signed = draft.given(&tina(), author).given(&tom(), SUBMIT);
    for desk in [written, made, handed_in, signed] {
        desk.refuses(&owner(tina()), &sign(&desk), Code::FourEyes, "sign it off");
        let deputy = owner(olga()).in_place_of("tina");
        desk.refuses(&deputy, &sign(&desk), Code::FourEyes, "sign it off");
    }
}

#[test]
fn the_report_owner_who_signed_does_not_sign_as_executive_too() {
    let desk = Desk::pending(Phase::TestReport, &["a"]);
    let sign = desk.signatures(Meaning::Approve);
    let desk = desk.given(&olga(), sign.clone());
    let both = olga().acting_as(Role::ReportExecutive);
    desk.refuses(&both, &sign, Code::FourEyes, "in another role");
    let deputy = ed().in_place_of("olga");
    desk.refuses(&deputy, &sign, Code::FourEyes, "in another role");
}

#[test]
fn who_handed_a_document_in_or_accepted_it_first_does_not_accept_it_next() {
    let review = |level| C::ReviewDocument {
        document: "extract".parse().unwrap(),
        level,
        accept: true,
    };
    let desk = crate::documents::submitted();
    let tester = review(DecisionLevel::Tester);
    let dora_as_tester = dora().acting_as(Role::Tester);
    desk.refuses(&dora_as_tester, &tester, Code::FourEyes, "handed it in");
    desk.refuses(
        &tom().in_place_of("dora"),
        &tester,
        Code::FourEyes,
        "handed it in",
    );
    let desk = desk.given(&tom(), tester);
    let second = review(DecisionLevel::ReportOwner);
    let again = tom().acting_as(Role::ReportOwner);
    desk.refuses(
        &again,
        &second,
        Code::FourEyes,
        "reviewed it on the first level",
    );
    desk.refuses(
        &olga().in_place_of("tom"),
        &second,
        Code::FourEyes,
        "first level",
    );
    let provider = dora().acting_as(Role::ReportOwner);
    desk.refuses(&provider, &second, Code::FourEyes, "handed it in");
}

#[test]
fn who_executed_a_test_does_not_review_it() {
    let desk = crate::test_execution::executed();
    let one = |accept| C::ReviewTests {
        cases: vec!["s1×a".parse().unwrap()],
        accept,
    };
    for command in [one(true), one(false)] {
        let why = "was executed by tom";
        desk.refuses(&tom().because("so"), &command, Code::FourEyes, why);
        let deputy = tina().in_place_of("tom").because("so");
        desk.refuses(&deputy, &command, Code::FourEyes, why);
    }
    let all = C::ReviewTests {
        cases: vec![],
        accept: true,
    };
    desk.refuses(
        &tom(),
        &all,
        Code::OutOfOrder,
        "nobody reviews what they executed",
    );
    assert!(desk.when(&tina(), &all).is_ok());
}

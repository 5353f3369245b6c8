//! Auditors read everything and decide nothing; an admin configures and decides nothing. Every other command is for the
//! roles that the domain names.

use annal_core::dossier::DossierCommand as C;
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::CarryForward;
use annal_core::{Phase, Role, VersionNo};

use crate::support::*;

/// Every command that a person may send, with a phase that takes it.
fn every_command() -> Vec<(Phase, C)> {
    let versioned = Phase::Planning;
    let items = || new_items(versioned, &["b"]);
    let document = || "extract".parse().unwrap();
    let request = || "r1".parse().unwrap();
    let policy = CarryForward::All;
    vec![
        (versioned, C::CreateVersion { items: items() }),
        (
            versioned,
            C::Revise {
                policy,
                add: vec![],
            },
        ),
        (versioned, C::Revert { to: VersionNo(1) }),
        (versioned, C::AddItems { items: items() }),
        (
            versioned,
            C::ChangeItem {
                item: id("a"),
                content: content(versioned, "b"),
            },
        ),
        (versioned, C::RemoveItems { items: ids(&["a"]) }),
        (versioned, first(&["a"], Verdict::Include)),
        (versioned, second(&["a"], Verdict::Approve)),
        (versioned, SUBMIT),
        (versioned, WITHDRAW),
        (versioned, APPROVE),
        (versioned, reject()),
        (versioned, C::Reopen {}),
        (
            Phase::DataOwnerId,
            C::AssignOwners {
                assignments: vec![],
            },
        ),
        (
            Phase::DataOwnerId,
            C::AcknowledgeOwnership { attributes: vec![] },
        ),
        (
            Phase::DataOwnerId,
            C::EscalateOwnership {
                attributes: ids(&["a"]),
                to: person("carl"),
            },
        ),
        (
            Phase::RequestInfo,
            C::RequestInformation {
                request: request(),
                owner: person("dora"),
                attributes: ids(&["a"]),
                text: "values".to_owned(),
            },
        ),
        (
            Phase::RequestInfo,
            C::SubmitDocument {
                document: document(),
                request: request(),
                file: file("a", '1'),
            },
        ),
        (
            Phase::RequestInfo,
            C::ReviseDocument {
                document: document(),
                file: file("a", '2'),
            },
        ),
        (
            Phase::RequestInfo,
            C::ReviewDocument {
                document: document(),
                level: DecisionLevel::Tester,
                accept: true,
            },
        ),
        (Phase::TestExecution, C::RecordTests { results: vec![] }),
        (
            Phase::TestExecution,
            C::ReviewTests {
                cases: vec![],
                accept: true,
            },
        ),
        (Phase::TestReport, C::Sign { sections: vec![] }),
    ]
}

#[test]
fn auditors_and_admins_decide_nothing() {
    for (phase, command) in every_command() {
        for role in [Role::Auditor, Role::Admin] {
            let who = xena().acting_as(role).because("so");
            let desk = Desk::begun(phase);
            desk.refuses(&who, &command, Code::RoleNotAllowed, "decides nothing");
        }
    }
}

#[test]
fn a_command_is_for_the_phases_that_know_it() {
    for (own, command) in every_command() {
        if matches!(command, C::Reopen {}) {
            continue;
        }
        for phase in Phase::ALL {
            let same = phase == own || (own == Phase::Planning && phase.kind() == own.kind());
            if same {
                continue;
            }
            let who = tom().because("so");
            let desk = Desk::begun(phase);
            desk.refuses(&who, &command, Code::NotInThisPhase, command.name());
        }
    }
}

#[test]
fn work_is_for_testers() {
    let phase = Phase::Planning;
    let rejected = Desk::rejected(phase, &["a"]);
    let decided = Desk::decided(phase, &["a"]);
    let policy = CarryForward::All;
    let change = C::ChangeItem {
        item: id("a"),
        content: content(phase, "b"),
    };
    let cases = [
        (
            &rejected,
            C::Revise {
                policy,
                add: vec![],
            },
        ),
        (&rejected, C::Revert { to: VersionNo(1) }),
        (&decided, SUBMIT),
        (&decided, change),
        (&decided, C::RemoveItems { items: ids(&["a"]) }),
        (
            &decided,
            C::AddItems {
                items: new_items(phase, &["b"]),
            },
        ),
    ];
    for (desk, command) in cases {
        for who in [olga(), ed(), xena(), dora()] {
            desk.refuses(&who.because("so"), &command, Code::RoleNotAllowed, "tester");
        }
        assert!(
            desk.when(&tina().because("so"), &command).is_ok(),
            "{command:?}"
        );
    }
}

#[test]
fn approval_is_for_the_report_owner() {
    for phase in DECIDED {
        let desk = Desk::pending(phase, &["a"]);
        for who in [tina(), ed(), xena(), dora()] {
            for command in [APPROVE, reject()] {
                let who = who.clone().because("so");
                desk.refuses(&who, &command, Code::RoleNotAllowed, "report_owner");
            }
        }
    }
}

#[test]
fn owners_are_assigned_by_testers_and_data_executives_and_agree_themselves() {
    use crate::ownership::{acknowledge, assigned};
    let again = C::AssignOwners {
        assignments: vec![],
    };
    let desk = assigned();
    for role in [Role::Tester, Role::DataExecutive] {
        let who = tom().acting_as(role);
        desk.refuses(&who, &again, Code::InvalidContent, "nothing was named");
    }
    for role in [
        Role::ReportOwner,
        Role::DataOwner,
        Role::TestExecutive,
        Role::ReportExecutive,
    ] {
        desk.refuses(
            &tom().acting_as(role),
            &again,
            Code::RoleNotAllowed,
            "assign data owners",
        );
    }
    desk.refuses(
        &tom(),
        &acknowledge(&[]),
        Code::RoleNotAllowed,
        "data_owner",
    );
}

#[test]
fn tests_are_executed_and_reviewed_by_testers() {
    let desk = crate::test_execution::executed();
    let record = C::RecordTests { results: vec![] };
    let review = C::ReviewTests {
        cases: vec![],
        accept: true,
    };
    for who in [olga(), ed(), xena(), dora()] {
        desk.refuses(&who, &record, Code::RoleNotAllowed, "execute tests");
        desk.refuses(&who, &review, Code::RoleNotAllowed, "review test results");
    }
}

//! test_execution: each approved sample × attribute in scope, compared with the evidence.

use annal_core::case::PhaseSummary;
use annal_core::dossier::event::TestOutcome;
use annal_core::dossier::state::TestCase;
use annal_core::run::PhaseStatus;
use annal_core::{Role, TestCaseId};
use maud::{Markup, html};

use super::{Asked, pages};
use crate::console::desk::{Desk, Form};
use crate::console::items::word;
use crate::console::parts::{Badge, Column, Row, Table, badge};

const WORK: &[Role] = &[Role::Tester];
const SIZE: usize = 200;

pub(super) fn trail(desk: &Desk<'_>, here: &PhaseSummary, asked: &Asked) -> Markup {
    let dossier = desk.case().dossier(here.phase);
    let works = here.status == PhaseStatus::Started && desk.may(WORK);
    let to_run = dossier.unexecuted(&desk.case().basis(here.phase)).len();
    let to_review = dossier.unreviewed().len();
    let count = |outcome| {
        dossier
            .tests
            .values()
            .filter(|it| it.outcome == outcome)
            .count()
    };
    // What wants a look comes first: failures, then what the evidence does not tell.
    let mut cases: Vec<_> = dossier.tests.iter().collect();
    cases.sort_by_key(|(_, case)| match case.outcome {
        TestOutcome::Failed => 0,
        TestOutcome::Inconclusive => 1,
        TestOutcome::Passed => 2,
    });
    html! {
        @if works && to_run > 0 {
            (desk.form(&Form { of: "", ..Form::new("execute-tests", "Execute what is open", WORK) }, "acting", &html! {
                p { (to_run) " test cases wait. Each compares a sample's value with the accepted evidence." }
                (desk.reason("execute-tests", false))
                div.acts { button.first name="among" value="rest" data-key="e" data-means="execute the open tests" aria-keyshortcuts="e" { "Execute " (to_run) " test cases " kbd { "e" } } }
            }))
        }
        @if !dossier.tests.is_empty() {
            p {
                (Badge::Good.saying(&format!("{} passed", count(TestOutcome::Passed)))) " "
                (Badge::Bad.saying(&format!("{} failed", count(TestOutcome::Failed)))) " "
                (Badge::Waits.saying(&format!("{} inconclusive", count(TestOutcome::Inconclusive))))
            }
        }
        @if works && !dossier.tests.is_empty() {
            (desk.form(&Form::new("review-tests", "", WORK), "deciding", &html! {
                (table(desk, &cases, asked, true))
                div.bar {
                    div.field {
                        label for="tests-among" { "Act on" }
                        select #tests-among name="among" {
                            option value="picked" selected[desk.typed("review-tests", "among") != "rest"] { "what is picked" }
                            option value="rest" selected[desk.typed("review-tests", "among") == "rest"] { "all " (to_review) " results that wait" }
                        }
                        span.soft data-count="tests" {}
                    }
                    (desk.reason("review-tests", false))
                    div.acts {
                        button.first name="accept" value="yes" data-key="a" data-means="accept the results" aria-keyshortcuts="a" { "Accept " kbd { "a" } }
                        button.against name="accept" value="no" data-key="r" data-means="send the results back" aria-keyshortcuts="r" { "Send back " kbd { "r" } }
                        button name="accept" value="again" data-key="g" data-means="execute what is picked again" aria-keyshortcuts="g" { "Execute again " kbd { "g" } }
                    }
                }
            }))
        } @else {
            (table(desk, &cases, asked, false))
        }
    }
}

fn table(
    desk: &Desk<'_>,
    cases: &[(&TestCaseId, &TestCase)],
    asked: &Asked,
    picks: bool,
) -> Markup {
    let row = |(id, case): &(&TestCaseId, &TestCase)| {
        let value = |it: &Option<String>| html! { @match it { Some(value) => (value), None => span.soft { "none" } } };
        let row = Row::of([
            html! { (case.sample) },
            html! { (case.attribute) },
            badge(&word(&case.outcome)),
            value(&case.expected),
            value(&case.actual),
            html! { (case.evidence.document) " version " (case.evidence.version) },
        ])
        .sorted(case.execution, html! { (case.execution) })
        .cell(desk.person(&case.executed_by))
        .cell(match case.accepted {
            None => Badge::Waits.saying("waits"),
            Some(true) => badge("accepted"),
            Some(false) => badge("sent_back"),
        });
        match picks {
            false => row,
            true => {
                let was = desk.was_picked("review-tests", "case", id.as_str());
                row.picked("case", id.as_str(), &format!("Pick {id}"), was)
            }
        }
    };
    let table = Table {
        id: "tests",
        caption: "Test cases",
        columns: &[
            Column::text("Sample"),
            Column::text("Attribute"),
            Column::text("Outcome"),
            Column::text("Evidence says"),
            Column::text("Report says"),
            Column::text("Evidence"),
            Column::number("Execution"),
            Column::text("Executed by"),
            Column::text("Review"),
        ],
        rows: cases.iter().skip(asked.from).take(SIZE).map(row).collect(),
        empty: "No test was executed yet.",
        filter: true,
    };
    html! { (table.markup()) (pages(asked.from, SIZE, cases.len())) }
}

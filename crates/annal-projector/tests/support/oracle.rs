//! What the tables should say, from the aggregates.

use std::collections::BTreeMap;

use annal_core::dossier::state::{Item, Review};
use annal_core::item::Verdict;
use annal_core::{Phase, RunId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::story::Story;

const TAKEN_IN: [Verdict; 5] = [
    Verdict::Include,
    Verdict::Modify,
    Verdict::Accept,
    Verdict::OverrideIn,
    Verdict::Approve,
];
const LEFT_OUT: [Verdict; 4] = [
    Verdict::Exclude,
    Verdict::Decline,
    Verdict::OverrideOut,
    Verdict::Reject,
];

/// Rows by key, as the database writes them.
pub(super) async fn rows(session: &mut PgConnection, query: &str) -> BTreeMap<String, Value> {
    let rows: Vec<(String, Value)> = sqlx::query_as(query)
        .fetch_all(session)
        .await
        .expect("the query runs");
    rows.into_iter().collect()
}

pub(super) fn compare(
    what: &str,
    expected: &BTreeMap<String, Value>,
    found: &BTreeMap<String, Value>,
) {
    for (key, row) in expected {
        assert_eq!(Some(row), found.get(key), "{what} {key}");
    }
    assert_eq!(
        expected.len(),
        found.len(),
        "{what}: other rows {:?}",
        found.keys()
    );
}

pub(super) fn key(run: RunId, rest: &str) -> String {
    format!("{run}/{rest}")
}

/// version_history against the dossiers' versions.
pub async fn versions(session: &mut PgConnection, story: &Story) {
    let found = rows(
        session,
        "SELECT concat_ws('/', run_id, phase, number), jsonb_build_array(status, origin, parent, items, carried_forward,
             tester_decided, tester_approved, tester_rejected, owner_decided, owner_approved, owner_rejected,
             created_by, superseded_by)
         FROM annal_read.version_history",
    )
    .await;
    let mut expected = BTreeMap::new();
    for ((run, phase), dossier) in &story.dossiers {
        for version in &dossier.versions {
            let count =
                |test: &dyn Fn(&Item) -> bool| version.items.values().filter(|it| test(it)).count();
            let tester = |it: &Item, verdicts: &[Verdict]| {
                it.tester
                    .as_ref()
                    .is_some_and(|it| verdicts.contains(&it.verdict))
            };
            let owner = |it: &Item, verdict: Verdict| {
                it.report_owner
                    .as_ref()
                    .is_some_and(|it| it.verdict == verdict)
            };
            let origin = serde_json::to_value(version.origin).unwrap()["origin"].clone();
            let state = serde_json::to_value(&version.state).unwrap();
            let row = json!([
                version.status(),
                origin,
                version.parent(),
                version.items.len(),
                version.carried_forward(),
                count(&|it| it.tester.is_some()),
                count(&|it| tester(it, &TAKEN_IN)),
                count(&|it| tester(it, &LEFT_OUT)),
                count(&|it| it.report_owner.is_some()),
                count(&|it| owner(it, Verdict::Approve)),
                count(&|it| owner(it, Verdict::Reject)),
                version.created_by,
                state.get("by_version").cloned().unwrap_or(Value::Null),
            ]);
            expected.insert(key(*run, &format!("{phase}/{}", version.number)), row);
        }
    }
    compare("version", &expected, &found);
}

/// version_items and the current decisions against the dossiers' items.
pub async fn items(session: &mut PgConnection, story: &Story) {
    let found = rows(
        session,
        "SELECT concat_ws('/', i.run_id, i.phase, i.version, i.item), jsonb_build_array(i.content, i.carried_from,
             i.tester_verdict, i.tester_by, i.tester_reason, i.owner_verdict, i.owner_by, i.owner_reason, i.locked,
             i.signatures)
         FROM annal_read.version_items i WHERE NOT i.removed",
    )
    .await;
    let current = rows(
        session,
        "SELECT concat_ws('/', run_id, phase, version, level, subject), jsonb_build_array(verdict, reason)
         FROM annal_read.decisions WHERE what = 'decision' AND current",
    )
    .await;
    let (mut expected, mut standing) = (BTreeMap::new(), 0);
    for ((run, phase), dossier) in &story.dossiers {
        for version in &dossier.versions {
            for (id, item) in &version.items {
                let place =
                    |level: &str| key(*run, &format!("{phase}/{}{level}/{id}", version.number));
                expected.insert(place(""), item_row(item));
                for (level, decision) in [
                    ("/tester", &item.tester),
                    ("/report_owner", &item.report_owner),
                ] {
                    // A decision that was carried along was taken in the version that it came from.
                    let Some(found) = current.get(&place(level)) else {
                        continue;
                    };
                    standing += 1;
                    assert_eq!(
                        found[0],
                        json!(decision.as_ref().map(|it| it.verdict)),
                        "{}",
                        place(level)
                    );
                }
            }
        }
    }
    compare("item", &expected, &found);
    assert_eq!(standing, current.len(), "a decision stands on nothing");
}

fn item_row(item: &Item) -> Value {
    let decision = |decision: &Option<annal_core::item::Decision>| {
        let it = decision.as_ref();
        (
            it.map(|it| it.verdict),
            it.map(|it| it.by.clone()),
            it.and_then(|it| it.reason.clone()),
        )
    };
    let (tester, owner) = (decision(&item.tester), decision(&item.report_owner));
    json!([
        item.content,
        item.carried.as_ref().map(|it| it.version),
        tester.0,
        tester.1,
        tester.2,
        owner.0,
        owner.1,
        owner.2,
        item.locked,
        item.signatures,
    ])
}

/// assignments, documents and test_results against the audited dossiers.
pub async fn trails(session: &mut PgConnection, story: &Story) {
    let assignments = rows(
        session,
        "SELECT concat_ws('/', run_id, attribute, line_of_business), jsonb_build_array(owner, status, escalated_to)
         FROM annal_read.assignments",
    )
    .await;
    let documents = rows(
        session,
        "SELECT concat_ws('/', run_id, document_id), jsonb_build_array(request_id, version, file_name, submitted_by, status)
         FROM annal_read.documents WHERE replaced_by IS NULL",
    )
    .await;
    let tests = rows(
        session,
        "SELECT concat_ws('/', run_id, case_id), jsonb_build_array(execution, outcome, actual, executed_by, accepted)
         FROM annal_read.test_results",
    )
    .await;
    let (mut owners, mut papers, mut cases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for ((run, _), dossier) in &story.dossiers {
        for (attribute, lines) in &dossier.assignments {
            for (line, it) in lines {
                let status = if it.acknowledged {
                    "acknowledged"
                } else {
                    "assigned"
                };
                owners.insert(
                    key(*run, &format!("{attribute}/{line}")),
                    json!([it.owner, status, it.escalated_to.last()]),
                );
            }
        }
        for (id, it) in &dossier.documents {
            let status = match it.review {
                Review::Submitted => "submitted",
                Review::TesterAccepted { .. } => "tester_accepted",
                Review::Accepted => "accepted",
                Review::SentBack => "sent_back",
            };
            papers.insert(
                key(*run, id.as_str()),
                json!([
                    it.request,
                    it.version,
                    it.file.name,
                    it.submitted_by,
                    status
                ]),
            );
        }
        for (id, it) in &dossier.tests {
            cases.insert(
                key(*run, id.as_str()),
                json!([
                    it.execution,
                    it.outcome,
                    it.actual,
                    it.executed_by,
                    it.accepted
                ]),
            );
        }
    }
    compare("assignment", &owners, &assignments);
    compare("document", &papers, &documents);
    compare("test", &cases, &tests);
}

/// workflow_phases, workflow_steps and run_people against the runs; refusals and events by number.
pub async fn runs(session: &mut PgConnection, story: &Story) {
    let phases = rows(
        session,
        "SELECT concat_ws('/', run_id, phase), jsonb_build_array(status, to_jsonb(stale_because_of)) FROM annal_read.workflow_phases",
    )
    .await;
    let steps = rows(
        session,
        "SELECT concat_ws('/', run_id, step_id), jsonb_build_array(phase, status, failures, timed_out_at IS NOT NULL, outcome)
         FROM annal_read.workflow_steps",
    )
    .await;
    let people = rows(
        session,
        "SELECT concat_ws('/', run_id, person), to_jsonb(roles) FROM annal_read.run_people",
    )
    .await;
    let (mut expected_phases, mut expected_steps) = (BTreeMap::new(), BTreeMap::new());
    let mut expected_people = BTreeMap::new();
    for (id, run) in &story.runs {
        for person in run.people() {
            expected_people.insert(key(*id, person.id.as_str()), json!(person.roles));
        }
        for phase in Phase::ALL {
            let mut stale: Vec<_> = run
                .stale_because_of(phase)
                .iter()
                .map(|it| it.name())
                .collect();
            stale.sort_unstable();
            if phases.contains_key(&key(*id, phase.name())) {
                expected_phases.insert(
                    key(*id, phase.name()),
                    json!([run.phase_status(phase).name(), stale]),
                );
            } else {
                assert_eq!(run.phase_status(phase).name(), "waiting");
            }
        }
        for step in run.steps() {
            let row = json!([
                step.phase,
                step.status.name(),
                step.failed_attempts,
                step.timed_out,
                step.outcome
            ]);
            expected_steps.insert(key(*id, step.id.as_str()), row);
        }
    }
    compare("phase", &expected_phases, &phases);
    compare("step", &expected_steps, &steps);
    compare("person", &expected_people, &people);
    let (events, counted): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM annal.events e JOIN annal_read.workflow_executions w
                     ON split_part(e.aggregate_id, '/', 1) = w.run_id::text AND e.position >= w.opened_position),
                (SELECT coalesce(sum(events), 0)::bigint FROM annal_read.workflow_executions)",
    )
    .fetch_one(session)
    .await
    .expect("the query runs");
    assert_eq!(events, counted);
}

//! What waits and what is counted, from the aggregates.

use std::collections::BTreeMap;

use annal_core::dossier::state::Review;
use annal_core::version::{Origin, VersionStatus};
use annal_core::{Phase, VersionNo};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::oracle::{compare, key, rows};
use super::story::Story;

/// approvals_waiting against what the dossiers hold.
pub async fn waiting(session: &mut PgConnection, story: &Story) {
    let found = rows(
        session,
        "SELECT concat_ws('/', run_id, phase, what, subject, nullif(line_of_business, '')),
                jsonb_build_array(role, person, number)
         FROM annal_read.approvals_waiting",
    )
    .await;
    let mut expected = BTreeMap::new();
    for ((run, phase), dossier) in &story.dossiers {
        let mut waits = |what: &str, subject: &str, row: Value| {
            let subject = format!("{phase}/{what}/{subject}");
            expected.insert(key(*run, &subject), row);
        };
        for version in &dossier.versions {
            if version.status() == VersionStatus::PendingApproval {
                let role = (*phase != Phase::TestReport).then_some("report_owner");
                let number = version.number.to_string();
                waits("version", &number, json!([role, null, null]));
            }
        }
        for (id, it) in &dossier.documents {
            let role = match it.review {
                Review::Submitted => "tester",
                Review::TesterAccepted { .. } => "report_owner",
                Review::Accepted | Review::SentBack => continue,
            };
            waits("document", id.as_str(), json!([role, null, it.version]));
        }
        for (id, it) in dossier.tests.iter().filter(|it| it.1.accepted.is_none()) {
            waits("test", id.as_str(), json!(["tester", null, it.execution]));
        }
        for (attribute, lines) in &dossier.assignments {
            for (line, it) in lines.iter().filter(|it| !it.1.acknowledged) {
                let subject = format!("{attribute}/{line}");
                waits("ownership", &subject, json!(["data_owner", it.owner, null]));
            }
        }
    }
    compare("waiting", &expected, &found);
}

/// phase_metrics against the versions, and its waits against each decision's own.
pub async fn counted(session: &mut PgConnection, story: &Story) {
    let found = rows(
        session,
        "SELECT concat_ws('/', run_id, phase), jsonb_build_array(versions, revisions, reverts, approvals, rejections,
             pending_since IS NOT NULL)
         FROM annal_read.phase_metrics WHERE versions > 0",
    )
    .await;
    let mut expected = BTreeMap::new();
    for ((run, phase), dossier) in &story.dossiers {
        let versions = &dossier.versions;
        if versions.is_empty() {
            continue;
        }
        let origin =
            |test: fn(&Origin) -> bool| versions.iter().filter(|it| test(&it.origin)).count();
        let status = |all: &[VersionStatus]| {
            let stands = |it: &&_| all.contains(&annal_core::dossier::state::Version::status(it));
            versions.iter().filter(stands).count()
        };
        let row = json!([
            versions.last().map_or(VersionNo(0), |it| it.number),
            origin(|it| matches!(it, Origin::Revision { .. })),
            origin(|it| matches!(it, Origin::Revert { .. })),
            status(&[VersionStatus::Approved, VersionStatus::Superseded]),
            status(&[VersionStatus::Rejected]),
            status(&[VersionStatus::PendingApproval]) > 0,
        ]);
        expected.insert(key(*run, phase.name()), row);
    }
    compare("phase", &expected, &found);

    // Each approval by a person, beside the submission that it answers, summed up in another way.
    let (summed, waited): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT coalesce(sum(approval_wait_us), 0)::bigint FROM annal_read.phase_metrics),
                (SELECT coalesce(sum(extract(epoch FROM a.recorded_at - s.recorded_at) * 1000000), 0)::bigint
                 FROM annal.events a
                 JOIN LATERAL (SELECT e.recorded_at FROM annal.events e
                               WHERE e.aggregate_id = a.aggregate_id AND e.position < a.position
                                 AND e.event_type = 'version_submitted'
                               ORDER BY e.position DESC LIMIT 1) s ON true
                 WHERE a.event_type = 'version_approved' AND a.payload->>'without_approval' IS NULL)",
    )
    .fetch_one(session)
    .await
    .expect("the query runs");
    assert_eq!(summed, waited);
}

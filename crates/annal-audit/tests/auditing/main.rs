//! Audit questions about runs that the rules of the domain have made, on a real database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../annal-projector/tests/support/mod.rs"]
mod support;

#[path = "../support/runs.rs"]
mod runs;
#[path = "../support/timeline.rs"]
mod timeline;

mod paging;
mod scans;

use std::collections::BTreeSet;

use annal_audit::{
    Audit, AuditError, DecisionFilter, Pace, TimelineEntry, TimelineFilter, rows_as_csv,
};
use annal_bench::{put, run};
use annal_core::dossier::DossierEvent as E;
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::version::{Origin, VersionRef};
use annal_core::{Phase, Position, Role, RunId, VersionNo};
use annal_log::{EventData, StreamId};
use runs::{SMALL, two_runs};
use sha2::{Digest, Sha256};
use support::database::Prepared;
use support::story::{Told, item, person};
use uuid::Uuid;

fn run_of(number: u64) -> RunId {
    RunId(Uuid::from_u128(
        0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}

async fn everything(audit: &Audit) -> Vec<TimelineEntry> {
    let all = TimelineFilter {
        limit: 1_000_000,
        ..TimelineFilter::default()
    };
    audit.timeline(&all).await.unwrap().rows
}

fn all() -> DecisionFilter {
    DecisionFilter {
        limit: 100_000,
        ..DecisionFilter::default()
    }
}

#[tokio::test]
async fn approvals_say_who_handed_in_and_how_long_it_took() {
    let (_prepared, audit) = two_runs().await;
    let events = everything(&audit).await;
    let approvals = audit.approvals(&all(), Pace::default()).await.unwrap();
    let expected: Vec<_> = events
        .iter()
        .filter(|it| {
            matches!(
                it.event_type.as_str(),
                "version_approved" | "version_rejected"
            )
        })
        .map(|it| it.position)
        .collect();
    let found: Vec<_> = approvals.rows.iter().map(|it| it.position).collect();
    assert_eq!(found, expected);
    assert!(found.len() > 8);
    for it in &approvals.rows {
        let submitted = it.submitted_at.unwrap();
        assert!(submitted <= it.recorded_at);
        let waited = (it.recorded_at - submitted).num_seconds();
        assert!((it.waited_seconds.unwrap() - waited).abs() <= 1, "{it:?}");
        assert_ne!(it.submitted_by.as_ref(), Some(&it.actor_id));
    }
    let slow = Pace {
        after_seconds: Some(3600),
        ..Pace::default()
    };
    assert!(audit.approvals(&all(), slow).await.unwrap().rows.is_empty());
    let fast = Pace {
        within_seconds: Some(3600),
        ..Pace::default()
    };
    assert_eq!(
        audit.approvals(&all(), fast).await.unwrap().rows,
        approvals.rows
    );
}

#[tokio::test]
async fn filters_hold_on_both_clocks_and_by_role_report_and_code() {
    let (_prepared, audit) = two_runs().await;
    let whole = audit.decisions(&all()).await.unwrap().rows;
    let middle = &whole[whole.len() / 2];
    type Keep<'a> = Box<dyn Fn(&annal_audit::DecisionRow) -> bool + 'a>;
    let cases: Vec<(DecisionFilter, Keep<'_>)> = vec![
        (
            DecisionFilter {
                since: Some(middle.recorded_at),
                ..all()
            },
            Box::new(|it| it.recorded_at >= middle.recorded_at),
        ),
        (
            DecisionFilter {
                until: Some(middle.recorded_at),
                ..all()
            },
            Box::new(|it| it.recorded_at < middle.recorded_at),
        ),
        (
            DecisionFilter {
                effective_since: Some(middle.effective_at),
                ..all()
            },
            Box::new(|it| it.effective_at >= middle.effective_at),
        ),
        (
            DecisionFilter {
                effective_until: Some(middle.effective_at),
                ..all()
            },
            Box::new(|it| it.effective_at < middle.effective_at),
        ),
        (
            DecisionFilter {
                role: Some(Role::ReportOwner),
                ..all()
            },
            Box::new(|it| it.actor_role == "report_owner"),
        ),
        (
            DecisionFilter {
                report: Some("Report 1".into()),
                ..all()
            },
            Box::new(|it| it.run_id == run_of(1)),
        ),
        (
            DecisionFilter {
                overrides: true,
                ..all()
            },
            Box::new(|it| it.verdict.starts_with("override")),
        ),
    ];
    for (filter, keep) in cases {
        let expected: Vec<_> = whole.iter().filter(|it| keep(it)).cloned().collect();
        let found = audit.decisions(&filter).await.unwrap().rows;
        assert!(
            !expected.is_empty() && expected.len() < whole.len(),
            "{filter:?} tells nothing"
        );
        assert_eq!(found, expected, "{filter:?}");
    }
    let elsewhere = DecisionFilter {
        report: Some("no such report".into()),
        ..all()
    };
    let unknown = audit.decisions(&elsewhere).await.unwrap_err();
    assert_eq!(unknown.code(), "unknown_report");
    let refused = audit.refusals(&all()).await.unwrap().rows;
    let code = refused[0].code.clone();
    let some = DecisionFilter {
        code: Some(code.clone()),
        ..all()
    };
    let expected: Vec<_> = refused
        .iter()
        .filter(|it| it.code == code)
        .cloned()
        .collect();
    assert_eq!(audit.refusals(&some).await.unwrap().rows, expected);
    let none = DecisionFilter {
        code: Some("no_such_code".into()),
        ..all()
    };
    assert!(audit.refusals(&none).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn what_waits_is_listed_the_longest_first_and_goes_when_it_is_answered() {
    let (prepared, audit) = two_runs().await;
    let whole = run(7, SMALL);
    let half = whole.len() / 2;
    put(&prepared.log, whole[..half].to_vec()).await.unwrap();
    let head = Position(u64::MAX);
    let mut seen = BTreeSet::new();
    for command in &whole[half..] {
        prepared.projector.catch_up(head).await.unwrap();
        let waiting = audit.waiting(&all()).await.unwrap().rows;
        assert!(waiting.is_sorted_by_key(|it| it.position));
        assert!(
            waiting
                .iter()
                .all(|it| it.run_id == run_of(7) && it.waited_seconds >= 0)
        );
        seen.extend(waiting.into_iter().map(|it| it.what));
        put(&prepared.log, vec![command.clone()]).await.unwrap();
    }
    assert!(
        seen.contains("version") && seen.contains("test"),
        "{seen:?}"
    );
    prepared.projector.catch_up(head).await.unwrap();
    assert!(audit.waiting(&all()).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn phases_are_counted_for_a_run_a_report_and_all() {
    let (_prepared, audit) = two_runs().await;
    let of = async |filter: DecisionFilter| audit.metrics_over(&filter).await.unwrap().rows;
    let (one, other) = (
        audit.metrics(run_of(0)).await.unwrap().rows,
        audit.metrics(run_of(1)).await.unwrap().rows,
    );
    let report = DecisionFilter {
        report: Some("Report 1".into()),
        ..all()
    };
    assert_eq!(of(report).await, other);
    let together = of(all()).await;
    assert_eq!(together.len(), 9);
    for it in &together {
        let of_phase = |rows: &[annal_audit::PhaseMetrics]| {
            rows.iter()
                .find(|row| row.phase == it.phase)
                .cloned()
                .unwrap()
        };
        let (one, other) = (of_phase(&one), of_phase(&other));
        assert_eq!((it.runs, it.versions), (2, one.versions + other.versions));
        assert_eq!(it.timeouts, one.timeouts + other.timeouts);
        assert_eq!(it.waiting, 0, "both runs are over");
    }
    let samples = together
        .iter()
        .find(|it| it.phase == Phase::SampleSelection)
        .unwrap();
    assert!(
        samples.rejections >= 2 && samples.revision_rate > Some(0.4),
        "{samples:?}"
    );
    assert!(samples.carried_forward_share > Some(0.0) && samples.seconds_to_approve.is_some());
}

/// With the position that the answer named, the same question gives the same bytes, whatever happened since.
#[tokio::test]
async fn an_answer_can_be_asked_for_again() {
    let (prepared, audit) = two_runs().await;
    let middle = audit.log_head().await.unwrap().position;
    let before = answers(&audit, None).await;
    put(&prepared.log, run(2, SMALL)).await.unwrap();
    prepared
        .projector
        .catch_up(Position(u64::MAX))
        .await
        .unwrap();
    assert_ne!(answers(&audit, None).await, before);
    assert_eq!(answers(&audit, Some(middle)).await, before);

    // Also inside a run, where later decisions supersede earlier ones.
    let inside = Position(middle.0 / 3);
    let fresh = Prepared::fresh().await;
    for number in [0, 1] {
        put(&fresh.log, run(number, SMALL)).await.unwrap();
    }
    fresh.projector.catch_up(inside).await.unwrap();
    let then = Audit::new(&fresh.log);
    let position = |rows: &[annal_audit::DecisionRow]| {
        rows.iter()
            .map(|it| (it.position, it.current, it.superseded_at_position))
            .collect::<Vec<_>>()
    };
    let told_then = then.decisions(&all()).await.unwrap();
    assert_eq!(told_then.head_position, inside);
    let again = audit
        .decisions(&DecisionFilter {
            as_of: Some(inside),
            ..all()
        })
        .await
        .unwrap();
    let known: Vec<_> = position(&told_then.rows);
    // A decision that stood then is listed as standing, though it was superseded since.
    let now_known = position(&again.rows);
    assert_eq!(known.len(), now_known.len());
    assert_eq!(
        known.iter().map(|it| (it.0, it.1)).collect::<Vec<_>>(),
        now_known.iter().map(|it| (it.0, it.1)).collect::<Vec<_>>()
    );
}

async fn answers(audit: &Audit, as_of: Option<Position>) -> Vec<String> {
    let filter = DecisionFilter { as_of, ..all() };
    let text = |it: serde_json::Result<String>| it.unwrap();
    vec![
        text(serde_json::to_string(
            &audit.decisions(&filter).await.unwrap(),
        )),
        text(serde_json::to_string(
            &audit.refusals(&filter).await.unwrap(),
        )),
        text(serde_json::to_string(
            &audit.approvals(&filter, Pace::default()).await.unwrap(),
        )),
        text(serde_json::to_string(
            &audit.four_eyes(&filter, false).await.unwrap(),
        )),
        text(serde_json::to_string(
            &audit.search("boundary", &filter).await.unwrap(),
        )),
        text(serde_json::to_string(&audit.late(&filter).await.unwrap())),
        rows_as_csv(&audit.decisions(&filter).await.unwrap().rows),
    ]
}

#[tokio::test]
async fn four_eyes_are_found_kept_by_the_rules_and_broken_where_somebody_wrote_past_them() {
    let (prepared, audit) = two_runs().await;
    let kept = audit.four_eyes(&all(), false).await.unwrap().rows;
    assert!(kept.len() > 60 && kept.iter().all(|it| it.kept && it.first_by.is_some()));
    assert!(audit.four_eyes(&all(), true).await.unwrap().rows.is_empty());

    forge(&prepared).await;
    let broken = audit.four_eyes(&all(), true).await.unwrap().rows;
    let found: Vec<_> = broken
        .iter()
        .map(|it| (it.item.as_deref(), it.second_by.as_str()))
        .collect();
    assert_eq!(found, [(Some("a"), "eve"), (None, "eve")]);
}

/// A dossier in which one person does everything. The log takes it: it is the rules that do not.
async fn forge(prepared: &Prepared) {
    let (version, by) = (VersionNo(1), person("eve"));
    let decided = |level, verdict| E::ItemDecided {
        version,
        item: item("a"),
        level,
        verdict,
        by: by.clone(),
        reason: None,
        previous: None,
    };
    let events = [
        E::VersionCreated {
            version,
            origin: Origin::Initial,
            inputs: vec![],
            by: by.clone(),
        },
        decided(DecisionLevel::Tester, Verdict::Accept),
        E::VersionSubmitted {
            version,
            by: by.clone(),
        },
        decided(DecisionLevel::ReportOwner, Verdict::Approve),
        E::VersionApproved {
            version,
            by: by.clone(),
            without_approval: None,
        },
    ];
    let told = events.iter().map(|event| Told {
        stream: StreamId::dossier(RunId(Uuid::from_u128(77)), Phase::Scoping),
        after: 0,
        event: EventData::encode(event).unwrap(),
        by: by.clone(),
    });
    support::append(&prepared.log, 1 << 100, told.collect()).await;
    prepared
        .projector
        .catch_up(Position(u64::MAX))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_late_is_every_step_that_ended_after_its_deadline() {
    let (_prepared, audit) = two_runs().await;
    let late = audit.late(&all()).await.unwrap().rows;
    let mut expected = BTreeSet::new();
    for number in [0, 1] {
        for step in audit.steps(run_of(number)).await.unwrap().rows {
            if step
                .due_at
                .is_some_and(|due| step.completed_at.is_some_and(|it| it > due))
            {
                expected.insert((run_of(number), step.step_id.to_string()));
            }
        }
    }
    let found: BTreeSet<_> = late
        .iter()
        .map(|it| (it.run_id, it.step_id.clone()))
        .collect();
    assert!(!found.is_empty());
    assert_eq!(found, expected);
    assert!(late.iter().all(|it| it.late_seconds > 0));
    let of_owner = DecisionFilter {
        role: Some(Role::ReportOwner),
        ..all()
    };
    let of_owner = audit.late(&of_owner).await.unwrap().rows;
    assert!(
        !of_owner.is_empty()
            && of_owner
                .iter()
                .all(|it| it.role.as_deref() == Some("report_owner"))
    );
}

#[tokio::test]
async fn search_finds_words_phrases_and_their_absence_once_a_command() {
    let (_prepared, audit) = two_runs().await;
    let search = async |words: &str, filter: DecisionFilter| {
        audit.search(words, &filter).await.unwrap().rows
    };
    let boundary = search("boundary", all()).await;
    let whats: BTreeSet<_> = boundary.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(whats, ["reason", "requested_change"].into());
    assert_eq!(boundary.len(), 4, "{boundary:?}");
    assert_eq!(search("\"samples at the boundary\"", all()).await.len(), 2);
    assert_eq!(search("boundary -samples", all()).await.len(), 2);
    let typical = search(
        "typical",
        DecisionFilter {
            run: Some(run_of(0)),
            ..all()
        },
    )
    .await;
    assert_eq!(
        typical.len(),
        1,
        "a bulk decision says its reason once: {typical:?}"
    );
    let of_other = DecisionFilter {
        person: Some(person("olga-1")),
        ..all()
    };
    assert!(
        search("boundary", of_other)
            .await
            .iter()
            .all(|it| it.run_id == run_of(1))
    );
    let first = audit
        .search("boundary", &DecisionFilter { limit: 1, ..all() })
        .await
        .unwrap();
    let rest = DecisionFilter {
        after: first.next.unwrap(),
        ..all()
    };
    let mut paged = first.rows;
    paged.extend(search("boundary", rest).await);
    assert_eq!(paged, boundary);
}

#[tokio::test]
async fn lineage_leads_from_a_section_to_the_planning_and_back() {
    let (_prepared, audit) = two_runs().await;
    let run = run_of(0);
    let back = audit.lineage(run, "section:1").await.unwrap();
    let ids: BTreeSet<_> = back.behind.iter().map(|it| it.id.as_str()).collect();
    for id in [
        "observation:data_mismatch:attribute_1",
        "sample:1",
        "attribute:attribute_2",
        "extract",
        "request-1",
    ] {
        assert!(ids.contains(id), "{id} is missing in {ids:?}");
    }
    let kinds: BTreeSet<_> = back.behind.iter().map(|it| it.kind.as_str()).collect();
    assert!(
        kinds.contains("test") && kinds.contains("scope_attribute"),
        "{kinds:?}"
    );
    assert!(back.ahead.is_empty());
    let test = back.behind.iter().find(|it| it.kind == "test").unwrap();

    let forth = audit.lineage(run, "attribute:attribute_1").await.unwrap();
    let ahead: BTreeSet<_> = forth.ahead.iter().map(|it| it.id.as_str()).collect();
    assert!(ahead.contains("section:1") && ahead.contains("scope:attribute_1"));
    assert!(forth.behind.is_empty());
    let of_test = audit.lineage(run, &test.id).await.unwrap();
    assert!(of_test.ahead.iter().any(|it| it.kind == "observation"));
    assert!(of_test.behind.iter().any(|it| it.kind == "sample"));
    // A carried sample leads on to the version that it came from.
    let carried = audit.lineage(run, "sample:1").await.unwrap();
    assert_eq!(
        carried
            .of
            .iter()
            .filter_map(|it| it.version)
            .collect::<Vec<_>>(),
        [VersionNo(1), VersionNo(2)]
    );
    assert!(carried.told().contains("sample sample:1"));
    let unknown = audit.lineage(run, "nothing").await.unwrap_err();
    assert_eq!(unknown.code(), "unknown_item");
}

#[tokio::test]
async fn an_export_holds_the_run_and_its_sums() {
    let (prepared, audit) = two_runs().await;
    let run = run_of(1);
    let export = audit.export(run).await.unwrap();
    let file = |name: &str| {
        let found = export.files.iter().find(|(it, _)| it == name);
        &found.unwrap_or_else(|| panic!("{name} is missing")).1
    };
    let manifest: serde_json::Value = serde_json::from_slice(file("manifest.json")).unwrap();
    for it in manifest["files"].as_array().unwrap() {
        let bytes = file(it["name"].as_str().unwrap());
        assert_eq!(it["sha256"], hex::encode(Sha256::digest(bytes)));
    }
    let text = String::from_utf8(file("events.jsonl").clone()).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len() as u64, audit.summary(run).await.unwrap().events);
    let logged = prepared.log.read(Position(0), 1_000_000).await.unwrap();
    for line in &lines {
        let position = line["position"].as_u64().unwrap();
        let event = &logged[usize::try_from(position).unwrap() - 1];
        assert_eq!(line["payload_text"], event.payload);
        assert_eq!(line["hash"], hex::encode(event.hash));
    }
    let version = VersionRef {
        run,
        phase: Phase::SampleSelection,
        number: VersionNo(2),
    };
    let shown: serde_json::Value =
        serde_json::from_slice(file("versions/sample_selection-2.json")).unwrap();
    assert_eq!(shown["version"], serde_json::json!(version));
    let page = String::from_utf8(file("report.html").clone()).unwrap();
    assert!(page.contains("made version 2") && page.contains("</html>"));
    let timeline = String::from_utf8(file("timeline.csv").clone()).unwrap();
    assert_eq!(timeline.lines().count(), lines.len() + 1);
    assert!(matches!(
        audit.export(run_of(9)).await,
        Err(AuditError::UnknownRun { .. })
    ));
}

//! Answers about a lived story, on a real database.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says with which dice"
)]

#[path = "../../annal-projector/tests/support/mod.rs"]
mod support;
#[path = "support/timeline.rs"]
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use annal_audit::{
    At, Audit, AuditError, BoardFilter, DecisionFilter, Diff, ShownVersion, TimelineEntry,
    TimelineFilter,
};
use annal_core::version::VersionRef;
use annal_core::{EventId, Phase, Position, RunId, VersionNo};
use annal_log::{Log, migrate};
use annal_stack::testing::TestDatabase;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use support::database::Prepared;
use support::story::{Story, item, person};
use timeline::whole_timeline;
use uuid::Uuid;

/// A story in the log, its projections caught up to a position.
async fn lived(seed: u64, commands: u128) -> (Prepared, Audit, Story, Position) {
    let prepared = Prepared::fresh().await;
    let mut story = Story::new(seed);
    let mut last = Position(0);
    for number in 0..commands {
        last = support::append(&prepared.log, number, story.next()).await;
    }
    let audit = Audit::new(&prepared.log);
    (prepared, audit, story, last)
}

fn first_run() -> RunId {
    RunId(Uuid::from_u128(1))
}

async fn rows(url: &str, query: &str) -> BTreeMap<String, Value> {
    let mut session = PgConnection::connect(url).await.unwrap();
    let rows: Vec<(String, Value)> = sqlx::query_as(query).fetch_all(&mut session).await.unwrap();
    rows.into_iter().collect()
}

fn items_of(shown: &ShownVersion) -> BTreeMap<String, Value> {
    let row = |it: &annal_audit::ItemShown| {
        let decision = |it: Option<&annal_audit::DecisionShown>| {
            json!([
                it.map(|it| it.verdict),
                it.map(|it| &it.by),
                it.and_then(|it| it.reason.as_ref())
            ])
        };
        let from = it.carried.as_ref().map(|it| it.version);
        json!([
            it.content,
            from,
            decision(it.tester.as_ref()),
            decision(it.report_owner.as_ref()),
            it.locked,
            it.signatures
        ])
    };
    shown
        .items
        .iter()
        .map(|it| (format!("{}/{}", shown.version, it.item), row(it)))
        .collect()
}

fn version_row(shown: &ShownVersion) -> Value {
    let carried = shown.items.iter().filter(|it| it.carried.is_some());
    let decided = shown.decided.as_ref();
    json!([
        shown.status,
        shown.items.len(),
        carried.count(),
        shown.created.by,
        shown.submitted.as_ref().map(|it| &it.by),
        decided.map(|it| &it.by),
        decided.and_then(|it| it.reason.as_ref()),
        shown.superseded_by,
    ])
}

#[tokio::test]
async fn what_is_replayed_is_what_the_read_model_says_at_every_position_asked_for() {
    let (prepared, audit, _, last) = lived(21, 260).await;
    let mut compared = 0;
    let seed = rand::rng().random();
    eprintln!("positions of seed {seed}");
    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let mut positions: Vec<u64> = (0..24).map(|_| dice.random_range(1..=last.0)).collect();
    positions.sort_unstable();
    for position in positions.into_iter().chain([last.0]) {
        prepared
            .projector
            .catch_up(Position(position))
            .await
            .unwrap();
        let found = rows(
            &prepared.url,
            "SELECT format('%s/%s@%s/%s', run_id, phase, version, item), jsonb_build_array(content, carried_from,
                 jsonb_build_array(tester_verdict, tester_by, tester_reason),
                 jsonb_build_array(owner_verdict, owner_by, owner_reason), locked, signatures)
             FROM annal_read.version_items WHERE NOT removed",
        )
        .await;
        let versions = rows(
            &prepared.url,
            "SELECT format('%s/%s@%s', run_id, phase, number), jsonb_build_array(status, items, carried_forward,
                 created_by, submitted_by, decided_by, coalesce(without_approval, reason), superseded_by)
             FROM annal_read.version_history",
        )
        .await;
        let mut replayed = BTreeMap::new();
        for (version, row) in versions {
            let shown = audit
                .show(version.parse().unwrap(), At::Position(Position(position)))
                .await
                .unwrap();
            assert_eq!(shown.position, Position(position));
            assert_eq!(row, version_row(&shown), "{version} at {position}");
            replayed.extend(items_of(&shown));
        }
        assert_eq!(replayed, found, "at {position}");
        compared += found.len();
    }
    assert!(compared > 100, "the story is too small to tell");
}

#[tokio::test]
async fn a_timeline_comes_in_pages_in_order_and_in_sentences() {
    let (_prepared, audit, _, last) = lived(22, 200).await;
    let all = TimelineFilter {
        limit: 17,
        ..TimelineFilter::default()
    };
    let everything = whole_timeline(&audit, all.clone()).await;
    let positions: Vec<_> = everything.iter().map(|it| it.position.0).collect();
    assert_eq!(positions, (1..=last.0).collect::<Vec<_>>());
    assert!(
        everything.iter().all(|it| it.sentence.len() > 8),
        "an event says nothing"
    );

    let of_run = TimelineFilter {
        run: Some(first_run()),
        ..all.clone()
    };
    let expected: Vec<_> = everything
        .iter()
        .filter(|it| it.run_id == first_run())
        .cloned()
        .collect();
    assert_eq!(whole_timeline(&audit, of_run.clone()).await, expected);

    let by_ana = TimelineFilter {
        person: Some(person("ana")),
        ..of_run.clone()
    };
    let expected: Vec<_> = expected
        .into_iter()
        .filter(|it| it.actor_id == person("ana"))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(whole_timeline(&audit, by_ana).await, expected);

    let of_item = TimelineFilter {
        item: Some(item("first/1")),
        phase: Some(Phase::Scoping),
        ..of_run
    };
    let about = whole_timeline(&audit, of_item).await;
    assert!(!about.is_empty());
    assert!(
        about
            .iter()
            .all(|it| it.sentence.contains("first/1") && it.phase == Some(Phase::Scoping))
    );
}

#[tokio::test]
async fn decisions_are_all_there_once_and_the_filters_hold() {
    let (prepared, audit, _, last) = lived(23, 260).await;
    prepared.projector.catch_up(last).await.unwrap();
    let all = audit.decisions(&DecisionFilter::default()).await.unwrap();
    assert_eq!(all.head_position, last);
    let decided = all.rows.iter().filter(|it| it.what == "decision").count();
    let events = whole_timeline(&audit, TimelineFilter::default()).await;
    assert_eq!(
        decided,
        events
            .iter()
            .filter(|it| it.event_type == "item_decided")
            .count()
    );

    let (mut paged, mut filter) = (
        Vec::new(),
        DecisionFilter {
            limit: 7,
            ..DecisionFilter::default()
        },
    );
    loop {
        let page = audit.decisions(&filter).await.unwrap();
        paged.extend(page.rows);
        let Some(next) = page.next else { break };
        filter.after = next;
    }
    assert_eq!(paged, all.rows);

    let narrow = DecisionFilter {
        phase: Some(Phase::Scoping),
        person: Some(person("ben")),
        overrides: true,
        ..DecisionFilter::default()
    };
    let expected = all.rows.iter().filter(|it| {
        it.phase == Phase::Scoping
            && it.actor_id == person("ben")
            && it.verdict.starts_with("override")
    });
    let expected: Vec<_> = expected.collect();
    let found = audit.decisions(&narrow).await.unwrap().rows;
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    assert!(!found.is_empty());

    let refusals = audit.refusals(&DecisionFilter::default()).await.unwrap();
    let refused = events
        .iter()
        .filter(|it| it.event_type == "attempt_refused")
        .count();
    assert!(refused > 0);
    assert_eq!(refusals.rows.len(), refused);
}

#[tokio::test]
async fn a_moment_is_named_by_position_time_or_event() {
    let (_prepared, audit, _, last) = lived(24, 60).await;
    let events = whole_timeline(&audit, TimelineFilter::default()).await;
    for entry in events.iter().step_by(7) {
        let before = audit
            .position(At::BeforeEvent(entry.event_id))
            .await
            .unwrap();
        assert_eq!(before.0, entry.position.0 - 1);
        let until = events
            .iter()
            .filter(|it| it.recorded_at <= entry.recorded_at)
            .count();
        let at = audit.position(At::Time(entry.recorded_at)).await.unwrap();
        assert_eq!(at.0 as usize, until);
    }
    assert_eq!(
        audit.position(At::Time(support::moment(0))).await.unwrap(),
        Position(0)
    );
    assert_eq!(audit.position(At::Latest).await.unwrap(), last);
    let unknown = audit
        .position(At::BeforeEvent(EventId(Uuid::from_u128(9))))
        .await;
    assert_eq!(unknown.unwrap_err().code(), "unknown_event");
    let head = audit.log_head().await.unwrap();
    assert_eq!((head.position, head.hash.len()), (last, 64));
    assert_eq!(head.recorded_at, events.last().map(|it| it.recorded_at));
}

/// In the stories each command is said to have been done a minute after the one before; so the two clocks agree, and a
/// version by the one is the version by the other.
#[tokio::test]
async fn a_version_is_shown_by_the_clock_of_the_people_too() {
    let (_prepared, audit, story, last) = lived(28, 300).await;
    let events = whole_timeline(&audit, TimelineFilter::default()).await;
    let mut compared = 0;
    for ((run, phase), dossier) in &story.dossiers {
        let Some(version) = dossier.versions.last() else {
            continue;
        };
        let version = VersionRef {
            run: *run,
            phase: *phase,
            number: version.number,
        };
        for entry in events.iter().step_by(23) {
            let time = entry.effective_at;
            let until = events.iter().rfind(|it| it.effective_at <= time).unwrap();
            let by_people = At::Effective {
                time,
                known_at: None,
            };
            let (said, told) = (
                audit.show(version, by_people).await,
                audit.show(version, At::Position(until.position)).await,
            );
            let Ok(told) = told else {
                assert_eq!(said.unwrap_err().code(), "unknown_version");
                continue;
            };
            let said = said.unwrap();
            assert_eq!(said.position, last, "what is known now");
            assert_eq!((said.items, said.status), (told.items, told.status));
            compared += 1;
        }
        // What was known early on knows nothing of what was recorded later, whatever its time.
        let early = At::Effective {
            time: events.last().unwrap().effective_at,
            known_at: Some(Position(1)),
        };
        assert!(audit.show(version, early).await.is_err());
    }
    assert!(compared > 10, "the story is too small to tell");
}

#[tokio::test]
async fn a_timeline_keeps_to_a_period_by_either_clock() {
    let (_prepared, audit, _, _) = lived(29, 120).await;
    let all = whole_timeline(&audit, TimelineFilter::default()).await;
    let (from, to) = (&all[all.len() / 3], &all[all.len() / 2]);
    let recorded = TimelineFilter {
        since: Some(from.recorded_at),
        until: Some(to.recorded_at),
        ..TimelineFilter::default()
    };
    let expected = |keep: &dyn Fn(&&TimelineEntry) -> bool| {
        all.iter().filter(keep).cloned().collect::<Vec<_>>()
    };
    let within =
        expected(&|it| it.recorded_at >= from.recorded_at && it.recorded_at < to.recorded_at);
    assert!(!within.is_empty());
    assert_eq!(whole_timeline(&audit, recorded).await, within);
    let said = TimelineFilter {
        effective_since: Some(from.effective_at),
        effective_until: Some(to.effective_at),
        ..TimelineFilter::default()
    };
    let within =
        expected(&|it| it.effective_at >= from.effective_at && it.effective_at < to.effective_at);
    assert!(!within.is_empty());
    assert_eq!(whole_timeline(&audit, said).await, within);
}

#[tokio::test]
async fn a_difference_leads_from_the_one_to_the_other() {
    let (_prepared, audit, story, last) = lived(25, 500).await;
    let (mut revised, mut moved) = (0, 0);
    for ((run, phase), dossier) in &story.dossiers {
        for version in &dossier.versions {
            let of = |number| VersionRef {
                run: *run,
                phase: *phase,
                number,
            };
            let Some(parent) = version.parent() else {
                continue;
            };
            let diff = audit.diff(of(parent), of(version.number)).await.unwrap();
            let (a, b) = (dossier.version(parent).unwrap(), version);
            leads(
                &diff,
                &a.items.keys().cloned().collect(),
                &b.items.keys().cloned().collect(),
            );
            assert_eq!(diff.carried.len(), b.carried_forward());
            assert!(diff.told().contains("carried forward"));
            revised += 1;

            let of_phase = TimelineFilter {
                run: Some(*run),
                phase: Some(*phase),
                limit: 10_000,
                ..TimelineFilter::default()
            };
            let made = audit.timeline(&of_phase).await.unwrap().rows;
            let made = made.iter().find(|it| {
                it.sentence
                    .contains(&format!("made version {}", version.number))
            });
            let Some(made) = made else { continue };
            let same = audit.diff_at(
                (of(version.number), At::Position(made.position)),
                (of(version.number), At::Position(last)),
            );
            let same = same.await.unwrap();
            assert_eq!(
                same.removed.len() + same.content.len(),
                0,
                "nothing was in it yet"
            );
            moved += same.added.len();
        }
    }
    assert!(revised > 2 && moved > 0, "the story is too small to tell");
}

fn leads(diff: &Diff, before: &BTreeSet<annal_core::ItemId>, after: &BTreeSet<annal_core::ItemId>) {
    let mut items = before.clone();
    for gone in &diff.removed {
        assert!(items.remove(&gone.item.item));
    }
    for new in &diff.added {
        assert!(items.insert(new.item.clone()));
    }
    assert_eq!(items, *after);
    let touched: BTreeSet<_> = diff
        .content
        .iter()
        .map(|it| &it.item)
        .chain(diff.decisions.iter().map(|it| &it.item))
        .collect();
    assert_eq!(
        before.intersection(after).count(),
        touched.len() + diff.unchanged as usize
    );
}

#[tokio::test]
async fn a_run_is_listed_shown_summed_up_and_measured() {
    let (prepared, audit, story, last) = lived(26, 260).await;
    prepared.projector.catch_up(last).await.unwrap();
    let runs = audit.runs(&BoardFilter::default()).await.unwrap();
    assert_eq!((runs.head_position, runs.rows.len()), (last, 2));
    let run = first_run();
    let newest = BoardFilter {
        limit: 1,
        ..BoardFilter::default()
    };
    let page = audit.runs(&newest).await.unwrap();
    assert_eq!(page.rows, runs.rows[..1]);
    let older = BoardFilter {
        before: page.next,
        ..newest
    };
    let rest = audit.runs(&older).await.unwrap();
    assert_eq!((rest.rows.as_slice(), rest.next), (&runs.rows[1..], None));
    let whole = run.to_string();
    assert_eq!(audit.runs_beginning_with(&whole).await.unwrap(), [run]);
    let both: Vec<_> = runs.rows.iter().map(|it| it.run_id).collect();
    assert_eq!(audit.runs_beginning_with("").await.unwrap(), both);
    assert_eq!(audit.runs_beginning_with("x").await.unwrap(), []);
    let detail = audit.run(run).await.unwrap();
    let versions = audit.versions(run, None).await.unwrap();
    assert_eq!(detail.versions, versions.rows);
    let numbers: usize = story
        .dossiers
        .iter()
        .filter(|((id, _), _)| *id == run)
        .map(|(_, it)| it.versions.len())
        .sum();
    assert_eq!(versions.rows.len(), numbers);
    let scoping = audit.versions(run, Some(Phase::Scoping)).await.unwrap();
    assert!(scoping.rows.iter().all(|it| it.phase == Phase::Scoping) && !scoping.rows.is_empty());
    assert_eq!(
        audit.steps(run).await.unwrap().rows.len(),
        story.runs[&run].steps().count()
    );
    assert_eq!(
        audit.transitions(run).await.unwrap().rows.len(),
        story.runs[&run].transitions().len()
    );

    let summary = audit.summary(run).await.unwrap();
    let all: u64 = runs.rows.iter().map(|it| it.events).sum();
    assert_eq!((all, summary.head_position), (last.0, last));
    assert_eq!(summary.versions.len(), numbers);

    let metrics = audit.metrics(run).await.unwrap();
    let submitted: u32 = metrics.rows.iter().map(|it| it.submissions).sum();
    let told = TimelineFilter {
        run: Some(run),
        limit: 10_000,
        ..TimelineFilter::default()
    };
    let told = audit.timeline(&told).await.unwrap().rows;
    let reached: BTreeSet<_> = metrics.rows.iter().map(|it| it.phase).collect();
    let expected = told.iter().filter(|it| {
        it.event_type == "version_submitted"
            && it.phase.is_some_and(|phase| reached.contains(&phase))
    });
    assert_eq!(submitted as usize, expected.count());
}

#[tokio::test]
async fn the_board_shows_each_run_once_with_its_phases_and_what_is_open() {
    let (prepared, audit, story, last) = lived(31, 200).await;
    prepared.projector.catch_up(last).await.unwrap();
    let one = |before| BoardFilter {
        before,
        limit: 1,
        ..BoardFilter::default()
    };
    let first = audit.board(&one(None)).await.unwrap();
    let second = audit.board(&one(first.next)).await.unwrap();
    let shown = [&first.rows[0], &second.rows[0]];
    assert!(first.next.is_some() && second.next.is_none());
    assert!(shown[0].opened_position > shown[1].opened_position);
    for row in shown {
        let run = &story.runs[&row.run.run_id];
        for phase in &row.phases {
            assert_eq!(phase.status, run.phase_status(phase.phase).name());
        }
        let human = run.steps().filter(|it| it.role.is_some());
        assert_eq!(
            row.waiting.len(),
            human.filter(|it| !it.status.is_over()).count()
        );
    }

    let on = |person: &str| BoardFilter {
        person: Some(support::story::person(person)),
        ..BoardFilter::default()
    };
    let person = story.runs[&first_run()].people().next().unwrap();
    assert!(
        !audit
            .board(&on(person.id.as_str()))
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(audit.board(&on("nobody")).await.unwrap().rows.is_empty());
    let duties = audit.duties(&person.id, 0, 10).await.unwrap();
    let open = story
        .runs
        .values()
        .filter(|it| it.status().name() == "open" && it.person(&person.id).is_some());
    assert_eq!(duties.len(), open.count());
}

#[tokio::test]
async fn every_moment_of_a_version_can_be_gone_back_to() {
    let (_prepared, audit, story, _) = lived(32, 160).await;
    let ((run, phase), dossier) = story
        .dossiers
        .iter()
        .find(|(_, it)| !it.versions.is_empty())
        .unwrap();
    let version = VersionRef {
        run: *run,
        phase: *phase,
        number: dossier.versions[0].number,
    };
    let moments = audit.moments(version).await.unwrap();
    assert!(moments.is_sorted_by_key(|it| it.position));
    assert!(moments.iter().all(|it| it.sentence.contains("version 1")));
    let then = audit
        .show(version, At::Position(moments[0].position))
        .await
        .unwrap();
    assert_eq!(then.created.position, moments[0].position);
    assert!(then.items.is_empty());

    let missing = VersionRef {
        number: VersionNo(99),
        ..version
    };
    let missing = audit.moments(missing).await.unwrap_err();
    assert_eq!(missing.code(), "unknown_version");
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let (prepared, audit, _, last) = lived(27, 20).await;
    prepared.projector.catch_up(last).await.unwrap();
    let run = RunId(Uuid::from_u128(99));
    assert!(matches!(
        audit.run(run).await,
        Err(AuditError::UnknownRun { .. })
    ));
    assert!(matches!(
        audit.versions(run, None).await,
        Err(AuditError::UnknownRun { .. })
    ));
    let version = VersionRef {
        run,
        phase: Phase::Scoping,
        number: VersionNo(1),
    };
    let missing = audit.show(version, At::Latest).await.unwrap_err();
    assert_eq!(missing.code(), "unknown_version");

    let bare = TestDatabase::fresh().await;
    migrate(bare.url()).await.unwrap();
    let log = Log::connect(bare.url(), support::main_ledger())
        .await
        .unwrap();
    let unprepared = Audit::new(&log)
        .runs(&BoardFilter::default())
        .await
        .unwrap_err();
    assert_eq!(unprepared.code(), "projections_not_prepared");
}

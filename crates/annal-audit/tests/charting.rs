//! What charts and an event's page are made of, on runs that the rules of the domain have made, on a real database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../annal-projector/tests/support/mod.rs"]
mod support;

#[path = "support/runs.rs"]
mod runs;

use annal_audit::{Audit, Beat, BoardFilter, DecisionFilter, TimelineFilter, run_of};
use annal_core::{Position, RunId};
use runs::two_runs;
use support::database::Prepared;

fn sum(beats: &[Beat]) -> u32 {
    let all = beats
        .iter()
        .map(|it| it.first_level + it.passed + it.rejected);
    all.sum()
}

async fn decisions(audit: &Audit, run: Option<RunId>) -> usize {
    let all = DecisionFilter {
        run,
        limit: 100_000,
        ..DecisionFilter::default()
    };
    audit.decisions(&all).await.unwrap().rows.len()
}

#[tokio::test]
async fn every_decision_is_in_one_stretch_of_time() {
    let (_prepared, audit) = two_runs().await;
    let runs = audit.runs(&BoardFilter::default()).await.unwrap().rows;
    let mut of_runs = 0;
    for run in &runs {
        let beats = audit.pulse(Some(run.run_id), 7).await.unwrap().rows;
        assert_eq!(beats.len(), 7);
        assert_eq!(
            sum(&beats) as usize,
            decisions(&audit, Some(run.run_id)).await
        );
        of_runs += sum(&beats);
    }
    let all = audit.pulse(None, 24).await.unwrap();
    assert_eq!(sum(&all.rows), of_runs);
    assert_eq!(of_runs as usize, decisions(&audit, None).await);
    assert!(
        all.rows.iter().any(|it| it.rejected > 0),
        "the second level rejects some"
    );
    assert!(all.rows.windows(2).all(|it| it[0].until == it[1].from));
}

#[tokio::test]
async fn nothing_decided_is_no_stretch_at_all() {
    let prepared = Prepared::fresh().await;
    let audit = Audit::new(&prepared.log);
    assert!(audit.pulse(None, 24).await.unwrap().rows.is_empty());
    assert!(audit.paces(None).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn the_paces_of_all_runs_are_what_each_run_tells() {
    let (_prepared, audit) = two_runs().await;
    let all = audit.paces(None).await.unwrap().rows;
    let mut versions = 0;
    for run in audit.runs(&BoardFilter::default()).await.unwrap().rows {
        let told = audit.metrics(run.run_id).await.unwrap().rows;
        for pace in audit.paces(Some(run.run_id)).await.unwrap().rows {
            let told = told.iter().find(|it| it.phase == pace.phase).unwrap();
            assert_eq!(
                (pace.versions, pace.revisions),
                (told.versions, told.revisions)
            );
            assert_eq!(pace.revision_rate(), told.revision_rate);
            versions += pace.versions;
        }
    }
    assert_eq!(all.iter().map(|it| it.versions).sum::<u32>(), versions);
    assert!(all.iter().any(|it| it.median_seconds_to_approve.is_some()));
}

#[tokio::test]
async fn an_event_stands_between_its_neighbours() {
    let (prepared, audit) = two_runs().await;
    let head = prepared.log.head().await.unwrap().position;
    let timeline = TimelineFilter {
        limit: 1_000_000,
        ..TimelineFilter::default()
    };
    let timeline = audit.timeline(&timeline).await.unwrap().rows;
    let mut before = [0; 32];
    for told in timeline.iter().take(200) {
        let found = audit.event(told.position).await.unwrap().unwrap();
        assert_eq!(found.previous_hash, before);
        before = found.event.hash;
        assert_eq!(found.sentence, told.sentence);
        assert_eq!(run_of(&found.event), Some(told.run_id));
        let sequence = found.event.sequence.0;
        assert!(
            found
                .in_stream
                .iter()
                .all(|it| it.sequence.0.abs_diff(sequence) == 1)
        );
        assert!(
            found
                .in_command
                .iter()
                .any(|it| it.position <= told.position)
        );
        assert!(found.command_ends >= told.position);
    }
    assert_eq!(audit.event(Position(0)).await.unwrap(), None);
    assert_eq!(audit.event(head.next()).await.unwrap(), None);
}

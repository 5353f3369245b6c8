//! Pages, one after the other, are the whole, whatever they are narrowed to.

use std::collections::BTreeSet;

use annal_audit::{ApprovalRow, Audit, DecisionFilter, DecisionRow, Pace, TimelineFilter};
use annal_bench::{put, run};
use annal_core::{Phase, Position, Role, RunId};
use sqlx::{Connection, PgConnection};

use crate::runs::{SMALL, two_runs};
use crate::support::database::Prepared;
use crate::support::story::person;
use crate::timeline::whole_timeline;
use crate::{all, everything, forge, run_of};

#[tokio::test]
async fn pages_follow_the_clock_that_is_asked_for() {
    let (_prepared, audit) = two_runs().await;
    let whole = audit.decisions(&all()).await.unwrap().rows;
    let earliest = whole.iter().map(|it| it.effective_at).min();
    for filter in [
        DecisionFilter::default(),
        DecisionFilter {
            effective_since: earliest,
            ..DecisionFilter::default()
        },
        DecisionFilter {
            report: Some("Report 0".into()),
            effective_since: earliest,
            ..DecisionFilter::default()
        },
    ] {
        let mut expected: Vec<_> = whole
            .iter()
            .filter(|it| filter.report.is_none() || it.run_id == run_of(0))
            .cloned()
            .collect();
        if filter.effective_since.is_some() {
            expected.sort_by_key(|it| (it.effective_at, it.position));
        }
        let mut asked = DecisionFilter {
            limit: 37,
            ..filter.clone()
        };
        let mut paged = Vec::new();
        loop {
            let page = audit.decisions(&asked).await.unwrap();
            paged.extend(page.rows);
            let Some(next) = page.next else { break };
            asked.after = next;
        }
        assert_eq!(paged, expected, "{filter:?}");
    }
}

/// The log is asked for where a person's commands begin, and a page or a period may begin and end within one.
#[tokio::test]
async fn what_a_person_did_is_theirs_of_the_whole_in_pages_of_any_period() {
    let (_prepared, audit) = two_runs().await;
    let everything = everything(&audit).await;
    let people: BTreeSet<_> = everything.iter().map(|it| it.actor_id.clone()).collect();
    let times: Vec<_> = everything.iter().map(|it| it.recorded_at).collect();
    let (early, late) = (times[times.len() / 4], times[times.len() * 3 / 4]);
    let periods = [
        (None, None),
        (Some(early), None),
        (None, Some(late)),
        (Some(early), Some(late)),
    ];
    let mut within_a_command = 0;
    for (person, (since, until)) in people
        .iter()
        .flat_map(|person| periods.map(|period| (person, period)))
    {
        let expected: Vec<_> = everything
            .iter()
            .filter(|it| it.actor_id == *person)
            .filter(|it| since.is_none_or(|since| it.recorded_at >= since))
            .filter(|it| until.is_none_or(|until| it.recorded_at < until))
            .cloned()
            .collect();
        let filter = TimelineFilter {
            person: Some(person.clone()),
            since,
            until,
            limit: 7,
            ..TimelineFilter::default()
        };
        assert_eq!(whole_timeline(&audit, filter).await, expected, "{person}");
        let pages = expected.chunks(7);
        within_a_command += pages
            .filter(|page| page[0].command_id == page[page.len() - 1].command_id)
            .count();
    }
    assert!(within_a_command > 10, "no command is longer than a page");
}

/// What is rare is looked for in windows: each page ends, and the pages together find it.
#[tokio::test]
async fn a_page_that_found_nothing_says_where_to_go_on() {
    let (prepared, audit) = two_runs().await;
    for number in 2..20 {
        put(&prepared.log, run(number, SMALL)).await.unwrap();
    }
    forge(&prepared).await;
    let mut filter = DecisionFilter { limit: 5, ..all() };
    let (mut pages, mut found) = (0, Vec::new());
    loop {
        let page = audit.four_eyes(&filter, true).await.unwrap();
        pages += 1;
        found.extend(page.rows);
        let Some(next) = page.next else { break };
        assert!(next > filter.after);
        filter.after = next;
    }
    assert!(pages > 1, "one window holds it all");
    assert_eq!(found.len(), 2, "{found:?}");
}

/// Runs of one report and of others that go on at the same time, three at a time, one trio after the other.
async fn many_runs() -> (Prepared, Audit) {
    let prepared = Prepared::fresh().await;
    let numbers: Vec<u64> = (0..11).map(|it| it * 20).chain(1..4).collect();
    for trio in numbers.chunks(3) {
        let mut left: Vec<_> = trio.iter().map(|it| run(*it, SMALL).into_iter()).collect();
        let mut turns = 0..;
        while left.iter().any(|it| it.len() > 0) {
            // Neither turn by turn nor one after the other: seven commands of one, then seven of the next.
            let turn = turns.next().unwrap_or_default() / 7 % left.len();
            if let Some(command) = left.get_mut(turn).and_then(Iterator::next) {
                prepared.log.append(command).await.unwrap();
            }
        }
    }
    let head = Position(u64::MAX);
    prepared.projector.catch_up(head).await.unwrap();
    let audit = Audit::new(&prepared.log);
    (prepared, audit)
}

/// What a filter lets through, beside the runs.
type Keeps = fn(&DecisionRow) -> bool;

#[tokio::test]
async fn pages_of_some_runs_are_the_whole_whichever_runs_they_are_from() {
    let (_prepared, audit) = many_runs().await;
    let whole = audit.decisions(&all()).await.unwrap().rows;
    let of_report: BTreeSet<RunId> = (0..11).map(|it| run_of(it * 20)).collect();
    let of_olga: BTreeSet<RunId> = (0..11)
        .map(|it| it * 20)
        .chain(1..4)
        .filter(|number| number % 17 == 3)
        .map(run_of)
        .collect();
    let report = DecisionFilter {
        report: Some("Report 0".into()),
        ..DecisionFilter::default()
    };
    let seen_by_olga = DecisionFilter {
        seen_by: Some(person("olga-3")),
        ..DecisionFilter::default()
    };
    let rejections = DecisionFilter {
        verdict: Some("reject".into()),
        phase: Some(Phase::SampleSelection),
        role: Some(Role::ReportOwner),
        ..report.clone()
    };
    let is_rejection = |it: &DecisionRow| {
        it.verdict == "reject"
            && it.phase == Phase::SampleSelection
            && it.actor_role == "report_owner"
    };
    let cases: [(_, _, Keeps); 3] = [
        (report, &of_report, |_| true),
        (seen_by_olga, &of_olga, |_| true),
        (rejections, &of_report, is_rejection),
    ];
    for (filter, runs, holds) in cases {
        let expected: Vec<_> = whole
            .iter()
            .filter(|it| runs.contains(&it.run_id) && holds(it))
            .map(|it| it.position)
            .collect();
        assert!(expected.len() > 3, "{filter:?} keeps {}", expected.len());
        // Pages that end in every part of the log: also where runs go on that were opened after those looked into first.
        for parts in 1..=12 {
            let limit = u32::try_from(expected.len() * parts / 12 + 1).unwrap();
            let mut asked = DecisionFilter {
                limit,
                ..filter.clone()
            };
            let mut paged = Vec::new();
            loop {
                let page = audit.decisions(&asked).await.unwrap();
                paged.extend(page.rows.iter().map(|it| it.position));
                let Some(next) = page.next else { break };
                assert_eq!(page.rows.len(), limit as usize);
                asked.after = next;
            }
            assert_eq!(paged, expected, "{filter:?}, {limit} a page");
        }
    }
}

#[tokio::test]
async fn pages_of_approvals_at_some_pace_are_those_of_all_that_had_it() {
    let (prepared, audit) = many_runs().await;
    // These runs hurry through in milliseconds; people would not.
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    sqlx::raw_sql(
        "UPDATE annal_read.decisions SET recorded_at = recorded_at + make_interval(hours => (position % 7)::integer)
         WHERE what IN ('approval', 'rejection')",
    )
    .execute(&mut session)
    .await
    .unwrap();
    let whole = audit.approvals(&all(), Pace::default()).await.unwrap().rows;
    let pace = Pace {
        after_seconds: Some(2 * 3600),
        within_seconds: Some(4 * 3600 + 1800),
    };
    let had_it = |it: &&ApprovalRow| {
        let waited = it.recorded_at - it.submitted_at.unwrap();
        waited.num_seconds() >= 2 * 3600 && waited.num_seconds() <= 4 * 3600 + 1800
    };
    for report in [None, Some("Report 0".to_owned())] {
        let mut asked = DecisionFilter {
            report: report.clone(),
            limit: 5,
            ..all()
        };
        let mut paged = Vec::new();
        loop {
            let page = audit.approvals(&asked, pace).await.unwrap();
            paged.extend(page.rows);
            let Some(next) = page.next else { break };
            asked.after = next;
        }
        let of_report: BTreeSet<RunId> = (0..11).map(|it| run_of(it * 20)).collect();
        let expected: Vec<_> = whole
            .iter()
            .filter(|it| report.is_none() || of_report.contains(&it.run_id))
            .filter(had_it)
            .cloned()
            .collect();
        assert!(expected.len() > 10 && expected.len() < whole.len() / 2);
        assert_eq!(paged, expected, "{report:?}");
    }
}

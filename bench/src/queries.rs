//! How long a page of each audit query takes, and whether it reads the log from end to end.

use std::time::{Duration, Instant};

use annal_audit::{Audit, AuditError, BoardFilter, DecisionFilter, Pace, TimelineFilter};
use annal_core::{Phase, Position, Role, RunId};
use annal_measure::{Failure, Spread};
use clap::Args;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, TryFutureExt};
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::record::Records;
use crate::say;
use crate::server::Server;

/// How the results' names begin; then comes the number of events.
pub(crate) const RESULT: &str = "queries-";

#[derive(Debug, Args)]
pub(crate) struct Queries {
    /// The filled database that is asked.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Measurements of each.
    #[arg(long, default_value_t = 20)]
    times: u32,
    /// Rows of a page.
    #[arg(long, default_value_t = 100)]
    rows: u32,
    /// Only questions whose name has this in it.
    #[arg(long, default_value = "")]
    only: String,
}

/// One question.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) question: String,
    /// Milliseconds.
    pub(crate) time: Spread,
    /// Sequential scans of the log's events, over all measurements.
    pub(crate) scans: i64,
}

type Question<'a> = Box<dyn Fn() -> LocalBoxFuture<'a, Result<(), AuditError>> + 'a>;

impl Queries {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let filled = on.filled(self.events).await?;
        let head = filled.expect_full().await?;
        let audit = Audit::new(&filled.log);
        let run = self.a_run(&filled.url).await?;
        let mut session = PgConnection::connect(&filled.url).await?;
        let mut asked = Vec::new();
        for (question, ask) in self.questions(&audit, run, head) {
            if !question.contains(&self.only) {
                continue;
            }
            let before = scans(&mut session).await?;
            let mut times = Vec::new();
            for _ in 0..self.times {
                let began = Instant::now();
                ask().await?;
                times.push(began.elapsed());
                // One that is far too slow need not be shown to be so many times.
                if began.elapsed() > Duration::from_secs(2) && times.len() >= 3 {
                    break;
                }
            }
            let it = Asked {
                question: question.to_owned(),
                time: Spread::of_times(times),
                scans: scans(&mut session).await? - before,
            };
            say(&format!(
                "{question:<44} {}  scans {}",
                it.time.times(),
                it.scans
            ));
            asked.push(it);
        }
        match self.only.is_empty() {
            true => records.keep(&format!("{RESULT}{}", self.events), asked),
            false => Ok(()),
        }
    }

    /// One from the middle of the log.
    async fn a_run(&self, url: &str) -> Result<RunId, Failure> {
        let mut session = PgConnection::connect(url).await?;
        let run: uuid::Uuid = sqlx::query_scalar(
            "SELECT run_id FROM annal_read.workflow_executions WHERE opened_position > $1
             ORDER BY opened_position LIMIT 1",
        )
        .bind(i64::try_from(self.events / 2)?)
        .fetch_one(&mut session)
        .await?;
        Ok(RunId(run))
    }

    fn questions<'a>(
        &self,
        audit: &'a Audit,
        run: RunId,
        head: Position,
    ) -> Vec<(&'static str, Question<'a>)> {
        let page = DecisionFilter {
            limit: self.rows,
            ..DecisionFilter::default()
        };
        let of_person = |who: &str| DecisionFilter {
            person: who.parse().ok(),
            ..page.clone()
        };
        let late_page = DecisionFilter {
            after: Position(head.0 / 2),
            ..page.clone()
        };
        let of_report = DecisionFilter {
            report: Some("Report 7".to_owned()),
            ..page.clone()
        };
        let overrides = DecisionFilter {
            overrides: true,
            ..page.clone()
        };
        let rejections = DecisionFilter {
            role: Some(Role::ReportOwner),
            phase: Some(Phase::SampleSelection),
            verdict: Some("reject".to_owned()),
            ..page.clone()
        };
        let of_item = DecisionFilter {
            item: "sample:17".parse().ok(),
            ..page.clone()
        };
        let of_run = TimelineFilter {
            run: Some(run),
            limit: self.rows,
            ..TimelineFilter::default()
        };
        let by_person = TimelineFilter {
            run: None,
            person: "olga-3".parse().ok(),
            ..of_run.clone()
        };
        let of_phase = TimelineFilter {
            phase: Some(Phase::SampleSelection),
            ..of_run.clone()
        };
        let item = TimelineFilter {
            item: "sample:17".parse().ok(),
            ..of_run.clone()
        };
        let fast = Pace {
            within_seconds: Some(1),
            after_seconds: None,
        };
        let any = Pace::default();
        let listed = BoardFilter {
            limit: self.rows,
            ..BoardFilter::default()
        };
        vec![
            ("decisions, first page", decisions(audit, page.clone())),
            ("decisions, page in the middle", decisions(audit, late_page)),
            (
                "decisions of a person",
                decisions(audit, of_person("tom-3")),
            ),
            (
                "decisions on one report",
                decisions(audit, of_report.clone()),
            ),
            (
                "decisions against the recommendation",
                decisions(audit, overrides),
            ),
            (
                "samples rejected by report owners",
                decisions(audit, rejections),
            ),
            (
                "decisions on an item in all runs",
                decisions(audit, of_item),
            ),
            ("approvals", approvals(audit, page.clone(), any)),
            (
                "approvals of a person",
                approvals(audit, of_person("olga-3"), any),
            ),
            (
                "approvals within a second",
                approvals(audit, page.clone(), fast),
            ),
            ("refusals", refusals(audit, page.clone())),
            ("refusals of a person", refusals(audit, of_person("tom-3"))),
            ("four eyes", four_eyes(audit, page.clone(), false)),
            (
                "four eyes, broken only",
                four_eyes(audit, page.clone(), true),
            ),
            ("late steps", late(audit, page.clone())),
            (
                "search, a rare word",
                search(audit, "supervisor", page.clone()),
            ),
            (
                "search, a frequent word",
                search(audit, "typical", page.clone()),
            ),
            ("search on one report", search(audit, "typical", of_report)),
            ("timeline of a run", timeline(audit, of_run)),
            ("timeline of a phase", timeline(audit, of_phase)),
            ("timeline of an item", timeline(audit, item)),
            ("timeline of a person", timeline(audit, by_person)),
            ("runs", runs(audit, listed)),
            (
                "one run",
                of(move || audit.run(run).map_ok(drop).boxed_local()),
            ),
            (
                "versions of a run",
                of(move || audit.versions(run, None).map_ok(drop).boxed_local()),
            ),
            (
                "steps of a run",
                of(move || audit.steps(run).map_ok(drop).boxed_local()),
            ),
            (
                "transitions of a run",
                of(move || audit.transitions(run).map_ok(drop).boxed_local()),
            ),
            (
                "metrics of a run",
                of(move || audit.metrics(run).map_ok(drop).boxed_local()),
            ),
            (
                "summary of a run",
                of(move || audit.summary(run).map_ok(drop).boxed_local()),
            ),
            (
                "lineage of a sample",
                of(move || audit.lineage(run, "sample:17").map_ok(drop).boxed_local()),
            ),
            (
                "lineage of a section",
                of(move || audit.lineage(run, "section:1").map_ok(drop).boxed_local()),
            ),
        ]
    }
}

fn of<'a>(ask: impl Fn() -> LocalBoxFuture<'a, Result<(), AuditError>> + 'a) -> Question<'a> {
    Box::new(ask)
}

fn decisions(audit: &Audit, filter: DecisionFilter) -> Question<'_> {
    of(move || {
        let filter = filter.clone();
        async move { audit.decisions(&filter).await.map(drop) }.boxed_local()
    })
}

fn approvals(audit: &Audit, filter: DecisionFilter, pace: Pace) -> Question<'_> {
    of(move || {
        let (filter, pace) = (filter.clone(), pace);
        async move { audit.approvals(&filter, pace).await.map(drop) }.boxed_local()
    })
}

fn runs(audit: &Audit, filter: BoardFilter) -> Question<'_> {
    of(move || {
        let filter = filter.clone();
        async move { audit.runs(&filter).await.map(drop) }.boxed_local()
    })
}

fn refusals(audit: &Audit, filter: DecisionFilter) -> Question<'_> {
    of(move || {
        let filter = filter.clone();
        async move { audit.refusals(&filter).await.map(drop) }.boxed_local()
    })
}

fn four_eyes(audit: &Audit, filter: DecisionFilter, only_broken: bool) -> Question<'_> {
    of(move || {
        let filter = filter.clone();
        async move { audit.four_eyes(&filter, only_broken).await.map(drop) }.boxed_local()
    })
}

fn late(audit: &Audit, filter: DecisionFilter) -> Question<'_> {
    of(move || {
        let filter = filter.clone();
        async move { audit.late(&filter).await.map(drop) }.boxed_local()
    })
}

fn search<'a>(audit: &'a Audit, words: &'static str, filter: DecisionFilter) -> Question<'a> {
    of(move || {
        let filter = filter.clone();
        async move { audit.search(words, &filter).await.map(drop) }.boxed_local()
    })
}

fn timeline(audit: &Audit, filter: TimelineFilter) -> Question<'_> {
    of(move || {
        let filter = filter.clone();
        async move { audit.timeline(&filter).await.map(drop) }.boxed_local()
    })
}

/// Sequential scans of the events so far. A session tells of its own within a second after it fell idle.
async fn scans(session: &mut PgConnection) -> Result<i64, Failure> {
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let scans = sqlx::query_scalar(
        "SELECT seq_scan FROM pg_stat_all_tables WHERE schemaname = 'annal' AND relname = 'events'",
    );
    Ok(scans.fetch_one(session).await?)
}

//! Filling a database with generated events, piece by piece if need be.

use std::time::{Duration, Instant};

use annal_bench::fill;
use annal_core::Position;
use annal_measure::Failure;
use annal_projector::{ProjectionState, RebuildOptions};
use clap::Args;
use sqlx::{Connection, PgConnection};

use crate::say;
use crate::server::{Filled, Server};

#[derive(Debug, Args)]
pub(crate) struct FillUp {
    /// How many events it is to hold; the database is named by this number.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Stop after about so many seconds; another call goes on.
    #[arg(long)]
    seconds: Option<u64>,
    /// Leave out the projections.
    #[arg(long)]
    only_log: bool,
}

/// Between two looks at the clock.
const PIECE: u64 = 50_000;

impl FillUp {
    pub(crate) async fn run(&self, on: &Server) -> Result<(), Failure> {
        let filled = on.filled(self.events).await?;
        let until = self
            .seconds
            .map(|it| Instant::now() + Duration::from_secs(it));
        let over = || until.is_some_and(|until| Instant::now() >= until);
        let mut head = filled.log.head().await?.position;
        let (before, began) = (head, Instant::now());
        let mut number = next_run(&filled.url).await?;
        while head.0 < self.events && !over() {
            let goal = self.events.min(head.0 + PIECE);
            (number, head) = fill(&filled.log, number, goal).await?;
        }
        let seconds = began.elapsed().as_secs_f64();
        say(&format!(
            "{} events, {} of them new in {seconds:.0} s",
            head.0,
            head.0 - before.0
        ));
        if self.only_log || head.0 < self.events {
            return Ok(());
        }
        fold(&filled, head, &over).await?;
        if !over() {
            let mut session = PgConnection::connect(&filled.url).await?;
            sqlx::raw_sql("VACUUM ANALYZE")
                .execute(&mut session)
                .await?;
            say("folded, vacuumed and analysed");
        }
        Ok(())
    }
}

/// Brings the projections up to the head. Tables of an earlier definition would not be what is measured.
async fn fold(filled: &Filled, head: Position, over: &dyn Fn() -> bool) -> Result<(), Failure> {
    let due = filled.projector.status().await?;
    for it in due.iter().filter(|it| it.rebuild_due) {
        let options = RebuildOptions::default();
        filled
            .projector
            .rebuild(&[&it.name], &options, |_| ())
            .await?;
    }
    loop {
        let status = filled.projector.status().await?;
        let reached = status.iter().map(|it| it.position).min().unwrap_or(head);
        if reached >= head || over() {
            say(&format!("folded up to {}", reached.0));
            return Ok(());
        }
        let goal = Position(head.0.min(reached.0 + 4 * PIECE));
        let status = filled.projector.catch_up(goal).await?;
        if let Some(it) = status
            .iter()
            .find(|it| it.state != ProjectionState::Following)
        {
            return Err(format!("{} stands at {}: {:?}", it.name, it.position, it.state).into());
        }
    }
}

/// The number of the first run that was not generated yet. Runs of measurements have other ids.
async fn next_run(url: &str) -> Result<u64, Failure> {
    let mut session = PgConnection::connect(url).await?;
    let last: Option<String> = sqlx::query_scalar(
        "SELECT aggregate_id FROM annal.events
         WHERE ledger = 'main' AND aggregate_type = 'report_run' AND aggregate_id < '01930000-0000-7000-8001'
           AND following IS NOT NULL
         ORDER BY aggregate_id DESC LIMIT 1",
    )
    .fetch_optional(&mut session)
    .await?;
    let Some(last) = last else { return Ok(0) };
    let number = u64::from_str_radix(last.rsplit('-').next().unwrap_or_default(), 16)?;
    Ok(number + 1)
}

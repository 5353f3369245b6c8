//! The server and the filled log that is measured.

use std::path::Path;
use std::time::Instant;

use annal_bench::fill;
use annal_core::{LedgerId, Position};
use annal_log::{Log, migrate};
use annal_projector::{Projector, RebuildOptions};
use annal_stack::{Needs, Settings, Stack};
use sqlx::{Connection, PgConnection};

use crate::Failure;
use crate::spread::say;

/// A server with a log of generated events, its projections up to date.
pub(crate) struct Database {
    stack: Stack,
    pub(crate) url: String,
    pub(crate) log: Log,
    pub(crate) projector: Projector,
    pub(crate) head: Position,
}

impl Database {
    pub(crate) async fn open(home: &Path, events: u64) -> Result<Self, Failure> {
        let settings = Settings::new(home, Needs { temporal: false });
        let stack = Stack::start_with(settings, &|line: &str| say(line)).await?;
        let url = stack.database_url().to_owned();
        migrate(&url).await?;
        Projector::prepare(&url).await?;
        let ledger: LedgerId = "main".parse()?;
        let log = Log::connect(&url, ledger.clone()).await?;
        let before = log.head().await?.position;
        let began = Instant::now();
        let head = fill(&log, next_run(&url).await?, events).await?;
        if head > before {
            let seconds = began.elapsed().as_secs_f64();
            say(&format!(
                "generated {} events in {seconds:.0} s",
                head.0 - before.0
            ));
        }
        let projector = Projector::connect(&url, ledger).await?;
        // Tables of an earlier definition would not be what is measured.
        let status = projector.status().await?;
        for due in status.iter().filter(|it| it.rebuild_due) {
            let options = RebuildOptions::default();
            projector.rebuild(&[&due.name], &options, |_| ()).await?;
        }
        for it in projector.catch_up(head).await? {
            if it.position != head {
                return Err(
                    format!("{} stands at {}: {:?}", it.name, it.position, it.state).into(),
                );
            }
        }
        let mut session = PgConnection::connect(&url).await?;
        sqlx::raw_sql("VACUUM ANALYZE annal.events")
            .execute(&mut session)
            .await?;
        let about: (String, i64) =
            sqlx::query_as("SELECT version(), pg_total_relation_size('annal.events') / 1048576")
                .fetch_one(&mut session)
                .await?;
        say(&format!(
            "{} events, {} MiB with indexes; {}",
            head.0, about.1, about.0
        ));
        Ok(Self {
            stack,
            url,
            log,
            projector,
            head,
        })
    }

    pub(crate) async fn close(self) -> Result<(), Failure> {
        drop((self.log, self.projector));
        Ok(self.stack.stop().await?)
    }
}

/// The number of the first run that was not generated yet.
async fn next_run(url: &str) -> Result<u64, Failure> {
    let mut session = PgConnection::connect(url).await?;
    let runs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM annal.events WHERE event_type = 'run_opened' AND aggregate_id < '01931'")
            .fetch_one(&mut session)
            .await?;
    Ok(u64::try_from(runs)?)
}

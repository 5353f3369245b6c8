//! The server that is measured, and its databases.

use std::path::{Path, PathBuf};

use annal_core::LedgerId;
use annal_log::{Log, migrate};
use annal_measure::Failure;
use annal_projector::Projector;
#[cfg(feature = "temporal")]
use annal_stack::TemporalAddress;
use annal_stack::{Needs, Settings, Stack};
use sqlx::{Connection, PgConnection};

use crate::say;

/// A PostgreSQL of our own, fsync on, with the settings that `annal up` starts it with.
pub(crate) struct Server {
    stack: Stack,
    pub(crate) home: PathBuf,
}

impl Server {
    pub(crate) async fn open(home: &Path, temporal: bool) -> Result<Self, Failure> {
        let settings = Settings::new(home, Needs { temporal });
        let stack = Stack::start_with(settings, &|line: &str| say(line)).await?;
        Ok(Self {
            stack,
            home: home.to_path_buf(),
        })
    }

    pub(crate) async fn close(self) -> Result<(), Failure> {
        Ok(self.stack.stop().await?)
    }

    #[cfg(feature = "temporal")]
    pub(crate) fn temporal(&self) -> Result<&TemporalAddress, Failure> {
        self.stack
            .temporal()
            .ok_or_else(|| "no Temporal server was started".into())
    }

    /// The address of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        let address = self.stack.database_url();
        let server = address
            .rsplit_once('/')
            .map_or(address, |(server, _)| server);
        format!("{server}/{database}")
    }

    /// An empty database; what was in it goes.
    pub(crate) async fn scratch(&self, name: &str) -> Result<String, Failure> {
        let mut session = self.administrator().await?;
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        sqlx::raw_sql(&drop).execute(&mut session).await?;
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(&create).execute(&mut session).await?;
        session.close().await?;
        Ok(self.url(name))
    }

    pub(crate) async fn drop_database(&self, name: &str) -> Result<(), Failure> {
        let mut session = self.administrator().await?;
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        sqlx::raw_sql(&drop).execute(&mut session).await?;
        Ok(session.close().await?)
    }

    /// The database that holds so many generated events; made if it is not there.
    pub(crate) async fn filled(&self, events: u64) -> Result<Filled, Failure> {
        let name = format!("filled_{events}");
        let mut session = self.administrator().await?;
        let there: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(&name)
            .fetch_optional(&mut session)
            .await?;
        if there.is_none() {
            let create = format!("CREATE DATABASE {name}");
            sqlx::raw_sql(&create).execute(&mut session).await?;
        }
        Filled::open(self.url(&name), events).await
    }

    async fn administrator(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect(self.stack.database_url()).await?)
    }
}

/// A database with a log and projections, and how many generated events it is to hold.
pub(crate) struct Filled {
    pub(crate) url: String,
    pub(crate) log: Log,
    pub(crate) projector: Projector,
    pub(crate) events: u64,
}

impl Filled {
    async fn open(url: String, events: u64) -> Result<Self, Failure> {
        migrate(&url).await?;
        Projector::prepare(&url).await?;
        let ledger: LedgerId = "main".parse()?;
        Ok(Self {
            log: Log::connect(&url, ledger.clone()).await?,
            projector: Projector::connect(&url, ledger).await?,
            url,
            events,
        })
    }

    /// An error if it was not filled yet.
    pub(crate) async fn expect_full(&self) -> Result<annal_core::Position, Failure> {
        let head = self.log.head().await?.position;
        if head.0 >= self.events {
            return Ok(head);
        }
        let told = format!(
            "the log holds {} of {} events: run `annal-bench fill --events {}` first",
            head.0, self.events, self.events
        );
        Err(told.into())
    }
}

/// A process id of the server, to count its CPU time by.
pub(crate) async fn backend(url: &str) -> Result<(PgConnection, i32), Failure> {
    let mut session = PgConnection::connect(url).await?;
    let id = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut session)
        .await?;
    Ok((session, id))
}

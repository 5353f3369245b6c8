//! The handle on one ledger.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use annal_core::{LedgerId, Position};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{Executor, PgPool};

use crate::error::{LogError, lasting, retrying};
use crate::group::Group;
use crate::head::HeadWatch;
use crate::row::{digest, from_db};
use crate::sealing::{MasterKeys, Sealing};

/// One ledger of one database. Cheap to clone; all clones share connections and the group commit.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    ledger: LedgerId,
    pool: PgPool,
    group: Group,
    heads: HeadWatch,
    sealing: Sealing,
}

/// The end of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Of the last event; 0 while there is none.
    pub position: Position,
    /// Of the last event; zeros while there is none.
    pub hash: [u8; 32],
}

/// A process appends over one connection at a time; the rest is for readers, and one for the listener.
const CONNECTIONS: u32 = 10;

impl Log {
    /// Connects to a ledger. Every connection works as `annal_runtime` when the login may: from then on it can read
    /// and append, nothing else, whatever the login itself could do.
    ///
    /// # Errors
    /// [`LogError::Unreachable`] when the server does not answer, [`LogError::NotMigrated`] and
    /// [`LogError::UnknownLedger`] when it has no such log, [`LogError::Refused`] when it does not let us in.
    /// [`LogError::MasterKey`] when `ANNAL_MASTER_KEY_FILE` names no file with a master key.
    pub async fn connect(url: &str, ledger: LedgerId) -> Result<Self, LogError> {
        Self::connect_with(url, ledger, MasterKeys::from_environment()?).await
    }

    /// As [`Log::connect`], with the master keys, if there are any, from the caller and not from the environment.
    ///
    /// # Errors
    /// As [`Log::connect`].
    pub async fn connect_with(
        url: &str,
        ledger: LedgerId,
        masters: MasterKeys,
    ) -> Result<Self, LogError> {
        let doing = "connecting";
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| lasting(doing, 1, &error))?
            .application_name("annal");
        // The pool would go on trying where the server refuses us for good; a single connection says at once why.
        retrying(doing, || async {
            let mut first = <PgConnection as sqlx::Connection>::connect_with(&options).await?;
            settle(&mut first, ledger.as_str()).await?;
            first.execute("SELECT 1 FROM annal.ledgers LIMIT 0").await?;
            Ok(())
        })
        .await?;

        let for_session = ledger.to_string();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(3))
            .after_connect(move |connection, _| {
                let ledger = for_session.clone();
                Box::pin(async move { settle(connection, &ledger).await })
            })
            .connect_lazy_with(options);
        let heads = HeadWatch::new(pool.clone(), ledger.clone());
        let sealing = Sealing::connect(pool.clone(), &ledger, masters).await?;
        let group = Group::start(pool.clone(), ledger.clone(), heads.announcer());
        let log = Self {
            inner: Arc::new(Inner {
                ledger,
                pool,
                group,
                heads,
                sealing,
            }),
        };
        log.head().await?;
        Ok(log)
    }

    /// Which ledger this is.
    #[must_use]
    pub fn ledger(&self) -> &LedgerId {
        &self.inner.ledger
    }

    /// The connections, for queries of one's own on the log's tables.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// The ledger's last event.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn head(&self) -> Result<Head, LogError> {
        let row: Option<(i64, Vec<u8>)> = retrying("reading the head of the log", || async {
            sqlx::query_as("SELECT position, hash FROM annal.ledgers WHERE ledger = $1")
                .bind(self.ledger().as_str())
                .fetch_optional(self.pool())
                .await
        })
        .await?;
        let (position, hash) = row.ok_or_else(|| LogError::UnknownLedger(self.ledger().clone()))?;
        let position = Position(from_db(position));
        let hash = digest(&hash).ok_or_else(|| LogError::Undecodable {
            position,
            detail: "the head's hash is not 32 bytes".to_owned(),
        })?;
        Ok(Head { position, hash })
    }

    pub(crate) fn group(&self) -> &Group {
        &self.inner.group
    }

    pub(crate) fn sealing(&self) -> &Sealing {
        &self.inner.sealing
    }

    pub(crate) fn heads(&self) -> &HeadWatch {
        &self.inner.heads
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("ledger", self.ledger())
            .finish_non_exhaustive()
    }
}

/// Time limits, the session's ledger (for `annal.stream_events`) and the role. Statements are planned each time: our
/// reads are simple, and a plan kept from when the tables were empty would read the whole ledger for one stream.
async fn settle(connection: &mut PgConnection, ledger: &str) -> Result<(), sqlx::Error> {
    let may: Option<bool> = sqlx::query_scalar(
        "SELECT (SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = 'annal_runtime') \
         FROM (SELECT set_config('annal.ledger', $1, false), set_config('statement_timeout', '60s', false), \
               set_config('lock_timeout', '20s', false), \
               set_config('plan_cache_mode', 'force_custom_plan', false), \
               set_config('idle_in_transaction_session_timeout', '60s', false)) AS settled",
    )
    .bind(ledger)
    .fetch_one(&mut *connection)
    .await?;
    if may == Some(true) {
        connection.execute("SET ROLE annal_runtime").await?;
    }
    Ok(())
}

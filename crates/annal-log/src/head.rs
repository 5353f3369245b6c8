//! Knowing that the log has grown: from our own appends at once, from other processes by notification, and by
//! asking once a second where a notification was lost.
//!
//! `annal.append` does not notify by itself: PostgreSQL lets only one transaction with a notification commit at a
//! time, over all databases of the server and including its wait for the disk, so ledgers would hold each other up.
//! The notification goes out right after the commit, in a transaction that writes nothing.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use annal_core::{LedgerId, Position};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::error::backoff;
use crate::row::from_db;

/// The channel; a payload is `{position} {ledger}`.
const CHANNEL: &str = "annal";
/// Notifications of one process are at least this far apart; the first one after a pause goes out at once.
const TELL_EVERY: Duration = Duration::from_millis(5);
/// How late a reader is at most when a notification was lost.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The furthest position that this process knows of.
pub(crate) struct HeadWatch {
    pool: PgPool,
    ledger: LedgerId,
    known: watch::Sender<Position>,
    listener: OnceLock<AbortHandle>,
}

/// Where the group commit says how far it got.
pub(crate) struct Announcer {
    known: watch::Sender<Position>,
    own: watch::Sender<Position>,
}

impl HeadWatch {
    pub(crate) fn new(pool: PgPool, ledger: LedgerId) -> Self {
        Self {
            pool,
            ledger,
            known: watch::Sender::new(Position(0)),
            listener: OnceLock::new(),
        }
    }

    /// Starts the task that tells other processes; it ends when the announcer is dropped.
    pub(crate) fn announcer(&self) -> Announcer {
        let own = watch::Sender::new(Position(0));
        tokio::spawn(announce(
            self.pool.clone(),
            self.ledger.clone(),
            own.subscribe(),
        ));
        Announcer {
            known: self.known.clone(),
            own,
        }
    }

    /// Hears of every position that the log reaches. The first subscriber starts the listening.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Position> {
        self.listener.get_or_init(|| {
            let task = listen(self.pool.clone(), self.ledger.clone(), self.known.clone());
            tokio::spawn(task).abort_handle()
        });
        self.known.subscribe()
    }
}

impl Drop for HeadWatch {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

impl Announcer {
    /// An append of this process ended here.
    pub(crate) fn reached(&self, position: Position) {
        advance(&self.known, position);
        advance(&self.own, position);
    }
}

/// Positions that are reached while one is being told, and right after it, are told as one.
async fn announce(pool: PgPool, ledger: LedgerId, mut own: watch::Receiver<Position>) {
    while own.changed().await.is_ok() {
        let position = *own.borrow_and_update();
        let told = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(format!("{position} {ledger}"))
            .execute(&pool)
            .await;
        if let Err(error) = told {
            // Whoever listens asks once a second anyway.
            tracing::debug!(%error, %position, "a notification was not sent");
        }
        tokio::time::sleep(TELL_EVERY).await;
    }
}

async fn listen(pool: PgPool, ledger: LedgerId, known: watch::Sender<Position>) {
    let mut failures = 0;
    loop {
        let Err(error) = listen_once(&pool, &ledger, &known, &mut failures).await;
        if matches!(error, sqlx::Error::PoolClosed) {
            return;
        }
        failures += 1;
        tracing::warn!(%error, failures, "listening to the log broke off; connecting again");
        tokio::time::sleep(backoff(failures)).await;
    }
}

async fn listen_once(
    pool: &PgPool,
    ledger: &LedgerId,
    known: &watch::Sender<Position>,
    failures: &mut u32,
) -> Result<Infallible, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // Asked after LISTEN took effect: what was appended before it is seen here, what comes after is notified.
        let position: Option<i64> =
            sqlx::query_scalar("SELECT position FROM annal.ledgers WHERE ledger = $1")
                .bind(ledger.as_str())
                .fetch_optional(pool)
                .await?;
        advance(known, Position(from_db(position.unwrap_or_default())));
        *failures = 0;
        while let Ok(heard) = timeout(ASK_EVERY, listener.try_recv()).await {
            // Nothing heard means that the connection was lost and made again: ask what was missed.
            let Some(heard) = heard? else { break };
            if let Some(position) = position_in(heard.payload(), ledger) {
                advance(known, position);
            }
        }
    }
}

/// The position in a notification, if it is about our ledger.
fn position_in(payload: &str, ledger: &LedgerId) -> Option<Position> {
    let (position, of) = payload.split_once(' ')?;
    (of == ledger.as_str())
        .then(|| position.parse().ok())
        .flatten()
}

fn advance(known: &watch::Sender<Position>, reached: Position) {
    known.send_if_modified(|position| {
        let further = reached > *position;
        *position = reached.max(*position);
        further
    });
}

//! The record of refused attempts, in the ledger `access`.
//!
//! Each is an event before its answer goes out. So that a flood of them is no way to fill a disk, only so many of one
//! kind from one place, and so many in all, are events of their own in ten minutes; the rest is counted, and the counts
//! are events at the end of that time. No refusal goes uncounted, and at most 160 events come of ten minutes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use annal_core::{Actor, PersonId};
use annal_log::{Log, StreamId};
use serde::Serialize;
use uuid::Uuid;

use super::accounts::{AccountError, access_ledger, append};

const WINDOW: Duration = Duration::from_secs(600);
/// Of one kind, by one person or from one address.
const EACH: u64 = 10;
const ALL: u64 = 60;
/// How many are counted apart; the rest is counted together by kind.
const KINDS: usize = 80;
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Why somebody was not let in, or not let do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    WrongPassword,
    TooManyAttempts,
    AccountDisabled,
    ForgedSession,
    SessionSignedOut,
    SessionExpired,
    ForgedToken,
    TokenExpired,
    TokenRevoked,
    NoCredential,
    OneTimePassword,
    CsrfToken,
    CrossOrigin,
    /// Asked to do something that they may not.
    Forbidden,
    /// Asked for something that they do not even see.
    NotSeen,
    /// A token that may only read, or that was to sign.
    Scope,
    /// Signing without having signed in anew for it.
    NotConfirmed,
    UnknownSubject,
    IssuerRefused,
}

/// One refused attempt. A name that was typed and is no account's is not in it: people type their password there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<PersonId>,
    pub(crate) address: IpAddr,
    pub(crate) method: String,
    /// Without its query.
    pub(crate) path: String,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    AttemptRefused(&'a Refusal),
    AttemptsCounted(&'a Counted),
}

/// Refusals that are no events of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Counted {
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    attempts: u64,
}

/// Records refusals. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Refusals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Log,
    window: Mutex<Window>,
}

impl Refusals {
    /// # Errors
    /// [`AccountError::Log`] when the ledger of the record cannot be reached.
    pub(crate) async fn connect(url: &str) -> Result<Self, AccountError> {
        let inner = Arc::new(Inner {
            log: Log::connect(url, access_ledger()).await?,
            window: Mutex::new(Window::new(Instant::now())),
        });
        tokio::spawn(write_counts(Arc::downgrade(&inner)));
        Ok(Self(inner))
    }

    /// Records a refusal, or counts it. That it could not be recorded lets nobody in.
    pub(crate) async fn record(&self, refusal: &Refusal) {
        tracing::info!(target: "annal::access", ?refusal, "refused");
        let (alone, counts) = self.0.window().take(refusal, Instant::now());
        self.0.write_all(&counts).await;
        if alone {
            self.0.write(&Event::AttemptRefused(refusal)).await;
        }
    }

    /// Writes what is only counted so far.
    pub(crate) async fn close(&self) {
        let counts = self.0.window().end(Instant::now());
        self.0.write_all(&counts).await;
    }
}

async fn write_counts(refusals: Weak<Inner>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let Some(refusals) = refusals.upgrade() else {
            return;
        };
        let counts = refusals.window().end_if_over(Instant::now());
        refusals.write_all(&counts).await;
    }
}

impl Inner {
    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_all(&self, counts: &[Counted]) {
        for counted in counts {
            self.write(&Event::AttemptsCounted(counted)).await;
        }
    }

    async fn write(&self, event: &Event<'_>) {
        // A stream for each: nobody decides on what came before.
        let stream = StreamId {
            aggregate_type: "refused_attempt".to_owned(),
            aggregate_id: Uuid::now_v7().to_string(),
        };
        let written = match append(stream, 0, event, Actor::engine()) {
            Ok(append) => self.log.append(append).await.map_err(AccountError::from),
            Err(no) => Err(no),
        };
        if let Err(no) = written {
            tracing::error!(target: "annal::access", "a refused attempt could not be recorded: {no}");
        }
    }
}

/// Ten minutes of refusals.
#[derive(Debug)]
struct Window {
    began: Instant,
    alone: u64,
    kinds: HashMap<Key, Count>,
}

type Key = (Reason, Option<PersonId>, Option<IpAddr>);

#[derive(Debug, Default)]
struct Count {
    alone: u64,
    counted: u64,
}

impl Window {
    fn new(began: Instant) -> Self {
        Self {
            began,
            alone: 0,
            kinds: HashMap::new(),
        }
    }

    /// Whether it is to be an event of its own, and the counts of a window that was over.
    fn take(&mut self, refusal: &Refusal, now: Instant) -> (bool, Vec<Counted>) {
        let over = self.end_if_over(now);
        let own = (
            refusal.reason,
            refusal.person.clone(),
            Some(refusal.address),
        );
        let key = match self.kinds.len() < KINDS || self.kinds.contains_key(&own) {
            true => own,
            false => (refusal.reason, None, None),
        };
        let count = self.kinds.entry(key).or_default();
        let alone = count.alone < EACH && self.alone < ALL;
        match alone {
            true => {
                count.alone += 1;
                self.alone += 1;
            }
            false => count.counted += 1,
        }
        (alone, over)
    }

    fn end_if_over(&mut self, now: Instant) -> Vec<Counted> {
        match now.duration_since(self.began) < WINDOW {
            true => Vec::new(),
            false => self.end(now),
        }
    }

    fn end(&mut self, now: Instant) -> Vec<Counted> {
        let ended = std::mem::replace(self, Self::new(now));
        let counted = ended.kinds.into_iter().filter(|(_, it)| it.counted > 0);
        let counted = counted.map(|((reason, person, address), it)| Counted {
            reason,
            person,
            address,
            attempts: it.counted,
        });
        counted.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: Reason, address: u32) -> Refusal {
        Refusal {
            reason,
            person: None,
            address: IpAddr::V4(address.into()),
            method: "GET".to_owned(),
            path: "/".to_owned(),
        }
    }

    #[test]
    fn every_refusal_is_an_event_or_counted_and_a_flood_makes_few_events() {
        let start = Instant::now();
        let mut window = Window::new(start);
        let mut events = 0;
        let flood = 100_000;
        for n in 0..flood {
            let (alone, over) = window.take(&refusal(Reason::ForgedToken, n % 5_000), start);
            events += u64::from(alone);
            assert!(over.is_empty());
        }
        let counts = window.end(start);
        let counted: u64 = counts.iter().map(|it| it.attempts).sum();
        assert_eq!(events + counted, u64::from(flood));
        assert_eq!(events, ALL);
        assert!(counts.len() <= KINDS + 20, "{} counts", counts.len());
    }

    #[test]
    fn one_who_tries_on_and_on_leaves_room_for_others() {
        let start = Instant::now();
        let mut window = Window::new(start);
        let mut alone = |reason, address| window.take(&refusal(reason, address), start).0;
        let first = (0..50).filter(|_| alone(Reason::WrongPassword, 1)).count();
        assert_eq!(first as u64, EACH);
        assert!(alone(Reason::WrongPassword, 2) && alone(Reason::ForgedToken, 1));
    }

    #[test]
    fn what_was_counted_comes_out_when_the_window_is_over() {
        let start = Instant::now();
        let mut window = Window::new(start);
        for _ in 0..=EACH {
            window.take(&refusal(Reason::CsrfToken, 1), start);
        }
        let (alone, over) = window.take(&refusal(Reason::CsrfToken, 1), start + WINDOW);
        assert!(alone);
        assert_eq!(over.iter().map(|it| it.attempts).collect::<Vec<_>>(), [1]);
    }
}

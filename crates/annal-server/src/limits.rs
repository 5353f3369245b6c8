//! What a request may cost: its size, its time, how many there are at once, how often somebody comes.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use annal_core::PersonId;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::problem::{Problem, kinds};

/// The largest body, files aside.
pub(crate) const BODY_BYTES: usize = 1 << 20;
/// The largest file.
pub(crate) const FILE_BYTES: usize = 64 << 20;
/// The longest address, query included.
const URI_BYTES: usize = 8 << 10;
/// So long an answer is worked on. An act is waited for a little less by the client of the workflow.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// Pages and answers that are made at the same time. There are as many connections for readers of the log: who comes in a
/// crowd waits here for their turn, in the order in which they came, not there until the wait for a connection is an error.
const READS_AT_ONCE: usize = 8;

/// How much is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests at work at the same time.
    pub at_once: usize,
    /// Requests a second from one address; the same again may come in a burst.
    pub address_per_second: NonZeroU32,
    /// Requests a second by one person; the same again may come in a burst.
    pub person_per_second: NonZeroU32,
}

impl Default for Limits {
    /// A bank's people may all come through one address.
    fn default() -> Self {
        let number = |it| NonZeroU32::new(it).unwrap_or(NonZeroU32::MIN);
        Self {
            at_once: 512,
            address_per_second: number(2_000),
            person_per_second: number(100),
        }
    }
}

/// The gate that all requests pass.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    at_once: Semaphore,
    reads: Semaphore,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    by_person: DefaultKeyedRateLimiter<PersonId>,
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        let limiter = |rate| Quota::per_second(rate);
        Self(Arc::new(Inner {
            at_once: Semaphore::new(limits.at_once),
            reads: Semaphore::new(READS_AT_ONCE),
            by_address: RateLimiter::keyed(limiter(limits.address_per_second)),
            by_person: RateLimiter::keyed(limiter(limits.person_per_second)),
        }))
    }

    /// Whether a person may come once more.
    ///
    /// # Errors
    /// `too_many_requests`, with the time to wait.
    pub(crate) fn lets_in(&self, person: &PersonId) -> Result<(), Problem> {
        let checked = self.0.by_person.check_key(person);
        checked.map_err(|no| too_many(no.wait_time_from(DefaultClock::default().now())))
    }

    /// Forgets who has not come for a while, so that addresses that come once do not fill the memory.
    pub(crate) fn sweep(&self) {
        self.0.by_address.retain_recent();
        self.0.by_person.retain_recent();
    }
}

fn too_many(wait: Duration) -> Problem {
    let detail = "you ask faster than this server answers anybody; slow down";
    Problem::new(&kinds::TOO_MANY, detail).retry_after(wait)
}

/// Refuses what is too much before anything is done for it.
pub(crate) async fn limited(
    State(gate): State<Gate>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let checked = gate.0.by_address.check_key(&from.ip());
    checked.map_err(|no| too_many(no.wait_time_from(DefaultClock::default().now())))?;
    acceptable(&request)?;
    let Ok(_place) = gate.0.at_once.try_acquire() else {
        let detail = "too many requests are at work; try again in a moment";
        return Err(Problem::new(&kinds::BUSY, detail).retry_after(Duration::from_secs(1)));
    };
    let waits = waits_its_turn(&request);
    let answer = async {
        let _turn = match waits {
            true => gate.0.reads.acquire().await.ok(),
            false => None,
        };
        next.run(request).await
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await;
    answer.map_err(|_| {
        let detail = format!("there was no answer within {} s", ANSWER_WITHIN.as_secs());
        Problem::new(&kinds::TIMED_OUT, detail)
    })
}

/// Who reads waits for their turn. Who changes something or comes from the issuer does not: that takes its time elsewhere;
/// and who asks how the server is has to hear it most of all when it is busy.
fn waits_its_turn(request: &Request) -> bool {
    let path = request.uri().path();
    let of_the_server = ["/healthz", "/readyz", "/metrics"].contains(&path);
    request.method().is_safe() && !of_the_server && !path.starts_with("/sign-in/")
}

fn acceptable(request: &Request) -> Result<(), Problem> {
    let uri = request.uri();
    let length = uri.path().len() + uri.query().map_or(0, str::len);
    if length > URI_BYTES {
        let detail = format!("path and query have {length} bytes; {URI_BYTES} are taken");
        return Err(Problem::new(&kinds::URI_TOO_LONG, detail));
    }
    let nul = |it: &str| it.contains("%00");
    if nul(uri.path()) || uri.query().is_some_and(nul) {
        let detail = "path or query hold U+0000, which nothing is named with";
        return Err(Problem::new(&kinds::INVALID_TEXT, detail));
    }
    Ok(())
}

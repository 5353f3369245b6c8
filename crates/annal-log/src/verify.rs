//! Proving that nothing was altered.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use annal_core::Position;
use futures::StreamExt;
use tokio::task::JoinHandle;

use crate::error::{LogError, retrying};
use crate::hash::BEFORE_THE_FIRST;
use crate::log::{Head, Log};
use crate::row::{EventRow, digest, from_db, to_db};
use crate::slice::{self, Slice};

/// Events fetched and hashed at a time.
const STRETCH: u32 = 2_000;
/// More would take the connections of everybody else.
const MAX_JOBS: usize = 6;
const DOING: &str = "verifying the log";

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many events were read and hashed.
    pub checked: u64,
    /// The end of the log as it was when the verification began. Worth keeping: a later verification can start here.
    pub head: Head,
    /// The first thing that is wrong, if anything is.
    pub fault: Option<Fault>,
}

/// The first place where the log is not what was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub position: Position,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// How a log can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// There is no event at this position, although the log goes on after it.
    Missing,
    /// The event does not have the hash that it was given, or does not follow its predecessor.
    Altered,
    /// The log does not have the event that was its head when the checkpoint was taken.
    NotTheCheckpoint,
    /// The ledger's head says something else than its last event.
    HeadDiffers,
    /// There is an event beyond the ledger's head.
    BeyondHead,
    /// The slice at this position does not hold what its events say: whoever reads the stream would miss some of them,
    /// or read others.
    SliceDiffers,
    /// The register of commands says something else than the events of the command at this position.
    CommandDiffers,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position;
        match self.kind {
            FaultKind::Missing => write!(f, "the event at position {position} is missing"),
            FaultKind::Altered => write!(f, "the event at position {position} was altered"),
            FaultKind::NotTheCheckpoint => write!(
                f,
                "the event at position {position} is not the one that the checkpoint names: it, or one before it, was altered"
            ),
            FaultKind::HeadDiffers => write!(
                f,
                "the ledger's head does not agree with its last event, at position {position}"
            ),
            FaultKind::BeyondHead => write!(
                f,
                "the event at position {position} stands beyond the ledger's head"
            ),
            FaultKind::SliceDiffers => write!(
                f,
                "the slice at position {position} does not hold what its events say, so its stream is not read as it was written"
            ),
            FaultKind::CommandDiffers => write!(
                f,
                "the register of commands does not agree with the events from position {position} on"
            ),
        }
    }
}

/// What is to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Where to begin.
    pub since: Since,
    /// The last position; the log's head where there is none.
    pub until: Option<Position>,
    /// How many stretches are read and hashed at a time, at most six.
    pub jobs: usize,
}

/// Where a verification begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the first event.
    Beginning,
    /// After an event whose hash is known from elsewhere.
    Checkpoint(Head),
    /// After a position, whose stored hash is taken on trust.
    Position(Position),
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events that were read, hashed and found right.
    pub checked: u64,
    /// Events in all.
    pub of: u64,
}

impl Default for Scope {
    /// All of it, on all processors.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            since: Since::Beginning,
            until: None,
            jobs: processors,
        }
    }
}

impl Log {
    /// Verifies from a checkpoint (from the beginning where there is none) to the head: [`Log::verify_with`].
    ///
    /// # Errors
    /// As there.
    pub async fn verify(&self, since: Option<Head>) -> Result<Verified, LogError> {
        let scope = Scope {
            since: since.map_or(Since::Beginning, Since::Checkpoint),
            ..Scope::default()
        };
        self.verify_with(scope, |_| ()).await
    }

    /// Reads the log or a part of it, computes every hash again, and compares the register of commands. Finds the
    /// first fault, by position.
    ///
    /// What it proves: none of these events was changed, taken out, put in or moved since its hash was written, and
    /// with a checkpoint kept elsewhere, that nobody wrote the whole chain anew.
    ///
    /// # Errors
    /// [`LogError::OutOfReach`] when the scope ends beyond the head; [`LogError`] when the database cannot be asked.
    /// A log that is wrong is not an error here; see [`Verified::fault`].
    pub async fn verify_with(
        &self,
        scope: Scope,
        progress: impl FnMut(Progress),
    ) -> Result<Verified, LogError> {
        let head = self.head().await?;
        let until = scope.until.unwrap_or(head.position);
        let since = match scope.since {
            Since::Beginning => Position(0),
            Since::Checkpoint(known) => known.position,
            Since::Position(position) => position,
        };
        if until > head.position {
            let size = head.position.0;
            return Err(LogError::OutOfReach {
                position: until,
                size,
            });
        }
        let mut verified = Verified {
            checked: 0,
            head,
            fault: self.find_fault_before(scope.since, since).await?,
        };
        if verified.fault.is_none() {
            self.walk(&mut verified, (since, until), scope.jobs, progress)
                .await?;
        }
        if verified.fault.is_none() && since < until {
            verified.fault = self.find_fault_beside(since, until, head).await?;
        }
        Ok(verified)
    }

    /// Whether the event after which the verification begins is there, and is the one that is known.
    async fn find_fault_before(
        &self,
        since: Since,
        position: Position,
    ) -> Result<Option<Fault>, LogError> {
        if position.0 == 0 {
            return Ok(None);
        }
        let stored = self.hash_at(position).await?;
        Ok(match (since, stored) {
            (Since::Checkpoint(known), stored) if stored.as_deref() != Some(&known.hash) => {
                Fault::at(position, FaultKind::NotTheCheckpoint)
            }
            (_, None) => Fault::at(position, FaultKind::Missing),
            _ => None,
        })
    }

    /// Cuts the scope into stretches and hashes several at a time. Each begins with the stored hash before it, which
    /// the stretch before it has to come to, so together they are the whole chain. They are judged in their order.
    async fn walk(
        &self,
        verified: &mut Verified,
        (since, until): (Position, Position),
        jobs: usize,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), LogError> {
        let starts = (since.0..until.0).step_by(STRETCH as usize);
        let mut stretches = futures::stream::iter(starts)
            .map(|start| {
                let end = Position(until.0.min(start + u64::from(STRETCH)));
                let log = self.clone();
                // A task of its own, because hashing keeps a processor busy.
                let task = tokio::spawn(async move { log.stretch(Position(start), end).await });
                AbortOnDrop(task)
            })
            .buffered(jobs.clamp(1, MAX_JOBS));
        while let Some(stretch) = stretches.next().await {
            let (checked, fault) = stretch?;
            verified.checked += checked;
            verified.fault = fault;
            if fault.is_some() {
                return Ok(());
            }
            progress(Progress {
                checked: verified.checked,
                of: until.0 - since.0,
            });
        }
        Ok(())
    }

    /// How many of the events after one position and up to another are right, and what is wrong with the next.
    async fn stretch(
        &self,
        after: Position,
        until: Position,
    ) -> Result<(u64, Option<Fault>), LogError> {
        let previous = match after.0 {
            0 => Some(BEFORE_THE_FIRST),
            _ => self.hash_at(after).await?.as_deref().and_then(digest),
        };
        let Some(hash) = previous else {
            // The stretch before this one ends with that event, and its fault comes first.
            return Ok((0, Fault::at(after, FaultKind::Missing)));
        };
        let slice = self.slice_at(after).await?;
        let mut chain = Chain {
            at: Head {
                position: after,
                hash,
            },
            read: 0,
            slice,
        };
        for row in self.read_rows(after, STRETCH).await? {
            if from_db(row.position) > until.0 {
                break;
            }
            if let Some(fault) = chain.step(&row) {
                return Ok((chain.read, Some(fault)));
            }
        }
        let fault = (chain.at.position < until)
            .then(|| Fault::at(chain.at.position.next(), FaultKind::Missing))
            .flatten();
        Ok((chain.read, fault))
    }

    /// What the chain itself does not show: the ledger's head, events after it, and the register of commands.
    async fn find_fault_beside(
        &self,
        since: Position,
        until: Position,
        head: Head,
    ) -> Result<Option<Fault>, LogError> {
        if until == head.position {
            let last = match head.position.0 {
                0 => Some(BEFORE_THE_FIRST.to_vec()),
                _ => self.hash_at(head.position).await?,
            };
            if last.as_deref() != Some(&head.hash) {
                return Ok(Fault::at(head.position, FaultKind::HeadDiffers));
            }
            if let Some(position) = self.beyond_head().await? {
                return Ok(Fault::at(position, FaultKind::BeyondHead));
            }
            let last = self.slice_at(head.position).await?;
            if let Some(begins) = last.and_then(|slice| slice.unfinished()) {
                return Ok(Fault::at(begins, FaultKind::SliceDiffers));
            }
        }
        self.find_differing_command(since, until).await
    }

    async fn beyond_head(&self) -> Result<Option<Position>, LogError> {
        // Head and events in one statement, so that an append in between shows in both or in neither.
        let beyond: Option<i64> = retrying(DOING, || async {
            sqlx::query_scalar(
                "SELECT min(e.position) FROM annal.ledgers l JOIN annal.events e USING (ledger) \
                 WHERE l.ledger = $1 AND e.position > l.position",
            )
            .bind(self.ledger().as_str())
            .fetch_one(self.pool())
            .await
        })
        .await?;
        Ok(beyond.map(|position| Position(from_db(position))))
    }

    async fn find_differing_command(
        &self,
        since: Position,
        until: Position,
    ) -> Result<Option<Fault>, LogError> {
        let differs: Option<i64> = retrying(DOING, || async {
            let mut transaction = self.pool().begin().await?;
            sqlx::query("SET LOCAL statement_timeout = 0")
                .execute(&mut *transaction)
                .await?;
            sqlx::query_scalar(COMMANDS_THAT_DIFFER)
                .bind(self.ledger().as_str())
                .bind(to_db(since.0))
                .bind(to_db(until.0))
                .fetch_one(&mut *transaction)
                .await
        })
        .await?;
        Ok(differs
            .and_then(|position| Fault::at(Position(from_db(position)), FaultKind::CommandDiffers)))
    }

    /// The stored hash of an event, if there is one at that position.
    pub(crate) async fn hash_at(&self, position: Position) -> Result<Option<Vec<u8>>, LogError> {
        retrying(DOING, || async {
            sqlx::query_scalar("SELECT hash FROM annal.events WHERE ledger = $1 AND position = $2")
                .bind(self.ledger().as_str())
                .bind(to_db(position.0))
                .fetch_optional(self.pool())
                .await
        })
        .await
    }
}

/// A command's events stand side by side, so first, last and the id say all. Of a command that reaches over an end
/// of the scope, the part inside is compared.
const COMMANDS_THAT_DIFFER: &str = "\
    SELECT min(coalesce(e.first, c.first)) \
    FROM (SELECT command_id, min(position) AS first, max(position) AS last FROM annal.events \
          WHERE ledger = $1 AND position > $2 AND position <= $3 GROUP BY command_id) AS e \
    FULL JOIN (SELECT command_id, greatest(first_position, $2 + 1) AS first, least(last_position, $3) AS last \
          FROM annal.commands WHERE ledger = $1 AND last_position > $2 AND first_position <= $3) AS c USING (command_id) \
    WHERE e.first IS DISTINCT FROM c.first OR e.last IS DISTINCT FROM c.last";

impl Fault {
    fn at(position: Position, kind: FaultKind) -> Option<Self> {
        Some(Self { position, kind })
    }
}

struct Chain {
    at: Head,
    read: u64,
    slice: Option<Slice>,
}

impl Chain {
    /// Takes the next event, or says what is wrong with it.
    fn step(&mut self, row: &EventRow) -> Option<Fault> {
        let expected = self.at.position.next();
        if from_db(row.position) != expected.0 {
            return Fault::at(expected, FaultKind::Missing);
        }
        self.read += 1;
        let hash = row.envelope().hash(&self.at.hash);
        if row.hash != hash {
            return Fault::at(expected, FaultKind::Altered);
        }
        if let Err(begins) = slice::step(&mut self.slice, row) {
            return Fault::at(begins, FaultKind::SliceDiffers);
        }
        self.at = Head {
            position: expected,
            hash,
        };
        None
    }
}

/// A task that ends when nobody waits for it any more.
struct AbortOnDrop<T>(JoinHandle<Result<T, LogError>>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, LogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|joined| joined.unwrap_or(Err(LogError::Closed { doing: DOING })))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

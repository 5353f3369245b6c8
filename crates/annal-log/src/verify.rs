//! Proving that nothing was altered.

use std::fmt;

use annal_core::Position;

use crate::error::{LogError, retrying};
use crate::hash::BEFORE_THE_FIRST;
use crate::log::{Head, Log};
use crate::row::{EventRow, from_db, to_db};

/// Events fetched and hashed at a time.
const PAGE: u32 = 2_000;

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
            FaultKind::CommandDiffers => write!(
                f,
                "the register of commands does not agree with the events from position {position} on"
            ),
        }
    }
}

impl Log {
    /// Reads the log from a checkpoint (from its beginning where there is none) to its head, and computes every hash
    /// again. Stops at the first fault.
    ///
    /// What it proves: none of these events was changed, taken out, put in or moved since its hash was written, and
    /// with a checkpoint kept elsewhere, that nobody wrote the whole chain anew.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked. A log that is wrong is not an error here; see
    /// [`Verified::fault`].
    pub async fn verify(&self, since: Option<Head>) -> Result<Verified, LogError> {
        let head = self.head().await?;
        let since = since.unwrap_or(Head {
            position: Position(0),
            hash: BEFORE_THE_FIRST,
        });
        let mut chain = Chain { at: since, read: 0 };
        let fault = match self.find_fault(&mut chain, since, head).await? {
            Some(fault) => Some(fault),
            None => self.find_fault_beside(since, head).await?,
        };
        Ok(Verified {
            checked: chain.read,
            head,
            fault,
        })
    }

    /// Walks the chain.
    async fn find_fault(
        &self,
        chain: &mut Chain,
        since: Head,
        head: Head,
    ) -> Result<Option<Fault>, LogError> {
        if since.position.0 > 0
            && self.hash_at(since.position).await?.as_deref() != Some(&since.hash)
        {
            return Ok(Fault::at(since.position, FaultKind::NotTheCheckpoint));
        }
        while chain.at.position < head.position {
            let rows = self.read_rows(chain.at.position, PAGE).await?;
            let within = rows
                .iter()
                .take_while(|row| from_db(row.position) <= head.position.0);
            let before = chain.at.position;
            for row in within {
                if let Some(kind) = chain.step(row) {
                    return Ok(Fault::at(chain.at.position.next(), kind));
                }
            }
            if chain.at.position == before {
                return Ok(Fault::at(before.next(), FaultKind::Missing));
            }
        }
        Ok((chain.at.hash != head.hash)
            .then(|| Fault::at(head.position, FaultKind::HeadDiffers))
            .flatten())
    }

    /// What the chain itself does not show: events after the head, and the register of commands.
    async fn find_fault_beside(&self, since: Head, head: Head) -> Result<Option<Fault>, LogError> {
        let doing = "verifying the log";
        // Head and events in one statement, so that an append in between shows in both or in neither.
        let beyond: Option<i64> = retrying(doing, || async {
            sqlx::query_scalar(
                "SELECT min(e.position) FROM annal.ledgers l JOIN annal.events e USING (ledger) \
                 WHERE l.ledger = $1 AND e.position > l.position",
            )
            .bind(self.ledger().as_str())
            .fetch_one(self.pool())
            .await
        })
        .await?;
        if let Some(position) = beyond {
            return Ok(Fault::at(
                Position(from_db(position)),
                FaultKind::BeyondHead,
            ));
        }
        let differs: Option<i64> = retrying(doing, || async {
            let mut transaction = self.pool().begin().await?;
            sqlx::query("SET LOCAL statement_timeout = 0")
                .execute(&mut *transaction)
                .await?;
            sqlx::query_scalar(COMMANDS_THAT_DIFFER)
                .bind(self.ledger().as_str())
                .bind(to_db(since.position.0))
                .bind(to_db(head.position.0))
                .fetch_one(&mut *transaction)
                .await
        })
        .await?;
        Ok(differs
            .and_then(|position| Fault::at(Position(from_db(position)), FaultKind::CommandDiffers)))
    }

    async fn hash_at(&self, position: Position) -> Result<Option<Vec<u8>>, LogError> {
        retrying("verifying the log", || async {
            sqlx::query_scalar("SELECT hash FROM annal.events WHERE ledger = $1 AND position = $2")
                .bind(self.ledger().as_str())
                .bind(to_db(position.0))
                .fetch_optional(self.pool())
                .await
        })
        .await
    }
}

/// A command's events stand side by side, so first, last and the id say all.
const COMMANDS_THAT_DIFFER: &str = "\
    SELECT min(coalesce(e.first, c.first_position)) \
    FROM (SELECT command_id, min(position) AS first, max(position) AS last FROM annal.events \
          WHERE ledger = $1 AND position > $2 AND position <= $3 GROUP BY command_id) AS e \
    FULL JOIN (SELECT * FROM annal.commands \
          WHERE ledger = $1 AND first_position > $2 AND last_position <= $3) AS c USING (command_id) \
    WHERE e.first IS DISTINCT FROM c.first_position OR e.last IS DISTINCT FROM c.last_position";

impl Fault {
    fn at(position: Position, kind: FaultKind) -> Option<Self> {
        Some(Self { position, kind })
    }
}

struct Chain {
    at: Head,
    read: u64,
}

impl Chain {
    /// Takes the next event, or says what is wrong with it.
    fn step(&mut self, row: &EventRow) -> Option<FaultKind> {
        let expected = self.at.position.next();
        if from_db(row.position) != expected.0 {
            return Some(FaultKind::Missing);
        }
        self.read += 1;
        let hash = row.envelope().hash(&self.at.hash);
        if row.hash != hash {
            return Some(FaultKind::Altered);
        }
        self.at = Head {
            position: expected,
            hash,
        };
        None
    }
}

//! Runs as they stand, read from the log and kept, so that the next look reads only what is new.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use annal_core::definition::{Definition, UnknownDefinition};
use annal_core::envelope::Recorded;
use annal_core::{Case, Phase, Position, RunId, Sequence};
use annal_log::{Log, LogError, StreamId, decode};

use tokio::sync::OwnedMutexGuard;

use crate::act::{Cause, Progress};

/// So many runs are kept at once; the rest is loaded when somebody acts on it.
const KEPT: usize = 64;
/// If the ledger has grown by more than this, the run's own streams are read instead.
const TAIL: u32 = 500;

/// A stream of a run: that of a phase's dossier, or the run's own.
type Part = Option<Phase>;

/// The runs of one ledger. A run that was looked at before costs one short question to the log.
pub struct Cases {
    log: Log,
    slots: Mutex<HashMap<RunId, Arc<tokio::sync::Mutex<Slot>>>>,
}

/// A run as it stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The run with its dossiers.
    pub case: Case,
    /// True for the log up to here.
    pub position: Position,
}

/// Why a run cannot be told from the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The run is pinned to a definition that this build does not have.
    #[error("{0}; let a newer build take the run")]
    Definition(#[from] UnknownDefinition),
    /// The text of the definition that the run is pinned to is not the one that this build has.
    #[error(
        "the run is pinned to definition {version} with another text than this build's; let the build take it that opened the run"
    )]
    OtherDefinition {
        /// Its version.
        version: String,
    },
}

impl CaseError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log(error) => error.code(),
            Self::Definition(_) | Self::OtherDefinition { .. } => "definition_not_here",
        }
    }
}

impl Cases {
    /// None are read yet.
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self {
            log,
            slots: Mutex::default(),
        }
    }

    /// A run as it stands; none where the ledger has no such run.
    ///
    /// # Errors
    /// [`CaseError`].
    pub async fn standing(&self, run: RunId) -> Result<Option<Standing>, CaseError> {
        let slot = self.load(run).await?;
        let standing = slot.case.run.id().map(|_| Standing {
            case: slot.case.clone(),
            position: slot.position,
        });
        drop(slot);
        if standing.is_none() {
            self.forget(run);
        }
        Ok(standing)
    }

    /// The run as it stands. Nobody else who asks here looks at it while the slot is held.
    pub(crate) async fn load(&self, run: RunId) -> Result<OwnedMutexGuard<Slot>, CaseError> {
        let mut slot = self.slot(run).lock_owned().await;
        slot.catch_up(&self.log, run).await?;
        Ok(slot)
    }

    /// Who asks for runs that there are not must not push out those that there are.
    fn forget(&self, run: RunId) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.remove(&run);
    }

    fn slot(&self, run: RunId) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= KEPT && !slots.contains_key(&run) {
            // Whoever works on one holds it too; that one stays.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        slots.entry(run).or_default().clone()
    }
}

/// A run as it was when somebody last looked.
pub(crate) struct Slot {
    pub(crate) case: Case,
    sequences: BTreeMap<Part, Sequence>,
    /// Everything up to here is in the case.
    position: Position,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            case: Case::new(Arc::new(Definition::latest())),
            sequences: BTreeMap::new(),
            position: Position(0),
        }
    }
}

impl Slot {
    /// The last event of a stream that is in the case.
    pub(crate) fn sequence(&self, part: Part) -> Sequence {
        self.sequences.get(&part).copied().unwrap_or_default()
    }

    /// Where the run stands.
    pub(crate) fn progress(&self, cause: Cause) -> Progress {
        Progress {
            summary: self.case.summary(),
            position: self.position,
            definition: self.case.run.definition().cloned(),
            cause,
        }
    }

    /// Takes in what was appended since. Positions are dense and in commit order, so whoever saw one has seen all
    /// before it.
    ///
    /// The position moves last and at once: whoever is broken off on the way leaves a run that is told again from
    /// where it stood, not one that lacks what was not read.
    pub(crate) async fn catch_up(&mut self, log: &Log, run: RunId) -> Result<(), CaseError> {
        if self.position > Position(0) {
            let tail = log.read(self.position, TAIL).await?;
            if tail.len() < TAIL as usize {
                for event in &tail {
                    if let Some(part) = part_of(run, event) {
                        self.apply(part, event)?;
                    }
                }
                let last = tail.last().map_or(self.position, |event| event.position);
                self.position = last;
                return Ok(());
            }
        }
        let head = log.head().await?.position;
        for part in std::iter::once(None).chain(Phase::ALL.map(Some)) {
            let stream = stream(run, part);
            for event in &log.read_stream(&stream, self.sequence(part)).await? {
                self.apply(part, event)?;
            }
        }
        // What was appended while the streams were read may be in the case already; it is not taken in twice.
        self.position = head;
        Ok(())
    }

    fn apply(&mut self, part: Part, event: &Recorded) -> Result<(), CaseError> {
        if event.sequence <= self.sequence(part) {
            return Ok(());
        }
        match part {
            None => {
                Arc::make_mut(&mut self.case.run).evolve(&decode(event)?);
                self.follow_definition()?;
            }
            Some(phase) => {
                let dossier = self.case.dossiers.entry(phase).or_default();
                Arc::make_mut(dossier).evolve(&decode(event)?);
            }
        }
        self.sequences.insert(part, event.sequence);
        Ok(())
    }

    /// The rules of the definition that the run is pinned to now, to the byte.
    fn follow_definition(&mut self) -> Result<(), CaseError> {
        let Some(pinned) = self.case.run.definition() else {
            return Ok(());
        };
        if *pinned == self.case.definition.reference() {
            return Ok(());
        }
        let definition = Definition::builtin(&pinned.version)?;
        if definition.reference() != *pinned {
            let version = pinned.version.to_string();
            return Err(CaseError::OtherDefinition { version });
        }
        self.case.definition = Arc::new(definition);
        Ok(())
    }
}

/// The stream of a run or of one of its phases.
pub(crate) fn stream(run: RunId, part: Part) -> StreamId {
    part.map_or_else(|| StreamId::run(run), |phase| StreamId::dossier(run, phase))
}

/// Which stream of this run an event belongs to; none if it is another run's.
fn part_of(run: RunId, event: &Recorded) -> Option<Part> {
    let rest = event.aggregate_id.strip_prefix(&run.to_string())?;
    if rest.is_empty() {
        return Some(None);
    }
    Some(Some(rest.strip_prefix('/')?.parse().ok()?))
}

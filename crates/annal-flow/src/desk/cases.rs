//! Runs that were loaded before, kept so that a command reads only what is new.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use annal_core::definition::Definition;
use annal_core::envelope::Recorded;
use annal_core::{Case, CommandId, Phase, Position, RunId, Sequence};
use annal_log::{Log, StreamId, decode};

use super::error::DeskError;
use crate::act::Progress;

/// So many runs are kept at once; the rest is loaded when somebody acts on it.
const KEPT: usize = 64;
/// If the ledger has grown by more than this, the run's own streams are read instead.
const TAIL: u32 = 500;

/// A stream of a run: that of a phase's dossier, or the run's own.
type Part = Option<Phase>;

#[derive(Default)]
pub(super) struct Cases {
    slots: Mutex<HashMap<RunId, Arc<tokio::sync::Mutex<Slot>>>>,
}

impl Cases {
    pub(super) fn slot(&self, run: RunId) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= KEPT && !slots.contains_key(&run) {
            // Whoever works on one holds it too; that one stays.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        slots.entry(run).or_default().clone()
    }
}

/// A run as it was when somebody last looked.
pub(super) struct Slot {
    pub(super) case: Case,
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
    pub(super) fn sequence(&self, part: Part) -> Sequence {
        self.sequences.get(&part).copied().unwrap_or_default()
    }

    /// Where the run stands.
    pub(super) fn progress(&self, cause: CommandId) -> Progress {
        Progress {
            summary: self.case.summary(),
            position: self.position,
            definition: self.case.run.definition().cloned(),
            cause,
        }
    }

    /// Takes in what was appended since. Positions are dense and in commit order, so whoever saw one has seen all
    /// before it.
    pub(super) async fn catch_up(&mut self, log: &Log, run: RunId) -> Result<(), DeskError> {
        if self.position > Position(0) {
            let tail = log.read(self.position, TAIL).await?;
            if tail.len() < TAIL as usize {
                return self.take_in(run, &tail);
            }
        }
        let head = log.head().await?.position;
        for part in std::iter::once(None).chain(Phase::ALL.map(Some)) {
            let stream = stream(run, part);
            let tail = log.read_stream(&stream, self.sequence(part)).await?;
            self.take_in(run, &tail)?;
        }
        // What was appended while the streams were read may be in the case already; it is not taken in twice.
        self.position = head;
        Ok(())
    }

    fn take_in(&mut self, run: RunId, events: &[Recorded]) -> Result<(), DeskError> {
        for event in events {
            if let Some(part) = part_of(run, event) {
                self.apply(part, event)?;
            }
            self.position = self.position.max(event.position);
        }
        Ok(())
    }

    fn apply(&mut self, part: Part, event: &Recorded) -> Result<(), DeskError> {
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
    fn follow_definition(&mut self) -> Result<(), DeskError> {
        let Some(pinned) = self.case.run.definition() else {
            return Ok(());
        };
        if *pinned == self.case.definition.reference() {
            return Ok(());
        }
        let definition = Definition::builtin(&pinned.version)?;
        if definition.reference() != *pinned {
            let version = pinned.version.to_string();
            return Err(DeskError::OtherDefinition { version });
        }
        self.case.definition = Arc::new(definition);
        Ok(())
    }
}

/// The stream of a run or of one of its phases.
pub(super) fn stream(run: RunId, part: Part) -> StreamId {
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

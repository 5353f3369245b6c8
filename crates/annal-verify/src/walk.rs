//! The check of a whole export, line by line, with memory for one line and for one number a stream.

use std::collections::HashMap;
use std::io::BufRead;

use chrono::{DateTime, Utc};
use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::event::Event;
use crate::export::{Header, MAX_LINE};
use crate::fault::{Fault, FaultKind};
use crate::hex_form;
use crate::merkle::Tree;

/// What the check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose events.
    pub ledger: String,
    /// The events begin after this position.
    pub after: u64,
    /// The last position that was checked and is right.
    pub last: u64,
    /// The hash of that event.
    #[serde(with = "hex_form::bytes")]
    pub head: [u8; 32],
    /// The last position for which a signed checkpoint vouches. What comes after it, and everything where this is 0,
    /// fits together but could have been written anew or cut short by whoever owns the database.
    pub vouched: u64,
    /// Sizes of checkpoints that lie before the export and so could not be compared.
    pub not_compared: Vec<u64>,
    /// The first thing that is wrong, if anything is.
    #[serde(flatten)]
    pub fault: Option<Fault>,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Reading failed.
    #[error("the export cannot be read: {0}")]
    Reading(#[from] std::io::Error),
    /// The first line is not a header.
    #[error("the first line is no header of an export: {0}")]
    Header(String),
    /// A checkpoint does not count.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint of another ledger.
    #[error("the checkpoint is one of the ledger '{checkpoint}', the export one of '{export}'")]
    OtherLedger {
        /// Of the checkpoint.
        checkpoint: String,
        /// Of the export.
        export: String,
    },
}

impl Unusable {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reading(_) => "export_unreadable",
            Self::Header(_) => "export_header",
            Self::Checkpoint(error) => error.code(),
            Self::OtherLedger { .. } => "checkpoint_other_ledger",
        }
    }
}

/// Checks an export against itself and against checkpoints signed with a key, and stops at the first fault.
///
/// # Errors
/// [`Unusable`] when there is nothing to check or a checkpoint does not count. A log that is wrong is not an error
/// here; see [`Report::fault`].
pub fn verify_export(
    export: impl BufRead,
    checkpoints: &[Checkpoint],
    trusted: Option<&VerifyingKey>,
) -> Result<Report, Unusable> {
    let mut lines = Lines { export, number: 0 };
    let header = lines.next()?.ok_or_else(|| "the file is empty".to_owned());
    let header = header
        .and_then(|line| Header::from_line(&line?))
        .map_err(Unusable::Header)?;
    let mut checkpoints: Vec<&Checkpoint> = checkpoints.iter().collect();
    checkpoints.sort_by_key(|checkpoint| checkpoint.size);
    for checkpoint in &checkpoints {
        let key = trusted.ok_or_else(|| {
            CheckpointError::Unreadable("no key was given that it could be checked with".to_owned())
        })?;
        checkpoint.verify(key)?;
        if checkpoint.ledger != header.ledger {
            return Err(Unusable::OtherLedger {
                checkpoint: checkpoint.ledger.clone(),
                export: header.ledger,
            });
        }
    }
    let mut walk = Walk::begin(&header);
    let fault = walk.find_fault(&mut lines, &header, &checkpoints)?;
    Ok(Report {
        ledger: header.ledger,
        after: header.after,
        last: walk.last,
        head: walk.head,
        vouched: walk.vouched,
        not_compared: walk.not_compared,
        fault,
    })
}

struct Walk {
    last: u64,
    head: [u8; 32],
    recorded_at: Option<DateTime<Utc>>,
    /// Of the whole log only: a part of it does not make the tree.
    tree: Option<Tree>,
    /// The sequence of each stream's last event. Of a part of the log, only streams that were met.
    streams: HashMap<(String, String), u64>,
    whole: bool,
    vouched: u64,
    not_compared: Vec<u64>,
}

impl Walk {
    fn begin(header: &Header) -> Self {
        Self {
            last: header.after,
            head: header.previous,
            recorded_at: None,
            tree: (header.after == 0).then(Tree::default),
            streams: HashMap::new(),
            whole: header.after == 0,
            vouched: 0,
            not_compared: Vec::new(),
        }
    }

    fn find_fault(
        &mut self,
        lines: &mut Lines<impl BufRead>,
        header: &Header,
        checkpoints: &[&Checkpoint],
    ) -> Result<Option<Fault>, Unusable> {
        let earlier = checkpoints.iter().filter(|it| it.size < header.after);
        self.not_compared = earlier.map(|checkpoint| checkpoint.size).collect();
        let mut ahead = checkpoints
            .iter()
            .filter(|it| it.size >= header.after)
            .peekable();
        loop {
            while let Some(checkpoint) = ahead.next_if(|it| it.size == self.last) {
                if let Some(kind) = self.compare(checkpoint) {
                    return Ok(at(self.last, kind));
                }
            }
            let expected = self.last + 1;
            let Some(line) = lines.next()? else { break };
            let event = match line.and_then(|line| Event::from_line(&line)) {
                Ok(event) => event,
                Err(detail) => {
                    let line = lines.number;
                    return Ok(at(expected, FaultKind::Unreadable { line, detail }));
                }
            };
            if expected > header.until {
                return Ok(at(expected, FaultKind::Surplus));
            }
            if let Some(fault) = self.misplaced(&event, header, lines)? {
                return Ok(Some(fault));
            }
            if let Some(kind) = self.step(event) {
                return Ok(at(expected, kind));
            }
        }
        if self.last < header.until {
            return Ok(at(self.last + 1, FaultKind::CutShort));
        }
        Ok(ahead.next().and_then(|checkpoint| {
            let size = checkpoint.size;
            at(self.last + 1, FaultKind::CutShortOfCheckpoint { size })
        }))
    }

    /// Compares what was read so far with a checkpoint of the same size.
    fn compare(&mut self, checkpoint: &Checkpoint) -> Option<FaultKind> {
        let same_root = self
            .tree
            .as_ref()
            .is_none_or(|tree| tree.root() == checkpoint.root);
        if self.head == checkpoint.head && same_root {
            self.vouched = checkpoint.size;
            return None;
        }
        Some(FaultKind::NotTheCheckpoint {
            size: checkpoint.size,
            agreed: self.vouched,
        })
    }

    /// Whether the event stands where it belongs. Where it does not, the rest of the export is looked through to tell
    /// a missing event from one that was moved. An event that fits but for its position or ledger had these altered.
    fn misplaced(
        &self,
        event: &Event,
        header: &Header,
        lines: &mut Lines<impl BufRead>,
    ) -> Result<Option<Fault>, Unusable> {
        let (expected, found) = (self.last + 1, event.position);
        if found == expected && event.ledger == header.ledger {
            return Ok(None);
        }
        let mut in_place = event.clone();
        (in_place.position, in_place.ledger) = (expected, header.ledger.clone());
        if in_place.hash_after(&self.head) == event.hash {
            return Ok(at(expected, FaultKind::Altered));
        }
        if event.ledger != header.ledger {
            let ledger = event.ledger.clone();
            return Ok(at(expected, FaultKind::OtherLedger { ledger }));
        }
        if (header.after + 1..expected).contains(&found) {
            return Ok(at(found, FaultKind::Repeated));
        }
        while let Some(line) = lines.next()? {
            let later = line.and_then(|line| Event::from_line(&line));
            if later.is_ok_and(|later| later.position == expected) {
                return Ok(at(expected, FaultKind::OutOfPlace { found }));
            }
        }
        Ok(at(expected, FaultKind::Missing))
    }

    /// Takes the event at the next position, or says what is wrong with it.
    fn step(&mut self, event: Event) -> Option<FaultKind> {
        if event.hash_after(&self.head) != event.hash {
            return Some(FaultKind::Altered);
        }
        if self
            .recorded_at
            .is_some_and(|before| event.recorded_at < before)
        {
            return Some(FaultKind::TimeGoesBack);
        }
        let stream = (event.aggregate_type, event.aggregate_id);
        let expected = match self.streams.get(&stream) {
            Some(before) => before + 1,
            None if self.whole => 1,
            // A part of the log may begin anywhere in a stream.
            None => event.sequence,
        };
        if event.sequence != expected {
            let found = event.sequence;
            return Some(FaultKind::SequenceDiffers { expected, found });
        }
        self.streams.insert(stream, event.sequence);
        if let Some(tree) = &mut self.tree {
            tree.push(&event.hash);
        }
        self.last = event.position;
        self.head = event.hash;
        self.recorded_at = Some(event.recorded_at);
        None
    }
}

fn at(position: u64, kind: FaultKind) -> Option<Fault> {
    Some(Fault { position, kind })
}

struct Lines<R> {
    export: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end. Inside: a line that is no text, is too long, or has no end.
    fn next(&mut self) -> Result<Option<Result<String, String>>, Unusable> {
        let mut bytes = Vec::new();
        let mut limited = std::io::Read::take(&mut self.export, MAX_LINE);
        if limited.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.pop() != Some(b'\n') {
            return Ok(Some(Err("it has no end".to_owned())));
        }
        Ok(Some(
            String::from_utf8(bytes).map_err(|error| error.to_string()),
        ))
    }
}

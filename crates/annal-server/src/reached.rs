//! How far the read models of a ledger are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use annal_core::Position;
use annal_projector::{Projector, ProjectorError};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Between two looks, while somebody waits.
const LOOK: Duration = Duration::from_millis(15);

/// The furthest position that all read models are known to have reached. However many wait, one of them looks.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    projector: Projector,
    known: Arc<AtomicU64>,
    looking: Arc<Mutex<()>>,
}

impl Reached {
    pub(crate) fn new(projector: Projector) -> Self {
        Self {
            projector,
            known: Arc::default(),
            looking: Arc::default(),
        }
    }

    /// Waits until all read models that go on have reached a position, or the time is over. True if they have.
    ///
    /// # Errors
    /// [`ProjectorError`] if the database cannot be asked.
    pub(crate) async fn wait_for(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<bool, ProjectorError> {
        let deadline = Instant::now() + patience;
        while self.known() < position {
            let looking = self.looking.lock().await;
            // Somebody else may have looked while we waited for our turn.
            if self.known() >= position {
                break;
            }
            self.look().await?;
            if self.known() < position {
                if Instant::now() >= deadline {
                    return Ok(false);
                }
                tokio::time::sleep(LOOK).await;
            }
            drop(looking);
        }
        Ok(true)
    }

    /// How far they are, as far as a head.
    ///
    /// # Errors
    /// [`ProjectorError`] if the database cannot be asked.
    pub(crate) async fn up_to(&self, head: Position) -> Result<Position, ProjectorError> {
        if self.known() < head {
            self.look().await?;
        }
        Ok(self.known().min(head))
    }

    fn known(&self) -> Position {
        Position(self.known.load(Ordering::Acquire))
    }

    async fn look(&self) -> Result<(), ProjectorError> {
        let reached = self.projector.reached().await?;
        self.known.fetch_max(reached.0, Ordering::AcqRel);
        Ok(())
    }
}

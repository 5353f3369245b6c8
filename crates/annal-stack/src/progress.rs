//! What the person in front of the screen is told while a stack starts.

use tokio::sync::mpsc::UnboundedSender;

use crate::StackError;

/// The worker thread's way to the caller's `say`.
pub(crate) struct Progress(pub(crate) UnboundedSender<String>);

impl Progress {
    /// Passes one line on. That nobody listens any more is noticed by [`Progress::wanted`].
    pub(crate) fn say(&self, line: impl Into<String>) {
        let line = line.into();
        tracing::info!(target: "annal_stack", "{line}");
        let _ = self.0.send(line);
    }

    /// An error once the caller has given up: every wait asks, so that no install goes on for nobody.
    pub(crate) fn wanted(&self) -> Result<(), StackError> {
        if self.0.is_closed() {
            Err(StackError::GivenUp)
        } else {
            Ok(())
        }
    }
}

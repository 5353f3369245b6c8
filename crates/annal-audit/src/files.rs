//! Which files belong to a run.

use annal_core::RunId;

use crate::Audit;
use crate::error::{Asking, AuditError};

impl Audit {
    /// Whether a version of a document of the run is this file, by its SHA-256 in hex.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn is_evidence(&self, run: RunId, sha256: &str) -> Result<bool, AuditError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM annal_read.documents WHERE ledger = $1 AND run_id = $2 AND sha256 = $3)",
        )
        .bind(self.log.ledger().as_str())
        .bind(run.0)
        .bind(sha256)
        .fetch_one(self.log.pool())
        .await
        .asking("looking for a file among a run's evidence")
    }
}

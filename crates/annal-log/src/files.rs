//! Files that events speak of by their hash.

use annal_core::dossier::event::FileRef;
use sha2::{Digest, Sha256};

use crate::error::{LogError, retrying};
use crate::log::Log;

impl Log {
    /// Keeps a file. The same bytes are kept once; the name in the answer is the one given here.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be reached or refuses.
    pub async fn put_file(&self, name: &str, bytes: &[u8]) -> Result<FileRef, LogError> {
        let sha256: Vec<u8> = retrying("storing a file", || async {
            sqlx::query_scalar("SELECT annal.put_file($1, $2, $3)")
                .bind(self.ledger().as_str())
                .bind(name)
                .bind(bytes)
                .fetch_one(self.pool())
                .await
        })
        .await?;
        Ok(FileRef {
            name: name.to_owned(),
            sha256: hex::encode(sha256),
            bytes: bytes.len() as u64,
        })
    }

    /// The bytes of a file, checked against their hash.
    ///
    /// # Errors
    /// [`LogError::UnknownFile`], [`LogError::AlteredFile`], or the database cannot be asked.
    pub async fn file(&self, sha256: &str) -> Result<Vec<u8>, LogError> {
        let unknown = || LogError::UnknownFile(sha256.to_owned());
        let wanted = hex::decode(sha256).map_err(|_| unknown())?;
        let bytes: Option<Vec<u8>> = retrying("reading a file", || async {
            sqlx::query_scalar("SELECT bytes FROM annal.files WHERE ledger = $1 AND sha256 = $2")
                .bind(self.ledger().as_str())
                .bind(&wanted)
                .fetch_optional(self.pool())
                .await
        })
        .await?;
        let bytes = bytes.ok_or_else(unknown)?;
        if Sha256::digest(&bytes).as_slice() != wanted {
            return Err(LogError::AlteredFile(sha256.to_owned()));
        }
        Ok(bytes)
    }
}

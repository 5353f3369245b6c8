//! Signed checkpoints of the ledgers, kept in a folder outside the database: whoever could write them there could write
//! the log anew to fit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use annal_core::{LedgerId, Position};
use annal_log::{Fault, Head, Log, LogError, Scope, Since};
use annal_verify::{Checkpoint, SigningKey, VerifyingKey, read_signing_key};
use tokio::fs;

/// Where checkpoints are, and what signs new ones.
#[derive(Debug, Clone, Default)]
pub struct CheckpointSettings {
    /// A folder with one folder a ledger; none where this server knows no checkpoints.
    pub folder: Option<PathBuf>,
    /// The private key, PKCS #8 in PEM. Where there is none, checkpoints are signed elsewhere and put into the folder.
    pub key: Option<PathBuf>,
}

/// Why there is no checkpoint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    /// The server was started without a folder or without a key.
    #[error(
        "this server signs no checkpoints: it was started without {0}; sign one with `annal log checkpoint --key FILE` where the key is"
    )]
    NotSetUp(&'static str),
    /// The log is not what it was; nothing is signed.
    #[error("nothing was signed, because {0}")]
    NotIntact(Fault),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The key cannot be read.
    #[error("the signing key cannot be used: {0}")]
    Key(String),
    /// The folder cannot be used.
    #[error("{path} cannot be used: {source}")]
    Folder {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The checkpoints that this server knows.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints(Arc<CheckpointSettings>);

impl Checkpoints {
    pub(crate) fn new(settings: CheckpointSettings) -> Self {
        Self(Arc::new(settings))
    }

    /// Whether this server may sign.
    pub(crate) fn can_sign(&self) -> bool {
        self.0.folder.is_some() && self.0.key.is_some()
    }

    /// All of a ledger, the newest first. A file that is no checkpoint of it is passed over, and said so in the log.
    pub(crate) async fn of(&self, ledger: &LedgerId) -> Result<Vec<Checkpoint>, CheckpointError> {
        let Some(folder) = self.folder(ledger) else {
            return Ok(Vec::new());
        };
        let mut files = match fs::read_dir(&folder).await {
            Ok(files) => files,
            Err(no) if no.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(no) => return Err(unusable(&folder)(no)),
        };
        let mut found = Vec::new();
        while let Some(file) = files.next_entry().await.map_err(unusable(&folder))? {
            let path = file.path();
            if path.extension().is_none_or(|it| it != "json") {
                continue;
            }
            let text = fs::read_to_string(&path).await.map_err(unusable(&path))?;
            match Checkpoint::from_json(&text) {
                Ok(it) if it.ledger == ledger.as_str() => found.push(it),
                _ => {
                    tracing::warn!(path = %path.display(), "passed over: no checkpoint of ledger {ledger}");
                }
            }
        }
        found.sort_by_key(|it| std::cmp::Reverse((it.size, it.at)));
        Ok(found)
    }

    /// The one of this size.
    pub(crate) async fn sized(
        &self,
        ledger: &LedgerId,
        size: u64,
    ) -> Result<Option<Checkpoint>, CheckpointError> {
        Ok(self
            .of(ledger)
            .await?
            .into_iter()
            .find(|it| it.size == size))
    }

    /// Verifies what came since the newest one, signs what the log holds now, and keeps it. Where nothing came, the
    /// newest is given again.
    pub(crate) async fn make(&self, log: &Log) -> Result<Checkpoint, CheckpointError> {
        let ledger = log.ledger();
        let folder = self
            .folder(ledger)
            .ok_or(CheckpointError::NotSetUp("a folder"))?;
        let key = self.key()?.ok_or(CheckpointError::NotSetUp("a key"))?;
        // One that another key signed, or nobody, is no ground to build on.
        let trusted = |it: &Checkpoint| it.verify(&key.verifying_key()).is_ok();
        let last = self.of(ledger).await?.into_iter().find(trusted);
        let scope = Scope {
            since: last.as_ref().map_or(Since::Beginning, since),
            ..Scope::default()
        };
        if let Some(fault) = log.verify_with(scope, |_| ()).await?.fault {
            return Err(CheckpointError::NotIntact(fault));
        }
        let head = log.head().await?.position;
        if let Some(last) = last.as_ref().filter(|it| it.size == head.0) {
            return Ok(last.clone());
        }
        let made = log.checkpoint(last.as_ref(), &key).await?;
        keep(&folder, &made).await?;
        Ok(made)
    }

    /// The public half of the signing key.
    pub(crate) fn public_key(&self) -> Option<VerifyingKey> {
        Some(self.key().ok()??.verifying_key())
    }

    fn key(&self) -> Result<Option<SigningKey>, CheckpointError> {
        let read = |path: &PathBuf| {
            read_signing_key(path).map_err(|no| CheckpointError::Key(no.to_string()))
        };
        self.0.key.as_ref().map(read).transpose()
    }

    /// A ledger's name may hold what a file's may not.
    fn folder(&self, ledger: &LedgerId) -> Option<PathBuf> {
        Some(self.0.folder.as_ref()?.join(hex_name(ledger)))
    }
}

/// Verification goes on after what a checkpoint stands for.
pub(crate) fn since(checkpoint: &Checkpoint) -> Since {
    Since::Checkpoint(Head {
        position: Position(checkpoint.size),
        hash: checkpoint.head,
    })
}

/// Plain names stay as they are; anything else is told by its bytes, so that no name leads out of the folder.
fn hex_name(ledger: &LedgerId) -> String {
    let name = ledger.as_str();
    let plain = name
        .chars()
        .all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_');
    match plain {
        true => name.to_owned(),
        false => format!("={}", hex::encode(name)),
    }
}

/// Written beside its place and moved there whole.
async fn keep(folder: &Path, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    fs::create_dir_all(folder).await.map_err(unusable(folder))?;
    let place = folder.join(format!("{:020}.json", checkpoint.size));
    let unfinished = folder.join(format!(
        "{:020}.{}.unfinished",
        checkpoint.size,
        uuid::Uuid::now_v7()
    ));
    fs::write(&unfinished, checkpoint.to_json())
        .await
        .map_err(unusable(&unfinished))?;
    fs::rename(&unfinished, &place)
        .await
        .map_err(unusable(&place))
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> CheckpointError + use<> {
    let path = path.display().to_string();
    move |source| CheckpointError::Folder { path, source }
}

#[cfg(test)]
mod tests {
    use super::hex_name;

    #[test]
    fn no_ledgers_name_leads_out_of_the_folder() {
        let name = |it: &str| hex_name(&it.parse().unwrap());
        assert_eq!(name("main"), "main");
        assert_eq!(name("../x"), "=2e2e2f78");
    }
}

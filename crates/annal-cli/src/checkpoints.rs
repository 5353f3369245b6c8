//! Where a server keeps signed checkpoints, and what it signs them with.

use std::path::{Path, PathBuf};

use annal_server::CheckpointSettings;
use annal_verify::create_key;

/// `ANNAL_CHECKPOINTS` and `ANNAL_CHECKPOINT_KEY`. Where neither is set and the servers are those of the home folder, a
/// folder and a key there: good to try it with, while the proof is worth what the keeping of the key is worth.
pub(crate) fn settings(home: &Path, ours: bool) -> CheckpointSettings {
    let (folder, key) = (path("ANNAL_CHECKPOINTS"), path("ANNAL_CHECKPOINT_KEY"));
    if folder.is_some() || key.is_some() || !ours {
        return CheckpointSettings { folder, key };
    }
    let key = home.join("checkpoint-key.pem");
    if !key.exists()
        && let Err(no) = create_key(&key, rand::random())
    {
        tracing::warn!("no checkpoint will be signed: {no}");
    }
    CheckpointSettings {
        folder: Some(home.join("checkpoints")),
        key: Some(key).filter(|it| it.exists()),
    }
}

fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|it| !it.is_empty())
        .map(PathBuf::from)
}

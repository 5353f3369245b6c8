//! The run's files, read once.

use std::sync::{Arc, Mutex, PoisonError};

use annal_core::Case;
use annal_core::dossier::event::FileRef;
use annal_data::{Dataset, Dictionary};
use annal_log::Log;

use super::computing;
use crate::desk::DeskError;

/// The data under test and its dictionary.
pub(crate) struct Source {
    /// The dictionary.
    pub(crate) dictionary: Dictionary,
    /// The data.
    pub(crate) data: Dataset,
}

/// The files of the ledger, with those of the last runs already read.
pub(crate) struct Files {
    log: Log,
    kept: Mutex<Vec<(Key, Arc<Source>)>>,
}

/// The hashes of the data and of its dictionary, and the schedule that is meant of it.
type Key = (String, String, Option<String>);

/// So many reports are kept in memory.
const KEPT: usize = 4;

impl Files {
    pub(crate) fn new(log: Log) -> Self {
        let kept = Mutex::default();
        Self { log, kept }
    }

    /// What the run tests.
    pub(crate) async fn source(&self, case: &Case) -> Result<Arc<Source>, DeskError> {
        let opening = case.run.opening().ok_or_else(|| {
            DeskError::Broken("the run is not open, so it has no files yet".to_owned())
        })?;
        let key = (
            opening.data.sha256.clone(),
            opening.dictionary.sha256.clone(),
            schedule(&opening.dictionary.name).1,
        );
        if let Some(source) = self.known(&key) {
            return Ok(source);
        }
        let source = self.read(&opening.data, &opening.dictionary).await?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((key, source.clone()));
        Ok(source)
    }

    /// A file's bytes by its reference.
    pub(crate) async fn bytes(&self, file: &FileRef) -> Result<Vec<u8>, DeskError> {
        Ok(self.log.file(&file.sha256).await?)
    }

    fn known(&self, key: &Key) -> Option<Arc<Source>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(it, _)| it == key)
            .map(|(_, source)| source.clone())
    }

    async fn read(&self, data: &FileRef, dictionary: &FileRef) -> Result<Arc<Source>, DeskError> {
        let data_name = data.name.clone();
        let (name, schedule) = schedule(&dictionary.name);
        let (data, dictionary) = (self.bytes(data).await?, self.bytes(dictionary).await?);
        computing(move || {
            let dictionary = Dictionary::parse(&name, &dictionary, schedule.as_deref())?;
            let data = Dataset::parse(&data_name, &data, &dictionary)?;
            Ok(Arc::new(Source { dictionary, data }))
        })
        .await
    }
}

/// A dictionary of several schedules is named with the one that is meant: `fr_y14m_dictionary.csv#D.1`.
fn schedule(name: &str) -> (String, Option<String>) {
    match name.split_once('#') {
        Some((file, schedule)) => (file.to_owned(), Some(schedule.to_owned())),
        None => (name.to_owned(), None),
    }
}

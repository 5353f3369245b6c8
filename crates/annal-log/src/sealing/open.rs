//! For queries of one's own on the log's tables and on what is folded from them.

use annal_core::PrintedName;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::may_hold_names;
use crate::error::LogError;
use crate::log::Log;

impl Log {
    /// Opens names that were read as they stand in text columns, such as `actor_name`: those that are sealed become
    /// known or erased, others stay.
    ///
    /// # Errors
    /// [`LogError::Locked`] and [`LogError::NameNotOpened`], and when the database cannot be asked.
    pub async fn open_names<'a>(
        &self,
        names: impl IntoIterator<Item = &'a mut PrintedName>,
    ) -> Result<(), LogError> {
        self.sealing().open_names(names.into_iter().collect()).await
    }

    /// What is in a payload that was read as it is stored, or what is wrong with it, with its names opened.
    ///
    /// # Errors
    /// As [`Log::open_names`].
    pub async fn read_payload<E: DeserializeOwned>(
        &self,
        event_type: &str,
        payload: &str,
    ) -> Result<Result<E, serde_json::Error>, LogError> {
        if !may_hold_names(event_type, payload) {
            return Ok(serde_json::from_str(payload));
        }
        let mut payload: Value = match serde_json::from_str(payload) {
            Ok(payload) => payload,
            Err(no) => return Ok(Err(no)),
        };
        self.open_payload(event_type, &mut payload).await?;
        Ok(serde_json::from_value(payload))
    }

    /// Opens the names in a payload that was read as it is stored.
    ///
    /// # Errors
    /// As [`Log::open_names`].
    pub async fn open_payload(
        &self,
        event_type: &str,
        payload: &mut Value,
    ) -> Result<(), LogError> {
        self.sealing().open_payload(event_type, payload).await
    }
}

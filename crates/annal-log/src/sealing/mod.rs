//! Names that can be forgotten: sealed on the way into the log, opened on the way out.
//!
//! This is the log's edge. Inside the database there are ciphertexts alone: in the events, so that hashes, proofs and
//! exports hold without the keys, and in every table that is folded from them, so that there is nothing to clean up
//! behind an erasure. Outside there are [`PrintedName`]s, and the domain knows only that one can be erased.

mod cipher;
mod erase;
mod fields;
mod keys;
mod master;
mod open;
mod rotate;
mod switch;
mod token;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use annal_core::envelope::Recorded;
use annal_core::{LedgerId, PrintedName, Role};
use serde_json::Value;
use sqlx::PgPool;

use self::keys::{Keys, Ring, name_of};
use self::token::Token;
use crate::append::{Append, AppendError};
use crate::error::{LogError, retrying};
use crate::row::EventRow;
use crate::stream::EventData;

pub use self::erase::{Erased, KeyState, PersonKey, erase_person};
pub use self::master::{KeyMark, MasterKey, MasterKeys, UnreadableKey};
pub use self::rotate::{Rotated, rotate_master_key};
pub use self::switch::{seal_names, unseal_names};
pub(crate) use self::token::{stored, unsealed};

/// Persons whose sealed names a writer keeps. Beyond this it begins anew, which costs a question each.
const KEPT: usize = 10_000;

/// Seals and opens the names of one ledger.
pub(crate) struct Sealing {
    keys: Keys,
    on: bool,
    /// Names sealed before, by person and name: one ciphertext serves for all events, so that sealing costs the
    /// writer a look-up. Nothing is kept here that the log does not hold.
    sealed: Mutex<HashMap<(String, String), Option<Token>>>,
}

impl Sealing {
    pub(crate) async fn connect(
        pool: PgPool,
        ledger: &LedgerId,
        masters: MasterKeys,
    ) -> Result<Self, LogError> {
        let on = retrying("asking whether names are sealed", || async {
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM annal.sealed_ledgers WHERE ledger = $1)")
                .bind(ledger.as_str())
                .fetch_one(&pool)
                .await
        })
        .await?;
        let keys = Keys {
            pool,
            ledger: ledger.to_string(),
            masters,
        };
        Ok(Self {
            keys,
            on,
            sealed: Mutex::default(),
        })
    }

    /// The append as the log is to hold it.
    pub(crate) async fn seal(&self, mut append: Append) -> Result<Append, AppendError> {
        let actor = &mut append.metadata.actor;
        if let PrintedName::Known(name) = &actor.name
            && name.starts_with('{')
        {
            return Err(LogError::Unencodable {
                event_type: "an envelope".to_owned(),
                detail: "the actor's name begins with '{', which stands for a name that is sealed or erased".to_owned(),
            }
            .into());
        }
        if !self.on {
            return Ok(append);
        }
        // The engine is nobody, and nobody asks to forget it.
        if actor.role != Role::Engine
            && let PrintedName::Known(name) = &actor.name
        {
            actor.name = match self.token(actor.id.as_str(), name).await? {
                Some(token) => PrintedName::Known(token.to_text()),
                None => PrintedName::Erased,
            };
        }
        for event in append
            .streams
            .iter_mut()
            .flat_map(|stream| &mut stream.events)
        {
            if fields::TYPES.contains(&event.event_type.as_str()) {
                self.seal_payload(event).await?;
            }
        }
        Ok(append)
    }

    async fn seal_payload(&self, event: &mut EventData) -> Result<(), LogError> {
        let unencodable = |no: serde_json::Error| LogError::Unencodable {
            event_type: event.event_type.clone(),
            detail: no.to_string(),
        };
        let mut payload: Value = serde_json::from_str(&event.payload).map_err(unencodable)?;
        for (person, name) in fields::names(&event.event_type, &mut payload) {
            if let Value::String(known) = name {
                *name = match self.token(&person, known).await? {
                    Some(token) => token.to_value(),
                    None => serde_json::json!({ "erased": true }),
                };
            }
        }
        event.payload = payload.to_string();
        Ok(())
    }

    /// The name under its person's key; none if the person is erased.
    async fn token(&self, person: &str, name: &str) -> Result<Option<Token>, LogError> {
        let named = (person.to_owned(), name.to_owned());
        let kept = |sealed: &HashMap<_, _>| sealed.get(&named).cloned();
        if let Some(token) = kept(&self.sealed.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(token);
        }
        let (number, secret) = self.keys.of(person).await?;
        let token = secret.map(|secret| Token {
            key: number,
            sealed: secret.seal_text(name, name_of(&self.keys.ledger, person)),
        });
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        if sealed.len() >= KEPT {
            sealed.clear();
        }
        sealed.insert(named, token.clone());
        Ok(token)
    }

    /// Rows as events, with the names that are still there.
    pub(crate) async fn recorded(&self, rows: Vec<EventRow>) -> Result<Vec<Recorded>, LogError> {
        let ring = self.ring_for(&rows).await?;
        rows.into_iter().map(|row| opened(row, &ring)).collect()
    }

    pub(crate) async fn ring_for(&self, rows: &[EventRow]) -> Result<Ring, LogError> {
        let mut numbers: Vec<i64> = rows
            .iter()
            .filter_map(|row| Token::from_text(&row.actor_name))
            .map(|token| token.key)
            .collect();
        for row in rows
            .iter()
            .filter(|row| may_hold_names(&row.event_type, &row.payload))
        {
            // What is no JSON is told when the row is opened.
            if let Ok(mut payload) = serde_json::from_str(&row.payload) {
                let names = fields::names(&row.event_type, &mut payload);
                let tokens = names.iter().filter_map(|(_, name)| Token::from_value(name));
                numbers.extend(tokens.map(|token| token.key));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        self.keys.ring(&numbers).await
    }

    /// Opens the names in a payload.
    pub(crate) async fn open_payload(
        &self,
        event_type: &str,
        payload: &mut Value,
    ) -> Result<(), LogError> {
        let names = fields::names(event_type, payload);
        let numbers: Vec<i64> = names
            .iter()
            .filter_map(|(_, name)| Token::from_value(name))
            .map(|token| token.key)
            .collect();
        let ring = self.keys.ring(&numbers).await?;
        open_fields(names, &ring)
    }

    /// Opens names that were read from text columns.
    pub(crate) async fn open_names(&self, names: Vec<&mut PrintedName>) -> Result<(), LogError> {
        let token = |name: &PrintedName| name.known().and_then(Token::from_text);
        let mut numbers: Vec<i64> = names
            .iter()
            .filter_map(|name| token(name))
            .map(|it| it.key)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let ring = self.keys.ring(&numbers).await?;
        for name in names {
            *name = match token(name) {
                Some(token) => ring.open(&token)?,
                None => unsealed(stored(name).to_owned()),
            };
        }
        Ok(())
    }
}

fn may_hold_names(event_type: &str, payload: &str) -> bool {
    fields::TYPES.contains(&event_type) && payload.contains("\"sealed\"")
}

/// A row as an event. The texts that are hashed come along where they say something else.
pub(crate) fn opened(mut row: EventRow, ring: &Ring) -> Result<Recorded, LogError> {
    let token = Token::from_text(&row.actor_name);
    let position = row.position();
    let payload = match may_hold_names(&row.event_type, &row.payload) {
        false => None,
        true => {
            let undecodable = |no: serde_json::Error| LogError::Undecodable {
                position,
                detail: no.to_string(),
            };
            let mut payload: Value = serde_json::from_str(&row.payload).map_err(undecodable)?;
            open_fields(fields::names(&row.event_type, &mut payload), ring)?;
            Some(payload.to_string())
        }
    };
    if token.is_none() && payload.is_none() {
        return row.recorded();
    }
    let stored = annal_core::envelope::Stored {
        payload: row.payload.clone(),
        actor_name: row.actor_name.clone(),
    };
    if let Some(payload) = payload {
        row.payload = payload;
    }
    let mut recorded = row.recorded()?;
    if let Some(token) = token {
        recorded.metadata.actor.name = ring.open(&token)?;
    }
    recorded.stored = Some(stored);
    Ok(recorded)
}

fn open_fields(names: Vec<(String, &mut Value)>, ring: &Ring) -> Result<(), LogError> {
    for (_, name) in names {
        if let Some(token) = Token::from_value(name) {
            *name = serde_json::to_value(ring.open(&token)?).unwrap_or_default();
        }
    }
    Ok(())
}

//! The persons' keys in the database. None is kept between two reads: whoever reads after an erasure finds no key.

use std::collections::HashMap;

use annal_core::PrintedName;
use sqlx::PgPool;

use super::cipher::{Place, Secret};
use super::master::MasterKey;
use super::token::Token;
use crate::error::{LogError, retrying};

const NONE: &str = "no master key was given";
const ANOTHER: &str = "the master key that was given is another one";

/// Where keys lie, and what opens them.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) pool: PgPool,
    pub(crate) ledger: String,
    pub(crate) master: Option<MasterKey>,
    pub(crate) fresh: Fresh,
}

/// How a new key is kept: as all others of the ledger are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    AsTheyAre,
    Wrapped,
    /// Not at all: they are to be wrapped, and the master key is not here.
    Locked,
}

/// A person's key, or that it is gone.
pub(crate) enum Key {
    Held { person: String, secret: Secret },
    Erased,
}

/// The keys that a read needs, by their numbers.
pub(crate) struct Ring {
    ledger: String,
    keys: HashMap<i64, Key>,
}

impl Keys {
    /// The key of a person, made if there is none.
    pub(crate) async fn of(&self, person: &str) -> Result<(i64, Option<Secret>), LogError> {
        let secret = Secret::random();
        let fresh = match (self.fresh, &self.master) {
            (Fresh::AsTheyAre, _) => secret.bytes().to_vec(),
            (Fresh::Wrapped, Some(master)) => master.wrap(&secret, &self.ledger, person),
            (Fresh::Locked, Some(_)) => return Err(self.locked(ANOTHER)),
            (_, None) => return Err(self.locked(NONE)),
        };
        let (number, stored): (i64, Option<Vec<u8>>) =
            retrying("asking for a person's key", || async {
                sqlx::query_as("SELECT number, secret FROM annal.person_key($1, $2, $3)")
                    .bind(&self.ledger)
                    .bind(person)
                    .bind(&fresh)
                    .fetch_one(&self.pool)
                    .await
            })
            .await?;
        let secret = stored.map(|stored| self.opened(&stored, person));
        Ok((number, secret.transpose()?))
    }

    /// The keys of these numbers, as they are now.
    pub(crate) async fn ring(&self, numbers: &[i64]) -> Result<Ring, LogError> {
        let mut ring = Ring {
            ledger: self.ledger.clone(),
            keys: HashMap::new(),
        };
        if numbers.is_empty() {
            return Ok(ring);
        }
        let rows: Vec<(i64, String, Option<Vec<u8>>)> = retrying("reading persons' keys", || async {
            sqlx::query_as(
                "SELECT number, person, secret FROM annal.person_keys WHERE ledger = $1 AND number = ANY ($2)",
            )
            .bind(&self.ledger)
            .bind(numbers)
            .fetch_all(&self.pool)
            .await
        })
        .await?;
        for (number, person, stored) in rows {
            let key = match stored {
                None => Key::Erased,
                Some(stored) => Key::Held {
                    secret: self.opened(&stored, &person)?,
                    person,
                },
            };
            ring.keys.insert(number, key);
        }
        Ok(ring)
    }

    fn opened(&self, stored: &[u8], person: &str) -> Result<Secret, LogError> {
        // 32 bytes are a key as it is; a wrapped one is longer.
        if let Some(secret) = Secret::new(stored) {
            return Ok(secret);
        }
        let master = self.master.as_ref().ok_or_else(|| self.locked(NONE))?;
        let secret = master.unwrap(stored, &self.ledger, person);
        secret.ok_or_else(|| self.locked(ANOTHER))
    }

    fn locked(&self, detail: &'static str) -> LogError {
        LogError::Locked {
            ledger: self.ledger.clone(),
            detail,
        }
    }
}

impl Ring {
    /// The name behind a token.
    pub(crate) fn open(&self, token: &Token) -> Result<PrintedName, LogError> {
        let unopened = |detail| LogError::NameNotOpened {
            key: token.key,
            detail,
        };
        match self.keys.get(&token.key) {
            Some(Key::Erased) => Ok(PrintedName::Erased),
            Some(Key::Held { person, secret }) => {
                let name = secret.open_text(&token.sealed, name_of(&self.ledger, person));
                name.map(PrintedName::Known).ok_or_else(|| {
                    unopened("the ciphertext was altered, or belongs to somebody else")
                })
            }
            None => Err(unopened(
                "there is no such key in annal.person_keys; restore that table from its newest backup",
            )),
        }
    }
}

/// What a person's sealed name is bound to.
pub(crate) fn name_of<'a>(ledger: &'a str, person: &'a str) -> Place<'a> {
    Place {
        what: "name",
        ledger,
        person,
    }
}

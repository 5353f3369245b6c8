//! The persons' keys in the database. None is kept between two reads: whoever reads after an erasure finds no key.

use std::collections::HashMap;

use annal_core::PrintedName;
use sqlx::PgPool;

use super::cipher::{Place, Secret};
use super::master::{KeyMark, MasterKey, MasterKeys};
use super::token::Token;
use crate::error::{LogError, code_of, retrying};

const NONE: &str = "no master key was given";
const ANOTHER: &str = "the master key that was given is another one";
/// The master key may be changed between two questions; not as often as this.
const TRIES: usize = 5;
/// The ledger has another master key than the one that was said.
const MARKED_OTHERWISE: &str = "AN010";

/// Where keys lie, and what opens them.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) pool: PgPool,
    pub(crate) ledger: String,
    pub(crate) masters: MasterKeys,
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
        for _ in 0..TRIES {
            let master = self.wrapping().await?;
            let kept = match master {
                Some(master) => master.wrap(&secret, &self.ledger, person),
                None => secret.bytes().to_vec(),
            };
            if let Some((number, stored)) = self.ask(person, &kept, master).await? {
                let secret = stored.map(|stored| self.opened(&stored, person));
                return Ok((number, secret.transpose()?));
            }
        }
        Err(self.locked())
    }

    /// What a new key is to be wrapped with at this moment: as all others of the ledger are.
    async fn wrapping(&self) -> Result<Option<&MasterKey>, LogError> {
        let marked: Option<(Option<Vec<u8>>,)> =
            retrying("asking for the ledger's master key", || async {
                sqlx::query_as("SELECT master FROM annal.sealed_ledgers WHERE ledger = $1")
                    .bind(&self.ledger)
                    .fetch_optional(&self.pool)
                    .await
            })
            .await?;
        match marked {
            Some((Some(mark),)) => {
                let master = self.masters.marked(&mark);
                master.map(Some).ok_or_else(|| self.locked())
            }
            Some((None,)) => Ok(None),
            // Switched off since this process began, which goes on as it did.
            None => Ok(self.masters.first()),
        }
    }

    /// The person's key in the database, which is this one where there was none; nothing if the ledger's master key is
    /// no longer the one that it is wrapped with.
    async fn ask(
        &self,
        person: &str,
        kept: &[u8],
        master: Option<&MasterKey>,
    ) -> Result<Option<(i64, Option<Vec<u8>>)>, LogError> {
        let mark = master.map(MasterKey::mark);
        retrying("asking for a person's key", || async {
            let asked =
                sqlx::query_as("SELECT number, secret FROM annal.person_key($1, $2, $3, $4)")
                    .bind(&self.ledger)
                    .bind(person)
                    .bind(kept)
                    .bind(mark.as_ref().map(KeyMark::bytes))
                    .fetch_one(&self.pool)
                    .await;
            match asked {
                Err(no) if code_of(&no).as_deref() == Some(MARKED_OTHERWISE) => Ok(None),
                asked => asked.map(Some),
            }
        })
        .await
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
        let opened = self.masters.open(stored, &self.ledger, person);
        opened.ok_or_else(|| self.locked())
    }

    fn locked(&self) -> LogError {
        locked(&self.ledger, &self.masters)
    }
}

/// What these master keys cannot open.
pub(crate) fn locked(ledger: &str, masters: &MasterKeys) -> LogError {
    LogError::Locked {
        ledger: ledger.to_owned(),
        detail: if masters.is_empty() { NONE } else { ANOTHER },
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

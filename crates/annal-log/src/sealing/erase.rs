//! Erasing a person, which is an administrator's work, and who has a key.

use annal_core::{PersonId, Position, RunId};
use chrono::{DateTime, Utc};
use sqlx::{Connection, Executor, PgConnection};

use super::fields;
use crate::append::{Append, AppendError, Receipt};
use crate::batch;
use crate::error::{LogError, owners_work, retrying};
use crate::log::Log;
use crate::migrate::connect;
use crate::row::from_db;
use crate::stream::StreamId;

/// A person whose name is on a sealed ledger, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonKey {
    /// The person.
    pub person: PersonId,
    /// Whether their names can be opened.
    pub state: KeyState,
}

/// Whether a person's names can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// With a key that is there since then.
    Sealed {
        /// When it was made.
        since: DateTime<Utc>,
    },
    /// The key is gone since then.
    Erased {
        /// When it was dropped.
        at: DateTime<Utc>,
    },
}

/// What came of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Where it is recorded.
    pub receipt: Receipt,
    /// There was a key, and it is gone; where there was none, no name was ever sealed.
    pub dropped: bool,
    /// The key's bytes were wiped from the table's file too, and not only marked as free. If not, why.
    pub wiped: Result<(), LogError>,
}

/// Drops a person's key and appends what is to be recorded of it, both or neither.
///
/// # Errors
/// As [`Log::append`]; [`LogError::Refused`] when the login may not.
pub async fn erase_person(
    admin_url: &str,
    log: &Log,
    person: &PersonId,
    append: Append,
) -> Result<Erased, AppendError> {
    let doing = "erasing a person";
    let failed = |error: sqlx::Error| AppendError::Log(owners_work(doing, &error));
    // Before the key goes: what is recorded is sealed like everything else.
    let append = log.sealing().seal(append).await?;
    let mut admin = connect(admin_url).await?;
    let mut work = admin.begin().await.map_err(failed)?;
    let ledger = log.ledger().as_str();
    let mut outcomes = batch::append(&mut *work, ledger, None, &[&append])
        .await
        .map_err(failed)?;
    let receipt = outcomes
        .pop()
        .unwrap_or(Err(AppendError::Log(LogError::Closed { doing })))?;
    let dropped: bool = sqlx::query_scalar("SELECT annal.erase_person($1, $2)")
        .bind(ledger)
        .bind(person.as_str())
        .fetch_one(&mut *work)
        .await
        .map_err(failed)?;
    work.commit().await.map_err(failed)?;
    let wiped = wipe(&mut admin).await;
    Ok(Erased {
        receipt,
        dropped,
        wiped,
    })
}

/// A dropped or changed row's bytes stay in the table's file until it is written anew; the table is small. `VACUUM (FULL)` would
/// copy the old row too while any transaction of the database is older than the erasure, and one always may be.
pub(super) async fn wipe(admin: &mut PgConnection) -> Result<(), LogError> {
    let done = admin.execute(WRITE_ANEW).await;
    done.map(drop)
        .map_err(|error| owners_work("wiping what was in the table of keys", &error))
}

/// The expression changes nothing, but PostgreSQL has to write every living row for it, and those alone.
const WRITE_ANEW: &str =
    "ALTER TABLE annal.person_keys ALTER COLUMN secret TYPE bytea USING secret || ''::bytea";

impl Log {
    /// Who has a key on this ledger, or had one.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn person_keys(&self) -> Result<Vec<PersonKey>, LogError> {
        let rows: Vec<(String, DateTime<Utc>, Option<DateTime<Utc>>)> =
            retrying("listing persons' keys", || async {
                sqlx::query_as(
                    "SELECT person, made_at, erased_at FROM annal.person_keys WHERE ledger = $1 ORDER BY person",
                )
                .bind(self.ledger().as_str())
                .fetch_all(self.pool())
                .await
            })
            .await?;
        // Whoever acted under an id that is none is nobody; such a row is not one of ours.
        let keys = rows.into_iter().filter_map(|(person, since, erased)| {
            Some(PersonKey {
                person: PersonId::new(person).ok()?,
                state: erased.map_or(KeyState::Sealed { since }, |at| KeyState::Erased { at }),
            })
        });
        Ok(keys.collect())
    }

    /// Whether names are sealed on this ledger by this process.
    #[must_use]
    pub fn seals_names(&self) -> bool {
        self.sealing().on
    }

    /// Every run of the ledger.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn runs(&self) -> Result<Vec<RunId>, LogError> {
        let ids: Vec<String> = retrying("listing the runs", || async {
            sqlx::query_scalar(
                "SELECT aggregate_id FROM annal.events \
                 WHERE ledger = $1 AND aggregate_type = 'report_run' AND sequence = 1 AND following IS NOT NULL ORDER BY position",
            )
            .bind(self.ledger().as_str())
            .fetch_all(self.pool())
            .await
        })
        .await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// In how many commands a person gave a reason or asked for something in words. These texts are not sealed, so an
    /// erasure leaves them.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn commands_with_words(&self, person: &PersonId) -> Result<u64, LogError> {
        let counted: i64 = retrying("counting what a person wrote", || async {
            sqlx::query_scalar(
                "SELECT count(DISTINCT e.command_id) \
                 FROM annal.slices_of_person($1, $2) s, \
                      LATERAL (SELECT * FROM annal.events \
                               WHERE ledger = $1 AND position >= s.first AND position <= s.last OFFSET 0) e \
                 WHERE e.reason IS NOT NULL OR e.event_type = 'information_requested'",
            )
            .bind(self.ledger().as_str())
            .bind(person.as_str())
            .fetch_one(self.pool())
            .await
        })
        .await?;
        Ok(from_db(counted))
    }

    /// The first event that holds a person's name as it is, among what they did and what their runs say of them. A name
    /// that was written before sealing was switched on is there for good.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn name_in_clear(
        &self,
        person: &PersonId,
        runs: &[RunId],
    ) -> Result<Option<Position>, LogError> {
        let doing = "looking for a name in clear";
        let acted: Option<i64> = retrying(doing, || async {
            sqlx::query_scalar(
                "SELECT min(position) FROM annal.events \
                 WHERE ledger = $1 AND actor_id = $2 AND following >= 0 AND NOT starts_with(actor_name, '{')",
            )
            .bind(self.ledger().as_str())
            .bind(person.as_str())
            .fetch_one(self.pool())
            .await
        })
        .await?;
        let (types, ids): (Vec<String>, Vec<String>) = runs
            .iter()
            .flat_map(|run| {
                let report = StreamId::dossier(*run, annal_core::Phase::TestReport);
                [StreamId::run(*run), report]
            })
            .map(|stream| (stream.aggregate_type, stream.aggregate_id))
            .unzip();
        let rows: Vec<(i64, String, String)> = retrying(doing, || async {
            sqlx::query_as(
                "SELECT e.position, e.event_type, e.payload::text \
                 FROM unnest($2::text[], $3::text[]) AS s (type, id), annal.of_stream($1, s.type, s.id) AS e \
                 WHERE e.event_type = ANY ($4)",
            )
            .bind(self.ledger().as_str())
            .bind(&types)
            .bind(&ids)
            .bind(fields::TYPES.as_slice())
            .fetch_all(self.pool())
            .await
        })
        .await?;
        let printed = rows
            .into_iter()
            .filter_map(|(position, event_type, payload)| {
                let mut payload = serde_json::from_str(&payload).ok()?;
                let names = fields::names(&event_type, &mut payload);
                let mut in_clear = names.iter().filter(|(_, name)| name.is_string());
                in_clear
                    .any(|(whose, _)| whose == person.as_str())
                    .then_some(position)
            });
        let first = printed.chain(acted).min();
        Ok(first.map(|position| Position(from_db(position))))
    }
}

//! One change of an account: a transaction that holds the account's row, and records what it does.

use annal_core::{LedgerId, PersonId};
use annal_log::append_within;
use sqlx::{PgPool, Postgres, Transaction};

use super::AccountError;
use super::event::{AccountEvent, Changer, access_ledger, on_account};
use crate::viewer::Access;

const DOING: &str = "changing an account";
/// Stands where a name stood; a name that somebody has is not written in brackets.
const ERASED: &str = "(erased)";

pub(crate) struct Change {
    transaction: Transaction<'static, Postgres>,
    person: PersonId,
    revision: i64,
}

impl Change {
    /// Of an account that is there.
    pub(crate) async fn of(pool: &PgPool, person: &PersonId) -> Result<Self, AccountError> {
        let mut transaction = pool.begin().await.map_err(AccountError::database(DOING))?;
        let revision: Option<i64> = sqlx::query_scalar(
            "SELECT revision FROM annal_access.people WHERE person = $1 FOR NO KEY UPDATE",
        )
        .bind(person.as_str())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(AccountError::database(DOING))?;
        let revision = revision.ok_or_else(|| AccountError::Unknown(person.clone()))?;
        Ok(Self {
            transaction,
            person: person.clone(),
            revision,
        })
    }

    /// Of one that is being made.
    pub(super) async fn of_new(
        pool: &PgPool,
        person: &PersonId,
        name: &str,
    ) -> Result<Self, AccountError> {
        let mut transaction = pool.begin().await.map_err(AccountError::database(DOING))?;
        let made = sqlx::query(
            "INSERT INTO annal_access.people (person, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(person.as_str())
        .bind(name)
        .execute(&mut *transaction)
        .await
        .map_err(AccountError::database(DOING))?;
        if made.rows_affected() == 0 {
            return Err(AccountError::Taken(person.clone()));
        }
        Ok(Self {
            transaction,
            person: person.clone(),
            revision: 0,
        })
    }

    pub(crate) async fn record(
        &mut self,
        event: &AccountEvent,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let append = on_account(&self.person, self.revision, event, by)?;
        append_within(&mut self.transaction, &access_ledger(), &append).await?;
        self.revision += 1;
        Ok(())
    }

    pub(super) async fn set_password(
        &mut self,
        hash: &str,
        one_time: bool,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let statement = sqlx::query(
            "INSERT INTO annal_access.passwords (person, hash, one_time) VALUES ($1, $2, $3) \
             ON CONFLICT (person) DO UPDATE SET hash = $2, one_time = $3, set_at = clock_timestamp()",
        );
        let statement = statement.bind(self.person.as_str().to_owned());
        let statement = statement.bind(hash.to_owned()).bind(one_time);
        self.run(statement).await?;
        self.record(&AccountEvent::PasswordSet { one_time }, by)
            .await
    }

    pub(super) async fn set_disabled(
        &mut self,
        disabled: bool,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let statement = sqlx::query(
            "UPDATE annal_access.people SET disabled_at = CASE WHEN $2 THEN clock_timestamp() END \
             WHERE person = $1 AND (disabled_at IS NULL) = $2",
        );
        let statement = statement.bind(self.person.as_str().to_owned());
        // Nothing to record where nothing changes.
        match (self.run(statement.bind(disabled)).await?, disabled) {
            (0, _) => Ok(()),
            (_, true) => self.record(&AccountEvent::AccountDisabled, by).await,
            (_, false) => self.record(&AccountEvent::AccountEnabled, by).await,
        }
    }

    /// The name, and with it what may tell it: subjects of issuers are often addresses.
    pub(super) async fn erase_name(&mut self, by: &Changer) -> Result<bool, AccountError> {
        let person = self.person.as_str().to_owned();
        let erase = sqlx::query(
            "UPDATE annal_access.people SET name = $2 WHERE person = $1 AND name <> $2",
        );
        if self.run(erase.bind(person.clone()).bind(ERASED)).await? == 0 {
            return Ok(false);
        }
        let unlink = sqlx::query("DELETE FROM annal_access.links WHERE person = $1");
        self.run(unlink.bind(person)).await?;
        self.record(&AccountEvent::NameErased, by).await?;
        self.set_disabled(true, by).await?;
        self.end_sessions(by).await?;
        Ok(true)
    }

    pub(super) async fn give(
        &mut self,
        ledger: &LedgerId,
        access: Access,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let statement = sqlx::query(
            "INSERT INTO annal_access.grants (person, ledger, access) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        );
        if self
            .run(self.on(statement, ledger.as_str(), access.name()))
            .await?
            == 0
        {
            return Ok(());
        }
        let ledger = ledger.clone();
        self.record(&AccountEvent::AccessGiven { ledger, access }, by)
            .await
    }

    pub(super) async fn take(
        &mut self,
        ledger: &LedgerId,
        access: Access,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let statement = sqlx::query(
            "DELETE FROM annal_access.grants WHERE person = $1 AND ledger = $2 AND access = $3",
        );
        if self
            .run(self.on(statement, ledger.as_str(), access.name()))
            .await?
            == 0
        {
            let what = format!(
                "access {} of {} to ledger {ledger}",
                access.name(),
                self.person
            );
            return Err(AccountError::Nothing { what });
        }
        let ledger = ledger.clone();
        self.record(&AccountEvent::AccessTaken { ledger, access }, by)
            .await
    }

    pub(super) async fn link(
        &mut self,
        issuer: &str,
        subject: &str,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let whose: Option<String> = sqlx::query_scalar(
            "SELECT person FROM annal_access.links WHERE issuer = $1 AND subject = $2",
        )
        .bind(issuer)
        .bind(subject)
        .fetch_optional(&mut *self.transaction)
        .await
        .map_err(AccountError::database(DOING))?;
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        match whose.and_then(|it| PersonId::new(it).ok()) {
            Some(person) if person == self.person => return Ok(()),
            Some(person) => {
                return Err(AccountError::Linked {
                    issuer,
                    subject,
                    person,
                });
            }
            None => {}
        }
        let statement = sqlx::query(
            "INSERT INTO annal_access.links (person, issuer, subject) VALUES ($1, $2, $3)",
        );
        self.run(self.on(statement, &issuer, &subject)).await?;
        self.record(&AccountEvent::SubjectLinked { issuer, subject }, by)
            .await
    }

    pub(super) async fn unlink(
        &mut self,
        issuer: &str,
        subject: &str,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let statement = sqlx::query(
            "DELETE FROM annal_access.links WHERE person = $1 AND issuer = $2 AND subject = $3",
        );
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        if self.run(self.on(statement, &issuer, &subject)).await? == 0 {
            let what = format!("subject {subject} of {issuer} that is {}", self.person);
            return Err(AccountError::Nothing { what });
        }
        self.record(&AccountEvent::SubjectUnlinked { issuer, subject }, by)
            .await
    }

    /// Ends whatever sessions the person has.
    pub(crate) async fn end_sessions(&mut self, by: &Changer) -> Result<(), AccountError> {
        let statement = sqlx::query(
            "UPDATE annal_access.sessions SET ended_at = clock_timestamp(), id_token = NULL \
             WHERE person = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()",
        );
        let sessions = self
            .run(statement.bind(self.person.as_str().to_owned()))
            .await?;
        match sessions {
            0 => Ok(()),
            _ => {
                self.record(&AccountEvent::SignedOutEverywhere { sessions }, by)
                    .await
            }
        }
    }

    /// Runs a statement of this transaction and tells how many rows it changed.
    pub(crate) async fn run(&mut self, statement: Statement<'_>) -> Result<u64, AccountError> {
        let done = statement.execute(&mut *self.transaction).await;
        Ok(done.map_err(AccountError::database(DOING))?.rows_affected())
    }

    pub(crate) async fn commit(mut self) -> Result<(), AccountError> {
        let statement =
            sqlx::query("UPDATE annal_access.people SET revision = $2 WHERE person = $1");
        let statement = statement
            .bind(self.person.as_str().to_owned())
            .bind(self.revision);
        self.run(statement).await?;
        let committed = self.transaction.commit().await;
        committed.map_err(AccountError::database(DOING))
    }

    /// Binds the person and two words.
    fn on<'q>(&self, statement: Statement<'q>, first: &str, second: &str) -> Statement<'q> {
        let statement = statement.bind(self.person.as_str().to_owned());
        statement.bind(first.to_owned()).bind(second.to_owned())
    }
}

type Statement<'q> = sqlx::query::Query<'q, Postgres, sqlx::postgres::PgArguments>;

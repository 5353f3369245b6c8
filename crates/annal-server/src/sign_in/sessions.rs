//! Sessions of people in browsers. They are kept in the database, so that two servers share them and one of them can
//! be restarted.

use annal_core::PersonId;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::accounts::{
    AccountError, AccountEvent, Accounts, Change, Changer, Method, access as pairs, read,
};
use super::secret::{Secret, SecretHash};
use super::settings::Timeouts;
use crate::viewer::{Via, Viewer};

/// How old the time of the last request may grow before it is written again: a write a minute, not one a request.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What a session's cookie turned out to be.
#[derive(Debug)]
pub(crate) enum Found {
    /// Somebody who is signed in.
    Open(Viewer),
    /// It was a session, of this person.
    Over(PersonId, Over),
    /// It never was one.
    Unknown,
}

/// Why a session is not one any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    SignedOut,
    Expired,
    Disabled,
}

#[derive(FromRow)]
struct Row {
    person: String,
    name: String,
    disabled: bool,
    one_time: bool,
    seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    ledgers: Vec<String>,
    access: Vec<String>,
}

const FIND: &str = "SELECT s.person, p.name, p.disabled_at IS NOT NULL AS disabled, \
        s.method = 'password' AND coalesce((SELECT one_time FROM annal_access.passwords AS it \
                                            WHERE it.person = s.person), false) AS one_time, \
        s.seen_at, s.expires_at, s.ended_at, clock_timestamp() AS now, \
        ARRAY(SELECT ledger FROM annal_access.grants AS it WHERE it.person = s.person \
              ORDER BY ledger, access) AS ledgers, \
        ARRAY(SELECT access FROM annal_access.grants AS it WHERE it.person = s.person \
              ORDER BY ledger, access) AS access \
     FROM annal_access.sessions AS s JOIN annal_access.people AS p USING (person) WHERE s.id = $1";

/// The sessions of a database.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    accounts: Accounts,
    timeouts: Timeouts,
}

impl Sessions {
    pub(crate) fn new(accounts: Accounts, timeouts: Timeouts) -> Self {
        Self { accounts, timeouts }
    }

    /// Begins a session for somebody who has just proved who they are. Its id is always a new one, whatever the browser
    /// brought along.
    pub(crate) async fn begin(
        &self,
        person: &PersonId,
        method: Method,
        id_token: Option<&str>,
    ) -> Result<Secret, AccountError> {
        let secret = Secret::new();
        let mut change = Change::of(self.accounts.pool(), person).await?;
        // Those that are over for a day are of no use to anybody; what they were is recorded.
        let forget = sqlx::query(
            "DELETE FROM annal_access.sessions WHERE expires_at < clock_timestamp() - interval '1 day'",
        );
        change.run(forget).await?;
        let begin = sqlx::query(
            "INSERT INTO annal_access.sessions (id, person, method, expires_at, id_token) \
             VALUES ($1, $2, $3, clock_timestamp() + $4, $5)",
        );
        let begin = begin
            .bind(secret.hash().0.to_vec())
            .bind(person.to_string());
        let begin = begin.bind(method.name()).bind(self.timeouts.absolute);
        change.run(begin.bind(id_token.map(str::to_owned))).await?;
        let signed_in = AccountEvent::SignedIn { method };
        change.record(&signed_in, &Changer::Themselves).await?;
        change.commit().await?;
        Ok(secret)
    }

    /// Whose session it is.
    pub(crate) async fn find(&self, secret: &Secret) -> Result<Found, AccountError> {
        let doing = "looking for a session";
        let hash = secret.hash();
        let row: Option<Row> = sqlx::query_as(FIND)
            .bind(hash.0.as_slice())
            .fetch_optional(self.accounts.pool())
            .await
            .map_err(AccountError::database(doing))?;
        let Some(row) = row else {
            return Ok(Found::Unknown);
        };
        let person: PersonId = read(&row.person)?;
        if let Some(over) = self.over(&row) {
            return Ok(Found::Over(person, over));
        }
        if row.now - row.seen_at > SEEN_EVERY {
            self.seen(hash).await?;
        }
        Ok(Found::Open(Viewer {
            person,
            name: row.name,
            access: pairs(&row.ledgers, &row.access)?,
            via: Via::Session {
                id: hash,
                csrf: secret.derive("csrf").text(),
                one_time_password: row.one_time,
            },
        }))
    }

    fn over(&self, row: &Row) -> Option<Over> {
        let idle = row.now - row.seen_at > self.timeouts.idle();
        match () {
            () if row.disabled => Some(Over::Disabled),
            () if row.ended_at.is_some() => Some(Over::SignedOut),
            () if idle || row.now >= row.expires_at => Some(Over::Expired),
            () => None,
        }
    }

    async fn seen(&self, id: SecretHash) -> Result<(), AccountError> {
        sqlx::query("UPDATE annal_access.sessions SET seen_at = clock_timestamp() WHERE id = $1")
            .bind(id.0.as_slice())
            .execute(self.accounts.pool())
            .await
            .map_err(AccountError::database("keeping a session"))?;
        Ok(())
    }

    /// Ends one session; gives the issuer's token with which it began, if one did.
    pub(crate) async fn end(
        &self,
        person: &PersonId,
        id: SecretHash,
    ) -> Result<Option<String>, AccountError> {
        let doing = "ending a session";
        let id_token: Option<Option<String>> =
            sqlx::query_scalar("SELECT id_token FROM annal_access.sessions WHERE id = $1")
                .bind(id.0.as_slice())
                .fetch_optional(self.accounts.pool())
                .await
                .map_err(AccountError::database(doing))?;
        let mut change = Change::of(self.accounts.pool(), person).await?;
        let end = sqlx::query(
            "UPDATE annal_access.sessions SET ended_at = clock_timestamp(), id_token = NULL \
             WHERE id = $1 AND ended_at IS NULL",
        );
        if change.run(end.bind(id.0.to_vec())).await? > 0 {
            let signed_out = AccountEvent::SignedOut;
            change.record(&signed_out, &Changer::Themselves).await?;
        }
        change.commit().await?;
        Ok(id_token.flatten())
    }

    /// The person has signed in anew, in this session and for this one act.
    pub(crate) async fn confirm(
        &self,
        person: &PersonId,
        id: SecretHash,
        act: &str,
        method: Method,
    ) -> Result<(), AccountError> {
        let mut change = Change::of(self.accounts.pool(), person).await?;
        let confirm = sqlx::query(
            "UPDATE annal_access.sessions SET confirmed_for = $2, confirmed_until = clock_timestamp() + $3 \
             WHERE id = $1 AND ended_at IS NULL",
        );
        let confirm = confirm.bind(id.0.to_vec()).bind(act.to_owned());
        change.run(confirm.bind(self.timeouts.confirmed)).await?;
        let act = act.to_owned();
        let confirmed = AccountEvent::Confirmed { act, method };
        change.record(&confirmed, &Changer::Themselves).await?;
        change.commit().await
    }

    /// Takes the confirmation for this act: it is good once.
    pub(crate) async fn take_confirmation(
        &self,
        id: SecretHash,
        act: &str,
    ) -> Result<bool, AccountError> {
        let taken = sqlx::query(
            "UPDATE annal_access.sessions SET confirmed_for = NULL, confirmed_until = NULL \
             WHERE id = $1 AND ended_at IS NULL AND confirmed_for = $2 AND confirmed_until > clock_timestamp()",
        )
        .bind(id.0.as_slice())
        .bind(act)
        .execute(self.accounts.pool())
        .await
        .map_err(AccountError::database("taking a confirmation"))?;
        Ok(taken.rows_affected() > 0)
    }
}

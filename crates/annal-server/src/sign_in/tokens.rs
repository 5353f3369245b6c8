//! Tokens for machines: `annal_` and 64 hexadecimal digits, so that scanners find one that got lost.

use annal_core::PersonId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::accounts::{
    AccountError, AccountEvent, Accounts, Change, Changer, access as pairs, read,
};
use super::secret::Secret;
use crate::viewer::{Scope, Via, Viewer};

const PREFIX: &str = "annal_";
const DOING: &str = "looking for a token";

/// A token as it is listed; the token itself is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenInfo {
    /// Its id, by which it is revoked.
    pub token: Uuid,
    /// Whose it is.
    pub person: PersonId,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scope: Scope,
    /// Since when.
    pub made_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub used_at: Option<DateTime<Utc>>,
    /// Since when it is of no use any more.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its id.
    pub token: Uuid,
    /// What the machine sends as `Authorization: Bearer …`. Nobody can be told it again.
    pub text: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// What a token turned out to be.
#[derive(Debug)]
pub(super) enum FoundToken {
    Good(Viewer),
    Revoked(PersonId),
    Expired(PersonId),
    Disabled(PersonId),
    Forged,
}

#[derive(FromRow)]
struct Listed {
    token: Uuid,
    person: String,
    name: String,
    scope: String,
    made_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Row {
    token: Uuid,
    person: String,
    name: String,
    scope: String,
    revoked: bool,
    expired: bool,
    disabled: bool,
    used_long_ago: bool,
    ledgers: Vec<String>,
    access: Vec<String>,
}

const FIND: &str = "SELECT t.token, t.person, p.name, t.scope, t.revoked_at IS NOT NULL AS revoked, \
        t.expires_at <= clock_timestamp() AS expired, p.disabled_at IS NOT NULL AS disabled, \
        coalesce(t.used_at < clock_timestamp() - interval '1 minute', true) AS used_long_ago, \
        ARRAY(SELECT ledger FROM annal_access.grants AS it WHERE it.person = t.person \
              ORDER BY ledger, access) AS ledgers, \
        ARRAY(SELECT access FROM annal_access.grants AS it WHERE it.person = t.person \
              ORDER BY ledger, access) AS access \
     FROM annal_access.tokens AS t JOIN annal_access.people AS p USING (person) WHERE t.hash = $1";

impl Accounts {
    /// Makes a token for a machine that works in a person's name.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], or no server.
    pub async fn make_token(
        &self,
        person: &PersonId,
        name: &str,
        scope: Scope,
        lasts: TimeDelta,
        by: &Changer,
    ) -> Result<NewToken, AccountError> {
        let (token, secret) = (Uuid::now_v7(), Secret::new());
        let expires_at = Utc::now() + lasts;
        let mut change = Change::of(self.pool(), person).await?;
        let make = sqlx::query(
            "INSERT INTO annal_access.tokens (token, hash, person, name, scope, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let make = make.bind(token).bind(secret.hash().0.to_vec());
        let make = make.bind(person.to_string()).bind(name.to_owned());
        change.run(make.bind(scope.name()).bind(expires_at)).await?;
        let made = AccountEvent::TokenMade {
            token,
            name: name.to_owned(),
            scope,
            expires_at,
        };
        change.record(&made, by).await?;
        change.commit().await?;
        Ok(NewToken {
            token,
            text: format!("{PREFIX}{}", secret.text()),
            expires_at,
        })
    }

    /// The token is of no use from now on.
    ///
    /// # Errors
    /// [`AccountError::Nothing`] if there is none that could be revoked, or no server.
    pub async fn revoke_token(&self, token: Uuid, by: &Changer) -> Result<(), AccountError> {
        let found: Option<(String, String)> = sqlx::query_as(
            "SELECT person, name FROM annal_access.tokens WHERE token = $1 AND revoked_at IS NULL",
        )
        .bind(token)
        .fetch_optional(self.pool())
        .await
        .map_err(AccountError::database(DOING))?;
        let what =
            format!("token {token} that is not revoked yet; `annal account tokens` lists them");
        let (person, name) = found.ok_or(AccountError::Nothing { what })?;
        let mut change = Change::of(self.pool(), &read(&person)?).await?;
        let revoke = sqlx::query(
            "UPDATE annal_access.tokens SET revoked_at = clock_timestamp() WHERE token = $1",
        );
        change.run(revoke.bind(token)).await?;
        let revoked = AccountEvent::TokenRevoked { token, name };
        change.record(&revoked, by).await?;
        change.commit().await
    }

    /// All tokens, or a person's, the newest first.
    ///
    /// # Errors
    /// [`AccountError::Database`] when the server does not answer.
    pub async fn tokens(&self, of: Option<&PersonId>) -> Result<Vec<TokenInfo>, AccountError> {
        let rows: Vec<Listed> = sqlx::query_as(
            "SELECT token, person, name, scope, made_at, expires_at, used_at, revoked_at \
             FROM annal_access.tokens WHERE $1 IS NULL OR person = $1 ORDER BY made_at DESC, token DESC",
        )
        .bind(of.map(PersonId::as_str))
        .fetch_all(self.pool())
        .await
        .map_err(AccountError::database(DOING))?;
        let listed = rows.into_iter().map(|row| {
            Ok(TokenInfo {
                token: row.token,
                person: read(&row.person)?,
                name: row.name,
                scope: read(&row.scope)?,
                made_at: row.made_at,
                expires_at: row.expires_at,
                used_at: row.used_at,
                revoked_at: row.revoked_at,
            })
        });
        listed.collect()
    }

    /// Whose token it is.
    pub(super) async fn find_token(&self, text: &str) -> Result<FoundToken, AccountError> {
        let Some(secret) = text.strip_prefix(PREFIX).and_then(Secret::parse) else {
            return Ok(FoundToken::Forged);
        };
        let row: Option<Row> = sqlx::query_as(FIND)
            .bind(secret.hash().0.as_slice())
            .fetch_optional(self.pool())
            .await
            .map_err(AccountError::database(DOING))?;
        let Some(row) = row else {
            return Ok(FoundToken::Forged);
        };
        let person: PersonId = read(&row.person)?;
        if row.disabled || row.revoked || row.expired {
            return Ok(match (row.disabled, row.revoked) {
                (true, _) => FoundToken::Disabled(person),
                (_, true) => FoundToken::Revoked(person),
                _ => FoundToken::Expired(person),
            });
        }
        if row.used_long_ago {
            self.used(row.token).await?;
        }
        Ok(FoundToken::Good(Viewer {
            person,
            name: row.name,
            access: pairs(&row.ledgers, &row.access)?,
            via: Via::Token {
                token: row.token,
                scope: read(&row.scope)?,
            },
        }))
    }

    async fn used(&self, token: Uuid) -> Result<(), AccountError> {
        sqlx::query("UPDATE annal_access.tokens SET used_at = clock_timestamp() WHERE token = $1")
            .bind(token)
            .execute(self.pool())
            .await
            .map_err(AccountError::database("keeping a token's use"))?;
        Ok(())
    }
}

//! Who tries: everybody of the bank, machines, and who is nobody.

use annal_core::PersonId;
use annal_server::{Access, Accounts, Scope};
use chrono::TimeDelta;
use reqwest::{Client, RequestBuilder, redirect};
use sqlx::PgPool;

use crate::support::accounts::{PASSWORD, join, member, operator, password};
use crate::support::{Open, PEOPLE};

/// What somebody shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    None,
    Token,
    ReadToken,
    ExpiredToken,
    RevokedToken,
    ForgedToken,
    Session,
    ExpiredSession,
    ForgedSession,
}

/// Somebody who tries.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
    pub(crate) credential: Credential,
    access: Option<Access>,
    /// The token or the session's id.
    secret: String,
    /// The token of our own forms.
    csrf: Option<String>,
}

impl Subject {
    pub(crate) fn is_somebody(&self) -> bool {
        use Credential::{ReadToken, Session, Token};
        matches!(self.credential, Token | ReadToken | Session)
    }

    /// A machine: it is answered, never sent to a page to sign in on.
    pub(crate) fn by_token(&self) -> bool {
        use Credential::{ExpiredToken, ForgedToken, ReadToken, RevokedToken, Token};
        matches!(
            self.credential,
            Token | ReadToken | ExpiredToken | RevokedToken | ForgedToken
        )
    }

    pub(crate) fn sees_all(&self) -> bool {
        matches!(self.access, Some(Access::Auditor | Access::Admin))
    }

    pub(crate) fn is_member(&self) -> bool {
        self.access == Some(Access::Member)
    }

    pub(crate) fn administers(&self) -> bool {
        self.access == Some(Access::Admin)
    }

    pub(crate) fn sees_the_run(&self) -> bool {
        self.sees_all() || !self.role.is_empty()
    }

    /// Whether they also look for what there is not.
    pub(crate) fn compares(&self) -> bool {
        self.credential == Credential::Session || self.sees_all()
    }

    /// A request as they would send it.
    pub(crate) fn signs(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match &self.csrf {
            Some(csrf) => request.header("x-csrf-token", csrf),
            None => request,
        };
        match self.credential {
            Credential::None => request,
            _ if self.by_token() => request.bearer_auth(&self.secret),
            _ => request.header("cookie", format!("annal={}", self.secret)),
        }
    }
}

/// Everybody. What they need is made here: accounts, tokens, sessions, and the end of some of them.
pub(crate) async fn everybody(open: &Open) -> Vec<Subject> {
    let accounts = Accounts::connect(open.database.url()).await.unwrap();
    join(&accounts, &member("mia")).await;
    let mut all: Vec<Subject> = Vec::new();
    for (name, role, access) in PEOPLE {
        let token = open.tokens.iter().find(|(id, _)| *id == name).unwrap();
        all.push(with(name, role, access, Credential::Token, token.1.clone()));
    }
    let by = operator();
    let make = async |name: &str, scope, lasts| {
        let person: PersonId = name.parse().unwrap();
        let made = accounts.make_token(&person, "everyone", scope, lasts, &by);
        made.await.unwrap()
    };
    let day = TimeDelta::days(1);
    let as_member = |name, credential, secret| {
        let role = if name == "mia" { "" } else { "tester" };
        with(name, role, Access::Member, credential, secret)
    };
    // A member of the ledger who stands on no register.
    let mia = make("mia", Scope::Act, day).await.text;
    all.push(as_member("mia", Credential::Token, mia));
    let reads = make("ana", Scope::Read, day).await.text;
    all.push(as_member("ana", Credential::ReadToken, reads));
    let old = make("ana", Scope::Act, TimeDelta::microseconds(1)).await;
    all.push(as_member("ana", Credential::ExpiredToken, old.text));
    let revoked = make("ana", Scope::Act, day).await;
    accounts.revoke_token(revoked.token, &by).await.unwrap();
    all.push(as_member("ana", Credential::RevokedToken, revoked.text));
    let forged = format!("annal_{}", "0f".repeat(32));
    all.push(as_member("ana", Credential::ForgedToken, forged));
    all.push(as_member("ana", Credential::None, String::new()));
    let forged = "0f".repeat(32);
    all.push(as_member("ana", Credential::ForgedSession, forged));
    join(&accounts, &member("old")).await;
    let session = signed_in(open, "old").await;
    expire(open, "old").await;
    all.push(Subject {
        csrf: session.csrf,
        ..as_member("old", Credential::ExpiredSession, session.secret)
    });
    let (ana, word) = ("ana".parse().unwrap(), password(PASSWORD));
    accounts.set_password(&ana, &word, &by).await.unwrap();
    all.push(signed_in(open, "ana").await);
    all
}

fn with(
    name: &'static str,
    role: &'static str,
    access: Access,
    credential: Credential,
    secret: String,
) -> Subject {
    Subject {
        name,
        role,
        credential,
        access: Some(access),
        secret,
        csrf: None,
    }
}

/// A tester in a browser: with the session's cookie, and the token of its forms.
async fn signed_in(open: &Open, name: &'static str) -> Subject {
    let client = Client::builder().redirect(redirect::Policy::none());
    let client = client.build().unwrap();
    let place = format!("{}/sign-in", open.address);
    let form = [("person", name), ("password", PASSWORD)];
    let answer = client.post(&place).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{name} signs in");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let secret = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let page = client
        .get(&place)
        .header("cookie", format!("annal={secret}"));
    let page = page.send().await.unwrap().text().await.unwrap();
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    Subject {
        csrf: Some(rest.split_once('"').unwrap().0.to_owned()),
        ..with(name, "tester", Access::Member, Credential::Session, secret)
    }
}

async fn expire(open: &Open, name: &str) {
    let pool = PgPool::connect(open.database.url()).await.unwrap();
    let statement =
        "UPDATE annal_access.sessions SET expires_at = clock_timestamp() WHERE person = $1";
    let done = sqlx::query(statement).bind(name).execute(&pool).await;
    assert_eq!(done.unwrap().rows_affected(), 1);
}

//! What is recorded about accounts and attempts, in the ledger `access`.

use annal_core::envelope::Metadata;
use annal_core::{Actor, CommandId, LedgerId, PersonId, Role, Sequence};
use annal_log::{Append, EventData, StreamAppend, StreamId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::AccountError;
use crate::viewer::{Access, Scope};

/// The ledger of the record.
///
/// # Panics
/// Never: the name is a constant that is valid.
#[must_use]
pub fn access_ledger() -> LedgerId {
    LedgerId::new("access").expect("a constant, valid name")
}

/// Something that happened to an account. Secrets are never in it, and neither is a person's name, which has to be
/// forgotten when the law asks for it: the record knows people by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum AccountEvent {
    AccountAdded,
    AccountDisabled,
    AccountEnabled,
    /// The name is gone, and with it every way to sign in.
    NameErased,
    /// One time: by somebody else, to be changed at the next sign-in.
    PasswordSet {
        one_time: bool,
    },
    AccessGiven {
        ledger: LedgerId,
        access: Access,
    },
    AccessTaken {
        ledger: LedgerId,
        access: Access,
    },
    SubjectLinked {
        issuer: String,
        subject: String,
    },
    SubjectUnlinked {
        issuer: String,
        subject: String,
    },
    TokenMade {
        token: Uuid,
        name: String,
        scope: Scope,
        expires_at: DateTime<Utc>,
    },
    TokenRevoked {
        token: Uuid,
        name: String,
    },
    SignedIn {
        method: Method,
    },
    SignedOut,
    SignedOutEverywhere {
        sessions: u64,
    },
    /// Signed in anew, for one act.
    Confirmed {
        act: String,
        method: Method,
    },
}

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Password,
    OpenIdConnect,
}

impl Method {
    /// As the tables have it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::OpenIdConnect => "openid_connect",
        }
    }
}

/// Who changes an account.
#[derive(Debug, Clone)]
pub enum Changer {
    /// Somebody at the command line, by the name of their login on the machine.
    Operator(String),
    /// Somebody who is signed in and an admin.
    Admin(PersonId),
    /// The person whose account it is, or the server by itself.
    Themselves,
}

impl Changer {
    /// Whoever runs this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let login = ["LOGNAME", "USER"].iter().find_map(std::env::var_os);
        let login = login.and_then(|it| it.into_string().ok());
        Self::Operator(login.unwrap_or_else(|| "unknown".to_owned()))
    }

    fn actor(&self) -> Actor {
        let admin = |id, name: &str| Actor {
            id,
            name: name.into(),
            role: Role::Admin,
            on_behalf_of: None,
        };
        match self {
            Self::Operator(login) => match PersonId::new(format!("{OPERATOR}{login}")) {
                Ok(id) => admin(id, login),
                Err(_) => Actor::engine(),
            },
            // By their id alone, as everybody in this record.
            Self::Admin(person) => admin(person.clone(), person.as_str()),
            Self::Themselves => Actor::engine(),
        }
    }
}

/// How the ids of people at the command line begin; accounts do not.
pub(super) const OPERATOR: &str = "os:";

/// One event on the stream of an account.
pub(super) fn on_account(
    person: &PersonId,
    last: i64,
    event: &AccountEvent,
    by: &Changer,
) -> Result<Append, AccountError> {
    let stream = StreamId {
        aggregate_type: "account".to_owned(),
        aggregate_id: person.to_string(),
    };
    append(stream, u64::try_from(last).unwrap_or(0), event, by.actor())
}

/// An append of one event that no workflow made.
pub(crate) fn append(
    stream: StreamId,
    last: u64,
    event: &impl Serialize,
    actor: Actor,
) -> Result<Append, AccountError> {
    let unencodable = |no: serde_json::Error| annal_log::LogError::Unencodable {
        event_type: "access".to_owned(),
        detail: no.to_string(),
    };
    let value = serde_json::to_value(event).map_err(unencodable)?;
    let event_type = value["type"].as_str().unwrap_or_default().to_owned();
    let command_id = CommandId(Uuid::now_v7());
    let metadata = Metadata {
        command_id,
        correlation_id: command_id.0,
        causation_id: None,
        actor,
        reason: None,
        effective_at: Utc::now(),
        provenance: None,
        engine: concat!("annal-server ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Ok(Append {
        command_id,
        content_hash: annal_log::content_hash(&command_id)?,
        metadata,
        streams: vec![StreamAppend {
            stream,
            expected: Sequence(last),
            events: vec![EventData {
                event_type,
                event_version: "1.0".to_owned(),
                payload: value.to_string(),
            }],
        }],
        reply: serde_json::Value::Null,
    })
}

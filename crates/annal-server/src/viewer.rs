//! Who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use annal_core::{LedgerId, PersonId};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::sign_in::{NotSignedIn, SecretHash, viewer_of};

/// What somebody may do in a ledger beside what a run's own register gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Sees the runs in whose register they stand, and may open one.
    Member,
    /// Reads everything, decides nothing.
    Auditor,
    /// Configures: accounts and projections. Decides nothing.
    Admin,
}

impl Access {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Member, Self::Auditor, Self::Admin];

    /// The name in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

/// A word that names no access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no access; choose member, auditor or admin")]
pub struct UnknownAccess(String);

impl FromStr for Access {
    type Err = UnknownAccess;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|it| it.name() == text);
        named.ok_or_else(|| UnknownAccess(text.to_owned()))
    }
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To read.
    Read,
    /// To read and act, as its person may, but never to sign.
    Act,
}

impl Scope {
    /// The name in tables and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Act => "act",
        }
    }
}

/// A word that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no scope; choose read or act")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = [Self::Read, Self::Act].into_iter();
        let named = named.into_iter().find(|it| it.name() == text);
        named.ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// Somebody who has signed in. The only source of an actor: no body, query or header names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// The person in events.
    pub(crate) person: PersonId,
    /// As printed.
    pub(crate) name: String,
    /// By ledger; one that is not named is not seen.
    pub(crate) access: BTreeMap<LedgerId, BTreeSet<Access>>,
    /// With what they came.
    pub(crate) via: Via,
}

/// What a request proved its person with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Via {
    /// A browser's cookie.
    Session {
        id: SecretHash,
        /// What each form that changes something has to bring along, as the field `csrf`.
        csrf: String,
        /// Their password was chosen by somebody else: they have to choose their own before anything else.
        one_time_password: bool,
    },
    /// A machine's token.
    Token { token: Uuid, scope: Scope },
}

impl Viewer {
    /// Whether they hold this access to a ledger.
    pub(crate) fn holds(&self, ledger: &LedgerId, access: Access) -> bool {
        let held = self.access.get(ledger);
        held.is_some_and(|held| held.contains(&access))
    }

    /// Whether they may see anything of a ledger.
    pub(crate) fn sees(&self, ledger: &LedgerId) -> bool {
        self.access.get(ledger).is_some_and(|it| !it.is_empty())
    }

    /// What a page's forms bring along, as a hidden field `csrf` or the header `x-csrf-token`. Empty for a token, which
    /// needs none.
    pub(crate) fn csrf(&self) -> &str {
        match &self.via {
            Via::Session { csrf, .. } => csrf,
            Via::Token { .. } => "",
        }
    }
}

/// From the session's cookie or a bearer token. Who has neither is sent to sign in by a page, and told so by the API.
impl<S> FromRequestParts<S> for Viewer
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotSignedIn> {
        // Asked for twice in one request, it is looked up once.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let viewer = viewer_of(&App::from_ref(state), parts).await?;
        parts.extensions.insert(viewer.clone());
        Ok(viewer)
    }
}

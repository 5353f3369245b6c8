//! Who asks.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::{LedgerId, PersonId};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::app::App;
use crate::problem::{Problem, kinds};

/// What somebody may do in a ledger beside what a run's own register gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Sees the runs in whose register they stand, and may open one.
    Member,
    /// Reads everything, decides nothing.
    Auditor,
    /// Configures: accounts and projections. Decides nothing.
    Admin,
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
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let viewer = parts.extensions.get::<Self>().cloned();
        viewer.ok_or_else(|| Problem::new(&kinds::NOT_SIGNED_IN, "sign in first"))
    }
}

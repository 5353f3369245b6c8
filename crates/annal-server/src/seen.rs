//! Which runs somebody sees.
//!
//! Members of a ledger see the runs in whose register they stand; its auditors and admins see all. What somebody does
//! not see is answered like what there is not, so nobody learns of a ledger or a run by asking for it.

use std::fmt::Display;
use std::str::FromStr;

use annal_core::{LedgerId, PersonId, RunId};
use annal_flow::Standing;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::app::{App, Ledger};
use crate::problem::{Problem, kinds};
use crate::sign_in::{Reason, Witness};
use crate::viewer::{Access, Viewer};

/// A ledger as far as somebody sees it; as an extractor, the one that the path names as `{ledger}`.
#[derive(Clone)]
pub(crate) struct Seen {
    /// The ledger.
    pub(crate) ledger: Ledger,
    /// Who asks.
    pub(crate) viewer: Viewer,
    witness: Witness,
}

/// A ledger in which somebody works, as a member of it does; as an extractor, the one that the path names as `{ledger}`.
#[derive(Clone)]
pub(crate) struct WorkedIn(pub(crate) Seen);

/// A run that somebody sees; as an extractor, the one that the path names as `{run}`.
#[derive(Clone)]
pub(crate) struct SeenRun {
    /// Its ledger, and who asks.
    pub(crate) seen: Seen,
    /// Its id.
    pub(crate) run: RunId,
    /// How it stands.
    pub(crate) standing: Standing,
}

impl Seen {
    /// What somebody sees of a ledger.
    ///
    /// # Errors
    /// `not_found` where they have no access to it, or there is none.
    fn of(app: &App, viewer: Viewer, witness: Witness, id: &LedgerId) -> Result<Self, Problem> {
        let allowed = viewer.access.get(id).is_some_and(|it| !it.is_empty());
        let ledger = app.ledger(id).filter(|_| allowed).cloned();
        let ledger = noted(&witness, ledger.ok_or_else(|| unknown_ledger(id)))?;
        Ok(Self {
            ledger,
            viewer,
            witness,
        })
    }

    /// A run that they see, as it stands. That they asked for one that they do not see is recorded.
    ///
    /// # Errors
    /// `not_found` where they do not see it, or there is none.
    pub(crate) async fn run(&self, run: RunId) -> Result<Standing, Problem> {
        let standing = self.ledger.cases.standing(run).await?;
        let seen = standing.filter(|it| self.sees_all() || self.is_on(it));
        let seen = seen.ok_or_else(|| Problem::not_found(format_args!("run {run}")));
        noted(&self.witness, seen)
    }

    /// Whether they see every run.
    pub(crate) fn sees_all(&self) -> bool {
        self.has(Access::Auditor) || self.has(Access::Admin)
    }

    /// Of lists: only runs with this person on their register. None where they see every run.
    pub(crate) fn only(&self) -> Option<PersonId> {
        (!self.sees_all()).then(|| self.viewer.person.clone())
    }

    /// What concerns the ledger as a whole.
    ///
    /// # Errors
    /// `not_allowed` for who sees only their own runs.
    pub(crate) fn whole(&self) -> Result<(), Problem> {
        let allowed = self.sees_all();
        self.allowed(allowed, "the ledger's auditors and admins see this")
    }

    /// What its members do: those who only read or configure keep nothing in it.
    ///
    /// # Errors
    /// `not_allowed` for all others.
    fn member(&self) -> Result<(), Problem> {
        let allowed = self.has(Access::Member);
        self.allowed(allowed, "the ledger's members do this")
    }

    /// What only an admin of the ledger does.
    ///
    /// # Errors
    /// `not_allowed` for all others.
    pub(crate) fn admin(&self) -> Result<(), Problem> {
        let allowed = self.has(Access::Admin);
        self.allowed(allowed, "the ledger's admins do this")
    }

    fn allowed(&self, allowed: bool, who: &str) -> Result<(), Problem> {
        let (id, person) = (&self.ledger.id, &self.viewer.person);
        let detail = || format!("in ledger {id}, {who}; {person} is none of them");
        match allowed {
            true => Ok(()),
            false => Err(Problem::new(&kinds::NOT_ALLOWED, detail())),
        }
    }

    fn has(&self, access: Access) -> bool {
        let all = self.viewer.access.get(&self.ledger.id);
        all.is_some_and(|all| all.contains(&access))
    }

    fn is_on(&self, run: &Standing) -> bool {
        run.case.run.person(&self.viewer.person).is_some()
    }
}

impl FromRequestParts<App> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Asked for twice in one request, it counts once.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let viewer = Viewer::from_request_parts(parts, app).await?;
        app.gate().lets_in(&viewer.person)?;
        let id: LedgerId = named(parts, app, "ledger").await?;
        let witness = Witness::in_request(&parts.extensions);
        let seen = Self::of(app, viewer, witness, &id)?;
        parts.extensions.insert(seen.clone());
        Ok(seen)
    }
}

/// Before the body is looked at: what may not be kept need not be read.
impl FromRequestParts<App> for WorkedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let seen = Seen::from_request_parts(parts, app).await?;
        seen.member()?;
        Ok(Self(seen))
    }
}

impl FromRequestParts<App> for SeenRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let seen = Seen::from_request_parts(parts, app).await?;
        let run: RunId = named(parts, app, "run").await?;
        let standing = seen.run(run).await?;
        Ok(Self {
            seen,
            run,
            standing,
        })
    }
}

/// That somebody asked for what they do not see is recorded, whether it is there or not.
fn noted<T>(witness: &Witness, looked: Result<T, Problem>) -> Result<T, Problem> {
    looked.inspect_err(|_| witness.refuse(Reason::NotSeen))
}

/// A part of the path. One that cannot be such an id names nothing.
async fn named<T>(parts: &mut Parts, app: &App, name: &str) -> Result<T, Problem>
where
    T: FromStr<Err: Display>,
{
    let params = RawPathParams::from_request_parts(parts, app).await?;
    let value = params.iter().find(|(key, _)| *key == name);
    let value = value.map_or("", |(_, value)| value);
    let unknown = |_| Problem::not_found(format_args!("{name} '{value}'"));
    value.parse().map_err(unknown)
}

fn unknown_ledger(id: &LedgerId) -> Problem {
    Problem::not_found(format_args!("ledger '{id}'"))
}

//! Acting on a run for somebody who is signed in. The one way for API and console.

mod opening;

use std::time::Duration;

use annal_core::dossier::DossierCommand;
use annal_core::dossier::event::FileRef;
use annal_core::{Command, CommandId, PersonId, Position, Role, RunId};
use annal_flow::{Accepted, Act, Reply};
use chrono::{DateTime, Utc};

use crate::app::Ledger;
use crate::problem::{Problem, kinds};
use crate::seen::SeenRun;
use crate::viewer::Viewer;

pub(crate) use opening::{NewRun, start_run};

/// How something is asked for, beside what. Who asks comes from the session alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Chosen by the caller: sent again with the same content, it is carried out once.
    pub(crate) command_id: Option<CommandId>,
    /// In which role; none means the one that the person holds and the act needs.
    pub(crate) role: Option<Role>,
    /// In whose place.
    pub(crate) on_behalf_of: Option<PersonId>,
    /// Why.
    pub(crate) reason: Option<String>,
    /// When it took place, as claimed; none means now.
    pub(crate) effective_at: Option<DateTime<Utc>>,
    /// The person has just shown again who they are. Signing needs it.
    pub(crate) signed_in_again: bool,
}

/// So long the read models are waited for after an act. They go on without us; the answer then comes before them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Carries out an act on a run that somebody sees, and waits until the read models tell of it.
///
/// # Errors
/// A refusal by the rules, which is in the log; or why there is no answer.
pub(crate) async fn act(run: &SeenRun, act: Act, how: Asked) -> Result<Accepted, Problem> {
    if is_signature(&act) && !how.signed_in_again {
        let detail = "a signature needs your password once more; confirm it and sign then";
        return Err(Problem::new(&kinds::SIGN_IN_AGAIN, detail));
    }
    let (ledger, viewer) = (&run.seen.ledger, &run.seen.viewer);
    let role = how.role;
    let role = role.unwrap_or_else(|| act.role_of(&run.standing.case, &viewer.person));
    let known = is_known(ledger, how.command_id).await?;
    let command = command(viewer, role, how, act);
    let reply = ledger.flow.act(run.run, &command).await?;
    counted(command.body.activity(), &reply);
    if let (Reply::Accepted(_), Some(decided)) = (&reply, decided(&command.body)) {
        metrics::counter!("annal_decisions_total").increment(decided);
    }
    settled(ledger, reply, known).await
}

fn counted(act: &'static str, reply: &Reply) {
    let outcome = match reply {
        Reply::Accepted(_) => "accepted",
        Reply::Rejected(no) => no.code.as_str(),
    };
    metrics::counter!("annal_acts_total", "act" => act, "outcome" => outcome).increment(1);
}

/// On how many items an act decides.
fn decided(act: &Act) -> Option<u64> {
    match act {
        Act::Dossier {
            command: DossierCommand::Decide { decisions, .. },
            ..
        } => Some(decisions.len() as u64),
        _ => None,
    }
}

/// Keeps a file in the ledger. It is evidence only once an act that names it was accepted.
///
/// # Errors
/// Why it could not be kept.
pub(crate) async fn put_file(
    ledger: &Ledger,
    name: &str,
    bytes: &[u8],
) -> Result<FileRef, Problem> {
    Ok(ledger.log.put_file(name, bytes).await?)
}

fn command<B>(viewer: &Viewer, role: Role, how: Asked, body: B) -> Command<B> {
    Command {
        id: how.command_id.unwrap_or_else(new_id),
        person: viewer.person.clone(),
        role,
        on_behalf_of: how.on_behalf_of,
        reason: how.reason,
        effective_at: how.effective_at,
        body,
    }
}

/// An id for a command whose sender named none.
pub(crate) fn new_id() -> CommandId {
    CommandId(uuid::Uuid::now_v7())
}

/// Whether the log has this command already. The workflow gives its first answer again, which does not say so.
async fn is_known(ledger: &Ledger, id: Option<CommandId>) -> Result<bool, Problem> {
    match id {
        Some(id) => Ok(ledger.log.receipt(id).await?.is_some()),
        None => Ok(false),
    }
}

async fn settled(ledger: &Ledger, reply: Reply, known: bool) -> Result<Accepted, Problem> {
    match reply {
        Reply::Accepted(done) => {
            told_of(ledger, done.last).await;
            let repeated = done.repeated || known;
            Ok(Accepted { repeated, ..done })
        }
        Reply::Rejected(no) => {
            // The refusal is recorded, at the latest where the log stands now.
            told_of(ledger, ledger.log.head().await?.position).await;
            Err(no.into())
        }
    }
}

/// Waits until the read models have reached a position, so that who acts sees what they did.
async fn told_of(ledger: &Ledger, position: Position) {
    if let Err(error) = ledger.reached.wait_for(position, PATIENCE).await {
        tracing::warn!(%position, %error, "the read models are not waited for");
    }
}

fn is_signature(act: &Act) -> bool {
    matches!(
        act,
        Act::Dossier {
            command: DossierCommand::Sign { .. },
            ..
        }
    )
}

/// Used by the rooms that only have a run's id.
pub(crate) async fn on(seen: crate::seen::Seen, run: RunId) -> Result<SeenRun, Problem> {
    let standing = seen.run(run).await?;
    Ok(SeenRun {
        seen,
        run,
        standing,
    })
}

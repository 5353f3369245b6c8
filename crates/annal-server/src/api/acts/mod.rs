//! Acting on a run.

mod request;
mod signing;

use annal_core::version::VersionRef;
use annal_core::{CommandId, Position, Rejection, Summary};
use annal_flow::Accepted;
use axum::Json as Answered;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Made;
use super::extract::{Json, Key, Path};
use super::paths::{OfCommand, OnRun};
use crate::app::App;
use crate::problem::Problem;
use crate::seen::SeenRun;
pub(super) use request::{ActRequest, How};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(act))
        .routes(routes!(outcome))
        .routes(routes!(signing::sign))
}

/// An act that was carried out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActDone)]
pub(super) struct Done {
    /// The key under which it was sent.
    pub(super) command_id: CommandId,
    /// The version that it was about, where the phase has versions.
    pub(super) version: Option<VersionRef>,
    /// Position of its first event.
    pub(super) first_position: Position,
    /// Position of its last event.
    pub(super) last_position: Position,
    /// It had been carried out before; nothing was written now.
    pub(super) repeated: bool,
    /// Where the run stands now, and what waits for whom.
    pub(super) run: Summary,
}

impl Done {
    pub(super) fn new(command_id: CommandId, done: Accepted) -> Self {
        Self {
            command_id,
            version: done.version,
            first_position: done.first,
            last_position: done.last,
            repeated: done.repeated,
            run: done.summary,
        }
    }
}

/// Act on a run.
///
/// The act goes to the running workflow, is decided by the rules, and is recorded with you as its actor. When the answer
/// comes, all answers of this API tell of it. A refusal is a problem with the rule's code, and is recorded too.
///
/// Send an `Idempotency-Key` (a UUID) with it: after a lost answer the same request with the same key is carried out once
/// and answered as the first time; the same key with another content is refused with `command_reused`.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/runs/{run}/acts",
    tag = "acts",
    operation_id = "act",
    params(OnRun, ("Idempotency-Key" = Option<uuid::Uuid>, Header, description = "Chosen by you, one for each act.")),
    request_body(content = ActRequest, examples(
        ("decide" = (summary = "Decide on items", value = json!({
            "act": "decide_items", "phase": "planning", "level": "tester",
            "decisions": [{"item": "attribute:income", "verdict": "include"}]
        }))),
        ("submit" = (summary = "Hand a draft in", value = json!({"act": "submit_version", "phase": "planning"}))),
        ("approve" = (summary = "Approve a version", value = json!({"act": "approve_version", "phase": "planning", "version": 1}))),
        ("reject" = (summary = "Reject a version", value = json!({
            "act": "reject_version", "phase": "sample_selection", "reason": "20 rows are not usable",
            "requested_changes": ["10 more samples"]
        }))),
        ("revise" = (summary = "Revise a rejected version", value = json!({
            "act": "revise_version", "phase": "sample_selection", "policy": "approved_only", "draw": 10
        }))),
    )),
    responses(
        (status = 201, description = "It was carried out.", body = Done,
            headers(("Location" = String, description = "Where its outcome can be read again."),
                    ("Idempotency-Key" = uuid::Uuid, description = "The key, also where one was made for you."))),
        (status = 200, description = "It had been carried out before under this key.", body = Done),
    )
)]
async fn act(
    run: SeenRun,
    Key(id): Key,
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    Json(asked): Json<ActRequest>,
) -> Result<Made<Done>, Problem> {
    let how = asked.how.asked(id);
    let done = crate::acting::act(&run, asked.act.into_act()?, how).await?;
    Ok(made(uri.path(), id, done))
}

fn made(path: &str, id: CommandId, done: Accepted) -> Made<Done> {
    Made {
        place: format!("{path}/{id}"),
        key: Some(id),
        repeated: done.repeated,
        body: Done::new(id, done),
    }
}

/// What came of an act.
#[derive(Debug, Serialize, ToSchema)]
struct Outcome {
    /// The key under which it was sent.
    command_id: CommandId,
    /// Position of its first event.
    first_position: Position,
    /// Position of its last event.
    last_position: Position,
    /// What was decided.
    #[serde(flatten)]
    verdict: Verdict,
}

/// What was decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[schema(as = VerdictOnAct)]
enum Verdict {
    /// It was carried out.
    Accepted {
        /// The version that it was about, where the phase has versions.
        version: Option<VersionRef>,
    },
    /// The rules refused it.
    Rejected {
        /// Why.
        rejection: Rejection,
    },
}

/// Read what came of an act.
///
/// For who lost the answer and does not want to send the act again. There is nothing here before the act was decided.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/runs/{run}/acts/{command}",
    tag = "acts",
    operation_id = "read_act",
    params(OnRun, OfCommand),
    responses((status = 200, description = "What came of it.", body = Outcome))
)]
async fn outcome(run: SeenRun, Path(of): Path<OfCommand>) -> Result<Answered<Outcome>, Problem> {
    let id = of.command;
    let unknown = || Problem::not_found(format_args!("command {} in run {}", id, run.run));
    let log = &run.seen.ledger.log;
    let (receipt, _) = log.receipt(id).await?.ok_or_else(unknown)?;
    let before = Position(receipt.first.0.saturating_sub(1));
    let first = log.read(before, 1).await?.pop().ok_or_else(unknown)?;
    if annal_audit::run_of(&first) != Some(run.run) {
        return Err(unknown());
    }
    // A command of the engine has a reply of another form, and nobody sent it.
    let verdict = serde_json::from_value(receipt.reply).map_err(|_| unknown())?;
    Ok(Answered(Outcome {
        command_id: id,
        first_position: receipt.first,
        last_position: receipt.last,
        verdict,
    }))
}

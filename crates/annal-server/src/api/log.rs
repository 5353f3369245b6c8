//! The log as a whole: verified, signed, exported. For a ledger's auditors and admins.

use annal_core::Position;
use annal_log::{Head, Scope, Since};
use annal_verify::{Checkpoint, ConsistencyProof};
use axum::Json as Answered;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Query};
use super::paths::InLedger;
use crate::app::App;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(checkpoints, sign))
        .routes(routes!(verify))
        .routes(routes!(consistency))
        .routes(routes!(export))
}

/// Signed checkpoints of a ledger.
#[derive(Debug, Serialize, ToSchema)]
struct Checkpoints {
    /// The public key of this server, in hex; none where it signs nothing.
    public_key: Option<String>,
    /// The newest first. `docs/proofs.md` says what they are.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Checkpoint>,
}

/// List the signed checkpoints that this server keeps, the newest first. Everybody with access to the ledger may keep one.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/log/checkpoints", tag = "log", operation_id = "list_checkpoints", params(InLedger),
    responses((status = 200, description = "The checkpoints.", body = Checkpoints))
)]
async fn checkpoints(State(app): State<App>, seen: Seen) -> Result<Answered<Checkpoints>, Problem> {
    let kept = app.checkpoints();
    let key = kept.public_key().map(|it| hex::encode(it.to_bytes()));
    Ok(Answered(Checkpoints {
        public_key: key,
        rows: kept.of(&seen.ledger.id).await?,
    }))
}

/// Verify what came since the newest checkpoint, then sign what the log holds now.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/log/checkpoints", tag = "log", operation_id = "sign_checkpoint", params(InLedger),
    responses((status = 200, description = "The checkpoint; the newest one again where nothing came since.", body = serde_json::Value))
)]
async fn sign(State(app): State<App>, seen: Seen) -> Result<Answered<Checkpoint>, Problem> {
    seen.whole()?;
    Ok(Answered(app.checkpoints().make(&seen.ledger.log).await?))
}

/// What is verified. The whole log if nothing is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Extent {
    /// A checkpoint that you kept: the log has to begin with what it stands for.
    #[schema(value_type = Option<Object>)]
    checkpoint: Option<Checkpoint>,
    /// The public key that the checkpoint has to be signed with, in hex. Take it from elsewhere than the checkpoint.
    public_key: Option<String>,
    /// Only what comes after this position, whose stored hash is trusted.
    #[schema(value_type = Option<u64>)]
    after: Option<Position>,
    /// Only up to here.
    #[schema(value_type = Option<u64>)]
    until: Option<Position>,
}

/// What a verification found.
#[derive(Debug, Serialize, ToSchema)]
struct Verified {
    /// No fault was found.
    intact: bool,
    /// Events that were read and hashed.
    checked: u64,
    /// The log's end then.
    #[schema(value_type = u64)]
    head_position: Position,
    /// Its hash, in hex.
    head_hash: String,
    /// The first thing that is wrong.
    fault: Option<Fault>,
}

/// The first thing that is wrong with a log.
#[derive(Debug, Serialize, ToSchema)]
struct Fault {
    /// Where.
    #[schema(value_type = u64)]
    position: Position,
    /// What.
    told: String,
}

/// Verify the log: every hash is computed anew, and a checkpoint that you kept is held against it.
///
/// It reads the whole log, so only one verification of a ledger runs at a time.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/log/verification", tag = "log", operation_id = "verify_log", params(InLedger),
    request_body = Extent,
    responses((status = 200, description = "What was found.", body = Verified))
)]
async fn verify(seen: Seen, Json(extent): Json<Extent>) -> Result<Answered<Verified>, Problem> {
    seen.whole()?;
    let _turn = seen.ledger.verifying.try_lock().map_err(|_| {
        Problem::new(
            &kinds::BUSY,
            "a verification of this ledger runs; wait for it",
        )
        .retry_after(std::time::Duration::from_secs(5))
    })?;
    let scope = Scope {
        since: since(&extent)?,
        until: extent.until,
        ..Scope::default()
    };
    let found = seen.ledger.log.verify_with(scope, |_| ()).await?;
    Ok(Answered(Verified {
        intact: found.fault.is_none(),
        checked: found.checked,
        head_position: found.head.position,
        head_hash: hex::encode(found.head.hash),
        fault: found.fault.map(|it| Fault {
            position: it.position,
            told: it.to_string(),
        }),
    }))
}

fn since(extent: &Extent) -> Result<Since, Problem> {
    let bad = |detail: String| Problem::new(&kinds::INVALID_BODY, detail);
    match (&extent.checkpoint, &extent.public_key, extent.after) {
        (None, None, None) => Ok(Since::Beginning),
        (None, None, Some(position)) => Ok(Since::Position(position)),
        (Some(checkpoint), Some(key), None) => {
            let bytes: Option<[u8; 32]> = hex::decode(key).ok().and_then(|it| it.try_into().ok());
            let key = bytes.and_then(|it| annal_verify::VerifyingKey::from_bytes(&it).ok());
            let key = key.ok_or_else(|| bad("public_key is no Ed25519 key in hex".to_owned()))?;
            checkpoint.verify(&key).map_err(|no| bad(no.to_string()))?;
            Ok(Since::Checkpoint(Head {
                position: Position(checkpoint.size),
                hash: checkpoint.head,
            }))
        }
        _ => Err(bad(
            "give a checkpoint with its public_key, or after, or neither".to_owned(),
        )),
    }
}

/// Two checkpoints.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Two {
    /// The earlier one.
    #[schema(value_type = Object)]
    older: Checkpoint,
    /// The later one.
    #[schema(value_type = Object)]
    newer: Checkpoint,
}

/// Prove that the log only grew between two checkpoints.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/log/consistency-proof", tag = "log", operation_id = "prove_consistency",
    params(InLedger), request_body = Two,
    responses((status = 200, description = "The proof; `annal-verify` checks it.", body = serde_json::Value))
)]
async fn consistency(
    seen: Seen,
    Json(two): Json<Two>,
) -> Result<Answered<ConsistencyProof>, Problem> {
    seen.whole()?;
    let log = &seen.ledger.log;
    Ok(Answered(
        log.prove_consistency(&two.older, &two.newer).await?,
    ))
}

/// Which part of the log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Part {
    /// What comes after this position.
    #[param(value_type = Option<u64>)]
    after: Position,
    /// Up to and with this position; the log's end if left out.
    #[param(value_type = Option<u64>)]
    until: Option<Position>,
}

/// Export the log as lines that `annal-verify` checks without this server.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/log/export", tag = "log", operation_id = "export_log", params(InLedger, Part),
    responses((status = 200, description = "A header, then a line for each event.",
        body = String, content_type = "application/x-ndjson"))
)]
async fn export(seen: Seen, Query(part): Query<Part>) -> Result<Response, Problem> {
    seen.whole()?;
    let mut lines = Box::pin(seen.ledger.log.export(part.after, part.until));
    // The first line tells whether there is such a part, while that can still be answered otherwise.
    let header = lines.next().await.transpose()?.unwrap_or_default();
    let first = futures::stream::once(std::future::ready(Ok(header)));
    let lines = first.chain(lines).map(|line| line.map(|it| it + "\n"));
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, ndjson)], Body::from_stream(lines)).into_response())
}

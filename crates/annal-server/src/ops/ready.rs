//! Whether this server can do its work now.

use annal_core::Position;
use annal_flow::FlowError;
use annal_projector::{ProjectionState, ProjectionStatus};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::{App, Ledger};

/// Whether it is, and of what that consists.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    /// The database and Temporal answer.
    ready: bool,
    ledgers: Vec<LedgerReadiness>,
}

#[derive(Debug, Serialize)]
struct LedgerReadiness {
    ledger: String,
    /// The log's head; none where the database does not answer.
    head_position: Option<Position>,
    /// Temporal answers.
    temporal: bool,
    /// A worker takes its work. Reading goes on without one.
    worker: bool,
    /// Events that the projection furthest behind has to fold.
    lag: Option<u64>,
    /// Projections that stand still before an event.
    stopped: Vec<String>,
}

pub(super) async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let mut ledgers = Vec::new();
    for ledger in app.ledgers() {
        ledgers.push(of(ledger).await);
    }
    let works = |it: &LedgerReadiness| it.head_position.is_some() && it.temporal;
    let ready = ledgers.iter().all(works);
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(Readiness { ready, ledgers }))
}

async fn of(ledger: &Ledger) -> LedgerReadiness {
    let (head, status, flow) = tokio::join!(
        ledger.log.head(),
        ledger.projector.status(),
        ledger.flow.ready()
    );
    let status = status.unwrap_or_default();
    let stands = |it: &&ProjectionStatus| matches!(it.state, ProjectionState::Failed { .. });
    LedgerReadiness {
        ledger: ledger.id.to_string(),
        head_position: head.ok().map(|it| it.position),
        temporal: matches!(flow, Ok(()) | Err(FlowError::NoWorker { .. })),
        worker: flow.is_ok(),
        lag: status.iter().map(|it| it.lag).max(),
        stopped: status
            .iter()
            .filter(stands)
            .map(|it| it.name.clone())
            .collect(),
    }
}

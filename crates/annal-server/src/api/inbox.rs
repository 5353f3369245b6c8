//! What waits for whoever asks.

use annal_core::case::Waiting;
use annal_core::{LedgerId, RunId};
use axum::Json as Answered;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paths::InLedger;
use crate::app::App;
use crate::problem::Problem;
use crate::seen::Seen;

/// Runs looked through for one answer.
const RUNS: u32 = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(inbox))
}

/// What waits for you.
#[derive(Debug, Serialize, ToSchema)]
struct Inbox {
    /// The ledger.
    ledger: LedgerId,
    /// The earliest deadline first.
    rows: Vec<Duty>,
}

/// Something that waits for you.
#[derive(Debug, Serialize, ToSchema)]
struct Duty {
    /// In this run.
    run_id: RunId,
    /// The report.
    report: String,
    /// The test cycle.
    cycle: String,
    /// What, on how many things, and by when.
    #[serde(flatten)]
    waiting: Waiting,
}

/// What waits for you, in the 200 open runs with the earliest deadlines.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/inbox", tag = "acts", operation_id = "inbox", params(InLedger),
    responses((status = 200, description = "What waits for you.", body = Inbox))
)]
async fn inbox(seen: Seen) -> Result<Answered<Inbox>, Problem> {
    let person = &seen.viewer.person;
    let runs = seen.ledger.audit.duties(person, 0, RUNS).await?;
    let duties = seen.ledger.duties.of(&seen.ledger, person, runs).await?;
    let rows = duties.into_iter().map(Duty::from).collect();
    let ledger = seen.ledger.id.clone();
    Ok(Answered(Inbox { ledger, rows }))
}

impl From<crate::duties::Duty> for Duty {
    fn from(it: crate::duties::Duty) -> Self {
        Self {
            run_id: it.run.run_id,
            report: it.run.report,
            cycle: it.run.cycle,
            waiting: it.waiting,
        }
    }
}

//! Who somebody is here, and what they may see.

use annal_audit::LogHead;
use annal_core::{LedgerId, PersonId};
use axum::Json as Answered;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paths::InLedger;
use crate::app::App;
use crate::problem::Problem;
use crate::seen::Seen;
use crate::viewer::{Access, Viewer};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(head))
}

/// Who you are.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// Your id in events.
    person: PersonId,
    /// As it is printed.
    name: String,
    /// The ledgers that you see.
    ledgers: Vec<Mine>,
}

/// A ledger that you see.
#[derive(Debug, Serialize, ToSchema)]
struct Mine {
    /// The ledger.
    ledger: LedgerId,
    /// What you may do there: `member`, `auditor`, `admin`.
    access: Vec<&'static str>,
}

/// Who you are, and which ledgers you see.
#[utoipa::path(
    get, path = "/me", tag = "ledgers", operation_id = "me",
    responses((status = 200, description = "You.", body = Me))
)]
async fn me(State(app): State<App>, viewer: Viewer) -> Answered<Me> {
    let served = viewer
        .access
        .iter()
        .filter(|(id, _)| app.ledger(id).is_some());
    let ledgers = served.map(|(id, access)| Mine {
        ledger: id.clone(),
        access: access.iter().map(|it| name(*it)).collect(),
    });
    let ledgers = ledgers.collect();
    Answered(Me {
        person: viewer.person,
        name: viewer.name,
        ledgers,
    })
}

const fn name(access: Access) -> &'static str {
    match access {
        Access::Member => "member",
        Access::Auditor => "auditor",
        Access::Admin => "admin",
    }
}

/// Where a ledger ends.
///
/// Whoever keeps `position` and `hash` can tell later whether anything up to there was altered.
#[utoipa::path(
    get, path = "/ledgers/{ledger}", tag = "ledgers", operation_id = "show_ledger", params(InLedger),
    responses((status = 200, description = "Its end.", body = LogHead))
)]
async fn head(seen: Seen) -> Result<Answered<LogHead>, Problem> {
    Ok(Answered(seen.ledger.audit.log_head().await?))
}

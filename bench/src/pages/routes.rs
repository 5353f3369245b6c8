//! What is opened: every page and every list that somebody reads, on a run from the middle of the log and on one that is
//! open. A new one has to be named here.

use std::collections::BTreeSet;

use annal_core::RunId;
use annal_measure::Failure;
use serde_json::Value;
use sqlx::{Connection, PgConnection};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Sees every run.
    Looks,
    /// A tester, for whom something waits in every run that is open.
    Decides,
}

/// A page or an answer.
pub(super) struct Route {
    /// As the server lists it.
    template: &'static str,
    query: &'static str,
    pub(super) who: Who,
    /// Filled in.
    pub(super) path: String,
    place: &'static str,
}

/// What the templates' parts are filled with.
pub(super) struct World {
    /// A run that is over, from the middle of the log.
    over: RunId,
    /// Its last event.
    position: i64,
    /// One that is open.
    open: RunId,
}

impl World {
    pub(super) async fn of(url: &str, events: u64, open: RunId) -> Result<Self, Failure> {
        let mut session = PgConnection::connect(url).await?;
        let (over, position): (uuid::Uuid, i64) = sqlx::query_as(
            "SELECT run_id, changed_position FROM annal_read.workflow_executions
             WHERE opened_position > $1 ORDER BY opened_position LIMIT 1",
        )
        .bind(i64::try_from(events / 2)?)
        .fetch_one(&mut session)
        .await?;
        Ok(Self {
            over: RunId(over),
            position,
            open,
        })
    }
}

/// What is no page or list that somebody waits for: files, whole exports, streams without end, what is for machines, and
/// signing in, where a password's hash takes its time on purpose.
const NOT_MEASURED: [&str; 31] = [
    "/",
    "/assets/{name}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/problems",
    "/problems/{code}",
    "/sign-in",
    "/sign-in/confirm",
    "/sign-in/password",
    "/sign-in/openid-connect",
    "/sign-in/openid-connect/callback",
    "/sign-out",
    "/{ledger}/live",
    "/{ledger}/audit.csv",
    "/{ledger}/audit.jsonl",
    "/{ledger}/events/{position}/proof.json",
    "/{ledger}/proof/checkpoints/{size}",
    "/{ledger}/proof/consistency.json",
    "/{ledger}/proof/log.jsonl",
    "/{ledger}/runs/{run}/do/{act}",
    "/{ledger}/runs/{run}/{phase}/do/{act}",
    "/{ledger}/runs/{run}/files/{sha256}",
    "/api/v1/ledgers/{ledger}/events/stream",
    "/api/v1/ledgers/{ledger}/events/{position}/proof",
    "/api/v1/ledgers/{ledger}/files/{sha256}",
    "/api/v1/ledgers/{ledger}/log/export",
    "/api/v1/ledgers/{ledger}/projections/{name}/rebuild",
    "/api/v1/ledgers/{ledger}/runs/{run}/acts/{command}",
    "/api/v1/ledgers/{ledger}/runs/{run}/export",
    "/api/v1/ledgers/{ledger}/runs/{run}/files/{sha256}",
];

/// Pages of the ledger as a whole, and answers about it.
const WHOLE: &[(&str, &str)] = &[
    ("/{ledger}/runs", ""),
    ("/{ledger}/runs", "text=Report+7&status=completed"),
    ("/{ledger}/runs/new", ""),
    ("/{ledger}/audit", ""),
    ("/{ledger}/audit", "ask=decisions"),
    (
        "/{ledger}/audit",
        "ask=decisions&person=tom-3&phase=scoping",
    ),
    ("/{ledger}/audit", "ask=approvals"),
    ("/{ledger}/audit", "ask=overrides"),
    ("/{ledger}/audit", "ask=refusals"),
    ("/{ledger}/audit", "ask=four-eyes"),
    ("/{ledger}/audit", "ask=late"),
    ("/{ledger}/audit", "ask=search&words=supervisor"),
    ("/{ledger}/events/{position}", ""),
    ("/{ledger}/metrics", ""),
    ("/{ledger}/projections", ""),
    ("/{ledger}/proof", ""),
    ("/api/v1/definitions", ""),
    ("/api/v1/definitions/{version}", ""),
    ("/api/v1/me", ""),
    ("/api/v1/ledgers/{ledger}", ""),
    ("/api/v1/ledgers/{ledger}/audit/approvals", ""),
    ("/api/v1/ledgers/{ledger}/audit/decisions", ""),
    ("/api/v1/ledgers/{ledger}/audit/four-eyes", ""),
    ("/api/v1/ledgers/{ledger}/audit/late", ""),
    ("/api/v1/ledgers/{ledger}/audit/overrides", ""),
    ("/api/v1/ledgers/{ledger}/audit/refusals", ""),
    ("/api/v1/ledgers/{ledger}/audit/search", "words=supervisor"),
    ("/api/v1/ledgers/{ledger}/events", ""),
    ("/api/v1/ledgers/{ledger}/events/{position}", ""),
    ("/api/v1/ledgers/{ledger}/log/checkpoints", ""),
    ("/api/v1/ledgers/{ledger}/projections", ""),
    ("/api/v1/ledgers/{ledger}/runs", ""),
];

/// Of the run that is over.
const OVER: &[(&str, &str)] = &[
    ("/{ledger}/runs/{run}", ""),
    ("/{ledger}/runs/{run}/{phase}", ""),
    ("/{ledger}/runs/{run}/{phase}/{n}", ""),
    ("/{ledger}/runs/{run}/{phase}/{n}", "position={position}"),
    ("/{ledger}/runs/{run}/{phase}/diff", "a=1&b=2"),
    ("/{ledger}/metrics", "run={run}"),
    ("/{ledger}/audit", "ask=decisions&run={run}"),
    ("/api/v1/ledgers/{ledger}/runs/{run}", ""),
    (
        "/api/v1/ledgers/{ledger}/runs/{run}/lineage",
        "of=section:1",
    ),
    ("/api/v1/ledgers/{ledger}/runs/{run}/metrics", ""),
    ("/api/v1/ledgers/{ledger}/runs/{run}/phases", ""),
    (
        "/api/v1/ledgers/{ledger}/runs/{run}/phases/{phase}/versions/{number}",
        "",
    ),
    (
        "/api/v1/ledgers/{ledger}/runs/{run}/phases/{phase}/versions/{number}/diff",
        "from=1",
    ),
    ("/api/v1/ledgers/{ledger}/runs/{run}/steps", ""),
    ("/api/v1/ledgers/{ledger}/runs/{run}/transitions", ""),
    ("/api/v1/ledgers/{ledger}/runs/{run}/versions", ""),
];

/// Where something waits for the tester.
const OPEN: &[(&str, &str)] = &[
    ("/{ledger}/work", ""),
    ("/{ledger}/work", "after=50"),
    ("/{ledger}/runs", ""),
    ("/{ledger}/runs/{run}", ""),
    ("/{ledger}/runs/{run}/{phase}", ""),
    ("/api/v1/ledgers/{ledger}/inbox", ""),
];

/// All of them.
///
/// # Errors
/// A page that the server has and that is not named here.
pub(super) fn routes(world: &World) -> Result<Vec<Route>, Failure> {
    let lists = [
        (
            OPEN,
            Who::Decides,
            world.open,
            "of who has runs that are open",
        ),
        (WHOLE, Who::Looks, world.over, ""),
        (OVER, Who::Looks, world.over, "of a run that is over"),
    ];
    let mut routes = Vec::new();
    for (list, who, run, place) in lists {
        routes.extend(list.iter().map(|&(template, query)| Route {
            template,
            query,
            who,
            path: filled(world, run, template, query),
            place,
        }));
    }
    nothing_is_forgotten(&routes)?;
    Ok(routes)
}

impl Route {
    pub(super) fn shown(&self) -> String {
        let query = match self.query {
            "" => String::new(),
            query => format!("?{query}"),
        };
        format!("{}{query} {}", self.template, self.place)
            .trim_end()
            .to_owned()
    }
}

fn filled(world: &World, run: RunId, template: &str, query: &str) -> String {
    let parts = [
        ("{ledger}", "main".to_owned()),
        ("{run}", run.to_string()),
        ("{phase}", "sample_selection".to_owned()),
        ("{number}", "2".to_owned()),
        ("{n}", "2".to_owned()),
        ("{position}", world.position.to_string()),
        ("{version}", "2.0.0".to_owned()),
    ];
    let whole = match query {
        "" => template.to_owned(),
        query => format!("{template}?{query}"),
    };
    let fill = |path: String, (name, value): &(&str, String)| path.replace(name, value);
    parts.iter().fold(whole, fill)
}

fn nothing_is_forgotten(routes: &[Route]) -> Result<(), Failure> {
    let pages = annal_server::pages();
    let pages = pages.iter().filter(|it| it.method == "GET");
    let mut there: BTreeSet<String> = pages.map(|it| it.path.to_owned()).collect();
    let described: Value = serde_json::from_str(&annal_server::openapi())?;
    let paths = described["paths"].as_object().into_iter().flatten();
    let read = paths.filter(|(_, operations)| operations.get("get").is_some());
    there.extend(read.map(|(path, _)| format!("/api/v1{path}")));
    for route in routes {
        there.remove(route.template);
    }
    for path in NOT_MEASURED {
        there.remove(path);
    }
    match there.is_empty() {
        true => Ok(()),
        false => {
            Err(format!("pages that are not named in bench/src/pages/routes.rs: {there:?}").into())
        }
    }
}

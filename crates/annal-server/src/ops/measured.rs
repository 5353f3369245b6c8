//! Measurements, as Prometheus takes them.

use std::sync::OnceLock;

use annal_projector::ProjectionState;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::problem::Problem;

/// Seconds, from an answer out of memory to one that waits for the workflow.
const SECONDS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0, 40.0,
];

/// Begins to record. A process has one recorder, however many servers run in it; none where somebody else has set up
/// another, which then has the measurements.
pub(crate) fn record() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let of = Matcher::Full("annal_http_request_duration_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(of, &SECONDS);
        let handle = builder.ok()?.install_recorder().ok()?;
        describe();
        Some(handle)
    };
    HANDLE.get_or_init(install).as_ref()
}

fn describe() {
    describe_histogram!(
        "annal_http_request_duration_seconds",
        "Time to the head of an answer, by method, route and status."
    );
    describe_counter!(
        "annal_acts_total",
        "Acts that this server sent, by act and what came of them: accepted, or the code of the refusal."
    );
    describe_counter!(
        "annal_decisions_total",
        "Decisions on items that this server sent and that were accepted."
    );
    describe_gauge!(
        "annal_log_position",
        "Position of a ledger's last event, which is how many were appended."
    );
    describe_gauge!(
        "annal_projection_position",
        "The position that a projection has reached."
    );
    describe_gauge!(
        "annal_projection_lag_events",
        "Events that a projection is behind its ledger."
    );
    describe_gauge!(
        "annal_projection_stopped",
        "1 while a projection stands still before an event that it cannot fold."
    );
    describe_gauge!(
        "annal_database_connections",
        "Connections of a ledger's pool, by whether they are in use."
    );
}

/// What stands in the database is looked up when somebody asks.
pub(super) async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    for ledger in app.ledgers() {
        let name = ledger.id.to_string();
        let head = ledger.log.head().await?.position;
        set("annal_log_position", &[("ledger", name.clone())], head.0);
        let pool = ledger.log.pool();
        let idle = pool.num_idle() as u64;
        let used = u64::from(pool.size()).saturating_sub(idle);
        for (state, number) in [("idle", idle), ("used", used)] {
            let labels = [("ledger", name.clone()), ("state", state.to_owned())];
            set("annal_database_connections", &labels, number);
        }
        for it in ledger.projector.status().await? {
            let labels = [("ledger", name.clone()), ("projection", it.name.clone())];
            let stopped = matches!(it.state, ProjectionState::Failed { .. });
            set("annal_projection_position", &labels, it.position.0);
            set("annal_projection_lag_events", &labels, it.lag);
            set("annal_projection_stopped", &labels, u64::from(stopped));
        }
    }
    let text = record().map(PrometheusHandle::render).unwrap_or_default();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "positions stay far below 2^52, and Prometheus knows only floats"
)]
fn set(name: &'static str, labels: &[(&'static str, String)], value: u64) {
    gauge!(name, labels).set(value as f64);
}

//! The log's events: listed as sentences, shown with their whole envelope, proved.

use annal_audit::{EventInPlace, Neighbour, Page, TimelineEntry, TimelineFilter, run_of};
use annal_core::{ItemId, PersonId, Phase, Position, PrintedName, RunId};
use annal_log::hash::{canonical_bytes, event_hash};
use axum::Json as Answered;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::Paged;
use super::extract::{Limit, Moment, Path, Query};
use super::paths::{AtPosition, InLedger};
use crate::app::App;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(prove))
}

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Events {
    /// Only of this run.
    #[param(value_type = Option<uuid::Uuid>)]
    run: Option<RunId>,
    /// Only about this phase.
    #[param(inline)]
    phase: Option<Phase>,
    /// Only about this item, section, attribute, document, test case or sample.
    #[param(value_type = Option<String>)]
    item: Option<ItemId>,
    /// Only by this person.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Recorded at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Moment>,
    /// Recorded before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
    /// Done, as the person claims, at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    effective_since: Option<Moment>,
    /// Done, as the person claims, before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    effective_until: Option<Moment>,
    /// What comes after this position: the `next` of the page before.
    #[param(value_type = Option<u64>)]
    after: Position,
    /// Rows of a page.
    limit: Limit,
}

/// What happened, in order, each event as a sentence.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/events", tag = "events", operation_id = "list_events", params(InLedger, Events),
    responses((status = 200, description = "A page of events.", body = Page<TimelineEntry>))
)]
async fn list(seen: Seen, Query(ask): Query<Events>) -> Result<Paged<TimelineEntry>, Problem> {
    let filter = TimelineFilter {
        seen_by: seen.only(),
        run: ask.run,
        phase: ask.phase,
        item: ask.item,
        person: ask.person,
        after: ask.after,
        limit: ask.limit.0,
        since: ask.since.map(|it| it.0),
        until: ask.until.map(|it| it.0),
        effective_since: ask.effective_since.map(|it| it.0),
        effective_until: ask.effective_until.map(|it| it.0),
    };
    Ok(Paged::after(seen.ledger.audit.timeline(&filter).await?))
}

/// An event with its whole envelope, and what stands around it.
#[derive(Debug, Serialize, ToSchema)]
struct WholeEvent {
    /// Its place in the log.
    #[schema(value_type = u64)]
    position: Position,
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    event_id: annal_core::EventId,
    /// `report_run` or `dossier`.
    aggregate_type: String,
    /// Its stream.
    aggregate_id: String,
    /// Its place in that stream.
    #[schema(value_type = u64)]
    sequence: annal_core::Sequence,
    /// For instance `item_decided`.
    event_type: String,
    /// Schema version of the payload.
    event_version: String,
    /// What happened, as a sentence.
    sentence: String,
    /// The payload.
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// The payload's bytes as they were written: these are hashed.
    payload_text: String,
    /// Who, why, when as claimed, under which command, and which place in Temporal made it.
    #[schema(value_type = Object)]
    metadata: annal_core::envelope::Metadata,
    /// When the log took it, by the database's clock.
    recorded_at: DateTime<Utc>,
    /// SHA-256 over the predecessor's hash and this event, in hex.
    hash: String,
    /// The predecessor's hash.
    previous_hash: String,
    /// What is hashed, in hex, as `migrations/FORMAT.md` has it.
    canonical_bytes: String,
    /// The hash is right for these bytes and this predecessor.
    hash_is_right: bool,
    /// Temporal's own page about the execution that made it, where there is one.
    temporal_ui: Option<String>,
    /// The log's last position.
    #[schema(value_type = u64)]
    head_position: Position,
    /// The events before and after it in its stream.
    in_stream: Vec<Beside>,
    /// The first events that its command wrote.
    in_command: Vec<Beside>,
}

/// Another event.
#[derive(Debug, Serialize, ToSchema)]
struct Beside {
    /// Where in the log.
    #[schema(value_type = u64)]
    position: Position,
    /// Where in its stream.
    #[schema(value_type = u64)]
    sequence: annal_core::Sequence,
    /// For instance `item_decided`.
    event_type: String,
    /// Who.
    actor_name: PrintedName,
    /// When the log took it.
    recorded_at: DateTime<Utc>,
}

/// Show an event with its whole envelope, its neighbours, its place in Temporal and what its hash is made of.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/events/{position}", tag = "events", operation_id = "show_event",
    params(InLedger, AtPosition),
    responses((status = 200, description = "The event.", body = WholeEvent))
)]
async fn show(
    State(app): State<App>,
    seen: Seen,
    Path(at): Path<AtPosition>,
) -> Result<Answered<WholeEvent>, Problem> {
    let found = event(&seen, at.position).await?;
    Ok(Answered(whole(&app, found)?))
}

/// The event, if it is about something that they see.
async fn event(seen: &Seen, position: Position) -> Result<EventInPlace, Problem> {
    let unknown = || Problem::not_found(format_args!("event at position {position}"));
    let found = seen
        .ledger
        .audit
        .event(position)
        .await?
        .ok_or_else(unknown)?;
    match run_of(&found.event) {
        _ if seen.sees_all() => {}
        Some(run) => drop(seen.run(run).await.map_err(|_| unknown())?),
        None => return Err(unknown()),
    }
    Ok(found)
}

fn whole(app: &App, found: EventInPlace) -> Result<WholeEvent, Problem> {
    let event = found.event;
    let right = event_hash(&found.previous_hash, &event) == event.hash;
    let bytes = canonical_bytes(&event);
    let place = event.metadata.provenance.as_ref();
    let temporal_ui = place.and_then(|it| app.in_temporal_ui(&it.workflow_id, &it.run_id));
    let payload = RawValue::from_string(event.payload.clone());
    let beside = |all: Vec<Neighbour>| all.into_iter().map(Beside::of).collect();
    Ok(WholeEvent {
        position: event.position,
        event_id: event.event_id,
        aggregate_type: event.aggregate_type,
        aggregate_id: event.aggregate_id,
        sequence: event.sequence,
        event_type: event.event_type,
        event_version: event.event_version,
        sentence: found.sentence,
        payload: payload.map_err(|no| Problem::internal(&no))?,
        payload_text: event.payload,
        metadata: event.metadata,
        recorded_at: event.recorded_at,
        hash: hex::encode(event.hash),
        previous_hash: hex::encode(found.previous_hash),
        canonical_bytes: hex::encode(bytes),
        hash_is_right: right,
        temporal_ui,
        head_position: found.head,
        in_stream: beside(found.in_stream),
        in_command: beside(found.in_command),
    })
}

impl Beside {
    fn of(it: Neighbour) -> Self {
        Self {
            position: it.position,
            sequence: it.sequence,
            event_type: it.event_type,
            actor_name: it.actor_name,
            recorded_at: it.recorded_at,
        }
    }
}

/// Prove that an event is among those of the newest signed checkpoint that holds it.
///
/// `annal-verify` checks the answer without this server and without its database.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/events/{position}/proof", tag = "events", operation_id = "prove_event",
    params(InLedger, AtPosition),
    responses((status = 200, description = "The event, the checkpoint and the path between them.", body = serde_json::Value))
)]
async fn prove(
    State(app): State<App>,
    seen: Seen,
    Path(at): Path<AtPosition>,
) -> Result<Answered<annal_verify::InclusionProof>, Problem> {
    event(&seen, at.position).await?;
    let kept = app.checkpoints().of(&seen.ledger.id).await?;
    let found = kept.into_iter().find(|it| it.size >= at.position.0);
    let checkpoint = found.ok_or_else(|| {
        let detail = format!(
            "no checkpoint that this server keeps reaches position {}; let an auditor make one by POST /ledgers/{}/log/checkpoints",
            at.position, seen.ledger.id
        );
        Problem::new(&kinds::NOT_FOUND, detail)
    })?;
    let log = &seen.ledger.log;
    Ok(Answered(
        log.prove_inclusion(at.position, &checkpoint).await?,
    ))
}

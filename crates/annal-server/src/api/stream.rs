//! What changes, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use annal_audit::{TimelineEntry, TimelineFilter};
use annal_core::{Position, RunId};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, stream};
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Query;
use super::paths::InLedger;
use crate::app::App;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

/// A stream ends after this time, and the client comes again: so nobody hears on whose sign-in is over.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// Events read at a time.
const PAGE: u32 = 200;
/// So long a read of nothing waits before it looks whether the stream's time is over.
const LOOK: Duration = Duration::from_secs(10);
/// The read models of an event are waited for as long before it is told.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(changes))
}

/// What is listened to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listen {
    /// Only to this run.
    #[param(value_type = Option<uuid::Uuid>)]
    run: Option<RunId>,
    /// From this position on; from now on if left out. `Last-Event-ID` goes before it.
    #[param(value_type = Option<u64>)]
    after: Option<Position>,
}

/// Hear what happens, as it happens.
///
/// Each event's `id` is its position, its `event` its type, its `data` what the list of events tells of it. Only what you
/// see is told. After a lost connection `Last-Event-ID` takes the stream up where it broke off, without a gap.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/events/stream", tag = "events", operation_id = "stream_events",
    params(InLedger, Listen, ("Last-Event-ID" = Option<u64>, Header, description = "Take the stream up after this position.")),
    responses((status = 200, description = "Events without end.", body = String, content_type = "text/event-stream"))
)]
async fn changes(
    State(app): State<App>,
    seen: Seen,
    headers: HeaderMap,
    Query(listen): Query<Listen>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if let Some(run) = listen.run {
        seen.run(run).await?;
    }
    let after = match last_heard(&headers)?.or(listen.after) {
        Some(after) => after,
        None => seen.ledger.log.head().await?.position,
    };
    let hearing = Hearing {
        filter: TimelineFilter {
            seen_by: seen.only(),
            run: listen.run,
            after,
            limit: PAGE,
            ..TimelineFilter::default()
        },
        until: Instant::now() + LIFE,
        stopping: app.stopping().clone(),
        heard: VecDeque::new(),
        seen,
    };
    let events = stream::unfold(hearing, |mut it| async {
        it.next().await.map(|event| (Ok(event), it))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn last_heard(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let Some(last) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let position = last.to_str().ok().and_then(|it| it.parse().ok());
    let bad = || {
        Problem::new(
            &kinds::INVALID_HEADER,
            "Last-Event-ID has to be a position of the log",
        )
    };
    position.map(Some).ok_or_else(bad)
}

/// Somebody who listens.
struct Hearing {
    seen: Seen,
    filter: TimelineFilter,
    until: Instant,
    stopping: CancellationToken,
    heard: VecDeque<TimelineEntry>,
}

impl Hearing {
    /// The next event; none when the time is over or the database is gone, and the client comes again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(entry) = self.heard.pop_front() {
                return Some(told(&entry));
            }
            if Instant::now() > self.until {
                return None;
            }
            let news = self.seen.ledger.log.wait_for(self.filter.after, LOOK);
            let head = tokio::select! {
                head = news => head.ok()?,
                () = self.stopping.cancelled() => return None,
            };
            if head <= self.filter.after {
                continue;
            }
            // Whoever hears of it and looks has to see it.
            let _ = self.seen.ledger.reached.wait_for(head, PATIENCE).await;
            let page = self.seen.ledger.audit.timeline(&self.filter).await.ok()?;
            let last = page.rows.last().map(|it| it.position);
            // A page that is not full has told all up to the head; what is not seen is passed over.
            self.filter.after = match (page.next, last) {
                (Some(next), _) => next,
                (None, last) => last.unwrap_or_default().max(page.head_position),
            };
            self.heard.extend(page.rows);
            if self.heard.is_empty() {
                // An id alone is not told to the listener, but kept by its client.
                return Some(Event::default().id(self.filter.after.to_string()));
            }
        }
    }
}

fn told(entry: &TimelineEntry) -> Event {
    let event = Event::default()
        .id(entry.position.to_string())
        .event(&entry.event_type);
    let data = serde_json::to_string(entry).unwrap_or_default();
    event.data(data)
}

//! Server-sent events: something changed, look again. They carry no content, so nobody hears more than they see.

use std::convert::Infallible;
use std::time::Duration;

use annal_core::RunId;
use axum::extract::Query;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, StreamExt};
use serde::Deserialize;

use crate::acting::on;
use crate::listed::Listed;
use crate::problem::Problem;
use crate::seen::Seen;

/// The read models of a change are waited for as long before a page is asked to look again.
const PATIENCE: Duration = Duration::from_secs(2);

/// The route of these events.
pub(crate) fn routes() -> Listed {
    Listed::new().get("/{ledger}/live", changes)
}

#[derive(Debug, Deserialize)]
struct Asked {
    /// Only what happens in this run; anything in the ledger where none is named.
    run: Option<RunId>,
}

async fn changes(
    seen: Seen,
    Query(asked): Query<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if let Some(run) = asked.run {
        on(seen.clone(), run).await?;
    }
    let ledger = seen.ledger.clone();
    let head = ledger.log.head().await?.position;
    let events = ledger.log.follow(head).await;
    // Who reads the log has to stop where it breaks off: the page is then loaded again by hand.
    let events = events.take_while(|event| std::future::ready(event.is_ok()));
    let events = events.filter_map(move |event| {
        let of = asked.run.map(|run| run.to_string());
        let about = event
            .ok()
            .filter(|it| of.is_none_or(|run| it.aggregate_id.starts_with(&run)));
        std::future::ready(about.map(|it| it.position))
    });
    // Of what comes at once, the last is enough.
    let events = events.ready_chunks(500).then(move |positions| {
        let reached = ledger.reached.clone();
        async move {
            let last = positions.last().copied().unwrap_or_default();
            if let Err(error) = reached.wait_for(last, PATIENCE).await {
                tracing::debug!(%error, "the read models are not waited for");
            }
            Ok(Event::default()
                .event("changed")
                .id(last.to_string())
                .data(last.to_string()))
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

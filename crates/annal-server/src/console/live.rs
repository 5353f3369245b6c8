//! Server-sent events: something changed, look again. They carry no content, so nobody hears more than they see.

use std::convert::Infallible;

use annal_core::RunId;
use axum::extract::{Query, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, stream};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::acting::on;
use crate::app::App;
use crate::listed::Listed;
use crate::news::Change;
use crate::problem::Problem;
use crate::seen::Seen;

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
    State(app): State<App>,
    seen: Seen,
    Query(asked): Query<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if let Some(run) = asked.run {
        on(seen.clone(), run).await?;
    }
    let news = seen.ledger.news.listen().await?;
    let events = stream::unfold((app, news), move |(app, mut news)| async move {
        let told = tokio::select! {
            told = next(&mut news, asked.run) => told?,
            () = app.stopping().cancelled() => return None,
        };
        Some((Ok(told), (app, news)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The next change that is about the run; none where nobody tells any more.
async fn next(news: &mut Receiver<Change>, run: Option<RunId>) -> Option<Event> {
    let changed = Event::default().event("changed");
    loop {
        match news.recv().await {
            Ok(it) if it.is_about(run) => {
                let last = it.last.to_string();
                return Some(changed.id(&last).data(last));
            }
            Ok(_) => {}
            // What was missed may have been about it.
            Err(RecvError::Lagged(_)) => return Some(changed.data("")),
            Err(RecvError::Closed) => return None,
        }
    }
}

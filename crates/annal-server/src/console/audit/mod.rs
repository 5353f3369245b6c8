//! The audit: questions to the log, answered with the position that the answer is true for. The same filters as `annal
//! audit` has.

mod answer;
mod ask;
mod form;
mod rows;

use annal_core::LedgerId;
use axum::body::Body;
use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use maud::{Markup, html};

use super::layout::{Area, Here, layout};
use super::parts::Table;
use super::path;
use crate::listed::Listed;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;
use answer::Answer;
use ask::{Ask, Fields};

/// The routes of the audit.
pub(super) fn routes() -> Listed {
    Listed::new()
        .get("/{ledger}/audit", page)
        .get("/{ledger}/audit.csv", csv)
        .get("/{ledger}/audit.jsonl", json_lines)
}

/// `GET /{ledger}/audit`
async fn page(seen: Seen, Query(fields): Query<Fields>) -> Result<Markup, Problem> {
    let ledger = &seen.ledger.id;
    let content = match Ask::read(&fields) {
        Err(no) => frame(ledger, &fields, &not_asked(&no)),
        Ok(ask) if ask.lacks_words() => frame(
            ledger,
            &fields,
            &html! { p.empty { "Type what you look for." } },
        ),
        Ok(ask) => {
            let Some(ask) = permitted(&seen, ask).await? else {
                return Ok(choose_a_run(&seen, &fields));
            };
            let answer = Answer::to(&seen.ledger.audit, &ask).await?;
            frame(ledger, &fields, &answered(ledger, &fields, &ask, &answer))
        }
    };
    Ok(layout(
        "Audit",
        Some(&seen.viewer),
        &Here::at(ledger, Area::Audit),
        &content,
    ))
}

/// A field that cannot be used, said at the form.
fn not_asked(no: &Problem) -> Markup {
    html! { p.problem #problem role="alert" tabindex="-1" { (no.detail()) } }
}

/// Who sees only some runs asks about one of them; none where no run was named.
async fn permitted(seen: &Seen, ask: Ask) -> Result<Option<Ask>, Problem> {
    if seen.sees_all() {
        return Ok(Some(ask));
    }
    let Some(run) = ask.filter.run else {
        return Ok(None);
    };
    seen.run(run).await?;
    Ok(Some(ask))
}

fn choose_a_run(seen: &Seen, fields: &Fields) -> Markup {
    let ledger = &seen.ledger.id;
    let content = html! {
        p.notice {
            "The ledger's auditors and admins ask about all runs. Name one of yours: "
            a href=(path::runs(ledger)) { "your runs" } " show their ids, and lead here."
        }
    };
    let content = frame(ledger, fields, &content);
    layout(
        "Audit",
        Some(&seen.viewer),
        &Here::at(ledger, Area::Audit),
        &content,
    )
}

fn frame(ledger: &LedgerId, fields: &Fields, content: &Markup) -> Markup {
    html! {
        h1 { "Audit" }
        p.lead { "Who did what, when, why, and in which role. Every row leads to its event." }
        (form::form(ledger, fields))
        (content)
    }
}

fn answered(ledger: &LedgerId, fields: &Fields, ask: &Ask, answer: &Answer) -> Markup {
    let here =
        |name: &str, fields: &Fields| format!("{}?{}", path::page(ledger, name), fields.query());
    let pinned = fields.pinned(answer.head());
    let table = Table {
        id: "answer",
        caption: ask.kind.title(),
        columns: answer.columns(),
        rows: answer.rows(ledger),
        empty: match answer.next() {
            // Where rows are rare, a page looks through a part of the log.
            Some(_) => "Nothing fits in this part of the log; the next page looks further.",
            None => "Nothing fits. Take out a filter, or ask something else.",
        },
        filter: false,
    };
    html! {
        section aria-label="Answer" {
            p #true-for {
                "True for the log up to position " a href=(path::event(ledger, answer.head())) { (answer.head()) }
                ". " a href=(here("audit", &pinned.first_page())) { "A link to this answer" } " gives the same for ever."
            }
            (table.markup())
            nav.pages aria-label="Pages" {
                @if ask.filter.after.0 > 0 { a href=(here("audit", &pinned.first_page())) { "First page" } }
                @if let Some(next) = answer.next() { a rel="next" href=(here("audit", &pinned.after(next))) { "Next page" } }
            }
            @if !answer.is_empty() || answer.next().is_some() {
                p { "All of it, not just this page: "
                    a href=(here("audit.csv", &pinned.first_page())) download { "CSV" } " or "
                    a href=(here("audit.jsonl", &pinned.first_page())) download { "JSON lines" } "."
                }
            }
        }
    }
}

/// `GET /{ledger}/audit.csv`
async fn csv(seen: Seen, fields: Query<Fields>) -> Result<Response, Problem> {
    let export = |answer: &Answer, first: bool| answer.csv(first);
    exported(seen, fields, ("text/csv; charset=utf-8", "csv"), export).await
}

/// `GET /{ledger}/audit.jsonl`
async fn json_lines(seen: Seen, fields: Query<Fields>) -> Result<Response, Problem> {
    let export = |answer: &Answer, _: bool| answer.json_lines();
    exported(seen, fields, ("application/jsonl", "jsonl"), export).await
}

/// Rows of a page of an export.
const ROWS: u32 = 5_000;

/// All pages of an answer, one after the other, true for one position.
async fn exported(
    seen: Seen,
    Query(fields): Query<Fields>,
    (content_type, ending): (&'static str, &str),
    write: impl Fn(&Answer, bool) -> String + Send + Sync + 'static,
) -> Result<Response, Problem> {
    let ask = Ask::read(&fields)?;
    let ask = permitted(&seen, ask).await?;
    let mut ask = ask.ok_or_else(|| Problem::new(&kinds::NOT_ALLOWED, "name one of your runs"))?;
    ask.filter.limit = ROWS;
    let audit = seen.ledger.audit.clone();
    // The first page is read before anything is answered, so that what goes wrong is told as such.
    let first = Answer::to(&audit, &ask).await?;
    if ask.kind.keeps_its_past() {
        ask.filter.as_of = Some(first.head());
    }
    let name = format!(
        "{}-{}-{}.{ending}",
        seen.ledger.id,
        ask.kind.name(),
        first.head()
    );
    let disposition = format!("attachment; filename*=UTF-8''{}", path::escaped(name));
    let pages = async_stream::stream! {
        let mut page = first;
        let mut begins = true;
        loop {
            let text = write(&page, begins);
            yield Ok(text);
            begins = false;
            let Some(next) = page.next() else { break };
            ask.filter.after = next;
            match Answer::to(&audit, &ask).await {
                Ok(next) => page = next,
                // The connection breaks off, so that nobody takes a part for the whole.
                Err(no) => {
                    yield Err(std::io::Error::other(no));
                    break;
                }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(pages.boxed())).into_response())
}

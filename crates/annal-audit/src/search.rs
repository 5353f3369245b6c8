//! What was said, by the words in it.

use annal_core::{CommandId, PersonId, Phase, Position, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::{DecisionFilter, Source};
use crate::runs::RUNS;
use crate::select::Query;

/// A text that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundRow {
    /// Position of the first event of the command that carries it.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase; none for what was said on the run itself.
    pub phase: Option<Phase>,
    /// `reason`, `refusal`, `requested_change`, `request` or `content`.
    pub what: String,
    /// The item, section, document, test case or attribute that it was first said about.
    pub item: Option<String>,
    /// The text.
    pub said: String,
    /// Who.
    pub actor_id: PersonId,
    /// Their role then.
    pub actor_role: String,
    /// The command.
    pub command_id: CommandId,
    /// When, as the person says.
    pub effective_at: DateTime<Utc>,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
}

impl Audit {
    /// Reasons, refusals, requests and contents that hold these words, in the order in which they were recorded:
    /// `"a phrase"`, `this or that`, `-without`. Of the filter, run, report, phase, item, person, role, what, both
    /// clocks, `as_of` and the page apply.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn search(
        &self,
        words: &str,
        filter: &DecisionFilter,
    ) -> Result<Page<FoundRow>, AuditError> {
        let mut snapshot = self.snapshot(&["texts", RUNS]).await?;
        let as_of = filter.until_position(snapshot.position);
        let holds = |query: &mut Query| {
            query
                .push(" AND words @@ websearch_to_tsquery('simple', ")
                .push_bind(words.to_owned())
                .push(")");
            if let Some(item) = &filter.item {
                query.push(" AND subject = ").push_bind(item.to_string());
            }
            if let Some(what) = &filter.what {
                query.push(" AND what = ").push_bind(what.clone());
            }
        };
        let source = Source {
            table: "texts",
            filter,
            until: as_of,
            runs: snapshot.runs_of(self, filter).await?,
            // The words have an index of their own, which would be asked anew for each run.
            one_by_one: 0,
            more: &holds,
            // A command may say several things at one position; a page never ends between them.
            most: format!("FETCH FIRST {} ROWS WITH TIES", u64::from(filter.limit) + 1),
        };
        let columns = "position, run_id, phase, what, subject AS item, said, by AS actor_id, role AS actor_role,
             command_id, effective_at, recorded_at";
        let query = self.select_from(columns, &source, "");
        let mut rows: Vec<FoundRow> = snapshot
            .rows(query, filter.order(), "searching what was said")
            .await?;
        let by_effective = filter.by_effective();
        let place = |it: &FoundRow| (by_effective.then_some(it.effective_at), it.position);
        rows.sort_by(|a, b| (place(a), &a.what, &a.said).cmp(&(place(b), &b.what, &b.said)));
        let ledger = self.log.ledger().clone();
        Ok(whole_positions(
            Page::cut(ledger, as_of, rows, u32::MAX, |row| row.position),
            filter.limit,
        ))
    }
}

/// Cuts a page after the last position that begins within the limit.
fn whole_positions(mut page: Page<FoundRow>, limit: u32) -> Page<FoundRow> {
    let Some(last) = page
        .rows
        .get((limit as usize).saturating_sub(1))
        .map(|it| it.position)
    else {
        return page;
    };
    let before = page.rows.len();
    let end = page.rows.iter().rposition(|it| it.position == last);
    page.rows.truncate(end.map_or(0, |it| it + 1));
    page.next = (page.rows.len() < before).then_some(last);
    page
}

//! What narrows a question about decisions.

use annal_core::{ItemId, PersonId, Phase, Position, Role, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::select::{Query, to_bigint};
use crate::spans::{Span, ids};

/// Which decisions or refusals are asked for. Everything that is set has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecisionFilter {
    /// Of runs on whose register this person stands.
    pub seen_by: Option<PersonId>,
    /// Of this run.
    pub run: Option<RunId>,
    /// Of runs that test this report.
    pub report: Option<String>,
    /// Of this phase.
    pub phase: Option<Phase>,
    /// On this item, section, document, test case or attribute.
    pub item: Option<ItemId>,
    /// By this person.
    pub person: Option<PersonId>,
    /// By somebody in this role.
    pub role: Option<Role>,
    /// Of this kind: `decision`, `submission`, `withdrawal`, `approval`, `rejection`, `signature`,
    /// `document_review`, `test_review`, `acknowledgement`, `reopening`, `confirmation`.
    pub what: Option<String>,
    /// With this verdict.
    pub verdict: Option<String>,
    /// For refusals: with this code.
    pub code: Option<String>,
    /// Only those against the engine's recommendation.
    pub overrides: bool,
    /// Only those that stand.
    pub current: bool,
    /// Recorded at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before this time.
    pub until: Option<DateTime<Utc>>,
    /// Done, as the person says, at this time or later.
    pub effective_since: Option<DateTime<Utc>>,
    /// Done, as the person says, before this time.
    pub effective_until: Option<DateTime<Utc>>,
    /// As it was when the log stood here; as it is, where this is none. With the position that an answer names, the
    /// same question gives the same answer for ever.
    pub as_of: Option<Position>,
    /// Only what comes after this position: the cursor of the page before. Where the person's clock is asked for, rows
    /// come in its order, and the cursor is a place in that order.
    pub after: Position,
    /// Rows of a page.
    pub limit: u32,
}

impl Default for DecisionFilter {
    fn default() -> Self {
        Self {
            seen_by: None,
            run: None,
            report: None,
            phase: None,
            item: None,
            person: None,
            role: None,
            what: None,
            verdict: None,
            code: None,
            overrides: false,
            current: false,
            since: None,
            until: None,
            effective_since: None,
            effective_until: None,
            as_of: None,
            after: Position(0),
            limit: 1000,
        }
    }
}

impl DecisionFilter {
    /// The position that the answer is true for, where the tables have reached `head`.
    pub(crate) fn until_position(&self, head: Position) -> Position {
        self.as_of.map_or(head, |asked| asked.min(head))
    }

    /// Whether rows are asked for, and come, by the person's clock.
    pub(crate) const fn by_effective(&self) -> bool {
        self.effective_since.is_some() || self.effective_until.is_some()
    }

    /// The order of rows: that of the clock that is asked for.
    pub(crate) const fn order(&self) -> &'static str {
        match self.by_effective() {
            true => "effective_at, position",
            false => "position",
        }
    }

    /// The conditions that all tables with a row an event share, but for the run.
    fn narrow(&self, query: &mut Query, audit: &Audit, until: Position) {
        let ledger = || audit.log.ledger().as_str().to_owned();
        query.push(" AND position <= ").push_bind(to_bigint(until));
        if self.after > Position(0) && self.by_effective() {
            query.push(
                " AND (effective_at, position) > ((SELECT e.effective_at FROM annal.events e WHERE e.ledger = ",
            );
            query.push_bind(ledger()).push(" AND e.position = ");
            query.push_bind(to_bigint(self.after)).push("), ");
            query.push_bind(to_bigint(self.after)).push(")");
        } else {
            query
                .push(" AND position > ")
                .push_bind(to_bigint(self.after));
        }
        if let Some(phase) = self.phase {
            query.push(" AND phase = ").push_bind(phase.name());
        }
        if let Some(person) = &self.person {
            query.push(" AND by = ").push_bind(person.to_string());
        }
        if let Some(role) = self.role {
            query.push(" AND role = ").push_bind(role.to_string());
        }
        // The time of recording never goes back, so a time is a position, and a period a range of the index.
        for (time, is) in [(self.since, ">"), (self.until, "<=")] {
            let Some(time) = time else { continue };
            query.push(format!(" AND position {is} annal.position_at("));
            query.push_bind(ledger());
            query
                .push(", ")
                .push_bind(time)
                .push("::timestamptz - interval '1 microsecond')");
        }
        if let Some(since) = self.effective_since {
            query.push(" AND effective_at >= ").push_bind(since);
        }
        if let Some(until) = self.effective_until {
            query.push(" AND effective_at < ").push_bind(until);
        }
    }

    /// The conditions that only decisions know.
    pub(crate) fn narrow_decisions(&self, query: &mut Query, until: Position) {
        if let Some(item) = &self.item {
            query.push(" AND subject = ").push_bind(item.to_string());
        }
        if let Some(what) = &self.what {
            query.push(" AND what = ").push_bind(what.clone());
            if is_about_a_whole(what) {
                query.push(" AND subject IS NULL");
            }
        }
        if let Some(verdict) = &self.verdict {
            query.push(" AND verdict = ").push_bind(verdict.clone());
        }
        if self.overrides {
            query.push(" AND verdict IN ('override_in', 'override_out')");
        }
        if self.current {
            query.push(format!(
                " AND coalesce(superseded_at_position > {}, true)",
                to_bigint(until)
            ));
        }
    }
}

/// Decisions of this kind name no item, and have an index of their own.
fn is_about_a_whole(what: &str) -> bool {
    matches!(
        what,
        "submission" | "withdrawal" | "approval" | "rejection" | "reopening" | "confirmation"
    )
}

/// The rows of a table that a filter keeps, before anything is joined to them: at most so many, in the filter's order.
pub(crate) struct Source<'a> {
    pub(crate) table: &'static str,
    pub(crate) filter: &'a DecisionFilter,
    pub(crate) until: Position,
    /// The runs that are meant; none where all are.
    pub(crate) runs: Option<Vec<Span>>,
    /// Up to so many of them are asked one by one.
    pub(crate) one_by_one: usize,
    /// Conditions of the question itself.
    pub(crate) more: &'a (dyn Fn(&mut Query) + Sync),
    /// At most so many rows; `WITH TIES` keeps those at the last position together.
    pub(crate) most: String,
}

/// A page, and the row that says that there are more.
pub(crate) fn one_more(limit: u32) -> String {
    format!("LIMIT {}", u64::from(limit) + 1)
}

/// Up to so many runs are asked one by one, each by its own index. More of them are a good part of the log, and a walk
/// through all of it finds their rows soon.
pub(crate) const ONE_BY_ONE: usize = 400;

impl Source<'_> {
    /// Pushes it as a table in brackets.
    pub(crate) fn push(&self, query: &mut Query, audit: &Audit) {
        let order = self.filter.order();
        let most = &self.most;
        match &self.runs {
            Some(runs) if runs.len() <= self.one_by_one && runs.len() != 1 => {
                query.push("(SELECT t.* FROM unnest(").push_bind(ids(runs));
                query.push(") AS asked(run) CROSS JOIN LATERAL ");
                self.table(query, audit, " AND run_id = asked.run");
                query.push(format!(" t ORDER BY {order} {most})"));
            }
            _ => self.table(query, audit, ""),
        }
    }

    fn table(&self, query: &mut Query, audit: &Audit, of_run: &str) {
        query.push(format!(
            "(SELECT * FROM annal_read.{} WHERE ledger = ",
            self.table
        ));
        query.push_bind(audit.log.ledger().as_str().to_owned());
        query.push(of_run);
        if let Some(runs) = self.runs.as_ref().filter(|_| of_run.is_empty()) {
            match runs.as_slice() {
                [run] => query.push(" AND run_id = ").push_bind(run.run_id),
                many => query
                    .push(" AND run_id = ANY(")
                    .push_bind(ids(many))
                    .push(")"),
            };
        }
        self.filter.narrow(query, audit, self.until);
        (self.more)(query);
        query.push(format!(" ORDER BY {} {})", self.filter.order(), self.most));
    }
}

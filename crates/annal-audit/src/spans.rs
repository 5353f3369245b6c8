//! Which runs a question is about, and which of them its next page can be from.

use annal_core::{PersonId, RunId};
use serde::Deserialize;
use uuid::Uuid;

use crate::Audit;
use crate::error::AuditError;
use crate::filter::{DecisionFilter, Source};
use crate::select::{Query, Snapshot, to_bigint};

/// Leaves of runs `r` those on whose register a person stands.
pub(crate) fn push_seen_by(query: &mut Query, person: &PersonId) {
    query
        .push(
            " AND run_id IN (SELECT p.run_id FROM annal_read.run_people p
             WHERE p.ledger = r.ledger AND p.person = ",
        )
        .push_bind(person.to_string())
        .push(")");
}

/// So many runs are looked into at first for a page; then four times as many.
const FEW: usize = 8;

/// A run, and the part of the log that its events are in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Span {
    pub(crate) run_id: Uuid,
    opened_position: i64,
    changed_position: i64,
}

impl Span {
    /// A run that is not looked up, and may be anywhere.
    const fn anywhere(run: RunId) -> Self {
        Self {
            run_id: run.0,
            opened_position: 0,
            changed_position: i64::MAX,
        }
    }
}

/// The runs' ids.
pub(crate) fn ids(spans: &[Span]) -> Vec<Uuid> {
    spans.iter().map(|it| it.run_id).collect()
}

impl Snapshot {
    /// The runs that a filter means, in the order in which they were opened; none where it means all.
    pub(crate) async fn runs_of(
        &mut self,
        audit: &Audit,
        filter: &DecisionFilter,
    ) -> Result<Option<Vec<Span>>, AuditError> {
        if filter.report.is_none() && filter.seen_by.is_none() {
            return Ok(filter.run.map(|run| vec![Span::anywhere(run)]));
        }
        let mut query = audit.select(
            "run_id, opened_position, changed_position FROM annal_read.workflow_executions r",
        );
        if let Some(report) = &filter.report {
            query.push(" AND report = ").push_bind(report.clone());
        }
        if let Some(person) = &filter.seen_by {
            push_seen_by(&mut query, person);
        }
        let doing = "looking for the runs that are meant";
        let mut runs: Vec<Span> = self.rows(query, "opened_position", doing).await?;
        if let Some(report) = filter.report.as_ref().filter(|_| runs.is_empty()) {
            return Err(AuditError::UnknownReport(report.clone()));
        }
        if let Some(one) = filter.run {
            runs.retain(|it| it.run_id == one.0);
        }
        Ok(Some(runs))
    }

    /// Leaves of a source's runs those that its rows can be from: a page comes from a short part of the log, and most
    /// runs of a report had ended before it or begin after it. `window` is how many rows the source has at most.
    pub(crate) async fn narrow_runs(
        &mut self,
        audit: &Audit,
        source: &mut Source<'_>,
        window: u32,
    ) -> Result<(), AuditError> {
        let (after, until) = (to_bigint(source.filter.after), to_bigint(source.until));
        let by_effective = source.filter.by_effective();
        let Some(mut runs) = source.runs.take() else {
            return Ok(());
        };
        if by_effective || runs.len() <= FEW {
            source.runs = Some(runs);
            return Ok(());
        }
        runs.retain(|it| it.changed_position > after && it.opened_position <= until);
        let mut few = FEW;
        while let Some(next) = runs.get(few) {
            source.runs = Some(runs.iter().take(few).cloned().collect());
            let doing = "looking for the runs that a page is from";
            let end = self.end_of(audit, source, window, doing).await?;
            if end.is_some_and(|end| to_bigint(end) < next.opened_position) {
                return Ok(());
            }
            few *= 4;
        }
        source.runs = Some(runs);
        Ok(())
    }
}

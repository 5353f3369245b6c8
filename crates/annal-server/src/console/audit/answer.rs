//! The answer to a question: rows of one kind, and what they are true for.

use annal_audit::{
    ApprovalRow, Audit, AuditError, DecisionRow, FoundRow, FourEyesRow, LateRow, Page, RefusalRow,
    rows_as_csv,
};
use annal_core::{LedgerId, Position};
use serde::Serialize;

use super::ask::{Ask, Kind};
use super::rows::Told;
use crate::console::parts::{Column, Row};

/// A page of rows.
pub(super) enum Answer {
    Decisions(Page<DecisionRow>),
    Approvals(Page<ApprovalRow>),
    Refusals(Page<RefusalRow>),
    FourEyes(Page<FourEyesRow>),
    Late(Page<LateRow>),
    Found(Page<FoundRow>),
}

/// The same said of a page, whatever its rows are.
macro_rules! of_page {
    ($answer:expr, $page:ident => $said:expr) => {
        match $answer {
            Answer::Decisions($page) => $said,
            Answer::Approvals($page) => $said,
            Answer::Refusals($page) => $said,
            Answer::FourEyes($page) => $said,
            Answer::Late($page) => $said,
            Answer::Found($page) => $said,
        }
    };
}

impl Answer {
    pub(super) async fn to(audit: &Audit, ask: &Ask) -> Result<Self, AuditError> {
        let filter = &ask.filter;
        Ok(match ask.kind {
            Kind::Decisions | Kind::Overrides => Self::Decisions(audit.decisions(filter).await?),
            Kind::Approvals => Self::Approvals(audit.approvals(filter, ask.pace).await?),
            Kind::Refusals => Self::Refusals(audit.refusals(filter).await?),
            Kind::FourEyes => Self::FourEyes(audit.four_eyes(filter, ask.only_broken).await?),
            Kind::Late => Self::Late(audit.late(filter).await?),
            Kind::Search => Self::Found(audit.search(&ask.words, filter).await?),
        })
    }

    pub(super) fn head(&self) -> Position {
        of_page!(self, page => page.head_position)
    }

    pub(super) fn next(&self) -> Option<Position> {
        of_page!(self, page => page.next)
    }

    pub(super) fn is_empty(&self) -> bool {
        of_page!(self, page => page.rows.is_empty())
    }

    pub(super) fn columns(&self) -> &'static [Column] {
        of_page!(self, page => columns(page))
    }

    pub(super) fn rows(&self, ledger: &LedgerId) -> Vec<Row> {
        of_page!(self, page => page.rows.iter().map(|it| it.told(ledger)).collect())
    }

    /// As CSV; the header goes before the first page only.
    pub(super) fn csv(&self, first: bool) -> String {
        let text = of_page!(self, page => rows_as_csv(&page.rows));
        match (first, text.split_once("\r\n")) {
            (false, Some((_, rows))) => rows.to_owned(),
            _ => text,
        }
    }

    /// A JSON object a line.
    pub(super) fn json_lines(&self) -> String {
        of_page!(self, page => json_lines(&page.rows))
    }
}

fn columns<T: Told>(_: &Page<T>) -> &'static [Column] {
    T::COLUMNS
}

fn json_lines<T: Serialize>(rows: &[T]) -> String {
    let line = |row: &T| serde_json::to_string(row).unwrap_or_default() + "\n";
    rows.iter().map(line).collect()
}

//! An answer names what it is true for, so that it can be asked again and gives the same.

use annal_core::{LedgerId, Position};
use serde::{Deserialize, Serialize};

/// Rows, and what they are true for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer<T> {
    /// The ledger that was asked.
    pub ledger: LedgerId,
    /// The rows are true for the log up to here.
    pub head_position: Position,
    /// The rows.
    pub rows: Vec<T>,
}

/// A page of rows, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The ledger that was asked.
    pub ledger: LedgerId,
    /// The rows are true for the log up to here.
    pub head_position: Position,
    /// The rows.
    pub rows: Vec<T>,
    /// Ask for what comes after this to get the next page; none on the last one. A question that has to look at many
    /// rows to find one may answer with few or none, and go on from here.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// A page from up to `limit` + 1 rows: the one too many says that there are more.
    pub(crate) fn cut(
        ledger: LedgerId,
        head_position: Position,
        mut rows: Vec<T>,
        limit: u32,
        position: impl Fn(&T) -> Position,
    ) -> Self {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(position);
        Self {
            ledger,
            head_position,
            rows,
            next,
        }
    }

    /// The same page of what is made of its rows.
    pub(crate) fn map<U>(self, made: impl FnMut(T) -> U) -> Page<U> {
        Page {
            ledger: self.ledger,
            head_position: self.head_position,
            rows: self.rows.into_iter().map(made).collect(),
            next: self.next,
        }
    }

    /// A page from those rows of a window that the question keeps. Where the window was full, the next page begins
    /// behind it, however few rows were kept, so that no page takes longer than its window.
    pub(crate) fn of_window(
        ledger: LedgerId,
        head_position: Position,
        rows: Vec<T>,
        limit: u32,
        window_end: Option<Position>,
        position: impl Fn(&T) -> Position,
    ) -> Self {
        let mut page = Self::cut(ledger, head_position, rows, limit, position);
        page.next = page.next.or(window_end);
        page
    }
}

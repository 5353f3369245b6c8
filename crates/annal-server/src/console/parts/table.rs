//! Tables. The script sorts and filters them in place; without it they stand in the order in which they were made.

use maud::{Markup, PreEscaped, html};

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    numbers: bool,
    sorts: bool,
}

impl Column {
    /// Of words.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self {
            title,
            numbers: false,
            sorts: true,
        }
    }

    /// Of numbers or times: to the right, sorted by value.
    pub(crate) const fn number(title: &'static str) -> Self {
        Self {
            title,
            numbers: true,
            sorts: true,
        }
    }

    /// Of what has no order, such as buttons.
    pub(crate) const fn plain(title: &'static str) -> Self {
        Self {
            title,
            numbers: false,
            sorts: false,
        }
    }
}

/// A row; the first cell names it.
#[derive(Debug, Default)]
pub(crate) struct Row {
    cells: Vec<(Markup, Option<String>)>,
    picked_by: Option<Markup>,
    /// A place that links can lead to.
    anchor: Option<String>,
}

impl Row {
    /// A row of these cells.
    pub(crate) fn of(cells: impl IntoIterator<Item = Markup>) -> Self {
        Self {
            cells: cells.into_iter().map(|cell| (cell, None)).collect(),
            ..Self::default()
        }
    }

    /// One more cell.
    pub(crate) fn cell(mut self, cell: Markup) -> Self {
        self.cells.push((cell, None));
        self
    }

    /// One more cell, sorted by something else than its text.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that keys can be given as they are"
    )]
    pub(crate) fn sorted(mut self, by: impl ToString, cell: Markup) -> Self {
        self.cells.push((cell, Some(by.to_string())));
        self
    }

    /// The row can be picked by a check box.
    pub(crate) fn picked(mut self, name: &str, value: &str, label: &str, was: bool) -> Self {
        self.picked_by = Some(html! {
            input type="checkbox" name=(name) value=(value) aria-label=(label) checked[was];
        });
        self
    }

    /// The row stands in the picking table but cannot be picked.
    pub(crate) fn not_picked(mut self) -> Self {
        self.picked_by = Some(PreEscaped(String::new()));
        self
    }

    /// The row is a place that links can lead to.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that ids can be given as they are"
    )]
    pub(crate) fn anchor(mut self, id: impl ToString) -> Self {
        self.anchor = Some(id.to_string());
        self
    }
}

/// A table of rows.
pub(crate) struct Table<'a> {
    /// Unlike that of any other on the page.
    pub(crate) id: &'a str,
    /// What it lists.
    pub(crate) caption: &'a str,
    pub(crate) columns: &'a [Column],
    pub(crate) rows: Vec<Row>,
    /// What stands there while there is nothing.
    pub(crate) empty: &'a str,
    /// Whether it can be searched.
    pub(crate) filter: bool,
}

impl Table<'_> {
    /// The table, or what is said where it is empty.
    pub(crate) fn markup(&self) -> Markup {
        if self.rows.is_empty() {
            return html! { p.empty { (self.empty) } };
        }
        let picks = self.rows.iter().any(|row| row.picked_by.is_some());
        let caption = format!("{}-caption", self.id);
        html! {
            @if self.filter { (filter(self.id, self.caption)) }
            div.scroll role="region" aria-labelledby=(caption) tabindex="0" {
                table.ledgered id=(self.id) data-sorts data-keys=[picks.then_some("")] {
                    caption id=(caption) { (self.caption) }
                    thead {
                        tr {
                            @if picks { th.pick scope="col" data-pick-all { span.unseen { "Pick" } } }
                            @for column in self.columns { (head(column)) }
                        }
                    }
                    tbody { @for row in &self.rows { (self.row(row, picks)) } }
                }
            }
        }
    }

    fn row(&self, row: &Row, picks: bool) -> Markup {
        html! {
            tr id=[row.anchor.as_deref()] {
                @if picks { td.pick { @if let Some(pick) = &row.picked_by { (pick) } } }
                @for (index, (cell, sorted)) in row.cells.iter().enumerate() {
                    @let column = self.columns.get(index).copied().unwrap_or(Column::plain(""));
                    @let class = column.numbers.then_some("number");
                    @if index == 0 {
                        th scope="row" class=[class] data-title=(column.title) data-sort=[sorted.as_deref()] { (cell) }
                    } @else {
                        td class=[class] data-title=(column.title) data-sort=[sorted.as_deref()] { (cell) }
                    }
                }
            }
        }
    }
}

fn head(column: &Column) -> Markup {
    html! {
        th scope="col" class=[column.numbers.then_some("number")] data-sorts=[column.sorts.then_some("")] {
            (column.title)
        }
    }
}

/// Shown by the script only: without it there is nothing that would filter.
fn filter(table: &str, caption: &str) -> Markup {
    let id = format!("{table}-filter");
    html! {
        p.filter hidden data-script {
            label for=(id) { "Filter" span.unseen { " " (caption) } }
            input type="search" id=(id) data-filter=(table) autocomplete="off" spellcheck="false";
            output for=(id) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_text_in_every_place_of_a_table() {
        let bad = "<script>alert(\"x\")</script>";
        let row = Row::default()
            .sorted(bad, html! { (bad) })
            .picked("item", bad, bad, false)
            .anchor(bad);
        let table = Table {
            id: "items",
            caption: bad,
            columns: &[Column::text("Item")],
            rows: vec![row],
            empty: "none",
            filter: true,
        };
        let markup = table.markup().into_string();
        assert!(!markup.contains("<script"), "{markup}");
        assert!(!markup.contains("alert(\"x\")"), "{markup}");
    }

    #[test]
    fn an_empty_table_says_so() {
        let table = Table {
            id: "none",
            caption: "Nothing",
            columns: &[],
            rows: Vec::new(),
            empty: "Nothing waits for you.",
            filter: false,
        };
        assert_eq!(
            table.markup().into_string(),
            "<p class=\"empty\">Nothing waits for you.</p>"
        );
    }
}

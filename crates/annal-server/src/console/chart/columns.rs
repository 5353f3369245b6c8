//! Columns side by side, each with its parts on top of each other: how much of what, by time.

use maud::{Markup, html};

use super::{Fill, Frame, WIDTH, ceiling, levels, plain};

/// A part of every column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) fill: Fill,
}

/// One column: a value for each series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slot {
    pub(crate) label: String,
    pub(crate) values: Vec<f64>,
}

/// The chart.
pub(crate) struct Columns<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) told: &'a str,
    /// What the columns stand for, as the table's first heading.
    pub(crate) along: &'a str,
    pub(crate) series: &'a [Series],
    pub(crate) slots: Vec<Slot>,
}

const HEIGHT: f64 = 240.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 212.0;

impl Columns<'_> {
    /// As a figure.
    pub(crate) fn drawn(&self) -> Markup {
        let frame = Frame {
            id: self.id,
            title: self.title,
            told: self.told,
            height: HEIGHT,
        };
        let totals = self.slots.iter().map(|it| it.values.iter().sum::<f64>());
        let largest = totals.fold(0.0, f64::max);
        if largest <= 0.0 {
            return frame.nothing();
        }
        frame.around(&self.drawing(ceiling(largest)), &self.table())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are some dozens of columns"
    )]
    fn drawing(&self, ceiling: f64) -> Markup {
        let across = (WIDTH - LEFT) / self.slots.len() as f64;
        let scale = (BOTTOM - TOP) / ceiling;
        // A label takes some room; not every column has one.
        let every = (90.0 / across).ceil().max(1.0) as usize;
        html! {
            (self.legend())
            (levels(ceiling, TOP, BOTTOM, LEFT, plain))
            @for (index, slot) in self.slots.iter().enumerate() {
                @let x = LEFT + across * index as f64;
                @for (part, y, height) in parts(slot, scale) {
                    @if height > 0.0 {
                        rect class={ "series-" (part) } x=(round(x + across * 0.12)) y=(round(y)) width=(round(across * 0.76)) height=(round(height))
                            fill=(self.fill(part)) stroke="currentColor" stroke-width="0.75" {}
                    }
                }
                @if index % every == 0 {
                    text x=(round(x + across / 2.0)) y=(BOTTOM + 20.0) text-anchor=(if index == 0 { "start" } else { "middle" }) { (slot.label) }
                }
            }
        }
    }

    fn fill(&self, part: usize) -> String {
        let fill = self.series.get(part).map_or(Fill::Solid, |it| it.fill);
        fill.paint(self.id)
    }

    #[expect(clippy::cast_precision_loss, reason = "there are a few series")]
    fn legend(&self) -> Markup {
        html! {
            @if self.series.len() > 1 {
                @for (part, series) in self.series.iter().enumerate() {
                    @let x = LEFT + 160.0 * part as f64;
                    rect class={ "series-" (part) } x=(x) y="4" width="16" height="12" fill=(series.fill.paint(self.id)) stroke="currentColor" stroke-width="0.75" {}
                    text x=(x + 22.0) y="15" { (series.name) }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            thead { tr { th scope="col" { (self.along) } @for it in self.series { th.number scope="col" { (it.name) } } } }
            tbody {
                @for slot in &self.slots {
                    tr { th scope="row" { (slot.label) } @for it in &slot.values { td.number { (plain(*it)) } } }
                }
            }
        }
    }
}

/// Each part with the height where it begins, from above, and its own.
fn parts(slot: &Slot, scale: f64) -> Vec<(usize, f64, f64)> {
    let mut below = BOTTOM;
    let parts = slot.values.iter().enumerate().map(|(part, value)| {
        let height = value * scale;
        below -= height;
        (part, below, height)
    });
    parts.collect()
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_on_each_other() {
        let slot = Slot {
            label: "a".to_owned(),
            values: vec![2.0, 3.0],
        };
        let parts = parts(&slot, 10.0);
        assert_eq!(parts, [(0, BOTTOM - 20.0, 20.0), (1, BOTTOM - 50.0, 30.0)]);
    }

    #[test]
    fn every_value_is_in_the_table_and_nothing_is_said_to_be_nothing() {
        let series = [Series {
            name: "approved",
            fill: Fill::Solid,
        }];
        let columns = |values: &[f64]| {
            let slots = values.iter().map(|it| Slot {
                label: format!("at {it}"),
                values: vec![*it],
            });
            Columns {
                id: "c",
                title: "t",
                told: "there is nothing",
                along: "hour",
                series: &series,
                slots: slots.collect(),
            }
            .drawn()
            .into_string()
        };
        let some = columns(&[7.0, 0.0, 12.5]);
        for cell in [">7</td>", ">0</td>", ">12</td>", "at 12.5"] {
            assert!(some.contains(cell), "{cell} in {some}");
        }
        assert_eq!(columns(&[0.0]).matches("<svg").count(), 0);
    }
}

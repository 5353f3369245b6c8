//! One bar below the other, each with its name and its value: how the phases compare.

use maud::{Markup, html};

use super::{Fill, Frame, WIDTH};

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    pub(crate) label: String,
    /// None where there is nothing to measure yet.
    pub(crate) value: Option<f64>,
}

/// The chart.
pub(crate) struct Bars<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) told: &'a str,
    /// What the bars stand for, as the table's first heading.
    pub(crate) along: &'a str,
    /// What is measured, as the table's second heading.
    pub(crate) measured: &'a str,
    pub(crate) say: fn(f64) -> String,
    pub(crate) bars: Vec<Bar>,
}

const LEFT: f64 = 160.0;
/// Room for the value behind the longest bar.
const RIGHT: f64 = 90.0;
const ROW: f64 = 28.0;

impl Bars<'_> {
    /// As a figure.
    #[expect(clippy::cast_precision_loss, reason = "there are a dozen bars")]
    pub(crate) fn drawn(&self) -> Markup {
        let frame = Frame {
            id: self.id,
            title: self.title,
            told: self.told,
            height: ROW * self.bars.len() as f64,
        };
        let values = self.bars.iter().filter_map(|it| it.value);
        let Some(largest) = values.reduce(f64::max) else {
            return frame.nothing();
        };
        frame.around(&self.drawing(largest), &self.table())
    }

    #[expect(clippy::cast_precision_loss, reason = "there are a dozen bars")]
    fn drawing(&self, largest: f64) -> Markup {
        let scale = if largest > 0.0 {
            (WIDTH - LEFT - RIGHT) / largest
        } else {
            0.0
        };
        html! {
            @for (index, bar) in self.bars.iter().enumerate() {
                @let y = ROW * index as f64;
                @let across = (bar.value.unwrap_or(0.0) * scale * 10.0).round() / 10.0;
                text x=(LEFT - 8.0) y=(y + 18.0) text-anchor="end" { (bar.label) }
                @if across > 0.0 {
                    rect.series-0 x=(LEFT) y=(y + 6.0) width=(across) height=(ROW - 12.0) fill=(Fill::Solid.paint(self.id)) {}
                }
                text x=(LEFT + across + 6.0) y=(y + 18.0) { (self.told(bar)) }
            }
            line x1=(LEFT) x2=(LEFT) y1="0" y2=(ROW * self.bars.len() as f64) stroke="currentColor" {}
        }
    }

    fn told(&self, bar: &Bar) -> String {
        bar.value.map_or_else(|| "–".to_owned(), self.say)
    }

    fn table(&self) -> Markup {
        html! {
            thead { tr { th scope="col" { (self.along) } th.number scope="col" { (self.measured) } } }
            tbody { @for bar in &self.bars { tr { th scope="row" { (bar.label) } td.number { (self.told(bar)) } } } }
        }
    }
}

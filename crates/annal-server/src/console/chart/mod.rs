//! Charts, drawn here as SVG: no script, no library. What a colour says a pattern and a label say too, and behind each
//! chart is its table, for whoever would rather read it or cannot see it.

mod bars;
mod columns;
mod line;

pub(crate) use bars::{Bar, Bars};
pub(crate) use columns::{Columns, Series, Slot};
pub(crate) use line::{Line, Point};

use maud::{Markup, html};

/// Units of the drawing across; the page scales it to the room that there is.
const WIDTH: f64 = 560.0;

/// What a chart and its table have in common.
struct Frame<'a> {
    /// Unlike that of any other on the page.
    id: &'a str,
    /// What is shown, as a heading.
    title: &'a str,
    /// What can be seen, in a sentence: read out in place of the drawing.
    told: &'a str,
    height: f64,
}

impl Frame<'_> {
    fn around(&self, drawing: &Markup, table: &Markup) -> Markup {
        let (id, height) = (self.id, self.height);
        html! {
            figure.chart id=(id) {
                figcaption { (self.title) }
                svg role="img" aria-labelledby={ (id) "-told" } viewBox={ "0 0 " (WIDTH) " " (height) } {
                    title id={ (id) "-told" } { (self.told) }
                    (patterns(id))
                    (drawing)
                }
                details {
                    summary { "As a table" }
                    div.scroll role="region" aria-label={ (self.title) ", as a table" } tabindex="0" { table { (table) } }
                }
            }
        }
    }

    /// A chart of nothing says so.
    fn nothing(&self) -> Markup {
        html! {
            figure.chart id=(self.id) {
                figcaption { (self.title) }
                p.empty { (self.told) }
            }
        }
    }
}

/// How a series is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    Solid,
    Striped,
    Dotted,
}

impl Fill {
    /// A paint of the chart's own patterns.
    fn paint(self, chart: &str) -> String {
        match self {
            Self::Solid => "currentColor".to_owned(),
            Self::Striped => format!("url(#{chart}-striped)"),
            Self::Dotted => format!("url(#{chart}-dotted)"),
        }
    }
}

fn patterns(chart: &str) -> Markup {
    html! {
        defs {
            pattern id={ (chart) "-striped" } width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect width="6" height="6" fill="currentColor" fill-opacity="0.15" {}
                rect width="3" height="6" fill="currentColor" {}
            }
            pattern id={ (chart) "-dotted" } width="6" height="6" patternUnits="userSpaceOnUse" {
                rect width="6" height="6" fill="currentColor" fill-opacity="0.1" {}
                circle cx="3" cy="3" r="1.6" fill="currentColor" {}
            }
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … that is not below the largest value: the axis ends there.
fn ceiling(largest: f64) -> f64 {
    if largest <= 0.0 || !largest.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(largest.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|it| *it >= largest)
        .unwrap_or(largest)
}

/// A number as people write it: no more digits than it needs.
pub(crate) fn plain(value: f64) -> String {
    match value {
        it if it.fract() == 0.0 => format!("{it:.0}"),
        it if it < 10.0 => format!("{it:.1}"),
        it => format!("{it:.0}"),
    }
}

/// Lines across with their values, from nothing to the ceiling.
fn levels(ceiling: f64, top: f64, bottom: f64, left: f64, say: fn(f64) -> String) -> Markup {
    let height = bottom - top;
    html! {
        @for share in [0.0, 0.5, 1.0] {
            @let y = bottom - height * share;
            line.level x1=(left) x2=(WIDTH) y1=(y) y2=(y) stroke="currentColor" stroke-opacity="0.25" {}
            text x=(left - 6.0) y=(y + 4.5) text-anchor="end" { (say(ceiling * share)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ceiling, plain};

    #[test]
    fn an_axis_ends_at_a_round_number() {
        let ends = [0.0, 0.3, 1.0, 3.0, 7.0, 11.0, 450.0].map(ceiling);
        assert_eq!(ends, [1.0, 0.5, 1.0, 5.0, 10.0, 20.0, 500.0]);
    }

    #[test]
    fn a_number_has_the_digits_that_it_needs() {
        assert_eq!([4.0, 2.25, 33.3].map(plain), ["4", "2.2", "33"]);
    }
}

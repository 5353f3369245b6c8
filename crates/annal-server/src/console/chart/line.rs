//! A line over time.

use maud::{Markup, html};

use super::{Frame, WIDTH, ceiling, levels, plain};

/// A value at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) label: String,
    pub(crate) value: f64,
}

/// The chart.
pub(crate) struct Line<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) told: &'a str,
    /// What is measured, as the table's second heading.
    pub(crate) measured: &'a str,
    pub(crate) points: Vec<Point>,
}

const HEIGHT: f64 = 180.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 152.0;

impl Line<'_> {
    /// As a figure.
    pub(crate) fn drawn(&self) -> Markup {
        let frame = Frame {
            id: self.id,
            title: self.title,
            told: self.told,
            height: HEIGHT,
        };
        match self.points.as_slice() {
            [] | [_] => frame.nothing(),
            [first, .., last] => frame.around(&self.drawing(first, last), &self.table()),
        }
    }

    fn drawing(&self, first: &Point, last: &Point) -> Markup {
        let largest = self.points.iter().map(|it| it.value).fold(0.0, f64::max);
        let ceiling = ceiling(largest);
        html! {
            (levels(ceiling, TOP, BOTTOM, LEFT, plain))
            polyline.series-0 points=(self.path(ceiling)) fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" {}
            text x=(LEFT) y=(BOTTOM + 20.0) { (first.label) }
            text x=(WIDTH) y=(BOTTOM + 20.0) text-anchor="end" { (last.label) }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are some hundreds of points"
    )]
    fn path(&self, ceiling: f64) -> String {
        let across = (WIDTH - LEFT) / (self.points.len().max(2) - 1) as f64;
        let scale = (BOTTOM - TOP) / ceiling;
        let at = |(index, point): (usize, &Point)| {
            let (x, y) = (LEFT + across * index as f64, BOTTOM - point.value * scale);
            format!("{x:.1},{y:.1}")
        };
        let points: Vec<String> = self.points.iter().enumerate().map(at).collect();
        points.join(" ")
    }

    fn table(&self) -> Markup {
        html! {
            thead { tr { th scope="col" { "Time" } th.number scope="col" { (self.measured) } } }
            tbody { @for it in &self.points { tr { th scope="row" { (it.label) } td.number { (plain(it.value)) } } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_edge_to_edge_and_no_higher_than_its_axis() {
        let point = |value| Point {
            label: "l".to_owned(),
            value,
        };
        let line = Line {
            id: "l",
            title: "t",
            told: "s",
            measured: "m",
            points: vec![point(0.0), point(10.0)],
        };
        assert_eq!(line.path(10.0), "52.0,152.0 560.0,10.0");
    }
}

//! Bar charts as SVG, readable on any ground and by anybody who has its words read out.

use std::fmt::Write as _;

use super::numbers;

/// A measured value with its spread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    pub(super) value: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// Groups of bars, one of each series in a group; a bar that was not measured is left out.
pub(super) struct Bars {
    pub(super) title: String,
    pub(super) unit: &'static str,
    pub(super) series: Vec<String>,
    pub(super) groups: Vec<(String, Vec<Option<Bar>>)>,
    /// Powers of ten up the side instead of even steps.
    pub(super) by_tens: bool,
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 66.0;
const BOTTOM: f64 = 46.0;
/// Told apart by people who see colours differently, and in grey.
const COLOURS: [&str; 6] = [
    "#0b4f9e", "#e08214", "#4d9221", "#9e9ac8", "#a50f15", "#737373",
];

impl Bars {
    pub(super) fn svg(&self) -> String {
        let mut svg = String::new();
        let _ = write!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" font-family="system-ui, sans-serif" font-size="12" fill="#222">
<title>{title}</title>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>
<text x="{LEFT}" y="22" font-size="15" font-weight="600">{title}</text>
"##,
            label = escaped(&self.words()),
            title = escaped(&format!("{} ({})", self.title, self.unit)),
        );
        self.legend(&mut svg);
        let scale = self.scale();
        self.grid(&mut svg, &scale);
        self.bars(&mut svg, &scale);
        svg.push_str("</svg>\n");
        svg
    }

    fn legend(&self, svg: &mut String) {
        let mut x = LEFT;
        for (name, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            let _ = writeln!(
                svg,
                r#"<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/><text x="{}" y="46">{}</text>"#,
                x + 17.0,
                escaped(name)
            );
            x += 34.0 + 7.0 * count(name.chars().count());
        }
    }

    fn grid(&self, svg: &mut String, scale: &Scale) {
        for value in scale.lines() {
            let y = scale.y(value);
            let _ = writeln!(
                svg,
                r##"<line x1="{LEFT}" x2="{}" y1="{y:.1}" y2="{y:.1}" stroke="#ddd"/><text x="{}" y="{:.1}" text-anchor="end" fill="#555">{}</text>"##,
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                short(value)
            );
        }
    }

    fn bars(&self, svg: &mut String, scale: &Scale) {
        let room = (WIDTH - LEFT - RIGHT) / count(self.groups.len().max(1));
        let wide = (room * 0.82 / count(self.series.len().max(1))).min(64.0);
        for (place, (name, bars)) in self.groups.iter().enumerate() {
            let middle = LEFT + room * (count(place) + 0.5);
            let begin = middle - wide * count(bars.len()) / 2.0;
            for (number, (bar, colour)) in bars.iter().zip(COLOURS.iter().cycle()).enumerate() {
                if let Some(bar) = bar {
                    draw(svg, scale, begin + wide * count(number), wide, bar, colour);
                }
            }
            let _ = writeln!(
                svg,
                r#"<text x="{middle:.1}" y="{}" text-anchor="middle">{}</text>"#,
                HEIGHT - BOTTOM + 20.0,
                escaped(name)
            );
        }
    }

    fn scale(&self) -> Scale {
        let measured = || self.groups.iter().flat_map(|(_, bars)| bars).flatten();
        let most = measured().map(|it| it.most).fold(1e-9, f64::max);
        let least = measured().map(|it| it.least).fold(f64::MAX, f64::min);
        if self.by_tens {
            return Scale {
                from: 10_f64.powf(least.max(1e-3).log10().floor()),
                to: 10_f64.powf(most.log10().ceil()),
                by_tens: true,
            };
        }
        let step = step(most);
        Scale {
            from: 0.0,
            to: (most / step).ceil() * step,
            by_tens: false,
        }
    }

    /// What is drawn, in words.
    fn words(&self) -> String {
        let group = |(name, bars): &(String, Vec<Option<Bar>>)| {
            let bar = |(series, bar): (&String, &Option<Bar>)| {
                bar.map(|bar| format!("{series} {}", numbers::rate(bar.value)))
            };
            let bars: Vec<_> = self.series.iter().zip(bars).filter_map(bar).collect();
            format!("{name}: {}", bars.join(", "))
        };
        let groups: Vec<_> = self.groups.iter().map(group).collect();
        format!("{} in {}. {}", self.title, self.unit, groups.join(". "))
    }
}

fn draw(svg: &mut String, scale: &Scale, x: f64, wide: f64, bar: &Bar, colour: &str) {
    let (top, floor) = (scale.y(bar.value), scale.y(scale.from));
    let middle = x + wide / 2.0;
    let _ = writeln!(
        svg,
        r##"<rect x="{:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" fill="{colour}"/><line x1="{middle:.1}" x2="{middle:.1}" y1="{:.1}" y2="{:.1}" stroke="#000"/><text x="{middle:.1}" y="{:.1}" text-anchor="middle" font-size="10">{}</text>"##,
        x + 1.0,
        wide - 2.0,
        (floor - top).max(1.0),
        scale.y(bar.most),
        scale.y(bar.least),
        scale.y(bar.most) - 4.0,
        short(bar.value)
    );
}

struct Scale {
    from: f64,
    to: f64,
    by_tens: bool,
}

impl Scale {
    fn y(&self, value: f64) -> f64 {
        let share = match self.by_tens {
            true => {
                (value.max(self.from) / self.from).log10() / (self.to / self.from).log10().max(1e-9)
            }
            false => value / self.to,
        };
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn lines(&self) -> Vec<f64> {
        let mut lines = vec![self.from];
        let mut next = self.from;
        while next < self.to * 0.999 {
            next = match self.by_tens {
                true => next * 10.0,
                false => next + step(self.to),
            };
            lines.push(next);
        }
        lines
    }
}

/// An even step of which four to ten make the whole.
fn step(most: f64) -> f64 {
    let ten = 10_f64.powf(most.log10().floor());
    match most / ten {
        part if part < 2.0 => ten / 5.0,
        part if part < 5.0 => ten / 2.0,
        _ => ten,
    }
}

/// Few letters: `12 k`, `1.5 M`.
fn short(value: f64) -> String {
    let trimmed = |value: f64| {
        let text = match value {
            value if value < 10.0 => format!("{value:.1}"),
            value => format!("{value:.0}"),
        };
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    match value {
        value if value >= 1e6 => format!("{} M", trimmed(value / 1e6)),
        value if value >= 1e3 => format!("{} k", trimmed(value / 1e3)),
        value => trimmed(value),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few letters or bars")]
fn count(number: usize) -> f64 {
    number as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_says_in_words_what_it_draws_and_leaves_out_what_was_not_measured() {
        let bar = |value| {
            Some(Bar {
                value,
                least: value * 0.9,
                most: value * 1.1,
            })
        };
        let bars = Bars {
            title: "Appends <fast>".to_owned(),
            unit: "events/s",
            series: vec!["ours".to_owned(), "theirs".to_owned()],
            groups: vec![
                ("1".to_owned(), vec![bar(20_000.0), bar(4_000.0)]),
                ("10".to_owned(), vec![bar(90_000.0), None]),
            ],
            by_tens: true,
        };
        let svg = bars.svg();
        assert!(
            svg.contains("1: ours 20,000, theirs 4,000. 10: ours 90,000"),
            "{svg}"
        );
        assert!(svg.contains("Appends &lt;fast>"), "{svg}");
        assert_eq!(svg.matches("stroke=\"#000\"").count(), 3, "{svg}");
    }
}

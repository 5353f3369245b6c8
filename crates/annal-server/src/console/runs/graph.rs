//! The phases of a run as the graph that its definition makes of them: ranks by what comes before, lanes beside each other.
//! Drawn twice, lying for a wide window and standing for a narrow one; the style sheet shows one of them.

use std::collections::BTreeMap;

use annal_core::case::PhaseSummary;
use annal_core::definition::{Definition, PhaseDef};
use annal_core::run::{PhaseStatus, ReportRun};
use annal_core::{Case, Phase};
use maud::{Markup, html};

use crate::console::parts::{Badge, human, words};

/// Where a phase is drawn: its rank along the way, its lane among those that run beside it, and how many those are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    rank: u32,
    lane: u32,
    lanes: u32,
}

/// Measures of a drawing, in its own units.
struct Sheet {
    class: &'static str,
    node: (u32, u32),
    gap: (u32, u32),
    /// Ranks go down instead of to the right.
    stands: bool,
    lanes: u32,
    ranks: u32,
}

/// The graph of a run's phases, each leading to its page.
pub(super) fn graph(
    case: &Case,
    phases: &[PhaseSummary],
    href: impl Fn(Phase) -> String,
) -> Markup {
    let places = places(&case.definition);
    let ranks = places.values().map(|it| it.rank + 1).max().unwrap_or(0);
    let lanes = places.values().map(|it| it.lanes).max().unwrap_or(1);
    let wide = Sheet {
        class: "wide",
        node: (146, 66),
        gap: (20, 18),
        stands: false,
        lanes,
        ranks,
    };
    let tall = Sheet {
        class: "tall",
        node: (164, 60),
        gap: (18, 30),
        stands: true,
        lanes,
        ranks,
    };
    html! {
        div.graph {
            @for sheet in [wide, tall] { (sheet.draw(case, phases, &places, &href)) }
        }
    }
}

/// A phase's rank is one more than the last of those before it.
fn places(definition: &Definition) -> BTreeMap<Phase, Place> {
    let mut ranks = BTreeMap::new();
    for def in &definition.phases {
        rank(definition, def, &mut ranks);
    }
    let mut places = BTreeMap::new();
    for def in &definition.phases {
        let rank = ranks[&def.phase];
        let beside = definition
            .phases
            .iter()
            .filter(|it| ranks[&it.phase] == rank);
        let before = beside.clone().take_while(|it| it.phase != def.phase);
        let place = Place {
            rank,
            lane: u32::try_from(before.count()).unwrap_or(0),
            lanes: u32::try_from(beside.count()).unwrap_or(1),
        };
        places.insert(def.phase, place);
    }
    places
}

fn rank(definition: &Definition, def: &PhaseDef, ranks: &mut BTreeMap<Phase, u32>) -> u32 {
    if let Some(known) = ranks.get(&def.phase) {
        return *known;
    }
    let before = def.after.iter().filter_map(|it| definition.phase(*it));
    let last = before.map(|it| rank(definition, it, ranks) + 1).max();
    let own = last.unwrap_or(0);
    ranks.insert(def.phase, own);
    own
}

impl Sheet {
    fn draw(
        &self,
        case: &Case,
        phases: &[PhaseSummary],
        places: &BTreeMap<Phase, Place>,
        href: &impl Fn(Phase) -> String,
    ) -> Markup {
        let (width, height) = self.size();
        html! {
            svg class=(self.class) viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height)
                role="group" aria-label="The phases, in their order" {
                @for def in &case.definition.phases {
                    @for from in &def.after { (self.edge(case, def, places[from], places[&def.phase], *from)) }
                }
                @for (index, phase) in phases.iter().enumerate() {
                    (self.node(phase, index + 1, places[&phase.phase], &href(phase.phase)))
                }
            }
        }
    }

    fn size(&self) -> (u32, u32) {
        let along =
            |node: u32, gap: u32, count: u32| count * node + count.saturating_sub(1) * gap + 4;
        let (across, down) = match self.stands {
            true => (self.lanes, self.ranks),
            false => (self.ranks, self.lanes),
        };
        (
            along(self.node.0, self.gap.0, across),
            along(self.node.1, self.gap.1, down),
        )
    }

    /// The upper left corner of a phase; lanes are centred.
    fn corner(&self, place: Place) -> (u32, u32) {
        let (step_x, step_y) = (self.node.0 + self.gap.0, self.node.1 + self.gap.1);
        let empty = self.lanes - place.lanes;
        if self.stands {
            (
                place.lane * step_x + empty * step_x / 2 + 2,
                place.rank * step_y + 2,
            )
        } else {
            (
                place.rank * step_x + 2,
                place.lane * step_y + empty * step_y / 2 + 2,
            )
        }
    }

    fn edge(&self, case: &Case, def: &PhaseDef, from: Place, to: Place, before: Phase) -> Markup {
        let ((ax, ay), (bx, by)) = (self.corner(from), self.corner(to));
        let (w, h) = self.node;
        let (line, tip) = if self.stands {
            let (x, y, u, v) = (ax + w / 2, ay + h, bx + w / 2, by);
            let half = u32::midpoint(y, v);
            (
                format!("M{x} {y}C{x} {half} {u} {half} {u} {}", v - 5),
                format!("M{u} {v}l-4 -7h8z"),
            )
        } else {
            let (x, y, u, v) = (ax + w, ay + h / 2, bx, by + h / 2);
            let half = u32::midpoint(x, u);
            (
                format!("M{x} {y}C{half} {y} {half} {v} {} {v}", u - 5),
                format!("M{u} {v}l-7 -4v8z"),
            )
        };
        let class = edge_class(&case.run, before, def.phase);
        html! {
            path class=(class) d=(line) {
                @if let Some(condition) = &def.start_if { title { "only if " (condition) } }
            }
            path.tip d=(tip) {}
        }
    }

    fn node(&self, phase: &PhaseSummary, nth: usize, place: Place, href: &str) -> Markup {
        let (x, y) = self.corner(place);
        let (w, h) = self.node;
        let (badge, state) = state(phase);
        let class = match badge {
            Badge::Good => "good",
            Badge::Warns => "warns",
            Badge::Going | Badge::Waits => "going",
            Badge::Past => "past",
            _ => "blank",
        };
        let version = phase.versions.last();
        html! {
            a href=(href) class=(class) {
                rect x=(x) y=(y) width=(w) height=(h) rx="3" {}
                text.nth x=(x + 9) y=(y + 17) { (nth) }
                @if let Some(version) = version {
                    text.nth x=(x + w - 9) y=(y + 17) text-anchor="end" { "version " (version.number) }
                }
                text.name x=(x + 9) y=(y + h / 2 + 4) { (human(phase.phase.name())) }
                text.state x=(x + 9) y=(y + h - 9) { (badge.symbol()) " " (state) }
            }
        }
    }
}

fn edge_class(run: &ReportRun, from: Phase, to: Phase) -> &'static str {
    let mut taken = run.transitions().iter();
    match taken.any(|it| it.to == to && it.from.contains(&from)) {
        true if run.phase_status(to) == PhaseStatus::Skipped => "edge taken past",
        true => "edge taken",
        false => "edge",
    }
}

/// Where a phase stands, in the words of whoever waits for it.
pub(crate) fn state(phase: &PhaseSummary) -> (Badge, &'static str) {
    match phase.status {
        _ if phase.stale => (Badge::Warns, "stale"),
        _ if phase.due_again => (Badge::Warns, "due after all"),
        PhaseStatus::Waiting => (Badge::Blank, "not reached"),
        PhaseStatus::Started => (Badge::Going, words::stage(phase.stage)),
        PhaseStatus::Completed => (Badge::Good, "completed"),
        PhaseStatus::Skipped => (Badge::Past, "skipped"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn drawn(version: &str) -> (BTreeMap<Phase, Place>, String) {
        let version = version.parse().unwrap();
        let definition = Definition::builtin(&version).unwrap();
        let case = Case::new(Arc::new(definition));
        let summary = case.summary();
        let markup = graph(&case, &summary.phases, |phase| format!("/{phase}"));
        (places(&case.definition), markup.into_string())
    }

    #[test]
    fn every_definition_is_drawn_with_all_its_phases_and_ways() {
        for (version, phases, ways, ranks) in [
            ("1.0.0", 8, 7, 8),
            ("1.1.0", 8, 7, 8),
            ("1.2.0", 8, 8, 7),
            ("2.0.0", 9, 9, 8),
        ] {
            let (places, markup) = drawn(version);
            assert_eq!(places.len(), phases, "{version}");
            let last = places.values().map(|it| it.rank + 1).max();
            assert_eq!(last, Some(ranks), "{version}");
            assert_eq!(markup.matches("<rect").count(), 2 * phases, "{version}");
            assert_eq!(
                markup.matches("class=\"edge\"").count(),
                2 * ways,
                "{version}"
            );
        }
    }

    #[test]
    fn what_runs_beside_each_other_stands_beside_each_other() {
        let (places, _) = drawn("2.0.0");
        let (samples, owners) = (places[&Phase::SampleSelection], places[&Phase::DataOwnerId]);
        assert_eq!(samples.rank, owners.rank);
        assert_ne!(samples.lane, owners.lane);
        assert_eq!(places[&Phase::RequestInfo].rank, samples.rank + 1);
    }
}

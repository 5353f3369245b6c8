//! The slider over time: one stop for each thing that happened to a version. Without the script it is a list and a button.

use annal_audit::Moment;
use annal_core::Position;
use annal_core::version::VersionRef;
use maud::{Markup, html};

use crate::console::desk::Desk;
use crate::console::path;

/// More stops than this are too many to choose from; then one stands for all that one second brought.
const STOPS: usize = 2_000;

pub(super) fn slider(
    desk: &Desk<'_>,
    version: VersionRef,
    moments: &[Moment],
    asked: Option<Position>,
) -> Markup {
    let stops = stops(moments);
    let at = asked.map_or(stops.len().saturating_sub(1), |asked| {
        stops
            .iter()
            .rposition(|it| it.position <= asked)
            .unwrap_or(0)
    });
    let last = stops.len().saturating_sub(1);
    html! {
        form.moment method="get" action=(path::version(desk.ledger(), version)) data-travel {
            h2 #moment-title { "As it was" }
            p hidden data-script {
                label.unseen for="moment-slider" { "Moment, from the first event of the version to the last" }
                input #moment-slider type="range" min="0" max=(last) step="1" value=(at) aria-valuetext=[stops.get(at).map(|it| told(it))];
                span.ends aria-hidden="true" {
                    @if let (Some(first), Some(last)) = (stops.first(), stops.last()) {
                        span { (first.at.format("%Y-%m-%d %H:%M:%S")) } span { (last.at.format("%Y-%m-%d %H:%M:%S")) }
                    }
                }
            }
            p.field data-without-script {
                label for="moment-select" { "After what happened" }
                select #moment-select name="position" {
                    @for (index, moment) in stops.iter().enumerate() {
                        option value=(moment.position) selected[index == at] { (told(moment)) }
                    }
                }
            }
            p data-without-script { button { "Show" } }
            output for="moment-slider" { @if let Some(moment) = stops.get(at) { (told(moment)) } }
        }
    }
}

fn told(moment: &Moment) -> String {
    let at = moment.at.format("%Y-%m-%d %H:%M:%S");
    format!("{} · {at} · {}", moment.position, moment.sentence)
}

/// All moments, or, of too many, the last of each second.
fn stops(moments: &[Moment]) -> Vec<&Moment> {
    if moments.len() <= STOPS {
        return moments.iter().collect();
    }
    let ends = moments
        .windows(2)
        .filter(|it| it[0].at.timestamp() != it[1].at.timestamp());
    let ends = ends.map(|it| &it[0]);
    ends.chain(moments.last()).collect()
}

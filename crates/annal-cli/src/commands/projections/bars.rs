//! A bar for each projection and ledger on standard error, with rate and time left. Without a terminal they are silent.

use std::collections::BTreeMap;

use annal_core::Position;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The bars of a command.
#[derive(Default)]
pub(super) struct Bars {
    all: MultiProgress,
    bars: BTreeMap<(String, String), ProgressBar>,
}

impl Bars {
    /// How far a projection is in a ledger.
    pub(super) fn tell(&mut self, of: (&str, &str), position: Position, target: Position) {
        let key = (of.0.to_owned(), of.1.to_owned());
        let bar = self.bars.entry(key).or_insert_with(|| {
            // Where a rebuild is taken up again, the rate counts from there.
            self.all.add(bar(of, position, target))
        });
        bar.set_length(target.0);
        bar.set_position(position.0);
        if position == target {
            bar.tick();
        }
    }

    /// Nothing comes any more.
    pub(super) fn finish(&self) {
        for bar in self.bars.values() {
            bar.finish();
        }
    }
}

fn bar((projection, ledger): (&str, &str), position: Position, target: Position) -> ProgressBar {
    let bar = ProgressBar::new(target.0).with_position(position.0);
    let style = ProgressStyle::with_template(
        "{prefix:24} {wide_bar} {human_pos}/{human_len} events  {per_sec}  {eta} left",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(format!("{projection} ({ledger})"));
    bar.reset_eta();
    bar
}

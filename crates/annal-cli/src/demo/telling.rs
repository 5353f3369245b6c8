//! What the demo says on its way: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use annal_core::Summary;
use annal_core::dossier::Stage;
use indicatif::{ProgressBar, ProgressStyle};

use super::cast::Turn;
use crate::input::Input;
use crate::output::Output;

pub(super) struct Telling {
    output: Output,
    bar: Option<ProgressBar>,
}

impl Telling {
    pub(super) fn new(output: Output) -> Self {
        let terminal = output == Output::Text && std::io::stderr().is_terminal();
        let style = "{spinner} {pos}/{len} phases {bar:30} {elapsed} {msg}";
        let bar = terminal.then(|| {
            let bar = ProgressBar::new(annal_core::Phase::ALL.len() as u64);
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(std::time::Duration::from_millis(100));
            bar
        });
        Self { output, bar }
    }

    pub(super) fn opening(&self, input: &Input) {
        self.line(&format!(
            "{} {}: {} rows, {} attributes",
            input.report, input.cycle, input.rows, input.attributes
        ));
    }

    pub(super) fn act(&self, turn: &Turn) {
        let phase = turn.act.phase().map_or("run", annal_core::Phase::name);
        self.line(&format!("{phase:17} {:6} {}", turn.person, turn.telling));
    }

    pub(super) fn progress(&self, summary: &Summary) {
        let Some(bar) = &self.bar else { return };
        let over = summary.phases.iter().filter(|it| it.status.is_over());
        bar.set_length(summary.phases.len() as u64);
        bar.set_position(over.count() as u64);
        let busy = summary.phases.iter().filter(|it| {
            let idle = matches!(it.stage, Stage::NotBegun | Stage::Closed);
            !idle
        });
        let names: Vec<_> = busy.map(|it| it.phase.name()).collect();
        bar.set_message(names.join(", "));
    }

    pub(super) fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => self.output.note(line),
        }
    }
}

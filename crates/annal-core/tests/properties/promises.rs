//! The promises, looked at after each command.

use std::collections::BTreeSet;
use std::sync::Arc;

use annal_core::Phase;
use annal_core::case::{Case, Outcome};
use annal_core::definition::Definition;
use annal_core::dossier::Dossier;
use annal_core::dossier::state::{Version, VersionState};
use annal_core::people::{Person, Role};
use annal_core::run::{PhaseStatus, RunStatus};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::engine;
use crate::moves::{Move, PEOPLE, a_move};
use crate::office::{Office, opening, person};
use crate::witness::Witness;

struct Play {
    office: Office,
    log: Vec<Outcome>,
    witness: Witness,
    taken: usize,
}

impl Play {
    fn new() -> Self {
        let mut opening = opening("2.0.0");
        let roles = [
            Role::Tester,
            Role::ReportOwner,
            Role::ReportExecutive,
            Role::TestExecutive,
            Role::DataOwner,
        ];
        let register = |name: &str| Person {
            id: person(name),
            name: name.into(),
            roles: roles.into(),
        };
        let people = PEOPLE.map(register);
        opening
            .people
            .retain(|it| !PEOPLE.contains(&it.id.as_str()));
        opening.people.extend(people);
        Self {
            office: Office::open_with(opening),
            log: Vec::new(),
            witness: Witness::default(),
            taken: 0,
        }
    }

    fn case(&self) -> &Case {
        &self.office.case
    }

    fn plays(&mut self, number: usize, a_move: &Move) -> TestCaseResult {
        let now = self.office.now();
        let asked = a_move.command(self.case(), number as u128, now);
        match self.case().act(&asked, now) {
            Ok(outcome) => {
                self.taken += 1;
                self.takes(&outcome)?;
            }
            Err(no) => self.refuses(&self.case().refused(&asked, &no))?,
        }
        while let Some(outcome) = engine::next(self.case(), now) {
            self.takes(&outcome)?;
        }
        Ok(())
    }

    fn takes(&mut self, outcome: &Outcome) -> TestCaseResult {
        let before = self.case().clone();
        self.office.take(outcome);
        self.log.push(outcome.clone());
        for (phase, events) in &outcome.dossiers {
            for event in events {
                let seen = self.witness.sees(*phase, event, &outcome.actor);
                prop_assert_eq!(seen, Ok(()), "{:?}", event);
            }
            self.keeps(
                *phase,
                &before.dossier(*phase),
                &self.case().dossier(*phase),
            )?;
        }
        self.steps_fit()
    }

    /// What is refused leaves nothing but its record.
    fn refuses(&mut self, record: &Outcome) -> TestCaseResult {
        let before = self.case().clone();
        self.office.take(record);
        self.log.push(record.clone());
        prop_assert_eq!(&self.case().run, &before.run);
        for phase in Phase::ALL {
            let mut after = (*self.case().dossier(phase)).clone();
            let was = before.dossier(phase);
            after.refusals = was.refusals;
            prop_assert_eq!(&after, &*was);
        }
        Ok(())
    }

    fn keeps(&self, phase: Phase, before: &Dossier, after: &Dossier) -> TestCaseResult {
        let open = after.versions.iter().filter(|it| it.is_open()).count();
        prop_assert!(open <= 1, "{phase} has {open} open versions");
        for (at, version) in after.versions.iter().enumerate() {
            prop_assert_eq!(version.number.0 as usize, at + 1, "{} has a hole", phase);
            let items: BTreeSet<_> = version.items.keys().cloned().collect();
            prop_assert_eq!(Some(&items), self.witness.items(phase, version.number));
            prop_assert_eq!(version.facts()["items"], items.len() as i64);
        }
        let approved = |it: &&Version| matches!(it.state, VersionState::Approved { .. });
        prop_assert!(after.versions.iter().filter(approved).count() <= 1);
        let Some(stood) = before.current() else {
            return Ok(());
        };
        let Some(stands) = after.current() else {
            return Err(TestCaseError::fail(format!(
                "nothing stands in {phase} any more"
            )));
        };
        if stands.number != stood.number {
            let old = after.version(stood.number).map(|it| &it.state);
            let by = matches!(
                old,
                Some(VersionState::Superseded { by_version, .. }) if *by_version == stands.number
            );
            prop_assert!(by, "{phase}@{} vanished: {old:?}", stood.number);
        }
        Ok(())
    }

    /// At most one open step in a phase, and none in one that is over.
    fn steps_fit(&self) -> TestCaseResult {
        for phase in Phase::ALL {
            let steps = self.case().run.steps();
            let open = steps
                .filter(|it| it.phase == phase && !it.status.is_over())
                .count();
            let over = self.case().run.phase_status(phase) != PhaseStatus::Started;
            prop_assert!(open <= usize::from(!over), "{phase} has {open} open steps");
            let stale = self.case().dossier(phase).stale_because.is_some();
            prop_assert_eq!(stale, self.case().run.is_stale(phase), "{}", phase);
        }
        Ok(())
    }

    /// The same events give the same case.
    fn replays(&self) -> TestCaseResult {
        let mut run = (*Case::new(Arc::new(Definition::latest())).run).clone();
        for event in &self.office.events {
            run.evolve(event);
        }
        prop_assert_eq!(&run, &*self.case().run);
        for phase in Phase::ALL {
            let events = self
                .log
                .iter()
                .filter_map(|it| it.dossiers.get(&phase))
                .flatten();
            // Through their JSON, as the log keeps them.
            let events = events.map(|event| serde_json::to_string(event).unwrap());
            let events: Vec<_> = events
                .map(|json| serde_json::from_str(&json).unwrap())
                .collect();
            prop_assert_eq!(
                &Dossier::default().with(&events),
                &*self.case().dossier(phase)
            );
        }
        Ok(())
    }
}

fn play(moves: &[Move]) -> Result<Play, TestCaseError> {
    let mut play = Play::new();
    for (number, a_move) in moves.iter().enumerate() {
        play.plays(number, a_move)?;
    }
    play.replays()?;
    Ok(play)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_breaks_a_case(
        moves in proptest::collection::vec(a_move(), 1..160),
    ) {
        play(&moves)?;
    }
}

/// The moves above would prove nothing if the runs never got anywhere.
#[test]
fn the_moves_at_random_lead_some_runs_far() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let moves = proptest::collection::vec(a_move(), 250..251);
    let (mut completed, mut revised, mut reports) = (0, 0, 0);
    for _ in 0..12 {
        let moves = moves.new_tree(&mut runner).unwrap().current();
        let play = play(&moves).unwrap();
        completed += usize::from(play.case().run.status() == RunStatus::Completed);
        let dossiers = play.case().dossiers.values();
        revised += dossiers
            .map(|it| it.versions.len().saturating_sub(1))
            .sum::<usize>();
        reports += play.case().dossier(Phase::TestReport).versions.len();
    }
    assert!(
        completed + reports >= 4 && revised >= 20,
        "{completed} {revised} {reports}"
    );
}

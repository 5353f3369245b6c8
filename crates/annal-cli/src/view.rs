//! A run as the log has it: what a command looks at before it acts.

use std::collections::BTreeMap;
use std::sync::Arc;

use annal_core::definition::Definition;
use annal_core::dossier::DossierEvent;
use annal_core::run::RunEvent;
use annal_core::{Case, Phase, RunId, Sequence};
use annal_log::{Log, StreamId, decode};
use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;

use crate::error::CliError;

/// A run's case, read again only from where it was read before.
pub(crate) struct View {
    log: Log,
    run: RunId,
    case: Option<Case>,
    seen: BTreeMap<Option<Phase>, Sequence>,
}

impl View {
    pub(crate) fn of(log: &Log, run: RunId) -> Self {
        Self {
            log: log.clone(),
            run,
            case: None,
            seen: BTreeMap::new(),
        }
    }

    /// The case as it is now.
    pub(crate) async fn now(&mut self) -> Result<&Case, CliError> {
        let run = self.run;
        let unknown = || CliError::NotFound(format!("there is no run {run} in this ledger"));
        let events: Vec<RunEvent> = self.news(None, StreamId::run(self.run)).await?;
        let mut case = match self.case.take() {
            Some(case) => case,
            None => Case::new(Arc::new(pinned(&events).ok_or_else(unknown)?)),
        };
        for event in &events {
            Arc::make_mut(&mut case.run).evolve(event);
        }
        let phases: Vec<_> = case.definition.phases.iter().map(|it| it.phase).collect();
        for phase in phases {
            let stream = StreamId::dossier(self.run, phase);
            let events: Vec<DossierEvent> = self.news(Some(phase), stream).await?;
            let dossier = Arc::make_mut(case.dossiers.entry(phase).or_default());
            for event in &events {
                dossier.evolve(event);
            }
        }
        Ok(self.case.insert(case))
    }

    async fn news<E: DomainEvent + DeserializeOwned>(
        &mut self,
        key: Option<Phase>,
        stream: StreamId,
    ) -> Result<Vec<E>, CliError> {
        let after = self.seen.get(&key).copied().unwrap_or_default();
        let recorded = self.log.read_stream(&stream, after).await?;
        if let Some(last) = recorded.last() {
            self.seen.insert(key, last.sequence);
        }
        let events = recorded.iter().map(decode::<E>);
        Ok(events.collect::<Result<_, _>>()?)
    }
}

/// The definition that a run's first event pins it to.
fn pinned(events: &[RunEvent]) -> Option<Definition> {
    let reference = events.iter().rev().find_map(|event| match event {
        RunEvent::RunOpened(opening) => Some(&opening.definition),
        RunEvent::DefinitionChanged { to, .. } => Some(to),
        _ => None,
    });
    let found = Definition::builtin(&reference?.version).ok()?;
    Some(found.clone())
}

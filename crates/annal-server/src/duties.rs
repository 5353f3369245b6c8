//! What waits for somebody, in all runs on whose register they stand.
//!
//! What waits in a run is told by its rules, not by a table, and to ask them its events have to be read. What they said
//! is kept here, for as long as the read models name no newer event of the run: so a list of many runs reads only those
//! that moved since somebody last looked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use annal_audit::{BoardFilter, DutyRow};
use annal_core::case::Waiting;
use annal_core::{PersonId, Position, Role, RunId};
use annal_flow::Standing;
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::app::Ledger;
use crate::problem::Problem;

/// So many runs are kept; each is a few kilobytes.
const KEPT: usize = 4_096;
/// Runs that are read at the same time.
const AT_ONCE: usize = 4;

/// Something that waits for somebody, with its run.
#[derive(Debug)]
pub(crate) struct Duty {
    pub(crate) run: DutyRow,
    pub(crate) waiting: Waiting,
}

/// What waits in the runs of one ledger, as far as somebody looked.
#[derive(Debug, Default)]
pub(crate) struct Duties(Mutex<HashMap<RunId, Arc<Known>>>);

/// What waits in a run, and for whom.
#[derive(Debug)]
struct Known {
    /// True for the log up to here.
    position: Position,
    roles: BTreeMap<PersonId, BTreeSet<Role>>,
    awaiting: Vec<Waiting>,
}

impl Duties {
    /// What waits for a person in these runs, the earliest deadline first.
    ///
    /// # Errors
    /// Why a run cannot be told from the log.
    pub(crate) async fn of(
        &self,
        ledger: &Ledger,
        person: &PersonId,
        runs: Vec<DutyRow>,
    ) -> Result<Vec<Duty>, Problem> {
        let looked = stream::iter(runs).map(|run| async move {
            let known = self.known(ledger, run.run_id, run.changed_position).await?;
            Ok::<_, Problem>((run, known))
        });
        let looked: Vec<_> = looked.buffered(AT_ONCE).try_collect().await?;
        let mut duties = Vec::new();
        for (run, known) in looked {
            let mine = known.iter().flat_map(|it| it.for_person(person));
            duties.extend(mine.map(|waiting| Duty {
                run: run.clone(),
                waiting: waiting.clone(),
            }));
        }
        duties.sort_by_key(|it| it.waiting.due_at.unwrap_or(DateTime::<Utc>::MAX_UTC));
        Ok(duties)
    }

    /// Looks at every run that is open, so that who comes first after a start does not wait for all of them.
    pub(crate) async fn look_ahead(&self, ledger: &Ledger) {
        let mut filter = BoardFilter {
            status: Some("open".to_owned()),
            ..BoardFilter::default()
        };
        for _ in 0..KEPT {
            // Whatever is in the way is told to who asks for a page.
            let Ok(page) = ledger.audit.board(&filter).await else {
                return;
            };
            for row in &page.rows {
                let last = row.changed_position;
                if self.known(ledger, row.run.run_id, last).await.is_err() {
                    return;
                }
            }
            match page.next {
                Some(next) => filter.before = Some(next),
                None => return,
            }
        }
    }

    /// What waits in a run whose last event is said to be this; none where there is no such run.
    async fn known(
        &self,
        ledger: &Ledger,
        run: RunId,
        last: Position,
    ) -> Result<Option<Arc<Known>>, Problem> {
        let known = self.kept().get(&run).cloned();
        if let Some(known) = known.filter(|it| it.position >= last) {
            return Ok(Some(known));
        }
        let Some(standing) = ledger.cases.standing(run).await? else {
            return Ok(None);
        };
        let known = Arc::new(Known::of(&standing));
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(run, known.clone());
        Ok(Some(known))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Arc<Known>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(standing: &Standing) -> Self {
        let people = standing.case.run.people();
        let roles = people.map(|it| (it.id.clone(), it.roles.iter().copied().collect()));
        Self {
            position: standing.position,
            roles: roles.collect(),
            awaiting: standing.case.summary().awaiting,
        }
    }

    fn for_person(&self, person: &PersonId) -> impl Iterator<Item = &Waiting> {
        let held = self.roles.get(person);
        let holds = move |role: &Role| held.is_some_and(|it| it.contains(role));
        let mine = move |it: &&Waiting| waits_for(it, person, holds(&it.awaited.role));
        self.awaiting.iter().filter(mine)
    }
}

/// Whether something waits for a person: for them alone, or for anybody in a role that they hold.
pub(crate) fn waits_for(waiting: &Waiting, person: &PersonId, holds_its_role: bool) -> bool {
    match &waiting.awaited.person {
        Some(only) => only == person,
        None => holds_its_role,
    }
}

//! Opening a run, and who is on it.

use std::collections::BTreeSet;

use super::super::event::{Opening, RunEvent};
use super::super::state::{ReportRun, RunStatus};
use crate::definition::Definition;
use crate::people::{Person, Role};
use crate::rejection::{RefusedItem, Rejection, RejectionCode};

impl ReportRun {
    pub(super) fn open(
        &self,
        opening: &Opening,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        if self.status != RunStatus::NotOpened {
            return Err(Rejection::new(
                RejectionCode::RunAlreadyOpen,
                format!(
                    "the run was opened before and is {} now; choose another run id",
                    self.status.name()
                ),
            ));
        }
        check_definition(opening, definition)?;
        check_subject(opening)?;
        check_register(&opening.people)?;
        check_roles(&opening.people, definition)?;
        check_skips(opening, definition)?;
        Ok(vec![RunEvent::RunOpened(opening.clone())])
    }

    pub(super) fn register(
        &self,
        person: &Person,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        if self.person(&person.id) == Some(person) {
            return Err(Rejection::new(
                RejectionCode::DuplicateItem,
                format!("{} is registered exactly so already", person.id),
            ));
        }
        if let Some(known) = self.person(&person.id) {
            known.expect_name()?;
        }
        let others = self.people().filter(|other| other.id != person.id);
        let people: Vec<Person> = others.chain([person]).cloned().collect();
        check_register(std::slice::from_ref(person))?;
        check_roles(&people, definition)?;
        Ok(vec![RunEvent::PersonRegistered {
            person: person.clone(),
        }])
    }
}

fn check_definition(opening: &Opening, definition: &Definition) -> Result<(), Rejection> {
    let known = definition.reference();
    if opening.definition == known {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionCode::DefinitionRefused,
        format!(
            "the run asks for definition {} ({}), which is not the one known here, {} ({})",
            opening.definition.version, opening.definition.sha256, known.version, known.sha256
        ),
    ))
}

fn check_subject(opening: &Opening) -> Result<(), Rejection> {
    let invalid = |message: String| Err(Rejection::new(RejectionCode::InvalidContent, message));
    if opening.report.trim().is_empty() {
        return invalid("the report has no name; give one".to_owned());
    }
    if opening.cycle.trim().is_empty() {
        return invalid("the test cycle has no name; give one".to_owned());
    }
    if opening.sample_size == 0 {
        return invalid("the sample size is 0; draw at least one sample".to_owned());
    }
    let mut seen = BTreeSet::new();
    for line in &opening.lines_of_business {
        if line.trim().is_empty() || !seen.insert(line) {
            return invalid(format!(
                "the line of business '{line}' is blank or listed twice; name each once"
            ));
        }
    }
    Ok(())
}

/// Ids are unique, names are there to be printed, and nobody is the engine.
fn check_register(people: &[Person]) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    let twice = people.iter().filter(|person| !seen.insert(&person.id));
    refuse(
        RejectionCode::DuplicateItem,
        "people are listed twice; give each person an id of their own",
        twice.map(|person| refused(person, "the id is taken")),
    )?;
    let wrong = people.iter().filter_map(|person| {
        let name = person.name.known().unwrap_or_default().trim();
        if name.is_empty() {
            Some(refused(person, "the printed name is blank"))
        } else if name.starts_with('{') {
            // The log keeps what is no name, but stands in its place, as a JSON object.
            Some(refused(person, "the printed name begins with '{'"))
        } else if person.roles.contains(&Role::Engine) {
            Some(refused(person, "no person holds the role engine"))
        } else {
            None
        }
    });
    refuse(
        RejectionCode::InvalidContent,
        "people cannot be registered as they are",
        wrong,
    )
}

/// Without a holder for each role that the definition needs, the run would come to a stop.
fn check_roles(people: &[Person], definition: &Definition) -> Result<(), Rejection> {
    refuse(
        RejectionCode::Incomplete,
        "the run needs at least one person for each role of its definition; register them",
        missing_roles(people.iter(), definition)
            .into_iter()
            .map(|role| RefusedItem {
                item: role.name().to_owned(),
                why: "nobody holds this role".to_owned(),
            }),
    )
}

/// The roles that a definition needs and nobody holds.
pub(super) fn missing_roles<'a>(
    people: impl Iterator<Item = &'a Person>,
    definition: &Definition,
) -> Vec<Role> {
    let held: BTreeSet<Role> = people
        .flat_map(|person| person.roles.iter().copied())
        .collect();
    definition.roles().difference(&held).copied().collect()
}

fn check_skips(opening: &Opening, definition: &Definition) -> Result<(), Rejection> {
    let wrong = opening.skip.iter().filter_map(|phase| {
        let why = match definition.phase(*phase) {
            None => "the definition does not have this phase",
            Some(def) if !def.optional => "the definition does not allow this phase to be skipped",
            Some(_) => return None,
        };
        Some(RefusedItem {
            item: phase.name().to_owned(),
            why: why.to_owned(),
        })
    });
    refuse(
        RejectionCode::DefinitionRefused,
        "phases cannot be skipped; leave them out of the list",
        wrong,
    )
}

fn refused(person: &Person, why: &str) -> RefusedItem {
    RefusedItem {
        item: person.id.to_string(),
        why: why.to_owned(),
    }
}

/// Refuses if there is something to refuse, and names it all.
fn refuse(
    code: RejectionCode,
    message: &str,
    items: impl Iterator<Item = RefusedItem>,
) -> Result<(), Rejection> {
    let items: Vec<RefusedItem> = items.collect();
    if items.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = items
        .iter()
        .map(|item| format!("{} ({})", item.item, item.why))
        .collect();
    let message = format!("{message}: {}", named.join(", "));
    Err(Rejection::of_items(code, message, items))
}

//! From the fields of a form to an act: one function for each.

use annal_core::definition::Definition;
use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::command::{OwnerAssignment, SectionSignature};
use annal_core::dossier::event::{FileRef, Meaning};
use annal_core::item::{DecisionLevel, ItemVerdict, NewItem, Verdict};
use annal_core::people::Person;
use annal_core::run::RunCommand;
use annal_core::version::CarryForward;
use annal_core::{Case, ItemId, PersonId, Phase, Role, TestCaseId};
use annal_flow::Act;
use serde::de::DeserializeOwned;

use super::contents;
use super::fields::{Fields, invalid};
use crate::acting::put_file;
use crate::problem::Problem;
use crate::seen::SeenRun;

/// What a form of a phase's page asks for.
pub(super) async fn on_phase(
    run: &SeenRun,
    phase: Phase,
    name: &str,
    fields: &Fields,
) -> Result<Act, Problem> {
    let case = &run.standing.case;
    let version = fields.maybe("version")?;
    let command = match name {
        "decide" => decide(fields)?,
        "submit" => C::Submit { version },
        "withdraw" => C::Withdraw { version },
        "approve" => C::Approve { version },
        "reject" => C::Reject {
            version,
            requested_changes: fields.lines("requested_changes"),
        },
        "revert" => C::Revert {
            to: fields.due("to")?,
        },
        "add-item" => {
            let (id, content) = (fields.due("item")?, contents::new(phase, fields)?);
            C::AddItems {
                items: vec![NewItem { id, content }],
            }
        }
        "change-item" => change(case, phase, fields)?,
        "remove-items" => C::RemoveItems {
            items: fields.each("item")?,
        },
        "assign" => assign(fields)?,
        "acknowledge" => C::AcknowledgeOwnership {
            attributes: fields.each("attribute")?,
        },
        "escalate" => C::EscalateOwnership {
            attributes: fields.each("attribute")?,
            to: fields.due("to")?,
        },
        "request" => request(fields)?,
        "submit-document" => C::SubmitDocument {
            document: fields.due("document")?,
            request: fields.due("request")?,
            file: uploaded(run, fields).await?,
        },
        "revise-document" => C::ReviseDocument {
            document: fields.due("document")?,
            file: uploaded(run, fields).await?,
        },
        "review-document" => C::ReviewDocument {
            document: fields.due("document")?,
            level: level(fields)?,
            accept: fields.typed("accept") == "yes",
        },
        "review-tests" if fields.typed("accept") != "again" => C::ReviewTests {
            cases: cases(fields)?,
            accept: fields.typed("accept") == "yes",
        },
        "review-tests" | "execute-tests" => {
            return Ok(Act::ExecuteTests {
                cases: cases(fields)?,
            });
        }
        "sign" => sign(fields)?,
        "revise" => return revise(phase, fields),
        "reopen" => return Ok(Act::Run(RunCommand::ReopenPhase { phase })),
        "confirm" => return Ok(Act::Run(RunCommand::ConfirmPhase { phase })),
        _ => return Err(unknown(name)),
    };
    Ok(Act::Dossier { phase, command })
}

/// What a form of a run's page asks for.
pub(super) fn on_run(name: &str, fields: &Fields) -> Result<Act, Problem> {
    let command = match name {
        "cancel" => RunCommand::Cancel {},
        "register" => RunCommand::RegisterPerson {
            person: person(fields)?,
        },
        "move" => {
            let version = fields.due::<semver::Version>("to")?;
            let to = Definition::builtin(&version).map_err(|no| invalid("to", &no))?;
            RunCommand::ChangeDefinition { to: to.reference() }
        }
        _ => return Err(unknown(name)),
    };
    Ok(Act::Run(command))
}

fn unknown(name: &str) -> Problem {
    Problem::not_found(format_args!("act '{name}'"))
}

/// Verdicts for what is picked, or for all that were open when the form was made.
fn decide(fields: &Fields) -> Result<C, Problem> {
    let verdict = named::<Verdict>("verdict", fields)?;
    let items = fields.each::<ItemId>(among("item", fields))?;
    let decisions = items.into_iter().map(|item| ItemVerdict { item, verdict });
    Ok(C::Decide {
        version: fields.maybe("version")?,
        level: level(fields)?,
        decisions: decisions.collect(),
    })
}

/// The field that names what is meant: what was picked, or all that were open.
fn among<'f>(picked: &'f str, fields: &Fields) -> &'f str {
    match fields.typed("among") {
        "rest" => "open",
        _ => picked,
    }
}

/// The values of a field that are pairs, as JSON.
fn pairs<A: DeserializeOwned>(name: &str, fields: &Fields) -> Result<Vec<A>, Problem> {
    let pairs = fields.all(name).map(serde_json::from_str);
    pairs
        .collect::<Result<_, _>>()
        .map_err(|no| invalid(name, &no))
}

fn level(fields: &Fields) -> Result<DecisionLevel, Problem> {
    named("level", fields)
}

/// A word of the domain, by the name that it has in payloads.
fn named<T: DeserializeOwned>(field: &str, fields: &Fields) -> Result<T, Problem> {
    let word = serde_json::Value::from(fields.typed(field));
    serde_json::from_value(word).map_err(|no| invalid(field, &no))
}

fn change(case: &Case, phase: Phase, fields: &Fields) -> Result<C, Problem> {
    let item: ItemId = fields.due("item")?;
    let dossier = case.dossier(phase);
    let now = dossier.open_version().and_then(|it| it.items.get(&item));
    let content = match now {
        Some(now) => contents::changed(&now.content, fields)?,
        // That it is not there is for the rules to say.
        None => contents::new(phase, fields)?,
    };
    Ok(C::ChangeItem { item, content })
}

fn assign(fields: &Fields) -> Result<C, Problem> {
    let owner: PersonId = fields.due("owner")?;
    let places: Vec<(ItemId, String)> = pairs(among("place", fields), fields)?;
    let assigned = |(attribute, line_of_business)| OwnerAssignment {
        attribute,
        line_of_business,
        owner: owner.clone(),
    };
    let assignments = places.into_iter().map(assigned).collect();
    Ok(C::AssignOwners { assignments })
}

/// Asks for all that the owner answers for and was not asked when the form was made.
fn request(fields: &Fields) -> Result<C, Problem> {
    let owner: PersonId = fields.due("owner")?;
    let open: Vec<(PersonId, ItemId)> = pairs("open", fields)?;
    let theirs = open.into_iter().filter(|(it, _)| *it == owner);
    Ok(C::RequestInformation {
        request: fields.due("request")?,
        attributes: theirs.map(|(_, attribute)| attribute).collect(),
        owner,
        text: fields.typed("text").to_owned(),
    })
}

async fn uploaded(run: &SeenRun, fields: &Fields) -> Result<FileRef, Problem> {
    let file = fields.file("file")?;
    put_file(&run.seen.ledger, &file.name, &file.bytes).await
}

/// All that wait where none is named.
fn cases(fields: &Fields) -> Result<Vec<TestCaseId>, Problem> {
    if fields.typed("among") == "rest" {
        return Ok(Vec::new());
    }
    let cases: Vec<TestCaseId> = fields.each("case")?;
    match cases.is_empty() {
        true => Err(invalid(
            "case",
            &"nothing is picked; pick test cases, or take all",
        )),
        false => Ok(cases),
    }
}

fn sign(fields: &Fields) -> Result<C, Problem> {
    let meaning: Meaning = named("meaning", fields)?;
    let sections = fields.each::<ItemId>("section")?;
    let signed = |section: ItemId| SectionSignature {
        content_hash: fields.typed(&format!("seen.{section}")).to_owned(),
        section,
        meaning,
    };
    let sections = sections.into_iter().map(signed).collect();
    Ok(C::Sign { sections })
}

fn revise(phase: Phase, fields: &Fields) -> Result<Act, Problem> {
    Ok(Act::Revise {
        phase,
        policy: named::<CarryForward>("policy", fields)?,
        draw: fields.maybe("draw")?.unwrap_or(0),
        add: Vec::new(),
    })
}

fn person(fields: &Fields) -> Result<Person, Problem> {
    let roles = fields.each::<Role>("roles")?;
    Ok(Person {
        id: fields.due("person")?,
        name: fields.due::<String>("name")?.into(),
        roles: roles.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_cancelled_and_a_person_registered_by_form() {
        let cancel = on_run("cancel", &Fields::default()).unwrap();
        assert_eq!(cancel, Act::Run(RunCommand::Cancel {}));
        let fields = [
            ("person", "ana"),
            ("name", "Ana Alves"),
            ("roles", "tester"),
            ("roles", "auditor"),
        ];
        let Act::Run(RunCommand::RegisterPerson { person }) =
            on_run("register", &Fields::of(&fields)).unwrap()
        else {
            panic!("another act");
        };
        assert_eq!(person.roles.len(), 2);
    }

    #[test]
    fn a_field_that_does_not_fit_is_named() {
        let fields = Fields::of(&[("to", "two")]);
        let problem = on_run("move", &fields).unwrap_err();
        assert!(
            problem.detail().contains("field 'to'"),
            "{}",
            problem.detail()
        );
        let none = on_run("register", &Fields::default()).unwrap_err();
        assert!(none.detail().contains("fill it in"), "{}", none.detail());
    }

    #[test]
    fn an_act_that_there_is_not_is_not_found() {
        let problem = on_run("burn", &Fields::default()).unwrap_err();
        assert_eq!(problem.code(), "not_found");
    }
}

//! Opening a run: a report's data and dictionary as files, or the example that comes with the program.

use std::collections::BTreeSet;

use annal_core::definition::Definition;
use annal_core::people::Person;
use annal_core::{CommandId, LedgerId, Phase, Role};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use uuid::Uuid;

use crate::acting::{Asked, NewRun, put_file, start_run};
use crate::console::acting::{Fields, invalid};
use crate::console::layout::{Area, Here, layout};
use crate::console::parts::{area, choice, csrf, hidden, human, problem, text};
use crate::console::path;
use crate::problem::Problem;
use crate::seen::{Seen, WorkedIn};

const DATA: &[u8] = include_bytes!("../../../../../examples/hmda_boston.csv");
const DICTIONARY: &[u8] = include_bytes!("../../../../../examples/hmda_boston_dictionary.csv");
const PEOPLE: &str = include_str!("../../../../../examples/people.json");

pub(super) async fn page(WorkedIn(seen): WorkedIn) -> Result<Markup, Problem> {
    Ok(whole(&seen, &Fields::default(), None))
}

pub(super) async fn opened(WorkedIn(seen): WorkedIn, fields: Fields) -> Response {
    match open(&seen, &fields).await {
        Ok(place) => Redirect::to(&place).into_response(),
        Err(no) => (no.status(), whole(&seen, &fields, Some(&no))).into_response(),
    }
}

async fn open(seen: &Seen, fields: &Fields) -> Result<String, Problem> {
    let new = match fields.typed("source") {
        "example" => example(seen, fields).await?,
        _ => uploaded(seen, fields).await?,
    };
    let how = Asked {
        command_id: fields.maybe("command_id")?,
        ..Asked::default()
    };
    let (run, done) = start_run(seen, new, how).await?;
    let place = path::run(&seen.ledger.id, run);
    Ok(format!("{place}?done={}-{}", done.first, done.last))
}

async fn example(seen: &Seen, fields: &Fields) -> Result<NewRun, Problem> {
    let data = ("hmda_boston.csv", DATA);
    let dictionary = ("hmda_boston_dictionary.csv", DICTIONARY);
    new_run(
        seen,
        fields,
        ("HMDA LAR Boston", "1990"),
        (data, dictionary),
    )
    .await
}

async fn uploaded(seen: &Seen, fields: &Fields) -> Result<NewRun, Problem> {
    let (data, dictionary) = (fields.file("data")?, fields.file("dictionary")?);
    let report = fields.one("report");
    let report = report.ok_or_else(|| invalid("report", &"it is empty; name the report"))?;
    let cycle = fields.one("cycle");
    let cycle = cycle.ok_or_else(|| invalid("cycle", &"it is empty; name the test cycle"))?;
    let name = match fields.one("schedule") {
        Some(schedule) => format!("{}#{schedule}", dictionary.name),
        None => dictionary.name.clone(),
    };
    let files = (
        (data.name.as_str(), &*data.bytes),
        (name.as_str(), &*dictionary.bytes),
    );
    new_run(seen, fields, (report, cycle), files).await
}

type File<'a> = (&'a str, &'a [u8]);

async fn new_run(
    seen: &Seen,
    fields: &Fields,
    (report, cycle): (&str, &str),
    (data, dictionary): (File<'_>, File<'_>),
) -> Result<NewRun, Problem> {
    let people = people(fields)?;
    let data = put_file(&seen.ledger, data.0, data.1).await?;
    let dictionary = put_file(&seen.ledger, dictionary.0, dictionary.1).await?;
    Ok(NewRun {
        report: fields.one("report").unwrap_or(report).to_owned(),
        cycle: fields.one("cycle").unwrap_or(cycle).to_owned(),
        definition: fields.maybe("definition")?,
        people,
        data: (data.sha256, data.name),
        dictionary: (dictionary.sha256, dictionary.name),
        skip: fields.each::<Phase>("skip")?,
        seed: fields.maybe("seed")?.unwrap_or(1),
        sample_size: fields.maybe("samples")?.unwrap_or(100),
    })
}

/// A person a line: id, name, roles.
fn people(fields: &Fields) -> Result<Vec<Person>, Problem> {
    fields
        .lines("people")
        .iter()
        .map(|line| person(line))
        .collect()
}

fn person(line: &str) -> Result<Person, Problem> {
    let bad = |why: &dyn std::fmt::Display| invalid("people", &format!("'{line}': {why}"));
    let mut parts = line.splitn(3, ',').map(str::trim);
    let (Some(id), Some(name), Some(roles)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad(
            &"write an id, a name and roles, for instance ana, Ana Alves, tester",
        ));
    };
    let roles: Result<BTreeSet<Role>, _> = roles.split_whitespace().map(str::parse).collect();
    Ok(Person {
        id: id.parse().map_err(|no| bad(&no))?,
        name: name.into(),
        roles: roles.map_err(|no| bad(&no))?,
    })
}

/// The people of the example, as one writes them here.
fn usual_people() -> String {
    let people: Vec<Person> = serde_json::from_str(PEOPLE).unwrap_or_default();
    let line = |it: &Person| {
        let roles: Vec<_> = it.roles.iter().map(|role| role.name()).collect();
        format!("{}, {}, {}", it.id, it.name, roles.join(" "))
    };
    people.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn whole(seen: &Seen, typed: &Fields, refused: Option<&Problem>) -> Markup {
    let ledger = &seen.ledger.id;
    let content = html! {
        h1 { "Open a run" }
        p.lead { "A run tests one report in one test cycle." }
        @if let Some(refused) = refused { (problem(refused)) }
        (form(seen, ledger, typed, refused))
    };
    let above = [("Runs".to_owned(), path::runs(ledger))];
    let here = Here::at(ledger, Area::Runs).below(&above);
    layout("Open a run", Some(&seen.viewer), &here, &content)
}

fn form(seen: &Seen, ledger: &LedgerId, typed: &Fields, refused: Option<&Problem>) -> Markup {
    let or = |name: &str, usual: &str| match typed.typed(name) {
        "" => usual.to_owned(),
        typed => typed.to_owned(),
    };
    let versions = Definition::all().iter().rev();
    let versions: Vec<_> = versions
        .map(|it| (it.version.to_string(), it.version.to_string()))
        .collect();
    let optional: BTreeSet<Phase> = Definition::all()
        .iter()
        .flat_map(|it| it.phases.iter().filter(|it| it.optional).map(|it| it.phase))
        .collect();
    // What got no answer may have been done: it is sent again under its own id.
    let sent = typed.maybe::<CommandId>("command_id").ok().flatten();
    let sent = sent.filter(|_| refused.is_some_and(|it| it.status().is_server_error()));
    let id = sent.unwrap_or_else(|| CommandId(Uuid::now_v7()));
    let example = typed.typed("source") == "example";
    html! {
        form.opening method="post" action=(path::page(ledger, "runs/new")) enctype="multipart/form-data" {
            (csrf(seen.viewer.csrf()))
            (hidden("command_id", id))
            fieldset {
                legend { "Data" }
                div.choices {
                    label { input type="radio" name="source" value="files" checked[!example]; "Files of my own" }
                    label { input type="radio" name="source" value="example" checked[example]; "The example: 2,381 mortgage applications of Boston" }
                }
                (text("report", "report", "Report", typed.typed("report"), false))
                (text("cycle", "cycle", "Test cycle", typed.typed("cycle"), false))
                p.field { label for="data" { "Data, CSV with a header" } input #data type="file" name="data" accept=".csv,text/csv"; }
                p.field { label for="dictionary" { "Dictionary, CSV" } input #dictionary type="file" name="dictionary" accept=".csv,text/csv"; }
                (text("schedule", "schedule", "Schedule of the dictionary, where it holds several", typed.typed("schedule"), false))
            }
            fieldset {
                legend { "People" }
                (area("people", "people", "One a line: id, name, roles", &or("people", &usual_people()), true))
            }
            fieldset {
                legend { "How it is led" }
                (choice("definition", "definition", "Workflow definition", &versions, typed.typed("definition")))
                p.field { label for="samples" { "Samples drawn first" } input #samples type="number" name="samples" min="1" max="10000" value=(or("samples", "100")); }
                p.field { label for="seed" { "Seed of the draws" } input #seed type="number" name="seed" min="0" value=(or("seed", "1")); }
                div.field {
                    span.label { "Pass over, where the definition allows it" }
                    div.choices {
                        @for phase in optional {
                            label { input type="checkbox" name="skip" value=(phase.name()) checked[typed.has("skip", phase.name())]; (human(phase.name())) }
                        }
                    }
                }
            }
            div.acts { button.first { "Open the run" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_people_of_the_example_are_read_as_they_are_written() {
        let fields = usual_people();
        let read = people(&Fields::of(&[("people", &fields)])).unwrap();
        let written: Vec<Person> = serde_json::from_str(PEOPLE).unwrap();
        assert_eq!(read, written);
    }

    #[test]
    fn a_line_that_names_no_roles_is_told_with_what_to_write() {
        let problem = people(&Fields::of(&[("people", "ana, Ana")])).unwrap_err();
        assert!(
            problem.detail().contains("ana, Ana Alves, tester"),
            "{}",
            problem.detail()
        );
    }
}

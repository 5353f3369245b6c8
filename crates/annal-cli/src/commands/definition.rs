//! Workflow definitions: those that this build knows, and one that is being written.

use annal_core::definition::{Definition, PhaseDef};
use serde_json::{Value, json};

use crate::args::DefinitionCommand;
use crate::error::CliError;
use crate::output::{Output, listing};

/// Needs no server: definitions are data of the program.
pub(crate) fn run(command: &DefinitionCommand, output: Output) -> Result<(), CliError> {
    match command {
        DefinitionCommand::List => list(output),
        DefinitionCommand::Show { version } => {
            let found = Definition::builtin(version);
            show(
                &found.map_err(|no| CliError::NotFound(no.to_string()))?,
                output,
            );
        }
        DefinitionCommand::Check { file } => {
            let text = crate::input::read(file)?;
            let checked = Definition::parse(&String::from_utf8_lossy(&text));
            let checked =
                checked.map_err(|no| CliError::Usage(format!("{}: {no}", file.display())))?;
            show(&checked, output);
        }
    }
    Ok(())
}

fn list(output: Output) {
    let row = |it: &Definition| {
        let reference = it.reference();
        json!({
            "version": reference.version,
            "phases": it.phases.len(),
            "sha256": reference.sha256,
        })
    };
    let rows: Vec<Value> = Definition::all().iter().map(row).collect();
    let rows = json!({ "rows": rows });
    output.answer(&rows, |it| listing(it, &["version", "phases", "sha256"]));
}

fn show(definition: &Definition, output: Output) {
    output.answer(definition, |definition| {
        let conditions = |it: &PhaseDef| {
            let start = it.start_if.iter().map(|it| format!("starts if {it}"));
            let approve = it.approve_only_if.iter();
            let approve = approve.map(|it| format!("approval due if {it}"));
            let optional = it.optional.then(|| "optional".to_owned());
            start.chain(approve).chain(optional).collect::<Vec<_>>()
        };
        let row = |it: &PhaseDef| {
            json!({
                "phase": it.phase,
                "after": it.after,
                "hours": it.time_limit_hours,
                "work": it.work,
                "approve": it.approve,
                "conditions": conditions(it),
            })
        };
        let rows: Vec<Value> = definition.phases.iter().map(row).collect();
        let rows = json!({ "rows": rows });
        let fields = ["phase", "after", "hours", "work", "approve", "conditions"];
        let late = definition.escalate_after_hours.iter();
        let late: Vec<String> = late.map(ToString::to_string).collect();
        format!(
            "definition {}\n\n{}\n\na late step goes up {} h after its deadline",
            definition.version,
            listing(&rows, &fields),
            late.join(", ")
        )
    });
}

//! Who works at the bank, and their commands.

use annal_core::dossier::DossierCommand;
use annal_core::people::Person;
use annal_core::run::RunCommand;
use annal_core::{Command, CommandId, Phase, Role};
use annal_flow::Act;
use chrono::Utc;
use uuid::Uuid;

pub(crate) const PEOPLE: [(&str, Role); 7] = [
    ("tom", Role::Tester),
    ("tina", Role::Tester),
    ("olga", Role::ReportOwner),
    ("ed", Role::ReportExecutive),
    ("dora", Role::DataOwner),
    ("xena", Role::TestExecutive),
    ("carl", Role::DataExecutive),
];

pub(crate) fn on_the_register((id, role): (&str, Role)) -> Person {
    Person {
        id: id.parse().expect("a valid id"),
        name: id.to_uppercase().into(),
        roles: [role].into(),
    }
}

/// A command with an id of its own.
pub(crate) fn command<B>(who: &str, role: Role, why: Option<&str>, body: B) -> Command<B> {
    Command {
        id: CommandId(Uuid::new_v4()),
        person: who.parse().expect("a valid id"),
        role,
        on_behalf_of: None,
        reason: why.map(str::to_owned),
        effective_at: Some(Utc::now()),
        body,
    }
}

/// What somebody asks of a phase, in the role that they have.
pub(crate) fn asks(
    who: &str,
    why: Option<&str>,
    phase: Phase,
    asked: DossierCommand,
) -> Command<Act> {
    let command_body = Act::Dossier {
        phase,
        command: asked,
    };
    let (_, role) = PEOPLE
        .into_iter()
        .find(|(id, _)| *id == who)
        .expect("works here");
    command(who, role, why, command_body)
}

/// Ends the run before its time.
pub(crate) fn cancel(why: &str) -> Command<Act> {
    let cancel = Act::Run(RunCommand::Cancel {});
    command("xena", Role::TestExecutive, Some(why), cancel)
}

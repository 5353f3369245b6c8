//! What a run starts with, checked before anything is written.

use annal_core::people::Person;
use annal_core::run::event::Opening;
use annal_core::{Command, CommandId, PersonId, Role, RunId};
use annal_data::{Dataset, Dictionary};
use annal_flow::FlowClient;
use annal_log::Log;
use uuid::Uuid;

use crate::error::CliError;

/// A report's data, its dictionary and its people.
pub(crate) struct Input {
    pub(crate) report: String,
    pub(crate) cycle: String,
    pub(crate) data: (String, Vec<u8>),
    pub(crate) dictionary: (String, Vec<u8>),
    pub(crate) lines_of_business: Vec<String>,
    pub(crate) people: Vec<Person>,
    pub(crate) rows: usize,
    pub(crate) attributes: usize,
}

/// What is chosen for a run beside its input.
pub(crate) struct Choices {
    pub(crate) definition: semver::Version,
    pub(crate) skip: Vec<annal_core::Phase>,
    pub(crate) seed: u64,
    pub(crate) sample_size: u32,
}

impl Input {
    /// Reads data and dictionary, which name the faults that they have.
    pub(crate) fn read(
        (report, cycle): (&str, &str),
        data: (&str, Vec<u8>),
        dictionary: (&str, Vec<u8>),
        schedule: Option<&str>,
        people: Vec<Person>,
    ) -> Result<Self, CliError> {
        let parsed = Dictionary::parse(dictionary.0, &dictionary.1, schedule)?;
        let rows = Dataset::parse(data.0, &data.1, &parsed)?;
        let lines = annal_data::sampling::lines_of_business(&rows);
        let dictionary_bytes = match schedule {
            Some(schedule) => only(schedule, &dictionary.1),
            None => dictionary.1,
        };
        Ok(Self {
            report: report.to_owned(),
            cycle: cycle.to_owned(),
            data: (data.0.to_owned(), data.1),
            dictionary: (dictionary.0.to_owned(), dictionary_bytes),
            lines_of_business: lines.into_iter().collect(),
            people,
            rows: rows.rows().len(),
            attributes: parsed.attributes().len(),
        })
    }

    /// Reads the people of a run.
    pub(crate) fn people(path: &str, text: &str) -> Result<Vec<Person>, CliError> {
        serde_json::from_str(text).map_err(|no| {
            CliError::Usage(format!(
                "{path} is not a list of people: {no}; write [{{\"id\": \"ana\", \"name\": \"Ana Alves\", \"roles\": [\"tester\"]}}, …]"
            ))
        })
    }

    /// Puts the files into the log and opens the run.
    pub(crate) async fn start(
        self,
        log: &Log,
        client: &FlowClient,
        choices: Choices,
        person: PersonId,
        role: Option<Role>,
    ) -> Result<(RunId, Command<Opening>), CliError> {
        let definition = annal_core::definition::Definition::builtin(&choices.definition);
        let definition = definition.map_err(|no| CliError::Usage(no.to_string()))?;
        let role = role.unwrap_or_else(|| self.opener(&person));
        let opening = Opening {
            run: RunId(Uuid::now_v7()),
            report: self.report,
            cycle: self.cycle,
            definition: definition.reference(),
            people: self.people,
            data: log.put_file(&self.data.0, &self.data.1).await?,
            dictionary: log.put_file(&self.dictionary.0, &self.dictionary.1).await?,
            skip: choices.skip,
            lines_of_business: self.lines_of_business,
            seed: choices.seed,
            sample_size: choices.sample_size,
        };
        let run = opening.run;
        let command = Command {
            id: CommandId(Uuid::now_v7()),
            person,
            role,
            on_behalf_of: None,
            reason: None,
            effective_at: None,
            body: opening,
        };
        super::commands::act::accepted(client.start_run(&command).await?)?;
        Ok((run, command))
    }

    /// The role in which somebody opens a run: the first that they hold of those that may.
    fn opener(&self, person: &PersonId) -> Role {
        let may = [Role::TestExecutive, Role::Tester, Role::Admin];
        let found = self.people.iter().find(|it| it.id == *person);
        let holds = |role: &Role| found.is_some_and(|it| it.roles.contains(role));
        may.into_iter().find(holds).unwrap_or(Role::TestExecutive)
    }
}

/// The lines of one schedule, under the header. A dictionary that parsed has no line breaks inside its fields that
/// could begin with a schedule's name.
fn only(schedule: &str, dictionary: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(dictionary);
    let begins = format!("{schedule},");
    let mut lines = text.lines();
    let mut kept = vec![lines.next().unwrap_or_default()];
    kept.extend(lines.filter(|line| line.starts_with(&begins)));
    let mut text = kept.join("\n");
    text.push('\n');
    text.into_bytes()
}

/// The bytes of a file.
pub(crate) fn read(path: &std::path::Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|source| CliError::File {
        path: path.display().to_string(),
        source,
    })
}

/// What a JSON file says.
pub(crate) fn json<T: serde::de::DeserializeOwned>(path: &std::path::Path) -> Result<T, CliError> {
    serde_json::from_slice(&read(path)?)
        .map_err(|no| CliError::Usage(format!("{} does not fit: {no}", path.display())))
}

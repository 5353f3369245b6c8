//! Opening a run.

use annal_core::definition::Definition;
use annal_core::dossier::event::FileRef;
use annal_core::people::Person;
use annal_core::run::event::Opening;
use annal_core::{Phase, Role, RunId};
use annal_data::{Dataset, Dictionary};
use annal_flow::Accepted;
use uuid::Uuid;

use super::{Asked, command, counted, is_known, new_id, settled};
use crate::problem::{Problem, kinds};
use crate::seen::Seen;
use crate::viewer::Viewer;

/// What a run starts with. Data and dictionary were put into the ledger before.
#[derive(Debug, Clone)]
pub(crate) struct NewRun {
    pub(crate) report: String,
    pub(crate) cycle: String,
    /// The newest definition, where none is named.
    pub(crate) definition: Option<semver::Version>,
    pub(crate) people: Vec<Person>,
    /// SHA-256 and name of the data.
    pub(crate) data: (String, String),
    /// SHA-256 and name of the dictionary, with `#SCHEDULE` at the end of the name where it has several.
    pub(crate) dictionary: (String, String),
    pub(crate) skip: Vec<Phase>,
    pub(crate) seed: u64,
    pub(crate) sample_size: u32,
}

/// Opens a run. Its id follows from the command's, so a command that is sent again opens no second one.
///
/// # Errors
/// A file that is not there or does not fit, a refusal by the rules, or why there is no answer.
pub(crate) async fn start_run(
    seen: &Seen,
    new: NewRun,
    how: Asked,
) -> Result<(RunId, Accepted), Problem> {
    let id = how.command_id.unwrap_or_else(new_id);
    let run = RunId(Uuid::new_v5(&id.0, b"run"));
    let role = how.role;
    let role = role.unwrap_or_else(|| opener(&new.people, &seen.viewer));
    let opening = opening(seen, run, new).await?;
    let how = Asked {
        command_id: Some(id),
        ..how
    };
    let command = command(&seen.viewer, role, how, opening);
    let known = is_known(&seen.ledger, Some(id)).await?;
    let reply = seen.ledger.flow.start_run(&command).await?;
    counted("open_run", &reply);
    Ok((run, settled(&seen.ledger, reply, known).await?))
}

async fn opening(seen: &Seen, run: RunId, new: NewRun) -> Result<Opening, Problem> {
    let definition = match &new.definition {
        Some(version) => Definition::builtin(version)
            .map_err(|no| Problem::new(&kinds::DEFINITION_REFUSED, no.to_string()))?,
        None => Definition::latest(),
    };
    let data = file(seen, new.data).await?;
    let dictionary = file(seen, new.dictionary).await?;
    let (data_ref, dictionary_ref) = (data.0.clone(), dictionary.0.clone());
    let lines = tokio::task::spawn_blocking(move || lines_of_business(&data, &dictionary));
    let lines = lines.await.map_err(|broken| Problem::internal(&broken))??;
    Ok(Opening {
        run,
        report: new.report,
        cycle: new.cycle,
        definition: definition.reference(),
        people: new.people,
        data: data_ref,
        dictionary: dictionary_ref,
        lines_of_business: lines,
        skip: new.skip,
        seed: new.seed,
        sample_size: new.sample_size,
    })
}

type File = (FileRef, Vec<u8>);

async fn file(seen: &Seen, (sha256, name): (String, String)) -> Result<File, Problem> {
    let content = seen.ledger.log.file(&sha256).await?;
    let bytes = content.len() as u64;
    let file = FileRef {
        name,
        sha256,
        bytes,
    };
    Ok((file, content))
}

/// Reads both files, which names the faults that they have before anything is opened.
fn lines_of_business(data: &File, dictionary: &File) -> Result<Vec<String>, Problem> {
    let (name, schedule) = match dictionary.0.name.split_once('#') {
        Some((file, schedule)) => (file, Some(schedule)),
        None => (dictionary.0.name.as_str(), None),
    };
    let parsed = Dictionary::parse(name, &dictionary.1, schedule)?;
    let rows = Dataset::parse(&data.0.name, &data.1, &parsed)?;
    let lines = annal_data::sampling::lines_of_business(&rows);
    Ok(lines.into_iter().collect())
}

/// The role in which somebody opens a run: the first that they hold of those that may.
fn opener(people: &[Person], viewer: &Viewer) -> Role {
    let may = [Role::TestExecutive, Role::Tester, Role::Admin];
    let found = people.iter().find(|it| it.id == viewer.person);
    let holds = |role: &Role| found.is_some_and(|it| it.roles.contains(role));
    may.into_iter().find(holds).unwrap_or(Role::TestExecutive)
}

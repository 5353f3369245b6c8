//! What the people of the demo write down about their commands. Who keeps a journal also bears with outages: what was
//! not answered is sent again until it is, under the same id.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use annal_core::{Command, CommandId, RunId};
use annal_flow::{Accepted, Act, FlowClient, FlowError};

use crate::commands::act::send;
use crate::error::CliError;

/// How often something is tried, and the pause between two tries: three minutes in all, and what each try takes.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(300);

/// The journal, if one is kept. A line is written with one call, so that a killed client leaves whole lines.
pub(super) struct Journal(Option<Mutex<File>>);

impl Journal {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.map_err(|source| CliError::Unwritten {
                path: path.display().to_string(),
                source,
            })
        };
        Ok(Self(path.map(open).transpose()?.map(Mutex::new)))
    }

    /// Sends a command: a line before, a line after.
    pub(super) async fn send(
        &self,
        client: &FlowClient,
        run: RunId,
        command: &Command<Act>,
    ) -> Result<Accepted, CliError> {
        self.line(command.id, "intent", "")?;
        let sent = self
            .patiently(async || send(client, run, command).await)
            .await;
        match &sent {
            Ok(done) => self.line(
                command.id,
                "done",
                &format!(" {} {}", done.first, done.last),
            )?,
            Err(CliError::Rejected(_)) => self.line(command.id, "refused", "")?,
            Err(_) => {}
        }
        sent
    }

    /// Does it, and where a journal is kept, again while what is in the way may pass.
    pub(super) async fn patiently<T>(
        &self,
        work: impl AsyncFn() -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let mut tries = 1;
        loop {
            match work().await {
                Err(no) if self.0.is_some() && tries < TRIES && may_pass(&no) => {
                    tries += 1;
                    tracing::warn!(tries, "what is in the way may pass: {no}");
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    fn line(&self, id: CommandId, word: &str, more: &str) -> Result<(), CliError> {
        let Some(file) = &self.0 else { return Ok(()) };
        let mut file = file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = file.write_all(format!("{word} {id}{more}\n").as_bytes());
        written.map_err(|source| CliError::Unwritten {
            path: "the journal".to_owned(),
            source,
        })
    }
}

fn may_pass(no: &CliError) -> bool {
    match no {
        CliError::Flow(no) => !matches!(no, FlowError::NotFound { .. } | FlowError::Closed { .. }),
        CliError::Log(no) => no.is_transient(),
        CliError::Case(_)
        | CliError::Projector(_)
        | CliError::Audit(_)
        | CliError::BehindTheLog(_) => true,
        _ => false,
    }
}

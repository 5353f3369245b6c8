//! The stack as its user sees it.

use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::time::Duration;

use crate::folder::Folder;
use crate::progress::Progress;
use crate::service::Running;
use crate::settings::{Needs, Settings};
use crate::{StackError, postgres, temporal};

/// Where a Temporal server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporalAddress {
    /// `host:port` of the server's front end.
    pub target: String,
    /// The namespace to work in.
    pub namespace: String,
}

/// A PostgreSQL and, when asked for, a Temporal server that run at least for as long as this value lives.
///
/// Servers that were started from one folder are shared by all who name that folder, and stop when the last of them is gone: by
/// [`Stack::stop`], by being dropped, or by the end of its process, also a violent one.
#[derive(Debug)]
pub struct Stack {
    database_url: String,
    temporal: Option<TemporalAddress>,
    running: Vec<Running>,
    folder: Option<Folder>,
    linger: Duration,
}

impl Stack {
    /// Uses the servers that the environment names, else those that run on `folder`, else starts them there, after
    /// installing them if need be. `say` is told in words what takes time.
    ///
    /// # Errors
    /// When a server cannot be had or does not come up. The message says what was tried and what to do.
    pub async fn start(
        folder: &Path,
        needs: Needs,
        say: &dyn Fn(&str),
    ) -> Result<Self, StackError> {
        Self::start_with(Settings::new(folder, needs), say).await
    }

    /// As [`Stack::start`], with settings of one's own. They count for servers that are started here; a
    /// server that runs already is used as it is.
    ///
    /// # Errors
    /// As for [`Stack::start`].
    pub async fn start_with(settings: Settings, say: &dyn Fn(&str)) -> Result<Self, StackError> {
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        // Not one of the runtime's blocking threads: a runtime waits for those when it shuts down, and a build takes minutes.
        let (done, outcome) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let progress = Progress(sender);
            let started = start(&settings, &progress);
            drop(progress);
            let _ = done.send(started);
        });
        while let Some(line) = lines.recv().await {
            say(&line);
        }
        outcome.await.unwrap_or(Err(StackError::GivenUp))
    }

    /// The address of the database in which Annal lives, with the right to administer it.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The Temporal server, if it was asked for.
    pub fn temporal(&self) -> Option<&TemporalAddress> {
        self.temporal.as_ref()
    }

    /// True when this process started at least one of the servers.
    pub fn started_here(&self) -> bool {
        self.running.iter().any(Running::launched_here)
    }

    /// Whether every server that runs on this folder still does. Those that the environment names are not asked.
    ///
    /// # Errors
    /// When a server has ended, with the end of its log.
    pub fn check(&self) -> Result<(), StackError> {
        for running in &self.running {
            if let Some(how) = running.has_ended()? {
                return Err(running.folder.not_up(how));
            }
        }
        Ok(())
    }

    /// Stops using the servers, and waits for the end of those that nobody else uses.
    ///
    /// # Errors
    /// When a server does not end in time. Its supervisor goes on trying.
    pub async fn stop(self) -> Result<(), StackError> {
        let (done, outcome) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || done.send(self.stop_now()));
        outcome.await.unwrap_or(Ok(()))
    }

    fn stop_now(self) -> Result<(), StackError> {
        let (sender, _lines) = tokio::sync::mpsc::unbounded_channel();
        // With the lock held, nobody starts the same server again while we wait for its end. Somebody who holds it for long is
        // installing something; then the waiting is left out, the servers stop all the same.
        let lock = self
            .folder
            .as_ref()
            .map(|folder| folder.lock(&Progress(sender), Some(Duration::from_secs(2))));
        let wait = if matches!(lock, Some(Ok(_))) {
            self.linger
        } else {
            Duration::MAX
        };
        let releases: Vec<_> = self
            .running
            .into_iter()
            .rev()
            .map(|running| std::thread::spawn(move || running.release(wait)))
            .collect();
        releases
            .into_iter()
            .filter_map(|release| release.join().ok())
            .collect()
    }
}

fn start(settings: &Settings, progress: &Progress) -> Result<Stack, StackError> {
    let surroundings = &settings.surroundings;
    let elsewhere = surroundings.database_url.clone();
    let temporal_elsewhere = surroundings.temporal_address.clone();
    if let Some(url) = &elsewhere {
        reach_database(url)?;
    }
    if let Some(target) = temporal_elsewhere
        .as_ref()
        .filter(|_| settings.needs.temporal)
    {
        reach_temporal(target)?;
    }
    let own_temporal = settings.needs.temporal && temporal_elsewhere.is_none();
    let mut stack = Stack {
        database_url: elsewhere.clone().unwrap_or_default(),
        temporal: temporal_elsewhere.map(|target| TemporalAddress {
            target,
            namespace: surroundings.temporal_namespace.clone(),
        }),
        running: Vec::new(),
        folder: None,
        linger: settings.linger,
    };
    if elsewhere.is_none() || own_temporal {
        start_own(
            settings,
            elsewhere.is_none(),
            own_temporal,
            &mut stack,
            progress,
        )?;
    }
    if !settings.needs.temporal {
        stack.temporal = None;
    }
    Ok(stack)
}

fn start_own(
    settings: &Settings,
    database: bool,
    temporal: bool,
    stack: &mut Stack,
    progress: &Progress,
) -> Result<(), StackError> {
    let folder = Folder::open(&settings.folder)?;
    if temporal {
        temporal::prepare(settings, &folder, progress)?;
    }
    let _lock = folder.lock(progress, None)?;
    stack.folder = Some(folder.clone());
    let mut state = folder.state();
    if database {
        stack
            .running
            .push(postgres::obtain(settings, &folder, &mut state, progress)?);
        stack.database_url = state
            .postgres
            .as_ref()
            .map(|known| known.url.clone())
            .unwrap_or_default();
    }
    if temporal {
        stack.running.push(temporal::obtain(
            settings,
            &folder,
            &stack.database_url,
            &mut state,
            progress,
        )?);
        stack.temporal = state.temporal.as_ref().map(|known| TemporalAddress {
            target: known.target.clone(),
            namespace: known.namespace.clone(),
        });
    }
    Ok(())
}

fn reach_database(url: &str) -> Result<(), StackError> {
    let failed = |reason| StackError::Elsewhere {
        variable: "DATABASE_URL",
        address: without_password(url),
        reason,
    };
    postgres::query(url, "SELECT 1").map(|_| ()).map_err(failed)
}

/// That somebody listens there is all that can be seen without the client's keys and certificates.
fn reach_temporal(target: &str) -> Result<(), StackError> {
    let failed = |reason: String| StackError::Elsewhere {
        variable: "TEMPORAL_ADDRESS",
        address: target.to_owned(),
        reason,
    };
    let addresses = target
        .to_socket_addrs()
        .map_err(|error| failed(format!("{error} (it should be host:port)")))?;
    let mut reason = "the name has no address".to_owned();
    for address in addresses {
        match std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5)) {
            Ok(_) => return Ok(()),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(failed(reason))
}

fn without_password(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else {
        return "an address that is no URL".into();
    };
    if parsed.password().is_some() {
        let _ = parsed.set_password(Some("***"));
    }
    parsed.to_string()
}

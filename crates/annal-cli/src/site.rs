//! The servers that a command works with: those of the environment, or those of the home folder.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use annal_audit::Snapshots;
use annal_core::{Case, RunId};
use annal_flow::{Cases, FlowClient, RebuildJobs, Worker, WorkerSettings};
use annal_log::Log;
use annal_projector::{ProjectionState, ProjectionStatus, Projector};
use annal_server::ServerSettings;
use annal_stack::{Needs, Settings, Stack, TemporalAddress};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::args::{RunArg, SiteArgs};
use crate::error::CliError;
use crate::output::Output;
use crate::rebuilder::ByProjector;

/// How long a projector that runs elsewhere may be behind.
const PATIENCE: Duration = Duration::from_secs(30);

/// A database with its log, and Temporal where it is needed.
pub(crate) struct Site {
    args: SiteArgs,
    stack: Stack,
    cases: Cases,
    pub(crate) log: Log,
}

impl Site {
    /// For commands that only read: a PostgreSQL and nothing else.
    pub(crate) async fn to_read(args: &SiteArgs, output: Output) -> Result<Self, CliError> {
        let site = Self::open(args, false, output).await?;
        site.catch_up().await?;
        Ok(site)
    }

    /// For commands that look at the projections as they are.
    pub(crate) async fn to_look(args: &SiteArgs, output: Output) -> Result<Self, CliError> {
        Self::open(args, false, output).await
    }

    /// The same, with Temporal where one runs, so that jobs are seen. None is started to look.
    pub(crate) async fn to_look_at_jobs(args: &SiteArgs, output: Output) -> Result<Self, CliError> {
        // One that runs elsewhere is asked only when it is needed: it may be away.
        let up = temporal_elsewhere().is_none() && is_up(args)?;
        Self::open(args, up, output).await
    }

    /// For commands that act: a Temporal server beside it.
    pub(crate) async fn to_act(args: &SiteArgs, output: Output) -> Result<Self, CliError> {
        Self::open(args, true, output).await
    }

    /// For commands about the log itself, which may be broken: no projection is asked to follow it.
    pub(crate) async fn to_log(args: &SiteArgs, output: Output) -> Result<Self, CliError> {
        Self::open(args, false, output).await
    }

    async fn open(args: &SiteArgs, temporal: bool, output: Output) -> Result<Self, CliError> {
        let settings = Settings::new(&args.home, Needs { temporal });
        let stack = Stack::start_with(settings, &|line: &str| output.aside(line)).await?;
        let url = stack.database_url();
        if ours() {
            annal_log::migrate(url).await?;
            annal_log::create_ledger(url, &args.ledger).await?;
            Projector::prepare(url).await?;
        }
        let log = Log::connect(url, args.ledger.clone()).await?;
        Ok(Self {
            args: args.clone(),
            stack,
            cases: Cases::new(log.clone()),
            log,
        })
    }

    /// The folder of the local servers.
    pub(crate) fn home(&self) -> &std::path::Path {
        &self.args.home
    }

    pub(crate) fn database_url(&self) -> &str {
        self.stack.database_url()
    }

    pub(crate) async fn projector(&self) -> Result<Projector, CliError> {
        Ok(Projector::connect(self.database_url(), self.args.ledger.clone()).await?)
    }

    /// With the right to make snapshots, where the login has it.
    pub(crate) async fn snapshots(&self) -> Result<Snapshots, CliError> {
        Ok(Snapshots::new(&self.log, self.projector().await?.pool()))
    }

    /// Brings the projections to where the log is, so that a reader sees all that was acknowledged. On a database that
    /// runs elsewhere the login may not be allowed to fold; the projector that runs there is waited for.
    pub(crate) async fn catch_up(&self) -> Result<(), CliError> {
        match self.fold().await {
            Err(CliError::Projector(no)) if !ours() => {
                tracing::info!("left to the projector that runs elsewhere: {no}");
                self.wait_for_projector().await
            }
            done => done,
        }
    }

    async fn wait_for_projector(&self) -> Result<(), CliError> {
        let head = self.log.head().await?.position;
        let projector = self.projector().await?;
        let deadline = Instant::now() + PATIENCE;
        let mut look = tokio::time::interval(Duration::from_millis(50));
        loop {
            look.tick().await;
            let behind = |it: &ProjectionStatus| {
                it.position < head && it.state == ProjectionState::Following
            };
            if !projector.status().await?.iter().any(behind) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(CliError::BehindTheLog(head));
            }
        }
    }

    async fn fold(&self) -> Result<(), CliError> {
        let head = self.log.head().await?;
        self.projector().await?.catch_up(head.position).await?;
        Ok(())
    }

    /// The client side of Temporal.
    pub(crate) async fn client(&self) -> Result<FlowClient, CliError> {
        let address = self.temporal();
        let (target, namespace) = (&address.target, &address.namespace);
        Ok(FlowClient::connect(target, namespace, self.args.ledger.clone()).await?)
    }

    /// The client side of rebuild jobs; none where no Temporal is at hand.
    pub(crate) async fn jobs(&self) -> Result<Option<RebuildJobs>, CliError> {
        let known = self.stack.temporal().cloned();
        let Some(address) = temporal_elsewhere().or(known) else {
            return Ok(None);
        };
        Ok(Some(
            RebuildJobs::connect(&address.target, &address.namespace).await?,
        ))
    }

    /// A worker for rebuild jobs, with this site's login.
    pub(crate) async fn rebuild_worker(&self, at: &TemporalAddress) -> Result<Worker, CliError> {
        let rebuilder = Arc::new(ByProjector(self.projector().await?));
        Ok(Worker::start_for_rebuilds(rebuilder, &at.target, &at.namespace).await?)
    }

    /// One for the time of this command, unless one runs for all or servers elsewhere have theirs.
    pub(crate) async fn rebuild_worker_if_needed(&self) -> Result<Option<Worker>, CliError> {
        if temporal_elsewhere().is_some() || is_up(&self.args)? {
            return Ok(None);
        }
        self.rebuild_worker(&self.temporal()).await.map(Some)
    }

    pub(crate) fn temporal(&self) -> TemporalAddress {
        let found = self.stack.temporal().cloned();
        found.unwrap_or_else(|| TemporalAddress {
            target: "127.0.0.1:7233".to_owned(),
            namespace: "default".to_owned(),
        })
    }

    /// What a server on this database and this Temporal starts with.
    pub(crate) fn server_settings(&self, listen: std::net::SocketAddr) -> ServerSettings {
        let temporal = self.temporal();
        let place = (temporal.target.as_str(), temporal.namespace.as_str());
        ServerSettings {
            listen,
            checkpoints: crate::checkpoints::settings(&self.args.home, ours()),
            temporal_ui: std::env::var("TEMPORAL_UI_URL")
                .ok()
                .and_then(|it| it.parse().ok()),
            ..ServerSettings::of(self.database_url(), place, vec![self.args.ledger.clone()])
        }
    }

    /// A run as it stands.
    pub(crate) async fn case(&self, run: RunId) -> Result<Case, CliError> {
        let standing = self.cases.standing(run).await?;
        let unknown = || CliError::NotFound(format!("there is no run {run} in this ledger"));
        Ok(standing.ok_or_else(unknown)?.case)
    }

    /// The run that an argument means.
    pub(crate) async fn run(&self, run: &RunArg) -> Result<RunId, CliError> {
        let prefix = match run {
            RunArg::Id(id) => return Ok(*id),
            RunArg::Latest => "",
            RunArg::Prefix(prefix) => prefix,
        };
        self.catch_up().await?;
        let audit = annal_audit::Audit::new(&self.log);
        let mut found = audit.runs_beginning_with(prefix).await?;
        match (found.len(), prefix) {
            (0, "") => Err(CliError::NotFound(
                "there is no run yet; begin with `annal demo` or `annal run start`".to_owned(),
            )),
            (0, _) => Err(CliError::NotFound(format!(
                "no run's id begins with {prefix}; `annal run list` shows them all"
            ))),
            (1, _) | (_, "") => Ok(found.remove(0)),
            (many, _) => Err(CliError::Usage(format!(
                "{many} runs begin with {prefix}; give more of the id"
            ))),
        }
    }

    /// Waits until one of our own servers is gone.
    async fn server_lost(&self) -> CliError {
        let mut look = tokio::time::interval(Duration::from_secs(2));
        loop {
            look.tick().await;
            if let Err(no) = self.stack.check() {
                return no.into();
            }
        }
    }

    /// Stops what was started for this command alone.
    pub(crate) async fn close(self) -> Result<(), CliError> {
        Ok(self.stack.stop().await?)
    }
}

/// Whether the database is one of the home folder, which is brought to the newest schema without asking.
pub(crate) fn ours() -> bool {
    std::env::var_os("DATABASE_URL").is_none_or(|url| url.is_empty())
}

/// The Temporal server that the environment names.
pub(crate) fn temporal_elsewhere() -> Option<TemporalAddress> {
    let surroundings = annal_stack::Surroundings::of_this_process();
    let target = surroundings.temporal_address?;
    let namespace = surroundings.temporal_namespace;
    Some(TemporalAddress { target, namespace })
}

/// Whether `annal up` runs on the home folder.
fn is_up(args: &SiteArgs) -> Result<bool, CliError> {
    Ok(presence(args)?.try_lock().is_err())
}

/// A worker and a projector, for as long as this value lives.
pub(crate) struct Engine {
    worker: Worker,
    /// There where the engine serves all.
    rebuilds: Option<Worker>,
    projector: JoinHandle<Result<(), annal_projector::ProjectorError>>,
    stop_projector: oneshot::Sender<()>,
    _presence: Option<File>,
}

impl Engine {
    pub(crate) async fn start(site: &Site) -> Result<Self, CliError> {
        let address = site.temporal();
        let settings = WorkerSettings::default();
        let (target, namespace) = (&address.target, &address.namespace);
        let worker = Worker::start(site.log.clone(), target, namespace, settings).await?;
        let projector = site.projector().await?;
        let snapshots = Snapshots::new(&site.log, projector.pool());
        let (stop_projector, stopped) = oneshot::channel::<()>();
        let following = async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            tokio::select! {
                ended = projector.follow(stopped) => ended,
                () = snapshots.follow() => Ok(()),
            }
        };
        Ok(Self {
            worker,
            rebuilds: None,
            projector: tokio::spawn(following),
            stop_projector,
            _presence: None,
        })
    }

    /// As [`Engine::start`], and others who use the home folder need no worker of their own meanwhile.
    pub(crate) async fn start_for_all(site: &Site) -> Result<Self, CliError> {
        let presence = presence(&site.args)?;
        let shared = presence.lock_shared();
        shared.map_err(|source| unusable(&site.args, source))?;
        let engine = Self::start(site).await?;
        Ok(Self {
            rebuilds: Some(site.rebuild_worker(&site.temporal()).await?),
            _presence: Some(presence),
            ..engine
        })
    }

    /// A worker of our own, unless one runs for all or servers elsewhere have theirs.
    pub(crate) async fn start_if_needed(site: &Site) -> Result<Option<Self>, CliError> {
        if temporal_elsewhere().is_some() || is_up(&site.args)? {
            return Ok(None);
        }
        Self::start(site).await.map(Some)
    }

    /// Waits until the worker, the projector or one of our own servers ends without having been asked to.
    pub(crate) async fn broke_off(&mut self, site: &Site) -> CliError {
        tokio::select! {
            ended = self.worker.ended() => match ended {
                Err(no) => no.into(),
                Ok(()) => CliError::BrokeOff("the worker"),
            },
            ended = of(&mut self.rebuilds) => match ended {
                Err(no) => no.into(),
                Ok(()) => CliError::BrokeOff("the worker for rebuilds"),
            },
            ended = &mut self.projector => match ended {
                Ok(Err(no)) => no.into(),
                _ => CliError::BrokeOff("the projector"),
            },
            no = site.server_lost() => no,
        }
    }

    pub(crate) async fn stop(self) -> Result<(), CliError> {
        self.worker.stop().await?;
        if let Some(rebuilds) = self.rebuilds {
            rebuilds.stop().await?;
        }
        // It may have ended already; then there is nobody to tell.
        let _ = self.stop_projector.send(());
        match self.projector.await {
            Ok(ended) => Ok(ended?),
            Err(_) => Ok(()),
        }
    }
}

async fn of(worker: &mut Option<Worker>) -> Result<(), annal_flow::FlowError> {
    match worker {
        Some(worker) => worker.ended().await,
        None => std::future::pending().await,
    }
}

/// The file whose lock tells that a worker runs for all who use the home folder.
fn presence(args: &SiteArgs) -> Result<File, CliError> {
    let path = args.home.join("worker.lock");
    let open = std::fs::create_dir_all(&args.home).and_then(|()| File::create(path));
    open.map_err(|source| unusable(args, source))
}

fn unusable(args: &SiteArgs, source: std::io::Error) -> CliError {
    let path = args.home.join("worker.lock").display().to_string();
    CliError::File { path, source }
}

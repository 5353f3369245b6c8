//! Commands that keep something running.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use annal_flow::{Patches, Worker, WorkerSettings};
use annal_log::Log;
use annal_projector::Projector;
use annal_server::{Server, ServerError, ServerSettings, SignInSettings};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{ServerArgs, SiteArgs, UpArgs, WorkerArgs};
use crate::commands::account::first_admin;
use crate::error::CliError;
use crate::output::Output;
use crate::site::{Engine, Site, temporal_elsewhere};

/// Where `annal up` serves, if nothing else is said and nobody else does.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8321);

/// Servers, worker, projector and HTTP server, until Ctrl-C.
pub(crate) async fn up(args: &SiteArgs, up: &UpArgs, output: Output) -> Result<(), CliError> {
    let sign_in = up.sign_in.settings()?;
    let site = Site::to_act(args, output).await?;
    warn(&site.log, output).await?;
    if let Some(first) = first_admin(&site).await? {
        output.aside(&first);
    }
    let mut engine = Engine::start_for_all(&site).await?;
    let mut server = serve_somewhere(&site, up.listen, &sign_in).await?;
    let temporal = site.temporal();
    let is_up = serde_json::json!({
        "database_url": site.database_url(),
        "temporal_address": temporal.target,
        "temporal_namespace": temporal.namespace,
        "server": format!("http://{}", server.address()),
        "home": args.home,
        "ledger": args.ledger,
    });
    output.answer(&is_up, |_| {
        format!(
            "up: log in {}, Temporal at {}, a worker and the projector run.\nConsole and API: http://{}\nOr open another terminal: `annal run list`, `annal inbox --as ana`. Ctrl-C stops all.",
            args.home.display(),
            temporal.target,
            server.address(),
        )
    });
    warn_of_issuer(&server, output).await;
    if !up.check {
        tokio::select! {
            asked = asked_to_stop() => asked?,
            no = engine.broke_off(&site) => return Err(no),
            no = server.ended() => return Err(no.into()),
        }
    }
    server.stop().await?;
    engine.stop().await?;
    site.close().await
}

/// The HTTP server alone; worker and projector run elsewhere.
pub(crate) async fn server(
    args: &SiteArgs,
    how: &ServerArgs,
    output: Output,
) -> Result<(), CliError> {
    let sign_in = how.sign_in.settings()?;
    let site = Site::to_act(args, output).await?;
    let mut settings = site.server_settings(how.listen);
    settings.sign_in = sign_in;
    settings.ledgers.extend(how.also.iter().cloned());
    let mut server = Server::start(settings).await?;
    let address = format!("http://{}", server.address());
    let listens = serde_json::json!({ "server": address, "ledger": args.ledger });
    output.answer(&listens, |_| format!("server: {address}"));
    warn_of_issuer(&server, output).await;
    if !how.check {
        tokio::select! {
            asked = asked_to_stop() => asked?,
            no = server.ended() => return Err(no.into()),
        }
    }
    server.stop().await?;
    site.close().await
}

/// The server where it was asked for; else at the usual place, or at a free one where that is taken.
async fn serve_somewhere(
    site: &Site,
    asked: Option<SocketAddr>,
    sign_in: &SignInSettings,
) -> Result<Server, CliError> {
    let at = |address| {
        Server::start(ServerSettings {
            sign_in: sign_in.clone(),
            ..site.server_settings(address)
        })
    };
    match at(asked.unwrap_or(USUAL)).await {
        Err(ServerError::Listen { .. }) if asked.is_none() => {
            Ok(at(SocketAddr::new(USUAL.ip(), 0)).await?)
        }
        started => Ok(started?),
    }
}

/// Says loudly that nobody can sign in with the issuer. The server serves all the same: the issuer may come up later.
async fn warn_of_issuer(server: &Server, output: Output) {
    if let Some(trouble) = server.issuer_trouble().await {
        output.aside(&format!(
            "WARNING: nobody can sign in with OpenID Connect for the moment: {trouble}"
        ));
    }
}

/// A worker against servers that run elsewhere.
pub(crate) async fn worker(
    args: &SiteArgs,
    how: &WorkerArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_act(args, output).await?;
    warn(&site.log, output).await?;
    let address = site.temporal();
    let settings = WorkerSettings {
        patches: match how.hold_patches_back {
            true => Patches::HeldBack,
            false => Patches::TakenOn,
        },
        ..WorkerSettings::default()
    };
    let (target, namespace) = (&address.target, &address.namespace);
    let mut worker = Worker::start(site.log.clone(), target, namespace, settings).await?;
    output.aside(&format!("worker: polls {target}"));
    tokio::select! {
        asked = asked_to_stop() => asked?,
        ended = worker.ended() => return ended.map_err(CliError::from),
    }
    worker.stop().await?;
    site.close().await
}

/// The projector against a database that runs elsewhere; it also takes rebuild jobs, where a Temporal server is named.
pub(crate) async fn projector(args: &SiteArgs, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(args, output).await?;
    let projector = site.projector().await?;
    let snapshots = site.snapshots().await?;
    output.aside("projector: follows the log");
    let stop = async {
        // Without signals there is no way to ask; the process is killed then, which loses nothing.
        if asked_to_stop().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = projector.follow(stop) => ended?,
        () = take_rebuilds(&site, output) => {}
        () = snapshots.follow() => {}
    }
    site.close().await
}

/// Never ends: following the log matters more than a Temporal server that is away.
async fn take_rebuilds(site: &Site, output: Output) {
    let Some(address) = temporal_elsewhere() else {
        return std::future::pending().await;
    };
    loop {
        let ended = match site.rebuild_worker(&address).await {
            Ok(mut worker) => {
                output.aside(&format!(
                    "projector: takes rebuild jobs from {}",
                    address.target
                ));
                worker.ended().await.map_err(CliError::from)
            }
            Err(no) => Err(no),
        };
        if let Err(no) = ended {
            tracing::warn!(error = %no, "no rebuild jobs for the moment");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Between two tries to reach Temporal.
const AGAIN: Duration = Duration::from_secs(5);

/// The newest schema, for a database that runs elsewhere. Needs a login that may create roles.
pub(crate) async fn migrate(args: &SiteArgs, output: Output) -> Result<(), CliError> {
    let settings = annal_stack::Settings::new(&args.home, annal_stack::Needs { temporal: false });
    let stack = annal_stack::Stack::start_with(settings, &|line: &str| output.aside(line)).await?;
    let url = stack.database_url();
    annal_log::migrate(url).await?;
    annal_log::create_ledger(url, &args.ledger).await?;
    Projector::prepare(url).await?;
    let log = Log::connect(url, args.ledger.clone()).await?;
    warn(&log, output).await?;
    let head = log.head().await?;
    let done = serde_json::json!({"ledger": args.ledger, "head_position": head.position});
    output.answer(&done, |_| {
        format!(
            "the database is at the newest schema; ledger {} stands at {}",
            args.ledger, head.position
        )
    });
    Ok(stack.stop().await?)
}

/// Says loudly under which settings of the server an acknowledged event can be lost.
async fn warn(log: &Log, output: Output) -> Result<(), CliError> {
    for warning in log.settings().await? {
        output.aside(&format!("WARNING: {warning}"));
    }
    Ok(())
}

/// Ctrl-C, or the signal by which service managers stop a process.
async fn asked_to_stop() -> Result<(), CliError> {
    let unheard = |source| CliError::File {
        path: "signals".to_owned(),
        source,
    };
    let mut terminated = signal(SignalKind::terminate()).map_err(unheard)?;
    tokio::select! {
        heard = tokio::signal::ctrl_c() => heard.map_err(unheard),
        _ = terminated.recv() => Ok(()),
    }
}

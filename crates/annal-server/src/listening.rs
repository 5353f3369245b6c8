//! Taking connections: a client that is slow with its head, or leaves its connection open, holds up nobody.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// So long a client may take for the head of its request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Connections at the same time.
const CONNECTIONS: usize = 4_096;
/// So long requests under way may go on once the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// After the system refused to give a connection, for instance because there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until it is stopped; then lets the requests under way end.
pub(crate) async fn listen(
    listener: TcpListener,
    routes: Router,
    stop: CancellationToken,
) -> io::Result<()> {
    let builder = builder();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let ending = GracefulShutdown::new();
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, from)) => {
                serve(&builder, &ending, stream, from, routes.clone(), place);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    if tokio::time::timeout(GRACE, ending.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests under way were broken off");
    }
    Ok(())
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .max_concurrent_streams(100);
    builder
}

fn serve(
    builder: &Builder<TokioExecutor>,
    ending: &GracefulShutdown,
    stream: TcpStream,
    from: SocketAddr,
    routes: Router,
    place: Option<OwnedSemaphorePermit>,
) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        routes.clone().oneshot(request)
    });
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let connection = ending.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, %from, "a connection broke off");
        }
        drop(place);
    });
}

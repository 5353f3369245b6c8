//! Listening, and ending well.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::ServerError;
use crate::router::router;
use crate::settings::ServerSettings;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    app: App,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Connects to the log and to Temporal, and listens.
    ///
    /// # Errors
    /// [`ServerError`]: the address is taken, or the database or Temporal does not answer.
    pub async fn start(settings: ServerSettings) -> Result<Self, ServerError> {
        // Listening first: nothing is asked of others where the address is taken.
        let taken = |source| ServerError::Listen {
            address: settings.listen,
            source,
        };
        let listener = TcpListener::bind(settings.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let app = App::connect(&settings).await?;
        let stop = CancellationToken::new();
        let routes = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, routes)
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        Ok(Self {
            address,
            stop,
            app,
            serving: tokio::spawn(serving),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until serving ends, which it does by itself only on an error.
    pub async fn ended(&mut self) -> ServerError {
        match (&mut self.serving).await {
            Ok(Err(error)) => ServerError::Serving(error),
            Ok(Ok(())) => ServerError::Serving(std::io::Error::other("it ended")),
            Err(panicked) => ServerError::Serving(std::io::Error::other(panicked)),
        }
    }

    /// Lets the requests under way end, takes no new ones, and ends.
    ///
    /// # Errors
    /// [`ServerError::Serving`] if serving had broken off.
    pub async fn stop(self) -> Result<(), ServerError> {
        self.stop.cancel();
        let ended = self.serving.await;
        self.app.sign_in().close().await;
        match ended {
            Ok(ended) => ended.map_err(ServerError::Serving),
            Err(panicked) => Err(ServerError::Serving(std::io::Error::other(panicked))),
        }
    }
}

//! Listening, and ending well.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinHandle};

use crate::app::App;
use crate::error::ServerError;
use crate::listening::listen;
use crate::router::{apart, router};
use crate::settings::ServerSettings;

/// Between two looks at who has not come for a while.
const SWEEP: Duration = Duration::from_secs(60);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app: App,
    serving: JoinHandle<std::io::Result<()>>,
    beside: Vec<AbortHandle>,
}

impl Server {
    /// Connects to the log and to Temporal, and listens.
    ///
    /// # Errors
    /// [`ServerError`]: the address is taken, or the database or Temporal does not answer.
    pub async fn start(settings: ServerSettings) -> Result<Self, ServerError> {
        // Listening first: nothing is asked of others where the address is taken.
        let listener = bound(settings.listen).await?;
        let address = listener.local_addr();
        let address = address.map_err(|source| ServerError::Listen {
            address: settings.listen,
            source,
        })?;
        let ops = match settings.ops_listen {
            Some(address) => Some(bound(address).await?),
            None => None,
        };
        crate::ops::record();
        let app = App::connect(&settings).await?;
        let mut beside = vec![tokio::spawn(sweeping(app.clone())).abort_handle()];
        if let Some(ops) = ops {
            let serving = serve(ops, apart(app.clone()), &app);
            beside.push(serving.abort_handle());
        }
        let serving = serve(
            listener,
            router(app.clone(), settings.is_behind_tls()),
            &app,
        );
        Ok(Self {
            address,
            app,
            serving,
            beside,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Why nobody can sign in with the OpenID Connect issuer at present; none where they can, or none is set up.
    pub async fn issuer_trouble(&self) -> Option<String> {
        self.app.sign_in().issuer_trouble().await
    }

    /// How many passwords this server has compared with a hash: one for each that was tried, whether there is such an
    /// account or not, so that nobody learns by the time it takes.
    #[must_use]
    pub fn passwords_compared(&self) -> u64 {
        self.app.sign_in().passwords_compared()
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
        self.app.stopping().cancel();
        let ended = self.serving.await;
        self.app.sign_in().close().await;
        for it in self.beside {
            it.abort();
        }
        match ended {
            Ok(ended) => ended.map_err(ServerError::Serving),
            Err(panicked) => Err(ServerError::Serving(std::io::Error::other(panicked))),
        }
    }
}

async fn bound(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let taken = |source| ServerError::Listen { address, source };
    TcpListener::bind(address).await.map_err(taken)
}

fn serve(listener: TcpListener, routes: Router, app: &App) -> JoinHandle<std::io::Result<()>> {
    tokio::spawn(listen(listener, routes, app.stopping().clone()))
}

async fn sweeping(app: App) {
    let mut look = tokio::time::interval(SWEEP);
    loop {
        look.tick().await;
        app.gate().sweep();
    }
}

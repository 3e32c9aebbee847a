//! The running server: the database, the jobs, and an accept loop of our own, since connections
//! must be counted and be patient only so long (`connection`).

mod connection;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tower::Service;

use self::connection::PATIENCE;
use crate::clock::Clock;
use crate::config::{Config, Switch};
use crate::directory::Directory;
use crate::http::{self, AppState};
use crate::jobs::delivery::read_roots;
use crate::jobs::{self, Jobs};
use crate::store::{self, Options, Store};

/// How long to wait when no connection can be accepted, mostly since the process has too many open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not open.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The file of certificate authorities for webhooks cannot be used.
    #[error("--webhooks-ca-file {}: {source}", file.display())]
    Authorities {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A server that answers until it is stopped.
pub struct Running {
    address: SocketAddr,
    state: AppState,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    jobs: Jobs,
}

/// Opens and migrates the database, listens, and starts the jobs.
pub async fn start(config: Config, clock: Clock) -> Result<Running, Error> {
    let file = config.webhooks_ca_file.clone();
    let roots = read_roots(file.as_deref()).map_err(|source| Error::Authorities {
        file: file.unwrap_or_default(),
        source,
    })?;
    let listener = listen(config.listen).await?;
    let address = listener.local_addr().map_err(|source| Error::Listen {
        address: config.listen,
        source,
    })?;
    let options = Options {
        connections: config.database_connections,
        commit_group: config.commit_group,
    };
    let store = Store::open(&config.database_url, options).await?;
    let mut directory = Directory::new(store)
        .with_private_webhooks(config.webhooks_allow_private)
        .with_public_url(config.public_url.as_deref());
    if config.breaker == Switch::Off {
        directory = directory.without_breakers();
    }
    let state = AppState::new(directory.clone(), clock.clone(), &config, address);
    let jobs = jobs::start(directory, clock, roots);
    let (stop, stopped) = watch::channel(false);
    let accepting = tokio::spawn(accept(
        listener,
        http::service(state.clone()),
        config.max_connections.max(1),
        Duration::from_secs(config.drain_seconds),
        stopped,
    ));
    Ok(Running {
        address,
        state,
        stop,
        accepting,
        jobs,
    })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The use cases, on the database that it serves.
    pub fn directory(&self) -> &Directory {
        self.state.directory()
    }

    /// Stops: ceases to be ready, accepts nobody more, ends the requests in hand for as long as the
    /// settings allow, and then the jobs; closes the database when nobody uses it any more.
    pub async fn stop(self) {
        self.state.drain();
        // The receiver lives as long as the task.
        let _ = self.stop.send(true);
        if let Err(error) = self.accepting.await {
            tracing::error!(%error, "the server ended in disorder");
        }
        self.jobs.stop().await;
        self.state.directory().store().close().await;
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

/// Serves each connection in a task of its own until told to stop, and then drains.
async fn accept<S>(
    listener: TcpListener,
    service: S,
    most: usize,
    drain: Duration,
    mut stopped: watch::Receiver<bool>,
) where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < most => match accepted {
                Ok((stream, _)) => {
                    let watcher = graceful.watcher();
                    connections.spawn(connection::serve(stream, service.clone(), PATIENCE, watcher));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            left = connections.len(),
            "requests in hand were cut off at the end of the drain"
        );
    }
    connections.shutdown().await;
}

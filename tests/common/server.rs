//! The server under test, in this process, so that it ends with it.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{LazyLock, Mutex, OnceLock};

use seatkeeper::{clock::Clock, config::Config, server::Running};
use tokio::runtime::Runtime;

use super::database::{self, Engine};
use super::tenant::Tenant;

/// Serves the servers and the clients of all tests. One for all: pooled connections of the client
/// outlive the test that opened them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Runs a test with a new tenant of the server that all tests of this binary share.
pub fn run<F: Future<Output = ()>>(engine: Engine, test: fn(Tenant) -> F) {
    static SQLITE: OnceLock<Server> = OnceLock::new();
    static POSTGRES: OnceLock<Server> = OnceLock::new();
    let shared = match engine {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
    };
    let server = shared
        .get_or_init(|| RUNTIME.block_on(async { Server::start(engine, Clock::system()).await }));
    RUNTIME.block_on(test(server.new_tenant()));
}

/// Runs a test that starts its own server.
pub fn run_alone<F: Future<Output = ()>>(engine: Engine, test: fn(Engine) -> F) {
    RUNTIME.block_on(test(engine));
}

pub struct Server {
    pub address: SocketAddr,
    pub clock: Clock,
    pub database_url: String,
    // Behind a lock only to be shared by the threads of the tests; none once it is stopped.
    running: Mutex<Option<Running>>,
}

/// Whose test is over is stopped: its jobs would go on beside all the tests that follow.
impl Drop for Server {
    fn drop(&mut self) {
        let running = self.running.get_mut();
        if let Some(running) = running.ok().and_then(Option::take) {
            RUNTIME.spawn(running.stop());
        }
    }
}

impl Server {
    pub async fn start(engine: Engine, clock: Clock) -> Self {
        Self::start_with(engine, clock, |_| ()).await
    }

    /// Starts with settings other than the tests' usual ones.
    pub async fn start_with(engine: Engine, clock: Clock, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::for_database(&database::create(engine).await);
        config.rate_limit = 0;
        config.webhooks_allow_private = true;
        set(&mut config);
        Self::serve(config, clock).await
    }

    async fn serve(config: Config, clock: Clock) -> Self {
        let database_url = config.database_url.clone();
        let running = seatkeeper::server::start(config, clock.clone())
            .await
            .unwrap_or_else(|error| panic!("the server does not start on {database_url}: {error}"));
        Self {
            address: running.address(),
            clock,
            database_url,
            running: Mutex::new(Some(running)),
        }
    }

    pub async fn stop(mut self) {
        let running = self.running.get_mut().unwrap().take();
        running.expect("it is stopped once").stop().await;
    }

    /// The same database and clock, another process as far as the server can tell.
    pub async fn restart(self) -> Self {
        let mut config = Config::for_database(&self.database_url);
        config.rate_limit = 0;
        config.webhooks_allow_private = true;
        let clock = self.clock.clone();
        self.stop().await;
        Self::serve(config, clock).await
    }

    /// Another server on the same database and clock.
    pub async fn replica(&self) -> Self {
        let mut config = Config::for_database(&self.database_url);
        config.rate_limit = 0;
        config.webhooks_allow_private = true;
        Self::serve(config, self.clock.clone()).await
    }

    /// A tenant that no other test uses.
    pub fn new_tenant(&self) -> Tenant {
        Tenant::create(self.address, &self.database_url)
    }
}

/// Runs `seatkeeper` and returns what it prints; panics when it fails.
pub fn command(database_url: &str, arguments: &[&str]) -> String {
    let run = || {
        Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
            .args(arguments)
            .args(["--database-url", database_url])
            .output()
            .expect("seatkeeper runs")
    };
    // The servers run on the same threads: one that stood still here could keep the command waiting
    // for a transaction that it has in hand itself.
    let output = tokio::task::block_in_place(run);
    assert!(
        output.status.success(),
        "seatkeeper {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("UTF-8")
        .trim()
        .to_owned()
}

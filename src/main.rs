//! The command line. Every command works beside a running server on the same database.

mod cli;
mod import_file;
mod ledger_command;

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use cli::{
    Cli, Command, Copying, Database, MappingCommand, PoolCommand, TenantCommand, TokenCommand,
    TrackCommand,
};
use indicatif::ProgressBar;
use seatkeeper::clock::Clock;
use seatkeeper::config::{Config, LogFormat};
use seatkeeper::demo;
use seatkeeper::directory::{Caller, Directory};
use seatkeeper::scim::Object;
use seatkeeper::server::{self, Running};
use seatkeeper::store::credentials::Token;
use seatkeeper::store::tenants::Tenant;
use seatkeeper::store::{self, Options, Store};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<import_file::Waits>() => {
            eprintln!("{error}");
            ExitCode::from(import_file::PLANNED)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome {
    match &command {
        Command::Serve(config) => start_log(&config.log, config.log_format)?,
        _ => start_log("warn", LogFormat::Text)?,
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        match command {
            Command::Serve(config) => serve(*config).await,
            Command::Demo { listen } => play_demo(listen).await,
            Command::Migrate(database) => migrate(&database).await,
            Command::Tenant(on) => {
                on_database(&on.database, async |d| tenant(on.action, d).await).await
            }
            Command::Token(on) => {
                on_database(&on.database, async |d| token(on.action, d).await).await
            }
            Command::Pool(on) => {
                on_database(&on.database, async |d| pool(&on.action, d).await).await
            }
            Command::Track(on) => {
                on_database(&on.database, async |d| track(&on.action, d).await).await
            }
            Command::Mapping(on) => {
                on_database(&on.database, async |d| mapping(&on.action, d).await).await
            }
            Command::Ledger(on) => {
                on_database(&on.database, async |d| {
                    ledger_command::run(on.action, d).await
                })
                .await
            }
            Command::Import(of) => {
                on_database(&of.database, async |d| import_file::run(&of, d).await).await
            }
            Command::Openapi => say(seatkeeper::http::document().trim_end()),
            Command::Backup(of) => backup(&of).await,
            Command::Restore(of) => restore(&of).await,
        }
    })
}

/// Writes the log to stderr, where it is not taken for what a command prints.
fn start_log(filter: &str, format: LogFormat) -> Outcome {
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Serves until told to stop.
async fn serve(config: Config) -> Outcome {
    let base_url = config.base_url.clone();
    tracing::info!(?config, "starting");
    let signals = Signals::watch()?;
    let running = server::start(config, Clock::system()).await?;
    let base = base_url.unwrap_or_else(|| format!("http://{}", running.address()));
    say(&format!(
        "seatkeeper is ready: SCIM at {base}/scim/v2, admin API at {base}/admin/v1"
    ))?;
    signals.stop(running).await
}

/// Serves a database that did not exist before, and that is forgotten afterwards.
async fn play_demo(listen: SocketAddr) -> Outcome {
    let folder = std::env::temp_dir().join(format!("seatkeeper-demo-{}", Uuid::now_v7()));
    std::fs::create_dir(&folder)?;
    let database = format!("sqlite://{}", folder.join("seatkeeper.db").display());
    let played = play_on(listen, &database).await;
    let removed = std::fs::remove_dir_all(&folder);
    // Why the demo failed matters more than what it left behind.
    played?;
    Ok(removed?)
}

async fn play_on(listen: SocketAddr, database: &str) -> Outcome {
    let config = Config {
        listen,
        ..Config::for_database(database)
    };
    let (signals, clock) = (Signals::watch()?, Clock::system());
    let running = server::start(config, clock.clone()).await?;
    let base = format!("http://{}", running.address());
    let played = demo::run(running.directory(), &base, clock.now()).await;
    if let Err(error) = played {
        running.stop().await;
        return Err(error.into());
    }
    signals.stop(running).await
}

/// What tells a process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for a signal and stops the server; a second signal does not wait for its requests.
    async fn stop(mut self, running: Running) -> Outcome {
        self.next().await;
        tracing::info!("stopping");
        tokio::select! {
            () = running.stop() => Ok(()),
            () = self.next() => Err("stopped before the requests in hand had ended".into()),
        }
    }
}

async fn migrate(database: &Database) -> Outcome {
    let url = &database.database_url;
    let (store, applied) = Store::open_and_migrate(url, Options::default()).await?;
    store.close().await;
    for migration in &applied {
        say(&format!("applied {migration}"))?;
    }
    if applied.is_empty() {
        say("the schema is up to date")?;
    }
    Ok(())
}

async fn tenant(command: TenantCommand, directory: &Directory) -> Outcome {
    match command {
        TenantCommand::Create { name, time_zone } => {
            let now = Clock::system().now();
            print(&tenant_json(
                &directory.create_tenant(&name, &time_zone, now).await?,
            ))
        }
        TenantCommand::List => {
            let tenants = directory.tenants().await?;
            print(&tenants.iter().map(tenant_json).collect())
        }
    }
}

async fn token(command: TokenCommand, directory: &Directory) -> Outcome {
    let now = Clock::system().now();
    match command {
        TokenCommand::Create {
            of,
            role,
            connection,
            member,
            expires_in,
        } => {
            let tenant = directory.tenant_named(&of.tenant).await?.id;
            let token = directory.create_token(
                tenant,
                role,
                (&connection, member.as_deref()),
                expires_in,
                now,
            );
            say(&token.await?)
        }
        TokenCommand::List(of) => {
            let tenant = directory.tenant_named(&of.tenant).await?.id;
            let tokens = directory.tokens(tenant).await?;
            print(&tokens.iter().map(token_json).collect())
        }
        TokenCommand::Revoke { of, token } => {
            let tenant = directory.tenant_named(&of.tenant).await?.id;
            directory.revoke_token(tenant, &token, now).await?;
            say("revoked")
        }
    }
}

async fn pool(command: &PoolCommand, directory: &Directory) -> Outcome {
    let (tenant, body) = command.body();
    let caller = operator(directory, tenant).await?;
    let made = directory.create_pool(&caller, body, Clock::system().now());
    print_object(made.await?)
}

async fn track(command: &TrackCommand, directory: &Directory) -> Outcome {
    let (tenant, body) = command.body();
    let caller = operator(directory, tenant).await?;
    let made = directory.create_track(&caller, body, Clock::system().now());
    print_object(made.await?)
}

async fn mapping(command: &MappingCommand, directory: &Directory) -> Outcome {
    let (tenant, body) = command.body();
    let caller = operator(directory, tenant).await?;
    let made = directory.create_mapping(&caller, body, Clock::system().now());
    print_object(made.await?)
}

async fn backup(of: &Copying) -> Outcome {
    let url = &of.database.database_url;
    if !store::backup::exists(url) {
        return Err(format!("there is no database at {url}").into());
    }
    let store = Store::open(url, Options::default()).await?;
    let size = store
        .sqlite_path()
        .and_then(|path| path.metadata().ok())
        .map_or(0, |m| m.len());
    let copying = Box::pin(store.backup(&of.copy));
    let copied = with_progress(size, &of.copy, copying).await;
    store.close().await;
    copied?;
    say(&format!("copied to {}", of.copy.display()))
}

async fn restore(of: &Copying) -> Outcome {
    let store = store::backup::restore(&of.copy, &of.database.database_url).await?;
    let tenants = store.tenants().await;
    store.close().await;
    let tenants = tenants?.len();
    say(&format!(
        "restored {tenants} tenants from {}",
        of.copy.display()
    ))
}

/// Shows on a terminal how far a file has grown towards `size` while `work` goes on.
async fn with_progress<T>(size: u64, file: &Path, work: impl Future<Output = T>) -> T {
    let bar = ProgressBar::new(size);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                bar.finish_and_clear();
                return done;
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                bar.set_position(file.metadata().map_or(0, |m| m.len()));
            }
        }
    }
}

/// Opens the database for a command, and closes it whatever came of that.
async fn on_database(
    database: &Database,
    command: impl AsyncFnOnce(&Directory) -> Outcome,
) -> Outcome {
    let store = Store::open(&database.database_url, Options::default()).await?;
    let directory = Directory::new(store);
    let done = command(&directory).await;
    directory.store().close().await;
    done
}

/// Whoever runs a command is an owner: the database is theirs.
async fn operator(directory: &Directory, tenant: &str) -> Result<Caller, Box<dyn Error>> {
    Ok(Caller::command(directory.tenant_named(tenant).await?.id))
}

fn tenant_json(tenant: &Tenant) -> Value {
    json!({
        "name": tenant.name,
        "timeZone": tenant.time_zone,
        "createdAt": tenant.created_at,
    })
}

fn token_json(token: &Token) -> Value {
    json!({
        "id": token.id,
        "role": token.role.as_str(),
        "connection": token.connection,
        "member": token.member,
        "createdAt": token.created_at,
        "expiresAt": token.expires_at,
        "revokedAt": token.revoked_at,
        "lastUsedAt": token.last_used_at,
    })
}

fn print_object(object: Object) -> Outcome {
    print(&Value::Object(object))
}

fn print(value: &Value) -> Outcome {
    say(&serde_json::to_string_pretty(value)?)
}

/// A line on stdout. One that cannot be written is an error and not a panic: the reader of a pipe
/// may be gone.
fn say(line: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

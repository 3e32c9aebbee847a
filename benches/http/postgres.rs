//! A throwaway PostgreSQL: durable, as it would be in use, and gone with the bench.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::server::{said, signal};
use crate::{Outcome, wrong};

/// Begins each entry of the log: what an entry says may have several lines.
pub(crate) const LOG_PREFIX: &str = "@@ ";

/// A running cluster.
pub(crate) struct Cluster {
    postgres: Child,
    programs: PathBuf,
    port: u16,
    log: PathBuf,
}

impl Cluster {
    /// Makes a cluster in a folder and starts it on a free port.
    pub(crate) fn start(folder: &Path) -> Outcome<Self> {
        let programs = programs()?;
        let (data, log) = (folder.join("postgres"), folder.join("postgres.log"));
        std::fs::create_dir(&data)?;
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))?;
        let user = other_user()?;
        if let Some(user) = &user {
            said(Command::new("chown").arg(user).arg(&data))?;
        }
        let program = |name: &str| as_user(user.as_deref(), &programs.join(name));
        said(program("initdb")?.arg("-D").arg(&data).args([
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
        ]))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let stderr = File::create(&log)?;
        let mut postgres = program("postgres")?;
        postgres
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=100",
            &format!("log_line_prefix={LOG_PREFIX}%p "),
        ] {
            postgres.args(["-c", setting]);
        }
        let postgres = postgres
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()?;
        let mut cluster = Self {
            postgres,
            programs,
            port,
            log,
        };
        cluster.wait()?;
        Ok(cluster)
    }

    fn wait(&mut self) -> Outcome {
        while self.postgres.try_wait()?.is_none() {
            if self.log()?.contains("ready to accept connections") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(wrong(format!("PostgreSQL did not start:\n{}", self.log()?)))
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> Outcome<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.log)?).into_owned())
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements that cannot be within a transaction.
    pub(crate) async fn run(&self, database: &str, sql: &str) -> Outcome {
        let mut connection = PgConnection::connect(&self.url(database)).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    pub(crate) async fn version(&self) -> Outcome<String> {
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        let version = sqlx::query_scalar("show server_version");
        Ok(version.fetch_one(&mut connection).await?)
    }

    /// pgbench, told where the database is.
    pub(crate) fn pgbench(&self, database: &str) -> Command {
        let mut command = Command::new(self.programs.join("pgbench"));
        command
            .args(["-h", "127.0.0.1", "-U", "postgres", "-p"])
            .args([&self.port.to_string(), database]);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown.
        let _ = signal("-INT", &self.postgres);
        let _ = self.postgres.wait();
    }
}

/// Where the newest installed programs are.
fn programs() -> Outcome<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(found.into_iter().map(|(_, folder)| folder));
    folders
        .into_iter()
        .rev()
        .find(|folder| folder.join("initdb").exists() && folder.join("pgbench").exists())
        .ok_or_else(|| {
            wrong("the rows on PostgreSQL need its programs (Debian: apt-get install postgresql)")
        })
}

/// PostgreSQL refuses to run as root; whom it runs as instead.
fn other_user() -> Outcome<Option<String>> {
    if said(Command::new("id").arg("-u"))? != "0" {
        return Ok(None);
    }
    let known = said(Command::new("id").args(["-u", "postgres"])).is_ok();
    Ok(Some(if known { "postgres" } else { "nobody" }.to_owned()))
}

fn as_user(user: Option<&str>, program: &Path) -> Outcome<Command> {
    let Some(user) = user else {
        return Ok(Command::new(program));
    };
    let group = said(Command::new("id").args(["-g", user]))?;
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={group}"))
        .arg("--clear-groups")
        .arg(program);
    Ok(command)
}

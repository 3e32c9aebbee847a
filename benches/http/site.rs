//! A database with a customer on it: a tenant with a pool of seats, a default track, a token, and
//! as many people as a row asks for, all made through the command line and the API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::client::Head;
use crate::load::{Amount, Side, once};
use crate::people::{self, People};
use crate::postgres::Cluster;
use crate::server::{Server, seatkeeper};
use crate::{Outcome, wrong};

const TENANT: &str = "bench";
const COACHING: &str = "urn:ietf:params:scim:schemas:extension:coaching:2.0:User";
/// Connections that fill: enough for full groups of commits.
const FILLERS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Where databases are made.
pub(crate) struct Ground {
    pub(crate) folder: PathBuf,
    pub(crate) cluster: Option<Cluster>,
}

/// A database with one tenant.
#[derive(Clone)]
pub(crate) struct Site {
    engine: Engine,
    name: String,
    pub(crate) url: String,
    token: String,
    owner: String,
    /// The identifier of each person that it was filled with, by number.
    pub(crate) ids: Arc<Vec<String>>,
}

impl Ground {
    pub(crate) fn cluster(&mut self) -> Outcome<&Cluster> {
        if self.cluster.is_none() {
            self.cluster = Some(Cluster::start(&self.folder)?);
        }
        self.cluster.as_ref().ok_or_else(|| wrong("no PostgreSQL"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// An empty site with so many seats.
    pub(crate) async fn site(&mut self, engine: Engine, name: &str, seats: usize) -> Outcome<Site> {
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}", self.file(name).display()),
            Engine::Postgres => {
                let cluster = self.cluster()?;
                let create = format!("create database {name}");
                cluster.run("postgres", &create).await?;
                cluster.url(name)
            }
        };
        let of = ["--tenant", TENANT];
        let run = |arguments: &[&str]| seatkeeper(&url, &[arguments, &of].concat());
        seatkeeper(&url, &["tenant", "create", TENANT])?;
        let term = ["--term-start", "2020-01-01", "--term-end", "2099-12-31"];
        let pool = ["pool", "create", "--key", "all", "--purchased"];
        run(&[&pool[..], &[&seats.to_string()], &term].concat())?;
        run(&[
            "track",
            "create",
            "--key",
            "general",
            "--name",
            "General",
            "--default",
        ])?;
        let token = run(&["token", "create", "--role", "scim"])?;
        let owner = run(&["token", "create", "--role", "owner"])?;
        Ok(Site {
            engine,
            name: name.to_owned(),
            url,
            token,
            owner,
            ids: Arc::default(),
        })
    }

    /// A copy of a site on which no server runs. It stays: to drop a database makes PostgreSQL
    /// write everything out, and what is measured next would pay for it.
    pub(crate) async fn copy(&self, site: &Site, name: &str) -> Outcome<Site> {
        let url = match (site.engine, &self.cluster) {
            (Engine::Sqlite, _) => {
                let (from, to) = (self.file(&site.name), self.file(name));
                std::fs::copy(&from, &to)?;
                // What the last server has left in its log belongs to the database.
                if from.with_extension("db-wal").exists() {
                    std::fs::copy(from.with_extension("db-wal"), to.with_extension("db-wal"))?;
                }
                format!("sqlite://{}", to.display())
            }
            (Engine::Postgres, Some(cluster)) => {
                let copy = format!("create database {name} template {}", site.name);
                cluster.run("postgres", &copy).await?;
                cluster.url(name)
            }
            (Engine::Postgres, None) => return Err(wrong("no PostgreSQL")),
        };
        Ok(Site {
            url,
            name: name.to_owned(),
            ..site.clone()
        })
    }

    /// Brings the planner's knowledge of the tables up to date.
    pub(crate) async fn analyze(&mut self, site: &Site) -> Outcome {
        self.cluster()?.run(&site.name, "vacuum analyze").await
    }

    /// What goes before pgbench measures, and as well before the other side does.
    pub(crate) async fn vacuum(&mut self, site: &Site) -> Outcome {
        self.cluster()?.run(&site.name, "vacuum").await
    }
}

impl Site {
    /// Seatkeeper on this site, with no setting of its own.
    pub(crate) fn start(&self) -> Outcome<Server> {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, settings: &[(&str, &Path)]) -> Outcome<Server> {
        Server::start(&self.url, settings)
    }

    pub(crate) fn head(&self, address: SocketAddr) -> Head {
        Head::scim(address, &self.token)
    }

    /// For requests of an operator.
    pub(crate) fn admin(&self, address: SocketAddr) -> Head {
        Head::admin(address, &self.owner)
    }

    /// Runs a command of the tenant's on it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Outcome<String> {
        seatkeeper(&self.url, &[arguments, &["--tenant", TENANT]].concat())
    }

    pub(crate) fn people(&self, address: SocketAddr) -> People {
        People::new(self.head(address), Arc::clone(&self.ids))
    }

    /// Creates people 0 to `count` - 1 through the API, and counts them.
    pub(crate) async fn fill(&mut self, count: usize) -> Outcome {
        let began = Instant::now();
        let server = self.start()?;
        let next = AtomicU64::new(0);
        let people = self.people(server.address);
        let side = Side::new(server.address, move || {
            people.create_number(next.fetch_add(1, Ordering::Relaxed))
        });
        let bar = ProgressBar::new(count as u64).with_message(format!(
            "filling {} with {count} people",
            self.engine.name()
        ));
        bar.set_style(crate::bar_style());
        let ids = Arc::new(Mutex::new(vec![String::new(); count]));
        let (seen, shown) = (Arc::clone(&ids), bar.clone());
        side.run(FILLERS, Amount::Requests(count as u64), move |body| {
            if let Some((number, id)) = people::created(body)
                && let Some(place) = seen
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_mut(number)
            {
                *place = id;
            }
            shown.inc(1);
        })
        .await?;
        bar.finish_and_clear();
        eprintln!(
            "  filled {} with {count} people in {} s",
            self.engine.name(),
            began.elapsed().as_secs()
        );
        self.ids = Arc::new(std::mem::take(
            &mut *ids.lock().unwrap_or_else(PoisonError::into_inner),
        ));
        if self.ids.iter().any(String::is_empty) {
            return Err(wrong("a created person has no id"));
        }
        self.expect_total(server.address, count).await?;
        self.settle().await?;
        server.stop()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many people there are on PostgreSQL, where no server runs.
    pub(crate) async fn members(&self) -> Outcome<i64> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let count = sqlx::query_scalar("select count(*) from member");
        Ok(count.fetch_one(&mut connection).await?)
    }

    /// How many users there are, by the API.
    pub(crate) async fn total(&self, address: SocketAddr) -> Outcome<usize> {
        self.count(address, "").await
    }

    /// There must be so many users, each with a seat.
    pub(crate) async fn expect_total(&self, address: SocketAddr, expected: usize) -> Outcome {
        let seated = format!("&filter={COACHING}:seatState%20eq%20%22assigned%22");
        let found = [
            self.total(address).await?,
            self.count(address, &seated).await?,
        ];
        if found == [expected; 2] {
            return Ok(());
        }
        let [total, seated] = found;
        Err(wrong(format!(
            "there are {total} users, {seated} of them with a seat, not {expected}"
        )))
    }

    async fn count(&self, address: SocketAddr, filter: &str) -> Outcome<usize> {
        let list = self.head(address).get(&format!("/Users?count=0{filter}"));
        let list: Value = serde_json::from_str(&once(address, list).await?)?;
        let total = list["totalResults"].as_u64().ok_or("no totalResults")?;
        Ok(usize::try_from(total)?)
    }

    /// Waits until the running server has no work left over: it seals its ledger behind the writes,
    /// and that must not go on while the other side is measured.
    pub(crate) async fn settle(&self) -> Outcome {
        const LEFT: &str = "select count(*) from ledger_unsealed";
        for _ in 0..6000 {
            let left: i64 = if self.engine == Engine::Sqlite {
                let path = self.url.trim_start_matches("sqlite://");
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                let mut connection = options.connect().await?;
                let left = sqlx::query_scalar(LEFT).fetch_one(&mut connection).await?;
                connection.close().await?;
                left
            } else {
                let mut connection = PgConnection::connect(&self.url).await?;
                let left = sqlx::query_scalar(LEFT).fetch_one(&mut connection).await?;
                connection.close().await?;
                left
            };
            if left == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(wrong("the ledger is not sealed after ten minutes"))
    }
}

/// The version of the SQLite within this program, which is the server's too.
pub(crate) async fn sqlite_version() -> Outcome<String> {
    let mut connection = SqliteConnectOptions::new()
        .in_memory(true)
        .connect()
        .await?;
    let version = sqlx::query_scalar("select sqlite_version()");
    Ok(version.fetch_one(&mut connection).await?)
}

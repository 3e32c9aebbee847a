//! Opening a database, and lending its connections.
//!
//! Connections come from a pool that hands them out and takes them back without a word to the
//! database (a ping each way costs more than a point read). A connection that failed is thrown
//! away, and the idle ones with it, since what broke one has mostly broken all.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleResult};
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _};

use super::checkpoint::{self, Checkpoints};
use super::engine::{Connection, Dialect, args};
use super::session::{Held, Session, Tx};
use super::writer::Writer;
use super::{Error, TenantId};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a request waits for a connection. Many clients may stand in line for one full pool.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// How a database is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Connections at most: all of them on PostgreSQL, those that read on SQLite.
    pub connections: usize,
    /// How many SQLite transactions may share one commit; 1 commits each by itself.
    pub commit_group: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 16,
            commit_group: 64,
        }
    }
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: managed::Pool<Opener>,
    pub(super) writer: Option<Writer>,
    target: Arc<Target>,
}

#[derive(Clone)]
pub(super) enum Target {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

/// Opens a connection when the pool has none idle.
pub(super) struct Opener(Arc<Target>);

pub(super) struct Pooled {
    pub(super) connection: Connection,
    pub(super) broken: bool,
}

impl managed::Manager for Opener {
    type Type = Pooled;
    type Error = Error;

    async fn create(&self) -> Result<Pooled, Error> {
        Ok(Pooled {
            // To connect takes kilobytes of state, which every request that may have to would carry.
            connection: Box::pin(self.0.connect()).await?,
            broken: false,
        })
    }

    async fn recycle(&self, pooled: &mut Pooled, _: &Metrics) -> RecycleResult<Error> {
        if pooled.broken {
            Err(Error::Closed.into())
        } else {
            Ok(())
        }
    }
}

impl Target {
    fn parse(url: &str) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let options = SqliteConnectOptions::new()
                .filename(path)
                .journal_mode(SqliteJournalMode::Wal)
                // With FULL the log is synced at every commit: an acknowledged write survives the
                // loss of power, not only of the process.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .pragma("wal_autocheckpoint", checkpoint::LOG_PAGES)
                .busy_timeout(Duration::from_secs(30))
                .statement_cache_capacity(256)
                .disable_statement_logging();
            return Ok(Self::Sqlite(Box::new(options)));
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)
                .map_err(|e| Error::Schema(format!("the database URL cannot be read: {e}")))?
                .application_name("seatkeeper")
                .statement_cache_capacity(256)
                .disable_statement_logging();
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(Error::Schema(
            "the database URL must begin with sqlite:// or postgres://".into(),
        ))
    }

    pub(super) async fn connect(&self) -> Result<Connection, Error> {
        Ok(match self {
            Self::Sqlite(options) => {
                Connection::Sqlite(SqliteConnection::connect_with(options).await?)
            }
            Self::Postgres(options) => {
                Connection::Postgres(PgConnection::connect_with(options).await?)
            }
        })
    }
}

impl Store {
    /// Opens the database, made if it is a SQLite file that does not exist, and brings its schema
    /// up to date under a lock, so that several processes may start at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached, [`Error::Schema`] when the URL cannot be
    /// read or a newer version of this program has migrated it.
    pub async fn open(url: &str, options: Options) -> Result<Self, Error> {
        Ok(Self::open_and_migrate(url, options).await?.0)
    }

    /// As [`Store::open`], and answers the migrations it applied.
    pub async fn open_and_migrate(
        url: &str,
        options: Options,
    ) -> Result<(Self, Vec<String>), Error> {
        let mut target = Target::parse(url)?;
        if let Target::Sqlite(sqlite) = target {
            target = Target::Sqlite(Box::new(sqlite.create_if_missing(true)));
        }
        let mut first = target.connect().await?;
        let applied = migrate(&mut first).await?;
        let target = Arc::new(target);
        let pool = managed::Pool::builder(Opener(Arc::clone(&target)))
            .max_size(options.connections)
            .wait_timeout(Some(CONNECTION_WAIT))
            .create_timeout(Some(Duration::from_secs(5)))
            .runtime(deadpool::Runtime::Tokio1)
            // The one that came back last has its pages and plans at hand still.
            .queue_mode(managed::QueueMode::Lifo)
            .build()
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        let writer = match first.dialect() {
            Dialect::Sqlite => {
                let log = Checkpoints::start(Arc::clone(&target));
                Some(Writer::start(first, options.commit_group, log))
            }
            Dialect::Postgres => {
                first.close().await?;
                None
            }
        };
        Ok((
            Self {
                pool,
                writer,
                target,
            },
            applied,
        ))
    }

    /// A session that reads this tenant's rows, each statement seeing the newest commit.
    pub async fn read(&self, tenant: TenantId) -> Result<Session, Error> {
        Ok(Session::new(
            tenant,
            Held::Pooled(self.pooled().await?),
            self.pool.clone(),
        ))
    }

    /// A session whose statements all see one instant.
    pub async fn snapshot(&self, tenant: TenantId) -> Result<Session, Error> {
        let mut session = self.read(tenant).await?;
        session.begin_snapshot().await?;
        Ok(session)
    }

    /// Begins a transaction that may write this tenant's rows.
    pub async fn begin(&self, tenant: TenantId) -> Result<Tx, Error> {
        if let Some(writer) = &self.writer {
            let lease = writer.begin().await?;
            return Ok(Tx::new(Session::new(
                tenant,
                Held::Lease(lease),
                self.pool.clone(),
            )));
        }
        // A connection that died while idle is found out here, before anything was done.
        for _ in 0..2 {
            let mut session = self.read(tenant).await?;
            match session.begin_transaction().await {
                Ok(()) => return Ok(Tx::new(session)),
                Err(Error::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let mut session = self.read(tenant).await?;
        session.begin_transaction().await?;
        Ok(Tx::new(session))
    }

    pub(super) async fn pooled(&self) -> Result<managed::Object<Opener>, Error> {
        self.pool.get().await.map_err(|error| match error {
            managed::PoolError::Backend(error) => error,
            other => Error::Unavailable(other.to_string()),
        })
    }

    /// A secret that all replicas share, made when it is first asked for.
    pub async fn secret(&self, name: &str) -> Result<Vec<u8>, Error> {
        let made: [u8; 32] = rand::random();
        let mut tx = self.begin(TenantId(0)).await?;
        let sql = "insert into server_secret (name, value) values ($1, $2) on conflict do nothing";
        tx.run(sql, args![name, made.to_vec()]).await?;
        let sql = "select value from server_secret where name = $1";
        let value = tx.one(sql, args![name]).await?.get("value")?;
        tx.commit().await?;
        Ok(value)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut pooled = self.pooled().await?;
        let answer = pooled.connection.batch("select 1").await;
        pooled.broken = answer.is_err();
        answer
    }

    /// The SQLite file, if this is one.
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        match &*self.target {
            Target::Sqlite(options) => Some(options.get_filename()),
            Target::Postgres(_) => None,
        }
    }
}

async fn migrate(connection: &mut Connection) -> Result<Vec<String>, Error> {
    let mut tries = 0;
    loop {
        let done = match connection {
            Connection::Sqlite(c) => {
                apply(&SQLITE, c, async |c| SQLITE.run(c).await.map_err(schema)).await
            }
            // An advisory lock is held meanwhile.
            Connection::Postgres(c) => {
                apply(&POSTGRES, c, async |c| {
                    POSTGRES.run(c).await.map_err(schema)
                })
                .await
            }
        };
        tries += 1;
        match done {
            // SQLite has no such lock: of two processes that begin at once one fails at some
            // migration, whole, and finds it done when it looks again.
            Err(Error::Unavailable(_) | Error::Database(_))
                if connection.dialect() == Dialect::Sqlite && tries < 50 =>
            {
                // They meet again at the next migration unless one of them lets the other go first.
                tokio::time::sleep(Duration::from_millis(rand::random_range(10..=200))).await;
            }
            done => return done,
        }
    }
}

async fn apply<C: Migrate>(
    migrator: &'static Migrator,
    connection: &mut C,
    run: impl AsyncFnOnce(&mut C) -> Result<(), Error>,
) -> Result<Vec<String>, Error> {
    // The table of migrations, too, must be made by one at a time. A failure closes the
    // connection, and the lock with it.
    connection.lock().await.map_err(schema)?;
    let table = &migrator.table_name;
    connection
        .ensure_migrations_table(table)
        .await
        .map_err(schema)?;
    let applied = connection
        .list_applied_migrations(table)
        .await
        .map_err(schema)?;
    run(connection).await?;
    connection.unlock().await.map_err(schema)?;
    let new = migrator
        .iter()
        .filter(|m| applied.iter().all(|a| a.version != m.version));
    Ok(new
        .map(|m| format!("{:04} {}", m.version, m.description))
        .collect())
}

fn schema(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(version) => Error::Schema(format!(
            "the database has migration {version}, which this version of seatkeeper does not \
             know: a newer version has migrated it"
        )),
        other => Error::Schema(format!(
            "the schema could not be brought up to date: {other}"
        )),
    }
}

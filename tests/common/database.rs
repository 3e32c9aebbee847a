//! A fresh, empty database on either engine.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection, SqliteConnection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Names are counted for each test binary of a checkout and used again by its next run, which
/// empties them first: so a failed run can be looked into, and nothing piles up.
pub async fn create(engine: Engine) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let (checkout, binary) = (checkout(), env!("CARGO_CRATE_NAME"));
    let name = format!("seatkeeper_test_{checkout}_{binary}_{number}");
    match engine {
        Engine::Sqlite => create_sqlite(&name),
        Engine::Postgres => create_postgres(&name).await,
    }
}

/// Tells checkouts apart that share a PostgreSQL.
fn checkout() -> String {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    format!("{:08x}", hasher.finish() >> 32)
}

fn create_sqlite(name: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the last run's database can be removed");
    }
    std::fs::create_dir_all(&folder).expect("a folder for the database");
    format!("sqlite://{}", folder.join("seatkeeper.db").display())
}

async fn create_postgres(name: &str) -> String {
    let server = std::env::var("SEATKEEPER_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "SEATKEEPER_TEST_POSTGRES_URL is not set: `tests/run test` starts a throwaway \
             PostgreSQL and sets it"
        )
    });
    let mut url = reqwest::Url::parse(&server).expect("SEATKEEPER_TEST_POSTGRES_URL is a URL");
    let mut connection = PgConnection::connect(&server)
        .await
        .expect("PostgreSQL answers");
    for statement in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    url.set_path(name);
    url.into()
}

/// Runs SQL behind the server's back.
pub async fn run(engine: Engine, url: &str, sql: &'static str) {
    match engine {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }
}

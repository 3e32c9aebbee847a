//! An empty database on either engine, gone when its test is over.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

use super::Fixture;
use crate::store::{Options, Store};

/// Where a database is, which goes with it.
pub(super) enum Place {
    Folder { _folder: tempfile::TempDir },
    Server { url: String, name: String },
}

pub(crate) async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::open(&url, Options::default()).await.unwrap();
    Fixture::new(store, Place::Folder { _folder: folder }).await
}

pub(crate) async fn postgres() -> Fixture {
    let url = std::env::var("SEATKEEPER_TEST_POSTGRES_URL")
        .expect("SEATKEEPER_TEST_POSTGRES_URL names no PostgreSQL; tests/run starts one");
    let name = format!("store_{}_{}", checkout(), Uuid::now_v7().simple());
    run(&url, format!("create database {name}")).await.unwrap();
    let (base, _) = url.rsplit_once('/').unwrap();
    let of_test = format!("{base}/{name}");
    let place = Place::Server { url, name };
    let store = Store::open(&of_test, Options::default()).await.unwrap();
    Fixture::new(store, place).await
}

/// Tells whose database is left over where a test was killed.
fn checkout() -> String {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    format!("{:08x}", hasher.finish() >> 32)
}

async fn run(url: &str, sql: String) -> Result<(), sqlx::Error> {
    let mut server = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut server)
        .await?;
    server.close().await
}

impl Drop for Place {
    /// Also after a test that failed, which is told by its message and not by its rows.
    fn drop(&mut self) {
        let Self::Server { url, name } = self else {
            return;
        };
        let (url, sql) = (url.clone(), format!("drop database {name} with (force)"));
        // Drop cannot wait, and within a test's runtime another cannot be entered.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(run(&url, sql)))
        })
        .join();
        if !matches!(dropped, Ok(Ok(Ok(())))) {
            eprintln!("the database {name} is left over: {dropped:?}");
        }
    }
}

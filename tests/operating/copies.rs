//! Backups of a database in use, restoring them, and what a stop leaves.

use std::path::Path;

use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use super::process::Process;
use crate::common::server::command;
use crate::common::tenant::user;
use crate::common::{Engine, Server, database};

both_engines_alone!(
    a_copy_of_a_database_in_use_can_be_served,
    whoever_leaves_a_database_closes_it,
);

async fn a_copy_of_a_database_in_use_can_be_served(engine: Engine) {
    let server = Server::start(engine, seatkeeper::clock::Clock::system()).await;
    let t = server.new_tenant();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    if engine == Engine::Postgres {
        let refused = super::commands::refused(&server.database_url, &["backup", copy]);
        assert!(refused.contains("pg_dump"), "{refused}");
        return;
    }
    let id = t
        .scim()
        .post("/Users", user("before", json!({})))
        .await
        .status(201)
        .id();
    let scim = t.token("scim");
    command(&server.database_url, &["backup", copy]);
    let later = t
        .scim()
        .post("/Users", user("later", json!({})))
        .await
        .status(201)
        .id();

    let nothing = format!("sqlite://{}", folder.path().join("nothing.db").display());
    let refused = super::commands::refused(&nothing, &["backup", "never.db"]);
    assert!(refused.contains("no database"), "{refused}");
    let restored = format!("sqlite://{}", folder.path().join("restored.db").display());
    command(&restored, &["restore", copy]);
    let over = super::commands::refused(&restored, &["restore", copy]);
    assert!(over.contains("already"), "{over}");
    let damaged = folder.path().join("damaged.db");
    std::fs::write(&damaged, "this is no database").unwrap();
    let url = database::create(engine).await;
    let refused = super::commands::refused(&url, &["restore", damaged.to_str().unwrap()]);
    assert!(refused.contains("damaged"), "{refused}");

    let (_process, base) = Process::serve(&restored);
    let status = async |id: &str| {
        let get = reqwest::Client::new().get(format!("{base}/scim/v2/Users/{id}"));
        get.bearer_auth(&scim)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!((status(&id).await, status(&later).await), (200, 404));
}

async fn whoever_leaves_a_database_closes_it(engine: Engine) {
    let url = database::create(engine).await;
    command(&url, &["migrate"]);
    command(&url, &["tenant", "create", "acme"]);
    let token = ["token", "create", "--tenant", "acme", "--role"];
    let scim = command(&url, &[&token[..], &["scim"]].concat());
    super::commands::refused(&url, &["tenant", "create", "acme"]);
    assert_left_whole(&url).await;

    let (process, base) = Process::serve(&url);
    let http = reqwest::Client::new();
    let creates = (0..20).map(|n| {
        let post = http
            .post(format!("{base}/scim/v2/Users"))
            .bearer_auth(&scim)
            .json(&user(&format!("u{n}"), json!({})));
        tokio::spawn(async move { post.send().await.unwrap().status().as_u16() })
    });
    for create in creates.collect::<Vec<_>>() {
        assert_eq!(create.await.unwrap(), 201);
    }
    process.stop();
    assert_left_whole(&url).await;

    let folder = tempfile::tempdir().unwrap();
    let url = moved(&url, folder.path());
    let (_process, base) = Process::serve(&url);
    let users = http.get(format!("{base}/scim/v2/Users?count=0"));
    let users = users.bearer_auth(&scim).send().await.unwrap();
    let users: serde_json::Value = users.json().await.unwrap();
    assert_eq!(users["totalResults"], 20, "{users}");
}

/// A SQLite database is its file alone; PostgreSQL saw no client vanish.
async fn assert_left_whole(url: &str) {
    if let Some(file) = url.strip_prefix("sqlite://") {
        let log = format!("{file}-wal");
        assert!(!Path::new(&log).exists(), "there is {log}");
        return;
    }
    let server = std::env::var("SEATKEEPER_TEST_POSTGRES_URL").unwrap();
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let name = url.rsplit('/').next().unwrap();
    // A session is counted when it has ended, a moment after its client has.
    let mut open = true;
    while open {
        let sql = "select count(*) > 0 from pg_stat_activity where datname = $1";
        let asked = sqlx::query_scalar(sql).bind(name);
        open = asked.fetch_one(&mut connection).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let sql = "select sessions, sessions_abandoned from pg_stat_database where datname = $1";
    let counted = sqlx::query_as::<_, (i64, i64)>(sql).bind(name);
    let (sessions, abandoned) = counted.fetch_one(&mut connection).await.unwrap();
    assert!(sessions > 0);
    assert_eq!(abandoned, 0, "of {sessions} sessions");
}

/// Copies the file of a SQLite database, and no other, to a folder; answers the copy's URL.
fn moved(url: &str, folder: &Path) -> String {
    let Some(file) = url.strip_prefix("sqlite://") else {
        return url.to_owned();
    };
    let copy = folder.join("copy.db");
    std::fs::copy(file, &copy).unwrap();
    format!("sqlite://{}", copy.display())
}

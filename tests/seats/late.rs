//! A create that has read the old catalog and is committed after the run over the new one.

use std::time::Duration;

use seatkeeper::clock::Clock;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::common::tenant::user;
use crate::common::{Engine, Server, run_alone};

/// Only PostgreSQL lets a create wait in the middle while others write.
#[test]
fn a_create_that_outlasts_a_run_is_placed_by_it_all_the_same() {
    run_alone(Engine::Postgres, outlasts);
}

async fn outlasts(engine: Engine) {
    let server = Server::start(engine, Clock::system()).await;
    let t = server.new_tenant();
    let owner = t.admin("owner");
    let pool = json!({"key": "p", "purchased": 5, "termStart": "2020-01-01",
                      "termEnd": "2090-12-31"});
    owner.post("/pools", pool).await.status(201);
    let track = |key: &str| json!({"key": key, "name": key, "default": true});
    owner.post("/tracks", track("old")).await.status(201);

    let mut blocker = PgConnection::connect(&server.database_url).await.unwrap();
    let block = "begin; lock table member in share mode";
    sqlx::raw_sql(block).execute(&mut blocker).await.unwrap();
    let create = t.scim().post("/Users", user("ada", json!({})));
    let create = tokio::spawn(create.into_future());
    let waits = "select 1 from pg_locks where relation = 'member'::regclass and not granted";
    until(async || {
        let found = sqlx::query(waits).fetch_optional(&mut blocker).await;
        found.unwrap().is_some()
    })
    .await;

    let changed = owner.post("/tracks", track("new")).await.status(201);
    let run = format!("/placements/{}", changed.string("/placement/id"));
    until(async || !owner.get(&run).await.at("/finishedAt").is_null()).await;
    sqlx::raw_sql("commit").execute(&mut blocker).await.unwrap();
    create.await.unwrap().status(201);
    until(async || owner.get("/members/ada").await.at("/track") == "new").await;
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..100 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within five seconds");
}

//! What was acknowledged survives a process that is killed at a random moment under load.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::process::Process;
use crate::common::tenant::user;
use crate::common::{Engine, database, server::command};

both_engines_alone!(nothing_acknowledged_is_lost);

const CLIENTS: usize = 8;
const CRASHES: u64 = 4;
const SEATS: i64 = 60;

async fn nothing_acknowledged_is_lost(engine: Engine) {
    let url = database::create(engine).await;
    let tenant = ["--tenant", "acme"];
    command(&url, &["tenant", "create", "acme"]);
    let seats = SEATS.to_string();
    let pool = [
        "pool",
        "create",
        "--key",
        "p",
        "--purchased",
        &seats,
        "--term-start",
        "2020-01-01",
    ];
    command(
        &url,
        &[&pool[..], &tenant, &["--term-end", "2090-12-31"]].concat(),
    );
    let track = ["track", "create", "--key", "t", "--name", "T", "--default"];
    command(&url, &[&track[..], &tenant].concat());
    let scim = command(
        &url,
        &[&["token", "create", "--role", "scim"], &tenant[..]].concat(),
    );
    let owner = command(
        &url,
        &[&["token", "create", "--role", "owner"], &tenant[..]].concat(),
    );
    let http = reqwest::Client::new();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for crash in 0..CRASHES {
        let (process, base) = Process::serve(&url);
        let load = (0..CLIENTS).map(|client| {
            let acknowledged = Arc::clone(&acknowledged);
            let post = http
                .post(format!("{base}/scim/v2/Users"))
                .bearer_auth(&scim);
            tokio::spawn(async move {
                for n in 0.. {
                    let body = user(&format!("u{crash}-{client}-{n}"), json!({}));
                    let Some(post) = post.try_clone() else { return };
                    let Ok(reply) = post.json(&body).send().await else {
                        return;
                    };
                    if reply.status() != 201 {
                        return;
                    }
                    let Ok(made) = reply.json::<serde_json::Value>().await else {
                        return;
                    };
                    acknowledged
                        .lock()
                        .unwrap()
                        .push(made["id"].as_str().unwrap().to_owned());
                }
            })
        });
        let load: Vec<_> = load.collect();
        tokio::time::sleep(Duration::from_millis(250 + 130 * crash)).await;
        process.kill();
        for client in load {
            client.await.unwrap();
        }
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(
        acknowledged.len() > CLIENTS,
        "only {} writes",
        acknowledged.len()
    );

    let (_process, base) = Process::serve(&url);
    let get = async |path: &str, token: &str| {
        let reply = http
            .get(format!("{base}{path}"))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        reply.json::<serde_json::Value>().await.unwrap()
    };
    for id in &acknowledged {
        get(&format!("/scim/v2/Users/{id}"), &scim).await;
    }
    let pool = get("/admin/v1/pools/p", &owner).await;
    let users = get("/scim/v2/Users?count=0", &scim).await["totalResults"]
        .as_i64()
        .unwrap();
    assert_eq!(
        pool["occupied"],
        users.min(SEATS),
        "{pool} for {users} users"
    );
    assert_eq!(
        pool["waitlist"],
        (users - SEATS).max(0),
        "{pool} for {users} users"
    );
    let verdict = get("/admin/v1/ledger/verify", &owner).await;
    assert_eq!(verdict["ok"], true, "{verdict}");
}

//! A plan that was being applied when the process was killed.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::Process;
use crate::common::tenant::user;
use crate::common::{BULK, Engine, database, server::command};

both_engines_alone!(it_goes_on_where_it_stopped);

const PEOPLE: i64 = 400;

async fn it_goes_on_where_it_stopped(engine: Engine) {
    let url = database::create(engine).await;
    let seats = PEOPLE.to_string();
    let make = |arguments: &[&str]| command(&url, &[arguments, &["--tenant", "acme"]].concat());
    command(&url, &["tenant", "create", "acme"]);
    make(&[
        "pool",
        "create",
        "--key",
        "p",
        "--purchased",
        &seats,
        "--term-start",
        "2020-01-01",
        "--term-end",
        "2090-12-31",
    ]);
    make(&["track", "create", "--key", "t", "--name", "T", "--default"]);
    let scim = make(&["token", "create", "--role", "scim"]);
    let owner = make(&["token", "create", "--role", "owner"]);
    let approver = make(&["token", "create", "--role", "approver"]);
    let http = reqwest::Client::new();
    let post = async |base: &str, path: &str, token: &str, body: Value| {
        let request = http.post(format!("{base}{path}")).bearer_auth(token);
        let reply = request.json(&body).send().await.unwrap();
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
        reply.json::<Value>().await.unwrap()
    };
    let get = async |base: &str, path: &str| {
        let request = http.get(format!("{base}{path}")).bearer_auth(&owner);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };

    let (process, base) = Process::serve(&url);
    let operations: Vec<_> = (0..PEOPLE)
        .map(|n| {
            let data = user(&format!("u{n}"), json!({}));
            json!({"method": "POST", "path": "/Users", "bulkId": format!("b{n}"), "data": data})
        })
        .collect();
    let bulk = json!({"schemas": [BULK], "Operations": operations});
    post(&base, "/scim/v2/Bulk", &scim, bulk).await;
    let body = json!({"kind": "end", "filter": {"track": "t"}, "reason": "reclaimed"});
    let plan = post(&base, "/admin/v1/plans", &owner, body).await;
    assert_eq!(plan["counts"]["planned"], PEOPLE, "{plan}");
    let path = format!("/admin/v1/plans/{}", plan["id"].as_str().unwrap());
    let hash = json!({"hash": plan["hash"]});
    post(&base, &format!("{path}/approve"), &approver, hash.clone()).await;
    let apply = http.post(format!("{base}{path}/apply")).bearer_auth(&owner);
    let applying = tokio::spawn(apply.json(&hash).send());
    for _ in 0..1_000 {
        let now = get(&base, &path).await;
        if now["counts"]["applied"].as_i64() > Some(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    process.kill();
    let _ = applying.await;

    // Nobody asks again: the server goes on by itself.
    let (_process, base) = Process::serve(&url);
    for _ in 0..300 {
        if get(&base, &path).await["state"] == "applied" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let done = get(&base, &path).await;
    assert_eq!(done["state"], "applied", "{done}");
    assert_eq!(done["counts"]["applied"], PEOPLE, "{done}");
    let pool = get(&base, "/admin/v1/pools/p").await;
    assert_eq!(pool["available"], PEOPLE, "{pool}");
    let ended = get(&base, "/admin/v1/ledger?action=access.ended&limit=500").await;
    let ended = ended["items"].as_array().unwrap().len();
    assert_eq!(i64::try_from(ended).unwrap(), PEOPLE);
    let verdict = get(&base, "/admin/v1/ledger/verify").await;
    assert_eq!(verdict["ok"], true, "{verdict}");
}

//! A file that was being carried out by its plan when the process was killed.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::Process;
use crate::common::{Engine, database, server::command};

both_engines_alone!(its_rows_go_on_where_they_stopped);

const LEAVERS: i64 = 300;
const STAY: i64 = 100;
const NEW: i64 = 600;

fn file(names: impl Iterator<Item = String>) -> String {
    let mut text = String::from("email,title\n");
    for name in names {
        let _ = writeln!(text, "{name}@acme.example,Boss");
    }
    text
}

/// A server's admin API, as one token sees it.
struct Api<'h> {
    http: &'h reqwest::Client,
    base: String,
}

impl Api<'_> {
    async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}/admin/v1{path}", self.base));
        let reply = request.bearer_auth(token).json(&body).send().await.unwrap();
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
        reply.json().await.unwrap()
    }

    async fn send(&self, query: &str, token: &str, file: String) -> Value {
        let request = self
            .http
            .post(format!("{}/admin/v1/imports?{query}", self.base));
        let request = request
            .bearer_auth(token)
            .header("content-type", "text/csv");
        let reply = request.body(file).send().await.unwrap();
        assert!(reply.status().is_success(), "{query}: {}", reply.status());
        reply.json().await.unwrap()
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        let request = self.http.get(format!("{}/admin/v1{path}", self.base));
        let reply = request.bearer_auth(token).send().await.unwrap();
        reply.json().await.unwrap()
    }
}

async fn its_rows_go_on_where_they_stopped(engine: Engine) {
    let url = database::create(engine).await;
    let make = |arguments: &[&str]| command(&url, &[arguments, &["--tenant", "acme"]].concat());
    command(&url, &["tenant", "create", "acme"]);
    let pool = "pool create --key p --purchased 2000 --term-start 2020-01-01 --term-end 2090-12-31";
    make(&pool.split(' ').collect::<Vec<_>>());
    make(&["track", "create", "--key", "t", "--name", "T", "--default"]);
    let owner = make(&["token", "create", "--role", "owner"]);
    let approver = make(&["token", "create", "--role", "approver"]);
    let http = reqwest::Client::new();

    let (process, base) = Process::serve(&url);
    let api = Api { http: &http, base };
    let here = (0..LEAVERS).map(|n| format!("l{n}"));
    let here = here.chain((0..STAY).map(|n| format!("s{n}")));
    let text = file(here).replace(",Boss", ",");
    api.send("dryRun=false", &owner, text).await;
    let all = (0..STAY).map(|n| format!("s{n}"));
    let all = file(all.chain((0..NEW).map(|n| format!("n{n}"))));
    let query = format!("mode=full&dryRun=false&confirmOmissions={LEAVERS}");
    let import = api.send(&query, &owner, all).await;
    assert_eq!(import["state"], "planned", "{import}");
    let plan = format!("/plans/{}", import["plan"]["id"].as_str().unwrap());
    let read = format!("/imports/{}", import["id"].as_str().unwrap());
    let hash = json!({"hash": import["plan"]["hash"]});
    api.post(&format!("{plan}/approve"), &approver, hash.clone())
        .await;
    let apply = http.post(format!("{}/admin/v1{plan}/apply", api.base));
    let applying = tokio::spawn(apply.bearer_auth(&owner).json(&hash).send());
    // In the middle of the rows, once all have left.
    for _ in 0..4_000 {
        let now = api.get(&read, &owner).await;
        // While it waits it says what it would make.
        if now["state"] != "planned" && now["created"].as_i64() > Some(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    process.kill();
    let _ = applying.await;

    // Nobody asks again: the server goes on by itself.
    let (_process, base) = Process::serve(&url);
    let api = Api { http: &http, base };
    for _ in 0..300 {
        if api.get(&plan, &owner).await["state"] == "applied" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let done = api.get(&plan, &owner).await;
    assert_eq!(done["state"], "applied", "{done}");
    assert_eq!(done["counts"]["applied"], LEAVERS, "{done}");
    let done = api.get(&read, &owner).await;
    assert_eq!(done["state"], "finished", "{done}");
    for (count, expected) in [
        ("deactivated", LEAVERS),
        ("created", NEW),
        ("changed", STAY),
        ("failed", 0),
    ] {
        assert_eq!(done[count], expected, "{count}: {done}");
    }
    let pool = api.get("/pools/p", &owner).await;
    assert_eq!(pool["grace"], LEAVERS, "{pool}");
    assert_eq!(pool["occupied"], STAY + NEW, "{pool}");
    let verdict = api.get("/ledger/verify", &owner).await;
    assert_eq!(verdict["ok"], true, "{verdict}");
}

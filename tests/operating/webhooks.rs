//! Webhooks where processes are killed, and where there are several.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seatkeeper::clock::Clock;
use serde_json::json;

use super::process::Process;
use crate::common::receiver::{Got, Receiver};
use crate::common::tenant::user;
use crate::common::{COACHING, Engine, Server, database, run_alone, server::command};

both_engines_alone!(
    a_message_under_way_when_the_process_dies_is_sent_again,
    what_figures_tell_is_one_message_however_often_the_process_dies,
);

#[test]
fn replicas_send_each_message_once() {
    run_alone(Engine::Postgres, send_once);
}

fn is_of(got: &[Got], kind: &str) -> usize {
    got.iter().filter(|one| one.kind() == kind).count()
}

async fn a_message_under_way_when_the_process_dies_is_sent_again(engine: Engine) {
    let url = database::create(engine).await;
    command(&url, &["tenant", "create", "acme"]);
    let tenant = ["--tenant", "acme"];
    let pool = ["pool", "create", "--key", "p", "--purchased", "9"];
    let term = ["--term-start", "2020-01-01", "--term-end", "2090-12-31"];
    command(&url, &[&pool[..], &term, &tenant].concat());
    let track = ["track", "create", "--key", "t", "--name", "T", "--default"];
    command(&url, &[&track[..], &tenant].concat());
    let token = |role| {
        command(
            &url,
            &[&["token", "create", "--role", role], &tenant[..]].concat(),
        )
    };
    let (scim, owner) = (token("scim"), token("owner"));
    let receiver = Receiver::start().await;
    receiver.answer_with(|_| (200, Duration::from_mins(1)));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    let (process, base) = Process::serve_with(&url, &["--webhooks-allow-private"]);
    let hook = json!({"url": receiver.url, "types": ["seat.assigned", "access.ended"]});
    let made = http.post(format!("{base}/admin/v1/webhooks"));
    let made = made.bearer_auth(&owner).json(&hook).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let made = http.post(format!("{base}/scim/v2/Users"));
    let body = user("ada", json!({}));
    let made = made.bearer_auth(&scim).json(&body).send().await.unwrap();
    assert_eq!(made.status(), 201);
    receiver.until_got(1).await;
    // It has been received and not answered; the next is still in the database.
    let end = http.post(format!("{base}/admin/v1/members/ada/end"));
    let body = json!({"reason": "role_change"});
    let ended = end.bearer_auth(&owner).json(&body).send().await.unwrap();
    assert_eq!(ended.status(), 200);
    process.kill();

    receiver.answer(200);
    let (_process, _) = Process::serve_with(&url, &["--webhooks-allow-private"]);
    let got = receiver
        .until("both messages", |got| is_of(got, "access.ended") == 1)
        .await;
    assert_eq!(is_of(&got, "seat.assigned"), 2, "at least once");
    assert_eq!(got[0].id(), got[1].id(), "the same message");
}

async fn send_once(engine: Engine) {
    let first = Server::start(engine, Clock::system()).await;
    let second = first.replica().await;
    let tenant = first.new_tenant();
    let owner = tenant.admin("owner");
    let term = json!({"key": "p", "purchased": 100, "termStart": "2020-01-01",
                      "termEnd": "2039-12-31"});
    owner.post("/pools", term).await.status(201);
    let track = json!({"key": "t", "name": "T", "default": true});
    owner.post("/tracks", track).await.status(201);
    let receiver = Receiver::start().await;
    // Slow enough for both to find something to do.
    receiver.answer_with(|_| (200, Duration::from_millis(50)));
    let hook = json!({"url": receiver.url, "types": ["seat.assigned"]});
    owner.post("/webhooks", hook).await.status(201);
    let clients = [tenant.scim(), tenant.at(second.address).scim()];
    for n in 0..60 {
        let body = user(&format!("u{n}"), json!({}));
        clients[n % 2].post("/Users", body).await.status(201);
    }
    receiver.until_got(60).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut times = BTreeMap::new();
    for got in receiver.got() {
        *times.entry(got.id()).or_insert(0) += 1;
    }
    assert_eq!(times.len(), 60);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    drop((first, second));
}

async fn what_figures_tell_is_one_message_however_often_the_process_dies(engine: Engine) {
    const POOLS: usize = 6;
    let url = database::create(engine).await;
    let tenant = ["--tenant", "acme"];
    command(&url, &["tenant", "create", "acme"]);
    let term = ["--term-start", "2020-01-01", "--term-end", "2090-12-31"];
    for n in 0..POOLS {
        let key = format!("p{n}");
        let pool = ["pool", "create", "--key", &key, "--purchased", "1"];
        command(&url, &[&pool[..], &term, &tenant].concat());
    }
    let track = ["track", "create", "--key", "t", "--name", "T", "--default"];
    command(&url, &[&track[..], &tenant].concat());
    let token = |role| {
        let create = ["token", "create", "--role", role];
        command(&url, &[&create[..], &tenant].concat())
    };
    let (scim, owner) = (token("scim"), token("owner"));
    let receiver = Receiver::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (mut process, mut base) = Process::serve_with(&url, &["--webhooks-allow-private"]);
    let hook = json!({"url": receiver.url, "types": ["pool.full"]});
    let made = http.post(format!("{base}/admin/v1/webhooks"));
    let made = made.bearer_auth(&owner).json(&hook).send().await.unwrap();
    assert_eq!(made.status(), 201);
    for n in 0..POOLS {
        let wish = json!({COACHING: {"pool": format!("p{n}")}});
        let made = http.post(format!("{base}/scim/v2/Users"));
        let body = user(&format!("u{n}"), wish);
        let made = made.bearer_auth(&scim).json(&body).send().await.unwrap();
        assert_eq!(made.status(), 201);
        // Before it is noticed, while it is told, and after.
        let pause = Duration::from_millis(u64::try_from(n).unwrap() * 500);
        tokio::time::sleep(pause).await;
        process.kill();
        (process, base) = Process::serve_with(&url, &["--webhooks-allow-private"]);
    }
    let told = |got: &[Got]| {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for one in got {
            let pool = one.json["data"]["pool"].as_str().unwrap().to_owned();
            ids.entry(pool).or_default().insert(one.id());
        }
        ids
    };
    // The lease of a process that was killed runs out first.
    let what = "a message for each pool";
    receiver
        .until_within(Duration::from_mins(2), what, |got| told(got).len() == POOLS)
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let ids = told(&receiver.got());
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:#?}");
}

//! A request that is sent again under the same `Idempotency-Key`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::client::Request;
use crate::common::{Client, Engine, Reply, Tenant, database};
use crate::office::{Office, days};

both_engines!(
    what_is_sent_again_is_answered_again_and_done_once,
    a_refusal_is_answered_again,
    another_request_under_the_same_key_is_refused,
    a_key_is_one_credentials_own,
    a_key_that_is_none_is_refused,
    many_at_once_have_one_effect,
    what_needs_no_key_takes_no_notice_of_one,
    whoever_hangs_up_is_answered_when_they_come_back,
);
both_engines_alone!(
    a_key_is_forgotten_after_a_day,
    who_was_killed_before_the_effect_is_done_again,
    who_was_killed_after_the_effect_is_not_done_again,
    answers_go_when_somebody_is_erased,
);

fn keyed(client: &Client, path: &str, body: Value, key: &str) -> Request {
    client.post(path, body).header("idempotency-key", key)
}

fn is_replayed(reply: &Reply) -> bool {
    reply.headers.contains_key("idempotency-replayed")
}

fn extend(days: i64) -> Value {
    json!({"addDays": days})
}

async fn lines(office: &Office, action: &str) -> usize {
    let lines = office.owner.get("/ledger").query("action", action).await;
    lines["items"].as_array().unwrap().len()
}

async fn what_is_sent_again_is_answered_again_and_done_once(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let until = json!({"accessEndDate": "2030-01-01"});
    let until = json!({crate::common::COACHING: until});
    office.hire("ada", until).await;
    let send = async || {
        let request = keyed(&office.owner, "/members/ada/extend", extend(10), "k1");
        request.await.status(200)
    };
    let (first, second) = (send().await, send().await);
    assert!(!is_replayed(&first), "{first}");
    assert!(is_replayed(&second), "{second}");
    assert_eq!(first.text, second.text);
    let ada = office.member("ada").await;
    ada.holds("/accessEndDate", "2030-01-11");
    let third = keyed(&office.owner, "/members/ada/extend", extend(10), "k2").await;
    third
        .status(200)
        .holds("/member/accessEndDate", "2030-01-21");

    let track = json!({"key": "piano", "name": "Piano"});
    let made = keyed(&office.owner, "/tracks", track.clone(), "t").await;
    let again = keyed(&office.owner, "/tracks", track, "t")
        .await
        .status(201);
    assert_eq!(made.text, again.text);
    assert_eq!(made.header("location"), again.header("location"));
    assert_eq!(made.header("content-type"), again.header("content-type"));
    office.books_balance().await;
}

async fn a_refusal_is_answered_again(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let track = json!({"key": "growth", "name": "Growth"});
    let first = keyed(&office.owner, "/tracks", track.clone(), "k").await;
    let first = first.status(409).holds("/code", "taken");
    let again = keyed(&office.owner, "/tracks", track, "k")
        .await
        .status(409);
    assert!(is_replayed(&again), "{again}");
    assert_eq!(first.text, again.text);
    assert_eq!(again["field"], "key", "what the code adds\n{again}");
}

async fn another_request_under_the_same_key_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let end = json!({"reason": "declined"});
    let done = keyed(&office.owner, "/members/ada/end", end.clone(), "k").await;
    done.status(200);
    for (path, body) in [
        ("/members/ada/end", json!({"reason": "inactive"})),
        ("/members/bob/end", end.clone()),
        ("/members/ada/end?x=1", end),
    ] {
        let refused = keyed(&office.owner, path, body, "k").await.status(422);
        refused.holds("/code", "idempotency_key_reused");
    }
    assert_eq!(office.state("bob").await, "assigned");
}

async fn a_key_is_one_credentials_own(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let neighbour = Office::with_seats(office.tenant.neighbour(), 1).await;
    let other = office.tenant.admin("owner");
    for (at, client) in [&office.owner, &neighbour.owner, &other]
        .into_iter()
        .enumerate()
    {
        let track = json!({"key": format!("t{at}"), "name": "T"});
        let made = keyed(client, "/tracks", track, "k").await.status(201);
        assert!(!is_replayed(&made), "{made}");
    }
}

async fn a_key_that_is_none_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let track = json!({"key": "piano", "name": "Piano"});
    let long = "k".repeat(256);
    for key in ["", " ", "two words", &long] {
        let refused = keyed(&office.owner, "/tracks", track.clone(), key).await;
        refused
            .status(400)
            .holds("/code", "invalid_idempotency_key");
    }
    office.owner.get("/tracks/piano").await.status(404);
    let longest = "k".repeat(255);
    let made = keyed(&office.owner, "/tracks", track, &longest).await;
    made.status(201);
}

async fn many_at_once_have_one_effect(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let sent = (0..12).map(|_| {
        let body = json!({"reason": "declined"});
        let request = keyed(&office.owner, "/members/ada/end", body, "k");
        tokio::spawn(async move { request.await })
    });
    let sent: Vec<_> = sent.collect();
    let mut texts = Vec::new();
    for reply in sent {
        let reply = reply.await.unwrap();
        if reply.status == 200 {
            texts.push(reply.text);
        } else {
            let reply = reply.status(409);
            reply.holds("/code", "idempotency_key_in_use");
        }
    }
    assert!(!texts.is_empty());
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    assert_eq!(lines(&office, "access.ended").await, 1);
}

async fn what_needs_no_key_takes_no_notice_of_one(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    for key in ["", "k"] {
        let read = office.owner.get("/members").header("idempotency-key", key);
        read.await.status(200);
    }
    for name in ["ada", "bob"] {
        let file = format!("email\n{name}@acme.example\n");
        let sent = office.owner.post("/imports?dryRun=false", json!(null));
        let sent = sent.body("text/csv", file).header("idempotency-key", "f");
        sent.await.status(201).holds("/created", 1);
    }
    let nowhere = keyed(&office.owner, "/nowhere", json!({}), "k");
    nowhere.await.status(404);
}

// The client gives up, wherever the request is by then; it goes on, and its answer waits for the
// next try.
async fn whoever_hangs_up_is_answered_when_they_come_back(t: Tenant) {
    let office = Office::with_seats(t, 8).await;
    for patience in 1..=8 {
        let who = format!("ada{patience}");
        office.hire(&who, json!({})).await;
        let path = format!("/members/{who}/end");
        let body = json!({"reason": "declined"});
        let send = || keyed(&office.owner, &path, body.clone(), &who);
        let given_up = tokio::time::timeout(Duration::from_millis(patience), send().into_future());
        let _ = given_up.await;
        answered_in_the_end(send).await;
    }
    assert_eq!(lines(&office, "access.ended").await, 8);
}

async fn answered_in_the_end(send: impl Fn() -> Request) {
    for _ in 0..100 {
        let reply = send().await;
        if reply.status == 200 {
            return;
        }
        reply.status(409).holds("/code", "idempotency_key_in_use");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is never answered");
}

async fn a_key_is_forgotten_after_a_day(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let make = async |key: &str| {
        let track = json!({"key": key, "name": "T"});
        keyed(&office.owner, "/tracks", track, "k").await
    };
    make("a").await.status(201);
    server
        .clock
        .advance(days(1) - jiff::SignedDuration::from_secs(60));
    make("b").await.status(422);
    server.clock.advance(jiff::SignedDuration::from_secs(61));
    make("b").await.status(201);
    server.stop().await;
}

/// Makes a request look as one whose server was killed before it was answered.
async fn killed(engine: Engine, url: &str, sql: &'static str) {
    database::run(engine, url, sql).await;
}

async fn who_was_killed_before_the_effect_is_done_again(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"reason": "declined", "dryRun": true});
    let send = async || keyed(&office.owner, "/members/ada/end", body.clone(), "k").await;
    send().await.status(200);
    let sql = "update idempotent_request set status = null, body = null, took_effect = false";
    killed(engine, &server.database_url, sql).await;
    // Nobody knows yet that the server was killed.
    let refused = send().await.status(409);
    refused.holds("/code", "idempotency_key_in_use");
    server.clock.advance(jiff::SignedDuration::from_mins(2));
    let done = send().await.status(200);
    assert!(!is_replayed(&done), "{done}");
    assert!(is_replayed(&send().await));
    server.stop().await;
}

async fn who_was_killed_after_the_effect_is_not_done_again(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let until = json!({crate::common::COACHING: {"accessEndDate": "2030-01-01"}});
    office.hire("ada", until).await;
    let send = async || keyed(&office.owner, "/members/ada/extend", extend(10), "k").await;
    send().await.status(200);
    // The mark of the effect is of the effect's own transaction: only the answer is missing.
    let sql = "update idempotent_request set status = null, body = null";
    killed(engine, &server.database_url, sql).await;
    server.clock.advance(jiff::SignedDuration::from_mins(2));
    let refused = send().await.status(409);
    refused.holds("/code", "idempotency_answer_lost");
    let ada = office.member("ada").await;
    ada.holds("/accessEndDate", "2030-01-11");
    server.stop().await;
}

async fn answers_go_when_somebody_is_erased(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"reason": "declined"});
    let send = async || keyed(&office.owner, "/members/ada/end", body.clone(), "k").await;
    assert!(send().await.status(200).text.contains("ada"));
    let policy = json!({"approveErasing": false});
    office.change("/policy", policy).await;
    let erase = json!({"confirm": "ada"});
    office.act("ada", "erase", erase).await.status(200);
    server.clock.advance(jiff::SignedDuration::from_mins(3));
    let refused = send().await.status(409);
    let refused = refused.holds("/code", "idempotency_answer_lost");
    assert!(!refused.text.contains("ada@"), "{refused}");
    server.stop().await;
}

//! What time and figures tell webhooks (domain 4.12, 4.16), each once for each cause.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::receiver::{Got, Receiver};
use crate::common::{COACHING, Engine, Reply, Server, Tenant};
use crate::journey::tell_at;
use crate::office::{Office, day, days, merge};

both_engines!(
    a_pool_that_fills_is_low_and_then_full,
    a_reconciliation_that_is_done_is_told_of,
    only_types_that_can_be_asked_for_are_named,
);

both_engines_alone!(
    row_22_who_stalls_and_who_does_no_more_is_told_once,
    who_had_stalled_before_the_webhook_is_not_told_of,
    a_lower_threshold_is_noticed_within_the_hour,
    row_27_an_end_is_announced_30_7_and_1_days_before,
    a_token_that_ends_soon_is_told_of_once,
    a_silent_connection_is_told_of_each_time_it_falls_silent,
    row_23_the_digest_comes_on_monday,
    two_servers_tell_each_thing_once,
);

/// Has a receiver told of these types; `rest` is merged over the webhook.
async fn told(office: &Office, receiver: &Receiver, types: &[&str], rest: Value) -> Reply {
    let mut body = json!({"url": receiver.url, "types": types});
    merge(&mut body, rest);
    office.owner.post("/webhooks", body).await.status(201)
}

fn of_kind(got: &[Got], kind: &str) -> Vec<Got> {
    let is = |one: &&Got| one.kind() == kind;
    got.iter().filter(is).cloned().collect()
}

/// Waits until so many of a type have arrived, and a while longer for one too many.
async fn exactly(receiver: &Receiver, kind: &str, n: usize) -> Vec<Got> {
    let what = format!("{n} of {kind}");
    receiver
        .until(&what, |got| of_kind(got, kind).len() >= n)
        .await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let got = of_kind(&receiver.got(), kind);
    assert_eq!(got.len(), n, "{kind}\n{got:#?}");
    got
}

async fn row_22_who_stalls_and_who_does_no_more_is_told_once(engine: Engine) {
    let (server, office) = Office::alone(engine, 3).await;
    let receiver = Receiver::start().await;
    let types = [
        "member.stalled",
        "member.unstalled",
        "member.status_changed",
    ];
    told(&office, &receiver, &types, json!({"engagement": true})).await;
    office.hire_all(&["ada", "bob"]).await;
    server
        .clock
        .advance(days(10) + SignedDuration::from_secs(5));
    let got = exactly(&receiver, "member.stalled", 2).await;
    let detail = &got[0].json["data"]["detail"];
    assert_eq!(detail["reason"], "delayed_activation", "{}", got[0].body);
    assert_eq!(detail["status"], "invited", "{}", got[0].body);
    assert_eq!(got[0].json["data"]["member"]["stalled"], true);
    // Looking again and again, and everything through each hour, tells nothing new.
    server.clock.advance(SignedDuration::from_hours(2));
    exactly(&receiver, "member.stalled", 2).await;
    let now = server.clock.now();
    tell_at(&office, now, "ada", "account.activated", json!({})).await;
    let over = exactly(&receiver, "member.unstalled", 1).await;
    assert_eq!(over[0].user_name(), "ada");
    assert_eq!(over[0].json["data"]["detail"]["status"], "activated");
    // In another status for too long is another cause.
    server.clock.advance(days(8));
    let got = exactly(&receiver, "member.stalled", 3).await;
    assert_eq!(got[2].user_name(), "ada");
    assert_eq!(
        got[2].json["data"]["detail"]["reason"],
        "onboarding_incomplete"
    );
    office.end("bob").await;
    let over = exactly(&receiver, "member.unstalled", 2).await;
    assert_eq!(over[1].user_name(), "bob");
    let of_ada: Vec<_> = receiver
        .got()
        .into_iter()
        .filter(|got| got.user_name() == "ada")
        .map(|got| got.kind().to_owned())
        .collect();
    let expected = [
        "member.stalled",
        "member.status_changed",
        "member.unstalled",
        "member.stalled",
    ];
    assert_eq!(of_ada, expected, "in their order");
    server.stop().await;
}

async fn who_had_stalled_before_the_webhook_is_not_told_of(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.hire("ada", json!({})).await;
    server.clock.advance(days(9));
    office.hire("bob", json!({})).await;
    server.clock.advance(days(2));
    let receiver = Receiver::start().await;
    let types = ["member.stalled", "member.unstalled"];
    told(&office, &receiver, &types, json!({"engagement": true})).await;
    server.clock.advance(days(9));
    let got = exactly(&receiver, "member.stalled", 1).await;
    assert_eq!(got[0].user_name(), "bob");
    // Of whom it is known when they are so no more.
    let now = server.clock.now();
    tell_at(&office, now, "ada", "account.activated", json!({})).await;
    let over = exactly(&receiver, "member.unstalled", 1).await;
    assert_eq!(over[0].user_name(), "ada");
    // Whoever may not know how people use their coaching is told none of it.
    let plain = json!({"url": receiver.url, "types": ["member.stalled"]});
    let refused = office.owner.post("/webhooks", plain).await.status(400);
    refused.holds("/field", "types");
    server.stop().await;
}

async fn a_lower_threshold_is_noticed_within_the_hour(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let receiver = Receiver::start().await;
    told(
        &office,
        &receiver,
        &["member.stalled"],
        json!({"engagement": true}),
    )
    .await;
    office.hire("ada", json!({})).await;
    server.clock.advance(days(5));
    office
        .change("/policy", json!({"stallThresholds": {"invited": 3}}))
        .await;
    server.clock.advance(SignedDuration::from_mins(61));
    let got = exactly(&receiver, "member.stalled", 1).await;
    assert_eq!(got[0].user_name(), "ada");
    server.stop().await;
}

async fn row_27_an_end_is_announced_30_7_and_1_days_before(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    let receiver = Receiver::start().await;
    told(&office, &receiver, &["seat.expiring"], json!({})).await;
    let ends = |ahead| json!({COACHING: {"accessEndDate": day(&server.clock, ahead)}});
    let ada = office.hire("ada", ends(40)).await;
    server.clock.advance(days(9));
    exactly(&receiver, "seat.expiring", 0).await;
    server.clock.advance(days(3));
    let got = exactly(&receiver, "seat.expiring", 1).await;
    let data = &got[0].json["data"];
    assert_eq!(data["detail"]["days"], 30, "{}", got[0].body);
    assert_eq!(data["member"]["userName"], "ada");
    assert_eq!(
        data["detail"]["accessEndDate"],
        data["member"]["accessEndDate"]
    );
    assert_eq!(data["pool"], "main");
    // An end that was moved is another one, and is announced as near as it is.
    let moved = day(&server.clock, 20);
    office
        .set_coaching(&ada, "accessEndDate", json!(moved))
        .await;
    server.clock.advance(SignedDuration::from_mins(61));
    let got = exactly(&receiver, "seat.expiring", 2).await;
    assert_eq!(got[1].json["data"]["detail"]["days"], 30);
    assert_eq!(got[1].json["data"]["detail"]["accessEndDate"], moved);
    server.clock.advance(days(14));
    let got = exactly(&receiver, "seat.expiring", 3).await;
    assert_eq!(got[2].json["data"]["detail"]["days"], 7);
    // Whoever leaves is announced no more.
    let leaver = office.hire("bob", ends(5)).await;
    office.set_active(&leaver, false).await;
    server.clock.advance(days(6));
    let got = exactly(&receiver, "seat.expiring", 4).await;
    assert_eq!(got[3].json["data"]["detail"]["days"], 1);
    server.clock.advance(days(3));
    exactly(&receiver, "seat.expiring", 4).await;
    server.stop().await;
}

async fn a_pool_that_fills_is_low_and_then_full(t: Tenant) {
    let office = Office::with_seats(t, 4).await;
    office
        .change("/policy", json!({"poolLowPercent": 50}))
        .await;
    let receiver = Receiver::start().await;
    told(&office, &receiver, &["pool.low", "pool.full"], json!({})).await;
    office.hire_all(&["a", "b"]).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(receiver.got().len(), 0, "half of it is left");
    office.hire("c", json!({})).await;
    let low = exactly(&receiver, "pool.low", 1).await;
    let data = &low[0].json["data"];
    assert_eq!(data["pool"], "main", "{}", low[0].body);
    assert_eq!(data["detail"]["available"], 1, "{}", low[0].body);
    assert_eq!(data["detail"]["purchased"], 4, "{}", low[0].body);
    office.hire("d", json!({})).await;
    exactly(&receiver, "pool.full", 1).await;
    office.end("d").await;
    exactly(&receiver, "pool.low", 1).await;
    office.hire("e", json!({})).await;
    exactly(&receiver, "pool.full", 2).await;
    let ids: std::collections::BTreeSet<_> = receiver.got().iter().map(Got::id).collect();
    assert_eq!(ids.len(), 3, "{:#?}", receiver.got());
}

async fn a_reconciliation_that_is_done_is_told_of(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    told(&office, &receiver, &["reconciliation.ready"], json!({})).await;
    office.hire("ada", json!({})).await;
    let request = office
        .owner
        .request(Method::POST, "/reconciliations?source=hr");
    let list = "email\nada@acme.example\nnobody@acme.example\n";
    let done = request.body("text/csv", list).await.status(201);
    let got = exactly(&receiver, "reconciliation.ready", 1).await;
    let detail = &got[0].json["data"]["detail"];
    assert_eq!(detail["reconciliation"], done.id());
    assert_eq!(detail["source"], "hr");
    assert_eq!(detail["buckets"]["ok"], 1, "{}", got[0].body);
}

async fn only_types_that_can_be_asked_for_are_named(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    for wrong in ["webhook.test", "member.bored"] {
        let body = json!({"url": receiver.url, "types": [wrong]});
        let refused = office.owner.post("/webhooks", body).await.status(400);
        let detail = refused.string("/detail");
        assert!(detail.contains("member.stalled"), "{detail}");
        assert!(!detail.contains("webhook.test"), "{detail}");
    }
    let made = told(&office, &receiver, &["member.invited"], json!({})).await;
    let path = format!("/webhooks/{}/test", made.id());
    for wrong in [json!({"to": "me"}), json!([1]), json!("now")] {
        office.owner.post(&path, wrong).await.status(400);
    }
    let request = office.owner.request(Method::POST, &path);
    request
        .body("application/json", "{not json")
        .await
        .status(400);
    assert_eq!(receiver.got().len(), 0);
    office.owner.post(&path, json!({})).await.status(200);
    let request = office.owner.request(Method::POST, &path);
    request.body("application/json", "").await.status(200);
    exactly(&receiver, "webhook.test", 2).await;
}

async fn a_token_that_ends_soon_is_told_of_once(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let receiver = Receiver::start().await;
    told(&office, &receiver, &["token.expiring"], json!({})).await;
    let token = ["token", "create", "--role", "viewer", "--expires-in", "32d"];
    let of = ["--tenant", &office.tenant.name];
    let made = office.tenant.command(&[&token[..], &of].concat());
    exactly(&receiver, "token.expiring", 0).await;
    server.clock.advance(days(3));
    let got = exactly(&receiver, "token.expiring", 1).await;
    let detail = &got[0].json["data"]["detail"];
    let id = detail["token"].as_str().unwrap();
    assert!(made.contains(id), "{}", got[0].body);
    assert_eq!(detail["role"], "viewer");
    server.clock.advance(days(1));
    exactly(&receiver, "token.expiring", 1).await;
    server.stop().await;
}

async fn a_silent_connection_is_told_of_each_time_it_falls_silent(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office
        .change("/policy", json!({"connectionSilentHours": 6}))
        .await;
    let receiver = Receiver::start().await;
    told(&office, &receiver, &["connection.silent"], json!({})).await;
    let ada = office.hire("ada", json!({})).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    server.clock.advance(SignedDuration::from_hours(5));
    exactly(&receiver, "connection.silent", 0).await;
    server.clock.advance(SignedDuration::from_hours(2));
    let got = exactly(&receiver, "connection.silent", 1).await;
    let detail = &got[0].json["data"]["detail"];
    assert_eq!(detail["connection"], "default", "{}", got[0].body);
    server.clock.advance(SignedDuration::from_hours(9));
    exactly(&receiver, "connection.silent", 1).await;
    office.set(&ada, "title", json!("VP")).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    server.clock.advance(SignedDuration::from_hours(7));
    exactly(&receiver, "connection.silent", 2).await;
    server.stop().await;
}

async fn row_23_the_digest_comes_on_monday(engine: Engine) {
    let server = Server::start(engine, seatkeeper::clock::Clock::system()).await;
    // A Sunday, at noon.
    server.clock.set("2027-03-07T12:00:00Z".parse().unwrap());
    let office = Office::with_seats(server.new_tenant(), 2).await;
    let (plain, trusted) = (Receiver::start().await, Receiver::start().await);
    told(&office, &plain, &["digest.weekly"], json!({})).await;
    told(
        &office,
        &trusted,
        &["digest.weekly"],
        json!({"engagement": true}),
    )
    .await;
    office.hire_all(&["ada", "bob", "waits"]).await;
    exactly(&plain, "digest.weekly", 0).await;
    server.clock.advance(days(15));
    for receiver in [&plain, &trusted] {
        let got = exactly(receiver, "digest.weekly", 1).await;
        let detail = &got[0].json["data"]["detail"];
        assert_eq!(detail["week"], "2027-03-22", "the newest one alone");
        assert_eq!(detail["waiting"], 1, "{}", got[0].body);
        assert_eq!(detail["pools"][0]["level"], "full", "{}", got[0].body);
    }
    let digest = |receiver: &Receiver| receiver.got()[0].json["data"]["detail"].clone();
    assert_eq!(digest(&trusted)["engagement"]["delayed_activation"], 2);
    assert!(digest(&plain)["engagement"].is_null());
    server.stop().await;
}

async fn two_servers_tell_each_thing_once(engine: Engine) {
    let (first, office) = Office::alone(engine, 20).await;
    // SQLite has one server; there the same holds across a restart.
    let second = match engine {
        Engine::Postgres => Some(first.replica().await),
        Engine::Sqlite => None,
    };
    let receiver = Receiver::start().await;
    let types = ["member.stalled", "pool.full"];
    told(&office, &receiver, &types, json!({"engagement": true})).await;
    let names: Vec<_> = (0..20).map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    office.hire_all(&names).await;
    first.clock.advance(days(11));
    let first = match second {
        Some(_) => first,
        None => first.restart().await,
    };
    exactly(&receiver, "member.stalled", 20).await;
    exactly(&receiver, "pool.full", 1).await;
    let names: std::collections::BTreeSet<_> = of_kind(&receiver.got(), "member.stalled")
        .iter()
        .map(|got| got.user_name().to_owned())
        .collect();
    assert_eq!(names.len(), 20);
    drop((first, second));
}

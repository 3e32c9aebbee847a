//! What other systems are told.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use seatkeeper::clock::Clock;
use serde_json::{Value, json};

use crate::common::receiver::{Got, Receiver};
use crate::common::{Engine, NOBODY, Reply, Server, Tenant};
use crate::office::{Office, each, each_of, merge};

both_engines!(
    somebody_who_is_hired_is_told_of_and_signed,
    what_was_not_asked_for_is_not_told,
    nothing_is_told_of_what_came_before,
    how_people_use_their_coaching_is_told_only_where_asked,
    a_new_secret_signs_beside_the_old_one,
    a_test_arrives_at_once,
    a_replay_tells_again_under_the_same_names,
    a_receiver_that_is_gone_is_told_nothing_more,
    one_that_was_disabled_goes_on_where_it_stopped,
    a_slow_receiver_holds_up_nobody_else,
    a_redirect_is_not_followed,
    booked_sessions_of_a_leaver_are_to_be_cancelled,
    nonsense_is_refused_and_changes_nothing,
    a_webhook_is_its_owners_alone,
    a_webhook_is_changed_listed_and_removed,
);

both_engines_alone!(
    what_fails_is_tried_again_and_given_up_after_a_day,
    messages_of_one_person_arrive_in_order,
    addresses_that_are_not_public_are_refused_by_default,
    an_old_secret_signs_for_a_day,
);

/// Has a receiver told of what happens; `rest` is merged over the webhook.
async fn tell(office: &Office, receiver: &Receiver, rest: Value) -> Reply {
    let mut body = json!({"url": receiver.url});
    merge(&mut body, rest);
    office.owner.post("/webhooks", body).await.status(201)
}

async fn deliveries(office: &Office, webhook: &str) -> Reply {
    let path = format!("/webhooks/{webhook}/deliveries");
    office.owner.get(&path).await.status(200)
}

/// Waits until a delivery is in a state.
async fn until_delivery(office: &Office, webhook: &str, n: usize, pointer: &str, is: Value) {
    let path = format!("/webhooks/{webhook}/deliveries");
    for _ in 0..400 {
        let all = office.owner.get(&path).await.status(200);
        let items = all["items"].as_array().unwrap();
        let found = items.iter().find(|item| item["id"] == n);
        if found.is_some_and(|item| item.pointer(pointer) == Some(&is)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "{pointer} is not {is}\n{}",
        deliveries(office, webhook).await
    );
}

/// Waits until an attempt has failed and the next is so many seconds after it.
async fn until_waits(office: &Office, webhook: &str, failed: i64, pause: i64) {
    let mut all = deliveries(office, webhook).await;
    for _ in 0..400 {
        let first = &all["items"][0];
        let at = |key: &str| first[key].as_str()?.parse::<jiff::Timestamp>().ok();
        let waits = at("nextAt").zip(at("attemptedAt"));
        let waits = waits.map(|(next, at)| next.duration_since(at).as_secs());
        if first["attempts"] == failed && first["status"] == 500 && waits == Some(pause) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        all = deliveries(office, webhook).await;
    }
    panic!("attempt {failed} is not followed by {pause} s\n{all}");
}

async fn somebody_who_is_hired_is_told_of_and_signed(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({})).await;
    let secret = made.string("/secret");
    assert!(secret.starts_with("whsec_"), "{made}");
    let rest = json!({"externalId": "00u1", "title": "VP"});
    let id = office.hire("ada", rest).await;
    office.hire("bob", json!({})).await;

    let got = receiver.until_told("seat.assigned", "ada").await;
    assert!(got.is_signed_with(&secret), "{got:?}");
    assert!(!got.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(got.headers["content-type"], "application/json");
    let data = &got.json["data"];
    for (key, value) in [
        ("externalId", json!("00u1")),
        ("scimId", json!(id)),
        ("email", json!("ada@acme.example")),
        ("title", json!("VP")),
        ("track", json!("growth")),
        ("seatState", json!("assigned")),
    ] {
        assert_eq!(data["member"][key], value, "{key}\n{}", got.body);
    }
    assert_eq!(data["pool"], "main", "{}", got.body);
    assert!(got.json["timestamp"].is_string(), "{}", got.body);
    receiver.until_told("member.invited", "ada").await;
    receiver.until_told("seat.waitlisted", "bob").await;

    office.end("ada").await;
    receiver.until_told("access.ended", "ada").await;
    receiver.until_told("seat.freed", "ada").await;
    receiver.until_told("seat.promoted", "bob").await;
    let ids: std::collections::BTreeSet<_> = receiver.got().iter().map(Got::id).collect();
    assert_eq!(ids.len(), receiver.got().len(), "each is told once");
    office.books_balance().await;
}

async fn what_was_not_asked_for_is_not_told(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    tell(&office, &receiver, json!({"types": ["access.ended"]})).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    receiver.until_told("access.ended", "ada").await;
    assert_eq!(receiver.got().len(), 1);
}

async fn nothing_is_told_of_what_came_before(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire("ada", json!({})).await;
    let receiver = Receiver::start().await;
    tell(&office, &receiver, json!({"types": ["seat.assigned"]})).await;
    office.hire("bob", json!({})).await;
    receiver.until_told("seat.assigned", "bob").await;
    assert_eq!(receiver.got().len(), 1);
}

async fn how_people_use_their_coaching_is_told_only_where_asked(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let (plain, trusted) = (Receiver::start().await, Receiver::start().await);
    tell(&office, &plain, json!({})).await;
    let wish = json!({"types": ["member.status_changed"]});
    let refused = json!({"url": plain.url, "types": ["member.status_changed"]});
    let refused = office.owner.post("/webhooks", refused).await.status(400);
    refused.holds("/field", "types");
    let mut wish = wish;
    merge(&mut wish, json!({"engagement": true}));
    tell(&office, &trusted, wish).await;
    office.hire("ada", json!({})).await;
    let event = json!({"id": "e1", "type": "account.activated", "member": "ada",
                       "occurredAt": Clock::system().now()});
    office.owner.post("/events", event).await.status(200);

    let got = trusted.until_told("member.status_changed", "ada").await;
    assert_eq!(got.json["data"]["member"]["status"], "activated");
    assert_eq!(
        got.json["data"]["detail"]["from"], "invited",
        "{}",
        got.body
    );
    assert_eq!(
        got.json["data"]["detail"]["to"], "activated",
        "{}",
        got.body
    );
    let got = plain.until_told("seat.assigned", "ada").await;
    let member = &got.json["data"]["member"];
    for key in ["status", "stalled", "sessionsCompleted", "lastEngagementAt"] {
        assert!(member[key].is_null(), "{key}\n{}", got.body);
    }
    assert!(
        plain
            .got()
            .iter()
            .all(|g| g.kind() != "member.status_changed")
    );
}

async fn a_new_secret_signs_beside_the_old_one(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({})).await;
    let (id, old) = (made.id(), made.string("/secret"));
    let path = format!("/webhooks/{id}/rotate");
    let rotated = office.owner.post(&path, json!({})).await.status(200);
    let new = rotated.string("/secret");
    assert_ne!(new, old);
    assert!(rotated.at("/oldSecretUntil").is_string(), "{rotated}");
    office.hire("ada", json!({})).await;
    let got = receiver.until_told("seat.assigned", "ada").await;
    assert!(
        got.is_signed_with(&old) && got.is_signed_with(&new),
        "{got:?}"
    );
    let read = office.owner.get(&format!("/webhooks/{id}")).await;
    read.status(200).lacks("/secret");
}

async fn an_old_secret_signs_for_a_day(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({})).await;
    let (id, old) = (made.id(), made.string("/secret"));
    let path = format!("/webhooks/{id}/rotate");
    let rotated = office.owner.post(&path, json!({})).await.status(200);
    server.clock.advance(SignedDuration::from_hours(25));
    let path = format!("/webhooks/{id}/test");
    office.owner.post(&path, json!({})).await.status(200);
    let got = receiver.until_got(1).await.remove(0);
    let signatures = got.headers["webhook-signature"].to_str().unwrap();
    assert_eq!(signatures.split(' ').count(), 1, "{signatures}");
    assert_ne!(rotated.string("/secret"), old);
}

async fn a_test_arrives_at_once(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({"types": ["access.ended"]})).await;
    let path = format!("/webhooks/{}/test", made.id());
    let sent = office.owner.post(&path, json!({})).await.status(200);
    let got = receiver.until_got(1).await.remove(0);
    assert_eq!(got.kind(), "webhook.test");
    assert_eq!(got.id(), sent.string("/message"));
    assert!(got.is_signed_with(&made.string("/secret")));
    until_delivery(&office, &made.id(), 1, "/state", json!("delivered")).await;
    until_delivery(&office, &made.id(), 1, "/status", json!(200)).await;
}

async fn a_replay_tells_again_under_the_same_names(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let wish = json!({"types": ["seat.assigned", "access.ended"]});
    let made = tell(&office, &receiver, wish).await;
    let from = office.owner.get(&format!("/webhooks/{}", made.id())).await;
    let from = from.number("/position") + 1;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    receiver.until_told("access.ended", "ada").await;
    let path = format!("/webhooks/{}/replay", made.id());
    let replay = office.owner.post(&path, json!({"from": from})).await;
    replay.status(200).holds("/position", from - 1);
    let got = receiver.until_got(4).await;
    let ids: Vec<_> = got.iter().map(Got::id).collect();
    assert_eq!(ids[..2], ids[2..4], "the same messages in the same order");
    let far = office.owner.post(&path, json!({"from": 1_000_000})).await;
    far.status(400).holds("/field", "from");
}

async fn a_receiver_that_is_gone_is_told_nothing_more(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({"types": ["seat.assigned"]})).await;
    receiver.answer(410);
    office.hire("ada", json!({})).await;
    until_delivery(&office, &made.id(), 1, "/state", json!("dead")).await;
    let read = office.owner.get(&format!("/webhooks/{}", made.id())).await;
    read.holds("/state", "disabled")
        .holds("/disabledReason", "gone");
    receiver.answer(200);
    office.hire("bob", json!({})).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(receiver.got().len(), 1);
    let lines = office.owner.get("/ledger?action=webhook.disabled").await;
    assert_eq!(each(&lines.status(200), "actor"), ["webhook"]);
}

async fn one_that_was_disabled_goes_on_where_it_stopped(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({"types": ["seat.assigned"]})).await;
    let path = format!("/webhooks/{}", made.id());
    let off = office.patch(&path, json!({"state": "disabled"})).await;
    off.status(200).holds("/disabledReason", "operator");
    office.hire("ada", json!({})).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(receiver.got().len(), 0);
    let on = office.patch(&path, json!({"state": "enabled"})).await;
    on.status(200).holds("/disabledReason", json!(null));
    receiver.until_told("seat.assigned", "ada").await;
}

async fn a_slow_receiver_holds_up_nobody_else(t: Tenant) {
    let office = Office::with_seats(t, 50).await;
    let (slow, fast) = (Receiver::start().await, Receiver::start().await);
    slow.answer_with(|_| (200, Duration::from_mins(1)));
    tell(&office, &slow, json!({"types": ["seat.assigned"]})).await;
    tell(&office, &fast, json!({"types": ["seat.assigned"]})).await;
    for n in 0..20 {
        office.hire(&format!("u{n}"), json!({})).await;
    }
    let begun = Instant::now();
    fast.until_got(20).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "it waited");
    office.hire("last", json!({})).await;
    fast.until_told("seat.assigned", "last").await;
}

async fn a_redirect_is_not_followed(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    receiver.answer(302);
    let made = tell(&office, &receiver, json!({"types": ["seat.assigned"]})).await;
    office.hire("ada", json!({})).await;
    until_delivery(&office, &made.id(), 1, "/status", json!(302)).await;
    until_delivery(&office, &made.id(), 1, "/state", json!("pending")).await;
}

async fn booked_sessions_of_a_leaver_are_to_be_cancelled(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let receiver = Receiver::start().await;
    let wish = json!({"types": ["sessions.cancel_requested", "access.ended"]});
    tell(&office, &receiver, wish).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    let now = Clock::system().now();
    let booked = json!({"id": "e1", "type": "session.scheduled", "member": "ada", "occurredAt": now,
                        "sessionId": "s1", "startsAt": now + SignedDuration::from_hours(48)});
    office.owner.post("/events", booked).await.status(200);
    office.set_active(&ada, false).await;
    let got = receiver
        .until_told("sessions.cancel_requested", "ada")
        .await;
    assert_eq!(got.json["data"]["sessions"][0]["id"], "s1", "{}", got.body);
    office.end("bob").await;
    receiver.until_told("access.ended", "bob").await;
    let of_bob = |g: &Got| g.kind() == "sessions.cancel_requested" && g.user_name() == "bob";
    assert!(!receiver.got().iter().any(of_bob), "bob had booked nothing");
}

async fn nonsense_is_refused_and_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let url = "http://127.0.0.1:9/";
    for (body, code, field) in [
        (json!({}), "missing_field", "url"),
        (json!({"url": 7}), "invalid_value", "url"),
        (json!({"url": "example.com"}), "invalid_value", "url"),
        (json!({"url": "ftp://example.com/"}), "invalid_value", "url"),
        (
            json!({"url": "https://a:b@example.com/"}),
            "invalid_value",
            "url",
        ),
        (
            json!({"url": url, "types": ["nothing"]}),
            "invalid_value",
            "types",
        ),
        (
            json!({"url": url, "types": "seat.assigned"}),
            "invalid_value",
            "types",
        ),
        (
            json!({"url": url, "types": ["webhook.test"]}),
            "invalid_value",
            "types",
        ),
        (json!({"url": url, "state": "on"}), "invalid_value", "state"),
        (
            json!({"url": url, "secret": "x"}),
            "unknown_field",
            "secret",
        ),
    ] {
        let refused = office.owner.post("/webhooks", body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    let all = office.owner.get("/webhooks").await.status(200);
    assert_eq!(each(&all, "id").len(), 0);
    for path in ["rotate", "test"] {
        for id in [NOBODY, "x"] {
            let path = format!("/webhooks/{id}/{path}");
            let reply = office.owner.post(&path, json!({})).await.status(404);
            reply.holds("/code", "not_found");
        }
    }
    let made = office.owner.post("/webhooks", json!({"url": url})).await;
    let path = format!("/webhooks/{}/deliveries", made.status(201).id());
    office
        .owner
        .get(&format!("{path}?state=lost"))
        .await
        .status(400);
    for n in ["1", "x", "-1"] {
        let path = format!("{path}/{n}/redeliver");
        office.owner.post(&path, json!({})).await.status(404);
    }
}

async fn a_webhook_is_its_owners_alone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let made = office
        .owner
        .post("/webhooks", json!({"url": "http://127.0.0.1:9/"}))
        .await
        .status(201);
    for role in [
        "viewer",
        "approver",
        "program_admin",
        "license_admin",
        "auditor",
    ] {
        let client = office.tenant.admin(role);
        let refused = client.get("/webhooks").await.status(403);
        refused
            .holds("/code", "forbidden")
            .holds("/right", "webhooks");
    }
    let other = office.tenant.neighbour().admin("owner");
    other
        .get(&format!("/webhooks/{}", made.id()))
        .await
        .status(404);
    let path = format!("/webhooks/{}", made.id());
    other.delete(&path).await.status(404);
    office.owner.get(&path).await.status(200);
}

async fn a_webhook_is_changed_listed_and_removed(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let made = tell(&office, &receiver, json!({})).await;
    let path = format!("/webhooks/{}", made.id());
    let types = json!(["seat.assigned", "seat.freed"]);
    let changed = office
        .patch(&path, json!({"types": types}))
        .await
        .status(200);
    changed.holds("/types", types.clone()).lacks("/secret");
    let all = office.owner.get("/webhooks").await.status(200);
    assert_eq!(each_of(&all, "types"), [types]);
    assert!(!all.text.contains("secret\""), "{all}");
    let table = office.owner.get("/webhooks?format=table").await.status(200);
    assert!(table.text.contains("seat.assigned seat.freed"), "{table}");
    office.hire("ada", json!({})).await;
    receiver.until_got(1).await;
    let csv = office
        .owner
        .get(&format!("{path}/deliveries?format=csv"))
        .await;
    assert!(csv.status(200).text.starts_with("id,message,type,"));
    office.owner.delete(&path).await.status(200);
    office.owner.get(&path).await.status(404);
    office
        .owner
        .get(&format!("{path}/deliveries"))
        .await
        .status(404);
    office.books_balance().await;
}

async fn what_fails_is_tried_again_and_given_up_after_a_day(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let receiver = Receiver::start().await;
    receiver.answer(500);
    let made = tell(&office, &receiver, json!({"types": ["seat.assigned"]})).await;
    let id = made.id();
    office.hire("ada", json!({})).await;
    let pauses = [5, 30, 120, 600, 3_600, 21_600, 86_400];
    for (failed, pause) in (1..).zip(pauses) {
        until_waits(&office, &id, failed, pause).await;
        server.clock.advance(SignedDuration::from_secs(pause));
    }
    until_delivery(&office, &id, 1, "/state", json!("dead")).await;
    let got = receiver.got();
    assert_eq!(got.len(), 8);
    assert!(got.iter().all(|one| one.id() == got[0].id()));

    receiver.answer(204);
    let path = format!("/webhooks/{id}/deliveries/1/redeliver");
    let again = office.owner.post(&path, json!({})).await.status(200);
    again.holds("/id", 2).holds("/message", got[0].id());
    until_delivery(&office, &id, 2, "/state", json!("delivered")).await;
    let dead = format!("/webhooks/{id}/deliveries?state=dead");
    let dead = office.owner.get(&dead).await.status(200);
    assert_eq!(each_of(&dead, "id"), [1]);
}

async fn messages_of_one_person_arrive_in_order(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    let receiver = Receiver::start().await;
    receiver.answer_with(|got| {
        let fails = got.user_name() == "ada" && got.kind() == "seat.assigned";
        (if fails { 503 } else { 200 }, Duration::ZERO)
    });
    let wish = json!({"types": ["seat.assigned", "access.ended"]});
    let made = tell(&office, &receiver, wish).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    office.hire("bob", json!({})).await;
    office.end("bob").await;
    receiver.until_told("access.ended", "bob").await;
    receiver.until_told("seat.assigned", "ada").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let kinds = |user: &str| -> Vec<_> {
        let got = receiver.got().into_iter();
        got.filter(|g| g.user_name() == user)
            .map(|g| g.kind().to_owned())
            .collect()
    };
    assert_eq!(kinds("ada"), ["seat.assigned"], "the second waits");
    assert_eq!(kinds("bob"), ["seat.assigned", "access.ended"]);
    receiver.answer(200);
    until_delivery(&office, &made.id(), 1, "/status", json!(503)).await;
    server.clock.advance(SignedDuration::from_secs(6));
    receiver.until_told("access.ended", "ada").await;
    assert_eq!(
        kinds("ada"),
        ["seat.assigned", "seat.assigned", "access.ended"]
    );
}

async fn addresses_that_are_not_public_are_refused_by_default(engine: Engine) {
    let server = Server::start_with(engine, Clock::system(), |config| {
        config.webhooks_allow_private = false;
    });
    let server = server.await;
    let office = Office::with_seats(server.new_tenant(), 1).await;
    for url in [
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://localhost/",
        "https://0x7f.1/",
    ] {
        let refused = office.owner.post("/webhooks", json!({"url": url})).await;
        refused
            .status(400)
            .holds("/code", "private_address")
            .holds("/field", "url");
    }
    let plain = json!({"url": "http://example.com/"});
    let refused = office.owner.post("/webhooks", plain).await.status(400);
    refused.holds("/code", "invalid_value");
    let public = json!({"url": "https://example.com/"});
    office.owner.post("/webhooks", public).await.status(201);
}

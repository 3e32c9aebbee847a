//! The circuit breaker: what a connection takes away from too many people at once is held until
//! somebody decides (domain 4.6).

use seatkeeper::clock::Clock;
use seatkeeper::config::Switch;
use serde_json::{Value, json};

use crate::common::receiver::Receiver;
use crate::common::{Engine, Reply, Server};
use crate::office::{Office, days, each, merge};

both_engines_alone!(
    many_deactivations_cut_access_and_hold_seats,
    releasing_gives_the_seats_up,
    restoring_brings_everybody_back,
    deletes_and_pushes_to_groups_are_held_too,
    a_decision_takes_an_approver_and_a_tripped_breaker,
    removals_within_the_limit_and_the_window_are_done,
    it_can_be_switched_off,
);

/// A connection that may remove two people in an hour, with some who hold a seat each.
async fn guarded(engine: Engine, people: i32, rest: Value) -> (Server, Office, Vec<String>) {
    let (server, office) = Office::alone(engine, u32::try_from(people).unwrap()).await;
    let mut policy = json!({"breakerAbsolute": 2, "breakerPercent": 0});
    merge(&mut policy, rest);
    office.change("/policy", policy).await;
    let mut ids = Vec::new();
    for n in 0..people {
        ids.push(office.hire(&format!("p{n}"), json!({"active": true})).await);
    }
    (server, office, ids)
}

async fn breaker(office: &Office) -> Reply {
    office.owner.get("/connections").await.status(200)
}

async fn decide(office: &Office, action: &str) -> Reply {
    let approver = office.tenant.admin("approver");
    approver
        .post("/connections/default/breaker", json!({"action": action}))
        .await
}

/// The breaker's hold on those who were cut before it tripped is a job's.
async fn held(office: &Office, n: i64) {
    for _ in 0..100 {
        if breaker(office).await.at("/items/0/breaker/held") == &json!(n) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not {n} are held\n{}", breaker(office).await);
}

async fn many_deactivations_cut_access_and_hold_seats(engine: Engine) {
    let (server, office, ids) = guarded(engine, 4, json!({})).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url, "types": ["breaker.tripped"]});
    office.owner.post("/webhooks", hook).await.status(201);
    office.hire("waits", json!({})).await;
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "closed");
    for id in &ids[..2] {
        office.set_active(id, false).await;
    }
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "closed");
    // The third is one too many. The identity provider is answered as ever.
    office
        .set_active(&ids[2], false)
        .await
        .holds("/active", false);
    let tripped = breaker(&office)
        .await
        .holds("/items/0/breaker/state", "tripped");
    let tripped = tripped.holds("/items/0/breaker/removals", 3);
    let tripped = tripped.holds("/items/0/breaker/threshold", 2);
    assert!(
        tripped.at("/items/0/breaker/trippedAt").is_string(),
        "{tripped}"
    );
    held(&office, 3).await;
    let told = receiver.until_got(1).await;
    assert_eq!(told[0].kind(), "breaker.tripped");
    assert_eq!(told[0].json["data"]["detail"]["removals"], 3);
    for name in ["p0", "p1", "p2"] {
        let member = office.member(name).await.holds("/seatState", "grace");
        let member = member.holds("/accessLevel", "none");
        let member = member.holds("/seatReason", "breaker_tripped");
        member.holds("/assignments/0/graceUntil", json!(null));
    }
    // Long after any grace would have been over nobody else has the seats.
    server.clock.advance(days(30));
    assert_eq!(office.state("p0").await, "grace");
    assert_eq!(office.state("waits").await, "waitlisted");
    office.figures("main").await.holds("/grace", 3);
    let lines = office
        .owner
        .get("/ledger")
        .query("action", "breaker.tripped");
    assert_eq!(each(&lines.await.status(200), "action").len(), 1);
    office.books_balance().await;
}

async fn releasing_gives_the_seats_up(engine: Engine) {
    let (server, office, ids) = guarded(engine, 4, json!({})).await;
    office.hire("waits", json!({})).await;
    for id in &ids[..3] {
        office.set_active(id, false).await;
    }
    held(&office, 3).await;
    server.clock.advance(days(5));
    let released = decide(&office, "release").await.status(200);
    released
        .holds("/breaker/state", "closed")
        .holds("/breaker/held", 0);
    // Their grace is as long as it would have been.
    assert_eq!(office.state("p0").await, "grace");
    office
        .member("p0")
        .await
        .holds("/seatReason", "deactivated");
    server.clock.advance(days(10));
    assert_eq!(office.state("p0").await, "ended");
    assert_eq!(office.state("waits").await, "assigned");
    office.books_balance().await;
}

async fn restoring_brings_everybody_back(engine: Engine) {
    let (server, office, ids) = guarded(engine, 5, json!({})).await;
    for id in &ids[..3] {
        office.set_active(id, false).await;
    }
    let group = office.tenant.create_group("Team", &[&ids[3]]).await.id();
    office.delete(&ids[3]).await;
    held(&office, 4).await;
    server.clock.advance(days(1));
    let restored = decide(&office, "restore").await.status(200);
    restored
        .holds("/breaker/state", "closed")
        .holds("/breaker/held", 0);
    for name in ["p0", "p1", "p2", "p3"] {
        let member = office.member(name).await.holds("/seatState", "assigned");
        let member = member
            .holds("/episode", 1)
            .holds("/seatReason", json!(null));
        member
            .holds("/accessLevel", "full")
            .holds("/identityState", "active");
    }
    // The identity provider finds them as they were, and its next write holds.
    let p3 = office
        .tenant
        .scim()
        .get(&format!("/Users/{}", ids[3]))
        .await
        .status(200);
    p3.holds("/groups/0/value", group.as_str());
    office.set_active(&ids[0], false).await;
    let p0 = office.member("p0").await.holds("/seatState", "grace");
    p0.holds("/seatReason", "deactivated");
    office.books_balance().await;
}

async fn deletes_and_pushes_to_groups_are_held_too(engine: Engine) {
    let (_server, office, ids) = guarded(engine, 4, json!({"onUnmatch": "end"})).await;
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    let all: Vec<_> = ids.iter().map(String::as_str).collect();
    let group = office.tenant.create_group("Team", &all).await.id();
    let mapping = json!({"group": "Team", "track": "growth"});
    office.make("/mappings", mapping).await;
    for name in ["p0", "p1", "p2", "p3"] {
        assert_ne!(office.state(name).await, "ended", "{name}");
    }
    let group = format!("/Groups/{group}");
    let none = json!([{"op": "remove", "path": "members"}]);
    office.tenant.scim().patch(&group, none).await.status(200);
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "tripped");
    office.delete(&ids[3]).await;
    let figures = office.figures("main").await;
    assert!(figures.at("/grace").as_i64().unwrap() >= 2, "{figures}");
    decide(&office, "restore").await.status(200);
    for name in ["p2", "p3"] {
        assert_eq!(office.state(name).await, "assigned", "{name}");
    }
    office.books_balance().await;
}

async fn a_decision_takes_an_approver_and_a_tripped_breaker(engine: Engine) {
    let (_server, office, ids) = guarded(engine, 3, json!({})).await;
    let early = decide(&office, "release").await.status(409);
    early.holds("/code", "breaker_closed");
    for id in &ids {
        office.set_active(id, false).await;
    }
    let path = "/connections/default/breaker";
    let admin = office.tenant.admin("license_admin");
    admin
        .post(path, json!({"action": "release"}))
        .await
        .status(403);
    for body in [json!({}), json!({"action": "reset"})] {
        office
            .owner
            .post(path, body)
            .await
            .status(400)
            .holds("/field", "action");
    }
    let release = json!({"action": "release"});
    let nobody = office
        .owner
        .post("/connections/none/breaker", release)
        .await;
    nobody.status(404);
    decide(&office, "release").await.status(200);
    decide(&office, "release").await.status(409);
    // What was decided does not count again.
    assert_eq!(office.state("p0").await, "grace");
    office.set_active(&ids[0], true).await;
    office.set_active(&ids[0], false).await;
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "closed");
}

async fn removals_within_the_limit_and_the_window_are_done(engine: Engine) {
    let (server, office, ids) = guarded(engine, 5, json!({})).await;
    for id in &ids[..2] {
        // The same person twice is one.
        office.set_active(id, false).await;
        office.set_active(id, true).await;
        office.set_active(id, false).await;
    }
    server.clock.advance(jiff::SignedDuration::from_mins(61));
    office.set_active(&ids[2], false).await;
    office.set_active(&ids[3], false).await;
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "closed");
    // A share of the people may be more than the number.
    office
        .change("/policy", json!({"breakerPercent": 100}))
        .await;
    office.set_active(&ids[4], false).await;
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "closed");
}

async fn it_can_be_switched_off(engine: Engine) {
    let server = Server::start_with(engine, Clock::system(), |config| {
        config.breaker = Switch::Off;
    })
    .await;
    let office = Office::with_seats(server.new_tenant(), 3).await;
    office
        .change(
            "/policy",
            json!({"breakerAbsolute": 0, "breakerPercent": 0}),
        )
        .await;
    for name in ["ada", "bob"] {
        let id = office.hire(name, json!({})).await;
        office.delete(&id).await;
        assert_eq!(office.state(name).await, "ended");
    }
    breaker(&office)
        .await
        .holds("/items/0/breaker/state", "closed");
}

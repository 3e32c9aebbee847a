//! Reclaiming seats that are not used: rows 22, 25 and 31 of domain 1.2.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::common::{Engine, Reply, Tenant};
use crate::office::{Office, days, merge};
use crate::plans::step;

both_engines_alone!(
    who_never_activated_is_found_by_the_age_of_the_invitation,
    who_is_idle_is_found_unless_a_session_is_booked,
    a_leaver_who_holds_a_seat_is_found,
);
both_engines!(
    of_two_accounts_the_one_less_used_is_found,
    who_lost_their_rule_and_holds_a_seat_is_found,
    what_is_wrong_with_a_reclaim_is_named,
);

async fn reclaim(office: &Office, filter: Value) -> Reply {
    let body = json!({"filter": filter, "note": "quarterly"});
    office.owner.post("/seats/reclaim", body).await
}

/// Who a plan is for.
async fn who(office: &Office, plan: &Reply) -> Vec<String> {
    let path = format!("/plans/{}", plan.string("/id"));
    let shown = office.owner.get(&path).await.status(200);
    let items = shown["items"].as_array().unwrap();
    let names = items.iter().map(|item| item["member"]["userName"].as_str());
    names.map(|name| name.unwrap().to_owned()).collect()
}

async fn tell(office: &Office, who: &str, kind: &str, at: jiff::Timestamp, rest: Value) {
    let mut event = json!({"id": format!("{who}-{kind}-{at}"), "type": kind, "member": who,
                           "occurredAt": at});
    merge(&mut event, rest);
    let told = office.owner.post("/events", event).await.status(200);
    told.holds("/applied", 1);
}

async fn who_never_activated_is_found_by_the_age_of_the_invitation(engine: Engine) {
    let (server, office) = Office::alone(engine, 5).await;
    office.hire_all(&["ada", "bob"]).await;
    tell(
        &office,
        "bob",
        "account.activated",
        server.clock.now(),
        json!({}),
    )
    .await;
    server.clock.advance(days(10));
    office.hire("cyd", json!({})).await;
    let filter = json!({"reason": "never_activated"});
    let planned = reclaim(&office, filter).await.status(201);
    let planned = planned
        .holds("/kind", "reclaim")
        .holds("/state", "approved")
        .holds("/seats", 1);
    assert_eq!(who(&office, &planned).await, ["ada"]);
    let younger = json!({"reason": "never_activated", "olderThanDays": 0, "track": "growth"});
    let younger = reclaim(&office, younger).await.status(201);
    assert_eq!(who(&office, &younger).await, ["ada", "cyd"]);
    step(&office.owner, &planned, "apply").await.status(200);
    let ada = office.member("ada").await.holds("/seatState", "ended");
    let ada = ada.holds("/seatReason", "not_activated");
    ada.holds("/assignments/0/endNote", "quarterly");
    office.figures("main").await.holds("/available", 3);
}

async fn who_is_idle_is_found_unless_a_session_is_booked(engine: Engine) {
    let (server, office) = Office::alone(engine, 5).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    for name in ["ada", "bob"] {
        tell(
            &office,
            name,
            "account.activated",
            server.clock.now(),
            json!({}),
        )
        .await;
    }
    let later = server.clock.now() + SignedDuration::from_hours(24 * 50);
    let booked = json!({"sessionId": "s1", "startsAt": later});
    tell(
        &office,
        "bob",
        "session.scheduled",
        server.clock.now(),
        booked,
    )
    .await;
    server.clock.advance(days(31));
    tell(
        &office,
        "cyd",
        "message.sent",
        server.clock.now(),
        json!({}),
    )
    .await;
    let planned = reclaim(&office, json!({"reason": "idle"}))
        .await
        .status(201);
    assert_eq!(who(&office, &planned).await, ["ada"]);
    let longer = reclaim(&office, json!({"reason": "idle", "olderThanDays": 60})).await;
    longer.status(201).holds("/counts/total", 0);
}

async fn a_leaver_who_holds_a_seat_is_found(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire_all(&["bob", "cyd"]).await;
    office.set_active(&ada, false).await;
    server.clock.advance(days(5));
    let filter = json!({"reason": "leaver_holding", "olderThanDays": 6});
    reclaim(&office, filter)
        .await
        .status(201)
        .holds("/counts/total", 0);
    let filter = json!({"reason": "leaver_holding", "olderThanDays": 5});
    let planned = reclaim(&office, filter).await.status(201);
    assert_eq!(who(&office, &planned).await, ["ada"]);
    step(&office.owner, &planned, "apply").await.status(200);
    assert_eq!(office.state("ada").await, "ended");
    assert_eq!(office.state("cyd").await, "assigned");
    office.books_balance().await;
}

async fn of_two_accounts_the_one_less_used_is_found(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.hire_all(&["ada", "bob"]).await;
    let same = json!({"emails": [{"value": "Ada@acme.example", "primary": true}]});
    office.hire("ada.king", same).await;
    tell(
        &office,
        "ada.king",
        "account.activated",
        jiff::Timestamp::now(),
        json!({}),
    )
    .await;
    let planned = reclaim(&office, json!({"reason": "duplicate"}))
        .await
        .status(201);
    assert_eq!(who(&office, &planned).await, ["ada"]);
}

async fn who_lost_their_rule_and_holds_a_seat_is_found(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let ada = office.hire("ada", json!({"title": "VP"})).await;
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    let mapping = json!({"filter": "title eq \"VP\"", "track": "growth"});
    office.make("/mappings", mapping).await;
    office.set(&ada, "title", json!("VP")).await;
    office.set(&ada, "title", json!("CEO")).await;
    assert_eq!(office.state("ada").await, "grace");
    let planned = reclaim(&office, json!({"reason": "ended_not_freed"}))
        .await
        .status(201);
    assert_eq!(who(&office, &planned).await, ["ada"]);
}

async fn what_is_wrong_with_a_reclaim_is_named(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for (filter, code) in [
        (json!({}), "missing_field"),
        (json!({"reason": "bored"}), "invalid_value"),
        (
            json!({"reason": "idle", "olderThanDays": -1}),
            "invalid_value",
        ),
        (
            json!({"reason": "idle", "olderThanDays": "x"}),
            "invalid_value",
        ),
        (
            json!({"reason": "ended_not_freed", "olderThanDays": 1}),
            "invalid_value",
        ),
        (json!({"reason": "idle", "team": "x"}), "unknown_parameter"),
        (
            json!({"reason": "idle", "track": "none"}),
            "invalid_parameter",
        ),
    ] {
        reclaim(&office, filter)
            .await
            .status(400)
            .holds("/code", code);
    }
    let nothing = office.owner.post("/seats/reclaim", json!({})).await;
    nothing.status(400).holds("/field", "filter");
}

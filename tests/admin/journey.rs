//! How far people have come: the member status as operators know it.

use serde_json::{Value, json};

use crate::common::{Engine, Server, Tenant};
use crate::office::{Office, days};

both_engines!(
    row_34_invited,
    row_35_activated,
    row_37_completed_onboarding,
    row_38_started_coaching,
    row_39_and_40_reflections,
    who_waits_has_no_status_and_keeps_what_happened,
    row_36_who_is_deleted_and_made_again_is_the_same_person,
);
both_engines_alone!(
    row_7_next_session_is_the_earliest_ahead,
    row_36_who_returns_is_activated_until_onboarding_is_done_again,
    row_41_and_42_ended_may_still_read,
    an_episode_that_goes_on_keeps_its_journey,
    a_seat_that_was_used_is_burned_where_the_contract_says_so,
    row_31_of_1_2_signing_in_is_not_coaching,
);

/// Tells one thing about somebody that happens now.
pub async fn tell(office: &Office, who: &str, kind: &str, rest: Value) {
    let now = jiff::Timestamp::now();
    tell_at(office, now, who, kind, rest).await;
}

pub async fn tell_at(office: &Office, at: jiff::Timestamp, who: &str, kind: &str, rest: Value) {
    let id = next_id().to_string();
    let mut event = json!({"id": id, "type": kind, "member": who, "occurredAt": at});
    crate::office::merge(&mut event, rest);
    let answer = office.owner.post("/events", event).await.status(200);
    answer.holds("/items/0/result", "applied");
}

fn next_id() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub async fn tell_now(server: &Server, office: &Office, kind: &str, rest: Value) {
    tell_at(office, server.clock.now(), "ada", kind, rest).await;
}

async fn row_34_invited(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let ada = office.member("ada").await.holds("/status", "invited");
    ada.holds("/displayStatus", "invited")
        .holds("/stalled", false);
}

async fn row_35_activated(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    tell(&office, "ada", "login", json!({})).await;
    office.member("ada").await.holds("/status", "invited");
    tell(&office, "ada", "account.activated", json!({})).await;
    office.member("ada").await.holds("/status", "activated");
}

async fn row_37_completed_onboarding(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    tell(&office, "ada", "onboarding.completed", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/status", "completed_onboarding");
    tell(&office, "ada", "account.activated", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/status", "completed_onboarding");
}

async fn row_38_started_coaching(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let scheduled = json!({"sessionId": "s", "startsAt": "2037-01-01T00:00:00Z"});
    tell(&office, "ada", "session.scheduled", scheduled).await;
    tell(&office, "ada", "session.no_show", json!({"sessionId": "t"})).await;
    office
        .member("ada")
        .await
        .holds("/status", "invited")
        .holds("/sessionsCompleted", 0);
    tell(
        &office,
        "ada",
        "session.completed",
        json!({"sessionId": "s"}),
    )
    .await;
    let ada = office
        .member("ada")
        .await
        .holds("/status", "started_coaching");
    ada.holds("/sessionsCompleted", 1)
        .holds("/sessionsCompletedTotal", 1)
        .holds("/nextSessionAt", json!(null));
}

async fn row_39_and_40_reflections(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let of = |id: &str| json!({"reflectionId": id});
    tell(&office, "ada", "reflection.assigned", of("r1")).await;
    tell(&office, "ada", "reflection.assigned", of("r2")).await;
    tell(&office, "ada", "reflection.completed", of("r1")).await;
    office
        .member("ada")
        .await
        .holds("/status", "reflection_assigned");
    tell(&office, "ada", "reflection.completed", of("r2")).await;
    office
        .member("ada")
        .await
        .holds("/status", "reflection_completed");
}

async fn who_waits_has_no_status_and_keeps_what_happened(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    tell(&office, "bob", "account.activated", json!({})).await;
    office
        .member("bob")
        .await
        .holds("/status", json!(null))
        .holds("/seatState", "waitlisted");
    office.end("ada").await;
    office.member("bob").await.holds("/status", "activated");
}

async fn row_7_next_session_is_the_earliest_ahead(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let start = server.clock.now();
    let session = |id: &str, day: i64| json!({"sessionId": id, "startsAt": start + days(day)});
    tell_now(&server, &office, "session.scheduled", session("s9", 9)).await;
    tell_now(&server, &office, "session.scheduled", session("s3", 3)).await;
    tell_now(&server, &office, "session.scheduled", session("s5", 5)).await;
    let next = async || office.member("ada").await.at("/nextSessionAt").clone();
    assert_eq!(next().await, json!(start + days(3)));
    server.clock.advance(days(3));
    assert_eq!(next().await, json!(start + days(5)), "it has passed");
    tell_now(
        &server,
        &office,
        "session.cancelled",
        json!({"sessionId": "s5"}),
    )
    .await;
    assert_eq!(next().await, json!(start + days(9)));
    tell_now(&server, &office, "session.rescheduled", session("s9", 12)).await;
    assert_eq!(next().await, json!(start + days(12)));
    server.clock.advance(days(12));
    assert_eq!(next().await, json!(null));
    server.stop().await;
}

async fn row_36_who_returns_is_activated_until_onboarding_is_done_again(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    for kind in ["account.activated", "onboarding.completed"] {
        tell_now(&server, &office, kind, json!({})).await;
    }
    let session = json!({"sessionId": "s"});
    tell_now(&server, &office, "session.completed", session).await;
    let engaged = server.clock.now();
    office.set_active(&ada, false).await;
    office
        .member("ada")
        .await
        .holds("/status", "started_coaching");
    server.clock.advance(days(15));
    office.member("ada").await.holds("/status", "ended");
    office.set_active(&ada, true).await;
    let back = office
        .member("ada")
        .await
        .holds("/episode", 2)
        .holds("/status", "activated");
    let back = back
        .holds("/sessionsCompleted", 0)
        .holds("/sessionsCompletedTotal", 1);
    assert!(back.at("/lastEngagementAt").is_string(), "{back} {engaged}");
    tell_at(&office, engaged, "ada", "onboarding.completed", json!({})).await;
    office.member("ada").await.holds("/status", "activated");
    server.clock.advance(days(1));
    tell_now(&server, &office, "onboarding.completed", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/status", "completed_onboarding");
    let found = office
        .owner
        .get("/members")
        .query("episodeMin", "2")
        .await
        .status(200);
    found.holds("/items/0/userName", "ada");
    server.stop().await;
}

async fn row_41_and_42_ended_may_still_read(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    tell_now(&server, &office, "account.activated", json!({})).await;
    office.end("ada").await;
    let ada = office.member("ada").await.holds("/status", "ended");
    ada.holds("/accessLevel", "archive")
        .holds("/stalled", false);
    server.clock.advance(days(40));
    office
        .member("ada")
        .await
        .holds("/displayStatus", "ended")
        .holds("/stalled", false);
    server.stop().await;
}

async fn an_episode_that_goes_on_keeps_its_journey(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    tell_now(
        &server,
        &office,
        "session.completed",
        json!({"sessionId": "s"}),
    )
    .await;
    server.clock.advance(days(1));
    office.end("ada").await;
    let late = json!({"id": "late", "type": "session.completed", "member": "ada", "sessionId": "t",
                      "occurredAt": server.clock.now()});
    let told = office.owner.post("/events", late).await.status(200);
    told.holds("/items/0/problem", "after_end");
    server.clock.advance(days(2));
    let until = json!({"until": crate::office::day(&server.clock, 100)});
    office.extend("ada", until).await.status(200);
    let ada = office.member("ada").await.holds("/episode", 1);
    ada.holds("/status", "started_coaching")
        .holds("/sessionsCompleted", 2);
    let events = office.owner.get("/members/ada/events").await.status(200);
    events
        .holds("/items/0/id", "late")
        .holds("/items/0/problem", json!(null));
    server.stop().await;
}

async fn a_seat_that_was_used_is_burned_where_the_contract_says_so(engine: Engine) {
    let (server, office) = Office::alone(engine, 0).await;
    office
        .pool("once", 2, json!({"reusePolicy": "until_started"}))
        .await;
    let once = json!({crate::common::COACHING: {"pool": "once"}});
    office.hire("ada", once.clone()).await;
    office.hire("bob", once).await;
    tell_now(
        &server,
        &office,
        "session.completed",
        json!({"sessionId": "s"}),
    )
    .await;
    office.end("ada").await.holds("/seatFreed", false);
    office.end("bob").await.holds("/seatFreed", true);
    office
        .figures("once")
        .await
        .holds("/burned", 1)
        .holds("/available", 1);
    office.books_balance().await;
    server.stop().await;
}

async fn row_31_of_1_2_signing_in_is_not_coaching(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    tell_now(&server, &office, "message.sent", json!({})).await;
    let engaged = server.clock.now();
    server.clock.advance(days(20));
    tell_now(&server, &office, "login", json!({})).await;
    let ada = office.member("ada").await;
    let read = |at: &str| ada.string(at).parse::<jiff::Timestamp>().unwrap();
    assert!(read("/lastEngagementAt") <= engaged, "{ada}");
    assert!(read("/lastLoginAt") >= engaged + days(20), "{ada}");
    let idle = async |days: &str| {
        let found = office
            .owner
            .get("/members")
            .query("idleDays", days)
            .await
            .status(200);
        found["items"].as_array().unwrap().len()
    };
    assert_eq!((idle("20").await, idle("21").await), (1, 0));
    server.stop().await;
}

async fn row_36_who_is_deleted_and_made_again_is_the_same_person(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let known = json!({"externalId": "00u1"});
    let ada = office.hire("ada", known.clone()).await;
    tell(&office, "ada", "account.activated", json!({})).await;
    tell(
        &office,
        "ada",
        "session.completed",
        json!({"sessionId": "s"}),
    )
    .await;
    office.delete(&ada).await;
    office.hire("ada", known).await;
    let back = office.member("ada").await.holds("/episode", 2);
    back.holds("/status", "activated")
        .holds("/sessionsCompleted", 0)
        .holds("/sessionsCompletedTotal", 1);
}

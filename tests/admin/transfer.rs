//! Moving somebody to another track or pool by hand.

use serde_json::json;

use crate::common::{COACHING, Engine, Tenant};
use crate::office::{Office, day, days, each, effect, effects};

both_engines!(
    in_the_same_pool_the_episode_and_the_end_stay,
    the_end_may_follow_the_new_track,
    another_pools_seat_is_taken_before_the_old_is_freed,
    a_full_pool_refuses_with_its_figures_and_nothing_changes,
    waiting_is_asked_for,
    a_transfer_holds_against_the_identity_provider,
    without_a_pin_the_next_write_places_anew,
    a_term_that_ends_sooner_is_refused_unless_the_end_may_go,
    who_has_no_place_is_not_moved,
    nonsense_is_refused,
    a_fallback_is_not_what_was_asked_for,
);
both_engines_alone!(sessions_and_status_stay);

async fn office(t: Tenant, seats: u32, others: u32) -> Office {
    let office = Office::with_seats(t, seats).await;
    let track = json!({"key": "sales", "name": "Sales", "durationDays": 30});
    office.make("/tracks", track).await;
    office.pool("other", others, json!({})).await;
    office
}

async fn in_the_same_pool_the_episode_and_the_end_stay(t: Tenant) {
    let office = office(t, 2, 0).await;
    office
        .change("/tracks/growth", json!({"durationDays": 90}))
        .await;
    office.hire("ada", json!({})).await;
    let before = office.member("ada").await;
    let moved = office
        .act("ada", "transfer", json!({"track": "sales"}))
        .await
        .status(200);
    assert_eq!(
        effects(&moved),
        ["pinned", "track_changed", "seat_kept"],
        "{moved}"
    );
    moved
        .holds("/member/track", "sales")
        .holds("/member/pool", "main")
        .holds("/member/episode", 1)
        .holds("/member/accessEndDate", before["accessEndDate"].clone());
    office.books_balance().await;
}

async fn the_end_may_follow_the_new_track(t: Tenant) {
    let office = office(t, 2, 0).await;
    office
        .change("/tracks/growth", json!({"durationDays": 90}))
        .await;
    office.hire("ada", json!({})).await;
    let before = office.member("ada").await;
    let body = json!({"track": "sales", "keepEndDate": false});
    let moved = office.act("ada", "transfer", body).await.status(200);
    assert!(effects(&moved).contains(&"dates_changed"), "{moved}");
    let ends = |reply: &serde_json::Value| reply["accessEndDate"].as_str().unwrap().to_owned();
    assert!(ends(&moved["member"]) < ends(&before.json), "{moved}");
    moved.holds("/member/accessEndSource", "rule");
}

async fn another_pools_seat_is_taken_before_the_old_is_freed(t: Tenant) {
    let office = office(t, 1, 1).await;
    let main = json!({COACHING: {"pool": "main"}});
    office.hire("ada", main.clone()).await;
    office.hire("bob", main).await;
    let bob = office.member("bob").await.id();
    let body = json!({"track": "growth", "pool": "other"});
    let moved = office.act("ada", "transfer", body).await.status(200);
    let named = effects(&moved);
    for name in ["pinned", "seat_moved", "seat_freed", "promoted"] {
        assert!(named.contains(&name), "no {name}\n{moved}");
    }
    assert_eq!(effect(&moved, "promoted")["member"], json!(bob), "{moved}");
    assert_eq!(effect(&moved, "promoted")["pool"], "main", "{moved}");
    assert_eq!(effect(&moved, "seat_moved")["pool"], "other", "{moved}");
    moved
        .holds("/member/pool", "other")
        .holds("/member/episode", 1);
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn a_full_pool_refuses_with_its_figures_and_nothing_changes(t: Tenant) {
    let office = office(t, 1, 1).await;
    let other = json!({COACHING: {"pool": "other"}});
    office.hire("eve", other).await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let before = office.member("ada").await;
    let lines = office.owner.get("/ledger").await.status(200);
    let body = json!({"track": "sales", "pool": "other"});
    let refused = office.act("ada", "transfer", body).await.status(409);
    refused
        .holds("/code", "pool_full")
        .holds("/pool", "other")
        .holds("/purchased", 1)
        .holds("/available", 0)
        .holds("/occupied", 1)
        .holds("/waitlist", 0);
    assert_eq!(office.member("ada").await.json, before.json);
    let still = office.owner.get("/ledger").await.status(200);
    assert_eq!(each(&still, "id"), each(&lines, "id"));
}

async fn waiting_is_asked_for(t: Tenant) {
    let office = office(t, 1, 1).await;
    office
        .hire("eve", json!({COACHING: {"pool": "other"}}))
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"track": "growth", "pool": "other", "wait": true});
    let waits = office.act("ada", "transfer", body).await.status(200);
    let named = effects(&waits);
    assert!(named.contains(&"transfer_waiting"), "{waits}");
    assert!(named.contains(&"seat_kept"), "{waits}");
    waits
        .holds("/member/seatReason", "transfer_waiting")
        .holds("/member/pool", "main")
        .holds("/member/accessLevel", "full");
    let ended = office.end("eve").await;
    assert_eq!(effect(&ended, "promoted")["userName"], "ada", "{ended}");
    office
        .member("ada")
        .await
        .holds("/pool", "other")
        .holds("/seatReason", json!(null));
    office.books_balance().await;
}

async fn a_transfer_holds_against_the_identity_provider(t: Tenant) {
    let office = office(t, 1, 1).await;
    let wish = json!({COACHING: {"track": "growth", "pool": "main"}});
    let ada = office.hire("ada", wish).await;
    let body = json!({"track": "sales", "pool": "other", "note": "agreed in June"});
    office.act("ada", "transfer", body).await.status(200);
    office.set(&ada, "title", json!("VP")).await;
    let seen = office.set_coaching(&ada, "track", json!("Growth")).await;
    // What the identity provider wrote is echoed all the same.
    assert_eq!(seen[COACHING]["track"], "Growth", "{seen}");
    office.change("/policy", json!({"graceDays": 3})).await;
    let member = office.member("ada").await;
    let member = member
        .holds("/track", "sales")
        .holds("/pool", "other")
        .holds("/why/trackBy", "pin");
    let pin = member.element("pins", "field", "track");
    assert_eq!(pin["value"], "sales", "{member}");
    assert_eq!(pin["idpValue"], "Growth", "{member}");
    assert_eq!(pin["note"], "agreed in June", "{member}");
    assert!(
        pin["by"].as_str().unwrap().starts_with("token:"),
        "{member}"
    );
    let pin = member.element("pins", "field", "pool");
    assert_eq!(pin["idpValue"], "main", "{member}");
    office.books_balance().await;
}

async fn without_a_pin_the_next_write_places_anew(t: Tenant) {
    let office = office(t, 1, 1).await;
    let ada = office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"track": "growth", "pool": "other", "pin": false});
    let moved = office.act("ada", "transfer", body).await.status(200);
    moved
        .holds("/member/pool", "other")
        .holds("/member/pins", json!([]));
    office.set(&ada, "title", json!("VP")).await;
    office.member("ada").await.holds("/pool", "main");
    office.books_balance().await;
}

async fn a_term_that_ends_sooner_is_refused_unless_the_end_may_go(t: Tenant) {
    let office = office(t, 1, 0).await;
    office
        .pool("short", 1, json!({"termEnd": "2037-12-31"}))
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let mut body = json!({"track": "growth", "pool": "short"});
    let refused = office
        .act("ada", "transfer", body.clone())
        .await
        .status(409);
    refused
        .holds("/code", "pool_term_exceeded")
        .holds("/pool", "short")
        .holds("/termEnd", "2037-12-31");
    office.member("ada").await.holds("/pool", "main");
    body["keepEndDate"] = json!(false);
    let moved = office.act("ada", "transfer", body).await.status(200);
    moved
        .holds("/member/pool", "short")
        .holds("/member/accessEndDate", "2037-12-31");
    office.books_balance().await;
}

async fn who_has_no_place_is_not_moved(t: Tenant) {
    let office = office(t, 2, 1).await;
    office.hire("ada", json!({})).await;
    let bob = office.hire("bob", json!({})).await;
    office.end("ada").await;
    office.set_active(&bob, false).await;
    let body = json!({"track": "sales"});
    let refused = office.act("ada", "transfer", body.clone()).await;
    refused.status(409).holds("/code", "nothing_to_transfer");
    let refused = office.act("bob", "transfer", body.clone()).await;
    refused.status(409).holds("/code", "not_active");
    office.delete(&bob).await;
    let refused = office.act("bob", "transfer", body).await;
    refused.status(409).holds("/code", "not_known");
}

async fn nonsense_is_refused(t: Tenant) {
    let office = office(t, 1, 1).await;
    office.hire("ada", json!({})).await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"track": "nothing"}), "invalid_value"),
        (
            json!({"track": "sales", "pool": "nothing"}),
            "invalid_value",
        ),
        (
            json!({"track": "sales", "wait": true, "pin": false}),
            "invalid_value",
        ),
        (json!({"track": "sales", "wait": 1}), "invalid_value"),
        (json!({"track": "sales", "reason": "x"}), "unknown_field"),
    ] {
        let refused = office.act("ada", "transfer", body).await.status(400);
        refused.holds("/code", code);
    }
    office
        .member("ada")
        .await
        .holds("/track", "growth")
        .holds("/pins", json!([]));
}

async fn a_fallback_is_not_what_was_asked_for(t: Tenant) {
    let office = office(t, 1, 1).await;
    office
        .change("/pools/other", json!({"fallbackPool": "main"}))
        .await;
    office
        .hire("eve", json!({COACHING: {"pool": "other"}}))
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"track": "growth", "pool": "other"});
    let refused = office.act("ada", "transfer", body).await.status(409);
    refused.holds("/code", "pool_full").holds("/pool", "other");
    office
        .member("ada")
        .await
        .holds("/pool", "main")
        .holds("/pins", json!([]));
}

async fn sessions_and_status_stay(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let track = json!({"key": "sales", "name": "Sales"});
    office.make("/tracks", track).await;
    office.hire("ada", json!({})).await;
    server.clock.advance(days(2));
    let at = format!("{}T00:30:00Z", day(&server.clock, 0));
    let event = json!({"id": "e1", "type": "session.completed", "member": "ada",
        "sessionId": "s1", "occurredAt": at});
    office
        .owner
        .post("/events", event)
        .await
        .status(200)
        .holds("/applied", 1);
    office
        .act("ada", "transfer", json!({"track": "sales"}))
        .await
        .status(200);
    office
        .member("ada")
        .await
        .holds("/track", "sales")
        .holds("/status", "started_coaching")
        .holds("/sessionsCompleted", 1)
        .holds("/episode", 1);
}

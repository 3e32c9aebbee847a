//! Seats that are bought and not to be had: held back, cooling down, or in a pool that is not open.

use serde_json::json;

use crate::common::tenant::user;
use crate::common::{COACHING, Engine, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_draft_takes_nobody_and_offers_nothing,
    a_draft_that_opens_is_offered_to_those_in_line,
    only_what_was_never_open_is_a_draft,
    seats_held_back_are_not_to_be_had,
    seats_that_are_released_go_to_those_in_line_at_once,
    no_more_can_be_held_back_than_is_free,
    a_new_pool_may_hold_seats_back,
    seats_can_be_released_and_given_up_in_one_change,
);
both_engines_alone!(
    a_seat_that_cools_down_is_not_available,
    a_pool_whose_seats_cool_down_is_no_candidate,
);

async fn a_draft_takes_nobody_and_offers_nothing(t: Tenant) {
    let office = Office::bare(t).await;
    let made = office.pool("main", 3, json!({"state": "draft"})).await;
    let made = made.holds("/state", "draft").holds("/purchased", 3);
    made.holds("/available", 0).holds("/notOffered", 3);
    office.hire("ada", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "none")
        .holds("/seatReason", "no_pool");
    office.pool("open", 1, json!({})).await;
    let body = user("bob", json!({COACHING: {"pool": "main"}}));
    let refused = office.tenant.scim().post("/Users", body).await;
    refused.error(400, "invalidValue").says("open");
    office
        .figures("main")
        .await
        .holds("/available", 0)
        .holds("/occupied", 0);
    let opened = office.change("/pools/main", json!({"state": "live"})).await;
    opened.holds("/state", "live").holds("/notOffered", 0);
    office.books_balance().await;
}

async fn a_draft_that_opens_is_offered_to_those_in_line(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.pool("next", 2, json!({"state": "draft"})).await;
    office.hire_all(&["ada", "bob", "cyd", "dan"]).await;
    let opened = office.patch("/pools/next", json!({"state": "live"})).await;
    let opened = opened.status(200).holds("/occupied", 2);
    opened.holds("/available", 0);
    for (who, state) in [
        ("bob", "assigned"),
        ("cyd", "assigned"),
        ("dan", "waitlisted"),
    ] {
        assert_eq!(office.state(who).await, state, "{who}");
    }
    office.books_balance().await;
}

async fn only_what_was_never_open_is_a_draft(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let refused = office.patch("/pools/main", json!({"state": "draft"})).await;
    let refused = refused.status(400).holds("/code", "invalid_value");
    refused.holds("/field", "state");
    office.pool("next", 1, json!({"state": "draft"})).await;
    let same = office.patch("/pools/next", json!({"state": "draft"})).await;
    same.status(200).holds("/placement", json!(null));
    let closed = office.patch("/pools/next", json!({"state": "closed"}));
    closed.await.status(200).holds("/notOffered", 1);
}

async fn seats_held_back_are_not_to_be_had(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    let changed = office.patch("/pools/main", json!({"reserved": 2})).await;
    let changed = changed.status(200).holds("/reserved", 2);
    changed.holds("/available", 1).holds("/purchased", 3);
    office.hire_all(&["ada", "bob"]).await;
    assert_eq!(office.state("bob").await, "waitlisted");
    let ledger = office.owner.get("/ledger?pool=main").await.status(200);
    let held = ledger.holds("/items/1/action", "seats.held_back");
    let held = held
        .holds("/items/1/from", "available")
        .holds("/items/1/to", "reserved");
    held.holds("/items/1/quantity", 2);
    office.books_balance().await;
}

async fn seats_that_are_released_go_to_those_in_line_at_once(t: Tenant) {
    let office = Office::bare(t).await;
    office.pool("main", 3, json!({})).await;
    office.change("/pools/main", json!({"reserved": 3})).await;
    office.hire_all(&["ada", "bob"]).await;
    let released = office.patch("/pools/main", json!({"reserved": 2})).await;
    let released = released.status(200).holds("/reserved", 2);
    released.holds("/occupied", 1).holds("/waitlist", 1);
    assert_eq!(office.state("ada").await, "assigned");
    let released = office.patch("/pools/main", json!({"reserved": 0})).await;
    let released = released.status(200).holds("/reserved", 0);
    released.holds("/occupied", 2).holds("/available", 1);
    let lines = office.owner.get("/ledger?action=seats.released").await;
    assert_eq!(each(&lines, "to"), ["available", "available"], "{lines}");
    office.books_balance().await;
}

async fn no_more_can_be_held_back_than_is_free(t: Tenant) {
    let office = Office::with_seats(t, 4).await;
    office.hire("ada", json!({})).await;
    office.change("/pools/main", json!({"reserved": 1})).await;
    let refused = office.patch("/pools/main", json!({"reserved": 4})).await;
    let refused = refused.status(409).holds("/code", "seats_not_free");
    let refused = refused.holds("/reserved", 1).holds("/requested", 4);
    refused.holds("/available", 2);
    let figures = office.figures("main").await.holds("/reserved", 1);
    figures.holds("/available", 2);
    let wrong = office.patch("/pools/main", json!({"reserved": -1})).await;
    wrong.status(400).holds("/field", "reserved");
    office.books_balance().await;
}

async fn a_new_pool_may_hold_seats_back(t: Tenant) {
    let office = Office::bare(t).await;
    let made = office.pool("main", 3, json!({"reserved": 1})).await;
    made.holds("/reserved", 1).holds("/available", 2);
    let body = json!({"key": "p", "purchased": 1, "reserved": 2, "termStart": "2026-01-01",
                      "termEnd": "2026-12-31"});
    let refused = office.owner.post("/pools", body).await.status(409);
    refused.holds("/code", "seats_not_free");
    office.owner.get("/pools/p").await.status(404);
    office.books_balance().await;
}

async fn seats_can_be_released_and_given_up_in_one_change(t: Tenant) {
    let office = Office::bare(t).await;
    office.pool("main", 3, json!({"reserved": 3})).await;
    let refused = office.patch("/pools/main", json!({"purchased": 1})).await;
    refused.status(409).holds("/code", "seats_in_use");
    let body = json!({"purchased": 1, "reserved": 1});
    let changed = office.patch("/pools/main", body).await.status(200);
    let changed = changed.holds("/purchased", 1).holds("/reserved", 1);
    changed.holds("/available", 0);
    let body = json!({"purchased": 4, "reserved": 3});
    let changed = office.patch("/pools/main", body).await.status(200);
    changed.holds("/reserved", 3).holds("/available", 1);
    office.books_balance().await;
}

async fn a_seat_that_cools_down_is_not_available(engine: Engine) {
    let (server, office) = Office::alone(engine, 0).await;
    let terms = json!({"cooldownDays": 3, "fullPolicy": "reject"});
    office.pool("resting", 2, terms).await;
    for who in ["ada", "bob"] {
        office
            .hire(who, json!({COACHING: {"pool": "resting"}}))
            .await;
    }
    office.end("ada").await.holds("/seatFreed", true);
    let figures = office.figures("resting").await.holds("/available", 0);
    let figures = figures.holds("/coolingDown", 1).holds("/occupied", 1);
    figures.holds("/purchased", 2);
    let body = user("cyd", json!({COACHING: {"pool": "resting"}}));
    let refused = office.tenant.scim().post("/Users", body.clone()).await;
    let says = "(2 purchased, 1 in use, 1 cooling down, 0 overage)";
    refused.error(403, "seatUnavailable").says(says);
    let refused = office.patch("/pools/resting", json!({"reserved": 1})).await;
    refused
        .status(409)
        .holds("/available", 0)
        .holds("/coolingDown", 1);
    server.clock.advance(crate::office::days(3));
    let figures = office.figures("resting").await.holds("/available", 1);
    figures.holds("/coolingDown", 0);
    office.tenant.scim().post("/Users", body).await.status(201);
    office.books_balance().await;
}

async fn a_pool_whose_seats_cool_down_is_no_candidate(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let terms = json!({"cooldownDays": 3, "termEnd": "2049-12-31"});
    office.pool("later", 1, terms).await;
    office
        .hire("bob", json!({COACHING: {"pool": "later"}}))
        .await;
    office.end("bob").await;
    let until = json!({"until": "2045-01-01"});
    let refused = office.extend("ada", until.clone()).await.status(409);
    refused
        .holds("/code", "pool_term_exceeded")
        .holds("/candidatePools", json!([]));
    server.clock.advance(crate::office::days(3));
    let refused = office.extend("ada", until).await.status(409);
    refused.holds("/candidatePools", json!(["later"]));
}

//! Buying seats.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::{Office, each, merge};

both_engines!(
    a_pool_shows_its_terms_and_its_seats,
    the_figures_follow_every_seat,
    what_is_missing_or_wrong_is_named,
    a_key_is_taken_whatever_its_case,
    more_seats_go_to_those_in_line_at_once,
    what_was_lent_is_paid_for_first,
    only_free_seats_can_be_given_up,
    every_purchase_is_in_the_ledger,
    a_pool_that_may_lend_seats_does_so_up_to_its_limit,
    lending_can_begin_later,
    a_pool_that_refuses_says_so,
    a_closed_pool_takes_nobody,
    a_pool_falls_back_on_another,
    a_term_that_shortens_shortens_access,
    pools_are_listed_by_key_a_page_at_a_time,
);

async fn a_pool_shows_its_terms_and_its_seats(t: Tenant) {
    let office = Office::bare(t).await;
    let terms = json!({"subscriptionType": "1:1", "fullPolicy": "overage", "overageLimit": 2,
                       "reusePolicy": "until_started", "cooldownDays": 3,
                       "defaultDurationDays": 180});
    let made = office.pool("c-2026", 500, terms).await;
    assert_eq!(made.header("location"), "/admin/v1/pools/c-2026");
    let shown = json!({
        "key": "c-2026", "product": "coaching", "subscriptionType": "1:1",
        "termStart": "2020-01-01", "termEnd": "2039-12-31", "fullPolicy": "overage",
        "reusePolicy": "until_started", "purchased": 500, "available": 500, "reserved": 0,
        "scheduled": 0, "occupied": 0, "grace": 0, "burned": 0, "overage": 0, "waitlist": 0,
        "coolingDown": 0, "notOffered": 0,
        "overageLimit": 2, "cooldownDays": 3, "defaultDurationDays": 180, "fallbackPool": null,
        "state": "live", "maxReassignments": null, "reassignments": 0, "unitCost": null,
    });
    let read = office.figures("C-2026").await;
    assert_eq!(read.json, shown, "{read}");
    assert_eq!(read.text, shown.to_string(), "in this order");
}

async fn the_figures_follow_every_seat(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    office.hire_all(&["ada"]).await;
    office
        .hire("bob", json!({COACHING: {"accessStartDate": "2037-01-01"}}))
        .await;
    let cyd = office.hire("cyd", json!({})).await;
    office.hire("dan", json!({})).await;
    office.set_active(&cyd, false).await;
    let figures = office.figures("main").await;
    let figures = figures
        .holds("/purchased", 3)
        .holds("/available", 0)
        .holds("/occupied", 1);
    figures
        .holds("/scheduled", 1)
        .holds("/grace", 1)
        .holds("/waitlist", 1);
    office.books_balance().await;
}

async fn what_is_missing_or_wrong_is_named(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let good =
        json!({"key": "p", "purchased": 1, "termStart": "2026-01-01", "termEnd": "2026-12-31"});
    for field in ["key", "purchased", "termStart", "termEnd"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        let refused = office.owner.post("/pools", body).await.status(400);
        refused
            .holds("/code", "missing_field")
            .holds("/field", field);
    }
    for (field, value) in [
        ("key", json!("two words")),
        ("key", json!("a/b")),
        ("key", json!("")),
        ("key", json!(7)),
        ("purchased", json!(-1)),
        ("purchased", json!(1.5)),
        ("purchased", json!("many")),
        ("purchased", json!(1_000_001)),
        ("termStart", json!("soon")),
        ("termEnd", json!("none")),
        ("termEnd", json!("2025-12-31")),
        ("fullPolicy", json!("panic")),
        ("reusePolicy", json!("never")),
        ("overageLimit", json!(-1)),
        ("cooldownDays", json!(-1)),
        ("defaultDurationDays", json!(0)),
        ("fallbackPool", json!("nowhere")),
        ("product", json!("piano")),
        ("state", json!("ajar")),
    ] {
        let mut body = good.clone();
        merge(&mut body, json!({field: value}));
        let refused = office.owner.post("/pools", body).await.status(400);
        refused
            .holds("/code", "invalid_value")
            .holds("/field", field)
            .says(field);
    }
    let mut body = good;
    merge(&mut body, json!({"purchase": 5}));
    let refused = office.owner.post("/pools", body).await.status(400);
    refused
        .holds("/code", "unknown_field")
        .holds("/field", "purchase");
    let refused = office
        .patch("/pools/main", json!({"key": "other"}))
        .await
        .status(400);
    refused.holds("/code", "unknown_field");
    office
        .patch("/pools/nowhere", json!({"purchased": 1}))
        .await
        .status(404);
    assert_eq!(each(&office.owner.get("/pools").await, "key"), ["main"]);
}

async fn a_key_is_taken_whatever_its_case(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for key in ["main", "MAIN"] {
        let body =
            json!({"key": key, "purchased": 1, "termStart": "2026-01-01", "termEnd": "2026-12-31"});
        let refused = office.owner.post("/pools", body).await.status(409);
        refused.holds("/code", "taken").holds("/field", "key");
    }
}

async fn more_seats_go_to_those_in_line_at_once(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob", "cyd", "dan"]).await;
    let grown = office
        .patch("/pools/main", json!({"purchased": 3}))
        .await
        .status(200);
    let grown = grown.holds("/purchased", 3).holds("/occupied", 3);
    grown.holds("/available", 0).holds("/waitlist", 1);
    assert_eq!(office.state("cyd").await, "assigned");
    assert_eq!(office.state("dan").await, "waitlisted");
    office.books_balance().await;
}

async fn what_was_lent_is_paid_for_first(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool(
            "main",
            1,
            json!({"fullPolicy": "overage", "overageLimit": 2}),
        )
        .await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    office
        .figures("main")
        .await
        .holds("/purchased", 1)
        .holds("/overage", 2);
    let grown = office
        .patch("/pools/main", json!({"purchased": 4}))
        .await
        .status(200);
    let grown = grown.holds("/purchased", 4).holds("/overage", 0);
    grown.holds("/occupied", 3).holds("/available", 1);
    office.end("ada").await;
    office
        .figures("main")
        .await
        .holds("/purchased", 4)
        .holds("/available", 2);
    office.books_balance().await;
}

async fn only_free_seats_can_be_given_up(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.hire_all(&["ada", "bob"]).await;
    let refused = office
        .patch("/pools/main", json!({"purchased": 1}))
        .await
        .status(409);
    let refused = refused.holds("/code", "seats_in_use").holds("/inUse", 2);
    let refused = refused.holds("/purchased", 5).holds("/requested", 1);
    refused.holds("/available", 3);
    office.figures("main").await.holds("/purchased", 5);
    let shrunk = office
        .patch("/pools/main", json!({"purchased": 2}))
        .await
        .status(200);
    shrunk
        .holds("/purchased", 2)
        .holds("/available", 0)
        .holds("/occupied", 2);
    office.books_balance().await;
}

async fn every_purchase_is_in_the_ledger(t: Tenant) {
    let office = Office::with_seats(t, 10).await;
    office
        .patch("/pools/main", json!({"purchased": 15}))
        .await
        .status(200);
    office
        .patch("/pools/main", json!({"purchased": 12}))
        .await
        .status(200);
    let unchanged = office
        .patch("/pools/main", json!({"purchased": 12}))
        .await
        .status(200);
    unchanged.holds("/placement", json!(null));
    let lines = office
        .owner
        .get("/ledger")
        .query("pool", "main")
        .await
        .status(200);
    assert_eq!(
        each(&lines, "action"),
        ["seats.given_up", "seats.bought", "seats.bought"]
    );
    let lines = lines
        .holds("/items/0/from", "available")
        .holds("/items/0/to", "unbought");
    let lines = lines
        .holds("/items/0/quantity", 3)
        .holds("/items/1/quantity", 5);
    lines
        .holds("/items/2/quantity", 10)
        .holds("/items/2/from", "unbought");
    office.books_balance().await;
}

async fn a_pool_that_may_lend_seats_does_so_up_to_its_limit(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool(
            "main",
            1,
            json!({"fullPolicy": "overage", "overageLimit": 1}),
        )
        .await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    assert_eq!(office.state("bob").await, "assigned");
    assert_eq!(office.state("cyd").await, "waitlisted");
    office
        .figures("main")
        .await
        .holds("/occupied", 2)
        .holds("/overage", 1)
        .holds("/waitlist", 1);
    office.end("ada").await.holds("/promoted/0/userName", "cyd");
    office.books_balance().await;
}

async fn lending_can_begin_later(t: Tenant) {
    let office = Office::with_seats(t, 0).await;
    office.hire_all(&["ada", "bob"]).await;
    let body = json!({"fullPolicy": "overage", "overageLimit": 1});
    let changed = office.patch("/pools/main", body).await.status(200);
    changed
        .holds("/overage", 1)
        .holds("/occupied", 1)
        .holds("/waitlist", 1);
    office.books_balance().await;
}

async fn a_pool_that_refuses_says_so(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 1, json!({"fullPolicy": "reject"}))
        .await;
    office.hire("ada", json!({})).await;
    let body = crate::common::tenant::user("bob", json!({}));
    let refused = office.tenant.scim().post("/Users", body).await;
    refused.error(403, "seatUnavailable").says("main");
    office.owner.get("/members/bob").await.status(404);
    let lines = office
        .owner
        .get("/ledger")
        .query("action", "seat.refused")
        .await;
    assert_eq!(each(&lines, "action").len(), 1, "{lines}");
    let again = crate::common::tenant::user("ada", json!({}));
    let taken = office.tenant.scim().post("/Users", again).await;
    taken.error(409, "uniqueness");
    let bob = office.hire("bob", json!({"active": false})).await;
    let active = json!([{"op": "replace", "path": "active", "value": true}]);
    let refused = office
        .tenant
        .scim()
        .patch(&format!("/Users/{bob}"), active)
        .await;
    refused.error(403, "seatUnavailable");
    office
        .member("bob")
        .await
        .holds("/identityState", "inactive");
    office.books_balance().await;
}

async fn a_closed_pool_takes_nobody(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office
        .change("/pools/main", json!({"state": "closed"}))
        .await
        .holds("/state", "closed");
    office.hire("ada", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "none")
        .holds("/seatReason", "no_pool");
    office.change("/pools/main", json!({"state": "live"})).await;
    assert_eq!(office.state("ada").await, "assigned");
    office.books_balance().await;
}

async fn a_pool_falls_back_on_another(t: Tenant) {
    let office = Office::bare(t).await;
    office.pool("spare", 1, json!({})).await;
    office
        .pool("first", 1, json!({"fallbackPool": "spare"}))
        .await;
    for name in ["ada", "bob", "cyd"] {
        office
            .hire(name, json!({COACHING: {"pool": "first"}}))
            .await;
    }
    office.member("ada").await.holds("/pool", "first");
    office
        .member("bob")
        .await
        .holds("/pool", "spare")
        .holds("/seatState", "assigned");
    office
        .member("cyd")
        .await
        .holds("/pool", "first")
        .holds("/seatState", "waitlisted");
}

async fn a_term_that_shortens_shortens_access(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office
        .change("/pools/main", json!({"termEnd": "2038-06-30"}))
        .await;
    let ada = office
        .member("ada")
        .await
        .holds("/accessEndDate", "2038-06-30");
    ada.holds("/accessEndSource", "pool")
        .holds("/seatState", "assigned");
}

async fn pools_are_listed_by_key_a_page_at_a_time(t: Tenant) {
    let office = Office::bare(t).await;
    for key in ["b", "a", "c"] {
        office.pool(key, 1, json!({})).await;
    }
    let first = office
        .owner
        .get("/pools")
        .query("limit", "2")
        .await
        .status(200);
    assert_eq!(each(&first, "key"), ["a", "b"]);
    let cursor = first.string("/nextCursor");
    let rest = office
        .owner
        .get("/pools")
        .query("cursor", &cursor)
        .await
        .status(200);
    assert_eq!(each(&rest, "key"), ["c"]);
    rest.holds("/nextCursor", json!(null));
}

//! Who gets a seat that comes free, where several pools would do for somebody.

use serde_json::json;

use crate::common::{COACHING, Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_seat_in_a_fallback_goes_to_whoever_may_fall_back_on_it,
    a_seat_in_any_pool_goes_to_whoever_named_none,
    whoever_has_waited_longest_is_next_in_every_pool,
    a_newcomer_does_not_overtake_who_waits_elsewhere,
    whoever_has_a_seat_leaves_every_line,
    a_new_pool_is_offered_to_those_in_line_at_once,
    a_new_fallback_is_offered_to_those_in_line_at_once,
    a_fallback_holder_stays_when_nothing_about_them_changes,
    a_fallback_holder_moves_when_the_wanted_pool_grows,
    a_wish_that_changes_takes_what_is_free,
    a_write_answers_with_the_place_in_line_if_asked,
);

/// `first` falls back on `spare`; each has one seat, and ada and bob hold them.
async fn full_office(t: Tenant) -> Office {
    let office = Office::bare(t).await;
    office.pool("spare", 1, json!({})).await;
    office
        .pool("first", 1, json!({"fallbackPool": "spare"}))
        .await;
    wanting(&office, "ada", "first").await;
    wanting(&office, "bob", "spare").await;
    office
}

async fn wanting(office: &Office, who: &str, pool: &str) -> String {
    office.hire(who, json!({COACHING: {"pool": pool}})).await
}

async fn sits_in(office: &Office, who: &str, pool: &str) -> Reply {
    let member = office.member(who).await.holds("/pool", pool);
    member.holds("/seatState", "assigned")
}

async fn a_seat_in_a_fallback_goes_to_whoever_may_fall_back_on_it(t: Tenant) {
    let office = full_office(t).await;
    wanting(&office, "cyd", "first").await;
    office.end("bob").await.holds("/promoted/0/userName", "cyd");
    sits_in(&office, "cyd", "spare").await;
    let spare = office.figures("spare").await.holds("/available", 0);
    spare.holds("/occupied", 1);
    office.figures("first").await.holds("/waitlist", 0);
    office.books_balance().await;
}

async fn a_seat_in_any_pool_goes_to_whoever_named_none(t: Tenant) {
    let office = Office::bare(t).await;
    for key in ["one", "two", "three"] {
        office.pool(key, 1, json!({})).await;
    }
    for (who, pool) in [("ada", "one"), ("bob", "two"), ("cyd", "three")] {
        wanting(&office, who, pool).await;
    }
    office.hire_all(&["dan", "eve", "fay"]).await;
    for (leaver, next, pool) in [
        ("cyd", "dan", "three"),
        ("ada", "eve", "one"),
        ("bob", "fay", "two"),
    ] {
        office
            .end(leaver)
            .await
            .holds("/promoted/0/userName", next)
            .holds("/promoted/1", json!(null));
        sits_in(&office, next, pool).await;
    }
    office.books_balance().await;
}

async fn whoever_has_waited_longest_is_next_in_every_pool(t: Tenant) {
    let office = full_office(t).await;
    wanting(&office, "cyd", "first").await;
    let dan = wanting(&office, "dan", "spare").await;
    office.member("dan").await.holds("/waitlistPosition", 2);
    let position = format!("{COACHING}:waitlistPosition");
    let request = office.tenant.scim().get(&format!("/Users/{dan}"));
    let read = request.query("attributes", &position).await.status(200);
    assert_eq!(read[COACHING]["waitlistPosition"], 2, "{read}");
    let line = office.owner.get("/waitlist?pool=spare").await.status(200);
    line.holds("/items/0/member/userName", "dan")
        .holds("/items/0/position", 2)
        .holds("/items/1", json!(null));
    let listed = office.owner.get("/members?seatState=waitlisted").await;
    assert_eq!(each(&listed, "userName"), ["cyd", "dan"], "{listed}");
    listed
        .holds("/items/0/waitlistPosition", 1)
        .holds("/items/1/waitlistPosition", 2);
    office.end("bob").await.holds("/promoted/0/userName", "cyd");
    office.member("dan").await.holds("/waitlistPosition", 1);
    office.end("cyd").await.holds("/promoted/0/userName", "dan");
    office.books_balance().await;
}

async fn a_newcomer_does_not_overtake_who_waits_elsewhere(t: Tenant) {
    let office = full_office(t).await;
    wanting(&office, "cyd", "first").await;
    wanting(&office, "dan", "spare").await;
    office.end("bob").await;
    wanting(&office, "eve", "spare").await;
    assert_eq!(office.state("eve").await, "waitlisted");
    office.member("eve").await.holds("/waitlistPosition", 2);
    office.end("ada").await.holds("/promoted", json!([]));
    office
        .figures("first")
        .await
        .holds("/available", 1)
        .holds("/waitlist", 0);
}

async fn whoever_has_a_seat_leaves_every_line(t: Tenant) {
    let office = full_office(t).await;
    let cyd = wanting(&office, "cyd", "first").await;
    office.end("ada").await.holds("/promoted/0/userName", "cyd");
    wanting(&office, "dan", "spare").await;
    office.member("dan").await.holds("/waitlistPosition", 1);
    office.end("bob").await.holds("/promoted/0/userName", "dan");
    office.delete(&cyd).await;
    wanting(&office, "eve", "first").await;
    sits_in(&office, "eve", "first").await;
    // One who is deleted while they wait is in no line either.
    let fay = wanting(&office, "fay", "first").await;
    office.delete(&fay).await;
    office.end("dan").await.holds("/promoted", json!([]));
    office.figures("spare").await.holds("/available", 1);
    office.books_balance().await;
}

async fn a_new_pool_is_offered_to_those_in_line_at_once(t: Tenant) {
    let office = full_office(t).await;
    wanting(&office, "cyd", "first").await;
    office.hire_all(&["dan", "eve"]).await;
    let made = office.pool("new", 1, json!({})).await;
    made.holds("/occupied", 1).holds("/available", 0);
    sits_in(&office, "dan", "new").await;
    office.member("cyd").await.holds("/waitlistPosition", 1);
    office.books_balance().await;
}

async fn a_new_fallback_is_offered_to_those_in_line_at_once(t: Tenant) {
    let office = full_office(t).await;
    office.pool("far", 1, json!({})).await;
    wanting(&office, "cyd", "spare").await;
    assert_eq!(office.state("cyd").await, "waitlisted");
    let changed = office.patch("/pools/spare", json!({"fallbackPool": "far"}));
    changed.await.status(200);
    sits_in(&office, "cyd", "far").await;
    office.books_balance().await;
}

async fn a_fallback_holder_stays_when_nothing_about_them_changes(t: Tenant) {
    let office = Office::bare(t).await;
    office.pool("spare", 2, json!({})).await;
    office
        .pool("first", 1, json!({"fallbackPool": "spare"}))
        .await;
    wanting(&office, "ada", "first").await;
    let bob = wanting(&office, "bob", "first").await;
    sits_in(&office, "bob", "spare").await;
    let lines = || async {
        let ledger = office.owner.get("/ledger?pool=spare").await.status(200);
        each(&ledger, "action").len()
    };
    let before = lines().await;
    office.set(&bob, "title", json!("Boss")).await;
    sits_in(&office, "bob", "spare")
        .await
        .holds("/seatReason", json!(null));
    assert_eq!(lines().await, before, "a title moved a seat");
    office.books_balance().await;
}

async fn a_fallback_holder_moves_when_the_wanted_pool_grows(t: Tenant) {
    let office = full_office(t).await;
    office.end("bob").await;
    wanting(&office, "cyd", "first").await;
    sits_in(&office, "cyd", "spare").await;
    wanting(&office, "dan", "spare").await;
    office.change("/pools/first", json!({"purchased": 2})).await;
    sits_in(&office, "cyd", "first").await;
    sits_in(&office, "dan", "spare").await;
    office.books_balance().await;
}

async fn a_wish_that_changes_takes_what_is_free(t: Tenant) {
    let office = full_office(t).await;
    office.pool("far", 1, json!({})).await;
    let cyd = wanting(&office, "cyd", "spare").await;
    assert_eq!(office.state("cyd").await, "waitlisted");
    office.set_coaching(&cyd, "pool", json!("far")).await;
    sits_in(&office, "cyd", "far").await;
    office.end("bob").await.holds("/promoted", json!([]));
    office.books_balance().await;
}

async fn a_write_answers_with_the_place_in_line_if_asked(t: Tenant) {
    let office = full_office(t).await;
    wanting(&office, "cyd", "spare").await;
    let dan = wanting(&office, "dan", "spare").await;
    let position = format!("{COACHING}:waitlistPosition");
    let path = format!("/Users/{dan}");
    let scim = office.tenant.scim();
    // The second of the two changes nothing and is answered from what there is.
    for _ in 0..2 {
        let patch = json!([{"op": "replace", "path": "title", "value": "Boss"}]);
        let request = scim.patch(&path, patch).query("attributes", &position);
        let patched = request.await.status(200);
        assert_eq!(patched[COACHING]["waitlistPosition"], 2, "{patched}");
    }
    let body = crate::common::tenant::user("dan", json!({COACHING: {"pool": "spare"}}));
    let request = scim.put(&path, body).query("attributes", &position);
    let replaced = request.await.status(200);
    assert_eq!(replaced[COACHING]["waitlistPosition"], 2, "{replaced}");
    let patch = json!([{"op": "replace", "path": "title", "value": "Chief"}]);
    let silent = scim.patch(&path, patch).await.status(200);
    assert_eq!(
        silent[COACHING]["waitlistPosition"],
        json!(null),
        "{silent}"
    );
}

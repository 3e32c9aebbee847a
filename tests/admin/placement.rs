//! Groups and rules move people between tracks and pools.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::Office;

both_engines!(
    another_track_in_the_same_pool_keeps_the_seat,
    another_pool_is_taken_before_the_old_one_is_left,
    a_full_target_leaves_the_old_seat_in_use,
    without_any_rule_the_seat_is_held_for_a_while,
    a_rule_may_end_or_keep_access_when_it_matches_no_more,
    a_new_pool_takes_those_who_wait_for_none_other,
    seats_are_never_oversold_by_a_crowd,
);

async fn office_with_sales(t: Tenant, seats: u32, mapping: serde_json::Value) -> Office {
    let office = Office::bare(t).await;
    office.pool("main", seats, json!({})).await;
    office
        .owner
        .post("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await
        .status(201);
    office.make("/mappings", mapping).await;
    office
}

async fn another_track_in_the_same_pool_keeps_the_seat(t: Tenant) {
    let office = office_with_sales(t, 1, json!({"group": "Sales", "track": "sales"})).await;
    let ada = office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    let before = office.member("ada").await.holds("/track", "growth");
    office.tenant.create_group("Sales", &[&ada]).await;
    let after = office.member("ada").await.holds("/track", "sales");
    let after = after
        .holds("/accessEndDate", "2037-05-31")
        .holds("/episode", 1);
    after.holds("/assignments/0/id", before.string("/assignments/0/id"));
    office.books_balance().await;
}

async fn another_pool_is_taken_before_the_old_one_is_left(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.pool("vip", 1, json!({})).await;
    let ada = office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    office
        .hire("bob", json!({COACHING: {"pool": "main"}}))
        .await;
    office.set_coaching(&ada, "pool", json!("vip")).await;
    office
        .member("ada")
        .await
        .holds("/pool", "vip")
        .holds("/episode", 1);
    office
        .member("bob")
        .await
        .holds("/pool", "main")
        .holds("/seatState", "assigned");
    office.books_balance().await;
}

async fn a_full_target_leaves_the_old_seat_in_use(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.pool("vip", 0, json!({})).await;
    let ada = office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    office.set_coaching(&ada, "pool", json!("vip")).await;
    let waiting = office.member("ada").await.holds("/seatState", "assigned");
    let waiting = waiting
        .holds("/pool", "main")
        .holds("/seatReason", "transfer_waiting");
    waiting
        .holds("/waitlistPosition", 1)
        .holds("/assignments/0/waitingFor", "vip");
    office
        .patch("/pools/vip", json!({"purchased": 1}))
        .await
        .status(200);
    let moved = office
        .member("ada")
        .await
        .holds("/pool", "vip")
        .holds("/seatReason", json!(null));
    moved.holds("/episode", 1);
    office.figures("main").await.holds("/available", 1);
    office.books_balance().await;
}

async fn without_any_rule_the_seat_is_held_for_a_while(t: Tenant) {
    let office = office_with_sales(t, 1, json!({"group": "Sales", "track": "sales"})).await;
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    let ada = office.hire("ada", json!({})).await;
    assert_eq!(office.state("ada").await, "none");
    let group = office.tenant.create_group("Sales", &[&ada]).await.id();
    assert_eq!(office.state("ada").await, "assigned");
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    let leave = office
        .tenant
        .scim()
        .patch(&format!("/Groups/{group}"), remove)
        .await;
    assert!(matches!(leave.status, 200 | 204), "{leave}");
    let held = office.member("ada").await.holds("/seatState", "grace");
    held.holds("/seatReason", "unmatched")
        .holds("/identityState", "active");
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);
    office
        .tenant
        .scim()
        .patch(&format!("/Groups/{group}"), add)
        .await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 1);
    office.books_balance().await;
}

async fn a_rule_may_end_or_keep_access_when_it_matches_no_more(t: Tenant) {
    let mapping = json!({"filter": "title eq \"VP\"", "track": "sales", "onUnmatch": "end"});
    let office = office_with_sales(t, 2, mapping).await;
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    let mapping = json!({"filter": "title eq \"CEO\"", "track": "sales", "onUnmatch": "keep"});
    office.make("/mappings", mapping).await;
    let ada = office.hire("ada", json!({"title": "VP"})).await;
    let bob = office.hire("bob", json!({"title": "CEO"})).await;
    for id in [&ada, &bob] {
        office.set(id, "title", json!("Fellow")).await;
    }
    office
        .member("ada")
        .await
        .holds("/seatState", "ended")
        .holds("/status", "ended");
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn a_new_pool_takes_those_who_wait_for_none_other(t: Tenant) {
    let office = Office::bare(t).await;
    office.hire_all(&["ada", "bob"]).await;
    office.member("ada").await.holds("/seatReason", "no_pool");
    office
        .placed(&office.pool("main", 1, json!({})).await)
        .await;
    let states = [office.state("ada").await, office.state("bob").await];
    assert_eq!(states, ["assigned", "waitlisted"]);
    office
        .placed(&office.pool("more", 1, json!({})).await)
        .await;
    office
        .member("bob")
        .await
        .holds("/seatState", "assigned")
        .holds("/pool", "more");
    office.books_balance().await;
}

async fn seats_are_never_oversold_by_a_crowd(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let names: Vec<String> = (0..24).map(|n| format!("user{n}")).collect();
    let scim = office.tenant.scim();
    let tasks: Vec<_> = names
        .iter()
        .map(|name| {
            let body = crate::common::tenant::user(name, json!({}));
            tokio::spawn(scim.post("/Users", body).into_future())
        })
        .collect();
    for task in tasks {
        task.await.unwrap().status(201);
    }
    let figures = office.figures("main").await.holds("/purchased", 5);
    figures
        .holds("/occupied", 5)
        .holds("/available", 0)
        .holds("/waitlist", 19);
    let enders: Vec<_> = (0..24)
        .map(|n| {
            let body = json!({"reason": "inactive"});
            let request = office.owner.post(&format!("/members/user{n}/end"), body);
            tokio::spawn(request.into_future())
        })
        .collect();
    for task in enders {
        task.await.unwrap().status(200);
    }
    let figures = office.figures("main").await.holds("/available", 5);
    figures.holds("/occupied", 0).holds("/waitlist", 0);
    office.books_balance().await;
}

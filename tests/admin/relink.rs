//! Who comes back over SCIM under the worker identifier of somebody who was deactivated.

use serde_json::{Value, json};

use crate::common::tenant::user;
use crate::common::{COACHING, Engine, Reply, Tenant};
use crate::office::{Office, days, each};

both_engines!(
    a_worker_who_was_deactivated_comes_back_as_the_same_person,
    within_the_grace_period_they_have_their_seat_again,
    the_former_user_is_gone_and_cannot_reach_them,
    under_the_same_user_name_the_identity_provider_reactivates,
    a_second_active_worker_is_refused,
    nothing_changes_where_the_pool_refuses,
    what_held_for_the_former_user_goes,
    creating_tells_the_place_in_line,
);

both_engines_alone!(after_the_grace_period_it_is_a_new_episode,);

fn worker(id: &str, rest: Value) -> Value {
    let mut own = json!({"workerId": id});
    crate::office::merge(&mut own, rest);
    json!({COACHING: own})
}

impl Office {
    async fn post_worker(&self, name: &str, id: &str) -> Reply {
        let body = user(name, worker(id, json!({})));
        self.tenant.scim().post("/Users", body).await
    }
}

async fn a_worker_who_was_deactivated_comes_back_as_the_same_person(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    let id = office.member("ada").await.id();
    office.set_active(&old, false).await;
    let back = office.post_worker("ada.lovelace", "w1").await.status(201);
    assert_ne!(back.id(), old);
    let member = office.member("ada.lovelace").await;
    assert_eq!(member.id(), id);
    member
        .holds("/scimId", back.id())
        .holds("/identityState", "active");
    let all = office.owner.get("/members").await.status(200);
    assert_eq!(each(&all, "userName"), ["ada.lovelace"]);
    let ledger = office
        .owner
        .get(&format!("/members/{id}/ledger?action=member.relinked"));
    let ledger = ledger.await.status(200);
    ledger.holds("/items/0/detail/retiredScimId", old);
    let reviews = office.owner.get("/reviews").await.status(200);
    assert!(each(&reviews, "id").is_empty());
    office.books_balance().await;
}

async fn within_the_grace_period_they_have_their_seat_again(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    office.set_active(&old, false).await;
    assert_eq!(office.state("ada").await, "grace");
    office.post_worker("ada2", "w1").await.status(201);
    let member = office.member("ada2").await;
    member.holds("/seatState", "assigned").holds("/episode", 1);
    office
        .figures("main")
        .await
        .holds("/occupied", 1)
        .holds("/grace", 0);
    office.books_balance().await;
}

async fn after_the_grace_period_it_is_a_new_episode(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    office.set_active(&old, false).await;
    server.clock.advance(days(15));
    office.post_worker("ada2", "w1").await.status(201);
    let member = office.member("ada2").await;
    member.holds("/seatState", "assigned").holds("/episode", 2);
}

async fn the_former_user_is_gone_and_cannot_reach_them(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let scim = office.tenant.scim();
    let old = office.hire("ada", worker("w1", json!({}))).await;
    office.set_active(&old, false).await;
    let new = office.post_worker("ada2", "w1").await.status(201).id();
    // Entra deletes the disabled account 30 days later.
    let path = format!("/Users/{old}");
    scim.get(&path).await.error(404, "");
    scim.delete(&path).await.error(404, "");
    assert_eq!(office.state("ada2").await, "assigned");
    let found = scim.get("/Users").query("filter", "userName eq \"ada\"");
    assert_eq!(found.await.status(200).total(), 0);
    scim.get(&format!("/Users/{new}")).await.status(200);
    // The name is free for somebody else.
    office.post_worker("ada", "w2").await.status(201);
    // Who leaves and comes back again is still the same.
    let id = office.member("ada2").await.id();
    office.set_active(&new, false).await;
    office.post_worker("ada3", "w1").await.status(201);
    assert_eq!(office.member("ada3").await.id(), id);
}

async fn under_the_same_user_name_the_identity_provider_reactivates(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    office.set_active(&old, false).await;
    office
        .post_worker("ADA", "w1")
        .await
        .error(409, "uniqueness");
    let found = office
        .tenant
        .scim()
        .get("/Users")
        .query("filter", "userName eq \"ada\"");
    let found = found.await.status(200);
    assert_eq!(found.resources()[0]["id"], json!(old));
    office.set_active(&old, true).await;
    assert_eq!(office.state("ada").await, "assigned");
}

async fn a_second_active_worker_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    office
        .post_worker("bob", "w1")
        .await
        .error(409, "uniqueness");
    office.set_active(&old, false).await;
    office.post_worker("bob", "w1").await.status(201);
    office
        .post_worker("cleo", "w1")
        .await
        .error(409, "uniqueness");
    // Another identifier is another person, and so is none.
    office.post_worker("dan", "w2").await.status(201);
    office.tenant.bare_user("eve").await;
    let all = office.owner.get("/members?sort=userName").await.status(200);
    assert_eq!(each(&all, "userName"), ["bob", "dan", "eve"]);
}

async fn nothing_changes_where_the_pool_refuses(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 1, json!({"fullPolicy": "reject"}))
        .await;
    let policy = office.patch("/policy", json!({"graceDays": 0})).await;
    office.placed(&policy.status(200)).await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    office.set_active(&old, false).await;
    office.hire("bob", json!({})).await;
    office
        .post_worker("ada2", "w1")
        .await
        .error(403, "seatUnavailable");
    let kept = office.tenant.scim().get(&format!("/Users/{old}"));
    kept.await
        .status(200)
        .holds("/userName", "ada")
        .holds("/active", false);
}

async fn what_held_for_the_former_user_goes(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office
        .make("/tracks", json!({"key": "exec", "name": "Exec"}))
        .await;
    office
        .make("/mappings", json!({"group": "Execs", "track": "exec"}))
        .await;
    let old = office.hire("ada", worker("w1", json!({}))).await;
    let group = office.tenant.create_group("Execs", &[&old]).await.id();
    office.member("ada").await.holds("/track", "exec");
    let pin = json!({"field": "accessEndDate", "value": "2038-01-01"});
    office.act("ada", "pin", pin).await.status(200);
    office.set_active(&old, false).await;
    office.post_worker("ada2", "w1").await.status(201);
    let member = office.member("ada2").await;
    let member = member.holds("/track", "growth");
    assert_eq!(member["pins"], json!([]));
    assert_eq!(member["groups"], json!([]));
    let group = office.tenant.scim().get(&format!("/Groups/{group}"));
    group.await.status(200).lacks("/members");
}

async fn creating_tells_the_place_in_line(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (name, position) in [("bob", 1), ("cleo", 2)] {
        let request = office.tenant.scim().post("/Users", user(name, json!({})));
        let made = request.query("attributes", COACHING).await.status(201);
        assert_eq!(made[COACHING]["waitlistPosition"], position, "{made}");
    }
}

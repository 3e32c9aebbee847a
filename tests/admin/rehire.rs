//! Somebody new who may be somebody who left.

use serde_json::{Value, json};

use crate::common::{COACHING, Reply, Tenant};
use crate::office::{Office, each, effect, effects};

both_engines!(
    the_same_worker_is_the_same_person,
    an_address_alone_is_a_review_and_no_merge,
    who_is_still_here_is_no_former_self,
    merging_continues_the_old_person_under_the_new_id,
    merging_somebody_deactivated_retires_their_id,
    merging_keeps_one_seat,
    dismissing_leaves_two_people,
    what_is_decided_stays_decided,
    a_review_that_is_overtaken_is_closed,
    a_dry_run_changes_nothing,
    pages_and_formats,
);

fn worker(id: &str, mail: &str) -> Value {
    json!({"emails": [{"value": mail, "primary": true}], COACHING: {"workerId": id}})
}

const MAIL: &str = "ada@acme.example";

/// Ada left, and somebody with her address and another worker identifier came.
async fn met(office: &Office) -> (String, String, String) {
    let old = office.hire("ada", worker("w1", MAIL)).await;
    let former = office.member("ada").await.id();
    office.delete(&old).await;
    let new = office
        .hire("ada.new", worker("w2", "ADA@acme.example"))
        .await;
    (former, new, review(office).await.string("/items/0/id"))
}

async fn review(office: &Office) -> Reply {
    office.owner.get("/reviews").await.status(200)
}

async fn decide(office: &Office, review: &str, verb: &str) -> Reply {
    let path = format!("/reviews/{review}/{verb}");
    office.owner.post(&path, json!({})).await
}

async fn the_same_worker_is_the_same_person(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let old = office.hire("ada", worker("w1", MAIL)).await;
    let id = office.member("ada").await.id();
    office.delete(&old).await;
    office.hire("ada", worker("w1", MAIL)).await;
    let back = office.member("ada").await.holds("/episode", 2);
    assert_eq!(back.id(), id);
    assert!(each(&review(&office).await, "id").is_empty());
}

async fn an_address_alone_is_a_review_and_no_merge(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let (former, _, _) = met(&office).await;
    let new = office.member("ada.new").await.holds("/episode", 1);
    assert_ne!(new.id(), former);
    review(&office)
        .await
        .holds("/items/0/kind", "possible_rehire")
        .holds("/items/0/state", "open")
        .holds("/items/0/member/id", new.id())
        .holds("/items/0/member/workerId", "w2")
        .holds("/items/0/former/id", former)
        .holds("/items/0/former/workerId", "w1")
        .holds("/items/0/former/identityState", "deleted")
        .lacks("/items/1");
}

async fn who_is_still_here_is_no_former_self(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire("ada", worker("w1", MAIL)).await;
    office.hire("twin", worker("w2", MAIL)).await;
    assert!(each(&review(&office).await, "id").is_empty());
}

async fn merging_continues_the_old_person_under_the_new_id(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let old = office.hire("ada", worker("w1", MAIL)).await;
    let former = office.member("ada").await.id();
    let at = office.member("ada").await.string("/createdAt");
    let event = json!([
        {"id": "e1", "type": "account.activated", "member": "ada", "occurredAt": at},
        {"id": "e2", "type": "session.completed", "member": "ada", "sessionId": "s1",
         "occurredAt": at}]);
    office
        .owner
        .post("/events", event)
        .await
        .status(200)
        .holds("/applied", 2);
    office.delete(&old).await;
    let new = office.hire("ada.new", worker("w2", MAIL)).await;
    let group = office.tenant.create_group("G", &[&new]).await.id();
    let shell = office.member("ada.new").await.id();
    let open = review(&office).await.string("/items/0/id");
    let merged = decide(&office, &open, "merge").await.status(200);
    assert_eq!(effect(&merged, "merged")["from"], json!(shell), "{merged}");
    merged
        .holds("/member/id", former.clone())
        .holds("/member/episode", 2)
        .holds("/member/userName", "ada.new")
        .holds("/member/seatState", "assigned")
        // Who comes back does the onboarding again, and need not activate the account.
        .holds("/member/status", "activated");
    let seen = office.member(&former).await;
    let seen = seen
        .holds("/scimId", new.clone())
        .holds("/sessionsCompletedTotal", 1)
        .holds("/groups/0/id", group.clone());
    assert_eq!(seen["assignments"].as_array().unwrap().len(), 2, "{seen}");
    // The identity provider goes on with the identifier it knows.
    let scim = office.tenant.scim();
    let path = format!("/Users/{new}");
    scim.get(&path)
        .await
        .status(200)
        .holds("/userName", "ada.new");
    office.set(&new, "title", json!("VP")).await;
    office.member(&former).await.holds("/title", "VP");
    let group = scim.get(&format!("/Groups/{group}")).await.status(200);
    assert_eq!(group.values("members"), [new.as_str()], "{group}");
    let gone = office.member(&shell).await;
    gone.holds("/identityState", "erased")
        .holds("/seatState", "none")
        .holds("/email", json!(null));
    let people = office.owner.get("/members").await.status(200);
    assert_eq!(each(&people, "id"), [former.as_str()]);
    office
        .figures("main")
        .await
        .holds("/occupied", 1)
        .holds("/available", 1);
    office.books_balance().await;
    office.end(&former).await.holds("/seatFreed", true);
    office.books_balance().await;
}

async fn merging_somebody_deactivated_retires_their_id(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let old = office.hire("ada", worker("w1", MAIL)).await;
    let former = office.member("ada").await.id();
    office.set_active(&old, false).await;
    office.end("ada").await;
    let new = office.hire("ada.new", worker("w2", MAIL)).await;
    let open = review(&office).await.string("/items/0/id");
    let merged = decide(&office, &open, "merge").await.status(200);
    assert_eq!(
        effect(&merged, "merged")["retiredScimId"],
        json!(old),
        "{merged}"
    );
    let scim = office.tenant.scim();
    scim.get(&format!("/Users/{old}")).await.error(404, "");
    scim.get(&format!("/Users/{new}")).await.status(200);
    office
        .member(&former)
        .await
        .holds("/identityState", "active")
        .holds("/episode", 2);
    office.books_balance().await;
}

async fn merging_keeps_one_seat(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let old = office.hire("ada", worker("w1", MAIL)).await;
    office.set_active(&old, false).await;
    office.hire("ada.new", worker("w2", MAIL)).await;
    office.hire("bob", json!({})).await;
    assert_eq!(office.state("bob").await, "waitlisted");
    let open = review(&office).await.string("/items/0/id");
    let merged = decide(&office, &open, "merge").await.status(200);
    assert_eq!(effect(&merged, "promoted")["userName"], "bob", "{merged}");
    office
        .figures("main")
        .await
        .holds("/occupied", 2)
        .holds("/grace", 0);
    office.books_balance().await;
}

async fn dismissing_leaves_two_people(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let (former, _, open) = met(&office).await;
    let before = office.member("ada.new").await;
    let done = decide(&office, &open, "dismiss").await.status(200);
    done.holds("/review/state", "dismissed");
    assert_eq!(office.member("ada.new").await.json, before.json);
    office
        .member(&former)
        .await
        .holds("/identityState", "deleted");
    assert!(each(&review(&office).await, "id").is_empty());
    let dismissed = office.owner.get("/reviews?state=dismissed").await;
    assert_eq!(each(&dismissed.status(200), "id"), [open.as_str()]);
}

async fn what_is_decided_stays_decided(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let (_, _, open) = met(&office).await;
    decide(&office, &open, "dismiss").await.status(200);
    for verb in ["merge", "dismiss"] {
        let refused = decide(&office, &open, verb).await.status(409);
        refused.holds("/code", "review_closed");
        let refused = decide(&office, crate::common::NOBODY, verb).await;
        refused.status(404).holds("/code", "not_found");
    }
    let neighbour = Office::bare(office.tenant.neighbour()).await;
    decide(&neighbour, &open, "merge").await.status(404);
}

async fn a_review_that_is_overtaken_is_closed(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let (_, new, open) = met(&office).await;
    office.delete(&new).await;
    let refused = decide(&office, &open, "merge").await.status(409);
    refused.holds("/code", "review_closed");
}

async fn a_dry_run_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let (former, _, open) = met(&office).await;
    let body = json!({"dryRun": true});
    for verb in ["merge", "dismiss"] {
        let path = format!("/reviews/{open}/{verb}");
        let tried = office.owner.post(&path, body.clone()).await.status(200);
        let tried = tried.holds("/dryRun", true);
        assert!(!effects(&tried).is_empty(), "{tried}");
    }
    office
        .member(&former)
        .await
        .holds("/identityState", "deleted");
    office.member("ada.new").await.holds("/episode", 1);
    assert_eq!(each(&review(&office).await, "id"), [open.as_str()]);
    office.books_balance().await;
}

async fn pages_and_formats(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    for name in ["ada", "bob", "cyd"] {
        let mail = format!("{name}@acme.example");
        let old = office.hire(name, worker(&format!("{name}1"), &mail)).await;
        office.delete(&old).await;
        let again = format!("{name}.new");
        office
            .hire(&again, worker(&format!("{name}2"), &mail))
            .await;
    }
    let mut names = Vec::new();
    let mut path = "/reviews?limit=2".to_owned();
    loop {
        let page = office.owner.get(&path).await.status(200);
        for item in page["items"].as_array().unwrap() {
            names.push(item["member"]["userName"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/reviews?limit=2&cursor={next}");
    }
    assert_eq!(names, ["ada.new", "bob.new", "cyd.new"]);
    let csv = office.owner.get("/reviews?format=csv").await.status(200);
    assert_eq!(csv.text.lines().count(), 4, "{csv}");
    let refused = office.owner.get("/reviews?state=maybe").await.status(400);
    refused.holds("/code", "invalid_parameter");
}

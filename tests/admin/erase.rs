//! Erasing a person.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::{Office, effects};

both_engines!(
    nothing_that_tells_who_they_were_is_left,
    an_invitation_and_a_reminder_go_with_them,
    the_seat_is_free_at_once_and_the_ledger_holds,
    their_name_is_typed_back,
    erasing_twice_changes_nothing,
    who_was_deleted_can_be_erased,
    who_is_erased_and_comes_again_is_somebody_new,
    what_they_did_is_kept_without_them,
    only_an_owner_erases,
);

/// An office whose policy lets one operator erase alone.
async fn alone(t: Tenant) -> Office {
    let office = Office::with_seats(t, 1).await;
    let policy = json!({"approveErasing": false});
    office.change("/policy", policy).await;
    office
}

async fn erase(office: &Office, who: &str, name: &str) -> crate::common::Reply {
    let body = json!({"confirm": name});
    office.act(who, "erase", body).await.status(200)
}

async fn nothing_that_tells_who_they_were_is_left(t: Tenant) {
    let office = alone(t).await;
    let rest = json!({
        "externalId": "okta-77", "title": "Astronomer", "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        COACHING: {"workerId": "worker-77", "region": "Marylebone"},
    });
    let ada = office.hire("ada", rest).await;
    office.tenant.create_group("G", &[&ada]).await;
    let member = office.member("ada").await.id();
    let note = json!({"field": "track", "value": "growth", "note": "Lovelace asked"});
    office.act("ada", "pin", note).await.status(200);
    let note = json!({"note": "Lovelace is ill"});
    office.act("ada", "pause", note).await.status(200);
    erase(&office, "ada", "ada").await;
    let scim = office.tenant.scim();
    scim.get(&format!("/Users/{ada}")).await.error(404, "");
    for filter in [
        "userName eq \"ada\"",
        "emails.value eq \"ada@acme.example\"",
        "externalId eq \"okta-77\"",
    ] {
        let found = scim.get("/Users").query("filter", filter).await.status(200);
        assert_eq!(found.total(), 0, "{filter}\n{found}");
    }
    let seen = office.member(&member).await;
    let listed = office.owner.get("/members").await.status(200);
    let ledger = office.owner.get("/ledger?limit=500").await.status(200);
    let groups = scim.get("/Groups").await.status(200);
    for reply in [&seen, &listed, &ledger, &groups] {
        for told in [
            "ada@",
            "\"ada\"",
            "Ada",
            "Lovelace",
            "Astronomer",
            "okta-77",
            "worker-77",
            "Marylebone",
        ] {
            assert!(!reply.text.contains(told), "{told} is left\n{reply}");
        }
    }
    seen.holds("/identityState", "erased")
        .holds("/userName", format!("erased-{member}"))
        .holds("/email", json!(null))
        .holds("/pins", json!([]))
        .holds("/accessLevel", "none");
    for who in ["ada", "ada@acme.example", "externalId:okta-77"] {
        office
            .owner
            .get(&format!("/members/{who}"))
            .await
            .status(404);
    }
}

async fn an_invitation_and_a_reminder_go_with_them(t: Tenant) {
    let office = alone(t).await;
    let body = json!({"emails": "ada@acme.example", "message": "Dear Ada"});
    let invited = office.owner.post("/invitations", body).await.status(200);
    invited.holds("/invited", 1);
    let member = office.member("ada@acme.example").await;
    let body = json!({"message": "Ada, your coach waits"});
    let path = format!("/members/{}/nudge", member.id());
    office.owner.post(&path, body).await.status(200);
    erase(&office, &member.id(), &member.string("/userName")).await;
    for path in ["/invitations", "/nudges"] {
        let told = office.owner.get(path).await.status(200);
        assert!(!told.to_string().contains("Ada"), "{path}: {told}");
        assert!(!told.to_string().contains("ada@"), "{path}: {told}");
    }
}

async fn the_seat_is_free_at_once_and_the_ledger_holds(t: Tenant) {
    let office = alone(t).await;
    office
        .change("/policy", json!({"graceOnDelete": true}))
        .await;
    office.hire_all(&["ada", "bob"]).await;
    let erased = erase(&office, "ada", "ada").await;
    let named = effects(&erased);
    for name in [
        "erased",
        "access_ended",
        "seat_freed",
        "access_cut",
        "promoted",
    ] {
        assert!(named.contains(&name), "no {name}\n{erased}");
    }
    assert_eq!(office.state("bob").await, "assigned");
    office
        .figures("main")
        .await
        .holds("/occupied", 1)
        .holds("/grace", 0);
    office.books_balance().await;
}

async fn their_name_is_typed_back(t: Tenant) {
    let office = alone(t).await;
    office.hire("ada", json!({})).await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"confirm": "yes"}), "not_confirmed"),
        (json!({"confirm": "Ada"}), "not_confirmed"),
        (json!({"confirm": "ada", "reason": "x"}), "unknown_field"),
    ] {
        let refused = office.act("ada", "erase", body).await.status(400);
        refused.holds("/code", code);
    }
    assert_eq!(office.state("ada").await, "assigned");
}

async fn erasing_twice_changes_nothing(t: Tenant) {
    let office = alone(t).await;
    office.hire("ada", json!({})).await;
    let id = office.member("ada").await.id();
    erase(&office, "ada", "ada").await;
    let again = office.act(&id, "erase", json!({})).await.status(200);
    assert_eq!(effects(&again), ["nothing_changed"]);
    for (verb, body) in [
        (
            "deactivate",
            json!({"reason": "inactive", "override": true}),
        ),
        ("reactivate", json!({"override": true})),
        ("transfer", json!({"track": "growth"})),
        ("pin", json!({"field": "track", "value": "growth"})),
    ] {
        let refused = office.act(&id, verb, body).await.status(409);
        refused.holds("/code", "not_known");
    }
    let refused = office.act(&id, "extend", json!({"addDays": 3})).await;
    refused.status(409).holds("/code", "not_active");
}

async fn who_was_deleted_can_be_erased(t: Tenant) {
    let office = alone(t).await;
    let ada = office.hire("ada", json!({})).await;
    office.delete(&ada).await;
    let erased = erase(&office, "ada", "ada").await;
    assert_eq!(effects(&erased), ["erased"]);
    office.books_balance().await;
}

async fn who_is_erased_and_comes_again_is_somebody_new(t: Tenant) {
    let office = alone(t).await;
    let known = json!({"externalId": "e1", COACHING: {"workerId": "w1"}});
    office.hire("ada", known.clone()).await;
    let old = office.member("ada").await.id();
    erase(&office, "ada", "ada").await;
    office.hire("ada", known).await;
    let new = office.member("ada").await.holds("/episode", 1);
    assert_ne!(new.id(), old);
}

async fn what_they_did_is_kept_without_them(t: Tenant) {
    let office = alone(t).await;
    office.hire("ada", json!({})).await;
    let id = office.member("ada").await.id();
    let at = office.member("ada").await.string("/createdAt");
    let event = json!({"id": "e1", "type": "session.completed", "member": "ada",
        "sessionId": "s1", "occurredAt": at});
    office
        .owner
        .post("/events", event)
        .await
        .status(200)
        .holds("/applied", 1);
    erase(&office, "ada", "ada").await;
    office
        .member(&id)
        .await
        .holds("/sessionsCompletedTotal", 1)
        .holds("/status", "ended");
    let sessions = office.owner.get(&format!("/members/{id}/sessions")).await;
    sessions.status(200).holds("/items/0/id", "s1");
}

async fn only_an_owner_erases(t: Tenant) {
    let office = alone(t).await;
    office.hire("ada", json!({})).await;
    for role in [
        "viewer",
        "approver",
        "program_admin",
        "license_admin",
        "auditor",
    ] {
        let client = office.tenant.admin(role);
        let body = json!({"confirm": "ada"});
        let refused = client.post("/members/ada/erase", body).await.status(403);
        refused.holds("/code", "forbidden").holds("/right", "erase");
    }
    assert_eq!(office.state("ada").await, "assigned");
}

//! Deactivating and reactivating by hand.

use serde_json::json;

use crate::common::Tenant;
use crate::office::{Office, effect, effects};

both_engines!(
    whom_the_identity_provider_manages_takes_an_override,
    deactivating_cuts_access_and_holds_the_seat,
    an_unrelated_write_leaves_the_override_alone,
    a_patch_of_active_wins,
    a_put_with_active_wins,
    reactivating_undoes_it,
    reactivating_against_the_identity_provider_is_drift,
    it_takes_a_reason,
    who_is_gone_is_not_turned_on_or_off,
    another_active_person_has_the_worker_id,
);

async fn deactivate(office: &Office, who: &str) -> crate::common::Reply {
    let body = json!({"reason": "role_change", "note": "Ada King left", "override": true});
    office.act(who, "deactivate", body).await.status(200)
}

async fn whom_the_identity_provider_manages_takes_an_override(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let refused = office
        .act("ada", "deactivate", json!({"reason": "inactive"}))
        .await
        .status(409);
    refused.holds("/code", "idp_managed");
    let refused = office.act("ada", "reactivate", json!({})).await.status(409);
    refused.holds("/code", "idp_managed");
    office
        .member("ada")
        .await
        .holds("/identityState", "active")
        .holds("/identityDrift", json!(null));
}

async fn deactivating_cuts_access_and_holds_the_seat(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let gone = deactivate(&office, "ada").await;
    assert_eq!(
        effects(&gone),
        [
            "identity_deactivated",
            "identity_drift",
            "grace_started",
            "seat_kept",
            "access_cut"
        ]
    );
    assert!(
        effect(&gone, "grace_started")["until"].is_string(),
        "{gone}"
    );
    let cut = effect(&gone, "access_cut");
    assert_eq!((&cut["from"], &cut["to"]), (&json!("full"), &json!("none")));
    let gone = gone
        .holds("/member/identityState", "inactive")
        .holds("/member/seatState", "grace")
        .holds("/member/identityDrift/idpActive", true);
    assert!(
        gone.string("/member/identityDrift/by")
            .starts_with("token:")
    );
    // The identity provider reads back what it wrote, or it would see a difference to mend.
    let path = format!("/Users/{ada}");
    let seen = office.tenant.scim().get(&path).await.status(200);
    assert_ne!(seen["active"], false, "{seen}");
    let lines = office.owner.get("/ledger?member=ada").await.status(200);
    assert!(!lines.text.contains("King"), "{lines}");
    let line = lines.element("items", "action", "member.deactivated");
    assert_eq!(line["detail"]["reason"], "role_change", "{lines}");
    let member = office.member("ada").await;
    member.holds("/assignments/0/endNote", "Ada King left");
    office.books_balance().await;
}

async fn an_unrelated_write_leaves_the_override_alone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({"active": true})).await;
    deactivate(&office, "ada").await;
    office.set(&ada, "title", json!("VP")).await;
    office
        .member("ada")
        .await
        .holds("/title", "VP")
        .holds("/identityState", "inactive")
        .holds("/identityDrift/idpActive", true);
}

async fn a_patch_of_active_wins(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({"active": true})).await;
    deactivate(&office, "ada").await;
    office.set_active(&ada, true).await;
    office
        .member("ada")
        .await
        .holds("/identityState", "active")
        .holds("/seatState", "assigned")
        .holds("/episode", 1)
        .holds("/identityDrift", json!(null));
    office.books_balance().await;
}

async fn a_put_with_active_wins(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({"active": true})).await;
    let path = format!("/Users/{ada}");
    let scim = office.tenant.scim();
    for (rest, state) in [
        (json!({"title": "VP"}), "inactive"),
        (json!({"title": "VP", "active": true}), "active"),
    ] {
        deactivate(&office, "ada").await;
        let body = crate::common::tenant::user("ada", rest);
        scim.put(&path, body).await.status(200);
        office.member("ada").await.holds("/identityState", state);
    }
}

async fn reactivating_undoes_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    deactivate(&office, "ada").await;
    let body = json!({"override": true});
    let back = office
        .act("ada", "reactivate", body.clone())
        .await
        .status(200);
    let named = effects(&back);
    for name in ["identity_reactivated", "seat_restored", "access_restored"] {
        assert!(named.contains(&name), "no {name}\n{back}");
    }
    back.holds("/member/identityDrift", json!(null))
        .holds("/member/seatState", "assigned");
    let again = office.act("ada", "reactivate", body).await.status(200);
    assert_eq!(effects(&again), ["nothing_changed"]);
    office.books_balance().await;
}

async fn reactivating_against_the_identity_provider_is_drift(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.set_active(&ada, false).await;
    let body = json!({"override": true});
    let back = office.act("ada", "reactivate", body).await.status(200);
    back.holds("/member/identityState", "active")
        .holds("/member/identityDrift/idpActive", false);
    office.set(&ada, "title", json!("VP")).await;
    office.member("ada").await.holds("/identityState", "active");
    office.set_active(&ada, false).await;
    office
        .member("ada")
        .await
        .holds("/identityState", "inactive")
        .holds("/identityDrift", json!(null));
}

async fn it_takes_a_reason(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for body in [json!({"override": true}), json!({"reason": "because"})] {
        let refused = office.act("ada", "deactivate", body).await.status(400);
        refused.holds("/code", "invalid_reason");
    }
}

async fn who_is_gone_is_not_turned_on_or_off(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.delete(&ada).await;
    let body = json!({"reason": "inactive", "override": true});
    let refused = office.act("ada", "deactivate", body).await.status(409);
    refused.holds("/code", "not_known");
    let body = json!({"override": true});
    let refused = office.act("ada", "reactivate", body).await.status(409);
    refused.holds("/code", "not_known");
}

async fn another_active_person_has_the_worker_id(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let worker = json!({crate::common::COACHING: {"workerId": "w1"}});
    let ada = office.hire("ada", worker).await;
    office.set_active(&ada, false).await;
    // Hired under that identifier they would be Ada, who came back.
    let bob = office.hire("bob", json!({})).await;
    office
        .set(
            &bob,
            &format!("{}:workerId", crate::common::COACHING),
            json!("w1"),
        )
        .await;
    let body = json!({"override": true});
    let refused = office.act("ada", "reactivate", body).await.status(409);
    refused.holds("/code", "uniqueness");
    office
        .member("ada")
        .await
        .holds("/identityState", "inactive");
}

//! The tenant's policy.

use serde_json::json;

use crate::common::Tenant;
use crate::office::Office;

both_engines!(
    every_decision_has_a_value_from_the_first_day,
    a_change_leaves_the_rest_alone,
    what_is_wrong_is_named,
    no_grace_frees_the_seat_at_once,
    new_pools_and_mappings_follow_it,
);

async fn every_decision_has_a_value_from_the_first_day(t: Tenant) {
    let policy = t.admin("owner").get("/policy").await.status(200);
    let expected = json!({"graceDays": 14, "graceOnDelete": false, "startOnHire": false, "pauseOnLeave": false,
                          "onUnmatch": "grace", "fullPolicy": "waitlist", "reusePolicy": "reusable",
                          "stallThresholds": {"invited": 10, "activated": 7, "completed_onboarding": 14,
                              "started_coaching": 30, "reflection_assigned": 14, "reflection_completed": 30},
                          "thresholdMode": "fixed", "approvalThreshold": 10, "approveErasing": true,
                          "breakerAbsolute": 20, "breakerPercent": 10, "breakerWindowMinutes": 60,
                          "poolLowPercent": 10, "connectionSilentHours": 24, "displayNames": {}});
    let mut decisions = policy.json.clone();
    let object = decisions.as_object_mut().unwrap();
    for of in ["sources", "overrides", "server"] {
        object.remove(of);
    }
    assert_eq!(decisions, expected, "{policy}");
}

async fn a_change_leaves_the_rest_alone(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .change("/policy", json!({"graceDays": 30}))
        .await
        .holds("/graceDays", 30);
    let policy = office.change("/policy", json!({"startOnHire": true})).await;
    let policy = policy.holds("/graceDays", 30).holds("/startOnHire", true);
    policy.holds("/onUnmatch", "grace");
    let same = office
        .patch("/policy", json!({"graceDays": 30}))
        .await
        .status(200);
    same.holds("/placement", json!(null));
}

async fn what_is_wrong_is_named(t: Tenant) {
    let office = Office::bare(t).await;
    for (field, value, code) in [
        ("graceDays", json!(-1), "invalid_value"),
        ("graceDays", json!(366), "invalid_value"),
        ("graceDays", json!("14"), "invalid_value"),
        ("graceOnDelete", json!("no"), "invalid_value"),
        ("onUnmatch", json!("cry"), "invalid_value"),
        ("fullPolicy", json!(null), ""),
        ("grace_days", json!(1), "unknown_field"),
    ] {
        let reply = office.patch("/policy", json!({field: value})).await;
        if code.is_empty() {
            reply.status(200).holds("/placement", json!(null));
        } else {
            reply
                .status(400)
                .holds("/code", code)
                .holds("/field", field);
        }
    }
}

async fn no_grace_frees_the_seat_at_once(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.change("/policy", json!({"graceDays": 0})).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    office.set_active(&ada, false).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "ended")
        .holds("/seatReason", "deactivated");
    assert_eq!(office.state("bob").await, "assigned");
}

async fn new_pools_and_mappings_follow_it(t: Tenant) {
    let office = Office::bare(t).await;
    let body = json!({"fullPolicy": "reject", "reusePolicy": "consumable", "onUnmatch": "keep"});
    office.change("/policy", body).await;
    let pool = office.pool("main", 1, json!({})).await;
    pool.holds("/fullPolicy", "reject")
        .holds("/reusePolicy", "consumable");
    let mapping = json!({"filter": "title pr", "track": "growth"});
    let mapping = office.owner.post("/mappings", mapping).await.status(201);
    mapping.holds("/onUnmatch", "keep");
}

//! Tracks.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_track_shows_what_it_was_made_with,
    what_is_missing_or_wrong_is_named,
    one_track_is_the_default_one,
    without_a_default_nobody_is_placed,
    a_retired_track_takes_nobody,
    a_duration_ends_access,
);

async fn a_track_shows_what_it_was_made_with(t: Tenant) {
    let office = Office::bare(t).await;
    let body = json!({"key": "sales", "name": "Sales", "durationDays": 90});
    let made = office.owner.post("/tracks", body).await.status(201);
    assert_eq!(made.header("location"), "/admin/v1/tracks/sales");
    assert!(made.at("/placement/id").is_string(), "{made}");
    let shown = json!({"key": "sales", "name": "Sales", "product": "coaching", "default": false,
                       "durationDays": 90, "state": "live", "stallThresholds": {}});
    assert_eq!(
        office.owner.get("/tracks/sales").await.status(200).json,
        shown
    );
    office
        .owner
        .get("/tracks/none")
        .await
        .status(404)
        .holds("/code", "not_found");
    assert_eq!(
        each(&office.owner.get("/tracks").await, "key"),
        ["growth", "sales"]
    );
    let renamed = office
        .change(
            "/tracks/sales",
            json!({"name": "Selling", "durationDays": null}),
        )
        .await;
    renamed
        .holds("/name", "Selling")
        .holds("/durationDays", json!(null));
}

async fn what_is_missing_or_wrong_is_named(t: Tenant) {
    let office = Office::bare(t).await;
    for (body, code, field) in [
        (json!({"name": "X"}), "missing_field", "key"),
        (json!({"key": "x"}), "missing_field", "name"),
        (json!({"key": "x", "name": ""}), "invalid_value", "name"),
        (
            json!({"key": "x", "name": "X", "default": "yes"}),
            "invalid_value",
            "default",
        ),
        (
            json!({"key": "x", "name": "X", "durationDays": 0}),
            "invalid_value",
            "durationDays",
        ),
        (
            json!({"key": "x", "name": "X", "state": "old"}),
            "invalid_value",
            "state",
        ),
        (
            json!({"key": "x", "name": "X", "state": "retired", "default": true}),
            "invalid_value",
            "default",
        ),
        (
            json!({"key": "x", "name": "X", "colour": "red"}),
            "unknown_field",
            "colour",
        ),
    ] {
        let refused = office.owner.post("/tracks", body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    let taken = json!({"key": "Growth", "name": "X"});
    office
        .owner
        .post("/tracks", taken)
        .await
        .status(409)
        .holds("/code", "taken");
}

async fn one_track_is_the_default_one(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire("ada", json!({})).await;
    let made = json!({"key": "sales", "name": "Sales", "default": true});
    office.make("/tracks", made).await;
    let all = office.owner.get("/tracks").await.status(200);
    all.holds("/items/0/default", false)
        .holds("/items/1/default", true);
    let ada = office.member("ada").await.holds("/track", "sales");
    ada.holds("/episode", 1).holds("/seatState", "assigned");
    office
        .change("/tracks/growth", json!({"default": true}))
        .await;
    office.member("ada").await.holds("/track", "growth");
}

async fn without_a_default_nobody_is_placed(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    let ada = office.hire("ada", json!({})).await;
    let ada_now = office.member("ada").await.holds("/seatState", "none");
    ada_now
        .holds("/seatReason", "no_rule")
        .holds("/why/trackBy", "nothing");
    office.set_coaching(&ada, "track", json!("growth")).await;
    assert_eq!(office.state("ada").await, "assigned");
}

async fn a_retired_track_takes_nobody(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let retired = office
        .change("/tracks/growth", json!({"state": "retired"}))
        .await;
    retired.holds("/state", "retired").holds("/default", false);
    office.hire("ada", json!({})).await;
    office.member("ada").await.holds("/seatReason", "no_rule");
    let body = crate::common::tenant::user("bob", json!({COACHING: {"track": "growth"}}));
    office
        .tenant
        .scim()
        .post("/Users", body)
        .await
        .error(400, "invalidValue");
}

async fn a_duration_ends_access(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office
        .change("/tracks/growth", json!({"durationDays": 90}))
        .await;
    office
        .hire("ada", json!({COACHING: {"accessStartDate": "2037-01-01"}}))
        .await;
    let ada = office.member("ada").await.holds("/accessEndSource", "rule");
    ada.holds("/accessStartDate", "2037-01-01")
        .holds("/accessEndDate", "2037-03-31");
}

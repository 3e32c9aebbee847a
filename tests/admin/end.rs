//! Ending access: the seat is free at once, and whoever waits has it.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::{Office, each};

both_engines!(
    row_33_the_seat_goes_to_the_next_in_line,
    ending_twice_changes_nothing,
    a_reason_is_required,
    the_ledger_has_the_reason_and_not_the_note,
    who_waits_or_starts_later_ends_too,
    a_used_up_seat_is_not_freed,
    it_stays_ended_until_something_changes,
    it_stays_ended_when_rules_change,
    coming_back_from_absence_lifts_it,
    somebody_away_may_return_after_it,
);

async fn row_33_the_seat_goes_to_the_next_in_line(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let bob = office.member("bob").await.id();
    let body = json!({"reason": "declined"});
    let ended = office
        .owner
        .post("/members/ada@acme.example/end", body)
        .await
        .status(200);
    let ended = ended
        .holds("/seatFreed", true)
        .holds("/member/seatState", "ended");
    let ended = ended.holds("/member/seatReason", "declined");
    let ended = ended
        .holds("/member/status", "ended")
        .holds("/member/accessLevel", "archive");
    ended.holds(
        "/promoted",
        json!([{"id": bob, "userName": "bob", "email": "bob@acme.example"}]),
    );
    assert_eq!(office.state("bob").await, "assigned");
    assert_eq!(office.state("cyd").await, "waitlisted");
    office
        .figures("main")
        .await
        .holds("/occupied", 1)
        .holds("/waitlist", 1);
    office.books_balance().await;
}

async fn ending_twice_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.end("ada").await;
    let lines = office.owner.get("/ledger").await.status(200);
    let version = office
        .tenant
        .scim()
        .get(&format!("/Users/{ada}"))
        .await
        .version();
    let again = json!({"reason": "inactive", "note": "once more"});
    let again = office
        .owner
        .post("/members/ada/end", again)
        .await
        .status(200);
    let again = again
        .holds("/seatFreed", false)
        .holds("/promoted", json!([]));
    again.holds("/member/seatReason", "removed_by_admin");
    let still = office.owner.get("/ledger").await.status(200);
    assert_eq!(each(&still, "id"), each(&lines, "id"));
    assert_eq!(
        office
            .tenant
            .scim()
            .get(&format!("/Users/{ada}"))
            .await
            .version(),
        version
    );
}

async fn a_reason_is_required(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for body in [
        json!({}),
        json!({"reason": null}),
        json!({"reason": "because"}),
        json!({"reason": "deactivated"}),
        json!({"reason": 7}),
    ] {
        let refused = office
            .owner
            .post("/members/ada/end", body)
            .await
            .status(400);
        let refused = refused
            .holds("/code", "invalid_reason")
            .says("not_activated");
        assert_eq!(
            refused["reasons"].as_array().map(Vec::len),
            Some(7),
            "{refused}"
        );
    }
    assert_eq!(office.state("ada").await, "assigned");
}

async fn the_ledger_has_the_reason_and_not_the_note(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"reason": "reclaimed", "note": "Ada King asked for it"});
    office
        .owner
        .post("/members/ada/end", body)
        .await
        .status(200);
    let lines = office
        .owner
        .get("/ledger")
        .query("member", "ada")
        .await
        .status(200);
    assert!(!lines.text.contains("King"), "{lines}");
    let ended = lines.element("items", "action", "access.ended");
    assert_eq!(ended["detail"]["reason"], "reclaimed", "{lines}");
    assert!(
        ended["actor"].as_str().unwrap().starts_with("token:"),
        "{lines}"
    );
    office
        .member("ada")
        .await
        .holds("/assignments/0/endNote", "Ada King asked for it");
}

async fn who_waits_or_starts_later_ends_too(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .hire("ada", json!({COACHING: {"accessStartDate": "2037-01-01"}}))
        .await;
    office.hire("bob", json!({})).await;
    assert_eq!(office.state("ada").await, "scheduled");
    office
        .end("bob")
        .await
        .holds("/seatFreed", false)
        .holds("/member/seatState", "ended");
    let ended = office.end("ada").await.holds("/seatFreed", true);
    ended
        .holds("/member/status", json!(null))
        .holds("/promoted", json!([]));
    office
        .figures("main")
        .await
        .holds("/available", 1)
        .holds("/waitlist", 0);
    office.books_balance().await;
}

async fn a_used_up_seat_is_not_freed(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 1, json!({"reusePolicy": "consumable"}))
        .await;
    office.hire_all(&["ada", "bob"]).await;
    let ended = office.end("ada").await.holds("/seatFreed", false);
    ended
        .holds("/reason", "reuse_policy")
        .holds("/promoted", json!([]));
    assert_eq!(office.state("bob").await, "waitlisted");
    office
        .figures("main")
        .await
        .holds("/burned", 1)
        .holds("/available", 0);
    office.books_balance().await;
}

async fn it_stays_ended_until_something_changes(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.end("ada").await;
    office.set(&ada, "title", json!("VP")).await;
    office.set_active(&ada, true).await;
    assert_eq!(office.state("ada").await, "ended");
    office
        .set_coaching(&ada, "accessEndDate", json!("2037-05-31"))
        .await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 2);
}

async fn it_stays_ended_when_rules_change(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    office
        .change("/tracks/growth", json!({"durationDays": 100}))
        .await;
    office.change("/pools/main", json!({"purchased": 3})).await;
    assert_eq!(office.state("ada").await, "ended");
}

async fn coming_back_from_absence_lifts_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.end("ada").await;
    office.set_active(&ada, false).await;
    assert_eq!(office.state("ada").await, "ended");
    office.set_active(&ada, true).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 2);
}

// Whoever is away when an operator frees the seat is not barred when they return.
async fn somebody_away_may_return_after_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.set_active(&ada, false).await;
    assert_eq!(office.state("ada").await, "grace");
    office
        .end("ada")
        .await
        .holds("/seatFreed", true)
        .holds("/member/accessLevel", "none");
    office.set_active(&ada, true).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 2);
}

//! Deactivation, deletion and return: what happens to the seat meanwhile.

use serde_json::json;

use crate::common::{COACHING, Engine, Tenant};
use crate::office::{Office, days};

both_engines!(
    access_is_cut_at_once_and_the_seat_is_held,
    back_within_the_grace_period_it_is_the_same_seat,
    deletion_frees_the_seat_at_once,
    deletion_can_leave_a_grace_period,
    a_rehire_is_the_same_person_in_a_new_episode,
    whoever_never_had_a_seat_does_not_return,
    created_inactive_nobody_holds_a_seat,
    a_leaver_with_a_date_keeps_access_until_then,
    leave_is_not_leaving,
);

both_engines_alone!(
    after_the_grace_period_the_next_in_line_has_the_seat,
    back_after_the_grace_period_it_is_a_new_episode,
);

async fn access_is_cut_at_once_and_the_seat_is_held(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    office.set_active(&ada, false).await;
    let away = office.member("ada").await.holds("/seatState", "grace");
    let away = away
        .holds("/accessLevel", "none")
        .holds("/status", "invited");
    let away = away
        .holds("/seatReason", "deactivated")
        .holds("/identityState", "inactive");
    assert!(away.at("/assignments/0/graceUntil").is_string(), "{away}");
    assert_eq!(office.state("bob").await, "waitlisted");
    office
        .figures("main")
        .await
        .holds("/grace", 1)
        .holds("/occupied", 0);
    office.books_balance().await;
}

async fn back_within_the_grace_period_it_is_the_same_seat(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    let before = office.member("ada").await.string("/assignments/0/id");
    office.set_active(&ada, false).await;
    office.set_active(&ada, true).await;
    let back = office.member("ada").await.holds("/seatState", "assigned");
    let back = back.holds("/accessLevel", "full").holds("/episode", 1);
    let back = back.holds("/accessEndDate", "2037-05-31");
    let back = back.holds("/assignments/0/graceUntil", json!(null));
    back.holds("/assignments/0/id", before);
    office
        .figures("main")
        .await
        .holds("/grace", 0)
        .holds("/occupied", 1);
    office.books_balance().await;
}

async fn deletion_frees_the_seat_at_once(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    office.delete(&ada).await;
    let gone = office.member(&ada).await.holds("/seatState", "ended");
    gone.holds("/seatReason", "deleted")
        .holds("/accessLevel", "none");
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn deletion_can_leave_a_grace_period(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .change("/policy", json!({"graceOnDelete": true}))
        .await;
    let ada = office.hire("ada", json!({})).await;
    office.delete(&ada).await;
    office
        .member(&ada)
        .await
        .holds("/seatState", "grace")
        .holds("/accessLevel", "none");
    office.figures("main").await.holds("/grace", 1);
    office.end(&ada).await.holds("/seatFreed", true);
    office.books_balance().await;
}

async fn a_rehire_is_the_same_person_in_a_new_episode(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let identity = json!({"externalId": "00u1", COACHING: {"workerId": "W1"}});
    let first = office.hire("ada", identity).await;
    let person = office.member(&first).await.id();
    office.delete(&first).await;
    for (name, identity) in [
        ("ada", json!({"externalId": "00u1"})),
        (
            "ada.king",
            json!({"externalId": "00u9", COACHING: {"workerId": "W1"}}),
        ),
    ] {
        if name == "ada.king" {
            // Her worker identifier was not sent the second time, so it went with that resource.
            let again = office.member("ada").await.string("/scimId");
            office.set_coaching(&again, "workerId", json!("W1")).await;
            office.delete(&again).await;
        }
        let second = office.hire(name, identity).await;
        let back = office.member(&second).await.holds("/id", person.as_str());
        let back = back
            .holds("/scimId", second)
            .holds("/seatState", "assigned");
        assert!(back["episode"].as_i64() >= Some(2), "{back}");
    }
    office.member(&person).await.holds("/episode", 3);
    let lines = office
        .owner
        .get("/ledger")
        .query("action", "member.relinked")
        .await;
    assert_eq!(lines["items"].as_array().map(Vec::len), Some(2), "{lines}");
    office.books_balance().await;
}

async fn whoever_never_had_a_seat_does_not_return(t: Tenant) {
    let office = Office::with_seats(t, 0).await;
    let ada = office.hire("ada", json!({})).await;
    office.set_active(&ada, false).await;
    office.set_active(&ada, true).await;
    let back = office.member("ada").await.holds("/seatState", "waitlisted");
    back.holds("/episode", 1).holds("/status", json!(null));
}

async fn created_inactive_nobody_holds_a_seat(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({"active": false})).await;
    let staged = office.member("ada").await.holds("/seatState", "none");
    staged
        .holds("/status", json!(null))
        .holds("/episode", json!(null));
    office.set_active(&ada, true).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 1);
}

async fn a_leaver_with_a_date_keeps_access_until_then(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    office
        .set_coaching(&ada, "terminationDate", json!("2037-02-28"))
        .await;
    office
        .set_coaching(&ada, "employmentStatus", json!("terminated"))
        .await;
    let leaving = office.member("ada").await.holds("/seatState", "assigned");
    leaving
        .holds("/accessEndDate", "2037-02-28")
        .holds("/accessEndSource", "hr");
    office
        .set_coaching(&ada, "terminationDate", json!("2021-02-28"))
        .await;
    office
        .member("ada")
        .await
        .holds("/seatState", "grace")
        .holds("/identityState", "active");
}

async fn leave_is_not_leaving(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office
        .set_coaching(&ada, "employmentStatus", json!("leave"))
        .await;
    assert_eq!(office.state("ada").await, "assigned");
}

async fn after_the_grace_period_the_next_in_line_has_the_seat(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    office.set_active(&ada, false).await;
    server.clock.advance(days(13));
    assert_eq!(office.state("ada").await, "grace");
    server.clock.advance(days(1));
    let over = office.member("ada").await.holds("/seatState", "ended");
    over.holds("/seatReason", "deactivated")
        .holds("/status", "ended");
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn back_after_the_grace_period_it_is_a_new_episode(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.set_active(&ada, false).await;
    server.clock.advance(days(20));
    office.set_active(&ada, true).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 2);
    office.books_balance().await;
}

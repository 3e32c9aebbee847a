//! One person: how they are found, and what is shown.

use serde_json::json;

use crate::common::{COACHING, NOBODY, Tenant};
use crate::office::Office;

both_engines!(
    the_keys_are_those_of_the_contract_in_their_order,
    a_person_is_found_by_whatever_is_at_hand,
    an_address_of_two_people_is_ambiguous,
    an_address_of_somebody_who_left_is_the_new_persons,
    nobody_is_not_found,
    the_assignments_tell_the_history,
    the_answer_says_why,
);

const KEYS: [&str; 26] = [
    "id",
    "userName",
    "displayName",
    "name",
    "title",
    "email",
    "track",
    "pool",
    "subscriptionType",
    "status",
    "displayStatus",
    "stalled",
    "sessionsCompleted",
    "nextSessionAt",
    "lastEngagementAt",
    "accessStartDate",
    "accessEndDate",
    "accessEndSource",
    "seatState",
    "seatReason",
    "waitlistPosition",
    "accessLevel",
    "identityState",
    "managedBy",
    "episode",
    "attributes",
];

async fn the_keys_are_those_of_the_contract_in_their_order(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 1, json!({"subscriptionType": "1:1"}))
        .await;
    let name = json!({"givenName": "Ada", "familyName": "King"});
    let rest = json!({"name": name, "title": "Countess", "displayName": "Ada",
                      COACHING: {"accessEndDate": "2037-05-31"}});
    office.hire("ada", rest).await;
    let ada = office.member("ada").await;
    let keys: Vec<_> = ada.json.as_object().unwrap().keys().collect();
    assert_eq!(keys[..KEYS.len()], KEYS, "{ada}");
    let all = office.owner.get("/members").await.status(200);
    let keys: Vec<_> = all.at("/items/0").as_object().unwrap().keys().collect();
    assert_eq!(keys, KEYS, "{all}");
    for (key, value) in [
        ("userName", json!("ada")),
        ("displayName", json!("Ada")),
        (
            "name",
            json!({"givenName": "Ada", "familyName": "King", "formatted": "Ada King"}),
        ),
        ("title", json!("Countess")),
        ("email", json!("ada@acme.example")),
        ("track", json!("growth")),
        ("pool", json!("main")),
        ("subscriptionType", json!("1:1")),
        ("status", json!("invited")),
        ("displayStatus", json!("invited")),
        ("stalled", json!(false)),
        ("sessionsCompleted", json!(0)),
        ("nextSessionAt", json!(null)),
        ("accessEndDate", json!("2037-05-31")),
        ("accessEndSource", json!("idp")),
        ("seatState", json!("assigned")),
        ("seatReason", json!(null)),
        ("waitlistPosition", json!(null)),
        ("accessLevel", json!("full")),
        ("identityState", json!("active")),
        ("managedBy", json!("scim")),
        ("episode", json!(1)),
    ] {
        assert_eq!(ada[key], value, "{key}\n{ada}");
    }
}

async fn a_person_is_found_by_whatever_is_at_hand(t: Tenant) {
    let office = Office::bare(t).await;
    let emails = json!([{"value": "Ada.King@acme.example"}, {"value": "countess@acme.example"}]);
    let id = office
        .hire(
            "ada@idp.example",
            json!({"emails": emails, "externalId": "00u1"}),
        )
        .await;
    for who in [
        id.as_str(),
        "ada@idp.example",
        "ADA@IDP.EXAMPLE",
        "ada.king@acme.example",
        "countess%40acme.example",
        "externalId:00u1",
    ] {
        office
            .member(who)
            .await
            .holds("/userName", "ada@idp.example");
    }
}

async fn an_address_of_two_people_is_ambiguous(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let shared = json!([{"value": "desk@acme.example"}]);
    let ada = office.hire("ada", json!({"emails": shared})).await;
    let bob = office.hire("bob", json!({"emails": shared})).await;
    let refused = office
        .owner
        .get("/members/desk@acme.example")
        .await
        .status(409);
    let refused = refused.holds("/code", "ambiguous");
    let ids = refused["ids"].as_array().unwrap();
    assert!(
        ids.contains(&json!(ada)) && ids.contains(&json!(bob)),
        "{refused}"
    );
    let end = json!({"reason": "inactive"});
    let end = office
        .owner
        .post("/members/desk@acme.example/end", end)
        .await;
    end.status(409).holds("/code", "ambiguous");
    assert_eq!(office.state("ada").await, "assigned");
}

async fn an_address_of_somebody_who_left_is_the_new_persons(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let old = office.hire("ada", json!({})).await;
    office.delete(&old).await;
    let new = office.hire("ada", json!({})).await;
    office.member("ada@acme.example").await.holds("/id", new);
    office.member(&old).await.holds("/identityState", "deleted");
}

async fn nobody_is_not_found(t: Tenant) {
    let office = Office::bare(t).await;
    for who in [
        NOBODY,
        "nobody@acme.example",
        "externalId:none",
        "%20",
        "a%FF",
    ] {
        let path = format!("/members/{who}");
        office
            .owner
            .get(&path)
            .await
            .status(404)
            .holds("/code", "not_found");
    }
}

async fn the_assignments_tell_the_history(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let body = json!({"reason": "not_activated", "note": "missed the deadline"});
    office
        .owner
        .post("/members/ada/end", body)
        .await
        .status(200);
    office
        .set_coaching(&ada, "accessEndDate", json!("2037-01-31"))
        .await;
    let ada = office.member("ada").await.holds("/episode", 2);
    let ada = ada
        .holds("/assignments/0/state", "assigned")
        .holds("/assignments/0/episode", 2);
    let ada = ada.holds("/assignments/1/state", "ended");
    let ada = ada.holds("/assignments/1/endReason", "not_activated");
    let ada = ada.holds("/assignments/1/endNote", "missed the deadline");
    for time in [
        "/assignments/0/seatTakenAt",
        "/assignments/1/seatTakenAt",
        "/assignments/1/endedAt",
    ] {
        assert!(ada.at(time).is_string(), "{time}\n{ada}");
    }
    assert!(ada.at("/assignments/2").is_null(), "{ada}");
}

async fn the_answer_says_why(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office
        .owner
        .post("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await
        .status(201);
    office.hire("ada", json!({"title": "VP"})).await;
    office
        .member("ada")
        .await
        .holds("/why/trackBy", "default")
        .holds("/why/rule", json!(null));
    for (priority, track) in [(20, "growth"), (10, "sales")] {
        let body = json!({"filter": "title eq \"VP\"", "track": track, "priority": priority});
        office.make("/mappings", body).await;
    }
    let ada = office.member("ada").await.holds("/track", "sales");
    let ada = ada
        .holds("/why/trackBy", "rule")
        .holds("/why/rule/priority", 10);
    ada.holds("/why/shadowed/0/track", "growth");
    let id = office.member("ada").await.id();
    office.tenant.create_group("Managers", &[&id]).await;
    office.set_coaching(&id, "track", json!("growth")).await;
    let ada = office
        .member("ada")
        .await
        .holds("/why/trackBy", "attribute");
    ada.holds("/groups/0/displayName", "Managers");
}

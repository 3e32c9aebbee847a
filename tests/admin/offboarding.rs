//! What is left to do about a leaver, and what the server can do at all.

use serde_json::json;

use crate::common::{Engine, Tenant};
use crate::journey::tell_at;
use crate::office::{Office, days};

both_engines!(
    row_26_of_1_2_capabilities_say_what_there_is,
    who_is_here_has_no_checklist,
    a_viewer_sees_no_sessions_on_it,
);
both_engines_alone!(row_14_of_1_2_a_leavers_checklist,);

fn item<'r>(member: &'r crate::common::Reply, name: &str) -> &'r serde_json::Value {
    let items = member["offboarding"]["items"].as_array();
    let mut items = items
        .unwrap_or_else(|| panic!("no checklist\n{member}"))
        .iter();
    items.find(|item| item["item"] == name).unwrap()
}

async fn row_14_of_1_2_a_leavers_checklist(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let id = office.hire("ada", json!({})).await;
    office.tenant.create_group("Managers", &[&id]).await;
    let now = server.clock.now();
    let ahead = json!({"sessionId": "s1", "startsAt": now + days(30)});
    tell_at(&office, now, "ada", "session.scheduled", ahead).await;
    server.clock.advance(days(1));
    office.set_active(&id, false).await;
    let ada = office
        .member("ada")
        .await
        .holds("/offboarding/complete", false);
    let ada = ada.holds("/offboarding/open", 3);
    assert_eq!(item(&ada, "access_cut")["done"], true, "{ada}");
    let seat = item(&ada, "seat_freed");
    assert_eq!(
        (&seat["done"], &seat["seatState"]),
        (&json!(false), &json!("grace"))
    );
    assert!(seat["until"].is_string(), "{ada}");
    let sessions = item(&ada, "sessions_cancelled");
    assert_eq!(
        (&sessions["done"], &sessions["upcoming"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(sessions["nextSessionAt"], json!(now + days(30)), "{ada}");
    assert_eq!(item(&ada, "groups_left")["groups"], 1, "{ada}");
    assert_eq!(item(&ada, "credentials_reviewed")["done"], json!(null));
    let off = json!({"sessionId": "s1"});
    tell_at(&office, server.clock.now(), "ada", "session.cancelled", off).await;
    server.clock.advance(days(15));
    office.delete(&id).await;
    let ada = office
        .member("ada")
        .await
        .holds("/offboarding/complete", true);
    assert_eq!(item(&ada, "seat_freed")["done"], true, "{ada}");
    server.stop().await;
}

async fn who_is_here_has_no_checklist(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "waits"]).await;
    for who in ["ada", "waits"] {
        office.member(who).await.holds("/offboarding", json!(null));
    }
    office.end("ada").await;
    let ada = office
        .member("ada")
        .await
        .holds("/offboarding/complete", true);
    assert_eq!(item(&ada, "access_cut")["accessLevel"], "archive", "{ada}");
}

async fn a_viewer_sees_no_sessions_on_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    let viewer = office.tenant.admin("viewer");
    let ada = viewer.get("/members/ada").await.status(200);
    assert_eq!(
        item(&ada, "sessions_cancelled"),
        &json!({"item": "sessions_cancelled", "done": null})
    );
}

async fn row_26_of_1_2_capabilities_say_what_there_is(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let all = office.owner.get("/capabilities").await.status(200);
    for operation in all["operations"].as_array().unwrap() {
        assert_eq!(
            operation["allowed"], true,
            "the owner may do all\n{operation}"
        );
    }
    let all = all
        .holds("/limits/pageMost", 500)
        .holds("/limits/pageDefault", 50)
        .holds("/limits/eventsPerRequest", 1_000);
    assert!(all["jobs"][0]["withinSeconds"].is_number(), "{all}");
    let viewer = office.tenant.admin("viewer");
    let seen = viewer.get("/capabilities").await.status(200);
    let allowed = |name: &str| seen.element("operations", "operation", name)["allowed"].clone();
    assert_eq!(allowed("end_access"), false, "{seen}");
    assert_eq!(allowed("list_members"), true, "{seen}");
}

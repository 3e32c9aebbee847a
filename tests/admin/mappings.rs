//! Mappings: rules by group or attribute.

use serde_json::json;

use crate::common::{NOBODY, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_mapping_shows_what_it_was_made_with,
    what_is_missing_or_wrong_is_named,
    a_broken_filter_is_refused_in_the_parsers_words,
    a_new_mapping_places_those_it_matches,
    a_mapping_and_a_group_made_at_once_meet,
    a_removed_mapping_lets_them_go,
    the_lowest_priority_wins,
    a_mapping_can_change_whom_it_is_for,
    a_disabled_mapping_matches_nobody,
);

async fn office_with_sales(t: Tenant) -> Office {
    let office = Office::with_seats(t, 5).await;
    office
        .make("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await;
    office
}

async fn a_mapping_shows_what_it_was_made_with(t: Tenant) {
    let office = office_with_sales(t).await;
    let body = json!({"group": "New Managers", "track": "SALES", "pool": "main"});
    let made = office.owner.post("/mappings", body).await.status(201);
    let id = made.id();
    assert_eq!(made.header("location"), format!("/admin/v1/mappings/{id}"));
    let read = office
        .owner
        .get(&format!("/mappings/{id}"))
        .await
        .status(200);
    let read = read
        .holds("/group", "New Managers")
        .holds("/filter", json!(null));
    let read = read
        .holds("/track", "sales")
        .holds("/pool", "main")
        .holds("/priority", 100);
    let read = read
        .holds("/durationDays", json!(null))
        .holds("/onUnmatch", "grace");
    read.holds("/enabled", true);
    let all = office.owner.get("/mappings").await.status(200);
    assert_eq!(each(&all, "id"), [id]);
    for id in [NOBODY, "7"] {
        let path = format!("/mappings/{id}");
        office
            .owner
            .get(&path)
            .await
            .status(404)
            .holds("/code", "not_found");
        office.owner.delete(&path).await.status(404);
        office
            .patch(&path, json!({"priority": 1}))
            .await
            .status(404);
    }
}

async fn what_is_missing_or_wrong_is_named(t: Tenant) {
    let office = office_with_sales(t).await;
    for (body, code, field) in [
        (json!({"track": "sales"}), "missing_field", "group"),
        (json!({"group": "G"}), "missing_field", "track"),
        (
            json!({"group": "G", "filter": "title pr", "track": "sales"}),
            "invalid_value",
            "filter",
        ),
        (
            json!({"group": "", "track": "sales"}),
            "invalid_value",
            "group",
        ),
        (
            json!({"group": "G", "track": "nowhere"}),
            "invalid_value",
            "track",
        ),
        (
            json!({"group": "G", "track": "sales", "pool": "nowhere"}),
            "invalid_value",
            "pool",
        ),
        (
            json!({"group": "G", "track": "sales", "priority": -1}),
            "invalid_value",
            "priority",
        ),
        (
            json!({"group": "G", "track": "sales", "onUnmatch": "cry"}),
            "invalid_value",
            "onUnmatch",
        ),
        (
            json!({"group": "G", "track": "sales", "durationDays": 0}),
            "invalid_value",
            "durationDays",
        ),
        (
            json!({"group": "G", "track": "sales", "enabled": 1}),
            "invalid_value",
            "enabled",
        ),
        (
            json!({"groupDisplay": "G", "track": "sales"}),
            "unknown_field",
            "groupDisplay",
        ),
    ] {
        let refused = office.owner.post("/mappings", body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    assert_eq!(each(&office.owner.get("/mappings").await, "id").len(), 0);
}

async fn a_broken_filter_is_refused_in_the_parsers_words(t: Tenant) {
    let office = office_with_sales(t).await;
    for (filter, word) in [
        ("title eq", "column 9"),
        ("shoeSize pr", "shoeSize"),
        ("(title pr", "column"),
    ] {
        let body = json!({"filter": filter, "track": "sales"});
        let refused = office.owner.post("/mappings", body).await.status(400);
        refused
            .holds("/code", "invalid_filter")
            .holds("/field", "filter")
            .says(word);
    }
}

async fn a_new_mapping_places_those_it_matches(t: Tenant) {
    let office = office_with_sales(t).await;
    let ada = office.hire("ada", json!({"title": "VP"})).await;
    office.hire("bob", json!({})).await;
    office.tenant.create_group("Sales Team", &[&ada]).await;
    let body = json!({"group": "sales team", "track": "sales"});
    let made = office
        .make("/mappings", body)
        .await
        .holds("/placement/total", 2);
    let run = format!("/placements/{}", made.string("/placement/id"));
    let run = office.owner.get(&run).await.status(200);
    run.holds("/done", 2)
        .holds("/changed", 1)
        .holds("/reason", "mapping.created");
    office
        .member("ada")
        .await
        .holds("/track", "sales")
        .holds("/episode", 1);
    office.member("bob").await.holds("/track", "growth");
    let runs = office.owner.get("/placements").await.status(200);
    assert_eq!(each(&runs, "reason")[0], "mapping.created", "{runs}");
    office
        .owner
        .get(&format!("/placements/{NOBODY}"))
        .await
        .status(404);
}

/// Either may come first: whichever it is, the other finds it.
async fn a_mapping_and_a_group_made_at_once_meet(t: Tenant) {
    let office = office_with_sales(t).await;
    let ada = office.hire("ada", json!({})).await;
    let mut last = None;
    for round in 0..20 {
        if let Some(mapping) = last {
            let done = office.owner.delete(&format!("/mappings/{mapping}")).await;
            office.placed(&done.status(200)).await;
        }
        office.member("ada").await.holds("/track", "growth");
        let name = format!("Team {round}");
        let members = [ada.as_str()];
        let (made, _) = tokio::join!(
            office.make("/mappings", json!({"group": name, "track": "sales"})),
            office.tenant.create_group(&name, &members),
        );
        office.member("ada").await.holds("/track", "sales");
        last = Some(made.id());
    }
}

async fn a_removed_mapping_lets_them_go(t: Tenant) {
    let office = office_with_sales(t).await;
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    let body = json!({"filter": "title eq \"VP\"", "track": "sales", "onUnmatch": "end"});
    let made = office.make("/mappings", body).await;
    office.hire("ada", json!({"title": "VP"})).await;
    assert_eq!(office.state("ada").await, "assigned");
    let path = format!("/mappings/{}", made.id());
    let deleted = office.owner.delete(&path).await.status(200);
    office.placed(&deleted).await;
    office.owner.get(&path).await.status(404);
    let ada = office.member("ada").await;
    assert_ne!(ada["seatState"], "assigned", "{ada}");
    office.books_balance().await;
}

async fn the_lowest_priority_wins(t: Tenant) {
    let office = office_with_sales(t).await;
    for (priority, track) in [(50, "growth"), (5, "sales"), (70, "growth")] {
        let body = json!({"filter": "title pr", "track": track, "priority": priority});
        office.owner.post("/mappings", body).await.status(201);
    }
    office.hire("ada", json!({"title": "VP"})).await;
    office.member("ada").await.holds("/track", "sales");
    let all = office.owner.get("/mappings").await.status(200);
    all.holds("/items/0/priority", 5)
        .holds("/items/2/priority", 70);
    let first = office
        .owner
        .get("/mappings")
        .query("limit", "1")
        .await
        .status(200);
    let next = first.string("/nextCursor");
    let next = office
        .owner
        .get("/mappings")
        .query("cursor", &next)
        .await
        .status(200);
    next.holds("/items/0/priority", 50);
}

async fn a_mapping_can_change_whom_it_is_for(t: Tenant) {
    let office = office_with_sales(t).await;
    let ada = office.hire("ada", json!({"title": "VP"})).await;
    office.tenant.create_group("Leads", &[&ada]).await;
    let body = json!({"filter": "title eq \"CEO\"", "track": "sales"});
    let made = office.owner.post("/mappings", body).await.status(201);
    let path = format!("/mappings/{}", made.id());
    let changed = office.change(&path, json!({"group": "Leads"})).await;
    changed
        .holds("/group", "Leads")
        .holds("/filter", json!(null));
    office.member("ada").await.holds("/track", "sales");
    let same = office
        .patch(&path, json!({"group": "Leads"}))
        .await
        .status(200);
    same.holds("/placement", json!(null));
    office.change(&path, json!({"group": "Nobody"})).await;
    office.member("ada").await.holds("/track", "growth");
}

async fn a_disabled_mapping_matches_nobody(t: Tenant) {
    let office = office_with_sales(t).await;
    let body = json!({"filter": "title pr", "track": "sales", "enabled": false});
    let made = office.owner.post("/mappings", body).await.status(201);
    office.hire("ada", json!({"title": "VP"})).await;
    office.member("ada").await.holds("/track", "growth");
    office
        .change(
            &format!("/mappings/{}", made.id()),
            json!({"enabled": true}),
        )
        .await;
    office.member("ada").await.holds("/track", "sales");
}

//! One customer never sees another's.

use serde_json::json;

use crate::common::Tenant;
use crate::office::{Office, each};

both_engines!(
    another_tenants_people_are_nobody,
    another_tenants_keys_and_mappings_do_not_exist,
    lists_hold_ones_own_alone,
    a_cursor_is_of_ones_own_list,
);

async fn two(t: Tenant) -> (Office, Office) {
    let neighbour = t.neighbour();
    (
        Office::with_seats(t, 2).await,
        Office::bare(neighbour).await,
    )
}

async fn another_tenants_people_are_nobody(t: Tenant) {
    let (acme, other) = two(t).await;
    let ada = acme.hire("ada", json!({"externalId": "00u1"})).await;
    for who in [ada.as_str(), "ada", "ada@acme.example", "externalId:00u1"] {
        let path = format!("/members/{who}");
        other
            .owner
            .get(&path)
            .await
            .status(404)
            .holds("/code", "not_found");
        let body = json!({"reason": "inactive"});
        other
            .owner
            .post(&format!("{path}/end"), body)
            .await
            .status(404);
        other.extend(who, json!({"addDays": 1})).await.status(404);
        other
            .owner
            .get("/ledger")
            .query("member", who)
            .await
            .status(404);
    }
    assert_eq!(acme.state("ada").await, "assigned");
}

async fn another_tenants_keys_and_mappings_do_not_exist(t: Tenant) {
    let (acme, other) = two(t).await;
    acme.owner
        .post("/tracks", json!({"key": "gold", "name": "Gold"}))
        .await
        .status(201);
    let mapping = json!({"group": "G", "track": "gold"});
    let mapping = acme
        .owner
        .post("/mappings", mapping.clone())
        .await
        .status(201);
    let by_id = format!("/mappings/{}", mapping.id());
    let run = format!("/placements/{}", mapping.string("/placement/id"));
    for path in ["/pools/main", "/tracks/gold", &by_id, &run] {
        other.owner.get(path).await.status(404);
    }
    for path in ["/pools/main", "/tracks/gold", &by_id] {
        other.patch(path, json!({})).await.status(404);
    }
    other.owner.delete(&by_id).await.status(404);
    let mapping = json!({"group": "G", "track": "gold"});
    other
        .owner
        .post("/mappings", mapping)
        .await
        .status(400)
        .holds("/field", "track");
    // The same keys are free for them.
    other.pool("main", 7, json!({})).await;
    acme.figures("main").await.holds("/purchased", 2);
}

async fn lists_hold_ones_own_alone(t: Tenant) {
    let (acme, other) = two(t).await;
    acme.hire_all(&["ada", "bob", "cyd"]).await;
    for (list, key) in [
        ("/members", "id"),
        ("/pools", "key"),
        ("/waitlist", "pool"),
        ("/connections", "name"),
    ] {
        let theirs = other.owner.get(list).await.status(200);
        assert_eq!(each(&theirs, key).len(), 0, "{theirs}");
    }
    let lines = other.owner.get("/ledger").await.status(200);
    assert_eq!(each(&lines, "action"), ["track.created"]);
    let verdict = other.owner.get("/ledger/verify").await.status(200);
    verdict.holds("/rows", 1);
}

async fn a_cursor_is_of_ones_own_list(t: Tenant) {
    let (acme, other) = two(t).await;
    acme.hire_all(&["ada", "bob"]).await;
    let page = acme
        .owner
        .get("/members")
        .query("limit", "1")
        .await
        .status(200);
    let next = page.string("/nextCursor");
    let stolen = other
        .owner
        .get("/members")
        .query("limit", "1")
        .query("cursor", &next);
    stolen.await.status(400).holds("/code", "invalid_cursor");
}

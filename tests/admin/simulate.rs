//! What a mapping would do, before there is one.

use serde_json::{Value, json};

use crate::common::{COACHING, Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    who_would_move_is_told_and_nobody_does,
    a_pool_without_room_makes_them_wait,
    a_filter_finds_whom_a_group_would,
    what_wins_before_it_is_counted,
    nonsense_is_refused,
);

async fn simulate(office: &Office, body: Value) -> Reply {
    office.owner.post("/mappings/simulate", body).await
}

async fn with_group(t: Tenant, seats: u32) -> Office {
    let office = Office::with_seats(t, 3).await;
    office.pool("other", seats, json!({})).await;
    let track = json!({"key": "manager", "name": "Manager"});
    office.owner.post("/tracks", track).await.status(201);
    let main = json!({COACHING: {"pool": "main"}});
    let (ada, bob) = (
        office.hire("ada", main.clone()).await,
        office.hire("bob", json!({})).await,
    );
    office.hire("cyd", main).await;
    office
        .tenant
        .create_group("New Managers", &[&ada, &bob])
        .await;
    office
}

async fn who_would_move_is_told_and_nobody_does(t: Tenant) {
    let office = with_group(t, 1).await;
    let before = office.owner.get("/ledger").await.status(200);
    let body = json!({"groupDisplay": "new managers", "track": "manager", "priority": 10});
    let told = simulate(&office, body.clone()).await.status(200);
    let told = told
        .holds("/counts/looked", 2)
        .holds("/counts/track_changes", 2)
        .holds("/counts/unchanged", 0)
        .holds("/pools", json!([]))
        .holds("/more", 0);
    let ada = told["items"].as_array().unwrap().iter();
    let ada = ada
        .clone()
        .find(|item| item["member"]["userName"] == "ada")
        .unwrap();
    assert_eq!(ada["from"]["track"], "growth", "{told}");
    assert_eq!(ada["to"]["track"], "manager", "{told}");
    assert_eq!(office.member("ada").await.string("/track"), "growth");
    let after = office.owner.get("/ledger").await.status(200);
    assert_eq!(each(&after, "id"), each(&before, "id"));
    // What was told is what comes of it.
    let real = json!({"group": "new managers", "track": "manager", "priority": 10});
    office.make("/mappings", real).await;
    assert_eq!(office.member("ada").await.string("/track"), "manager");
    assert_eq!(office.member("cyd").await.string("/track"), "growth");
    let again = simulate(&office, body).await.status(200);
    again.holds("/counts/unchanged", 2);
}

async fn a_pool_without_room_makes_them_wait(t: Tenant) {
    let office = with_group(t, 0).await;
    let bob = office.member("bob").await.string("/pool");
    assert_eq!(bob, "main");
    let body = json!({"group": "New Managers", "track": "manager", "pool": "other"});
    let told = simulate(&office, body.clone()).await.status(200);
    // Ada's pool is named by the identity provider, which goes before any rule.
    let told = told
        .holds("/counts/waits", 1)
        .holds("/counts/track_changes", 1);
    told.holds("/pools/0/pool", "other")
        .holds("/pools/0/waiting", 1);
    office.change("/pools/other", json!({"purchased": 1})).await;
    let told = simulate(&office, body.clone()).await.status(200);
    let told = told.holds("/counts/moves", 1).holds("/counts/waits", 0);
    let other = told.element("pools", "pool", "other");
    assert_eq!(
        (&other["taken"], &other["delta"]),
        (&json!(1), &json!(1)),
        "{told}"
    );
    let main = told.element("pools", "pool", "main");
    assert_eq!(main["freed"], 1, "{told}");
    office.make("/mappings", body).await;
    assert_eq!(office.member("bob").await.string("/pool"), "other");
}

async fn a_filter_finds_whom_a_group_would(t: Tenant) {
    let office = with_group(t, 1).await;
    let body = json!({"filter": "userName eq \"cyd\"", "track": "manager"});
    let told = simulate(&office, body).await.status(200);
    let told = told
        .holds("/counts/looked", 1)
        .holds("/items/0/member/userName", "cyd");
    told.holds("/mapping/filter", "userName eq \"cyd\"");
    let nobody = json!({"group": "Nobody", "track": "manager"});
    let nobody = simulate(&office, nobody).await.status(200);
    nobody.holds("/counts/looked", 0).holds("/items", json!([]));
}

async fn what_wins_before_it_is_counted(t: Tenant) {
    let office = with_group(t, 1).await;
    let first = json!({"group": "New Managers", "track": "growth", "priority": 5});
    office.make("/mappings", first).await;
    let later = json!({"group": "New Managers", "track": "manager", "priority": 10});
    let told = simulate(&office, later).await.status(200);
    let told = told
        .holds("/counts/shadowed", 2)
        .holds("/counts/unchanged", 2);
    told.holds("/counts/conflicts", 0);
    let equal = json!({"group": "New Managers", "track": "manager", "priority": 5});
    let told = simulate(&office, equal).await.status(200);
    told.holds("/counts/conflicts", 2);
}

async fn nonsense_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for (body, code) in [
        (json!({"track": "growth"}), "missing_field"),
        (json!({"group": "x"}), "missing_field"),
        (
            json!({"group": "x", "groupDisplay": "x", "track": "growth"}),
            "invalid_value",
        ),
        (json!({"group": "x", "track": "none"}), "invalid_value"),
        (
            json!({"filter": "nonsense", "track": "growth"}),
            "invalid_filter",
        ),
        (
            json!({"group": "x", "track": "growth", "dry": true}),
            "unknown_field",
        ),
    ] {
        simulate(&office, body)
            .await
            .status(400)
            .holds("/code", code);
    }
    let viewer = office.tenant.admin("viewer");
    viewer
        .post("/mappings/simulate", json!({}))
        .await
        .status(403);
}

//! A mapping that is planned before it is made or changed.

use serde_json::{Value, json};

use crate::common::{COACHING, Reply, Tenant};
use crate::office::{Office, each};
use crate::plans::{items, step};

both_engines!(
    a_mapping_is_looked_at_before_it_moves_anybody,
    a_change_of_a_mapping_is_planned_too,
    who_changed_since_makes_the_plan_stale_and_is_named,
    what_does_not_matter_to_it_may_change,
    a_catalog_that_changed_makes_it_stale,
    many_who_would_move_take_approval,
    an_exclusion_is_told,
    nonsense_is_refused,
);

async fn office(t: Tenant) -> Office {
    let office = Office::with_seats(t, 12).await;
    office.pool("other", 1, json!({})).await;
    let track = json!({"key": "manager", "name": "Manager"});
    office.make("/tracks", track).await;
    office
}

async fn with_group(t: Tenant, names: &[&str]) -> Office {
    let office = office(t).await;
    let mut ids = Vec::new();
    for name in names {
        ids.push(office.hire(name, json!({})).await);
    }
    office.hire("zed", json!({})).await;
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    office.tenant.create_group("New Managers", &ids).await;
    office
}

fn mapping() -> Value {
    json!({"groupDisplay": "New Managers", "track": "manager", "priority": 10})
}

async fn plan(office: &Office, body: Value) -> Reply {
    office.owner.post("/mappings/plan", body).await
}

async fn a_mapping_is_looked_at_before_it_moves_anybody(t: Tenant) {
    let office = with_group(t, &["ada", "bob"]).await;
    let mut tried = mapping();
    tried["dryRun"] = json!(true);
    let tried = plan(&office, tried).await.status(200);
    tried.holds("/id", json!(null)).holds("/counts/planned", 2);
    let planned = plan(&office, mapping()).await.status(201);
    let planned = planned
        .holds("/kind", "mapping")
        .holds("/state", "approved")
        .holds("/counts/planned", 2);
    let shown = items(&office, &planned).await;
    shown
        .holds("/items/0/before/track", "growth")
        .holds("/items/0/after/track", "manager")
        .holds("/items/0/does/outcome", "track_changes");
    let none = office.owner.get("/mappings").await.status(200);
    assert_eq!(each(&none, "id").len(), 0, "{none}");
    assert_eq!(office.member("ada").await.string("/track"), "growth");

    let applied = step(&office.owner, &planned, "apply").await.status(200);
    let applied = applied
        .holds("/state", "applied")
        .holds("/counts/applied", 2);
    office.placed(&applied).await;
    for name in ["ada", "bob"] {
        office.member(name).await.holds("/track", "manager");
    }
    office.member("zed").await.holds("/track", "growth");
    let made = office.owner.get("/mappings").await.status(200);
    made.holds("/items/0/track", "manager")
        .holds("/items/0/priority", 10);
    let again = step(&office.owner, &planned, "apply").await.status(200);
    again.holds("/state", "applied");
    let made = office.owner.get("/mappings").await.status(200);
    assert_eq!(each(&made, "id").len(), 1, "{made}");
    let lines = office.owner.get("/ledger").await.status(200);
    let actions = each(&lines, "action");
    for action in ["plan.created", "mapping.created", "plan.applied"] {
        assert!(actions.contains(&action), "{action}\n{lines}");
    }
    office.books_balance().await;
}

async fn a_change_of_a_mapping_is_planned_too(t: Tenant) {
    let office = with_group(t, &["ada"]).await;
    let body = json!({"group": "New Managers", "track": "manager"});
    let made = office.make("/mappings", body).await;
    let path = format!("/mappings/{}", made.string("/id"));
    // Whoever it holds for now is looked at, and whoever it would hold for.
    let change = json!({"filter": "userName eq \"zed\""});
    let planned = office.owner.post(&format!("{path}/plan"), change).await;
    let planned = planned.status(201).holds("/counts/planned", 2);
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    office.placed(&applied).await;
    office.member("ada").await.holds("/track", "growth");
    office.member("zed").await.holds("/track", "manager");
    let now = office.owner.get(&path).await.status(200);
    now.holds("/filter", "userName eq \"zed\"")
        .holds("/group", json!(null));
    let pool = json!({"pool": "other"});
    let planned = office.owner.post(&format!("{path}/plan"), pool).await;
    let planned = planned
        .status(201)
        .holds("/seatsByPool", json!({"main": 1, "other": -1}));
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    office.placed(&applied).await;
    office.member("zed").await.holds("/pool", "other");
}

async fn who_changed_since_makes_the_plan_stale_and_is_named(t: Tenant) {
    let office = with_group(t, &["ada", "bob"]).await;
    let planned = plan(&office, mapping()).await.status(201);
    office.end("bob").await;
    let bob = office.member("bob").await.id();
    let refused = step(&office.owner, &planned, "apply").await.status(409);
    refused
        .holds("/code", "stale_plan")
        .holds("/changed", json!([bob]))
        .holds("/changedCount", 1);
    let none = office.owner.get("/mappings").await.status(200);
    assert_eq!(each(&none, "id").len(), 0, "{none}");
    office.member("ada").await.holds("/track", "growth");
    let anew = plan(&office, mapping()).await.status(201);
    step(&office.owner, &anew, "apply").await.status(200);
}

async fn what_does_not_matter_to_it_may_change(t: Tenant) {
    let office = with_group(t, &["ada"]).await;
    let planned = plan(&office, mapping()).await.status(201);
    let scim = office.tenant.scim();
    let found = scim.get("/Users").query("filter", "userName eq \"ada\"");
    let ada = found.await.status(200).string("/Resources/0/id");
    office.set(&ada, "title", json!("VP")).await;
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied.holds("/counts/applied", 1);
}

async fn a_catalog_that_changed_makes_it_stale(t: Tenant) {
    let office = with_group(t, &["ada"]).await;
    let planned = plan(&office, mapping()).await.status(201);
    let rival = json!({"group": "New Managers", "track": "growth", "priority": 1});
    office.make("/mappings", rival).await;
    let refused = step(&office.owner, &planned, "apply").await.status(409);
    refused.holds("/code", "stale_plan");
    // Something else of the catalog may change.
    let other = json!({"filter": "title eq \"none\"", "track": "manager", "priority": 0});
    let planned = plan(&office, other).await.status(201);
    let track = json!({"key": "sales", "name": "Sales"});
    office.make("/tracks", track).await;
    step(&office.owner, &planned, "apply").await.status(200);
}

async fn many_who_would_move_take_approval(t: Tenant) {
    let names: Vec<_> = (0..11).map(|n| format!("p{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let office = with_group(t, &names).await;
    let planned = plan(&office, mapping()).await.status(201);
    let planned = planned.holds("/state", "pending");
    let early = step(&office.owner, &planned, "apply").await.status(409);
    early.holds("/code", "approval_required");
    let approver = office.tenant.admin("approver");
    step(&approver, &planned, "approve").await.status(200);
    let admin = office.tenant.admin("program_admin");
    let refused = step(&admin, &planned, "apply").await.status(403);
    refused.holds("/right", "configure");
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    office.placed(&applied).await;
    office.member("p7").await.holds("/track", "manager");
}

async fn an_exclusion_is_told(t: Tenant) {
    let office = with_group(t, &["ada"]).await;
    let exclusion = json!({"member": "ada"});
    office
        .owner
        .post("/exclusions", exclusion)
        .await
        .status(201);
    let planned = plan(&office, mapping()).await.status(201);
    items(&office, &planned)
        .await
        .holds("/items/0/state", "planned")
        .holds("/items/0/warnings", json!(["excluded_from_plans"]));
}

async fn nonsense_is_refused(t: Tenant) {
    let office = with_group(t, &["ada"]).await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"group": "G", "track": "none"}), "invalid_value"),
        (
            json!({"filter": "title eq", "track": "manager"}),
            "invalid_filter",
        ),
        (
            json!({"group": "G", "track": "manager", "soon": 1}),
            "unknown_field",
        ),
    ] {
        let refused = plan(&office, body).await.status(400);
        refused.holds("/code", code);
    }
    let path = format!("/mappings/{}/plan", crate::common::NOBODY);
    let body = json!({"track": "manager"});
    office.owner.post(&path, body).await.status(404);
    let kind = json!({"kind": "mapping", "members": ["ada"]});
    office.owner.post("/plans", kind).await.status(400);
    let main = json!({COACHING: {"pool": "main"}});
    office.hire("kay", main).await;
    let plans = office.owner.get("/plans").await.status(200);
    assert_eq!(each(&plans, "id").len(), 0, "{plans}");
}

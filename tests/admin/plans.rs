//! Plans: a change to many people that is looked at, approved by somebody else and applied, or not.
//! Rows 25 and 28 of domain 1.2; row 33 of 1.1 in bulk.

use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::{Engine, Reply, Tenant};
use crate::office::{Office, days, each};

both_engines!(
    a_plan_changes_nothing_until_it_is_applied,
    a_dry_run_is_not_stored,
    row_28_of_1_2_many_people_take_somebody_elses_approval,
    nobody_approves_their_own_plan,
    a_session_soon_takes_approval,
    only_what_was_reviewed_is_applied,
    a_rejected_plan_is_not_applied,
    nonsense_is_refused_and_stores_nothing,
    a_plan_of_another_tenant_is_not_there,
    items_are_read_a_page_at_a_time_and_as_lines,
    each_right_is_asked_for,
    an_extension_into_another_pool_tells_what_is_used_up,
);
both_engines_alone!(a_plan_expires);

pub async fn plan(office: &Office, body: Value) -> Reply {
    office.owner.post("/plans", body).await
}

pub async fn step(client: &Client, plan: &Reply, step: &str) -> Reply {
    let path = format!("/plans/{}/{step}", plan.string("/id"));
    let hash = plan.string("/hash");
    client.post(&path, json!({"hash": hash})).await
}

pub async fn items(office: &Office, plan: &Reply) -> Reply {
    let path = format!("/plans/{}", plan.string("/id"));
    office.owner.get(&path).await.status(200)
}

pub fn end(members: &[&str]) -> Value {
    json!({"kind": "end", "members": members, "reason": "declined"})
}

async fn a_plan_changes_nothing_until_it_is_applied(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let planned = plan(&office, end(&["ada", "bob@acme.example"]))
        .await
        .status(201);
    let planned = planned
        .holds("/kind", "end")
        .holds("/state", "approved")
        .holds("/seats", 2)
        .holds("/counts/planned", 2)
        .holds("/approvalRequired", false);
    assert_eq!(planned.at("/plan"), planned.at("/id"));
    let shown = items(&office, &planned).await;
    let shown = shown
        .holds("/items/0/member/userName", "ada")
        .holds("/items/0/before/seatState", "assigned")
        .holds("/items/0/before/track", "growth")
        .holds("/items/0/after/seatState", "ended")
        .holds("/items/0/seatDelta", 1);
    shown.holds("/hash", planned.string("/hash").as_str());
    assert_eq!(office.state("ada").await, "assigned");

    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied
        .holds("/state", "applied")
        .holds("/counts/applied", 2)
        .holds("/counts/planned", 0);
    assert_eq!(office.state("ada").await, "ended");
    assert_eq!(office.state("cyd").await, "assigned");
    let ada = office.member("ada").await;
    ada.holds("/seatReason", "declined");
    let lines = office.owner.get("/ledger").await.status(200);
    let actions = each(&lines, "action");
    for action in [
        "plan.created",
        "plan.applying",
        "plan.applied",
        "access.ended",
    ] {
        assert!(actions.contains(&action), "{action}\n{lines}");
    }
    let ended = office.owner.get("/ledger").query("action", "access.ended");
    let cause = format!("plan:{}", planned.string("/id"));
    let ended = ended.await.status(200);
    assert_eq!(each(&ended, "cause"), [cause.as_str(), cause.as_str()]);
    office.books_balance().await;
}

async fn a_dry_run_is_not_stored(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let mut body = end(&["ada"]);
    body["dryRun"] = json!(true);
    let shown = plan(&office, body).await.status(200);
    let shown = shown.holds("/id", json!(null)).holds("/seats", 1);
    shown.holds("/items/0/member/userName", "ada");
    let plans = office.owner.get("/plans").await.status(200);
    assert_eq!(each(&plans, "id").len(), 0, "{plans}");
    let lines = office.owner.get("/ledger").await.status(200);
    assert!(!each(&lines, "action").contains(&"plan.created"), "{lines}");
}

async fn eleven(office: &Office) -> Reply {
    let names: Vec<_> = (0..11).map(|n| format!("p{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    office.hire_all(&names).await;
    let body = json!({"kind": "end", "filter": {"track": "growth"}, "reason": "reclaimed"});
    plan(office, body).await.status(201)
}

async fn row_28_of_1_2_many_people_take_somebody_elses_approval(t: Tenant) {
    let office = Office::with_seats(t, 11).await;
    let planned = eleven(&office).await.holds("/state", "pending");
    let planned = planned
        .holds("/counts/planned", 11)
        .holds("/approvalReasons", json!(["many_items"]));
    let early = step(&office.owner, &planned, "apply").await.status(409);
    early.holds("/code", "approval_required");
    let approver = office.tenant.admin("approver");
    let approved = step(&approver, &planned, "approve").await.status(200);
    let approved = approved.holds("/state", "approved");
    assert!(
        approved.string("/decidedBy").starts_with("token:"),
        "{approved}"
    );
    step(&approver, &planned, "apply").await.status(403);
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied.holds("/counts/applied", 11);
    office.figures("main").await.holds("/available", 11);
    office.books_balance().await;
}

async fn nobody_approves_their_own_plan(t: Tenant) {
    let office = Office::with_seats(t, 11).await;
    let planned = eleven(&office).await;
    let refused = step(&office.owner, &planned, "approve").await.status(403);
    refused.holds("/code", "own_plan");
    let another = office.tenant.admin("owner");
    step(&another, &planned, "approve").await.status(200);
    // A plan that is approved already is approved by nobody again.
    let again = step(&office.owner, &planned, "approve").await.status(200);
    assert_ne!(again.at("/decidedBy"), again.at("/requestedBy"));
}

async fn a_session_soon_takes_approval(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 6);
    let event = json!({"id": "e1", "type": "session.scheduled", "member": "ada", "sessionId": "s1",
                       "occurredAt": jiff::Timestamp::now(), "startsAt": soon});
    office.owner.post("/events", event).await.status(200);
    let planned = plan(&office, end(&["ada", "bob"])).await.status(201);
    let planned = planned
        .holds("/state", "pending")
        .holds("/approvalReasons", json!(["session_within_7_days"]));
    let shown = items(&office, &planned).await;
    let ada = &shown["items"][0];
    assert_eq!(ada["warnings"], json!(["session_within_7_days"]), "{shown}");
    let longer = json!({"kind": "extend", "members": ["ada"], "until": "2038-01-01"});
    plan(&office, longer)
        .await
        .status(201)
        .holds("/state", "approved");
}

async fn only_what_was_reviewed_is_applied(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let one = plan(&office, end(&["ada"])).await.status(201);
    let other = plan(&office, end(&["bob"])).await.status(201);
    assert_ne!(one.at("/hash"), other.at("/hash"));
    let path = format!("/plans/{}/apply", one.string("/id"));
    let wrong = json!({"hash": other.string("/hash")});
    let refused = office.owner.post(&path, wrong).await.status(409);
    refused.holds("/code", "plan_changed");
    let none = office.owner.post(&path, json!({})).await.status(400);
    none.holds("/code", "missing_field").holds("/field", "hash");
    assert_eq!(office.state("ada").await, "assigned");
}

async fn a_rejected_plan_is_not_applied(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let planned = plan(&office, end(&["ada"])).await.status(201);
    let other = office.tenant.admin("program_admin");
    step(&other, &planned, "reject").await.status(403);
    let approver = office.tenant.admin("approver");
    let rejected = step(&approver, &planned, "reject").await.status(200);
    rejected.holds("/state", "rejected");
    let refused = step(&office.owner, &planned, "apply").await.status(409);
    refused
        .holds("/code", "plan_state")
        .holds("/state", "rejected");
    // Whoever made a plan may withdraw it.
    let planned = plan(&office, end(&["ada"])).await.status(201);
    step(&office.owner, &planned, "reject").await.status(200);
    assert_eq!(office.state("ada").await, "assigned");
    let rejected = office.owner.get("/plans").query("state", "rejected").await;
    assert_eq!(each(&rejected.status(200), "state").len(), 2);
}

async fn nonsense_is_refused_and_stores_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let all = json!({"track": "growth"});
    for (body, code, field) in [
        (json!({}), "missing_field", "kind"),
        (
            json!({"kind": "erase", "members": ["ada"]}),
            "invalid_value",
            "kind",
        ),
        (
            json!({"kind": "reclaim", "members": ["ada"]}),
            "invalid_value",
            "kind",
        ),
        (
            json!({"kind": "end", "reason": "declined"}),
            "missing_field",
            "filter",
        ),
        (
            json!({"kind": "end", "filter": {}, "reason": "declined"}),
            "invalid_value",
            "filter",
        ),
        (
            json!({"kind": "end", "filter": all, "members": ["ada"], "reason": "declined"}),
            "invalid_value",
            "members",
        ),
        (
            json!({"kind": "end", "members": ["ada", "eve"], "reason": "declined"}),
            "unknown_member",
            "members",
        ),
        (
            json!({"kind": "end", "members": [], "reason": "declined"}),
            "invalid_value",
            "members",
        ),
        (
            json!({"kind": "end", "members": ["ada"]}),
            "invalid_reason",
            "reason",
        ),
        (
            json!({"kind": "end", "members": ["ada"], "reason": "declined", "until": "2037-01-01"}),
            "invalid_value",
            "until",
        ),
        (
            json!({"kind": "extend", "members": ["ada"]}),
            "missing_field",
            "until",
        ),
        (
            json!({"kind": "extend", "members": ["ada"], "until": "2001-01-01"}),
            "invalid_value",
            "until",
        ),
        (
            json!({"kind": "extend", "members": ["ada"], "addDays": 5, "pool": "none"}),
            "invalid_value",
            "pool",
        ),
        (
            json!({"kind": "end", "filter": {"nonsense": 1}, "reason": "declined"}),
            "unknown_parameter",
            "nonsense",
        ),
        (
            json!({"kind": "end", "filter": {"sort": "name"}, "reason": "declined"}),
            "invalid_value",
            "filter.sort",
        ),
        (
            json!({"kind": "end", "members": ["ada"], "reason": "declined", "soon": true}),
            "unknown_field",
            "soon",
        ),
    ] {
        let refused = plan(&office, body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    for body in [
        json!({}),
        json!({"member": "ada", "track": "growth"}),
        json!({"group": "none"}),
    ] {
        office.owner.post("/exclusions", body).await.status(400);
    }
    let plans = office.owner.get("/plans").await.status(200);
    assert_eq!(each(&plans, "id").len(), 0);
    office.owner.get("/plans/nothing").await.status(404);
}

async fn a_plan_of_another_tenant_is_not_there(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let planned = plan(&office, end(&["ada"])).await.status(201);
    let other = office.tenant.neighbour().admin("owner");
    for step_ in ["approve", "reject", "apply"] {
        step(&other, &planned, step_).await.status(404);
    }
    let path = format!("/plans/{}", planned.string("/id"));
    other.get(&path).await.status(404);
    assert_eq!(office.state("ada").await, "assigned");
}

async fn items_are_read_a_page_at_a_time_and_as_lines(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let planned = plan(&office, end(&["ada", "bob", "cyd"])).await.status(201);
    let path = format!("/plans/{}", planned.string("/id"));
    let first = office
        .owner
        .get(&path)
        .query("limit", "2")
        .await
        .status(200);
    assert_eq!(each(&first, "state").len(), 2);
    let next = first.string("/nextCursor");
    let rest = office
        .owner
        .get(&path)
        .query("limit", "2")
        .query("cursor", &next)
        .await;
    let rest = rest.status(200).holds("/items/0/member/userName", "cyd");
    rest.holds("/nextCursor", json!(null))
        .holds("/items/0/n", 3);
    let lines = office
        .owner
        .get(&path)
        .query("format", "csv")
        .await
        .status(200);
    assert!(
        lines.text.starts_with("n,member,userName,email,state,"),
        "{lines}"
    );
    assert_eq!(lines.text.lines().count(), 4, "{lines}");
    let table = office.owner.get("/plans").query("format", "table").await;
    assert!(table.status(200).text.contains("approved"));
}

async fn each_right_is_asked_for(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let planned = plan(&office, end(&["ada"])).await.status(201);
    let path = format!("/plans/{}", planned.string("/id"));
    for (role, sees, plans, approves, excludes) in [
        ("viewer", false, false, false, false),
        ("approver", true, false, true, false),
        ("program_admin", true, true, false, false),
        ("license_admin", true, true, false, true),
        ("auditor", false, false, false, false),
    ] {
        let client = office.tenant.admin(role);
        let may = |reply: Reply, may: bool| assert_eq!(reply.status != 403, may, "{role}\n{reply}");
        may(client.get("/plans").await, sees);
        may(client.get(&path).await, sees);
        may(client.post("/plans", json!({})).await, plans);
        may(client.post("/seats/reclaim", json!({})).await, plans);
        may(
            client.post(&format!("{path}/approve"), json!({})).await,
            approves,
        );
        may(
            client.post(&format!("{path}/apply"), json!({})).await,
            plans,
        );
        may(client.post("/exclusions", json!({})).await, excludes);
    }
}

async fn an_extension_into_another_pool_tells_what_is_used_up(t: Tenant) {
    let office = Office::bare(t).await;
    let terms = json!({"reusePolicy": "consumable", "termEnd": "2037-12-31"});
    office.pool("once", 1, terms).await;
    office.hire("ada", json!({})).await;
    office.pool("next", 1, json!({})).await;
    let body = json!({"kind": "extend", "members": ["ada"], "until": "2038-06-30", "pool": "next"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned
        .holds("/seats", -1)
        .holds("/seatsByPool", json!({"next": -1}));
    let shown = items(&office, &planned).await;
    shown
        .holds("/items/0/seatDelta", -1)
        .holds("/items/0/warnings", json!(["takes_seat", "seat_burned"]));
    step(&office.owner, &planned, "apply").await.status(200);
    let once = office.figures("once").await;
    once.holds("/burned", 1).holds("/available", 0);
    office.figures("next").await.holds("/available", 0);
    office.books_balance().await;
}

async fn a_plan_expires(engine: Engine) {
    let (server, office) = Office::alone(engine, 11).await;
    let planned = eleven(&office).await;
    server.clock.advance(jiff::SignedDuration::from_hours(71));
    let path = format!("/plans/{}", planned.string("/id"));
    office.owner.get(&path).await.holds("/state", "pending");
    server.clock.advance(jiff::SignedDuration::from_hours(1));
    office.owner.get(&path).await.holds("/state", "expired");
    let approver = office.tenant.admin("approver");
    let late = step(&approver, &planned, "approve").await.status(409);
    late.holds("/code", "plan_state").holds("/state", "expired");
    let small = plan(&office, end(&["p1"])).await.status(201);
    server.clock.advance(days(4));
    step(&office.owner, &small, "apply").await.status(409);
    assert_eq!(office.state("p1").await, "assigned");
    let expired = office.owner.get("/plans").query("state", "expired").await;
    assert_eq!(each(&expired.status(200), "id").len(), 2);
}

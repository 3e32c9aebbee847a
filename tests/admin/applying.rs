//! Applying plans: what is done to whom, and who is left alone.

use serde_json::json;

use crate::common::{Engine, Tenant};
use crate::office::{Office, each};
use crate::plans::{end, items, plan, step};

both_engines!(
    whoever_changed_since_is_left_alone,
    whoever_was_excluded_is_left_alone,
    an_exclusion_made_later_still_counts,
    what_the_rules_refuse_is_named,
    a_seat_is_not_freed_for_somebody_who_is_ended_too,
    applying_twice_changes_nothing,
    a_plan_extends_many,
);
both_engines_alone!(a_large_plan_is_finished_by_the_jobs);

async fn whoever_changed_since_is_left_alone(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire_all(&["bob", "cyd"]).await;
    let planned = plan(&office, end(&["ada", "bob", "cyd"])).await.status(201);
    office.set(&ada, "title", json!("VP")).await;
    // Whoever has begun to use their seat is not who was to lose it.
    let event = json!({"id": "e1", "type": "account.activated", "member": "bob",
                       "occurredAt": jiff::Timestamp::now()});
    office.owner.post("/events", event).await.status(200);
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied
        .holds("/counts/stale", 2)
        .holds("/counts/applied", 1);
    assert_eq!(office.state("ada").await, "assigned");
    assert_eq!(office.state("bob").await, "assigned");
    assert_eq!(office.state("cyd").await, "ended");
    let path = format!("/plans/{}", planned.string("/id"));
    let stale = office.owner.get(&path).query("state", "stale").await;
    let stale = stale.status(200);
    assert_eq!(each(&stale, "state"), ["stale", "stale"], "{stale}");
}

async fn whoever_was_excluded_is_left_alone(t: Tenant) {
    let office = Office::with_seats(t, 4).await;
    let track = json!({"key": "vip", "name": "VIP"});
    office.owner.post("/tracks", track).await.status(201);
    office.hire("ada", json!({})).await;
    let bob = office.hire("bob", json!({})).await;
    office
        .hire("cyd", json!({crate::common::COACHING: {"track": "vip"}}))
        .await;
    office.hire("dan", json!({})).await;
    office.tenant.create_group("Board", &[&bob]).await;
    for body in [
        json!({"member": "ada", "note": "asked for it"}),
        json!({"group": "board"}),
        json!({"track": "vip"}),
    ] {
        office.owner.post("/exclusions", body).await.status(201);
    }
    let all = office.owner.get("/exclusions").await.status(200);
    let all = all
        .holds("/items/0/member/userName", "ada")
        .holds("/items/0/note", "asked for it")
        .holds("/items/1/group/displayName", "Board");
    all.holds("/items/2/track", "vip");
    let body = json!({"kind": "end", "filter": {"pool": "main"}, "reason": "reclaimed"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned
        .holds("/counts/excluded", 3)
        .holds("/counts/planned", 1)
        .holds("/seats", 1);
    let shown = items(&office, &planned).await;
    let by = |name: &str| {
        let items = shown["items"].as_array().unwrap();
        let item = items.iter().find(|i| i["member"]["userName"] == name);
        item.unwrap()["problem"].clone()
    };
    assert_eq!(
        [by("ada"), by("bob"), by("cyd")],
        ["member", "group", "track"]
    );
    step(&office.owner, &planned, "apply").await.status(200);
    for name in ["ada", "bob", "cyd"] {
        assert_eq!(office.state(name).await, "assigned", "{name}");
    }
    assert_eq!(office.state("dan").await, "ended");
    let twice = json!({"track": "VIP"});
    let twice = office.owner.post("/exclusions", twice).await.status(409);
    twice.holds("/code", "taken");
}

async fn an_exclusion_made_later_still_counts(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let planned = plan(&office, end(&["ada", "bob"])).await.status(201);
    let exclusion = json!({"member": "ada"});
    let exclusion = office
        .owner
        .post("/exclusions", exclusion)
        .await
        .status(201);
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied
        .holds("/counts/excluded", 1)
        .holds("/counts/applied", 1);
    assert_eq!(office.state("ada").await, "assigned");
    let path = format!("/exclusions/{}", exclusion.string("/id"));
    office.owner.delete(&path).await.status(200);
    office.owner.delete(&path).await.status(404);
    let planned = plan(&office, end(&["ada"])).await.status(201);
    step(&office.owner, &planned, "apply").await.status(200);
    assert_eq!(office.state("ada").await, "ended");
}

async fn applying_twice_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let planned = plan(&office, end(&["ada"])).await.status(201);
    step(&office.owner, &planned, "apply").await.status(200);
    office.set_active(&ada, false).await;
    office.set_active(&ada, true).await;
    assert_eq!(office.state("ada").await, "assigned");
    let lines = office.owner.get("/ledger").await.status(200);
    let again = step(&office.owner, &planned, "apply").await.status(200);
    again.holds("/state", "applied").holds("/counts/applied", 1);
    assert_eq!(office.state("ada").await, "assigned");
    let still = office.owner.get("/ledger").await.status(200);
    assert_eq!(each(&still, "id"), each(&lines, "id"));
}

async fn a_plan_extends_many(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let last = json!({crate::common::COACHING: {"accessEndDate": "2037-01-31"}});
    office.hire("ada", last.clone()).await;
    office.hire("bob", last).await;
    let body = json!({"kind": "extend", "filter": {"endsBefore": "2037-03-01"},
                      "until": "2037-06-30"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned.holds("/seats", 0).holds("/counts/planned", 2);
    items(&office, &planned)
        .await
        .holds("/items/0/before/accessEndDate", "2037-01-31")
        .holds("/items/0/after/accessEndDate", "2037-06-30");
    step(&office.owner, &planned, "apply").await.status(200);
    for name in ["ada", "bob"] {
        let member = office.member(name).await;
        member
            .holds("/accessEndDate", "2037-06-30")
            .holds("/accessEndSource", "admin");
    }
    // Whose access lasts so long already is not among the next.
    let body = json!({"kind": "extend", "filter": {"track": "growth"}, "until": "2037-06-30"});
    plan(&office, body)
        .await
        .status(201)
        .holds("/counts/total", 0);
}

async fn what_the_rules_refuse_is_named(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    office.set_active(&ada, false).await;
    let body = json!({"kind": "extend", "members": ["ada", "bob"], "until": "2050-01-01"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned
        .holds("/counts/refused", 2)
        .holds("/counts/planned", 0);
    let shown = items(&office, &planned).await;
    assert_eq!(
        each(&shown, "problem"),
        ["pool_term_exceeded", "not_active"],
        "{shown}"
    );
    // A seat that there was when it was planned, and is not when it is applied.
    let office = Office::with_seats(office.tenant.neighbour(), 1).await;
    office
        .pool("next", 1, json!({"termEnd": "2090-01-01"}))
        .await;
    office
        .hire("ada", json!({crate::common::COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"kind": "extend", "members": ["ada"], "until": "2050-01-01", "pool": "next"});
    let planned = plan(&office, body).await.status(201);
    let shown = items(&office, &planned).await;
    shown.holds("/items/0/warnings", json!(["takes_seat"]));
    office
        .hire("bob", json!({crate::common::COACHING: {"pool": "next"}}))
        .await;
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied
        .holds("/counts/refused", 1)
        .holds("/state", "applied");
    items(&office, &planned)
        .await
        .holds("/items/0/problem", "pool_full");
    let ada = office.member("ada").await;
    ada.holds("/pool", "main")
        .holds("/accessEndDate", "2039-12-31");
    office.books_balance().await;
}

async fn a_seat_is_not_freed_for_somebody_who_is_ended_too(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cyd", "dan"]).await;
    let body = json!({"kind": "end", "filter": {"track": "growth"}, "reason": "reclaimed"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned.holds("/seats", 2).holds("/counts/planned", 4);
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied.holds("/counts/applied", 4);
    for name in ["ada", "bob", "cyd", "dan"] {
        assert_eq!(office.state(name).await, "ended", "{name}");
    }
    office.figures("main").await.holds("/available", 2);
    office.books_balance().await;
}

// Nobody waits for more than ten transactions of fifty people.
async fn a_large_plan_is_finished_by_the_jobs(engine: Engine) {
    let (_server, office) = Office::alone(engine, 0).await;
    let operations: Vec<_> = (0..520)
        .map(|n| {
            let data = crate::common::tenant::user(&format!("p{n}"), json!({}));
            json!({"method": "POST", "path": "/Users", "bulkId": format!("b{n}"), "data": data})
        })
        .collect();
    let bulk = json!({"schemas": [crate::common::BULK], "Operations": operations});
    office.tenant.scim().post("/Bulk", bulk).await.status(200);
    let body = json!({"kind": "end", "filter": {"seatState": "waitlisted"}, "reason": "reclaimed"});
    let planned = plan(&office, body)
        .await
        .status(201)
        .holds("/counts/planned", 520);
    let approver = office.tenant.admin("approver");
    step(&approver, &planned, "approve").await.status(200);
    let begun = step(&office.owner, &planned, "apply").await.status(200);
    assert!(
        begun.at("/counts/applied").as_i64().unwrap() >= 500,
        "{begun}"
    );
    for _ in 0..100 {
        let path = format!("/plans/{}", planned.string("/id"));
        let now = office.owner.get(&path).await.status(200);
        if now.string("/state") == "applied" {
            now.holds("/counts/applied", 520);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the jobs do not finish the plan");
}

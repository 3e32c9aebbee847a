//! Why has this person a seat, and what would change it; and how they came there.

use serde_json::{Value, json};

use crate::common::{COACHING, NOBODY, Tenant};
use crate::office::{Office, each};

both_engines!(
    each_field_says_what_decided_it,
    rules_that_lose_say_to_what,
    what_if_says_what_removal_from_a_group_would_do,
    what_if_says_what_an_attribute_does,
    no_seat_is_explained,
    nobody_else_sees_it,
    the_history_names_each_request,
    the_history_is_read_a_page_at_a_time_both_ways,
    who_may_read_the_history,
);

/// Two tracks, two pools, two groups with a rule each.
async fn placed_by_group(t: Tenant) -> (Office, String) {
    let office = Office::with_seats(t, 2).await;
    office
        .pool("extra", 3, json!({"termEnd": "2039-12-31"}))
        .await;
    let track = json!({"key": "sales", "name": "Sales", "durationDays": 90});
    office.make("/tracks", track).await;
    let id = office.hire("ada", json!({})).await;
    office.tenant.create_group("Sellers", &[&id]).await;
    office.tenant.create_group("Growers", &[&id]).await;
    for (group, track, pool) in [("Sellers", "sales", "extra"), ("Growers", "growth", "main")] {
        let body = json!({"group": group, "track": track, "pool": pool, "priority": 10});
        office.make("/mappings", body).await;
    }
    (office, id)
}

async fn explain(office: &Office, who: &str) -> crate::common::Reply {
    let path = format!("/members/{who}/explain");
    office.owner.get(&path).await.status(200)
}

async fn each_field_says_what_decided_it(t: Tenant) {
    let (office, id) = placed_by_group(t).await;
    let e = explain(&office, "ada@acme.example").await;
    let e = e
        .holds("/member/userName", "ada")
        .holds("/track/value", "sales")
        .holds("/track/by", "rule")
        .holds("/track/rule/group", "Sellers")
        .holds("/pool/value", "extra")
        .holds("/pool/by", "rule")
        .holds("/pool/candidates/0/pool", "extra")
        .holds("/pool/candidates/0/held", true)
        .holds("/pool/candidates/0/available", 2)
        .holds("/start/by", "seat")
        .holds("/end/by", "rule")
        .holds("/end/length", json!({"days": 90, "of": "track"}))
        .holds("/end/limits/poolTermEnd", "2039-12-31")
        .holds("/seat/state", "assigned")
        .holds("/seat/detail", json!(null));
    assert_eq!(
        e["end"]["value"],
        office.member("ada").await["accessEndDate"]
    );
    office.set_coaching(&id, "track", json!("growth")).await;
    office.set_coaching(&id, "pool", json!("extra")).await;
    let until = json!("2037-05-31");
    office.set_coaching(&id, "accessEndDate", until).await;
    let e = explain(&office, "ada").await;
    e.holds("/track/by", "attribute")
        .holds("/track/attribute", "growth")
        .holds("/pool/by", "attribute")
        .holds("/end/by", "idp")
        .holds("/end/limits/accessEndDate", "2037-05-31")
        .holds("/end/value", "2037-05-31");
}

async fn rules_that_lose_say_to_what(t: Tenant) {
    let (office, id) = placed_by_group(t).await;
    let e = explain(&office, "ada").await;
    let winner = e.string("/rules/0/id");
    let e = e
        .holds("/rules/0/fate", "won")
        .holds("/rules/0/lostTo", json!(null))
        .holds("/rules/1/fate", "shadowed")
        .holds("/rules/1/track", "growth")
        .holds("/rules/1/conflict", true);
    e.holds("/rules/1/lostTo/rule", winner);
    office.set_coaching(&id, "track", json!("growth")).await;
    let e = explain(&office, "ada").await;
    e.holds("/rules/0/fate", "overruled")
        .holds("/rules/0/lostTo/attribute", "track")
        .holds("/rules/1/fate", "supports");
}

fn what_if<'r>(e: &'r crate::common::Reply, change: &str) -> &'r Value {
    e.element("whatIf", "change", change)
}

// The prediction is what then happens.
async fn what_if_says_what_removal_from_a_group_would_do(t: Tenant) {
    let (office, id) = placed_by_group(t).await;
    let e = explain(&office, "ada").await;
    let left = what_if(&e, "removed from the group 'Sellers'");
    assert_eq!(left["kind"], "left_group", "{e}");
    assert_eq!(left["effect"], "placed", "{e}");
    assert_eq!(
        (&left["track"], &left["pool"]),
        (&json!("growth"), &json!("main"))
    );
    assert_eq!(left["available"], 2, "{e}");
    let other = what_if(&e, "removed from the group 'Growers'");
    assert!(other.is_null(), "it changes nothing\n{e}");
    let group = left["of"]["id"].as_str().unwrap();
    let operations = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
    let path = format!("/Groups/{group}");
    office
        .tenant
        .scim()
        .patch(&path, operations)
        .await
        .status(200);
    let ada = office.member("ada").await;
    assert_eq!(
        (&ada["track"], &ada["pool"]),
        (&left["track"], &left["pool"])
    );
    assert_eq!(ada["accessEndDate"], left["accessEndDate"], "{ada}");
}

async fn what_if_says_what_an_attribute_does(t: Tenant) {
    let (office, id) = placed_by_group(t).await;
    office.set_coaching(&id, "track", json!("growth")).await;
    let e = explain(&office, "ada").await;
    let without = what_if(&e, "without the attribute track");
    assert_eq!(without["of"]["attribute"], "track", "{e}");
    assert_eq!(
        (&without["track"], &without["pool"]),
        (&json!("sales"), &json!("extra"))
    );
    office.set_active(&id, false).await;
    let e = explain(&office, "ada").await;
    let e = e
        .holds("/seat/state", "grace")
        .holds("/seat/reason", "deactivated");
    assert!(e.string("/seat/detail").contains("deactivated"), "{e}");
    let back = what_if(&e, "reactivated by the identity provider");
    assert_eq!(
        (&back["effect"], &back["track"]),
        (&json!("placed"), &json!("growth"))
    );
}

async fn no_seat_is_explained(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    let e = explain(&office, "bob").await;
    let e = e
        .holds("/seat/state", "waitlisted")
        .holds("/seat/reason", "pool_full")
        .holds("/seat/waitlistPosition", 1);
    let detail = e.string("/seat/detail");
    assert!(
        detail.contains("all 1 seats") && detail.contains("'main'"),
        "{e}"
    );
    office.end("ada").await;
    let e = explain(&office, "ada").await.holds("/seat/state", "ended");
    assert!(e.string("/seat/detail").contains("removed_by_admin"), "{e}");
    office
        .change("/tracks/growth", json!({"default": false}))
        .await;
    office.hire("cleo", json!({})).await;
    let e = explain(&office, "cleo")
        .await
        .holds("/seat/reason", "no_rule");
    let e = e.holds("/track/by", "nothing").holds("/pool/by", "nothing");
    e.holds("/track/value", json!(null));
    office.tenant.create_group("Growers", &[]).await;
    let rule = json!({"group": "Growers", "track": "growth"});
    office.make("/mappings", rule).await;
    let e = explain(&office, "cleo").await;
    let joined = what_if(&e, "added to the group 'Growers'");
    assert_eq!(joined["track"], "growth", "{e}");
}

async fn nobody_else_sees_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let id = office.hire("ada", json!({})).await;
    for what in ["explain", "ledger"] {
        let path = format!("/members/{NOBODY}/{what}");
        office.owner.get(&path).await.status(404);
        let neighbour = office.tenant.neighbour().admin("owner");
        neighbour
            .get(&format!("/members/{id}/{what}"))
            .await
            .status(404);
    }
}

async fn the_history_names_each_request(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let id = office.hire("ada", json!({})).await;
    let off = office.set_active(&id, false).await;
    let request = off.header("x-request-id").to_owned();
    let history = office.owner.get("/members/ada/ledger").await.status(200);
    assert_eq!(
        each(&history, "action"),
        [
            "seat.grace_started",
            "member.deactivated",
            "seat.assigned",
            "member.created"
        ]
    );
    let history = history
        .holds("/items/0/cause", request.as_str())
        .holds("/items/1/cause", request.as_str());
    let history = history
        .holds("/items/0/from", "occupied")
        .holds("/items/0/to", "grace");
    assert_ne!(history["items"][2]["cause"], request, "{history}");
    let day = json!({"accessEndDate": "2037-05-31"});
    office.hire("bob", json!({COACHING: day})).await;
    let again = office.owner.get("/members/ada/ledger").await.status(200);
    assert_eq!(each(&again, "action").len(), 4, "bob's are bob's\n{again}");
}

async fn the_history_is_read_a_page_at_a_time_both_ways(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let id = office.hire("ada", json!({})).await;
    office.set_active(&id, false).await;
    office.set_active(&id, true).await;
    let all = office.owner.get("/members/ada/ledger").query("sort", "at");
    let all = all.await.status(200);
    let oldest_first = each(&all, "action");
    assert_eq!(oldest_first[..2], ["member.created", "seat.assigned"]);
    assert_eq!(oldest_first.last(), Some(&"seat.restored"), "{all}");
    for (sort, backwards) in [("at", false), ("-at", true)] {
        let mut walked = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = office.owner.get("/members/ada/ledger").query("limit", "2");
            let page = page.query("sort", sort).query("cursor", &cursor);
            let page = page.await.status(200);
            walked.extend(each(&page, "action").into_iter().map(str::to_owned));
            match page.at("/nextCursor").as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        if backwards {
            walked.reverse();
        }
        assert_eq!(walked, oldest_first, "{sort}");
    }
    let only = office.owner.get("/members/ada/ledger");
    let only = only.query("action", "member.deactivated").await.status(200);
    assert_eq!(each(&only, "action"), ["member.deactivated"]);
    let none = office
        .owner
        .get("/members/ada/ledger")
        .query("to", "2020-01-01");
    assert!(each(&none.await.status(200), "action").is_empty());
    for (name, value) in [("sort", "actor"), ("from", "soon"), ("who", "ada")] {
        let refused = office.owner.get("/members/ada/ledger").query(name, value);
        refused.await.status(400);
    }
}

async fn who_may_read_the_history(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (role, status) in [
        ("owner", 200),
        ("auditor", 200),
        ("license_admin", 200),
        ("program_admin", 200),
        ("viewer", 403),
        ("approver", 403),
    ] {
        let client = office.tenant.admin(role);
        client.get("/members/ada/ledger").await.status(status);
    }
    let viewer = office.tenant.admin("viewer");
    viewer.get("/members/ada/explain").await.status(200);
    let auditor = office.tenant.admin("auditor");
    auditor.get("/members/ada/explain").await.status(403);
}

//! What a reconciliation suggests, as a plan (row 29 of domain 1.2).

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Tenant};
use crate::office::{Office, each};
use crate::plans::{items, step};

both_engines!(
    row_29_of_1_2_what_is_suggested_is_planned_and_done,
    rows_are_chosen_one_by_one,
    what_is_not_ours_to_do_is_refused_and_says_whose_it_is,
    who_was_mended_meanwhile_is_left_alone,
    nonsense_is_refused,
);

const LIST: &str = "login,email,status,track,accessEndDate\n\
    track,track@acme.example,ACTIVE,Executive,\n\
    later,later@acme.example,ACTIVE,,2040-12-31\n\
    sooner,sooner@acme.example,ACTIVE,,2030-06-30\n\
    past,past@acme.example,ACTIVE,,2001-01-01\n\
    leaver,leaver@acme.example,DEPROVISIONED,,\n";

async fn office(t: Tenant) -> Office {
    let office = Office::with_seats(t, 7).await;
    let exec = json!({"key": "exec", "name": "Executive"});
    office.make("/tracks", exec).await;
    let names = ["track", "later", "sooner", "past", "leaver", "orphan"];
    office.hire_all(&names).await;
    office
}

async fn reconcile(office: &Office, list: &str) -> Reply {
    let path = "/reconciliations?source=okta";
    let request = office.owner.request(Method::POST, path);
    request.body("text/csv", list.to_owned()).await.status(201)
}

async fn plan(office: &Office, held: &Reply, body: Value) -> Reply {
    let path = format!("/reconciliations/{}/plan", held.string("/id"));
    office.owner.post(&path, body).await
}

fn of<'r>(shown: &'r Reply, name: &str) -> &'r Value {
    let items = shown["items"].as_array().unwrap();
    let item = items.iter().find(|i| i["member"]["userName"] == name);
    item.unwrap_or_else(|| panic!("no {name}\n{shown}"))
}

async fn row_29_of_1_2_what_is_suggested_is_planned_and_done(t: Tenant) {
    let office = office(t).await;
    let held = reconcile(&office, LIST).await;
    let buckets = [
        "orphan_seat",
        "leaver_with_seat",
        "wrong_track",
        "date_mismatch",
    ];
    let body = json!({"buckets": buckets, "note": "Q3"});
    let planned = plan(&office, &held, body).await.status(201);
    let planned = planned
        .holds("/kind", "reconciliation")
        .holds("/counts/planned", 4)
        .holds("/counts/refused", 2)
        .holds("/seats", 2)
        .holds("/seatsByPool", json!({"main": 2}));
    let shown = items(&office, &planned).await;
    for (name, verb) in [
        ("orphan", "end"),
        ("leaver", "end"),
        ("track", "transfer"),
        ("sooner", "extend"),
    ] {
        let item = of(&shown, name);
        assert_eq!(item["does"]["verb"], verb, "{item}");
        assert_eq!(item["state"], "planned", "{item}");
    }
    assert_eq!(of(&shown, "track")["after"]["track"], "exec");
    assert_eq!(of(&shown, "sooner")["after"]["accessEndDate"], "2030-06-30");
    assert_eq!(of(&shown, "later")["problem"], "pool_term_exceeded");
    assert_eq!(of(&shown, "past")["problem"], "access_end_reached");
    assert_eq!(office.state("orphan").await, "assigned");

    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied.holds("/counts/applied", 4);
    for name in ["orphan", "leaver"] {
        let member = office.member(name).await.holds("/seatState", "ended");
        member.holds("/seatReason", "removed_by_admin");
    }
    office.member("track").await.holds("/track", "exec");
    let sooner = office.member("sooner").await;
    sooner.holds("/accessEndDate", "2030-06-30");
    let again = reconcile(&office, LIST).await;
    let again = again
        .holds("/buckets/orphan_seat", 0)
        .holds("/buckets/leaver_with_seat", 0);
    again.holds("/buckets/wrong_track", 0);
    office.books_balance().await;
}

async fn rows_are_chosen_one_by_one(t: Tenant) {
    let office = office(t).await;
    let held = reconcile(&office, LIST).await;
    let n = held.element("items", "email", "leaver@acme.example")["n"].clone();
    let body = json!({"rows": [n, n], "reason": "role_change"});
    let planned = plan(&office, &held, body).await.status(201);
    let planned = planned.holds("/counts/total", 1);
    step(&office.owner, &planned, "apply").await.status(200);
    let leaver = office.member("leaver").await;
    leaver.holds("/seatReason", "role_change");
    assert_eq!(office.state("orphan").await, "assigned");
}

async fn what_is_not_ours_to_do_is_refused_and_says_whose_it_is(t: Tenant) {
    let office = office(t).await;
    let list = format!("{LIST}new,new@acme.example,ACTIVE,,\n");
    let held = reconcile(&office, &list).await;
    for (bucket, whose) in [
        ("missing_seat", "identity_provider"),
        ("identity_mismatch", "identity_provider"),
        ("waiting", "purchase"),
        ("duplicate", "list"),
        ("broken_row", "list"),
        ("unknown_vendor_seat", "vendor"),
        ("ok", "nobody"),
    ] {
        let body = json!({"buckets": ["orphan_seat", bucket]});
        let refused = plan(&office, &held, body).await.status(409);
        refused
            .holds("/code", "not_plannable")
            .holds("/bucket", bucket)
            .holds("/whose", whose);
    }
    let n = held.element("items", "bucket", "missing_seat")["n"].clone();
    let refused = plan(&office, &held, json!({"rows": [n]})).await;
    refused.status(409).holds("/bucket", "missing_seat");
    let plans = office.owner.get("/plans").await.status(200);
    assert_eq!(each(&plans, "id").len(), 0, "{plans}");
}

async fn who_was_mended_meanwhile_is_left_alone(t: Tenant) {
    let office = office(t).await;
    let held = reconcile(&office, LIST).await;
    office.end("orphan").await;
    let body = json!({"buckets": ["orphan_seat", "leaver_with_seat"]});
    let planned = plan(&office, &held, body.clone()).await.status(201);
    planned
        .holds("/counts/unchanged", 1)
        .holds("/counts/planned", 1);
    office
        .owner
        .post("/exclusions", json!({"member": "leaver"}))
        .await
        .status(201);
    let planned = plan(&office, &held, body).await.status(201);
    planned.holds("/counts/excluded", 1);
}

async fn nonsense_is_refused(t: Tenant) {
    let office = office(t).await;
    let held = reconcile(&office, LIST).await;
    for (body, code, field) in [
        (json!({}), "missing_field", "buckets"),
        (json!({"buckets": []}), "invalid_value", "buckets"),
        (json!({"buckets": ["none"]}), "invalid_value", "buckets"),
        (
            json!({"buckets": ["orphan_seat"], "rows": [1]}),
            "invalid_value",
            "rows",
        ),
        (json!({"rows": [0]}), "invalid_value", "rows"),
        (json!({"rows": [999]}), "invalid_value", "rows"),
        (
            json!({"buckets": ["orphan_seat"], "reason": "deleted"}),
            "invalid_reason",
            "reason",
        ),
        (
            json!({"buckets": ["orphan_seat"], "soon": 1}),
            "unknown_field",
            "soon",
        ),
    ] {
        let refused = plan(&office, &held, body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    let nowhere = format!("/reconciliations/{}/plan", crate::common::NOBODY);
    let body = json!({"buckets": ["orphan_seat"]});
    office.owner.post(&nowhere, body.clone()).await.status(404);
    let neighbour = office.tenant.neighbour().admin("owner");
    let path = format!("/reconciliations/{}/plan", held.string("/id"));
    neighbour.post(&path, body).await.status(404);
}

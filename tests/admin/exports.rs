//! Everybody in one file, with all that is known of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{COACHING, Engine, Reply, Tenant};
use crate::events::{journey, told};
use crate::office::Office;

both_engines!(
    row_29_export_has_every_column_and_history_counts,
    an_export_is_of_everybody_each_once,
    an_export_has_the_filters_of_the_list,
    an_export_carries_no_formulas,
    a_viewer_exports_no_engagement,
    nonsense_is_refused_before_anything_is_sent,
);
both_engines_alone!(people_who_come_and_go_meanwhile_do_no_harm,);

fn lines(export: &Reply) -> Vec<Value> {
    let lines = export.text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The values of one CSV line by header; no value of these tests has a comma.
fn rows(export: &Reply) -> Vec<Value> {
    let mut lines = export.text.lines();
    let headers: Vec<_> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| -> Value {
        let cells = line.split(',').map(|cell| json!(cell));
        let row: serde_json::Map<_, _> =
            headers.iter().map(ToString::to_string).zip(cells).collect();
        Value::Object(row)
    };
    lines.map(row).collect()
}

async fn row_29_export_has_every_column_and_history_counts(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let rest = json!({"externalId": "00u1", "title": "VP",
                      COACHING: {"region": "EMEA", "workerId": "0042"}});
    let id = office.hire("ada", rest).await;
    office.tenant.create_group("Managers", &[&id]).await;
    let mut events = journey();
    events.push(("session.no_show", json!({"sessionId": "s2"})));
    events.push(("reflection.assigned", json!({"reflectionId": "r1"})));
    events.push(("reflection.assigned", json!({"reflectionId": "r2"})));
    events.push(("reflection.completed", json!({"reflectionId": "r1"})));
    told(&office, &events).await;
    let csv = office.owner.get("/exports/members.csv").await.status(200);
    assert!(csv.header("content-type").starts_with("text/csv"), "{csv}");
    assert!(
        csv.header("content-disposition").contains("members.csv"),
        "{csv}"
    );
    let ada = &rows(&csv)[0];
    for (column, value) in [
        ("id", office.member("ada").await.id().as_str()),
        ("userName", "ada"),
        ("title", "VP"),
        ("externalId", "00u1"),
        ("workerId", "0042"),
        ("scimId", &id),
        ("track", "growth"),
        ("pool", "main"),
        ("seatState", "assigned"),
        ("status", "reflection_assigned"),
        ("region", "EMEA"),
        ("groups", "Managers"),
        ("episodes", "1"),
        ("sessionsCompletedTotal", "1"),
        ("noShowsTotal", "1"),
        ("reflectionsAssignedTotal", "2"),
        ("reflectionsCompletedTotal", "1"),
        ("deactivatedAt", ""),
    ] {
        assert_eq!(ada[column], value, "{column}\n{csv}");
    }
    let jsonl = office.owner.get("/exports/members.jsonl").await.status(200);
    let ada = &lines(&jsonl)[0];
    assert_eq!(ada["sessionsCompletedTotal"], 1, "{jsonl}");
    assert_eq!(ada["attributes"]["region"], "EMEA", "{jsonl}");
    assert_eq!(ada["groups"], json!(["Managers"]), "{jsonl}");
    let listed = office.owner.get("/members").await.status(200);
    for (key, value) in listed["items"][0].as_object().unwrap() {
        assert_eq!(ada[key], *value, "{key} is as in the list\n{jsonl}");
    }
}

// More people than fit a batch.
async fn an_export_is_of_everybody_each_once(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    hire_many(&office, 1_100).await;
    let csv = office.owner.get("/exports/members.csv").await.status(200);
    let names: BTreeSet<_> = rows(&csv)
        .iter()
        .map(|row| row["userName"].to_string())
        .collect();
    assert_eq!(names.len(), 1_100);
    assert_eq!(csv.text.lines().count(), 1_101, "one line of headers");
    let jsonl = office.owner.get("/exports/members.jsonl").await.status(200);
    assert_eq!(lines(&jsonl).len(), 1_100);
    let waiting = lines(&jsonl)
        .iter()
        .filter(|row| row["waitlistPosition"].is_number())
        .count();
    assert_eq!(waiting, 1_097);
}

async fn hire_many(office: &Office, count: usize) {
    for from in (0..count).step_by(500) {
        let operations: Value = (from..count.min(from + 500))
            .map(|n| {
                let data = crate::common::tenant::user(&format!("u{n:05}"), json!({}));
                json!({"method": "POST", "path": "/Users", "bulkId": format!("b{n}"), "data": data})
            })
            .collect();
        let body = json!({"schemas": [crate::common::BULK], "Operations": operations});
        office.tenant.scim().post("/Bulk", body).await.status(200);
    }
}

async fn an_export_has_the_filters_of_the_list(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    office
        .hire("cleo", json!({COACHING: {"region": "EMEA"}}))
        .await;
    for (name, value, found) in [
        ("seatState", "waitlisted", vec!["bob", "cleo"]),
        ("attr.region", "EMEA", vec!["cleo"]),
        ("status", "invited", vec!["ada"]),
        ("q", "bo", vec!["bob"]),
        ("track", "growth", vec!["ada", "bob", "cleo"]),
    ] {
        let jsonl = office
            .owner
            .get("/exports/members.jsonl")
            .query(name, value);
        let lines = lines(&jsonl.await.status(200));
        let mut names: Vec<_> = lines
            .iter()
            .filter_map(|row| row["userName"].as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, found, "{name}={value}");
    }
    let none = office
        .owner
        .get("/exports/members.csv")
        .query("q", "nobody");
    let none = none.await.status(200);
    assert_eq!(none.text.lines().count(), 1, "headers\n{none}");
}

async fn an_export_carries_no_formulas(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let id = office
        .hire("=1+1", json!({"displayName": "@SUM(A1)"}))
        .await;
    office.tenant.create_group("-2", &[&id]).await;
    let csv = office.owner.get("/exports/members.csv").await.status(200);
    let ada = &rows(&csv)[0];
    assert_eq!(ada["userName"], "'=1+1", "{csv}");
    assert_eq!(ada["displayName"], "'@SUM(A1)", "{csv}");
    assert_eq!(ada["groups"], "'-2", "{csv}");
}

async fn a_viewer_exports_no_engagement(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    told(&office, &journey()).await;
    let viewer = office.tenant.admin("viewer");
    let jsonl = viewer.get("/exports/members.jsonl").await.status(200);
    let ada = &lines(&jsonl)[0];
    for key in [
        "status",
        "sessionsCompleted",
        "sessionsCompletedTotal",
        "lastLoginAt",
        "firstInvitedAt",
        "stalledReason",
    ] {
        assert!(ada[key].is_null(), "{key}\n{jsonl}");
    }
    let asked = viewer
        .get("/exports/members.csv")
        .query("status", "invited");
    asked.await.status(403);
    let auditor = office.tenant.admin("auditor");
    auditor.get("/exports/members.csv").await.status(403);
}

async fn nonsense_is_refused_before_anything_is_sent(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for (name, value, code) in [
        ("sort", "name", "unknown_parameter"),
        ("limit", "5", "unknown_parameter"),
        ("format", "table", "unknown_parameter"),
        ("colour", "red", "unknown_parameter"),
        ("track", "none", "invalid_parameter"),
        ("idleDays", "-1", "invalid_parameter"),
    ] {
        let refused = office.owner.get("/exports/members.csv").query(name, value);
        refused.await.status(400).holds("/code", code);
    }
    office.owner.get("/exports/members.xlsx").await.status(404);
}

// The list changes under the export: nobody who was there throughout is missing or there twice.
async fn people_who_come_and_go_meanwhile_do_no_harm(engine: Engine) {
    let (server, office) = Office::alone(engine, 3).await;
    hire_many(&office, 1_200).await;
    let busy = async {
        for n in 0..20 {
            office.hire(&format!("new{n}"), json!({})).await;
            let who = format!("u{:05}", n * 50);
            let found = office.member(&who).await.string("/scimId");
            office
                .set(&found, "userName", json!(format!("renamed{n}")))
                .await;
        }
    };
    let export = async { office.owner.get("/exports/members.jsonl").await.status(200) };
    let ((), jsonl) = tokio::join!(busy, export);
    let lines = lines(&jsonl);
    let ids: BTreeSet<_> = lines.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), lines.len(), "somebody is there twice");
    let old = lines.iter().filter(|row| {
        let name = row["userName"].as_str().unwrap_or_default();
        name.starts_with('u') || name.starts_with("renamed")
    });
    assert_eq!(old.count(), 1_200);
    server.stop().await;
}

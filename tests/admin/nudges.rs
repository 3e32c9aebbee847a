//! Reminding people (domain 1.1, row 28).

use jiff::SignedDuration;
use seatkeeper::clock::Clock;
use serde_json::{Value, json};

use crate::common::receiver::Receiver;
use crate::common::{Engine, Reply, Tenant};
use crate::office::{Office, days, each, each_of};

both_engines!(
    row_28_a_nudge_tells_the_webhook_what_to_say,
    nobody_is_nudged_who_has_no_seat_in_use,
    a_nudge_helped_when_its_reason_clears,
    nudging_by_filter_says_what_came_of_each,
    nonsense_is_refused_and_nobody_nudged,
    a_nudge_is_for_program_admins,
);

both_engines_alone!(
    row_28_nobody_is_nudged_too_often,
    row_28_those_who_stalled_are_nudged_by_filter,
);

async fn nudge(office: &Office, who: &str, body: Value) -> Reply {
    let path = format!("/members/{who}/nudge");
    office.owner.post(&path, body).await
}

async fn tells(office: &Office, kind: &str, who: &str, id: &str) {
    let now = Clock::system().now();
    let event = json!({"id": id, "type": kind, "member": who, "occurredAt": now});
    office
        .owner
        .post("/events", event)
        .await
        .holds("/applied", 1);
}

async fn row_28_a_nudge_tells_the_webhook_what_to_say(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url, "types": ["member.nudged"]});
    office.owner.post("/webhooks", hook).await.status(201);
    office.hire("ada", json!({})).await;
    let message = json!({"message": "Your coach is waiting, Ada."});
    let nudged = nudge(&office, "ada", message).await.status(200);
    let nudged = nudged
        .holds("/kind", "remind")
        .holds("/reason", "delayed_activation")
        .holds("/outcome", "open")
        .holds("/listeners", 1);
    let got = receiver.until_told("member.nudged", "ada").await;
    let told = &got.json["data"]["nudge"];
    assert_eq!(told["id"], nudged.id());
    assert_eq!(told["message"], "Your coach is waiting, Ada.");
    assert!(
        told["reason"].is_null(),
        "it tells engagement\n{}",
        got.body
    );
    let all = office.owner.get("/nudges?member=ada").await.status(200);
    assert_eq!(each(&all, "id"), [nudged.id()]);
    let lines = office.owner.get("/ledger?action=member.nudged").await;
    assert!(!lines.text.contains("waiting"), "{lines}");
    assert_eq!(each_of(&lines.status(200), "action"), ["member.nudged"]);
}

async fn row_28_nobody_is_nudged_too_often(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let first = nudge(&office, "ada", json!({})).await.status(200);
    let sent: jiff::Timestamp = first.string("/sentAt").parse().unwrap();
    server.clock.advance(SignedDuration::from_hours(71));
    let again = nudge(&office, "ada", json!({})).await.status(409);
    let possible: jiff::Timestamp = again.string("/possibleAt").parse().unwrap();
    again.holds("/code", "nudged_recently");
    assert_eq!(possible.duration_since(sent).as_hours(), 72);
    server.clock.advance(SignedDuration::from_hours(2));
    nudge(&office, "ada", json!({})).await.status(200);
    server.clock.advance(days(4));
    nudge(&office, "ada", json!({})).await.status(200);
    server.clock.advance(days(40));
    let enough = nudge(&office, "ada", json!({})).await.status(409);
    enough.holds("/code", "nudged_enough");
    let event = json!({"id": "e", "type": "account.activated", "member": "ada",
                       "occurredAt": server.clock.now()});
    office.owner.post("/events", event).await.status(200);
    nudge(&office, "ada", json!({}))
        .await
        .status(200)
        .holds("/reason", "onboarding_incomplete");
    let all = office.owner.get("/nudges").await.status(200);
    let outcomes = each(&all, "outcome");
    assert_eq!(outcomes, ["open", "expired", "expired", "expired"], "{all}");
}

async fn nobody_is_nudged_who_has_no_seat_in_use(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    let leave = json!({crate::common::COACHING: {"employmentStatus": "leave"}});
    office.hire("cid", leave).await;
    office.hire("dan", json!({})).await;
    office.set_active(&ada, false).await;
    office.end("bob").await;
    for (who, code) in [
        ("ada", "not_active"),
        ("bob", "not_in_coaching"),
        ("cid", "paused"),
    ] {
        let refused = nudge(&office, who, json!({})).await.status(409);
        refused.holds("/code", code);
    }
    nudge(&office, "nobody", json!({})).await.status(404);
    let all = office.owner.get("/nudges").await.status(200);
    assert_eq!(each(&all, "id").len(), 0);
}

async fn a_nudge_helped_when_its_reason_clears(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    nudge(&office, "ada", json!({})).await.status(200);
    nudge(&office, "bob", json!({})).await.status(200);
    tells(&office, "account.activated", "ada", "e1").await;
    let helped = office.owner.get("/nudges?outcome=converted").await;
    let helped = helped.status(200);
    let ada = office.member("ada").await.id();
    assert_eq!(each(&helped, "member"), [ada]);
    assert!(helped.at("/items/0/outcomeAt").is_string(), "{helped}");
    let open = office.owner.get("/nudges?outcome=open").await.status(200);
    assert_eq!(each(&open, "member").len(), 1);
}

async fn row_28_those_who_stalled_are_nudged_by_filter(engine: Engine) {
    let (server, office) = Office::alone(engine, 3).await;
    office.hire_all(&["ada", "bob"]).await;
    server.clock.advance(days(11));
    office.hire("cid", json!({})).await;
    let body = json!({"filter": {"stalled": true}, "message": "Come"});
    let nudged = office.owner.post("/nudges", body).await.status(200);
    let nudged = nudged.holds("/nudged", 2).holds("/refused", 0);
    let who = |item: &Value| item["member"]["userName"].as_str().unwrap().to_owned();
    let mut names: Vec<_> = nudged["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(who)
        .collect();
    names.sort();
    assert_eq!(names, ["ada", "bob"]);
}

async fn nudging_by_filter_says_what_came_of_each(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cid"]).await;
    nudge(&office, "ada", json!({})).await.status(200);
    let body = json!({"filter": {"seatState": ["assigned", "waitlisted"]}, "dryRun": true});
    let dry = office.owner.post("/nudges", body.clone()).await.status(200);
    dry.holds("/dryRun", true)
        .holds("/nudged", 1)
        .holds("/listeners", 0);
    let mut body = body;
    body["dryRun"] = json!(false);
    let all = office.owner.post("/nudges", body).await.status(200);
    let all = all.holds("/nudged", 1).holds("/refused", 2);
    let problem = |name: &str| {
        let items = all["items"].as_array().unwrap().iter();
        let mut found = items.filter(|item| item["member"]["userName"] == name);
        found.next().unwrap()["problem"].clone()
    };
    assert_eq!(problem("ada"), "nudged_recently");
    assert_eq!(problem("bob"), json!(null));
    assert_eq!(problem("cid"), "not_in_coaching");
    let kept = office.owner.get("/nudges").await.status(200);
    assert_eq!(each(&kept, "id").len(), 2, "{kept}");
}

async fn nonsense_is_refused_and_nobody_nudged(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"filter": {}}), "invalid_value"),
        (json!({"filter": "all"}), "invalid_value"),
        (json!({"filter": {"limit": 5}}), "invalid_value"),
        (json!({"filter": {"track": {}}}), "invalid_value"),
        (json!({"filter": {"nothing": "x"}}), "unknown_parameter"),
        (json!({"filter": {"track": "none"}}), "invalid_parameter"),
        (
            json!({"filter": {"stalled": true}, "to": 1}),
            "unknown_field",
        ),
    ] {
        let refused = office.owner.post("/nudges", body).await.status(400);
        refused.holds("/code", code);
    }
    let refused = nudge(&office, "ada", json!({"message": 7})).await;
    refused.status(400).holds("/field", "message");
    office.owner.get("/nudges?outcome=good").await.status(400);
    let all = office.owner.get("/nudges").await.status(200);
    assert_eq!(each(&all, "id").len(), 0);
}

async fn a_nudge_is_for_program_admins(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for role in ["viewer", "approver", "license_admin", "auditor"] {
        let client = office.tenant.admin(role);
        let refused = client.post("/members/ada/nudge", json!({})).await;
        refused.status(403).holds("/right", "nudge");
        client.get("/nudges").await.status(403);
    }
    let client = office.tenant.admin("program_admin");
    client
        .post("/members/ada/nudge", json!({}))
        .await
        .status(200);
}

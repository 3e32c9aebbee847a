//! What those who leave could still call with, and what they looked after.

use serde_json::{Value, json};

use crate::common::client::{Client, Rules};
use crate::common::{Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    row_16_of_1_2_what_a_leaver_made_goes_on_and_says_so,
    row_17_of_1_2_the_last_admin_is_not_removed_for_good,
    row_17_of_1_2_an_admin_who_leaves_is_to_be_reviewed,
    row_19_of_1_2_tokens_of_a_leaver_are_revoked_with_their_access,
    nobody_takes_over_who_is_not_here,
);

/// A token of a person, and a client that bears it.
fn token_of(office: &Office, who: &str, role: &str) -> Client {
    let tenant = &office.tenant;
    let create = ["token", "create", "--tenant", &tenant.name, "--role", role];
    let token = tenant.command(&[&create[..], &["--member", who]].concat());
    let base = format!("http://{}/admin/v1", tenant.address);
    Client::new(base, Rules::Admin).with_header("authorization", &format!("Bearer {token}"))
}

/// Waits for a token to work no more, which other replicas learn within two seconds.
async fn until_refused(client: &Client) {
    for _ in 0..60 {
        let reply = client.get("/capabilities").await;
        if reply.status == 401 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the token still works");
}

async fn lines(office: &Office, action: &str) -> Reply {
    let lines = office.owner.get("/ledger").query("action", action);
    lines.await.status(200)
}

fn credentials(member: &Reply) -> Value {
    let items = member["offboarding"]["items"].as_array();
    let mut items = items.into_iter().flatten();
    let found = items.find(|item| item["item"] == "credentials_reviewed");
    found.cloned().unwrap_or_default()
}

async fn webhook(client: &Client) -> String {
    let body = json!({"url": "http://127.0.0.1:9/hook", "types": ["access.ended"]});
    client.post("/webhooks", body).await.status(201).id()
}

async fn row_16_of_1_2_what_a_leaver_made_goes_on_and_says_so(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    let of_ada = token_of(&office, "ada", "owner");
    let hook = webhook(&of_ada).await;
    let rule = json!({"filter": "title eq \"X\"", "track": "growth"});
    let rule = of_ada.post("/mappings", rule).await.status(201);
    office.placed(&rule).await;
    let tenant = &office.tenant.name;
    let connection = ["token", "create", "--tenant", tenant, "--role", "scim"];
    let hers = ["--connection", "workday", "--member", "ada"];
    office.tenant.command(&[&connection[..], &hers].concat());
    let things = async |who: &str, inactive: bool| {
        for (path, key, name) in [
            ("/webhooks", "id", hook.clone()),
            ("/mappings", "id", rule.id()),
            ("/connections", "name", "workday".to_owned()),
        ] {
            let all = office.owner.get(path).await.status(200);
            let thing = all.element("items", key, &name);
            assert_eq!(thing["owner"]["userName"], who, "{path} {all}");
            assert_eq!(thing["ownerInactive"], inactive, "{path} {all}");
        }
    };
    things("ada", false).await;
    // What nobody's token made is nobody's.
    let hook = webhook(&office.owner).await;
    let read = office.owner.get(&format!("/webhooks/{hook}")).await;
    read.holds("/owner", json!(null))
        .holds("/ownerInactive", false);

    office.set_active(&ada, false).await;
    things("ada", true).await;
    let hook = office.owner.get("/webhooks").await.status(200);
    hook.holds("/items/0/state", "enabled");
    let left = credentials(&office.member("ada").await);
    assert_eq!(left["done"], false, "{left}");
    for thing in ["webhooks", "mappings", "connections"] {
        assert_eq!(left[thing], 1, "{left}");
    }
    // Somebody has to take them over; then nothing is left to do.
    let path = "/members/ada/hand-over";
    let nobody = office.owner.post(path, json!({})).await.status(400);
    nobody.holds("/code", "missing_field").holds("/field", "to");
    let done = office.owner.post(path, json!({"to": "bob"})).await;
    let done = done.status(200).holds("/reviewed", true);
    assert_eq!(
        done["handedOver"].as_array().map(Vec::len),
        Some(3),
        "{done}"
    );
    things("bob", false).await;
    assert_eq!(credentials(&office.member("ada").await)["done"], true);
}

async fn row_17_of_1_2_the_last_admin_is_not_removed_for_good(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let tenant = office.tenant.name.clone();
    let ada = office.hire("ada", json!({})).await;
    let of_ada = token_of(&office, "ada", "owner");
    let body = json!({"confirm": "ada"});
    // As long as another owner's token works, it is possible.
    let dry = json!({"confirm": "ada", "dryRun": true});
    office.act("ada", "erase", dry).await.status(200);
    let list = office
        .tenant
        .command(&["token", "list", "--tenant", &tenant]);
    let tokens: Value = serde_json::from_str(&list).unwrap();
    for token in tokens.as_array().into_iter().flatten() {
        if token["role"] == "owner" && token["member"].is_null() {
            let id = token["id"].as_str().unwrap();
            let revoke = ["token", "revoke", "--tenant", &tenant, id];
            office.tenant.command(&revoke);
        }
    }
    let refused = of_ada.post("/members/ada/erase", body).await.status(409);
    refused.holds("/code", "last_admin").says("owner");
    let path = format!("/Users/{ada}");
    let scim = office.tenant.scim();
    scim.delete(&path).await.error(409, "").says("owner");
    // To cut access is never refused, nor is it then forgotten who was the last.
    office.set_active(&ada, false).await.holds("/active", false);
    scim.delete(&path).await.error(409, "").says("owner");
    office.tenant.token("owner");
    scim.delete(&path).await.status(204);
}

async fn row_17_of_1_2_an_admin_who_leaves_is_to_be_reviewed(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let admin = office.hire("admin", json!({})).await;
    let viewer = office.hire("viewer", json!({})).await;
    let plain = office.hire("plain", json!({})).await;
    token_of(&office, "admin", "owner");
    token_of(&office, "viewer", "viewer");
    let reasons = async || {
        let report = office.owner.get("/reports/attention").await.status(200);
        let items = report["items"].as_array().cloned().unwrap_or_default();
        let wanted = ["admin_left", "credentials_to_review"];
        let told = items
            .iter()
            .filter(|i| wanted.contains(&i["reason"].as_str().unwrap()));
        let told = told.map(|i| (i["userName"].clone(), i["reason"].clone()));
        told.map(|(who, why)| format!("{} {}", who.as_str().unwrap(), why.as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert!(reasons().await.is_empty());
    for id in [&plain, &admin, &viewer] {
        office.set_active(id, false).await;
    }
    let expected = ["admin admin_left", "viewer credentials_to_review"];
    assert_eq!(reasons().await, expected);
    assert_eq!(credentials(&office.member("admin").await)["done"], false);
    let plain = credentials(&office.member("plain").await);
    assert_eq!(plain["done"], json!(null), "nothing is known to be theirs");
    let path = "/members/admin/hand-over";
    let done = office.owner.post(path, json!({})).await.status(200);
    done.holds("/reviewed", true)
        .holds("/handedOver", json!([]));
    assert_eq!(reasons().await, expected[1..]);
    let left = credentials(&office.member("admin").await);
    assert_eq!(
        (&left["done"], &left["admin"]),
        (&json!(true), &json!(true))
    );
    let reviewed = lines(&office, "credentials.reviewed").await;
    assert_eq!(each(&reviewed, "action").len(), 1, "{reviewed}");
    let again = office.owner.post(path, json!({})).await.status(200);
    again.holds("/reviewed", false);
}

async fn row_19_of_1_2_tokens_of_a_leaver_are_revoked_with_their_access(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    for leaves in ["deactivated", "terminated", "by_operator", "deleted"] {
        let id = office.hire(leaves, json!({})).await;
        let member = office.member(leaves).await.id();
        let first = token_of(&office, leaves, "program_admin");
        let second = token_of(&office, leaves, "viewer");
        first.get("/capabilities").await.status(200);
        second.get("/capabilities").await.status(200);
        let before = each(&lines(&office, "token.revoked").await, "id").len();
        match leaves {
            "deactivated" => drop(office.set_active(&id, false).await),
            "terminated" => {
                let status = json!("terminated");
                drop(office.set_coaching(&id, "employmentStatus", status).await);
            }
            "deleted" => office.delete(&id).await,
            _ => {
                let body = json!({"reason": "inactive", "override": true});
                drop(office.act(leaves, "deactivate", body).await.status(200));
            }
        }
        // One transaction: the lines have the request of the others that cut access.
        let revoked = lines(&office, "token.revoked").await;
        let items = revoked["items"].as_array().unwrap();
        assert_eq!(items.len(), before + 2, "{leaves}\n{revoked}");
        let of_member = office.owner.get("/ledger").query("member", &member);
        let of_member = of_member.await.status(200);
        let cut = ["seat.grace_started", "access.ended"];
        let causes = of_member["items"].as_array().unwrap().iter();
        let causes: Vec<_> = causes
            .filter(|line| cut.contains(&line["action"].as_str().unwrap()))
            .map(|line| &line["cause"])
            .collect();
        for line in &items[..2] {
            assert_eq!(line["member"], member, "{revoked}");
            assert!(line["detail"]["token"].is_string(), "{revoked}");
            assert!(causes.contains(&&line["cause"]), "{leaves}\n{of_member}");
        }
        let roles: Vec<_> = items[..2]
            .iter()
            .map(|line| &line["detail"]["role"])
            .collect();
        assert!(roles.contains(&&json!("viewer")) && roles.contains(&&json!("program_admin")));
        until_refused(&first).await;
        until_refused(&second).await;
    }
    // Coming back gives no token back, and nobody who is away gets one.
    let away = office.tenant.clone();
    let id = office.hire("away", json!({"active": false})).await;
    let _ = id;
    let create = [
        "token", "create", "--tenant", &away.name, "--role", "viewer",
    ];
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
        .args(create)
        .args(["--member", "away", "--database-url", &away.database_url])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("active"), "{said}");
}

async fn nobody_takes_over_who_is_not_here(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.hire("ada", json!({})).await;
    office.hire("away", json!({"active": false})).await;
    webhook(&token_of(&office, "ada", "owner")).await;
    let path = "/members/ada/hand-over";
    for (body, status, code) in [
        (json!({"to": "away"}), 409, "not_active"),
        (json!({"to": "ada"}), 400, "invalid_value"),
        (json!({"to": "nobody"}), 404, "not_found"),
        (json!({"who": "ada"}), 400, "unknown_field"),
    ] {
        let refused = office.owner.post(path, body).await.status(status);
        refused.holds("/code", code);
    }
    let all = office.owner.get("/webhooks").await.status(200);
    all.holds("/items/0/owner/userName", "ada");
    let other = office.tenant.admin("license_admin");
    other.post(path, json!({})).await.status(403);
}

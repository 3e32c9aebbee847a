//! Bulk operations: RFC 7644 section 3.7.

use serde_json::{Value, json};

use crate::common::tenant::{group, user};
use crate::common::{BULK, ENTERPRISE, GROUP, NOBODY, Reply, Tenant};

both_engines!(
    each_operation_is_answered_as_if_sent_alone,
    a_bulk_id_may_be_referred_to_before_it_is_made,
    a_bulk_id_resolves_wherever_an_id_may_stand,
    circular_references_are_resolved_or_refused_whole,
    an_unknown_bulk_id_fails_its_operation_alone,
    a_create_needs_a_bulk_id,
    a_failed_operation_carries_its_error,
    without_fail_on_errors_all_operations_are_tried,
    fail_on_errors_stops_after_so_many,
    a_version_is_a_precondition,
    an_operation_on_what_bulk_cannot_do_fails_alone,
    more_operations_than_announced_are_413,
    more_bytes_than_announced_are_413,
    a_body_that_is_no_bulk_request_is_invalid_syntax,
    a_connector_sends_full_records_and_the_server_compares,
);

async fn bulk(t: &Tenant, operations: Value) -> Reply {
    bulk_until(t, operations, None).await
}

async fn bulk_until(t: &Tenant, operations: Value, fail_on_errors: Option<u32>) -> Reply {
    let mut body = json!({"schemas": [BULK], "Operations": operations});
    if let Some(errors) = fail_on_errors {
        body["failOnErrors"] = json!(errors);
    }
    let reply = t.scim().post("/Bulk", body).await.status(200);
    reply.holds(
        "/schemas",
        json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]),
    )
}

fn create_user(name: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": name, "data": user(name, json!({}))})
}

fn statuses(reply: &Reply) -> Vec<&str> {
    let operations = reply["Operations"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    operations
        .iter()
        .map(|one| one["status"].as_str().unwrap_or("no string"))
        .collect()
}

/// The path of what an operation made or changed.
fn path(t: &Tenant, reply: &Reply, index: usize) -> String {
    reply
        .string(&format!("/Operations/{index}/location"))
        .replace(t.scim().base(), "")
}

async fn each_operation_is_answered_as_if_sent_alone(t: Tenant) {
    let ada = format!("/Users/{}", t.bare_user("ada").await.id());
    let bob = format!("/Users/{}", t.bare_user("bob").await.id());
    let cyd = format!("/Users/{}", t.bare_user("cyd").await.id());
    let set = json!([{"op": "add", "path": "title", "value": "Countess"}]);
    let reply = bulk(
        &t,
        json!([
            create_user("dee"),
            {"method": "PUT", "path": bob, "data": user("bob", json!({"title": "Count"}))},
            {"method": "PATCH", "path": ada,
             "data": {"schemas": [crate::common::PATCH_OP], "Operations": set}},
            {"method": "DELETE", "path": cyd},
        ]),
    )
    .await;
    assert_eq!(statuses(&reply), ["201", "200", "200", "204"], "{reply}");
    let reply = reply
        .holds("/Operations/0/method", "POST")
        .holds("/Operations/0/bulkId", "dee");
    for (index, expected) in [(1, &bob), (2, &ada), (3, &cyd)] {
        assert_eq!(path(&t, &reply, index), *expected);
    }
    let dee = t
        .scim()
        .get(&path(&t, &reply, 0))
        .await
        .status(200)
        .holds("/userName", "dee");
    assert_eq!(*reply.at("/Operations/0/version"), dee.version());
    t.scim()
        .get(&bob)
        .await
        .status(200)
        .holds("/title", "Count");
    t.scim()
        .get(&ada)
        .await
        .status(200)
        .holds("/title", "Countess");
    t.scim().get(&cyd).await.error(404, "");
}

// 3.7.2: references are resolved whatever the order.
async fn a_bulk_id_may_be_referred_to_before_it_is_made(t: Tenant) {
    let members = ["bulkId:ada", "bulkId:inner"];
    let reply = bulk(&t, json!([
        {"method": "POST", "path": "/Groups", "bulkId": "outer", "data": group("Outer", &members)},
        {"method": "POST", "path": "/Groups", "bulkId": "inner", "data": group("Inner", &["bulkId:ada"])},
        create_user("ada"),
    ]))
    .await;
    assert_eq!(statuses(&reply), ["201", "201", "201"], "{reply}");
    let ids: Vec<String> = (1..3)
        .map(|index| {
            path(&t, &reply, index)
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    let outer = t.scim().get(&path(&t, &reply, 0)).await.status(200);
    let mut expected: Vec<&str> = ids.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(outer.values("members"), expected, "{outer}");
    let inner = t.scim().get(&path(&t, &reply, 1)).await.status(200);
    assert_eq!(inner.values("members"), [&ids[1]], "{inner}");
}

async fn a_bulk_id_resolves_wherever_an_id_may_stand(t: Tenant) {
    let group_path = format!("/Groups/{}", t.create_group("Analysts", &[]).await.id());
    let managed = user(
        "ada",
        json!({ENTERPRISE: {"manager": {"value": "bulkId:boss"}}}),
    );
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "bulkId:boss"}]}]);
    let reply = bulk(
        &t,
        json!([
            {"method": "POST", "path": "/Users", "bulkId": "ada", "data": managed},
            {"method": "PATCH", "path": group_path,
             "data": {"schemas": [crate::common::PATCH_OP], "Operations": add}},
            create_user("boss"),
        ]),
    )
    .await;
    assert_eq!(statuses(&reply), ["201", "200", "201"], "{reply}");
    let boss = t.scim().get(&path(&t, &reply, 2)).await.status(200).id();
    let ada = t.scim().get(&path(&t, &reply, 0)).await.status(200);
    assert_eq!(ada[ENTERPRISE]["manager"]["value"], boss, "{ada}");
    let group = t.scim().get(&group_path).await.status(200);
    assert_eq!(group.values("members"), [boss]);
}

// 3.7.1: the server MUST try to resolve circular references, and MAY give up with 409.
async fn circular_references_are_resolved_or_refused_whole(t: Tenant) {
    let managed_by = |name: &str, boss: &str| {
        let manager = format!("bulkId:{boss}");
        let data = user(name, json!({ENTERPRISE: {"manager": {"value": manager}}}));
        json!({"method": "POST", "path": "/Users", "bulkId": name, "data": data})
    };
    let reply = bulk(
        &t,
        json!([managed_by("ada", "bob"), managed_by("bob", "ada")]),
    )
    .await;
    let listed = t
        .scim()
        .get("/Users")
        .query("sortBy", "userName")
        .await
        .status(200);
    assert!(
        !listed.text.contains("bulkId:"),
        "a reference is stored unresolved: {listed}"
    );
    if statuses(&reply) == ["409", "409"] {
        assert_eq!(listed.total(), 0, "{listed}");
        return;
    }
    assert_eq!(statuses(&reply), ["201", "201"], "{reply}");
    let manager = |index: usize| listed.resources()[index][ENTERPRISE]["manager"]["value"].clone();
    assert_eq!(manager(0), listed.resources()[1]["id"]);
    assert_eq!(manager(1), listed.resources()[0]["id"]);
}

async fn an_unknown_bulk_id_fails_its_operation_alone(t: Tenant) {
    let lost = json!({"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Lost", &["bulkId:x"])});
    let reply = bulk(&t, json!([lost, create_user("ada")])).await;
    assert_eq!(statuses(&reply)[1], "201", "{reply}");
    assert!(statuses(&reply)[0].starts_with('4'), "{reply}");
    assert_eq!(t.scim().get("/Groups").await.status(200).total(), 0);
}

// 3.7: bulkId is REQUIRED when the method is POST.
async fn a_create_needs_a_bulk_id(t: Tenant) {
    let nameless = json!({"method": "POST", "path": "/Users", "data": user("ada", json!({}))});
    let reply = bulk(&t, json!([nameless])).await;
    assert_eq!(statuses(&reply), ["400"], "{reply}");
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 0);
}

async fn a_failed_operation_carries_its_error(t: Tenant) {
    t.bare_user("ada").await;
    let gone = format!("/Users/{NOBODY}");
    let reply = bulk(
        &t,
        json!([
            create_user("ADA"),
            {"method": "DELETE", "path": gone},
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"schemas": [GROUP]}},
        ]),
    )
    .await;
    assert_eq!(statuses(&reply), ["409", "404", "400"], "{reply}");
    // 3.7: every answer names the location but that of a failed POST.
    let reply = reply
        .lacks("/Operations/0/location")
        .holds("/Operations/0/bulkId", "ADA");
    for (index, (status, kind)) in [("409", "uniqueness"), ("404", ""), ("400", "invalidValue")]
        .into_iter()
        .enumerate()
    {
        let error = reply.at(&format!("/Operations/{index}/response"));
        assert_eq!(error["schemas"], json!([crate::common::ERROR]), "{reply}");
        assert_eq!(error["status"], status, "{reply}");
        assert_eq!(
            error["scimType"].as_str().unwrap_or_default(),
            kind,
            "{reply}"
        );
        assert!(
            error["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{reply}"
        );
    }
}

async fn without_fail_on_errors_all_operations_are_tried(t: Tenant) {
    let operations = json!([
        create_user("ada"),
        create_user("ada"),
        create_user("Ada"),
        create_user("bob")
    ]);
    let reply = bulk(&t, operations).await;
    assert_eq!(statuses(&reply), ["201", "409", "409", "201"], "{reply}");
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 2);
}

async fn fail_on_errors_stops_after_so_many(t: Tenant) {
    let operations = json!([
        create_user("ada"),
        create_user("ada"),
        create_user("bob"),
        create_user("bob"),
        create_user("cyd")
    ]);
    let reply = bulk_until(&t, operations.clone(), Some(1)).await;
    assert_eq!(statuses(&reply), ["201", "409"], "{reply}");
    let reply = bulk_until(&t.neighbour(), operations, Some(2)).await;
    assert_eq!(statuses(&reply), ["201", "409", "201", "409"], "{reply}");
    // What was done before stays done, what came after never happened.
    assert_eq!(
        t.scim().get("/Users").await.status(200).each("userName"),
        ["ada"]
    );
}

async fn a_version_is_a_precondition(t: Tenant) {
    let created = t.bare_user("ada").await;
    let target = format!("/Users/{}", created.id());
    let replace = |version: &str, title: &str| json!({"method": "PUT", "path": target, "version": version, "data": user("ada", json!({"title": title}))});
    let operations = json!([
        replace(&created.version(), "one"),
        replace(&created.version(), "two")
    ]);
    let reply = bulk(&t, operations).await;
    assert_eq!(statuses(&reply), ["200", "412"], "{reply}");
    let read = t
        .scim()
        .get(&target)
        .await
        .status(200)
        .holds("/title", "one");
    assert_eq!(*reply.at("/Operations/0/version"), read.version());
}

async fn an_operation_on_what_bulk_cannot_do_fails_alone(t: Tenant) {
    let reply = bulk(&t, json!([
        {"method": "POST", "path": "/Nonsense", "bulkId": "1", "data": {}},
        {"method": "GET", "path": "/Users"},
        {"method": "DELETE", "path": "/Users"},
        {"method": "POST", "path": "/Bulk", "bulkId": "2", "data": {"schemas": [BULK], "Operations": []}},
        create_user("ada"),
    ]))
    .await;
    let (last, others) = statuses(&reply)
        .split_last()
        .map(|(l, o)| (*l, o.to_vec()))
        .unwrap_or_default();
    assert_eq!(last, "201", "{reply}");
    assert!(
        others.len() == 4 && others.iter().all(|status| status.starts_with('4')),
        "{reply}"
    );
}

async fn more_operations_than_announced_are_413(t: Tenant) {
    let provider = t.scim().get("/ServiceProviderConfig").await.status(200);
    let most = provider.number("/bulk/maxOperations");
    let operations: Vec<Value> = (0..=most).map(|n| create_user(&n.to_string())).collect();
    let body = json!({"schemas": [BULK], "Operations": operations});
    t.scim()
        .post("/Bulk", body)
        .await
        .error(413, "")
        .says(&most.to_string());
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 0);
}

async fn more_bytes_than_announced_are_413(t: Tenant) {
    let provider = t.scim().get("/ServiceProviderConfig").await.status(200);
    let most = provider.number("/bulk/maxPayloadSize");
    let body =
        json!({"schemas": [BULK], "Operations": [create_user("ada")], "x": "x".repeat(most)});
    t.scim()
        .post("/Bulk", body)
        .await
        .error(413, "")
        .says(&most.to_string());
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 0);
}

async fn a_body_that_is_no_bulk_request_is_invalid_syntax(t: Tenant) {
    for body in [
        json!({"Operations": []}),
        json!({"schemas": [BULK]}),
        json!([]),
        json!({"schemas": [BULK], "Operations": "none"}),
    ] {
        t.scim()
            .post("/Bulk", body)
            .await
            .error(400, "invalidSyntax");
    }
}

/// An HR connector sends whole records and does not know what has changed (as Entra's
/// `/bulkUpload` sources do): what is as it was stays untouched.
async fn a_connector_sends_full_records_and_the_server_compares(t: Tenant) {
    let record = |name: &str, title: &str| {
        let enterprise = json!({"employeeNumber": "701984", "department": "Sales"});
        user(
            name,
            json!({
                "externalId": format!("hr-{name}"), "title": title, "active": true,
                "name": {"givenName": "Given", "familyName": name},
                "emails": [{"value": format!("{name}@acme.example"), "type": "work", "primary": true}],
                "schemas": [crate::common::USER, ENTERPRISE], ENTERPRISE: enterprise,
            }),
        )
    };
    let post = |name: &str| json!({"method": "POST", "path": "/Users", "bulkId": name, "data": record(name, "Clerk")});
    let names: Vec<String> = (0..50).map(|n| format!("p{n}")).collect();
    let posts: Value = names.iter().map(|name| post(name)).collect();
    let made = bulk(&t, posts.clone()).await;
    assert!(
        statuses(&made).iter().all(|status| *status == "201"),
        "{made}"
    );
    let paths: Vec<_> = (0..names.len()).map(|at| path(&t, &made, at)).collect();
    let versions = |reply: &Reply| -> Vec<Value> {
        let operations = reply["Operations"].as_array().into_iter().flatten();
        operations.map(|one| one["version"].clone()).collect()
    };
    let first = t.scim().get(&paths[0]).await.status(200);
    let auditor = t.admin("auditor");
    // By their identifiers: the lines get their place in the chain only a little later.
    let ledger = async || -> Vec<Value> {
        let reply = auditor.get("/ledger?limit=500").await;
        let items = reply["items"].as_array().into_iter().flatten();
        items.map(|line| line["id"].clone()).collect()
    };
    let lines = ledger().await;
    assert_eq!(lines.len(), names.len());

    // Everybody again, one of whom has changed.
    let put = |at: usize, title: &str| json!({"method": "PUT", "path": paths[at], "data": record(&names[at], title)});
    let puts: Value = (0..names.len()).map(|at| put(at, "Clerk")).collect();
    let again = bulk(&t, puts).await;
    assert_eq!(versions(&again), versions(&made));
    assert_eq!(
        t.scim().get(&paths[0]).await.json,
        first.json,
        "lastModified too"
    );
    assert_eq!(ledger().await, lines);
    let title = |at| if at == 7 { "Chief" } else { "Clerk" };
    let puts: Value = (0..names.len()).map(|at| put(at, title(at))).collect();
    let (before, after) = (versions(&again), versions(&bulk(&t, puts).await));
    let moved: Vec<_> = (0..names.len())
        .filter(|at| before[*at] != after[*at])
        .collect();
    assert_eq!(moved, [7]);

    // Creating them again is a conflict each, and nothing else happens.
    let reply = bulk(&t, posts).await;
    assert!(
        statuses(&reply).iter().all(|status| *status == "409"),
        "{reply}"
    );
    reply.holds("/Operations/0/response/scimType", "uniqueness");
    assert_eq!(ledger().await, lines);
}

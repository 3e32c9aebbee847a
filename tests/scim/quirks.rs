//! What identity providers send beside the letter of the RFC, and what they expect back. What
//! concerns members of groups is in `group_membership`.

use serde_json::{Value, json};

use crate::common::tenant::user;
use crate::common::{ENTERPRISE, Reply, Tenant, USER};

both_engines!(
    an_op_may_be_capitalised,
    a_boolean_may_be_a_string,
    keys_of_a_value_without_path_are_paths,
    a_filter_without_match_creates_the_value,
    several_operations_on_one_absent_value_create_one,
    a_manager_may_be_a_bare_string,
    a_manager_may_be_a_list_of_one_without_urn,
    a_dot_may_stand_between_urn_and_attribute,
    an_empty_string_or_null_clears,
    a_filtered_value_may_be_cleared,
    json_inside_a_string_is_kept_as_a_string,
    a_boolean_in_a_filter_may_be_a_string,
    unknown_schema_urns_without_data_are_ignored,
    an_inactive_user_is_still_found,
    a_name_held_by_an_inactive_user_is_taken,
    a_restored_user_has_its_memberships_still,
    removing_active_changes_nothing_else,
    a_read_only_id_inside_a_value_is_ignored,
    an_email_may_lack_a_type,
    a_remove_with_a_value_removes,
    no_operations_change_nothing,
    a_password_operation_leaves_no_trace,
    both_media_types_are_accepted,
    a_plus_in_a_query_is_a_space,
);

/// Patches a user made of `rest` and returns it as a GET shows it.
async fn patched(t: &Tenant, rest: Value, operations: Value) -> Reply {
    let path = format!("/Users/{}", t.create_user("ada", rest).await.id());
    t.scim().patch(&path, operations).await.status(200);
    t.scim().get(&path).await.status(200)
}

async fn an_op_may_be_capitalised(t: Tenant) {
    let operations = json!([
        {"op": "Add", "path": "nickName", "value": "A"},
        {"op": "REPLACE", "path": "title", "value": "Analyst"},
        {"op": "Remove", "path": "userType"},
    ]);
    let reply = patched(
        &t,
        json!({"title": "Countess", "userType": "x"}),
        operations,
    )
    .await;
    reply
        .holds("/nickName", "A")
        .holds("/title", "Analyst")
        .lacks("/userType");
}

async fn a_boolean_may_be_a_string(t: Tenant) {
    let rest = json!({"active": "True", "roles": [{"value": "guide", "primary": "true"}]});
    let created = t
        .create_user("ada", rest)
        .await
        .holds("/active", true)
        .holds("/roles/0/primary", true);
    let path = format!("/Users/{}", created.id());
    for (sent, stored) in [
        ("False", false),
        ("true", true),
        ("FALSE", false),
        ("True", true),
    ] {
        let replace = json!([{"op": "Replace", "path": "active", "value": sent}]);
        t.scim()
            .patch(&path, replace)
            .await
            .status(200)
            .holds("/active", stored);
    }
    let body = user("ada", json!({"active": "False"}));
    t.scim()
        .put(&path, body)
        .await
        .status(200)
        .holds("/active", false);
}

async fn keys_of_a_value_without_path_are_paths(t: Tenant) {
    let rest = json!({"name": {"givenName": "Ada", "familyName": "Lovelace"}});
    for op in ["add", "replace"] {
        let value = json!({
            "name.givenName": "Augusta",
            format!("{ENTERPRISE}:department"): "Analysis",
            format!("{ENTERPRISE}:manager.value"): "7",
            "emails[type eq \"work\"].value": "ada@x.example",
        });
        let reply = patched(&t, rest.clone(), json!([{"op": op, "value": value}])).await;
        assert_eq!(
            reply["name"],
            json!({"givenName": "Augusta", "familyName": "Lovelace"}),
            "{reply}"
        );
        assert_eq!(reply[ENTERPRISE]["department"], "Analysis", "{reply}");
        assert_eq!(reply[ENTERPRISE]["manager"]["value"], "7", "{reply}");
        assert_eq!(
            reply["emails"],
            json!([{"type": "work", "value": "ada@x.example"}]),
            "{reply}"
        );
        assert!(!reply.text.contains("name.givenName"), "{reply}");
        t.scim()
            .delete(&format!("/Users/{}", reply.id()))
            .await
            .status(204);
    }
}

async fn a_filter_without_match_creates_the_value(t: Tenant) {
    let rest = json!({"emails": [{"value": "home@x.example", "type": "home"}]});
    let operations = json!([
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "work@x.example"},
        {"op": "replace", "path": "addresses[type eq \"work\" and primary eq true].locality", "value": "Ely"},
    ]);
    let reply = patched(&t, rest, operations).await;
    let emails = json!([{"value": "home@x.example", "type": "home"},
                        {"type": "work", "value": "work@x.example"}]);
    assert_eq!(reply["emails"], emails, "{reply}");
    let address = json!([{"type": "work", "primary": true, "locality": "Ely"}]);
    assert_eq!(reply["addresses"], address, "{reply}");
}

async fn several_operations_on_one_absent_value_create_one(t: Tenant) {
    let operations = json!([
        {"op": "Replace", "path": "addresses[type eq \"work\"].locality", "value": "Ely"},
        {"op": "Add", "path": "addresses[type eq \"work\"].country", "value": "GB"},
        {"op": "Replace", "path": "addresses[type eq \"work\"].primary", "value": "True"},
    ]);
    let reply = patched(&t, json!({}), operations).await;
    let expected = json!([{"type": "work", "locality": "Ely", "country": "GB", "primary": true}]);
    assert_eq!(reply["addresses"], expected, "{reply}");
}

async fn a_manager_may_be_a_bare_string(t: Tenant) {
    let boss = t.bare_user("boss").await.id();
    let created = t
        .create_user("ada", json!({ENTERPRISE: {"manager": boss}}))
        .await;
    assert_eq!(created[ENTERPRISE]["manager"]["value"], boss, "{created}");
    let path = format!("/Users/{}", created.id());
    let manager = format!("{ENTERPRISE}:manager");
    let set = json!([{"op": "Add", "path": manager, "value": "nobody-we-know"}]);
    let reply = t.scim().patch(&path, set).await.status(200);
    assert_eq!(
        reply[ENTERPRISE]["manager"]["value"], "nobody-we-know",
        "{reply}"
    );
    let clear = json!([{"op": "Replace", "path": manager, "value": ""}]);
    let reply = t.scim().patch(&path, clear).await.status(200);
    assert!(reply[ENTERPRISE].get("manager").is_none(), "{reply}");
}

async fn a_manager_may_be_a_list_of_one_without_urn(t: Tenant) {
    let value = json!([{"$ref": "http://x.example/Users/7", "value": "7"}]);
    let reply = patched(
        &t,
        json!({}),
        json!([{"op": "Add", "path": "manager", "value": value}]),
    )
    .await;
    assert_eq!(reply[ENTERPRISE]["manager"]["value"], "7", "{reply}");
}

async fn a_dot_may_stand_between_urn_and_attribute(t: Tenant) {
    let path = format!("{ENTERPRISE}.department");
    let reply = patched(
        &t,
        json!({}),
        json!([{"op": "add", "path": path, "value": "Analysis"}]),
    )
    .await;
    assert_eq!(reply[ENTERPRISE]["department"], "Analysis", "{reply}");
}

async fn an_empty_string_or_null_clears(t: Tenant) {
    for empty in [json!(""), json!(null)] {
        for operations in [
            json!([{"op": "replace", "path": "title", "value": empty},
                   {"op": "replace", "path": "name.givenName", "value": empty},
                   {"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": empty}]),
            json!([{"op": "replace", "value": {"title": empty, "name.givenName": empty,
                                               format!("{ENTERPRISE}:department"): empty}}]),
        ] {
            let rest = json!({"title": "Countess", "name": {"givenName": "Ada", "familyName": "L"},
                              ENTERPRISE: {"department": "Analysis", "division": "D"}});
            let reply = patched(&t, rest, operations.clone()).await.lacks("/title");
            assert_eq!(reply["name"], json!({"familyName": "L"}), "{reply}");
            assert_eq!(reply[ENTERPRISE], json!({"division": "D"}), "{reply}");
            let path = format!("/Users/{}", reply.id());
            let repeated = t.scim().patch(&path, operations).await.status(200);
            assert_eq!(repeated.json, reply.json, "clearing is idempotent");
            t.scim().delete(&path).await.status(204);
        }
    }
}

async fn a_filtered_value_may_be_cleared(t: Tenant) {
    let rest = json!({"phoneNumbers": [{"value": "1", "type": "work", "display": "W"},
                                       {"value": "2", "type": "home"}]});
    let clear = json!([{"op": "replace", "path": "phoneNumbers[type eq \"work\"].display", "value": ""},
                       {"op": "replace", "path": "phoneNumbers[type eq \"fax\"].value", "value": ""}]);
    let reply = patched(&t, rest, clear).await;
    let left = json!([{"value": "1", "type": "work"}, {"value": "2", "type": "home"}]);
    assert_eq!(reply["phoneNumbers"], left, "{reply}");
}

async fn json_inside_a_string_is_kept_as_a_string(t: Tenant) {
    let role = r#"{"id":"7","value":"Admin","displayName":"Admin"}"#;
    let add = json!([{"op": "Add", "path": "roles", "value": [{"value": role}]}]);
    patched(&t, json!({}), add)
        .await
        .holds("/roles/0/value", role);
}

async fn a_boolean_in_a_filter_may_be_a_string(t: Tenant) {
    let rest = json!({"roles": [{"value": "guide", "primary": true}, {"value": "driver"}]});
    let replace =
        json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "pilot"}]);
    let reply = patched(&t, rest, replace).await;
    let expected = json!([{"value": "pilot", "primary": true}, {"value": "driver"}]);
    assert_eq!(reply["roles"], expected, "{reply}");
    let filter = t
        .scim()
        .get("/Users")
        .query("filter", "roles[primary eq \"True\"]");
    assert_eq!(filter.await.status(200).total(), 1);
}

async fn unknown_schema_urns_without_data_are_ignored(t: Tenant) {
    let schemas = json!([
        USER,
        ENTERPRISE,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
        "http://schemas.example.com/2006/11/Directory/2.0/User"
    ]);
    let reply = t.create_user("ada", json!({"schemas": schemas})).await;
    assert_eq!(reply.written()["schemas"], json!([USER]), "{reply}");
}

async fn an_inactive_user_is_still_found(t: Tenant) {
    let rest = json!({"externalId": "hr-1"});
    let off = json!([{"op": "Replace", "value": {"active": false}}]);
    patched(&t, rest, off)
        .await
        .holds("/active", false)
        .holds("/userName", "ada");
    for filter in [
        "userName eq \"ada\"",
        "externalId eq \"hr-1\"",
        "active eq false",
    ] {
        let found = t
            .scim()
            .get("/Users")
            .query("filter", filter)
            .await
            .status(200);
        assert_eq!(found.total(), 1, "{found}");
    }
}

async fn a_name_held_by_an_inactive_user_is_taken(t: Tenant) {
    t.create_user("ada", json!({"active": false})).await;
    let again = t
        .scim()
        .post("/Users", user("Ada", json!({"active": true})))
        .await;
    again.error(409, "uniqueness");
}

async fn a_restored_user_has_its_memberships_still(t: Tenant) {
    let id = t.bare_user("ada").await.id();
    let group = t.create_group("Analysts", &[&id]).await;
    let path = format!("/Users/{id}");
    for active in ["False", "True"] {
        let replace = json!([{"op": "Replace", "path": "active", "value": active}]);
        let reply = t.scim().patch(&path, replace).await.status(200);
        assert_eq!(reply.values("groups"), [group.id()], "{reply}");
    }
    let read = t
        .scim()
        .get(&format!("/Groups/{}", group.id()))
        .await
        .status(200);
    assert_eq!(read.values("members"), [id]);
}

async fn removing_active_changes_nothing_else(t: Tenant) {
    let remove = json!([{"op": "remove", "path": "active"}]);
    let reply = patched(&t, json!({"active": true, "title": "Countess"}), remove).await;
    reply.lacks("/active").holds("/title", "Countess");
}

async fn a_read_only_id_inside_a_value_is_ignored(t: Tenant) {
    let value =
        json!({"id": "another", "meta": {"version": "W/\"0\""}, "groups": [], "title": "Analyst"});
    let before = t.bare_user("ada").await;
    let path = format!("/Users/{}", before.id());
    let replace = json!([{"op": "replace", "value": value}]);
    let reply = t
        .scim()
        .patch(&path, replace)
        .await
        .status(200)
        .holds("/title", "Analyst");
    assert_eq!(reply.id(), before.id());
}

async fn an_email_may_lack_a_type(t: Tenant) {
    let email = json!({"primary": true, "value": "ada@x.example"});
    let reply = t.create_user("ada", json!({"emails": [email]})).await;
    assert_eq!(reply["emails"], json!([email]), "{reply}");
}

// A known reference server wrote the value instead of removing it.
async fn a_remove_with_a_value_removes(t: Tenant) {
    let rest = json!({"emails": [{"value": "work@x.example", "type": "work"}]});
    let path = "emails[type eq \"work\"].value";
    let remove = json!([{"op": "Remove", "path": path, "value": "new@x.example"}]);
    let reply = patched(&t, rest, remove).await;
    assert!(!reply.text.contains("@x.example"), "{reply}");
}

async fn no_operations_change_nothing(t: Tenant) {
    let before = t.bare_user("ada").await;
    let path = format!("/Users/{}", before.id());
    let reply = t.scim().patch(&path, json!([])).await.status(200);
    assert_eq!(reply.json, before.json);
}

async fn a_password_operation_leaves_no_trace(t: Tenant) {
    let before = t.bare_user("ada").await;
    let path = format!("/Users/{}", before.id());
    for operation in [
        json!({"op": "replace", "value": {"password": "correct horse"}}),
        json!({"op": "add", "path": "password", "value": "correct horse"}),
    ] {
        let reply = t.scim().patch(&path, json!([operation])).await.status(200);
        assert_eq!(reply.json, before.json, "{reply}");
    }
}

async fn both_media_types_are_accepted(t: Tenant) {
    for (number, content_type) in [
        "application/scim+json",
        "application/scim+json; charset=utf-8",
        "application/json",
        "application/json;charset=UTF-8",
        "Application/SCIM+JSON",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("user-{number}");
        let body = user(&name, json!({})).to_string();
        let post = t.scim().post("/Users", json!({})).body(content_type, body);
        post.header("Accept", "application/json")
            .await
            .status(201)
            .holds("/userName", name);
    }
}

async fn a_plus_in_a_query_is_a_space(t: Tenant) {
    t.create_user("ada+hr@x.example", json!({"externalId": "hr 1"}))
        .await;
    for query in [
        "externalId+eq+%22hr+1%22",
        "externalId%20eq%20%22hr%201%22",
        "userName+eq+%22ada%2Bhr@x.example%22",
    ] {
        let found = t
            .scim()
            .get(&format!("/Users?filter={query}"))
            .await
            .status(200);
        assert_eq!(found.total(), 1, "{found}");
    }
}

//! PATCH as a whole: RFC 7644 section 3.5.2.

use reqwest::Method;
use serde_json::json;

use crate::common::{NOBODY, PATCH_OP, Tenant};

both_engines!(
    a_patch_answers_200_with_the_resource,
    operations_apply_in_their_order,
    a_failing_operation_leaves_the_whole_resource_as_it_was,
    the_answer_can_be_projected,
    a_body_without_schemas_is_invalid_syntax,
    a_body_without_operations_is_invalid_syntax,
    an_unknown_op_is_refused,
    an_add_or_replace_without_value_is_refused,
    a_read_only_target_is_refused_as_mutability,
    an_unknown_target_is_an_invalid_path,
    a_malformed_path_is_refused_at_its_place,
    a_value_of_the_wrong_type_is_refused,
    a_taken_user_name_is_a_uniqueness_conflict,
    a_path_may_be_qualified_by_the_core_urn,
    names_in_a_path_compare_without_case,
    an_unknown_id_is_404_whatever_the_operations,
    more_operations_than_allowed_are_too_many,
);

async fn a_patch_answers_200_with_the_resource(t: Tenant) {
    let created = t.bare_user("ada").await;
    let path = format!("/Users/{}", created.id());
    let set = json!([{"op": "add", "path": "title", "value": "Countess"}]);
    let patched = t
        .scim()
        .patch(&path, set)
        .await
        .status(200)
        .holds("/title", "Countess");
    assert_ne!(patched.version(), created.version());
    assert_eq!(
        patched.string("/meta/created"),
        created.string("/meta/created")
    );
    assert_eq!(t.scim().get(&path).await.status(200).json, patched.json);
}

// Operations are applied in sequence: what one results in is the target of the next.
async fn operations_apply_in_their_order(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    let operations = json!([
        {"op": "add", "path": "emails", "value": [{"value": "a@x.example", "type": "work"}]},
        {"op": "replace", "path": "emails[type eq \"work\"].type", "value": "home"},
        {"op": "add", "path": "emails[type eq \"home\"].display", "value": "moved"},
        {"op": "add", "path": "title", "value": "one"},
        {"op": "remove", "path": "title"},
    ]);
    let reply = t
        .scim()
        .patch(&path, operations)
        .await
        .status(200)
        .lacks("/title");
    let moved = json!([{"value": "a@x.example", "type": "home", "display": "moved"}]);
    assert_eq!(reply["emails"], moved, "{reply}");
}

// A PATCH is atomic: on an error the original resource MUST be restored.
async fn a_failing_operation_leaves_the_whole_resource_as_it_was(t: Tenant) {
    let created = t.create_user("ada", json!({"title": "Countess"})).await;
    let path = format!("/Users/{}", created.id());
    for broken in [
        json!({"op": "replace", "path": "id", "value": "x"}),
        json!({"op": "replace", "path": "active", "value": "perhaps"}),
        json!({"op": "remove"}),
        json!({"op": "add", "path": "shoeSize", "value": 38}),
    ] {
        let good = json!({"op": "replace", "path": "title", "value": "Spy"});
        let reply = t.scim().patch(&path, json!([good, broken])).await;
        assert_eq!(reply.status, 400, "{reply}");
        assert_eq!(t.scim().get(&path).await.status(200).json, created.json);
    }
}

async fn the_answer_can_be_projected(t: Tenant) {
    let path = format!(
        "/Users/{}",
        t.create_user("ada", json!({"nickName": "A"})).await.id()
    );
    let set = json!([{"op": "add", "path": "title", "value": "Countess"}]);
    let reply = t
        .scim()
        .patch(&path, set)
        .query("attributes", "title")
        .await
        .status(200);
    reply.holds("/title", "Countess").lacks("/nickName");
}

// The body of each request MUST contain schemas.
async fn a_body_without_schemas_is_invalid_syntax(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    let body = json!({"Operations": [{"op": "add", "path": "title", "value": "x"}]});
    let request = t.scim().request(Method::PATCH, &path);
    request
        .body("application/scim+json", body.to_string())
        .await
        .error(400, "invalidSyntax");
}

async fn a_body_without_operations_is_invalid_syntax(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for body in [
        json!({"schemas": [PATCH_OP]}),
        json!({"schemas": [PATCH_OP], "Operations": "all"}),
    ] {
        let request = t.scim().request(Method::PATCH, &path);
        request
            .body("application/scim+json", body.to_string())
            .await
            .error(400, "invalidSyntax");
    }
}

async fn an_unknown_op_is_refused(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for operation in [
        json!({"op": "move", "path": "title", "value": "x"}),
        json!({"path": "title", "value": "x"}),
        json!({"op": 7, "path": "title", "value": "x"}),
        json!("add"),
    ] {
        t.scim()
            .patch(&path, json!([operation]))
            .await
            .error(400, "invalidSyntax");
    }
}

async fn an_add_or_replace_without_value_is_refused(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for operation in [
        json!({"op": "add", "path": "title"}),
        json!({"op": "add"}),
        json!({"op": "replace"}),
    ] {
        t.scim()
            .patch(&path, json!([operation]))
            .await
            .error(400, "");
    }
}

async fn a_read_only_target_is_refused_as_mutability(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for target in ["id", "meta.created", "meta.location", "groups"] {
        let replace = json!([{"op": "replace", "path": target, "value": "x"}]);
        t.scim()
            .patch(&path, replace)
            .await
            .error(400, "mutability");
        t.scim()
            .patch(&path, json!([{"op": "remove", "path": target}]))
            .await
            .error(400, "mutability");
    }
}

async fn an_unknown_target_is_an_invalid_path(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for target in [
        "shoeSize",
        "name.shoeSize",
        "emails[type eq \"work\"].shoeSize",
        "urn:x:y:User:a",
    ] {
        for operation in [
            json!({"op": "add", "path": target, "value": "x"}),
            json!({"op": "replace", "path": target, "value": "x"}),
            json!({"op": "remove", "path": target}),
        ] {
            t.scim()
                .patch(&path, json!([operation]))
                .await
                .error(400, "invalidPath");
        }
    }
}

async fn a_malformed_path_is_refused_at_its_place(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for malformed in [
        " ",
        ".",
        "name.",
        ".givenName",
        "name..givenName",
        "emails[",
        "emails]",
        "emails[]",
        "emails[type eq \"work\"",
        "emails[type eq ]",
        "emails[type eq \"work\"]value",
        "emails[type eq \"work\"].",
        "title eq \"x\"",
        "name.givenName.first",
        "emails[type xx \"work\"]",
    ] {
        let reply = t
            .scim()
            .patch(
                &path,
                json!([{"op": "add", "path": malformed, "value": "x"}]),
            )
            .await;
        assert_eq!(reply.status, 400, "{reply}");
        // A broken filter inside a path is both.
        let kind = reply.string("/scimType");
        assert!(kind == "invalidPath" || kind == "invalidFilter", "{reply}");
    }
}

async fn a_value_of_the_wrong_type_is_refused(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for (target, value) in [
        ("active", json!("perhaps")),
        ("title", json!({"value": "x"})),
        ("name", json!("Ada")),
        ("emails", json!([{"value": 5}])),
        ("emails[type eq \"work\"].primary", json!("maybe")),
        ("userName", json!(5)),
    ] {
        let replace = json!([{"op": "replace", "path": target, "value": value}]);
        t.scim()
            .patch(&path, replace)
            .await
            .error(400, "invalidValue");
    }
}

async fn a_taken_user_name_is_a_uniqueness_conflict(t: Tenant) {
    t.bare_user("ada").await;
    let path = format!("/Users/{}", t.bare_user("bob").await.id());
    let take = json!([{"op": "replace", "path": "userName", "value": "Ada"}]);
    t.scim().patch(&path, take).await.error(409, "uniqueness");
    t.scim()
        .get(&path)
        .await
        .status(200)
        .holds("/userName", "bob");
}

async fn a_path_may_be_qualified_by_the_core_urn(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    let urn = crate::common::USER;
    let operations = json!([
        {"op": "add", "path": format!("{urn}:title"), "value": "Countess"},
        {"op": "add", "path": format!("{urn}:name.givenName"), "value": "Ada"},
        {"op": "add", "path": format!("{urn}:emails[type eq \"work\"].value"), "value": "a@x.example"},
    ]);
    let reply = t.scim().patch(&path, operations).await.status(200);
    reply
        .holds("/title", "Countess")
        .holds("/name/givenName", "Ada")
        .holds("/emails/0/value", "a@x.example");
}

async fn names_in_a_path_compare_without_case(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    let operations = json!([
        {"op": "add", "path": "NAME.givenname", "value": "Ada"},
        {"op": "add", "path": "Emails[TYPE EQ \"work\"].Value", "value": "a@x.example"},
    ]);
    let reply = t.scim().patch(&path, operations).await.status(200);
    reply
        .holds("/name/givenName", "Ada")
        .holds("/emails/0/value", "a@x.example");
}

async fn an_unknown_id_is_404_whatever_the_operations(t: Tenant) {
    for operations in [json!([]), json!([{"op": "nonsense"}]), json!("none")] {
        t.scim()
            .patch(&format!("/Users/{NOBODY}"), operations.clone())
            .await
            .error(404, "");
        t.scim()
            .patch(&format!("/Groups/{NOBODY}"), operations)
            .await
            .error(404, "");
    }
}

async fn more_operations_than_allowed_are_too_many(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    let operation = json!({"op": "add", "path": "title", "value": "x"});
    let many = vec![operation; 1_001];
    t.scim()
        .patch(&path, json!(many))
        .await
        .error(400, "tooMany");
    t.scim()
        .patch(&path, json!(many[..1_000]))
        .await
        .status(200)
        .holds("/title", "x");
}

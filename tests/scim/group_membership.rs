//! How members come and go: RFC 7644 3.5.2 and what identity providers send.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::common::tenant::user;
use crate::common::{BULK, Reply, Tenant};

both_engines!(
    members_are_added,
    an_added_member_may_be_a_bare_string_or_one_object,
    adding_a_member_twice_changes_nothing,
    members_are_removed_by_a_filter_path,
    members_are_removed_by_a_list_of_values,
    removing_members_without_a_value_empties_the_group,
    removing_an_empty_list_of_members_changes_nothing,
    removing_who_is_no_member_changes_nothing,
    members_are_replaced,
    one_patch_may_remove_and_add,
    a_member_cannot_be_altered_in_place,
    a_failing_operation_leaves_the_members_as_they_were,
    concurrent_patches_lose_no_member,
    a_patch_answers_204_above_a_thousand_members_unless_attributes_are_asked_for,
    one_request_may_carry_ten_thousand_members,
);

/// A group of ada and bob, and cyd outside: the path of the group and the three ids.
async fn analysts(t: &Tenant) -> (String, [String; 3]) {
    let mut ids = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        ids.push(t.bare_user(name).await.id());
    }
    let group = t.create_group("Analysts", &[&ids[0], &ids[1]]).await.id();
    let ids: [String; 3] = ids.try_into().expect("three ids");
    (format!("/Groups/{group}"), ids)
}

async fn has(t: &Tenant, path: &str, expected: &[&String]) {
    let mut expected: Vec<&str> = expected.iter().map(|id| id.as_str()).collect();
    expected.sort_unstable();
    let reply = t.scim().get(path).await.status(200);
    assert_eq!(reply.values("members"), expected, "{reply}");
}

async fn patch(t: &Tenant, path: &str, operation: Value) -> Reply {
    t.scim().patch(path, json!([operation])).await.status(200)
}

async fn members_are_added(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    let add = json!({"op": "add", "path": "members", "value": [{"value": cyd, "type": "User"}]});
    let reply = patch(&t, &path, add).await;
    assert_eq!(
        reply["members"].as_array().map(Vec::len),
        Some(3),
        "{reply}"
    );
    has(&t, &path, &[&ada, &bob, &cyd]).await;
}

async fn an_added_member_may_be_a_bare_string_or_one_object(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    for value in [
        json!(cyd),
        json!([cyd]),
        json!({"value": cyd}),
        json!([{"value": cyd, "display": null}]),
    ] {
        patch(
            &t,
            &path,
            json!({"op": "Add", "path": "members", "value": value}),
        )
        .await;
        has(&t, &path, &[&ada, &bob, &cyd]).await;
        let remove = json!({"op": "remove", "path": format!("members[value eq \"{cyd}\"]")});
        patch(&t, &path, remove).await;
    }
    patch(
        &t,
        &path,
        json!({"op": "add", "value": {"members": [{"value": cyd}]}}),
    )
    .await;
    has(&t, &path, &[&ada, &bob, &cyd]).await;
}

async fn adding_a_member_twice_changes_nothing(t: Tenant) {
    let (path, [ada, _, _]) = analysts(&t).await;
    let before = t.scim().get(&path).await.status(200);
    let add = json!({"op": "add", "path": "members", "value": [{"value": ada}, {"value": ada}]});
    assert_eq!(patch(&t, &path, add).await.json, before.json);
}

async fn members_are_removed_by_a_filter_path(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    patch(
        &t,
        &path,
        json!({"op": "remove", "path": format!("members[value eq \"{ada}\"]")}),
    )
    .await;
    has(&t, &path, &[&bob]).await;
    patch(
        &t,
        &path,
        json!({"op": "add", "path": "members", "value": [{"value": ada}, {"value": cyd}]}),
    )
    .await;
    let either = format!("members[value eq \"{ada}\" or value eq \"{bob}\"]");
    patch(&t, &path, json!({"op": "remove", "path": either})).await;
    has(&t, &path, &[&cyd]).await;
    patch(
        &t,
        &path,
        json!({"op": "remove", "path": "members[type eq \"User\"]"}),
    )
    .await;
    has(&t, &path, &[]).await;
}

async fn members_are_removed_by_a_list_of_values(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    let all = json!([{"value": ada}, {"value": bob}, {"value": cyd}]);
    patch(
        &t,
        &path,
        json!({"op": "add", "path": "members", "value": all}),
    )
    .await;
    let one = json!([{"$ref": null, "value": ada}]);
    patch(
        &t,
        &path,
        json!({"op": "Remove", "path": "members", "value": one}),
    )
    .await;
    has(&t, &path, &[&bob, &cyd]).await;
    patch(
        &t,
        &path,
        json!({"op": "Remove", "path": "members", "value": [bob]}),
    )
    .await;
    has(&t, &path, &[&cyd]).await;
}

async fn removing_members_without_a_value_empties_the_group(t: Tenant) {
    let (path, [ada, ..]) = analysts(&t).await;
    patch(&t, &path, json!({"op": "remove", "path": "members"}))
        .await
        .lacks("/members/0");
    t.scim()
        .get(&format!("/Users/{ada}"))
        .await
        .status(200)
        .lacks("/groups/0");
}

async fn removing_an_empty_list_of_members_changes_nothing(t: Tenant) {
    let (path, [ada, bob, _]) = analysts(&t).await;
    patch(
        &t,
        &path,
        json!({"op": "remove", "path": "members", "value": []}),
    )
    .await;
    has(&t, &path, &[&ada, &bob]).await;
}

async fn removing_who_is_no_member_changes_nothing(t: Tenant) {
    let (path, [_, _, cyd]) = analysts(&t).await;
    let before = t.scim().get(&path).await.status(200);
    for operation in [
        json!({"op": "remove", "path": "members", "value": [{"value": cyd}]}),
        json!({"op": "remove", "path": format!("members[value eq \"{cyd}\"]")}),
        json!({"op": "remove", "path": "members[value eq \"never heard of\"]"}),
    ] {
        assert_eq!(patch(&t, &path, operation).await.json, before.json);
    }
}

async fn members_are_replaced(t: Tenant) {
    let (path, [ada, _, cyd]) = analysts(&t).await;
    let value = json!([{"value": ada}, {"value": cyd}]);
    patch(
        &t,
        &path,
        json!({"op": "replace", "path": "members", "value": value}),
    )
    .await;
    has(&t, &path, &[&ada, &cyd]).await;
    patch(
        &t,
        &path,
        json!({"op": "replace", "value": {"members": [{"value": cyd}]}}),
    )
    .await;
    has(&t, &path, &[&cyd]).await;
    patch(
        &t,
        &path,
        json!({"op": "replace", "path": "members", "value": []}),
    )
    .await;
    has(&t, &path, &[]).await;
}

async fn one_patch_may_remove_and_add(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    let operations = json!([
        {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
        {"op": "add", "path": "members", "value": [{"value": cyd}]},
        {"op": "replace", "path": "displayName", "value": "Coaches"},
        {"op": "remove", "path": "members", "value": [{"value": bob}]},
        {"op": "add", "path": "members", "value": [{"value": bob}]},
    ]);
    t.scim()
        .patch(&path, operations)
        .await
        .status(200)
        .holds("/displayName", "Coaches");
    has(&t, &path, &[&bob, &cyd]).await;
}

// RFC 7643 4.2: the sub-attributes of members are immutable.
async fn a_member_cannot_be_altered_in_place(t: Tenant) {
    let (path, [ada, _, cyd]) = analysts(&t).await;
    let alter = json!([{"op": "replace", "path": format!("members[value eq \"{ada}\"].value"), "value": cyd}]);
    t.scim().patch(&path, alter).await.error(400, "mutability");
}

async fn a_failing_operation_leaves_the_members_as_they_were(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    let before = t.scim().get(&path).await.status(200);
    let operations = json!([
        {"op": "add", "path": "members", "value": [{"value": cyd}]},
        {"op": "remove", "path": "members", "value": [{"value": ada}]},
        {"op": "replace", "path": "displayName", "value": ""},
    ]);
    t.scim()
        .patch(&path, operations)
        .await
        .error(400, "invalidValue");
    has(&t, &path, &[&ada, &bob]).await;
    assert_eq!(t.scim().get(&path).await.status(200).json, before.json);
}

// One PATCH a member, many at once: what identity providers do with a large group.
async fn concurrent_patches_lose_no_member(t: Tenant) {
    let (path, [ada, bob, _]) = analysts(&t).await;
    let mut newcomers = Vec::new();
    for number in 0..20 {
        newcomers.push(t.bare_user(&format!("new-{number}")).await.id());
    }
    let mut patches = JoinSet::new();
    let operation =
        |op: &str, id: &str| json!([{"op": op, "path": "members", "value": [{"value": id}]}]);
    for id in &newcomers {
        let (scim, path, add) = (t.scim(), path.clone(), operation("add", id));
        patches.spawn(async move {
            scim.patch(&path, add).await.status(200);
        });
    }
    let (scim, gone, remove) = (t.scim(), path.clone(), operation("remove", &ada));
    patches.spawn(async move {
        scim.patch(&gone, remove).await.status(200);
    });
    patches.join_all().await;
    let expected: Vec<&String> = newcomers.iter().chain([&bob]).collect();
    has(&t, &path, &expected).await;
}

/// Creates users in one bulk request and returns their ids.
async fn crowd(t: &Tenant, size: usize) -> Vec<String> {
    let create = |n: usize| {
        json!({"method": "POST", "path": "/Users", "bulkId": n.to_string(),
               "data": user(&format!("u{n:04}"), json!({}))})
    };
    let operations: Vec<Value> = (0..size).map(create).collect();
    let bulk = t.scim().post(
        "/Bulk",
        json!({"schemas": [BULK], "Operations": operations}),
    );
    let reply = bulk.await.status(200);
    let id = |one: &Value| Some(one["location"].as_str()?.rsplit('/').next()?.to_owned());
    reply["Operations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(id)
        .collect()
}

async fn a_patch_answers_204_above_a_thousand_members_unless_attributes_are_asked_for(t: Tenant) {
    let crowd = crowd(&t, 1_000).await;
    let one_more = t.bare_user("one more").await.id();
    let all: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let path = format!("/Groups/{}", t.create_group("Everyone", &all).await.id());
    let rename = |name: &str| json!([{"op": "replace", "path": "displayName", "value": name}]);
    let reply = t
        .scim()
        .patch(&path, rename("A thousand"))
        .await
        .status(200);
    assert_eq!(reply["members"].as_array().map(Vec::len), Some(1_000));
    let add = json!([{"op": "add", "path": "members", "value": [{"value": one_more}]}]);
    t.scim().patch(&path, add).await.status(204);
    let shown = t
        .scim()
        .patch(&path, rename("Many"))
        .query("attributes", "displayName");
    shown
        .await
        .status(200)
        .holds("/displayName", "Many")
        .lacks("/members");
    let read = t.scim().get(&path).await.status(200);
    assert_eq!(read["members"].as_array().map(Vec::len), Some(1_001));
}

async fn one_request_may_carry_ten_thousand_members(t: Tenant) {
    let (path, [ada, bob, cyd]) = analysts(&t).await;
    let mut values: Vec<Value> = (0..9_999)
        .map(|n| json!({"value": format!("stale-{n}")}))
        .collect();
    values.push(json!({"value": cyd}));
    patch(
        &t,
        &path,
        json!({"op": "add", "path": "members", "value": values}),
    )
    .await;
    has(&t, &path, &[&ada, &bob, &cyd]).await;
    values.push(json!({"value": ada}));
    let too_many = json!([{"op": "add", "path": "members", "value": values}]);
    t.scim().patch(&path, too_many).await.error(400, "tooMany");
}

//! Versions: RFC 7644 section 3.14.

use serde_json::{Value, json};

use crate::common::tenant::{group, user};
use crate::common::{Client, Reply, Tenant};

both_engines!(
    a_write_with_the_current_version_is_done,
    a_write_with_another_version_is_412_and_changes_nothing,
    any_version_and_lists_of_versions_are_understood,
    of_concurrent_writes_with_one_version_one_is_done,
    a_write_that_changes_nothing_keeps_version_and_last_modified,
    every_change_moves_the_version,
    a_membership_moves_the_groups_version_and_not_the_users,
    lists_show_the_versions_of_single_reads,
);

/// The three writes of a resource, each with an `If-Match`.
async fn writes(scim: &Client, path: &str, tag: &str, body: Value) -> [Reply; 3] {
    let rename = json!([{"op": "replace", "path": "displayName", "value": "patched"}]);
    [
        scim.put(path, body).header("If-Match", tag).await,
        scim.patch(path, rename).header("If-Match", tag).await,
        scim.delete(path).header("If-Match", tag).await,
    ]
}

async fn a_write_with_the_current_version_is_done(t: Tenant) {
    let created = t.bare_user("ada").await;
    let path = format!("/Users/{}", created.id());
    let body = user("ada", json!({"displayName": "put"}));
    let put = t
        .scim()
        .put(&path, body)
        .header("If-Match", &created.version())
        .await
        .status(200);
    let rename = json!([{"op": "replace", "path": "displayName", "value": "patched"}]);
    let patched = t
        .scim()
        .patch(&path, rename)
        .header("If-Match", &put.version())
        .await
        .status(200);
    t.scim()
        .delete(&path)
        .header("If-Match", &patched.version())
        .await
        .status(204);
}

async fn a_write_with_another_version_is_412_and_changes_nothing(t: Tenant) {
    let user_path = format!("/Users/{}", t.bare_user("ada").await.id());
    let group_path = format!("/Groups/{}", t.create_group("Analysts", &[]).await.id());
    for (path, body) in [
        (user_path, user("bob", json!({}))),
        (group_path, group("Coaches", &[])),
    ] {
        let before = t.scim().get(&path).await.status(200);
        for tag in ["W/\"0\"", "\"0\"", "W/\"never given\", W/\"nor this\""] {
            for reply in writes(&t.scim(), &path, tag, body.clone()).await {
                reply.error(412, "");
            }
        }
        assert_eq!(t.scim().get(&path).await.status(200).json, before.json);
    }
}

async fn any_version_and_lists_of_versions_are_understood(t: Tenant) {
    let created = t.bare_user("ada").await;
    let path = format!("/Users/{}", created.id());
    let title = |title: &str| json!([{"op": "add", "path": "title", "value": title}]);
    let any = t
        .scim()
        .patch(&path, title("1"))
        .header("If-Match", "*")
        .await
        .status(200);
    let list = format!("W/\"other\", {}", any.version());
    let listed = t
        .scim()
        .patch(&path, title("2"))
        .header("If-Match", &list)
        .await
        .status(200);
    // Clients strip the weakness mark; there is no stronger version that they could mean.
    let strong = listed.version().trim_start_matches("W/").to_owned();
    t.scim()
        .patch(&path, title("3"))
        .header("If-Match", &strong)
        .await
        .status(200)
        .holds("/title", "3");
}

async fn of_concurrent_writes_with_one_version_one_is_done(t: Tenant) {
    let created = t.bare_user("ada").await;
    let path = format!("/Users/{}", created.id());
    let mut writes = tokio::task::JoinSet::new();
    for number in 0..8 {
        let set = json!([{"op": "add", "path": "title", "value": number.to_string()}]);
        let write = t
            .scim()
            .patch(&path, set)
            .header("If-Match", &created.version());
        writes.spawn(async move { write.await.status });
    }
    let mut statuses = writes.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

async fn a_write_that_changes_nothing_keeps_version_and_last_modified(t: Tenant) {
    let rest = json!({"title": "Countess", "emails": [{"value": "a@x.example", "type": "work"}]});
    let created = t.create_user("ada", rest.clone()).await;
    let path = format!("/Users/{}", created.id());
    let put = t.scim().put(&path, user("ada", rest)).await.status(200);
    assert_eq!(put.json, created.json);
    for operation in [
        json!({"op": "replace", "path": "title", "value": "Countess"}),
        json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@x.example"}),
        json!({"op": "remove", "path": "nickName"}),
        json!({"op": "add", "value": {"emails": [{"value": "a@x.example", "type": "work"}]}}),
    ] {
        let patched = t.scim().patch(&path, json!([operation])).await.status(200);
        assert_eq!(patched.json, created.json);
    }
    let group = t.create_group("Analysts", &[&created.id()]).await;
    let body = crate::common::tenant::group("Analysts", &[&created.id()]);
    let put = t
        .scim()
        .put(&format!("/Groups/{}", group.id()), body)
        .await
        .status(200);
    assert_eq!(put.json, group.json);
}

async fn every_change_moves_the_version(t: Tenant) {
    let created = t.bare_user("ada").await;
    let path = format!("/Users/{}", created.id());
    let mut versions = vec![created.version()];
    for value in ["a", "b", "a"] {
        let set = json!([{"op": "add", "path": "title", "value": value}]);
        versions.push(t.scim().patch(&path, set).await.status(200).version());
    }
    let count = versions.len();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), count, "a version came twice: {versions:?}");
}

async fn a_membership_moves_the_groups_version_and_not_the_users(t: Tenant) {
    let ada = t.bare_user("ada").await;
    let group = t.create_group("Analysts", &[]).await;
    let path = format!("/Groups/{}", group.id());
    let mut versions = vec![group.version()];
    for op in ["add", "remove"] {
        let change = json!([{"op": op, "path": "members", "value": [{"value": ada.id()}]}]);
        versions.push(t.scim().patch(&path, change).await.status(200).version());
    }
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 3, "{versions:?}");
    let read = t
        .scim()
        .get(&format!("/Users/{}", ada.id()))
        .await
        .status(200);
    assert_eq!(read["meta"], ada["meta"]);
}

async fn lists_show_the_versions_of_single_reads(t: Tenant) {
    let user = t.bare_user("ada").await;
    let group = t.create_group("Analysts", &[&user.id()]).await;
    for (path, resource) in [("/Users", user), ("/Groups", group)] {
        let listed = t.scim().get(path).await.status(200);
        assert_eq!(listed.resources()[0]["meta"], resource["meta"], "{listed}");
    }
}

//! DELETE: RFC 7644 section 3.6.

use serde_json::json;

use crate::common::tenant::{group, user};
use crate::common::{NOBODY, Tenant};

both_engines!(
    a_delete_answers_204_without_a_body,
    every_operation_on_a_deleted_resource_is_404,
    a_deleted_resource_is_in_no_list,
    a_deleted_name_is_free_again,
    a_deleted_user_leaves_its_groups,
    a_deleted_group_leaves_its_members_alone,
);

async fn a_delete_answers_204_without_a_body(t: Tenant) {
    let user = format!("/Users/{}", t.bare_user("ada").await.id());
    let group = format!("/Groups/{}", t.create_group("Analysts", &[]).await.id());
    for path in [user, group] {
        assert_eq!(t.scim().delete(&path).await.status(204).text, "");
    }
}

// All operations on a deleted resource MUST answer 404.
async fn every_operation_on_a_deleted_resource_is_404(t: Tenant) {
    let user_path = format!("/Users/{}", t.bare_user("ada").await.id());
    let group_path = format!("/Groups/{}", t.create_group("Analysts", &[]).await.id());
    for (path, body) in [
        (&user_path, user("ada", json!({}))),
        (&group_path, group("Analysts", &[])),
    ] {
        t.scim().delete(path).await.status(204);
        t.scim().get(path).await.error(404, "");
        t.scim().put(path, body).await.error(404, "");
        let rename = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
        t.scim().patch(path, rename).await.error(404, "");
        t.scim().delete(path).await.error(404, "");
    }
    t.scim()
        .delete(&format!("/Users/{NOBODY}"))
        .await
        .error(404, "");
}

// A deleted resource MUST be left out of later query results.
async fn a_deleted_resource_is_in_no_list(t: Tenant) {
    let ada = t
        .create_user("ada", json!({"externalId": "hr-1"}))
        .await
        .id();
    t.bare_user("bob").await;
    t.scim().delete(&format!("/Users/{ada}")).await.status(204);
    let all = t.scim().get("/Users").await.status(200);
    assert_eq!(
        (all.total(), all.each("userName")),
        (1, vec!["bob"]),
        "{all}"
    );
    for filter in [
        "userName eq \"ada\"",
        "externalId eq \"hr-1\"",
        &format!("id eq \"{ada}\""),
    ] {
        let found = t
            .scim()
            .get("/Users")
            .query("filter", filter)
            .await
            .status(200);
        assert_eq!(found.total(), 0, "{found}");
    }
}

// A deleted resource MUST NOT count when conflicts are looked for.
async fn a_deleted_name_is_free_again(t: Tenant) {
    let rest = json!({"externalId": "hr-1", "emails": [{"value": "ada@x.example"}]});
    let first = t.create_user("ada", rest.clone()).await.id();
    t.scim()
        .delete(&format!("/Users/{first}"))
        .await
        .status(204);
    let second = t.create_user("ada", rest).await.id();
    assert_ne!(first, second);
}

async fn a_deleted_user_leaves_its_groups(t: Tenant) {
    let (ada, bob) = (t.bare_user("ada").await.id(), t.bare_user("bob").await.id());
    let created = t.create_group("Analysts", &[&ada, &bob]).await;
    t.scim().delete(&format!("/Users/{ada}")).await.status(204);
    let read = t
        .scim()
        .get(&format!("/Groups/{}", created.id()))
        .await
        .status(200);
    assert_eq!(read.values("members"), [bob]);
    assert_ne!(read.version(), created.version(), "its members changed");
}

async fn a_deleted_group_leaves_its_members_alone(t: Tenant) {
    let ada = t.bare_user("ada").await.id();
    let group = t.create_group("Analysts", &[&ada]).await.id();
    t.scim()
        .delete(&format!("/Groups/{group}"))
        .await
        .status(204);
    t.scim()
        .get(&format!("/Users/{ada}"))
        .await
        .status(200)
        .lacks("/groups/0");
}

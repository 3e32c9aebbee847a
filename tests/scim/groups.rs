//! Groups as resources; their members change in `group_membership`.

use serde_json::json;

use crate::common::{GROUP, NOBODY, Tenant};

both_engines!(
    a_group_is_created_with_its_members,
    a_group_shows_the_type_location_and_name_of_its_members,
    a_user_shows_its_groups,
    a_group_without_members_has_none,
    a_display_name_is_required,
    two_groups_may_share_a_display_name,
    members_can_be_excluded,
    a_group_may_hold_groups,
    a_circle_of_groups_is_refused,
    a_rename_keeps_the_members,
    a_put_keeps_the_external_id,
    an_unknown_member_is_left_out,
    a_member_of_another_tenant_is_left_out,
);

async fn a_group_is_created_with_its_members(t: Tenant) {
    let (ada, bob) = (t.bare_user("ada").await.id(), t.bare_user("bob").await.id());
    let reply = t.create_group("Analysts", &[&ada, &bob]).await;
    let mut both = [ada.as_str(), &bob];
    both.sort_unstable();
    assert_eq!(reply.values("members"), both);
    assert_eq!(
        reply.header("location"),
        format!("{}/Groups/{}", t.scim().base(), reply.id())
    );
    reply
        .holds("/displayName", "Analysts")
        .holds("/meta/resourceType", "Group");
}

async fn a_group_shows_the_type_location_and_name_of_its_members(t: Tenant) {
    let ada = t
        .create_user("ada", json!({"displayName": "Ada Lovelace"}))
        .await;
    let body = json!({"schemas": [GROUP], "displayName": "Analysts",
                      "members": [{"value": ada.id(), "display": "the client's", "$ref": null}]});
    let reply = t.scim().post("/Groups", body).await.status(201);
    let location = ada.string("/meta/location");
    let reply = reply
        .holds("/members/0/type", "User")
        .holds("/members/0/$ref", location);
    assert_ne!(reply.at("/members/0/display"), "the client's", "{reply}");
}

async fn a_user_shows_its_groups(t: Tenant) {
    let ada = t.bare_user("ada").await.id();
    let group = t.create_group("Analysts", &[&ada]).await;
    let reply = t.scim().get(&format!("/Users/{ada}")).await.status(200);
    reply
        .holds("/groups/0/value", group.id())
        .holds("/groups/0/display", "Analysts")
        .holds("/groups/0/$ref", group.string("/meta/location"))
        .lacks("/groups/1");
    let listed = t.scim().get("/Users").await.status(200);
    listed.holds("/Resources/0/groups/0/value", group.id());
}

async fn a_group_without_members_has_none(t: Tenant) {
    let body = json!({"schemas": [GROUP], "displayName": "Analysts"});
    t.scim()
        .post("/Groups", body)
        .await
        .status(201)
        .lacks("/members/0");
}

async fn a_display_name_is_required(t: Tenant) {
    t.scim()
        .post("/Groups", json!({"schemas": [GROUP]}))
        .await
        .error(400, "invalidValue")
        .says("displayName");
}

async fn two_groups_may_share_a_display_name(t: Tenant) {
    let first = t.create_group("Analysts", &[]).await.id();
    let second = t.create_group("analysts", &[]).await.id();
    assert_ne!(first, second);
    let found = t
        .scim()
        .get("/Groups")
        .query("filter", "displayName eq \"Analysts\"")
        .await
        .status(200);
    assert_eq!(found.total(), 2);
}

async fn members_can_be_excluded(t: Tenant) {
    let ada = t.bare_user("ada").await.id();
    let group = t.create_group("Analysts", &[&ada]).await;
    let path = format!("/Groups/{}", group.id());
    for (parameter, value) in [
        ("excludedAttributes", "members"),
        ("attributes", "displayName"),
    ] {
        let one = t
            .scim()
            .get(&path)
            .query(parameter, value)
            .await
            .status(200);
        one.lacks("/members").holds("/displayName", "Analysts");
        let list = t
            .scim()
            .get("/Groups")
            .query(parameter, value)
            .await
            .status(200);
        list.lacks("/Resources/0/members")
            .holds("/Resources/0/displayName", "Analysts");
    }
    // The version is the whole group's, whatever is shown of it.
    let one = t
        .scim()
        .get(&path)
        .query("excludedAttributes", "members")
        .await
        .status(200);
    assert_eq!(one.version(), group.version());
}

async fn a_group_may_hold_groups(t: Tenant) {
    let ada = t.bare_user("ada").await.id();
    let inner = t.create_group("Inner", &[&ada]).await;
    let outer = t
        .create_group("Outer", &[&inner.id()])
        .await
        .holds("/members/0/type", "Group");
    outer.holds("/members/0/$ref", inner.string("/meta/location"));
    // A user shows the groups that name it, and no more.
    let reply = t.scim().get(&format!("/Users/{ada}")).await.status(200);
    assert_eq!(reply.values("groups"), [inner.id()]);
}

async fn a_circle_of_groups_is_refused(t: Tenant) {
    let inner = t.create_group("Inner", &[]).await.id();
    let middle = t.create_group("Middle", &[&inner]).await.id();
    let outer = t.create_group("Outer", &[&middle]).await.id();
    let path = format!("/Groups/{inner}");
    for id in [&inner, &middle, &outer] {
        let add = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
        t.scim().patch(&path, add).await.error(400, "invalidValue");
        let body = json!({"schemas": [GROUP], "displayName": "Inner", "members": [{"value": id}]});
        t.scim().put(&path, body).await.error(400, "invalidValue");
    }
    t.scim().get(&path).await.status(200).lacks("/members/0");
}

async fn a_rename_keeps_the_members(t: Tenant) {
    let ada = t.bare_user("ada").await.id();
    let group = t.create_group("Analysts", &[&ada]).await.id();
    let path = format!("/Groups/{group}");
    for operation in [
        json!({"op": "replace", "path": "displayName", "value": "one"}),
        json!({"op": "Replace", "value": {"displayName": "two"}}),
        json!({"op": "replace", "value": {"id": group, "displayName": "three"}}),
    ] {
        let reply = t.scim().patch(&path, json!([operation])).await.status(200);
        assert_eq!(reply.values("members"), [&ada], "{reply}");
    }
    let reply = t
        .scim()
        .get(&path)
        .await
        .status(200)
        .holds("/displayName", "three");
    assert_eq!(reply.values("members"), [&ada]);
    t.scim()
        .get(&format!("/Users/{ada}"))
        .await
        .status(200)
        .holds("/groups/0/display", "three");
}

async fn a_put_keeps_the_external_id(t: Tenant) {
    let body = json!({"schemas": [GROUP], "displayName": "Analysts", "externalId": "g-1"});
    let path = format!(
        "/Groups/{}",
        t.scim().post("/Groups", body).await.status(201).id()
    );
    let body = json!({"schemas": [GROUP], "displayName": "Coaches"});
    t.scim()
        .put(&path, body)
        .await
        .status(200)
        .holds("/externalId", "g-1");
}

// Ids are made here, so an unknown one can never become valid, and refusing the whole push would
// lose its other members.
async fn an_unknown_member_is_left_out(t: Tenant) {
    let (ada, bob) = (t.bare_user("ada").await.id(), t.bare_user("bob").await.id());
    let created = t
        .create_group("Analysts", &[NOBODY, &ada, "no id at all"])
        .await;
    assert_eq!(created.values("members"), [&ada]);
    let add =
        json!([{"op": "add", "path": "members", "value": [{"value": NOBODY}, {"value": bob}]}]);
    let patched = t
        .scim()
        .patch(&format!("/Groups/{}", created.id()), add)
        .await
        .status(200);
    let mut both = [ada, bob];
    both.sort_unstable();
    assert_eq!(patched.values("members"), both);
}

async fn a_member_of_another_tenant_is_left_out(t: Tenant) {
    let theirs = t.neighbour().bare_user("ada").await.id();
    t.create_group("Analysts", &[&theirs])
        .await
        .lacks("/members/0");
}

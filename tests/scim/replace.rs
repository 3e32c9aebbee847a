//! PUT: RFC 7644 section 3.5.1.

use serde_json::json;

use crate::common::tenant::{group, user};
use crate::common::{ENTERPRISE, NOBODY, Tenant, USER};

both_engines!(
    a_replace_answers_200_with_the_whole_resource,
    absent_attributes_are_cleared,
    absent_external_id_and_active_are_kept,
    read_only_attributes_are_ignored,
    an_empty_list_of_groups_drops_no_membership,
    a_replace_never_creates,
    a_replace_without_a_required_attribute_is_refused,
    a_replace_cannot_take_anothers_user_name,
    a_replace_may_change_the_case_of_its_own_user_name,
    an_absent_extension_is_cleared,
    a_replaced_group_has_exactly_the_given_members,
    a_refused_replace_changes_nothing,
    the_answer_can_be_projected,
);

async fn a_replace_answers_200_with_the_whole_resource(t: Tenant) {
    let created = t.create_user("ada", json!({"title": "Countess"})).await;
    let path = format!("/Users/{}", created.id());
    let body = user("ada.lovelace", json!({"title": "Analyst", "nickName": "A"}));
    let replaced = t.scim().put(&path, body).await.status(200);
    assert_eq!(replaced.id(), created.id());
    assert_eq!(
        replaced.string("/meta/created"),
        created.string("/meta/created")
    );
    assert_ne!(replaced.version(), created.version());
    let read = t.scim().get(&path).await.status(200);
    assert_eq!(read.json, replaced.json);
    read.holds("/userName", "ada.lovelace")
        .holds("/title", "Analyst")
        .holds("/nickName", "A");
}

// An omitted readWrite attribute MAY be cleared: here it is.
async fn absent_attributes_are_cleared(t: Tenant) {
    let rest = json!({"title": "Countess", "name": {"givenName": "Ada", "familyName": "Lovelace"},
                      "emails": [{"value": "ada@x.example"}]});
    let path = format!("/Users/{}", t.create_user("ada", rest).await.id());
    let body = user("ada", json!({"name": {"givenName": "Augusta"}}));
    let reply = t.scim().put(&path, body).await.status(200);
    reply
        .lacks("/title")
        .lacks("/emails")
        .lacks("/name/familyName")
        .holds("/name/givenName", "Augusta");
}

async fn absent_external_id_and_active_are_kept(t: Tenant) {
    let rest = json!({"externalId": "hr-1", "active": false});
    let path = format!("/Users/{}", t.create_user("ada", rest).await.id());
    let reply = t
        .scim()
        .put(&path, user("ada", json!({})))
        .await
        .status(200);
    reply.holds("/externalId", "hr-1").holds("/active", false);
}

// Values for readOnly attributes SHALL be ignored.
async fn read_only_attributes_are_ignored(t: Tenant) {
    let created = t.bare_user("ada").await;
    let stale = json!({"id": NOBODY, "meta": {"created": "2001-01-01T00:00:00Z", "version": "W/\"0\"",
                       "location": "https://elsewhere.example/Users/1"}});
    let path = format!("/Users/{}", created.id());
    let replaced = t.scim().put(&path, user("ada", stale)).await.status(200);
    assert_eq!(replaced.json, created.json);
}

async fn an_empty_list_of_groups_drops_no_membership(t: Tenant) {
    let id = t.bare_user("ada").await.id();
    let group = t.create_group("Analysts", &[&id]).await.id();
    let body = user("ada", json!({"groups": [], "title": "Countess"}));
    let reply = t
        .scim()
        .put(&format!("/Users/{id}"), body)
        .await
        .status(200);
    assert_eq!(reply.values("groups"), [group]);
}

// PUT MUST NOT create.
async fn a_replace_never_creates(t: Tenant) {
    t.scim()
        .put(&format!("/Users/{NOBODY}"), user("ada", json!({})))
        .await
        .error(404, "");
    t.scim()
        .put(&format!("/Groups/{NOBODY}"), group("Analysts", &[]))
        .await
        .error(404, "");
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 0);
}

async fn a_replace_without_a_required_attribute_is_refused(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for body in [
        json!({"schemas": [USER]}),
        json!({"schemas": [USER], "userName": ""}),
    ] {
        t.scim()
            .put(&path, body)
            .await
            .error(400, "invalidValue")
            .says("userName");
    }
    t.scim()
        .put(&path, json!({"userName": "ada"}))
        .await
        .error(400, "invalidSyntax");
}

async fn a_replace_cannot_take_anothers_user_name(t: Tenant) {
    t.bare_user("ada").await;
    let path = format!("/Users/{}", t.bare_user("bob").await.id());
    t.scim()
        .put(&path, user("ADA", json!({})))
        .await
        .error(409, "uniqueness");
    t.scim()
        .get(&path)
        .await
        .status(200)
        .holds("/userName", "bob");
}

async fn a_replace_may_change_the_case_of_its_own_user_name(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    t.scim()
        .put(&path, user("Ada", json!({})))
        .await
        .status(200)
        .holds("/userName", "Ada");
}

async fn an_absent_extension_is_cleared(t: Tenant) {
    let rest = json!({ENTERPRISE: {"department": "Analysis"}});
    let created = t.create_user("ada", rest).await;
    assert!(
        created["schemas"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(ENTERPRISE)))
    );
    let path = format!("/Users/{}", created.id());
    let reply = t
        .scim()
        .put(&path, user("ada", json!({})))
        .await
        .status(200);
    let reply = reply.lacks(&format!("/{ENTERPRISE}"));
    assert!(
        !reply.text.contains(ENTERPRISE),
        "schemas still lists it: {reply}"
    );
}

async fn a_replaced_group_has_exactly_the_given_members(t: Tenant) {
    let (ada, bob) = (t.bare_user("ada").await.id(), t.bare_user("bob").await.id());
    let path = format!("/Groups/{}", t.create_group("Analysts", &[&ada]).await.id());
    let reply = t
        .scim()
        .put(&path, group("Coaches", &[&bob]))
        .await
        .status(200);
    assert_eq!(reply.values("members"), [&bob]);
    t.scim()
        .put(&path, group("Coaches", &[]))
        .await
        .status(200)
        .lacks("/members/0");
    t.scim()
        .get(&format!("/Users/{bob}"))
        .await
        .status(200)
        .lacks("/groups/0");
}

async fn a_refused_replace_changes_nothing(t: Tenant) {
    let created = t.create_user("ada", json!({"title": "Countess"})).await;
    let path = format!("/Users/{}", created.id());
    let body = user("eve", json!({"title": "Spy", "active": "perhaps"}));
    t.scim().put(&path, body).await.error(400, "invalidValue");
    assert_eq!(t.scim().get(&path).await.status(200).json, created.json);
}

async fn the_answer_can_be_projected(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    let body = user("ada", json!({"title": "Countess", "nickName": "A"}));
    let reply = t
        .scim()
        .put(&path, body)
        .query("excludedAttributes", "nickName")
        .await
        .status(200);
    reply.holds("/title", "Countess").lacks("/nickName");
}

//! The `remove` operation: RFC 7644 section 3.5.2.2.

use serde_json::{Value, json};

use crate::common::{ENTERPRISE, Reply, Tenant};

both_engines!(
    without_path_nothing_is_named_to_remove,
    a_single_value_becomes_unassigned,
    a_sub_attribute_is_removed_alone,
    a_multi_valued_attribute_is_removed_with_all_its_values,
    a_filter_removes_the_matching_values_alone,
    removing_the_last_value_removes_the_attribute,
    a_sub_attribute_of_matching_values_is_removed,
    removing_what_is_absent_changes_nothing,
    removing_a_required_attribute_is_refused_as_mutability,
    an_extension_is_removed_by_its_urn,
);

/// Ada before and after one `remove` at a path.
async fn after_remove(t: &Tenant, path: &str) -> (Reply, Reply) {
    let rest = json!({
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "Countess",
        "emails": [{"value": "work@x.example", "type": "work", "display": "W"},
                   {"value": "work@y.example", "type": "work", "display": "Y"},
                   {"value": "home@x.example", "type": "home", "display": "H"}],
        ENTERPRISE: {"department": "Analysis", "costCenter": "7"},
    });
    let before = t.create_user("ada", rest).await;
    let target = format!("/Users/{}", before.id());
    let after = t
        .scim()
        .patch(&target, json!([{"op": "remove", "path": path}]))
        .await
        .status(200);
    (before, after)
}

fn emails(reply: &Reply) -> Vec<&str> {
    let all = reply["emails"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    all.iter()
        .filter_map(|email| email["value"].as_str())
        .collect()
}

// Without path the operation fails with noTarget.
async fn without_path_nothing_is_named_to_remove(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    t.scim()
        .patch(&path, json!([{"op": "remove"}]))
        .await
        .error(400, "noTarget");
}

async fn a_single_value_becomes_unassigned(t: Tenant) {
    let (before, after) = after_remove(&t, "title").await;
    let mut expected = before.written();
    expected.as_object_mut().map(|user| user.remove("title"));
    assert_eq!(after.written(), expected);
    assert_ne!(after.version(), before.version());
}

async fn a_sub_attribute_is_removed_alone(t: Tenant) {
    let (_, after) = after_remove(&t, "name.givenName").await;
    assert_eq!(after["name"], json!({"familyName": "Lovelace"}), "{after}");
}

async fn a_multi_valued_attribute_is_removed_with_all_its_values(t: Tenant) {
    after_remove(&t, "emails")
        .await
        .1
        .lacks("/emails")
        .holds("/title", "Countess");
}

async fn a_filter_removes_the_matching_values_alone(t: Tenant) {
    for (filter, left) in [
        ("type eq \"home\"", vec!["work@x.example", "work@y.example"]),
        ("type eq \"work\"", vec!["home@x.example"]),
        (
            "value ew \"@x.example\" and type eq \"work\"",
            vec!["work@y.example", "home@x.example"],
        ),
        (
            "not (value sw \"work\")",
            vec!["work@x.example", "work@y.example"],
        ),
        (
            "display eq \"W\" or display eq \"H\"",
            vec!["work@y.example"],
        ),
    ] {
        let (before, after) = after_remove(&t, &format!("emails[{filter}]")).await;
        assert_eq!(emails(&after), left, "{filter}: {after}");
        t.scim()
            .delete(&format!("/Users/{}", before.id()))
            .await
            .status(204);
    }
}

// Where no value remains the attribute is unassigned.
async fn removing_the_last_value_removes_the_attribute(t: Tenant) {
    after_remove(&t, "emails[value pr]")
        .await
        .1
        .lacks("/emails");
}

async fn a_sub_attribute_of_matching_values_is_removed(t: Tenant) {
    let (before, after) = after_remove(&t, "emails[type eq \"work\"].display").await;
    let display: Vec<&Value> = (0..3).map(|n| &after["emails"][n]["display"]).collect();
    assert_eq!(
        display,
        [&Value::Null, &Value::Null, &json!("H")],
        "{after}"
    );
    assert_eq!(emails(&after), emails(&before));
}

async fn removing_what_is_absent_changes_nothing(t: Tenant) {
    for path in [
        "nickName",
        "name.middleName",
        "emails[type eq \"other\"]",
        "photos",
        "emails[type eq \"other\"].display",
        "phoneNumbers[type eq \"work\"].value",
    ] {
        let (before, after) = after_remove(&t, path).await;
        assert_eq!(after.json, before.json, "{path}");
        t.scim()
            .delete(&format!("/Users/{}", before.id()))
            .await
            .status(204);
    }
}

// "If an attribute is removed or becomes unassigned and is defined as a required attribute or a
// read-only attribute, the server SHALL return ... a scimType error code of mutability"
async fn removing_a_required_attribute_is_refused_as_mutability(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for required in ["userName", "id"] {
        t.scim()
            .patch(&path, json!([{"op": "remove", "path": required}]))
            .await
            .error(400, "mutability");
    }
    let group = format!("/Groups/{}", t.create_group("Analysts", &[]).await.id());
    t.scim()
        .patch(&group, json!([{"op": "remove", "path": "displayName"}]))
        .await
        .error(400, "mutability");
}

async fn an_extension_is_removed_by_its_urn(t: Tenant) {
    let (_, after) = after_remove(&t, ENTERPRISE).await;
    assert!(!after.text.contains(ENTERPRISE), "{after}");
}

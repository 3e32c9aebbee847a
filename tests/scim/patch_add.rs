//! The `add` operation: RFC 7644 section 3.5.2.1.

use serde_json::{Value, json};

use crate::common::{ENTERPRISE, Reply, Tenant};

both_engines!(
    without_path_the_value_is_a_set_of_attributes,
    an_absent_attribute_is_added_with_its_value,
    a_single_value_is_replaced,
    a_complex_value_gains_sub_attributes_and_keeps_the_others,
    a_multi_valued_attribute_gains_values_and_keeps_the_others,
    adding_a_value_that_is_there_changes_nothing,
    a_value_filter_names_the_element_to_add_to,
    an_absent_element_is_made_from_its_filter,
    a_new_primary_takes_the_place_of_the_old_one,
    an_extension_attribute_is_added_by_its_urn,
    a_whole_extension_is_added_by_its_urn,
);

/// Ada with two e-mail addresses after one `add`.
async fn after_add(t: &Tenant, add: Value) -> (Reply, Reply) {
    let rest = json!({"name": {"familyName": "Lovelace"}, "title": "Countess", "emails": [
        {"value": "work@x.example", "type": "work", "primary": true},
        {"value": "home@x.example", "type": "home"},
    ]});
    let before = t.create_user("ada", rest).await;
    let mut operation = add;
    operation["op"] = json!("add");
    let path = format!("/Users/{}", before.id());
    let after = t.scim().patch(&path, json!([operation])).await.status(200);
    (before, after)
}

async fn without_path_the_value_is_a_set_of_attributes(t: Tenant) {
    let value = json!({"nickName": "A", "title": "Analyst", "name": {"givenName": "Ada"},
                       "emails": [{"value": "other@x.example", "type": "other"}]});
    let (_, after) = after_add(&t, json!({"value": value})).await;
    assert_eq!(
        after["name"],
        json!({"familyName": "Lovelace", "givenName": "Ada"}),
        "{after}"
    );
    assert_eq!(after["emails"].as_array().map(Vec::len), Some(3), "{after}");
    after.holds("/nickName", "A").holds("/title", "Analyst");
}

async fn an_absent_attribute_is_added_with_its_value(t: Tenant) {
    let (_, after) = after_add(&t, json!({"path": "nickName", "value": "A"})).await;
    after.holds("/nickName", "A").holds("/title", "Countess");
}

async fn a_single_value_is_replaced(t: Tenant) {
    let (_, after) = after_add(&t, json!({"path": "title", "value": "Analyst"})).await;
    after.holds("/title", "Analyst");
}

async fn a_complex_value_gains_sub_attributes_and_keeps_the_others(t: Tenant) {
    let (_, after) = after_add(&t, json!({"path": "name", "value": {"givenName": "Ada"}})).await;
    assert_eq!(
        after["name"],
        json!({"familyName": "Lovelace", "givenName": "Ada"}),
        "{after}"
    );
}

async fn a_multi_valued_attribute_gains_values_and_keeps_the_others(t: Tenant) {
    let more = json!([{"value": "a@x.example", "type": "other"}, {"value": "b@x.example"}]);
    let (before, after) = after_add(&t, json!({"path": "emails", "value": more})).await;
    let all = [
        before["emails"].as_array().expect("a list").as_slice(),
        more.as_array().expect("a list"),
    ]
    .concat();
    assert_eq!(after["emails"], json!(all), "{after}");
}

// Where the value is there already nothing is changed, not even lastModified: nor the version.
async fn adding_a_value_that_is_there_changes_nothing(t: Tenant) {
    let home = json!([{"value": "home@x.example", "type": "home"}]);
    let (before, after) = after_add(&t, json!({"path": "emails", "value": home})).await;
    assert_eq!(after.json, before.json);
    let path = format!("/Users/{}", before.id());
    let same =
        json!([{"op": "add", "value": {"title": "Countess", "name": {"familyName": "Lovelace"}}}]);
    assert_eq!(
        t.scim().patch(&path, same).await.status(200).json,
        before.json
    );
}

async fn a_value_filter_names_the_element_to_add_to(t: Tenant) {
    let add = json!({"path": "emails[value ew \"@x.example\" and type eq \"home\"].display", "value": "H"});
    let (before, after) = after_add(&t, add).await;
    assert_eq!(after["emails"][0], before["emails"][0]);
    assert_eq!(after["emails"][1]["display"], "H", "{after}");
    assert_eq!(after["emails"][1]["value"], "home@x.example", "{after}");
}

async fn an_absent_element_is_made_from_its_filter(t: Tenant) {
    let add = json!({"path": "emails[type eq \"other\"].value", "value": "other@x.example"});
    let (before, after) = after_add(&t, add).await;
    assert_eq!(
        after["emails"][2],
        json!({"type": "other", "value": "other@x.example"}),
        "{after}"
    );
    assert_eq!(after["emails"][0], before["emails"][0]);
}

// 3.5.2: a PATCH that sets a value's primary to true SHALL cause the server to set it to false for
// the others.
async fn a_new_primary_takes_the_place_of_the_old_one(t: Tenant) {
    let new = json!([{"value": "new@x.example", "type": "other", "primary": true}]);
    let (_, after) = after_add(&t, json!({"path": "emails", "value": new})).await;
    assert_eq!(
        after.element("emails", "type", "work")["primary"],
        false,
        "{after}"
    );
    assert_eq!(
        after.element("emails", "type", "other")["primary"],
        true,
        "{after}"
    );
    // A touch of what was never primary would be a change that nobody asked for.
    assert!(
        after
            .element("emails", "type", "home")
            .get("primary")
            .is_none(),
        "{after}"
    );
}

async fn an_extension_attribute_is_added_by_its_urn(t: Tenant) {
    let path = format!("{ENTERPRISE}:department");
    let (before, after) = after_add(&t, json!({"path": path, "value": "Analysis"})).await;
    assert!(!before.text.contains(ENTERPRISE));
    assert!(
        after["schemas"]
            .as_array()
            .expect("a list")
            .contains(&json!(ENTERPRISE)),
        "{after}"
    );
    after.holds(&format!("/{ENTERPRISE}/department"), "Analysis");
}

async fn a_whole_extension_is_added_by_its_urn(t: Tenant) {
    let value = json!({"department": "Analysis", "costCenter": "7"});
    let (_, after) = after_add(&t, json!({"path": ENTERPRISE, "value": value})).await;
    assert_eq!(after[ENTERPRISE], value, "{after}");
}

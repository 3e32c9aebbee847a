//! The `replace` operation: RFC 7644 section 3.5.2.3.

use serde_json::{Value, json};

use crate::common::{ENTERPRISE, Reply, Tenant};

both_engines!(
    without_path_the_given_attributes_are_replaced_alone,
    a_single_value_is_replaced,
    an_absent_attribute_is_added,
    a_complex_value_keeps_the_sub_attributes_not_given,
    a_sub_attribute_is_replaced_alone,
    all_values_of_a_multi_valued_attribute_are_replaced,
    a_filter_replaces_the_matching_value_alone,
    a_sub_attribute_of_every_matching_value_is_replaced,
    a_filter_that_matches_nothing_and_describes_no_value_has_no_target,
    a_new_primary_takes_the_place_of_the_old_one,
    the_given_values_of_an_extension_are_replaced_alone,
    replacing_by_the_same_value_changes_nothing,
    emptying_a_required_attribute_is_refused,
);

async fn ada(t: &Tenant) -> Reply {
    let rest = json!({
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "Countess",
        "emails": [{"value": "work@x.example", "type": "work", "primary": true},
                   {"value": "work@y.example", "type": "work"},
                   {"value": "home@x.example", "type": "home"}],
        ENTERPRISE: {"department": "Analysis", "costCenter": "7"},
    });
    t.create_user("ada", rest).await
}

/// Ada before and after one `replace`.
async fn after_replace(t: &Tenant, replace: Value) -> (Reply, Reply) {
    let before = ada(t).await;
    let mut operation = replace;
    operation["op"] = json!("replace");
    let path = format!("/Users/{}", before.id());
    let after = t.scim().patch(&path, json!([operation])).await.status(200);
    (before, after)
}

async fn without_path_the_given_attributes_are_replaced_alone(t: Tenant) {
    let value = json!({"title": "Analyst", "emails": [{"value": "one@x.example"}]});
    let (before, after) = after_replace(&t, json!({"value": value})).await;
    let mut expected = before.written();
    expected["title"] = json!("Analyst");
    expected["emails"] = json!([{"value": "one@x.example"}]);
    assert_eq!(after.written(), expected);
}

async fn a_single_value_is_replaced(t: Tenant) {
    let (before, after) = after_replace(&t, json!({"path": "title", "value": "Analyst"})).await;
    let mut expected = before.written();
    expected["title"] = json!("Analyst");
    assert_eq!(after.written(), expected);
}

// A path to an attribute that does not exist SHALL be treated as an add.
async fn an_absent_attribute_is_added(t: Tenant) {
    let (_, after) = after_replace(&t, json!({"path": "nickName", "value": "A"})).await;
    after.holds("/nickName", "A");
    let path = json!({"path": "phoneNumbers", "value": [{"value": "555", "type": "work"}]});
    let neighbour = t.neighbour();
    after_replace(&neighbour, path)
        .await
        .1
        .holds("/phoneNumbers/0/value", "555");
}

async fn a_complex_value_keeps_the_sub_attributes_not_given(t: Tenant) {
    let (_, after) = after_replace(
        &t,
        json!({"path": "name", "value": {"givenName": "Augusta"}}),
    )
    .await;
    assert_eq!(
        after["name"],
        json!({"givenName": "Augusta", "familyName": "Lovelace"}),
        "{after}"
    );
}

async fn a_sub_attribute_is_replaced_alone(t: Tenant) {
    let (_, after) = after_replace(&t, json!({"path": "name.familyName", "value": "King"})).await;
    assert_eq!(
        after["name"],
        json!({"givenName": "Ada", "familyName": "King"}),
        "{after}"
    );
}

async fn all_values_of_a_multi_valued_attribute_are_replaced(t: Tenant) {
    let value = json!([{"value": "a@x.example", "type": "other"}, {"value": "b@x.example"}]);
    let (_, after) = after_replace(&t, json!({"path": "emails", "value": value})).await;
    assert_eq!(after["emails"], value, "{after}");
}

async fn a_filter_replaces_the_matching_value_alone(t: Tenant) {
    let value = json!({"value": "new@x.example", "type": "home"});
    let replace = json!({"path": "emails[type eq \"home\"]", "value": value});
    let (before, after) = after_replace(&t, replace).await;
    assert_eq!(after["emails"][0], before["emails"][0]);
    assert_eq!(after["emails"][1], before["emails"][1]);
    assert_eq!(after["emails"][2], value, "{after}");
}

async fn a_sub_attribute_of_every_matching_value_is_replaced(t: Tenant) {
    let replace = json!({"path": "emails[type eq \"work\"].display", "value": "W"});
    let (before, after) = after_replace(&t, replace).await;
    let mut expected = before["emails"].clone();
    expected[0]["display"] = json!("W");
    expected[1]["display"] = json!("W");
    assert_eq!(after["emails"], expected, "{after}");
}

// A value filter without a match SHALL fail with noTarget. One of `eq` alone describes the value to
// create, as identity providers expect; these do not.
async fn a_filter_that_matches_nothing_and_describes_no_value_has_no_target(t: Tenant) {
    let before = ada(&t).await;
    let path = format!("/Users/{}", before.id());
    for filter in [
        "value co \"nowhere\"",
        "not (value pr)",
        "type ne \"work\" and type ne \"home\"",
    ] {
        let target = format!("emails[{filter}].value");
        let replace = json!([{"op": "replace", "path": target, "value": "new@x.example"}]);
        t.scim().patch(&path, replace).await.error(400, "noTarget");
    }
    assert_eq!(t.scim().get(&path).await.status(200).json, before.json);
}

async fn a_new_primary_takes_the_place_of_the_old_one(t: Tenant) {
    let replace = json!({"path": "emails[type eq \"home\"].primary", "value": true});
    let (_, after) = after_replace(&t, replace).await;
    let primaries: Vec<&Value> = (0..3).map(|n| &after["emails"][n]["primary"]).collect();
    assert_eq!(
        primaries,
        [&json!(false), &Value::Null, &json!(true)],
        "{after}"
    );
}

async fn the_given_values_of_an_extension_are_replaced_alone(t: Tenant) {
    let replace = json!({"path": ENTERPRISE, "value": {"department": "Engines"}});
    let (_, after) = after_replace(&t, replace).await;
    assert_eq!(
        after[ENTERPRISE],
        json!({"department": "Engines", "costCenter": "7"}),
        "{after}"
    );
}

async fn replacing_by_the_same_value_changes_nothing(t: Tenant) {
    let (before, after) = after_replace(&t, json!({"path": "title", "value": "Countess"})).await;
    assert_eq!(after.json, before.json);
    let path = format!("/Users/{}", before.id());
    let same =
        json!([{"op": "replace", "value": {"emails": before["emails"], "name": before["name"]}}]);
    assert_eq!(
        t.scim().patch(&path, same).await.status(200).json,
        before.json
    );
}

async fn emptying_a_required_attribute_is_refused(t: Tenant) {
    let path = format!("/Users/{}", ada(&t).await.id());
    for empty in [json!(""), json!(null)] {
        let replace = json!([{"op": "replace", "path": "userName", "value": empty}]);
        t.scim()
            .patch(&path, replace)
            .await
            .error(400, "invalidValue")
            .says("userName");
    }
}

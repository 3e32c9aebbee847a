//! RFC 7644 3.5.2.1.

use super::*;

#[test]
fn needs_a_value() {
    refused(Add, "title", Value::Null, "invalidValue");
}

#[test]
fn without_a_path_adds_the_attributes_of_the_value() {
    let value = json!({ "nickName": "Babs", "emails": [{ "value": "b@other.com" }] });
    let next = patched(Add, "", value);
    assert_eq!(next["nickName"], "Babs");
    assert_eq!(next["emails"].as_array().unwrap().len(), 3);
}

#[test]
fn to_an_absent_attribute_adds_it() {
    assert_eq!(
        patched(Add, "title", json!("Tour Guide"))["title"],
        "Tour Guide"
    );
    let next = patched(Add, &format!("{ENTERPRISE_URN}:department"), json!("Tours"));
    assert_eq!(next[ENTERPRISE_URN], json!({ "department": "Tours" }));
    assert_eq!(next["schemas"], json!([USER_URN, ENTERPRISE_URN]));
}

#[test]
fn to_a_complex_attribute_adds_the_given_parts() {
    let next = patched(
        Add,
        "name",
        json!({ "MIDDLENAME": "Jane", "givenName": "Babs" }),
    );
    let name = json!({ "givenName": "Babs", "familyName": "Jensen", "middleName": "Jane" });
    assert_eq!(next["name"], name);
}

#[test]
fn to_a_list_adds_a_value() {
    let next = patched(
        Add,
        "emails",
        json!([{ "value": "b@other.com", "type": "other" }]),
    );
    assert_eq!(
        next["emails"][2],
        json!({ "value": "b@other.com", "type": "other" })
    );
    assert_eq!(next["emails"][0], barbara()["emails"][0]);
}

#[test]
fn to_an_existing_single_value_replaces_it() {
    assert_eq!(patched(Add, "userName", json!("babs"))["userName"], "babs");
}

#[test]
fn of_a_value_that_is_there_changes_nothing() {
    unchanged(Add, "userName", json!("bjensen"));
    unchanged(
        Add,
        "emails",
        json!([{ "type": "work", "value": "b@work.com" }]),
    );
    unchanged(Add, "emails", json!([]));
    unchanged(Add, "name", json!({}));
}

//! What is a PATCH request, and what is none.

use super::*;

#[test]
fn no_operations_do_nothing() {
    assert_eq!(
        patch(json!([])).unwrap(),
        (barbara(), vec![leniency::NO_OPERATIONS])
    );
}

#[test]
fn what_is_no_patch_is_refused() {
    for value in [
        json!([]),
        json!({ "Operations": [] }),
        json!({ "schemas": [USER_URN], "Operations": [] }),
        json!({ "schemas": [PATCH_OP_URN] }),
        json!({ "schemas": [PATCH_OP_URN], "Operations": {} }),
        body(json!(["x"])),
        body(json!([{ "path": "title", "value": "x" }])),
        body(json!([{ "op": "move", "path": "title" }])),
    ] {
        let error = patch_body(&USER, value).unwrap_err();
        assert_eq!(error.scim_type.unwrap().as_str(), "invalidSyntax");
    }
    refused(
        json!([{ "op": "add", "path": 5, "value": "x" }]),
        "invalidPath",
    );
    refused(
        json!([{ "op": "add", "path": "a b", "value": "x" }]),
        "invalidPath",
    );
    refused(json!([{ "op": "remove" }]), "noTarget");
    refused(json!([{ "op": "add" }]), "invalidValue");
    refused(json!([{ "op": "add", "path": "title" }]), "invalidValue");
}

#[test]
fn a_patch_has_a_thousand_operations_at_most() {
    let operations =
        |count: usize| Value::from(vec![json!({ "op": "remove", "path": "title" }); count]);
    patch(operations(MAX_OPERATIONS)).unwrap();
    refused(operations(MAX_OPERATIONS + 1), "tooMany");
}

#[test]
fn unknown_attributes_are_ignored_in_a_value_and_refused_in_a_path() {
    assert_eq!(
        patched(json!([{ "op": "add", "value": { "shoeSize": 1, "urn:x:y": {} } }])),
        barbara()
    );
    refused(
        json!([{ "op": "add", "path": "shoeSize", "value": 1 }]),
        "invalidPath",
    );
}

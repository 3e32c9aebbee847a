//! What identity providers really send, by behaviour.

use serde_json::json;

use super::*;
use crate::scim::members::{MemberOp, split};
use crate::scim::patch::{Patched, apply};
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN, GROUP, USER, USER_URN};

mod requests;

fn body(operations: impl Into<Value>) -> Value {
    json!({ "schemas": [PATCH_OP_URN], "Operations": operations.into() })
}

fn barbara() -> Value {
    json!({
        "schemas": [USER_URN, ENTERPRISE_URN],
        "userName": "bjensen",
        "title": "Guide",
        "active": true,
        "name": { "givenName": "Barbara", "familyName": "Jensen" },
        "emails": [
            { "value": "b@work.com", "type": "work", "primary": true },
            { "value": "b@home.com", "type": "home" },
        ],
        ENTERPRISE_URN: { "department": "Tours" },
    })
}

fn patch(operations: Value) -> Result<(Value, Vec<&'static str>), Error> {
    let Value::Object(current) = barbara() else {
        panic!()
    };
    let Normalised {
        operations,
        leniencies,
    } = patch_body(&USER, body(operations))?;
    let next = match apply(&USER, &current, &operations)? {
        Patched::Unchanged => current,
        Patched::Changed(next) => next,
    };
    Ok((next.into(), leniencies))
}

#[track_caller]
fn patched(operations: Value) -> Value {
    patch(operations)
        .unwrap_or_else(|error| panic!("{error}"))
        .0
}

#[track_caller]
fn noted(operations: Value) -> Vec<&'static str> {
    patch(operations)
        .unwrap_or_else(|error| panic!("{error}"))
        .1
}

#[track_caller]
fn refused(operations: Value, kind: &str) {
    let error = patch(operations).expect_err("a refusal");
    assert_eq!(
        (error.status, error.scim_type.unwrap().as_str()),
        (400, kind),
        "{error}"
    );
}

fn member_ops(operations: Value) -> Vec<MemberOp> {
    let normalised = patch_body(&GROUP, body(operations)).unwrap();
    split(&GROUP, normalised.operations).unwrap().1
}

#[test]
fn a_request_in_the_form_of_the_rfc_is_not_lenient() {
    let operations = json!([
        { "op": "replace", "path": "active", "value": false },
        { "op": "add", "path": "emails", "value": [{ "value": "x@y" }] },
        { "op": "remove", "path": "title" },
        { "op": "replace", "value": { "displayName": "B", ENTERPRISE_URN: { "division": "x" } } },
    ]);
    assert_eq!(noted(operations), [""; 0]);
}

#[test]
fn ops_and_keys_match_in_any_case() {
    let operations = json!([{ "OP": "Replace", "Path": "title", "VALUE": "T" }, { "op": "REMOVE", "path": "active" }]);
    assert_eq!(
        noted(operations.clone()),
        [leniency::KEY_CASE, leniency::OP_CASE]
    );
    let next = patched(operations);
    assert_eq!(next["title"], "T");
    assert!(next.get("active").is_none());
    let whole = json!({ "Schemas": [PATCH_OP_URN], "operations": [] });
    assert!(patch_body(&USER, whole).unwrap().operations.is_empty());
}

#[test]
fn booleans_may_be_strings() {
    for (text, value) in [("False", false), ("true", true), ("FALSE", false)] {
        let operations = json!([{ "op": "Replace", "path": "active", "value": text }]);
        assert_eq!(patched(operations.clone())["active"], value);
        assert!(noted(operations).contains(&leniency::STRING_BOOLEAN));
    }
    let role =
        json!([{ "op": "add", "path": "roles", "value": [{ "value": "r", "primary": "True" }] }]);
    assert_eq!(patched(role)["roles"][0]["primary"], true);
    let filtered =
        json!([{ "op": "add", "path": r#"emails[type eq "home"].primary"#, "value": "true" }]);
    assert_eq!(patched(filtered)["emails"][1]["primary"], true);
    refused(
        json!([{ "op": "replace", "path": "active", "value": "no" }]),
        "invalidValue",
    );
    refused(
        json!([{ "op": "replace", "value": { "active": "no" } }]),
        "invalidValue",
    );
}

#[test]
fn keys_of_a_path_less_value_may_be_paths() {
    let department = format!("{ENTERPRISE_URN}:department");
    for op in ["replace", "Add"] {
        let operations = json!([{ "op": op, "value": {
            "displayName": "B",
            "name.givenName": "Babs",
            department.clone(): "Sales",
            r#"emails[type eq "work"].value"#: "new@work.com",
        } }]);
        let next = patched(operations.clone());
        assert_eq!(
            next["name"],
            json!({ "givenName": "Babs", "familyName": "Jensen" })
        );
        assert_eq!(next[ENTERPRISE_URN]["department"], "Sales");
        assert_eq!(next["emails"][0]["value"], "new@work.com");
        assert!(next.get("name.givenName").is_none() && next.get(&department).is_none());
        assert!(noted(operations).contains(&leniency::PATHS_AS_KEYS));
    }
}

#[test]
fn a_value_filter_that_matches_nothing_makes_a_value_and_touches_no_other() {
    let operations = json!([
        { "op": "Replace", "path": r#"phoneNumbers[type eq "work"].value"#, "value": "1-612" },
        { "op": "Add", "path": r#"addresses[type eq "work"].formatted"#, "value": "123 fake st." },
        { "op": "Replace", "path": r#"addresses[type eq "work"].country"#, "value": "US" },
    ]);
    let next = patched(operations);
    assert_eq!(
        next["phoneNumbers"],
        json!([{ "type": "work", "value": "1-612" }])
    );
    let address = json!({ "type": "work", "formatted": "123 fake st.", "country": "US" });
    assert_eq!(next["addresses"], json!([address]));
    assert_eq!(next["emails"], barbara()["emails"]);
}

#[test]
fn a_value_filter_keeps_the_siblings() {
    let operations =
        json!([{ "op": "Replace", "path": r#"emails[type eq "work"].value"#, "value": "n@w" }]);
    let next = patched(operations);
    assert_eq!(
        next["emails"][0],
        json!({ "value": "n@w", "type": "work", "primary": true })
    );
    assert_eq!(next["emails"][1], barbara()["emails"][1]);
}

#[test]
fn a_remove_of_members_with_values_removes_only_those() {
    let remove =
        |value: Value| member_ops(json!([{ "op": "Remove", "path": "members", "value": value }]));
    let one = vec![MemberOp::Remove(vec!["u1".to_owned()])];
    for value in [
        json!([{ "$ref": null, "value": "u1" }]),
        json!([{ "value": "u1" }]),
        json!(["u1"]),
        json!("u1"),
        json!({ "value": "u1" }),
    ] {
        assert_eq!(remove(value), one);
    }
    for value in [json!([]), json!(""), json!({})] {
        assert_eq!(remove(value), []);
    }
    assert_eq!(remove(Value::Null), [MemberOp::RemoveAll]);
    assert_eq!(
        member_ops(json!([{ "op": "remove", "path": "members" }])),
        [MemberOp::RemoveAll]
    );
}

#[test]
fn a_remove_of_one_member_by_filter_is_about_that_member() {
    let operations =
        json!([{ "op": "remove", "path": r#"members[value eq "u1"]"#, "value": null }]);
    assert_eq!(
        member_ops(operations),
        [MemberOp::Remove(vec!["u1".to_owned()])]
    );
}

#[test]
fn a_remove_with_values_works_for_any_list() {
    let operations = json!([{ "op": "Remove", "path": "emails", "value": [{ "value": "b@home.com", "primary": null }] }]);
    assert_eq!(
        patched(operations.clone())["emails"],
        json!([barbara()["emails"][0]])
    );
    assert!(noted(operations).contains(&leniency::REMOVE_VALUES));
    assert_eq!(
        patched(json!([{ "op": "remove", "path": "emails", "value": [] }])),
        barbara()
    );
}

#[test]
fn a_remove_of_a_single_value_may_repeat_it() {
    let operations = json!([{ "op": "Remove", "path": "title", "value": "Guide" }]);
    assert!(patched(operations).get("title").is_none());
    let filtered =
        json!([{ "op": "Remove", "path": r#"emails[type eq "work"].value"#, "value": "x" }]);
    assert_eq!(patched(filtered)["emails"], json!([barbara()["emails"][1]]));
}

#[test]
fn the_manager_may_come_as_a_string_a_list_or_an_object_and_by_many_paths() {
    let qualified = [
        format!("{ENTERPRISE_URN}:manager"),
        format!("{ENTERPRISE_URN}.manager"),
        "manager".to_owned(),
    ];
    for path in &qualified {
        for value in [
            json!("m1"),
            json!([{ "$ref": "../Users/m1", "value": "m1" }]),
            json!({ "value": "m1" }),
        ] {
            let next = patched(json!([{ "op": "Add", "path": path, "value": value }]));
            assert_eq!(next[ENTERPRISE_URN]["manager"]["value"], "m1", "{path}");
        }
        let operations = json!([
            { "op": "add", "path": path, "value": "m1" },
            { "op": "replace", "path": path, "value": "" },
        ]);
        assert!(patched(operations)[ENTERPRISE_URN].get("manager").is_none());
    }
    let parts =
        json!([{ "op": "add", "path": format!("{ENTERPRISE_URN}:manager.value"), "value": "m1" }]);
    assert_eq!(
        patched(parts)[ENTERPRISE_URN]["manager"],
        json!({ "value": "m1" })
    );
    let in_value = json!([{ "op": "add", "value": { ENTERPRISE_URN: { "manager": "m1" } } }]);
    assert_eq!(
        patched(in_value)[ENTERPRISE_URN]["manager"],
        json!({ "value": "m1" })
    );
}

#[test]
fn empty_and_null_clear_and_do_so_again() {
    for value in [json!(""), Value::Null] {
        let operations = json!([
            { "op": "replace", "path": "title", "value": value },
            { "op": "replace", "path": "name.givenName", "value": value },
            { "op": "replace", "path": r#"phoneNumbers[type eq "work"].value"#, "value": value },
            { "op": "add", "path": r#"emails[type eq "home"].value"#, "value": value },
            { "op": "replace", "path": "department", "value": value },
            { "op": "replace", "value": { "nickName": value, "active": value, "name.familyName": value } },
        ]);
        assert_eq!(
            noted(operations.clone()),
            [leniency::EMPTY_CLEARS, leniency::PATHS_AS_KEYS]
        );
        let cleared = json!({
            "schemas": [USER_URN],
            "userName": "bjensen",
            "emails": [barbara()["emails"][0]],
        });
        assert_eq!(patched(operations), cleared);
        refused(
            json!([{ "op": "replace", "path": "userName", "value": value }]),
            "invalidValue",
        );
    }
}

#[test]
fn json_in_the_value_of_a_role_stays_text() {
    let value = r#"{"id":"06b0","value":"Admin"}"#;
    let operations = json!([{ "op": "Add", "path": "roles", "value": [{ "value": value }] }]);
    assert_eq!(patched(operations)["roles"], json!([{ "value": value }]));
}

#[test]
fn a_boolean_in_a_path_filter_may_be_a_string() {
    let operations = json!([
        { "op": "Add", "path": r#"roles[primary eq "True"].value"#, "value": "Owner" },
        { "op": "Replace", "path": "roles[primary eq true].display", "value": "The owner" },
    ]);
    let role = json!({ "primary": true, "value": "Owner", "display": "The owner" });
    assert_eq!(patched(operations)["roles"], json!([role]));
}

#[test]
fn a_path_less_deactivation_touches_nothing_else() {
    let mut inactive = barbara();
    inactive["active"] = json!(false);
    assert_eq!(
        patched(json!([{ "op": "replace", "value": { "active": false } }])),
        inactive
    );
    assert_eq!(
        patched(json!([{ "op": "Replace", "path": "", "value": { "active": "False" } }])),
        inactive
    );
}

#[test]
fn an_id_in_a_value_is_ignored_and_by_its_path_is_not() {
    let rename = json!([{ "op": "replace", "value": { "id": "g1", "displayName": "New" } }]);
    let operations = patch_body(&GROUP, body(rename)).unwrap().operations;
    let (others, members) = split(&GROUP, operations).unwrap();
    assert_eq!((others.len(), members.len()), (1, 0));
    refused(
        json!([{ "op": "replace", "path": "id", "value": "x" }]),
        "mutability",
    );
}

#[test]
fn a_password_is_accepted_and_forgotten() {
    for operation in [
        json!({ "op": "replace", "value": { "password": "N3w" } }),
        json!({ "op": "replace", "path": "password", "value": "N3w" }),
        json!({ "op": "replace", "path": format!("{USER_URN}:password"), "value": "N3w" }),
    ] {
        let normalised = patch_body(&USER, body(json!([operation]))).unwrap();
        assert!(normalised.operations.is_empty());
    }
}

#[test]
fn a_list_may_be_given_one_value() {
    let operations =
        json!([{ "op": "add", "path": "emails", "value": { "value": "x@y", "primary": "False" } }]);
    assert_eq!(
        patched(operations.clone())["emails"][2],
        json!({ "value": "x@y", "primary": false })
    );
    assert!(noted(operations).contains(&leniency::ONE_FOR_LIST));
}

#[test]
fn a_write_to_schemas_does_nothing() {
    let operations = json!([{ "op": "add", "path": "schemas", "value": [COACHING_URN] }]);
    assert_eq!(
        patch(operations).unwrap(),
        (barbara(), vec![leniency::SCHEMAS])
    );
    assert_eq!(
        patched(json!([{ "op": "replace", "value": { "schemas": [], "meta": {} } }])),
        barbara()
    );
}

#[test]
fn a_whole_extension_is_a_path() {
    let operations = json!([
        { "op": "Add", "path": ENTERPRISE_URN, "value": { "division": "D", "manager": "m1" } },
        { "op": "replace", "path": COACHING_URN, "value": { "track": "t", "seatState": "assigned" } },
    ]);
    let next = patched(operations);
    assert_eq!(
        next[ENTERPRISE_URN],
        json!({ "department": "Tours", "division": "D", "manager": { "value": "m1" } })
    );
    assert_eq!(next[COACHING_URN], json!({ "track": "t" }));
    let removed = patched(json!([{ "op": "remove", "path": ENTERPRISE_URN }]));
    assert_eq!(removed["schemas"], json!([USER_URN]));
}

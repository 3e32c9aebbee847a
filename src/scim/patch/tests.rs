//! The sentences of RFC 7644 3.5.2.1 to 3.5.2.3, one by one, and what goes beyond them.

use serde_json::json;

use super::*;
use crate::scim::filter::parse_path;
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN, Mutability, USER, USER_URN};

use OpKind::{Add, Remove, Replace};

mod add;
mod remove;
mod replace;

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

pub(super) fn operation(op: OpKind, path: &str, value: Value) -> Operation {
    Operation {
        op,
        path: (!path.is_empty()).then(|| parse_path(path).unwrap()),
        value: (!value.is_null()).then_some(value),
    }
}

fn barbara() -> Value {
    json!({
        "schemas": [USER_URN],
        "userName": "bjensen",
        "name": { "givenName": "Barbara", "familyName": "Jensen" },
        "emails": [
            { "value": "b@work.com", "type": "work", "primary": true },
            { "value": "b@home.com", "type": "home" },
        ],
    })
}

fn patch(resource: Value, operations: &[Operation]) -> Result<Value, Error> {
    let current = object(resource);
    Ok(match apply(&USER, &current, operations)? {
        Patched::Unchanged => current.into(),
        Patched::Changed(next) => next.into(),
    })
}

#[track_caller]
fn patched(op: OpKind, path: &str, value: Value) -> Value {
    patch(barbara(), &[operation(op, path, value)]).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn unchanged(op: OpKind, path: &str, value: Value) {
    let patched = apply(&USER, &object(barbara()), &[operation(op, path, value)]);
    assert_eq!(patched, Ok(Patched::Unchanged));
}

#[track_caller]
fn refused(op: OpKind, path: &str, value: Value, kind: &str) {
    let error = patch(barbara(), &[operation(op, path, value)]).expect_err(path);
    assert_eq!(
        (error.status, error.scim_type.unwrap().as_str()),
        (400, kind),
        "{error}"
    );
}

#[test]
fn a_new_primary_value_takes_it_from_the_old_one() {
    let old_is_not = |next: Value| {
        assert_eq!(next["emails"][0]["primary"], false);
        assert_eq!(
            next["emails"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|email| email["primary"] == true)
                .count(),
            1
        );
    };
    old_is_not(patched(
        Add,
        "emails",
        json!([{ "value": "c@d", "primary": true }]),
    ));
    old_is_not(patched(
        Replace,
        r#"emails[type eq "home"].primary"#,
        json!(true),
    ));
    old_is_not(patched(
        Add,
        r#"emails[type eq "other"]"#,
        json!({ "value": "c@d", "primary": true }),
    ));
    let next = patched(Add, "emails", json!([{ "value": "c@d" }]));
    assert_eq!(next["emails"][0], barbara()["emails"][0]);
    assert!(next["emails"][1].get("primary").is_none());
    let two = json!([{ "value": "a", "primary": true }, { "value": "b", "primary": true }]);
    refused(Replace, "emails", two.clone(), "invalidValue");
    refused(Add, "emails", two, "invalidValue");
}

#[test]
fn a_read_only_attribute_is_not_written_by_its_path() {
    for path in [
        "id",
        "meta.created",
        "groups",
        r#"groups[value eq "x"].display"#,
        "seatState",
        "manager.displayName",
        "schemas",
    ] {
        refused(Replace, path, json!("x"), "mutability");
        refused(Remove, path, Value::Null, "mutability");
    }
}

#[test]
fn a_read_only_attribute_in_a_value_is_ignored() {
    unchanged(
        Replace,
        "",
        json!({ "id": "2", "groups": [], "meta": { "version": "x" }, "shoeSize": 1 }),
    );
    unchanged(Replace, COACHING_URN, json!({ "seatState": "none" }));
    unchanged(
        Replace,
        "",
        json!({ "constructor": 1, "__proto__": { "id": 1 }, "a b": 2 }),
    );
}

#[test]
fn a_path_must_name_something() {
    for path in [
        "shoeSize",
        "name.shoeSize",
        r#"emails[type eq "work"].shoeSize"#,
        "urn:x:y",
    ] {
        refused(Add, path, json!("x"), "invalidPath");
    }
    refused(
        Add,
        r#"emails[shoeSize eq "x"]"#,
        json!({ "value": "x" }),
        "invalidFilter",
    );
    refused(Add, r#"userName[value eq "x"]"#, json!("x"), "invalidPath");
    refused(Add, r#"name[givenName eq "x"]"#, json!({}), "invalidPath");
    refused(
        Add,
        r#"emails.type[value eq "x"]"#,
        json!({}),
        "invalidPath",
    );
}

#[test]
fn a_wrong_type_is_refused_and_nothing_is_applied() {
    let operations = [
        operation(Replace, "title", json!("T")),
        operation(Replace, "active", json!("x")),
    ];
    let current = object(barbara());
    let error = apply(&USER, &current, &operations).unwrap_err();
    assert_eq!(error.scim_type.unwrap().as_str(), "invalidValue");
    refused(
        Replace,
        r#"phoneNumbers[type eq "x"].primary"#,
        json!("1-648"),
        "invalidValue",
    );
    refused(Add, "", json!([1]), "invalidValue");
    refused(Add, ENTERPRISE_URN, json!("x"), "invalidValue");
}

#[test]
fn several_operations_on_a_missing_value_build_one() {
    let path = |part: &str| format!(r#"phoneNumbers[type eq "mobile"].{part}"#);
    let operations = [
        operation(Add, &path("value"), json!("1")),
        operation(Replace, &path("display"), json!("one")),
        operation(Add, &path("primary"), json!(true)),
    ];
    let next = patch(barbara(), &operations).unwrap();
    let mobile = json!({ "type": "mobile", "value": "1", "display": "one", "primary": true });
    assert_eq!(next["phoneNumbers"], json!([mobile]));
}

#[test]
fn a_part_of_each_value_may_be_written_without_a_filter() {
    let next = patched(Replace, "emails.display", json!("Babs"));
    assert_eq!(next["emails"][1]["display"], "Babs");
    assert_eq!(
        patched(Add, "ims.value", json!("x"))["ims"],
        json!([{ "value": "x" }])
    );
    assert!(
        patched(Remove, "emails.type", Value::Null)["emails"][0]
            .get("type")
            .is_none()
    );
}

#[test]
fn a_new_value_does_not_keep_the_reference_of_the_old_one() {
    let mut resource = barbara();
    resource[ENTERPRISE_URN] = json!({ "manager": { "value": "1", "$ref": "../Users/1" } });
    let next = patch(
        resource.clone(),
        &[operation(Replace, "manager", json!({ "value": "2" }))],
    )
    .unwrap();
    assert_eq!(next[ENTERPRISE_URN]["manager"], json!({ "value": "2" }));
    let same = [operation(Replace, "manager.value", json!("1"))];
    assert_eq!(patch(resource.clone(), &same).unwrap(), resource);
}

#[test]
fn a_password_leaves_no_trace() {
    unchanged(Replace, "password", json!("secret"));
    unchanged(Add, "", json!({ "password": "secret" }));
    unchanged(Remove, "password", Value::Null);
}

#[test]
fn an_immutable_attribute_may_only_be_set() {
    let mut resource_type = USER.clone();
    for attribute in &mut resource_type.schema.attributes {
        match attribute.name.as_str() {
            "nickName" => attribute.mutability = Mutability::Immutable,
            "ims" => attribute.sub_attributes[0].mutability = Mutability::Immutable,
            _ => {}
        }
    }
    let apply = |current: &Object, path: &str, value: Value| {
        apply(&resource_type, current, &[operation(Replace, path, value)])
    };
    let Ok(Patched::Changed(set)) = apply(&object(barbara()), "nickName", json!("n")) else {
        panic!()
    };
    let Ok(Patched::Changed(set)) = apply(&set, "ims.value", json!("x")) else {
        panic!()
    };
    assert_eq!(apply(&set, "nickName", json!("n")), Ok(Patched::Unchanged));
    for (path, value) in [
        ("nickName", json!("m")),
        ("nickName", json!("")),
        ("ims.value", json!("y")),
    ] {
        let error = apply(&set, path, value).expect_err(path);
        assert_eq!(error.scim_type.unwrap().as_str(), "mutability");
    }
}

use serde_json::json;

use super::*;
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN, GROUP, GROUP_URN, USER, USER_URN};

/// A body that names the User schema beside what is given.
fn user(mut body: Value) -> Value {
    body["schemas"] = json!([USER_URN]);
    body
}

#[track_caller]
fn created(body: Value) -> Value {
    Value::Object(create(&USER, user(body)).unwrap_or_else(|error| panic!("{error}")))
}

#[track_caller]
fn refused(body: Value) -> (String, String) {
    let error = create(&USER, body).expect_err("a refusal");
    assert_eq!(error.status, 400);
    (error.scim_type.unwrap().as_str().to_owned(), error.detail)
}

#[track_caller]
fn invalid_value(body: Value, names: &str) {
    let (kind, detail) = refused(user(body));
    assert_eq!(kind, "invalidValue");
    assert!(detail.contains(names), "{detail}");
}

#[test]
fn names_become_canonical_and_values_stay_as_sent() {
    let body = json!({
        "USERNAME": "Bob@Example.COM",
        "Name": { "GIVENNAME": "Bob" },
        "emails": [{ "Value": "B@X", "TYPE": "Work" }],
        ENTERPRISE_URN.to_uppercase(): { "Department": "R&D" },
    });
    assert_eq!(
        created(body),
        json!({
            "schemas": [USER_URN, ENTERPRISE_URN],
            "userName": "Bob@Example.COM",
            "name": { "givenName": "Bob" },
            "emails": [{ "value": "B@X", "type": "Work" }],
            ENTERPRISE_URN: { "department": "R&D" },
        })
    );
}

#[test]
fn what_okta_sends_with_every_create_is_accepted() {
    let body = json!({
        "userName": "a",
        "password": "1mz050nq",
        "groups": [],
        "emails": [{ "primary": true, "value": "a@b" }],
    });
    assert_eq!(
        created(body),
        json!({
            "schemas": [USER_URN],
            "userName": "a",
            "emails": [{ "primary": true, "value": "a@b" }],
        })
    );
}

#[test]
fn unknown_and_misspelled_schemas_are_ignored_without_data_and_with() {
    let body = json!({
        "schemas": [USER_URN, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
        "userName": "a",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": { "department": "x" },
        "urn:example:2.0:User": { "shoeSize": 1 },
        "shoeSize": 1,
        "__proto__": { "admin": true },
    });
    let created = Value::Object(create(&USER, body).unwrap());
    assert_eq!(created, json!({ "schemas": [USER_URN], "userName": "a" }));
}

#[test]
fn what_a_client_may_not_write_leaves_nothing() {
    let body = json!({
        "userName": "a",
        "id": "1",
        "ID": "2",
        "meta": { "resourceType": "User", "created": "2026-01-01T00:00:00Z" },
        "meta.version": "W/1",
        "groups": [{ "value": "admins" }],
        "password": "secret",
        COACHING_URN: { "seatState": "assigned", "track": "leadership" },
        format!("{COACHING_URN}:episode"): 3,
        ENTERPRISE_URN: { "manager": { "value": "m", "displayName": "The Boss" } },
    });
    assert_eq!(
        created(body),
        json!({
            "schemas": [USER_URN, ENTERPRISE_URN, COACHING_URN],
            "userName": "a",
            COACHING_URN: { "track": "leadership" },
            ENTERPRISE_URN: { "manager": { "value": "m" } },
        })
    );
}

#[test]
fn null_and_empty_values_are_no_values() {
    let body = json!({
        "userName": "a",
        "addresses": null,
        "title": "",
        "roles": [],
        "name": { "givenName": null, "familyName": "" },
        "emails": [{ "value": "" }, null, {}],
        "department": null,
        "manager": null,
        ENTERPRISE_URN: null,
        COACHING_URN: { "track": null },
    });
    assert_eq!(
        created(body),
        json!({ "schemas": [USER_URN], "userName": "a" })
    );
}

#[test]
fn booleans_may_be_strings() {
    let body = json!({ "userName": "a", "active": "FALSE", "roles": [{ "value": "r", "primary": "True" }] });
    let created = created(body);
    assert_eq!(created["active"], false);
    assert_eq!(created["roles"][0]["primary"], true);
}

#[test]
fn a_wrong_type_is_refused_naming_the_attribute() {
    for (body, name) in [
        (json!({ "userName": 1 }), "`userName`"),
        (json!({ "userName": "a", "active": "maybe" }), "`active`"),
        (json!({ "userName": "a", "active": 1 }), "`active`"),
        (json!({ "userName": "a", "name": "Bob" }), "`name`"),
        (
            json!({ "userName": "a", "name": { "givenName": ["x"] , "familyName": {"a": 1} } }),
            "`name.familyName`",
        ),
        (
            json!({ "userName": "a", "emails": [{ "primary": "yes" }] }),
            "`emails.primary`",
        ),
        (json!({ "userName": "a", "emails": [true] }), "`emails`"),
        (json!({ "userName": "a", "title": ["x", "y"] }), "`title`"),
        (
            json!({ "userName": "a", ENTERPRISE_URN: { "manager": 5 } }),
            "`manager`",
        ),
        (
            json!({ "userName": "a", ENTERPRISE_URN: "x" }),
            ENTERPRISE_URN,
        ),
    ] {
        invalid_value(body, name);
    }
}

#[test]
fn a_required_attribute_is_required() {
    invalid_value(json!({ "displayName": "x" }), "`userName`");
    invalid_value(json!({ "userName": "" }), "`userName`");
    let error = create(&GROUP, json!({ "schemas": [GROUP_URN] })).unwrap_err();
    assert!(error.detail.contains("`displayName`"));
}

#[test]
fn a_body_that_is_no_resource_is_a_syntax_error() {
    for body in [
        json!(null),
        json!([]),
        json!("x"),
        json!({ "userName": "a" }),
        json!({ "schemas": [], "userName": "a" }),
        json!({ "schemas": [GROUP_URN], "userName": "a" }),
        json!({ "schemas": ["urn:scim:schemas:core:1.0"], "userName": "a" }),
        json!({ "schemas": 5, "userName": "a" }),
    ] {
        assert_eq!(refused(body).0, "invalidSyntax");
    }
    create(
        &USER,
        json!({ "Schemas": USER_URN.to_uppercase(), "userName": "a" }),
    )
    .unwrap();
}

#[test]
fn keys_may_be_paths() {
    let body = json!({
        "userName": "a",
        "name": { "familyName": "F" },
        "name.givenName": "G",
        format!("{USER_URN}:title"): "T",
        format!("{ENTERPRISE_URN}:department"): "D",
        format!("{ENTERPRISE_URN}:manager.value"): "m",
    });
    assert_eq!(
        created(body),
        json!({
            "schemas": [USER_URN, ENTERPRISE_URN],
            "userName": "a",
            "name": { "familyName": "F", "givenName": "G" },
            "title": "T",
            ENTERPRISE_URN: { "department": "D", "manager": { "value": "m" } },
        })
    );
}

#[test]
fn the_manager_may_be_a_string_or_a_list_of_one() {
    for manager in [
        json!("m"),
        json!([{ "value": "m", "$ref": null }]),
        json!({ "value": "m" }),
        json!(["m"]),
    ] {
        let created = created(json!({ "userName": "a", ENTERPRISE_URN: { "manager": manager } }));
        assert_eq!(created[ENTERPRISE_URN]["manager"], json!({ "value": "m" }));
    }
}

#[test]
fn a_list_holds_each_value_once_and_one_primary() {
    let body = json!({ "userName": "a", "emails": [
        { "value": "a@b", "type": "work" },
        { "value": "a@b", "type": "home" },
        { "type": "work", "value": "a@b", "primary": true },
    ] });
    assert_eq!(
        created(body)["emails"],
        json!([
            { "value": "a@b", "type": "work", "primary": true },
            { "value": "a@b", "type": "home" },
        ])
    );
    let twice = json!({ "userName": "a", "emails": [
        { "value": "a@b", "primary": true },
        { "value": "c@d", "primary": true },
    ] });
    invalid_value(twice, "`emails`");
}

#[test]
fn text_has_limits() {
    invalid_value(json!({ "userName": "a\0b" }), "`userName`");
    invalid_value(
        json!({ "userName": "a", "emails": [{ "value": "\0" }] }),
        "`emails.value`",
    );
    invalid_value(
        json!({ "userName": "a", "title": "x".repeat(64 * 1024 + 1) }),
        "`title`",
    );
    created(json!({ "userName": "a", "title": "x".repeat(64 * 1024) }));
    invalid_value(
        json!({ "userName": "a", "roles": vec![json!({ "value": "r" }); 1001] }),
        "`roles`",
    );
}

#[test]
fn nothing_is_put_where_nothing_was_sent() {
    let created = created(json!({ "userName": "a", "emails": ["a@b"] }));
    assert_eq!(created["emails"], json!([{ "value": "a@b" }]));
    assert!(created.get("active").is_none() && created.get("displayName").is_none());
}

fn put(current: Value, body: Value) -> Result<Value, Error> {
    let Value::Object(current) = current else {
        panic!()
    };
    replace(&USER, &current, user(body)).map(Value::Object)
}

#[test]
fn a_put_clears_what_is_absent_but_for_external_id_and_active() {
    let current = json!({
        "schemas": [USER_URN, ENTERPRISE_URN],
        "id": "1",
        "userName": "a",
        "externalId": "e",
        "active": false,
        "title": "T",
        "name": { "givenName": "G", "familyName": "F" },
        ENTERPRISE_URN: { "department": "D" },
    });
    let next = put(
        current.clone(),
        json!({ "userName": "b", "name": { "givenName": "H" } }),
    )
    .unwrap();
    assert_eq!(
        next,
        json!({
            "schemas": [USER_URN],
            "id": "1",
            "userName": "b",
            "externalId": "e",
            "active": false,
            "name": { "givenName": "H" },
        })
    );
    let next = put(
        current,
        json!({ "userName": "a", "externalId": null, "active": "true" }),
    )
    .unwrap();
    assert_eq!(next.get("externalId"), None);
    assert_eq!(next["active"], true);
}

#[test]
fn a_put_of_what_was_read_ignores_what_is_read_only() {
    let current = json!({
        "schemas": [USER_URN, COACHING_URN],
        "id": "1",
        "userName": "a",
        "meta": { "created": "2026-01-01T00:00:00Z" },
        COACHING_URN: { "seatState": "assigned", "track": "t" },
    });
    let body = json!({
        "id": "2",
        "userName": "a",
        "groups": [],
        "meta": { "created": "1999-01-01T00:00:00Z" },
        COACHING_URN: { "seatState": "none", "track": "t" },
    });
    assert_eq!(put(current.clone(), body).unwrap(), current);
}

/// Users whose `nickName` may be set once.
fn immutable_nickname() -> ResourceType {
    let mut resource_type = USER.clone();
    for attribute in &mut resource_type.schema.attributes {
        if attribute.name == "nickName" {
            attribute.mutability = Mutability::Immutable;
        }
    }
    resource_type
}

#[test]
fn an_immutable_attribute_may_be_set_once_and_repeated() {
    let resource_type = immutable_nickname();
    let put = |current: &Object, body: Value| replace(&resource_type, current, user(body));
    let none = create(&resource_type, user(json!({ "userName": "a" }))).unwrap();
    let set = put(&none, json!({ "userName": "a", "nickName": "n" })).unwrap();
    assert_eq!(
        put(&set, json!({ "userName": "a" })).unwrap()["nickName"],
        "n"
    );
    put(&set, json!({ "userName": "a", "nickName": "n" })).unwrap();
    let error = put(&set, json!({ "userName": "a", "nickName": "m" })).unwrap_err();
    assert_eq!(error.scim_type.unwrap().as_str(), "mutability");
}

#[test]
fn members_never_come_into_a_group() {
    for members in [
        json!({ "members": ["1"] }),
        json!({ GROUP_URN: { "members": ["1"] } }),
        json!({ format!("{GROUP_URN}:members"): [{ "value": "1" }] }),
    ] {
        let Value::Object(mut body) = members else {
            panic!()
        };
        body.extend([
            ("schemas".to_owned(), json!([GROUP_URN])),
            ("displayName".to_owned(), json!("g")),
        ]);
        let created = create(&GROUP, body.into()).unwrap();
        assert_eq!(
            Value::Object(created),
            json!({ "schemas": [GROUP_URN], "displayName": "g" })
        );
    }
}

#[test]
fn a_required_extension_must_have_data() {
    let mut resource_type = USER.clone();
    resource_type.extensions[0].required = true;
    let error = create(&resource_type, user(json!({ "userName": "a" }))).unwrap_err();
    assert!(error.detail.contains(ENTERPRISE_URN));
}

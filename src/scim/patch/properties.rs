//! What holds of every PATCH.

use proptest::prelude::*;
use serde_json::json;

use super::tests::operation;
use super::*;
use crate::scim::quirks::patch_body;
use crate::scim::schema::{ENTERPRISE_URN, GROUP, PATCH_OP_URN, USER, USER_URN};

fn text() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["a", "b", "work", "home", ""]).prop_map(Value::from)
}

fn email() -> impl Strategy<Value = Value> {
    (text(), text(), any::<Option<bool>>()).prop_map(|(value, kind, primary)| {
        let mut email = json!({ "value": value, "type": kind });
        if let Some(primary) = primary {
            email["primary"] = primary.into();
        }
        email
    })
}

/// An operation on a set: said twice, it says nothing new.
fn set_operation() -> impl Strategy<Value = Operation> {
    let op = || prop::sample::select(vec![OpKind::Add, OpKind::Remove, OpKind::Replace]);
    let scalar = prop::sample::select(vec![
        "title",
        "name.givenName",
        "manager.value",
        "department",
        r#"emails[type eq "work"].value"#,
        r#"emails[type eq "work"].display"#,
        "roles[primary eq true].value",
    ]);
    let emails = prop::collection::vec(email(), 0..4).prop_map(Value::from);
    prop_oneof![
        (op(), scalar, text()).prop_map(|(op, path, value)| operation(op, path, value)),
        (op(), emails).prop_map(|(op, value)| operation(op, "emails", value)),
        (op(), text(), any::<bool>()).prop_map(|(op, value, primary)| operation(
            op,
            r#"emails[type eq "work"]"#,
            json!({ "value": value, "primary": primary })
        )),
        (op(), text(), text()).prop_map(|(op, given, family)| operation(
            op,
            "name",
            json!({ "givenName": given, "familyName": family })
        )),
    ]
}

fn user() -> impl Strategy<Value = Object> {
    (text(), prop::collection::vec(email(), 0..3)).prop_filter_map(
        "not valid",
        |(title, emails)| {
            let body = json!({
                "schemas": [USER_URN],
                "userName": "u",
                "title": title,
                "emails": emails,
                ENTERPRISE_URN: { "department": title },
            });
            validate::create(&USER, body).ok()
        },
    )
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from),
        text(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop::sample::select(vec![
            "op",
            "path",
            "value",
            "type",
            "emails",
            "name",
            "Operations",
            "primary",
            "active",
            "name.givenName",
            ENTERPRISE_URN,
            "members",
            "groups",
            "id",
            "emails[type eq \"a\"].value",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.prop_map(str::to_owned), inner), 0..4)
                .prop_map(|parts| Value::Object(parts.into_iter().collect())),
        ]
    })
}

fn any_operation() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "Remove", "REPLACE", "move"]);
    let path = prop_oneof![
        Just(None),
        prop::sample::select(vec![
            "emails",
            "emails.value",
            "emails[type eq \"a\"]",
            "emails[type co \"a\"].primary",
            "name",
            "active",
            "members",
            "members[value eq \"a\"]",
            "manager",
            "groups",
            "schemas",
            "roles[primary eq \"True\"]",
            "x509Certificates",
            "meta",
            ENTERPRISE_URN,
            USER_URN,
        ])
        .prop_map(|path| Some(path.to_owned())),
        "[a-z\\[\\].: \"]{0,12}".prop_map(Some),
    ];
    (op, path, json_value())
        .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }))
}

fn next(current: &Object, operations: &[Operation]) -> Result<Option<Object>, Error> {
    apply(&USER, current, operations).map(|patched| match patched {
        Patched::Unchanged => None,
        Patched::Changed(next) => Some(next),
    })
}

proptest! {
    #[test]
    fn an_operation_applied_twice_changes_nothing_the_second_time(
        user in user(),
        operation in set_operation(),
    ) {
        let operations = [operation];
        if let Ok(Some(next_user)) = next(&user, &operations) {
            prop_assert_eq!(next(&next_user, &operations), Ok(None));
        }
    }

    #[test]
    fn what_comes_out_is_valid_and_could_have_been_created(
        user in user(),
        operations in prop::collection::vec(set_operation(), 0..5),
    ) {
        if let Ok(Some(next)) = next(&user, &operations) {
            prop_assert_eq!(validate::check(&USER, &next), Ok(()));
            prop_assert_eq!(validate::create(&USER, next.clone().into()), Ok(next));
        }
    }

    #[test]
    fn no_patch_panics_whatever_it_says(
        user in user(),
        operations in prop::collection::vec(any_operation(), 0..4),
    ) {
        let body = json!({ "schemas": [PATCH_OP_URN], "Operations": operations });
        if let Ok(normalised) = patch_body(&USER, body.clone())
            && let Ok(Some(next)) = next(&user, &normalised.operations)
        {
            prop_assert_eq!(validate::check(&USER, &next), Ok(()));
        }
        if let Ok(normalised) = patch_body(&GROUP, body) {
            let _ = crate::scim::members::split(&GROUP, normalised.operations);
        }
    }

    #[test]
    fn no_body_panics_whatever_it_is(body in json_value(), current in json_value()) {
        let _ = (patch_body(&USER, body.clone()), validate::create(&USER, body.clone()));
        if let Value::Object(current) = current {
            let operation = Operation { op: OpKind::Replace, path: None, value: Some(body) };
            let _ = next(&current, &[operation]);
        }
    }
}

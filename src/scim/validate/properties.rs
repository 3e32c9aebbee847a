//! What holds of whatever is created.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN, Returned, USER, USER_URN};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z\u{0}é]{0,4}".prop_map(Value::from),
        Just(json!("true")),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let key = prop_oneof![
            "[a-z.:\\[\\]]{0,5}",
            prop::sample::select(vec![
                "value",
                "type",
                "primary",
                "$ref",
                "givenName",
                "manager",
                "department",
                "track",
            ])
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..3)
                .prop_map(|parts| Value::Object(parts.into_iter().collect())),
        ]
    })
}

fn attribute_name() -> impl Strategy<Value = String> {
    let names = USER.schema.attributes.iter().chain(&COMMON.attributes);
    let mut names: Vec<String> = names.map(|attribute| attribute.name.clone()).collect();
    names.extend([ENTERPRISE_URN, COACHING_URN, USER_URN].map(str::to_owned));
    prop::sample::select(names)
}

proptest! {
    #[test]
    fn whatever_is_created_is_valid_writable_and_accepted_again(
        attributes in prop::collection::vec((attribute_name(), json_value()), 0..6)
    ) {
        let mut body: Object = attributes.into_iter().collect();
        body.insert("schemas".to_owned(), json!([USER_URN]));
        if let Ok(created) = create(&USER, body.into()) {
            prop_assert_eq!(check(&USER, &created), Ok(()));
            for holder in holders(&USER).skip(1) {
                for attribute in holder.attributes {
                    let writable = attribute.mutability != Mutability::ReadOnly
                        && attribute.returned != Returned::Never;
                    prop_assert!(writable || holder.value(&created, attribute).is_none());
                }
            }
            prop_assert_eq!(create(&USER, created.clone().into()), Ok(created));
        }
    }
}

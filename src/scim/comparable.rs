//! The search form of a resource: what filters and sorting see, in memory and in SQL.

use serde_json::Value;

use super::Object;
use super::predicate::fold;
use super::schema::{Attribute, COMMON, ResourceType, Returned, Type};
use super::value::epoch_millis;

/// The resource with each value in the form in which it is compared: text folded where case does
/// not matter, instants as milliseconds since 1970. Nothing is left of secrets, of what the schema
/// does not know, and of what is empty, so that to be present is to exist.
pub fn comparable(resource_type: &ResourceType, resource: &Object) -> Object {
    let core = COMMON
        .attributes
        .iter()
        .chain(&resource_type.schema.attributes);
    let mut comparable = attributes(core, resource);
    for extension in &resource_type.extensions {
        let urn = &extension.schema.id;
        let Some(Value::Object(held)) = resource.get(urn) else {
            continue;
        };
        let held = attributes(&extension.schema.attributes, held);
        if !held.is_empty() {
            comparable.insert(urn.clone(), Value::Object(held));
        }
    }
    comparable
}

/// The comparable form of one value of an attribute.
pub(super) fn element(attribute: &Attribute, value: &Value) -> Option<Value> {
    match (attribute.kind, value) {
        (Type::Complex, Value::Object(parts)) => {
            let parts = attributes(&attribute.sub_attributes, parts);
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        (Type::String | Type::Reference | Type::Binary, Value::String(text)) => {
            let folded = if attribute.compares_exactly() {
                text.clone()
            } else {
                fold(text)
            };
            (!folded.is_empty()).then_some(Value::String(folded))
        }
        (Type::DateTime, Value::String(text)) => epoch_millis(text).map(Value::from),
        (Type::Boolean, Value::Bool(_)) | (Type::Integer | Type::Decimal, Value::Number(_)) => {
            Some(value.clone())
        }
        _ => None,
    }
}

fn attributes<'a>(known: impl IntoIterator<Item = &'a Attribute>, held: &Object) -> Object {
    known
        .into_iter()
        .filter(|attribute| attribute.returned != Returned::Never)
        .filter_map(|attribute| {
            let value = form(attribute, held.get(&attribute.name)?)?;
            Some((attribute.name.clone(), value))
        })
        .collect()
}

fn form(attribute: &Attribute, value: &Value) -> Option<Value> {
    if !attribute.multi_valued {
        return element(attribute, value);
    }
    let values = value.as_array()?.iter();
    let values: Vec<Value> = values
        .filter_map(|value| element(attribute, value))
        .collect();
    (!values.is_empty()).then_some(Value::Array(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema::{ENTERPRISE_URN, USER};
    use super::*;

    fn form_of(resource: Value) -> Value {
        let Value::Object(resource) = resource else {
            panic!("not an object")
        };
        Value::Object(comparable(&USER, &resource))
    }

    #[test]
    fn text_is_folded_unless_case_is_exact() {
        assert_eq!(
            form_of(json!({ "userName": "ÉCOLE@X", "externalId": "AbC", "id": "Xy" })),
            json!({ "id": "Xy", "externalId": "AbC", "userName": "école@x" })
        );
    }

    #[test]
    fn instants_are_milliseconds_whatever_their_offset() {
        assert_eq!(
            form_of(json!({ "meta": {
                "created": "1970-01-01T01:00:01.5+01:00",
                "lastModified": "no date",
            } })),
            json!({ "meta": { "created": 1500 } })
        );
    }

    #[test]
    fn secrets_unknown_names_and_empty_values_leave_nothing() {
        let resource = json!({
            "userName": "a",
            "password": "p",
            "shoeSize": 1,
            "title": null,
            "nickName": "",
            "emails": [{}, { "type": "" }],
            "name": { "givenName": null },
            "active": "yes",
            ENTERPRISE_URN: { "department": "" },
        });
        assert_eq!(form_of(resource), json!({ "userName": "a" }));
    }

    #[test]
    fn lists_and_extensions_keep_their_shape() {
        let resource = json!({
            "emails": [{ "value": "A@B", "primary": true }, { "value": "C@D" }],
            ENTERPRISE_URN: { "manager": { "value": "M1" } },
        });
        assert_eq!(
            form_of(resource),
            json!({
                "emails": [{ "value": "a@b", "primary": true }, { "value": "c@d" }],
                ENTERPRISE_URN: { "manager": { "value": "m1" } },
            })
        );
    }
}

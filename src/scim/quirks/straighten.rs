//! A value as its attribute wants it, where what was sent can only mean that.

use serde_json::Value;

use super::{Notes, leniency, note};
use crate::scim::Object;
use crate::scim::schema::{Attribute, Type};
use crate::scim::value::{boolean, is_unassigned};

/// Straightens the value of an attribute: a list for a list, one value for one.
pub(super) fn straighten(attribute: &Attribute, value: Value, notes: &mut Notes) -> Value {
    if !attribute.multi_valued {
        return straighten_element(attribute, single(value, notes), notes);
    }
    match value {
        Value::Array(values) => values
            .into_iter()
            .map(|value| straighten_element(attribute, value, notes))
            .collect(),
        value if is_unassigned(&value) => value,
        value => {
            note(notes, leniency::ONE_FOR_LIST);
            Value::Array(vec![straighten_element(attribute, value, notes)])
        }
    }
}

/// Straightens one value, of a list or alone.
pub(super) fn straighten_element(attribute: &Attribute, value: Value, notes: &mut Notes) -> Value {
    match (attribute.kind, value) {
        (Type::Boolean, Value::String(text)) => match boolean(&text) {
            Some(value) => {
                note(notes, leniency::STRING_BOOLEAN);
                Value::Bool(value)
            }
            None => Value::String(text),
        },
        // Entra sends the manager as a bare id.
        (Type::Complex, Value::String(text))
            if !text.is_empty() && attribute.sub_attribute("value").is_some() =>
        {
            note(notes, leniency::STRING_COMPLEX);
            Value::Object(Object::from_iter([(
                "value".to_owned(),
                Value::String(text),
            )]))
        }
        (Type::Complex, Value::Object(parts)) => Value::Object(
            parts
                .into_iter()
                .map(|(name, value)| straighten_part(attribute, name, value, notes))
                .collect(),
        ),
        (_, value) => value,
    }
}

fn straighten_part(
    attribute: &Attribute,
    name: String,
    value: Value,
    notes: &mut Notes,
) -> (String, Value) {
    match attribute.sub_attribute(&name) {
        Some(sub) => (name, straighten(sub, value, notes)),
        None => (name, value),
    }
}

/// The one element of a list.
fn single(value: Value, notes: &mut Notes) -> Value {
    match value {
        Value::Array(mut values) if values.len() == 1 => {
            note(notes, leniency::LIST_FOR_ONE);
            values.pop().unwrap_or_default()
        }
        value => value,
    }
}

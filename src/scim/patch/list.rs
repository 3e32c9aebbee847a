//! Writing lists: whole, by value, and by value filter.

use std::collections::HashSet;

use serde_json::Value;

use super::{OpKind, part};
use crate::scim::Object;
use crate::scim::comparable;
use crate::scim::error::Error;
use crate::scim::filter::{Filter, Op};
use crate::scim::matches::chooses;
use crate::scim::predicate::{Predicate, compile_values};
use crate::scim::schema::{Attribute, Located, Mutability, Type};
use crate::scim::value::{
    MAX_VALUES, boolean, distinct_places, fit, fit_element, gather, is_unassigned, merge,
};

/// Writes the whole list.
pub(super) fn write(
    attribute: &Attribute,
    op: OpKind,
    held: Option<Value>,
    value: Option<Value>,
) -> Result<Option<Value>, Error> {
    let held = values(held);
    match (op, value) {
        (OpKind::Remove, None) => Ok(None),
        (OpKind::Remove, Some(unwanted)) => without(attribute, held, unwanted),
        (OpKind::Replace, Some(value)) => fit(attribute, value),
        (OpKind::Add, Some(value)) => {
            let were_primary: Vec<bool> = held.iter().map(is_primary).collect();
            let mut next = held;
            next.extend(values(fit(attribute, value)?));
            list(attribute, settle(&were_primary, next))
        }
        (OpKind::Add | OpKind::Replace, None) => list(attribute, held),
    }
}

/// The values of a list that a path is about.
pub(super) struct Chosen {
    /// `None` chooses all.
    predicate: Option<Predicate>,
    /// The value that the filter describes, if it is made of `eq` and `and` only.
    described: Option<Object>,
}

impl Chosen {
    pub(super) fn all() -> Self {
        Self {
            predicate: None,
            described: Some(Object::new()),
        }
    }

    pub(super) fn by(attribute: &Attribute, filter: &Filter) -> Result<Self, Error> {
        let predicate = compile_values(attribute, filter)?;
        Ok(Self {
            predicate: Some(predicate),
            described: described(attribute, filter),
        })
    }

    fn contains(&self, attribute: &Attribute, value: &Value) -> bool {
        let Some(predicate) = &self.predicate else {
            return true;
        };
        comparable::element(attribute, value).is_some_and(|value| chooses(predicate, &value))
    }
}

/// Writes the chosen values, or one part of each.
pub(super) fn edit(
    located: &Located<'_>,
    chosen: &Chosen,
    op: OpKind,
    held: Option<Value>,
    value: Option<Value>,
) -> Result<Option<Value>, Error> {
    let attribute = located.attribute;
    let held = values(held);
    let were_primary: Vec<bool> = held.iter().map(is_primary).collect();
    let value = value.unwrap_or_default();
    let mut next = Vec::with_capacity(held.len() + 1);
    let mut found = false;
    for element in held {
        if chosen.contains(attribute, &element) {
            found = true;
            next.push(edit_value(located, chosen, op, &element, value.clone())?);
        } else {
            next.push(element);
        }
    }
    if op == OpKind::Remove {
        return list(attribute, next);
    }
    if !found {
        next.push(make_value(located, chosen.described.as_ref(), value)?);
    }
    list(attribute, settle(&were_primary, next))
}

/// One chosen value after the operation; null if it is gone.
fn edit_value(
    located: &Located<'_>,
    chosen: &Chosen,
    op: OpKind,
    element: &Value,
    value: Value,
) -> Result<Value, Error> {
    let Located { attribute, sub, .. } = *located;
    let Value::Object(parts) = element else {
        return match op {
            OpKind::Remove => Ok(Value::Null),
            OpKind::Add | OpKind::Replace => make_value(located, None, value),
        };
    };
    let given = match (op, sub) {
        (OpKind::Remove, None) => return Ok(Value::Null),
        (OpKind::Replace, None) => {
            // What the path says of the value stays true of the one in its place.
            let described = chosen.described.clone().unwrap_or_default();
            return make_value(located, Some(&described), value);
        }
        (OpKind::Remove, Some(sub)) => part(sub, Value::Null),
        (OpKind::Add | OpKind::Replace, Some(sub)) => part(sub, value),
        (OpKind::Add, None) => value,
    };
    let next = merge(attribute, parts, given)?;
    keep_immutable(attribute, parts, &next)?;
    let is_gone = op == OpKind::Remove && says_nothing(&next);
    Ok(if is_gone {
        Value::Null
    } else {
        Value::Object(next)
    })
}

/// The value that the filter describes, with what the operation says of it.
fn make_value(
    located: &Located<'_>,
    described: Option<&Object>,
    value: Value,
) -> Result<Value, Error> {
    let Located { attribute, sub, .. } = *located;
    if attribute.kind != Type::Complex {
        return fit_element(attribute, value).map(Option::unwrap_or_default);
    }
    let Some(described) = described else {
        return Err(Error::no_target(format!(
            "No value of `{}` matches the filter of the path.",
            attribute.name
        )));
    };
    let given = match sub {
        Some(sub) => part(sub, value),
        None => value,
    };
    merge(attribute, described, given).map(Value::Object)
}

/// The value that a filter such as `type eq "work" and primary eq true` describes.
fn described(attribute: &Attribute, filter: &Filter) -> Option<Object> {
    match filter {
        Filter::And(left, right) => {
            let mut parts = described(attribute, left)?;
            parts.extend(described(attribute, right)?);
            Some(parts)
        }
        Filter::Compare(path, Op::Eq, literal) if path.sub.is_none() => {
            let sub = attribute.sub_attribute(&path.attr)?;
            let text = literal.text()?;
            let value = match sub.kind {
                Type::Boolean => boolean(&text)?.into(),
                Type::Decimal | Type::Integer => Value::Number(text.parse().ok()?),
                _ => Value::String(text),
            };
            merge(attribute, &Object::new(), part(sub, value)).ok()
        }
        _ => None,
    }
}

/// A value of which nothing is left but what kind it was.
fn says_nothing(parts: &Object) -> bool {
    parts.keys().all(|name| name == "type" || name == "primary")
}

fn keep_immutable(attribute: &Attribute, before: &Object, after: &Object) -> Result<(), Error> {
    for sub in &attribute.sub_attributes {
        let held = before.get(&sub.name);
        if sub.mutability == Mutability::Immutable && held.is_some() && held != after.get(&sub.name)
        {
            return Err(Error::mutability(format!("`{}` is immutable.", sub.name)));
        }
    }
    Ok(())
}

/// The list without the values that are like one of the unwanted.
fn without(
    attribute: &Attribute,
    held: Vec<Value>,
    unwanted: Value,
) -> Result<Option<Value>, Error> {
    let unwanted = match unwanted {
        Value::Array(values) => values,
        value => vec![value],
    };
    check_length(attribute, unwanted.len())?;
    let unwanted: Vec<Value> = unwanted
        .iter()
        .filter_map(|value| comparable::element(attribute, value))
        .map(identifying)
        .collect();
    let is_wanted = |value: &Value| {
        let Some(value) = comparable::element(attribute, value) else {
            return true;
        };
        !unwanted.iter().any(|unwanted| is_like(&value, unwanted))
    };
    list(attribute, held.into_iter().filter(is_wanted).collect())
}

/// What tells values of a list apart: `value` and `type` (RFC 7643 2.4), or else all there is.
fn identifying(mut value: Value) -> Value {
    if let Value::Object(parts) = &mut value
        && parts.contains_key("value")
    {
        parts.retain(|name, _| name == "value" || name == "type");
    }
    value
}

fn is_like(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(parts), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| parts.get(name) == Some(wanted)),
        _ => value == wanted,
    }
}

/// Each value once, and one primary: when a value becomes it, the one that was it no longer is
/// (RFC 7644 3.5.2). `were_primary` is about the first values, which were there before.
fn settle(were_primary: &[bool], values: Vec<Value>) -> Vec<Value> {
    let places = distinct_places(&values);
    let were_primary: HashSet<usize> = were_primary
        .iter()
        .zip(&places)
        .filter_map(|(was, place)| was.then_some(*place))
        .collect();
    let mut settled = gather(values, &places);
    let became =
        |(place, value): (usize, &Value)| is_primary(value) && !were_primary.contains(&place);
    if !settled.iter().enumerate().any(became) {
        return settled;
    }
    for place in were_primary {
        if let Some(Value::Object(parts)) = settled.get_mut(place)
            && let Some(primary) = parts.get_mut("primary")
        {
            *primary = Value::Bool(false);
        }
    }
    settled
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

fn values(held: Option<Value>) -> Vec<Value> {
    match held {
        Some(Value::Array(values)) => values,
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// The list to keep, without what became of nothing.
fn list(attribute: &Attribute, mut values: Vec<Value>) -> Result<Option<Value>, Error> {
    values.retain(|value| !is_unassigned(value));
    check_length(attribute, values.len())?;
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

fn check_length(attribute: &Attribute, length: usize) -> Result<(), Error> {
    if length > MAX_VALUES {
        return Err(Error::invalid_value(format!(
            "The attribute `{}` holds at most {MAX_VALUES} values.",
            attribute.name
        )));
    }
    Ok(())
}

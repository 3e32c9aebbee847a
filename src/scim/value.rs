//! One value, made to fit its attribute: types, limits, and what counts as no value.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::Value;

use super::Object;
use super::error::Error;
use super::schema::{Attribute, Mutability, Type};

/// The longest text that an attribute may hold, in bytes.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// The most values that a list in a resource may hold. (Members of a group are not in it.)
pub(super) const MAX_VALUES: usize = 1000;

/// Null, `""`, `[]` and `{}` all say that the attribute has no value (RFC 7643 2.5).
pub(super) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The value as the attribute holds it: canonical names, no unknown or readOnly parts, no empty
/// ones, each value of a list once. `None` if nothing is left.
///
/// # Errors
/// 400 `invalidValue`, naming the attribute, if the type is wrong.
pub(super) fn fit(attribute: &Attribute, value: Value) -> Result<Option<Value>, Error> {
    fit_named(
        Name {
            parent: None,
            attribute,
        },
        value,
    )
}

/// Like [`fit`], for a sub-attribute.
pub(super) fn fit_sub(
    parent: &Attribute,
    sub: &Attribute,
    value: Value,
) -> Result<Option<Value>, Error> {
    fit_named(
        Name {
            parent: Some(parent),
            attribute: sub,
        },
        value,
    )
}

/// Like [`fit`], for one value of a list.
pub(super) fn fit_element(attribute: &Attribute, value: Value) -> Result<Option<Value>, Error> {
    fit_single(
        Name {
            parent: None,
            attribute,
        },
        value,
    )
}

fn fit_named(name: Name<'_>, value: Value) -> Result<Option<Value>, Error> {
    if is_unassigned(&value) {
        return Ok(None);
    }
    if !name.attribute.multi_valued {
        return fit_single(name, value);
    }
    let Value::Array(values) = value else {
        return Err(name.must_be("a list"));
    };
    if values.len() > MAX_VALUES {
        return Err(name.must_be(&format!("a list of at most {MAX_VALUES} values")));
    }
    let mut fitted = Vec::with_capacity(values.len());
    for value in values {
        fitted.extend(fit_single(name, value)?);
    }
    let fitted = distinct(fitted);
    check_primary(name.attribute, &fitted)?;
    Ok((!fitted.is_empty()).then_some(Value::Array(fitted)))
}

/// At most one value of a list is the primary one (RFC 7643 2.4).
pub(super) fn check_primary(attribute: &Attribute, values: &[Value]) -> Result<(), Error> {
    let primary = |value: &&Value| value.get("primary") == Some(&Value::Bool(true));
    if values.iter().filter(primary).count() > 1 {
        let detail = format!("Only one value of `{}` may be primary.", attribute.name);
        return Err(Error::invalid_value(detail));
    }
    Ok(())
}

fn fit_single(name: Name<'_>, value: Value) -> Result<Option<Value>, Error> {
    if is_unassigned(&value) {
        return Ok(None);
    }
    let fits = match (name.attribute.kind, &value) {
        (Type::Complex, _) => return fit_complex(name, value),
        (Type::String | Type::Reference | Type::Binary, Value::String(text)) => {
            name.check_text(text)?;
            true
        }
        (Type::DateTime, Value::String(text)) => epoch_millis(text).is_some(),
        (Type::Boolean, Value::Bool(_)) | (Type::Decimal, Value::Number(_)) => true,
        (Type::Integer, Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    };
    if fits {
        Ok(Some(value))
    } else {
        Err(name.must_be(described(name.attribute.kind)))
    }
}

fn fit_complex(name: Name<'_>, value: Value) -> Result<Option<Value>, Error> {
    let Value::Object(given) = value else {
        return Err(name.must_be("an object"));
    };
    let mut fitted = Object::new();
    for (sub, value) in fit_parts(name.attribute, given)? {
        fitted.extend(value.map(|value| (sub.name.clone(), value)));
    }
    Ok((!fitted.is_empty()).then_some(Value::Object(fitted)))
}

/// The known, writable parts; `None` for those that were sent without a value.
fn fit_parts(
    attribute: &Attribute,
    given: Object,
) -> Result<Vec<(&Attribute, Option<Value>)>, Error> {
    let mut parts = Vec::with_capacity(given.len());
    for (key, value) in given {
        let Some(sub) = attribute.sub_attribute(&key) else {
            continue;
        };
        if sub.mutability != Mutability::ReadOnly {
            parts.push((sub, fit_sub(attribute, sub, value)?));
        }
    }
    Ok(parts)
}

/// A complex value with the given parts set, those given without a value cleared, and the others
/// as they were (RFC 7644 3.5.2.3).
///
/// # Errors
/// 400 `invalidValue` if what is given is not an object, or a part has the wrong type.
pub(super) fn merge(attribute: &Attribute, held: &Object, given: Value) -> Result<Object, Error> {
    let Value::Object(given) = given else {
        return Err(Name {
            parent: None,
            attribute,
        }
        .must_be("an object"));
    };
    let mut merged = held.clone();
    for (sub, value) in fit_parts(attribute, given)? {
        match value {
            Some(value) => merged.insert(sub.name.clone(), value),
            None => merged.remove(&sub.name),
        };
    }
    forget_stale_reference(held, &mut merged);
    Ok(merged)
}

/// `$ref` and `value` name the same thing (RFC 7643 2.4), so an old `$ref` beside a new `value`
/// would name the wrong one.
fn forget_stale_reference(before: &Object, after: &mut Object) {
    if before.get("value") != after.get("value") && before.get("$ref") == after.get("$ref") {
        after.remove("$ref");
    }
}

fn described(kind: Type) -> &'static str {
    match kind {
        Type::String => "a string",
        Type::Boolean => "true or false",
        Type::Decimal => "a number",
        Type::Integer => "a whole number",
        Type::DateTime => "a date and time such as 2026-01-31T09:30:00Z",
        Type::Binary => "a base64 string",
        Type::Reference => "a URI",
        Type::Complex => "an object",
    }
}

/// Each value once. Two values of a list are the same if they have the same `type` and `value`
/// (RFC 7643 2.4), or else if all they say is the same, but for which is primary; what the later
/// one says is added to the first.
pub(super) fn distinct(values: Vec<Value>) -> Vec<Value> {
    let places = distinct_places(&values);
    gather(values, &places)
}

/// Where each value comes to stand in the [`distinct`] list.
pub(super) fn distinct_places(values: &[Value]) -> Vec<usize> {
    let mut places: HashMap<Identity<'_>, usize> = HashMap::with_capacity(values.len());
    values
        .iter()
        .map(|value| {
            let next = places.len();
            *places.entry(Identity::of(value)).or_insert(next)
        })
        .collect()
}

/// The list in which each value stands in its place.
pub(super) fn gather(values: Vec<Value>, places: &[usize]) -> Vec<Value> {
    let mut gathered: Vec<Value> = Vec::with_capacity(values.len());
    for (value, place) in values.into_iter().zip(places) {
        match (gathered.get_mut(*place), value) {
            (Some(Value::Object(first)), Value::Object(later)) => first.extend(later),
            (Some(_), _) => {}
            (None, value) => gathered.push(value),
        }
    }
    gathered
}

/// What makes a value of a list the same value.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Simple(&'a Value),
    TypeAndValue(Option<&'a Value>, &'a Value),
    /// In the order of their names.
    Parts(Vec<(&'a String, &'a Value)>),
}

impl<'a> Identity<'a> {
    fn of(value: &'a Value) -> Self {
        let Value::Object(parts) = value else {
            return Self::Simple(value);
        };
        if let Some(value) = parts.get("value") {
            return Self::TypeAndValue(parts.get("type"), value);
        }
        let mut parts: Vec<_> = parts
            .iter()
            .filter(|(name, _)| *name != "primary")
            .collect();
        parts.sort_by_key(|(name, _)| *name);
        Self::Parts(parts)
    }
}

/// The truth value that a text says, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(name, value)| text.eq_ignore_ascii_case(name).then_some(value))
}

/// Milliseconds since 1970. Without an offset the instant is taken to be in UTC.
pub(super) fn epoch_millis(text: &str) -> Option<i64> {
    let instant = text.parse::<Timestamp>().or_else(|_| {
        let civil: civil::DateTime = text.parse()?;
        TimeZone::UTC.to_timestamp(civil)
    });
    match instant {
        Ok(instant) => Some(instant.as_millisecond()),
        // The last days of 9999 are what "never" looks like, and later than any instant there is.
        Err(_) if text.starts_with("9999-12-3") => {
            let civil = text.get(..19)?.parse::<civil::DateTime>().ok()?;
            let hours = civil.duration_since(civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
            i64::try_from(hours.as_millis()).ok()
        }
        Err(_) => None,
    }
}

/// The name of an attribute in a message.
#[derive(Clone, Copy)]
struct Name<'a> {
    parent: Option<&'a Attribute>,
    attribute: &'a Attribute,
}

impl Name<'_> {
    fn must_be(self, what: &str) -> Error {
        Error::invalid_value(format!("The attribute `{self}` must be {what}."))
    }

    fn check_text(self, text: &str) -> Result<(), Error> {
        if text.len() > MAX_TEXT {
            return Err(self.must_be(&format!("at most {MAX_TEXT} bytes long")));
        }
        // No database text can hold it.
        if text.contains('\0') {
            return Err(self.must_be("text without the character U+0000"));
        }
        Ok(())
    }
}

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{}.", parent.name)?;
        }
        f.write_str(&self.attribute.name)
    }
}

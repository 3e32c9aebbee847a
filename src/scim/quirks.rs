//! What identity providers send, rewritten into what the RFC says: the one place that knows their
//! habits, and the only one. No vendor is named or guessed; a deviation is read for what it can
//! only mean, and noted.
//!
//! The shape of a PATCH is normalised here; the values of PATCH, POST and PUT are too.

mod straighten;

use serde_json::Value;

use super::Object;
use super::error::Error;
use super::filter::{PatchPath, parse_path};
use super::patch::{OpKind, Operation, Target, expand, resolve};
use super::schema::{PATCH_OP_URN, ResourceType, Returned};
use super::validate::require_schema;
use super::value::is_unassigned;
use straighten::{straighten, straighten_element};

/// The most operations in one PATCH.
pub const MAX_OPERATIONS: usize = 1000;

/// A PATCH request in the RFC's form.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// The operations, each on one attribute.
    pub operations: Vec<Operation>,
    /// Which deviations there were, each once, for the log.
    pub leniencies: Vec<&'static str>,
}

/// The names of the deviations.
mod leniency {
    pub(super) const KEY_CASE: &str = "a key in another case";
    pub(super) const OP_CASE: &str = "an op in another case";
    pub(super) const NO_OPERATIONS: &str = "no operations";
    pub(super) const PATHS_AS_KEYS: &str = "a path as the key of a path-less value";
    pub(super) const SCHEMAS: &str = "a write to schemas";
    pub(super) const EMPTY_CLEARS: &str = "an empty value that clears";
    pub(super) const REMOVE_VALUES: &str = "a remove that lists values";
    pub(super) const STRING_BOOLEAN: &str = "a boolean as a string";
    pub(super) const STRING_COMPLEX: &str = "a string in place of a complex value";
    pub(super) const LIST_FOR_ONE: &str = "a list in place of a single value";
    pub(super) const ONE_FOR_LIST: &str = "a single value in place of a list";
}

type Notes = Vec<&'static str>;

fn note(notes: &mut Notes, leniency: &'static str) {
    if !notes.contains(&leniency) {
        notes.push(leniency);
    }
}

/// Reads the body of a PATCH (RFC 7644 3.5.2).
///
/// # Errors
/// 400 `invalidSyntax` if it is no PATCH, `tooMany` if it has more than [`MAX_OPERATIONS`],
/// `invalidPath`, `noTarget` or `invalidValue` if an operation makes no sense.
pub fn patch_body(resource_type: &ResourceType, body: Value) -> Result<Normalised, Error> {
    let Value::Object(mut body) = body else {
        return Err(Error::invalid_syntax("The body must be a JSON object."));
    };
    require_schema(&body, PATCH_OP_URN)?;
    let mut notes = Notes::new();
    let Some(Value::Array(given)) = take(&mut body, "Operations", &mut notes) else {
        return Err(Error::invalid_syntax(
            "The body must have a list of `Operations`.",
        ));
    };
    if given.len() > MAX_OPERATIONS {
        let detail = format!("A PATCH may hold at most {MAX_OPERATIONS} operations.");
        return Err(Error::too_many(detail));
    }
    if given.is_empty() {
        note(&mut notes, leniency::NO_OPERATIONS);
    }
    let mut operations = Vec::with_capacity(given.len());
    for operation in given {
        operations.extend(normalise(resource_type, operation, &mut notes)?);
    }
    Ok(Normalised {
        operations,
        leniencies: notes,
    })
}

/// The attributes of a body, as one operation for each, with straightened values.
pub(super) fn attributes(
    resource_type: &ResourceType,
    op: OpKind,
    attributes: Object,
    notes: &mut Notes,
) -> Result<Vec<Operation>, Error> {
    note_keys(&attributes, notes);
    let whole = Operation {
        op,
        path: None,
        value: Some(Value::Object(attributes)),
    };
    let operations = expand(resource_type, whole)?;
    Ok(straighten_all(resource_type, operations, notes))
}

fn normalise(
    resource_type: &ResourceType,
    operation: Value,
    notes: &mut Notes,
) -> Result<Vec<Operation>, Error> {
    let Value::Object(mut given) = operation else {
        return Err(Error::invalid_syntax(
            "Each of the `Operations` must be an object.",
        ));
    };
    let op = op_kind(take(&mut given, "op", notes).as_ref(), notes)?;
    let path = read_path(take(&mut given, "path", notes))?;
    let value = take(&mut given, "value", notes);
    let Some(path) = path else {
        return match value {
            Some(Value::Object(value)) if op != OpKind::Remove => {
                attributes(resource_type, op, value, notes)
            }
            value => expand(
                resource_type,
                Operation {
                    op,
                    path: None,
                    value,
                },
            ),
        };
    };
    if let Target::Attribute { located, .. } = resolve(resource_type, &path)?
        && located.urn.is_none()
        && located.attribute.name == "schemas"
    {
        // Which schemas a resource has follows from its attributes.
        note(notes, leniency::SCHEMAS);
        return Ok(Vec::new());
    }
    let operations = expand(
        resource_type,
        Operation {
            op,
            path: Some(path),
            value,
        },
    )?;
    Ok(straighten_all(resource_type, operations, notes))
}

/// The value of a key, in any case.
fn take(object: &mut Object, name: &str, notes: &mut Notes) -> Option<Value> {
    if let Some(value) = object.remove(name) {
        return Some(value);
    }
    let key = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))?
        .clone();
    note(notes, leniency::KEY_CASE);
    object.remove(&key)
}

fn op_kind(op: Option<&Value>, notes: &mut Notes) -> Result<OpKind, Error> {
    let given = op.and_then(Value::as_str).unwrap_or_default();
    let kinds = [
        ("add", OpKind::Add),
        ("remove", OpKind::Remove),
        ("replace", OpKind::Replace),
    ];
    let Some((name, kind)) = kinds
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(given))
    else {
        return Err(Error::invalid_syntax(
            "The `op` must be `add`, `remove` or `replace`.",
        ));
    };
    if name != given {
        note(notes, leniency::OP_CASE);
    }
    Ok(kind)
}

fn read_path(path: Option<Value>) -> Result<Option<PatchPath>, Error> {
    match path {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => parse_path(&text).map(Some),
        Some(_) => Err(Error::invalid_path("The `path` must be a string.")),
    }
}

fn note_keys(attributes: &Object, notes: &mut Notes) {
    let is_path = |(key, value): (&String, &Value)| {
        key.contains(['.', '[']) && !(key.contains(':') && value.is_object())
    };
    if attributes.iter().any(is_path) {
        note(notes, leniency::PATHS_AS_KEYS);
    }
}

fn straighten_all(
    resource_type: &ResourceType,
    operations: Vec<Operation>,
    notes: &mut Notes,
) -> Vec<Operation> {
    operations
        .into_iter()
        .filter_map(|operation| straighten_operation(resource_type, operation, notes))
        .collect()
}

/// The operation with its value as its attribute wants it; `None` if it does nothing.
fn straighten_operation(
    resource_type: &ResourceType,
    operation: Operation,
    notes: &mut Notes,
) -> Option<Operation> {
    let Some(Ok(Target::Attribute { located, filter })) = operation
        .path
        .as_ref()
        .map(|path| resolve(resource_type, path))
    else {
        return Some(operation);
    };
    if located.attribute.returned == Returned::Never {
        // A password goes no further, so that it cannot be logged either.
        return None;
    }
    let (attribute, chosen) = (located.leaf(), filter.is_some() && located.sub.is_none());
    let is_list = attribute.multi_valued && !chosen;
    let Operation { op, value, .. } = operation;
    let value = match (op, value) {
        (OpKind::Remove, Some(value)) if is_list && !value.is_null() => {
            note(notes, leniency::REMOVE_VALUES);
            if is_unassigned(&value) {
                // To remove no values is not to remove all.
                return None;
            }
            Some(straighten(attribute, value, notes))
        }
        (OpKind::Remove, _) => None,
        (_, Some(value)) if chosen => Some(straighten_element(attribute, value, notes)),
        (_, value) => value.map(|value| straighten(attribute, value, notes)),
    };
    let clears = matches!(&value, Some(Value::Null)) || value.as_ref().is_some_and(is_empty_text);
    if op != OpKind::Remove && clears {
        note(notes, leniency::EMPTY_CLEARS);
        return Some(Operation {
            value: Some(Value::Null),
            ..operation
        });
    }
    Some(Operation { value, ..operation })
}

fn is_empty_text(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests;

//! PATCH (RFC 7644 3.5.2): one pure function from a resource and operations to the next resource.
//!
//! The operations are in the RFC's form; what identity providers send in its place is rewritten by
//! [`super::quirks`] first. Three readings go beyond the letter, because the letter breaks them:
//! * A value filter that matches nothing makes the element it describes, for `replace` as for
//!   `add`; only a filter that describes none (`value co "x"`) is `noTarget`.
//! * `remove` of what is absent succeeds, and `remove` with a value takes those values out.
//! * `null` and `""` clear an attribute (RFC 7643 2.5).

mod list;
mod path;
mod spread;

use serde_json::Value;

use super::Object;
use super::error::Error;
use super::filter::PatchPath;
use super::schema::{Attribute, ResourceType, Returned, Type};
use super::validate;
use super::value::{fit, is_unassigned, merge};

use path::is_read_only;
use spread::{spread, spread_schema};

pub(super) use path::{Target, resolve};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum OpKind {
    Add,
    Remove,
    Replace,
}

/// One operation of a PATCH request.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: OpKind,
    /// Where; the resource itself if there is none.
    pub path: Option<PatchPath>,
    /// The new value; for `remove`, the values of a list that go, or all of them if there is none.
    pub value: Option<Value>,
}

/// What became of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Patched {
    /// Nothing: it already was as the operations want it.
    Unchanged,
    /// It is now this.
    Changed(Object),
}

/// Applies the operations in their order: all of them, or none. Operations on the members of a
/// group are [split](super::members::split) off before.
///
/// # Errors
/// 400 with the `scimType` of RFC 7644 table 9; the resource is then as it was.
pub fn apply(
    resource_type: &ResourceType,
    current: &Object,
    operations: &[Operation],
) -> Result<Patched, Error> {
    let mut next = current.clone();
    for operation in operations {
        apply_operation(resource_type, &mut next, operation.clone())?;
    }
    if next == *current {
        return Ok(Patched::Unchanged);
    }
    validate::set_schemas(resource_type, &mut next);
    validate::keep_immutable(resource_type, current, &next)?;
    keep_required(resource_type, &next, operations)?;
    validate::check(resource_type, &next)?;
    Ok(Patched::Changed(next))
}

/// Refuses to remove a required attribute, which is `mutability` (RFC 7644 3.5.2.2); one that is
/// set to nothing is an invalid value, as `validate` says.
fn keep_required(
    resource_type: &ResourceType,
    next: &Object,
    operations: &[Operation],
) -> Result<(), Error> {
    let removes = operations
        .iter()
        .filter(|operation| operation.op == OpKind::Remove);
    for path in removes.filter_map(|operation| operation.path.as_ref()) {
        let Target::Attribute { located, .. } = resolve(resource_type, path)? else {
            continue;
        };
        let name = &located.attribute.name;
        if located.urn.is_none() && located.attribute.required && !next.contains_key(name) {
            return Err(Error::mutability(format!("`{name}` is required.")));
        }
    }
    Ok(())
}

/// Applies one operation; what it leaves may be invalid until the last one is done.
pub(super) fn apply_operation(
    resource_type: &ResourceType,
    resource: &mut Object,
    operation: Operation,
) -> Result<(), Error> {
    for operation in expand(resource_type, operation)? {
        // What is expanded has a path.
        if let Operation {
            op,
            path: Some(path),
            value,
        } = operation
        {
            apply_at(resource_type, resource, op, &path, value)?;
        }
    }
    Ok(())
}

/// The same as operations on single attributes, where it has no path or that of a whole schema.
pub(super) fn expand(
    resource_type: &ResourceType,
    operation: Operation,
) -> Result<Vec<Operation>, Error> {
    let Some(path) = &operation.path else {
        return spread(resource_type, operation.op, operation.value);
    };
    match resolve(resource_type, path)? {
        Target::Schema(schema) => {
            spread_schema(resource_type, operation.op, schema, operation.value)
        }
        Target::Attribute { .. } => Ok(vec![operation]),
    }
}

fn apply_at(
    resource_type: &ResourceType,
    resource: &mut Object,
    op: OpKind,
    path: &PatchPath,
    value: Option<Value>,
) -> Result<(), Error> {
    let Target::Attribute { located, filter } = resolve(resource_type, path)? else {
        // A whole schema was expanded.
        return Ok(());
    };
    let attribute = located.attribute;
    if attribute.returned == Returned::Never {
        // A password is accepted, and never kept.
        return Ok(());
    }
    if is_read_only(&located) {
        return Err(Error::mutability(format!(
            "`{}` is readOnly.",
            path.attr.label()
        )));
    }
    let (op, value) = match (op, value) {
        (OpKind::Remove, value) => (op, value.filter(|value| !value.is_null())),
        (_, None) => return Err(missing_value(path)),
        (OpKind::Add, Some(Value::Array(values))) if values.is_empty() => return Ok(()),
        (OpKind::Add, Some(Value::Object(parts))) if parts.is_empty() => return Ok(()),
        (_, Some(value)) if is_unassigned(&value) => (OpKind::Remove, None),
        (_, value) => (op, value),
    };
    update(resource, located.urn, &attribute.name, |held| {
        match (attribute.multi_valued, filter, located.sub) {
            (false, ..) => write(attribute, located.sub, op, held, value),
            (true, None, None) => list::write(attribute, op, held, value),
            (true, None, Some(_)) => list::edit(&located, &list::Chosen::all(), op, held, value),
            (true, Some(filter), _) => {
                let chosen = list::Chosen::by(attribute, filter)?;
                list::edit(&located, &chosen, op, held, value)
            }
        }
    })
}

fn missing_value(path: &PatchPath) -> Error {
    Error::invalid_value(format!(
        "The operation on `{}` needs a value.",
        path.attr.label()
    ))
}

/// Writes a single-valued attribute or a part of it.
fn write(
    attribute: &Attribute,
    sub: Option<&Attribute>,
    op: OpKind,
    held: Option<Value>,
    value: Option<Value>,
) -> Result<Option<Value>, Error> {
    if attribute.kind != Type::Complex {
        return match (op, value) {
            (OpKind::Remove, _) | (_, None) => Ok(None),
            (_, Some(value)) => fit(attribute, value),
        };
    }
    let held = match held {
        Some(Value::Object(parts)) => parts,
        _ => Object::new(),
    };
    let given = match (op, sub, value) {
        (OpKind::Remove, None, _) | (_, None, None) => return Ok(None),
        (_, None, Some(value)) => value,
        (OpKind::Remove, Some(sub), _) => part(sub, Value::Null),
        (_, Some(sub), value) => part(sub, value.unwrap_or_default()),
    };
    let merged = merge(attribute, &held, given)?;
    Ok((!merged.is_empty()).then_some(Value::Object(merged)))
}

/// The object that holds nothing but this part.
fn part(sub: &Attribute, value: Value) -> Value {
    Value::Object(Object::from_iter([(sub.name.clone(), value)]))
}

/// Changes one attribute, wherever it lives, and leaves nothing empty behind.
fn update(
    resource: &mut Object,
    urn: Option<&str>,
    name: &str,
    change: impl FnOnce(Option<Value>) -> Result<Option<Value>, Error>,
) -> Result<(), Error> {
    let Some(urn) = urn else {
        let changed = change(resource.remove(name))?;
        resource.extend(changed.map(|value| (name.to_owned(), value)));
        return Ok(());
    };
    let mut extension = match resource.remove(urn) {
        Some(Value::Object(extension)) => extension,
        _ => Object::new(),
    };
    update(&mut extension, None, name, change)?;
    if !extension.is_empty() {
        resource.insert(urn.to_owned(), Value::Object(extension));
    }
    Ok(())
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

//! Operations without a path: their value holds attributes, one by one (RFC 7644 3.5.2.1,
//! 3.5.2.3).

use serde_json::Value;

use super::path::{Target, is_read_only, resolve};
use super::{OpKind, Operation};
use crate::scim::error::Error;
use crate::scim::filter::{AttrPath, PatchPath, parse_path};
use crate::scim::schema::{Attribute, ResourceType, Returned, Schema};

/// One operation for each attribute in the value. A key may be any path, since Entra and others
/// send `name.givenName` and `urn:…:User:department`. What is unknown, readOnly or never kept is
/// left out: clients send back what they have read.
///
/// # Errors
/// 400 `noTarget` for `remove`, `invalidValue` if the value is not an object.
pub(in crate::scim) fn spread(
    resource_type: &ResourceType,
    op: OpKind,
    value: Option<Value>,
) -> Result<Vec<Operation>, Error> {
    if op == OpKind::Remove {
        return Err(Error::no_target("A `remove` needs a path."));
    }
    let Some(Value::Object(attributes)) = value else {
        let detail = "An operation without a path needs an object of attributes as its value.";
        return Err(Error::invalid_value(detail));
    };
    let mut operations = Vec::with_capacity(attributes.len());
    for (key, value) in attributes {
        let Ok(path) = parse_path(&key) else { continue };
        match resolve(resource_type, &path) {
            Ok(Target::Schema(_)) if value.is_null() => {}
            Ok(Target::Schema(schema)) => {
                operations.extend(spread_schema(resource_type, op, schema, Some(value))?);
            }
            Ok(_) => operations.extend(operation(resource_type, op, path, Some(value))),
            Err(_) => {}
        }
    }
    Ok(operations)
}

/// Like [`spread`], for the attributes of one schema; `remove` takes the whole extension, or what
/// a client may write of it.
pub(super) fn spread_schema(
    resource_type: &ResourceType,
    op: OpKind,
    schema: &Schema,
    value: Option<Value>,
) -> Result<Vec<Operation>, Error> {
    let attributes = match (op, value) {
        (OpKind::Remove, _) | (_, None | Some(Value::Null)) => {
            return clear(resource_type, op, schema);
        }
        (_, Some(Value::Object(attributes))) => attributes,
        _ => {
            return Err(Error::invalid_value(format!(
                "`{}` must be an object.",
                schema.id
            )));
        }
    };
    let qualified = |(key, value): (String, Value)| {
        let path = parse_path(&key).ok()?;
        let attr = AttrPath {
            urn: Some(schema.id.clone()),
            ..path.attr
        };
        operation(resource_type, op, PatchPath { attr, ..path }, Some(value))
    };
    Ok(attributes.into_iter().filter_map(qualified).collect())
}

fn clear(
    resource_type: &ResourceType,
    op: OpKind,
    schema: &Schema,
) -> Result<Vec<Operation>, Error> {
    if schema.id == resource_type.schema.id {
        return Err(Error::no_target(
            "A `remove` needs the path of an attribute.",
        ));
    }
    if op == OpKind::Add {
        return Ok(Vec::new());
    }
    let removal = |attribute: &Attribute| {
        let urn = Some(schema.id.clone());
        let path = AttrPath {
            urn,
            attr: attribute.name.clone(),
            sub: None,
        };
        operation(resource_type, OpKind::Remove, path.into(), None)
    };
    Ok(schema.attributes.iter().filter_map(removal).collect())
}

fn operation(
    resource_type: &ResourceType,
    op: OpKind,
    path: PatchPath,
    value: Option<Value>,
) -> Option<Operation> {
    match resolve(resource_type, &path).ok()? {
        Target::Attribute { located, .. }
            if !is_read_only(&located) && located.attribute.returned != Returned::Never =>
        {
            Some(Operation {
                op,
                path: Some(path),
                value,
            })
        }
        _ => None,
    }
}

//! What comes in: bodies of POST and PUT, and what must hold of every resource that is kept.

use serde_json::Value;

use super::Object;
use super::error::Error;
use super::members;
use super::patch::{OpKind, apply_operation};
use super::quirks;
use super::schema::{Attribute, COMMON, Mutability, ResourceType};
use super::value::{check_primary, is_unassigned};

/// The resource that a POST describes (RFC 7644 3.3): canonical names, without what is unknown,
/// readOnly, empty or secret. It is an `add` of every attribute to nothing.
///
/// The members of a group are [taken](members::take) out of the body first; any that are left do
/// not come into the resource.
///
/// # Errors
/// 400 `invalidSyntax` if the body is no object or does not name its schema; 400 `invalidValue`,
/// naming the attribute, if a value has the wrong type or a required one is missing.
pub fn create(resource_type: &ResourceType, body: Value) -> Result<Object, Error> {
    let mut resource = Object::new();
    write(resource_type, &mut resource, body)?;
    set_schemas(resource_type, &mut resource);
    check(resource_type, &resource)?;
    Ok(resource)
}

/// The resource after a PUT (RFC 7644 3.5.1): absent attributes are cleared, except `externalId`
/// and `active`; attributes that are `readOnly` or immutable stay as they are.
///
/// # Errors
/// As [`create`]; 400 `mutability` if an immutable attribute would change.
pub fn replace(
    resource_type: &ResourceType,
    current: &Object,
    body: Value,
) -> Result<Object, Error> {
    let mut next = kept(resource_type, current);
    write(resource_type, &mut next, body)?;
    for holder in holders(resource_type) {
        for attribute in holder.immutable() {
            if let Some(value) = holder.value(current, attribute)
                && holder.value(&next, attribute).is_none()
            {
                holder.insert(&mut next, attribute, value.clone());
            }
        }
    }
    set_schemas(resource_type, &mut next);
    keep_immutable(resource_type, current, &next)?;
    check(resource_type, &next)?;
    Ok(next)
}

/// What must hold of every resource: required attributes and extensions are there, and no list has
/// two primary values (RFC 7643 2.4).
///
/// # Errors
/// 400 `invalidValue`, naming the attribute.
pub fn check(resource_type: &ResourceType, resource: &Object) -> Result<(), Error> {
    for extension in resource_type
        .extensions
        .iter()
        .filter(|extension| extension.required)
    {
        if !resource.contains_key(&extension.schema.id) {
            return Err(missing(&extension.schema.id));
        }
    }
    for holder in holders(resource_type) {
        let Some(held) = holder.object(resource) else {
            continue;
        };
        for attribute in holder.attributes {
            match held
                .get(&attribute.name)
                .filter(|value| !is_unassigned(value))
            {
                Some(value) => check_value(attribute, value)?,
                None if is_missing(attribute) => return Err(missing(&attribute.name)),
                None => {}
            }
        }
    }
    Ok(())
}

/// Names the core schema and the extensions that the resource has (RFC 7643 3).
pub(super) fn set_schemas(resource_type: &ResourceType, resource: &mut Object) {
    let extensions = resource_type
        .extensions
        .iter()
        .map(|extension| &extension.schema.id)
        .filter(|urn| resource.get(*urn).is_some_and(|held| !is_unassigned(held)));
    let schemas: Vec<Value> = [&resource_type.schema.id]
        .into_iter()
        .chain(extensions)
        .map(|urn| urn.as_str().into())
        .collect();
    resource.insert("schemas".to_owned(), schemas.into());
}

/// Refuses to change an immutable attribute that has a value (RFC 7643 2.2).
pub(super) fn keep_immutable(
    resource_type: &ResourceType,
    current: &Object,
    next: &Object,
) -> Result<(), Error> {
    for holder in holders(resource_type) {
        for attribute in holder.immutable() {
            let held = holder.value(current, attribute);
            if held.is_some() && held != holder.value(next, attribute) {
                return Err(Error::mutability(format!(
                    "`{}` is immutable.",
                    attribute.name
                )));
            }
        }
    }
    Ok(())
}

fn write(resource_type: &ResourceType, resource: &mut Object, body: Value) -> Result<(), Error> {
    let Value::Object(body) = body else {
        return Err(Error::invalid_syntax("The body must be a JSON object."));
    };
    require_schema(&body, &resource_type.schema.id)?;
    let operations = quirks::attributes(resource_type, OpKind::Add, body, &mut Vec::new())?;
    // Members are rows: those that were not taken out of the body have no place in the resource.
    let (operations, _members) = members::split(resource_type, operations)?;
    operations
        .into_iter()
        .try_for_each(|operation| apply_operation(resource_type, resource, operation))
}

/// Requires a message or resource to say that it is one; other URIs beside it are ignored, as
/// Entra sends some that nobody knows.
pub(super) fn require_schema(body: &Object, urn: &str) -> Result<(), Error> {
    let schemas = body
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("schemas"));
    let named = match schemas.map(|(_, schemas)| schemas) {
        Some(Value::Array(schemas)) => schemas.as_slice(),
        Some(schema) => std::slice::from_ref(schema),
        None => &[],
    };
    let is_it = |schema: &Value| {
        schema
            .as_str()
            .is_some_and(|it| it.eq_ignore_ascii_case(urn))
    };
    if named.iter().any(is_it) {
        return Ok(());
    }
    Err(Error::invalid_syntax(format!(
        "The body must name `{urn}` in `schemas`."
    )))
}

/// What a PUT clears only by saying so: identity providers leave these out without meaning it.
const KEPT_BY_PUT: [&str; 2] = ["externalId", "active"];

/// What a PUT does not touch.
fn kept(resource_type: &ResourceType, current: &Object) -> Object {
    let mut kept = Object::new();
    for holder in holders(resource_type) {
        let stays = |attribute: &&Attribute| {
            attribute.mutability == Mutability::ReadOnly
                || (holder.urn.is_none() && KEPT_BY_PUT.contains(&attribute.name.as_str()))
        };
        for attribute in holder.attributes.iter().filter(stays) {
            if let Some(value) = holder.value(current, attribute) {
                holder.insert(&mut kept, attribute, value.clone());
            }
        }
    }
    kept
}

fn is_missing(attribute: &Attribute) -> bool {
    attribute.required && attribute.mutability != Mutability::ReadOnly
}

fn missing(name: &str) -> Error {
    Error::invalid_value(format!("`{name}` is required."))
}

fn check_value(attribute: &Attribute, value: &Value) -> Result<(), Error> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    for sub in attribute
        .sub_attributes
        .iter()
        .filter(|sub| is_missing(sub))
    {
        if values
            .iter()
            .any(|value| value.get(&sub.name).is_none_or(is_unassigned))
        {
            return Err(missing(&format!("{}.{}", attribute.name, sub.name)));
        }
    }
    check_primary(attribute, values)
}

/// A schema's attributes and the object of a resource that holds them.
#[derive(Clone, Copy)]
struct Holder<'a> {
    urn: Option<&'a str>,
    attributes: &'a [Attribute],
}

fn holders(resource_type: &ResourceType) -> impl Iterator<Item = Holder<'_>> {
    let root = [&COMMON.attributes, &resource_type.schema.attributes];
    let root = root.into_iter().map(|attributes| Holder {
        urn: None,
        attributes,
    });
    let extensions = resource_type.extensions.iter().map(|extension| Holder {
        urn: Some(&extension.schema.id),
        attributes: &extension.schema.attributes,
    });
    root.chain(extensions)
}

impl<'a> Holder<'a> {
    fn immutable(self) -> impl Iterator<Item = &'a Attribute> {
        self.attributes
            .iter()
            .filter(|attribute| attribute.mutability == Mutability::Immutable)
    }

    fn object(self, resource: &Object) -> Option<&Object> {
        match self.urn {
            Some(urn) => resource.get(urn)?.as_object(),
            None => Some(resource),
        }
    }

    fn value<'r>(self, resource: &'r Object, attribute: &Attribute) -> Option<&'r Value> {
        self.object(resource)?.get(&attribute.name)
    }

    fn insert(self, resource: &mut Object, attribute: &Attribute, value: Value) {
        match self.urn {
            None => {
                resource.insert(attribute.name.clone(), value);
            }
            Some(urn) => {
                let extension = resource.entry(urn).or_insert_with(|| Object::new().into());
                if let Value::Object(extension) = extension {
                    extension.insert(attribute.name.clone(), value);
                }
            }
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

//! What of a resource is shown: `attributes`, `excludedAttributes` and `returned` (RFC 7644 3.9,
//! RFC 7643 7).

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::Object;
use super::custom::UserType;
use super::error::Error;
use super::filter::parse_path;
use super::schema::{Attribute, COMMON, Located, Place, ResourceType, Returned};
use super::validate::set_schemas;
use super::value::is_unassigned;

/// Which attributes a request wants to see, and the tenant's own type of users if it has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection(View, Option<Arc<ResourceType>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum View {
    /// What is returned by default.
    #[default]
    Default,
    /// Only these, and what is always returned.
    Only(HashSet<Key>),
    /// The default without these.
    Without(HashSet<Key>),
}

/// An attribute, a part of one, or a whole schema, by canonical names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    urn: String,
    attribute: Option<String>,
    sub: Option<String>,
}

impl Projection {
    /// Reads the two query parameters, lists of paths with commas between; a filter in a path
    /// (`emails[type eq "work"]`) shows the whole attribute. Unknown names show nothing.
    ///
    /// # Errors
    /// 400 `invalidValue` if both are given: they exclude each other.
    pub fn parse(
        resource_type: &ResourceType,
        attributes: Option<&str>,
        excluded: Option<&str>,
    ) -> Result<Self, Error> {
        let given = |list: &&str| !list.trim().is_empty();
        match (attributes.filter(given), excluded.filter(given)) {
            (None, None) => Ok(Self::none()),
            (Some(list), None) => Ok(Self(View::Only(keys(resource_type, list)), None)),
            (None, Some(list)) => Ok(Self(View::Without(keys(resource_type, list)), None)),
            (Some(_), Some(_)) => Err(Error::invalid_value(
                "`attributes` and `excludedAttributes` exclude each other.",
            )),
        }
    }

    /// The default view.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same, of users as they are to a tenant.
    #[must_use]
    pub fn of_users(self, users: &UserType) -> Self {
        Self(self.0, users.own().cloned())
    }

    /// Whether any `wanted` attribute of one of the type's schemas would be shown, whole or in
    /// part, so that it need not be read if not.
    pub fn shows_any(
        &self,
        resource_type: &ResourceType,
        urn: &str,
        wanted: impl Fn(&Attribute) -> bool,
    ) -> bool {
        let extensions = resource_type.extensions.iter().map(|e| &e.schema);
        std::iter::once(&resource_type.schema)
            .chain(extensions)
            .filter(|schema| schema.id == urn)
            .flat_map(|schema| &schema.attributes)
            .any(|attribute| wanted(attribute) && self.shows(urn, attribute))
    }

    /// The resource as it is shown, in the order of the schema.
    pub fn apply(&self, resource_type: &ResourceType, mut resource: Object) -> Object {
        let own = self.1.as_deref();
        let own = own.filter(|own| own.schema.id == resource_type.schema.id);
        let resource_type = own.unwrap_or(resource_type);
        self.leave_unasked(resource_type, &mut resource);
        set_schemas(resource_type, &mut resource);
        let core = COMMON
            .attributes
            .iter()
            .chain(&resource_type.schema.attributes);
        let mut shown = self.shown(&resource_type.schema.id, core, &mut resource);
        for extension in &resource_type.extensions {
            let urn = &extension.schema.id;
            let Some(Value::Object(mut held)) = resource.remove(urn) else {
                continue;
            };
            let held = self.shown(urn, &extension.schema.attributes, &mut held);
            if !held.is_empty() {
                shown.insert(urn.clone(), Value::Object(held));
            }
        }
        shown
    }

    /// Takes out extensions of which there is nothing but what is returned on request, and was not
    /// requested: the resource does not say that it has them.
    fn leave_unasked(&self, resource_type: &ResourceType, resource: &mut Object) {
        for extension in &resource_type.extensions {
            let urn = &extension.schema.id;
            let Some(Value::Object(held)) = resource.get(urn) else {
                continue;
            };
            let counts = |attribute: &Attribute| {
                held.contains_key(&attribute.name)
                    && (attribute.returned != Returned::Request || self.shows(urn, attribute))
            };
            if !extension.schema.attributes.iter().any(counts) {
                resource.remove(urn);
            }
        }
    }

    fn shown<'a>(
        &self,
        home: &str,
        attributes: impl IntoIterator<Item = &'a Attribute>,
        held: &mut Object,
    ) -> Object {
        attributes
            .into_iter()
            .filter(|attribute| self.shows(home, attribute))
            .filter_map(|attribute| {
                let value = self.shown_value(home, attribute, held.remove(&attribute.name)?);
                (!is_unassigned(&value)).then(|| (attribute.name.clone(), value))
            })
            .collect()
    }

    fn shown_value(&self, home: &str, attribute: &Attribute, value: Value) -> Value {
        match value {
            Value::Array(values) => values
                .into_iter()
                .map(|value| self.shown_value(home, attribute, value))
                .filter(|value| !is_unassigned(value))
                .collect(),
            Value::Object(mut parts) => attribute
                .sub_attributes
                .iter()
                .filter(|sub| self.shows_sub(home, attribute, sub))
                .filter_map(|sub| Some((sub.name.clone(), parts.remove(&sub.name)?)))
                .filter(|(_, value)| !is_unassigned(value))
                .collect(),
            value => value,
        }
    }

    fn shows(&self, home: &str, attribute: &Attribute) -> bool {
        let named = |keys: &HashSet<Key>| {
            let part = |sub: &Attribute| keys.contains(&key(home, Some(attribute), Some(sub)));
            keys.contains(&key(home, Some(attribute), None))
                || attribute.sub_attributes.iter().any(part)
        };
        match (&self.0, attribute.returned) {
            (_, Returned::Never) => false,
            (_, Returned::Always) => true,
            (View::Default, returned) => returned == Returned::Default,
            // Who names a whole schema has specified all of its attributes.
            (View::Only(keys), _) => {
                let whole = keys.contains(&key(home, None, None));
                named(keys) || whole
            }
            (View::Without(keys), returned) => {
                returned == Returned::Default
                    && !keys.contains(&key(home, None, None))
                    && !keys.contains(&key(home, Some(attribute), None))
            }
        }
    }

    /// Whether a part is shown of an attribute that is.
    fn shows_sub(&self, home: &str, attribute: &Attribute, sub: &Attribute) -> bool {
        let named = |keys: &HashSet<Key>| keys.contains(&key(home, Some(attribute), Some(sub)));
        match (&self.0, sub.returned) {
            (_, Returned::Never) => false,
            (_, Returned::Always) => true,
            (View::Default, returned) => returned == Returned::Default,
            (View::Only(keys), returned) => {
                let whole = || {
                    attribute.returned == Returned::Always
                        || keys.contains(&key(home, Some(attribute), None))
                        || keys.contains(&key(home, None, None))
                };
                named(keys) || (returned == Returned::Default && whole())
            }
            (View::Without(keys), returned) => returned == Returned::Default && !named(keys),
        }
    }
}

fn key(home: &str, attribute: Option<&Attribute>, sub: Option<&Attribute>) -> Key {
    Key {
        urn: home.to_owned(),
        attribute: attribute.map(|attribute| attribute.name.clone()),
        sub: sub.map(|sub| sub.name.clone()),
    }
}

fn keys(resource_type: &ResourceType, list: &str) -> HashSet<Key> {
    let core = &resource_type.schema.id;
    paths(list)
        .filter_map(|path| {
            let path = parse_path(path).ok()?;
            Some(match resource_type.resolve(&path.attr)? {
                Place::Schema(schema) => key(&schema.id, None, None),
                Place::Attribute(Located {
                    urn,
                    attribute,
                    sub,
                }) => key(urn.unwrap_or(core), Some(attribute), sub),
            })
        })
        .collect()
}

/// The paths between the commas that stand outside of brackets and quotes.
fn paths(list: &str) -> impl Iterator<Item = &str> {
    let (mut brackets, mut quoted) = (0_usize, false);
    list.split(move |c: char| {
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => brackets += 1,
            ']' if !quoted => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        c == ',' && brackets == 0 && !quoted
    })
}

#[cfg(test)]
mod tests;

//! The User type of a tenant that has declared attributes of its own: the compiled-in one with an
//! extension more. For all others it is the compiled-in one itself, and costs nothing.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use super::Object;
use super::schema::{Attribute, Extension, ResourceType, Schema, USER};

/// The extension that holds declared attributes.
pub const CUSTOM_URN: &str = "urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User";

/// What users are to a tenant.
#[derive(Debug, Clone, Default)]
pub struct UserType(Option<Arc<ResourceType>>);

impl UserType {
    /// Users with these attributes in the extension of declared ones; there is no such extension
    /// where there are none.
    pub fn with(attributes: Vec<Attribute>) -> Self {
        if attributes.is_empty() {
            return Self(None);
        }
        let mut own = USER.clone();
        own.extensions.push(Extension {
            schema: Schema {
                id: CUSTOM_URN.to_owned(),
                name: "Custom User".to_owned(),
                description: "Attributes that this customer has declared".to_owned(),
                attributes,
            },
            required: false,
        });
        Self(Some(Arc::new(own)))
    }

    /// The type, if it is not the compiled-in one.
    pub fn own(&self) -> Option<&Arc<ResourceType>> {
        self.0.as_ref()
    }

    /// The schema of the declared attributes, if there are any.
    pub fn schema(&self) -> Option<&Schema> {
        Some(&self.0.as_ref()?.extension(CUSTOM_URN)?.schema)
    }
}

impl Deref for UserType {
    type Target = ResourceType;

    fn deref(&self) -> &ResourceType {
        self.0.as_deref().unwrap_or(&USER)
    }
}

impl PartialEq for UserType {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl Eq for UserType {}

/// Whether a body may hold declared attributes.
pub fn is_mentioned(body: &Value) -> bool {
    let is_of = |key: &String| {
        let start = key.get(..CUSTOM_URN.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(CUSTOM_URN))
    };
    body.as_object().is_some_and(|body| body.keys().any(is_of))
}

/// Takes values of attributes that are not declared out of a resource.
pub fn forget_undeclared(users: &UserType, resource: &mut Object) {
    let Some(Value::Object(held)) = resource.get_mut(CUSTOM_URN) else {
        return;
    };
    held.retain(|name, _| {
        let schema = users.schema();
        schema.is_some_and(|schema| schema.attribute(name).is_some())
    });
    if held.is_empty() {
        resource.shift_remove(CUSTOM_URN);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attribute(name: &str) -> Attribute {
        serde_json::from_value(json!({"name": name})).unwrap()
    }

    #[test]
    fn users_without_declared_attributes_are_those_of_everybody() {
        let users = UserType::with(Vec::new());
        assert!(users.own().is_none() && users.schema().is_none());
        assert!(std::ptr::eq(&raw const *users, &raw const *USER));
    }

    #[test]
    fn what_is_not_declared_is_forgotten_and_nothing_else() {
        let held = || {
            let held = json!({"title": "CEO", CUSTOM_URN: {"level": "5", "shoe": "42"}});
            held.as_object().unwrap().clone()
        };
        let mut some = held();
        forget_undeclared(&UserType::with(vec![attribute("level")]), &mut some);
        assert_eq!(
            json!(some),
            json!({"title": "CEO", CUSTOM_URN: {"level": "5"}})
        );
        let mut none = held();
        forget_undeclared(&UserType::default(), &mut none);
        assert_eq!(json!(none), json!({"title": "CEO"}));
    }

    #[test]
    fn a_body_mentions_the_extension_in_any_case_and_by_path() {
        for key in [CUSTOM_URN.to_uppercase(), format!("{CUSTOM_URN}:level")] {
            assert!(is_mentioned(&json!({key.as_str(): 1})), "{key}");
        }
        assert!(!is_mentioned(&json!({"title": "é", "urn:é": 1})));
    }
}

//! What users are to a tenant that has declared attributes of its own.

use std::time::Duration;

use moka::sync::Cache;
use serde_json::Value;

use super::{Caller, Directory, Error, Kind};
use crate::scim::Object;
use crate::scim::custom::{CUSTOM_URN, UserType};
use crate::scim::error::Error as ScimError;
use crate::scim::schema::{Attribute, Mutability, ResourceType, Returned, Type, Uniqueness};
use crate::seats::attribute::{CustomAttribute, CustomType, LONGEST};
use crate::seats::catalog::Catalog;
use crate::store::TenantId;

/// How long another replica may still read users by the declarations there were: nobody asks the
/// database for them with every read. Whoever writes goes by the catalog of their transaction.
const KNOWN: Duration = Duration::from_secs(2);

/// What users are to each tenant, as this replica last heard.
#[derive(Clone)]
pub(super) struct UserTypes(Cache<TenantId, UserType>);

impl Default for UserTypes {
    fn default() -> Self {
        let types = Cache::builder().max_capacity(10_000).time_to_live(KNOWN);
        Self(types.build())
    }
}

/// Users with the attributes that are declared.
pub(super) fn declared(catalog: &Catalog) -> UserType {
    UserType::with(catalog.declared().map(attribute).collect())
}

/// Users with those that are not declared any more and still held as well; `declared` where there
/// are none.
pub(super) fn held(catalog: &Catalog, declared: &UserType) -> UserType {
    if catalog.attributes.iter().all(|a| a.declared) {
        return declared.clone();
    }
    UserType::with(catalog.attributes.iter().map(attribute).collect())
}

fn attribute(a: &CustomAttribute) -> Attribute {
    Attribute {
        name: a.name.clone(),
        kind: match a.kind {
            CustomType::String => Type::String,
            CustomType::Boolean => Type::Boolean,
            CustomType::Integer => Type::Integer,
            CustomType::DateTime => Type::DateTime,
        },
        multi_valued: false,
        required: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        canonical_values: Vec::new(),
        reference_types: Vec::new(),
        description: a.description.clone().unwrap_or_default(),
        sub_attributes: Vec::new(),
    }
}

/// Refuses a text that is newly written and longer than an index holds.
pub(super) fn check(doc: &Object, before: Option<&Object>) -> Result<(), ScimError> {
    let held = |doc: &Object| doc.get(CUSTOM_URN).and_then(Value::as_object).cloned();
    let Some(now) = held(doc) else { return Ok(()) };
    let was = before.and_then(held).unwrap_or_default();
    for (name, value) in &now {
        let length = value.as_str().map_or(0, |text| text.chars().count());
        if length > LONGEST && was.get(name) != Some(value) {
            return Err(ScimError::invalid_value(format!(
                "{CUSTOM_URN}:{name}: has more than {LONGEST} characters"
            )));
        }
    }
    Ok(())
}

impl Caller {
    /// The schemas of a kind of resource, as they are to the caller's tenant.
    pub(super) fn resource_type(&self, kind: Kind) -> &ResourceType {
        match kind {
            Kind::User => &self.users,
            Kind::Group => kind.resource_type(),
        }
    }
}

impl Directory {
    /// What users are to a tenant, no older than two seconds.
    pub async fn user_type(&self, tenant: TenantId) -> Result<UserType, Error> {
        if let Some(known) = self.user_types.0.get(&tenant) {
            return Ok(known);
        }
        let mut session = self.store.read(tenant).await?;
        let users = self.current_rules(&mut session).await?.users.clone();
        self.user_types.0.insert(tenant, users.clone());
        Ok(users)
    }

    /// Asks again at the next read.
    pub(super) fn forget_user_type(&self, tenant: TenantId) {
        self.user_types.0.invalidate(&tenant);
    }
}

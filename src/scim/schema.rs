//! Schemas, resource types and the provider configuration: data, compiled in (RFC 7643 5 to 8.7).
//!
//! Adding an attribute is adding JSON to `scim-schemas/`. Everything that validates, filters,
//! patches or shows a resource asks the [`ResourceType`] that is passed to it, so a tenant's own
//! extension is one more entry in [`ResourceType::extensions`].

mod resolve;

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

pub use resolve::{Located, Place};

/// The core User schema.
pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema.
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of User.
pub const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The coaching extension of User.
pub const COACHING_URN: &str = "urn:ietf:params:scim:schemas:extension:coaching:2.0:User";
/// The schema of schemas.
pub const SCHEMA_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The schema of resource types.
pub const RESOURCE_TYPE_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of the provider configuration.
pub const PROVIDER_CONFIG_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// A PATCH request.
pub const PATCH_OP_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// A list of resources.
pub const LIST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// An error.
pub const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// A query by POST.
pub const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// A bulk request.
pub const BULK_REQUEST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// A bulk response.
pub const BULK_RESPONSE_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A schema: a URN and the attributes it defines (RFC 7643 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The URN.
    pub id: String,
    /// The human-readable name.
    pub name: String,
    /// The human-readable description.
    pub description: String,
    /// The attributes, in the order in which a resource shows them.
    pub attributes: Vec<Attribute>,
}

/// The data type of an attribute (RFC 7643 2.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Type {
    #[default]
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Binary,
    Reference,
    Complex,
}

/// When an attribute may be written (RFC 7643 2.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Mutability {
    ReadOnly,
    #[default]
    ReadWrite,
    Immutable,
    WriteOnly,
}

/// When an attribute is returned (RFC 7643 2.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Returned {
    Always,
    Never,
    #[default]
    Default,
    Request,
}

/// Where a value must be unique (RFC 7643 2.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Uniqueness {
    #[default]
    None,
    Server,
    Global,
}

/// An attribute and its characteristics; what a definition omits is the RFC's default
/// (RFC 7643 2.2 and 7).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// The name, in its canonical case.
    pub name: String,
    /// The data type.
    #[serde(rename = "type", default)]
    pub kind: Type,
    /// Whether it holds a list of values.
    #[serde(default)]
    pub multi_valued: bool,
    /// Whether a resource must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether case matters in comparisons; see [`Attribute::compares_exactly`].
    #[serde(default)]
    pub case_exact: bool,
    /// When it may be written.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is returned.
    #[serde(default)]
    pub returned: Returned,
    /// Where its value must be unique.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// Suggested values; never enforced.
    #[serde(default)]
    pub canonical_values: Vec<String>,
    /// What a reference may point to.
    #[serde(default)]
    pub reference_types: Vec<String>,
    /// The human-readable description.
    #[serde(default)]
    pub description: String,
    /// The parts of a complex attribute.
    #[serde(default)]
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// The sub-attribute of that name, in any case.
    pub fn sub_attribute(&self, name: &str) -> Option<&Self> {
        named(&self.sub_attributes, name)
    }

    /// Whether comparisons heed case. References and binaries always do (RFC 7643 2.3.6, 2.3.7),
    /// although the RFC's own schemas say `caseExact: false` for some of them.
    pub fn compares_exactly(&self) -> bool {
        self.case_exact || matches!(self.kind, Type::Binary | Type::Reference)
    }

    fn is_text(&self) -> bool {
        matches!(self.kind, Type::String | Type::Reference | Type::Binary)
    }
}

/// The attribute of that name, in any case (RFC 7643 2.1).
fn named<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// By hand, since what a definition shows depends on its type: `caseExact` only where there is
/// case, `canonicalValues`, `referenceTypes` and `subAttributes` only where there are any.
impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("type", &self.kind)?;
        map.serialize_entry("multiValued", &self.multi_valued)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("required", &self.required)?;
        if !self.canonical_values.is_empty() {
            map.serialize_entry("canonicalValues", &self.canonical_values)?;
        }
        if self.is_text() {
            map.serialize_entry("caseExact", &self.case_exact)?;
        }
        map.serialize_entry("mutability", &self.mutability)?;
        map.serialize_entry("returned", &self.returned)?;
        map.serialize_entry("uniqueness", &self.uniqueness)?;
        if !self.reference_types.is_empty() {
            map.serialize_entry("referenceTypes", &self.reference_types)?;
        }
        if !self.sub_attributes.is_empty() {
            map.serialize_entry("subAttributes", &self.sub_attributes)?;
        }
        map.end()
    }
}

impl Schema {
    /// The attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        named(&self.attributes, name)
    }

    /// The entry in `/Schemas`; `base` is the root of the SCIM service, without a trailing slash.
    pub fn document(&self, base: &str) -> Value {
        json!({
            "schemas": [SCHEMA_URN],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes,
            "meta": {
                "resourceType": "Schema",
                "location": format!("{base}/Schemas/{}", self.id),
            },
        })
    }
}

/// A schema that a resource type adds to its core schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The schema; its attributes live in an object under its URN.
    pub schema: Schema,
    /// Whether each resource must have it.
    pub required: bool,
}

/// A kind of resource: an endpoint, a core schema, and extensions (RFC 7643 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceType {
    /// The name, also its id.
    pub name: String,
    /// The endpoint below the root, with its slash.
    pub endpoint: String,
    /// The human-readable description.
    pub description: String,
    /// The core schema.
    pub schema: Schema,
    /// What is added to it.
    pub extensions: Vec<Extension>,
}

impl ResourceType {
    /// The entry in `/ResourceTypes`; `base` as in [`Schema::document`].
    pub fn document(&self, base: &str) -> Value {
        let extensions: Vec<Value> = self
            .extensions
            .iter()
            .map(|extension| {
                json!({ "schema": extension.schema.id, "required": extension.required })
            })
            .collect();
        let mut document = json!({
            "schemas": [RESOURCE_TYPE_URN],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema.id,
        });
        if !extensions.is_empty() {
            document["schemaExtensions"] = extensions.into();
        }
        document["meta"] = json!({
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{}", self.name),
        });
        document
    }

    /// The extension of that URN, in any case.
    pub fn extension(&self, urn: &str) -> Option<&Extension> {
        self.extensions
            .iter()
            .find(|extension| extension.schema.id.eq_ignore_ascii_case(urn))
    }

    fn compiled_in(name: &str) -> Self {
        let entries: Vec<ResourceTypeEntry> =
            compiled_in(include_str!("../../scim-schemas/resource-types.json"));
        let entry = listed(entries.into_iter().find(|entry| entry.name == name));
        Self {
            name: entry.name,
            endpoint: entry.endpoint,
            description: entry.description,
            schema: schema(&entry.schema).clone(),
            extensions: entry
                .schema_extensions
                .into_iter()
                .map(|extension| Extension {
                    schema: schema(&extension.schema).clone(),
                    required: extension.required,
                })
                .collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceTypeEntry {
    name: String,
    endpoint: String,
    description: String,
    schema: String,
    #[serde(default)]
    schema_extensions: Vec<ExtensionEntry>,
}

#[derive(Deserialize)]
struct ExtensionEntry {
    schema: String,
    required: bool,
}

/// Users.
pub static USER: LazyLock<ResourceType> = LazyLock::new(|| ResourceType::compiled_in("User"));
/// Groups.
pub static GROUP: LazyLock<ResourceType> = LazyLock::new(|| ResourceType::compiled_in("Group"));

/// What every resource has: `schemas`, `id`, `externalId` and `meta` (RFC 7643 3 and 3.1).
pub static COMMON: LazyLock<Schema> =
    LazyLock::new(|| compiled_in(include_str!("../../scim-schemas/common.json")));

static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    vec![
        compiled_in(include_str!("../../scim-schemas/user.json")),
        compiled_in(include_str!("../../scim-schemas/group.json")),
        compiled_in(include_str!("../../scim-schemas/enterprise-user.json")),
        compiled_in(include_str!("../../scim-schemas/coaching-user.json")),
        compiled_in(include_str!(
            "../../scim-schemas/service-provider-config.json"
        )),
        compiled_in(include_str!("../../scim-schemas/resource-type.json")),
        compiled_in(include_str!("../../scim-schemas/schema.json")),
    ]
});

/// The schemas that `/Schemas` lists, User first.
pub fn schemas() -> Vec<&'static Schema> {
    SCHEMAS.iter().collect()
}

/// The body of `/ServiceProviderConfig`, but for its `meta`.
pub fn provider_config() -> Value {
    compiled_in(include_str!("../../scim-schemas/provider-config.json"))
}

fn schema(urn: &str) -> &'static Schema {
    listed(SCHEMAS.iter().find(|schema| schema.id == urn))
}

#[expect(
    clippy::expect_used,
    reason = "part of the program, and a test looks up each"
)]
fn listed<T>(entry: Option<T>) -> T {
    entry.expect("a schema or resource type that is compiled in")
}

#[expect(
    clippy::expect_used,
    reason = "part of the program, and a test reads each"
)]
fn compiled_in<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("compiled-in JSON of the right shape")
}

#[cfg(test)]
mod tests;

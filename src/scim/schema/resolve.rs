//! From the name in a path to the attribute it means (RFC 7644 3.10).

use super::{Attribute, COMMON, ResourceType, Schema};
use crate::scim::filter::AttrPath;

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// An attribute or a sub-attribute.
    Attribute(Located<'a>),
    /// A whole schema: the extension object, or for the core schema the resource itself.
    Schema(&'a Schema),
}

/// An attribute and where it lives.
#[derive(Debug, Clone, Copy)]
pub struct Located<'a> {
    /// The extension whose object holds it; `None` at the root of the resource.
    pub urn: Option<&'a str>,
    /// The attribute.
    pub attribute: &'a Attribute,
    /// Its part, where the path names one.
    pub sub: Option<&'a Attribute>,
}

impl Located<'_> {
    /// What the path names in the end.
    pub fn leaf(&self) -> &Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The keys from the root of a resource.
    pub fn keys(&self) -> Vec<String> {
        let urn = self.urn.into_iter();
        urn.chain([self.attribute.name.as_str()])
            .chain(self.sub.map(|sub| sub.name.as_str()))
            .map(str::to_owned)
            .collect()
    }
}

impl ResourceType {
    /// The attribute that a path names: qualified by a URN, or of the core schema or common to all
    /// resources, or of the one extension that has it. Names match in any case.
    pub fn find(&self, path: &AttrPath) -> Option<Located<'_>> {
        match self.resolve(path)? {
            Place::Attribute(located) => Some(located),
            Place::Schema(_) => None,
        }
    }

    /// Like [`ResourceType::find`], but the path may also be the URN of a schema.
    pub fn resolve(&self, path: &AttrPath) -> Option<Place<'_>> {
        let Some(urn) = &path.urn else {
            return self.unqualified(path).map(Place::Attribute);
        };
        if let Some(home) = self.home(urn) {
            return home
                .locate(&path.attr, path.sub.as_deref())
                .map(Place::Attribute);
        }
        // The last colon splits a URN from its attribute, so `urn:…:2.0:User` alone came apart as
        // the attribute `User`, and `urn:…:2.0:User.manager` as its sub-attribute `manager`.
        let home = self.home(&format!("{urn}:{}", path.attr))?;
        match &path.sub {
            Some(attribute) => home.locate(attribute, None).map(Place::Attribute),
            None => Some(Place::Schema(home.schema)),
        }
    }

    fn unqualified(&self, path: &AttrPath) -> Option<Located<'_>> {
        let sub = path.sub.as_deref();
        let core = Home {
            urn: None,
            schema: &self.schema,
        };
        if core.has(&path.attr) {
            return core.locate(&path.attr, sub);
        }
        let mut having = self
            .extensions
            .iter()
            .map(|extension| Home::extension(&extension.schema))
            .filter(|home| home.has(&path.attr));
        match (having.next(), having.next()) {
            (Some(home), None) => home.locate(&path.attr, sub),
            _ => None,
        }
    }

    fn home(&self, urn: &str) -> Option<Home<'_>> {
        if self.schema.id.eq_ignore_ascii_case(urn) {
            return Some(Home {
                urn: None,
                schema: &self.schema,
            });
        }
        self.extension(urn)
            .map(|extension| Home::extension(&extension.schema))
    }
}

/// A schema and the key of the object that holds its attributes.
#[derive(Clone, Copy)]
struct Home<'a> {
    urn: Option<&'a str>,
    schema: &'a Schema,
}

impl<'a> Home<'a> {
    fn extension(schema: &'a Schema) -> Self {
        Self {
            urn: Some(&schema.id),
            schema,
        }
    }

    fn has(self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// The common attributes belong to each core schema (RFC 7643 3.1).
    fn attribute(self, name: &str) -> Option<&'a Attribute> {
        let common = || {
            if self.urn.is_none() {
                COMMON.attribute(name)
            } else {
                None
            }
        };
        self.schema.attribute(name).or_else(common)
    }

    fn locate(self, name: &str, sub: Option<&str>) -> Option<Located<'a>> {
        let attribute = self.attribute(name)?;
        let sub = match sub {
            Some(name) => Some(attribute.sub_attribute(name)?),
            None => None,
        };
        Some(Located {
            urn: self.urn,
            attribute,
            sub,
        })
    }
}

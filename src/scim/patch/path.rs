//! What a PATCH path points at.

use crate::scim::error::Error;
use crate::scim::filter::{Filter, PatchPath};
use crate::scim::schema::{Located, Mutability, Place, ResourceType, Schema};

/// The target of an operation.
pub(in crate::scim) enum Target<'a> {
    /// All of a schema: an extension, or the core schema.
    Schema(&'a Schema),
    /// An attribute; of a list, the values that the filter chooses.
    Attribute {
        /// The attribute, and its part if the path names one.
        located: Located<'a>,
        /// What chooses values.
        filter: Option<&'a Filter>,
    },
}

/// Finds the target of a path.
///
/// # Errors
/// 400 `invalidPath` if there is no such attribute, or a filter where there is no list.
pub(in crate::scim) fn resolve<'a>(
    resource_type: &'a ResourceType,
    path: &'a PatchPath,
) -> Result<Target<'a>, Error> {
    let invalid = |why: &str| Error::invalid_path(format!("`{}` {why}.", path.attr.label()));
    let place = resource_type.resolve(&path.attr);
    let place =
        place.ok_or_else(|| invalid(&format!("is not an attribute of {}", resource_type.name)))?;
    let Some(filter) = &path.filter else {
        return Ok(match place {
            Place::Schema(schema) => Target::Schema(schema),
            Place::Attribute(located) => Target::Attribute {
                located,
                filter: None,
            },
        });
    };
    match place {
        Place::Attribute(Located {
            urn,
            attribute,
            sub: None,
        }) if attribute.multi_valued => {
            let sub = match &path.sub {
                Some(name) => Some(attribute.sub_attribute(name).ok_or_else(|| {
                    invalid(&format!(
                        "has no sub-attribute of that name: {}",
                        clipped(name)
                    ))
                })?),
                None => None,
            };
            let located = Located {
                urn,
                attribute,
                sub,
            };
            Ok(Target::Attribute {
                located,
                filter: Some(filter),
            })
        }
        _ => Err(invalid(
            "holds no list of values that a filter could choose from",
        )),
    }
}

/// Whether a client may not write the attribute, or the part of it.
pub(in crate::scim) fn is_read_only(located: &Located<'_>) -> bool {
    located.attribute.mutability == Mutability::ReadOnly
        || located.leaf().mutability == Mutability::ReadOnly
}

fn clipped(name: &str) -> &str {
    name.get(..100).unwrap_or(name)
}

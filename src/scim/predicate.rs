//! A filter typed against a resource type: what [`super::matches`] and the SQL evaluate.
//!
//! The rules that the RFC leaves open (RFC 7644 3.4.2.2), decided here once for both:
//! * Two-valued logic: `not` is the complement, and what is absent is never equal to anything.
//! * `ne` holds if the attribute is absent or different. On a list, as with every operator, one
//!   value that satisfies it is enough; a list without values has none.
//! * `eq null` is `not (… pr)`, `ne null` is `… pr` (RFC 7643 2.5).
//! * A comparison of a complex attribute compares its `value`.

mod compile;

use super::error::Error;
use super::filter::{AttrPath, Op};
use super::schema::{Attribute, Located, ResourceType, Returned, Type};

pub(super) use compile::compile_values;
pub use compile::{compile, compile_across};

/// A typed filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// All hold; with none to hold, true.
    And(Vec<Predicate>),
    /// At least one holds; with none to hold, false.
    Or(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// The target passes the test; if it is a list of simple values, one of them does.
    Test(Target, Test),
    /// One element of a list satisfies `each`, whose paths start at the element. A path without
    /// keys is the element itself.
    Any {
        /// The list.
        target: Target,
        /// What one element must satisfy.
        each: Box<Predicate>,
    },
}

/// Where a value is in the [`super::comparable`] form of a resource, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The keys to follow, in canonical case:
    /// `["urn:…:enterprise:2.0:User", "manager", "value"]`.
    pub path: Vec<String>,
    /// The type of what is there.
    pub kind: Type,
    /// Whether case matters; where it does not, both sides are folded.
    pub case_exact: bool,
    /// Whether a list is there.
    pub multi_valued: bool,
    /// When sorting by a list of complex values: the keys of the list. `path` then starts at its
    /// primary element, or its first if none is primary (RFC 7644 3.4.2.3).
    pub primary_of: Option<Vec<String>>,
}

/// What is asked of a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It has a value.
    Present,
    /// It compares with the operand.
    Compare(Op, Operand),
}

/// A literal in the type of its target.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Text, [folded](fold) where case does not matter. Texts are ordered by code point.
    Text(String),
    /// A number.
    Number(f64),
    /// A truth value, for `eq` and `ne`.
    Bool(bool),
    /// Milliseconds since 1970.
    Instant(i64),
}

/// Text without its case, as every comparison that ignores case sees it.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// What `sortBy` names (RFC 7644 3.4.2.3).
///
/// # Errors
/// 400 `invalidValue` if nothing has that name or it has no order.
pub fn sort_target(resource_type: &ResourceType, name: &str) -> Result<Target, Error> {
    let refuse = |why: &str| Err(Error::invalid_value(format!("`sortBy` {why}.")));
    let Ok(path) = name.parse::<AttrPath>() else {
        return refuse("must be the name of an attribute");
    };
    let Some(located) = resource_type.find(&path) else {
        return refuse(&format!(
            "names `{}`, which no {} has",
            path.label(),
            resource_type.name
        ));
    };
    let Some(reach) = Reach::from(located).comparable() else {
        return refuse(&format!("names `{}`, which has no order", path.label()));
    };
    let primary_of = reach.is_in_list().then(|| reach.keys.clone());
    Ok(Target {
        primary_of,
        ..reach.target()
    })
}

/// An attribute and the keys that lead to it.
struct Reach<'a> {
    keys: Vec<String>,
    attribute: &'a Attribute,
    sub: Option<&'a Attribute>,
    /// Whether the keys lead to a list.
    to_list: bool,
}

impl<'a> From<Located<'a>> for Reach<'a> {
    fn from(located: Located<'a>) -> Self {
        let Located { attribute, sub, .. } = located;
        let keys = Located {
            sub: None,
            ..located
        }
        .keys();
        Self {
            keys,
            attribute,
            sub,
            to_list: attribute.multi_valued,
        }
    }
}

impl<'a> Reach<'a> {
    fn leaf(&self) -> &'a Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// Whether the leaf is a part of each element of a list.
    fn is_in_list(&self) -> bool {
        self.to_list && self.sub.is_some()
    }

    /// A match on what is never returned would tell what it is.
    fn is_secret(&self) -> bool {
        self.attribute.returned == Returned::Never || self.leaf().returned == Returned::Never
    }

    /// The attribute itself, or the `value` of a complex one; `None` if that has none, and for
    /// secrets.
    fn comparable(mut self) -> Option<Self> {
        if self.leaf().kind == Type::Complex {
            self.sub = Some(self.attribute.sub_attribute("value")?);
        }
        (!self.is_secret()).then_some(self)
    }

    /// The list.
    fn list(&self) -> Target {
        Target::of(self.keys.clone(), self.attribute, self.to_list)
    }

    /// The leaf, from the element where there is a list on the way.
    fn target(&self) -> Target {
        let mut path = if self.is_in_list() {
            Vec::new()
        } else {
            self.keys.clone()
        };
        path.extend(self.sub.map(|sub| sub.name.clone()));
        let multi_valued = self.sub.map_or(self.to_list, |sub| sub.multi_valued);
        Target::of(path, self.leaf(), multi_valued)
    }

    fn test(&self, test: Test) -> Predicate {
        let tested = Predicate::Test(self.target(), test);
        if self.is_in_list() {
            Predicate::Any {
                target: self.list(),
                each: Box::new(tested),
            }
        } else {
            tested
        }
    }
}

impl Target {
    fn of(path: Vec<String>, attribute: &Attribute, multi_valued: bool) -> Self {
        Self {
            path,
            kind: attribute.kind,
            case_exact: attribute.compares_exactly(),
            multi_valued,
            primary_of: None,
        }
    }
}

#[cfg(test)]
mod tests;

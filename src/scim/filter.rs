//! Filters and PATCH paths: one grammar, one parser (RFC 7644 figure 1 and 3.5.2).
//!
//! This is text and shape only; whether the attributes exist, and what their values are, is
//! [`super::predicate`].

mod display;
mod parser;

use std::str::FromStr;

use super::error::Error;

/// The longest filter or path that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;
/// How deep parentheses and brackets may nest.
pub const MAX_DEPTH: usize = 20;
/// How many comparisons a filter may hold.
pub const MAX_TERMS: usize = 100;

const MAX_LABEL: usize = 200;

/// The name of an attribute: `userName`, `name.familyName`,
/// `urn:…:enterprise:2.0:User:manager.value`.
///
/// The URN of a schema alone comes apart at its last colon like any other name;
/// [`super::schema::ResourceType::resolve`], which knows the schemas, puts it together again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttrPath {
    /// The schema URN before the last colon.
    pub urn: Option<String>,
    /// The attribute.
    pub attr: String,
    /// The sub-attribute.
    pub sub: Option<String>,
}

impl AttrPath {
    /// The path as an error names it: cut off where it is too long to be a name.
    pub(super) fn label(&self) -> String {
        self.to_string().chars().take(MAX_LABEL).collect()
    }
}

impl FromStr for AttrPath {
    type Err = Error;

    /// Reads a name that stands alone, such as a `sortBy` or the key of a PATCH value.
    fn from_str(text: &str) -> Result<Self, Error> {
        parser::attr_path(text)
    }
}

/// A comparison operator (RFC 7644 table 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// equal
    Eq,
    /// not equal
    Ne,
    /// contains
    Co,
    /// starts with
    Sw,
    /// ends with
    Ew,
    /// greater than
    Gt,
    /// greater than or equal
    Ge,
    /// less than
    Lt,
    /// less than or equal
    Le,
}

impl Op {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    fn named(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|op| op.as_str().eq_ignore_ascii_case(word))
    }
}

/// The value that an attribute is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A JSON string, or a bareword: `userName sw O` (a leniency that Microsoft's tests rely on).
    Text(String),
    /// A JSON number.
    Number(serde_json::Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl Literal {
    /// The literal as text, whatever its quotes; `None` for null.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(bool) => Some(bool.to_string()),
            Self::Null => None,
        }
    }
}

/// A filter as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// At least one holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The attribute has a value (`pr`).
    Present(AttrPath),
    /// The attribute compares with the literal.
    Compare(AttrPath, Op, Literal),
    /// One value of the attribute satisfies the filter: `emails[type eq "work"]`.
    ///
    /// `emails[type eq "work"].value eq "x"`, which Entra sends, is read as
    /// `emails[type eq "work" and value eq "x"]`: the same element must satisfy both.
    Has(AttrPath, Box<Filter>),
}

/// The path of a PATCH operation: `attrPath / valuePath [subAttr]` (RFC 7644 figure 7).
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    /// The attribute; with its sub-attribute, where there is no filter.
    pub attr: AttrPath,
    /// The filter in brackets, which chooses values of the attribute.
    pub filter: Option<Filter>,
    /// The sub-attribute after the brackets.
    pub sub: Option<String>,
}

impl From<AttrPath> for PatchPath {
    fn from(attr: AttrPath) -> Self {
        Self {
            attr,
            filter: None,
            sub: None,
        }
    }
}

/// Reads a filter.
///
/// # Errors
/// 400 `invalidFilter`, saying what was expected at which column, or which limit was passed.
pub fn parse(text: &str) -> Result<Filter, Error> {
    parser::filter(text)
}

/// Reads the path of a PATCH operation.
///
/// # Errors
/// 400 `invalidPath`, or `invalidFilter` where the filter in its brackets is at fault.
pub fn parse_path(text: &str) -> Result<PatchPath, Error> {
    parser::patch_path(text)
}

#[cfg(test)]
mod tests;

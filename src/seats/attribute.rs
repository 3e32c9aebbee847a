//! Attributes of people that a tenant declares for itself.

use super::named;

named! {
    /// What values of a declared attribute are: the SCIM types that fit one cell of a file.
    CustomType {
        /// Text, compared without its case.
        String = "string",
        /// True or false.
        Boolean = "boolean",
        /// A whole number.
        Integer = "integer",
        /// An instant.
        DateTime = "dateTime",
    }
}

/// An attribute that a tenant has declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomAttribute {
    /// Its name, of letters, digits, `-` and `_`.
    pub name: String,
    /// What its values are.
    pub kind: CustomType,
    /// What it says of a person.
    pub description: Option<String>,
    /// Where its values come from, in the operators' words.
    pub source: Option<String>,
    /// Whether it is shown. One that is undeclared stays for as long as people hold values of it.
    pub declared: bool,
}

/// Attributes that a tenant may declare.
pub const MOST: usize = 100;

/// Characters of a value at most: an index holds them.
pub const LONGEST: usize = 500;

/// A name as headers of files are compared: `Cost Type`, `costType` and `cost-type` are one.
pub fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

//! Where the values that a filter asks for are kept.

use std::fmt::Write as _;

use super::Scope;
use crate::scim::filter::Op;
use crate::scim::predicate::{Operand, Predicate, Target, Test};

/// How a value is written in SQL.
pub(super) enum Column {
    /// Text or null.
    Text(String),
    /// A UUID column, compared as text but for equality.
    Id(&'static str),
    /// An instant column.
    Instant(&'static str),
    /// A JSON value of the target's type.
    Json(String, Vec<String>),
}

/// Whether the target is a list that the database keeps as rows.
pub(super) fn is_rows(target: &Target, scope: Scope<'_>) -> bool {
    match scope {
        Scope::User => target.path == ["groups"],
        Scope::Group => target.path == ["members"],
        _ => false,
    }
}

/// The value that `each` asks its sub-attribute to equal, by itself or as one of several tests.
pub(super) fn equal_to<'p>(each: &'p Predicate, name: &str) -> Option<&'p str> {
    match each {
        Predicate::Test(target, Test::Compare(Op::Eq, Operand::Text(text)))
            if target.path == [name] =>
        {
            Some(text)
        }
        Predicate::And(all) => all.iter().find_map(|part| equal_to(part, name)),
        _ => None,
    }
}

pub(super) fn json(target: &Target, scope: Scope<'_>) -> (String, Vec<String>) {
    let base = match scope {
        Scope::User | Scope::UserOfGroup => "m.search",
        Scope::Group | Scope::GroupOfUser => "g.search",
        Scope::GroupOfGroup => "c.search",
        Scope::Element(value) => value,
    };
    (base.to_owned(), target.path.clone())
}

pub(super) fn column(target: &Target, scope: Scope<'_>) -> Column {
    let path: Vec<&str> = target.path.iter().map(String::as_str).collect();
    let quoted = |text: &str| Column::Text(format!("'{text}'"));
    match (scope, path.as_slice()) {
        (Scope::User, ["id"]) | (Scope::UserOfGroup, ["value"]) => Column::Id("m.scim_id"),
        (Scope::User, ["userName"]) => Column::Text("m.user_name_key".into()),
        (Scope::User, ["externalId"]) => Column::Text("m.external_id".into()),
        (Scope::User, ["meta", "created"]) => Column::Instant("m.created_at"),
        (Scope::User, ["meta", "lastModified"]) => Column::Instant("m.last_modified"),
        (Scope::User, ["meta", "version"]) => version("m.version"),
        (Scope::User, ["meta", "resourceType"]) => quoted("User"),
        (Scope::Group, ["id"]) | (Scope::GroupOfUser, ["value"]) => Column::Id("g.id"),
        (Scope::Group, ["displayName"]) | (Scope::GroupOfUser, ["display"]) => {
            Column::Text("g.display_key".into())
        }
        (Scope::Group, ["externalId"]) => Column::Text("g.external_id".into()),
        (Scope::Group, ["meta", "created"]) => Column::Instant("g.created_at"),
        (Scope::Group, ["meta", "lastModified"]) => Column::Instant("g.last_modified"),
        (Scope::Group, ["meta", "version"]) => version("g.version"),
        (Scope::Group, ["meta", "resourceType"]) => quoted("Group"),
        (Scope::GroupOfUser, ["type"]) => quoted("direct"),
        (Scope::UserOfGroup, ["type"]) => quoted("user"),
        (Scope::UserOfGroup, ["display"]) => {
            Column::Json("m.search".into(), vec!["displayName".into()])
        }
        (Scope::GroupOfGroup, ["value"]) => Column::Id("c.id"),
        (Scope::GroupOfGroup, ["display"]) => Column::Text("c.display_key".into()),
        (Scope::GroupOfGroup, ["type"]) => quoted("group"),
        // Where it is shown depends on the server's address, so it can only be absent here.
        (Scope::UserOfGroup | Scope::GroupOfGroup | Scope::GroupOfUser, _) => {
            Column::Text("cast(null as text)".into())
        }
        (Scope::User | Scope::Group, ["meta", "location"]) => {
            Column::Text("cast(null as text)".into())
        }
        _ => {
            let (base, path) = json(target, scope);
            Column::Json(base, path)
        }
    }
}

fn version(column: &str) -> Column {
    Column::Text(format!("('W/\"' || {column} || '\"')"))
}

pub(super) fn sqlite_path(path: &[String]) -> String {
    let mut text = String::from("'$");
    for key in path {
        let _ = write!(text, ".\"{}\"", plain(key));
    }
    text + "'"
}

pub(super) fn postgres_path(path: &[String]) -> String {
    let keys: Vec<_> = path
        .iter()
        .map(|key| format!("\"{}\"", plain(key)))
        .collect();
    format!("'{{{}}}'", keys.join(","))
}

/// Attribute names and URNs hold nothing that SQL or a JSON path could mistake (RFC 7643 2.1); this
/// keeps it so whatever schemas are loaded.
fn plain(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_ascii_alphanumeric() || ":._-$".contains(*c))
        .collect()
}

/// A UUID kept as bytes, as it is shown.
pub(super) fn hyphenated(name: &str) -> String {
    let part = |from: u8, length: u8| format!("substr(hex({name}), {from}, {length})");
    let parts = [
        part(1, 8),
        part(9, 4),
        part(13, 4),
        part(17, 4),
        part(21, 12),
    ];
    format!("lower({})", parts.join(" || '-' || "))
}

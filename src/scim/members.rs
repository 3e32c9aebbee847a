//! The members of a group. They are rows, not part of the resource, so what a request says of them
//! is taken out of it first: a change of one member never touches the others.

use std::collections::HashSet;

use serde_json::Value;

use super::comparable::element;
use super::error::Error;
use super::filter::{Filter, Literal, Op, PatchPath};
use super::matches::chooses;
use super::patch::{OpKind, Operation, Target, expand, resolve};
use super::predicate::{Predicate, compile_values};
use super::schema::{Attribute, GROUP_URN, ResourceType};
use super::value::is_unassigned;

/// The most member values in one request.
pub const MAX_MEMBERS: usize = 10_000;

/// One change of the membership, as a set.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberOp {
    /// These are members.
    Add(Vec<Member>),
    /// These are not.
    Remove(Vec<String>),
    /// Nobody is.
    RemoveAll,
    /// Exactly these are.
    Replace(Vec<Member>),
    /// Who satisfies the predicate, over the sub-attributes of `members`, is not.
    RemoveWhere(Predicate),
}

/// Who is or shall be a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// The id.
    pub value: String,
    /// What it is the id of, if that was said, by `type` or `$ref`.
    pub kind: Option<MemberKind>,
}

/// What a member can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum MemberKind {
    User,
    Group,
}

/// Takes the operations on `members` out; both kinds stay in their order.
///
/// # Errors
/// 400 `tooMany` above [`MAX_MEMBERS`] values, `mutability` for a write to a part of a member,
/// `invalidValue` for what is no member.
pub fn split(
    resource_type: &ResourceType,
    operations: Vec<Operation>,
) -> Result<(Vec<Operation>, Vec<MemberOp>), Error> {
    let mut others = Vec::with_capacity(operations.len());
    let mut changes = Vec::new();
    let mut allowance = MAX_MEMBERS;
    for operation in operations {
        for operation in expand(resource_type, operation)? {
            let Operation { op, path, value } = operation;
            match members_in(resource_type, path.as_ref())? {
                Some(chosen) => push(&mut changes, change(&chosen, op, value, &mut allowance)?),
                None => others.push(Operation { op, path, value }),
            }
        }
    }
    Ok((others, changes))
}

/// Whether the predicate of a [`MemberOp::RemoveWhere`] chooses a member, given as it is shown.
pub fn chosen(resource_type: &ResourceType, predicate: &Predicate, member: &Value) -> bool {
    let Some(members) = resource_type.schema.attribute("members") else {
        return false;
    };
    element(members, member).is_some_and(|member| chooses(predicate, &member))
}

/// Takes `members` out of the body of a POST or PUT; `None` if it says nothing of them.
///
/// # Errors
/// As [`split`].
pub fn take(body: &mut Value) -> Result<Option<Vec<Member>>, Error> {
    let Value::Object(attributes) = body else {
        return Ok(None);
    };
    let qualified = format!("{GROUP_URN}:members");
    let is_members =
        |key: &str| key.eq_ignore_ascii_case("members") || key.eq_ignore_ascii_case(&qualified);
    let keys: Vec<String> = attributes
        .keys()
        .filter(|key| is_members(key))
        .cloned()
        .collect();
    let mut taken = None;
    let mut allowance = MAX_MEMBERS;
    for key in keys {
        if let Some(value) = attributes.remove(&key) {
            taken = Some(members(value, &mut allowance)?);
        }
    }
    Ok(taken)
}

/// What a path chooses of the members, if it is a path of theirs.
struct Chosen<'a> {
    attribute: &'a Attribute,
    filter: Option<&'a Filter>,
}

fn members_in<'a>(
    resource_type: &'a ResourceType,
    path: Option<&'a PatchPath>,
) -> Result<Option<Chosen<'a>>, Error> {
    let Some(path) = path else { return Ok(None) };
    match resolve(resource_type, path)? {
        Target::Attribute { located, filter }
            if located.urn.is_none() && located.attribute.name == "members" =>
        {
            if located.sub.is_some() {
                return Err(immutable());
            }
            Ok(Some(Chosen {
                attribute: located.attribute,
                filter,
            }))
        }
        _ => Ok(None),
    }
}

fn change(
    chosen: &Chosen<'_>,
    op: OpKind,
    value: Option<Value>,
    allowance: &mut usize,
) -> Result<MemberOp, Error> {
    match (op, chosen.filter) {
        (OpKind::Remove, Some(filter)) => remove_chosen(chosen.attribute, filter, allowance),
        (OpKind::Remove, None) => remove(value, allowance),
        (_, Some(_)) => Err(immutable()),
        (OpKind::Add, None) => members(given(value)?, allowance).map(MemberOp::Add),
        (OpKind::Replace, None) => members(given(value)?, allowance).map(MemberOp::Replace),
    }
}

fn immutable() -> Error {
    Error::mutability("A member is added or removed as a whole; its parts are immutable.")
}

fn given(value: Option<Value>) -> Result<Value, Error> {
    value.ok_or_else(|| Error::invalid_value("The operation on `members` needs a value."))
}

fn remove(value: Option<Value>, allowance: &mut usize) -> Result<MemberOp, Error> {
    match value {
        None | Some(Value::Null) => Ok(MemberOp::RemoveAll),
        Some(value) => {
            let members = members(value, allowance)?;
            Ok(MemberOp::Remove(
                members.into_iter().map(|member| member.value).collect(),
            ))
        }
    }
}

fn remove_chosen(
    attribute: &Attribute,
    filter: &Filter,
    allowance: &mut usize,
) -> Result<MemberOp, Error> {
    let mut ids = Vec::new();
    if names_ids(filter, &mut ids) {
        spend(allowance, ids.len())?;
        return Ok(MemberOp::Remove(ids));
    }
    compile_values(attribute, filter).map(MemberOp::RemoveWhere)
}

/// Whether the filter is `value eq "id"`, or an `or` of such; then no other member is looked at.
fn names_ids(filter: &Filter, ids: &mut Vec<String>) -> bool {
    match filter {
        Filter::Or(left, right) => names_ids(left, ids) && names_ids(right, ids),
        Filter::Compare(path, Op::Eq, Literal::Text(id)) => {
            ids.push(id.clone());
            path.urn.is_none() && path.attr.eq_ignore_ascii_case("value") && path.sub.is_none()
        }
        _ => false,
    }
}

/// Each member once, whatever shape they were sent in.
fn members(value: Value, allowance: &mut usize) -> Result<Vec<Member>, Error> {
    let values = match value {
        Value::Array(values) => values,
        value if is_unassigned(&value) => Vec::new(),
        value => vec![value],
    };
    spend(allowance, values.len())?;
    let mut seen = HashSet::with_capacity(values.len());
    let mut members = Vec::with_capacity(values.len());
    for value in values.iter().filter(|value| !value.is_null()) {
        let member = member(value)?;
        if seen.insert(member.value.clone()) {
            members.push(member);
        }
    }
    Ok(members)
}

fn spend(allowance: &mut usize, values: usize) -> Result<(), Error> {
    let detail = || format!("One request may name at most {MAX_MEMBERS} members.");
    *allowance = allowance
        .checked_sub(values)
        .ok_or_else(|| Error::too_many(detail()))?;
    Ok(())
}

fn member(value: &Value) -> Result<Member, Error> {
    let (id, kind) = match value {
        Value::String(id) => (Some(id.as_str()), None),
        value => (text(value, "value"), kind(value)),
    };
    match id {
        Some(id) if !id.is_empty() && !id.contains('\0') => Ok(Member {
            value: id.to_owned(),
            kind,
        }),
        _ => Err(Error::invalid_value(
            "Each of `members` needs an id as its `value`.",
        )),
    }
}

fn kind(value: &Value) -> Option<MemberKind> {
    let by_type = text(value, "type").and_then(|kind| {
        [("User", MemberKind::User), ("Group", MemberKind::Group)]
            .into_iter()
            .find_map(|(name, known)| name.eq_ignore_ascii_case(kind).then_some(known))
    });
    by_type.or_else(|| {
        let reference = text(value, "$ref")?;
        [
            ("/Users/", MemberKind::User),
            ("/Groups/", MemberKind::Group),
        ]
        .into_iter()
        .find_map(|(endpoint, known)| reference.contains(endpoint).then_some(known))
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    let parts = value.as_object()?;
    parts
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?
        .1
        .as_str()
}

/// Neighbours of a kind become one, so that a thousand removes are one statement.
fn push(changes: &mut Vec<MemberOp>, change: MemberOp) {
    match (changes.last_mut(), change) {
        (Some(MemberOp::Add(members)), MemberOp::Add(more)) => members.extend(more),
        (Some(MemberOp::Remove(ids)), MemberOp::Remove(more)) => ids.extend(more),
        (_, change) => changes.push(change),
    }
}

#[cfg(test)]
mod tests;

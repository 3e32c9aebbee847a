//! From a filter to a predicate: names resolved, literals typed, senseless comparisons refused.

use super::{Operand, Predicate, Reach, Test, fold};
use crate::scim::error::Error;
use crate::scim::filter::{AttrPath, Filter, Literal, Op};
use crate::scim::schema::{Attribute, ResourceType, Type};
use crate::scim::value::{boolean, epoch_millis};

/// Types a filter against a resource type.
///
/// # Errors
/// 400 `invalidFilter`, naming the attribute that is unknown, secret, or not comparable that way.
pub fn compile(resource_type: &ResourceType, filter: &Filter) -> Result<Predicate, Error> {
    let mut compiler = Compiler {
        scope: Scope::Resource(resource_type),
        unknown: Vec::new(),
    };
    let predicate = compiler.predicate(filter)?;
    match compiler.unknown.first() {
        Some(path) => Err(unknown(path, &resource_type.name)),
        None => Ok(predicate),
    }
}

/// Types a filter against several resource types, for a query at the root (RFC 7644 3.4.2.1): an
/// attribute that one of them lacks matches nothing there.
///
/// # Errors
/// As [`compile`]; an attribute is unknown if no type has it.
pub fn compile_across(
    resource_types: &[&ResourceType],
    filter: &Filter,
) -> Result<Vec<Predicate>, Error> {
    let mut predicates = Vec::with_capacity(resource_types.len());
    let mut unknown_to_all: Option<Vec<AttrPath>> = None;
    for resource_type in resource_types {
        let mut compiler = Compiler {
            scope: Scope::Resource(resource_type),
            unknown: Vec::new(),
        };
        predicates.push(compiler.predicate(filter)?);
        let unknown_here = compiler.unknown;
        unknown_to_all = Some(match unknown_to_all {
            Some(paths) => paths
                .into_iter()
                .filter(|path| unknown_here.contains(path))
                .collect(),
            None => unknown_here,
        });
    }
    match unknown_to_all.unwrap_or_default().first() {
        Some(path) => Err(unknown(path, "no resource type")),
        None => Ok(predicates),
    }
}

/// Types the filter of a PATCH path, which chooses values of the attribute. Its targets start at
/// the value.
pub(in crate::scim) fn compile_values(
    attribute: &Attribute,
    filter: &Filter,
) -> Result<Predicate, Error> {
    within(attribute, Vec::new(), filter)
}

struct Compiler<'a> {
    scope: Scope<'a>,
    unknown: Vec<AttrPath>,
}

/// What the names in a filter are names of.
#[derive(Clone)]
enum Scope<'a> {
    Resource(&'a ResourceType),
    /// Inside brackets: the parts of one value, below the keys of `prefix`.
    Value {
        attribute: &'a Attribute,
        prefix: Vec<String>,
    },
}

/// What can never match.
const NOTHING: Predicate = Predicate::Or(Vec::new());

impl<'a> Compiler<'a> {
    fn predicate(&mut self, filter: &Filter) -> Result<Predicate, Error> {
        match filter {
            Filter::And(left, right) => {
                let mut all = match self.predicate(left)? {
                    Predicate::And(all) => all,
                    one => vec![one],
                };
                all.push(self.predicate(right)?);
                Ok(Predicate::And(all))
            }
            Filter::Or(left, right) => {
                let mut any = match self.predicate(left)? {
                    Predicate::Or(any) if !any.is_empty() => any,
                    one => vec![one],
                };
                any.push(self.predicate(right)?);
                Ok(Predicate::Or(any))
            }
            Filter::Not(filter) => Ok(not(self.predicate(filter)?)),
            Filter::Present(path) | Filter::Compare(path, Op::Ne, Literal::Null) => {
                self.present(path)
            }
            Filter::Compare(path, Op::Eq, Literal::Null) => Ok(not(self.present(path)?)),
            Filter::Compare(path, op, literal) => self.compare(path, *op, literal),
            Filter::Has(path, each) => self.has(path, each),
        }
    }

    fn present(&mut self, path: &AttrPath) -> Result<Predicate, Error> {
        let Some(reach) = self.reach(path) else {
            return Ok(NOTHING);
        };
        if reach.is_secret() {
            return Err(not_comparable(path));
        }
        Ok(reach.test(Test::Present))
    }

    fn compare(&mut self, path: &AttrPath, op: Op, literal: &Literal) -> Result<Predicate, Error> {
        let Some(reach) = self.reach(path) else {
            return Ok(NOTHING);
        };
        let reach = reach.comparable().ok_or_else(|| not_comparable(path))?;
        if !has_operator(reach.leaf().kind, op) {
            let detail = format!("`{}` has no operator `{}`.", path.label(), op.as_str());
            return Err(Error::invalid_filter(detail));
        }
        let operand = operand(reach.leaf(), literal).ok_or_else(|| {
            let detail = format!(
                "`{}` is compared with a value of another type.",
                path.label()
            );
            Error::invalid_filter(detail)
        })?;
        Ok(reach.test(Test::Compare(op, operand)))
    }

    fn has(&mut self, path: &AttrPath, each: &Filter) -> Result<Predicate, Error> {
        let Some(reach) = self.reach(path) else {
            return Ok(NOTHING);
        };
        let holds_values = reach.to_list || reach.attribute.kind == Type::Complex;
        if reach.sub.is_some() || reach.is_secret() || !holds_values {
            return Err(not_comparable(path));
        }
        let prefix = if reach.to_list {
            Vec::new()
        } else {
            reach.keys.clone()
        };
        let each = within(reach.attribute, prefix, each)?;
        if reach.to_list {
            Ok(Predicate::Any {
                target: reach.list(),
                each: Box::new(each),
            })
        } else {
            Ok(each)
        }
    }

    /// Notes the path as unknown if there is nothing of that name.
    fn reach(&mut self, path: &AttrPath) -> Option<Reach<'a>> {
        let reach = match &self.scope {
            Scope::Resource(resource_type) => resource_type.find(path).map(Reach::from),
            Scope::Value { attribute, prefix } => part(attribute, prefix, path),
        };
        if reach.is_none() {
            self.unknown.push(path.clone());
        }
        reach
    }
}

/// Types the filter in brackets after an attribute.
fn within(attribute: &Attribute, prefix: Vec<String>, filter: &Filter) -> Result<Predicate, Error> {
    let scope = Scope::Value { attribute, prefix };
    let mut compiler = Compiler {
        scope,
        unknown: Vec::new(),
    };
    let predicate = compiler.predicate(filter)?;
    match compiler.unknown.first() {
        Some(path) => Err(unknown(path, &format!("`{}`", attribute.name))),
        None => Ok(predicate),
    }
}

/// The part of a value that has the name; a simple value is its own `value`.
fn part<'a>(attribute: &'a Attribute, prefix: &[String], path: &AttrPath) -> Option<Reach<'a>> {
    if path.urn.is_some() || path.sub.is_some() {
        return None;
    }
    let mut keys = prefix.to_vec();
    if attribute.kind == Type::Complex {
        let sub = attribute.sub_attribute(&path.attr)?;
        keys.push(sub.name.clone());
        return Some(Reach {
            keys,
            attribute: sub,
            sub: None,
            to_list: sub.multi_valued,
        });
    }
    let is_value = path.attr.eq_ignore_ascii_case("value");
    is_value.then_some(Reach {
        keys,
        attribute,
        sub: None,
        to_list: false,
    })
}

fn not(predicate: Predicate) -> Predicate {
    Predicate::Not(Box::new(predicate))
}

fn unknown(path: &AttrPath, whose: &str) -> Error {
    Error::invalid_filter(format!(
        "`{}` is not an attribute of {whose}.",
        path.label()
    ))
}

fn not_comparable(path: &AttrPath) -> Error {
    Error::invalid_filter(format!("`{}` cannot be filtered by.", path.label()))
}

/// Truth values and binaries have no order (RFC 7644 table 3); substrings are a matter of text.
fn has_operator(kind: Type, op: Op) -> bool {
    let is_equality = matches!(op, Op::Eq | Op::Ne);
    let is_substring = matches!(op, Op::Co | Op::Sw | Op::Ew);
    match kind {
        Type::String | Type::Reference => true,
        Type::Binary => is_equality || is_substring,
        Type::Decimal | Type::Integer | Type::DateTime => !is_substring,
        Type::Boolean => is_equality,
        Type::Complex => false,
    }
}

/// The literal in the type of the attribute; identity providers quote booleans and leave texts
/// bare, so the attribute decides, not the quotes.
fn operand(attribute: &Attribute, literal: &Literal) -> Option<Operand> {
    let text = literal.text()?;
    match attribute.kind {
        Type::String | Type::Reference | Type::Binary if attribute.compares_exactly() => {
            Some(Operand::Text(text))
        }
        Type::String | Type::Reference | Type::Binary => Some(Operand::Text(fold(&text))),
        Type::Boolean => boolean(&text).map(Operand::Bool),
        Type::Decimal | Type::Integer => text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Operand::Number),
        Type::DateTime => epoch_millis(&text).map(Operand::Instant),
        Type::Complex => None,
    }
}

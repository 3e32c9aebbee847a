//! Whether a predicate holds for a resource: in memory, and the oracle for the SQL.

use serde_json::Value;

use super::Object;
use super::filter::Op;
use super::predicate::{Operand, Predicate, Target, Test};

/// Whether the predicate holds for a resource in its [`super::comparable`] form.
pub fn matches(predicate: &Predicate, comparable: &Object) -> bool {
    holds(predicate, Node::Resource(comparable))
}

/// Whether the predicate of a PATCH path chooses the value, given in its comparable form.
pub(super) fn chooses(predicate: &Predicate, value: &Value) -> bool {
    holds(predicate, Node::Value(value))
}

/// Where the paths of a predicate start.
#[derive(Clone, Copy)]
enum Node<'a> {
    Resource(&'a Object),
    Value(&'a Value),
}

impl<'a> Node<'a> {
    fn at(self, target: &Target) -> Option<&'a Value> {
        let mut keys = target.path.iter();
        let start = match self {
            Self::Value(value) => value,
            Self::Resource(resource) => resource.get(keys.next()?)?,
        };
        keys.try_fold(start, |value, key| value.get(key))
    }

    /// The values at the target: those of a list, or the one.
    fn values(self, target: &Target) -> &'a [Value] {
        match self.at(target) {
            Some(Value::Array(values)) if target.multi_valued => values,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        }
    }
}

fn holds(predicate: &Predicate, node: Node<'_>) -> bool {
    match predicate {
        Predicate::And(all) => all.iter().all(|each| holds(each, node)),
        Predicate::Or(any) => any.iter().any(|each| holds(each, node)),
        Predicate::Not(inner) => !holds(inner, node),
        Predicate::Any { target, each } => node
            .values(target)
            .iter()
            .any(|value| holds(each, Node::Value(value))),
        Predicate::Test(target, Test::Present) => node.at(target).is_some(),
        Predicate::Test(target, Test::Compare(op, operand)) => match node.values(target) {
            // What is absent differs from everything; a list without values has none that differs.
            [] => *op == Op::Ne && !target.multi_valued,
            values => values.iter().any(|value| compares(value, *op, operand)),
        },
    }
}

fn compares(value: &Value, op: Op, operand: &Operand) -> bool {
    let equal = || equals(value, operand);
    let order = || order(value, operand);
    match op {
        Op::Eq => equal(),
        Op::Ne => !equal(),
        Op::Gt => order().is_some_and(std::cmp::Ordering::is_gt),
        Op::Ge => order().is_some_and(std::cmp::Ordering::is_ge),
        Op::Lt => order().is_some_and(std::cmp::Ordering::is_lt),
        Op::Le => order().is_some_and(std::cmp::Ordering::is_le),
        Op::Co | Op::Sw | Op::Ew => match (value, operand) {
            (Value::String(text), Operand::Text(part)) => match op {
                Op::Co => text.contains(part),
                Op::Sw => text.starts_with(part),
                _ => text.ends_with(part),
            },
            _ => false,
        },
    }
}

fn equals(value: &Value, operand: &Operand) -> bool {
    match (value, operand) {
        (Value::Bool(left), Operand::Bool(right)) => left == right,
        _ => order(value, operand).is_some_and(std::cmp::Ordering::is_eq),
    }
}

fn order(value: &Value, operand: &Operand) -> Option<std::cmp::Ordering> {
    match operand {
        Operand::Text(right) => value.as_str().map(|left| left.cmp(right)),
        Operand::Number(right) => value.as_f64().and_then(|left| left.partial_cmp(right)),
        Operand::Instant(right) => value.as_i64().map(|left| left.cmp(right)),
        Operand::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests;

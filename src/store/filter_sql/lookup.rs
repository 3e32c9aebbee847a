//! What is found by a key that a table or an index keeps, whatever the planner knows of the rows.
//! A PostgreSQL that was never analysed takes one customer's people for a handful, and would rather
//! read them all than look one up.

use uuid::Uuid;

use super::columns::equal_to;
use super::{Scope, Sql};
use crate::scim::custom::CUSTOM_URN;
use crate::scim::filter::Op;
use crate::scim::predicate::{Operand, Predicate, Target, Test};
use crate::store::engine::Dialect;

/// What a look-up left to be asked.
pub(super) enum Found {
    /// Nothing: the rows that were found are the answer.
    All,
    /// The rest of what an element must satisfy.
    Narrowed,
    /// Everything: there is no key.
    NoKey,
}

impl Sql {
    /// Writes the condition that a list holds the value that `each` asks for, where a table says
    /// which rows hold it.
    pub(super) fn look_up(&mut self, target: &Target, each: &Predicate, scope: Scope<'_>) -> Found {
        let Some(value) = equal_to(each, "value") else {
            return Found::NoKey;
        };
        match (scope, target.path.as_slice()) {
            (Scope::User, [list]) if list == "emails" => self.with_address(value),
            (Scope::Group, [list]) if list == "members" => self.with_member(value),
            _ => return Found::NoKey,
        }
        match each {
            Predicate::Test(..) => Found::All,
            _ => Found::Narrowed,
        }
    }

    /// Writes the condition that an attribute of the tenant's own equals a value, if the test is
    /// that. Every other test of them reads the people.
    pub(super) fn look_up_custom(
        &mut self,
        target: &Target,
        test: &Test,
        scope: Scope<'_>,
    ) -> bool {
        let (Scope::User, [urn, name], Test::Compare(Op::Eq, operand)) =
            (scope, target.path.as_slice(), test)
        else {
            return false;
        };
        let Some(value) = as_kept(operand).filter(|_| urn == CUSTOM_URN) else {
            return false;
        };
        self.one_of("m.id", |sql| {
            sql.push("select member_id from member_attribute where tenant_id = $1 and name = ");
            sql.bind(name.as_str());
            sql.push(" and value = ");
            sql.bind(value);
        });
        true
    }

    fn with_address(&mut self, address: &str) {
        self.one_of("m.id", |sql| {
            sql.push("select member_id from member_email where tenant_id = $1 and email_key = ");
            sql.bind(address);
        });
    }

    fn with_member(&mut self, id: &str) {
        let Some(id) = shown_id(id) else {
            return self.push("1 = 0");
        };
        self.one_of("g.id", |sql| {
            sql.push(
                "select group_id from group_user where tenant_id = $1 and member_id = \
                 (select id from member where tenant_id = $1 and scim_id = ",
            );
            sql.bind(id);
            sql.push(
                ") union all select group_id from group_group where tenant_id = $1 and child_id = ",
            );
            sql.bind(id);
        });
    }

    /// Writes the condition that the column is among the keys that a sub-select answers. As an
    /// array, PostgreSQL reads them before anything else, and finds their rows by index under an
    /// `or` too; as a join it may go through all rows first.
    fn one_of(&mut self, column: &str, keys: impl FnOnce(&mut Self)) {
        let (open, close) = match self.dialect {
            Dialect::Sqlite => (" in (", ")"),
            Dialect::Postgres => (" = any(array(", "))"),
        };
        self.push(column);
        self.push(open);
        keys(self);
        self.push(close);
    }
}

/// A value as the table of attributes has it.
fn as_kept(operand: &Operand) -> Option<String> {
    /// From here on not every whole number is one of this type.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match operand {
        Operand::Text(text) => Some(text.clone()),
        Operand::Bool(is) => Some(is.to_string()),
        Operand::Instant(at) => Some(at.to_string()),
        Operand::Number(n) if n.fract() == 0.0 && n.abs() < EXACT => Some(format!("{n:.0}")),
        Operand::Number(_) => None,
    }
}

/// The id that a text is: only the form in which it is shown.
pub(super) fn shown_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.to_string() == text.to_lowercase()).then_some(id)
}

/// Whether the index of user names, which holds live people only, can find what a filter asks for.
pub(in crate::store) fn asks_by_user_name(filter: &Predicate) -> bool {
    match filter {
        Predicate::Test(target, Test::Compare(op, _)) => {
            target.path == ["userName"] && !matches!(op, Op::Ne | Op::Co | Op::Ew)
        }
        Predicate::And(all) => all.iter().any(asks_by_user_name),
        Predicate::Or(any) => any.iter().any(asks_by_user_name),
        _ => false,
    }
}

//! What a row makes of a person's SCIM resource.

use serde_json::{Map, Value, json};

use super::columns::Column;
use super::row::Row;
use crate::scim::Object;
use crate::scim::custom::CUSTOM_URN;
use crate::scim::predicate::fold;
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN, USER_URN};

/// How much of a person a file may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything: the file is who made them.
    Everything,
    /// What is wanted for them: an identity provider says who they are.
    Wishes,
}

/// Where a wish is in the coaching extension.
const WISHES: [(Column, &str); 7] = [
    (Column::Track, "track"),
    (Column::Pool, "pool"),
    (Column::AccessStart, "accessStartDate"),
    (Column::AccessEnd, "accessEndDate"),
    (Column::HireDate, "hireDate"),
    (Column::TerminationDate, "terminationDate"),
    (Column::EmploymentStatus, "employmentStatus"),
];
const COACHING: [(Column, &str); 2] = [(Column::WorkerId, "workerId"), (Column::Region, "region")];
const ENTERPRISE: [(Column, &str); 4] = [
    (Column::Department, "department"),
    (Column::Division, "division"),
    (Column::CostCenter, "costCenter"),
    (Column::Organization, "organization"),
];
const CORE: [(Column, &str); 2] = [(Column::ExternalId, "externalId"), (Column::Title, "title")];
const NAME: [(Column, &str); 2] = [
    (Column::GivenName, "givenName"),
    (Column::FamilyName, "familyName"),
];

/// The resource with what the row says: an empty cell takes a value away, a column that is not
/// there leaves it.
pub fn with_row(before: Option<&Object>, row: &Row, scope: Scope) -> Object {
    let mut next = before.cloned().unwrap_or_default();
    inside(&mut next, COACHING_URN, |held| set_all(held, row, &WISHES));
    if scope == Scope::Wishes {
        return next;
    }
    if before.is_none() {
        next.insert("schemas".into(), json!([USER_URN]));
    }
    set_email(&mut next, row);
    set_all(&mut next, row, &CORE);
    inside(&mut next, "name", |held| set_all(held, row, &NAME));
    inside(&mut next, COACHING_URN, |held| {
        set_all(held, row, &COACHING);
    });
    inside(&mut next, ENTERPRISE_URN, |held| {
        set_all(held, row, &ENTERPRISE);
        if let Some(manager) = row.cell(Column::ManagerEmail) {
            inside(held, "manager", |held| set(held, "value", manager));
        }
    });
    inside(&mut next, CUSTOM_URN, |held| {
        for (name, value) in row.declared() {
            match value {
                None => {
                    held.shift_remove(name);
                }
                Some(value) if held.get(name) == Some(&value) => {}
                Some(value) => {
                    held.insert(name.to_owned(), value);
                }
            }
        }
    });
    next
}

/// The resource with the last day that a row has.
pub fn with_last_day(mut next: Object, row: &Row) -> Object {
    if let Some(day) = row.get(Column::TerminationDate) {
        inside(&mut next, COACHING_URN, |held| {
            set(held, "terminationDate", day);
        });
    }
    next
}

/// The same resource of somebody who leaves, `now` or on the last day that it has.
pub fn leaving(mut next: Object, row: &Row, scope: Scope, now: bool) -> Object {
    if now && scope == Scope::Everything {
        next.insert("active".into(), false.into());
        return next;
    }
    inside(&mut next, COACHING_URN, |held| {
        set(held, "employmentStatus", "terminated");
        // A last day that is known from before may lie ahead.
        if now && row.get(Column::TerminationDate).is_none() {
            held.shift_remove("terminationDate");
        }
    });
    next
}

/// The same resource of somebody who had left by an earlier file and is in this one.
pub fn returned(mut next: Object, row: &Row) -> Object {
    if next.get("active") != Some(&Value::Bool(false)) {
        return next;
    }
    next.insert("active".into(), true.into());
    inside(&mut next, COACHING_URN, |held| {
        for (column, key) in [
            (Column::TerminationDate, "terminationDate"),
            (Column::EmploymentStatus, "employmentStatus"),
        ] {
            if row.cell(column).is_none() {
                held.shift_remove(key);
            }
        }
    });
    next
}

/// The address that a resource has: the primary one, or else the first.
pub fn email(doc: &Object) -> Option<&str> {
    let emails = doc.get("emails")?.as_array()?;
    emails
        .get(address(emails)?)?
        .get("value")
        .and_then(Value::as_str)
}

fn address(emails: &[Value]) -> Option<usize> {
    let primary = emails
        .iter()
        .position(|email| email.get("primary") == Some(&Value::Bool(true)));
    primary.or((!emails.is_empty()).then_some(0))
}

/// Sets the address, and the user name where that was the address so far.
fn set_email(next: &mut Object, row: &Row) {
    let Some(new) = row.get(Column::Email) else {
        return;
    };
    let name = next.get("userName").and_then(Value::as_str).map(fold);
    let is_name = name.is_none() || name == email(next).map(fold);
    if is_name && name != Some(fold(new)) {
        next.insert("userName".into(), new.into());
    }
    let emails = next.entry("emails").or_insert_with(|| json!([]));
    let Value::Array(emails) = emails else { return };
    match address(emails).and_then(|at| emails.get_mut(at)) {
        Some(Value::Object(held)) => set(held, "value", new),
        _ => emails.push(json!({"value": new, "type": "work", "primary": true})),
    }
}

fn set_all(held: &mut Object, row: &Row, columns: &[(Column, &str)]) {
    for (column, key) in columns {
        if let Some(value) = row.cell(*column) {
            set(held, key, value);
        }
    }
}

fn set(held: &mut Object, key: &str, value: &str) {
    if value.is_empty() {
        held.shift_remove(key);
    } else if held.get(key).and_then(Value::as_str) != Some(value) {
        held.insert(key.to_owned(), value.into());
    }
}

/// Changes an object within, made if it must be and dropped if nothing is left of it.
fn inside(object: &mut Object, key: &str, change: impl FnOnce(&mut Object)) {
    let held = object
        .entry(key)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(held) = held {
        change(held);
        if held.is_empty() {
            object.shift_remove(key);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::roster::columns::Columns;
    use crate::roster::records::Record;

    fn row(cells: &[(&str, &str)]) -> Row {
        let header = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
        let (columns, _) = Columns::read(header).unwrap();
        let cells = cells.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        Row::read(Record { line: 2, cells }, &columns)
    }

    const FULL: [(&str, &str); 8] = [
        ("worker_id", "007"),
        ("email", "ada@acme.example"),
        ("given_name", "Ada"),
        ("family_name", "Ito"),
        ("department", "Sales"),
        ("manager_email", "bob@acme.example"),
        ("track", "leadership"),
        ("access_end", "2027-05-31"),
    ];

    #[test]
    fn a_row_makes_a_resource_and_makes_it_but_once() {
        let made = with_row(None, &row(&FULL), Scope::Everything);
        assert_eq!(made["userName"], "ada@acme.example");
        assert_eq!(made[COACHING_URN]["workerId"], "007");
        assert_eq!(made[ENTERPRISE_URN]["manager"]["value"], "bob@acme.example");
        assert_eq!(with_row(Some(&made), &row(&FULL), Scope::Everything), made);
    }

    #[test]
    fn an_empty_cell_takes_away_and_a_missing_column_leaves() {
        let made = with_row(None, &row(&FULL), Scope::Everything);
        let changed = row(&[
            ("email", "ada@acme.example"),
            ("department", ""),
            ("manager_email", ""),
        ]);
        let next = with_row(Some(&made), &changed, Scope::Everything);
        assert_eq!(next.get(ENTERPRISE_URN), None);
        assert_eq!(next[COACHING_URN], made[COACHING_URN]);
    }

    #[test]
    fn the_user_name_follows_the_address_only_where_it_was_the_address() {
        let made = with_row(None, &row(&FULL), Scope::Everything);
        let moved = row(&[("email", "ada.king@acme.example")]);
        let next = with_row(Some(&made), &moved, Scope::Everything);
        assert_eq!(next["userName"], "ada.king@acme.example");
        assert_eq!(email(&next), Some("ada.king@acme.example"));
        let mut named = made;
        named.insert("userName".into(), "ada".into());
        let next = with_row(Some(&named), &moved, Scope::Everything);
        assert_eq!(next["userName"], "ada");
    }

    #[test]
    fn wishes_leave_alone_who_somebody_is() {
        let made = with_row(None, &row(&FULL), Scope::Everything);
        let other = row(&[
            ("email", "x@acme.example"),
            ("given_name", "Eve"),
            ("worker_id", "9"),
            ("track", "exec"),
        ]);
        let next = with_row(Some(&made), &other, Scope::Wishes);
        let mut expected = made;
        expected[COACHING_URN]["track"] = "exec".into();
        assert_eq!(next, expected);
    }

    #[test]
    fn who_returns_is_no_leaver_any_more() {
        let made = with_row(None, &row(&FULL), Scope::Everything);
        let last = row(&[("termination_date", "2026-01-01")]);
        let gone = with_last_day(made, &last);
        let gone = leaving(gone, &last, Scope::Everything, true);
        assert_eq!(gone["active"], false);
        let back = returned(gone, &row(&FULL));
        assert_eq!(back["active"], true);
        assert_eq!(back[COACHING_URN].get("terminationDate"), None);
    }
}

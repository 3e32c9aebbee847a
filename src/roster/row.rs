//! One row: what its cells say, and what is wrong with them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use std::sync::Arc;

use serde_json::Value;

use super::columns::{Column, Columns};
use super::records::Record;
use crate::scim::predicate::fold;
use crate::seats::attribute::{CustomAttribute, CustomType, LONGEST};
use crate::seats::{days, named};

/// Characters of a cell at most.
const MAX_CELL: usize = 1_000;
const EMPLOYMENT: [&str; 4] = ["prehire", "active", "leave", "terminated"];

named! {
    /// What can be wrong with a row, by the names that programs go by.
    Problem {
        /// The row cannot be told from those around it, or has not the columns of the first.
        BrokenRow = "broken_row",
        /// There is no e-mail address, nor another name for the person where one would do.
        MissingEmail = "missing_email",
        /// It is no e-mail address.
        InvalidEmail = "invalid_email",
        /// It is neither a day nor an instant.
        InvalidDate = "invalid_date",
        /// It is too long or has characters that no text has, or is none of the values there are.
        InvalidValue = "invalid_value",
        /// An earlier row of the file has this address or identifier.
        Duplicate = "duplicate",
        /// There is no such track.
        UnknownTrack = "unknown_track",
        /// There is no such group.
        UnknownGroup = "unknown_group",
        /// There is no such pool.
        UnknownPool = "unknown_pool",
        /// There is no live pool of the track's product.
        ProductNotLicensed = "product_not_licensed",
        /// The address is not of a domain that the tenant allows.
        DomainNotAllowed = "domain_not_allowed",
        /// Another person has this address or identifier.
        Uniqueness = "uniqueness",
        /// Several people have this address, or several groups this name.
        Ambiguous = "ambiguous",
        /// The pool is full and refuses.
        SeatUnavailable = "seat_unavailable",
        /// Somebody would leave by it who would not when the plan was made, or has changed since.
        ChangedSince = "changed_since",
        /// Somebody would leave by it whom no plan touches.
        Excluded = "excluded",
    }
}

/// What is wrong with a cell, or with the whole row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column, if it is one.
    pub column: Option<Column>,
    /// The declared attribute whose column it is, if it is one.
    pub declared: Option<String>,
    /// What it is.
    pub problem: Problem,
    /// In words.
    pub detail: String,
}

impl Fault {
    /// A fault of a cell.
    pub fn of(column: Column, problem: Problem, detail: impl Into<String>) -> Self {
        Self {
            column: Some(column),
            declared: None,
            problem,
            detail: detail.into(),
        }
    }

    /// A fault of the row.
    pub fn of_row(problem: Problem, detail: impl Into<String>) -> Self {
        Self {
            column: None,
            declared: None,
            problem,
            detail: detail.into(),
        }
    }
}

/// A row, without the blanks around its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it begins on.
    pub line: u64,
    /// Its cells as given, for the list of those that failed.
    pub given: Vec<String>,
    values: Vec<(Column, String)>,
    declared: Vec<(Arc<CustomAttribute>, String)>,
}

/// Whether a row is about somebody who leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// Not by what it says.
    No,
    /// On a day ahead.
    Later,
    /// They have left.
    Now,
}

impl Row {
    /// Reads a record under its header.
    pub fn read(record: Record, columns: &Columns) -> Self {
        let cells = columns.known.iter().zip(&record.cells);
        let values = cells
            .filter_map(|(column, cell)| column.map(|column| (column, cell.trim().to_owned())))
            .collect();
        let declared = columns.declared.iter().zip(&record.cells);
        let declared = declared
            .filter_map(|(a, cell)| Some((a.clone()?, cell.trim().to_owned())))
            .collect();
        Self {
            line: record.line,
            given: record.cells,
            values,
            declared,
        }
    }

    /// What a cell says: empty where it is, none where the file has no such column.
    pub fn cell(&self, column: Column) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| *known == column);
        found.map(|(_, value)| value.as_str())
    }

    /// What a cell says, if it says anything.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.cell(column).filter(|value| !value.is_empty())
    }

    /// The groups that the row names.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let names = self.get(Column::Group).unwrap_or_default().split('|');
        names.map(str::trim).filter(|name| !name.is_empty())
    }

    /// The e-mail address as it is compared.
    pub fn email_key(&self) -> Option<String> {
        self.get(Column::Email).map(fold)
    }

    /// The user name and the address, as they are compared.
    pub fn address_keys(&self) -> Vec<String> {
        let names = [Column::UserName, Column::Email];
        let names = names.iter().filter_map(|column| self.get(*column));
        names.map(fold).collect()
    }

    /// What the row says of declared attributes: a value, or nothing where the cell is empty.
    pub fn declared(&self) -> impl Iterator<Item = (&str, Option<Value>)> {
        let cells = self.declared.iter();
        cells.map(|(a, cell)| (a.name.as_str(), read(a.kind, cell).ok().flatten()))
    }

    /// What is wrong with the row by itself. `named_otherwise`: another identifier than the
    /// address would do.
    pub fn faults(&self, named_otherwise: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        let is_named =
            self.get(Column::WorkerId).is_some() || self.get(Column::ExternalId).is_some();
        if self.get(Column::Email).is_none() && !(named_otherwise && is_named) {
            faults.push(Fault::of(
                Column::Email,
                Problem::MissingEmail,
                "the row has no e-mail address",
            ));
        }
        for (column, value) in self.values.iter().filter(|(_, value)| !value.is_empty()) {
            faults.extend(fault(*column, value));
        }
        for (a, cell) in &self.declared {
            if let Err(detail) = read(a.kind, cell) {
                faults.push(Fault {
                    declared: Some(a.name.clone()),
                    ..Fault::of_row(Problem::InvalidValue, detail)
                });
            }
        }
        faults
    }

    /// Whether the person leaves, by the row alone.
    pub fn leaving(&self, zone: &TimeZone, now: Timestamp) -> Leaving {
        let last = self.get(Column::TerminationDate);
        let last = last.and_then(|text| days::read(text).ok().flatten());
        let terminated = self
            .get(Column::EmploymentStatus)
            .is_some_and(|status| status.eq_ignore_ascii_case("terminated"));
        match last {
            Some(last) if last.end(zone) > now => Leaving::Later,
            Some(_) => Leaving::Now,
            None if terminated => Leaving::Now,
            None => Leaving::No,
        }
    }
}

/// The value that a cell has, if it has one.
fn read(kind: CustomType, cell: &str) -> Result<Option<Value>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    let wrong = |what: &str| Err(format!("'{}' is not {what}", shown(cell)));
    let value = match kind {
        CustomType::String if cell.chars().count() > LONGEST => {
            return Err(format!("has more than {LONGEST} characters"));
        }
        CustomType::String if cell.contains('\0') => {
            return Err("has a character that no text has".to_owned());
        }
        CustomType::String => cell.into(),
        CustomType::Boolean => match cell.to_lowercase().as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => return wrong("true or false"),
        },
        CustomType::Integer => match cell.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => return wrong("a whole number"),
        },
        CustomType::DateTime => match cell.parse::<Timestamp>() {
            Ok(_) => cell.into(),
            Err(_) => return wrong("an RFC 3339 instant"),
        },
    };
    Ok(Some(value))
}

fn fault(column: Column, value: &str) -> Option<Fault> {
    if value.chars().count() > MAX_CELL {
        let detail = format!("has more than {MAX_CELL} characters");
        return Some(Fault::of(column, Problem::InvalidValue, detail));
    }
    if value.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        let detail = "has a character that no text has";
        return Some(Fault::of(column, Problem::InvalidValue, detail));
    }
    match column {
        Column::Email | Column::ManagerEmail if !is_address(value) => {
            let detail = format!("'{}' is no e-mail address", shown(value));
            Some(Fault::of(column, Problem::InvalidEmail, detail))
        }
        Column::AccessStart | Column::AccessEnd | Column::HireDate | Column::TerminationDate => {
            let wrong = days::read(value).err()?;
            Some(Fault::of(column, Problem::InvalidDate, wrong))
        }
        Column::EmploymentStatus if !EMPLOYMENT.iter().any(|e| e.eq_ignore_ascii_case(value)) => {
            let known = EMPLOYMENT.join(", ");
            let detail = format!("'{}' is none of {known}", shown(value));
            Some(Fault::of(column, Problem::InvalidValue, detail))
        }
        _ => None,
    }
}

fn shown(value: &str) -> String {
    value.chars().take(60).collect()
}

/// Whether a text looks like an address: something, one `@`, a domain with no blank in either.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| {
        !name.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>'))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn row(cells: &[(&str, &str)]) -> Row {
        let header = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
        let (columns, _) = Columns::read(header).unwrap();
        let cells = cells.iter().map(|(_, cell)| (*cell).to_owned()).collect();
        Row::read(Record { line: 2, cells }, &columns)
    }

    fn problems(cells: &[(&str, &str)]) -> Vec<(Option<Column>, Problem)> {
        let faults = row(cells).faults(false);
        faults.into_iter().map(|f| (f.column, f.problem)).collect()
    }

    #[test]
    fn a_fault_names_its_column() {
        let email = ("email", "ada@acme.example");
        assert_eq!(problems(&[email]), []);
        for (name, value, problem) in [
            ("access_end", "31.12.2026", Problem::InvalidDate),
            ("termination_date", "soon", Problem::InvalidDate),
            ("employment_status", "retired", Problem::InvalidValue),
            ("manager_email", "bob", Problem::InvalidEmail),
            ("title", "a\0b", Problem::InvalidValue),
        ] {
            let column = name.parse().unwrap();
            assert_eq!(problems(&[email, (name, value)]), [(Some(column), problem)]);
        }
        let missing = (Some(Column::Email), Problem::MissingEmail);
        assert_eq!(problems(&[("email", "  "), ("title", "CEO")]), [missing]);
        let invalid = (Some(Column::Email), Problem::InvalidEmail);
        for wrong in ["ada", "ada@", "@x", "a b@x.example", "a@b@c"] {
            assert_eq!(problems(&[("email", wrong)]), [invalid], "{wrong}");
        }
    }

    #[test]
    fn leaving_is_now_later_or_not() {
        let now = "2026-06-15T12:00:00Z".parse().unwrap();
        for (date, status, expected) in [
            ("", "", Leaving::No),
            ("", "active", Leaving::No),
            ("", "Terminated", Leaving::Now),
            ("2026-06-14", "", Leaving::Now),
            ("2026-06-15", "", Leaving::Later),
            ("2026-07-01", "terminated", Leaving::Later),
        ] {
            let row = row(&[("termination_date", date), ("employment_status", status)]);
            assert_eq!(
                row.leaving(&TimeZone::UTC, now),
                expected,
                "{date} {status}"
            );
        }
    }
}

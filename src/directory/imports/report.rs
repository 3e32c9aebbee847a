//! What came of rows: counts, and those that failed.

use serde_json::{Value, json};
use uuid::Uuid;

use super::foresight::Foreseen;
use super::step::Kind;
use crate::roster::columns::Column;
use crate::roster::row::{Fault, Row};
use crate::store::imports::{Counts, FailedRow};

/// What came of rows.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) counts: Counts,
    pub(super) failed: Vec<FailedRow>,
    /// Rows about people of an identity provider.
    pub(super) of_idp: i64,
    /// Rows about people who left and were never here.
    pub(super) nobody: i64,
    /// What rows would do, unless it was done.
    pub(super) foreseen: Vec<Foreseen>,
    /// Who was made, by a file of all.
    pub(super) named: Vec<Uuid>,
}

impl Report {
    /// Notes a row that is wrong.
    pub(super) fn fail(&mut self, row: &Row, faults: &[Fault]) {
        self.counts.failed += 1;
        self.failed.push(FailedRow {
            line: line_of(row.line),
            faults: faults.iter().map(fault_json).collect(),
            given: json!(row.given),
        });
    }

    /// Adds another.
    pub(super) fn add(&mut self, other: Self) {
        let (sum, more) = (&mut self.counts, other.counts);
        sum.seen += more.seen;
        sum.created += more.created;
        sum.changed += more.changed;
        sum.unchanged += more.unchanged;
        sum.deactivated += more.deactivated;
        sum.scheduled += more.scheduled;
        sum.failed += more.failed;
        sum.unreadable += more.unreadable;
        self.of_idp += other.of_idp;
        self.nobody += other.nobody;
        self.failed.extend(other.failed);
    }

    /// Counts somebody who changed.
    pub(super) fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Changed => self.counts.changed += 1,
            Kind::Deactivated => self.counts.deactivated += 1,
            Kind::Scheduled => self.counts.scheduled += 1,
        }
    }
}

pub(super) fn line_of(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

pub(super) fn fault_json(fault: &Fault) -> Value {
    json!({
        "column": fault.column.map(Column::as_str).or(fault.declared.as_deref()),
        "code": fault.problem.as_str(),
        "detail": fault.detail,
    })
}

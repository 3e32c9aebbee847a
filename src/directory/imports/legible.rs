//! Which rows can be read, and are the first of their file about whom they name.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;

use super::batch::Reader;
use super::people::People;
use super::report::{Report, fault_json, line_of};
use super::sheet::Line;
use crate::directory::Error;
use crate::roster::columns::Column;
use crate::roster::row::{Fault, Problem, Row};
use crate::store::Tx;
use crate::store::imports::{FailedRow, Mode};

impl Reader<'_> {
    /// The rows that are right by themselves and the first of the file with their identifiers.
    pub(super) async fn legible<'l>(
        &self,
        tx: &mut Tx,
        lines: &'l [Line],
        report: &mut Report,
    ) -> Result<Vec<&'l Row>, Error> {
        let mut meant = BTreeSet::new();
        if self.run.mode == Mode::Full {
            // Whoever is named by a row that fails is not missing.
            let all: Vec<_> = lines.iter().filter_map(row_of).collect();
            let people = People::of(tx, &all).await?;
            let mut named = Vec::new();
            for row in all {
                if let Ok(Some(member)) = people.about(row) {
                    named.push(member.id);
                    meant.insert(row.line);
                }
            }
            tx.name_people(self.run.id, &named).await?;
        }
        let mut right = Vec::with_capacity(lines.len());
        for line in lines {
            report.counts.seen += 1;
            match line {
                Line::Row(row) => {
                    let faults = row.faults(self.run.mode == Mode::Deprovision);
                    if faults.is_empty() {
                        right.push(row);
                    } else {
                        // Whoever is meant may be anybody.
                        let is_nobody = faults.iter().any(|fault| {
                            matches!(fault.problem, Problem::MissingEmail | Problem::InvalidEmail)
                        });
                        let is_nobody = is_nobody && !meant.contains(&row.line);
                        report.counts.unreadable += i64::from(is_nobody);
                        report.fail(row, &faults);
                    }
                }
                Line::Broken(broken) => {
                    report.counts.unreadable += 1;
                    report.counts.failed += 1;
                    let fault = Fault::of_row(Problem::BrokenRow, broken.detail.as_str());
                    report.failed.push(FailedRow {
                        line: line_of(broken.line),
                        faults: json!([fault_json(&fault)]),
                        given: json!(broken.cells),
                    });
                }
            }
        }
        let claims: Vec<_> = right
            .iter()
            .flat_map(|row| keys(row).into_iter().map(|(_, key)| (key, row.line)))
            .collect();
        let taken = tx.claim_keys(self.run.id, &claims).await?;
        let mut firsts = Vec::with_capacity(right.len());
        for row in right {
            match not_first(row, &taken) {
                None => firsts.push(row),
                Some(fault) => report.fail(row, &[fault]),
            }
        }
        Ok(firsts)
    }
}

/// What is wrong with a row that is not the first with one of its identifiers.
fn not_first(row: &Row, taken: &HashMap<String, u64>) -> Option<Fault> {
    keys(row).into_iter().find_map(|(column, key)| {
        let line = taken.get(&key).filter(|line| **line != row.line)?;
        let detail = format!("line {line} has the same {column}");
        Some(Fault::of(column, Problem::Duplicate, detail))
    })
}

fn row_of(line: &Line) -> Option<&Row> {
    match line {
        Line::Row(row) => Some(row),
        Line::Broken(_) => None,
    }
}

/// The identifiers of a row that no other of the file may have.
fn keys(row: &Row) -> Vec<(Column, String)> {
    let of = |column: Column, value: Option<String>| {
        value.map(|value| (column, format!("{column} {value}")))
    };
    let text = |column| row.get(column).map(str::to_owned);
    [
        of(Column::WorkerId, text(Column::WorkerId)),
        of(Column::ExternalId, text(Column::ExternalId)),
        of(Column::Email, row.email_key()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

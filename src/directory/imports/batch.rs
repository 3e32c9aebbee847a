//! A batch of rows in one transaction: who they are about, what that comes to, and doing it. Where
//! one of them is refused, all are undone and each has a transaction of its own, so that the others
//! go in.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::foresight::{self, Foreseen};
use super::groups::{Groups, Named};
use super::people::People;
use super::sheet::Line;
use super::step::{IMPORT, Judge, Kind, Step, fault, scope};
use crate::directory::change::Change;
use crate::directory::users::Making;
use crate::directory::{Caller, Directory, Error, person, users};
use crate::roster::columns::Column;
use crate::roster::resource::Scope;
use crate::roster::row::{Fault, Problem, Row};
use crate::scim::Object;
use crate::seats::decision::Trigger;
use crate::store::import_plans::Does;
use crate::store::imports::{Counts, FailedRow, ImportRun, Mode};
use crate::store::{self, Tx, transact};

/// What is done with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// What they come to is counted and kept.
    Look,
    /// The same, to know who would leave; nothing is kept.
    LookAhead,
    /// The same as a look, to be kept for a plan.
    Plan,
    /// It is done.
    Act,
}

/// Rows of one import.
pub(super) struct Reader<'d> {
    pub(super) directory: &'d Directory,
    pub(super) caller: &'d Caller,
    pub(super) run: &'d ImportRun,
    pub(super) doing: Doing,
    /// Whether rows by which somebody leaves are left alone: nobody has looked at that.
    pub(super) spares: bool,
}

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
    named: Vec<Uuid>,
}

impl Report {
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

    fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Changed => self.counts.changed += 1,
            Kind::Deactivated => self.counts.deactivated += 1,
            Kind::Scheduled => self.counts.scheduled += 1,
        }
    }
}

fn line_of(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

pub(super) fn fault_json(fault: &Fault) -> Value {
    json!({
        "column": fault.column.map(Column::as_str).or(fault.declared.as_deref()),
        "code": fault.problem.as_str(),
        "detail": fault.detail,
    })
}

impl Reader<'_> {
    /// Carries out a batch.
    pub(super) async fn batch(&self, lines: &[Line], now: Timestamp) -> Result<Report, Error> {
        let together = transact!(self.directory.store, self.caller.tenant, |tx| {
            let mut report = Report::default();
            let rows = self.legible(tx, lines, &mut report).await?;
            self.carry(tx, &rows, &mut report, now).await?;
            self.keep(tx, &report, now).await?;
            Ok::<_, Error>(report)
        });
        match together {
            Err(Error::Scim(_) | Error::Store(store::Error::Taken)) if self.doing == Doing::Act => {
                self.one_by_one(lines, now).await
            }
            done => done,
        }
    }

    async fn one_by_one(&self, lines: &[Line], now: Timestamp) -> Result<Report, Error> {
        let store = &self.directory.store;
        let (mut all, rows) = transact!(store, self.caller.tenant, |tx| {
            let mut report = Report::default();
            let rows = self.legible(tx, lines, &mut report).await?;
            self.keep(tx, &report, now).await?;
            Ok::<_, Error>((report, rows))
        })?;
        for row in rows {
            let done = transact!(store, self.caller.tenant, |tx| {
                let mut report = Report::default();
                self.carry(tx, &[row], &mut report, now).await?;
                self.keep(tx, &report, now).await?;
                Ok::<_, Error>(report)
            });
            let report = match done {
                Ok(report) => report,
                Err(error) => {
                    let fault = fault(error)?;
                    transact!(store, self.caller.tenant, |tx| {
                        let mut report = Report::default();
                        report.fail(row, std::slice::from_ref(&fault));
                        self.keep(tx, &report, now).await?;
                        Ok::<_, Error>(report)
                    })?
                }
            };
            all.add(report);
        }
        Ok(all)
    }

    /// The rows that are right by themselves and the first of the file with their identifiers.
    async fn legible<'l>(
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
        let fresh = tx.claim_keys(self.run.id, &claims).await?;
        let mut firsts = Vec::with_capacity(right.len());
        for row in right {
            match self.first_with(tx, row, &fresh).await? {
                None => firsts.push(row),
                Some(fault) => report.fail(row, &[fault]),
            }
        }
        Ok(firsts)
    }

    /// What is wrong with a row that is not the first with one of its identifiers.
    async fn first_with(
        &self,
        tx: &mut Tx,
        row: &Row,
        fresh: &HashSet<(String, u64)>,
    ) -> Result<Option<Fault>, Error> {
        for (column, key) in keys(row) {
            if !fresh.contains(&(key.clone(), row.line)) {
                let line = tx.line_of_key(self.run.id, &key).await?.unwrap_or_default();
                let detail = format!("line {line} has the same {column}");
                return Ok(Some(Fault::of(column, Problem::Duplicate, detail)));
            }
        }
        Ok(None)
    }

    /// Looks at rows, or does what they come to.
    pub(super) async fn carry(
        &self,
        tx: &mut Tx,
        rows: &[&Row],
        report: &mut Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        let rules = self.directory.current_rules(tx).await?;
        let people = People::of(tx, rows).await?;
        let groups = Groups::of(tx, rows).await?;
        let judge = Judge {
            rules: &rules,
            groups: &groups,
            mode: self.run.mode,
            now,
        };
        let (mut new, mut changes) = (Vec::new(), BTreeMap::new());
        let mut claims = Vec::new();
        let mut joined = BTreeSet::new();
        let mut steps = Vec::with_capacity(rows.len());
        for row in rows {
            let (step, member) = judge.of(row, &people);
            if let Some(member) = member {
                claims.push((format!("person {}", member.id), row.line));
            }
            steps.push((*row, step, member));
        }
        let fresh = tx.claim_keys(self.run.id, &claims).await?;
        for (row, step, member) in steps {
            let of_idp = member.is_some_and(|member| scope(member) == Scope::Wishes);
            report.of_idp += i64::from(of_idp);
            if let Some(member) = member
                && !fresh.contains(&(format!("person {}", member.id), row.line))
            {
                let detail = "an earlier row is about the same person";
                report.fail(row, &[Fault::of_row(Problem::Duplicate, detail)]);
                continue;
            }
            match (step, member) {
                (Step::Fail(fault), _) => report.fail(row, &[fault]),
                (Step::Nothing, _) => report.counts.unchanged += 1,
                (Step::NobodyLeft, _) => {
                    report.counts.unchanged += 1;
                    report.nobody += 1;
                }
                (Step::Create(doc, groups), _) => {
                    report.counts.created += 1;
                    joined.extend(groups.iter().map(|(id, _)| *id));
                    if self.doing != Doing::Act {
                        let seen = Foreseen::of(row, Does::Create, (doc, groups), None);
                        report.foreseen.push(seen);
                        continue;
                    }
                    new.push((doc, groups));
                }
                (Step::Change(_, _, groups), Some(member)) if self.doing == Doing::Act => {
                    joined.extend(groups.iter().map(|(id, _)| *id));
                    changes.insert(member.id, row);
                }
                (Step::Change(doc, kind, groups), member) => {
                    report.count(kind);
                    let seen = Foreseen::of(row, kind.does(), (doc, groups), member);
                    report.foreseen.push(seen);
                }
            }
        }
        if self.doing != Doing::Act {
            return Ok(());
        }
        // A push of members locks the group before people.
        for id in joined {
            if tx.lock_group(id).await?.is_none() {
                return Err(store::Error::Again.into());
            }
        }
        let mut change = Change::new(tx, rules.clone(), self.caller.by(), now);
        for (id, row) in changes {
            self.change(&mut change, id, &judge, row, report).await?;
        }
        if let ([made], [_]) = (new.as_slice(), rows) {
            // Alone, it may be somebody who was here before.
            change.finish().await?;
            self.create(tx, made.clone(), report, now).await
        } else {
            self.create_all(&mut change, new, report, now).await?;
            change.finish().await
        }
    }

    /// Changes somebody, by how they are once they are locked.
    async fn change(
        &self,
        change: &mut Change<'_>,
        id: Uuid,
        judge: &Judge<'_>,
        row: &Row,
        report: &mut Report,
    ) -> Result<(), Error> {
        let locked = change.tx.lock_member(id).await?;
        let Some(mut member) = locked.filter(|m| m.scim_id.is_some()) else {
            return Err(store::Error::Again.into());
        };
        if member.catalog_version > judge.rules.catalog.version {
            return Err(store::Error::Again.into());
        }
        match judge.known(row, &member) {
            Err(fault) => report.fail(row, &[fault]),
            Ok(Step::Change(doc, kind, groups)) => {
                if self.spares
                    && Foreseen::leaves(&change.rules, &member, (&doc, &groups), kind, judge.now)
                {
                    report.fail(row, &[foresight::unplanned()]);
                    return Ok(());
                }
                for (id, name) in groups {
                    let user = member.scim_id.as_slice();
                    change.tx.join_group(id, user, judge.now).await?;
                    member.groups.push((id, name));
                }
                report.count(kind);
                if doc == member.doc {
                    if change.settle(&mut member, Trigger::Person, false).await? {
                        change.save_seat(&mut member).await?;
                    }
                    return Ok(());
                }
                if scope(&member) == Scope::Everything {
                    IMPORT.clone_into(&mut member.managed_by);
                    member.connection = self.run.connection.or(member.connection);
                }
                // What an operator set of the identity holds until the file says something new of it.
                let decides =
                    member.drift.is_none() || doc.get("active") != member.doc.get("active");
                users::rewrite(change, &mut member, doc, decides, judge.now).await?;
            }
            Ok(_) => report.counts.unchanged += 1,
        }
        Ok(())
    }

    /// Makes people, all with the same few statements.
    async fn create_all(
        &self,
        change: &mut Change<'_>,
        new: Vec<(Object, Vec<Named>)>,
        report: &mut Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        if new.is_empty() {
            return Ok(());
        }
        let caller = self.creator();
        change.expect(new.len());
        let mut people = Vec::with_capacity(new.len());
        let mut joined: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for (doc, groups) in new {
            let id = Uuid::now_v7();
            let made = making(id, &groups);
            let mut member = users::newcomer(&caller, made, doc, &change.rules, now)?;
            for (group, _) in groups {
                joined.entry(group).or_default().push(id);
            }
            change.log("member.created", Some(id), Object::new());
            change.settle_next(&mut member).await?;
            let keys = person::keys(&member, &change.rules, now);
            people.push((member, keys));
        }
        if !change.tx.insert_members(&people).await? {
            // Which of them it was is found out one by one.
            return Err(store::Error::Taken.into());
        }
        for (group, users) in joined {
            change.tx.join_group(group, &users, now).await?;
        }
        let ids: BTreeSet<_> = people.iter().map(|(member, _)| member.id).collect();
        report.named.extend(ids.iter().copied());
        change.store_newcomers(&ids).await
    }

    async fn create(
        &self,
        tx: &mut Tx,
        (doc, groups): (Object, Vec<Named>),
        report: &mut Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        let judged = self.directory.judge_newcomer(tx, &doc).await?;
        let made = making(Uuid::now_v7(), &groups);
        let (caller, directory) = (self.creator(), self.directory);
        let (member, _) = directory
            .create(tx, &caller, made, doc, now, judged)
            .await?;
        report.named.push(member.id);
        Ok(())
    }

    /// The caller, of the connection that the file is from.
    fn creator(&self) -> Caller {
        Caller {
            connection: self.run.connection,
            ..self.caller.clone()
        }
    }

    /// Keeps what came of rows with the import.
    pub(super) async fn keep(
        &self,
        tx: &mut Tx,
        report: &Report,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.doing == Doing::LookAhead {
            return Ok(());
        }
        tx.insert_failures(self.run.id, &report.failed).await?;
        if self.run.mode == Mode::Full {
            tx.name_people(self.run.id, &report.named).await?;
        }
        tx.import_went_on(self.run.id, &report.counts, now).await?;
        Ok(())
    }
}

fn making(id: Uuid, groups: &[Named]) -> Making<'_> {
    Making {
        id,
        managed_by: IMPORT,
        groups,
    }
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

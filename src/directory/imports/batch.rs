//! A batch of rows in one transaction: who they are about, what that comes to, and doing it. Where
//! one of them is refused, all are undone and each has a transaction of its own, so that the others
//! go in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::foresight::{self, Foreseen};
use super::groups::Groups;
use super::people::People;
use super::report::Report;
use super::sheet::Line;
use super::step::{IMPORT, Judge, Step, fault, scope};
use crate::directory::change::Change;
use crate::directory::{Caller, Directory, Error, users};
use crate::roster::resource::Scope;
use crate::roster::row::{Fault, Problem, Row};
use crate::seats::decision::Trigger;
use crate::store::import_plans::Does;
use crate::store::imports::{ImportRun, Mode};
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
        let taken = tx.claim_keys(self.run.id, &claims).await?;
        for (row, step, member) in steps {
            let of_idp = member.is_some_and(|member| scope(member) == Scope::Wishes);
            report.of_idp += i64::from(of_idp);
            if let Some(member) = member
                && let Some(line) = taken.get(&format!("person {}", member.id))
                && *line != row.line
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

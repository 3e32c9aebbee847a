//! Carrying out the plan of a file: first whoever leaves by it, one by one and only as they were
//! when it was looked at; then all other rows, by which nobody may leave.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::batch::{Doing, Reader};
use super::report::{Report, fault_json};
use super::step::fault;
use super::{foresight, omitted, twice};
use crate::directory::admin::plans::exclusions::Exclusions;
use crate::directory::admin::plans::standing::fingerprint;
use crate::directory::change::Change;
use crate::directory::{Caller, Directory, Error};
use crate::plans::{Item, ItemState, State};
use crate::roster::columns::Columns;
use crate::roster::records::Record;
use crate::roster::row::{Fault, Row};
use crate::scim::Object;
use crate::store::import_plans::KeptRow;
use crate::store::imports::{Counts, FailedRow, ImportRun, ImportState};
use crate::store::plans::Plan;
use crate::store::{self, TenantId, Tx, transact};

/// People who leave in one transaction.
const LEAVERS: i64 = 50;
/// Rows in one transaction.
const ROWS: i64 = 100;

/// What became of somebody who was to leave: the state of their item, and what hindered it.
type Became = (ItemState, Option<String>);

impl Directory {
    /// One part of a locked plan that is being applied; answers whether there may be more.
    pub(in crate::directory) async fn apply_import_part(
        &self,
        tx: &mut Tx,
        plan: Plan,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let found = tx.import_of_plan(plan.id).await?;
        let run = found.ok_or(store::Error::Inconsistent("a plan without its import"))?;
        let caller = on_behalf_of(tx.tenant(), &plan);
        let leavers = tx
            .plan_items(plan.id, Some(ItemState::Planned), 0, LEAVERS)
            .await?;
        let rows = if leavers.is_empty() {
            tx.kept_rows(run.id, ROWS).await?
        } else {
            Vec::new()
        };
        if leavers.is_empty() && rows.is_empty() {
            finish(self, tx, &caller, (plan, &run), now).await?;
            return Ok(false);
        }
        let applying = Applying {
            reader: Reader {
                directory: self,
                caller: &caller,
                run: &run,
                doing: Doing::Act,
                spares: leavers.is_empty(),
            },
            columns: self.columns_of(tx, &run).await?,
            now,
        };
        if leavers.is_empty() {
            applying.rows(tx, &rows).await?;
        } else {
            applying.leavers(tx, &plan, &leavers).await?;
        }
        Ok(true)
    }

    async fn columns_of(&self, tx: &mut Tx, run: &ImportRun) -> Result<Columns, Error> {
        let names = run.header.as_array().into_iter().flatten();
        let header = names.map(|name| name.as_str().unwrap_or_default().to_owned());
        let (mut columns, mut unknown) =
            Columns::read(header.collect()).map_err(|name| twice(&name))?;
        let rules = self.current_rules(tx).await?;
        let declared = columns.declare(rules.catalog.declared(), &mut unknown);
        declared.map_err(|name| twice(&name))?;
        Ok(columns)
    }

    /// Forgets the rows of imports whose plan was rejected, has expired or is applied.
    pub(in crate::directory) async fn discard_imports(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let caller = Caller::command(tenant);
        let over = transact!(self.store, tenant, |tx| Ok::<_, Error>(
            tx.imports_to_discard().await?
        ))?;
        for planned in over {
            let id = planned.import;
            if planned.state != State::Applied {
                transact!(self.store, tenant, |tx| {
                    let run = tx.import(id).await?;
                    if let Some(run) = run.filter(|run| run.state == ImportState::Running) {
                        tx.count_anew(id).await?;
                        let ended = (&run.warnings, run.omitted);
                        tx.end_import(id, ImportState::Refused, ended, now).await?;
                    }
                    Ok::<_, Error>(())
                })?;
            }
            self.forget_kept_rows(&caller, id).await?;
            self.forget_notes(&caller, id).await?;
            transact!(self.store, tenant, |tx| Ok::<_, Error>(
                tx.rows_are_gone(id).await?
            ))?;
        }
        Ok(())
    }
}

/// Whoever applied a plan.
fn on_behalf_of(tenant: TenantId, plan: &Plan) -> Caller {
    let who = plan.applied.as_ref().map(|(who, _)| who.as_str());
    let token = who.and_then(|who| who.strip_prefix("token:"));
    Caller {
        token: token.unwrap_or_default().to_owned(),
        request_id: format!("plan:{}", plan.id),
        ..Caller::command(tenant)
    }
}

async fn finish(
    directory: &Directory,
    tx: &mut Tx,
    caller: &Caller,
    (mut plan, run): (Plan, &ImportRun),
    now: Timestamp,
) -> Result<(), Error> {
    plan.state = State::Applied;
    plan.finished_at = Some(now);
    tx.save_plan(&plan).await?;
    let ended = (&run.warnings, run.omitted);
    tx.end_import(run.id, ImportState::Finished, ended, now)
        .await?;
    let mut detail = Object::new();
    detail.insert("plan".into(), json!(plan.id));
    detail.insert("import".into(), json!(run.id));
    let counts = tx.plan_counts(&[plan.id]).await?.remove(&plan.id);
    for (state, n) in counts.unwrap_or_default() {
        detail.insert(state.as_str().into(), n.into());
    }
    let rules = directory.current_rules(tx).await?;
    let mut change = Change::new(tx, rules, caller.by(), now);
    change.log("plan.applied", None, detail);
    change.finish().await
}

/// A part of a plan that is being applied.
struct Applying<'a> {
    reader: Reader<'a>,
    columns: Columns,
    now: Timestamp,
}

impl Applying<'_> {
    async fn leavers(&self, tx: &mut Tx, plan: &Plan, items: &[(i64, Item)]) -> Result<(), Error> {
        let people: Vec<_> = items.iter().map(|(_, item)| item.member).collect();
        tx.lock_people(&people).await?;
        let exclusions = Exclusions::read(tx).await?;
        for (n, item) in items {
            let line = item.body.get("line").and_then(Value::as_i64);
            let kept = match line {
                Some(line) => tx.kept_row(self.reader.run.id, line).await?,
                None => None,
            };
            let (state, problem) = self.leaver(tx, item, &exclusions, kept.as_ref()).await?;
            if let Some(row) = &kept {
                let hindered = match state {
                    ItemState::Stale => Some(foresight::unplanned()),
                    ItemState::Excluded => {
                        Some(foresight::excluded(problem.as_deref().unwrap_or_default()))
                    }
                    _ => None,
                };
                if let Some(fault) = hindered {
                    self.fail(tx, row, &fault).await?;
                }
                tx.forget_row(self.reader.run.id, row.line).await?;
            }
            tx.save_item(plan.id, *n, state, problem.as_deref()).await?;
        }
        Ok(())
    }

    /// Lets somebody leave, if they are who they were when that was looked at.
    async fn leaver(
        &self,
        tx: &mut Tx,
        item: &Item,
        exclusions: &Exclusions,
        kept: Option<&KeptRow>,
    ) -> Result<Became, Error> {
        let stale = (ItemState::Stale, None);
        let Some(mut member) = tx.lock_member(item.member).await? else {
            return Ok(stale);
        };
        let engagement = tx.engagement(member.id).await?;
        let has_row = item.body.contains_key("line");
        if fingerprint(&member, Some(&engagement)) != item.fingerprint
            || (has_row && kept.is_none())
        {
            return Ok(stale);
        }
        if let Some(excluded) = exclusions.of(&member) {
            return Ok((ItemState::Excluded, Some(excluded.to_owned())));
        }
        if let Some(row) = kept {
            return self.row(tx, row).await;
        }
        let rules = self.reader.directory.current_rules(tx).await?;
        if member.catalog_version > rules.catalog.version {
            return Err(store::Error::Again.into());
        }
        let mut change = Change::new(tx, rules, self.reader.caller.by(), self.now);
        omitted::leave(&mut change, &mut member, self.now).await?;
        change.finish().await?;
        let counts = Counts {
            deactivated: 1,
            ..Counts::default()
        };
        tx.import_went_on(self.reader.run.id, &counts, self.now)
            .await?;
        Ok((ItemState::Applied, None))
    }

    /// One row in a part of its own: one that is refused leaves nothing but that.
    async fn row(&self, tx: &mut Tx, kept: &KeptRow) -> Result<Became, Error> {
        let row = self.read(kept);
        tx.begin_part().await?;
        let mut report = Report::default();
        match self.reader.carry(tx, &[&row], &mut report, self.now).await {
            Ok(()) => {
                tx.keep_part().await?;
                self.reader.keep(tx, &report, self.now).await?;
                Ok(became(&report))
            }
            Err(error) => {
                let fault = fault(error)?;
                tx.undo_part().await?;
                self.fail(tx, kept, &fault).await?;
                let problem = fault.problem.as_str().to_owned();
                Ok((ItemState::Refused, Some(problem)))
            }
        }
    }

    /// Rows by which nobody leaves: together, or each by itself where one is refused.
    async fn rows(&self, tx: &mut Tx, kept: &[KeptRow]) -> Result<(), Error> {
        let rows: Vec<_> = kept.iter().map(|row| self.read(row)).collect();
        let all: Vec<_> = rows.iter().collect();
        tx.begin_part().await?;
        let mut report = Report::default();
        match self.reader.carry(tx, &all, &mut report, self.now).await {
            Ok(()) => {
                tx.keep_part().await?;
                self.reader.keep(tx, &report, self.now).await?;
            }
            Err(error) => {
                fault(error)?;
                tx.undo_part().await?;
                for row in kept {
                    self.row(tx, row).await?;
                }
            }
        }
        if let Some(row) = kept.last() {
            tx.forget_rows_to(self.reader.run.id, row.line).await?;
        }
        Ok(())
    }

    fn read(&self, kept: &KeptRow) -> Row {
        let cells = kept.given.as_array().into_iter().flatten();
        let cells = cells.map(|cell| cell.as_str().unwrap_or_default().to_owned());
        let record = Record {
            line: kept.line.unsigned_abs(),
            cells: cells.collect(),
        };
        Row::read(record, &self.columns)
    }

    async fn fail(&self, tx: &mut Tx, row: &KeptRow, fault: &Fault) -> Result<(), Error> {
        let failed = FailedRow {
            line: row.line,
            faults: json!([fault_json(fault)]),
            given: row.given.clone(),
        };
        let counts = Counts {
            failed: 1,
            ..Counts::default()
        };
        let id = self.reader.run.id;
        tx.insert_failures(id, &[failed]).await?;
        tx.import_went_on(id, &counts, self.now).await?;
        Ok(())
    }
}

/// What a row that was carried out came to for its person.
fn became(report: &Report) -> Became {
    let first = report.failed.first();
    let problem = first.and_then(|row| row.faults.pointer("/0/code")?.as_str());
    match problem {
        Some(problem) => (ItemState::Refused, Some(problem.to_owned())),
        None if report.counts.unchanged > 0 => (ItemState::Unchanged, None),
        None => (ItemState::Applied, None),
    }
}

//! Making the plan of a file by which many people would leave, or that is meant to have all: what
//! each row would do is kept, and nothing is done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::batch::{Doing, Reader};
use super::foresight::{self, Foreseen};
use super::report::{Report, fault_json};
use super::sheet::Sheet;
use super::{BATCH, FORGET, Failed, Read, Wanted, Watch, omitted, unreadable};
use crate::directory::admin::plans::draft::Draft;
use crate::directory::admin::plans::exclusions::Exclusions;
use crate::directory::admin::plans::import::{self, Plannable};
use crate::directory::admin::simulate::tally::Tally;
use crate::directory::rules::Rules;
use crate::directory::users::{Making, newcomer};
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::plans::{Kind, MOST};
use crate::roster::columns::{Column, Columns};
use crate::scim::Object;
use crate::seats::catalog::Match;
use crate::seats::decision::Decision;
use crate::store::import_plans::{Does, KeptRow};
use crate::store::imports::{Counts, FailedRow, ImportRun, Mode};
use crate::store::ledger::hex;
use crate::store::members::Member;
use crate::store::{Session, transact};

/// Columns by which somebody who is here could lose what they have.
const TAKING: [Column; 8] = [
    Column::Track,
    Column::Pool,
    Column::Group,
    Column::AccessStart,
    Column::AccessEnd,
    Column::HireDate,
    Column::TerminationDate,
    Column::EmploymentStatus,
];

impl Directory {
    /// Whether a file has to be planned first: it would let more people go than the policy lets pass
    /// without a second look. A full one always is.
    pub(super) async fn is_to_be_planned(
        &self,
        reader: &Reader<'_>,
        sheet: Sheet,
        watch: &Watch<'_>,
    ) -> Result<bool, Error> {
        let caller = reader.caller;
        let mut session = self.store.read(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let most = rules.catalog.policy.approval_threshold;
        if !can_take(&sheet.columns, reader.run.mode, &rules)
            || !session.has_more_active(most).await?
        {
            return Ok(false);
        }
        drop(session);
        let mut leavers = 0_i64;
        let mut batches = sheet.batches(BATCH);
        // It is read to its end all the same: what reads it shares the file with the next reading.
        while let Some(batch) = batches.recv().await {
            let batch = batch.map_err(unreadable)?;
            if leavers > most {
                continue;
            }
            let now = (watch.now)();
            let report = reader.batch(&batch.lines, now).await?;
            let taken = report.foreseen.iter().filter(|f| f.takes_away(&rules, now));
            leavers += i64::try_from(taken.count()).unwrap_or(i64::MAX);
            (watch.progress)(batch.position, &Counts::default());
        }
        self.forget_keys(caller, reader.run.id).await?;
        Ok(leavers > most)
    }

    /// Looks at all rows, keeps what they would do, and makes a plan of it; of nothing to be done
    /// none is made.
    pub(super) async fn plan_file(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        run: &ImportRun,
        sheet: Sheet,
        watch: &Watch<'_>,
    ) -> Result<Read, Failed> {
        let now = (watch.now)();
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let figures = session.figures(None, now).await?;
        let mut outlook = Outlook {
            caller,
            rules: &rules,
            exclusions: Exclusions::read(&mut session).await?,
            tally: Tally::of_pools(&rules.catalog, &figures, now),
            draft: Draft::new(Kind::Import, Object::new(), None),
            begins: BTreeMap::new(),
            digest: Sha256::new(),
            rows: 0,
        };
        drop(session);
        let reader = Reader {
            directory: self,
            caller,
            run,
            doing: Doing::Plan,
            spares: false,
        };
        let report = outlook.read(&reader, sheet, watch).await?;
        let mut read = Read {
            report,
            ..Read::default()
        };
        if run.mode == Mode::Full {
            let counts = &read.report.counts;
            read.omitted = self.confirmed(caller, wanted, run, counts).await?;
            outlook
                .add_omitted(self, caller, run, read.omitted, now)
                .await?;
        }
        if outlook.rows == 0 && outlook.draft.is_empty() {
            return Ok(read);
        }
        let threshold = rules.catalog.policy.approval_threshold;
        let made = outlook.planned(run, &read);
        self.store_import_plan(caller, made, (run, read.warnings(run)), threshold, now)
            .await?;
        read.planned = true;
        Ok(read)
    }

    /// Forgets rows that wait for a plan which will not be applied.
    pub(super) async fn forget_kept_rows(
        &self,
        caller: &Caller,
        import: Uuid,
    ) -> Result<(), Error> {
        while transact!(self.store, caller.tenant, |tx| {
            Ok::<_, Error>(tx.forget_rows(import, FORGET).await?)
        })? {}
        Ok(())
    }
}

/// Whether rows of a file can take something from somebody at all.
fn can_take(columns: &Columns, mode: Mode, rules: &Rules) -> bool {
    // What an attribute filter places by may be any column.
    let by_attribute = || {
        rules
            .catalog
            .rules
            .iter()
            .any(|rule| matches!(rule.matches, Match::Filter(_)))
    };
    mode != Mode::Upsert || TAKING.iter().any(|column| columns.has(*column)) || by_attribute()
}

/// What a file would come to, as far as it is read.
struct Outlook<'r> {
    caller: &'r Caller,
    rules: &'r Rules,
    exclusions: Exclusions,
    tally: Tally<'r>,
    draft: Draft,
    /// How many would begin in the first of these pools that has room: once the leavers' seats are
    /// free, since those go first.
    begins: BTreeMap<Vec<Uuid>, u64>,
    /// Over the rows that are kept.
    digest: Sha256,
    rows: u64,
}

impl Outlook<'_> {
    async fn read(
        &mut self,
        reader: &Reader<'_>,
        sheet: Sheet,
        watch: &Watch<'_>,
    ) -> Result<Report, Failed> {
        let (store, tenant) = (&reader.directory.store, reader.caller.tenant);
        let mut batches = sheet.batches(BATCH);
        let mut sum = Report::default();
        while let Some(batch) = batches.recv().await {
            let batch = batch.map_err(unreadable)?;
            let now = (watch.now)();
            let mut report = reader.batch(&batch.lines, now).await?;
            report.failed = Vec::new();
            let foreseen = std::mem::take(&mut report.foreseen);
            let mut session = store.read(tenant).await?;
            let mut kept = Vec::with_capacity(foreseen.len());
            let mut kept_out = Vec::new();
            for seen in foreseen {
                match self.look(&mut session, &seen, now).await? {
                    None => kept.push(seen.row),
                    Some(failed) => kept_out.push((seen.row, failed)),
                }
            }
            drop(session);
            let corrected = self.keep(reader, &kept, &kept_out, now).await?;
            for row in &kept {
                let line = json!([row.line, row.does.as_str(), row.member, row.given]);
                self.digest.update(line.to_string());
                self.rows += 1;
            }
            sum.add(report);
            sum.add(corrected);
            (watch.progress)(batch.position, &sum.counts);
        }
        Ok(sum)
    }

    /// Looks at what a row would do; answers why it is not to be done.
    async fn look(
        &mut self,
        session: &mut Session,
        seen: &Foreseen,
        now: Timestamp,
    ) -> Result<Option<FailedRow>, Error> {
        let Some(member) = &seen.member else {
            self.look_at_newcomer(seen, now);
            return Ok(None);
        };
        let next = foresight::after(member, seen.doc.clone(), &seen.groups, now);
        if !seen.takes_away(self.rules, now) {
            self.count(&next, now);
            return Ok(None);
        }
        if let Some(by) = self.exclusions.of(member) {
            return Ok(Some(FailedRow {
                line: seen.row.line,
                faults: json!([fault_json(&foresight::excluded(by))]),
                given: seen.row.given.clone(),
            }));
        }
        let does = [
            ("verb", Value::from(seen.row.does.as_str())),
            ("line", seen.row.line.into()),
        ];
        self.add(session, (member, &next), does, now).await?;
        Ok(None)
    }

    fn look_at_newcomer(&mut self, seen: &Foreseen, now: Timestamp) {
        let made = Making {
            id: Uuid::nil(),
            managed_by: super::step::IMPORT,
            groups: &seen.groups,
        };
        // One who cannot be made takes no seat, and is found out when the plan is applied.
        if let Ok(next) = newcomer(self.caller, made, seen.doc.clone(), self.rules, now) {
            self.count(&next, now);
        }
    }

    /// Counts what becomes of somebody who stays or comes.
    fn count(&mut self, next: &Member, now: Timestamp) {
        let rules = self.rules;
        let decision = foresight::decision(rules, next, now);
        if let Decision::Open(target) = decision {
            let pools = target.pools.iter().map(|(pool, _)| pool.id).collect();
            *self.begins.entry(pools).or_default() += 1;
        } else {
            self.tally.outcome(next.assignment.as_ref(), &decision);
        }
    }

    /// Plans that somebody leaves.
    async fn add(
        &mut self,
        session: &mut Session,
        (member, next): (&Member, &Member),
        does: [(&str, Value); 2],
        now: Timestamp,
    ) -> Result<(), Error> {
        let engagement = session.engagement(member.id).await?;
        let leaver = Plannable {
            member,
            next,
            engagement: &engagement,
        };
        let decision = foresight::decision(self.rules, next, now);
        let mut item = import::item(self.rules, &leaver, &decision, now);
        item.body
            .extend(does.map(|(key, value)| (key.to_owned(), value)));
        self.exclusions.keep(&mut item, member);
        let seat = member.assignment.as_ref().filter(|_| item.seat_delta > 0);
        if let Some(a) = seat {
            self.tally.frees(a.pool);
        } else if !foresight::ends(&decision) {
            self.tally.outcome(next.assignment.as_ref(), &decision);
        }
        self.draft.add(member, item, true)
    }

    /// Plans that whoever is missing leaves.
    async fn add_omitted(
        &mut self,
        directory: &Directory,
        caller: &Caller,
        run: &ImportRun,
        count: i64,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        if count > most {
            let detail = format!(
                "{count} people are missing in the file, and a plan has no more than {most}; \
                 deactivate them by files of leavers first"
            );
            let refusal = Refusal::new(400, Code::TooMany, detail);
            return Err(Failed::Refused(refusal, count));
        }
        let ids = transact!(directory.store, caller.tenant, |tx| {
            Ok::<_, Error>(tx.omitted(run.id, run.connection, count).await?)
        })?;
        let mut session = directory.store.read(caller.tenant).await?;
        for id in ids {
            let Some(member) = session.member_by_id(id).await? else {
                continue;
            };
            let next = foresight::after(&member, omitted::left_out(&member), &[], now);
            let does = [
                ("verb", Value::from(Does::Deactivate.as_str())),
                ("because", "omitted".into()),
            ];
            self.add(&mut session, (&member, &next), does, now).await?;
        }
        Ok(())
    }

    /// Keeps rows for the plan; those that are not to be done have failed.
    async fn keep(
        &self,
        reader: &Reader<'_>,
        kept: &[KeptRow],
        kept_out: &[(KeptRow, FailedRow)],
        now: Timestamp,
    ) -> Result<Report, Error> {
        let id = reader.run.id;
        let mut counts = Counts::default();
        for (row, _) in kept_out {
            counts.failed += 1;
            match row.does {
                Does::Create => counts.created -= 1,
                Does::Change => counts.changed -= 1,
                Does::Deactivate => counts.deactivated -= 1,
                Does::Schedule => counts.scheduled -= 1,
            }
        }
        let failed: Vec<_> = kept_out.iter().map(|(_, failed)| failed.clone()).collect();
        transact!(reader.directory.store, reader.caller.tenant, |tx| {
            tx.keep_rows(id, kept).await?;
            if !failed.is_empty() {
                tx.insert_failures(id, &failed).await?;
                tx.import_went_on(id, &counts, now).await?;
            }
            Ok::<_, Error>(())
        })?;
        Ok(Report {
            counts,
            ..Report::default()
        })
    }

    /// What it has come to.
    fn planned(mut self, run: &ImportRun, read: &Read) -> import::Made {
        let c = &read.report.counts;
        let counts = json!({
            "rows": c.seen, "created": c.created, "changed": c.changed, "unchanged": c.unchanged,
            "deactivated": c.deactivated, "scheduled": c.scheduled, "failed": c.failed,
            "omitted": read.omitted,
        });
        for (pools, n) in &self.begins {
            for _ in 0..*n {
                self.tally.takes(pools);
            }
        }
        let digest = hex(&self.digest.finalize());
        let mut draft = self.draft;
        draft.ask([
            ("import", json!(run.id)),
            ("mode", run.mode.as_str().into()),
            ("counts", counts),
            ("waiting", json!(self.tally.waiting_by_pool())),
            ("digest", digest.into()),
        ]);
        import::Made {
            draft,
            seats_by_pool: self.tally.seats_by_pool(),
            omitted: read.omitted,
        }
    }
}

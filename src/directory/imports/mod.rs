//! Files of HR systems (domain 4.11): a row is a person as they are to be, and goes through the
//! same create and replace as SCIM. A file can be sent again at any time, in whole or those rows
//! that failed: what is as it has it stays untouched.

mod apply;
mod batch;
mod foresight;
mod groups;
mod legible;
mod newcomers;
mod omitted;
mod people;
mod planned;
mod reconcile;
mod report;
mod sheet;
mod step;

use std::fs::File;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin::Query;
use super::admin::roles::Right;
use super::{Caller, Code, Directory, Error, Refusal};
use crate::roster::columns::Columns;
use crate::roster::compare::Source;
use crate::scim::Object;
use crate::store::imports::{Counts, ImportRun, ImportState, Mode};
use crate::store::transact;
use batch::{Doing, Reader};
use report::Report;
use sheet::{ReadHeader, Sheet, Unusable};

/// Rows in a transaction. On SQLite everybody else waits meanwhile, some twenty milliseconds; each
/// transaction costs a sync whatever its size.
const BATCH: usize = 100;
/// Rows that are forgotten in a transaction.
const FORGET: i64 = 2_000;
/// How long rows that failed are kept: they name people.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What is asked of a file.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is for.
    pub mode: Mode,
    /// Whether only to say what it would do.
    pub dry_run: bool,
    /// How many people may leave because they are missing in it.
    pub confirm_omissions: Option<i64>,
    /// The connection that its people belong to; whom it leaves out are those alone.
    pub connection: Option<String>,
}

impl Wanted {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// 400 `unknown_parameter`, `invalid_parameter`.
    pub fn read(query: &Query) -> Result<Self, Error> {
        let known = ["mode", "dryRun", "confirmOmissions", "connection"];
        query.only(&known, None)?;
        Ok(Self {
            mode: query.name("mode")?.unwrap_or(Mode::Upsert),
            dry_run: query.flag("dryRun")?.unwrap_or(true),
            confirm_omissions: query.whole("confirmOmissions", 0..=i64::MAX)?,
            connection: query.get("connection").map(str::to_owned),
        })
    }
}

/// Where a list is from, by the parameters of a request.
///
/// # Errors
/// 400 `unknown_parameter`, `invalid_parameter`; `missing_field` if it is not said.
pub fn source(query: &Query) -> Result<Source, Error> {
    query.only(&["source"], None)?;
    let missing = || {
        let known: Vec<_> = Source::ALL.iter().map(|source| source.as_str()).collect();
        let detail = format!("source: is required, one of {}", known.join(", "));
        Refusal::new(400, Code::MissingField, detail)
    };
    Ok(query.name("source")?.ok_or_else(missing)?)
}

/// Something that tells the time, and something that is told how many bytes and rows were read.
pub struct Watch<'w> {
    /// The time now.
    pub now: &'w (dyn Fn() -> Timestamp + Send + Sync),
    /// Called after each batch: bytes read of the file, and what came of its rows so far.
    pub progress: &'w (dyn Fn(u64, &Counts) + Send + Sync),
}

impl Directory {
    /// Refuses whoever may not send files: before one of any size is taken from them.
    pub fn may_send_files(&self, caller: &Caller) -> Result<(), Error> {
        Ok(caller.may(Right::Import)?)
    }

    /// Reads a file and does what it says, or only says what it would do. Whatever lets many people
    /// go, and every full file, waits for a plan.
    ///
    /// # Errors
    /// 400 `invalid_file` if it has no header that names people, `too_many` if more people would
    /// leave than a plan may have; 409 `confirm_omissions` or
    /// `unreadable_rows`, with nothing changed, if people are missing in it.
    pub async fn import(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        file: File,
        watch: &Watch<'_>,
    ) -> Result<Object, Error> {
        caller.may(Right::Import)?;
        let copy = file.try_clone().map_err(unreadable)?;
        let sheet = self.open_people(caller, copy).await?;
        if !sheet.names_people(wanted.mode != Mode::Deprovision) {
            let detail = "the file has no column email (or worker_id, external_id of leavers)";
            return Err(invalid(detail).into());
        }
        let now = (watch.now)();
        let run = self.begin_import(caller, wanted, &sheet, now).await?;
        let reading = self.read_in(caller, wanted, &run, (sheet, file), watch);
        let done = Box::pin(reading).await;
        let end = (watch.now)();
        if done.as_ref().is_ok_and(|read| read.planned) {
            self.forget_keys(caller, run.id).await?;
            return self.read_import(caller, &run.id.to_string(), end).await;
        }
        if done.is_err() {
            self.forget_kept_rows(caller, run.id).await?;
        }
        let (state, warnings, omitted) = match &done {
            Ok(read) => (ImportState::Finished, read.warnings(&run), read.omitted),
            Err(Failed::Refused(_, omitted)) => {
                (ImportState::Refused, run.warnings.clone(), *omitted)
            }
            Err(Failed::Error(_)) => (ImportState::Failed, run.warnings.clone(), 0),
        };
        transact!(self.store, caller.tenant, |tx| {
            if state != ImportState::Finished && wanted.mode == Mode::Full {
                // What was counted was only looked at.
                tx.count_anew(run.id).await?;
            }
            let ended = (&warnings, omitted);
            tx.end_import(run.id, state, ended, end).await?;
            Ok::<_, Error>(())
        })?;
        self.forget_notes(caller, run.id).await?;
        match done {
            Ok(_) => self.read_import(caller, &run.id.to_string(), end).await,
            Err(Failed::Refused(mut refusal, _)) => {
                refusal.extra.insert("import".into(), json!(run.id));
                Err(refusal.into())
            }
            Err(Failed::Error(error)) => Err(error),
        }
    }

    /// Opens a file whose columns may be declared attributes.
    async fn open_people(&self, caller: &Caller, file: File) -> Result<Sheet, Error> {
        let mut sheet = open(file, Columns::read).await?;
        let mut session = self.store.read(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let declared = rules.catalog.declared();
        let found = sheet.columns.declare(declared, &mut sheet.unknown);
        found.map_err(|name| twice(&name))?;
        Ok(sheet)
    }

    async fn begin_import(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        sheet: &Sheet,
        now: Timestamp,
    ) -> Result<ImportRun, Error> {
        let mut run = ImportRun {
            id: Uuid::now_v7(),
            mode: wanted.mode,
            dry_run: wanted.dry_run,
            connection: None,
            actor: caller.by().actor,
            state: ImportState::Running,
            header: json!(sheet.columns.header),
            warnings: warnings_of(sheet),
            counts: Counts::default(),
            omitted: 0,
            created_at: now,
            touched_at: now,
            finished_at: None,
        };
        self.forget_stale(caller, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut run = run.clone();
            if let Some(name) = &wanted.connection {
                run.connection = Some(tx.connection_named(name, now).await?);
            }
            tx.insert_import(&run).await?;
            Ok::<_, Error>(run.connection)
        })
        .map(|connection| {
            run.connection = connection;
            run
        })
    }

    /// Reads the rows in.
    async fn read_in(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        run: &ImportRun,
        (sheet, file): (Sheet, File),
        watch: &Watch<'_>,
    ) -> Result<Read, Failed> {
        let reader = |doing| Reader {
            directory: self,
            caller,
            run,
            doing,
            spares: false,
        };
        let mut read = Read::default();
        if wanted.dry_run {
            read.report = all(&reader(Doing::Look), sheet, watch).await?;
            if wanted.mode == Mode::Full {
                let mut session = self.store.read(caller.tenant).await.map_err(Error::from)?;
                let count = session.count_omitted(run.id, run.connection).await;
                read.omitted = count.map_err(Error::from)?;
            }
            return Ok(read);
        }
        if wanted.mode == Mode::Full {
            let planning = self.plan_file(caller, wanted, run, sheet, watch);
            return Box::pin(planning).await;
        }
        let ahead = reader(Doing::LookAhead);
        let plans = self.is_to_be_planned(&ahead, sheet, watch).await?;
        let sheet = self.open_people(caller, file).await?;
        if plans {
            let planning = self.plan_file(caller, wanted, run, sheet, watch);
            return Box::pin(planning).await;
        }
        read.report = all(&reader(Doing::Act), sheet, watch).await?;
        Ok(read)
    }

    /// How many are missing in a file, if its sender knows.
    async fn confirmed(
        &self,
        caller: &Caller,
        wanted: &Wanted,
        run: &ImportRun,
        counts: &Counts,
    ) -> Result<i64, Failed> {
        let mut session = self.store.read(caller.tenant).await.map_err(Error::from)?;
        let omitted = session.count_omitted(run.id, run.connection).await;
        let omitted = omitted.map_err(Error::from)?;
        if counts.unreadable > 0 && omitted > 0 {
            let detail = format!(
                "{} rows name nobody, who may be among the {omitted} people that are missing; \
                 nothing was changed",
                counts.unreadable
            );
            let mut refusal = Refusal::new(409, Code::UnreadableRows, detail);
            refusal
                .extra
                .insert("rows".into(), counts.unreadable.into());
            return Err(Failed::Refused(refusal, omitted));
        }
        let confirmed = wanted.confirm_omissions.unwrap_or(0);
        if confirmed != omitted {
            let detail = format!(
                "{omitted} people are missing in the file and would leave; nothing was changed. \
                 Send it again with confirmOmissions={omitted} if that is right"
            );
            let mut refusal = Refusal::new(409, Code::ConfirmOmissions, detail);
            refusal.extra.insert("omitted".into(), omitted.into());
            return Err(Failed::Refused(refusal, omitted));
        }
        Ok(omitted)
    }

    /// Forgets what was noted while a file was read.
    async fn forget_notes(&self, caller: &Caller, import: Uuid) -> Result<(), Error> {
        while transact!(self.store, caller.tenant, |tx| {
            Ok::<_, Error>(tx.forget_notes(import, FORGET).await?)
        })? {}
        Ok(())
    }

    async fn forget_keys(&self, caller: &Caller, import: Uuid) -> Result<(), Error> {
        while transact!(self.store, caller.tenant, |tx| {
            Ok::<_, Error>(tx.forget_keys(import, FORGET).await?)
        })? {}
        Ok(())
    }

    /// Forgets the rows of files that were sent 30 days ago and earlier, everywhere: they name people.
    pub async fn forget_old_files(&self, now: Timestamp) -> Result<(), Error> {
        let before = now.checked_sub(KEEP).unwrap_or(Timestamp::MIN);
        for tenant in self.store.tenants_with_old_files(before).await? {
            self.forget_stale(&Caller::command(tenant), now).await?;
            transact!(self.store, tenant, |tx| {
                Ok::<_, Error>(tx.forget_reconciliations(before).await?)
            })?;
        }
        Ok(())
    }

    /// Forgets what imports of long ago left, those that were cut off among them.
    async fn forget_stale(&self, caller: &Caller, now: Timestamp) -> Result<(), Error> {
        let before = now.checked_sub(KEEP).unwrap_or(Timestamp::MIN);
        while let Some(import) = transact!(self.store, caller.tenant, |tx| {
            Ok::<_, Error>(tx.stale_import(before).await?)
        })? {
            self.forget_notes(caller, import).await?;
            self.forget_kept_rows(caller, import).await?;
            while transact!(self.store, caller.tenant, |tx| {
                Ok::<_, Error>(tx.forget_failures(import, FORGET).await?)
            })? {}
        }
        Ok(())
    }
}

/// All rows of a file.
async fn all(reader: &Reader<'_>, sheet: Sheet, watch: &Watch<'_>) -> Result<Report, Failed> {
    let mut batches = sheet.batches(BATCH);
    let mut sum = Report::default();
    while let Some(batch) = batches.recv().await {
        let batch = batch.map_err(unreadable)?;
        let mut report = reader.batch(&batch.lines, (watch.now)()).await?;
        // They are kept with the import, and may be as many as the file has rows.
        report.failed = Vec::new();
        sum.add(report);
        (watch.progress)(batch.position, &sum.counts);
    }
    Ok(sum)
}

/// Opens a file where it may block.
async fn open(file: File, header: ReadHeader) -> Result<Sheet, Error> {
    let opened = tokio::task::spawn_blocking(move || Sheet::open(file, header)).await;
    opened
        .map_err(|_| invalid("the file could not be read"))?
        .map_err(|unusable| match unusable {
            Unusable::Empty => invalid("the file is empty").into(),
            Unusable::BrokenHeader(detail) => invalid(&format!("the header {detail}")).into(),
            Unusable::Twice(name) => twice(&name).into(),
            Unusable::Io(error) => unreadable(error),
        })
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn unreadable(error: std::io::Error) -> Error {
    tracing::error!(%error, "a file that was sent cannot be read back");
    crate::store::Error::Unavailable(error.to_string()).into()
}

fn twice(name: &str) -> Refusal {
    let shown: String = name.chars().take(60).collect();
    invalid(&format!("the column '{shown}' is there twice"))
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(400, Code::InvalidFile, detail)
}

fn warnings_of(sheet: &Sheet) -> Value {
    let unknown = sheet.unknown.iter().map(|name| {
        let shown: String = name.chars().take(60).collect();
        let detail = format!("the column '{shown}' is not known and was left out");
        json!({"code": "unknown_column", "column": shown, "detail": detail})
    });
    let detail = "the file is not UTF-8 and was read as Windows-1252 (Latin-1)";
    let encoding = json!({"code": "encoding", "detail": detail});
    unknown
        .chain(sheet.is_windows.then_some(encoding))
        .collect()
}

/// What came of a file.
#[derive(Default)]
struct Read {
    report: Report,
    omitted: i64,
    /// Whether it waits for a plan.
    planned: bool,
}

impl Read {
    /// What should be known of the file as a whole.
    fn warnings(&self, run: &ImportRun) -> Value {
        let mut all = run.warnings.as_array().cloned().unwrap_or_default();
        let mut say = |code: &str, rows: i64, detail: &str| {
            if rows > 0 {
                all.push(json!({"code": code, "rows": rows, "detail": detail}));
            }
        };
        let detail = "these people are an identity provider's: of their rows only track, pool, \
                      dates and employment status count";
        say("managed_by_idp", self.report.of_idp, detail);
        let detail = "these leavers were never here";
        say("unknown_leaver", self.report.nobody, detail);
        all.into()
    }
}

/// Why a file was not read to its end.
enum Failed {
    /// It may not be, with so many people missing in it.
    Refused(Refusal, i64),
    Error(Error),
}

impl From<crate::store::Error> for Failed {
    fn from(error: crate::store::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(refusal, 0),
            error => Self::Error(error),
        }
    }
}

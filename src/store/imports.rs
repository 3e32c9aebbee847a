//! Files of HR systems: what came of them, and what must be known while one is read.

mod notes;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::engine::{Row, args};
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::named as named_enum;

named_enum! {
    /// What a file is for.
    Mode {
        /// Its rows are people as they are to be.
        Upsert = "upsert",
        /// Its rows are people who leave.
        Deprovision = "deprovision",
        /// Its rows are all people there are; whoever is missing leaves.
        Full = "full",
    }
}

named_enum! {
    /// How far an import has come.
    ImportState {
        /// It goes on, or was cut off.
        Running = "running",
        /// It is through.
        Finished = "finished",
        /// It changed nothing, since the file or those missing in it were not as they must be.
        Refused = "refused",
        /// It ended with a failure of the server, and can be sent again.
        Failed = "failed",
    }
}

/// What came of the rows of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were read.
    pub seen: i64,
    /// People who are new.
    pub created: i64,
    /// People who changed.
    pub changed: i64,
    /// People who are as the file has them.
    pub unchanged: i64,
    /// People who left.
    pub deactivated: i64,
    /// People who leave on a day ahead.
    pub scheduled: i64,
    /// Rows that failed.
    pub failed: i64,
    /// Those of them that name nobody.
    pub unreadable: i64,
}

/// An import.
#[derive(Debug, Clone)]
pub struct ImportRun {
    /// Identifier.
    pub id: Uuid,
    /// What the file is for.
    pub mode: Mode,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// The connection that its people belong to.
    pub connection: Option<Uuid>,
    /// Who sent it, as the ledger has it.
    pub actor: String,
    /// How far it has come.
    pub state: ImportState,
    /// The header as given, a list.
    pub header: Json,
    /// What should be known of the file as a whole, a list.
    pub warnings: Json,
    /// What came of its rows.
    pub counts: Counts,
    /// People who are missing in it.
    pub omitted: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When a batch last went in.
    pub touched_at: Timestamp,
    /// When it was through.
    pub finished_at: Option<Timestamp>,
}

/// A row that failed.
#[derive(Debug, Clone)]
pub struct FailedRow {
    /// Where it begins.
    pub line: i64,
    /// What is wrong, a list of `{column, code, detail}`.
    pub faults: Json,
    /// Its cells as given, a list.
    pub given: Json,
}

macro_rules! run_columns {
    () => {
        "id, mode, dry_run, connection_id, actor, state, header, warnings, seen, created, changed, \
         unchanged, deactivated, scheduled, failed, unreadable, omitted, created_at, touched_at, \
         finished_at from import_run "
    };
}

fn run(row: &Row) -> Result<ImportRun, Error> {
    Ok(ImportRun {
        id: row.get("id")?,
        mode: named(row, "mode")?,
        dry_run: row.get("dry_run")?,
        connection: row.get("connection_id")?,
        actor: row.get("actor")?,
        state: named(row, "state")?,
        header: row.json("header")?,
        warnings: row.json("warnings")?,
        counts: Counts {
            seen: row.get("seen")?,
            created: row.get("created")?,
            changed: row.get("changed")?,
            unchanged: row.get("unchanged")?,
            deactivated: row.get("deactivated")?,
            scheduled: row.get("scheduled")?,
            failed: row.get("failed")?,
            unreadable: row.get("unreadable")?,
        },
        omitted: row.get("omitted")?,
        created_at: row.instant("created_at")?,
        touched_at: row.instant("touched_at")?,
        finished_at: row.maybe_instant("finished_at")?,
    })
}

impl Session {
    /// An import.
    pub async fn import(&mut self, id: Uuid) -> Result<Option<ImportRun>, Error> {
        const SQL: &str = concat!(
            "select ",
            run_columns!(),
            "where tenant_id = $1 and id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(run).transpose()
    }

    /// Imports, the newest first.
    pub async fn imports(
        &mut self,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<ImportRun>, Error> {
        const SQL: &str = concat!(
            "select ",
            run_columns!(),
            "where tenant_id = $1 and ($2 is null or id < $2) order by id desc limit $3 + 0"
        );
        let rows = self.all(SQL, args![self.tenant, before, limit]).await?;
        rows.iter().map(run).collect()
    }

    /// Rows that failed, in the order of the file, after a line.
    pub async fn failed_rows(
        &mut self,
        import: Uuid,
        after: i64,
        limit: i64,
    ) -> Result<Vec<FailedRow>, Error> {
        let sql = "select line, faults, given from import_failure where tenant_id = $1 \
                   and import_id = $2 and line > $3 order by line limit $4 + 0";
        let values = args![self.tenant, import, after, limit];
        let rows = self.all(sql, values).await?;
        rows.iter()
            .map(|row| {
                Ok(FailedRow {
                    line: row.get("line")?,
                    faults: row.json("faults")?,
                    given: row.json("given")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Begins an import.
    pub async fn insert_import(&mut self, r: &ImportRun) -> Result<(), Error> {
        self.run(
            "insert into import_run (tenant_id, id, mode, dry_run, connection_id, actor, state, \
               header, warnings, created_at, touched_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            args![
                self.tenant,
                r.id,
                r.mode.as_str(),
                r.dry_run,
                r.connection,
                &r.actor,
                r.state.as_str(),
                r.header.clone(),
                r.warnings.clone(),
                r.created_at,
                r.touched_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Adds what came of a batch.
    pub async fn import_went_on(
        &mut self,
        import: Uuid,
        c: &Counts,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.run(
            "update import_run set seen = seen + $3, created = created + $4, \
               changed = changed + $5, unchanged = unchanged + $6, \
               deactivated = deactivated + $7, scheduled = scheduled + $8, \
               failed = failed + $9, unreadable = unreadable + $10, touched_at = $11 \
             where tenant_id = $1 and id = $2",
            args![
                self.tenant,
                import,
                c.seen,
                c.created,
                c.changed,
                c.unchanged,
                c.deactivated,
                c.scheduled,
                c.failed,
                c.unreadable,
                now
            ],
        )
        .await?;
        Ok(())
    }

    /// Notes what a file that waits for its plan would come to.
    pub async fn note_planned(
        &mut self,
        import: Uuid,
        (warnings, omitted): (&Json, i64),
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "update import_run set warnings = $3, omitted = $4, touched_at = $5 \
                   where tenant_id = $1 and id = $2";
        let values = args![self.tenant, import, warnings.clone(), omitted, now];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Ends an import.
    pub async fn end_import(
        &mut self,
        import: Uuid,
        state: ImportState,
        (warnings, omitted): (&Json, i64),
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "update import_run set state = $3, warnings = $4, omitted = $5, touched_at = $6, \
                   finished_at = $6 where tenant_id = $1 and id = $2";
        let values = args![
            self.tenant,
            import,
            state.as_str(),
            warnings.clone(),
            omitted,
            now
        ];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Keeps rows that failed.
    pub async fn insert_failures(
        &mut self,
        import: Uuid,
        failed: &[FailedRow],
    ) -> Result<(), Error> {
        if failed.is_empty() {
            return Ok(());
        }
        let rows: Json = failed
            .iter()
            .map(|row| json!([row.line, row.faults, row.given]))
            .collect();
        let sql = "insert into import_failure (tenant_id, import_id, line, faults, given) \
                   select $1, $2, cast(e.value ->> 0 as bigint), e.value -> 1, e.value -> 2 \
                   from {elements}($3) e where true on conflict do nothing";
        self.run(sql, args![self.tenant, import, rows]).await?;
        Ok(())
    }

    /// Imports that began before a time and still have failed rows or notes, one at a time.
    pub async fn stale_import(&mut self, before: Timestamp) -> Result<Option<Uuid>, Error> {
        let sql = "select r.id from import_run r where r.tenant_id = $1 and r.created_at < $2 \
                   and (exists (select 1 from import_failure f where f.tenant_id = $1 \
                     and f.import_id = r.id) or exists (select 1 from import_key k \
                     where k.tenant_id = $1 and k.import_id = r.id) \
                     or exists (select 1 from import_row w \
                     where w.tenant_id = $1 and w.import_id = r.id)) limit 1";
        let row = self.optional(sql, args![self.tenant, before]).await?;
        row.map(|row| row.get("id")).transpose()
    }

    /// Forgets the failed rows of an import: they name people.
    pub async fn forget_failures(&mut self, import: Uuid, limit: i64) -> Result<bool, Error> {
        let sql = "delete from import_failure where tenant_id = $1 and import_id = $2 \
                   and line in (select line from import_failure where tenant_id = $1 \
                     and import_id = $2 limit $3 + 0)";
        let values = args![self.tenant, import, limit];
        Ok(self.run(sql, values).await? > 0)
    }
}

//! Imports that wait for a plan: which plan, and their rows until they are done.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::engine::{Row, args};
use super::imports::ImportRun;
use super::plans::Plan;
use super::seats::named;
use super::{Error, Session, Tx};
use crate::plans::State;
use crate::seats::named as named_enum;

named_enum! {
    /// What a row would do when its plan was made.
    Does {
        /// Makes somebody.
        Create = "create",
        /// Changes somebody.
        Change = "change",
        /// Somebody leaves.
        Deactivate = "deactivate",
        /// Somebody leaves on a day ahead.
        Schedule = "schedule",
    }
}

/// A row that waits for its plan.
#[derive(Debug, Clone)]
pub struct KeptRow {
    /// Where it begins in the file.
    pub line: i64,
    /// What it would do.
    pub does: Does,
    /// To whom; nobody where it makes somebody.
    pub member: Option<Uuid>,
    /// Its cells as given, a list.
    pub given: Json,
}

/// An import and the plan that it waits for.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The import.
    pub import: Uuid,
    /// The plan.
    pub plan: Uuid,
    /// The plan's state as stored.
    pub state: State,
}

macro_rules! row_columns {
    () => {
        "select line, does, member_id, given from import_row where tenant_id = $1 and import_id = $2 "
    };
}

fn kept(row: &Row) -> Result<KeptRow, Error> {
    Ok(KeptRow {
        line: row.get("line")?,
        does: named(row, "does")?,
        member: row.get("member_id")?,
        given: row.json("given")?,
    })
}

impl Session {
    /// The import that waits for a plan.
    pub async fn import_of_plan(&mut self, plan: Uuid) -> Result<Option<ImportRun>, Error> {
        let sql = "select import_id from import_plan where tenant_id = $1 and plan_id = $2";
        let row = self.optional(sql, args![self.tenant, plan]).await?;
        match row.map(|row| row.get("import_id")).transpose()? {
            Some(import) => self.import(import).await,
            None => Ok(None),
        }
    }

    /// The plans that these imports wait for or were done by, by the import.
    pub async fn plans_of_imports(
        &mut self,
        imports: &[Uuid],
    ) -> Result<HashMap<Uuid, Plan>, Error> {
        let ids: Json = imports.iter().map(Uuid::to_string).collect();
        let rows = self
            .all(
                "select import_id, plan_id from import_plan where tenant_id = $1 \
                 and import_id in (select id from ({ids}($2)) i)",
                args![self.tenant, ids],
            )
            .await?;
        let mut plans = HashMap::new();
        for row in &rows {
            if let Some(plan) = self.plan(row.get("plan_id")?).await? {
                plans.insert(row.get("import_id")?, plan);
            }
        }
        Ok(plans)
    }

    /// Rows that are still to be done, in the order of the file.
    pub async fn kept_rows(&mut self, import: Uuid, limit: i64) -> Result<Vec<KeptRow>, Error> {
        const SQL: &str = concat!(row_columns!(), "order by line limit $3 + 0");
        let rows = self.all(SQL, args![self.tenant, import, limit]).await?;
        rows.iter().map(kept).collect()
    }

    /// One of them.
    pub async fn kept_row(&mut self, import: Uuid, line: i64) -> Result<Option<KeptRow>, Error> {
        const SQL: &str = concat!(row_columns!(), "and line = $3");
        let row = self.optional(SQL, args![self.tenant, import, line]).await?;
        row.as_ref().map(kept).transpose()
    }

    /// Whether more people than this are active.
    pub async fn has_more_active(&mut self, than: i64) -> Result<bool, Error> {
        let sql = "select count(*) as n from (select 1 from member where tenant_id = $1 \
                   and identity_state = 'active' limit $2 + 1) m";
        let n: i64 = self.one(sql, args![self.tenant, than]).await?.get("n")?;
        Ok(n > than)
    }
}

impl Tx {
    /// Lets an import wait for a plan.
    pub async fn plan_import(&mut self, plan: Uuid, import: Uuid) -> Result<(), Error> {
        let sql = "insert into import_plan (tenant_id, plan_id, import_id) values ($1, $2, $3)";
        self.run(sql, args![self.tenant, plan, import]).await?;
        Ok(())
    }

    /// Keeps rows until their plan is decided and done.
    pub async fn keep_rows(&mut self, import: Uuid, rows: &[KeptRow]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows: Json = rows
            .iter()
            .map(|row| {
                let member = row.member.map(|id| id.to_string());
                json!([row.line, row.does.as_str(), row.given, member])
            })
            .collect();
        let sql = "insert into import_row (tenant_id, import_id, line, does, given, member_id) \
                   select $1, $2, cast(e.value ->> 0 as bigint), e.value ->> 1, e.value -> 2, \
                   {fourth as id} from {elements}($3) e where true";
        self.run(sql, args![self.tenant, import, rows]).await?;
        Ok(())
    }

    /// Forgets a row that is done.
    pub async fn forget_row(&mut self, import: Uuid, line: i64) -> Result<(), Error> {
        let sql = "delete from import_row where tenant_id = $1 and import_id = $2 and line = $3";
        self.run(sql, args![self.tenant, import, line]).await?;
        Ok(())
    }

    /// Forgets rows up to this line.
    pub async fn forget_rows_to(&mut self, import: Uuid, line: i64) -> Result<(), Error> {
        let sql = "delete from import_row where tenant_id = $1 and import_id = $2 and line <= $3";
        self.run(sql, args![self.tenant, import, line]).await?;
        Ok(())
    }

    /// Forgets so many rows of an import; answers whether there may be more.
    pub async fn forget_rows(&mut self, import: Uuid, limit: i64) -> Result<bool, Error> {
        let sql = "delete from import_row where tenant_id = $1 and import_id = $2 \
                   and line in (select line from import_row where tenant_id = $1 \
                     and import_id = $2 limit $3 + 0)";
        let values = args![self.tenant, import, limit];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Notes that no rows of an import are kept any more.
    pub async fn rows_are_gone(&mut self, import: Uuid) -> Result<(), Error> {
        let sql = "update import_plan set keeps_rows = false \
                   where tenant_id = $1 and import_id = $2 and keeps_rows";
        self.run(sql, args![self.tenant, import]).await?;
        Ok(())
    }

    /// Counts anew what an import does: until now it was what it would do.
    pub async fn count_anew(&mut self, import: Uuid) -> Result<(), Error> {
        let sql = "update import_run set created = 0, changed = 0, deactivated = 0, scheduled = 0 \
                   where tenant_id = $1 and id = $2";
        self.run(sql, args![self.tenant, import]).await?;
        Ok(())
    }

    /// Imports whose rows are kept, and whose plan will not be applied any more.
    pub async fn imports_to_discard(&mut self) -> Result<Vec<Planned>, Error> {
        let sql = "select i.import_id, i.plan_id, p.state from import_plan i \
                   join plan p on p.tenant_id = $1 and p.id = i.plan_id \
                   where i.tenant_id = $1 and i.keeps_rows \
                   and p.state in ('rejected', 'expired', 'applied') limit 100";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                Ok(Planned {
                    import: row.get("import_id")?,
                    plan: row.get("plan_id")?,
                    state: named(row, "state")?,
                })
            })
            .collect()
    }
}

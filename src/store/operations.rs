//! Work that the clock or an operator sets off: what is due, re-placement runs, leases.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::{Row, args};
use super::{Error, Session, Store, TenantId, Tx};

/// A pass over a tenant's people after its rules changed.
#[derive(Debug, Clone)]
pub struct PlacementRun {
    /// Identifier.
    pub id: Uuid,
    /// What changed.
    pub reason: String,
    /// How many people there were when it began.
    pub total: i64,
    /// How many it has looked at.
    pub done: i64,
    /// How many of them it changed.
    pub changed: i64,
    /// It has looked at everybody up to this one.
    pub after: Option<Uuid>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was through.
    pub finished_at: Option<Timestamp>,
}

fn run(row: &Row) -> Result<PlacementRun, Error> {
    Ok(PlacementRun {
        id: row.get("id")?,
        reason: row.get("reason")?,
        total: row.get("total")?,
        done: row.get("done")?,
        changed: row.get("changed")?,
        after: row.get("after_id")?,
        created_at: row.instant("created_at")?,
        finished_at: row.maybe_instant("finished_at")?,
    })
}

macro_rules! run_columns {
    () => {
        "id, reason, total, done, changed, after_id, created_at, finished_at from placement_run "
    };
}

impl Store {
    /// Takes or keeps the lease on a job until `until`; false while another replica has it. Leases
    /// keep replicas from doing the same work twice at once; what they do is safe even then.
    pub async fn lease(
        &self,
        job: &str,
        holder: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let mut tx = self.begin(TenantId(0)).await?;
        let held = tx
            .optional(
                "insert into job_lease (name, holder, until) values ($1, $2, $4) \
                 on conflict (name) do update set holder = excluded.holder, until = excluded.until \
                 where job_lease.holder = $2 or job_lease.until <= $3 returning holder",
                args![job, holder, now, until],
            )
            .await?
            .is_some();
        tx.commit().await?;
        Ok(held)
    }

    /// Tenants in which something is due at `now`.
    pub async fn tenants_due(&self, now: Timestamp) -> Result<Vec<TenantId>, Error> {
        let rows = self
            .read(TenantId(0))
            .await?
            .all(
                "select tenant_id from (select distinct tenant_id from assignment where due_at <= $1 \
                   union select distinct s.tenant_id from seat s where s.available_from <= $1 \
                   union select distinct m.tenant_id from member m where m.pins_due_at <= $1) d",
                args![now],
            )
            .await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }

    /// When the clock alone changes something next, in any tenant.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let sql = "select min(due) as due from (select min(due_at) as due from assignment \
                     where due_at is not null union all select min(pins_due_at) from member \
                     where pins_due_at is not null) d";
        self.read(TenantId(0))
            .await?
            .one(sql, args![])
            .await?
            .maybe_instant("due")
    }

    /// Tenants with an unfinished run, or with people who came too late for the newest: one look at
    /// an index a tenant.
    pub async fn tenants_placing(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select tenant_id from placement_run where finished_at is null \
                   union select t.id from tenant t where exists (select 1 from member m \
                     where m.tenant_id = t.id and m.placed_by < t.run_version)";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// Whether anything of the tenant is due at `now`.
    pub async fn is_due(&mut self, now: Timestamp) -> Result<bool, Error> {
        let row = self
            .optional(
                "select 1 as due from assignment where tenant_id = $1 and due_at <= $2 \
                 union all select 1 from seat where tenant_id = $1 and available_from <= $2 \
                 union all select 1 from assignment where tenant_id = $1 and next_session_at <= $2 \
                 union all select 1 from member where tenant_id = $1 and pins_due_at <= $2 \
                 limit 1",
                args![self.tenant, now],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Runs, the newest first.
    pub async fn placement_runs(&mut self) -> Result<Vec<PlacementRun>, Error> {
        const SQL: &str = concat!(
            "select ",
            run_columns!(),
            "where tenant_id = $1 order by created_at desc, id desc limit 100"
        );
        self.all(SQL, args![self.tenant])
            .await?
            .iter()
            .map(run)
            .collect()
    }

    /// One run.
    pub async fn placement_run(&mut self, id: Uuid) -> Result<Option<PlacementRun>, Error> {
        const SQL: &str = concat!(
            "select ",
            run_columns!(),
            "where tenant_id = $1 and id = $2"
        );
        self.optional(SQL, args![self.tenant, id])
            .await?
            .as_ref()
            .map(run)
            .transpose()
    }

    /// People whom the newest run did not see: they were made by a transaction that had read an
    /// older catalog and was committed after the run had passed. Deleted ones are among them.
    pub async fn late_people(&mut self, limit: i64) -> Result<Vec<Uuid>, Error> {
        self.all(
            "select id from member where tenant_id = $1 and placed_by < \
               (select run_version from tenant where id = $1) order by placed_by limit $2 + 0",
            args![self.tenant, limit],
        )
        .await?
        .iter()
        .map(|row| row.get("id"))
        .collect()
    }

    /// The next people of a run, by identifier.
    pub async fn people_after(
        &mut self,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, Error> {
        self.all(
            "select id from member where tenant_id = $1 and ($2 is null or id > $2) \
             and identity_state in ('active', 'inactive') order by id limit $3 + 0",
            args![self.tenant, after, limit],
        )
        .await?
        .iter()
        .map(|row| row.get("id"))
        .collect()
    }
}

impl Tx {
    /// The run that has waited longest, locked: of two replicas that place at once, one waits, so
    /// that a run is through before the next one begins.
    pub async fn unfinished_run(&mut self) -> Result<Option<PlacementRun>, Error> {
        const SQL: &str = concat!(
            "select ",
            run_columns!(),
            "where tenant_id = $1 and finished_at is null \
             order by created_at, id limit 1 {lock}"
        );
        self.optional(SQL, args![self.tenant])
            .await?
            .as_ref()
            .map(run)
            .transpose()
    }

    /// Ends the cooling of seats that is over; answers their pools.
    pub async fn end_cooling(&mut self, now: Timestamp) -> Result<Vec<Uuid>, Error> {
        self.all(
            "update seat set available_from = null where tenant_id = $1 and available_from <= $2 \
             returning pool_id",
            args![self.tenant, now],
        )
        .await?
        .iter()
        .map(|row| row.get("pool_id"))
        .collect()
    }

    /// Begins a run.
    pub async fn insert_run(&mut self, r: &PlacementRun) -> Result<(), Error> {
        self.run(
            "insert into placement_run (tenant_id, id, reason, total, created_at) \
             values ($1, $2, $3, $4, $5)",
            args![self.tenant, r.id, &r.reason, r.total, r.created_at],
        )
        .await?;
        let sql = "update tenant set run_version = catalog_version where id = $1";
        self.run(sql, args![self.tenant]).await?;
        Ok(())
    }

    /// Notes that these people are placed by the catalog as it is.
    pub async fn are_placed(&mut self, people: &BTreeSet<Uuid>) -> Result<(), Error> {
        let ids: serde_json::Value = people.iter().map(Uuid::to_string).collect();
        self.run(
            "update member set placed_by = null where tenant_id = $1 and placed_by is not null \
             and id in (select id from ({ids}($2)) i)",
            args![self.tenant, ids],
        )
        .await?;
        Ok(())
    }

    /// Saves how far a run came.
    pub async fn save_run(&mut self, r: &PlacementRun) -> Result<(), Error> {
        self.run(
            "update placement_run set done = $3, changed = $4, after_id = $5, finished_at = $6 \
             where tenant_id = $1 and id = $2",
            args![self.tenant, r.id, r.done, r.changed, r.after, r.finished_at],
        )
        .await?;
        Ok(())
    }
}

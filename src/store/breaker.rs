//! Removals through a connection, and the breaker that trips over too many of them.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::args;
use super::seats::named;
use super::{Error, Session, Store, TenantId, Tx};
use crate::scim::Object;
use crate::seats::breaker::State;

/// The breaker of a connection, once it has tripped.
#[derive(Debug, Clone)]
pub struct Breaker {
    /// Whose.
    pub connection: Uuid,
    /// How it stands.
    pub state: State,
    /// When it last tripped.
    pub tripped_at: Timestamp,
    /// Removals after this instant are among those it tripped over.
    pub since: Timestamp,
    /// How many there were.
    pub removals: i64,
    /// How many there may be.
    pub threshold: i64,
    /// Who decided what becomes of them, and when.
    pub decided: Option<(String, Timestamp)>,
    /// Seats that are held because of it.
    pub held: i64,
}

/// Somebody who lost access or a seat through a connection.
#[derive(Debug, Clone)]
pub struct Removal {
    /// Who.
    pub member: Uuid,
    /// When.
    pub at: Timestamp,
    /// What it takes to undo it.
    pub was: Object,
    /// The assignment whose seat is held, and from when on it would have been free.
    pub held: Option<(Uuid, Timestamp)>,
}

impl Store {
    /// Tenants with a breaker that has something to carry on with.
    pub async fn tenants_guarding(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select distinct b.tenant_id from breaker b where b.state in ('releasing', 'restoring') \
                   or (b.state = 'tripped' and exists (select 1 from removal r \
                     join member m on m.tenant_id = r.tenant_id and m.id = r.member_id \
                     where r.tenant_id = b.tenant_id and r.connection_id = b.connection_id \
                       and r.at > b.since and r.assignment_id is null and m.seat_state = 'grace'))";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// The breakers that have ever tripped.
    pub async fn breakers(&mut self) -> Result<Vec<Breaker>, Error> {
        let sql = "select b.connection_id, b.state, b.tripped_at, b.since, b.removals, b.threshold, \
                     b.decided_by, b.decided_at, (select count(*) from removal r \
                       join assignment a on a.tenant_id = r.tenant_id and a.id = r.assignment_id \
                       where r.tenant_id = b.tenant_id and r.connection_id = b.connection_id \
                       and a.state = 'grace') as held \
                   from breaker b where b.tenant_id = $1 order by b.connection_id";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                let by: Option<String> = row.get("decided_by")?;
                Ok(Breaker {
                    connection: row.get("connection_id")?,
                    state: named(row, "state")?,
                    tripped_at: row.instant("tripped_at")?,
                    since: row.instant("since")?,
                    removals: row.get("removals")?,
                    threshold: row.get("threshold")?,
                    decided: by.zip(row.maybe_instant("decided_at")?),
                    held: row.get("held")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// How the connection's breaker stands, and when somebody last decided about it.
    pub async fn breaker_state(
        &mut self,
        connection: Uuid,
    ) -> Result<Option<(State, Option<Timestamp>)>, Error> {
        let sql =
            "select state, decided_at from breaker where tenant_id = $1 and connection_id = $2";
        let row = self.optional(sql, args![self.tenant, connection]).await?;
        row.map(|row| Ok((named(&row, "state")?, row.maybe_instant("decided_at")?)))
            .transpose()
    }

    /// What is kept of a person's earlier removal.
    pub async fn removal(
        &mut self,
        connection: Uuid,
        member: Uuid,
    ) -> Result<Option<(Timestamp, Object)>, Error> {
        let sql = "select at, was from removal \
                   where tenant_id = $1 and connection_id = $2 and member_id = $3";
        let row = self
            .optional(sql, args![self.tenant, connection, member])
            .await?;
        row.map(|row| Ok((row.instant("at")?, row.object("was")?)))
            .transpose()
    }

    /// Notes that somebody lost access or a seat.
    pub async fn save_removal(
        &mut self,
        connection: Uuid,
        member: Uuid,
        at: Timestamp,
        was: &Object,
    ) -> Result<(), Error> {
        self.run(
            "insert into removal (tenant_id, connection_id, member_id, at, was) \
             values ($1, $2, $3, $4, $5) on conflict (tenant_id, connection_id, member_id) \
             do update set at = excluded.at, was = excluded.was",
            args![self.tenant, connection, member, at, was],
        )
        .await?;
        Ok(())
    }

    /// Notes that a removed person's seat is held.
    pub async fn hold_removal(
        &mut self,
        connection: Uuid,
        member: Uuid,
        (assignment, free_from): (Uuid, Timestamp),
    ) -> Result<(), Error> {
        self.run(
            "update removal set assignment_id = $4, free_from = $5 \
             where tenant_id = $1 and connection_id = $2 and member_id = $3",
            args![self.tenant, connection, member, assignment, free_from],
        )
        .await?;
        Ok(())
    }

    /// Forgets a removal.
    pub async fn forget_removal(&mut self, connection: Uuid, member: Uuid) -> Result<(), Error> {
        let sql =
            "delete from removal where tenant_id = $1 and connection_id = $2 and member_id = $3";
        self.run(sql, args![self.tenant, connection, member])
            .await?;
        Ok(())
    }

    /// How many people were removed through a connection after an instant.
    pub async fn count_removals(
        &mut self,
        connection: Uuid,
        after: Timestamp,
    ) -> Result<i64, Error> {
        let sql = "select count(*) as n from removal \
                   where tenant_id = $1 and connection_id = $2 and at > $3";
        let row = self.one(sql, args![self.tenant, connection, after]).await?;
        row.get("n")
    }

    /// How many active people a connection has, counted up to `most`.
    pub async fn count_active(&mut self, connection: Uuid, most: i64) -> Result<i64, Error> {
        let sql = "select count(*) as n from (select 1 from member where tenant_id = $1 \
                     and connection_id = $2 and identity_state = 'active' limit $3 + 0) m";
        let row = self.one(sql, args![self.tenant, connection, most]).await?;
        row.get("n")
    }

    /// Trips a connection's breaker; answers whether it was this that did.
    pub async fn trip(&mut self, b: &Breaker) -> Result<bool, Error> {
        let tripped = self
            .run(
                "insert into breaker (tenant_id, connection_id, state, tripped_at, since, removals, \
                   threshold) values ($1, $2, 'tripped', $3, $4, $5, $6) \
                 on conflict (tenant_id, connection_id) do update set state = 'tripped', \
                   tripped_at = excluded.tripped_at, since = excluded.since, \
                   removals = excluded.removals, threshold = excluded.threshold, \
                   decided_by = null, decided_at = null where breaker.state = 'closed'",
                args![
                    self.tenant,
                    b.connection,
                    b.tripped_at,
                    b.since,
                    b.removals,
                    b.threshold
                ],
            )
            .await?;
        Ok(tripped > 0)
    }

    /// Moves a breaker from one state to the next; answers whether it was in the former.
    pub async fn move_breaker(
        &mut self,
        connection: Uuid,
        (from, to): (State, State),
        by: Option<(&str, Timestamp)>,
    ) -> Result<bool, Error> {
        let moved = self
            .run(
                "update breaker set state = $4, decided_by = coalesce($5, decided_by), \
                   decided_at = coalesce($6, decided_at) \
                 where tenant_id = $1 and connection_id = $2 and state = $3",
                args![
                    self.tenant,
                    connection,
                    from.as_str(),
                    to.as_str(),
                    by.map(|(who, _)| who),
                    by.map(|(_, at)| at)
                ],
            )
            .await?;
        Ok(moved > 0)
    }

    /// Removals that a breaker is about, of people in the order of their identifiers: those whose
    /// seat is held and, with `all`, the others since it tripped.
    pub async fn removals(
        &mut self,
        b: &Breaker,
        all: bool,
        limit: i64,
    ) -> Result<Vec<Removal>, Error> {
        let sql = "select member_id, at, was, assignment_id, free_from from removal \
                   where tenant_id = $1 and connection_id = $2 \
                   and (assignment_id is not null or ($3 and at > $4 and at <= $5)) \
                   order by member_id limit $6 + 0";
        let until = b.decided.as_ref().map_or(b.tripped_at, |(_, at)| *at);
        let values = args![self.tenant, b.connection, all, b.since, until, limit];
        let rows = self.all(sql, values).await?;
        rows.iter()
            .map(|row| {
                let held: Option<Uuid> = row.get("assignment_id")?;
                Ok(Removal {
                    member: row.get("member_id")?,
                    at: row.instant("at")?,
                    was: row.object("was")?,
                    held: held.zip(row.maybe_instant("free_from")?),
                })
            })
            .collect()
    }

    /// People removed since a breaker tripped whose grace still runs.
    pub async fn to_freeze(&mut self, b: &Breaker, limit: i64) -> Result<Vec<Uuid>, Error> {
        let sql = "select r.member_id from removal r join member m \
                     on m.tenant_id = r.tenant_id and m.id = r.member_id \
                   where r.tenant_id = $1 and r.connection_id = $2 and r.at > $3 \
                   and r.assignment_id is null and m.seat_state = 'grace' \
                   order by r.member_id limit $4 + 0";
        let values = args![self.tenant, b.connection, b.since, limit];
        let rows = self.all(sql, values).await?;
        rows.iter().map(|row| row.get("member_id")).collect()
    }

    /// Forgets removals up to an instant that hold nothing.
    pub async fn forget_removals(
        &mut self,
        connection: Uuid,
        until: Timestamp,
    ) -> Result<(), Error> {
        let sql = "delete from removal where tenant_id = $1 and connection_id = $2 and at <= $3 \
                   and assignment_id is null";
        self.run(sql, args![self.tenant, connection, until]).await?;
        Ok(())
    }

    /// Puts a person back into those of these groups that there still are; answers which they had
    /// left.
    pub async fn rejoin_groups(
        &mut self,
        member: Uuid,
        groups: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let ids: serde_json::Value = groups.iter().map(Uuid::to_string).collect();
        let rows = self
            .all(
                "insert into group_user (tenant_id, group_id, member_id) \
                 select g.tenant_id, g.id, $2 from scim_group g where g.tenant_id = $1 \
                   and g.id in (select id from ({ids}($3)) i) \
                 on conflict do nothing returning group_id",
                args![self.tenant, member, ids],
            )
            .await?;
        rows.iter().map(|row| row.get("group_id")).collect()
    }
}

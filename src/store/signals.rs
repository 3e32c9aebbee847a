//! What time and figures tell webhooks: how far it was looked for, and what was told.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::engine::{Row, args};
use super::seats::named as parsed;
use super::{Error, Session, Store, TenantId, Tx};
use crate::coaching::Stage;
use crate::scim::Object;
use crate::webhooks::kind::Kind;
use crate::webhooks::signal::{Band, NOTICES};

/// How far a kind was looked for in a tenant.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// What is looked for.
    pub kind: Kind,
    /// All up to then was looked at.
    pub seen_to: Timestamp,
    /// When everything was, whatever it was moved to meanwhile.
    pub swept_at: Timestamp,
    /// The place in the ledger's chain at which figures were last taken.
    pub position: i64,
}

/// Somebody who has stalled and of whom that was not told.
#[derive(Debug, Clone, Copy)]
pub struct Stalled {
    /// In which episode.
    pub assignment: Uuid,
    /// Who.
    pub member: Uuid,
    /// In which status.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody of whom it was told that they have stalled, as they are now.
#[derive(Debug, Clone, Copy)]
pub struct ToldStalled {
    /// In which episode.
    pub assignment: Uuid,
    /// Who.
    pub member: Uuid,
    /// In which status.
    pub stage: Stage,
    /// Whether they still are.
    pub still: bool,
}

/// Somebody whose access ends soon and of whom that was not told.
#[derive(Debug, Clone, Copy)]
pub struct Expiring {
    /// In which episode.
    pub assignment: Uuid,
    /// Who.
    pub member: Uuid,
    /// The pool of the seat.
    pub pool: Uuid,
    /// When.
    pub ends_at: Timestamp,
}

/// A message that the ledger has no line for.
#[derive(Debug, Clone)]
pub struct Signal {
    /// What it tells.
    pub kind: Kind,
    /// When it came to be so.
    pub at: Timestamp,
    /// Whom it is about.
    pub member: Option<Uuid>,
    /// Which pool it is about.
    pub pool: Option<Uuid>,
    /// More, by the kind.
    pub detail: Object,
}

/// Somebody stalled by what is stored, whose assignment is the current one.
const STALLED: &str = "a.state = 'assigned' and a.stalls_at <= $2";

/// Who has stalled by `$2`, after a place in that order, and was not told of.
pub(super) const STALLED_UNTOLD: &str = "select a.id, a.member_id, a.stage, a.stalls_at from assignment a \
    join member m on m.tenant_id = a.tenant_id and m.id = a.member_id \
    where a.tenant_id = $1 and a.state = 'assigned' and a.stalls_at <= $2 \
      and (a.stalls_at, a.member_id) > ($3, $4) \
      and coalesce(m.assignment_id = a.id, false) and not exists ( \
        select 1 from stall_told t where t.tenant_id = a.tenant_id \
        and t.assignment_id = a.id) \
    order by a.stalls_at, a.member_id limit $5 + 0";
/// Whoever was told of as stalled and has changed since.
pub(super) const STALLED_CHANGED: &str = "with changed as materialized ( \
      select assignment_id from stall_told where tenant_id = $1 and changed limit $3 + 0) \
    select a.id, a.member_id, a.stage, \
      coalesce(a.state = 'assigned' and a.stalls_at <= $2, false) as still \
    from changed c join assignment a on a.tenant_id = $1 and a.id = c.assignment_id \
    order by a.member_id";
/// Whose access ends up to `$4`, after a place in that order, and of whom the notice of so many
/// days was not told.
pub(super) const EXPIRING_UNTOLD: &str = "select m.assignment_id, m.id, m.pool_id, m.access_ends_at from member m \
    where m.tenant_id = $1 and m.seat_state = 'assigned' \
      and (m.access_ends_at, m.id) > ($2, $3) and m.access_ends_at <= $4 \
      and not exists (select 1 from expiry_told t where t.tenant_id = m.tenant_id \
        and t.assignment_id = m.assignment_id and t.ends_at = m.access_ends_at \
        and t.days <= $5) \
    order by m.access_ends_at, m.id limit $6 + 0";

fn told_stalled(row: &Row) -> Result<ToldStalled, Error> {
    Ok(ToldStalled {
        assignment: row.get("id")?,
        member: row.get("member_id")?,
        stage: parsed(row, "stage")?,
        still: row.get("still")?,
    })
}

impl Store {
    /// Tenants that have webhooks, or had and are still watched.
    pub async fn tenants_signalling(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select tenant_id from webhook where state = 'enabled' \
                   union select tenant_id from signal_watch";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// What is looked for.
    pub async fn watches(&mut self) -> Result<Vec<Watch>, Error> {
        let sql = "select type, seen_to, swept_at, position from signal_watch where tenant_id = $1";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                Ok(Watch {
                    kind: parsed(row, "type")?,
                    seen_to: row.instant("seen_to")?,
                    swept_at: row.instant("swept_at")?,
                    position: row.get("position")?,
                })
            })
            .collect()
    }

    /// People who have stalled after a place in that order and of whom that was not told.
    pub async fn stalled_untold(
        &mut self,
        (from, after): (Timestamp, Uuid),
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Stalled>, Error> {
        let values = args![self.tenant, now, from, after, limit];
        let rows = self.all(STALLED_UNTOLD, values).await?;
        rows.iter()
            .map(|row| {
                Ok(Stalled {
                    assignment: row.get("id")?,
                    member: row.get("member_id")?,
                    stage: parsed(row, "stage")?,
                    since: row.instant("stalls_at")?,
                })
            })
            .collect()
    }

    /// Whoever was told of as stalled and has changed since.
    pub async fn stalled_changed(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<ToldStalled>, Error> {
        let rows = self
            .all(STALLED_CHANGED, args![self.tenant, now, limit])
            .await?;
        rows.iter().map(told_stalled).collect()
    }

    /// Whoever was told of as stalled and is not, whether that was noticed or not.
    pub async fn stalled_no_more(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<ToldStalled>, Error> {
        let text = format!(
            "select a.id, a.member_id, a.stage, 1 = 0 as still from stall_told t \
             join assignment a on a.tenant_id = t.tenant_id and a.id = t.assignment_id \
             where t.tenant_id = $1 and not coalesce({STALLED}, false) \
             order by a.member_id limit $3 + 0"
        );
        let rows = self.made(text, args![self.tenant, now, limit]).await?;
        rows.iter().map(told_stalled).collect()
    }

    /// People in use of a seat whose access ends within a band, after a place in that order, and of
    /// whom its notice was not told.
    pub async fn expiring_untold(
        &mut self,
        band: Band,
        (from, after): (Timestamp, Uuid),
        limit: i64,
    ) -> Result<Vec<Expiring>, Error> {
        let values = args![self.tenant, from, after, band.to, band.days, limit];
        let rows = self.all(EXPIRING_UNTOLD, values).await?;
        rows.iter()
            .map(|row| {
                Ok(Expiring {
                    assignment: row.get("assignment_id")?,
                    member: row.get("id")?,
                    pool: row.get("pool_id")?,
                    ends_at: row.instant("access_ends_at")?,
                })
            })
            .collect()
    }

    /// Which kinds some webhook of the tenant is told.
    pub async fn kinds_wanted(&mut self) -> Result<HashSet<Kind>, Error> {
        let webhooks = self.webhooks().await?;
        let enabled = webhooks.iter().filter(|w| w.disabled.is_none());
        Ok(enabled
            .flat_map(|w| Kind::ALL.iter().copied().filter(|kind| w.wants(*kind)))
            .collect())
    }
}

impl Tx {
    /// Begins to look for a kind; answers whether nobody did before.
    pub async fn begin_watch(&mut self, kind: Kind, now: Timestamp) -> Result<bool, Error> {
        let sql = "insert into signal_watch (tenant_id, type, seen_to, swept_at) \
                   values ($1, $2, $3, $3) on conflict (tenant_id, type) do nothing";
        let values = args![self.tenant, kind.as_str(), now];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Notes how far a kind was looked for.
    pub async fn save_watch(&mut self, w: &Watch) -> Result<(), Error> {
        let sql = "update signal_watch set seen_to = $3, swept_at = $4, position = $5 \
                   where tenant_id = $1 and type = $2";
        let values = args![
            self.tenant,
            w.kind.as_str(),
            w.seen_to,
            w.swept_at,
            w.position
        ];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Ceases to look for a kind, and forgets what was told of it.
    pub async fn end_watch(&mut self, kind: Kind) -> Result<(), Error> {
        let values = || args![self.tenant, kind.as_str()];
        let (watch, told) = (values(), values());
        let sql = "delete from signal_watch where tenant_id = $1 and type = $2";
        self.run(sql, watch).await?;
        match kind {
            Kind::MemberStalled => {
                let sql = "delete from stall_told where tenant_id = $1";
                self.run(sql, args![self.tenant]).await?;
            }
            Kind::SeatExpiring => {
                let sql = "delete from expiry_told where tenant_id = $1";
                self.run(sql, args![self.tenant]).await?;
            }
            _ => {
                let sql = "delete from signal_told where tenant_id = $1 and type = $2";
                self.run(sql, told).await?;
            }
        }
        Ok(())
    }

    /// Takes all who have stalled by now for told.
    pub async fn stalled_before(&mut self, now: Timestamp) -> Result<(), Error> {
        let sql = "insert into stall_told (tenant_id, assignment_id, member_id) \
                   select tenant_id, id, member_id from assignment where tenant_id = $1 \
                     and state = 'assigned' and stalls_at <= $2 on conflict do nothing";
        self.run(sql, args![self.tenant, now]).await?;
        Ok(())
    }

    /// Takes the notices that are due by now for told.
    pub async fn expiring_before(&mut self, now: Timestamp) -> Result<(), Error> {
        let [day, week, month] = NOTICES.map(|days| {
            let ahead = SignedDuration::from_hours(24 * days);
            now.checked_add(ahead).unwrap_or(Timestamp::MAX)
        });
        let sql = "insert into expiry_told (tenant_id, assignment_id, ends_at, days) \
                   select tenant_id, assignment_id, access_ends_at, case \
                       when access_ends_at <= $3 then 1 when access_ends_at <= $4 then 7 else 30 end \
                     from member where tenant_id = $1 and access_ends_at > $2 \
                     and access_ends_at <= $5 and seat_state = 'assigned' on conflict do nothing";
        let values = args![self.tenant, now, day, week, month];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Notes that it is told of somebody that they have stalled; answers whether it was not.
    pub async fn tell_stalled(&mut self, s: &Stalled) -> Result<bool, Error> {
        let sql = "insert into stall_told (tenant_id, assignment_id, member_id) \
                   values ($1, $2, $3) on conflict (tenant_id, assignment_id) do nothing";
        let values = args![self.tenant, s.assignment, s.member];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Notes that somebody was looked at who was told of as stalled; answers whether it is to be
    /// told that they are no more.
    pub async fn looked_at_stalled(&mut self, s: &ToldStalled) -> Result<bool, Error> {
        if s.still {
            let sql = "update stall_told set changed = (1 = 0) \
                       where tenant_id = $1 and assignment_id = $2";
            self.run(sql, args![self.tenant, s.assignment]).await?;
            return Ok(false);
        }
        let sql = "delete from stall_told where tenant_id = $1 and assignment_id = $2";
        Ok(self.run(sql, args![self.tenant, s.assignment]).await? > 0)
    }

    /// Notes that a notice is told; answers whether it was not.
    pub async fn tell_expiring(&mut self, e: &Expiring, days: i64) -> Result<bool, Error> {
        let sql = "insert into expiry_told as t (tenant_id, assignment_id, ends_at, days) \
                   values ($1, $2, $3, $4) on conflict (tenant_id, assignment_id) do update \
                     set ends_at = excluded.ends_at, days = excluded.days \
                     where t.ends_at <> excluded.ends_at or t.days > excluded.days";
        let values = args![self.tenant, e.assignment, e.ends_at, days];
        Ok(self.run(sql, values).await? > 0)
    }

    /// Forgets notices of ends that are over.
    pub async fn forget_expired(&mut self, before: Timestamp) -> Result<(), Error> {
        let sql = "delete from expiry_told where tenant_id = $1 and ends_at < $2";
        self.run(sql, args![self.tenant, before]).await?;
        Ok(())
    }

    /// Notes what is told of a subject; answers what was before, or nothing if it is the same.
    pub async fn tell_once(
        &mut self,
        kind: Kind,
        subject: &str,
        cause: &str,
    ) -> Result<Option<Option<String>>, Error> {
        let sql = "select cause from signal_told where tenant_id = $1 and type = $2 \
                   and subject = $3 {lock}";
        let values = args![self.tenant, kind.as_str(), subject];
        let row = self.optional(sql, values).await?;
        let before: Option<String> = row.map(|row| row.get("cause")).transpose()?;
        let sql = "insert into signal_told as t (tenant_id, type, subject, cause) \
                   values ($1, $2, $3, $4) on conflict (tenant_id, type, subject) do update \
                     set cause = excluded.cause where t.cause <> excluded.cause";
        let values = args![self.tenant, kind.as_str(), subject, cause];
        let is_new = self.run(sql, values).await? > 0;
        Ok(is_new.then_some(before))
    }

    /// Keeps a message until it is made deliveries.
    pub async fn insert_signal(&mut self, s: &Signal) -> Result<(), Error> {
        let sql = "insert into webhook_signal (tenant_id, id, at, type, member_id, pool_id, detail) \
                   values ($1, $2, $3, $4, $5, $6, $7)";
        let values = args![
            self.tenant,
            Uuid::now_v7(),
            s.at,
            s.kind.as_str(),
            s.member,
            s.pool,
            &s.detail
        ];
        self.run(sql, values).await?;
        Ok(())
    }
}

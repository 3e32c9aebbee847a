//! The ledger until a moment: lines of many people at once, and the accounts of pools.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Entry, entry, entry_columns};
use crate::store::engine::args;
use crate::store::members::{Member, member, member_columns, member_tables};
use crate::store::seats::assignment_columns;
use crate::store::{Error, Session};

/// The accounts of a pool as the moves until a moment add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Seats bought.
    pub purchased: i64,
    /// Held by nobody.
    pub available: i64,
    /// Held back.
    pub reserved: i64,
    /// Taken for a start ahead.
    pub scheduled: i64,
    /// In use.
    pub occupied: i64,
    /// Held for somebody whose access is cut.
    pub grace: i64,
    /// Used up.
    pub burned: i64,
    /// Beyond the purchase.
    pub overage: i64,
}

impl Session {
    /// When the tenant was made.
    pub async fn tenant_since(&mut self) -> Result<Timestamp, Error> {
        let sql = "select created_at from tenant where id = $1";
        self.one(sql, args![self.tenant])
            .await?
            .instant("created_at")
    }

    /// People by identifier, those too of whom the list shows nothing now.
    pub async fn everybody(
        &mut self,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Member>, Error> {
        const SQL: &str = concat!(
            "select ",
            member_columns!(),
            member_tables!(),
            "where m.tenant_id = $1 and m.id > $2 order by m.id limit $3 + 0"
        );
        let after = after.unwrap_or(Uuid::nil());
        let rows = self.all(SQL, args![self.tenant, after, limit]).await?;
        rows.iter().map(member).collect()
    }

    /// The lines of these people until a moment, person by person, the oldest first.
    pub async fn ledger_until(
        &mut self,
        members: &[Uuid],
        at: Timestamp,
    ) -> Result<Vec<Entry>, Error> {
        const SQL: &str = concat!(
            "select ",
            entry_columns!(),
            " from ledger l where l.tenant_id = $1 and l.at <= $3 \
               and l.member_id in (select id from ({ids}($2)) i) order by l.member_id, l.id"
        );
        let ids: Json = members.iter().map(Uuid::to_string).collect();
        let rows = self.all(SQL, args![self.tenant, ids, at]).await?;
        rows.iter().map(entry).collect()
    }

    /// The number of each episode of these people, by assignment.
    pub async fn episodes(&mut self, members: &[Uuid]) -> Result<Vec<(Uuid, i64)>, Error> {
        let sql = "select id, episode from assignment where tenant_id = $1 \
                   and member_id in (select id from ({ids}($2)) i)";
        let ids: Json = members.iter().map(Uuid::to_string).collect();
        let rows = self.all(sql, args![self.tenant, ids]).await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("episode")?)))
            .collect()
    }

    /// The accounts of the pools that there were, until a moment.
    pub async fn accounts_until(&mut self, at: Timestamp) -> Result<Vec<(Uuid, Accounts)>, Error> {
        let pools = self
            .all(
                "select id from pool where tenant_id = $1 and created_at <= $2",
                args![self.tenant, at],
            )
            .await?;
        let mut all = Vec::new();
        for row in &pools {
            all.push((row.get::<Uuid>("id")?, Accounts::default()));
        }
        let rows = self
            .all(
                "select pool_id, account, cast(sum(n) as bigint) as n from (\
                   select pool_id, to_account as account, quantity as n from ledger \
                     where tenant_id = $1 and quantity > 0 and at <= $2 \
                   union all select pool_id, from_account as account, -quantity as n from ledger \
                     where tenant_id = $1 and quantity > 0 and at <= $2) moves \
                 group by pool_id, account",
                args![self.tenant, at],
            )
            .await?;
        for row in &rows {
            let pool: Uuid = row.get("pool_id")?;
            let n: i64 = row.get("n")?;
            if let Some((_, accounts)) = all.iter_mut().find(|(id, _)| *id == pool) {
                match row.get::<String>("account")?.as_str() {
                    // What came from outside the pool's seats.
                    "unbought" => accounts.purchased = -n,
                    "overage" => accounts.overage = -n,
                    "available" => accounts.available = n,
                    "reserved" => accounts.reserved = n,
                    "scheduled" => accounts.scheduled = n,
                    "occupied" => accounts.occupied = n,
                    "grace" => accounts.grace = n,
                    "burned" => accounts.burned = n,
                    _ => {}
                }
            }
        }
        Ok(all)
    }
}

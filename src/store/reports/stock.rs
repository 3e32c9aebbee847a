//! Reports of seats: what was held at most, and when those held now come free.

use jiff::Timestamp;
use uuid::Uuid;

use super::{from_seconds, seconds};
use crate::store::engine::args;
use crate::store::{Error, Session};

/// The most that a pool ever had out, by its ledger.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peak {
    /// Seats held at once: in use, in grace, taken for a start ahead, or used up.
    pub held: i64,
    /// Of these, beyond the purchase.
    pub overage: i64,
}

/// Seats that come free at a moment, as far as dates are known.
#[derive(Debug, Clone, Copy)]
pub struct Freeing {
    /// The pool.
    pub pool: Uuid,
    /// When, to the quarter of an hour.
    pub at: Timestamp,
    /// Whether a session took place on them.
    pub started: bool,
    /// Whether anybody has had the use of them.
    pub used: bool,
    /// Whether they are beyond the purchase, and cease to be.
    pub overage: bool,
    /// How many.
    pub n: i64,
}

/// The line for a pool.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The pool.
    pub pool: Uuid,
    /// How many wait.
    pub waiting: i64,
    /// Since when the first of them has.
    pub oldest: Timestamp,
}

impl Session {
    /// What each pool had out at most, from its first line in the ledger on.
    pub async fn peaks(&mut self) -> Result<Vec<(Uuid, Peak)>, Error> {
        // A window adds up the moves in the order in which they were written.
        let rows = self
            .all(
                "select pool_id, cast(max(held) as bigint) as held, \
                   cast(max(lent) as bigint) as lent from (select pool_id, \
                   sum(case when to_account in ('scheduled', 'occupied', 'grace', 'burned') \
                         then quantity else 0 end \
                     - case when from_account in ('scheduled', 'occupied', 'grace', 'burned') \
                         then quantity else 0 end) over w as held, \
                   sum(case when from_account = 'overage' then quantity \
                         when to_account = 'overage' then -quantity else 0 end) over w as lent \
                 from ledger where tenant_id = $1 and quantity > 0 \
                 window w as (partition by pool_id order by id rows unbounded preceding)) moves \
                 group by pool_id",
                args![self.tenant],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let peak = Peak {
                    held: row.get("held")?,
                    overage: row.get("lent")?,
                };
                Ok((row.get("pool_id")?, peak))
            })
            .collect()
    }

    /// When seats that are held, and those that cool down, come free until an instant.
    pub async fn freeing(
        &mut self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Freeing>, Error> {
        let slot = |instant: &str| format!("{} / 900", seconds(self.dialect(), instant));
        let text = format!(
            "select pool_id, slot, started, used, overage, count(*) as n from (\
               select a.pool_id, {} as slot, a.sessions_completed > 0 as started, a.held as used, \
                 s.overage from assignment a join seat s on s.tenant_id = a.tenant_id \
                 and s.pool_id = a.pool_id and s.n = a.seat_n \
               where a.tenant_id = $1 and a.state in ('assigned', 'scheduled', 'grace') \
                 and coalesce(a.grace_until, a.ends_at) <= $3 \
               union all select pool_id, {} as slot, 1 < 0 as started, 1 < 0 as used, overage \
                 from seat where tenant_id = $1 and available_from > $2 and available_from <= $3) f \
             group by pool_id, slot, started, used, overage order by slot",
            slot("coalesce(a.grace_until, a.ends_at)"),
            slot("available_from"),
        );
        let rows = self.made(text, args![self.tenant, now, until]).await?;
        rows.iter()
            .map(|row| {
                Ok(Freeing {
                    pool: row.get("pool_id")?,
                    at: from_seconds(row.get::<i64>("slot")? * 900),
                    started: row.get("started")?,
                    used: row.get("used")?,
                    overage: row.get("overage")?,
                    n: row.get("n")?,
                })
            })
            .collect()
    }

    /// The lines, by the pool that people are said to wait for.
    pub async fn line_lengths(&mut self) -> Result<Vec<Line>, Error> {
        let sql = "select waiting_pool_id as pool_id, count(*) as n, min(waiting_since) as oldest \
                   from assignment where tenant_id = $1 and waiting_pool_id is not null \
                   group by waiting_pool_id";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| {
                Ok(Line {
                    pool: row.get("pool_id")?,
                    waiting: row.get("n")?,
                    oldest: row.instant("oldest")?,
                })
            })
            .collect()
    }

    /// How many people each connection manages; those of none under none.
    pub async fn managed(&mut self) -> Result<Vec<(Option<Uuid>, i64)>, Error> {
        let sql = "select connection_id, count(*) as n from member where tenant_id = $1 \
                   and scim_id is not null group by connection_id";
        let rows = self.all(sql, args![self.tenant]).await?;
        rows.iter()
            .map(|row| Ok((row.get("connection_id")?, row.get("n")?)))
            .collect()
    }
}

//! The seats of pools, counted.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::args;
use super::seats::named;
use super::{Error, Session, Tx};
use crate::seats::Account;
use crate::seats::catalog::PoolState;

/// The seats of a pool by account, from one snapshot. Seats that nobody holds are available, cool
/// down, or are not offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Seats bought.
    pub purchased: i64,
    /// What can be taken now.
    pub available: i64,
    /// Free again, and not to be taken before the pool's cooldown is over.
    pub cooling_down: i64,
    /// Held by nobody in a pool that is not open.
    pub not_offered: i64,
    /// Held back.
    pub reserved: i64,
    /// Taken for a future start.
    pub scheduled: i64,
    /// In use.
    pub occupied: i64,
    /// Held for somebody whose access is cut.
    pub grace: i64,
    /// Used up.
    pub burned: i64,
    /// Beyond the purchase, whatever they are used for.
    pub overage: i64,
    /// People in line.
    pub waitlist: i64,
}

impl Figures {
    /// Seats in the account `available`, whether they can be taken now or not.
    pub fn free(&self) -> i64 {
        self.available + self.cooling_down + self.not_offered
    }

    fn add(&mut self, account: Account, overage: bool, n: i64) {
        *match account {
            Account::Available => &mut self.available,
            Account::Reserved => &mut self.reserved,
            Account::Scheduled => &mut self.scheduled,
            Account::Occupied => &mut self.occupied,
            Account::Grace => &mut self.grace,
            Account::Burned => &mut self.burned,
        } += n;
        *if overage {
            &mut self.overage
        } else {
            &mut self.purchased
        } += n;
    }
}

impl Session {
    /// The seats of every pool, or of one, as this snapshot has them at `now`.
    pub async fn figures(
        &mut self,
        only: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Vec<(Uuid, Figures)>, Error> {
        let mut all: Vec<(Uuid, Figures)> = Vec::new();
        let pools = self
            .all(
                "select p.id, p.state, (select count(*) from assignment a \
                   where a.tenant_id = p.tenant_id and a.waiting_pool_id = p.id) as waitlist, \
                   (select count(*) from seat s where s.tenant_id = p.tenant_id \
                   and s.pool_id = p.id and s.available_from > $4) as cooling from pool p \
                 where p.tenant_id = $1 and (p.id = $2 or $3) order by p.key",
                args![self.tenant, only, only.is_none(), now],
            )
            .await?;
        let mut shut = Vec::new();
        for row in &pools {
            let (id, state) = (row.get("id")?, named::<PoolState>(row, "state")?);
            if state != PoolState::Live {
                shut.push(id);
            }
            let figures = Figures {
                waitlist: row.get("waitlist")?,
                cooling_down: row.get("cooling")?,
                ..Figures::default()
            };
            all.push((id, figures));
        }
        let counts = self
            .all(
                "select pool_id, state, overage, count(*) as n from seat \
                 where tenant_id = $1 and (pool_id = $2 or $3) group by pool_id, state, overage",
                args![self.tenant, only, only.is_none()],
            )
            .await?;
        for row in &counts {
            let id: Uuid = row.get("pool_id")?;
            if let Some((_, figures)) = all.iter_mut().find(|(pool, _)| *pool == id) {
                figures.add(named(row, "state")?, row.get("overage")?, row.get("n")?);
            }
        }
        for (id, figures) in &mut all {
            figures.available -= figures.cooling_down;
            if shut.contains(id) {
                figures.not_offered = std::mem::take(&mut figures.available);
            }
        }
        Ok(all)
    }
}

// Which rows are chosen is said in a part of its own, which is carried out once: PostgreSQL may
// evaluate a subquery of `in` again for each row, and one that locks and has a limit then answers
// other rows each time, more than the limit in all.
impl Tx {
    /// Holds back up to `count` seats that are free at `now`; answers how many. The pool must be held.
    pub async fn hold_back(
        &mut self,
        pool: Uuid,
        count: i64,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let mut held = 0;
        while held < count {
            let more = self
                .run(
                    "with chosen as materialized (select n from seat \
                       where tenant_id = $1 and pool_id = $2 and state = 'available' \
                       and (available_from is null or available_from <= $4) \
                       order by n desc limit $3 + 0 {lock}) \
                     update seat set state = 'reserved', available_from = null \
                     where tenant_id = $1 and pool_id = $2 and n in (select n from chosen)",
                    args![self.tenant, pool, count - held, now],
                )
                .await?;
            held += i64::try_from(more).unwrap_or(0);
            // Rows that their takers committed while this waited for them are gone; others may be
            // free. Only a look that finds none is an answer.
            if held < count && !self.has_free_seat(pool, now).await? {
                break;
            }
        }
        Ok(held)
    }

    /// Frees up to `count` seats that were held back; answers how many. The pool must be held.
    pub async fn release_held_back(&mut self, pool: Uuid, count: i64) -> Result<i64, Error> {
        let released = self
            .run(
                "with chosen as materialized (select n from seat where tenant_id = $1 \
                   and pool_id = $2 and state = 'reserved' order by n limit $3 + 0 {lock}) \
                 update seat set state = 'available' where tenant_id = $1 and pool_id = $2 \
                 and n in (select n from chosen)",
                args![self.tenant, pool, count],
            )
            .await?;
        Ok(i64::try_from(released).unwrap_or(0))
    }
}

//! Many new people in few statements: for files, where it is the number of statements that takes
//! the time.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::engagement::journey_values;
use super::engine::{args, rows_of};
use super::members::{Keys, Member};
use super::seats::assignment_inserted;
use super::{Error, Tx};
use crate::coaching::journey::Journey;
use crate::seats::{Account, Assignment};

/// An assignment that begins, its journey, and from when on it would have stalled.
pub type Begun<'a> = (&'a Assignment, Journey, Option<Timestamp>);

/// Rows of a statement at most.
const MOST: usize = 50;

/// The statements that insert one assignment, two, and so on.
static ASSIGNMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let insert = |rows| {
        let columns = assignment_inserted!();
        format!(
            "insert into assignment ({columns}) values {}",
            rows_of(rows, columns.matches(',').count() + 1)
        )
    };
    (1..=MOST).map(insert).collect()
});

/// The same of people.
static MEMBERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let columns: Vec<_> = (1..=24).map(|n| format!("column{n}")).collect();
    let columns = columns.join(", ");
    let insert = |rows| {
        format!(
            "insert into member (tenant_id, id, scim_id, identity_state, managed_by, \
               connection_id, user_name, user_name_key, external_id, worker_id, name_key, doc, \
               search, version, created_at, last_modified, deactivated_at, assignment_id, \
               seat_state, track_id, pool_id, access_ends_at, seat_reason, placed_by) \
             select {columns} from (values {}) v where exists (select 1 from tenant t \
               where t.id = column1 and t.catalog_version = column24) and not exists \
               (select 1 from member w where w.tenant_id = column1 \
                and (w.external_id = column9 or w.worker_id = column10) \
                and (w.identity_state = 'deleted' \
                  or (w.identity_state = 'inactive' and w.worker_id = column10))) \
             on conflict do nothing",
            rows_of(rows, 24)
        )
    };
    (1..=MOST).map(insert).collect()
});

impl Tx {
    /// Takes up to `most` free seats of the pool into `account`, none where somebody waits. Fewer
    /// than that, and none, prove nothing.
    pub async fn take_seats(
        &mut self,
        pool: Uuid,
        account: Account,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<i64>, Error> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        // SQLite has one writer, so nobody is met at the first free seat.
        let from: f64 = if self.holds_pool(pool) {
            0.0
        } else {
            rand::random()
        };
        let rows = self
            .all(
                "with free as materialized (select n from seat where tenant_id = $1 \
                   and pool_id = $2 and state = 'available' \
                   and (available_from is null or available_from <= $4) and n >= (select \
                   cast(max(n) * $5 as bigint) from seat where tenant_id = $1 and pool_id = $2) \
                   order by n limit $6 + 0 {skip locked}) \
                 update seat set state = $3, available_from = null where tenant_id = $1 \
                   and pool_id = $2 and n in (select n from free) \
                   and not exists (select 1 from waiting where tenant_id = $1 and pool_id = $2 \
                     and ends_at > $4) returning n",
                args![self.tenant, pool, account.as_str(), now, from, most],
            )
            .await?;
        rows.iter().map(|row| row.get("n")).collect()
    }

    /// Gives seats back that were taken and that nobody sat on.
    pub async fn return_seats(&mut self, pool: Uuid, seats: &[i64]) -> Result<(), Error> {
        if seats.is_empty() {
            return Ok(());
        }
        let sql = "update seat set state = 'available' where tenant_id = $1 and pool_id = $2 \
                   and n in (select cast(t as bigint) from ({texts}($3)) i)";
        self.run(sql, args![self.tenant, pool, json!(seats)])
            .await?;
        Ok(())
    }

    /// Stores new assignments.
    pub async fn insert_assignments(&mut self, begun: &[Begun<'_>]) -> Result<(), Error> {
        for batch in begun.chunks(MOST) {
            let mut values = Vec::new();
            for (a, journey, stalls_at) in batch {
                values.extend(self.assignment_values(a));
                values.extend(journey_values(journey, *stalls_at));
            }
            if let Some(sql) = ASSIGNMENTS.get(batch.len() - 1) {
                self.run(sql, values).await?;
            }
        }
        Ok(())
    }

    /// Makes people as [`Tx::insert_member`] does; answers whether all of them.
    pub async fn insert_members(&mut self, people: &[(Member, Keys)]) -> Result<bool, Error> {
        for batch in people.chunks(MOST) {
            let mut values = Vec::new();
            for (member, keys) in batch {
                values.extend(self.member_values(member, keys));
            }
            if let Some(sql) = MEMBERS.get(batch.len() - 1)
                && self.run(sql, values).await? < batch.len() as u64
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Seats taken for people before it is their turn: one statement for many.
#[derive(Debug, Default)]
pub struct Stock {
    /// How many people may still need one.
    ahead: usize,
    seats: BTreeMap<(Uuid, &'static str), Vec<i64>>,
}

impl Stock {
    /// For so many people.
    pub fn expect(&mut self, people: usize) {
        self.ahead = people;
    }

    /// One of them has had their turn.
    pub fn served(&mut self) {
        self.ahead = self.ahead.saturating_sub(1);
    }

    /// A seat of the pool for the next of them, if there is one to be had without waiting.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn seat(
        &mut self,
        tx: &mut Tx,
        pool: Uuid,
        account: Account,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        // For one it is no gain.
        if self.ahead < 2 && self.seats.is_empty() {
            return Ok(None);
        }
        let key = (pool, account.as_str());
        if let Some(held) = self.seats.get_mut(&key)
            && let Some(n) = held.pop()
        {
            return Ok(Some(n));
        }
        if self.ahead < 2 {
            return Ok(None);
        }
        let mut taken = tx.take_seats(pool, account, now, self.ahead).await?;
        taken.sort_unstable_by(|a, b| b.cmp(a));
        let first = taken.pop();
        self.seats.insert(key, taken);
        Ok(first)
    }

    /// Gives back what nobody needed.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn give_back(&mut self, tx: &mut Tx) -> Result<(), Error> {
        self.ahead = 0;
        for ((pool, _), seats) in std::mem::take(&mut self.seats) {
            tx.return_seats(pool, &seats).await?;
        }
        Ok(())
    }
}

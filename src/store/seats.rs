//! Seats and the assignments that hold them.
//!
//! A purchased seat is a row, so no count can be wrong; taking one is taking a row. Whoever finds
//! none free must look again with the pool locked, since a row may just be being freed; freeing
//! locks the pool first and gives the seat to the next in line within the same transaction. So no
//! commit ever leaves a free seat beside somebody who waits for it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::engagement::journey_values;
use super::engine::{Row, args};
use super::{Error, Session, Tx};
use crate::coaching::journey::Journey;
use crate::seats::catalog::Pool;
use crate::seats::pause::Pause;
use crate::seats::{Account, Assignment, Extended, Waiting};

macro_rules! assignment_columns {
    () => {
        "a.id as a_id, a.member_id as a_member_id, a.product_id as a_product_id, \
         a.track_id as a_track_id, a.pool_id as a_pool_id, a.episode as a_episode, \
         a.state as a_state, a.seat_n as a_seat_n, a.waiting_pool_id as a_waiting_pool_id, \
         a.waiting_since as a_waiting_since, a.priority_class as a_priority_class, \
         a.starts_at as a_starts_at, a.ends_at as a_ends_at, a.end_source as a_end_source, \
         a.held as a_held, a.grace_until as a_grace_until, a.ended_at as a_ended_at, \
         a.end_reason as a_end_reason, a.paused_since as a_paused_since, \
         a.paused_until as a_paused_until, a.paused_by as a_paused_by, a.rule_id as a_rule_id, \
         a.extended_until as a_extended_until, a.extended_over as a_extended_over, \
         a.kept_end as a_kept_end, \
         a.inputs as a_inputs, a.created_at as a_created_at "
    };
}
pub(super) use assignment_columns;

/// Reads a column that holds the name of an enum's value.
pub(super) fn named<T: std::str::FromStr>(row: &Row, column: &str) -> Result<T, Error> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|_| Error::Inconsistent("a name that no state has"))
}

/// Reads the assignment of a row that has one.
pub(super) fn assignment(row: &Row) -> Result<Option<Assignment>, Error> {
    let Some(id) = row.get::<Option<Uuid>>("a_id")? else {
        return Ok(None);
    };
    let waiting = row.get::<Option<Uuid>>("a_waiting_pool_id")?;
    let since = row.maybe_instant("a_waiting_since")?;
    let extended = row.maybe_instant("a_extended_until")?;
    let over = row.get("a_extended_over")?;
    let reason: Option<String> = row.get("a_end_reason")?;
    let paused_since = row.maybe_instant("a_paused_since")?;
    let paused = match paused_since {
        Some(since) => Some(Pause {
            since,
            until: row.maybe_instant("a_paused_until")?,
            by: named(row, "a_paused_by")?,
        }),
        None => None,
    };
    Ok(Some(Assignment {
        id,
        member: row.get("a_member_id")?,
        product: row.get("a_product_id")?,
        track: row.get("a_track_id")?,
        pool: row.get("a_pool_id")?,
        episode: row.get("a_episode")?,
        state: named(row, "a_state")?,
        seat: row.get("a_seat_n")?,
        waiting: waiting
            .zip(since)
            .map(|(pool, since)| Waiting { pool, since }),
        priority_class: row.get("a_priority_class")?,
        starts_at: row.instant("a_starts_at")?,
        ends_at: row.instant("a_ends_at")?,
        end_source: named(row, "a_end_source")?,
        held: row.get("a_held")?,
        grace_until: row.maybe_instant("a_grace_until")?,
        ended_at: row.maybe_instant("a_ended_at")?,
        end_reason: reason.and_then(|text| text.parse().ok()),
        paused,
        rule: row.get("a_rule_id")?,
        extended: extended.map(|until| Extended { until, over }),
        kept_end: row.maybe_instant("a_kept_end")?,
        inputs: row.get("a_inputs")?,
        created_at: row.instant("a_created_at")?,
    }))
}

/// What the clock alone has to change next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The person whose assignment it is.
    pub member: Uuid,
    /// Since when.
    pub at: Timestamp,
}

impl Session {
    /// Everybody's assignments, oldest first.
    pub async fn assignments_of(&mut self, member: Uuid) -> Result<Vec<Assignment>, Error> {
        const SQL: &str = concat!(
            "select ",
            assignment_columns!(),
            "from assignment a \
             where a.tenant_id = $1 and a.member_id = $2 order by a.created_at, a.id"
        );
        let rows = self.all(SQL, args![self.tenant, member]).await?;
        rows.iter()
            .filter_map(|row| assignment(row).transpose())
            .collect()
    }

    /// What is due at `now`: seats that come free first, then starts, then places in line that
    /// have run out; the earliest first.
    pub async fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Due>, Error> {
        let rows = self
            .all(
                "select member_id, due_at from assignment where tenant_id = $1 and due_at <= $2 \
                 order by case state when 'assigned' then 0 when 'grace' then 0 when 'scheduled' \
                   then 1 else 2 end, due_at, id limit $3 + 0",
                args![self.tenant, now, limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Due {
                    member: row.get("member_id")?,
                    at: row.instant("due_at")?,
                })
            })
            .collect()
    }
}

/// The columns of a new assignment, in the order of its values and those of its journey.
macro_rules! assignment_inserted {
    () => {
        "tenant_id, id, member_id, product_id, track_id, pool_id, episode, state, seat_n, \
         waiting_pool_id, waiting_since, priority_class, starts_at, ends_at, end_source, held, \
         grace_until, ended_at, end_reason, rule_id, extended_until, extended_over, inputs, \
         due_at, created_at, paused_since, paused_until, paused_by, kept_end, invited_at, stage, \
         stage_since, clock_from, sessions_completed, last_completed_at, outstanding_since, \
         last_scheduled_at, next_session_at, engaged_at, login_at, stopped, running_since, \
         idle_since, stalls_at"
    };
}
pub(super) use assignment_inserted;

impl Tx {
    /// Takes a free seat of the pool into `account`, if one is free and nobody waits for it.
    /// `None` is certain: the pool is full, or there is a line to join.
    ///
    /// # Errors
    /// [`Error::NeedPools`] when only a look with the pool locked could tell.
    pub async fn take_seat(
        &mut self,
        pool: Uuid,
        account: Account,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        if self.holds_pool(pool) {
            if self.someone_waits(pool, now).await? {
                return Ok(None);
            }
            return self.take_seat_in_turn(pool, account, now).await;
        }
        // From a random place on, so that takers neither meet nor walk over what others just took.
        let from: f64 = rand::random();
        for sql in [
            "update seat set state = $3, available_from = null where tenant_id = $1 and pool_id = $2 \
             and n = (select n from seat where tenant_id = $1 and pool_id = $2 and state = 'available' \
               and (available_from is null or available_from <= $4) and n >= (select \
               cast(max(n) * $5 as bigint) from seat where tenant_id = $1 and pool_id = $2) \
               order by n limit 1 {skip locked}) \
             and not exists (select 1 from waiting where tenant_id = $1 and pool_id = $2 \
               and ends_at > $4) returning n",
            "update seat set state = $3, available_from = null where tenant_id = $1 and pool_id = $2 \
             and n = (select n from seat where tenant_id = $1 and pool_id = $2 and state = 'available' \
               and (available_from is null or available_from <= $4) and n < (select \
               cast(max(n) * $5 as bigint) from seat where tenant_id = $1 and pool_id = $2) \
               order by n limit 1 {skip locked}) \
             and not exists (select 1 from waiting where tenant_id = $1 and pool_id = $2 \
               and ends_at > $4) returning n",
        ] {
            let values = args![self.tenant, pool, account.as_str(), now, from];
            if let Some(row) = self.optional(sql, values).await? {
                return row.get("n").map(Some);
            }
        }
        Err(Error::NeedPools(BTreeSet::from([pool])))
    }

    /// Takes a free seat for whoever is next in line. The pool must be held.
    pub async fn take_seat_in_turn(
        &mut self,
        pool: Uuid,
        account: Account,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        loop {
            let taken = self
                .optional(
                    "update seat set state = $3, available_from = null where tenant_id = $1 \
                     and pool_id = $2 and n = (select n from seat where tenant_id = $1 \
                       and pool_id = $2 and state = 'available' \
                       and (available_from is null or available_from <= $4) \
                       order by n limit 1 {lock}) returning n",
                    args![self.tenant, pool, account.as_str(), now],
                )
                .await?;
            if let Some(row) = taken {
                return row.get("n").map(Some);
            }
            // A row that its taker committed while this waited for it counts as looked at and
            // gone; other rows may be free. Only a look that finds none is an answer.
            if !self.has_free_seat(pool, now).await? {
                return Ok(None);
            }
        }
    }

    /// Whether a seat of the pool can be taken.
    pub(super) async fn has_free_seat(
        &mut self,
        pool: Uuid,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let left = self
            .optional(
                "select n from seat where tenant_id = $1 and pool_id = $2 \
                 and state = 'available' and (available_from is null or available_from <= $3) \
                 limit 1",
                args![self.tenant, pool, now],
            )
            .await?;
        Ok(left.is_some())
    }

    /// Adds a seat beyond the purchase, if the pool's limit allows another. The pool must be held.
    pub async fn add_overage_seat(
        &mut self,
        pool: &Pool,
        account: Account,
    ) -> Result<Option<i64>, Error> {
        let row = self
            .optional(
                "insert into seat (tenant_id, pool_id, n, state, overage) \
                 select $1, $2, coalesce((select max(n) from seat where tenant_id = $1 \
                   and pool_id = $2), 0) + 1, $3, $4 \
                 where (select count(*) from seat where tenant_id = $1 and pool_id = $2 \
                   and overage = $4) < $5 returning n",
                args![
                    self.tenant,
                    pool.id,
                    account.as_str(),
                    true,
                    pool.overage_limit
                ],
            )
            .await?;
        row.map(|row| row.get("n")).transpose()
    }

    /// Moves a held seat to another account.
    pub async fn move_seat(&mut self, pool: Uuid, n: i64, account: Account) -> Result<(), Error> {
        self.run(
            "update seat set state = $4 where tenant_id = $1 and pool_id = $2 and n = $3",
            args![self.tenant, pool, n, account.as_str()],
        )
        .await?;
        Ok(())
    }

    /// Frees a seat that no assignment names any more: a purchased one into `account`, from
    /// `available_from` on; one beyond the purchase disappears. Answers whether it was the latter.
    /// The pool must be held.
    pub async fn free_seat(
        &mut self,
        pool: Uuid,
        n: i64,
        account: Account,
        available_from: Option<Timestamp>,
    ) -> Result<bool, Error> {
        let overage = self
            .optional(
                "delete from seat where tenant_id = $1 and pool_id = $2 and n = $3 \
                 and overage = $4 returning n",
                args![self.tenant, pool, n, true],
            )
            .await?
            .is_some();
        if !overage {
            self.run(
                "update seat set state = $4, available_from = $5 \
                 where tenant_id = $1 and pool_id = $2 and n = $3",
                args![self.tenant, pool, n, account.as_str(), available_from],
            )
            .await?;
        }
        Ok(overage)
    }

    /// Stores a new assignment with the journey that begins with it.
    pub async fn insert_assignment(
        &mut self,
        a: &Assignment,
        journey: &Journey,
        stalls_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let mut values = self.assignment_values(a);
        values.extend(journey_values(journey, stalls_at));
        self.run(
            concat!(
                "insert into assignment (",
                assignment_inserted!(),
                ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
                 $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, \
                 $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44)"
            ),
            values,
        )
        .await?;
        Ok(())
    }

    /// Saves an assignment.
    pub async fn save_assignment(&mut self, a: &Assignment) -> Result<(), Error> {
        self.run(
            "update assignment set member_id = $3, product_id = $4, track_id = $5, pool_id = $6, \
               episode = $7, state = $8, seat_n = $9, waiting_pool_id = $10, waiting_since = $11, \
               priority_class = $12, starts_at = $13, ends_at = $14, end_source = $15, held = $16, \
               grace_until = $17, ended_at = $18, end_reason = $19, rule_id = $20, \
               extended_until = $21, extended_over = $22, inputs = $23, due_at = $24, \
               created_at = $25, paused_since = $26, paused_until = $27, paused_by = $28, \
               kept_end = $29 \
             where tenant_id = $1 and id = $2",
            self.assignment_values(a),
        )
        .await?;
        Ok(())
    }

    pub(super) fn assignment_values(&self, a: &Assignment) -> Vec<super::engine::Value> {
        args![
            self.tenant,
            a.id,
            a.member,
            a.product,
            a.track,
            a.pool,
            a.episode,
            a.state.as_str(),
            a.seat,
            a.waiting.map(|w| w.pool),
            a.waiting.map(|w| w.since),
            a.priority_class,
            a.starts_at,
            a.ends_at,
            a.end_source.as_str(),
            a.held,
            a.grace_until,
            a.ended_at,
            a.end_reason.map(crate::seats::EndReason::as_str),
            a.rule,
            a.extended.as_ref().map(|e| e.until),
            a.extended.as_ref().and_then(|e| e.over.as_deref()),
            &a.inputs,
            a.due_at(),
            a.created_at,
            a.paused.map(|pause| pause.since),
            a.paused.and_then(|pause| pause.until),
            a.paused.map(|pause| pause.by.as_str()),
            a.kept_end,
        ]
    }
}

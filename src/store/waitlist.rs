//! The lines for seats. Whoever waits stands in the line of every pool that would do for them, so
//! that whoever frees a seat finds the next one of all whom it would serve. The `assignment` names
//! the pool they are said to wait for; joining a line takes its pool's lock, leaving it does not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::engine::args;
use super::members::{Member, member, member_columns, member_tables};
use super::seats::assignment_columns;
use super::{Error, Session, Tx};
use crate::seats::Assignment;
use crate::seats::catalog::{Pool, ReusePolicy};

/// A place in line as a list is ordered by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The pool's key.
    pub pool: String,
    /// Lower goes first.
    pub priority_class: i64,
    /// Milliseconds since 1970.
    pub since: i64,
    /// The assignment.
    pub id: Uuid,
}

/// A place in the line of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InLine {
    /// The pool.
    pub pool: Uuid,
    /// Since when.
    pub since: Timestamp,
    /// When access to this pool would be over, and with it the wait.
    pub ends_at: Timestamp,
}

/// Somebody in line.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Who.
    pub member: Member,
    /// 1 for whoever is next.
    pub position: i64,
    /// Since when.
    pub since: Timestamp,
    /// Where in the list.
    pub place: Place,
}

impl Session {
    /// The place in the line of the pool waited for, 1 for whoever is next: among all whom a seat of
    /// it would serve, whichever pool they are said to wait for.
    pub async fn waitlist_position(&mut self, a: &Assignment) -> Result<Option<i64>, Error> {
        let Some(waiting) = a.waiting else {
            return Ok(None);
        };
        let row = self
            .one(
                "select count(*) as n from waiting where tenant_id = $1 and pool_id = $2 \
                 and (priority_class, since, assignment_id) <= ($3, $4, $5)",
                args![
                    self.tenant,
                    waiting.pool,
                    a.priority_class,
                    waiting.since,
                    a.id
                ],
            )
            .await?;
        row.get("n").map(Some)
    }

    /// Who waits, for all pools or for one: pools by key, in each whoever is next first.
    pub async fn waitlist(
        &mut self,
        pool: Option<Uuid>,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Waiting>, Error> {
        const SQL: &str = concat!(
            "select p.key as line, w.position, w.since, ",
            member_columns!(),
            member_tables!(),
            "join (select assignment_id, pool_id, priority_class, since, row_number() over ( \
               partition by pool_id order by priority_class, since, assignment_id) as position \
               from waiting where tenant_id = $1 and ($2 is null or pool_id = $2)) w \
               on w.assignment_id = a.id and w.pool_id = a.waiting_pool_id \
             join pool p on p.tenant_id = m.tenant_id and p.id = w.pool_id \
             where m.tenant_id = $1 and ($3 is null \
               or (p.key, w.priority_class, w.since, w.assignment_id) > ($3, $4, $5, $6)) \
             order by p.key, w.priority_class, w.since, w.assignment_id limit $7 + 0"
        );
        let since = after.and_then(|place| Timestamp::from_millisecond(place.since).ok());
        let values = args![
            self.tenant,
            pool,
            after.map(|place| place.pool.as_str()),
            after.map(|place| place.priority_class),
            since,
            after.map(|place| place.id),
            limit
        ];
        let rows = self.all(SQL, values).await?;
        let mut line = Vec::with_capacity(rows.len());
        for row in &rows {
            let member = member(row)?;
            let since = row.instant("since")?;
            let Some(a) = &member.assignment else {
                return Err(Error::Inconsistent("a line without an assignment"));
            };
            let place = Place {
                pool: row.get("line")?,
                priority_class: a.priority_class,
                since: since.as_millisecond(),
                id: a.id,
            };
            line.push(Waiting {
                position: row.get("position")?,
                since,
                place,
                member,
            });
        }
        Ok(line)
    }
}

impl Session {
    /// When the next seats of a pool are given up, by the ends that are known and lie within its
    /// term, the earliest first; and whether each rests first, as one does that was in use. Those
    /// that the contract lets nobody take again are left out.
    pub async fn coming_free(
        &mut self,
        pool: &Pool,
        n: i64,
        now: Timestamp,
    ) -> Result<Vec<(Timestamp, bool)>, Error> {
        let mut free = Vec::new();
        for sql in [
            "select m.access_ends_at as at, a.held, a.sessions_completed from member m \
             join assignment a on a.tenant_id = m.tenant_id and a.id = m.assignment_id \
             where m.tenant_id = $1 and m.pool_id = $2 and m.access_ends_at > $3 \
               and m.access_ends_at < $4 and m.seat_state in ('assigned', 'scheduled') \
             order by m.access_ends_at, m.id limit $5 + 0",
            "select a.grace_until as at, a.held, a.sessions_completed from member m \
             join assignment a on a.tenant_id = m.tenant_id and a.id = m.assignment_id \
             where m.tenant_id = $1 and m.seat_state = 'grace' and m.pool_id = $2 \
               and a.grace_until > $3 and a.grace_until < $4 order by a.grace_until limit $5 + 0",
        ] {
            let values = args![self.tenant, pool.id, now, pool.term_end, n];
            for row in &self.all(sql, values).await? {
                let (held, sessions): (bool, i64) =
                    (row.get("held")?, row.get("sessions_completed")?);
                let burns = match pool.reuse_policy {
                    ReusePolicy::Reusable => false,
                    ReusePolicy::UntilStarted => held && sessions > 0,
                    ReusePolicy::Consumable => true,
                };
                if !burns {
                    free.push((row.instant("at")?, held));
                }
            }
        }
        let sql = "select available_from as at from seat where tenant_id = $1 and pool_id = $2 \
                   and available_from > $3 order by available_from limit $4 + 0";
        for row in &self.all(sql, args![self.tenant, pool.id, now, n]).await? {
            free.push((row.instant("at")?, false));
        }
        free.sort_unstable();
        Ok(free)
    }

    /// Whose assignment stands in line, if it does.
    pub async fn who_waits(&mut self, assignment: Uuid) -> Result<Option<Uuid>, Error> {
        let sql = "select member_id from assignment where tenant_id = $1 and id = $2 \
                   and waiting_pool_id is not null";
        let row = self.optional(sql, args![self.tenant, assignment]).await?;
        row.map(|row| row.get("member_id")).transpose()
    }
}

impl Tx {
    /// Gives an assignment another priority in every line it stands in.
    pub async fn prioritise(&mut self, assignment: Uuid, class: i64) -> Result<(), Error> {
        for sql in [
            "update assignment set priority_class = $3 where tenant_id = $1 and id = $2",
            "update waiting set priority_class = $3 where tenant_id = $1 and assignment_id = $2",
        ] {
            self.run(sql, args![self.tenant, assignment, class]).await?;
        }
        Ok(())
    }

    /// Whether anybody stands in the pool's line whose time has not run out.
    pub async fn someone_waits(&mut self, pool: Uuid, now: Timestamp) -> Result<bool, Error> {
        Ok(self.next_in_line(pool, now).await?.is_some())
    }

    /// Who is next in the pool's line: assignment and person. The pool must be held.
    pub async fn next_in_line(
        &mut self,
        pool: Uuid,
        now: Timestamp,
    ) -> Result<Option<(Uuid, Uuid)>, Error> {
        self.optional(
            "select w.assignment_id, a.member_id from (select assignment_id from waiting \
               where tenant_id = $1 and pool_id = $2 and ends_at > $3 \
               order by priority_class, since, assignment_id limit 1) w \
             join assignment a on a.tenant_id = $1 and a.id = w.assignment_id",
            args![self.tenant, pool, now],
        )
        .await?
        .map(|row| Ok((row.get("assignment_id")?, row.get("member_id")?)))
        .transpose()
    }

    /// The lines that an assignment stands in, by pool.
    pub async fn lines_of(&mut self, assignment: Uuid) -> Result<Vec<InLine>, Error> {
        let sql = "select pool_id, since, ends_at from waiting \
                   where tenant_id = $1 and assignment_id = $2 order by pool_id";
        self.all(sql, args![self.tenant, assignment])
            .await?
            .iter()
            .map(|row| {
                Ok(InLine {
                    pool: row.get("pool_id")?,
                    since: row.instant("since")?,
                    ends_at: row.instant("ends_at")?,
                })
            })
            .collect()
    }

    /// Puts an assignment in these lines and in no others. The pools that are new to it must be held.
    pub async fn stand_in_lines(&mut self, a: &Assignment, lines: &[InLine]) -> Result<(), Error> {
        let sql = "delete from waiting where tenant_id = $1 and assignment_id = $2";
        self.run(sql, args![self.tenant, a.id]).await?;
        self.join_lines(a, lines).await
    }

    /// Puts an assignment that is in no line yet in these.
    pub async fn join_lines(&mut self, a: &Assignment, lines: &[InLine]) -> Result<(), Error> {
        for line in lines {
            self.run(
                "insert into waiting (tenant_id, assignment_id, pool_id, priority_class, since, \
                   ends_at) values ($1, $2, $3, $4, $5, $6)",
                args![
                    self.tenant,
                    a.id,
                    line.pool,
                    a.priority_class,
                    line.since,
                    line.ends_at
                ],
            )
            .await?;
        }
        Ok(())
    }

    /// Takes an assignment out of one line.
    pub async fn leave_line(&mut self, assignment: Uuid, pool: Uuid) -> Result<(), Error> {
        let sql =
            "delete from waiting where tenant_id = $1 and assignment_id = $2 and pool_id = $3";
        self.run(sql, args![self.tenant, assignment, pool]).await?;
        Ok(())
    }

    /// Puts everybody who waits for any pool of the product in the line of this one, which is held,
    /// each since they have waited. Whom it would not serve leaves it when it is their turn.
    pub async fn line_up(&mut self, pool: &Pool) -> Result<(), Error> {
        self.run(
            "insert into waiting (tenant_id, assignment_id, pool_id, priority_class, since, ends_at) \
             select tenant_id, id, $2, priority_class, waiting_since, ends_at from assignment \
             where tenant_id = $1 and waiting_pool_id is not null and product_id = $3 \
             on conflict do nothing",
            args![self.tenant, pool.id, pool.product],
        )
        .await?;
        Ok(())
    }
}

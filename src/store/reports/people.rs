//! Reports of people: whose seat is unused, who needs a word, who has left and still has sessions.

use jiff::Timestamp;
use uuid::Uuid;

use crate::coaching::Stage;
use crate::seats::named as named_enum;
use crate::store::engine::{Row, args};
use crate::store::filter_sql::Sql;
use crate::store::members::{Member, member, member_columns, member_tables};
use crate::store::seats::{assignment_columns, named};
use crate::store::{Error, Session};

named_enum! {
    /// Why a seat that is held counts as unused, the first that applies.
    Unused {
        /// Its holder is deactivated or deleted, and the grace period runs.
        LeaverHolding = "leaver_holding",
        /// No rule places its holder any more, and the grace period runs.
        Grace = "grace",
        /// The account was never activated.
        NeverActivated = "never_activated",
        /// Nothing has come of it for long, and no session is booked.
        Idle = "idle",
        /// There was a session, long ago, and none is booked.
        NoRecentSession = "no_recent_session",
    }
}

/// Whose seats to look for.
#[derive(Debug, Clone, Copy)]
pub struct Cutoffs {
    /// Not activated since.
    pub activation: Timestamp,
    /// Nothing has come of it since.
    pub idle: Timestamp,
}

/// An unused seat.
#[derive(Debug, Clone)]
pub struct UnusedSeat {
    /// Who holds it.
    pub member: Member,
    /// Why it counts.
    pub reason: Unused,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Whether a session took place on it.
    pub started: bool,
}

/// How many seats of a pool are unused, and why.
#[derive(Debug, Clone)]
pub struct UnusedCount {
    /// Why.
    pub reason: Unused,
    /// The pool.
    pub pool: Uuid,
    /// Whether sessions took place on them.
    pub started: bool,
    /// How many.
    pub n: i64,
}

/// Somebody who has stalled.
#[derive(Debug, Clone)]
pub struct Stalled {
    /// Who.
    pub member: Member,
    /// In which status.
    pub stage: Stage,
    /// Since when they count as stalled.
    pub since: Timestamp,
}

/// Somebody whose access is over and of whom sessions are booked, or took place since.
#[derive(Debug, Clone)]
pub struct Leaver {
    /// Who.
    pub member: Member,
    /// Sessions ahead.
    pub upcoming: i64,
    /// The first of them.
    pub next_at: Option<Timestamp>,
    /// Sessions that took place after access was over.
    pub after_end: i64,
}

/// Why a seat is unused, in SQL: `$2` and `$3` are the cutoffs. It is null of a seat that is used.
const REASON: &str = "case \
    when a.state = 'grace' and a.end_reason = 'unmatched' then 'grace' \
    when a.state = 'grace' then 'leaver_holding' \
    when a.stage = 'invited' and a.sessions_completed = 0 then \
      case when a.invited_at <= $2 then 'never_activated' end \
    when a.next_session_at is not null then null \
    when a.idle_since <= $3 then 'idle' \
    when a.last_completed_at <= $3 then 'no_recent_session' end";
const CURRENT: &str = " from member m join tenant t on t.id = m.tenant_id \
    join assignment a on a.tenant_id = m.tenant_id and a.id = m.assignment_id \
    where m.tenant_id = $1 and a.state in ('assigned', 'grace')";
/// Those of whom sessions are booked or took place after the end, whose access is over.
const LEAVERS: &str = "(m.identity_state <> 'active' or m.seat_state = 'ended') \
    and m.id in (select s.member_id from session s where s.tenant_id = $1 \
        and s.state = 'scheduled' and s.starts_at > $2 \
      union select e.member_id from event e where e.tenant_id = $1 \
        and e.problem is not null and e.type = 'session.completed')";

fn after(sql: &mut Sql, after: Option<Uuid>, limit: i64) {
    if let Some(after) = after {
        sql.push(" and m.id > ");
        sql.bind(after);
    }
    sql.push(" order by m.id");
    sql.limit(limit);
}

impl Session {
    /// A page of people who hold an unused seat, by identifier.
    pub async fn unused_seats(
        &mut self,
        cutoffs: Cutoffs,
        (only, pool): (Option<Unused>, Option<Uuid>),
        from: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<UnusedSeat>, Error> {
        const COLUMNS: &str = concat!(
            member_columns!(),
            ", a.invited_at, a.idle_since, a.last_completed_at, a.sessions_completed"
        );
        let values = args![self.tenant, cutoffs.activation, cutoffs.idle];
        let columns = self.dialect().spell(COLUMNS);
        let text =
            format!("select {REASON} as unused, {columns}{CURRENT} and ({REASON}) is not null");
        let mut sql = Sql::new(self.dialect(), &text, values);
        if let Some(only) = only {
            sql.push(&format!(" and ({REASON}) = "));
            sql.bind(only.as_str());
        }
        if let Some(pool) = pool {
            sql.push(" and a.pool_id = ");
            sql.bind(pool);
        }
        after(&mut sql, from, limit);
        let rows = self.made(sql.text, sql.values).await?;
        rows.iter().map(unused).collect()
    }

    /// How many seats are unused, by reason and pool.
    pub async fn count_unused(&mut self, cutoffs: Cutoffs) -> Result<Vec<UnusedCount>, Error> {
        let text = format!(
            "select reason, pool_id, started, count(*) as n from (select {REASON} as reason, \
               a.pool_id, a.sessions_completed > 0 as started{CURRENT}) u \
             where reason is not null group by reason, pool_id, started"
        );
        let values = args![self.tenant, cutoffs.activation, cutoffs.idle];
        let rows = self.made(text, values).await?;
        rows.iter()
            .map(|row| {
                Ok(UnusedCount {
                    reason: named(row, "reason")?,
                    pool: row.get("pool_id")?,
                    started: row.get("started")?,
                    n: row.get("n")?,
                })
            })
            .collect()
    }

    /// A page of people who have stalled, those who did first, first.
    pub async fn stalled(
        &mut self,
        now: Timestamp,
        (track, pool): (Option<Uuid>, Option<Uuid>),
        from: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Stalled>, Error> {
        const COLUMNS: &str = concat!("a.stage, a.stalls_at, ", member_columns!());
        let columns = self.dialect().spell(COLUMNS);
        let text = format!(
            "select {columns} from assignment a join member m on m.tenant_id = a.tenant_id \
               and m.id = a.member_id join tenant t on t.id = m.tenant_id \
             where a.tenant_id = $1 and a.state = 'assigned' and a.stalls_at <= $2 \
               and coalesce(m.assignment_id = a.id, false)"
        );
        let mut sql = Sql::new(self.dialect(), &text, args![self.tenant, now]);
        for (column, id) in [("a.track_id", track), ("a.pool_id", pool)] {
            if let Some(id) = id {
                sql.push(&format!(" and {column} = "));
                sql.bind(id);
            }
        }
        if let Some((at, id)) = from {
            sql.push(" and (a.stalls_at, a.member_id) > (");
            sql.bind(at);
            sql.push(", ");
            sql.bind(id);
            sql.push(")");
        }
        sql.push(" order by a.stalls_at, a.member_id");
        sql.limit(limit);
        let rows = self.made(sql.text, sql.values).await?;
        rows.iter()
            .map(|row| {
                Ok(Stalled {
                    member: member(row)?,
                    stage: named(row, "stage")?,
                    since: row.instant("stalls_at")?,
                })
            })
            .collect()
    }

    /// How many people have stalled in each status.
    pub async fn count_stalled(&mut self, now: Timestamp) -> Result<Vec<(Stage, i64)>, Error> {
        let sql = "select stage, count(*) as n from assignment where tenant_id = $1 \
                   and state = 'assigned' and stalls_at <= $2 group by stage";
        let rows = self.all(sql, args![self.tenant, now]).await?;
        rows.iter()
            .map(|row| Ok((named(row, "stage")?, row.get("n")?)))
            .collect()
    }

    /// How many people hold a seat whose access ends between two instants.
    pub async fn count_ending(&mut self, from: Timestamp, to: Timestamp) -> Result<i64, Error> {
        let sql = "select count(*) as n from member where tenant_id = $1 and access_ends_at > $2 \
                   and access_ends_at <= $3 and seat_state in ('assigned', 'scheduled')";
        self.one(sql, args![self.tenant, from, to]).await?.get("n")
    }

    /// How many people wait for a seat.
    pub async fn count_waiting(&mut self) -> Result<i64, Error> {
        let sql = "select count(*) as n from assignment where tenant_id = $1 \
                   and waiting_pool_id is not null";
        self.one(sql, args![self.tenant]).await?.get("n")
    }

    /// A page of people whose access is over and who still have sessions, by identifier.
    pub async fn leavers_with_sessions(
        &mut self,
        now: Timestamp,
        from: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Leaver>, Error> {
        const COLUMNS: &str = concat!(
            "(select count(*) from session s where s.tenant_id = m.tenant_id \
               and s.member_id = m.id and s.state = 'scheduled' and s.starts_at > $2) as upcoming, \
             (select min(s.starts_at) from session s where s.tenant_id = m.tenant_id \
               and s.member_id = m.id and s.state = 'scheduled' and s.starts_at > $2) as next_at, \
             (select count(*) from event e where e.tenant_id = m.tenant_id \
               and e.member_id = m.id and e.problem is not null \
               and e.type = 'session.completed') as after_end, ",
            member_columns!(),
            member_tables!()
        );
        let columns = self.dialect().spell(COLUMNS);
        let text = format!("select {columns} where m.tenant_id = $1 and {LEAVERS}");
        let mut sql = Sql::new(self.dialect(), &text, args![self.tenant, now]);
        after(&mut sql, from, limit);
        let rows = self.made(sql.text, sql.values).await?;
        rows.iter()
            .map(|row| {
                Ok(Leaver {
                    member: member(row)?,
                    upcoming: row.get("upcoming")?,
                    next_at: row.maybe_instant("next_at")?,
                    after_end: row.get("after_end")?,
                })
            })
            .collect()
    }

    /// A person's sessions that are ahead, the first of them, and how many took place after access
    /// was over.
    pub async fn sessions_left(
        &mut self,
        member: Uuid,
        now: Timestamp,
    ) -> Result<(i64, Option<Timestamp>, i64), Error> {
        let sql = "select count(*) as n, min(starts_at) as next_at, (select count(*) from event \
                     where tenant_id = $1 and member_id = $2 and problem is not null \
                     and type = 'session.completed') as after_end \
                   from session where tenant_id = $1 and member_id = $2 and state = 'scheduled' \
                     and starts_at > $3";
        let row = self.one(sql, args![self.tenant, member, now]).await?;
        Ok((
            row.get("n")?,
            row.maybe_instant("next_at")?,
            row.get("after_end")?,
        ))
    }

    /// How many people those are.
    pub async fn count_leavers_with_sessions(&mut self, now: Timestamp) -> Result<i64, Error> {
        let text =
            format!("select count(*) as n from member m where m.tenant_id = $1 and {LEAVERS}");
        let rows = self.made(text, args![self.tenant, now]).await?;
        rows.first().map_or(Ok(0), |row| row.get("n"))
    }
}

fn unused(row: &Row) -> Result<UnusedSeat, Error> {
    let member = member(row)?;
    let reason = named(row, "unused")?;
    let since = match reason {
        Unused::LeaverHolding => member.deactivated_at,
        Unused::Grace => None,
        Unused::NeverActivated => row.maybe_instant("invited_at")?,
        Unused::Idle => row.maybe_instant("idle_since")?,
        Unused::NoRecentSession => row.maybe_instant("last_completed_at")?,
    };
    Ok(UnusedSeat {
        since,
        reason,
        started: row.get::<i64>("sessions_completed")? > 0,
        member,
    })
}

//! How coaching is used, added up by track, pool, attribute or week.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use uuid::Uuid;

use super::seconds;
use crate::coaching::Stage;
use crate::store::engine::{Dialect, Row, args};
use crate::store::filter_sql::Sql;
use crate::store::{Error, Session};

/// By what to add up.
#[derive(Debug, Clone)]
pub enum GroupBy {
    /// Nothing: one group of all.
    All,
    /// The track of the episode.
    Track,
    /// Its pool.
    Pool,
    /// The week of the invitation, Monday first, at this many seconds ahead of UTC.
    Week(i64),
    /// An attribute of the person's resource: its name and the URN of its schema.
    Attribute(String, &'static str),
}

/// Which episodes to add up.
#[derive(Debug, Clone)]
pub struct Scope {
    /// By what.
    pub by: GroupBy,
    /// Invited (a Reflection Point: assigned) at or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// On this track.
    pub track: Option<Uuid>,
    /// In this pool.
    pub pool: Option<Uuid>,
}

/// The sums of a group of episodes.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// Different people.
    pub people: i64,
    /// Episodes with a seat in use.
    pub invited: i64,
    /// Of these, with an activated account.
    pub activated: i64,
    /// With onboarding done.
    pub onboarded: i64,
    /// With a session that took place.
    pub started: i64,
    /// Sessions that took place.
    pub sessions: i64,
    /// Sessions to which nobody came.
    pub no_shows: i64,
    /// Days from invitation to activation, the median.
    pub days_to_activate: Option<f64>,
    /// Days from activation to the first session, the median.
    pub days_to_start: Option<f64>,
    /// Reflection Points assigned.
    pub reflections: i64,
    /// Of these, written.
    pub written: i64,
    /// Of these, outstanding since before the cutoff.
    pub overdue: i64,
    /// People who have stalled, by status.
    pub stalled: BTreeMap<&'static str, i64>,
}

/// Sums by group; the group of those who have no such value under none.
pub type Groups = BTreeMap<Option<String>, Usage>;

const DAY: f64 = 24.0 * 60.0 * 60.0;

impl GroupBy {
    fn sql(&self, dialect: Dialect, of: &str) -> String {
        let id = |column: &str| match dialect {
            Dialect::Sqlite => format!("lower(hex({column}))"),
            Dialect::Postgres => format!("cast({column} as text)"),
        };
        match self {
            Self::All => "'all'".into(),
            Self::Track => id("a.track_id"),
            Self::Pool => id("a.pool_id"),
            Self::Week(ahead) => {
                // The first Monday of 1970 came four days after its first day; weeks since the one
                // before it.
                let from_monday = ahead + 3 * 24 * 60 * 60;
                let at = seconds(dialect, of);
                format!("cast(({at} + ({from_monday})) / 604800 as text)")
            }
            Self::Attribute(name, urn) => match dialect {
                // What is no text there is made one, as PostgreSQL does.
                Dialect::Sqlite => {
                    let path = format!("(m.doc, '$.\"{urn}\".\"{name}\"')");
                    format!(
                        "case json_type{path} when 'true' then 'true' when 'false' then 'false' \
                         else cast(json_extract{path} as text) end"
                    )
                }
                Dialect::Postgres => format!("(m.doc #>> '{{\"{urn}\",\"{name}\"}}')"),
            },
        }
    }

    /// Where the week of a group begins, in days since 1970.
    pub fn week_begins(group: &str) -> Option<i64> {
        group.parse::<i64>().ok().map(|week| week * 7 - 3)
    }
}

impl Session {
    /// How the episodes of a scope were used.
    pub async fn usage(&mut self, scope: &Scope, now: Timestamp) -> Result<Groups, Error> {
        let mut groups = Groups::new();
        let mut stalled = String::new();
        for stage in Stage::ALL {
            let stage = stage.as_str();
            let _ = write!(
                stalled,
                ", count(case when state = 'assigned' and stalls_at <= $2 and stage = '{stage}' \
                 then 1 end) as stalled_{stage}"
            );
        }
        let counts = format!(
            "count(*) as invited, count(distinct member_id) as people, \
             count(case when stage <> 'invited' or sessions_completed > 0 then 1 end) as activated, \
             count(case when stage not in ('invited', 'activated') or sessions_completed > 0 \
               then 1 end) as onboarded, \
             count(case when sessions_completed > 0 then 1 end) as started, \
             cast(coalesce(sum(sessions_completed), 0) as bigint) as sessions{stalled} \
             from e where $2 is not null group by g"
        );
        for row in &self.of_episodes(scope, &counts, now).await? {
            let usage = group(&mut groups, row)?;
            usage.people = row.get("people")?;
            usage.invited = row.get("invited")?;
            usage.activated = row.get("activated")?;
            usage.onboarded = row.get("onboarded")?;
            usage.started = row.get("started")?;
            usage.sessions = row.get("sessions")?;
            for stage in Stage::ALL {
                let n: i64 = row.get(&format!("stalled_{}", stage.as_str()))?;
                *usage.stalled.entry(stage.reason().as_str()).or_default() += n;
            }
        }
        let missed = "count(*) as n from e join session s on s.tenant_id = $1 \
                      and s.member_id = e.member_id and s.assignment_id = e.id \
                      and s.state = 'no_show' where $2 is not null group by g";
        for row in &self.of_episodes(scope, missed, now).await? {
            group(&mut groups, row)?.no_shows = row.get("n")?;
        }
        let reflections = "count(*) as n, count(r.completed_at) as written from e \
                           join reflection r on r.tenant_id = $1 and r.member_id = e.member_id \
                           and r.assignment_id = e.id where $2 is not null group by g";
        for row in &self.of_episodes(scope, reflections, now).await? {
            let usage = group(&mut groups, row)?;
            usage.reflections = row.get("n")?;
            usage.written = row.get("written")?;
        }
        let took = "g, took_invited as v from e where took_invited is not null";
        for row in &self.of_episodes(scope, &median(took), now).await? {
            group(&mut groups, row)?.days_to_activate = Some(row.get::<f64>("median")? / DAY);
        }
        let (first, invited) = (
            seconds(self.dialect(), "min(s.starts_at)"),
            seconds(self.dialect(), "e.invited_at"),
        );
        let to_first = format!(
            "g, {first} - {invited} - e.took_invited as v from e join session s on s.tenant_id = $1 \
             and s.member_id = e.member_id and s.assignment_id = e.id and s.state = 'completed' \
             where e.took_invited is not null group by g, e.id, e.invited_at, e.took_invited"
        );
        for row in &self.of_episodes(scope, &median(&to_first), now).await? {
            let days = row.get::<f64>("median")? / DAY;
            group(&mut groups, row)?.days_to_start = Some(days.max(0.0));
        }
        Ok(groups)
    }

    /// Runs `select g, …` over the episodes of a scope, which are `e`; `$2` is now.
    async fn of_episodes(
        &mut self,
        scope: &Scope,
        what: &str,
        now: Timestamp,
    ) -> Result<Vec<Row>, Error> {
        let by = scope.by.sql(self.dialect(), "a.invited_at");
        let head = format!(
            "with e as (select a.id, a.member_id, a.stage, a.state, a.sessions_completed, \
               a.took_invited, a.stalls_at, a.invited_at, {by} as g from assignment a \
               join member m on m.tenant_id = a.tenant_id and m.id = a.member_id \
             where a.tenant_id = $1 and a.invited_at is not null"
        );
        let mut sql = Sql::new(self.dialect(), &head, args![self.tenant, now]);
        narrow(&mut sql, scope, "a.invited_at");
        sql.push(") select g, ");
        sql.push(what);
        self.made(sql.text, sql.values).await
    }

    /// Reflection Points by group: assigned, written, and outstanding since before a cutoff.
    pub async fn reflections(&mut self, scope: &Scope, cutoff: Timestamp) -> Result<Groups, Error> {
        let by = scope.by.sql(self.dialect(), "r.assigned_at");
        let head = format!(
            "select g, count(*) as n, count(distinct member_id) as people, \
               count(completed_at) as written, \
               count(case when completed_at is null and assigned_at <= $2 then 1 end) as overdue \
             from (select {by} as g, r.member_id, r.completed_at, r.assigned_at \
               from reflection r join assignment a on a.tenant_id = r.tenant_id \
               and a.id = r.assignment_id join member m on m.tenant_id = r.tenant_id \
               and m.id = r.member_id where r.tenant_id = $1"
        );
        let mut sql = Sql::new(self.dialect(), &head, args![self.tenant, cutoff]);
        narrow(&mut sql, scope, "r.assigned_at");
        sql.push(") r group by g");
        let mut groups = Groups::new();
        for row in &self.made(sql.text, sql.values).await? {
            let usage = group(&mut groups, row)?;
            usage.people = row.get("people")?;
            usage.reflections = row.get("n")?;
            usage.written = row.get("written")?;
            usage.overdue = row.get("overdue")?;
        }
        Ok(groups)
    }
}

fn narrow(sql: &mut Sql, scope: &Scope, at: &str) {
    if let Some(from) = scope.from {
        sql.push(&format!(" and {at} >= "));
        sql.bind(from);
    }
    if let Some(to) = scope.to {
        sql.push(&format!(" and {at} < "));
        sql.bind(to);
    }
    for (column, id) in [("a.track_id", scope.track), ("a.pool_id", scope.pool)] {
        if let Some(id) = id {
            sql.push(&format!(" and {column} = "));
            sql.bind(id);
        }
    }
}

/// The median of `v` by group, of what this selects: of an even number the middle between two.
fn median(of: &str) -> String {
    format!(
        "cast(avg(v) as float8) as median from (select g, v, \
           row_number() over (partition by g order by v) as rn, \
           count(*) over (partition by g) as n from (select {of}) x) y \
         where $2 is not null and rn in ((n + 1) / 2, (n + 2) / 2) group by g"
    )
}

fn group<'g>(groups: &'g mut Groups, row: &Row) -> Result<&'g mut Usage, Error> {
    Ok(groups.entry(row.get("g")?).or_default())
}

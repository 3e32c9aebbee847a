//! The operators' list of people: those the identity provider knows, and those it has deleted who
//! once had access. What the clock changes must be applied before, since this looks at what is
//! stored.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::{Dialect, Row, Value, args};
use super::filter_sql::{Scope, Sql};
use super::lists::Key;
use super::members::{Member, member, member_columns, member_tables};
use super::seats::assignment_columns;
use super::{Error, Session, Tx};
use crate::scim::predicate::{Predicate, Target};
use crate::seats::SeatState;
use crate::seats::outcome::{AccessLevel, JourneyStatus};

/// Whom to list, and in which order.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What their resource must match.
    pub matching: Option<Predicate>,
    /// One of these seat states.
    pub states: Option<Vec<SeatState>>,
    /// Whether they hold a seat or stand in line, or else did and do no more.
    pub holds: Option<bool>,
    /// One of these statuses.
    pub statuses: Option<Vec<JourneyStatus>>,
    /// One of these access levels.
    pub levels: Option<Vec<AccessLevel>>,
    /// On this track now or, if access is over, last.
    pub track: Option<Uuid>,
    /// The same of the pool.
    pub pool: Option<Uuid>,
    /// Managed by one of these.
    pub managed_by: Option<Vec<&'static str>>,
    /// Access over at this instant or before.
    pub ends_by: Option<Timestamp>,
    /// Access over after this instant.
    pub ends_after: Option<Timestamp>,
    /// In which order.
    pub sort: Sort,
}

/// The order of a list. What has no value comes last, going up and going down.
#[derive(Debug, Clone)]
pub struct Sort {
    /// By what.
    pub order: Order,
    /// From the highest.
    pub descending: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone)]
pub enum Order {
    /// Family name, then given name.
    Name,
    /// User name.
    UserName,
    /// An attribute of the resource that is a text.
    Attribute(Target),
    /// End of access.
    AccessEnd,
    /// When they were created.
    Created,
    /// When they last changed.
    Modified,
    /// Key of the track.
    Track,
    /// Key of the pool.
    Pool,
    /// How far they have come.
    Status,
    /// By identifier alone.
    Unsorted,
}

/// What is known of an assignment besides what the rules look at.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// When it first took a seat.
    pub seat_taken_at: Option<Timestamp>,
    /// What an operator noted when they ended it.
    pub end_note: Option<String>,
}

/// How an order is typed in SQL.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Instant,
}

/// Whether any episode has held a seat.
const HELD: &str = "coalesce(a.held or a.episode > 1, false)";
const SEATED: &str = "m.seat_state in ('assigned', 'grace')";

impl Order {
    /// The expression, its type, and whether it can be null.
    fn expression(&self, sql: &Sql) -> Option<(String, Kind, bool)> {
        let (text, kind, nullable) = match self {
            Self::Name => ("m.name_key".into(), Kind::Text, false),
            Self::UserName => ("m.user_name_key".into(), Kind::Text, false),
            Self::Attribute(target) => (sql.sort_key(target, Scope::User), Kind::Text, true),
            Self::AccessEnd => ("m.access_ends_at".into(), Kind::Instant, true),
            Self::Created => ("m.created_at".into(), Kind::Instant, false),
            Self::Modified => ("m.last_modified".into(), Kind::Instant, false),
            Self::Track => (key_of("track"), Kind::Text, true),
            Self::Pool => (key_of("pool"), Kind::Text, true),
            Self::Status => {
                let rank = format!("case when {SEATED} then 1 when {HELD} then 2 end");
                (format!("cast({rank} as bigint)"), Kind::Number, true)
            }
            Self::Unsorted => return None,
        };
        Some((text, kind, nullable))
    }
}

fn key_of(table: &str) -> String {
    format!("(select k.key from {table} k where k.tenant_id = m.tenant_id and k.id = m.{table}_id)")
}

impl Session {
    /// A page of people, each with their place in the list.
    pub async fn list_members(
        &mut self,
        selection: &Selection,
        after: Option<&Key>,
        limit: i64,
    ) -> Result<Vec<(Member, Key)>, Error> {
        let head = concat!(member_columns!(), member_tables!());
        let mut sql = Sql::new(self.dialect(), "select ", vec![self.tenant.into()]);
        let sort = &selection.sort;
        let by = sort.order.expression(&sql);
        if let Some((expression, _, _)) = &by {
            sql.push(&format!("{expression} as sort_value, "));
        }
        sql.push("m.id as sort_id, ");
        sql.push(self.dialect().spell(head));
        sql.push(
            "where m.tenant_id = $1 and (m.scim_id is not null or m.assignment_id is not null)",
        );
        conditions(&mut sql, selection);
        let (sign, direction) = if sort.descending {
            ("<", " desc")
        } else {
            (">", "")
        };
        if let Some(key) = after {
            follows(&mut sql, by.as_ref(), sign, key);
        }
        sql.push(" order by ");
        if let Some((expression, kind, nullable)) = &by {
            if *nullable {
                sql.push(&format!("({expression} is null), "));
            }
            let collation = collation(sql.dialect, *kind);
            sql.push(&format!("{expression}{collation}{direction}, "));
        }
        sql.push(&format!("m.id{direction}"));
        sql.limit(limit);
        let rows = self.made(sql.text, sql.values).await?;
        let kind = by.map(|(_, kind, _)| kind);
        rows.iter()
            .map(|row| Ok((member(row)?, place(row, kind)?)))
            .collect()
    }

    /// The places in line of those of these assignments that wait.
    pub async fn waitlist_positions(
        &mut self,
        assignments: &[Uuid],
    ) -> Result<HashMap<Uuid, i64>, Error> {
        if assignments.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Json = assignments.iter().map(Uuid::to_string).collect();
        let rows = self
            .all(
                "select a.id, w.position from (select assignment_id, pool_id, row_number() over (partition by \
                   pool_id order by priority_class, since, assignment_id) as position \
                   from waiting where tenant_id = $1) w join assignment a on a.tenant_id = $1 \
                   and a.id = w.assignment_id and a.waiting_pool_id = w.pool_id \
                 where a.id in (select id from ({ids}($2)) i)",
                args![self.tenant, ids],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("id")?, row.get("position")?)))
            .collect()
    }

    /// What else is known of a person's assignments.
    pub async fn assignment_extras(&mut self, member: Uuid) -> Result<HashMap<Uuid, Extra>, Error> {
        let rows = self
            .all(
                "select a.id, a.end_note, (select min(l.at) from ledger l \
                   where l.tenant_id = a.tenant_id and l.member_id = a.member_id \
                   and l.assignment_id = a.id and l.quantity > 0 \
                   and l.to_account in ('occupied', 'scheduled')) as seat_taken_at \
                 from assignment a where a.tenant_id = $1 and a.member_id = $2",
                args![self.tenant, member],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let extra = Extra {
                    seat_taken_at: row.maybe_instant("seat_taken_at")?,
                    end_note: row.get("end_note")?,
                };
                Ok((row.get("id")?, extra))
            })
            .collect()
    }
}

impl Tx {
    /// Keeps what an operator noted when they ended an assignment. It may name people, so it is
    /// with the person and not in the ledger.
    pub async fn note_end(&mut self, assignment: Uuid, note: &str) -> Result<(), Error> {
        let sql = "update assignment set end_note = $3 where tenant_id = $1 and id = $2";
        self.run(sql, args![self.tenant, assignment, note]).await?;
        Ok(())
    }
}

fn conditions(sql: &mut Sql, s: &Selection) {
    if let Some(predicate) = &s.matching {
        sql.push(" and (");
        sql.predicate(predicate, Scope::User);
        sql.push(")");
    }
    match s.holds {
        Some(true) => sql.push(" and m.seat_state not in ('none', 'ended')"),
        Some(false) => sql.push(" and m.seat_state = 'ended'"),
        None => {}
    }
    if let Some(states) = &s.states {
        let names = states.iter().map(|state| state.as_str());
        one_of(sql, "m.seat_state", names);
    }
    if let Some(names) = &s.managed_by {
        one_of(sql, "m.managed_by", names.iter().copied());
    }
    if let Some(statuses) = &s.statuses {
        let conditions = statuses.iter().map(|status| match status {
            JourneyStatus::Invited => SEATED.to_owned(),
            JourneyStatus::Ended => format!("(not {SEATED} and {HELD})"),
        });
        any(sql, conditions);
    }
    if let Some(levels) = &s.levels {
        let active = "m.identity_state = 'active'";
        let full = format!("({active} and m.seat_state = 'assigned')");
        let archive = format!("({active} and m.seat_state <> 'assigned' and {HELD})");
        let conditions = levels.iter().map(|level| match level {
            AccessLevel::Full => full.clone(),
            AccessLevel::Archive => archive.clone(),
            AccessLevel::None => format!("not ({full} or {archive})"),
        });
        any(sql, conditions);
    }
    bound(sql, " and m.track_id = ", s.track);
    bound(sql, " and m.pool_id = ", s.pool);
    bound(sql, " and m.access_ends_at <= ", s.ends_by);
    bound(sql, " and m.access_ends_at > ", s.ends_after);
}

fn bound(sql: &mut Sql, condition: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        sql.push(condition);
        sql.bind(value);
    }
}

fn one_of<'n>(sql: &mut Sql, column: &str, names: impl Iterator<Item = &'n str>) {
    sql.push(&format!(" and {column} in ("));
    for (at, name) in names.enumerate() {
        sql.push(if at == 0 { "" } else { ", " });
        sql.bind(name);
    }
    sql.push(")");
}

fn any(sql: &mut Sql, conditions: impl Iterator<Item = String>) {
    let conditions: Vec<_> = conditions.collect();
    sql.push(" and (1 = 0");
    for condition in conditions {
        sql.push(&format!(" or {condition}"));
    }
    sql.push(")");
}

/// Text sorts by bytes on both engines.
fn collation(dialect: Dialect, kind: Kind) -> &'static str {
    match (dialect, kind) {
        (Dialect::Postgres, Kind::Text) => " collate \"C\"",
        _ => "",
    }
}

/// Writes the condition that a row comes after `key`.
fn follows(sql: &mut Sql, by: Option<&(String, Kind, bool)>, sign: &str, key: &Key) {
    let Some((expression, kind, nullable)) = by else {
        sql.push(&format!(" and m.id {sign} "));
        return sql.bind(key.id);
    };
    let value: Option<Value> = match kind {
        Kind::Text => key.value.as_str().map(Into::into),
        Kind::Number => key.value.as_i64().map(Into::into),
        Kind::Instant => key
            .value
            .as_i64()
            .and_then(|at| Timestamp::from_millisecond(at).ok())
            .map(Into::into),
    };
    let Some(value) = value else {
        // Among those without a value, which come last: only more of them follow.
        sql.push(&format!(" and {expression} is null and m.id {sign} "));
        return sql.bind(key.id);
    };
    let collation = collation(sql.dialect, *kind);
    sql.push(&format!(" and ({expression}{collation} {sign} "));
    sql.bind(value.clone());
    sql.push(&format!(" or ({expression} = "));
    sql.bind(value);
    sql.push(&format!(" and m.id {sign} "));
    sql.bind(key.id);
    sql.push(")");
    if *nullable {
        sql.push(&format!(" or {expression} is null"));
    }
    sql.push(")");
}

fn place(row: &Row, kind: Option<Kind>) -> Result<Key, Error> {
    let value = match kind {
        None => Json::Null,
        Some(Kind::Text) => row.get::<Option<String>>("sort_value")?.into(),
        Some(Kind::Number) => row.get::<Option<i64>>("sort_value")?.into(),
        Some(Kind::Instant) => row
            .maybe_instant("sort_value")?
            .map(Timestamp::as_millisecond)
            .into(),
    };
    Ok(Key {
        value,
        id: row.get("sort_id")?,
    })
}

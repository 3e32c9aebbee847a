//! The statement of a page of people.
//!
//! A list is walked by an index in the order asked for, and so that an index can serve it, those who
//! have no value to be sorted by are a part of their own. A filter that finds few people turns that
//! around: they are looked up and sorted.

use jiff::Timestamp;
use uuid::Uuid;

use super::candidates::Source;
use super::{Order, Selection};
use crate::seats::outcome::AccessLevel;
use crate::store::TenantId;
use crate::store::engagement::journey_columns;
use crate::store::engine::{Dialect, Value};
use crate::store::filter_sql::{Scope, Sql};
use crate::store::lists::Key;
use crate::store::members::member_columns;
use crate::store::seats::assignment_columns;

/// The table that a list is walked by.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::store) enum Walk {
    Member,
    Assignment,
}

/// An order in SQL.
pub(in crate::store) struct Ordered {
    expression: String,
    /// The column of the track or pool, where that is the order.
    column: &'static str,
    /// Who has no value.
    absent: String,
    pub(in crate::store) kind: Kind,
    pub(in crate::store) nullable: bool,
    walk: Walk,
}

/// The part of a list: those who have the value that it is sorted by come first, in either
/// direction, and the others after them.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::store) enum Part {
    Valued,
    /// Of those, who is on one track or in one pool, where that is the order.
    Of(Uuid),
    Unvalued,
}

/// How an order is typed in SQL.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::store) enum Kind {
    Text,
    Number,
    Instant,
}

/// Whether access is over: the track is then nobody's. The coalesce keeps planners from beginning
/// with the few or many of whom it is true.
const OVER: &str = "coalesce(a.state = 'ended', false)";

/// Whether any episode has held a seat.
const HELD: &str = "coalesce(a.held or a.episode > 1, false)";

impl Order {
    fn ordered(&self, sql: &Sql) -> Ordered {
        let (expression, kind, nullable, walk): (String, _, _, _) = match self {
            Self::Id => ("m.id".into(), Kind::Text, false, Walk::Member),
            Self::Name => ("m.name_key".into(), Kind::Text, false, Walk::Member),
            Self::UserName => ("m.user_name_key".into(), Kind::Text, false, Walk::Member),
            Self::Attribute(target) => {
                let key = sql.sort_key(target, Scope::User);
                (key, Kind::Text, true, Walk::Member)
            }
            Self::AccessEnd => ("m.access_ends_at".into(), Kind::Instant, true, Walk::Member),
            Self::Created => ("m.created_at".into(), Kind::Instant, false, Walk::Member),
            Self::Modified => ("m.last_modified".into(), Kind::Instant, false, Walk::Member),
            Self::Track => {
                let key = format!("case when not {OVER} then {} end", key_of("track"));
                (key, Kind::Text, true, Walk::Member)
            }
            Self::Pool => (key_of("pool"), Kind::Text, true, Walk::Member),
            Self::Status => ("a.status_rank".into(), Kind::Number, true, Walk::Assignment),
            Self::SessionsCompleted => {
                let column = "a.sessions_completed".into();
                (column, Kind::Number, true, Walk::Assignment)
            }
            Self::LastEngagement => ("a.engaged_at".into(), Kind::Instant, true, Walk::Assignment),
            Self::NextSession => {
                let column = "a.next_session_at".into();
                (column, Kind::Instant, true, Walk::Assignment)
            }
        };
        let column = match self {
            Self::Track => "m.track_id",
            Self::Pool => "m.pool_id",
            _ => "",
        };
        let absent = match self {
            Self::Track => format!("({column} is null or {OVER})"),
            Self::Pool => format!("{column} is null"),
            _ => format!("{expression} is null"),
        };
        Ordered {
            expression,
            column,
            absent,
            kind,
            nullable,
            walk,
        }
    }
}

impl Walk {
    /// What orders equal values: the person, by the column that the walk's index holds.
    fn id(self) -> &'static str {
        match self {
            Self::Member => "m.id",
            Self::Assignment => "a.member_id",
        }
    }

    /// Nearly every assignment is the current one of its person. The coalesce hides from PostgreSQL's
    /// planner what it would take for a rare coincidence, and sort everybody for.
    fn tables(self) -> &'static str {
        match self {
            Self::Member => {
                " from member m join tenant t on t.id = m.tenant_id left join assignment a \
                   on a.tenant_id = m.tenant_id and a.id = m.assignment_id \
                 where m.tenant_id = $1 \
                   and (m.scim_id is not null or m.assignment_id is not null)"
            }
            Self::Assignment => {
                " from assignment a join member m on m.tenant_id = a.tenant_id \
                   and m.id = a.member_id join tenant t on t.id = m.tenant_id \
                 where a.tenant_id = $1 and coalesce(m.assignment_id = a.id, false)"
            }
        }
    }
}

fn key_of(table: &str) -> String {
    format!("(select k.key from {table} k where k.tenant_id = m.tenant_id and k.id = m.{table}_id)")
}

const COLUMNS: &str = concat!(journey_columns!(), ", ", member_columns!());

/// The statement of a part of a page, and the order it is in.
pub(in crate::store) fn page_sql(
    dialect: Dialect,
    tenant: TenantId,
    s: &Selection,
    (part, after, few): (Part, Option<&Key>, Option<Source>),
    limit: i64,
) -> (Sql, Ordered) {
    let mut sql = Sql::new(dialect, "", vec![tenant.into()]);
    let by = s.sort.order.ordered(&sql);
    let walk = match part {
        Part::Valued if few.is_none() => by.walk,
        _ => Walk::Member,
    };
    if let Some(source) = few {
        sql.push("with c as materialized (");
        source.candidates(&mut sql, s);
        sql.push(") ");
    }
    sql.push("select ");
    match part {
        Part::Valued | Part::Of(_) => sql.push(&format!("{} as sort_value, ", by.expression)),
        Part::Unvalued => sql.push("null as sort_value, "),
    }
    sql.push("m.id as sort_id, ");
    sql.push(dialect.spell(COLUMNS));
    sql.push(walk.tables());
    if few.is_some() {
        sql.push(" and m.id in (select id from c)");
    }
    conditions(&mut sql, s, part, few.is_none());
    narrow(&mut sql, s, &by, part);
    let id = walk.id();
    let (sign, direction) = if s.sort.descending {
        ("<", " desc")
    } else {
        (">", "")
    };
    let collation = collation(dialect, by.kind);
    let expression = format!("{}{collation}", by.expression);
    if let Some(key) = after {
        follows(&mut sql, &by, (part, &expression, id, sign), key);
    }
    sql.push(" order by ");
    if part == Part::Valued {
        sql.push(&format!("{expression}{direction}, "));
    }
    sql.push(&format!("{id}{direction}"));
    sql.limit(limit);
    (sql, by)
}

/// Those with a value, or those without.
fn narrow(sql: &mut Sql, s: &Selection, by: &Ordered, part: Part) {
    match part {
        Part::Valued if by.nullable => {
            sql.push(&format!(" and {} is not null", by.expression));
        }
        Part::Valued => {}
        Part::Of(id) => {
            sql.push(&format!(" and {} = ", by.column));
            sql.bind(id);
            sql.push(&format!(" and not {}", by.absent));
        }
        Part::Unvalued if !by.nullable => {}
        Part::Unvalued => sql.push(&format!(" and {}", by.absent)),
    }
    // True of all who are idle; said so that the walk begins where they do.
    if let (Order::LastEngagement, Part::Valued, Some(since)) = (&s.sort.order, part, s.idle_since)
    {
        sql.push(" and a.engaged_at <= ");
        sql.bind(since);
    }
}

/// Whether there is an index of the order within one status, and one is asked for.
fn is_within_status(s: &Selection, part: Part) -> bool {
    let one = s.statuses.as_ref().is_some_and(|ranks| ranks.len() == 1);
    let has_index = matches!(
        s.sort.order,
        Order::SessionsCompleted | Order::NextSession | Order::LastEngagement
    );
    one && !s.or_stalled && has_index && part == Part::Valued
}

/// What is asked of engagement. `aside` stands before what must not make SQLite's planner leave the
/// order of the list for an index that finds many.
pub(super) fn engagement_conditions(
    sql: &mut Sql,
    s: &Selection,
    (aside, of_status): (&str, &str),
) {
    let stalled = "a.state = 'assigned' and a.stalls_at <= ";
    match (&s.statuses, s.or_stalled) {
        (None, false) => {}
        (None, true) => {
            sql.push(&format!(" and {aside}{stalled}"));
            sql.bind(s.now);
        }
        (Some(ranks), or_stalled) => {
            sql.push(&format!(" and ({of_status}a.status_rank in ("));
            for (at, rank) in ranks.iter().enumerate() {
                sql.push(if at == 0 { "" } else { ", " });
                sql.bind(*rank);
            }
            sql.push(")");
            if or_stalled {
                sql.push(&format!(" or ({stalled}"));
                sql.bind(s.now);
                sql.push(")");
            }
            sql.push(")");
        }
    }
    match s.stalled {
        Some(true) => {
            sql.push(&format!(" and {aside}{stalled}"));
            sql.bind(s.now);
        }
        Some(false) => {
            sql.push(&format!(" and not coalesce({stalled}"));
            sql.bind(s.now);
            sql.push(", false)");
        }
        None => {}
    }
    if let Some(since) = s.idle_since {
        sql.push(&format!(
            " and {aside}a.state = 'assigned' and a.idle_since <= "
        ));
        sql.bind(since);
    }
    if let Some(least) = s.episode_min {
        // The index of those who came back is of episodes after the first.
        let returned = if least > 1 && aside.is_empty() {
            "a.episode > 1 and "
        } else {
            ""
        };
        sql.push(&format!(" and {returned}{aside}a.episode >= "));
        sql.bind(least);
    }
}

fn conditions(sql: &mut Sql, s: &Selection, part: Part, walks: bool) {
    let aside = if walks && sql.dialect == Dialect::Sqlite {
        "+"
    } else {
        ""
    };
    let of_status = if is_within_status(s, part) { "" } else { aside };
    engagement_conditions(sql, s, (aside, of_status));
    if let Some(predicate) = &s.matching {
        sql.push(" and (");
        sql.predicate(predicate, Scope::User);
        sql.push(")");
    }
    match s.holds {
        Some(true) => sql.push(&format!(
            " and {aside}m.seat_state not in ('none', 'ended')"
        )),
        Some(false) => sql.push(&format!(" and {aside}m.seat_state = 'ended'")),
        None => {}
    }
    if let Some(states) = &s.states {
        let names = states.iter().map(|state| state.as_str());
        one_of(sql, &format!("{aside}m.seat_state"), names);
    }
    if let Some(names) = &s.managed_by {
        one_of(sql, &format!("{aside}m.managed_by"), names.iter().copied());
    }
    if let Some(levels) = &s.levels {
        let active = "m.identity_state = 'active'";
        // What is due has been applied, so a pause that is stored is on.
        let in_use = "m.seat_state = 'assigned' and a.paused_since is null";
        let full = format!("({active} and {in_use})");
        let archive = format!("({active} and not ({in_use}) and {HELD})");
        let conditions = levels.iter().map(|level| match level {
            AccessLevel::Full => full.clone(),
            AccessLevel::Archive => archive.clone(),
            AccessLevel::None => format!("not ({full} or {archive})"),
        });
        any(sql, conditions);
    }
    bound(sql, &format!(" and {aside}m.track_id = "), s.track);
    bound(sql, &format!(" and {aside}m.pool_id = "), s.pool);
    // In the order of these days the walk may begin at one of them.
    let by_end = matches!(s.sort.order, Order::AccessEnd) && part == Part::Valued;
    let of_end = if by_end { "" } else { aside };
    bound(
        sql,
        &format!(" and {of_end}m.access_ends_at <= "),
        s.ends_by,
    );
    bound(
        sql,
        &format!(" and {of_end}m.access_ends_at > "),
        s.ends_after,
    );
}

pub(super) fn bound(sql: &mut Sql, condition: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        sql.push(condition);
        sql.bind(value);
    }
}

pub(super) fn one_of<'n>(sql: &mut Sql, column: &str, names: impl Iterator<Item = &'n str>) {
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
fn follows(
    sql: &mut Sql,
    by: &Ordered,
    (part, expression, id, sign): (Part, &str, &str, &str),
    key: &Key,
) {
    let value: Option<Value> = match by.kind {
        Kind::Text => key.value.as_str().map(Into::into),
        Kind::Number => key.value.as_i64().map(Into::into),
        Kind::Instant => key
            .value
            .as_i64()
            .and_then(|at| Timestamp::from_millisecond(at).ok())
            .map(Into::into),
    };
    let Some(value) = value.filter(|_| part == Part::Valued) else {
        sql.push(&format!(" and {id} {sign} "));
        return sql.bind(key.id);
    };
    sql.push(&format!(" and ({expression}, {id}) {sign} ("));
    sql.bind(value);
    sql.push(", ");
    sql.bind(key.id);
    sql.push(")");
}

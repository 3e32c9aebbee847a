//! The list of events.

use jiff::Timestamp;
use uuid::Uuid;

use super::engagement::event;
use super::engine::{Row, Value};
use super::filter_sql::Sql;
use super::{Error, Session};
use crate::coaching::{Event, Kind};

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// One person's.
    pub member: Option<Uuid>,
    /// Of these kinds.
    pub kinds: Option<Vec<Kind>>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Before this one in the list.
    pub before: Option<(Timestamp, String)>,
}

/// An event that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The event.
    pub event: Event,
    /// Whose.
    pub member: Uuid,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Why it had no effect when it arrived, if it had none.
    pub problem: Option<String>,
}

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        event: event(row)?,
        member: row.get("member_id")?,
        received_at: row.instant("received_at")?,
        problem: row.get("problem")?,
    })
}

impl Session {
    /// Events, the newest first.
    pub async fn list_events(&mut self, s: &Selection, limit: i64) -> Result<Vec<Kept>, Error> {
        let mut sql = Sql::new(
            self.dialect(),
            "select id, type, member_id, occurred_at, received_at, session_id, starts_at, \
               duration_min, reflection_id, problem from event where tenant_id = $1",
            vec![self.tenant.into()],
        );
        bound(&mut sql, " and member_id = ", s.member);
        bound(&mut sql, " and occurred_at >= ", s.from);
        bound(&mut sql, " and occurred_at < ", s.to);
        if let Some(kinds) = &s.kinds {
            sql.push(" and type in (");
            for (at, kind) in kinds.iter().enumerate() {
                sql.push(if at == 0 { "" } else { ", " });
                sql.bind(kind.as_str());
            }
            sql.push(")");
        }
        if let Some((at, id)) = &s.before {
            sql.push(" and (occurred_at, id) < (");
            sql.bind(*at);
            sql.push(", ");
            sql.bind(id);
            sql.push(")");
        }
        sql.push(" order by occurred_at desc, id desc");
        sql.limit(limit);
        let rows = self.made(sql.text, sql.values).await?;
        rows.iter().map(kept).collect()
    }
}

fn bound(sql: &mut Sql, condition: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        sql.push(condition);
        sql.bind(value);
    }
}

//! What an export tells of people besides their row in the list: counts of their history, and when
//! they were first and last there.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::args;
use super::{Error, Session};

/// A person's history, counted over all episodes.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Episodes in which a seat was held.
    pub episodes: i64,
    /// When a seat was first in use.
    pub first_invited_at: Option<Timestamp>,
    /// Sessions that took place.
    pub sessions_completed: i64,
    /// Sessions that are booked and still ahead, or of which nobody has told what became.
    pub sessions_scheduled: i64,
    /// Sessions that were called off.
    pub sessions_cancelled: i64,
    /// Sessions to which they did not come.
    pub no_shows: i64,
    /// Reflection Points assigned.
    pub reflections_assigned: i64,
    /// Reflection Points written.
    pub reflections_completed: i64,
}

impl Session {
    /// The histories of these people; who has none is left out.
    pub async fn histories(&mut self, members: &[Uuid]) -> Result<HashMap<Uuid, History>, Error> {
        let mut all: HashMap<Uuid, History> = HashMap::new();
        let ids: Json = members.iter().map(Uuid::to_string).collect();
        let rows = self
            .all(
                "select member_id, count(*) as n, min(invited_at) as first from assignment \
                 where tenant_id = $1 and held and member_id in (select id from ({ids}($2)) i) \
                 group by member_id",
                args![self.tenant, ids.clone()],
            )
            .await?;
        for row in &rows {
            let history = all.entry(row.get("member_id")?).or_default();
            history.episodes = row.get("n")?;
            history.first_invited_at = row.maybe_instant("first")?;
        }
        let rows = self
            .all(
                "select member_id, state, count(*) as n from session where tenant_id = $1 \
                   and member_id in (select id from ({ids}($2)) i) group by member_id, state",
                args![self.tenant, ids.clone()],
            )
            .await?;
        for row in &rows {
            let history = all.entry(row.get("member_id")?).or_default();
            *match row.get::<String>("state")?.as_str() {
                "completed" => &mut history.sessions_completed,
                "cancelled" => &mut history.sessions_cancelled,
                "no_show" => &mut history.no_shows,
                _ => &mut history.sessions_scheduled,
            } = row.get("n")?;
        }
        let rows = self
            .all(
                "select member_id, count(*) as n, count(completed_at) as done from reflection \
                 where tenant_id = $1 and member_id in (select id from ({ids}($2)) i) \
                 group by member_id",
                args![self.tenant, ids],
            )
            .await?;
        for row in &rows {
            let history = all.entry(row.get("member_id")?).or_default();
            history.reflections_assigned = row.get("n")?;
            history.reflections_completed = row.get("done")?;
        }
        Ok(all)
    }
}

//! The operators' list of people: those the identity provider knows, and those it has deleted who
//! once had access. What the clock changes must be applied before, since this looks at what is
//! stored.

pub(super) mod page;

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use page::{Kind, Part, candidates, page_sql};

use super::engagement::{Engagement, engagement};
use super::engine::{Row, args};
use super::filter_sql::Sql;
use super::lists::Key;
use super::members::{Member, member};
use super::{Error, Session, Tx};
use crate::scim::predicate::{Predicate, Target};
use crate::seats::SeatState;
use crate::seats::outcome::AccessLevel;

/// Whom to list, and in which order.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What their resource must match.
    pub matching: Option<Predicate>,
    /// One of these seat states.
    pub states: Option<Vec<SeatState>>,
    /// Whether they hold a seat or stand in line, or else did and do no more.
    pub holds: Option<bool>,
    /// One of these statuses, by their places in the order of statuses, 7 for an end; or stalled,
    /// where `or_stalled`.
    pub statuses: Option<Vec<i64>>,
    /// Whether who has stalled is wanted whatever their status.
    pub or_stalled: bool,
    /// Whether they have stalled.
    pub stalled: Option<bool>,
    /// Nothing has come of their seat since this instant or before.
    pub idle_since: Option<Timestamp>,
    /// In this episode or a later one.
    pub episode_min: Option<i64>,
    /// As of when.
    pub now: Timestamp,
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
    /// The person's identifier, which never changes: a walk through everybody meets each once.
    Id,
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
    /// How many sessions of this episode took place.
    SessionsCompleted,
    /// When the next session begins.
    NextSession,
    /// When they were last engaged.
    LastEngagement,
}

/// Up to so many people whom a filter finds are looked up and sorted; of more, the list is walked
/// in its order until the page is full.
const FEW: i64 = 1_000;

/// What is known of an assignment besides what the rules look at.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// When it first took a seat.
    pub seat_taken_at: Option<Timestamp>,
    /// What an operator noted when they ended it.
    pub end_note: Option<String>,
}

impl Session {
    /// A page of people, each with their place in the list.
    pub async fn list_members(
        &mut self,
        selection: &Selection,
        after: Option<&Key>,
        limit: i64,
    ) -> Result<Vec<(Member, Engagement, Key)>, Error> {
        let few = self.is_few(selection).await?;
        let mut people = Vec::new();
        let mut after = after;
        let mut part = match (after, &selection.sort.order) {
            // Nothing but the identifier, so nobody has a value beside it.
            (_, Order::Id) => Part::Unvalued,
            (Some(key), _) if key.value.is_null() => Part::Unvalued,
            _ => Part::Valued,
        };
        loop {
            let left = limit - i64::try_from(people.len()).unwrap_or(limit);
            let of = (part, after, few);
            let (sql, by) = page_sql(self.dialect(), self.tenant, selection, of, left);
            for row in &self.made(sql.text, sql.values).await? {
                people.push((member(row)?, engagement(row)?, place(row, by.kind, part)?));
            }
            let full = i64::try_from(people.len()).is_ok_and(|found| found >= limit);
            if full || part == Part::Unvalued || !by.nullable {
                return Ok(people);
            }
            (part, after) = (Part::Unvalued, None);
        }
    }

    /// Whether the filter of engagement, if there is one, finds few people.
    async fn is_few(&mut self, selection: &Selection) -> Result<bool, Error> {
        let mut sql = Sql::new(
            self.dialect(),
            "select count(*) as n from (",
            vec![self.tenant.into()],
        );
        if !candidates(&mut sql, selection) {
            return Ok(false);
        }
        sql.limit(FEW + 1);
        sql.push(") c");
        let rows = self.made(sql.text, sql.values).await?;
        let found: i64 = rows.first().map_or(Ok(0), |row| row.get("n"))?;
        Ok(found <= FEW)
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

fn place(row: &Row, kind: Kind, part: Part) -> Result<Key, Error> {
    let value = match kind {
        _ if part == Part::Unvalued => Json::Null,
        Kind::Text => row.get::<String>("sort_value")?.into(),
        Kind::Number => row.get::<i64>("sort_value")?.into(),
        Kind::Instant => row.instant("sort_value")?.as_millisecond().into(),
    };
    Ok(Key {
        value,
        id: row.get("sort_id")?,
    })
}

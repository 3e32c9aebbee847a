//! The operators' list of people: those the identity provider knows, and those it has deleted who
//! once had access. What the clock changes must be applied before, since this looks at what is
//! stored.

pub(super) mod candidates;
pub(super) mod page;

use std::cmp::Ordering;
use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use candidates::Source;
use page::{Kind, Part, page_sql};

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
    /// Whether an index finds whom that matches.
    pub is_indexed: bool,
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

const TRACKS: &str = "select id, key from track where tenant_id = $1 order by key";
const POOLS: &str = "select id, key from pool where tenant_id = $1 order by key";

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
        let few = self.few(selection).await?;
        let mut people = Vec::new();
        for (part, after) in self.parts(&selection.sort, after, few).await? {
            let left = limit - i64::try_from(people.len()).unwrap_or(limit);
            if left <= 0 {
                break;
            }
            let of = (part, after, few);
            let (sql, by) = page_sql(self.dialect(), self.tenant, selection, of, left);
            for row in &self.made(sql.text, sql.values).await? {
                people.push((member(row)?, engagement(row)?, place(row, by.kind, part)?));
            }
            if part == Part::Valued && !by.nullable {
                break;
            }
        }
        Ok(people)
    }

    /// The parts of a list from a place on, in their order, each with where to begin in it.
    async fn parts<'k>(
        &mut self,
        sort: &Sort,
        after: Option<&'k Key>,
        few: Option<Source>,
    ) -> Result<Vec<(Part, Option<&'k Key>)>, Error> {
        let valued = match (after, &sort.order) {
            // Nothing but the identifier, so nobody has a value beside it.
            (_, Order::Id) => false,
            (Some(key), _) => !key.value.is_null(),
            (None, _) => true,
        };
        if !valued {
            return Ok(vec![(Part::Unvalued, after)]);
        }
        let mut parts = match (few, &sort.order) {
            (None, Order::Track) => self.parts_by_key(TRACKS, sort, after).await?,
            (None, Order::Pool) => self.parts_by_key(POOLS, sort, after).await?,
            _ => vec![(Part::Valued, after)],
        };
        parts.push((Part::Unvalued, None));
        Ok(parts)
    }

    /// A part for each track or pool from a place on: their key is not the person's, so no index has
    /// people in its order.
    async fn parts_by_key<'k>(
        &mut self,
        sql: &'static str,
        sort: &Sort,
        after: Option<&'k Key>,
    ) -> Result<Vec<(Part, Option<&'k Key>)>, Error> {
        let rows = self.all(sql, args![self.tenant]).await?;
        let begin = after.and_then(|key| key.value.as_str());
        let mut parts = Vec::with_capacity(rows.len());
        for row in &rows {
            let key: &str = row.get("key")?;
            let place = begin.map_or(Ordering::Greater, |begin| key.cmp(begin));
            let place = if sort.descending && begin.is_some() {
                place.reverse()
            } else {
                place
            };
            match place {
                Ordering::Less => {}
                Ordering::Equal => parts.push((Part::Of(row.get("id")?), after)),
                Ordering::Greater => parts.push((Part::Of(row.get("id")?), None)),
            }
        }
        if sort.descending {
            parts.reverse();
        }
        Ok(parts)
    }

    /// The filter that finds the fewest people, if it finds few.
    async fn few(&mut self, selection: &Selection) -> Result<Option<Source>, Error> {
        let mut fewest = None;
        let mut most = FEW;
        for source in Source::all(selection) {
            let head = "select count(*) as n from (";
            let mut sql = Sql::new(self.dialect(), head, vec![self.tenant.into()]);
            source.candidates(&mut sql, selection);
            sql.limit(most + 1);
            sql.push(") c");
            let rows = self.made(sql.text, sql.values).await?;
            let found: i64 = rows.first().map_or(Ok(0), |row| row.get("n"))?;
            if found <= most {
                fewest = Some(source);
                most = found;
            }
        }
        Ok(fewest)
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

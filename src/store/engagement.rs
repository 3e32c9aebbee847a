//! Events, and the journey that each assignment holds of what they come to. None of it is part of
//! the SCIM resource, and none of it moves a version.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::{Row, Value, args};
use super::seats::named;
use super::{Error, Session, Tx};
use crate::coaching::Event;
use crate::coaching::episode::Episode;
use crate::coaching::journey::{Dwell, Journey};

/// A person's assignment as far as engagement is concerned.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Its identifier.
    pub assignment: Uuid,
    /// Its track.
    pub track: Uuid,
    /// Whether a seat was ever in use.
    pub held: bool,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// As stored.
    pub journey: Journey,
    /// As stored.
    pub stalls_at: Option<Timestamp>,
}

/// What a person's list row and view show of engagement.
#[derive(Debug, Clone, Default)]
pub struct Engagement {
    /// The journey of the current episode, if there is one.
    pub journey: Option<Journey>,
    /// From when on they have stalled unless something happens.
    pub stalls_at: Option<Timestamp>,
}

macro_rules! journey_columns {
    () => {
        "a.id as j_id, a.invited_at, a.stage, a.stage_since, a.clock_from, a.sessions_completed, \
         a.last_completed_at, a.outstanding_since, a.last_scheduled_at, a.next_session_at, \
         a.engaged_at, a.login_at, \
         a.stopped, a.running_since, a.stalls_at "
    };
}
pub(super) use journey_columns;

pub(super) fn journey(row: &Row) -> Result<Journey, Error> {
    Ok(Journey {
        invited_at: row.maybe_instant("invited_at")?,
        stage: named(row, "stage")?,
        since: row.maybe_instant("stage_since")?,
        clock_from: row.maybe_instant("clock_from")?,
        sessions_completed: row.get("sessions_completed")?,
        last_completed_at: row.maybe_instant("last_completed_at")?,
        outstanding_since: row.maybe_instant("outstanding_since")?,
        last_scheduled_at: row.maybe_instant("last_scheduled_at")?,
        next_session_at: row.maybe_instant("next_session_at")?,
        engaged_at: row.maybe_instant("engaged_at")?,
        login_at: row.maybe_instant("login_at")?,
        stopped: row.get("stopped")?,
        running_since: row.maybe_instant("running_since")?,
    })
}

/// Reads what a row of a member and their assignment says of engagement.
pub(super) fn engagement(row: &Row) -> Result<Engagement, Error> {
    let known = row.get::<Option<Uuid>>("j_id")?.is_some();
    Ok(Engagement {
        journey: known.then(|| journey(row)).transpose()?,
        stalls_at: row.maybe_instant("stalls_at")?,
    })
}

fn stretch(row: &Row) -> Result<Stretch, Error> {
    Ok(Stretch {
        assignment: row.get("j_id")?,
        track: row.get("track_id")?,
        held: row.get("held")?,
        ended_at: row.maybe_instant("ended_at")?,
        journey: journey(row)?,
        stalls_at: row.maybe_instant("stalls_at")?,
    })
}

pub(super) fn event(row: &Row) -> Result<Event, Error> {
    Ok(Event {
        id: row.get("id")?,
        kind: named(row, "type")?,
        occurred_at: row.instant("occurred_at")?,
        session: row.get("session_id")?,
        starts_at: row.maybe_instant("starts_at")?,
        duration_min: row.get("duration_min")?,
        reflection: row.get("reflection_id")?,
    })
}

impl Stretch {
    /// As the rules see it. Where a seat was in use and nobody noted since when, `seated_at` it is.
    pub fn episode(&self, seated_at: Option<Timestamp>) -> Episode {
        Episode {
            assignment: Some(self.assignment),
            invited_at: self.journey.invited_at.or(seated_at.filter(|_| self.held)),
            ended_at: self.ended_at,
        }
    }
}

impl Session {
    /// A person's assignments, oldest first.
    pub async fn stretches(&mut self, member: Uuid) -> Result<Vec<Stretch>, Error> {
        const SQL: &str = concat!(
            "select a.track_id, a.held, a.ended_at, ",
            journey_columns!(),
            "from assignment a where a.tenant_id = $1 and a.member_id = $2 \
             order by a.created_at, a.id"
        );
        let rows = self.all(SQL, args![self.tenant, member]).await?;
        rows.iter().map(stretch).collect()
    }

    /// The current assignments of these people.
    pub async fn current_stretches(
        &mut self,
        members: impl Iterator<Item = Uuid>,
    ) -> Result<Vec<(Uuid, Stretch)>, Error> {
        const SQL: &str = concat!(
            "select m.id as member, a.track_id, a.held, a.ended_at, ",
            journey_columns!(),
            "from member m join assignment a on a.tenant_id = m.tenant_id and a.id = m.assignment_id \
             where m.tenant_id = $1 and m.id in (select id from ({ids}($2)) i)"
        );
        let ids: Json = members.map(|id| id.to_string()).collect();
        let rows = self.all(SQL, args![self.tenant, ids]).await?;
        rows.iter()
            .map(|row| Ok((row.get("member")?, stretch(row)?)))
            .collect()
    }

    /// Everything that ever happened to a person.
    pub async fn events_of(&mut self, member: Uuid) -> Result<Vec<Event>, Error> {
        let sql = "select id, type, occurred_at, session_id, starts_at, duration_min, reflection_id \
                   from event where tenant_id = $1 and member_id = $2";
        let rows = self.all(sql, args![self.tenant, member]).await?;
        rows.iter().map(event).collect()
    }

    /// What is shown of a person's engagement.
    pub async fn engagement(&mut self, member: Uuid) -> Result<Engagement, Error> {
        const SQL: &str = concat!(
            "select ",
            journey_columns!(),
            "from member m left join assignment a on a.tenant_id = m.tenant_id \
               and a.id = m.assignment_id where m.tenant_id = $1 and m.id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, member]).await?;
        row.as_ref().map_or(Ok(Engagement::default()), engagement)
    }

    /// Whether any session of an assignment took place.
    pub async fn has_started(&mut self, assignment: Uuid) -> Result<bool, Error> {
        let sql = "select sessions_completed from assignment where tenant_id = $1 and id = $2";
        let row = self.optional(sql, args![self.tenant, assignment]).await?;
        let done = row.map(|row| row.get::<i64>("sessions_completed"));
        Ok(done.transpose()?.is_some_and(|n| n > 0))
    }
}

impl Tx {
    /// Keeps an event; answers false when one of this identifier is kept already.
    pub async fn insert_event(
        &mut self,
        e: &Event,
        member: Uuid,
        problem: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let made = self
            .run(
                "insert into event (tenant_id, id, member_id, type, occurred_at, received_at, \
                   session_id, starts_at, duration_min, reflection_id, problem) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
                args![
                    self.tenant,
                    &e.id,
                    member,
                    e.kind.as_str(),
                    e.occurred_at,
                    now,
                    e.session.as_deref(),
                    e.starts_at,
                    e.duration_min,
                    e.reflection.as_deref(),
                    problem,
                ],
            )
            .await?;
        Ok(made > 0)
    }

    /// Notes that these events of a person have their effect, whatever was noted when they came.
    pub async fn apply_events<'e>(
        &mut self,
        member: Uuid,
        events: impl Iterator<Item = &'e Event>,
    ) -> Result<(), Error> {
        let ids: Json = events.map(|event| event.id.as_str()).collect();
        self.run(
            "update event set problem = null where tenant_id = $1 and member_id = $2 \
               and problem is not null and id in (select t from ({texts}($3)) i)",
            args![self.tenant, member, ids],
        )
        .await?;
        Ok(())
    }

    /// Saves the journey of an assignment, and what its statuses took as far as that is known.
    pub async fn save_journey(
        &mut self,
        assignment: Uuid,
        j: &Journey,
        stalls_at: Option<Timestamp>,
        took: Dwell,
    ) -> Result<(), Error> {
        let mut values = args![self.tenant, assignment];
        values.extend(journey_values(j, stalls_at));
        values.extend(took.0.map(Value::from));
        self.run(
            "update assignment set invited_at = $3, stage = $4, stage_since = $5, clock_from = $6, \
               sessions_completed = $7, last_completed_at = $8, outstanding_since = $9, \
               last_scheduled_at = $10, next_session_at = $11, engaged_at = $12, login_at = $13, \
               stopped = $14, running_since = $15, idle_since = $16, stalls_at = $17, \
               took_invited = coalesce($18, took_invited), \
               took_activated = coalesce($19, took_activated), \
               took_completed_onboarding = coalesce($20, took_completed_onboarding), \
               took_started_coaching = coalesce($21, took_started_coaching), \
               took_reflection_assigned = coalesce($22, took_reflection_assigned), \
               took_reflection_completed = coalesce($23, took_reflection_completed) \
             where tenant_id = $1 and id = $2",
            values,
        )
        .await?;
        Ok(())
    }
}

/// The values of a journey's columns, in the order in which statements name them.
pub(super) fn journey_values(j: &Journey, stalls_at: Option<Timestamp>) -> Vec<Value> {
    args![
        j.invited_at,
        j.stage.as_str(),
        j.since,
        j.clock_from,
        j.sessions_completed,
        j.last_completed_at,
        j.outstanding_since,
        j.last_scheduled_at,
        j.next_session_at,
        j.engaged_at,
        j.login_at,
        j.stopped,
        j.running_since,
        j.idle_since(),
        stalls_at,
    ]
}

//! What events come to: sessions and Reflection Points.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::args;
use super::seats::named;
use super::{Error, Session, Tx};
use crate::coaching::SessionState;
use crate::coaching::journey::{self, Folded};

/// A session that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The platform's identifier.
    pub id: String,
    /// The assignment it was part of.
    pub assignment: Option<Uuid>,
    /// What became of it.
    pub state: SessionState,
    /// When it begins.
    pub starts_at: Timestamp,
    /// How long it took, in minutes.
    pub duration_min: Option<i64>,
}

/// The sessions and Reflection Points that new events are about.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// Sessions.
    pub sessions: BTreeSet<String>,
    /// Reflection Points.
    pub reflections: BTreeSet<String>,
}

impl Session {
    /// How many of a person's sessions took place, in all episodes.
    pub async fn sessions_completed(&mut self, member: Uuid) -> Result<i64, Error> {
        let sql = "select count(*) as n from session where tenant_id = $1 and member_id = $2 \
                   and state = 'completed'";
        self.one(sql, args![self.tenant, member]).await?.get("n")
    }

    /// A page of a person's sessions, the newest first.
    pub async fn sessions_of(
        &mut self,
        member: Uuid,
        before: Option<&(Timestamp, String)>,
        limit: i64,
    ) -> Result<Vec<Kept>, Error> {
        let rows = self
            .all(
                "select id, assignment_id, state, starts_at, duration_min from session \
                 where tenant_id = $1 and member_id = $2 \
                   and ($3 is null or starts_at < $3 or (starts_at = $3 and id < $4)) \
                 order by starts_at desc, id desc limit $5 + 0",
                args![
                    self.tenant,
                    member,
                    before.map(|(at, _)| *at),
                    before.map(|(_, id)| id.as_str()),
                    limit
                ],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Kept {
                    id: row.get("id")?,
                    assignment: row.get("assignment_id")?,
                    state: named(row, "state")?,
                    starts_at: row.instant("starts_at")?,
                    duration_min: row.get("duration_min")?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Puts the session after it in the place of each next session that has begun, of some people;
    /// answers how many.
    pub async fn pass_sessions(&mut self, now: Timestamp) -> Result<u64, Error> {
        self.run(
            "update assignment set next_session_at = (select min(s.starts_at) from session s \
               where s.tenant_id = assignment.tenant_id and s.member_id = assignment.member_id \
               and s.state = 'scheduled' and s.starts_at > $2) \
             where tenant_id = $1 and id in (select id from assignment where tenant_id = $1 \
               and next_session_at <= $2 order by next_session_at limit 500)",
            args![self.tenant, now],
        )
        .await
    }

    /// Saves what a person's events come to of the sessions and Reflection Points named, or of all
    /// where none are; what they come to no more is taken away.
    pub async fn save_folded(
        &mut self,
        member: Uuid,
        folded: &Folded,
        assignments: &[Option<Uuid>],
        only: Option<&Touched>,
    ) -> Result<(), Error> {
        let of = |episode: usize| assignments.get(episode).copied().flatten();
        let all = only.is_none();
        let nothing = BTreeSet::new();
        let named = only.map_or(&nothing, |only| &only.sessions);
        self.forget("session", member, named, all).await?;
        for s in &folded.sessions {
            if all || named.contains(&s.id) {
                self.insert_session(member, s, of(s.episode)).await?;
            }
        }
        let named = only.map_or(&nothing, |only| &only.reflections);
        self.forget("reflection", member, named, all).await?;
        for r in &folded.reflections {
            if all || named.contains(&r.id) {
                let sql = "insert into reflection (tenant_id, member_id, id, assignment_id, \
                             assigned_at, completed_at) values ($1, $2, $3, $4, $5, $6)";
                let of = of(r.episode);
                let values = args![
                    self.tenant,
                    member,
                    &r.id,
                    of,
                    r.assigned_at,
                    r.completed_at
                ];
                self.run(sql, values).await?;
            }
        }
        Ok(())
    }

    async fn forget(
        &mut self,
        table: &str,
        member: Uuid,
        named: &BTreeSet<String>,
        all: bool,
    ) -> Result<(), Error> {
        if !all && named.is_empty() {
            return Ok(());
        }
        let sql = match (table, all) {
            ("session", true) => "delete from session where tenant_id = $1 and member_id = $2",
            ("session", false) => {
                "delete from session where tenant_id = $1 and member_id = $2 \
                 and id in (select t from ({texts}($3)) i)"
            }
            (_, true) => "delete from reflection where tenant_id = $1 and member_id = $2",
            (_, false) => {
                "delete from reflection where tenant_id = $1 and member_id = $2 \
                 and id in (select t from ({texts}($3)) i)"
            }
        };
        let mut values = args![self.tenant, member];
        if !all {
            values.push(named.iter().cloned().collect::<Json>().into());
        }
        self.run(sql, values).await?;
        Ok(())
    }

    async fn insert_session(
        &mut self,
        member: Uuid,
        s: &journey::Session,
        assignment: Option<Uuid>,
    ) -> Result<(), Error> {
        let sql = "insert into session (tenant_id, member_id, id, assignment_id, state, starts_at, \
                     duration_min) values ($1, $2, $3, $4, $5, $6, $7)";
        let values = args![
            self.tenant,
            member,
            &s.id,
            assignment,
            s.state.as_str(),
            s.starts_at,
            s.duration_min,
        ];
        self.run(sql, values).await?;
        Ok(())
    }
}

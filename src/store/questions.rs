//! Nudges that ask whether somebody keeps their seat, and what they answered.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::args;
use super::seats::named as parsed;
use super::{Error, Session, Store, TenantId, Tx};
use crate::coaching::nudge::{Outcome, Question};

/// A question, and whom it is about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who is asked.
    pub member: Uuid,
    /// In which episode.
    pub assignment: Uuid,
    /// Until when, and what they answered.
    pub question: Question,
}

impl Store {
    /// The tenant of this number, if it asked this question.
    pub async fn tenant_of_question(
        &self,
        number: i64,
        nudge: Uuid,
    ) -> Result<Option<TenantId>, Error> {
        let sql = "select tenant_id from nudge_question where tenant_id = $1 and nudge_id = $2";
        let mut session = self.read(TenantId(0)).await?;
        let row = session.optional(sql, args![number, nudge]).await?;
        row.map(|row| row.get("tenant_id").map(TenantId))
            .transpose()
    }
}

impl TenantId {
    /// Its number, to be sealed into what names the tenant to nobody else.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl Session {
    /// What a nudge asks.
    pub async fn question(&mut self, nudge: Uuid) -> Result<Option<Asked>, Error> {
        let sql = "select n.member_id, q.assignment_id, q.expires_at, q.answer, q.answered_at \
                   from nudge_question q join nudge n on n.tenant_id = q.tenant_id \
                     and n.id = q.nudge_id where q.tenant_id = $1 and q.nudge_id = $2";
        let row = self.optional(sql, args![self.tenant, nudge]).await?;
        row.map(|row| {
            let answer = match row.get::<Option<String>>("answer")? {
                None => None,
                Some(_) => Some(parsed::<Outcome>(&row, "answer")?),
            };
            Ok(Asked {
                member: row.get("member_id")?,
                assignment: row.get("assignment_id")?,
                question: Question {
                    expires_at: row.instant("expires_at")?,
                    answer: answer.zip(row.maybe_instant("answered_at")?),
                },
            })
        })
        .transpose()
    }

    /// The episodes of whoever said since then that they keep their seat.
    pub async fn kept_since(&mut self, since: Timestamp) -> Result<HashSet<Uuid>, Error> {
        let sql = "select assignment_id from nudge_question where tenant_id = $1 \
                   and answer = 'kept' and answered_at > $2";
        let rows = self.all(sql, args![self.tenant, since]).await?;
        rows.iter().map(|row| row.get("assignment_id")).collect()
    }

    /// The episodes in which the newest question was not answered in time, nor its reason cleared:
    /// when it was asked, and until when.
    pub async fn unanswered(
        &mut self,
        now: Timestamp,
    ) -> Result<HashMap<Uuid, (Timestamp, Timestamp)>, Error> {
        let sql = "select q.assignment_id, q.sent_at, q.expires_at from nudge_question q \
                   join nudge n on n.tenant_id = q.tenant_id and n.id = q.nudge_id \
                   where q.tenant_id = $1 and q.answer is null and q.expires_at <= $2 \
                     and n.outcome <> 'converted' and not exists (select 1 from nudge_question r \
                       where r.tenant_id = q.tenant_id and r.assignment_id = q.assignment_id \
                       and r.sent_at > q.sent_at)";
        let rows = self.all(sql, args![self.tenant, now]).await?;
        rows.iter()
            .map(|row| {
                let times = (row.instant("sent_at")?, row.instant("expires_at")?);
                Ok((row.get("assignment_id")?, times))
            })
            .collect()
    }
}

impl Tx {
    /// Keeps what a nudge asks.
    pub async fn insert_question(
        &mut self,
        nudge: Uuid,
        assignment: Uuid,
        (sent_at, expires_at): (Timestamp, Timestamp),
    ) -> Result<(), Error> {
        let sql = "insert into nudge_question (tenant_id, nudge_id, assignment_id, sent_at, \
                     expires_at) values ($1, $2, $3, $4, $5)";
        let values = args![self.tenant, nudge, assignment, sent_at, expires_at];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Notes an answer; answers whether there was none yet.
    pub async fn answer_question(
        &mut self,
        nudge: Uuid,
        answer: Outcome,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "update nudge_question set answer = $3, answered_at = $4 \
                   where tenant_id = $1 and nudge_id = $2 and answer is null";
        let values = args![self.tenant, nudge, answer.as_str(), at];
        Ok(self.run(sql, values).await? > 0)
    }
}

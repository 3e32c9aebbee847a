//! Nudges: who was reminded, and what came of it.

use jiff::Timestamp;
use uuid::Uuid;

use super::engagement::{journey, journey_columns};
use super::engine::{Row, args};
use super::seats::named as parsed;
use super::{Error, Session, Store, TenantId, Tx};
use crate::coaching::Stage;
use crate::coaching::journey::Journey;
use crate::coaching::nudge::{Outcome, Question};

/// A reminder.
#[derive(Debug, Clone)]
pub struct Nudge {
    /// Identifier.
    pub id: Uuid,
    /// Who was reminded.
    pub member: Uuid,
    /// In which episode.
    pub assignment: Uuid,
    /// In which status, and so for which reason.
    pub stage: Stage,
    /// What an operator had to say.
    pub message: Option<String>,
    /// Who sent it, as in the ledger.
    pub actor: String,
    /// When.
    pub sent_at: Timestamp,
    /// What it asks, if it does.
    pub question: Option<Question>,
    /// What came of it.
    pub outcome: Outcome,
    /// When.
    pub outcome_at: Option<Timestamp>,
}

/// Which nudges to list.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// One person's.
    pub member: Option<Uuid>,
    /// Of one outcome.
    pub outcome: Option<Outcome>,
    /// Older than this one.
    pub before: Option<(Timestamp, Uuid)>,
}

/// What came of a nudge, asked or not.
macro_rules! came_to {
    () => {
        "case when q.answer is not null then q.answer \
         when q.nudge_id is not null and n.outcome = 'expired' then 'unanswered' \
         else n.outcome end"
    };
}

macro_rules! nudge_columns {
    () => {
        concat!(
            "n.id, n.member_id, n.assignment_id, n.stage as nudged_in, n.message, n.actor, n.sent_at, \
         q.expires_at as asked_until, q.answer, q.answered_at, \
         coalesce(q.answered_at, n.outcome_at) as outcome_at, ",
            came_to!(),
            " as outcome "
        )
    };
}

macro_rules! nudge_tables {
    () => {
        "from nudge n left join nudge_question q on q.tenant_id = n.tenant_id and q.nudge_id = n.id "
    };
}
pub(super) use {came_to, nudge_tables};

fn nudge(row: &Row) -> Result<Nudge, Error> {
    Ok(Nudge {
        id: row.get("id")?,
        member: row.get("member_id")?,
        assignment: row.get("assignment_id")?,
        stage: parsed(row, "nudged_in")?,
        message: row.get("message")?,
        actor: row.get("actor")?,
        sent_at: row.instant("sent_at")?,
        question: match row.maybe_instant("asked_until")? {
            None => None,
            Some(expires_at) => Some(Question {
                expires_at,
                answer: match row.maybe_instant("answered_at")? {
                    None => None,
                    Some(at) => Some((parsed(row, "answer")?, at)),
                },
            }),
        },
        outcome: parsed(row, "outcome")?,
        outcome_at: row.maybe_instant("outcome_at")?,
    })
}

impl Store {
    /// Tenants with nudges of which the outcome is not known yet.
    pub async fn tenants_with_open_nudges(&self) -> Result<Vec<TenantId>, Error> {
        let sql = "select distinct tenant_id from nudge where outcome = 'open'";
        let rows = self.read(TenantId(0)).await?.all(sql, args![]).await?;
        rows.iter()
            .map(|row| row.get("tenant_id").map(TenantId))
            .collect()
    }
}

impl Session {
    /// Nudges, the newest first.
    pub async fn nudges(&mut self, s: &Selection, limit: i64) -> Result<Vec<Nudge>, Error> {
        const SQL: &str = concat!(
            "select ",
            nudge_columns!(),
            nudge_tables!(),
            "where n.tenant_id = $1 and ($2 is null or n.member_id = $2) and ($3 is null or ",
            came_to!(),
            " = $3) and ($4 is null or n.sent_at < $4 or (n.sent_at = $4 and n.id < $5)) \
             order by n.sent_at desc, n.id desc limit $6 + 0"
        );
        let (at, id) = s.before.unzip();
        let outcome = s.outcome.map(Outcome::as_str);
        let values = args![self.tenant, s.member, outcome, at, id, limit];
        let rows = self.all(SQL, values).await?;
        rows.iter().map(nudge).collect()
    }

    /// One nudge.
    pub async fn nudge(&mut self, id: Uuid) -> Result<Option<Nudge>, Error> {
        const SQL: &str = concat!(
            "select ",
            nudge_columns!(),
            nudge_tables!(),
            "where n.tenant_id = $1 and n.id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(nudge).transpose()
    }

    /// In which status and when somebody was nudged in an episode, the newest first.
    pub async fn nudged(
        &mut self,
        member: Uuid,
        assignment: Uuid,
    ) -> Result<Vec<(Stage, Timestamp)>, Error> {
        let sql = "select stage, sent_at from nudge where tenant_id = $1 and member_id = $2 \
                   and assignment_id = $3 order by sent_at desc, id desc limit 100";
        let values = args![self.tenant, member, assignment];
        let rows = self.all(sql, values).await?;
        rows.iter()
            .map(|row| Ok((parsed(row, "stage")?, row.instant("sent_at")?)))
            .collect()
    }

    /// Nudges of which the outcome is not known yet after this one, each with the journey of its
    /// episode while that goes on.
    pub async fn open_nudges(
        &mut self,
        after: Option<Timestamp>,
        limit: i64,
    ) -> Result<Vec<(Nudge, Option<Journey>)>, Error> {
        const SQL: &str = concat!(
            "select ",
            nudge_columns!(),
            ", a.state as held_as, ",
            journey_columns!(),
            nudge_tables!(),
            "join assignment a on a.tenant_id = n.tenant_id and a.id = n.assignment_id \
             where n.tenant_id = $1 and n.outcome = 'open' and ($2 is null or n.sent_at > $2) \
             order by n.sent_at limit $3 + 0"
        );
        let rows = self.all(SQL, args![self.tenant, after, limit]).await?;
        rows.iter()
            .map(|row| {
                let over = row.get::<String>("held_as")? == "ended";
                let journey = if over { None } else { Some(journey(row)?) };
                Ok((nudge(row)?, journey))
            })
            .collect()
    }
}

impl Tx {
    /// Keeps a nudge.
    pub async fn insert_nudge(&mut self, n: &Nudge) -> Result<(), Error> {
        self.run(
            "insert into nudge (tenant_id, id, member_id, assignment_id, stage, reason, message, \
               actor, sent_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                self.tenant,
                n.id,
                n.member,
                n.assignment,
                n.stage.as_str(),
                n.stage.reason().as_str(),
                n.message.as_deref(),
                &n.actor,
                n.sent_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Notes what came of a nudge.
    pub async fn nudge_came_to(
        &mut self,
        id: Uuid,
        outcome: Outcome,
        at: Timestamp,
    ) -> Result<(), Error> {
        let sql = "update nudge set outcome = $3, outcome_at = $4 \
                   where tenant_id = $1 and id = $2 and outcome = 'open'";
        self.run(sql, args![self.tenant, id, outcome.as_str(), at])
            .await?;
        Ok(())
    }
}

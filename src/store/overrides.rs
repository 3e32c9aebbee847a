//! What operators have set over what the identity provider writes of a person, and what is left of
//! somebody who is erased.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::engine::args;
use super::members::Member;
use super::{Error, Session, Tx};
use crate::seats::pin::Pin;

/// An operator has set a person's identity otherwise than the identity provider last wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Who, as the ledger names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What the identity provider has: whether the person is active.
    pub idp_active: bool,
}

impl Session {
    /// People of whom a pin has run out by `now`, at most `limit`.
    pub async fn pins_due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Uuid>, Error> {
        self.all(
            "select id from member where tenant_id = $1 and pins_due_at <= $2 \
             order by pins_due_at, id limit $3 + 0",
            args![self.tenant, now, limit],
        )
        .await?
        .iter()
        .map(|row| row.get("id"))
        .collect()
    }

    /// How many sessions of a person are booked after `now`, before `until` if there is one.
    pub async fn sessions_booked(
        &mut self,
        member: Uuid,
        now: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<i64, Error> {
        self.one(
            "select count(*) as n from session where tenant_id = $1 and member_id = $2 \
             and state = 'scheduled' and starts_at > $3 and (starts_at < $4 or $5)",
            args![self.tenant, member, now, until, until.is_none()],
        )
        .await?
        .get("n")
    }

    /// What an operator noted when they paused an assignment.
    pub async fn pause_note(&mut self, assignment: Uuid) -> Result<Option<String>, Error> {
        let sql = "select pause_note from assignment where tenant_id = $1 and id = $2";
        let row = self.optional(sql, args![self.tenant, assignment]).await?;
        row.map_or(Ok(None), |row| row.get("pause_note"))
    }
}

impl Tx {
    /// Saves a person's pins, and whether their identity has drifted.
    pub async fn save_overrides(&mut self, m: &Member) -> Result<(), Error> {
        let due = m.pins.iter().filter_map(|pin: &Pin| pin.until).min();
        self.run(
            "update member set pins = case when $3 then $4 end, pins_due_at = $5, \
               identity_drift = case when $6 then $7 end where tenant_id = $1 and id = $2",
            args![
                self.tenant,
                m.id,
                !m.pins.is_empty(),
                json!(m.pins),
                due,
                m.drift.is_some(),
                json!(m.drift),
            ],
        )
        .await?;
        Ok(())
    }

    /// Keeps what an operator noted when they paused, or takes it away. It may name people, so it
    /// is not in the ledger.
    pub async fn note_pause(&mut self, assignment: Uuid, note: Option<&str>) -> Result<(), Error> {
        let sql = "update assignment set pause_note = $3 where tenant_id = $1 and id = $2";
        self.run(sql, args![self.tenant, assignment, note]).await?;
        Ok(())
    }

    /// Takes away what a person's assignments hold of them besides seats and dates: notes, and the
    /// wishes they were judged by.
    pub async fn erase_notes(&mut self, member: Uuid) -> Result<(), Error> {
        self.run(
            "update assignment set end_note = null, pause_note = null, inputs = '', \
               extended_over = null where tenant_id = $1 and member_id = $2",
            args![self.tenant, member],
        )
        .await?;
        let sql = "update nudge set message = null where tenant_id = $1 and member_id = $2";
        self.run(sql, args![self.tenant, member]).await?;
        let sql = "delete from invitation where tenant_id = $1 and member_id = $2";
        self.run(sql, args![self.tenant, member]).await?;
        Ok(())
    }
}

//! Invitations: whom an operator invites, when, and what came of it.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::{Row, args};
use super::seats::named as parsed;
use super::{Error, Session, Store, TenantId, Tx};
use crate::seats::named;

named! {
    /// How far an invitation is.
    InvitationState {
        /// It is sent when its time comes.
        Scheduled = "scheduled",
        /// The person was made.
        Sent = "sent",
        /// The person could not be made.
        Failed = "failed",
        /// An operator called it off.
        Cancelled = "cancelled",
    }
}

/// An invitation.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// Identifier.
    pub id: Uuid,
    /// To whom.
    pub email: String,
    /// The address folded.
    pub email_key: String,
    /// A track's key.
    pub track: Option<String>,
    /// A pool's key.
    pub pool: Option<String>,
    /// When access begins: a day or an instant, as sent.
    pub starts_on: Option<String>,
    /// When it ends: a day or an instant, as sent.
    pub ends_on: Option<String>,
    /// How many days it lasts.
    pub duration_days: Option<i64>,
    /// The language to write to them in.
    pub language: Option<String>,
    /// Where their day begins.
    pub time_zone: Option<String>,
    /// What to write to them.
    pub message: Option<String>,
    /// When it is sent.
    pub send_at: Timestamp,
    /// How far it is.
    pub state: InvitationState,
    /// What came of it, a code.
    pub result: Option<String>,
    /// Who was made by it.
    pub member: Option<Uuid>,
    /// Who invited, as in the ledger.
    pub actor: String,
    /// When it was first sent.
    pub invited_at: Option<Timestamp>,
    /// When it was last sent again.
    pub resent_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

macro_rules! invitation_columns {
    () => {
        "id, email, email_key, track, pool, starts_on, ends_on, duration_days, language, \
         time_zone, message, send_at, state, result, member_id, actor, invited_at, resent_at, \
         created_at from invitation "
    };
}

fn invitation(row: &Row) -> Result<Invitation, Error> {
    Ok(Invitation {
        id: row.get("id")?,
        email: row.get("email")?,
        email_key: row.get("email_key")?,
        track: row.get("track")?,
        pool: row.get("pool")?,
        starts_on: row.get("starts_on")?,
        ends_on: row.get("ends_on")?,
        duration_days: row.get("duration_days")?,
        language: row.get("language")?,
        time_zone: row.get("time_zone")?,
        message: row.get("message")?,
        send_at: row.instant("send_at")?,
        state: parsed(row, "state")?,
        result: row.get("result")?,
        member: row.get("member_id")?,
        actor: row.get("actor")?,
        invited_at: row.maybe_instant("invited_at")?,
        resent_at: row.maybe_instant("resent_at")?,
        created_at: row.instant("created_at")?,
    })
}

impl Store {
    /// Invitations whose time has come, of all tenants.
    pub async fn invitations_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(TenantId, Uuid)>, Error> {
        let sql = "select tenant_id, id from invitation where state = 'scheduled' \
                   and send_at <= $1 order by send_at limit $2 + 0";
        let rows = self
            .read(TenantId(0))
            .await?
            .all(sql, args![now, limit])
            .await?;
        rows.iter()
            .map(|row| Ok((TenantId(row.get("tenant_id")?), row.get("id")?)))
            .collect()
    }
}

impl Session {
    /// Invitations, the newest first.
    pub async fn invitations(
        &mut self,
        state: Option<InvitationState>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Invitation>, Error> {
        const SQL: &str = concat!(
            "select ",
            invitation_columns!(),
            "where tenant_id = $1 and ($2 is null or state = $2) and ($3 is null or id < $3) \
             order by id desc limit $4 + 0"
        );
        let state = state.map(InvitationState::as_str);
        let rows = self
            .all(SQL, args![self.tenant, state, before, limit])
            .await?;
        rows.iter().map(invitation).collect()
    }

    /// One invitation.
    pub async fn invitation(&mut self, id: Uuid) -> Result<Option<Invitation>, Error> {
        const SQL: &str = concat!(
            "select ",
            invitation_columns!(),
            "where tenant_id = $1 and id = $2"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(invitation).transpose()
    }

    /// The newest invitation to an address that was not called off and did not fail.
    pub async fn invitation_to(&mut self, email_key: &str) -> Result<Option<Invitation>, Error> {
        const SQL: &str = concat!(
            "select ",
            invitation_columns!(),
            "where tenant_id = $1 and email_key = $2 and state in ('scheduled', 'sent') \
             order by id desc limit 1"
        );
        let row = self.optional(SQL, args![self.tenant, email_key]).await?;
        row.as_ref().map(invitation).transpose()
    }
}

impl Tx {
    /// One invitation, locked.
    pub async fn lock_invitation(&mut self, id: Uuid) -> Result<Option<Invitation>, Error> {
        const SQL: &str = concat!(
            "select ",
            invitation_columns!(),
            "where tenant_id = $1 and id = $2 {lock}"
        );
        let row = self.optional(SQL, args![self.tenant, id]).await?;
        row.as_ref().map(invitation).transpose()
    }

    /// Keeps an invitation that is yet to be sent.
    pub async fn insert_invitation(&mut self, i: &Invitation) -> Result<(), Error> {
        self.run(
            "insert into invitation (tenant_id, id, email, email_key, send_at, state, actor, \
               created_at) values ($1, $2, $3, $4, $5, 'scheduled', $6, $7)",
            args![
                self.tenant,
                i.id,
                &i.email,
                &i.email_key,
                i.send_at,
                &i.actor,
                i.created_at
            ],
        )
        .await?;
        self.save_invitation(i).await
    }

    /// Saves an invitation.
    pub async fn save_invitation(&mut self, i: &Invitation) -> Result<(), Error> {
        self.run(
            "update invitation set track = $3, pool = $4, starts_on = $5, ends_on = $6, \
               duration_days = $7, language = $8, time_zone = $9, message = $10, send_at = $11, \
               state = $12, result = $13, member_id = $14, invited_at = $15, resent_at = $16 \
             where tenant_id = $1 and id = $2",
            args![
                self.tenant,
                i.id,
                i.track.as_deref(),
                i.pool.as_deref(),
                i.starts_on.as_deref(),
                i.ends_on.as_deref(),
                i.duration_days,
                i.language.as_deref(),
                i.time_zone.as_deref(),
                i.message.as_deref(),
                i.send_at,
                i.state.as_str(),
                i.result.as_deref(),
                i.member,
                i.invited_at,
                i.resent_at
            ],
        )
        .await?;
        Ok(())
    }
}

//! Sending invitations whose time has come: each address becomes a person, by the same use case by
//! which an identity provider makes one.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::object;
use crate::directory::change::Change;
use crate::directory::credentials::Role;
use crate::directory::{Caller, Directory, Error, Found};
use crate::scim::Object;
use crate::scim::error::ScimType;
use crate::scim::schema::COACHING_URN;
use crate::seats::invitation::Outcome;
use crate::seats::{IdentityState, days};
use crate::store::invitations::{Invitation, InvitationState};
use crate::store::members::Member;
use crate::store::{Session, TenantId, transact};

/// What became of sending an invitation.
enum Sent {
    To(Box<Member>),
    Not(Outcome),
}

impl Directory {
    /// Sends an invitation, if it is yet to be sent; answers how it is then. Sent twice at once, the
    /// person is still made once.
    pub async fn send_invitation(
        &self,
        tenant: TenantId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Invitation>, Error> {
        let mut session = self.store.read(tenant).await?;
        let Some(invitation) = session.invitation(id).await? else {
            return Ok(None);
        };
        if invitation.state != InvitationState::Scheduled || invitation.send_at > now {
            return Ok(Some(invitation));
        }
        let zone = self.current_rules(&mut session).await?.catalog.zone.clone();
        drop(session);
        let caller = Caller {
            tenant,
            token: token(&invitation.actor),
            role: Role::Owner,
            connection: None,
            request_id: format!("invitation:{id}"),
        };
        let made = self
            .create_user(&caller, resource(&invitation, &zone, now), now)
            .await;
        let sent = came_to(made, &invitation)?;
        let sent = match sent {
            Some(sent) => sent,
            None => self.found_again(tenant, &invitation).await?,
        };
        self.note_sent(&caller, id, &sent, now).await.map(Some)
    }

    /// The person with the address: made by this invitation, just now or before a process died that
    /// could not note it, or somebody who was there before.
    async fn found_again(&self, tenant: TenantId, i: &Invitation) -> Result<Sent, Error> {
        let mut session = self.store.read(tenant).await?;
        let found = session.members_by_email(&i.email_key).await?;
        let ours = |m: &Member| m.managed_by == "admin" && m.created_at >= i.created_at;
        Ok(match found.into_iter().find(ours) {
            Some(member) => Sent::To(Box::new(member)),
            None => Sent::Not(Outcome::AlreadyMember),
        })
    }

    async fn note_sent(
        &self,
        caller: &Caller,
        id: Uuid,
        sent: &Sent,
        now: Timestamp,
    ) -> Result<Invitation, Error> {
        transact!(self.store, caller.tenant, |tx| {
            let found = tx.lock_invitation(id).await?;
            let mut invitation =
                found.ok_or(crate::store::Error::Inconsistent("an invitation is lost"))?;
            if invitation.state != InvitationState::Scheduled {
                return Ok(invitation);
            }
            let (action, member) = match sent {
                Sent::To(member) => {
                    invitation.state = InvitationState::Sent;
                    invitation.member = Some(member.id);
                    invitation.invited_at = Some(now);
                    invitation.result = Some(Outcome::Invited.as_str().to_owned());
                    ("invitation.sent", Some(member.id))
                }
                Sent::Not(outcome) => {
                    invitation.state = InvitationState::Failed;
                    invitation.result = Some(outcome.as_str().to_owned());
                    ("invitation.failed", None)
                }
            };
            tx.save_invitation(&invitation).await?;
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, caller.by(), now);
            change.log(action, member, object([("invitation", json!(id))]));
            change.finish().await?;
            Ok(invitation)
        })
    }
}

/// What the making of a person came to; none where somebody has the address already.
fn came_to(made: Result<Found, Error>, invitation: &Invitation) -> Result<Option<Sent>, Error> {
    match made {
        Ok(_) => Ok(None),
        Err(Error::Store(error)) => Err(error.into()),
        Err(Error::Scim(error)) => match error.scim_type {
            Some(ScimType::Uniqueness) => Ok(None),
            Some(ScimType::SeatUnavailable) => Ok(Some(Sent::Not(Outcome::PoolFull))),
            _ => {
                tracing::info!(invitation = %invitation.id, %error, "an invitation was refused");
                Ok(Some(Sent::Not(Outcome::Refused)))
            }
        },
        Err(Error::Refused(refusal)) => {
            let code = refusal.code;
            tracing::info!(invitation = %invitation.id, %code, "an invitation was refused");
            Ok(Some(Sent::Not(Outcome::Refused)))
        }
    }
}

/// The public part of the token of whoever invited; empty for a command.
fn token(actor: &str) -> String {
    actor.strip_prefix("token:").unwrap_or_default().to_owned()
}

/// Whether somebody who is known to an identity provider has this address.
pub(super) async fn is_member(session: &mut Session, email_key: &str) -> Result<bool, Error> {
    let found = session.members_by_email(email_key).await?;
    let known = [IdentityState::Active, IdentityState::Inactive];
    Ok(found.iter().any(|m| known.contains(&m.identity)))
}

/// The person as an identity provider would have made them.
fn resource(i: &Invitation, tenant_zone: &TimeZone, now: Timestamp) -> Value {
    let zone = i.time_zone.as_deref().and_then(|z| TimeZone::get(z).ok());
    let zone = zone.as_ref().unwrap_or(tenant_zone);
    let start = i
        .starts_on
        .as_deref()
        .and_then(|text| days::read(text).ok());
    let start = start.flatten().map_or(now, |when| when.start(zone));
    let lasts = i.duration_days.map(|n| days::days_after(start, n, zone));
    let ends = i.ends_on.clone().or(lasts.map(|end| end.to_string()));
    let mut coaching = Object::new();
    for (key, value) in [
        ("track", &i.track),
        ("pool", &i.pool),
        ("accessStartDate", &i.starts_on),
        ("accessEndDate", &ends),
    ] {
        if let Some(value) = value {
            coaching.insert(key.into(), value.clone().into());
        }
    }
    let mut user = object([
        (
            "schemas",
            json!(["urn:ietf:params:scim:schemas:core:2.0:User"]),
        ),
        ("userName", json!(i.email)),
        ("active", true.into()),
        (
            "emails",
            json!([{"value": i.email, "type": "work", "primary": true}]),
        ),
    ]);
    for (key, value) in [
        ("preferredLanguage", &i.language),
        ("timezone", &i.time_zone),
    ] {
        if let Some(value) = value {
            user.insert(key.into(), value.clone().into());
        }
    }
    if !coaching.is_empty() {
        user.insert(COACHING_URN.into(), coaching.into());
    }
    user.into()
}

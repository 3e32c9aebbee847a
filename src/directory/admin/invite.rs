//! Sending invitations whose time has come: each address becomes a person, by the same use case by
//! which an identity provider makes one.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::object;
use crate::directory::change::Change;
use crate::directory::credentials::Role;
use crate::directory::users::Making;
use crate::directory::{Caller, Cut, Directory, Error};
use crate::scim::custom::UserType;
use crate::scim::error::ScimType;
use crate::scim::schema::{COACHING_URN, USER};
use crate::scim::{Object, validate};
use crate::seats::invitation::Outcome;
use crate::seats::{IdentityState, days};
use crate::store::invitations::{Invitation, InvitationState};
use crate::store::members::Member;
use crate::store::{self, Session, TenantId, Tx, transact};

impl Directory {
    /// Sends an invitation, if it is yet to be sent; answers how it is then. To make the person and to
    /// note what came of it is one transaction: asked for twice at once, it is done once.
    pub async fn send_invitation(
        &self,
        tenant: TenantId,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Invitation>, Error> {
        transact!(self.store, tenant, |tx| {
            let Some(mut invitation) = tx.lock_invitation(id).await? else {
                return Ok(None);
            };
            if invitation.state != InvitationState::Scheduled || invitation.send_at > now {
                return Ok(Some(invitation));
            }
            let caller = inviter(tenant, &invitation);
            tx.begin_part().await?;
            let made = Box::pin(self.make_invited(tx, &caller, &invitation, now)).await;
            let (action, mut detail) = match came_to(made, &invitation)? {
                Ok(member) => {
                    tx.keep_part().await?;
                    invitation.state = InvitationState::Sent;
                    invitation.member = Some(member.id);
                    invitation.invited_at = Some(now);
                    invitation.result = Some(Outcome::Invited.as_str().to_owned());
                    ("invitation.sent", Object::new())
                }
                Err(outcome) => {
                    tx.undo_part().await?;
                    invitation.state = InvitationState::Failed;
                    invitation.result = Some(outcome.as_str().to_owned());
                    let detail = object([("result", outcome.as_str().into())]);
                    ("invitation.failed", detail)
                }
            };
            tx.save_invitation(&invitation).await?;
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, caller.by(), now);
            detail.insert("invitation".into(), json!(id));
            change.log(action, invitation.member, detail);
            change.finish().await?;
            Ok(Some(invitation))
        })
    }

    async fn make_invited(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        invitation: &Invitation,
        now: Timestamp,
    ) -> Result<Member, Error> {
        let zone = self.current_rules(tx).await?.catalog.zone.clone();
        let doc = validate::create(&USER, resource(invitation, &zone, now))?;
        let judged = self.judge_newcomer(tx, &doc).await?;
        let made = Making {
            id: Uuid::now_v7(),
            managed_by: "admin",
            groups: &[],
        };
        let (member, _) = self.create(tx, caller, made, doc, now, judged).await?;
        Ok(member)
    }
}

/// Who invited, long after the request is gone.
fn inviter(tenant: TenantId, invitation: &Invitation) -> Caller {
    Caller {
        tenant,
        token: token(&invitation.actor),
        role: Role::Owner,
        connection: None,
        request_id: format!("invitation:{}", invitation.id),
        users: UserType::default(),
        cut: Cut::default(),
    }
}

/// What the making of a person came to: the person, or why there is none. A broken database is
/// neither.
fn came_to(
    made: Result<Member, Error>,
    invitation: &Invitation,
) -> Result<Result<Member, Outcome>, Error> {
    let error = match made {
        Ok(member) => return Ok(Ok(member)),
        Err(error) => error,
    };
    let outcome = match &error {
        Error::Store(store::Error::Taken) => Outcome::AlreadyMember,
        Error::Store(_) => return Err(error),
        Error::Scim(scim) => match scim.scim_type {
            Some(ScimType::Uniqueness) => Outcome::AlreadyMember,
            Some(ScimType::SeatUnavailable) => Outcome::PoolFull,
            _ => Outcome::Refused,
        },
        Error::Refused(_) => Outcome::Refused,
    };
    if outcome == Outcome::Refused {
        tracing::info!(invitation = %invitation.id, %error, "an invitation was refused");
    }
    Ok(Err(outcome))
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

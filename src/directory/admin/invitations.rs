//! Inviting people by their addresses, now or later.

mod sent;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Body;
use super::invite::is_member;
use super::roles::Right;
use super::{Items, Query, conflict, cursor, find, not_found, object};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::scim::predicate::fold;
use crate::seats::invitation::Outcome;
use crate::seats::{IdentityState, SeatState, invitation as reading};
use crate::store::invitations::{Invitation, InvitationState};
use crate::store::{Session, Tx, transact};
use sent::{CHANGEABLE, FIELDS, addresses, blank, put};

impl Directory {
    /// Invites people: those whose time has come are made at once, the others by the clock. Answers
    /// what came of each address.
    pub async fn invite(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Invite)?;
        let body = Body::of(body, &FIELDS)?;
        let addresses = addresses(&body)?;
        let dry = body.flag("dryRun")?.unwrap_or(false);
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let mut template = blank(caller, now);
        put(&body, &mut template, &rules.catalog, now)?;
        let without_idp = session.connections().await?.is_empty();
        drop(session);
        let mut items = Vec::with_capacity(addresses.len());
        for address in addresses {
            items.push(
                self.invite_one(caller, &template, address, dry, now)
                    .await?,
            );
        }
        let is = |item: &&Object, outcome: Outcome| item["result"] == outcome.as_str();
        let count = |outcome| items.iter().filter(|item| is(item, outcome)).count();
        let (invited, scheduled) = (count(Outcome::Invited), count(Outcome::Scheduled));
        // An identity provider that does not know them will neither change nor deactivate them.
        let warnings = if without_idp {
            json!([])
        } else {
            json!(["not_in_idp"])
        };
        Ok(object([
            ("dryRun", dry.into()),
            ("invited", invited.into()),
            ("scheduled", scheduled.into()),
            ("refused", (items.len() - invited - scheduled).into()),
            ("warnings", warnings),
            ("items", items.into_iter().map(Value::from).collect()),
        ]))
    }

    async fn invite_one(
        &self,
        caller: &Caller,
        template: &Invitation,
        email: String,
        dry: bool,
        now: Timestamp,
    ) -> Result<Object, Error> {
        let invitation = Invitation {
            id: Uuid::now_v7(),
            email_key: fold(&email),
            email,
            ..template.clone()
        };
        if !reading::is_address(&invitation.email) {
            return Ok(item(&invitation.email, Outcome::InvalidAddress.as_str()));
        }
        let unless = transact!(self.store, caller.tenant, |tx| {
            let unless = judge(tx, &invitation.email_key).await?;
            if unless.is_none() && !dry {
                tx.insert_invitation(&invitation).await?;
                note(self, tx, caller, "invitation.created", &invitation, now).await?;
            }
            Ok::<_, Error>(unless)
        })?;
        if let Some(outcome) = unless {
            return Ok(item(&invitation.email, outcome.as_str()));
        }
        if dry || invitation.send_at > now {
            let outcome = if invitation.send_at > now {
                Outcome::Scheduled
            } else {
                Outcome::Invited
            };
            let mut answer = item(&invitation.email, outcome.as_str());
            if !dry {
                answer.insert("id".into(), json!(invitation.id));
            }
            return Ok(answer);
        }
        let sent = self
            .send_invitation(caller.tenant, invitation.id, now)
            .await?;
        let sent = sent.unwrap_or(invitation);
        let mut answer = item(&sent.email, sent.result.as_deref().unwrap_or("scheduled"));
        answer.insert("id".into(), json!(sent.id));
        if let Some(member) = sent.member {
            let mut session = self.store.read(caller.tenant).await?;
            let state = session.member_by_id(member).await?.map(|m| m.seat_state());
            answer.insert("member".into(), json!(member));
            answer.insert("seatState".into(), json!(state.map(SeatState::as_str)));
        }
        Ok(answer)
    }

    /// Invitations, the newest first.
    pub async fn list_invitations(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Invite)?;
        query.only(&["state"], None)?;
        let state = query.get("state").map(str::parse::<InvitationState>);
        let state = state.transpose();
        let state = state.map_err(|detail| super::query::refused("state", &detail))?;
        let list = cursor::list(caller, "invitations", query);
        let before: Option<Uuid> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rows = session.invitations(state, before, limit + 1).await?;
        let rows = rows.iter().map(|i| (view(i), i.id)).collect();
        self.page(list, rows, limit, now).await
    }

    /// One invitation.
    pub async fn read_invitation(&self, caller: &Caller, id: &str) -> Result<Object, Error> {
        caller.may(Right::Invite)?;
        let mut session = self.store.read(caller.tenant).await?;
        let found = session.invitation(parse(id)?).await?;
        Ok(view(&found.ok_or_else(nobody)?))
    }

    /// Changes an invitation that is yet to be sent.
    pub async fn change_invitation(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Invite)?;
        let body = Body::of(body, &CHANGEABLE)?;
        transact!(self.store, caller.tenant, |tx| {
            let mut invitation = unsent(tx, id).await?;
            let before = invitation.clone();
            let rules = self.current_rules(tx).await?;
            put(&body, &mut invitation, &rules.catalog, now)?;
            if invitation != before {
                tx.save_invitation(&invitation).await?;
                note(self, tx, caller, "invitation.changed", &invitation, now).await?;
            }
            Ok(view(&invitation))
        })
    }

    /// Calls off an invitation that is yet to be sent.
    pub async fn cancel_invitation(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Invite)?;
        transact!(self.store, caller.tenant, |tx| {
            let mut invitation = unsent(tx, id).await?;
            invitation.state = InvitationState::Cancelled;
            tx.save_invitation(&invitation).await?;
            note(self, tx, caller, "invitation.cancelled", &invitation, now).await?;
            Ok(view(&invitation))
        })
    }

    /// Sends an invitation again: the webhook `member.invited` is told once more. When the person was
    /// invited stays what it was.
    pub async fn resend_invitation(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Invite)?;
        let id = parse(id)?;
        transact!(self.store, caller.tenant, |tx| {
            let found = tx.lock_invitation(id).await?;
            let mut invitation = found.ok_or_else(nobody)?;
            let (InvitationState::Sent, Some(member)) = (invitation.state, invitation.member)
            else {
                let detail = "the invitation was not sent, so it cannot be sent again";
                return Err(conflict(Code::NotSent, detail, []).into());
            };
            let member = find::locked(tx, &member.to_string()).await?;
            if member.identity != IdentityState::Active {
                let detail = "the person is deactivated";
                return Err(Refusal::new(409, Code::NotActive, detail).into());
            }
            invitation.resent_at = Some(now);
            tx.save_invitation(&invitation).await?;
            note(self, tx, caller, "invitation.resent", &invitation, now).await?;
            Ok(view(&invitation))
        })
    }
}

/// Why an address is not invited, if so.
async fn judge(session: &mut Session, email_key: &str) -> Result<Option<Outcome>, Error> {
    if is_member(session, email_key).await? {
        return Ok(Some(Outcome::AlreadyMember));
    }
    let known = session.invitation_to(email_key).await?;
    let waits = known.is_some_and(|i| i.state == InvitationState::Scheduled);
    Ok(waits.then_some(Outcome::AlreadyInvited))
}

async fn unsent(tx: &mut Tx, id: &str) -> Result<Invitation, Error> {
    let found = tx.lock_invitation(parse(id)?).await?;
    let invitation = found.ok_or_else(nobody)?;
    if invitation.state != InvitationState::Scheduled {
        let detail = format!("the invitation is {} already", invitation.state);
        return Err(conflict(Code::AlreadySent, detail, []).into());
    }
    Ok(invitation)
}

async fn note(
    directory: &Directory,
    tx: &mut Tx,
    caller: &Caller,
    action: &str,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<(), Error> {
    let rules = directory.current_rules(tx).await?;
    let mut change = Change::new(tx, rules, caller.by(), now);
    let detail = object([("invitation", json!(invitation.id))]);
    change.log(action, invitation.member, detail);
    change.finish().await
}

fn parse(id: &str) -> Result<Uuid, Refusal> {
    Uuid::try_parse(id).map_err(|_| nobody())
}

fn nobody() -> Refusal {
    not_found("such invitation")
}

fn item(email: &str, result: &str) -> Object {
    object([("email", email.into()), ("result", result.into())])
}

fn view(i: &Invitation) -> Object {
    object([
        ("id", json!(i.id)),
        ("email", json!(i.email)),
        ("state", i.state.as_str().into()),
        ("result", json!(i.result)),
        ("member", json!(i.member)),
        ("track", json!(i.track)),
        ("pool", json!(i.pool)),
        ("startsAt", json!(i.starts_on)),
        ("endsAt", json!(i.ends_on)),
        ("durationDays", json!(i.duration_days)),
        ("language", json!(i.language)),
        ("timezone", json!(i.time_zone)),
        ("message", json!(i.message)),
        ("sendAt", json!(i.send_at)),
        ("invitedAt", json!(i.invited_at)),
        ("resentAt", json!(i.resent_at)),
        ("createdAt", json!(i.created_at)),
    ])
}

/// An invitation as its receivers are told it.
pub(super) fn told(i: &Invitation, again: bool) -> Value {
    json!({
        "id": i.id, "message": i.message, "language": i.language, "again": again,
        "invitedAt": i.invited_at,
    })
}

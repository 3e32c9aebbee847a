//! Ending a person's access.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{Body, required};
use super::roles::Right;
use super::{find, members, object, view};
use crate::directory::change::{Change, Freed};
use crate::directory::{Caller, Code, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::seats::{Assignment, EndReason};
use crate::store::members::Member;
use crate::store::{Session, transact};

/// Characters of a note at most.
const NOTE: usize = 1_000;

impl Directory {
    /// Ends a person's access and frees the seat, as the pool's contract has it, for whoever is
    /// next in line. It stays ended until something about the person changes (decision 14). Where
    /// there is nothing to end, nothing is written.
    pub async fn end_member(
        &self,
        caller: &Caller,
        who: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let (reason, note) = read(body)?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut member = find::locked(tx, who).await?;
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, caller.by(), now);
            let freed = end(&mut change, &mut member, (reason, note.as_deref()), now).await?;
            let Change {
                tx,
                rules,
                promoted,
                ..
            } = change;
            let promoted = briefly(tx, &promoted).await?;
            let mut answer = object([
                (
                    "member",
                    members::seen(tx, caller, &member, &rules.catalog, now)
                        .await?
                        .into(),
                ),
                ("seatFreed", (freed == Some(Freed::Available)).into()),
                ("promoted", promoted),
            ]);
            if freed == Some(Freed::Burned) {
                answer.insert("reason".into(), "reuse_policy".into());
            }
            Ok(answer)
        })
    }
}

/// Ends a person's access, if there is any to end, and finishes the change.
pub(super) async fn end(
    change: &mut Change<'_>,
    member: &mut Member,
    (reason, note): (EndReason, Option<&str>),
    now: Timestamp,
) -> Result<Option<Freed>, Error> {
    let open = member.assignment.clone().filter(Assignment::is_open);
    let Some(open) = open else {
        return Ok(None);
    };
    let assignment = open.id;
    let inputs = blocking(change, member, now);
    let freed = change.end(member, open, reason, now, inputs).await?;
    change.save_seat(member).await?;
    if let Some(note) = note {
        change.tx.note_end(assignment, note).await?;
    }
    change.finish().await?;
    Ok(freed)
}

/// What an end remembers, so that it holds while that stays the same. Whoever is away already needs
/// no block: their coming back is the change that lifts it.
fn blocking(change: &Change<'_>, member: &Member, now: Timestamp) -> String {
    let person = person::person(&change.rules, member);
    if person.intent.is_active(&change.rules.catalog, now) {
        person.inputs
    } else {
        String::new()
    }
}

pub(super) fn read(body: Value) -> Result<(EndReason, Option<String>), Refusal> {
    let body = Body::of(body, &["reason", "note"])?;
    let reason = body.text("reason", 60);
    let reason = reason.and_then(|reason| required("reason", reason)).ok();
    let reason = reason.and_then(|reason| reason.parse().ok());
    let Some(reason) = reason.filter(|reason| EndReason::BY_ADMIN.contains(reason)) else {
        return Err(invalid_reason());
    };
    Ok((reason, body.text("note", NOTE)?))
}

fn invalid_reason() -> Refusal {
    let reasons: Vec<_> = EndReason::BY_ADMIN
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    let detail = format!("reason: must be one of {}", reasons.join(", "));
    let mut refusal = Refusal::new(400, Code::InvalidReason, detail);
    refusal.extra = object([("field", "reason".into()), ("reasons", json!(reasons))]);
    refusal
}

/// Who these people are.
pub(super) async fn briefly(session: &mut Session, members: &[uuid::Uuid]) -> Result<Value, Error> {
    let mut briefs = Vec::with_capacity(members.len());
    for id in members {
        if let Some(member) = session.member_by_id(*id).await? {
            briefs.push(view::brief(&member));
        }
    }
    Ok(briefs.into())
}

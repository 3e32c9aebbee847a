//! Ending a person's access.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run, note};
use crate::directory::admin::body::{Body, required};
use crate::directory::admin::object;
use crate::directory::admin::roles::Right;
use crate::directory::change::{Change, Freed};
use crate::directory::{Caller, Code, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::seats::{Assignment, EndReason};
use crate::store::members::Member;
use crate::store::transact;

impl Directory {
    /// Ends a person's access and frees the seat, as the pool's contract has it, for whoever is
    /// next in line. It stays ended until something about the person changes (decision 14). Where
    /// there is nothing to end, nothing is written.
    pub async fn end_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let sent = body(sent, &["reason"])?;
        let (reason, note, dry) = (reason(&sent)?, note(&sent)?, dry_run(&sent)?);
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (dry, now)).await?;
            let why = (reason, note.as_deref());
            let (changed, freed) = end(&mut act.change, &mut act.member, why, now).await?;
            let mut answer = act.answer(caller, changed).await?;
            answer.insert("seatFreed".into(), (freed == Some(Freed::Available)).into());
            if freed == Some(Freed::Burned) {
                answer.insert("reason".into(), "reuse_policy".into());
            }
            Ok(answer)
        })
    }
}

/// Ends a person's access, if there is any to end, and answers whether there was and what became of
/// the seat; saving them and finishing the change are the caller's.
pub(in crate::directory::admin) async fn end(
    change: &mut Change<'_>,
    member: &mut Member,
    (reason, note): (EndReason, Option<&str>),
    now: Timestamp,
) -> Result<(bool, Option<Freed>), Error> {
    let open = member.assignment.clone().filter(Assignment::is_open);
    let Some(open) = open else {
        return Ok((false, None));
    };
    let assignment = open.id;
    let inputs = blocking(change, member, now);
    let freed = change.end(member, open, reason, now, inputs).await?;
    if let Some(note) = note {
        change.tx.note_end(assignment, note).await?;
    }
    Ok((true, freed))
}

/// What an end remembers, so that it holds while that stays the same. Whoever is away already needs
/// no block: their coming back is the change that lifts it.
fn blocking(change: &Change<'_>, member: &Member, now: Timestamp) -> String {
    let rules = &change.rules;
    let person = person::person(rules, member);
    if person.intent.is_active(&rules.catalog, now) {
        person.inputs
    } else {
        String::new()
    }
}

/// The reason that an operator must give.
pub(in crate::directory::admin) fn reason(body: &Body) -> Result<EndReason, Refusal> {
    let reason = body.text("reason", 60);
    let reason = reason.and_then(|reason| required("reason", reason)).ok();
    let reason = reason.and_then(|reason| reason.parse().ok());
    reason
        .filter(|reason| EndReason::BY_ADMIN.contains(reason))
        .ok_or_else(invalid_reason)
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

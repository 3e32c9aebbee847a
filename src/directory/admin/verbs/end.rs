//! Ending a person's access.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run, note};
use crate::directory::admin::body::{Body, required};
use crate::directory::admin::object;
use crate::directory::admin::roles::Right;
use crate::directory::change::Freed;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::EndReason;
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
            let mut freed = None;
            let open = act.open();
            let changed = open.is_some();
            if let Some(open) = open {
                let assignment = open.id;
                let inputs = blocking(&act, now);
                let change = &mut act.change;
                freed = change
                    .end(&mut act.member, open, reason, now, inputs)
                    .await?;
                if let Some(note) = &note {
                    change.tx.note_end(assignment, note).await?;
                }
            }
            let mut answer = act.answer(caller, changed).await?;
            answer.insert("seatFreed".into(), (freed == Some(Freed::Available)).into());
            if freed == Some(Freed::Burned) {
                answer.insert("reason".into(), "reuse_policy".into());
            }
            Ok(answer)
        })
    }
}

/// What an end remembers, so that it holds while that stays the same. Whoever is away already needs
/// no block: their coming back is the change that lifts it.
fn blocking(act: &Act<'_>, now: Timestamp) -> String {
    let rules = act.rules();
    let person = act.person(&rules);
    if person.intent.is_active(&rules.catalog, now) {
        person.inputs
    } else {
        String::new()
    }
}

/// The reason that an operator must give.
pub(super) fn reason(body: &Body) -> Result<EndReason, Refusal> {
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

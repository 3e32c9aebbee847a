//! Erasing a person: a request for privacy, which cannot be undone.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run};
use crate::directory::admin::body::required;
use crate::directory::admin::roles::Right;
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::{Assignment, EndReason, IdentityState};
use crate::store::members::Member;
use crate::store::transact;

impl Directory {
    /// Erases a person: their seat is free at once, a pseudonym takes the place of all that tells
    /// who they are, and the ledger, which never said so, stays as it is. The SCIM user is gone.
    pub async fn erase_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Erase)?;
        let sent = body(sent, &["confirm"])?;
        let (confirm, dry) = (sent.text("confirm", 1_000)?, dry_run(&sent)?);
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (dry, now)).await?;
            if act.member.identity == IdentityState::Erased {
                return act.answer(caller, false).await;
            }
            if !dry {
                confirmed(required("confirm", confirm.as_deref())?, &act.member)?;
            }
            let id = act.member.id;
            act.change.log("member.erased", Some(id), Object::new());
            if let Some(open) = act.open() {
                let inputs = String::new();
                let reason = EndReason::Deleted;
                act.change
                    .end(&mut act.member, open, reason, now, inputs)
                    .await?;
            }
            leave_groups(&mut act.change, &act.member, now).await?;
            become_nobody(&mut act.change, &mut act.member, now).await?;
            act.answer(caller, true).await
        })
    }
}

fn confirmed(sent: &str, member: &Member) -> Result<(), Refusal> {
    let user_name = member.doc.get("userName").and_then(Value::as_str);
    if user_name == Some(sent) {
        return Ok(());
    }
    let detail = "confirm: must be the person's userName, exactly; erasing cannot be undone";
    Err(Refusal::new(400, Code::NotConfirmed, detail))
}

async fn leave_groups(
    change: &mut Change<'_>,
    member: &Member,
    now: Timestamp,
) -> Result<(), Error> {
    for group in change.tx.leave_groups(member.id).await? {
        change.tx.touch_group(group, -1, now).await?;
    }
    Ok(())
}

/// Puts a pseudonym in the place of whatever tells who a person is or was. The caller saves them.
pub(super) async fn become_nobody(
    change: &mut Change<'_>,
    member: &mut Member,
    now: Timestamp,
) -> Result<(), Error> {
    let pseudonym = format!("erased-{}", member.id);
    member.doc = Object::from_iter([("userName".to_owned(), json!(pseudonym))]);
    member.identity = IdentityState::Erased;
    member.scim_id = None;
    member.external_id = None;
    member.worker_id = None;
    member.groups = Vec::new();
    member.pins = Vec::new();
    member.drift = None;
    member.deactivated_at = member.deactivated_at.or(Some(now));
    member.assignment = member.assignment.take().map(|a| Assignment {
        inputs: String::new(),
        extended: a.extended.map(|extended| crate::seats::Extended {
            over: None,
            ..extended
        }),
        ..a
    });
    change.tx.save_overrides(member).await?;
    change.tx.erase_notes(member.id).await?;
    change.tx.drop_reviews(member.id).await?;
    Ok(())
}

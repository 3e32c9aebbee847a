//! Erasing a person: a request for privacy, which cannot be undone.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run};
use crate::directory::admin::body::required;
use crate::directory::admin::owners::unless_last_admin;
use crate::directory::admin::roles::Right;
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::{Assignment, EndReason, IdentityState};
use crate::store::members::Member;
use crate::store::transact;

/// What came of a wish to erase somebody.
pub enum Erasing {
    /// It was done, or tried.
    Done(Object),
    /// It is planned, and somebody else has to approve it.
    Planned(Object),
}

impl Directory {
    /// Erases a person: their seat is free at once, a pseudonym takes the place of all that tells
    /// who they are, and the ledger, which never said so, stays as it is. The SCIM user is gone.
    /// Unless the policy lets one operator do it alone, it makes a plan, and answers with what would
    /// come of it.
    pub async fn erase_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Erasing, Error> {
        caller.may(Right::Erase)?;
        let sent = body(sent, &["confirm"])?;
        let (confirm, dry) = (sent.text("confirm", 1_000)?, dry_run(&sent)?);
        self.catch_up(caller.tenant, now).await?;
        let (answer, plans) = transact!(self.store, caller.tenant, |tx| {
            let rules = self.current_rules(tx).await?;
            let approve = rules.catalog.policy.approve_erasing && !dry;
            let mut act = Act::on(self, tx, caller, who, (dry || approve, now)).await?;
            let id = act.member.id;
            if act.member.identity != IdentityState::Erased && !dry {
                confirmed(required("confirm", confirm.as_deref())?, &act.member)?;
            }
            let changed = erase(&mut act.change, &mut act.member, now).await?;
            let answer = act.answer(caller, changed).await?;
            Ok::<_, Error>((answer, (approve && changed).then_some(id)))
        })?;
        let Some(id) = plans else {
            return Ok(Erasing::Done(with_dry_run(answer, dry)));
        };
        let mut planned = self.plan_erasing(caller, id, now).await?;
        for of in ["effects", "promoted"] {
            planned.insert(of.into(), answer.get(of).cloned().unwrap_or_default());
        }
        Ok(Erasing::Planned(planned))
    }
}

/// The answer to somebody who asked for a trial, or did not.
fn with_dry_run(mut answer: Object, dry: bool) -> Object {
    answer.insert("dryRun".into(), dry.into());
    answer
}

/// Erases a person, and answers whether there was anything to erase; saving them and finishing the
/// change are the caller's.
pub(in crate::directory::admin) async fn erase(
    change: &mut Change<'_>,
    member: &mut Member,
    now: Timestamp,
) -> Result<bool, Error> {
    if member.identity == IdentityState::Erased {
        return Ok(false);
    }
    unless_last_admin(change.tx, member.id, now).await?;
    change.log("member.erased", Some(member.id), Object::new());
    change.cut_credentials(member).await?;
    if let Some(open) = member.assignment.clone().filter(Assignment::is_open) {
        let reason = EndReason::Deleted;
        change.end(member, open, reason, now, String::new()).await?;
    }
    leave_groups(change, member, now).await?;
    change
        .tx
        .forget_traces(member.id, &identifiers(member))
        .await?;
    become_nobody(change, member, now).await?;
    Ok(true)
}

/// Whatever names a person and nobody else.
fn identifiers(member: &Member) -> Vec<String> {
    let emails = member.doc.get("emails").and_then(Value::as_array);
    let emails = emails.into_iter().flatten();
    let emails = emails.filter_map(|email| email.get("value")?.as_str());
    let name = member.doc.get("userName").and_then(Value::as_str);
    emails
        .chain(name)
        .chain(member.external_id.as_deref())
        .chain(member.worker_id.as_deref())
        .map(str::to_owned)
        .collect()
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

//! What a write of a user says, and of whom.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{taken_first, uniqueness, who_has};
use crate::directory::change::Change;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Error, person};
use crate::scim::predicate::fold;
use crate::scim::{Object, custom, patch};
use crate::seats::IdentityState;
use crate::seats::decision::Trigger;
use crate::store::members::{Member, Taken};

/// What a write makes of a resource.
pub(super) struct Written {
    /// The resource; none where it stays as it is.
    pub(super) doc: Option<Object>,
    /// Whether it wrote `active`, be it as it was. Said only where an operator has set the identity.
    pub(super) of_active: bool,
}

pub(super) fn has_active(object: &Value) -> bool {
    let keys = object.as_object().into_iter().flat_map(Object::keys);
    keys.into_iter()
        .any(|key| key.eq_ignore_ascii_case("active"))
}

/// Whether an operation of a PATCH writes `active`.
pub(super) fn is_of_active(operation: &patch::Operation) -> bool {
    match &operation.path {
        Some(path) => path.attr.attr.eq_ignore_ascii_case("active"),
        None => operation.value.as_ref().is_some_and(has_active),
    }
}

/// Who is to be made, by whom, and in which groups: identifier and name. The groups are locked.
#[derive(Debug, Clone, Copy)]
pub(in crate::directory) struct Making<'a> {
    pub(in crate::directory) id: Uuid,
    pub(in crate::directory) managed_by: &'a str,
    pub(in crate::directory) groups: &'a [(Uuid, String)],
}

/// Somebody who is made now. Every newcomer, wherever from, passes here.
pub(in crate::directory) fn newcomer(
    caller: &Caller,
    made: Making<'_>,
    doc: Object,
    rules: &Rules,
    now: Timestamp,
) -> Result<Member, Error> {
    person::check(&doc, None, &rules.catalog)?;
    rules.admit(&doc)?;
    let mut member = Member {
        id: made.id,
        scim_id: Some(made.id),
        identity: IdentityState::Active,
        managed_by: made.managed_by.to_owned(),
        connection: caller.connection,
        external_id: None,
        worker_id: None,
        doc: Object::new(),
        version: 1,
        created_at: now,
        last_modified: now,
        deactivated_at: None,
        seat_reason: None,
        pins: Vec::new(),
        drift: None,
        groups: made.groups.to_vec(),
        catalog_version: rules.catalog.version,
        assignment: None,
    };
    write(&mut member, doc, true, now);
    Ok(member)
}

/// Takes from a person what went with their SCIM user: groups, and what operators had set, which
/// held for whoever was here.
pub(super) async fn part(
    change: &mut Change<'_>,
    member: &mut Member,
    now: Timestamp,
) -> Result<(), Error> {
    for group in change.tx.leave_groups(member.id).await? {
        change.tx.touch_group(group, -1, now).await?;
    }
    change.unpin(member, |_| true).await?;
    if member.drift.take().is_some() {
        change.tx.save_overrides(member).await?;
    }
    Ok(())
}

/// Lets somebody deactivated go on as `next`. Their SCIM user is gone: an identity provider that
/// deletes the old account later must not reach the person who is back. Under the old user name it
/// has to find and reactivate that account instead.
pub(super) async fn retire(
    change: &mut Change<'_>,
    mut was: Member,
    next: &Member,
    now: Timestamp,
) -> Result<(), Error> {
    let name = |m: &Member| m.doc.get("userName").and_then(Value::as_str).map(fold);
    if name(&was) == name(next) {
        return Err(uniqueness(Taken::UserName));
    }
    if person::is_on_leave(&was.doc) != person::is_on_leave(&next.doc) {
        change.restall(was.id, Some(person::stands_still(next)));
    }
    part(change, &mut was, now).await
}

/// Puts another resource in the place of a locked person's, lets the rules look at them and saves
/// them. `decides` says whether it is about who they are, too: what an operator set of that holds
/// until it is. The change is finished by the caller.
pub(in crate::directory) async fn rewrite(
    change: &mut Change<'_>,
    member: &mut Member,
    mut doc: Object,
    decides: bool,
    now: Timestamp,
) -> Result<(), Error> {
    custom::forget_undeclared(&change.rules.users, &mut doc);
    person::check(&doc, Some(&member.doc), &change.rules.catalog)?;
    let before = member.clone();
    write(member, doc, decides, now);
    note_identity(change, &before, member);
    if before.drift != member.drift {
        change.log("member.drift_ended", Some(member.id), Object::new());
        change.tx.save_overrides(member).await?;
    }
    if person::is_on_leave(&member.doc) != person::is_on_leave(&before.doc) {
        change.restall(member.id, Some(person::stands_still(member)));
    }
    let is_active = |m: &Member| m.identity == IdentityState::Active;
    if is_active(&before) && !is_active(member) {
        change.note_removal(&before, false).await?;
    }
    if is_here(change, &before, now) && !is_here(change, member, now) {
        change.cut_credentials(member).await?;
    }
    let may_refuse = before.identity != member.identity;
    let settled = change.settle(member, Trigger::Person, may_refuse).await;
    taken_first(change, member, settled).await?;
    member.version += 1;
    member.last_modified = now.max(before.last_modified);
    let claims = |m: &Member| {
        let name = m.doc.get("userName").cloned();
        (name, m.worker_id.clone(), m.identity)
    };
    if claims(&before) != claims(member)
        && let Some(taken) = who_has(change.tx, member).await?
    {
        return Err(uniqueness(taken));
    }
    let keys = person::keys(member, &change.rules, now);
    change.tx.save_member(member, &keys).await?;
    Ok(())
}

/// Whether a person may have access: active, and not terminated by what HR says.
pub(super) fn is_here(change: &Change<'_>, member: &Member, now: Timestamp) -> bool {
    let active = member.identity == IdentityState::Active;
    active && person::intent(&member.doc).is_active(&change.rules.catalog, now)
}

/// Puts a resource into a person: what it says and, where it `decides` that, who they are by it.
pub(in crate::directory) fn write(member: &mut Member, doc: Object, decides: bool, now: Timestamp) {
    member.external_id = person::external_id(&doc);
    member.worker_id = person::worker_id(&doc);
    // Only a write that carries `active` changes who the person is.
    let active = doc.get("active").and_then(Value::as_bool);
    match active.filter(|_| decides) {
        Some(true) => member.identity = IdentityState::Active,
        Some(false) => member.identity = IdentityState::Inactive,
        None => {}
    }
    if decides {
        member.drift = None;
    }
    match member.identity {
        IdentityState::Active => member.deactivated_at = None,
        _ => member.deactivated_at = member.deactivated_at.or(Some(now)),
    }
    member.doc = doc;
}

pub(super) fn note_identity(change: &mut Change<'_>, before: &Member, after: &Member) {
    if before.identity == after.identity {
        return;
    }
    let action = match after.identity {
        IdentityState::Active => "member.reactivated",
        _ => "member.deactivated",
    };
    change.log(action, Some(after.id), Object::new());
}

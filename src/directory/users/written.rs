//! What a write of a user says, and of whom.

use jiff::Timestamp;
use serde_json::Value;

use crate::directory::change::Change;
use crate::directory::person;
use crate::scim::{Object, patch};
use crate::seats::IdentityState;
use crate::store::members::Member;

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

/// Puts a resource into a person: what it says and, where it `decides` that, who they are by it.
pub(super) fn write(member: &mut Member, doc: Object, decides: bool, now: Timestamp) {
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

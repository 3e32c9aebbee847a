//! Plans as operators see them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::directory::admin::object;
use crate::plans::{Item, ItemState, state_at};
use crate::scim::Object;
use crate::store::plans::{Counts, Plan};

/// A plan as of `now`.
pub(super) fn plan(p: &Plan, counts: &Counts, now: Timestamp) -> Object {
    let of = |state: &ItemState| counts.get(state).copied().unwrap_or(0);
    let states = ItemState::ALL.iter();
    let mut total: Object = states
        .map(|state| (state.as_str().to_owned(), of(state).into()))
        .collect();
    total.insert("total".into(), counts.values().sum::<i64>().into());
    let who = |by: &Option<(String, Timestamp)>| json!(by.as_ref().map(|(who, _)| who));
    let when = |by: &Option<(String, Timestamp)>| json!(by.as_ref().map(|(_, at)| at));
    object([
        ("id", json!(p.id)),
        ("kind", p.kind.as_str().into()),
        (
            "state",
            state_at(p.state, p.expires_at, now).as_str().into(),
        ),
        ("asked", json!(p.asked)),
        ("note", json!(p.note)),
        ("hash", json!(p.hash)),
        ("seats", json!(p.seats)),
        ("seatsByPool", json!(p.seats_by_pool)),
        ("counts", Value::Object(total)),
        ("approvalRequired", (!p.approval.is_empty()).into()),
        ("approvalReasons", json!(p.approval)),
        ("requestedBy", json!(p.requested_by)),
        ("createdAt", json!(p.created_at)),
        ("expiresAt", json!(p.expires_at)),
        ("decidedBy", who(&p.decided)),
        ("decidedAt", when(&p.decided)),
        ("appliedBy", who(&p.applied)),
        ("appliedAt", when(&p.applied)),
        ("finishedAt", json!(p.finished_at)),
    ])
}

/// One person of a plan.
pub(super) fn item(n: i64, item: &Item, who: Value) -> Object {
    let warnings: Vec<_> = item.warnings.iter().map(|w| w.as_str()).collect();
    object([
        ("n", json!(n)),
        ("member", who),
        ("state", item.state.as_str().into()),
        ("problem", json!(item.problem)),
        ("does", json!(item.body)),
        ("before", json!(item.before)),
        ("after", json!(item.after)),
        ("seatDelta", json!(item.seat_delta)),
        ("warnings", json!(warnings)),
    ])
}

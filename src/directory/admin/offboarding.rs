//! What is left to do about somebody whose access is over, or cut.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::roles::Right;
use crate::directory::{Caller, Error};
use crate::seats::outcome::{self, AccessLevel};
use crate::seats::{IdentityState, SeatState};
use crate::store::Session;
use crate::store::members::Member;

/// The checklist of a leaver; null of whoever is not one. `done` is null where it is not known.
pub(super) async fn of(
    session: &mut Session,
    caller: &Caller,
    m: &Member,
    now: Timestamp,
) -> Result<Value, Error> {
    let a = m.assignment.as_ref();
    let state = outcome::state_at(a, now);
    if m.identity == IdentityState::Active && state != SeatState::Ended {
        return Ok(Value::Null);
    }
    let level = outcome::access_level(m.identity, a, now);
    let holds = a.is_some_and(|a| a.seat.is_some()) && state != SeatState::Ended;
    let mut items = vec![
        json!({
            "item": "access_cut",
            "done": level != AccessLevel::Full,
            "accessLevel": level.as_str(),
            "at": m.deactivated_at,
        }),
        json!({
            "item": "seat_freed",
            "done": !holds,
            "seatState": state.as_str(),
            "until": a.and_then(|a| a.grace_until).filter(|_| holds),
        }),
    ];
    items.push(if caller.has(Right::Engagement) {
        let (ahead, next_at, after_end) = session.sessions_left(m.id, now).await?;
        json!({
            "item": "sessions_cancelled",
            "done": ahead == 0,
            "upcoming": ahead,
            "nextSessionAt": next_at,
            "completedAfterEnd": after_end,
        })
    } else {
        json!({"item": "sessions_cancelled", "done": null})
    });
    items.push(json!({
        "item": "groups_left",
        // A deactivated person's memberships are kept, since not every identity provider sends
        // them again.
        "done": m.groups.is_empty(),
        "groups": m.groups.len(),
    }));
    // Tokens are given to roles and connections; whose hands they are in is not known here.
    items.push(json!({
        "item": "credentials_reviewed",
        "done": null,
        "detail": "tokens belong to roles and connections, not to people: see 'seatkeeper token list'",
    }));
    let open = items.iter().filter(|item| item["done"] == false).count();
    Ok(json!({"complete": open == 0, "open": open, "items": items}))
}

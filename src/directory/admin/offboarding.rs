//! What is left to do about somebody whose access is over, or cut.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::roles::Right;
use crate::directory::{Caller, Error};
use crate::seats::outcome::{self, AccessLevel};
use crate::seats::{IdentityState, SeatState};
use crate::store::Session;
use crate::store::members::Member;
use crate::store::owners::Thing;

/// What they could still call with, and what they leave without a hand.
async fn credentials(session: &mut Session, m: &Member, now: Timestamp) -> Result<Value, Error> {
    let review = session.credential_review(m.id).await?;
    let owned = session.owned_by(m.id).await?;
    let (live, revoked) = session.tokens_of(m.id, now).await?;
    let count = |thing| owned.iter().filter(|owned| owned.thing == thing).count();
    let looked = review.as_ref().is_none_or(|r| r.closed_at.is_some());
    let had_any = review.is_some() || !owned.is_empty() || live > 0;
    // Somebody whose coaching is over and who is still here keeps what they work with.
    let is_gone = m.identity != IdentityState::Active;
    let done = (had_any && is_gone).then_some(live == 0 && owned.is_empty() && looked);
    let mut item = json!({
        "item": "credentials_reviewed",
        "done": done,
        "admin": review.as_ref().is_some_and(|r| r.admin),
        "tokensLive": live,
        "tokensRevoked": revoked,
        "webhooks": count(Thing::Webhook),
        "mappings": count(Thing::Mapping),
        "connections": count(Thing::Connection),
        "openedAt": review.as_ref().map(|r| r.opened_at),
        "reviewedAt": review.as_ref().and_then(|r| r.closed_at),
        "reviewedBy": review.and_then(|r| r.closed_by),
    });
    if done.is_none() {
        item["detail"] = "nothing here is known to be theirs; a token made without '--member' is \
                          nobody's in particular: see 'seatkeeper token list'"
            .into();
    }
    Ok(item)
}

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
    items.push(credentials(session, m, now).await?);
    let open = items.iter().filter(|item| item["done"] == false).count();
    Ok(json!({"complete": open == 0, "open": open, "items": items}))
}

//! What somebody of a plan has and would have, and what comes of it for the pools.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::directory::admin::object;
use crate::directory::admin::verbs::transfer::Outlook;
use crate::directory::{Code, person};
use crate::plans::{self, Item, ItemState, Warning};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::extension::Extension;
use crate::seats::{Assignment, EndReason, IdentityState, SeatState, days};
use crate::store::engagement::Engagement;
use crate::store::members::Member;

/// Access would be over.
pub(super) fn ended(
    item: &mut Item,
    reason: EndReason,
    m: &Member,
    engagement: &Engagement,
    catalog: &Catalog,
    now: Timestamp,
) {
    item.body = object([("reason", reason.as_str().into())]);
    let Some(a) = m.assignment.as_ref().filter(|a| a.is_open()) else {
        item.state = ItemState::Unchanged;
        item.after = item.before.clone();
        return;
    };
    let journey = engagement.journey.as_ref();
    let sessions = journey.map_or(0, |journey| journey.sessions_completed);
    let frees = plans::frees_seat(a, catalog.pool(a.pool), sessions);
    let then = Standing {
        state: SeatState::Ended,
        ends_at: a.ends_at.min(now),
        ..Standing::of(a)
    };
    item.after = place(m, catalog, Some(&then));
    item.seat_delta = i64::from(frees);
    if a.seat.is_none() {
        item.warnings.push(Warning::LeavesLine);
    } else if !frees {
        item.warnings.push(Warning::SeatBurned);
    }
    if plans::is_soon(journey.and_then(|journey| journey.next_session_at), now) {
        item.warnings.push(Warning::SessionSoon);
    }
}

/// Access would end at another time.
pub(super) fn extended(
    item: &mut Item,
    extension: Extension,
    is_known: bool,
    (a, engagement, catalog): (&Assignment, &Engagement, &Catalog),
) {
    match extension {
        Extension::Longer if is_known => item.state = ItemState::Unchanged,
        Extension::Longer => {}
        Extension::Move => moves(item, a, engagement, catalog),
        Extension::Reopen | Extension::Anew => {
            item.seat_delta = -1;
            item.warnings.extend([Warning::TakesSeat, Warning::Reopens]);
        }
    }
}

/// They would be somewhere else, or are there already.
pub(super) fn transferred(
    item: &mut Item,
    m: &Member,
    outlook: Option<Outlook<'_>>,
    engagement: &Engagement,
    catalog: &Catalog,
) {
    let Some((a, outlook)) = m.assignment.as_ref().zip(outlook) else {
        item.state = ItemState::Unchanged;
        item.after = item.before.clone();
        return;
    };
    let state = match (a.state, outlook.takes_seat) {
        (SeatState::Waitlisted, true) => SeatState::Assigned,
        (state, _) => state,
    };
    let then = Standing {
        state,
        track: outlook.track.id,
        pool: outlook.pool.id,
        ends_at: outlook.ends_at,
    };
    item.after = place(m, catalog, Some(&then));
    if outlook.takes_seat {
        moves(item, a, engagement, catalog);
    }
}

/// A seat in another pool is taken, and what is held given back as far as its contract has it.
fn moves(item: &mut Item, a: &Assignment, engagement: &Engagement, catalog: &Catalog) {
    item.warnings.push(Warning::TakesSeat);
    let journey = engagement.journey.as_ref();
    let sessions = journey.map_or(0, |journey| journey.sessions_completed);
    let frees = plans::frees_seat(a, catalog.pool(a.pool), sessions);
    item.seat_delta = i64::from(frees) - 1;
    if a.seat.is_some() && !frees {
        item.warnings.push(Warning::SeatBurned);
    }
}

/// Who they are would be nobody's to know.
pub(super) fn erased(
    item: &mut Item,
    m: &Member,
    engagement: &Engagement,
    catalog: &Catalog,
    now: Timestamp,
) {
    ended(item, EndReason::Deleted, m, engagement, catalog, now);
    item.body = Object::new();
    let was = m.identity.as_str();
    item.before.insert("identityState".into(), was.into());
    let is = IdentityState::Erased.as_str();
    item.after.insert("identityState".into(), is.into());
    item.state = if m.identity == IdentityState::Erased {
        ItemState::Unchanged
    } else {
        ItemState::Planned
    };
}

/// A rule forbids it.
pub(super) fn refused(item: &mut Item, code: Code) {
    item.state = ItemState::Refused;
    item.problem = Some(code.as_str().to_owned());
}

/// What somebody has, as far as a plan shows it.
pub(super) struct Standing {
    pub(super) state: SeatState,
    pub(super) track: Uuid,
    pub(super) pool: Uuid,
    pub(super) ends_at: Timestamp,
}

impl Standing {
    pub(super) fn of(a: &Assignment) -> Self {
        Self {
            state: a.state,
            track: a.track,
            pool: a.pool,
            ends_at: a.ends_at,
        }
    }
}

/// As a plan shows it.
pub(super) fn place(m: &Member, catalog: &Catalog, s: Option<&Standing>) -> Object {
    let state = s.map_or(SeatState::None, |s| s.state);
    let track = s.and_then(|s| catalog.track(s.track));
    let pool = s.and_then(|s| catalog.pool(s.pool));
    let intent = person::intent(&m.doc);
    let zone = intent.zone(catalog);
    let last = s.map(|s| days::last_day(s.ends_at, zone));
    object([
        ("seatState", state.as_str().into()),
        ("track", json!(track.map(|track| &track.key))),
        ("pool", json!(pool.map(|pool| &pool.key))),
        ("accessEndDate", json!(last)),
    ])
}

/// What tells a person from who they were: their resource, their seat and, where that counts, what
/// they have done with it.
pub(in crate::directory) fn fingerprint(m: &Member, engagement: Option<&Engagement>) -> String {
    let a = m.assignment.as_ref();
    let journey = engagement.and_then(|engagement| engagement.journey.as_ref());
    plans::fingerprint(&json!([
        m.version,
        m.identity.as_str(),
        a.map(|a| json!([
            a.id,
            a.state.as_str(),
            a.pool,
            a.seat,
            a.track,
            a.starts_at,
            a.ends_at,
            a.grace_until,
            a.waiting.map(|waiting| waiting.pool),
        ])),
        journey.map(|j| json!([j.stage.as_str(), j.sessions_completed, j.engaged_at])),
    ]))
}

//! What came of an operator's act, and what did not: read from the lines of the ledger that it
//! wrote, and from the person before and after.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Act;
use crate::directory::Error;
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::outcome::{self, AccessLevel};
use crate::store::Session;
use crate::store::ledger::Entry;
use crate::store::members::Member;

/// A line's action, and the effect it stands for.
const EFFECTS: &[(&str, &str)] = &[
    ("member.deactivated", "identity_deactivated"),
    ("member.reactivated", "identity_reactivated"),
    ("member.drift_started", "identity_drift"),
    ("member.drift_ended", "identity_drift_ended"),
    ("member.erased", "erased"),
    ("member.merged", "merged"),
    ("pin.set", "pinned"),
    ("pin.lifted", "unpinned"),
    ("access.paused", "paused"),
    ("access.resumed", "resumed"),
    ("access.ended", "access_ended"),
    ("access.extended", "access_extended"),
    ("access.changed", "dates_changed"),
    ("seat.assigned", "seat_assigned"),
    ("seat.scheduled", "seat_scheduled"),
    ("seat.reopened", "seat_reopened"),
    ("seat.restored", "seat_restored"),
    ("seat.transferred", "seat_moved"),
    ("seat.transfer_waiting", "transfer_waiting"),
    ("seat.waitlisted", "waitlisted"),
    ("seat.grace_started", "grace_started"),
    ("seat.freed", "seat_freed"),
    ("seat.burned", "seat_used_up"),
];

/// The effects in the order in which they came.
pub(super) async fn of(act: &mut Act<'_>) -> Result<Vec<Value>, Error> {
    let rules = act.rules();
    let catalog = &rules.catalog;
    let told = &act.change.told;
    let own = |entry: &&Entry| entry.member == Some(act.member.id);
    let mut effects: Vec<Value> = told
        .iter()
        .filter(own)
        .filter_map(|entry| effect(entry, catalog))
        .collect();
    if effects.is_empty() {
        return Ok(vec![json!({"effect": "nothing_changed"})]);
    }
    effects.extend(track_changed(&act.before, &act.member, catalog));
    effects.extend(seat_kept(&act.before, &act.member, catalog));
    let level = |m: &Member| outcome::access_level(m.identity, m.assignment.as_ref(), act.now);
    let (was, is) = (level(&act.before), level(&act.member));
    if was != is {
        let name = if rank(is) < rank(was) {
            "access_cut"
        } else {
            "access_restored"
        };
        effects.push(json!({"effect": name, "from": was.as_str(), "to": is.as_str()}));
    }
    let promoted = act.change.promoted.clone();
    let seats: Vec<_> = promoted.iter().map(|id| seat_of(*id, told)).collect();
    let tx: &mut Session = act.change.tx;
    if was == AccessLevel::Full && is != AccessLevel::Full {
        let pause = act.member.assignment.as_ref().and_then(|a| a.paused);
        let until = pause.and_then(|pause| pause.until);
        let booked = tx.sessions_booked(act.member.id, act.now, until).await?;
        if booked > 0 {
            effects.push(json!({"effect": "sessions_to_cancel", "count": booked}));
        }
    }
    for (id, pool) in promoted.into_iter().zip(seats) {
        let person = tx.member_by_id(id).await?;
        let user_name = person.and_then(|m| m.doc.get("userName").cloned());
        let pool = pool.and_then(|id| catalog.pool(id)).map(|pool| &pool.key);
        effects.push(json!({
            "effect": "promoted", "member": id, "userName": user_name, "pool": pool,
        }));
    }
    Ok(effects)
}

fn effect(entry: &Entry, catalog: &Catalog) -> Option<Value> {
    let (_, name) = EFFECTS.iter().find(|(action, _)| *action == entry.action)?;
    let mut effect = Object::new();
    effect.insert("effect".into(), (*name).into());
    let pool = entry.moved.as_ref().and_then(|m| catalog.pool(m.pool));
    if let Some(pool) = pool {
        effect.insert("pool".into(), pool.key.as_str().into());
    }
    let details = entry.detail.iter().filter(|(key, _)| *key != "rule");
    effect.extend(details.map(|(key, value)| (key.clone(), value.clone())));
    if entry.action == "seat.burned" {
        effect.insert("reason".into(), "reuse_policy".into());
    }
    Some(effect.into())
}

fn track_changed(before: &Member, after: &Member, catalog: &Catalog) -> Option<Value> {
    let (was, is) = (before.assignment.as_ref()?, after.assignment.as_ref()?);
    let key = |id| catalog.track(id).map(|track| &track.key);
    (was.id == is.id && was.track != is.track)
        .then(|| json!({"effect": "track_changed", "from": key(was.track), "to": key(is.track)}))
}

fn seat_kept(before: &Member, after: &Member, catalog: &Catalog) -> Option<Value> {
    let (was, is) = (before.assignment.as_ref()?, after.assignment.as_ref()?);
    let same = is.seat.is_some() && (was.pool, was.seat) == (is.pool, is.seat);
    let pool = catalog.pool(is.pool).map(|pool| &pool.key);
    same.then(|| json!({"effect": "seat_kept", "pool": pool}))
}

/// The pool of the seat that somebody was given.
fn seat_of(member: Uuid, told: &[Entry]) -> Option<Uuid> {
    let given = told.iter().filter(|entry| entry.member == Some(member));
    given
        .filter_map(|entry| entry.moved.as_ref())
        .find(|moved| matches!(moved.to, "occupied" | "scheduled"))
        .map(|moved| moved.pool)
}

fn rank(level: AccessLevel) -> u8 {
    match level {
        AccessLevel::None => 0,
        AccessLevel::Archive => 1,
        AccessLevel::Full => 2,
    }
}

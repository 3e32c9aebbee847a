//! Changes to many people at once, as they are looked at, approved and applied (domain 4.9). Pure:
//! what a plan's items mean for one person is the business of the use case that is called for each.

pub mod reclaim;
pub mod remedy;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::scim::Object;
use crate::seats::catalog::{Pool, ReusePolicy};
use crate::seats::named;
use crate::seats::{Assignment, SeatState};

/// People in one plan at most.
pub const MOST: usize = 10_000;
/// For how long a plan can be approved, and its applying begun.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(72);
/// Whoever has a session within this time is not ended without a second pair of eyes.
pub const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

named! {
    /// What a plan does to each of its people.
    Kind {
        /// Ends access.
        End = "end",
        /// Extends access.
        Extend = "extend",
        /// Ends access whose seat is not used.
        Reclaim = "reclaim",
        /// Moves to another track or pool.
        Transfer = "transfer",
        /// What a reconciliation suggests for each of its rows.
        Reconciliation = "reconciliation",
        /// Erases a person.
        Erase = "erase",
        /// Carries out a file of an HR system.
        Import = "import",
        /// Makes a mapping, or changes one, by which people are placed.
        Mapping = "mapping",
    }
}

named! {
    /// What is done to one person.
    Act {
        /// Access ends.
        End = "end",
        /// Access ends at another time.
        Extend = "extend",
        /// Another track or pool.
        Transfer = "transfer",
        /// All that tells who they are goes.
        Erase = "erase",
    }
}

named! {
    /// How far a plan is.
    State {
        /// Waits to be approved.
        Pending = "pending",
        /// Can be applied.
        Approved = "approved",
        /// Is being applied.
        Applying = "applying",
        /// Has been.
        Applied = "applied",
        /// Somebody did not want it.
        Rejected = "rejected",
        /// Its time ran out.
        Expired = "expired",
    }
}

named! {
    /// What became of one person of a plan.
    ItemState {
        /// To be done.
        Planned = "planned",
        /// Done.
        Applied = "applied",
        /// There was nothing to do.
        Unchanged = "unchanged",
        /// The person has changed since the plan was made; nothing was done.
        Stale = "stale",
        /// A rule forbids it.
        Refused = "refused",
        /// An exclusion names them, or holds for a group or track of theirs.
        Excluded = "excluded",
    }
}

named! {
    /// Why a plan takes somebody else's approval.
    Approval {
        /// It has more people than the policy's `approvalThreshold`.
        ManyItems = "many_items",
        /// Somebody who would lose access has a session soon.
        SessionSoon = "session_within_7_days",
        /// It cannot be undone.
        Erases = "erase",
    }
}

named! {
    /// What is to be known about an item before it is approved.
    Warning {
        /// They have a session within seven days.
        SessionSoon = "session_within_7_days",
        /// The pool's contract lets nobody take the seat again.
        SeatBurned = "seat_burned",
        /// A seat is taken for it, and there may be none when it is applied.
        TakesSeat = "takes_seat",
        /// Access that is over begins again.
        Reopens = "reopens",
        /// Loses a place in line and no seat.
        LeavesLine = "leaves_line",
        /// Waits for a seat, keeping what they have.
        Waits = "waits",
        /// Plans leave them alone, and a mapping is a rule that holds for everybody.
        Excluded = "excluded_from_plans",
    }
}

impl Kind {
    /// Whether it may take access away.
    pub fn ends_access(self) -> bool {
        !matches!(self, Self::Extend | Self::Transfer)
    }

    /// Whether it is about those who have a seat or a place in line, and nobody else.
    pub fn needs_place(self) -> bool {
        matches!(self, Self::End | Self::Reclaim | Self::Transfer)
    }

    /// What it does to each of its people; nothing where that is said of each.
    pub fn act(self) -> Option<Act> {
        match self {
            Self::End | Self::Reclaim => Some(Act::End),
            Self::Extend => Some(Act::Extend),
            Self::Transfer => Some(Act::Transfer),
            Self::Erase => Some(Act::Erase),
            Self::Reconciliation | Self::Import | Self::Mapping => None,
        }
    }
}

/// One person of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Who.
    pub member: Uuid,
    /// How far it is.
    pub state: ItemState,
    /// Why it is refused or excluded.
    pub problem: Option<String>,
    /// What the person looked like.
    pub fingerprint: String,
    /// What the use case for one person is called with.
    pub body: Object,
    /// Seat, track, pool and end as they are.
    pub before: Object,
    /// As they would be.
    pub after: Object,
    /// By how many seats a pool has more to give.
    pub seat_delta: i64,
    /// What to know about it.
    pub warnings: Vec<Warning>,
}

/// The state at `now`: time runs out for a plan whether or not a job has written that down.
pub fn state_at(state: State, expires_at: Timestamp, now: Timestamp) -> State {
    match state {
        State::Pending | State::Approved if expires_at <= now => State::Expired,
        state => state,
    }
}

/// Why a plan takes somebody else's approval; none if it does not.
pub fn approval(kind: Kind, items: &[Item], threshold: i64) -> BTreeSet<&'static str> {
    let planned: Vec<_> = items
        .iter()
        .filter(|item| item.state == ItemState::Planned)
        .collect();
    let many = i64::try_from(planned.len()).is_ok_and(|n| n > threshold);
    let soon = kind.ends_access()
        && planned
            .iter()
            .any(|item| item.warnings.contains(&Warning::SessionSoon));
    let erases = kind == Kind::Erase && !planned.is_empty();
    let reasons = [
        (many, Approval::ManyItems),
        (soon, Approval::SessionSoon),
        (erases, Approval::Erases),
    ];
    reasons
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, why)| why.as_str())
        .collect()
}

/// By how many seats each pool has more to give, by its key. Somebody who moves takes a seat in one
/// and gives one back in another.
pub fn seats_by_pool(items: &[Item]) -> BTreeMap<String, i64> {
    let pool = |of: &Object| of.get("pool").and_then(Value::as_str).map(str::to_owned);
    let mut pools = BTreeMap::new();
    for item in items.iter().filter(|i| i.state == ItemState::Planned) {
        let takes = i64::from(item.warnings.contains(&Warning::TakesSeat));
        if let Some(pool) = pool(&item.before) {
            *pools.entry(pool).or_default() += item.seat_delta + takes;
        }
        if let Some(pool) = pool(&item.after) {
            *pools.entry(pool).or_default() -= takes;
        }
    }
    pools.retain(|_, delta| *delta != 0);
    pools
}

/// The hash over what a plan would do: to whom, as they are, and what comes of it.
pub fn hash(kind: Kind, asked: &Object, items: &[Item]) -> String {
    let mut sha = Sha256::new();
    sha.update(kind.as_str());
    // PostgreSQL keeps the fields of an object in an order of its own.
    let mut asked = json!(asked);
    asked.sort_all_objects();
    sha.update(asked.to_string());
    for item in items {
        let line = json!([
            item.member,
            item.state.as_str(),
            item.fingerprint,
            item.body,
            item.before,
            item.after,
            item.seat_delta,
        ]);
        sha.update(line.to_string());
    }
    hex(&sha.finalize())
}

/// The hash of whatever tells one state of a person from another.
pub fn fingerprint(of: &Value) -> String {
    let mut text = hex(&Sha256::digest(of.to_string()));
    text.truncate(32);
    text
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether ending an assignment lets somebody else have its seat.
pub fn frees_seat(a: &Assignment, pool: Option<&Pool>, sessions_completed: i64) -> bool {
    let used = a.held && matches!(a.state, SeatState::Assigned | SeatState::Grace);
    let reuse = pool.map_or(ReusePolicy::Reusable, |pool| pool.reuse_policy);
    a.seat.is_some()
        && match reuse {
            ReusePolicy::Reusable => true,
            ReusePolicy::UntilStarted => !used || sessions_completed == 0,
            ReusePolicy::Consumable => !used,
        }
}

/// Whether a session at that time is soon.
pub fn is_soon(session: Option<Timestamp>, now: Timestamp) -> bool {
    let until = now.checked_add(SOON).unwrap_or(Timestamp::MAX);
    session.is_some_and(|at| at > now && at <= until)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

//! What a change means for the seat a person holds (domain 4.5 and 4.6).

use jiff::Timestamp;

use super::catalog::{Catalog, OnUnmatch};
use super::days;
use super::placement::{self, Person, Placement, Standing, Target};
use super::{Assignment, EndReason, EndSource, SeatReason, SeatState};

/// What set the decision off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The person was written, or joined or left a group.
    Person,
    /// The person was deleted.
    Deleted,
    /// A rule, track, pool or policy changed. Never revives what an operator or the calendar ended.
    Catalog,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision<'c> {
    /// Nothing; the reason is why there is no seat, if there is none.
    Keep(Option<SeatReason>),
    /// Nothing but to remember new inputs on the assignment that ended.
    Remember(SeatReason),
    /// A new episode.
    Open(Target<'c>),
    /// Same seat (or place in line); track, dates or rule change.
    Change(Target<'c>),
    /// A seat in another pool is taken before this one is given up.
    Move(Target<'c>),
    /// Access is cut; the seat is held until then.
    Grace(Timestamp, EndReason),
    /// It is over.
    End(EndReason),
}

/// Decides what becomes of a person's current assignment: the open one or, if none is, the last.
pub fn decide<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    current: Option<&Assignment>,
    trigger: Trigger,
    now: Timestamp,
) -> Decision<'c> {
    let active = trigger != Trigger::Deleted && person.intent.is_active(catalog, now);
    match current.filter(|assignment| assignment.is_open()) {
        Some(open) if !active => cut(catalog, open, trigger, now),
        Some(open) => adjust(catalog, person, open, now),
        None if !active => match current {
            // Going inactive lifts the block that an earlier end had set.
            Some(ended) if !ended.inputs.is_empty() => Decision::Remember(SeatReason::Deactivated),
            _ => Decision::Keep(current.is_none().then_some(SeatReason::Deactivated)),
        },
        None => begin(catalog, person, current, trigger, now),
    }
}

/// The person may no longer have access.
fn cut<'c>(catalog: &Catalog, open: &Assignment, trigger: Trigger, now: Timestamp) -> Decision<'c> {
    let deleted = trigger == Trigger::Deleted;
    let reason = if deleted {
        EndReason::Deleted
    } else {
        EndReason::Deactivated
    };
    let days = catalog.policy.grace_days;
    let held = matches!(open.state, SeatState::Assigned | SeatState::Grace);
    if !held || days <= 0 || (deleted && !catalog.policy.grace_on_delete) {
        return Decision::End(reason);
    }
    if open.state == SeatState::Grace {
        return Decision::Keep(None);
    }
    Decision::Grace(days::days_after(now, days, &catalog.zone), reason)
}

/// The person may have access and holds a seat or a place in line.
fn adjust<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    open: &Assignment,
    now: Timestamp,
) -> Decision<'c> {
    match placement::place(catalog, person, Standing::of(open), now) {
        Placement::Nowhere(SeatReason::AccessEndReached) => {
            Decision::End(EndReason::AccessEndReached)
        }
        Placement::Nowhere(_) => unmatched(catalog, open, now),
        Placement::Place(target) => {
            let here = target
                .pools
                .iter()
                .position(|(pool, _)| pool.id == open.pool);
            match here {
                // A named pool is wanted for itself; of others, the one held is as good as any.
                Some(0) => Decision::Change(target),
                Some(at) if !names_a_pool(person, &target) || outlasts(&target, at) => {
                    let mut target = target;
                    target.pools.swap(0, at);
                    Decision::Change(target)
                }
                _ => Decision::Move(target),
            }
        }
    }
}

fn names_a_pool(person: &Person<'_>, target: &Target<'_>) -> bool {
    let by_rule = person
        .rules
        .iter()
        .any(|rule| Some(rule.id) == target.rule && rule.pool.is_some());
    person.intent.pool.is_some() || by_rule
}

/// Whether an operator's extension reaches further in that pool than the wanted one goes.
fn outlasts(target: &Target<'_>, at: usize) -> bool {
    let window = |at: usize| target.pools.get(at).map(|(_, window)| *window);
    window(0).zip(window(at)).is_some_and(|(wanted, held)| {
        held.end_source == EndSource::Admin && held.ends_at > wanted.ends_at
    })
}

/// No rule places the person any more.
fn unmatched<'c>(catalog: &Catalog, open: &Assignment, now: Timestamp) -> Decision<'c> {
    let rule = open.rule.and_then(|id| catalog.rule(id));
    let wish = rule.map_or(catalog.policy.on_unmatch.0, |rule| rule.on_unmatch);
    match (open.state, wish) {
        (SeatState::Assigned, OnUnmatch::Keep) => Decision::Keep(None),
        (SeatState::Assigned, OnUnmatch::Grace) if catalog.policy.grace_days > 0 => {
            let until = days::days_after(now, catalog.policy.grace_days, &catalog.zone);
            Decision::Grace(until, EndReason::Unmatched)
        }
        (SeatState::Grace, OnUnmatch::Keep | OnUnmatch::Grace) => Decision::Keep(None),
        _ => Decision::End(EndReason::Unmatched),
    }
}

/// The person may have access and has none.
fn begin<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    last: Option<&Assignment>,
    trigger: Trigger,
    now: Timestamp,
) -> Decision<'c> {
    let blocked = last.filter(|last| {
        last.end_reason.is_some_and(EndReason::is_sticky) && !last.inputs.is_empty()
    });
    if let Some(last) = blocked {
        if last.inputs == person.inputs {
            return Decision::Keep(None);
        }
        if trigger == Trigger::Catalog {
            return Decision::Remember(SeatReason::AccessEndReached);
        }
    }
    match placement::place(catalog, person, Standing::default(), now) {
        Placement::Place(target) => Decision::Open(target),
        Placement::Nowhere(reason) if blocked.is_some() => Decision::Remember(reason),
        Placement::Nowhere(reason) => Decision::Keep(Some(reason)),
    }
}

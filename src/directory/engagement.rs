//! Keeping journeys true: after events, and after what happened to a seat.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::Error;
use crate::coaching::episode::Episodes;
use crate::coaching::journey::{Dwell, Folded, Journey, fold};
use crate::seats::catalog::Catalog;
use crate::store::Tx;
use crate::store::engagement::Stretch;
use crate::store::sessions::Touched;

/// The instant from which somebody on a track stalls, as the thresholds are now.
pub(super) fn stalls_at(catalog: &Catalog, track: Uuid, journey: &Journey) -> Option<Timestamp> {
    let standing = journey.standing();
    standing.stalls_at(catalog.threshold(track, standing.stage).days)
}

/// A person's assignments as episodes.
pub(super) fn episodes(stretches: &[Stretch], seated_at: Option<Timestamp>) -> Episodes {
    Episodes::new(stretches.iter().map(|s| s.episode(seated_at)).collect())
}

/// Folds all of a person's events anew and saves what they come to: the sessions and Reflection
/// Points that `only` names, or all of them. The person is locked. `seated_at` is when their seat
/// came into use, if that is what happened.
pub(super) async fn refold(
    tx: &mut Tx,
    catalog: &Catalog,
    member: Uuid,
    seated_at: Option<Timestamp>,
    only: Option<&Touched>,
    now: Timestamp,
) -> Result<(), Error> {
    let stretches = tx.stretches(member).await?;
    refold_over(tx, catalog, member, (&stretches, seated_at), only, now).await
}

/// The same over assignments that were read with the person locked.
pub(super) async fn refold_over(
    tx: &mut Tx,
    catalog: &Catalog,
    member: Uuid,
    (stretches, seated_at): (&[Stretch], Option<Timestamp>),
    only: Option<&Touched>,
    now: Timestamp,
) -> Result<(), Error> {
    let events = tx.events_of(member).await?;
    let episodes = episodes(stretches, seated_at);
    let folded = fold(&episodes, &events);
    let assignments: Vec<_> = episodes.all().iter().map(|e| e.assignment).collect();
    let current = stretches.last().map(|last| last.assignment);
    let next = folded.next_session_at(now);
    let journeys = folded.journeys.iter().zip(&folded.dwells);
    for (assignment, (journey, took)) in assignments.iter().zip(journeys) {
        let Some(stretch) = stretches.iter().find(|s| Some(s.assignment) == *assignment) else {
            continue;
        };
        let journey = Journey {
            stopped: stretch.journey.stopped,
            running_since: stretch.journey.running_since,
            next_session_at: next.filter(|_| *assignment == current),
            ..journey.clone()
        };
        let stalls_at = stalls_at(catalog, stretch.track, &journey);
        if journey != stretch.journey || stalls_at != stretch.stalls_at {
            tx.save_journey(stretch.assignment, &journey, stalls_at, *took)
                .await?;
        }
    }
    carry_on(tx, catalog, stretches, &assignments, (&folded, next)).await?;
    if only.is_none() && !events.is_empty() {
        // An episode that goes on takes in what had come after its end.
        let applying = events.iter().filter(|event| episodes.applies(event));
        tx.apply_events(member, applying).await?;
    }
    if !events.is_empty() {
        tx.save_folded(member, &folded, &assignments, only).await?;
    }
    Ok(())
}

/// Whoever comes back and waits for a seat has no journey yet, but was engaged when they were.
async fn carry_on(
    tx: &mut Tx,
    catalog: &Catalog,
    stretches: &[Stretch],
    assignments: &[Option<Uuid>],
    (folded, next): (&Folded, Option<Timestamp>),
) -> Result<(), Error> {
    let Some(current) = stretches
        .last()
        .filter(|last| !assignments.contains(&Some(last.assignment)))
    else {
        return Ok(());
    };
    let before = folded.journeys.last();
    let journey = Journey {
        engaged_at: before.and_then(|before| before.engaged_at),
        login_at: before.and_then(|before| before.login_at),
        next_session_at: next,
        ..current.journey.clone()
    };
    if journey != current.journey {
        let stalls_at = stalls_at(catalog, current.track, &journey);
        tx.save_journey(current.assignment, &journey, stalls_at, Dwell::default())
            .await?;
    }
    Ok(())
}

/// The clock of stalling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StallClock {
    /// A pause or leave has stopped it.
    Stands,
    /// It runs, and if it stood still then since this instant.
    RunsFrom(Timestamp),
}

/// Sets anew from when on people stall, after a change of their track, of thresholds, or of whether
/// their clock stands still, where `people` says so. Answers nothing where nothing changes.
pub(super) async fn restall(
    tx: &mut Tx,
    catalog: &Catalog,
    people: &BTreeMap<Uuid, Option<StallClock>>,
) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    for (member, stretch) in tx.current_stretches(people.keys().copied()).await? {
        let mut journey = stretch.journey.clone();
        match people.get(&member).copied().flatten() {
            None => {}
            Some(StallClock::Stands) => journey.stopped = true,
            Some(StallClock::RunsFrom(at)) => {
                if journey.stopped {
                    journey.running_since = Some(at);
                }
                journey.stopped = false;
            }
        }
        let stalls_at = stalls_at(catalog, stretch.track, &journey);
        if journey != stretch.journey || stalls_at != stretch.stalls_at {
            tx.save_journey(stretch.assignment, &journey, stalls_at, Dwell::default())
                .await?;
        }
    }
    Ok(())
}

//! What a person's events come to: a fold that does not depend on their order, nor on how often
//! each came.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::episode::{Episodes, Place};
use super::stalled::Standing;
use super::{Event, Kind, SessionState, Stage};

/// How far a person has come in an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// When a seat was first in use.
    pub invited_at: Option<Timestamp>,
    /// The status while a seat is held.
    pub stage: Stage,
    /// When that was reached.
    pub since: Option<Timestamp>,
    /// Since when the clock of stalling runs.
    pub clock_from: Option<Timestamp>,
    /// Sessions of this episode that took place.
    pub sessions_completed: i64,
    /// When the last of them did.
    pub last_completed_at: Option<Timestamp>,
    /// When the oldest Reflection Point that is outstanding was assigned.
    pub outstanding_since: Option<Timestamp>,
    /// When the last session that is booked begins.
    pub last_scheduled_at: Option<Timestamp>,
    /// When the next one does, as of when the events were last looked at; a fold leaves it open.
    pub next_session_at: Option<Timestamp>,
    /// When the person was last engaged, in this episode or before.
    pub engaged_at: Option<Timestamp>,
    /// When they last signed in.
    pub login_at: Option<Timestamp>,
    /// Whether a pause or leave has stopped the clock.
    pub stopped: bool,
    /// When the clock last began anew because a pause or leave was over.
    pub running_since: Option<Timestamp>,
}

/// Seconds that a person took to leave each status of an episode, the last time they did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dwell(pub [Option<i64>; Stage::ALL.len()]);

/// A session as its events leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The platform's identifier.
    pub id: String,
    /// The number of its episode, from 0.
    pub episode: usize,
    /// What became of it.
    pub state: SessionState,
    /// When it begins, as far as is known.
    pub starts_at: Timestamp,
    /// How long it took, in minutes.
    pub duration_min: Option<i64>,
}

/// A Reflection Point as its events leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reflection {
    /// The platform's identifier.
    pub id: String,
    /// The number of its episode, from 0.
    pub episode: usize,
    /// When it was assigned, as far as is known.
    pub assigned_at: Timestamp,
    /// When it was written.
    pub completed_at: Option<Timestamp>,
}

/// What all of a person's events come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The journey of each episode, in their order.
    pub journeys: Vec<Journey>,
    /// How long each episode's statuses took.
    pub dwells: Vec<Dwell>,
    /// The sessions, by identifier.
    pub sessions: Vec<Session>,
    /// The Reflection Points, by identifier.
    pub reflections: Vec<Reflection>,
}

impl Journey {
    /// Of somebody of whom nothing is known but when they were invited.
    pub fn begun(invited_at: Option<Timestamp>) -> Self {
        Self {
            invited_at,
            stage: Stage::Invited,
            since: invited_at,
            clock_from: invited_at,
            sessions_completed: 0,
            last_completed_at: None,
            outstanding_since: None,
            last_scheduled_at: None,
            next_session_at: None,
            engaged_at: None,
            login_at: None,
            stopped: false,
            running_since: None,
        }
    }

    /// Since when nothing has come of the seat.
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.invited_at.and_then(|at| Some(at).max(self.engaged_at))
    }

    /// What decides whether they have stalled. The clock begins anew after a pause or leave.
    pub fn standing(&self) -> Standing {
        Standing {
            stage: self.stage,
            clock_from: self
                .clock_from
                .and_then(|at| Some(at).max(self.running_since)),
            last_scheduled_at: self.last_scheduled_at,
            stopped: self.stopped,
        }
    }
}

impl Folded {
    /// When the next session begins after `now`.
    pub fn next_session_at(&self, now: Timestamp) -> Option<Timestamp> {
        let booked = self.sessions.iter();
        let booked = booked.filter(|s| s.state == SessionState::Scheduled);
        booked.map(|s| s.starts_at).filter(|at| *at > now).min()
    }
}

/// Folds a person's events over their episodes.
pub fn fold(episodes: &Episodes, events: &[Event]) -> Folded {
    let by_id: BTreeMap<&str, &Event> = events.iter().map(|e| (e.id.as_str(), e)).collect();
    let mut events: Vec<&Event> = by_id.into_values().collect();
    events.sort_by(|a, b| (a.occurred_at, &a.id).cmp(&(b.occurred_at, &b.id)));
    let sessions = sessions(episodes, &events);
    let reflections = reflections(episodes, &events);
    let numbers = 0..episodes.all().len();
    Folded {
        dwells: numbers
            .clone()
            .map(|number| dwell(episodes, number, &events, &reflections))
            .collect(),
        journeys: numbers
            .map(|number| journey(episodes, number, &events, &sessions, &reflections))
            .collect(),
        sessions,
        reflections,
    }
}

fn journey(
    episodes: &Episodes,
    number: usize,
    events: &[&Event],
    sessions: &[Session],
    reflections: &[Reflection],
) -> Journey {
    let invited_at = episodes.all().get(number).and_then(|e| e.invited_at);
    let of = |event: &Event| match episodes.place(event.occurred_at) {
        Place::During(of) => Some(of),
        Place::After(_) => None,
    };
    let own = |kind| {
        let own = events.iter().filter(move |e| of(e) == Some(number));
        own.filter(move |e| e.kind == kind).map(|e| e.occurred_at)
    };
    let mut journey = Journey::begun(invited_at);
    let known = events
        .iter()
        .filter(|e| e.kind == Kind::AccountActivated)
        .map(|e| e.occurred_at)
        .min()
        .filter(|at| number > 0 && Some(*at) < invited_at);
    let activated = known
        .and(invited_at)
        .or_else(|| own(Kind::AccountActivated).min());
    let first = own(Kind::SessionCompleted).min();
    journey.last_completed_at = own(Kind::SessionCompleted).max();
    for (stage, at) in [
        (Stage::Activated, activated),
        (
            Stage::CompletedOnboarding,
            own(Kind::OnboardingCompleted).min(),
        ),
        (Stage::StartedCoaching, first),
    ] {
        if at.is_some() {
            journey.stage = stage;
            journey.since = at;
        }
    }
    journey.clock_from = if journey.stage == Stage::StartedCoaching {
        journey.last_completed_at
    } else {
        journey.since
    };
    let mine = || reflections.iter().filter(|r| r.episode == number);
    let outstanding = mine().filter(|r| r.completed_at.is_none());
    journey.outstanding_since = outstanding.map(|r| r.assigned_at).min();
    if journey.outstanding_since.is_some() {
        journey.stage = Stage::ReflectionAssigned;
        journey.since = journey.outstanding_since;
        journey.clock_from = journey.outstanding_since;
    } else if let Some(written) = mine().filter_map(|r| r.completed_at).max() {
        journey.stage = Stage::ReflectionCompleted;
        journey.since = Some(written);
        journey.clock_from = Some(written).max(journey.last_completed_at);
    }
    // Nothing can have been late before there was a seat.
    journey.clock_from = journey.clock_from.and_then(|at| Some(at).max(invited_at));
    let completed = completed(events, |e| of(e) == Some(number));
    journey.sessions_completed = i64::try_from(completed).unwrap_or(i64::MAX);
    let booked = sessions
        .iter()
        .filter(|s| s.state == SessionState::Scheduled);
    journey.last_scheduled_at = booked.map(|s| s.starts_at).max();
    let so_far = |e: &&&Event| of(e).is_some_and(|of| of <= number);
    let engaging = events.iter().filter(so_far).filter(|e| e.kind.engages());
    journey.engaged_at = engaging.map(|e| e.occurred_at).max();
    let logins = events.iter().filter(|e| e.kind == Kind::Login);
    journey.login_at = logins.map(|e| e.occurred_at).max();
    journey
}

fn dwell(
    episodes: &Episodes,
    number: usize,
    events: &[&Event],
    reflections: &[Reflection],
) -> Dwell {
    let invited_at = episodes.all().get(number).and_then(|e| e.invited_at);
    let own = |kind| {
        let own = events
            .iter()
            .filter(move |e| episodes.place(e.occurred_at) == Place::During(number));
        own.filter(move |e| e.kind == kind).map(|e| e.occurred_at)
    };
    let activated = own(Kind::AccountActivated).min();
    let onboarded = own(Kind::OnboardingCompleted).min();
    // In their order, as the events are.
    let sessions: Vec<_> = own(Kind::SessionCompleted).collect();
    let written = reflections.iter().filter(|r| r.episode == number);
    let written: Vec<_> = written
        .filter_map(|r| Some((r.completed_at?, r.assigned_at)))
        .collect();
    let mut gaps = sessions.iter().zip(sessions.iter().skip(1));
    let followed = written.iter().filter_map(|(at, _)| {
        let next = sessions.iter().find(|session| *session > at)?;
        Some((*at, *next))
    });
    let took = |from: Option<Timestamp>, to: Option<Timestamp>| {
        let seconds = to?.duration_since(from?).as_secs();
        (seconds >= 0).then_some(seconds)
    };
    let last = written.iter().max();
    let followed = followed.max();
    let gap = gaps.next_back();
    Dwell([
        took(invited_at, activated),
        took(
            activated.max(invited_at.filter(|_| activated.is_some())),
            onboarded,
        ),
        took(onboarded, sessions.first().copied()),
        took(gap.map(|(from, _)| *from), gap.map(|(_, to)| *to)),
        took(last.map(|(_, from)| *from), last.map(|(to, _)| *to)),
        took(followed.map(|(from, _)| from), followed.map(|(_, to)| to)),
    ])
}

/// How many sessions took place, by the events that `counts`.
fn completed(events: &[&Event], counts: impl Fn(&Event) -> bool) -> usize {
    let mut ids: Vec<_> = events
        .iter()
        .filter(|e| e.kind == Kind::SessionCompleted && counts(e))
        .filter_map(|e| e.session.as_deref())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

fn sessions(episodes: &Episodes, events: &[&Event]) -> Vec<Session> {
    let mut sessions: BTreeMap<&str, Session> = BTreeMap::new();
    for event in events {
        let Some(id) = event
            .session
            .as_deref()
            .filter(|_| event.kind.is_of_session())
        else {
            continue;
        };
        let place = episodes.place(event.occurred_at);
        let (Place::During(episode) | Place::After(episode)) = place;
        if !episodes.applies(event)
            || (matches!(place, Place::After(_)) && !sessions.contains_key(id))
        {
            continue;
        }
        let known = sessions.entry(id).or_insert_with(|| Session {
            id: id.to_owned(),
            episode,
            state: SessionState::Scheduled,
            starts_at: event.occurred_at,
            duration_min: None,
        });
        if known.state == SessionState::Completed && event.kind != Kind::SessionCompleted {
            // What took place cannot be called off.
            continue;
        }
        known.episode = episode;
        known.state = match event.kind {
            Kind::SessionCompleted => SessionState::Completed,
            Kind::SessionCancelled => SessionState::Cancelled,
            Kind::SessionNoShow => SessionState::NoShow,
            _ => SessionState::Scheduled,
        };
        known.starts_at = event.starts_at.unwrap_or(known.starts_at);
        known.duration_min = event.duration_min.or(known.duration_min);
    }
    sessions.into_values().collect()
}

fn reflections(episodes: &Episodes, events: &[&Event]) -> Vec<Reflection> {
    let mut reflections: BTreeMap<&str, Reflection> = BTreeMap::new();
    for event in events {
        let Some(id) = event.reflection.as_deref() else {
            continue;
        };
        let Place::During(episode) = episodes.place(event.occurred_at) else {
            continue;
        };
        let at = event.occurred_at;
        match event.kind {
            Kind::ReflectionAssigned => {
                reflections.entry(id).or_insert_with(|| Reflection {
                    id: id.to_owned(),
                    episode,
                    assigned_at: at,
                    completed_at: None,
                });
            }
            Kind::ReflectionCompleted => {
                let known = reflections.entry(id).or_insert_with(|| Reflection {
                    id: id.to_owned(),
                    episode,
                    assigned_at: at,
                    completed_at: None,
                });
                known.completed_at = known.completed_at.or(Some(at));
                known.episode = episode;
            }
            _ => {}
        }
    }
    reflections.into_values().collect()
}

#[cfg(test)]
mod tests;

//! What a person's state reads as at a given moment. The clock alone can end access or begin it;
//! what is read never waits until a job has written that down (domain 4.1).

use jiff::Timestamp;

use super::{Assignment, IdentityState, SeatReason, SeatState, named};
use crate::coaching::Stage;

named! {
    /// What the person may do on the coaching platform.
    AccessLevel {
        /// Coaching.
        Full = "full",
        /// Sign in, and read reports and resources.
        Archive = "archive",
        /// Nothing.
        None = "none",
    }
}

/// How far the person has come (domain 4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JourneyStatus {
    /// They hold a seat, and have come so far with it.
    At(Stage),
    /// The seat is gone.
    Ended,
}

impl JourneyStatus {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::At(stage) => stage.as_str(),
            Self::Ended => "ended",
        }
    }
}

/// The seat state as of `now`.
pub fn state_at(current: Option<&Assignment>, now: Timestamp) -> SeatState {
    let Some(a) = current else {
        return SeatState::None;
    };
    match a.state {
        SeatState::Scheduled if a.ends_at <= now => SeatState::Ended,
        SeatState::Scheduled if a.starts_at <= now => SeatState::Assigned,
        SeatState::Assigned | SeatState::Waitlisted if a.ends_at <= now => SeatState::Ended,
        SeatState::Grace if a.grace_until.is_some_and(|until| until <= now) => SeatState::Ended,
        state => state,
    }
}

/// The access level as of `now`.
pub fn access_level(
    identity: IdentityState,
    current: Option<&Assignment>,
    now: Timestamp,
) -> AccessLevel {
    if identity != IdentityState::Active {
        return AccessLevel::None;
    }
    match state_at(current, now) {
        SeatState::Assigned if !is_paused(current, now) => AccessLevel::Full,
        _ if ever_held(current, now) => AccessLevel::Archive,
        _ => AccessLevel::None,
    }
}

/// The journey status as of `now` of somebody whose events come to `stage` (invariant 8): ended when
/// nothing is held and something was.
pub fn journey(
    current: Option<&Assignment>,
    stage: Stage,
    now: Timestamp,
) -> Option<JourneyStatus> {
    match state_at(current, now) {
        SeatState::Assigned | SeatState::Grace => Some(JourneyStatus::At(stage)),
        _ if ever_held(current, now) => Some(JourneyStatus::Ended),
        _ => None,
    }
}

/// Whether any episode so far has held a seat in use.
fn ever_held(current: Option<&Assignment>, now: Timestamp) -> bool {
    current.is_some_and(|a| {
        a.held || a.episode > 1 || (a.state == SeatState::Scheduled && a.starts_at <= now)
    })
}

/// Whether the seat rests at `now`.
fn is_paused(current: Option<&Assignment>, now: Timestamp) -> bool {
    current.is_some_and(|a| a.paused_at(now).is_some())
}

/// Why the state is what it is, where the assignment says.
pub fn reason(current: Option<&Assignment>, now: Timestamp) -> Option<SeatReason> {
    let a = current?;
    match (state_at(current, now), a.waiting) {
        (SeatState::Waitlisted, _) => Some(SeatReason::PoolFull),
        (SeatState::Assigned, _) if a.paused_at(now).is_some() => Some(SeatReason::Paused),
        (SeatState::Assigned, Some(_)) => Some(SeatReason::TransferWaiting),
        (SeatState::Ended, _) if a.is_open() && a.state != SeatState::Grace => {
            Some(SeatReason::AccessEndReached)
        }
        _ => None,
    }
}

//! Whose seat is not used, and may be reclaimed (domain 4.9, 4.13).

use jiff::{SignedDuration, Timestamp};

use crate::coaching::journey::Journey;
use crate::seats::named;
use crate::seats::{Assignment, EndReason, IdentityState, SeatState};

named! {
    /// Why a seat may be reclaimed.
    Reason {
        /// Was invited and never activated the account.
        NeverActivated = "never_activated",
        /// Nothing has come of the seat, and no session is booked.
        Idle = "idle",
        /// Was asked whether they keep it, and did not answer.
        Unanswered = "unanswered",
        /// The person has left, and the seat is still held for them.
        LeaverHolding = "leaver_holding",
        /// Access is over for somebody who is still here, and the seat is still held.
        EndedNotFreed = "ended_not_freed",
        /// Another account with the same address has a seat too, and is used more.
        Duplicate = "duplicate",
    }
}

impl Reason {
    /// Days after which it holds, where nobody says.
    pub fn default_days(self) -> i64 {
        match self {
            Self::NeverActivated => 10,
            Self::Idle => 30,
            Self::Unanswered | Self::LeaverHolding | Self::EndedNotFreed | Self::Duplicate => 0,
        }
    }

    /// Whether it does not hold for who said lately that they keep their seat. Whoever has left has
    /// no say.
    pub fn heeds_keeping(self) -> bool {
        !matches!(self, Self::LeaverHolding | Self::EndedNotFreed)
    }

    /// Whether it makes a difference for how long it has held.
    pub fn has_age(self) -> bool {
        self != Self::EndedNotFreed
    }

    /// The reason with which access is ended.
    pub fn end_reason(self) -> EndReason {
        match self {
            Self::NeverActivated => EndReason::NotActivated,
            Self::Idle | Self::Unanswered => EndReason::Inactive,
            Self::LeaverHolding | Self::EndedNotFreed | Self::Duplicate => EndReason::Reclaimed,
        }
    }

    /// The seat states of those it can hold for.
    pub fn states(self) -> &'static [SeatState] {
        match self {
            Self::NeverActivated | Self::Idle | Self::Unanswered => &[SeatState::Assigned],
            Self::LeaverHolding | Self::EndedNotFreed => &[SeatState::Grace],
            Self::Duplicate => &[SeatState::Assigned, SeatState::Scheduled, SeatState::Grace],
        }
    }
}

/// A person whose seat may be reclaimed.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// Who they are to the identity provider.
    pub identity: IdentityState,
    /// When they were deactivated.
    pub deactivated_at: Option<Timestamp>,
    /// What they hold.
    pub assignment: &'a Assignment,
    /// What came of it.
    pub journey: &'a Journey,
    /// When they were last asked whether they keep it, and until when they did not answer.
    pub unanswered: Option<(Timestamp, Timestamp)>,
}

/// Since when the reason holds for a person, if it has for so many days. Of a duplicate it is told
/// elsewhere that there is another account.
pub fn since(reason: Reason, days: i64, holder: Holder<'_>, now: Timestamp) -> Option<Timestamp> {
    let Holder {
        identity,
        deactivated_at,
        assignment,
        journey,
        unanswered,
    } = holder;
    let active = identity == IdentityState::Active;
    let booked = journey.next_session_at.is_some_and(|at| at > now);
    // What a breaker holds is not for one operator to give away.
    if assignment.is_frozen() || !reason.states().contains(&assignment.state) {
        return None;
    }
    let since = match reason {
        Reason::NeverActivated => {
            let waits = active && journey.stage == crate::coaching::Stage::Invited;
            journey.invited_at.filter(|_| waits)
        }
        Reason::Idle => journey.idle_since().filter(|_| active && !booked),
        // Not, if something has come of the seat since they were asked.
        Reason::Unanswered => unanswered
            .filter(|(asked, _)| {
                active && !booked && journey.engaged_at.is_none_or(|at| at < *asked)
            })
            .map(|(_, until)| until),
        Reason::LeaverHolding => deactivated_at.filter(|_| !active),
        // Since when is not kept, nor asked: that the seat is held is enough.
        Reason::EndedNotFreed => Some(assignment.starts_at).filter(|_| active),
        Reason::Duplicate => Some(assignment.created_at),
    };
    let long_ago = now
        .checked_sub(SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::MIN);
    since.filter(|at| *at <= long_ago)
}

/// How much an account is used, for choosing which of two to keep: the greater.
pub fn use_of(journey: &Journey, assignment: &Assignment) -> impl Ord + use<> {
    (
        assignment.state == SeatState::Assigned,
        journey.sessions_completed,
        journey.stage as usize,
        journey.engaged_at,
        std::cmp::Reverse(assignment.created_at),
    )
}

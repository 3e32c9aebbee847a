//! The rules of engagement: what events say of a person's journey through coaching, and when they
//! have stalled. Pure: events may come in any order and more than once, and what they come to is
//! the same.

pub mod episode;
pub mod journey;
pub mod nudge;
pub mod stalled;
pub mod suppression;

use jiff::Timestamp;

use crate::seats::named;

named! {
    /// What happened (domain 4.7).
    Kind {
        /// They set a password or signed in for the first time.
        AccountActivated = "account.activated",
        /// They finished the onboarding assessment.
        OnboardingCompleted = "onboarding.completed",
        /// A session was booked.
        SessionScheduled = "session.scheduled",
        /// It was moved.
        SessionRescheduled = "session.rescheduled",
        /// It was called off.
        SessionCancelled = "session.cancelled",
        /// It took place.
        SessionCompleted = "session.completed",
        /// They did not come.
        SessionNoShow = "session.no_show",
        /// A Reflection Point is to be written.
        ReflectionAssigned = "reflection.assigned",
        /// It was written.
        ReflectionCompleted = "reflection.completed",
        /// They signed in.
        Login = "login",
        /// They wrote to their coach.
        MessageSent = "message.sent",
    }
}

named! {
    /// How far somebody who holds a seat has come (domain 4.7), the least first.
    Stage {
        /// Has a seat and has not activated the account.
        Invited = "invited",
        /// Has activated the account; who returns stays here until onboarding is done again.
        Activated = "activated",
        /// Has finished the onboarding assessment.
        CompletedOnboarding = "completed_onboarding",
        /// Has completed a session.
        StartedCoaching = "started_coaching",
        /// Has a Reflection Point to write.
        ReflectionAssigned = "reflection_assigned",
        /// Has written the last one outstanding.
        ReflectionCompleted = "reflection_completed",
    }
}

named! {
    /// What became of a session.
    SessionState {
        /// It is booked.
        Scheduled = "scheduled",
        /// It took place.
        Completed = "completed",
        /// It was called off.
        Cancelled = "cancelled",
        /// They did not come.
        NoShow = "no_show",
    }
}

/// Something that happened to a person, as the coaching platform tells it. What was said in a
/// session has no place here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The platform's identifier of the event.
    pub id: String,
    /// What.
    pub kind: Kind,
    /// When.
    pub occurred_at: Timestamp,
    /// Which session.
    pub session: Option<String>,
    /// When that session begins.
    pub starts_at: Option<Timestamp>,
    /// How long it took, in minutes.
    pub duration_min: Option<i64>,
    /// Which Reflection Point.
    pub reflection: Option<String>,
}

impl Kind {
    /// Whether it is about a session.
    pub fn is_of_session(self) -> bool {
        matches!(
            self,
            Self::SessionScheduled
                | Self::SessionRescheduled
                | Self::SessionCancelled
                | Self::SessionCompleted
                | Self::SessionNoShow
        )
    }

    /// Whether it says when a session begins, and so must.
    pub fn sets_a_start(self) -> bool {
        matches!(self, Self::SessionScheduled | Self::SessionRescheduled)
    }

    /// Whether it is about a Reflection Point.
    pub fn is_of_reflection(self) -> bool {
        matches!(self, Self::ReflectionAssigned | Self::ReflectionCompleted)
    }

    /// Whether it shows that the person is engaged. Signing in alone does not, nor does what others
    /// did.
    pub fn engages(self) -> bool {
        matches!(
            self,
            Self::AccountActivated
                | Self::OnboardingCompleted
                | Self::SessionScheduled
                | Self::SessionCompleted
                | Self::ReflectionCompleted
                | Self::MessageSent
        )
    }

    /// Whether it counts after access is over: it takes away what was booked, and adds nothing.
    fn counts_after_the_end(self) -> bool {
        matches!(self, Self::SessionCancelled | Self::SessionNoShow)
    }
}

//! A pause: the seat is kept, access is that of an archive, the clock of stalling stands still
//! (domain 4.1). An operator pauses, or leave does where the policy has it so.

use jiff::Timestamp;

use super::catalog::Policy;
use super::{Assignment, SeatState, named};

named! {
    /// Who paused.
    PausedBy {
        /// An operator; they alone or the clock resume.
        Admin = "admin",
        /// `employmentStatus` is `leave`; it ends with the leave.
        Leave = "leave",
    }
}

/// A pause of a stretch of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it began.
    pub since: Timestamp,
    /// When the clock ends it; later than `since`.
    pub until: Option<Timestamp>,
    /// Who began it.
    pub by: PausedBy,
}

impl Pause {
    /// Whether it is still one at `now`.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// What leave makes of a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByLeave {
    /// It begins.
    Begins,
    /// It is over.
    Ends,
}

/// What leave makes of an assignment's pause; `None` where it stays as it is. What an operator
/// paused is theirs, whoever comes back from leave.
pub fn by_leave(policy: &Policy, on_leave: bool, a: &Assignment) -> Option<ByLeave> {
    let pauses = policy.pause_on_leave && on_leave;
    match a.paused.map(|pause| pause.by) {
        None if pauses && a.state == SeatState::Assigned => Some(ByLeave::Begins),
        Some(PausedBy::Leave) if !pauses => Some(ByLeave::Ends),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seats::tests::assignment;

    #[test]
    fn leave_pauses_only_by_policy_and_ends_only_its_own() {
        let at: Timestamp = "2027-06-15T12:00:00Z".parse().unwrap();
        let by = |by| {
            Some(Pause {
                since: at,
                until: None,
                by,
            })
        };
        let (off, on) = (
            Policy::default(),
            Policy {
                pause_on_leave: true,
                ..Policy::default()
            },
        );
        let seated = |paused| Assignment {
            paused,
            ..assignment(SeatState::Assigned, None)
        };
        let leave = by(PausedBy::Leave);
        let admin = by(PausedBy::Admin);
        for (policy, on_leave, paused, makes) in [
            (&off, true, None, None),
            (&on, true, None, Some(ByLeave::Begins)),
            (&on, false, None, None),
            (&on, true, leave, None),
            (&on, false, leave, Some(ByLeave::Ends)),
            (&off, true, leave, Some(ByLeave::Ends)),
            (&on, true, admin, None),
            (&on, false, admin, None),
        ] {
            assert_eq!(
                by_leave(policy, on_leave, &seated(paused)),
                makes,
                "{on_leave} {paused:?}"
            );
        }
        let scheduled = assignment(SeatState::Scheduled, None);
        assert_eq!(by_leave(&on, true, &scheduled), None);
    }

    #[test]
    fn the_clock_ends_a_pause_at_its_instant() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let pause = Pause {
            since: at("2027-06-15T12:00:00Z"),
            until: Some(at("2027-06-20T00:00:00Z")),
            by: PausedBy::Admin,
        };
        assert!(pause.is_on(at("2027-06-19T23:59:59Z")));
        assert!(!pause.is_on(at("2027-06-20T00:00:00Z")));
        let endless = Pause {
            until: None,
            ..pause
        };
        assert!(endless.is_on(at("2037-06-20T00:00:00Z")));
    }
}

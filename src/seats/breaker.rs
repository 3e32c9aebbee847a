//! Whether so many removals through a connection can have been meant (domain 4.6).

use jiff::{SignedDuration, Timestamp};

use super::Assignment;
use super::catalog::Policy;
use super::named;

/// Until when a frozen seat is held: until somebody decides. A real instant, so that whatever
/// compares it needs no exception.
pub const FROZEN: Timestamp = Timestamp::constant(253_000_000_000, 0);

named! {
    /// How a breaker stands.
    State {
        /// It has tripped; seats are held until somebody decides.
        Tripped = "tripped",
        /// What it holds is being given up.
        Releasing = "releasing",
        /// What it tripped over is being undone.
        Restoring = "restoring",
        /// It counts.
        Closed = "closed",
    }
}

impl Assignment {
    /// Whether its seat is held by a breaker.
    pub fn is_frozen(&self) -> bool {
        self.grace_until == Some(FROZEN)
    }
}

/// From when on removals count at `now`: within the window, and after the last decision.
pub fn counts_from(policy: &Policy, decided_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let window = SignedDuration::from_mins(policy.breaker_window_minutes);
    let begin = now.checked_sub(window).unwrap_or(Timestamp::MIN);
    decided_at.map_or(begin, |at| at.max(begin))
}

/// How many removals there may be in a window that began with so many active people.
pub fn threshold(policy: &Policy, people: i64) -> i64 {
    policy
        .breaker_absolute
        .max(people.saturating_mul(policy.breaker_percent) / 100)
}

/// How many active people a window must have begun with for so many removals to be allowed; nothing
/// where no number of people makes a difference.
pub fn people_for(policy: &Policy, removals: i64) -> Option<i64> {
    let percent = policy.breaker_percent;
    (percent > 0).then(|| removals.saturating_mul(100).saturating_add(percent - 1) / percent)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn so_many_people_are_just_enough() {
        for percent in [1, 3, 7, 10, 33, 100] {
            let policy = Policy {
                breaker_absolute: 0,
                breaker_percent: percent,
                ..Policy::default()
            };
            for removals in 1..500 {
                let enough = people_for(&policy, removals).unwrap();
                assert!(threshold(&policy, enough) >= removals);
                assert!(threshold(&policy, enough - 1) < removals);
            }
        }
        let none = Policy {
            breaker_percent: 0,
            ..Policy::default()
        };
        assert_eq!(people_for(&none, 21), None);
    }

    #[test]
    fn the_larger_of_a_number_and_a_share_is_allowed() {
        let policy = Policy::default();
        assert_eq!(threshold(&policy, 30), 20);
        assert_eq!(threshold(&policy, 200), 20);
        assert_eq!(threshold(&policy, 1_000), 100);
    }

    #[test]
    fn what_was_decided_counts_no_more() {
        let policy = Policy::default();
        let now: Timestamp = "2027-06-15T12:00:00Z".parse().unwrap();
        let hour_ago: Timestamp = "2027-06-15T11:00:00Z".parse().unwrap();
        let lately: Timestamp = "2027-06-15T11:30:00Z".parse().unwrap();
        assert_eq!(counts_from(&policy, None, now), hour_ago);
        assert_eq!(counts_from(&policy, Some(lately), now), lately);
        let long_ago = Some("2027-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(counts_from(&policy, long_ago, now), hour_ago);
    }

    #[test]
    fn a_frozen_seat_is_held_longer_than_any_term() {
        assert!(FROZEN.to_string().starts_with("9987-"), "{FROZEN}");
    }
}

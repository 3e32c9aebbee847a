//! When a message that did not arrive is tried again.

use jiff::{SignedDuration, Timestamp};

/// The pauses after the first, second … failed attempt (domain 4.12), in seconds.
const PAUSES: [i64; 7] = [5, 30, 2 * 60, 10 * 60, 3_600, 6 * 3_600, 24 * 3_600];

/// When to try again after so many attempts, of which the last failed at `now`; none when it is
/// given up.
pub fn next(attempts: i64, now: Timestamp) -> Option<Timestamp> {
    let failed = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let pause = SignedDuration::from_secs(*PAUSES.get(failed)?);
    Some(now.checked_add(pause).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_for_a_day_and_seven_hours_and_then_given_up() {
        let pauses: Vec<_> = (1..)
            .map_while(|attempts| next(attempts, Timestamp::UNIX_EPOCH))
            .map(Timestamp::as_second)
            .collect();
        assert_eq!(pauses, [5, 30, 120, 600, 3_600, 21_600, 86_400]);
        assert_eq!(next(8, Timestamp::UNIX_EPOCH), None);
        assert_eq!(next(0, Timestamp::UNIX_EPOCH), None);
    }
}

//! What time and figures tell: ends of access that come near, pools that fill, connections that
//! fall silent, the week's digest. Each has a cause, and is told once for it.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::seats::named;

/// Days before the end of access at which it is announced (domain 4.6), the shortest first.
pub const NOTICES: [i64; 3] = [1, 7, 30];
/// Days before a token's end at which that is announced (domain 4.14).
pub const TOKEN_DAYS: i64 = 30;
/// The hour of Monday, in the tenant's zone, at which the week's digest is due.
const DIGEST_HOUR: i8 = 8;

/// Ends of access for which the same notice is due: those after `from`, and up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// Of which notice: so many days before.
    pub days: i64,
    /// Ends after this instant.
    pub from: Timestamp,
    /// Ends at this instant or before.
    pub to: Timestamp,
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

fn after(at: Timestamp, n: i64) -> Timestamp {
    at.checked_add(days(n)).unwrap_or(Timestamp::MAX)
}

/// The ends of access that are to be announced at `now`: of each the shortest notice alone. With
/// `since`, only those whose notice came due after that.
pub fn bands(since: Option<Timestamp>, now: Timestamp) -> Vec<Band> {
    let mut shorter = now;
    let mut bands = Vec::with_capacity(NOTICES.len());
    for days in NOTICES {
        let to = after(now, days);
        let from = since.map_or(shorter, |since| after(since, days).max(shorter));
        shorter = to;
        if from < to {
            bands.push(Band { days, from, to });
        }
    }
    bands
}

named! {
    /// How much of a pool is left.
    Level {
        /// Enough.
        Enough = "enough",
        /// Less than the share that the policy calls low.
        Low = "low",
        /// Nothing.
        Full = "full",
    }
}

/// How much of a pool is left, of which so many seats were bought and so many can be taken now. One
/// of which nothing was bought cannot fill.
pub fn level(available: i64, purchased: i64, low_percent: i64) -> Level {
    if purchased <= 0 {
        Level::Enough
    } else if available <= 0 {
        Level::Full
    } else if available.saturating_mul(100) < purchased.saturating_mul(low_percent) {
        Level::Low
    } else {
        Level::Enough
    }
}

/// Whether a connection has been silent for so many hours. One that never spoke is not yet set up.
pub fn is_silent(last_seen: Option<Timestamp>, hours: i64, now: Timestamp) -> bool {
    let limit = SignedDuration::from_hours(hours);
    last_seen.is_some_and(|at| now.duration_since(at) >= limit)
}

/// The Monday of the newest digest that is due, and when it was.
pub fn digest(now: Timestamp, zone: &TimeZone) -> Option<(Date, Timestamp)> {
    let local = now.to_zoned_datetime(zone.clone());
    let since_monday = local.weekday().since(Weekday::Monday);
    let monday = local
        .date()
        .checked_sub(i64::from(since_monday).days())
        .ok()?;
    let of = |monday: Date| {
        let at = monday.at(DIGEST_HOUR, 0, 0, 0);
        let at = at.to_zoned_datetime(zone.clone()).ok()?;
        Some((monday, at.timestamp()))
    };
    match of(monday)? {
        due if due.1 <= now => Some(due),
        _ => of(monday.checked_sub(7.days()).ok()?),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    fn notices(bands: &[Band], ends_at: Timestamp) -> Vec<i64> {
        let holds = bands.iter().filter(|b| b.from < ends_at && ends_at <= b.to);
        holds.map(|b| b.days).collect()
    }

    #[test]
    fn the_shortest_notice_that_has_begun_is_due() {
        let bands = bands(None, at(0));
        for (hours, due) in [
            (0, None),
            (1, Some(1)),
            (24, Some(1)),
            (25, Some(7)),
            (7 * 24, Some(7)),
            (7 * 24 + 1, Some(30)),
            (30 * 24, Some(30)),
            (30 * 24 + 1, None),
        ] {
            assert_eq!(
                notices(&bands, at(hours)).first().copied(),
                due,
                "{hours} h"
            );
        }
    }

    proptest! {
        // Whenever somebody looks, what came due in between is found, and nothing twice.
        #[test]
        fn looks_in_a_row_announce_each_notice_once(
            ends in 0_i64..2_000,
            mut pauses in prop::collection::vec(1_i64..20, 1..200),
        ) {
            pauses.push(1);
            let (mut now, mut told) = (0, Vec::new());
            for pause in pauses {
                let next = now + pause;
                told.extend(notices(&bands(Some(at(now)), at(next)), at(ends)));
                now = next;
            }
            let due: Vec<_> = [30, 7, 1]
                .into_iter()
                .filter(|days| ends - days * 24 > 0 && ends - days * 24 <= now)
                .collect();
            prop_assert_eq!(told, due);
        }
    }

    #[test]
    fn a_pool_is_low_below_the_share_and_full_at_nothing() {
        assert_eq!(level(10, 100, 10), Level::Enough);
        assert_eq!(level(9, 100, 10), Level::Low);
        assert_eq!(level(0, 100, 10), Level::Full);
        assert_eq!(level(1, 5, 0), Level::Enough);
        assert_eq!(level(0, 0, 10), Level::Enough, "a pool of nothing");
    }

    #[test]
    fn a_connection_that_never_spoke_is_not_silent() {
        assert!(!is_silent(None, 24, at(1_000)));
        assert!(!is_silent(Some(at(1)), 24, at(24)));
        assert!(is_silent(Some(at(1)), 24, at(25)));
    }

    #[test]
    fn a_digest_is_due_on_monday_at_eight_where_the_tenant_is() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let due = |text: &str| digest(text.parse().unwrap(), &zone).unwrap();
        let monday: Date = "2026-03-30".parse().unwrap();
        let eight: Timestamp = "2026-03-30T06:00:00Z".parse().unwrap();
        // The clocks went forward on the day before.
        assert_eq!(due("2026-03-30T06:00:00Z"), (monday, eight));
        assert_eq!(due("2026-04-05T12:00:00Z"), (monday, eight));
        let before: Date = "2026-03-23".parse().unwrap();
        assert_eq!(due("2026-03-30T05:59:59Z").0, before);
        assert_eq!(
            due("2026-03-30T05:59:59Z").1,
            "2026-03-23T07:00:00Z".parse().unwrap()
        );
    }
}

//! What an operator's extension makes of a person's access (domain 4.6).

use jiff::{Timestamp, ToSpan};

use super::catalog::{Catalog, Pool};
use super::days;
use super::placement::{Intent, Window};
use super::{Assignment, EndSource, SeatState};

/// Days after its end within which an episode reopens instead of a new one beginning.
const REOPENS_FOR: i64 = 30;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// The same seat or place in line, for longer.
    Longer,
    /// A seat in another pool is taken before this one is given up.
    Move,
    /// The episode that ended lately goes on, if a seat is free.
    Reopen,
    /// A new episode begins.
    Anew,
}

/// Decides what it takes to extend an assignment in this pool. `None` while access is cut and the
/// seat only held: a later end brings none back.
pub fn decide(last: &Assignment, pool: &Pool, now: Timestamp) -> Option<Extension> {
    match last.state {
        SeatState::Grace => None,
        SeatState::Ended => {
            let since = now.checked_sub((REOPENS_FOR * 24).hours()).unwrap_or(now);
            Some(match last.ended_at {
                Some(ended_at) if ended_at > since => Extension::Reopen,
                _ => Extension::Anew,
            })
        }
        _ if last.pool == pool.id => Some(Extension::Longer),
        _ => Some(Extension::Move),
    }
}

/// The time of access in a pool. The person's last day of work still ends it.
pub fn window(
    catalog: &Catalog,
    intent: &Intent,
    last: &Assignment,
    extension: Extension,
    until: Timestamp,
    now: Timestamp,
) -> Window {
    let starts_at = if extension == Extension::Anew {
        now
    } else {
        last.starts_at
    };
    let leaves = intent.terminated.as_deref();
    let leaves = leaves.and_then(|text| days::read(text).ok().flatten());
    match leaves.map(|when| when.end(intent.zone(catalog))) {
        Some(ends_at) if ends_at < until => Window {
            starts_at,
            ends_at,
            end_source: EndSource::Hr,
        },
        _ => Window {
            starts_at,
            ends_at: until,
            end_source: EndSource::Admin,
        },
    }
}

/// Whether a pool's term covers such a time of access, from now on.
pub fn covers(pool: &Pool, last: &Assignment, until: Timestamp, now: Timestamp) -> bool {
    let from = if last.is_open() {
        now.max(last.starts_at)
    } else {
        now
    };
    pool.is_live()
        && pool.product == last.product
        && pool.term_start <= from
        && pool.term_end >= until
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use uuid::Uuid;

    use super::*;
    use crate::seats::catalog::{FullPolicy, Policy, PoolState, ReusePolicy};
    use crate::seats::tests::assignment;

    const NOW: &str = "2027-06-15T12:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn pool(n: u128, term_end: &str) -> Pool {
        Pool {
            id: Uuid::from_u128(n),
            product: Uuid::from_u128(1),
            key: "p".into(),
            subscription_type: "p".into(),
            term_start: at("2027-01-01T00:00:00Z"),
            term_end: at(term_end),
            full_policy: FullPolicy::Waitlist,
            overage_limit: 0,
            reuse_policy: ReusePolicy::Reusable,
            cooldown_days: 0,
            default_duration_days: None,
            fallback: None,
            state: PoolState::Live,
            max_reassignments: None,
            unit_cost: None,
        }
    }

    #[test]
    fn what_it_takes_depends_on_what_there_is() {
        let (own, other) = (
            pool(2, "2028-01-01T00:00:00Z"),
            pool(3, "2028-01-01T00:00:00Z"),
        );
        for (state, ended_at, pool, takes) in [
            (SeatState::Assigned, None, &own, Some(Extension::Longer)),
            (SeatState::Scheduled, None, &own, Some(Extension::Longer)),
            (SeatState::Waitlisted, None, &own, Some(Extension::Longer)),
            (SeatState::Assigned, None, &other, Some(Extension::Move)),
            (SeatState::Grace, None, &own, None),
            (
                SeatState::Ended,
                Some("2027-05-16T12:00:01Z"),
                &own,
                Some(Extension::Reopen),
            ),
            (
                SeatState::Ended,
                Some("2027-06-15T12:00:00Z"),
                &other,
                Some(Extension::Reopen),
            ),
            (
                SeatState::Ended,
                Some("2027-05-16T12:00:00Z"),
                &own,
                Some(Extension::Anew),
            ),
        ] {
            let last = assignment(state, ended_at);
            assert_eq!(decide(&last, pool, at(NOW)), takes, "{state} {ended_at:?}");
        }
    }

    #[test]
    fn a_term_covers_what_is_left_of_the_time() {
        let open = assignment(SeatState::Assigned, None);
        let until = at("2028-01-01T00:00:00Z");
        assert!(covers(
            &pool(2, "2028-01-01T00:00:00Z"),
            &open,
            until,
            at(NOW)
        ));
        assert!(!covers(
            &pool(2, "2027-12-31T00:00:00Z"),
            &open,
            until,
            at(NOW)
        ));
        let later = Pool {
            term_start: at("2027-06-15T12:00:01Z"),
            ..pool(2, "2028-01-01T00:00:00Z")
        };
        assert!(!covers(&later, &open, until, at(NOW)));
        let closed = Pool {
            state: PoolState::Closed,
            ..pool(2, "2028-01-01T00:00:00Z")
        };
        assert!(!covers(&closed, &open, until, at(NOW)));
    }

    #[test]
    fn the_last_day_of_work_ends_it_sooner() {
        let catalog = Catalog {
            version: 1,
            zone: TimeZone::UTC,
            zone_name: "UTC".into(),
            policy: Policy::default(),
            products: Vec::new(),
            attributes: Vec::new(),
            pools: Vec::new(),
            tracks: Vec::new(),
            rules: Vec::new(),
            benchmarks: Vec::new(),
        };
        let intent = |terminated: Option<&str>| Intent {
            active: true,
            track: None,
            pool: None,
            start: None,
            end: None,
            hired: None,
            terminated: terminated.map(str::to_owned),
            employment: None,
            zone: None,
            pinned: Vec::new(),
        };
        let last = assignment(SeatState::Assigned, None);
        let until = at("2027-10-01T00:00:00Z");
        let window = |terminated| {
            let intent = intent(terminated);
            let window = window(&catalog, &intent, &last, Extension::Longer, until, at(NOW));
            (window.ends_at.to_string(), window.end_source)
        };
        let by_admin = ("2027-10-01T00:00:00Z".to_owned(), EndSource::Admin);
        assert_eq!(window(None), by_admin);
        assert_eq!(window(Some("2027-12-31")), by_admin);
        assert_eq!(
            window(Some("2027-08-31")),
            ("2027-09-01T00:00:00Z".to_owned(), EndSource::Hr)
        );
    }
}

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
    pool.live && pool.product == last.product && pool.term_start <= from && pool.term_end >= until
}

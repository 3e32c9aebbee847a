//! What tests of the rules share.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Assignment, EndSource, SeatState};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An assignment of 2027, to be changed as a test has it.
pub(crate) fn assignment(state: SeatState, ended_at: Option<&str>) -> Assignment {
    Assignment {
        id: Uuid::from_u128(9),
        member: Uuid::from_u128(8),
        product: Uuid::from_u128(1),
        track: Uuid::from_u128(7),
        pool: Uuid::from_u128(2),
        episode: 1,
        state,
        seat: None,
        waiting: None,
        priority_class: 100,
        starts_at: at("2027-02-01T00:00:00Z"),
        ends_at: at("2027-07-01T00:00:00Z"),
        end_source: EndSource::Idp,
        held: true,
        grace_until: None,
        ended_at: ended_at.map(at),
        end_reason: None,
        paused: None,
        rule: None,
        extended: None,
        kept_end: None,
        inputs: String::new(),
        created_at: at("2027-02-01T00:00:00Z"),
    }
}

//! What reports add up: each in one look at the database, over an index where there is one.

pub mod nudges;
pub mod people;
pub mod stock;
pub mod usage;

use jiff::Timestamp;

use super::engine::Dialect;

/// An instant as whole seconds since 1970.
fn seconds(dialect: Dialect, instant: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("({instant} / 1000)"),
        Dialect::Postgres => format!("cast(floor(extract(epoch from {instant})) as bigint)"),
    }
}

fn from_seconds(seconds: i64) -> Timestamp {
    // What the databases hold is within the calendar.
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

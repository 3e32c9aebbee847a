//! Dates as identity providers send them, and the instants they stand for (domain 4.5).
//!
//! A day begins at midnight of the tenant's time zone (the person's own if they have one). A first
//! day starts access at its beginning; a last day is inclusive, so access ends at the beginning of
//! the next.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A date attribute of the coaching extension, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A whole day.
    Day(Date),
    /// An exact instant.
    Instant(Timestamp),
}

/// Reads a day (`2027-05-31`), an RFC 3339 instant, or what clears a date: `none`, an empty text,
/// or any day of the year 9999, for identity providers that cannot send null.
///
/// # Errors
/// What is wrong with the text, in words for the client.
pub fn read(text: &str) -> Result<Option<When>, String> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("none") || text.starts_with("9999-") {
        return Ok(None);
    }
    // A lone date would also read as an instant's beginning, so length decides first.
    if text.len() == 10 {
        return text
            .parse()
            .map(|day| Some(When::Day(day)))
            .map_err(|_| wrong(text));
    }
    text.parse()
        .map(|instant| Some(When::Instant(instant)))
        .map_err(|_| wrong(text))
}

fn wrong(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("'{shown}' is neither a day (2027-05-31), an RFC 3339 instant, nor 'none'")
}

impl When {
    /// The instant at which access that starts then begins.
    pub fn start(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => midnight(day, zone),
            Self::Instant(at) => at,
        }
    }

    /// The instant at which access that ends then is over.
    pub fn end(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => day_after(day, zone),
            Self::Instant(at) => at,
        }
    }
}

/// The first instant of a day; where the clocks skip midnight, the first after it.
pub fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    // Only a day at the very edge of the calendar has no instant; it clamps.
    day.to_zoned_datetime(zone.clone())
        .map_or(Timestamp::MAX, |zoned| {
            zoned
                .start_of_day()
                .map_or_else(|_| zoned.timestamp(), |start| start.timestamp())
        })
}

/// The first instant after a day.
pub fn day_after(day: Date, zone: &TimeZone) -> Timestamp {
    day.tomorrow()
        .map_or(Timestamp::MAX, |next| midnight(next, zone))
}

/// The inclusive last day of access that ends (exclusively) at `end`.
pub fn last_day(end: Timestamp, zone: &TimeZone) -> Date {
    let last = end.checked_sub(1.nanosecond()).unwrap_or(end);
    last.to_zoned_datetime(zone.clone()).date()
}

/// The day an instant falls on.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned_datetime(zone.clone()).date()
}

/// `days` calendar days after `from`, at the same time of day.
pub fn days_after(from: Timestamp, days: i64, zone: &TimeZone) -> Timestamp {
    let span = jiff::Span::new().try_days(days);
    span.and_then(|span| from.to_zoned_datetime(zone.clone()).checked_add(span))
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
    }

    fn end_of(text: &str) -> String {
        read(text).unwrap().unwrap().end(&berlin()).to_string()
    }

    #[test]
    fn a_last_day_is_inclusive() {
        assert_eq!(end_of("2027-05-31"), "2027-05-31T22:00:00Z");
        assert_eq!(
            last_day("2027-05-31T22:00:00Z".parse().unwrap(), &berlin()).to_string(),
            "2027-05-31"
        );
    }

    #[test]
    fn an_instant_is_exact() {
        assert_eq!(end_of("2027-05-31T12:00:00+02:00"), "2027-05-31T10:00:00Z");
    }

    #[test]
    fn what_clears_a_date() {
        for text in ["", "none", "None", "9999-12-31", "9999-12-31T23:59:59Z"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "tomorrow",
            "2027-13-01",
            "2027-05-31 10:00",
            "31.05.2027",
            "2027-5-31",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_calendar_days_across_a_clock_change() {
        let before: Timestamp = "2027-03-27T10:00:00+01:00".parse().unwrap();
        assert_eq!(
            days_after(before, 1, &berlin()).to_string(),
            "2027-03-28T08:00:00Z"
        );
    }
}

//! How long requests take, counted by length, so that counts of any replica and any day add up.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::seats::named;

named! {
    /// What is measured of a connection's requests.
    Measure {
        /// From when a request arrived until it was answered.
        Request = "request",
        /// The same of those that took somebody's access away: by then it was gone.
        AccessCut = "access_cut",
    }
}

/// The longest that is counted in each bucket, in milliseconds. What took longer counts in the last.
const BOUNDS: [u64; 15] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
];

/// The bucket of a request that took so long.
pub fn bucket(took: Duration) -> i64 {
    let at = BOUNDS
        .iter()
        .position(|bound| took <= Duration::from_millis(*bound));
    i64::try_from(at.unwrap_or(BOUNDS.len() - 1)).unwrap_or_default()
}

/// The day of an instant, counted from 1970.
pub fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// How many requests were counted in each bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lengths(BTreeMap<i64, i64>);

impl Lengths {
    /// Counts `n` in a bucket.
    pub fn add(&mut self, bucket: i64, n: i64) {
        *self.0.entry(bucket).or_default() += n;
    }

    /// All that were counted.
    pub fn count(&self) -> i64 {
        self.0.values().sum()
    }

    /// What so many percent of them took at most, in milliseconds; none where there are none.
    pub fn percentile(&self, percent: i64) -> Option<u64> {
        let rank = (self.count() * percent).div_euclid(100).max(1);
        let mut seen = 0;
        let within = self.0.iter().find(|(_, n)| {
            seen += **n;
            seen >= rank
        });
        let at = usize::try_from(*within?.0).ok()?;
        BOUNDS.get(at).copied()
    }

    /// As operators see it.
    pub fn told(&self) -> Value {
        json!({
            "count": self.count(),
            "p50Ms": self.percentile(50),
            "p95Ms": self.percentile(95),
            "p99Ms": self.percentile(99),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_took_no_longer_than_its_bound() {
        for (micros, expected) in [
            (0, 0),
            (1_000, 0),
            (1_001, 1),
            (7_000, 3),
            (60_000_000, 14),
            (600_000_000, 14),
        ] {
            assert_eq!(bucket(Duration::from_micros(micros)), expected, "{micros}");
        }
    }

    #[test]
    fn a_percentile_is_what_so_many_took_at_most() {
        let mut lengths = Lengths::default();
        assert_eq!(lengths.percentile(50), None);
        lengths.add(0, 1);
        assert_eq!(lengths.percentile(50), Some(1));
        assert_eq!(lengths.percentile(99), Some(1));
        lengths.add(0, 89);
        lengths.add(6, 9);
        lengths.add(9, 1);
        assert_eq!(lengths.count(), 100);
        assert_eq!(lengths.percentile(50), Some(1));
        assert_eq!(lengths.percentile(95), Some(100));
        assert_eq!(lengths.percentile(99), Some(100));
        assert_eq!(lengths.percentile(100), Some(1_000));
    }
}

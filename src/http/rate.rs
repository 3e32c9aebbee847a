//! How often a tenant may ask: a bucket of tokens for each, in memory, so each replica allows the
//! whole rate. Time here is the machine's, not the clock that tests move: load is real.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::store::TenantId;

/// The limit of every tenant.
#[derive(Clone)]
pub(super) struct RateLimit {
    per_second: f64,
    buckets: Cache<TenantId, Arc<Mutex<Bucket>>>,
}

/// What is left of a tenant's requests. A full bucket allows a second's worth at once.
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    /// So many requests a second; 0 is no limit.
    pub(super) fn new(per_second: u32) -> Self {
        let buckets = Cache::builder()
            .max_capacity(100_000)
            // A bucket that was not touched for this long is full, as a new one is.
            .time_to_idle(Duration::from_mins(1))
            .build();
        Self {
            per_second: per_second.into(),
            buckets,
        }
    }

    /// Takes one request, or answers after how many seconds there is one again.
    pub(super) fn take(&self, tenant: TenantId) -> Result<(), u32> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let now = Instant::now();
        let full = || {
            Arc::new(Mutex::new(Bucket {
                left: self.per_second,
                at: now,
            }))
        };
        let bucket = self.buckets.get_with(tenant, full);
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(self.per_second, now)
    }
}

impl Bucket {
    fn take(&mut self, per_second: f64, now: Instant) -> Result<(), u32> {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * per_second).min(per_second);
        self.at = self.at.max(now);
        if self.left < 1.0 {
            // At one a second or more a token is there within a second.
            return Err(1);
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_so_many_requests_and_the_next_as_many_again() {
        let began = Instant::now();
        let mut bucket = Bucket {
            left: 3.0,
            at: began,
        };
        let mut allowed = |ms| {
            let now = began + Duration::from_millis(ms);
            (0..10).filter(|_| bucket.take(3.0, now).is_ok()).count()
        };
        assert_eq!(allowed(0), 3);
        assert_eq!(allowed(340), 1);
        assert_eq!(allowed(900), 1);
        assert_eq!(allowed(60_000), 3, "what is not used does not pile up");
    }
}

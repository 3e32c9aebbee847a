//! The time of day. Every rule takes it as a parameter; only `http` and `jobs` ask this clock, which
//! a test may move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

/// A clock that runs with the system's, ahead of it or behind it. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Hands>);

#[derive(Debug, Default)]
struct Hands {
    /// Milliseconds that this clock is ahead of the system's.
    ahead: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that reads `at` now and runs on from there.
    pub fn fixed_at(at: Timestamp) -> Self {
        let clock = Self::default();
        clock.set(at);
        clock
    }

    /// The time, in whole milliseconds: what the databases keep of it.
    pub fn now(&self) -> Timestamp {
        let ahead = self.0.ahead.load(Ordering::Relaxed);
        let at = Timestamp::now().as_millisecond().saturating_add(ahead);
        // Moved beyond the year 9999 it stands still.
        Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock to `at`, from where it runs on.
    pub fn set(&self, at: Timestamp) {
        let ahead = at.as_millisecond() - Timestamp::now().as_millisecond();
        self.0.ahead.store(ahead, Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Moves the clock on, or back.
    pub fn advance(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.ahead.fetch_add(by, Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Waits until somebody moves the clock: whoever sleeps until some time must look at it again.
    pub async fn moved(&self) {
        self.0.moved.notified().await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_begins_there_and_runs_on() {
        let at: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::fixed_at(at);
        let read = clock.now();
        assert!(read >= at && read < at + SignedDuration::from_secs(60));
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(clock.now() > read);
    }

    #[test]
    fn a_clone_is_the_same_clock() {
        let (clock, at) = (Clock::system(), "2001-02-03T04:05:06Z".parse().unwrap());
        clock.clone().set(at);
        clock.clone().advance(SignedDuration::from_hours(1));
        assert_eq!(clock.now().duration_since(at).as_hours(), 1);
    }

    #[test]
    fn the_time_has_no_part_finer_than_a_millisecond() {
        assert_eq!(Clock::system().now().subsec_nanosecond() % 1_000_000, 0);
    }

    #[tokio::test]
    async fn moving_wakes_who_waits() {
        let clock = Clock::system();
        let waiting = clock.moved();
        tokio::pin!(waiting);
        let early = tokio::time::timeout(std::time::Duration::from_millis(5), &mut waiting).await;
        assert!(early.is_err());
        clock.advance(SignedDuration::from_secs(1));
        waiting.await;
    }
}

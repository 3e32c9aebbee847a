//! Who has stalled (domain 4.8): in a status for longer than is usual. A flag over the status, which
//! is kept.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::seats::named;

named! {
    /// What keeps somebody who has stalled.
    Reason {
        /// The account is not activated.
        DelayedActivation = "delayed_activation",
        /// Onboarding is not finished.
        OnboardingIncomplete = "onboarding_incomplete",
        /// No session is booked.
        NoScheduledSession = "no_scheduled_session",
        /// A Reflection Point is not written.
        ReflectionIncomplete = "reflection_incomplete",
    }
}

named! {
    /// Where thresholds come from.
    Mode {
        /// The numbers set.
        Fixed = "fixed",
        /// What the tenant's own people took, where enough have.
        Benchmark = "benchmark",
    }
}

/// How many dwell times make a benchmark.
pub const ENOUGH: i64 = 30;

/// Days after which somebody in a status has stalled, each if it is set here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "each is the status of its name")]
pub struct Thresholds {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_onboarding: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_coaching: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reflection_assigned: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reflection_completed: Option<i64>,
}

/// What people of the tenant took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benchmark {
    /// How many dwell times it is made of.
    pub n: i64,
    /// Days that four of five stayed below.
    pub days: i64,
}

/// The threshold that holds for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Days.
    pub days: i64,
    /// The benchmark that it is, if it is one.
    pub benchmark: Option<Benchmark>,
}

impl Thresholds {
    /// For a status, if it is set.
    pub fn of(&self, stage: Stage) -> Option<i64> {
        match stage {
            Stage::Invited => self.invited,
            Stage::Activated => self.activated,
            Stage::CompletedOnboarding => self.completed_onboarding,
            Stage::StartedCoaching => self.started_coaching,
            Stage::ReflectionAssigned => self.reflection_assigned,
            Stage::ReflectionCompleted => self.reflection_completed,
        }
    }

    /// Sets or clears the one of a status.
    pub fn set(&mut self, stage: Stage, days: Option<i64>) {
        *match stage {
            Stage::Invited => &mut self.invited,
            Stage::Activated => &mut self.activated,
            Stage::CompletedOnboarding => &mut self.completed_onboarding,
            Stage::StartedCoaching => &mut self.started_coaching,
            Stage::ReflectionAssigned => &mut self.reflection_assigned,
            Stage::ReflectionCompleted => &mut self.reflection_completed,
        } = days;
    }

    /// What holds: the first of the track's, the tenant's and the default, unless a benchmark
    /// stands before all of them.
    pub fn resolve(
        track: &Self,
        tenant: &Self,
        stage: Stage,
        benchmark: Option<Benchmark>,
    ) -> Threshold {
        let fixed = track
            .of(stage)
            .or_else(|| tenant.of(stage))
            .unwrap_or(stage.default_days());
        Threshold {
            days: benchmark.map_or(fixed, |benchmark| benchmark.days),
            benchmark,
        }
    }
}

impl Benchmark {
    /// The place, from 1, of the dwell time that counts among `n` sorted ones: four of five are no
    /// longer.
    pub fn rank(n: i64) -> i64 {
        (n * 4 + 4) / 5
    }

    /// Of `n` dwell times, the one at [`Benchmark::rank`] being so many seconds: whole days, at
    /// least one. None where too few people left the status.
    pub fn of(n: i64, seconds: i64) -> Option<Self> {
        let day = 24 * 60 * 60;
        let whole = seconds.div_euclid(day) + i64::from(seconds.rem_euclid(day) > 0);
        (n >= ENOUGH).then_some(Self {
            n,
            days: whole.max(1),
        })
    }
}

impl Stage {
    /// Days where nobody has set any.
    pub fn default_days(self) -> i64 {
        match self {
            Self::Invited => 10,
            Self::Activated => 7,
            Self::CompletedOnboarding | Self::ReflectionAssigned => 14,
            Self::StartedCoaching | Self::ReflectionCompleted => 30,
        }
    }

    /// What keeps somebody who has stalled in it.
    pub fn reason(self) -> Reason {
        match self {
            Self::Invited => Reason::DelayedActivation,
            Self::Activated => Reason::OnboardingIncomplete,
            Self::CompletedOnboarding | Self::StartedCoaching | Self::ReflectionCompleted => {
                Reason::NoScheduledSession
            }
            Self::ReflectionAssigned => Reason::ReflectionIncomplete,
        }
    }
}

/// What the clock of a status has to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The status.
    pub stage: Stage,
    /// Since when the clock runs.
    pub clock_from: Option<Timestamp>,
    /// When the last session that is booked begins.
    pub last_scheduled_at: Option<Timestamp>,
    /// Whether a pause or leave has stopped the clock.
    pub stopped: bool,
}

impl Standing {
    /// The instant from which they have stalled unless something happens. A booked session puts it
    /// off where the reason is that none is.
    pub fn stalls_at(&self, days: i64) -> Option<Timestamp> {
        let from = self.clock_from.filter(|_| !self.stopped)?;
        let at = from
            .checked_add(SignedDuration::from_hours(days.saturating_mul(24)))
            .ok()?;
        let booked = self
            .last_scheduled_at
            .filter(|_| self.stage.reason() == Reason::NoScheduledSession);
        Some(booked.map_or(at, |booked| at.max(booked)))
    }
}

#[cfg(test)]
mod tests;

//! What may happen in a history.

use proptest::prelude::*;

const PEOPLE: usize = 7;
pub(super) const STEPS: std::ops::Range<usize> = 8..30;

/// One thing that happens. People and groups are numbers.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Create {
        who: usize,
        track: Option<&'static str>,
        pool: Option<&'static str>,
        starts_in: Option<i64>,
        ends_in: Option<i64>,
    },
    /// Comes back under the same worker identifier and another name.
    Rehire {
        who: usize,
        pool: Option<&'static str>,
    },
    Pool {
        who: usize,
        pool: Option<&'static str>,
    },
    Active {
        who: usize,
        active: bool,
    },
    EndDate {
        who: usize,
        ends_in: Option<i64>,
    },
    Track {
        who: usize,
        track: Option<&'static str>,
    },
    Title {
        who: usize,
        title: &'static str,
    },
    Delete {
        who: usize,
    },
    Join {
        who: usize,
    },
    Leave {
        who: usize,
    },
    End {
        who: usize,
    },
    Extend {
        who: usize,
        days: i64,
    },
    Pause {
        who: usize,
        hours: Option<i64>,
    },
    Resume {
        who: usize,
    },
    Transfer {
        who: usize,
        track: &'static str,
        pool: Option<&'static str>,
        wait: bool,
    },
    /// Pins a pool, or lifts that.
    Pin {
        who: usize,
        pool: Option<&'static str>,
        hours: Option<i64>,
    },
    /// An operator turns somebody on or off, against the identity provider.
    Turn {
        who: usize,
        on: bool,
    },
    Erase {
        who: usize,
    },
    Buy {
        pool: &'static str,
        seats: i64,
    },
    /// Seats held back.
    Reserve {
        pool: &'static str,
        seats: i64,
    },
    /// Opens or closes a pool.
    Open {
        pool: &'static str,
        open: bool,
    },
    /// What a pool falls back on.
    Fallback {
        pool: Option<&'static str>,
    },
    /// What the coaching platform tells.
    Tell {
        who: usize,
        kind: &'static str,
        hours_ago: i64,
    },
    Wait {
        hours: i64,
    },
}

const TOLD: [&str; 6] = [
    "account.activated",
    "onboarding.completed",
    "session.scheduled",
    "session.completed",
    "reflection.assigned",
    "reflection.completed",
];

impl Step {
    /// Whether it changes pools, and so places everybody anew.
    pub(super) fn is_about_pools(&self) -> bool {
        use Step::{Buy, Fallback, Open, Reserve};
        matches!(
            self,
            Buy { .. } | Reserve { .. } | Open { .. } | Fallback { .. }
        )
    }
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    let track = || prop::option::of(prop::sample::select(vec!["lead", "sales"]));
    let any_pool = || prop::sample::select(vec!["a", "b", "c", "d", "r"]);
    let pool = || prop::option::of(prop::sample::select(vec!["a", "a", "b", "c", "r"]));
    let days = || prop::option::of(prop::sample::select(vec![-2_i64, 1, 3, 10]));
    prop_oneof![
        8 => (who(), track(), pool(), prop::option::of(1..6_i64), days())
            .prop_map(|(who, track, pool, starts_in, ends_in)| Step::Create { who, track, pool, starts_in, ends_in }),
        3 => (who(), pool()).prop_map(|(who, pool)| Step::Rehire { who, pool }),
        3 => (who(), pool()).prop_map(|(who, pool)| Step::Pool { who, pool }),
        4 => (who(), any::<bool>()).prop_map(|(who, active)| Step::Active { who, active }),
        2 => (who(), days()).prop_map(|(who, ends_in)| Step::EndDate { who, ends_in }),
        2 => (who(), track()).prop_map(|(who, track)| Step::Track { who, track }),
        1 => (who(), prop::sample::select(vec!["a", "b"])).prop_map(|(who, title)| Step::Title { who, title }),
        2 => who().prop_map(|who| Step::Delete { who }),
        2 => who().prop_map(|who| Step::Join { who }),
        2 => who().prop_map(|who| Step::Leave { who }),
        2 => who().prop_map(|who| Step::End { who }),
        1 => (who(), 1..40_i64).prop_map(|(who, days)| Step::Extend { who, days }),
        2 => (who(), prop::option::of(20..60_i64)).prop_map(|(who, hours)| Step::Pause { who, hours }),
        1 => who().prop_map(|who| Step::Resume { who }),
        3 => (who(), prop::sample::select(vec!["lead", "sales"]), pool(), any::<bool>())
            .prop_map(|(who, track, pool, wait)| Step::Transfer { who, track, pool, wait }),
        2 => (who(), pool(), prop::option::of(20..60_i64))
            .prop_map(|(who, pool, hours)| Step::Pin { who, pool, hours }),
        2 => (who(), any::<bool>()).prop_map(|(who, on)| Step::Turn { who, on }),
        1 => who().prop_map(|who| Step::Erase { who }),
        1 => (any_pool(), 0..3_i64).prop_map(|(pool, seats)| Step::Buy { pool, seats }),
        1 => (any_pool(), 0..3_i64).prop_map(|(pool, seats)| Step::Reserve { pool, seats }),
        1 => (prop::sample::select(vec!["c", "d"]), any::<bool>()).prop_map(|(pool, open)| Step::Open { pool, open }),
        1 => prop::option::of(prop::sample::select(vec!["b", "c", "d"])).prop_map(|pool| Step::Fallback { pool }),
        3 => (who(), prop::sample::select(TOLD.to_vec()), 0..200_i64)
            .prop_map(|(who, kind, hours_ago)| Step::Tell { who, kind, hours_ago }),
        4 => prop::sample::select(vec![1_i64, 30, 80]).prop_map(|hours| Step::Wait { hours }),
    ]
}

//! Drawing histories at random.

use proptest::prelude::*;
use proptest::strategy::Union;

use super::step::{Planned, Step};

const PEOPLE: usize = 6;
const STEPS: std::ops::Range<usize> = 8..26;
/// How many come before anything else happens, so that it happens to somebody.
const FIRST: std::ops::Range<usize> = 3..7;

const TOLD: [&str; 6] = [
    "account.activated",
    "onboarding.completed",
    "session.scheduled",
    "session.completed",
    "reflection.assigned",
    "reflection.completed",
];

pub(super) fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = Union::new_weighted([idp(), operator(), files(), plans(), rules(), time()].concat());
    let first = prop::collection::vec(create(), FIRST);
    let guard = prop::option::weighted(0.4, (1..3_i64).prop_map(|most| Step::Guard { most }));
    let guard = guard.prop_map(|guard| guard.into_iter().collect());
    let rest = prop::collection::vec(step, STEPS);
    (first, guard, rest).prop_map(|(first, guard, rest)| [first, guard, rest].concat())
}

type Weighted = Vec<(u32, BoxedStrategy<Step>)>;

fn who() -> std::ops::Range<usize> {
    0..PEOPLE
}

fn track() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["lead", "sales"])
}

/// A pool that is named: mostly one that may be full.
fn pool() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec!["a", "a", "b", "c", "r"]))
}

fn any_pool() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d", "r"])
}

/// A day, as a number of days from now.
fn day() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(prop::sample::select(vec![-2_i64, 1, 3, 10]))
}

fn hours() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(20..60_i64)
}

fn create() -> impl Strategy<Value = Step> {
    let dates = (prop::option::of(1..6_i64), day());
    (who(), prop::option::of(track()), pool(), dates).prop_map(
        |(who, track, pool, (starts_in, ends_in))| Step::Create {
            who,
            track,
            pool,
            // Who begins at once is who much can happen to.
            starts_in: starts_in.filter(|days| *days < 3),
            ends_in: ends_in.filter(|days| *days > 0 || who == 0),
        },
    )
}

fn idp() -> Weighted {
    vec![
        (12, create().boxed()),
        (
            6,
            (who(), pool())
                .prop_map(|(who, pool)| Step::Rehire { who, pool })
                .boxed(),
        ),
        (3, who().prop_map(|who| Step::Stranger { who }).boxed()),
        (
            3,
            (who(), prop::option::of(track()), pool(), any::<bool>())
                .prop_map(|(who, track, pool, active)| Step::Put {
                    who,
                    track,
                    pool,
                    active,
                })
                .boxed(),
        ),
        (
            6,
            (who(), pool())
                .prop_map(|(who, pool)| Step::Pool { who, pool })
                .boxed(),
        ),
        (
            8,
            (who(), any::<bool>())
                .prop_map(|(who, active)| Step::Active { who, active })
                .boxed(),
        ),
        (
            4,
            (who(), day())
                .prop_map(|(who, ends_in)| Step::EndDate { who, ends_in })
                .boxed(),
        ),
        (
            4,
            (who(), prop::option::of(track()))
                .prop_map(|(who, track)| Step::Track { who, track })
                .boxed(),
        ),
        (
            2,
            (who(), prop::sample::select(vec!["a", "b"]))
                .prop_map(|(who, title)| Step::Title { who, title })
                .boxed(),
        ),
        (
            3,
            (
                who(),
                prop::sample::select(vec!["leave", "active", "terminated"]),
            )
                .prop_map(|(who, status)| Step::Employ { who, status })
                .boxed(),
        ),
        (
            2,
            (who(), day())
                .prop_map(|(who, ends_in)| Step::Terminate { who, ends_in })
                .boxed(),
        ),
        (5, who().prop_map(|who| Step::Delete { who }).boxed()),
        (
            4,
            (who(), who(), who())
                .prop_map(|(one, two, three)| Step::Cut {
                    who: [one, two, three],
                })
                .boxed(),
        ),
        (4, who().prop_map(|who| Step::Join { who }).boxed()),
        (4, who().prop_map(|who| Step::Leave { who }).boxed()),
    ]
}

fn operator() -> Weighted {
    vec![
        (4, who().prop_map(|who| Step::End { who }).boxed()),
        (
            4,
            (who(), prop::sample::select(vec![5_i64, 30, 600]), pool())
                .prop_map(|(who, days, pool)| Step::Extend { who, days, pool })
                .boxed(),
        ),
        (
            4,
            (who(), hours())
                .prop_map(|(who, hours)| Step::Pause { who, hours })
                .boxed(),
        ),
        (2, who().prop_map(|who| Step::Resume { who }).boxed()),
        (
            6,
            (who(), track(), pool(), any::<bool>())
                .prop_map(|(who, track, pool, wait)| Step::Transfer {
                    who,
                    track,
                    pool,
                    wait,
                })
                .boxed(),
        ),
        (
            4,
            (who(), pool(), hours())
                .prop_map(|(who, pool, hours)| Step::Pin { who, pool, hours })
                .boxed(),
        ),
        (
            4,
            (who(), any::<bool>())
                .prop_map(|(who, on)| Step::Turn { who, on })
                .boxed(),
        ),
        (2, who().prop_map(|who| Step::Erase { who }).boxed()),
        (
            4,
            any::<bool>().prop_map(|same| Step::Review { same }).boxed(),
        ),
        (
            2,
            (who(), any::<bool>())
                .prop_map(|(who, keeps)| Step::Ask { who, keeps })
                .boxed(),
        ),
        (
            2,
            (who(), prop::sample::select(vec![1_i64, 100, 500]))
                .prop_map(|(place, class)| Step::Prioritise { place, class })
                .boxed(),
        ),
        (1, Just(Step::Promote).boxed()),
    ]
}

fn files() -> Weighted {
    vec![
        (
            4,
            (who(), pool(), hours())
                .prop_map(|(who, pool, hours)| Step::Invite { who, pool, hours })
                .boxed(),
        ),
        (1, Just(Step::CallOff).boxed()),
        (1, Just(Step::Resend).boxed()),
        (
            5,
            (who(), prop::option::of(track()), pool(), day())
                .prop_map(|(who, track, pool, ends_in)| Step::Import {
                    who,
                    track,
                    pool,
                    ends_in,
                })
                .boxed(),
        ),
        (
            2,
            (who(), day())
                .prop_map(|(who, ends_in)| Step::Leaver { who, ends_in })
                .boxed(),
        ),
    ]
}

fn plans() -> Weighted {
    use Planned::{End, Erase, Extend, Reclaim, Transfer};
    vec![
        (
            6,
            (
                prop::sample::select(vec![End, Extend, Transfer, Transfer, Reclaim, Erase]),
                (who(), who()),
            )
                .prop_map(|(what, who)| Step::Plan { what, who })
                .boxed(),
        ),
        (
            2,
            (track(), pool())
                .prop_map(|(track, pool)| Step::PlanRule { track, pool })
                .boxed(),
        ),
        (3, Just(Step::Approve).boxed()),
        (8, Just(Step::Apply).boxed()),
        (1, Just(Step::Reject).boxed()),
    ]
}

fn rules() -> Weighted {
    vec![
        (
            2,
            (track(), pool())
                .prop_map(|(track, pool)| Step::Rule { track, pool })
                .boxed(),
        ),
        (
            3,
            (any_pool(), 0..3_i64)
                .prop_map(|(pool, seats)| Step::Buy { pool, seats })
                .boxed(),
        ),
        (
            2,
            (any_pool(), 0..3_i64)
                .prop_map(|(pool, seats)| Step::Reserve { pool, seats })
                .boxed(),
        ),
        (
            2,
            (prop::sample::select(vec!["c", "d"]), any::<bool>())
                .prop_map(|(pool, open)| Step::Open { pool, open })
                .boxed(),
        ),
        (
            2,
            prop::option::of(prop::sample::select(vec!["b", "c", "d"]))
                .prop_map(|pool| Step::Fallback { pool })
                .boxed(),
        ),
        (
            3,
            (any_pool(), prop::sample::select(vec![-1_i64, 2, 20, 400]))
                .prop_map(|(pool, ends_in)| Step::Term { pool, ends_in })
                .boxed(),
        ),
        (
            2,
            prop::sample::select(vec![1_i64, 2, 100])
                .prop_map(|most| Step::Guard { most })
                .boxed(),
        ),
        (
            4,
            any::<bool>()
                .prop_map(|restore| Step::Decide { restore })
                .boxed(),
        ),
    ]
}

fn time() -> Weighted {
    vec![
        (
            6,
            (who(), prop::sample::select(TOLD.to_vec()), 0..200_i64)
                .prop_map(|(who, kind, hours_ago)| Step::Tell {
                    who,
                    kind,
                    hours_ago,
                })
                .boxed(),
        ),
        (
            10,
            prop::sample::select(vec![1_i64, 30, 80])
                .prop_map(|hours| Step::Wait { hours })
                .boxed(),
        ),
    ]
}

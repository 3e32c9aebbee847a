//! Histories that once broke an invariant, cut down to what it took.

use super::histories::stage;
use super::step::Step::{self, Active, Create, EndDate, Pool, Term, Wait};
use super::world::World;
use crate::common::Engine;

both_engines_alone!(
    a_seat_in_grace_goes_to_who_waits,
    a_seat_kept_while_another_is_waited_for_ends_with_its_pools_term,
    a_seat_kept_while_another_is_waited_for_ends_when_it_is_wanted_to,
);

async fn holds(engine: Engine, steps: &[Step]) {
    let stage = stage(engine).await;
    World::new(&stage).await.live(steps).await;
}

async fn a_seat_in_grace_goes_to_who_waits(engine: Engine) {
    let create = |who| Create {
        who,
        track: None,
        pool: Some("c"),
        starts_in: None,
        ends_in: None,
    };
    holds(
        engine,
        &[
            create(0),
            create(1),
            Active {
                who: 0,
                active: false,
            },
            Wait { hours: 80 },
            Wait { hours: 80 },
        ],
    )
    .await;
}

async fn a_seat_kept_while_another_is_waited_for_ends_with_its_pools_term(engine: Engine) {
    let create = |who, pool| Create {
        who,
        track: None,
        pool,
        starts_in: None,
        ends_in: None,
    };
    holds(
        engine,
        &[
            // The second wants a, which is full, and has a seat of c, on which it falls back.
            create(0, Some("a")),
            create(1, Some("a")),
            Term {
                pool: "c",
                ends_in: -1,
            },
            Wait { hours: 30 },
        ],
    )
    .await;
}

async fn a_seat_kept_while_another_is_waited_for_ends_when_it_is_wanted_to(engine: Engine) {
    let create = |who, pool| Create {
        who,
        track: None,
        pool: Some(pool),
        starts_in: None,
        ends_in: None,
    };
    holds(
        engine,
        &[
            create(0, "c"),
            create(1, "r"),
            Pool {
                who: 0,
                pool: Some("r"),
            },
            EndDate {
                who: 0,
                ends_in: Some(3),
            },
            Wait { hours: 30 },
            EndDate {
                who: 0,
                ends_in: Some(1),
            },
            EndDate {
                who: 0,
                ends_in: None,
            },
        ],
    )
    .await;
}

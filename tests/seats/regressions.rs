//! Histories that once broke an invariant, cut down to what it took.

use super::histories::stage;
use super::step::Step::{self, Active, Create, Wait};
use super::world::World;
use crate::common::Engine;

both_engines_alone!(a_seat_in_grace_goes_to_who_waits);

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

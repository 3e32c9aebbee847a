//! Histories that are told and not drawn: ways that chance seldom goes to their end.

#![allow(
    clippy::enum_glob_use,
    reason = "histories are pasted as they are printed"
)]

use super::histories::stage;
use super::step::Planned::*;
use super::step::Step::{self, *};
use super::world::World;
use crate::common::Engine;

both_engines_alone!(
    breakers_trip_and_are_decided,
    plans_are_approved_and_applied,
    invitations_wait_and_people_come_back,
);

async fn tell(engine: Engine, histories: &[Vec<Step>]) {
    let stage = stage(engine).await;
    for history in histories {
        World::new(&stage).await.live(history).await;
    }
    println!("done of what was tried: {}", stage.tried());
}

/// Six who want what there is, of whom some wait.
fn six() -> Vec<Step> {
    let pools = [Some("c"), Some("a"), Some("a"), Some("b"), None, Some("b")];
    let create = |(who, pool)| Create {
        who,
        track: None,
        pool,
        starts_in: None,
        ends_in: None,
    };
    pools.into_iter().enumerate().map(create).collect()
}

fn after_six(steps: &[Step]) -> Vec<Step> {
    [six(), steps.to_vec()].concat()
}

async fn breakers_trip_and_are_decided(engine: Engine) {
    let cut = [
        Guard { most: 1 },
        Cut { who: [0, 1, 3] },
        Delete { who: 4 },
        Wait { hours: 80 },
    ];
    let rehire = [
        Rehire { who: 1, pool: None },
        Buy {
            pool: "b",
            seats: 2,
        },
    ];
    let wait = [Wait { hours: 80 }, Wait { hours: 1 }];
    let decided = |restore| [&cut[..], &[Decide { restore }], &wait[..]].concat();
    let late = [
        &cut[..],
        &rehire[..],
        &[Decide { restore: true }],
        &wait[..],
    ];
    tell(
        engine,
        &[
            after_six(&decided(true)),
            after_six(&decided(false)),
            after_six(&late.concat()),
        ],
    )
    .await;
}

async fn plans_are_approved_and_applied(engine: Engine) {
    let through = |what, who| vec![Plan { what, who }, Approve, Apply, Wait { hours: 1 }];
    let stale = [
        Plan {
            what: Ending,
            who: (0, 1),
        },
        Delete { who: 0 },
        Approve,
        Apply,
        Plan {
            what: Ending,
            who: (2, 3),
        },
        Reject,
        Apply,
        PlanRule {
            track: "lead",
            pool: Some("c"),
        },
        Join { who: 5 },
        Join { who: 3 },
        PlanRule {
            track: "lead",
            pool: Some("c"),
        },
        Approve,
        Apply,
        Plan {
            what: Ending,
            who: (2, 3),
        },
        Wait { hours: 80 },
        Apply,
    ];
    let mut histories: Vec<_> = [Ending, Extending, Moving, Erasing]
        .map(|what| after_six(&through(what, (0, 3))))
        .into();
    histories.push(after_six(&stale));
    tell(engine, &histories).await;
}

async fn invitations_wait_and_people_come_back(engine: Engine) {
    let invited = [
        Invite {
            who: 0,
            pool: Some("a"),
            hours: Some(30),
        },
        Invite {
            who: 1,
            pool: Some("a"),
            hours: Some(30),
        },
        Invite {
            who: 2,
            pool: None,
            hours: None,
        },
        CallOff,
        Wait { hours: 30 },
        Wait { hours: 1 },
        Resend,
        Ask {
            who: 2,
            keeps: true,
        },
        Ask {
            who: 0,
            keeps: false,
        },
        Extend {
            who: 0,
            days: 30,
            pool: None,
        },
    ];
    let met = [
        Stranger { who: 0 },
        Review { same: true },
        Active {
            who: 3,
            active: false,
        },
        Wait { hours: 80 },
        Stranger { who: 3 },
        Review { same: false },
        Rehire {
            who: 1,
            pool: Some("c"),
        },
        Prioritise { place: 0, class: 1 },
        Extend {
            who: 1,
            days: 600,
            pool: None,
        },
        Extend {
            who: 1,
            days: 30,
            pool: None,
        },
    ];
    tell(engine, &[invited.to_vec(), after_six(&met)]).await;
}

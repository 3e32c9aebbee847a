//! However many are removed at the same moment, the breaker trips at the limit and no more seats are
//! given up than it allows.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Barrier;

use crate::common::{COACHING, Engine};
use crate::office::Office;

both_engines_alone!(
    seats_of_several_pools_given_up_at_once_count_together,
    deactivations_at_the_same_moment_see_each_other,
    a_share_of_the_people_is_exact_however_they_are_counted,
);

const POOLS: usize = 8;
const EACH: usize = 5;

/// An office in which so many may be removed, with a pool for each eighth person: those who give up
/// seats of one pool wait for each other anyway.
async fn office(office: &Office, absolute: usize, percent: usize, people: usize) -> Vec<String> {
    let policy = json!({"breakerAbsolute": absolute, "breakerPercent": percent});
    office.change("/policy", policy).await;
    for n in 0..POOLS {
        office.pool(&format!("pool{n}"), 20, json!({})).await;
    }
    let mut ids = Vec::new();
    for n in 0..people {
        let rest = json!({COACHING: {"pool": format!("pool{}", n % POOLS)}});
        ids.push(office.hire(&format!("p{n}"), rest).await);
    }
    ids
}

/// Does it to all at the same moment.
async fn at_once(office: &Office, ids: Vec<String>, delete: bool) {
    let start = Arc::new(Barrier::new(ids.len()));
    let mut racing = Vec::new();
    for id in ids {
        let (scim, start) = (office.tenant.scim(), Arc::clone(&start));
        racing.push(tokio::spawn(async move {
            let path = format!("/Users/{id}");
            start.wait().await;
            if delete {
                scim.delete(&path).await.status(204);
            } else {
                let off = json!([{"op": "replace", "path": "active", "value": false}]);
                scim.patch(&path, off).await.status(200);
            }
        }));
    }
    for racer in racing {
        racer.await.unwrap();
    }
}

/// How many seats of all pools are free.
async fn free_seats(office: &Office) -> usize {
    let mut free = 0;
    for n in 0..POOLS {
        let figures = office.figures(&format!("pool{n}")).await;
        free += figures.number("/available");
    }
    free
}

async fn seats_of_several_pools_given_up_at_once_count_together(engine: Engine) {
    let (_server, of) = Office::alone(engine, 0).await;
    let ids = office(&of, 5, 0, POOLS * EACH).await;
    let before = free_seats(&of).await;
    at_once(&of, ids, true).await;
    assert_eq!(free_seats(&of).await - before, 5);
    let seen = of.owner.get("/connections").await.status(200);
    seen.holds("/items/0/breaker/state", "tripped")
        .holds("/items/0/breaker/held", POOLS * EACH - 5);
    of.books_balance().await;
}

async fn deactivations_at_the_same_moment_see_each_other(engine: Engine) {
    let (_server, of) = Office::alone(engine, 0).await;
    let ids = office(&of, 11, 0, 12).await;
    at_once(&of, ids, false).await;
    let seen = of.owner.get("/connections").await.status(200);
    // The last of them is one too many, whoever that is.
    seen.holds("/items/0/breaker/state", "tripped")
        .holds("/items/0/breaker/removals", 12);
    of.books_balance().await;
}

async fn a_share_of_the_people_is_exact_however_they_are_counted(engine: Engine) {
    let (_server, of) = Office::alone(engine, 0).await;
    let ids = office(&of, 1, 20, 60).await;
    let before = free_seats(&of).await;
    at_once(&of, ids, true).await;
    // Twelve are a fifth of sixty.
    assert_eq!(free_seats(&of).await - before, 12);
    let seen = of.owner.get("/connections").await.status(200);
    seen.holds("/items/0/breaker/threshold", 12)
        .holds("/items/0/breaker/removals", 13)
        .holds("/items/0/breaker/held", 48);
    of.books_balance().await;
}

//! Random histories of what identity providers, operators and the clock do, with the invariants
//! checked after every step. A history that fails is cut down before it is shown.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use seatkeeper::clock::Clock;

use super::step::{STEPS, Step, step};
use super::world::World;
use crate::common::{Engine, Server};

both_engines_alone!(random_histories_keep_the_invariants);

async fn random_histories_keep_the_invariants(engine: Engine) {
    let server = Server::start(
        engine,
        Clock::fixed_at("2026-03-01T09:00:00Z".parse().unwrap()),
    )
    .await;
    let server = std::sync::Arc::new(server);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let histories = prop::collection::vec(step(), STEPS);
    let count = std::env::var("SEATKEEPER_TEST_HISTORIES")
        .ok()
        .and_then(|n| n.parse().ok());
    for _ in 0..count.unwrap_or(8) {
        let mut tree = histories.new_tree(&mut runner).unwrap();
        if lived(&server, tree.current()).await {
            continue;
        }
        let mut smallest = tree.current();
        for _ in 0..30 {
            if !tree.simplify() {
                break;
            }
            while !lived(&server, tree.current()).await {
                smallest = tree.current();
                if !tree.simplify() {
                    break;
                }
            }
            if !tree.complicate() {
                break;
            }
        }
        panic!("this history breaks an invariant (see above): {smallest:#?}");
    }
}

/// The same histories in every run, unless `SEATKEEPER_TEST_SEED` is another number or `random`:
/// whoever looks for new ones says so, and sees which they were.
fn seed() -> [u8; 32] {
    let number = match std::env::var("SEATKEEPER_TEST_SEED").as_deref() {
        Ok("random") => Timestamp::now().as_nanosecond(),
        Ok(number) => number
            .parse()
            .expect("SEATKEEPER_TEST_SEED is a number or `random`"),
        Err(_) => 1,
    };
    println!("SEATKEEPER_TEST_SEED={number}");
    let mut seed = [7; 32];
    seed[..16].copy_from_slice(&number.to_le_bytes());
    seed
}

/// Lets a history happen to a new tenant; answers whether every invariant held.
async fn lived(server: &std::sync::Arc<Server>, steps: Vec<Step>) -> bool {
    let server = std::sync::Arc::clone(server);
    tokio::spawn(async move { World::new(&server).await.live(&steps).await })
        .await
        .is_ok()
}

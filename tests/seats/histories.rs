//! Random histories of what identity providers, operators, files and the clock do, with the
//! invariants checked after every step. A history that fails is cut down before it is shown.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use seatkeeper::clock::Clock;
use tokio::runtime::Handle;

use super::books::Books;
use super::draw;
use super::operator::PUBLIC_URL;
use super::step::Step;
use super::world::{Stage, World};
use crate::common::{Engine, Server};

both_engines_alone!(random_histories_keep_the_invariants);

/// Histories in a run, unless `SEATKEEPER_TEST_HISTORIES` says otherwise.
const HISTORIES: usize = 4;
/// How many shorter histories are tried in place of one that fails.
const TRIES: usize = 60;

async fn random_histories_keep_the_invariants(engine: Engine) {
    let stage = stage(engine).await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let count = std::env::var("SEATKEEPER_TEST_HISTORIES")
        .ok()
        .and_then(|n| n.parse().ok());
    for _ in 0..count.unwrap_or(HISTORIES) {
        let mut tree = draw::history().new_tree(&mut runner).unwrap();
        if lived(&stage, &tree.current()) {
            continue;
        }
        println!("fails, and is now cut down:\n{}", written(&tree.current()));
        let mut smallest = tree.current();
        let mut tries = 0;
        let mut is_simpler = tree.simplify();
        while is_simpler && tries < TRIES {
            tries += 1;
            is_simpler = if lived(&stage, &tree.current()) {
                tree.complicate()
            } else {
                smallest = tree.current();
                tree.simplify()
            };
        }
        panic!(
            "this history breaks an invariant (see above); mended, it belongs in \
             tests/seats/regressions.rs:\n{}",
            written(&smallest)
        );
    }
    println!("done of what was tried: {}", stage.tried());
}

/// A server, and what the histories on it share.
pub(super) async fn stage(engine: Engine) -> Stage {
    let clock = Clock::fixed_at("2026-03-01T09:00:00Z".parse().unwrap());
    let set = |config: &mut seatkeeper::config::Config| {
        config.public_url = Some(PUBLIC_URL.to_owned());
    };
    let server = Server::start_with(engine, clock, set).await;
    let books = Books::open(engine, &server.database_url).await;
    Stage::new(server, books)
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
fn lived(stage: &Stage, steps: &[Step]) -> bool {
    let live = || Handle::current().block_on(async { World::new(stage).await.live(steps).await });
    tokio::task::block_in_place(|| catch_unwind(AssertUnwindSafe(live)).is_ok())
}

/// A history as it is written in `regressions`.
fn written(steps: &[Step]) -> String {
    let mut text = "[\n".to_owned();
    for step in steps {
        let _ = writeln!(text, "    {step:?},");
    }
    text + "]"
}

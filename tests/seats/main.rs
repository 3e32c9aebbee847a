//! Seats under random histories and under races: what must hold at every instant (domain rules 4.4).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and tells its story in one piece"
)]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod acts;
mod histories;
mod invariants;
mod late;
mod race;
mod step;
mod world;

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

mod books;
mod draw;
mod facts;
mod files;
mod histories;
mod idp;
mod invariants;
mod isolation;
mod late;
mod operator;
mod plans;
mod race;
mod race_of_verbs;
mod regressions;
mod rules;
mod step;
mod trail;
mod waiting;
mod world;

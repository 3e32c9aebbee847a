//! The admin API as operators use it: people and their seats, what is bought and decided, and the
//! record of it all.
//!
//! One file a theme, each test named after what an operator would notice. `cargo test --test admin
//! end::` runs one theme.

#![allow(unreachable_pub, reason = "modules of a test binary, not of a library")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;
mod office;

mod away_and_back;
mod connections;
mod domains;
mod end;
mod engaged;
mod errors;
mod events;
mod expiry;
mod extend;
mod formats;
mod history;
mod imports;
mod isolation;
mod journey;
mod ledger;
mod lines;
mod mappings;
mod member;
mod members;
mod placement;
mod policy;
mod pools;
mod reconciliations;
mod roles;
mod stalled;
mod stock;
mod tracks;
mod waitlist;

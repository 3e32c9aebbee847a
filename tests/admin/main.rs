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

mod applying;
mod as_of;
mod away_and_back;
mod breaker;
mod connections;
mod domains;
mod effects;
mod end;
mod engaged;
mod erase;
mod errors;
mod events;
mod expiry;
mod explain;
mod exports;
mod extend;
mod formats;
mod history;
mod identity;
mod imports;
mod invitations;
mod isolation;
mod journey;
mod ledger;
mod lines;
mod mappings;
mod matrix;
mod member;
mod members;
mod nudges;
mod offboarding;
mod openapi;
mod pause;
mod pin;
mod placement;
mod plans;
mod policy;
mod pools;
mod reclaim;
mod reconciliations;
mod rehire;
mod reports;
mod roles;
mod simulate;
mod stalled;
mod stock;
mod tracks;
mod transfer;
mod waitlist;
mod webhooks;

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
mod attributes;
mod authorities;
mod away_and_back;
mod breaker;
mod breaker_race;
mod checkpoints;
mod connections;
mod domains;
mod effects;
mod end;
mod engaged;
mod erase;
mod erasing;
mod errors;
mod events;
mod expiry;
mod explain;
mod exports;
mod extend;
mod file_groups;
mod file_leavers;
mod file_rows;
mod formats;
mod history;
mod idempotency;
mod identity;
mod importing;
mod imports;
mod invitations;
mod isolation;
mod journey;
mod keeping;
mod kept_end;
mod ledger;
mod licensed;
mod lines;
mod list_order;
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
mod reconciling;
mod rehire;
mod relink;
mod remapping;
mod reports;
mod reverting;
mod roles;
mod rows;
mod signals;
mod simulate;
mod stalled;
mod stock;
mod tracks;
mod transfer;
mod transferring;
mod waitlist;
mod webhooks;

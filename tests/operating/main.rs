//! Running it: the command line, the demo, crashes, replicas.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and tells its story in one piece"
)]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod commands;
mod copies;
mod crashes;
mod demo;
mod imports;
mod ledger;
mod planned_files;
mod plans;
mod process;
mod replicas;
mod webhooks;

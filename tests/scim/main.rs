//! SCIM 2.0 as a client sees it: RFC 7643, RFC 7644, RFC 9865, and what identity providers send.
//!
//! One file a theme, each test named after the sentence it checks. One binary for all of them, so
//! that the server is linked and started once: `cargo test --test scim patch::` runs one theme.

#![allow(unreachable_pub, reason = "modules of a test binary, not of a library")]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[macro_use]
#[path = "../common/mod.rs"]
mod common;

mod bulk;
mod coaching;
mod create;
mod cursor;
mod delete;
mod discovery;
mod errors;
mod etag;
mod filter;
mod filter_errors;
mod filter_literals;
mod group_membership;
mod groups;
mod hostile;
mod paging;
mod patch;
mod patch_add;
mod patch_remove;
mod patch_replace;
mod quirks;
mod read;
mod replace;
mod search;
mod sort;

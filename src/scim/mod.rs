//! The SCIM protocol (RFC 7643, RFC 7644), pure and synchronous.
//!
//! Nothing here knows HTTP, SQL, a clock or a seat, and nothing here panics on input. What a
//! resource type looks like is data (`scim-schemas/*.json`); the code knows the rules, not the
//! attributes.
//!
//! A write travels `quirks` (what identity providers send becomes what the RFC says) → `patch` or
//! `validate` → the resource that is stored. A read travels `filter` (text) → `predicate` (typed)
//! → `matches` or SQL, both over the `comparable` form → `project` (what is shown).

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )
)]

pub mod comparable;
pub mod custom;
pub mod error;
pub mod filter;
pub mod matches;
pub mod members;
pub mod patch;
pub mod predicate;
pub mod project;
pub mod quirks;
pub mod schema;
pub mod validate;

mod value;

/// A JSON object that keeps the order of its keys.
pub type Object = serde_json::Map<String, serde_json::Value>;

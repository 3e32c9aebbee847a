//! SCIM over HTTP (RFC 7644 3): what goes in, what comes out, one file a kind of endpoint.

pub(super) mod bulk;
pub(super) mod discovery;
pub(super) mod me;
pub(super) mod resource;
pub(super) mod search;

mod base;
mod body;
mod kind;
mod parameters;
mod precondition;
mod reply;

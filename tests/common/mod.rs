//! What the black-box tests share: a server on either engine, a tenant for each test, and a client
//! that holds every reply against the rules which all replies must keep.

#![allow(
    dead_code,
    unused_macros,
    reason = "each test binary uses its own part"
)]
#![allow(
    unreachable_pub,
    reason = "a module of a test binary, not of a library"
)]
#![allow(clippy::needless_pass_by_value, reason = "bodies are written in place")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

pub mod client;
pub mod database;
pub mod described;
pub mod receiver;
pub mod reply;
mod rules;
pub mod server;
pub mod tenant;

#[allow(unused_imports, reason = "each test binary uses its own part")]
pub use {
    client::Client,
    database::Engine,
    reply::Reply,
    server::{Server, run, run_alone},
    tenant::Tenant,
};

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const COACHING: &str = "urn:ietf:params:scim:schemas:extension:coaching:2.0:User";
pub const CUSTOM: &str = "urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User";
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
pub const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
pub const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// An id of the right shape that no server ever made.
pub const NOBODY: &str = "00000000-0000-4000-8000-00000000dead";

/// Makes two tests of each `async fn name(t: Tenant)`: `sqlite::name` and `postgres::name`.
/// A list and not a wrapper, so that rustfmt reaches the functions; one that is left out of the
/// list is dead code, which the lints refuse.
macro_rules! both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { $crate::common::run($crate::common::Engine::Sqlite, super::$test); })+
        }
        mod postgres {
            $(#[test] fn $test() { $crate::common::run($crate::common::Engine::Postgres, super::$test); })+
        }
    };
}

/// The same for each `async fn name(engine: Engine)`, which starts a server of its own: for tests
/// that move the clock, change a setting or restart.
macro_rules! both_engines_alone {
    ($($test:ident),+ $(,)?) => {
        mod sqlite_alone {
            $(#[test] fn $test() { $crate::common::run_alone($crate::common::Engine::Sqlite, super::$test); })+
        }
        mod postgres_alone {
            $(#[test] fn $test() { $crate::common::run_alone($crate::common::Engine::Postgres, super::$test); })+
        }
    };
}

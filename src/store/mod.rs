//! The database. One set of statements serves SQLite and PostgreSQL (`engine`); one file a family
//! of tables. Whatever reads or writes a tenant's rows goes through a [`Session`] or a [`Tx`],
//! which know their tenant and put it into every statement: none can be written without it.

mod attempt;
mod checkpoint;
mod close;
mod engine;
mod pool;
mod session;
mod statistics;
mod writer;

pub mod backup;
pub mod batch;
pub mod benchmarks;
pub mod breaker;
pub mod catalog;
pub mod credentials;
pub mod custom;
pub mod deliveries;
pub mod domains;
pub mod engagement;
pub mod event_list;
pub mod exclusions;
pub mod exports;
pub mod figures;
pub mod filter_sql;
pub mod groups;
pub mod idempotency;
pub mod import_plans;
pub mod imports;
pub mod invitations;
pub mod latency;
pub mod ledger;
pub mod lists;
pub mod member_list;
pub mod members;
pub mod nudges;
pub mod operations;
pub mod overrides;
pub mod owners;
pub mod plans;
pub mod questions;
pub mod reconciliations;
pub mod rehire;
pub mod reports;
pub mod retention;
pub mod rules;
pub mod seats;
pub mod sessions;
pub mod signals;
pub mod tenants;
pub mod traces;
pub mod users;
pub mod waitlist;
pub mod webhooks;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use uuid::Uuid;

pub(crate) use attempt::transact;
pub use attempt::{AsStoreError, Attempt};
pub use pool::{Options, Store};
pub use session::{Session, Tx};

/// A tenant's number. Made by the store alone, from a credential or a tenant's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(i64);

impl std::fmt::Display for TenantId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The seats of these pools can only be judged with the pools locked first: run the whole
    /// transaction again with them locked.
    #[error("the transaction must lock its pools first")]
    NeedPools(BTreeSet<Uuid>),
    /// What is taken away through this connection can only be counted with the connection locked
    /// first: run the whole transaction again with it locked.
    #[error("the transaction must lock its connection first")]
    NeedConnection(Uuid),
    /// Two transactions stood in each other's way; run this one again.
    #[error("the transaction met another and must run again")]
    Again,
    /// The database cannot be reached, or has no room or no time; trying later can succeed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A unique value was taken by another row meanwhile.
    #[error("a unique value is taken")]
    Taken,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Rows contradict each other.
    #[error("inconsistent data: {0}")]
    Inconsistent(&'static str),
    /// The database was migrated by a newer version of this program.
    #[error("{0}")]
    Schema(String),
    /// The database refused a statement; a fault of this program.
    #[error("database: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Taken,
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // PostgreSQL: serialization failure, deadlock.
                Some("40001" | "40P01") => Self::Again,
                // PostgreSQL: connection errors, shutting down, starting up, too many, disk full,
                // read-only, statement timeout.
                Some(code)
                    if code.starts_with("08")
                        || code.starts_with("57P")
                        || code.starts_with("53")
                        || matches!(code, "25006" | "57014" | "55P03") =>
                {
                    Self::Unavailable(error.to_string())
                }
                // SQLite: busy, locked, read-only, I/O error, full, cannot open; by primary code.
                Some(code)
                    if database
                        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
                        .is_some()
                        && code
                            .parse::<i64>()
                            .is_ok_and(|c| matches!(c & 0xff, 5 | 6 | 8 | 10 | 13 | 14)) =>
                {
                    Self::Unavailable(error.to_string())
                }
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

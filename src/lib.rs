//! Seatkeeper: a SCIM 2.0 provisioning server that turns an identity provider's calls into coaching
//! seats, tracks and access end dates.
//!
//! - [`scim`]: the protocol, pure: schemas, filters, PATCH, projection, and what identity providers
//!   really send.
//! - [`seats`]: the rules, pure: placement, access dates, who is next in line.
//! - [`coaching`]: the rules, pure: what events say of a person's journey, who has stalled.
//! - [`plans`]: the rules, pure: changes to many people, what they need before they happen.
//! - [`webhooks`]: the rules, pure: what other systems are told, how it is signed, where it may go.
//! - [`audit`]: checkpoints of the ledger and their signatures, pure.
//! - [`roster`]: files of HR systems, pure: records, columns, what a row makes of a person.
//! - [`store`]: the database, SQLite or PostgreSQL; every statement once.
//! - [`directory`]: the use cases, one transaction each; the only place where those three meet.
//! - [`http`]: routes, credentials, requests and answers. No rule lives there.
//! - [`jobs`]: timed work: the same use cases, called by the clock.
//! - [`server`]: starts and stops all that. [`config`] says how, [`clock`] tells the time.
//! - [`demo`]: a day of an identity provider's traffic, played against a server.
//!
//! A `PATCH /scim/v2/Users/{id}` travels: `http` (who calls, `If-Match`, the body) → `directory`
//! (opens the transaction, locks the row) → `scim::quirks`, `scim::patch` → `seats` → `store` (saves,
//! commits) → `http` (projection, `ETag`). No step calls back up.

pub mod audit;
pub mod clock;
pub mod coaching;
pub mod config;
pub mod demo;
pub mod directory;
pub mod http;
pub mod jobs;
pub mod latency;
pub mod plans;
pub mod roster;
pub mod scim;
pub mod seats;
pub mod server;
pub mod store;
pub mod webhooks;

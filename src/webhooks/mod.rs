//! What other systems are told of a tenant's people and seats, pure: which event of the ledger is
//! told as what, how a message is signed (Standard Webhooks 1.0), when it is tried again, and which
//! addresses it may be sent to.

pub mod address;
pub mod kind;
pub mod retry;
pub mod secret;
pub mod signal;

//! The identity providers and HR systems that write people.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::owners::Owners;
use super::roles::Right;
use super::{Items, Query, breaker, cursor, object};
use crate::directory::{Caller, Directory, Error};
use crate::latency::{self, Lengths, Measure};
use crate::scim::Object;
use crate::store::Session;
use crate::store::breaker::Breaker;
use crate::store::credentials::{Connection, Token};
use crate::store::owners::Thing;

impl Directory {
    /// Connections by name: when each was last seen, what it was last refused, and its tokens that
    /// still work.
    pub async fn list_connections(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::ReadRules)?;
        query.only(&[], None)?;
        self.flush_seen().await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let facts = Facts::read(&mut session, now).await?;
        let rows = facts.connections.iter().map(|connection| {
            let shown = facts.view(connection, now);
            (connection.name.clone(), shown)
        });
        let rows = rows.collect();
        let list = cursor::list(caller, "connections", query);
        self.page_by_key(list, query, rows, now).await
    }
}

/// Days over which the length of requests is told.
const DAYS: i64 = 7;

/// All that is known of a tenant's connections.
pub(super) struct Facts {
    pub(super) connections: Vec<Connection>,
    tokens: Vec<Token>,
    breakers: Vec<Breaker>,
    latencies: HashMap<(Uuid, Measure), Lengths>,
    owners: Owners,
}

impl Facts {
    pub(super) async fn read(session: &mut Session, now: Timestamp) -> Result<Self, Error> {
        Ok(Self {
            connections: session.connections().await?,
            tokens: session.tokens().await?,
            breakers: session.breakers().await?,
            latencies: session.latencies(latency::day_of(now) + 1 - DAYS).await?,
            owners: Owners::read(session).await?,
        })
    }

    /// A connection as operators see it.
    pub(super) fn view(&self, connection: &Connection, now: Timestamp) -> Object {
        let mut breakers = self.breakers.iter();
        let breaker = breakers.find(|b| b.connection == connection.id);
        let live: Vec<_> = self
            .tokens
            .iter()
            .filter(|token| token.connection == Some(connection.id))
            .filter(|token| token.revoked_at.is_none() && token.expires_at > now)
            .collect();
        let next_expiry = live.iter().map(|token| token.expires_at).min();
        let lengths = |measure| {
            let found = self.latencies.get(&(connection.id, measure));
            found.cloned().unwrap_or_default().told()
        };
        let mut object = object([
            ("name", json!(connection.name)),
            ("lastSeenAt", json!(connection.last_seen_at)),
            ("lastError", json!(connection.last_error)),
            ("lastErrorAt", json!(connection.last_error_at)),
            ("tokens", json!(live.len())),
            ("tokenExpiresAt", json!(next_expiry)),
            ("breaker", breaker::view(breaker)),
            ("latency", lengths(Measure::Request)),
            ("accessCut", lengths(Measure::AccessCut)),
            ("createdAt", json!(connection.created_at)),
        ]);
        self.owners
            .show(&mut object, Thing::Connection, connection.id);
        object
    }
}

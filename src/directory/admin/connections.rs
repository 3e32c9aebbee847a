//! The identity providers and HR systems that write people.

use jiff::Timestamp;
use serde_json::json;

use super::roles::Right;
use super::{Items, Query, cursor, object};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::store::credentials::{Connection, Token};

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
        let connections = session.connections().await?;
        let tokens = session.tokens().await?;
        let rows = connections
            .iter()
            .map(|connection| (connection.name.clone(), view(connection, &tokens, now)))
            .collect();
        let list = cursor::list(caller, "connections", query);
        self.page_by_key(list, query, rows, now).await
    }
}

pub(super) fn view(connection: &Connection, tokens: &[Token], now: Timestamp) -> Object {
    let live: Vec<_> = tokens
        .iter()
        .filter(|token| token.connection == Some(connection.id))
        .filter(|token| token.revoked_at.is_none() && token.expires_at > now)
        .collect();
    let next_expiry = live.iter().map(|token| token.expires_at).min();
    object([
        ("name", json!(connection.name)),
        ("lastSeenAt", json!(connection.last_seen_at)),
        ("lastError", json!(connection.last_error)),
        ("lastErrorAt", json!(connection.last_error_at)),
        ("tokens", json!(live.len())),
        ("tokenExpiresAt", json!(next_expiry)),
        ("createdAt", json!(connection.created_at)),
    ])
}

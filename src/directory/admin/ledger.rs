//! Reading the ledger.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::query::refused;
use super::roles::Right;
use super::{Items, Query, cursor, find, object};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::store::ledger::{Line, OfMember, Selection};

/// The parameters of the list.
const PARAMETERS: &[&str] = &["member", "pool", "action", "actor", "from", "to"];

impl Directory {
    /// Lines of the ledger, the newest first.
    pub async fn list_ledger(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Ledger)?;
        query.only(PARAMETERS, None)?;
        let list = cursor::list(caller, "ledger", query);
        let before: Option<Uuid> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let member = match query.get("member") {
            Some(who) => Some(find::person(&mut session, who).await?.id),
            None => None,
        };
        let selection = Selection {
            member,
            pool: pool(query, &catalog)?,
            action: query.get("action").map(str::to_owned),
            actor: query.get("actor").map(str::to_owned),
            from: query.when("from")?.map(|when| when.start(&catalog.zone)),
            to: query.when("to")?.map(|when| when.end(&catalog.zone)),
            before,
        };
        let lines = session.ledger(&selection, limit + 1).await?;
        let rows = lines
            .iter()
            .map(|line| (view(line, &catalog), line.entry.id));
        self.page(list, rows.collect(), limit, now).await
    }

    /// A person's lines of the ledger, the newest first or (`sort=at`) the oldest, each with the
    /// request that it came from.
    pub async fn list_ledger_of(
        &self,
        caller: &Caller,
        who: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        // Whoever may see the whole ledger, and whoever looks after people.
        if !caller.has(Right::Ledger) {
            caller.may(Right::ReadRules)?;
        }
        query.only(&["action", "from", "to", "sort"], None)?;
        let newest_first = match query.get("sort") {
            None | Some("-at") => true,
            Some("at") => false,
            Some(_) => return Err(refused("sort", "must be one of at, -at").into()),
        };
        let list = cursor::list(caller, &format!("ledger of {who}"), query);
        let after: Option<Uuid> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let member = find::person(&mut session, who).await?.id;
        let of = OfMember {
            action: query.get("action").map(str::to_owned),
            from: query.when("from")?.map(|when| when.start(&catalog.zone)),
            to: query.when("to")?.map(|when| when.end(&catalog.zone)),
            newest_first,
            after,
        };
        let lines = session.ledger_of(member, &of, limit + 1).await?;
        let rows = lines
            .iter()
            .map(|line| (view(line, &catalog), line.entry.id));
        self.page(list, rows.collect(), limit, now).await
    }
}

fn pool(query: &Query, catalog: &Catalog) -> Result<Option<Uuid>, Error> {
    let Some(key) = query.get("pool") else {
        return Ok(None);
    };
    let mut pools = catalog.pools.iter();
    let pool = pools.find(|pool| pool.key.eq_ignore_ascii_case(key));
    Ok(Some(
        pool.ok_or_else(|| refused("pool", "there is no such pool"))?
            .id,
    ))
}

pub(super) fn view(line: &Line, catalog: &Catalog) -> Object {
    let entry = &line.entry;
    let moved = entry.moved.as_ref();
    let pool = moved.and_then(|moved| catalog.pool(moved.pool));
    object([
        ("seq", json!(line.seq)),
        ("id", json!(entry.id)),
        ("at", json!(entry.at)),
        ("actor", json!(entry.actor)),
        ("cause", json!(entry.cause)),
        ("action", json!(entry.action)),
        ("member", json!(entry.member)),
        ("assignment", json!(entry.assignment)),
        ("pool", json!(pool.map(|pool| &pool.key))),
        ("from", json!(moved.map(|moved| moved.from))),
        ("to", json!(moved.map(|moved| moved.to))),
        ("quantity", json!(moved.map(|moved| moved.quantity))),
        ("detail", json!(entry.detail)),
    ])
}

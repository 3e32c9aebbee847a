//! Who waits for a seat.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::query::refused;
use super::roles::Right;
use super::{Items, Query, cursor, object, view};
use crate::directory::{Caller, Directory, Error};
use crate::store::waitlist::Place;

impl Directory {
    /// The lines, pool by pool, whoever is next first.
    pub async fn list_waitlist(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        query.only(&["pool"], None)?;
        self.catch_up(caller.tenant, now).await?;
        let list = cursor::list(caller, "waitlist", query);
        let after: Option<Place> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let pool = pool(query, &catalog.pools)?;
        let waiting = session.waitlist(pool, after.as_ref(), limit + 1).await?;
        let rows = waiting.into_iter().map(|waiting| {
            let item = object([
                ("position", json!(waiting.position)),
                ("member", view::brief(&waiting.member)),
                ("pool", json!(waiting.place.pool)),
                ("since", json!(waiting.since)),
                ("priorityClass", json!(waiting.place.priority_class)),
            ]);
            (item, waiting.place)
        });
        self.page(list, rows.collect(), limit, now).await
    }
}

fn pool(query: &Query, pools: &[crate::seats::catalog::Pool]) -> Result<Option<Uuid>, Error> {
    let Some(key) = query.get("pool") else {
        return Ok(None);
    };
    let pool = pools.iter().find(|pool| pool.key.eq_ignore_ascii_case(key));
    Ok(Some(
        pool.ok_or_else(|| refused("pool", "there is no such pool"))?
            .id,
    ))
}

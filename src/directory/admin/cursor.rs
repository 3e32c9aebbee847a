//! Pages of the operators' lists.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Items, Query};
use crate::directory::cursor::{ListId, Unusable};
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;

/// Which list this is: whose, of what, and with which parameters.
pub(super) fn list(caller: &Caller, name: &str, query: &Query) -> ListId {
    let mut parameters: Vec<_> = query
        .beginning("")
        .filter(|(name, _)| !matches!(*name, "limit" | "cursor"))
        .collect();
    parameters.sort_unstable();
    ListId::of(&format!("{} {name} {parameters:?}", caller.tenant))
}

fn wrong_cursor(why: Unusable) -> Error {
    let (code, detail) = match why {
        Unusable::Foreign => (
            Code::InvalidCursor,
            "the cursor is not of this list with these parameters",
        ),
        Unusable::Expired => (
            Code::ExpiredCursor,
            "the cursor has expired; begin again without one",
        ),
        Unusable::Store(error) => return error.into(),
    };
    Refusal::new(400, code, detail).into()
}

impl Directory {
    /// The place that the request's cursor names, if it has one.
    pub(super) async fn place<P: DeserializeOwned>(
        &self,
        list: ListId,
        query: &Query,
        now: Timestamp,
    ) -> Result<Option<P>, Error> {
        let Some(text) = query.get("cursor") else {
            return Ok(None);
        };
        let place = self.open_place(text, list, now).await;
        place.map(Some).map_err(wrong_cursor)
    }

    /// The page of at most `limit` rows, of which one more was read if there is a next page. Each
    /// row comes with its place in the list.
    pub(super) async fn page<P: Serialize>(
        &self,
        list: ListId,
        mut rows: Vec<(Object, P)>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Items, Error> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last().filter(|_| more) {
            Some((_, place)) => Some(self.seal_place(list, place, now).await?),
            None => None,
        };
        Ok(Items {
            items: rows.into_iter().map(|(item, _)| item).collect(),
            next_cursor,
        })
    }

    /// A page of a short list that is all in memory, in the order of its keys.
    pub(super) async fn page_by_key<K: Ord + Serialize + DeserializeOwned>(
        &self,
        list: ListId,
        query: &Query,
        rows: Vec<(K, Object)>,
        now: Timestamp,
    ) -> Result<Items, Error> {
        let after: Option<K> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        // The key may be gone since; what came after it still does.
        let rest = rows
            .into_iter()
            .map(|(key, item)| (item, key))
            .skip_while(|(_, key)| after.as_ref().is_some_and(|after| key <= after))
            .take(usize::try_from(limit).unwrap_or(0) + 1)
            .collect();
        self.page(list, rest, limit, now).await
    }
}

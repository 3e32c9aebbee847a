//! Where the next page of a list begins, sealed so that nobody can begin it elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Items, Query};
use crate::directory::list::{CURSOR_SECONDS, SEAL, mac};
use crate::directory::{Caller, Directory, Error, Refusal};
use crate::scim::Object;
use crate::store;

/// The place after a row, of one list and for a while.
#[derive(Serialize, Deserialize)]
struct Cursor {
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "e")]
    expires: i64,
    #[serde(rename = "p")]
    place: Value,
}

/// Which list a cursor belongs to: whose, of what, and with which parameters.
pub(super) fn list(caller: &Caller, name: &str, query: &Query) -> String {
    let mut parameters: Vec<_> = query
        .beginning("")
        .filter(|(name, _)| !matches!(*name, "limit" | "cursor"))
        .collect();
    parameters.sort_unstable();
    let text = format!("{} {name} {parameters:?}", caller.tenant);
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

impl Directory {
    /// The place that the request's cursor names, if it has one.
    pub(super) async fn place<P: DeserializeOwned>(
        &self,
        list: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Option<P>, Error> {
        let Some(text) = query.get("cursor") else {
            return Ok(None);
        };
        let wrong = || {
            let detail = "the cursor is not of this list with these parameters";
            Refusal::new(400, "invalid_cursor", detail)
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let at = bytes.len().checked_sub(SEAL).ok_or_else(wrong)?;
        let (body, seal) = bytes.split_at(at);
        let key = self.sealing_key().await?;
        if !bool::from(mac(key, body).as_slice().ct_eq(seal)) {
            return Err(wrong().into());
        }
        let cursor: Cursor = serde_json::from_slice(body).map_err(|_| wrong())?;
        if cursor.list != list {
            return Err(wrong().into());
        }
        if cursor.expires <= now.as_second() {
            let detail = "the cursor has expired; begin again without one";
            return Err(Refusal::new(400, "expired_cursor", detail).into());
        }
        let place = serde_json::from_value(cursor.place).map_err(|_| wrong())?;
        Ok(Some(place))
    }

    async fn seal_place(&self, list: &str, place: Value, now: Timestamp) -> Result<String, Error> {
        let cursor = Cursor {
            list: list.to_owned(),
            expires: now.as_second() + CURSOR_SECONDS,
            place,
        };
        let mut bytes = serde_json::to_vec(&cursor)
            .map_err(|_| store::Error::Inconsistent("a cursor that has no text"))?;
        let seal = mac(self.sealing_key().await?, &bytes);
        bytes.extend(seal);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The page of at most `limit` rows, of which one more was read if there is a next page. Each
    /// row comes with its place in the list.
    pub(super) async fn page<P: Serialize>(
        &self,
        list: &str,
        mut rows: Vec<(Object, P)>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Items, Error> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last().filter(|_| more) {
            Some((_, place)) => {
                let place = serde_json::to_value(place)
                    .map_err(|_| store::Error::Inconsistent("a place that has no text"))?;
                Some(self.seal_place(list, place, now).await?)
            }
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
        list: &str,
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

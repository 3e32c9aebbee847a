//! Where the next page of a list begins, sealed so that nobody can begin it elsewhere: a cursor is
//! good for one list of one tenant, and for a while. Nothing is kept for it here.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::OnceCell;

use super::Directory;
use crate::store;

/// Seconds for which a cursor can be used.
const CURSOR_SECONDS: i64 = 3600;
/// Bytes of a cursor's seal.
const SEAL: usize = 16;

/// The key that seals cursors, read from the database when it is first needed.
#[derive(Clone, Default)]
pub(super) struct SealingKey(Arc<OnceCell<Vec<u8>>>);

/// Which list a cursor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ListId([u8; 16]);

/// Why a cursor cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    /// It is not one, or not of this list.
    Foreign,
    /// It was good for a while.
    Expired,
    /// The database did not answer.
    Store(store::Error),
}

#[derive(Serialize, Deserialize)]
struct Cursor<P> {
    #[serde(rename = "l")]
    list: ListId,
    #[serde(rename = "e")]
    expires: i64,
    #[serde(rename = "p")]
    place: P,
}

impl ListId {
    /// The list that this text describes: whose, of what, and with which parameters.
    pub(super) fn of(description: &str) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(description)[..16]);
        Self(id)
    }
}

impl Directory {
    /// The text of a place in a list.
    pub(super) async fn seal_place<P: Serialize>(
        &self,
        list: ListId,
        place: P,
        now: Timestamp,
    ) -> Result<String, store::Error> {
        let cursor = Cursor {
            list,
            expires: now.as_second() + CURSOR_SECONDS,
            place,
        };
        let mut bytes = serde_json::to_vec(&cursor)
            .map_err(|_| store::Error::Inconsistent("a cursor that has no text"))?;
        let seal = mac(self.sealing_key().await?, &bytes);
        bytes.extend(seal);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place in the list that the text stands for.
    pub(super) async fn open_place<P: DeserializeOwned>(
        &self,
        text: &str,
        list: ListId,
        now: Timestamp,
    ) -> Result<P, Unusable> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Unusable::Foreign)?;
        let at = bytes.len().checked_sub(SEAL).ok_or(Unusable::Foreign)?;
        let (body, seal) = bytes.split_at(at);
        let key = self.sealing_key().await.map_err(Unusable::Store)?;
        if !bool::from(mac(key, body).as_slice().ct_eq(seal)) {
            return Err(Unusable::Foreign);
        }
        let cursor: Cursor<P> = serde_json::from_slice(body).map_err(|_| Unusable::Foreign)?;
        if cursor.list != list {
            return Err(Unusable::Foreign);
        }
        if cursor.expires <= now.as_second() {
            return Err(Unusable::Expired);
        }
        Ok(cursor.place)
    }

    /// Bytes with a seal behind them. What they are for is theirs to say: whatever is sealed with
    /// this key opens with it, and a cursor begins with a brace.
    pub(super) async fn sealed(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, store::Error> {
        let seal = mac(self.sealing_key().await?, &bytes);
        bytes.extend(seal);
        Ok(bytes)
    }

    /// What was sealed; nothing if it was not, or not here.
    pub(super) async fn unsealed<'b>(
        &self,
        bytes: &'b [u8],
    ) -> Result<Option<&'b [u8]>, store::Error> {
        let Some(at) = bytes.len().checked_sub(SEAL) else {
            return Ok(None);
        };
        let (body, seal) = bytes.split_at(at);
        let key = self.sealing_key().await?;
        Ok(bool::from(mac(key, body).as_slice().ct_eq(seal)).then_some(body))
    }

    async fn sealing_key(&self) -> Result<&[u8], store::Error> {
        let key = self
            .sealing
            .0
            .get_or_try_init(|| self.store.secret("cursor"))
            .await?;
        Ok(key)
    }
}

fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so this cannot fail; if it did no cursor would ever open.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(bytes);
    let mut seal = mac.finalize().into_bytes().to_vec();
    seal.truncate(SEAL);
    seal
}

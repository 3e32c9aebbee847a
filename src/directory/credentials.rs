//! Who a caller is. A token names a row and proves it with a secret of which only the hash is kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use moka::sync::Cache;
use rand::distr::{Alphanumeric, SampleString as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{Code, Directory, Error, Refusal, admin};
use crate::latency::{self, Measure};
use crate::seats::IdentityState;
pub use crate::store::credentials::Role;
use crate::store::credentials::Token;
use crate::store::owners::Thing;
use crate::store::{self, TenantId, transact};

/// How long a token that was looked up is believed: revoking reaches every replica within this.
const BELIEVED: Duration = Duration::from_secs(2);
/// Begins every token, so that scanners recognise one that leaked.
const PREFIX: &str = "skp";

/// What a token says of its bearer.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The token's public part.
    pub token: String,
    /// The tenant.
    pub tenant: TenantId,
    /// What it may do.
    pub role: Role,
    /// The connection it belongs to.
    pub connection: Option<Uuid>,
    expires_at: Timestamp,
}

/// Tokens looked up lately, by the hash of the whole token.
#[derive(Clone)]
pub(super) struct Tokens(Cache<[u8; 32], Arc<Credential>>);

impl Default for Tokens {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(10_000)
                .time_to_live(BELIEVED)
                .build(),
        )
    }
}

/// What was seen of tokens and connections since it was last written down.
#[derive(Default)]
pub(super) struct Seen {
    sightings: Mutex<HashMap<(TenantId, String), Sighting>>,
    /// Held while they are written down: who then reads what is written reads all of it.
    writing: tokio::sync::Mutex<()>,
}

struct Sighting {
    connection: Option<Uuid>,
    at: Timestamp,
    error: Option<(String, Timestamp)>,
    /// How many requests took how long.
    lengths: BTreeMap<(&'static str, i64), (Measure, i64)>,
}

/// How a request ended, and what it took.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'f> {
    /// The status and detail of a refusal.
    pub outcome: Result<(), (u16, &'f str)>,
    /// From its arrival to its answer.
    pub took: Duration,
    /// Whether it took somebody's access away.
    pub cut: bool,
}

/// A new token: its row, and the text that is shown once.
pub(super) fn make(
    tenant: TenantId,
    role: Role,
    (connection, member): (Option<Uuid>, Option<Uuid>),
    expires_at: Timestamp,
    now: Timestamp,
) -> (Token, String) {
    let id = Alphanumeric.sample_string(&mut rand::rng(), 12);
    // 43 characters of 62 are 256 bits.
    let secret = Alphanumeric.sample_string(&mut rand::rng(), 43);
    let text = format!("{PREFIX}_{id}_{secret}");
    let token = Token {
        id,
        tenant,
        connection,
        member,
        role,
        secret_hash: Sha256::digest(secret).to_vec(),
        created_at: now,
        expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    (token, text)
}

impl Directory {
    /// Who bears this token; `None` if nobody does any more.
    pub async fn authenticate(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Credential>>, store::Error> {
        let Some((id, secret)) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| rest.split_once('_'))
            .filter(|(id, secret)| !id.is_empty() && secret.len() >= 32)
        else {
            return Ok(None);
        };
        let key: [u8; 32] = Sha256::digest(text).into();
        if let Some(known) = self.tokens.0.get(&key) {
            return Ok((known.expires_at > now).then_some(known));
        }
        let found = self.store.token(id).await?;
        // An unknown token costs the same comparison as a wrong one.
        let nobody = [0; 32].as_slice();
        let expected = found
            .as_ref()
            .map_or(nobody, |token| token.secret_hash.as_slice());
        let proved = bool::from(Sha256::digest(secret).as_slice().ct_eq(expected));
        let Some(token) = found.filter(|t| proved && t.revoked_at.is_none() && t.expires_at > now)
        else {
            return Ok(None);
        };
        let credential = Arc::new(Credential {
            token: token.id,
            tenant: token.tenant,
            role: token.role,
            connection: token.connection,
            expires_at: token.expires_at,
        });
        self.tokens.0.insert(key, Arc::clone(&credential));
        Ok(Some(credential))
    }

    /// Remembers that a credential was used, how long it took and, if it was refused, with which
    /// status and why.
    pub fn seen(&self, credential: &Credential, ended: Ended<'_>, now: Timestamp) {
        let mut seen = self
            .seen
            .sightings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let key = (credential.tenant, credential.token.clone());
        let sighting = seen.entry(key).or_insert(Sighting {
            connection: credential.connection,
            at: now,
            error: None,
            lengths: BTreeMap::new(),
        });
        sighting.at = sighting.at.max(now);
        if credential.connection.is_some() {
            let bucket = latency::bucket(ended.took);
            let cut = ended.cut && ended.outcome.is_ok();
            let measures = [Some(Measure::Request), cut.then_some(Measure::AccessCut)];
            for measure in measures.into_iter().flatten() {
                let key = (measure.as_str(), bucket);
                sighting.lengths.entry(key).or_insert((measure, 0)).1 += 1;
            }
        }
        if let Err((status, detail)) = ended.outcome {
            let detail: String = detail.chars().take(300).collect();
            sighting.error = Some((format!("{status}: {detail}"), now));
        }
    }

    /// Writes down what was seen.
    pub async fn flush_seen(&self) -> Result<(), store::Error> {
        let _writing = self.seen.writing.lock().await;
        let seen = {
            let mut seen = self
                .seen
                .sightings
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *seen)
        };
        for ((tenant, token), s) in seen {
            let error = s.error.as_ref().map(|(text, at)| (text.as_str(), *at));
            transact!(self.store, tenant, |tx| {
                tx.token_used(&token, s.at).await?;
                if let Some(connection) = s.connection {
                    tx.connection_seen(connection, s.at, error).await?;
                    let of = (connection, latency::day_of(s.at));
                    for ((_, bucket), (measure, n)) in &s.lengths {
                        tx.count_latency(of, (*measure, *bucket), *n).await?;
                    }
                }
                Ok::<_, store::Error>(())
            })?;
        }
        Ok(())
    }

    /// Makes a token and answers its text, which cannot be had again. An identity provider's
    /// belongs to a connection, of which two can be live: so that one can replace the other. One that
    /// is somebody's ends with their access; of a connection's token that is who looks after it.
    pub async fn create_token(
        &self,
        tenant: TenantId,
        role: Role,
        (connection, whose): (&str, Option<&str>),
        expires_in_days: i64,
        now: Timestamp,
    ) -> Result<String, Error> {
        let expires_at = now
            .checked_add((expires_in_days.clamp(1, 36_500) * 24).hours())
            .map_err(|_| Refusal::new(400, Code::InvalidValue, "the expiry is too far away"))?;
        transact!(self.store, tenant, |tx| {
            let connection = match role {
                Role::Scim => Some(tx.connection_named(connection, now).await?),
                _ => None,
            };
            let member = match whose {
                Some(who) => Some(admin::somebody(tx, who).await?),
                None => None,
            };
            if member
                .as_ref()
                .is_some_and(|m| m.identity != IdentityState::Active)
            {
                let detail = "a token can only be of somebody who is active";
                return Err(Refusal::new(409, Code::NotActive, detail).into());
            }
            let member = member.map(|m| m.id);
            if let (Some(connection), Some(member)) = (connection, member) {
                tx.set_owner((Thing::Connection, connection), member, now)
                    .await?;
            }
            // An identity provider's must not fall silent because somebody left.
            let bearer = member.filter(|_| connection.is_none());
            let (token, text) = make(tenant, role, (connection, bearer), expires_at, now);
            if connection.is_some() {
                let live = tx.tokens().await?.into_iter().filter(|t| {
                    t.connection == connection && t.revoked_at.is_none() && t.expires_at > now
                });
                if live.count() >= 2 {
                    return Err(Refusal::new(
                        409,
                        Code::TwoTokensLive,
                        "the connection has two live tokens; revoke one first",
                    )
                    .into());
                }
            }
            tx.insert_token(&token).await?;
            Ok(text)
        })
    }

    /// The tenant's tokens, without their secrets.
    pub async fn tokens(&self, tenant: TenantId) -> Result<Vec<Token>, Error> {
        Ok(self.store.read(tenant).await?.tokens().await?)
    }

    /// Revokes a token.
    pub async fn revoke_token(
        &self,
        tenant: TenantId,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        // The whole token is as good as its name.
        let id = id
            .strip_prefix("skp_")
            .unwrap_or(id)
            .split('_')
            .next()
            .unwrap_or(id);
        let revoked = transact!(self.store, tenant, |tx| tx.revoke_token(id, now).await);
        if revoked? {
            return Ok(());
        }
        Err(Refusal::new(404, Code::NotFound, "there is no such live token").into())
    }
}

//! Requests that are sent again under the same key. A key is claimed before the request is carried
//! out, in a transaction of its own, so that a second one is told to wait. Every transaction that
//! the request then commits says in itself that it took effect under this claim, and is undone where
//! another has the claim meanwhile: so no crash can lead to the same effect twice.

use jiff::Timestamp;
use uuid::Uuid;

use super::engine::args;
use super::{Error, Store, TenantId, Tx};

tokio::task_local! {
    /// For whom the transactions of this task are.
    static CLAIM: Option<Claim>;
}

/// A key, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The tenant.
    pub tenant: TenantId,
    /// The credential's public part.
    pub token: String,
    /// What the client calls the request.
    pub key: String,
}

/// The right to carry a request out, until somebody else has it.
#[derive(Debug, Clone)]
pub struct Claim {
    key: Key,
    id: Uuid,
}

/// An answer, to be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What was asked for under it: a hash.
    pub fingerprint: Vec<u8>,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// Whether something was changed under it.
    pub took_effect: bool,
    /// What was answered, if that was kept.
    pub answer: Option<Answer>,
}

/// Runs work whose transactions are those of a claim.
pub async fn under<T>(claim: Claim, work: impl Future<Output = T>) -> T {
    CLAIM.scope(Some(claim), work).await
}

/// Runs work within a request that is not the request's own, as what was due before it.
pub async fn apart<T>(work: impl Future<Output = T>) -> T {
    CLAIM.scope(None, work).await
}

/// The claim that this task's transactions belong to.
pub(super) fn claim() -> Option<Claim> {
    CLAIM.try_with(Clone::clone).ok().flatten()
}

impl Tx {
    /// Claims a key that nobody has used; answers what is known of it if somebody has.
    pub async fn claim(
        &mut self,
        key: &Key,
        fingerprint: &[u8],
        now: Timestamp,
    ) -> Result<Result<Claim, Known>, Error> {
        let id = Uuid::now_v7();
        let made = self
            .optional(
                "insert into idempotent_request (tenant_id, token, key, fingerprint, claim, \
                   claimed_at) values ($1, $2, $3, $4, $5, $6) \
                 on conflict do nothing returning claim",
                args![
                    key.tenant,
                    &key.token,
                    &key.key,
                    fingerprint.to_vec(),
                    id,
                    now
                ],
            )
            .await?;
        if made.is_some() {
            let key = key.clone();
            return Ok(Ok(Claim { key, id }));
        }
        let row = self
            .optional(
                "select fingerprint, claimed_at, took_effect, status, content_type, location, body \
                 from idempotent_request where tenant_id = $1 and token = $2 and key = $3 {lock}",
                args![key.tenant, &key.token, &key.key],
            )
            .await?;
        // It was forgotten in between.
        let row = row.ok_or(Error::Again)?;
        let (status, body): (Option<i64>, Option<Vec<u8>>) = (row.get("status")?, row.get("body")?);
        let answer = match status.zip(body) {
            Some((status, body)) => Some(Answer {
                status: u16::try_from(status).unwrap_or(500),
                content_type: row.get("content_type")?,
                location: row.get("location")?,
                body,
            }),
            None => None,
        };
        Ok(Err(Known {
            fingerprint: row.get("fingerprint")?,
            claimed_at: row.instant("claimed_at")?,
            took_effect: row.get("took_effect")?,
            answer,
        }))
    }

    /// Claims a key that somebody has used and has no more right to. It is locked by [`Tx::claim`].
    pub async fn claim_again(
        &mut self,
        key: &Key,
        fingerprint: &[u8],
        now: Timestamp,
    ) -> Result<Claim, Error> {
        let id = Uuid::now_v7();
        self.run(
            "update idempotent_request set fingerprint = $4, claim = $5, claimed_at = $6, \
               took_effect = false, status = null, content_type = null, location = null, \
               body = null where tenant_id = $1 and token = $2 and key = $3",
            args![
                key.tenant,
                &key.token,
                &key.key,
                fingerprint.to_vec(),
                id,
                now
            ],
        )
        .await?;
        let key = key.clone();
        Ok(Claim { key, id })
    }

    /// Says in this transaction that it is the effect of a claim.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if another has the claim: then this must not be committed.
    pub(super) async fn takes_effect(&mut self, claim: &Claim) -> Result<(), Error> {
        let Claim { key, id } = claim;
        let sql = "update idempotent_request set took_effect = true where tenant_id = $1 \
                   and token = $2 and key = $3 and claim = $4";
        let values = args![key.tenant, &key.token, &key.key, *id];
        if self.run(sql, values).await? == 0 {
            let why = "the request was taken over by another with its key";
            return Err(Error::Unavailable(why.into()));
        }
        Ok(())
    }
}

impl Store {
    /// Keeps what was answered under a claim.
    pub async fn keep_answer(&self, claim: &Claim, answer: &Answer) -> Result<(), Error> {
        let Claim { key, id } = claim;
        let mut tx = self.begin(key.tenant).await?;
        let sql = "update idempotent_request set status = $5, content_type = $6, location = $7, \
                     body = $8 where tenant_id = $1 and token = $2 and key = $3 and claim = $4";
        let values = args![
            key.tenant,
            &key.token,
            &key.key,
            *id,
            i64::from(answer.status),
            answer.content_type.as_deref(),
            answer.location.as_deref(),
            answer.body.clone()
        ];
        tx.run(sql, values).await?;
        tx.commit().await
    }

    /// Gives a claim back under which nothing was changed; one under which something was stays.
    pub async fn give_back(&self, claim: &Claim) -> Result<(), Error> {
        let Claim { key, id } = claim;
        let mut tx = self.begin(key.tenant).await?;
        let sql = "delete from idempotent_request where tenant_id = $1 and token = $2 \
                     and key = $3 and claim = $4 and not took_effect";
        tx.run(sql, args![key.tenant, &key.token, &key.key, *id])
            .await?;
        tx.commit().await
    }

    /// Forgets keys that were claimed before then; answers how many.
    pub async fn forget_keys_of(&self, before: Timestamp) -> Result<u64, Error> {
        let mut tx = self.begin(TenantId(0)).await?;
        let sql = "delete from idempotent_request where claimed_at < $1";
        let forgotten = tx.run(sql, args![before]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::tests::{Fixture, now, on_both};
    use crate::store::transact;

    on_both!(
        who_has_lost_the_claim_has_no_effect,
        what_is_apart_marks_nothing
    );

    fn key(f: &Fixture) -> Key {
        Key {
            tenant: f.tenant,
            token: "t".into(),
            key: "k".into(),
        }
    }

    async fn claimed(f: &Fixture) -> Result<Claim, Known> {
        let mut tx = f.store.begin(f.tenant).await.unwrap();
        let claim = tx.claim(&key(f), &[1], now()).await.unwrap();
        tx.commit().await.unwrap();
        claim
    }

    /// A transaction that can be seen.
    async fn effect(f: &Fixture) -> Result<(), Error> {
        transact!(f.store, f.tenant, |tx| tx.touch_catalog().await.map(|_| ()))
    }

    async fn version(f: &Fixture) -> i64 {
        let mut session = f.store.read(f.tenant).await.unwrap();
        session.catalog_version().await.unwrap()
    }

    async fn who_has_lost_the_claim_has_no_effect(f: Fixture) {
        let first = claimed(&f).await.unwrap();
        assert!(!claimed(&f).await.unwrap_err().took_effect);
        let mut tx = f.store.begin(f.tenant).await.unwrap();
        let second = tx.claim_again(&key(&f), &[1], now()).await.unwrap();
        tx.commit().await.unwrap();
        let before = version(&f).await;
        let lost = under(first.clone(), effect(&f)).await;
        assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
        assert_eq!(version(&f).await, before, "it was undone");
        f.store.give_back(&first).await.unwrap();
        assert!(!claimed(&f).await.unwrap_err().took_effect);
        under(second.clone(), effect(&f)).await.unwrap();
        assert!(version(&f).await > before);
        f.store.give_back(&second).await.unwrap();
        assert!(claimed(&f).await.unwrap_err().took_effect, "it stays");
    }

    async fn what_is_apart_marks_nothing(f: Fixture) {
        let claim = claimed(&f).await.unwrap();
        under(claim, apart(effect(&f))).await.unwrap();
        assert!(!claimed(&f).await.unwrap_err().took_effect);
        effect(&f).await.unwrap();
        assert!(!claimed(&f).await.unwrap_err().took_effect);
    }
}

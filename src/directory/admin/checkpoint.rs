//! Whether the ledger holds, by itself and against a checkpoint that was exported before.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::body::Body;
use super::object;
use super::roles::Right;
use crate::audit::{self, Checkpoint, PoolAccounts, PublicKey, SigningKey};
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::store;
use crate::store::ledger::{Broken, Expected, Verdict, Walk, hex};

/// The name of the secret that the key is made of. Its own, so that nothing else is signed by it.
const SECRET: &str = "checkpoints";

/// The key that signs checkpoints, read from the database when it is first needed.
#[derive(Clone, Default)]
pub(in crate::directory) struct CheckpointKey(Arc<OnceCell<SigningKey>>);

/// What the ledger is held against.
#[derive(Debug, Clone)]
pub struct Against {
    /// A checkpoint as it was exported.
    pub checkpoint: Value,
    /// A JWK or a set of them (RFC 7517) that it is checked by, where whoever checks has kept those;
    /// else the key of this server is.
    pub keys: Option<Value>,
}

impl Against {
    /// The checkpoint that `key` or one of the keys at hand has signed.
    fn open(&self, key: PublicKey) -> Result<Checkpoint, Refusal> {
        let body = Body::of(self.checkpoint.clone(), audit::FIELDS)?;
        if body.raw("signature").is_none() {
            let detail = "is required: a checkpoint as it was exported";
            return Err(super::invalid(Code::MissingField, "signature", detail));
        }
        let keys = match &self.keys {
            None => vec![key],
            Some(jwks) => PublicKey::all_of(jwks),
        };
        if keys.is_empty() {
            return Err(unusable(
                "there is no Ed25519 key (RFC 8037) among the keys",
            ));
        }
        let nothing = Object::new();
        let exported = self.checkpoint.as_object().unwrap_or(&nothing);
        Checkpoint::open(exported, &keys).map_err(|why| unusable(&why.to_string()))
    }
}

fn unusable(detail: &str) -> Refusal {
    Refusal::new(400, Code::InvalidCheckpoint, detail)
}

impl Directory {
    /// Whether the chain of the ledger is whole, and what it adds up to is what there is; and, where
    /// it is held against a checkpoint, whether its history is still the one of then. `progress` is
    /// told how many lines were looked at, and of how many.
    ///
    /// # Errors
    /// 400 `invalid_checkpoint` if the checkpoint is not one of this tenant that a key has signed;
    /// `invalid_body`, `unknown_field`, `missing_field`.
    pub async fn verify_ledger(
        &self,
        caller: &Caller,
        against: Option<&Against>,
        progress: &(dyn Fn(i64, i64) + Send + Sync),
    ) -> Result<Object, Error> {
        caller.may(Right::Ledger)?;
        let checkpoint = match against {
            Some(against) => Some(self.trusted(caller, against).await?),
            None => None,
        };
        self.seal(caller.tenant).await?;
        let mut walk = Walk::new(checkpoint.as_ref().map(|checkpoint| Expected {
            seq: checkpoint.seq,
            hash: checkpoint.hash.clone(),
            balance: checkpoint.balance(),
        }));
        let verdict = self.walked(caller, &mut walk, progress).await?;
        let mut verdict = view(verdict);
        if let Some(checkpoint) = checkpoint {
            let of = json!({"seq": checkpoint.seq, "at": checkpoint.at});
            verdict.insert("checkpoint".into(), of);
        }
        Ok(verdict)
    }

    async fn walked(
        &self,
        caller: &Caller,
        walk: &mut Walk,
        progress: &(dyn Fn(i64, i64) + Send + Sync),
    ) -> Result<Verdict, Error> {
        // Lines never change: only the end must be of one instant, and no snapshot grows old.
        let mut session = self.store.read(caller.tenant).await?;
        let (last, _) = session.chain_end().await?;
        progress(0, last);
        while walk.seq < last {
            match session.walk_ledger(walk).await? {
                Ok(true) => progress(walk.seq, last),
                Ok(false) => break,
                Err(broken) => return Ok(Verdict::Broken(broken)),
            }
        }
        drop(session);
        let mut session = self.store.snapshot(caller.tenant).await?;
        Ok(session.end_walk(walk).await?)
    }

    /// The checkpoint, if it is this tenant's and one of the keys has signed it.
    async fn trusted(&self, caller: &Caller, against: &Against) -> Result<Checkpoint, Error> {
        let checkpoint = against.open(self.checkpoint_key().await?.public())?;
        let tenant = self.store.read(caller.tenant).await?.tenant_name().await?;
        if checkpoint.tenant != tenant {
            return Err(unusable("it is of another tenant's ledger").into());
        }
        Ok(checkpoint)
    }

    /// A signed checkpoint of the ledger as it is.
    pub async fn ledger_checkpoint(
        &self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Ledger)?;
        self.seal(caller.tenant).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let (seq, hash) = session.chain_end().await?;
        let catalog = session.catalog().await?;
        let checkpoint = Checkpoint {
            tenant: session.tenant_name().await?,
            seq,
            hash: hex(&hash),
            at: now,
            pools: accounts(session.balance_until(seq).await?, &catalog),
        };
        drop(session);
        Ok(checkpoint.signed(self.checkpoint_key().await?))
    }

    /// The public keys that checkpoints are checked by, a JWK set (RFC 7517).
    pub async fn ledger_keys(&self, caller: &Caller) -> Result<Object, Error> {
        caller.may(Right::Ledger)?;
        let key = self.checkpoint_key().await?.public();
        Ok(object([("keys", json!([key.jwk()]))]))
    }

    async fn checkpoint_key(&self) -> Result<&SigningKey, store::Error> {
        let key = self.checkpoints.0.get_or_try_init(async || {
            let seed = self.store.secret(SECRET).await?;
            SigningKey::from_seed(&seed).ok_or(store::Error::Inconsistent("a secret of 32 bytes"))
        });
        key.await
    }
}

/// What moves add up to, pool by pool, in the order of the pools' keys.
fn accounts(balance: audit::Balance, catalog: &Catalog) -> Vec<PoolAccounts> {
    let mut pools: Vec<PoolAccounts> = Vec::new();
    for ((id, account), n) in balance {
        // Figures of one pool follow each other.
        if pools.last().is_none_or(|last| last.id != id) {
            let key = catalog.pool(id).map(|pool| pool.key.clone());
            pools.push(PoolAccounts {
                pool: key.unwrap_or_default(),
                id,
                accounts: [].into(),
            });
        }
        if let Some(last) = pools.last_mut() {
            last.accounts.insert(account, n);
        }
    }
    pools.sort_by(|a, b| (&a.pool, a.id).cmp(&(&b.pool, b.id)));
    pools
}

fn view(verdict: Verdict) -> Object {
    match verdict {
        Verdict::Holds { rows, sealed } => object([
            ("ok", true.into()),
            ("rows", rows.into()),
            ("sealed", sealed.into()),
        ]),
        Verdict::Broken(Broken { seq, line, reason }) => object([
            ("ok", false.into()),
            ("seq", json!(seq)),
            ("id", json!(line)),
            ("reason", reason.into()),
        ]),
    }
}

//! Checkpoints of the ledger: what an auditor takes away and holds against the ledger later. Pure.
//!
//! A chain of hashes shows that no line was changed by somebody who could not recompute the chain.
//! Whoever owns the database can. What they cannot change is a copy that is elsewhere: a checkpoint
//! says what the chain came to at a place, and is signed, so that nobody can say it was another.

mod jws;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use jws::{PublicKey, Refused, SigningKey};

use crate::scim::Object;

/// What the signature says that it is of.
const TYPE: &str = "seatkeeper-checkpoint+jws";

/// The fields of a checkpoint as it is exported; all but `signature` are there to be read.
pub const FIELDS: &[&str] = &["tenant", "seq", "hash", "at", "pools", "keyId", "signature"];

/// The ledger of a tenant up to a place of its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkpoint {
    /// The name of the tenant.
    pub tenant: String,
    /// The place: the number of lines until there.
    pub seq: i64,
    /// The hash of the line there, in hexadecimal digits; empty where there is none yet.
    pub hash: String,
    /// When it was made.
    pub at: Timestamp,
    /// What the moves until there add up to.
    pub pools: Vec<PoolAccounts>,
}

/// What the moves of a pool add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolAccounts {
    /// Its key, for people.
    pub pool: String,
    /// Its identifier, by which it is compared.
    pub id: Uuid,
    /// Seats by account, none where there are none. They add up to nought: what was bought is as
    /// much below it in `unbought`.
    pub accounts: BTreeMap<String, i64>,
}

/// What moves add up to: pool, account, seats.
pub type Balance = BTreeMap<(Uuid, String), i64>;

/// Why a checkpoint is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is no checkpoint.
    #[error("it is no checkpoint: {0}")]
    NoCheckpoint(&'static str),
    /// Its signature does not hold.
    #[error("its signature does not hold: {0}")]
    Signature(#[from] Refused),
    /// A field says something else than what was signed.
    #[error("its field {0} is not what was signed")]
    Changed(&'static str),
}

impl Checkpoint {
    /// The checkpoint with its signature, as it is exported.
    pub fn signed(&self, key: &SigningKey) -> Object {
        let mut object = self.object();
        let payload = Value::Object(object.clone()).to_string();
        let signature = key.sign(TYPE, payload.as_bytes());
        object.insert("keyId".into(), key.public().id().into());
        object.insert("signature".into(), signature.into());
        object
    }

    fn object(&self) -> Object {
        match serde_json::to_value(self) {
            Ok(Value::Object(object)) => object,
            // Texts and numbers under the names of fields: there is nothing in it that JSON lacks.
            _ => Object::new(),
        }
    }

    /// Reads one that was exported, if one of the keys has signed it: what it says is what was
    /// signed, and a field that says something else is refused.
    pub fn open(exported: &Object, keys: &[PublicKey]) -> Result<Self, Unusable> {
        let signature = exported.get("signature").and_then(Value::as_str);
        let signature = signature.ok_or(Unusable::NoCheckpoint("it has no signature"))?;
        let payload = jws::open(signature, TYPE, keys)?;
        let signed: Self = serde_json::from_slice(&payload)
            .map_err(|_| Unusable::NoCheckpoint("what was signed is something else"))?;
        let said = signed.object();
        for field in FIELDS {
            let (shown, signed) = (exported.get(*field), said.get(*field));
            if let (Some(shown), Some(signed)) = (shown, signed)
                && shown != signed
            {
                return Err(Unusable::Changed(field));
            }
        }
        Ok(signed)
    }

    /// What its moves add up to, to be compared.
    pub fn balance(&self) -> Balance {
        let pools = self.pools.iter();
        pools
            .flat_map(|pool| {
                let accounts = pool.accounts.iter();
                accounts.map(|(account, n)| ((pool.id, account.clone()), *n))
            })
            .filter(|(_, n)| *n != 0)
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32]).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        let accounts = [("occupied", 2), ("unbought", -2)];
        let accounts = accounts.map(|(name, n)| (name.to_owned(), n));
        Checkpoint {
            tenant: "acme".into(),
            seq: 9,
            hash: "00ff".into(),
            at: "2026-06-01T12:00:00Z".parse().unwrap(),
            pools: vec![PoolAccounts {
                pool: "main".into(),
                id: Uuid::nil(),
                accounts: accounts.into(),
            }],
        }
    }

    #[test]
    fn what_was_exported_is_read_again() {
        let exported = checkpoint().signed(&key());
        let known: Vec<_> = exported.keys().map(String::as_str).collect();
        assert_eq!(known, FIELDS);
        let keys = [key().public()];
        assert_eq!(Checkpoint::open(&exported, &keys), Ok(checkpoint()));
        let mut alone = Object::new();
        alone.insert("signature".into(), exported["signature"].clone());
        assert_eq!(Checkpoint::open(&alone, &keys), Ok(checkpoint()));
        let balance = checkpoint().balance();
        assert_eq!(balance.values().sum::<i64>(), 0);
        assert_eq!(balance.len(), 2);
    }

    #[test]
    fn a_field_that_was_changed_is_named() {
        let keys = [key().public()];
        for (field, value) in [
            ("tenant", json!("other")),
            ("seq", json!(8)),
            ("hash", json!("00fe")),
            ("at", json!("2026-06-01T12:00:01Z")),
            ("pools", json!([])),
        ] {
            let mut exported = checkpoint().signed(&key());
            exported.insert(field.to_owned(), value);
            let refused = Checkpoint::open(&exported, &keys);
            assert_eq!(refused, Err(Unusable::Changed(field)));
        }
    }

    #[test]
    fn something_else_is_no_checkpoint() {
        let keys = [key().public()];
        let refused = Checkpoint::open(&Object::new(), &keys);
        assert!(matches!(refused, Err(Unusable::NoCheckpoint(_))));
        let mut other = Object::new();
        other.insert("signature".into(), key().sign(TYPE, b"{}").into());
        let refused = Checkpoint::open(&other, &keys);
        assert!(matches!(refused, Err(Unusable::NoCheckpoint(_))));
        other.insert("signature".into(), key().sign("JWT", b"{}").into());
        let refused = Checkpoint::open(&other, &keys);
        assert_eq!(refused, Err(Unusable::Signature(Refused::OfAnother)));
    }
}

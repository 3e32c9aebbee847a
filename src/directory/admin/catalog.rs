//! What every change of pools, tracks, mappings and policy has in common: one at a time, a line in
//! the ledger, and a run that places everybody anew.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::body::{Body, required};
use super::{conflict, not_found, placements, wrong};
use crate::directory::change::Change;
use crate::directory::due::begin_run;
use crate::directory::rules::Rules;
use crate::directory::setup::PRODUCT;
use crate::directory::{Caller, Code, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool, Track};
use crate::store::Tx;
use crate::store::ledger::Move;
use crate::store::operations::PlacementRun;

/// What a change did, for the ledger and for those it concerns.
#[derive(Default)]
pub(super) struct Done {
    /// What it was.
    pub(super) action: &'static str,
    /// More about it.
    pub(super) detail: Object,
    /// Seats that were bought, given up, held back or released.
    pub(super) moves: Vec<Move>,
    /// Pools in which seats may have become free for those in line.
    pub(super) offer: Vec<Uuid>,
}

/// Begins a change: until it is through, no other can begin. What it then reads stays true.
pub(super) async fn begin(tx: &mut Tx) -> Result<Catalog, Error> {
    tx.touch_catalog().await?;
    Ok(tx.catalog().await?)
}

/// Finishes a change once it is stored.
pub(super) async fn finish(
    tx: &mut Tx,
    caller: &Caller,
    done: Done,
    now: Timestamp,
) -> Result<PlacementRun, Error> {
    let run = begin_run(tx, done.action, now).await?;
    // Not from memory: the version that these stand for is not committed yet.
    let rules = Arc::new(Rules::new(tx.catalog().await?));
    let mut change = Change::new(tx, rules, caller.by(), now);
    change.log(done.action, None, done.detail);
    for moved in done.moves {
        let action = match (moved.from, moved.to) {
            (_, "unbought") => "seats.given_up",
            (_, "reserved") => "seats.held_back",
            ("reserved", _) => "seats.released",
            _ => "seats.bought",
        };
        change.log_move(action, moved);
    }
    for pool in done.offer {
        change.offer(pool);
    }
    change.finish().await?;
    Ok(run)
}

/// The answer to a change: what it made, with the run that it began, if it did change anything.
pub(super) fn placed(mut made: Object, run: Option<&PlacementRun>) -> Object {
    made.insert("placement".into(), json!(run.map(placements::view)));
    made
}

/// What operators name by a key.
pub(super) trait Keyed {
    /// What it is, in words.
    const WHAT: &'static str;
    /// Its key.
    fn key(&self) -> &str;
}

impl Keyed for Pool {
    const WHAT: &'static str = "pool";
    fn key(&self) -> &str {
        &self.key
    }
}

impl Keyed for Track {
    const WHAT: &'static str = "track";
    fn key(&self) -> &str {
        &self.key
    }
}

/// The one with this key, whatever its case.
pub(super) fn with_key<'a, T: Keyed>(all: &'a [T], key: &str) -> Result<&'a T, Refusal> {
    let found = all.iter().find(|one| one.key().eq_ignore_ascii_case(key));
    found.ok_or_else(|| not_found(&format!("such {}", T::WHAT)))
}

/// The key of a new one, which none of the others has.
pub(super) fn new_key<T: Keyed>(body: &Body, others: &[T]) -> Result<String, Refusal> {
    let key = required("key", body.key("key")?)?;
    if with_key(others, &key).is_ok() {
        let detail = format!("there is a {} '{key}' already", T::WHAT);
        return Err(conflict(Code::Taken, detail, [("field", "key".into())]));
    }
    Ok(key)
}

/// The identifier of the product that a body names by its key.
pub(super) fn product(body: &Body, catalog: &Catalog) -> Result<Uuid, Refusal> {
    let key = body.key("product")?.unwrap_or_else(|| PRODUCT.to_owned());
    let product = catalog.products.iter().find(|product| product.key == key);
    let product = product.map(|product| product.id);
    product.ok_or_else(|| wrong("product", "there is no such product"))
}

/// The key of a product.
pub(super) fn product_key(id: Uuid, catalog: &Catalog) -> Option<&str> {
    let product = catalog.products.iter().find(|product| product.id == id);
    product.map(|product| product.key.as_str())
}

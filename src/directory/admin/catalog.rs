//! What every change of pools, tracks, mappings and policy has in common: one at a time, a line in
//! the ledger, and a run that places everybody anew.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::change::Change;
use crate::directory::due::begin_run;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Error};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
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

//! What more than one verb refuses.

use serde_json::json;

use crate::directory::admin::conflict;
use crate::directory::{Code, Refusal};
use crate::seats::catalog::Pool;
use crate::store::figures::Figures;

/// The identity provider does not know them any more, or nobody does.
pub(super) fn not_known() -> Refusal {
    let detail = "the person was deleted by the identity provider, or erased";
    Refusal::new(409, Code::NotKnown, detail)
}

/// They may not have access.
pub(super) fn not_active() -> Refusal {
    let detail = "the person is deactivated; this takes somebody who is active";
    Refusal::new(409, Code::NotActive, detail)
}

/// No seat is free, with the pool's figures.
pub(super) fn pool_full(pool: &Pool, f: &Figures) -> Refusal {
    let detail = format!(
        "no seat is free in the pool '{}' ({} purchased, {} available, {} in line); nothing has \
         changed",
        pool.key, f.purchased, f.available, f.waitlist
    );
    conflict(
        Code::PoolFull,
        detail,
        [
            ("pool", json!(pool.key)),
            ("purchased", json!(f.purchased)),
            ("available", json!(f.available)),
            ("reserved", json!(f.reserved)),
            ("scheduled", json!(f.scheduled)),
            ("occupied", json!(f.occupied)),
            ("grace", json!(f.grace)),
            ("overage", json!(f.overage)),
            ("waitlist", json!(f.waitlist)),
        ],
    )
}

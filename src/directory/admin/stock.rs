//! How many seats a pool has, and how many of them are held back.

use jiff::Timestamp;
use uuid::Uuid;

use super::body::{Body, MAX_SEATS};
use super::conflict;
use crate::directory::{Code, Error, Refusal};
use crate::seats::catalog::Pool;
use crate::store::Tx;
use crate::store::figures::Figures;
use crate::store::ledger::Move;

/// What was asked for; what was not stays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stock {
    /// Seats bought, in all.
    pub(super) purchased: Option<i64>,
    /// Of these, seats held back.
    reserved: Option<i64>,
}

impl Stock {
    pub(super) fn read(body: &Body) -> Result<Self, Refusal> {
        Ok(Self {
            purchased: body.whole("purchased", 0..=MAX_SEATS)?,
            reserved: body.whole("reserved", 0..=MAX_SEATS)?,
        })
    }

    /// Buys, gives up, holds back and releases seats of a pool that is held until there are so many;
    /// what is released can be given up, and what is bought held back, in the same breath.
    pub(super) async fn set(
        self,
        tx: &mut Tx,
        pool: &Pool,
        now: Timestamp,
    ) -> Result<Vec<Move>, Error> {
        let before = figures(tx, pool, now).await?;
        let more = self.reserved.map_or(0, |n| n - before.reserved);
        let mut moves = Vec::new();
        if more < 0 {
            let released = tx.release_held_back(pool.id, -more).await?;
            moves.extend(moved(pool.id, "reserved", "available", released));
        }
        if let Some(wanted) = self.purchased {
            moves.extend(purchase(tx, pool, wanted, now).await?);
        }
        if more > 0 {
            let held = tx.hold_back(pool.id, more, now).await?;
            if held < more {
                let free = free(pool, &figures(tx, pool, now).await?) + held;
                return Err(not_free(pool, &before, free, before.reserved + more).into());
            }
            moves.extend(moved(pool.id, "available", "reserved", held));
        }
        Ok(moves)
    }
}

async fn figures(tx: &mut Tx, pool: &Pool, now: Timestamp) -> Result<Figures, Error> {
    let figures = tx.figures(Some(pool.id), now).await?;
    Ok(figures.first().map(|(_, f)| *f).unwrap_or_default())
}

/// Seats that an operator can dispose of.
fn free(pool: &Pool, figures: &Figures) -> i64 {
    if pool.is_live() {
        figures.available
    } else {
        figures.not_offered
    }
}

/// Buys or gives up seats until there are so many.
async fn purchase(
    tx: &mut Tx,
    pool: &Pool,
    wanted: i64,
    now: Timestamp,
) -> Result<Vec<Move>, Error> {
    let figures = figures(tx, pool, now).await?;
    let more = wanted - figures.purchased;
    if more >= 0 {
        // What was lent beyond the purchase is paid for first.
        let absorbed = tx.absorb_overage(pool.id, more).await?;
        let absorbed = i64::try_from(absorbed).unwrap_or(0);
        tx.add_seats(pool.id, more - absorbed).await?;
        let moves = [("overage", absorbed), ("available", more - absorbed)];
        return Ok(moves
            .into_iter()
            .filter_map(|(to, n)| moved(pool.id, "unbought", to, n))
            .collect());
    }
    if tx.remove_seats(pool.id, -more).await? != -more {
        return Err(in_use(pool, &figures, wanted).into());
    }
    Ok(moved(pool.id, "available", "unbought", -more)
        .into_iter()
        .collect())
}

fn moved(pool: Uuid, from: &'static str, to: &'static str, quantity: i64) -> Option<Move> {
    (quantity > 0).then_some(Move {
        pool,
        from,
        to,
        quantity,
    })
}

fn in_use(pool: &Pool, figures: &Figures, wanted: i64) -> Refusal {
    let used = figures.purchased - figures.free();
    let detail = format!(
        "the pool '{}' has {} seats of which {used} are not free, so it cannot have {wanted}",
        pool.key, figures.purchased
    );
    conflict(
        Code::SeatsInUse,
        detail,
        [
            ("purchased", figures.purchased.into()),
            ("requested", wanted.into()),
            ("inUse", used.into()),
            ("available", figures.available.into()),
            ("coolingDown", figures.cooling_down.into()),
        ],
    )
}

fn not_free(pool: &Pool, before: &Figures, free: i64, wanted: i64) -> Refusal {
    let detail = format!(
        "the pool '{}' has {} seats held back and {free} free, so it cannot hold back {wanted}",
        pool.key, before.reserved
    );
    conflict(
        Code::SeatsNotFree,
        detail,
        [
            ("reserved", before.reserved.into()),
            ("requested", wanted.into()),
            ("available", free.into()),
            ("coolingDown", before.cooling_down.into()),
        ],
    )
}

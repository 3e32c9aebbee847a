//! Pools: seats bought together for a term.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, MAX_DAYS, MAX_SEATS, required};
use super::catalog::{self, Done, new_key, placed, product, product_key, with_key};
use super::roles::Right;
use super::stock::Stock;
use super::{Items, Query, as_of, cursor, object, wrong};
use crate::directory::{Caller, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool, PoolState};
use crate::seats::days;
use crate::store::figures::Figures;
use crate::store::operations::PlacementRun;
use crate::store::{self, Tx, transact};

/// A seat's cost at most: more is a typing error.
const MAX_COST: i64 = 1_000_000_000;

/// What can change about a pool.
const TERMS: [&str; 14] = [
    "purchased",
    "reserved",
    "subscriptionType",
    "termStart",
    "termEnd",
    "fullPolicy",
    "overageLimit",
    "reusePolicy",
    "cooldownDays",
    "defaultDurationDays",
    "fallbackPool",
    "state",
    "maxReassignments",
    "unitCost",
];

impl Directory {
    /// Pools by key, with the exact number of seats in each account, all of one moment.
    pub async fn list_pools(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        query.only(&[as_of::AS_OF], None)?;
        self.catch_up(caller.tenant, now).await?;
        if query.get(as_of::AS_OF).is_some() {
            return self.list_pools_as_of(caller, query, now).await;
        }
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let figures = session.figures(None, now).await?;
        let given_on = session.reassignments().await?;
        let rows = catalog.pools.iter().map(|pool| {
            let figures = figures.iter().find(|(id, _)| *id == pool.id);
            let figures = figures.map(|(_, figures)| *figures).unwrap_or_default();
            let given_on = given_on.get(&pool.id).copied();
            (pool.key.clone(), view(pool, &figures, given_on, &catalog))
        });
        let list = cursor::list(caller, "pools", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }

    /// One pool, by key.
    pub async fn read_pool(
        &self,
        caller: &Caller,
        key: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Read)?;
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let pool = with_key(&catalog.pools, key)?;
        let figures = session.figures(Some(pool.id), now).await?;
        let figures = figures.first().map(|(_, figures)| *figures);
        let given_on = session.reassignments().await?.get(&pool.id).copied();
        Ok(view(pool, &figures.unwrap_or_default(), given_on, &catalog))
    }

    /// Makes a pool with its seats.
    pub async fn create_pool(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let known: Vec<_> = ["key", "product"].into_iter().chain(TERMS).collect();
        let body = Body::of(body, &known)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            let pool = new(&body, &catalog)?;
            let stock = Stock::read(&body)?;
            required("purchased", stock.purchased)?;
            tx.insert_pool(&pool, now).await?;
            let moves = stock.set(tx, &pool, now).await?;
            let offer = offered(tx, None, &pool, &catalog).await?;
            let done = Done {
                action: "pool.created",
                detail: object([("pool", json!(pool.key))]),
                moves,
                offer,
            };
            let run = catalog::finish(tx, caller, done, now).await?;
            answer(tx, pool.id, Some(&run), now).await
        }))
    }

    /// Changes a pool. More seats, and seats held back no longer, go to those in line at once; fewer
    /// are possible as far as seats are free.
    pub async fn change_pool(
        &self,
        caller: &Caller,
        key: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &TERMS)?;
        self.catch_up(caller.tenant, now).await?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let catalog = tx.catalog().await?;
            let id = with_key(&catalog.pools, key)?.id;
            if !tx.holds_pool(id) {
                return Err(store::Error::NeedPools(BTreeSet::from([id])).into());
            }
            let catalog = catalog::begin(tx).await?;
            let before = with_key(&catalog.pools, key)?;
            let mut pool = before.clone();
            apply(&body, &mut pool, &catalog, true)?;
            if pool != *before {
                tx.save_pool(&pool).await?;
            }
            let moves = Stock::read(&body)?.set(tx, &pool, now).await?;
            let offer = offered(tx, Some(before), &pool, &catalog).await?;
            if pool == *before && moves.is_empty() {
                return answer(tx, id, None, now).await;
            }
            let done = Done {
                action: "pool.changed",
                detail: object([("pool", json!(pool.key))]),
                moves,
                offer,
            };
            let run = catalog::finish(tx, caller, done, now).await?;
            answer(tx, id, Some(&run), now).await
        }))
    }
}

fn new(body: &Body, catalog: &Catalog) -> Result<Pool, Refusal> {
    let key = new_key(body, &catalog.pools)?;
    let policy = &catalog.policy;
    let mut pool = Pool {
        id: Uuid::now_v7(),
        product: product(body, catalog)?,
        subscription_type: key.clone(),
        key,
        term_start: required("termStart", body.first_day("termStart", &catalog.zone)?)?,
        term_end: required("termEnd", body.last_day("termEnd", &catalog.zone)?)?,
        full_policy: policy.full_policy.0,
        overage_limit: 0,
        reuse_policy: policy.reuse_policy.0,
        cooldown_days: 0,
        default_duration_days: None,
        fallback: None,
        state: PoolState::Live,
        max_reassignments: None,
        unit_cost: None,
    };
    apply(body, &mut pool, catalog, false)?;
    Ok(pool)
}

/// Puts what was sent into a pool, which is a `known` one or new.
fn apply(body: &Body, pool: &mut Pool, catalog: &Catalog, known: bool) -> Result<(), Refusal> {
    let zone = &catalog.zone;
    if let Some(text) = body.text("subscriptionType", 100)? {
        pool.subscription_type = text;
    }
    pool.term_start = body
        .first_day("termStart", zone)?
        .unwrap_or(pool.term_start);
    pool.term_end = body.last_day("termEnd", zone)?.unwrap_or(pool.term_end);
    if pool.term_start >= pool.term_end {
        return Err(wrong("termEnd", "must not be before termStart"));
    }
    pool.full_policy = body.named("fullPolicy")?.unwrap_or(pool.full_policy);
    pool.reuse_policy = body.named("reusePolicy")?.unwrap_or(pool.reuse_policy);
    let limit = body.whole("overageLimit", 0..=MAX_SEATS)?;
    pool.overage_limit = limit.unwrap_or(pool.overage_limit);
    let cooldown = body.whole("cooldownDays", 0..=MAX_DAYS)?;
    pool.cooldown_days = cooldown.unwrap_or(pool.cooldown_days);
    if body.has("defaultDurationDays") {
        pool.default_duration_days = body.days("defaultDurationDays")?;
    }
    if body.has("maxReassignments") {
        pool.max_reassignments = body.whole("maxReassignments", 0..=MAX_SEATS)?;
    }
    if body.has("unitCost") {
        pool.unit_cost = body.whole("unitCost", 0..=MAX_COST)?;
    }
    if body.has("fallbackPool") {
        pool.fallback = fallback(body, pool, catalog)?;
    }
    if let Some(state) = body.named("state")? {
        if state == PoolState::Draft && known && pool.state != state {
            let detail = "a pool that was open cannot become a draft again; close it";
            return Err(wrong("state", detail));
        }
        pool.state = state;
    }
    Ok(())
}

fn fallback(body: &Body, pool: &Pool, catalog: &Catalog) -> Result<Option<Uuid>, Refusal> {
    let Some(key) = body.key("fallbackPool")? else {
        return Ok(None);
    };
    let other = with_key(&catalog.pools, &key).ok();
    let other = other.filter(|other| other.id != pool.id && other.product == pool.product);
    let detail = "there is no other pool of this product with this key";
    other
        .map(|other| Some(other.id))
        .ok_or_else(|| wrong("fallbackPool", detail))
}

/// The pools that a change may have given seats to offer, with everybody in line for them whom it
/// made them open to: a pool that opens, and one that another now falls back on.
async fn offered(
    tx: &mut Tx,
    before: Option<&Pool>,
    pool: &Pool,
    catalog: &Catalog,
) -> Result<Vec<Uuid>, Error> {
    if !pool.is_live() {
        return Ok(Vec::new());
    }
    let mut offer = vec![pool.id];
    let opens = before.is_none_or(|before| !before.is_live());
    if opens {
        tx.line_up(pool).await?;
    }
    let fallback = pool.fallback.and_then(|id| catalog.pool(id));
    let fallback =
        fallback.filter(|f| f.is_live() && before.and_then(|b| b.fallback) != Some(f.id));
    if let Some(fallback) = fallback {
        if !tx.holds_pool(fallback.id) {
            return Err(store::Error::NeedPools(BTreeSet::from([fallback.id])).into());
        }
        tx.line_up(fallback).await?;
        offer.push(fallback.id);
    }
    Ok(offer)
}

/// A pool as it is now, with the run that its change began.
async fn answer(
    tx: &mut Tx,
    id: Uuid,
    run: Option<&PlacementRun>,
    now: Timestamp,
) -> Result<Object, Error> {
    let catalog = tx.catalog().await?;
    let pool = catalog.pool(id);
    let pool = pool.ok_or(store::Error::Inconsistent("a pool that was just there"))?;
    let figures = tx.figures(Some(id), now).await?;
    let figures = figures
        .first()
        .map(|(_, figures)| *figures)
        .unwrap_or_default();
    let given_on = tx.reassignments().await?.get(&id).copied();
    Ok(placed(view(pool, &figures, given_on, &catalog), run))
}

/// A pool; `given_on` is how many used seats were given to somebody else.
fn view(pool: &Pool, figures: &Figures, given_on: Option<i64>, catalog: &Catalog) -> Object {
    let fallback = pool.fallback.and_then(|id| catalog.pool(id));
    object([
        ("key", json!(pool.key)),
        ("product", json!(product_key(pool.product, catalog))),
        ("subscriptionType", json!(pool.subscription_type)),
        (
            "termStart",
            json!(days::day_of(pool.term_start, &catalog.zone)),
        ),
        (
            "termEnd",
            json!(days::last_day(pool.term_end, &catalog.zone)),
        ),
        ("fullPolicy", json!(pool.full_policy.as_str())),
        ("reusePolicy", json!(pool.reuse_policy.as_str())),
        ("purchased", json!(figures.purchased)),
        ("available", json!(figures.available)),
        ("reserved", json!(figures.reserved)),
        ("scheduled", json!(figures.scheduled)),
        ("occupied", json!(figures.occupied)),
        ("grace", json!(figures.grace)),
        ("burned", json!(figures.burned)),
        ("overage", json!(figures.overage)),
        ("waitlist", json!(figures.waitlist)),
        ("coolingDown", json!(figures.cooling_down)),
        ("notOffered", json!(figures.not_offered)),
        ("overageLimit", json!(pool.overage_limit)),
        ("cooldownDays", json!(pool.cooldown_days)),
        ("defaultDurationDays", json!(pool.default_duration_days)),
        ("fallbackPool", json!(fallback.map(|pool| &pool.key))),
        ("state", json!(pool.state.as_str())),
        ("maxReassignments", json!(pool.max_reassignments)),
        ("reassignments", json!(given_on.unwrap_or_default())),
        ("unitCost", json!(pool.unit_cost)),
    ])
}

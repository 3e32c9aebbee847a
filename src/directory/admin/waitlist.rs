//! Who waits for a seat.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::query::refused;
use super::roles::Right;
use super::{Items, Query, conflict, cursor, find, members, not_found, object, verbs, view, wrong};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool};
use crate::seats::{Assignment, days};
use crate::store::members::Member;
use crate::store::waitlist::{Place, Waiting};
use crate::store::{Session, transact};

/// The highest priority class.
const MAX_CLASS: i64 = 1_000;
/// Beyond this place in line nobody is told when a seat can be expected.
const MAX_DEPTH: i64 = 10_000;

impl Directory {
    /// The lines, pool by pool, whoever is next first.
    pub async fn list_waitlist(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        query.only(&["pool"], None)?;
        self.catch_up(caller.tenant, now).await?;
        let list = cursor::list(caller, "waitlist", query);
        let after: Option<Place> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let pool = pool(query, &catalog.pools)?;
        let waiting = session.waitlist(pool, after.as_ref(), limit + 1).await?;
        let mut deepest: HashMap<Uuid, i64> = HashMap::new();
        for (pool, position) in waiting.iter().filter_map(in_line) {
            let deep = deepest.entry(pool).or_default();
            *deep = position.max(*deep);
        }
        let mut frees = HashMap::new();
        for (pool, deepest) in deepest {
            let free = coming_free(&mut session, &catalog, pool, deepest, now).await?;
            frees.insert(pool, free);
        }
        let rows = waiting.into_iter().map(|waiting| {
            let expected = in_line(&waiting).and_then(|(pool, position)| {
                let free = frees.get(&pool)?;
                expected(free, position, waiting.member.assignment.as_ref()?)
            });
            let item = object([
                ("id", json!(waiting.place.id)),
                ("position", json!(waiting.position)),
                ("member", view::brief(&waiting.member)),
                ("pool", json!(waiting.place.pool)),
                ("since", json!(waiting.since)),
                ("priorityClass", json!(waiting.place.priority_class)),
                ("expectedAt", json!(expected)),
            ]);
            (item, waiting.place)
        });
        self.page(list, rows.collect(), limit, now).await
    }
}

impl Directory {
    /// Gives somebody in line another priority: a lower one goes first. They are named by
    /// their place's `id` or as anywhere else.
    pub async fn prioritise_waiting(
        &self,
        caller: &Caller,
        who: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let body = Body::of(body, &["priorityClass"])?;
        let class = body.whole("priorityClass", 0..=MAX_CLASS)?;
        let class = required("priorityClass", class)?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let place = match Uuid::try_parse(who) {
                Ok(id) => tx.who_waits(id).await?,
                Err(_) => None,
            };
            let mut member = match place {
                Some(member) => tx
                    .lock_member(member)
                    .await?
                    .ok_or_else(|| not_found("such person"))?,
                None => find::locked(tx, who).await?,
            };
            let Some(a) = member.assignment.as_mut().filter(|a| a.waiting.is_some()) else {
                let detail = "the person stands in no line";
                return Err(conflict(Code::NotWaiting, detail, []).into());
            };
            let (id, before) = (a.id, a.priority_class);
            if before != class {
                a.priority_class = class;
                tx.prioritise(id, class).await?;
                let rules = self.current_rules(tx).await?;
                let mut change = Change::new(tx, rules, caller.by(), now);
                let detail = object([("from", before.into()), ("to", class.into())]);
                change.log("waitlist.prioritised", Some(member.id), detail);
                change.finish().await?;
            }
            let rules = self.current_rules(tx).await?;
            let seen = members::seen(tx, caller, &member, &rules.catalog, now).await?;
            Ok(object([
                ("id", json!(id)),
                ("priorityClass", class.into()),
                ("member", seen.into()),
            ]))
        })
    }

    /// Gives what is free to those in line, in all pools or in one. No change leaves a free seat
    /// beside somebody who waits for it, so mostly nobody is promoted.
    pub async fn promote_waiting(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let body = Body::of(body, &["pool"])?;
        let key = body.key("pool")?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let rules = self.current_rules(tx).await?;
            let live = rules.catalog.pools.iter().filter(|pool| pool.is_live());
            let wanted = |pool: &&Pool| {
                let key = key.as_ref();
                key.is_none_or(|key| pool.key.eq_ignore_ascii_case(key))
            };
            let pools: Vec<_> = live.filter(wanted).map(|pool| pool.id).collect();
            if pools.is_empty() && key.is_some() {
                return Err(wrong("pool", "there is no such live pool").into());
            }
            let mut change = Change::new(tx, rules.clone(), caller.by(), now);
            for pool in pools {
                change.offer(pool);
            }
            change.finish().await?;
            let Change { tx, promoted, .. } = change;
            Ok(object([("promoted", verbs::briefly(tx, &promoted).await?)]))
        })
    }
}

/// When a person can expect a seat, if they wait for one and it can be told.
pub(super) async fn expected_of(
    session: &mut Session,
    catalog: &Catalog,
    m: &Member,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let Some((a, waiting)) = m.assignment.as_ref().and_then(|a| Some((a, a.waiting?))) else {
        return Ok(None);
    };
    let position = session.waitlist_position(a).await?;
    let Some(position) = position.filter(|n| *n <= MAX_DEPTH) else {
        return Ok(None);
    };
    let free = coming_free(session, catalog, waiting.pool, position, now).await?;
    Ok(expected(&free, position, a))
}

fn in_line(waiting: &Waiting) -> Option<(Uuid, i64)> {
    let pool = waiting.member.assignment.as_ref()?.waiting?.pool;
    (waiting.position <= MAX_DEPTH).then_some((pool, waiting.position))
}

/// When the next seats of a pool come free, by the ends that are known, as far as somebody else may
/// have them then.
async fn coming_free(
    session: &mut Session,
    catalog: &Catalog,
    pool: Uuid,
    n: i64,
    now: Timestamp,
) -> Result<Vec<Timestamp>, Error> {
    let Some(pool) = catalog.pool(pool).filter(|pool| pool.is_live()) else {
        return Ok(Vec::new());
    };
    let frees = session.coming_free(pool, n, now).await?;
    let rested = frees.into_iter().map(|(at, rests)| {
        let days = if rests { pool.cooldown_days } else { 0 };
        days::days_after(at, days, &catalog.zone)
    });
    let mut free: Vec<_> = rested.filter(|at| *at < pool.term_end).collect();
    free.sort_unstable();
    Ok(free)
}

/// The seat for whoever is at this place; none if they wait no more by then.
fn expected(free: &[Timestamp], position: i64, a: &Assignment) -> Option<Timestamp> {
    let at = usize::try_from(position).ok()?.checked_sub(1)?;
    free.get(at).copied().filter(|at| *at < a.ends_at)
}

fn pool(query: &Query, pools: &[crate::seats::catalog::Pool]) -> Result<Option<Uuid>, Error> {
    let Some(key) = query.get("pool") else {
        return Ok(None);
    };
    let pool = pools.iter().find(|pool| pool.key.eq_ignore_ascii_case(key));
    Ok(Some(
        pool.ok_or_else(|| refused("pool", "there is no such pool"))?
            .id,
    ))
}

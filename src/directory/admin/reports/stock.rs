//! Reports of seats, lines and connections.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::json;
use uuid::Uuid;

use super::asked::{Asked, whole_days};
use super::{Body, rate};
use crate::directory::admin::query::refused;
use crate::directory::admin::{connections, object};
use crate::directory::{Caller, Directory, Error};
use crate::seats::catalog::{Catalog, Pool, ReusePolicy};
use crate::seats::days;
use crate::store::figures::Figures;
use crate::store::reports::stock::Freeing;

/// Days ahead that a forecast reaches at most.
const FARTHEST: i64 = 731;
/// Days ahead for which the report of lines counts what comes free.
const SOON: i64 = 30;

fn of(figures: &[(Uuid, Figures)], pool: Uuid) -> Figures {
    let found = figures.iter().find(|(id, _)| *id == pool);
    found.map(|(_, figures)| *figures).unwrap_or_default()
}

/// Seats that somebody has, and so nobody else can.
fn held(f: &Figures) -> i64 {
    f.occupied + f.grace + f.scheduled + f.burned
}

impl Directory {
    pub(super) async fn seats_report(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let low = asked.number("lowPercent", '%')?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let figures = session.figures(None, now).await?;
        let items = catalog.pools.iter().map(|pool| {
            let f = of(&figures, pool.id);
            object([
                ("pool", json!(pool.key)),
                ("subscriptionType", json!(pool.subscription_type)),
                ("purchased", f.purchased.into()),
                ("occupied", f.occupied.into()),
                ("grace", f.grace.into()),
                ("scheduled", f.scheduled.into()),
                ("burned", f.burned.into()),
                ("reserved", f.reserved.into()),
                ("available", f.available.into()),
                ("overage", f.overage.into()),
                ("waitlist", f.waitlist.into()),
                ("utilisation", rate(held(&f), f.purchased)),
                (
                    "termEnd",
                    json!(days::last_day(pool.term_end, &catalog.zone)),
                ),
                ("daysLeft", whole_days(now, pool.term_end).max(0).into()),
                (
                    "low",
                    (pool.is_live() && f.available * 100 < f.purchased * low).into(),
                ),
                ("state", pool.state.as_str().into()),
            ])
        });
        Ok(Body::of(items.collect()))
    }

    pub(super) async fn true_up(&self, caller: &Caller, now: Timestamp) -> Result<Body, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let figures = session.figures(None, now).await?;
        let peaks: BTreeMap<_, _> = session.peaks().await?.into_iter().collect();
        let items = catalog.pools.iter().map(|pool| {
            let f = of(&figures, pool.id);
            let peak = peaks.get(&pool.id).copied().unwrap_or_default();
            let never_used = (f.purchased - peak.held).max(0);
            let cost = |seats: i64| json!(pool.unit_cost.map(|cost| cost.saturating_mul(seats)));
            object([
                ("pool", json!(pool.key)),
                (
                    "termStart",
                    json!(days::day_of(pool.term_start, &catalog.zone)),
                ),
                (
                    "termEnd",
                    json!(days::last_day(pool.term_end, &catalog.zone)),
                ),
                ("purchased", f.purchased.into()),
                ("held", held(&f).into()),
                ("peakHeld", peak.held.into()),
                ("overage", f.overage.into()),
                ("peakOverage", peak.overage.into()),
                ("burned", f.burned.into()),
                // Seats that were never out at the same time.
                ("neverUsed", never_used.into()),
                ("unitCost", json!(pool.unit_cost)),
                ("peakOverageCost", cost(peak.overage)),
                ("neverUsedCost", cost(never_used)),
            ])
        });
        Ok(Body::of(items.collect()))
    }

    pub(super) async fn waitlist_report(
        &self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let figures = session.figures(None, now).await?;
        let lines = session.line_lengths().await?;
        let soon = now + SignedDuration::from_hours(24 * SOON);
        let freeing = session.freeing(now, soon).await?;
        let items = catalog.pools.iter().map(|pool| {
            let line = lines.iter().find(|line| line.pool == pool.id);
            let coming: Vec<_> = freeing
                .iter()
                .filter_map(|f| comes_free(pool, f, &catalog))
                .filter(|(at, _)| *at <= soon)
                .collect();
            object([
                ("pool", json!(pool.key)),
                ("waiting", line.map_or(0, |line| line.waiting).into()),
                ("oldestSince", json!(line.map(|line| line.oldest))),
                (
                    "longestDays",
                    json!(line.map(|line| whole_days(line.oldest, now))),
                ),
                ("available", of(&figures, pool.id).available.into()),
                ("nextFreeAt", json!(coming.iter().map(|(at, _)| *at).min())),
                (
                    "freeWithin30Days",
                    coming.iter().map(|(_, n)| n).sum::<i64>().into(),
                ),
            ])
        });
        Ok(Body::of(items.collect()))
    }

    pub(super) async fn forecast(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let until = asked.ahead("until", &catalog, now)?;
        if until <= now || whole_days(now, until) > FARTHEST {
            let detail = format!("must lie ahead, by at most {FARTHEST} days");
            return Err(refused("until", &detail).into());
        }
        let only = asked.pool(&catalog)?;
        let figures = session.figures(None, now).await?;
        let freeing = session.freeing(now, until).await?;
        let pools: Vec<_> = catalog
            .pools
            .iter()
            .filter(|pool| only.map_or(pool.is_live(), |only| only == pool.id))
            .collect();
        let lines = pools.iter().map(|pool| {
            let figures = of(&figures, pool.id);
            forecast_of(pool, &figures, &freeing, &catalog, (now, until))
        });
        let mut days: BTreeMap<Date, Day> = BTreeMap::new();
        for (day, line) in lines.flatten() {
            let sum = days.entry(day).or_default();
            sum.coming += line.coming;
            sum.available += line.available;
            sum.waiting += line.waiting;
        }
        let items = days.into_iter().map(|(day, line)| {
            object([
                ("day", json!(day)),
                ("comingFree", line.coming.into()),
                ("available", line.available.into()),
                ("waiting", line.waiting.into()),
            ])
        });
        Ok(Body::of(items.collect()))
    }

    pub(super) async fn connections_report(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let hours = asked.number("silentHours", 'h')?;
        self.flush_seen().await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let facts = connections::Facts::read(&mut session, now).await?;
        let managed = session.managed().await?;
        let items = facts.connections.iter().map(|connection| {
            let people = managed.iter().find(|(id, _)| *id == Some(connection.id));
            let lag = connection
                .last_seen_at
                .map(|at| (now.as_second() - at.as_second()).max(0));
            let mut item = facts.view(connection, now);
            item.insert("people".into(), people.map_or(0, |(_, n)| *n).into());
            item.insert("lagSeconds".into(), json!(lag));
            let silent = lag.is_none_or(|lag| lag >= hours * 3_600);
            item.insert("silent".into(), silent.into());
            item
        });
        Ok(Body::of(items.collect()))
    }
}

/// What a day has in store.
#[derive(Default, Clone, Copy)]
struct Day {
    coming: i64,
    available: i64,
    waiting: i64,
}

/// When a seat can be taken again, and how many of them, by the pool's contract.
fn comes_free(pool: &Pool, f: &Freeing, catalog: &Catalog) -> Option<(Timestamp, i64)> {
    let burns = match pool.reuse_policy {
        ReusePolicy::Reusable => false,
        ReusePolicy::UntilStarted => f.used && f.started,
        ReusePolicy::Consumable => f.used,
    };
    if f.pool != pool.id || burns || f.overage {
        return None;
    }
    let rest = if f.used { pool.cooldown_days } else { 0 };
    Some((days::days_after(f.at, rest, &catalog.zone), f.n))
}

/// A pool day by day: what comes free goes to those in line first, and after its term nothing is.
fn forecast_of(
    pool: &Pool,
    figures: &Figures,
    freeing: &[Freeing],
    catalog: &Catalog,
    (now, until): (Timestamp, Timestamp),
) -> Vec<(Date, Day)> {
    let zone = &catalog.zone;
    let mut coming: BTreeMap<Date, i64> = BTreeMap::new();
    for (at, n) in freeing.iter().filter_map(|f| comes_free(pool, f, catalog)) {
        *coming.entry(days::day_of(at, zone)).or_default() += n;
    }
    let (mut day, last) = (days::day_of(now, zone), days::last_day(until, zone));
    let mut free = figures.available;
    let mut line = Vec::new();
    while day <= last {
        let begins = days::midnight(day, zone);
        let is_over = pool.term_end <= begins;
        let today = coming.get(&day).copied().unwrap_or_default();
        free += today;
        let entry = if is_over {
            Day::default()
        } else {
            Day {
                coming: today,
                available: (free - figures.waitlist).max(0),
                waiting: (figures.waitlist - free).max(0),
            }
        };
        line.push((day, entry));
        let Ok(next) = day.checked_add(1.day()) else {
            break;
        };
        day = next;
    }
    line
}

//! Telling webhooks what time and figures say. Jobs call this; each kind is looked for only where a
//! webhook asks for it. What is found and that it was told are noted in one transaction, so that
//! each cause is told once, whoever looks and whenever a process dies.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::object;
use super::reports::figures;
use crate::directory::rules::Rules;
use crate::directory::{Directory, Error};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool};
use crate::seats::days;
use crate::store::figures::Figures;
use crate::store::signals::{Expiring, Signal, Stalled, Watch};
use crate::store::{TenantId, Tx, transact};
use crate::webhooks::kind::Kind;
use crate::webhooks::signal::{self, Band, Level};

/// People told of in one transaction. On SQLite everybody else waits.
const BATCH: i64 = 100;
/// How often all is looked through for what was moved into the past.
const SWEEP: SignedDuration = SignedDuration::from_hours(1);
/// How often what cannot be looked for by an index is looked for, and how far a look is noted.
const SELDOM: SignedDuration = SignedDuration::from_mins(1);

/// What is looked for, and the kinds that it is told as.
const WATCHED: &[(Kind, &[Kind])] = &[
    (
        Kind::MemberStalled,
        &[Kind::MemberStalled, Kind::MemberUnstalled],
    ),
    (Kind::SeatExpiring, &[Kind::SeatExpiring]),
    (Kind::PoolLow, &[Kind::PoolLow, Kind::PoolFull]),
    (Kind::TokenExpiring, &[Kind::TokenExpiring]),
    (Kind::ConnectionSilent, &[Kind::ConnectionSilent]),
    (Kind::DigestWeekly, &[Kind::DigestWeekly]),
];

fn wanted(kinds: &HashSet<Kind>, told_as: &[Kind]) -> bool {
    told_as.iter().any(|kind| kinds.contains(kind))
}

/// Begins to look for what the tenant's webhooks ask for. Who has stalled already, whose end was
/// already near and which digest was due are not told: a webhook is told what happens from now on.
pub(super) async fn watch(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    let kinds = tx.kinds_wanted().await?;
    for (kind, told_as) in WATCHED {
        if !wanted(&kinds, told_as) || !tx.begin_watch(*kind, now).await? {
            continue;
        }
        match kind {
            Kind::MemberStalled => tx.stalled_before(now).await?,
            Kind::SeatExpiring => tx.expiring_before(now).await?,
            Kind::DigestWeekly => {
                let zone = tx.catalog().await?.zone;
                if let Some((week, _)) = signal::digest(now, &zone) {
                    tx.tell_once(*kind, "", &week.to_string()).await?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

impl Directory {
    /// Looks for what is to be told in a tenant.
    pub async fn look_for_signals(&self, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
        let mut session = self.store.read(tenant).await?;
        let watches = session.watches().await?;
        let kinds = session.kinds_wanted().await?;
        drop(session);
        let is_watched = |kind: &Kind| watches.iter().any(|w| w.kind == *kind);
        let mut newly = WATCHED.iter();
        if newly.any(|(kind, told_as)| wanted(&kinds, told_as) && !is_watched(kind)) {
            transact!(self.store, tenant, |tx| watch(tx, now).await)?;
        }
        for mut watch in watches {
            let told_as = WATCHED.iter().find(|(kind, _)| *kind == watch.kind);
            if !told_as.is_some_and(|(_, told_as)| wanted(&kinds, told_as)) {
                transact!(self.store, tenant, |tx| {
                    tx.end_watch(watch.kind).await.map_err(Error::from)
                })?;
                continue;
            }
            let sweeps = is_due(watch.swept_at, SWEEP, now);
            let told = match watch.kind {
                Kind::MemberStalled => self.tell_stalled(tenant, &watch, sweeps, now).await?,
                Kind::SeatExpiring => self.tell_expiring(tenant, &watch, sweeps, now).await?,
                Kind::PoolLow => {
                    let end = self.store.read(tenant).await?.ledger_end().await?;
                    let moved = end > watch.position;
                    watch.position = end;
                    (moved || sweeps) && {
                        self.tell_pools(tenant, now).await?;
                        true
                    }
                }
                kind if is_due(watch.seen_to, SELDOM, now) => {
                    self.tell_seldom(tenant, kind, watch.seen_to, now).await?;
                    true
                }
                _ => false,
            };
            if told || sweeps || is_due(watch.seen_to, SELDOM, now) {
                watch.seen_to = now;
                if sweeps {
                    watch.swept_at = now;
                }
                transact!(self.store, tenant, |tx| {
                    tx.save_watch(&watch).await.map_err(Error::from)
                })?;
            }
        }
        Ok(())
    }

    /// Tells who has stalled and who is so no more; answers whether there was somebody.
    async fn tell_stalled(
        &self,
        tenant: TenantId,
        watch: &Watch,
        sweeps: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut any = false;
        loop {
            let mut session = self.store.read(tenant).await?;
            let mut changed = session.stalled_changed(now, BATCH).await?;
            if sweeps && changed.is_empty() {
                changed = session.stalled_no_more(now, BATCH).await?;
            }
            drop(session);
            if changed.is_empty() {
                break;
            }
            any = true;
            transact!(self.store, tenant, |tx| {
                for told in &changed {
                    if tx.looked_at_stalled(told).await? {
                        let detail = object([("status", told.stage.as_str().into())]);
                        let over = signal_of(Kind::MemberUnstalled, now, told.member, detail);
                        tx.insert_signal(&over).await?;
                    }
                }
                Ok::<_, Error>(())
            })?;
        }
        let mut after = if sweeps {
            (Timestamp::UNIX_EPOCH, Uuid::nil())
        } else {
            (watch.seen_to, Uuid::max())
        };
        loop {
            let mut session = self.store.read(tenant).await?;
            let stalled = session.stalled_untold(after, now, BATCH).await?;
            drop(session);
            let Some(last) = stalled.last() else {
                return Ok(any);
            };
            any = true;
            after = (last.since, last.member);
            transact!(self.store, tenant, |tx| {
                for one in &stalled {
                    if tx.tell_stalled(one).await? {
                        tx.insert_signal(&has_stalled(one)).await?;
                    }
                }
                Ok::<_, Error>(())
            })?;
        }
    }

    /// Tells whose access ends soon; answers whether there was somebody.
    async fn tell_expiring(
        &self,
        tenant: TenantId,
        watch: &Watch,
        sweeps: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut any = false;
        let since = (!sweeps).then_some(watch.seen_to);
        for band in signal::bands(since, now) {
            let mut after = (band.from, Uuid::max());
            loop {
                let mut session = self.store.read(tenant).await?;
                let found = session.expiring_untold(band, after, BATCH).await?;
                let rules = self.current_rules(&mut session).await?;
                drop(session);
                let Some(last) = found.last() else {
                    break;
                };
                any = true;
                after = (last.ends_at, last.member);
                transact!(self.store, tenant, |tx| {
                    for one in &found {
                        if tx.tell_expiring(one, band.days).await? {
                            let told = ends_soon(one, band, &rules.catalog, now);
                            tx.insert_signal(&told).await?;
                        }
                    }
                    Ok::<_, Error>(())
                })?;
            }
        }
        if sweeps {
            transact!(self.store, tenant, |tx| {
                tx.forget_expired(now).await.map_err(Error::from)
            })?;
        }
        Ok(any)
    }

    /// Tells which pools are low or full that were not.
    async fn tell_pools(&self, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
        let mut session = self.store.snapshot(tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let levels = levels(&rules, session.figures(None, now).await?);
        drop(session);
        transact!(self.store, tenant, |tx| {
            for (pool, level, figures) in &levels {
                let subject = pool.to_string();
                let before = tx
                    .tell_once(Kind::PoolLow, &subject, level.as_str())
                    .await?;
                let before = before.map(|before| before.and_then(|before| before.parse().ok()));
                let kind = match (before, *level) {
                    (None, _) | (_, Level::Enough) => continue,
                    // Seats that came free of a full pool are no news of their becoming few.
                    (Some(Some(Level::Full)), Level::Low) => continue,
                    (Some(_), Level::Low) => Kind::PoolLow,
                    (Some(_), Level::Full) => Kind::PoolFull,
                };
                let signal = Signal {
                    kind,
                    at: now,
                    member: None,
                    pool: Some(*pool),
                    detail: object([
                        ("available", figures.available.into()),
                        ("purchased", figures.purchased.into()),
                        ("waitlist", figures.waitlist.into()),
                    ]),
                };
                tx.insert_signal(&signal).await?;
            }
            Ok::<_, Error>(())
        })
    }

    /// Tells what no index is needed to find: tokens, connections, the digest.
    async fn tell_seldom(
        &self,
        tenant: TenantId,
        kind: Kind,
        seen_to: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut session = self.store.snapshot(tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let catalog = &rules.catalog;
        let mut causes = Vec::new();
        match kind {
            Kind::TokenExpiring => {
                for token in figures::tokens_expiring(&mut session, now).await? {
                    let cause = token.expires_at.to_string();
                    let detail = object([
                        ("token", json!(token.id)),
                        ("role", token.role.as_str().into()),
                        ("expiresAt", json!(token.expires_at)),
                    ]);
                    causes.push((token.id, cause, detail));
                }
            }
            Kind::ConnectionSilent => {
                for connection in figures::silent(&mut session, catalog, now).await? {
                    let cause = connection.last_seen_at.map(|at| at.to_string());
                    let detail = object([
                        ("connection", json!(connection.name)),
                        ("lastSeenAt", json!(connection.last_seen_at)),
                    ]);
                    let subject = connection.id.to_string();
                    causes.push((subject, cause.unwrap_or_default(), detail));
                }
            }
            _ => {
                let due = signal::digest(now, &catalog.zone);
                if let Some((week, _)) = due.filter(|(_, at)| *at > seen_to) {
                    let mut detail = object([("week", json!(week))]);
                    detail.extend(figures::digest(&mut session, catalog, now).await?);
                    causes.push((String::new(), week.to_string(), detail));
                }
            }
        }
        drop(session);
        if causes.is_empty() {
            return Ok(());
        }
        transact!(self.store, tenant, |tx| {
            for (subject, cause, detail) in &causes {
                if tx.tell_once(kind, subject, cause).await?.is_some() {
                    let signal = Signal {
                        kind,
                        at: now,
                        member: None,
                        pool: None,
                        detail: detail.clone(),
                    };
                    tx.insert_signal(&signal).await?;
                }
            }
            Ok::<_, Error>(())
        })
    }
}

/// Keeps a message for the tenant's webhooks if one of them asks for its kind.
pub(in crate::directory) async fn signal(tx: &mut Tx, signal: &Signal) -> Result<(), Error> {
    if tx.kinds_wanted().await?.contains(&signal.kind) {
        tx.insert_signal(signal).await?;
    }
    Ok(())
}

fn is_due(last: Timestamp, every: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(last) >= every
}

fn signal_of(kind: Kind, at: Timestamp, member: Uuid, detail: Object) -> Signal {
    Signal {
        kind,
        at,
        member: Some(member),
        pool: None,
        detail,
    }
}

fn has_stalled(one: &Stalled) -> Signal {
    let detail = object([
        ("status", one.stage.as_str().into()),
        ("reason", one.stage.reason().as_str().into()),
        ("since", json!(one.since)),
    ]);
    signal_of(Kind::MemberStalled, one.since, one.member, detail)
}

fn ends_soon(one: &Expiring, band: Band, catalog: &Catalog, now: Timestamp) -> Signal {
    let last_day = days::last_day(one.ends_at, &catalog.zone);
    Signal {
        kind: Kind::SeatExpiring,
        at: now,
        member: Some(one.member),
        pool: Some(one.pool),
        detail: object([
            ("days", band.days.into()),
            ("accessEndDate", json!(last_day)),
            ("endsAt", json!(one.ends_at)),
        ]),
    }
}

/// How much is left of each pool that people may be placed in.
fn levels(rules: &Rules, figures: Vec<(Uuid, Figures)>) -> Vec<(Uuid, Level, Figures)> {
    let catalog = &rules.catalog;
    let low = catalog.policy.pool_low_percent;
    let live = |id: Uuid| catalog.pool(id).is_some_and(Pool::is_live);
    figures
        .into_iter()
        .filter(|(id, _)| live(*id))
        .map(|(id, f)| (id, signal::level(f.available, f.purchased, low), f))
        .collect()
}

/// What a webhook may be told of a message's detail: how people use their coaching only where it
/// may know.
pub(super) fn told(kind: Kind, detail: &Object, engagement: bool) -> Value {
    let mut detail = detail.clone();
    if kind == Kind::DigestWeekly && !engagement {
        detail.shift_remove(figures::ENGAGEMENT);
    }
    detail.into()
}

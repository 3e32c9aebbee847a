//! What the clock and changed rules set off: ends, starts, promotions, re-placement, the ledger's
//! chain. Jobs call these; so does a read that must not show what is overdue.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::change::{By, Change};
use super::{Directory, Error};
use crate::seats::IdentityState;
use crate::seats::decision::Trigger;
use crate::store::benchmarks::OfTrack;
use crate::store::idempotency::apart;
use crate::store::operations::PlacementRun;
use crate::store::{self, TenantId, Tx, transact};

/// People handled in one transaction by the clock. Small, since on SQLite everybody else waits.
const BATCH: i64 = 50;
/// People looked at in one transaction of a run.
const RUN_BATCH: i64 = 500;

pub(super) fn clock() -> By {
    By {
        actor: "clock".into(),
        cause: "clock".into(),
    }
}

impl Directory {
    /// Brings a tenant up to `now`: what is due ends or starts, and who is next gets what is free.
    pub async fn catch_up(&self, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
        if !self.store.read(tenant).await?.is_due(now).await? {
            return Ok(());
        }
        // It would have happened without the request that found it due.
        Box::pin(apart(async {
            while transact!(self.store, tenant, |tx| self.elapse_some(tx, now).await)? {}
            while transact!(self.store, tenant, |tx| tx.pass_sessions(now).await)? > 0 {}
            Ok(())
        }))
        .await
    }

    /// One batch; answers whether there may be more.
    async fn elapse_some(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, Error> {
        let due = tx.due(now, BATCH).await?;
        let cooled = tx.end_cooling(now).await?;
        let unpinned = tx.pins_due(now, BATCH).await?;
        if due.is_empty() && cooled.is_empty() && unpinned.is_empty() {
            return Ok(false);
        }
        let rules = self.current_rules(tx).await?;
        let mut change = Change::new(tx, rules, clock(), now);
        for pool in cooled {
            change.offer(pool);
        }
        for due in due {
            if let Some(mut member) = change.tx.lock_member(due.member).await? {
                change.elapse(&mut member).await?;
            }
        }
        // In their order, as everybody locks people.
        for id in unpinned.into_iter().collect::<BTreeSet<_>>() {
            if let Some(mut member) = change.tx.lock_member(id).await? {
                // Nobody is revived whom an operator or the calendar ended.
                if change.settle(&mut member, Trigger::Catalog, false).await? {
                    change.save_seat(&mut member).await?;
                }
            }
        }
        change.finish().await?;
        Ok(true)
    }

    /// Places the next people of the tenant's oldest unfinished run or, where there is none, those
    /// who came too late for the newest; answers whether there are more.
    pub async fn place_some(&self, tenant: TenantId, now: Timestamp) -> Result<bool, Error> {
        transact!(self.store, tenant, |tx| {
            let Some(mut run) = tx.unfinished_run().await? else {
                let late = tx.late_people(RUN_BATCH).await?;
                self.place_people(tx, &late, now).await?;
                return Ok(!late.is_empty());
            };
            let mut people = tx.people_after(run.after, RUN_BATCH).await?;
            run.done += i64::try_from(people.len()).unwrap_or(0);
            run.after = people.last().copied().or(run.after);
            if people.is_empty() {
                people = tx.late_people(RUN_BATCH).await?;
            }
            run.changed += self.place_people(tx, &people, now).await?;
            if people.is_empty() {
                run.finished_at = Some(now);
            }
            tx.save_run(&run).await?;
            Ok(true)
        })
    }

    /// Measures a tenant's benchmarks anew. Where one has moved, a run gives everybody the instant
    /// from which they have stalled by it.
    pub async fn measure(&self, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
        let mut session = self.store.snapshot(tenant).await?;
        let days = |of: &[OfTrack]| -> Vec<_> {
            of.iter()
                .map(|(track, stage, b)| (*track, *stage, b.days))
                .collect()
        };
        let before = session.benchmarks().await?;
        let measured = session.measure_benchmarks().await?;
        drop(session);
        if days(&before) == days(&measured) {
            return Ok(());
        }
        self.begun(transact!(self.store, tenant, |tx| {
            tx.touch_catalog().await?;
            tx.save_benchmarks(&measured).await?;
            begin_run(tx, "benchmarks", now).await.map(|_| ())
        }))
    }

    /// Places people by the catalog as it is; answers how many it changed.
    async fn place_people(
        &self,
        tx: &mut Tx,
        people: &[Uuid],
        now: Timestamp,
    ) -> Result<i64, Error> {
        let rules = self.current_rules(tx).await?;
        let mut changed = 0;
        let mut change = Change::new(tx, rules, clock(), now);
        // In their order, as everybody locks people.
        let people: BTreeSet<_> = people.iter().copied().collect();
        for id in &people {
            let Some(mut member) = change.tx.lock_member(*id).await? else {
                continue;
            };
            let known = matches!(
                member.identity,
                IdentityState::Active | IdentityState::Inactive
            );
            if known && change.settle(&mut member, Trigger::Catalog, false).await? {
                change.save_seat(&mut member).await?;
                changed += 1;
            }
            // Thresholds may be among what changed.
            change.restall(*id, None);
        }
        change.finish().await?;
        if !people.is_empty() {
            tx.are_placed(&people).await?;
        }
        Ok(changed)
    }

    /// Wakes the jobs for the run that a committed change began.
    pub(super) fn begun<T>(&self, change: Result<T, Error>) -> Result<T, Error> {
        if change.is_ok() {
            self.placing.notify_one();
        }
        change
    }

    /// Waits until a run begins here. One that begins on another replica is found by looking.
    pub async fn run_begins(&self) {
        self.placing.notified().await;
    }

    /// Gives the newest lines of the tenant's ledger their place in the chain.
    pub async fn seal(&self, tenant: TenantId) -> Result<(), Error> {
        loop {
            let sealed = transact!(self.store, tenant, |tx| tx.seal().await);
            match sealed {
                Ok(100..) => {}
                // Another replica was faster.
                Ok(_) | Err(store::Error::Taken) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Begins a run over all people, since what places them has changed.
pub(super) async fn begin_run(
    tx: &mut Tx,
    reason: &str,
    now: Timestamp,
) -> Result<PlacementRun, Error> {
    let run = PlacementRun {
        id: Uuid::now_v7(),
        reason: reason.to_owned(),
        total: tx.count_members().await?,
        done: 0,
        changed: 0,
        after: None,
        created_at: now,
        finished_at: None,
    };
    tx.insert_run(&run).await?;
    Ok(run)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

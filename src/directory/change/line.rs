//! Standing in line.

use std::sync::Arc;

use jiff::Timestamp;

use super::Change;
use super::take::Got;
use crate::directory::{Error, person};
use crate::seats::Assignment;
use crate::seats::decision::Trigger;
use crate::seats::placement::{Placement, Standing, Target, place};
use crate::store::members::Member;
use crate::store::waitlist::InLine;

impl Change<'_> {
    /// Somebody in line for whom other pools would do than before, as when one was bought or their
    /// dates changed. They take what is free there and else stand in its line as well. Answers
    /// whether they have a seat now.
    pub(super) async fn seek(
        &mut self,
        member: &mut Member,
        waiting: &Assignment,
        target: &Target<'_>,
        inputs: &str,
        trigger: Trigger,
    ) -> Result<bool, Error> {
        let Some(place) = waiting.waiting else {
            return Ok(false);
        };
        let known = self.tx.lines_of(waiting.id).await?;
        let lines = lines_for(target, &known, place.since);
        if same(&known, &lines) {
            return Ok(false);
        }
        let mut fresh = target.pools.clone();
        fresh.retain(|(pool, _)| known.iter().all(|line| line.pool != pool.id));
        if trigger == Trigger::Catalog {
            // Others are being placed by the same change: whoever has waited longest goes first.
            self.need_all(fresh.iter().map(|(pool, _)| pool.id))?;
            for (pool, _) in &fresh {
                self.offer(pool.id);
            }
        } else if let Some(Got::Seat {
            pool,
            window,
            n,
            overage,
        }) = self.seat_in(&fresh).await?
        {
            let mut a = waiting.clone();
            inputs.clone_into(&mut a.inputs);
            self.reseat(member, a, target, (pool, window, n, overage))
                .await?;
            return Ok(true);
        }
        self.tx.stand_in_lines(waiting, &lines).await?;
        Ok(false)
    }

    /// Stands in the same lines as before until an end that has changed.
    pub(super) async fn wait_longer(
        &mut self,
        member: &Member,
        a: &Assignment,
    ) -> Result<(), Error> {
        let Some(waiting) = a.waiting else {
            return Ok(());
        };
        let rules = Arc::clone(&self.rules);
        let person = person::person(&rules, member);
        let known = self.tx.lines_of(a.id).await?;
        if let Placement::Place(target) = place(&rules.catalog, &person, Standing::of(a), self.now)
        {
            let mut lines = lines_for(&target, &known, waiting.since);
            lines.retain(|line| known.iter().any(|k| k.pool == line.pool));
            self.tx.stand_in_lines(a, &lines).await?;
        }
        Ok(())
    }
}

/// The lines to stand in, one for each pool that would do: where one stands already since then,
/// elsewhere since `since`.
pub(super) fn lines_for(target: &Target<'_>, known: &[InLine], since: Timestamp) -> Vec<InLine> {
    let pools = target.pools.iter();
    pools
        .map(|(pool, window)| {
            let before = known.iter().find(|line| line.pool == pool.id);
            InLine {
                pool: pool.id,
                since: before.map_or(since, |line| line.since),
                ends_at: window.ends_at,
            }
        })
        .collect()
}

/// Whether these are the lines for a target.
pub(super) fn stands_for(known: &[InLine], target: &Target<'_>) -> bool {
    let since = known.first().map(|line| line.since);
    since.is_some_and(|since| same(known, &lines_for(target, known, since)))
}

fn same(some: &[InLine], others: &[InLine]) -> bool {
    some.len() == others.len() && some.iter().all(|line| others.contains(line))
}

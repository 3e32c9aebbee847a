//! Several newcomers in one change: seats are taken for all of them at once, and what began for
//! them is stored together.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Change;
use crate::coaching::journey::Journey;
use crate::directory::{Error, engagement};
use crate::seats::decision::Trigger;
use crate::store::batch::Begun;
use crate::store::members::Member;

impl Change<'_> {
    /// So many newcomers are about to be placed.
    pub(in crate::directory) fn expect(&mut self, newcomers: usize) {
        self.stock.expect(newcomers);
    }

    /// Places the next of them.
    pub(in crate::directory) async fn settle_next(
        &mut self,
        member: &mut Member,
    ) -> Result<(), Error> {
        self.settle(member, Trigger::Person, true).await?;
        self.stock.served();
        Ok(())
    }

    /// Stores what began for newcomers, who are stored by now.
    pub(in crate::directory) async fn store_newcomers(
        &mut self,
        newcomers: &BTreeSet<Uuid>,
    ) -> Result<(), Error> {
        self.stock.give_back(self.tx).await?;
        let (theirs, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.begun)
            .into_iter()
            .partition(|(a, _)| newcomers.contains(&a.member));
        self.begun = others;
        let mut begun: Vec<Begun<'_>> = Vec::with_capacity(theirs.len());
        for (a, _) in &theirs {
            // Nothing can have happened to a newcomer, so there are no events to fold.
            let seated_at = self.refold.remove(&a.member).flatten();
            let journey = Journey::begun(seated_at.filter(|_| a.held));
            let stalls_at = engagement::stalls_at(&self.rules.catalog, a.track, &journey);
            begun.push((a, journey, stalls_at));
        }
        self.tx.insert_assignments(&begun).await?;
        for (a, lines) in &theirs {
            self.tx.join_lines(a, lines).await?;
        }
        Ok(())
    }
}

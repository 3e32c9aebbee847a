//! Giving what is free to those in line.

use std::sync::Arc;

use uuid::Uuid;

use super::Change;
use crate::directory::{Error, person};
use crate::scim::Object;
use crate::seats::catalog::FullPolicy;
use crate::seats::decision::Trigger;
use crate::seats::placement::{self, Placement, Standing};

impl Change<'_> {
    /// Gives a free seat of the pool to whoever is next in line; answers whether anybody got one,
    /// or left the line.
    pub(super) async fn promote(&mut self, pool: Uuid) -> Result<bool, Error> {
        self.need(pool)?;
        let Some((next, who)) = self.tx.next_in_line(pool, self.now).await? else {
            return Ok(false);
        };
        let Some(mut member) = self.tx.lock_member(who).await? else {
            return Ok(false);
        };
        self.knows_as_much_as(&member)?;
        self.catch_up_with(&member);
        let Some(a) = member
            .assignment
            .clone()
            .filter(|a| a.id == next && a.waiting.is_some())
        else {
            // Somebody served or ended it between the look and the lock; look again.
            self.tx.leave_line(next, pool).await?;
            return Ok(true);
        };
        if a.seat.is_some() {
            self.need(a.pool)?;
        }
        let rules = Arc::clone(&self.rules);
        let person = person::person(&rules, &member);
        let standing = Standing {
            starts_at: a.seat.is_some().then_some(a.starts_at),
            ..Standing::of(&a)
        };
        let place = match placement::place(&rules.catalog, &person, standing, self.now) {
            Placement::Place(target) => {
                let here = target.pools.iter().find(|(p, _)| p.id == pool).copied();
                here.map(|place| (target, place))
                    .ok_or(a.waiting.is_some_and(|w| w.pool != pool))
            }
            Placement::Nowhere(_) => Err(false),
        };
        let (target, (terms, window)) = match place {
            Ok(place) => place,
            Err(waits_elsewhere) => {
                // This pool would not do for them, or does no more since the rules changed.
                if !waits_elsewhere && self.settle(&mut member, Trigger::Catalog, false).await? {
                    self.save_seat(&mut member).await?;
                }
                self.tx.leave_line(next, pool).await?;
                return Ok(true);
            }
        };
        let account = self.account_from(window);
        let (n, overage) = match self.tx.take_seat_in_turn(pool, account, self.now).await? {
            Some(n) => (n, false),
            None if terms.full_policy == FullPolicy::Overage => {
                match self.tx.add_overage_seat(terms, account).await? {
                    Some(n) => (n, true),
                    None => return Ok(false),
                }
            }
            None => return Ok(false),
        };
        self.reseat(&mut member, a, &target, (terms, window, n, overage))
            .await?;
        self.heed_leave(&mut member).await?;
        self.log("seat.promoted", Some(member.id), Object::new());
        self.promoted.push(member.id);
        self.save_seat(&mut member).await?;
        Ok(true)
    }
}

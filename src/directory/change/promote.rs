//! Giving what is free to those in line.

use std::sync::Arc;

use uuid::Uuid;

use super::Change;
use crate::directory::{Error, person};
use crate::scim::Object;
use crate::seats::catalog::FullPolicy;
use crate::seats::placement::{self, Placement, Standing};
use crate::seats::{Assignment, EndReason};
use crate::store::members::Member;

impl Change<'_> {
    /// Gives a free seat of the pool to whoever is next in line; answers whether anybody got one,
    /// or left the line.
    pub(super) async fn promote(&mut self, pool: Uuid) -> Result<bool, Error> {
        self.need(pool)?;
        let Some(next) = self.tx.next_in_line(pool, self.now).await? else {
            return Ok(false);
        };
        let Some(mut member) = self.tx.lock_member(next).await? else {
            return Ok(false);
        };
        self.catch_up_with(&member);
        let Some(a) = member
            .assignment
            .clone()
            .filter(|a| a.waiting.is_some_and(|w| w.pool == pool))
        else {
            // Somebody served or ended it between the look and the lock; look again.
            return Ok(true);
        };
        if a.seat.is_some() {
            self.need(a.pool)?;
        }
        let rules = Arc::clone(&self.rules);
        let person = person::person(&rules, &member);
        let standing = Standing {
            starts_at: a.seat.is_some().then_some(a.starts_at),
            extended: a.extended.as_ref(),
            pool: a.seat.is_some().then_some(a.pool),
        };
        let window = match placement::place(&rules.catalog, &person, standing, self.now) {
            Placement::Place(target) => {
                let here = target.pools.iter().find(|(p, _)| p.id == pool).copied();
                here.map(|place| (target, place))
            }
            Placement::Nowhere(_) => None,
        };
        let Some((target, (terms, window))) = window else {
            // They do not want this pool any more; a run over the changed rules will place them.
            return self.leave_line(member, a).await;
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
        self.log("seat.promoted", Some(member.id), Object::new());
        self.promoted.push(member.id);
        self.save_seat(&mut member).await?;
        Ok(true)
    }

    pub(super) async fn leave_line(
        &mut self,
        mut member: Member,
        mut a: Assignment,
    ) -> Result<bool, Error> {
        if a.seat.is_none() {
            let inputs = String::new();
            self.end(&mut member, a, EndReason::Unmatched, self.now, inputs)
                .await?;
        } else {
            a.waiting = None;
            self.tx.save_assignment(&a).await?;
            member.seat_reason = None;
            member.assignment = Some(a);
        }
        self.save_seat(&mut member).await?;
        Ok(true)
    }
}

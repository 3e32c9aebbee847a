//! Cutting access, ending it, and giving seats back.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{Change, object};
use crate::directory::{Error, person};
use crate::scim::Object;
use crate::seats::catalog::ReusePolicy;
use crate::seats::{Account, Assignment, EndReason, EndSource, SeatReason, SeatState, days};
use crate::store::members::Member;

/// What became of a seat that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::directory) enum Freed {
    /// Somebody can take it.
    Available,
    /// The contract lets nobody take it again.
    Burned,
}

impl Change<'_> {
    /// Cuts access and holds the seat until `until`.
    pub(super) async fn begin_grace(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        until: Timestamp,
        reason: EndReason,
    ) -> Result<(), Error> {
        if let (Some(from), Some(n)) = (a.state.account(), a.seat) {
            self.tx.move_seat(a.pool, n, Account::Grace).await?;
            let detail = object(json!({"reason": reason.as_str(), "until": until}));
            let moved = (from.as_str(), Account::Grace.as_str(), a.pool);
            self.moved("seat.grace_started", &a, moved, detail);
        }
        a.state = SeatState::Grace;
        a.grace_until = Some(until);
        a.end_reason = Some(reason);
        a.waiting = None;
        self.tx.save_assignment(&a).await?;
        member.seat_reason = (reason == EndReason::Deactivated).then_some(SeatReason::Deactivated);
        member.assignment = Some(a);
        Ok(())
    }

    /// Ends an assignment as of `at` and frees its seat.
    pub(in crate::directory) async fn end(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        reason: EndReason,
        at: Timestamp,
        inputs: String,
    ) -> Result<Option<Freed>, Error> {
        if a.seat.is_some() {
            self.need(a.pool)?;
        }
        let held = a.held && matches!(a.state, SeatState::Assigned | SeatState::Grace);
        let seat = a.seat.take().zip(a.state.account());
        if a.paused.take().is_some() {
            self.restall(a.member, Some(person::is_on_leave(&member.doc)));
            self.tx.note_pause(a.id, None).await?;
        }
        a.state = SeatState::Ended;
        a.grace_until = None;
        a.waiting = None;
        a.ended_at = Some(at);
        a.end_reason = Some(reason);
        a.inputs = if reason.is_sticky() {
            inputs
        } else {
            String::new()
        };
        self.tx.save_assignment(&a).await?;
        let mut detail = Object::new();
        detail.insert("reason".into(), reason.as_str().into());
        self.line("access.ended", Some(a.member), Some(a.id), None, detail);
        let mut freed = None;
        if let Some((n, account)) = seat {
            freed = Some(self.free(&a, a.pool, n, account, held).await?);
        }
        member.seat_reason = match reason {
            EndReason::AccessEndReached => Some(SeatReason::AccessEndReached),
            EndReason::Deactivated => Some(SeatReason::Deactivated),
            EndReason::Unmatched => Some(SeatReason::NoRule),
            _ => None,
        };
        member.assignment = Some(a);
        Ok(freed)
    }

    /// Gives a seat back, as the pool's contract says: `used` is whether somebody had its use.
    pub(super) async fn free(
        &mut self,
        a: &Assignment,
        pool: Uuid,
        n: i64,
        from: Account,
        used: bool,
    ) -> Result<Freed, Error> {
        let rules = Arc::clone(&self.rules);
        let terms = rules.catalog.pool(pool);
        let reuse = terms.map_or(ReusePolicy::Reusable, |pool| pool.reuse_policy);
        let burns = match reuse {
            ReusePolicy::Reusable => false,
            ReusePolicy::UntilStarted => used && self.tx.has_started(a.id).await?,
            ReusePolicy::Consumable => used,
        };
        let limited = terms.is_some_and(|pool| pool.max_reassignments.is_some());
        let burns = burns || (used && limited && !self.tx.reassign(pool).await?);
        let freed = if burns {
            Freed::Burned
        } else {
            Freed::Available
        };
        let cooldown = terms.map_or(0, |pool| pool.cooldown_days);
        let cooled = (used && cooldown > 0 && freed == Freed::Available)
            .then(|| days::days_after(self.now, cooldown, &rules.catalog.zone));
        let to = if freed == Freed::Burned {
            Account::Burned
        } else {
            Account::Available
        };
        let overage = self.tx.free_seat(pool, n, to, cooled).await?;
        let to = if overage { "overage" } else { to.as_str() };
        let action = if to == Account::Burned.as_str() {
            "seat.burned"
        } else {
            "seat.freed"
        };
        self.moved(action, a, (from.as_str(), to, pool), Object::new());
        if cooled.is_none() && (overage || freed == Freed::Available) {
            self.freed.insert(pool);
        }
        Ok(if overage { Freed::Available } else { freed })
    }

    /// Applies what the clock alone changes about a person: an end, a start, a grace that is over.
    pub(in crate::directory) async fn elapse(
        &mut self,
        member: &mut Member,
    ) -> Result<bool, Error> {
        self.knows_as_much_as(member)?;
        let now = self.now;
        self.unpin(member, |pin| pin.is_over(now)).await?;
        let Some(mut a) = member.assignment.clone() else {
            return Ok(false);
        };
        let Some(due) = a.due_at().filter(|due| *due <= self.now) else {
            return Ok(false);
        };
        let inputs = person::person(&self.rules, member).inputs;
        match a.state {
            SeatState::Grace => {
                let reason = a.end_reason.unwrap_or(EndReason::Deactivated);
                self.end(member, a, reason, due, inputs).await?;
            }
            SeatState::Assigned if a.ends_at > self.now => {
                self.resume(member, a, due).await?;
                self.heed_leave(member).await?;
            }
            SeatState::Scheduled if a.ends_at > self.now => {
                if let Some(n) = a.seat {
                    self.tx.move_seat(a.pool, n, Account::Occupied).await?;
                    let moved = (
                        Account::Scheduled.as_str(),
                        Account::Occupied.as_str(),
                        a.pool,
                    );
                    self.sit(&mut a, n);
                    self.refold.insert(a.member, Some(due));
                    self.moved("seat.assigned", &a, moved, Object::new());
                }
                self.tx.save_assignment(&a).await?;
                member.assignment = Some(a);
                self.heed_leave(member).await?;
            }
            _ => {
                if a.state == SeatState::Scheduled {
                    // It began and ended while nobody looked.
                    a.held = true;
                    self.refold.insert(a.member, Some(a.starts_at));
                }
                let by_term = a.end_source == EndSource::Pool;
                let reason = if by_term {
                    EndReason::TermEnd
                } else {
                    EndReason::AccessEndReached
                };
                self.end(member, a, reason, due, inputs).await?;
            }
        }
        self.save_seat(member).await?;
        Ok(true)
    }
}

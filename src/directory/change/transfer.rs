//! Moving to a seat in another pool.

use jiff::Timestamp;
use serde_json::json;

use super::line::{lines_for, stands_for};
use super::take::Got;
use super::{Change, account, object, placed, seated};
use crate::directory::Error;
use crate::scim::Object;
use crate::seats::catalog::Pool;
use crate::seats::decision::Trigger;
use crate::seats::placement::{Target, Window};
use crate::seats::{Account, Assignment, EndReason, SeatReason, SeatState, Waiting};
use crate::store::members::Member;

impl Change<'_> {
    /// A seat in another pool, taken before this one is given up. Where that pool is full, the
    /// person keeps what they have and stands in its line.
    pub(super) async fn transfer(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: Target<'_>,
        inputs: String,
        trigger: Trigger,
    ) -> Result<(), Error> {
        let here = target.pools.iter().position(|(pool, _)| pool.id == a.pool);
        if let (Some(at), Some(_)) = (here, a.seat) {
            return self.prefer(member, a, target, at, inputs, trigger).await;
        }
        let target = &target;
        let wanted = target.pools.first().map(|(pool, _)| pool.id);
        let known = match a.waiting {
            Some(_) => self.tx.lines_of(a.id).await?,
            None => Vec::new(),
        };
        let waits =
            a.waiting.map(|w| w.pool) == wanted && a.inputs == inputs && stands_for(&known, target);
        if waits && !ends_otherwise(&a, target) {
            return Ok(());
        }
        if a.seat.is_some() {
            self.need(a.pool)?;
        }
        let got = self.allocate(target, false).await?;
        a.inputs = inputs;
        match got {
            Got::Seat {
                pool,
                window,
                n,
                overage,
            } => {
                self.reseat(member, a, target, (pool, window, n, overage))
                    .await
            }
            Got::Line { .. } if is_over(&a, target, self.now) => {
                let inputs = a.inputs.clone();
                self.end(member, a, EndReason::TermEnd, self.now, inputs)
                    .await?;
                Ok(())
            }
            Got::Line { pool, window } => {
                let since = known.iter().find(|line| line.pool == pool.id);
                let since = since.map_or(self.now, |line| line.since);
                a.waiting = Some(Waiting {
                    pool: pool.id,
                    since,
                });
                let lines = lines_for(target, &known, since);
                self.tx.stand_in_lines(&a, &lines).await?;
                let detail = placed(target, pool);
                if a.seat.is_none() {
                    put(&mut a, target, pool, window);
                    member.seat_reason = Some(SeatReason::PoolFull);
                    self.line("seat.waitlisted", Some(a.member), Some(a.id), None, detail);
                } else {
                    if let (SeatState::Grace, Some(n)) = (a.state, a.seat) {
                        // Access comes back on the old seat while the new one is waited for.
                        let waiting = a.waiting;
                        self.sit(&mut a, n);
                        a.waiting = waiting;
                        let to = a.state.account().unwrap_or(Account::Occupied);
                        self.tx.move_seat(a.pool, n, to).await?;
                        let moved = (Account::Grace.as_str(), to.as_str(), a.pool);
                        self.moved("seat.restored", &a, moved, Object::new());
                    }
                    if a.state == SeatState::Scheduled {
                        // Nobody starts in a pool they are leaving: they wait for the right one.
                        return self.queue_instead(member, a, target, (pool, window)).await;
                    }
                    member.seat_reason = Some(SeatReason::TransferWaiting);
                    let of = (Some(a.member), Some(a.id));
                    if !waits {
                        self.line("seat.transfer_waiting", of.0, of.1, None, detail);
                    }
                    self.keep_until(&mut a, target);
                }
                self.tx.save_assignment(&a).await?;
                member.assignment = Some(a);
                Ok(())
            }
        }
    }

    /// The seat that is kept while another pool's is waited for ends when its own pool and the dates
    /// as they are now say.
    fn keep_until(&mut self, a: &mut Assignment, target: &Target<'_>) {
        let Some(held) = target.held.filter(|_| ends_otherwise(a, target)) else {
            return;
        };
        a.ends_at = held.ends_at;
        a.end_source = held.end_source;
        let detail = object(json!({
            "startsAt": a.starts_at, "endsAt": a.ends_at, "source": a.end_source.as_str()
        }));
        self.line("access.changed", Some(a.member), Some(a.id), None, detail);
    }

    /// A seat is held in a pool that would do while another is wanted for itself: that is taken if
    /// it has room. It is not waited for: whoever got a seat on the way falls back on it.
    async fn prefer(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        mut target: Target<'_>,
        at: usize,
        inputs: String,
        trigger: Trigger,
    ) -> Result<(), Error> {
        // The same wish again moves nobody.
        if trigger == Trigger::Catalog || a.inputs != inputs {
            let better = target.pools.get(..at).unwrap_or_default();
            if let Some(Got::Seat {
                pool,
                window,
                n,
                overage,
            }) = self.seat_in(better).await?
            {
                self.need(a.pool)?;
                a.inputs = inputs;
                return self
                    .reseat(member, a, &target, (pool, window, n, overage))
                    .await;
            }
        }
        target.pools.swap(0, at);
        self.adjust(member, a, &target, inputs).await
    }

    /// A start that lies ahead gives its seat back and waits in another pool's line.
    pub(super) async fn queue_instead(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: &Target<'_>,
        (pool, window): (&Pool, Window),
    ) -> Result<(), Error> {
        let old = (a.pool, a.seat.take());
        a.state = SeatState::Waitlisted;
        put(&mut a, target, pool, window);
        member.seat_reason = Some(SeatReason::PoolFull);
        self.line(
            "seat.waitlisted",
            Some(a.member),
            Some(a.id),
            None,
            placed(target, pool),
        );
        self.tx.save_assignment(&a).await?;
        if let (pool, Some(n)) = old {
            self.free(&a, pool, n, Account::Scheduled, false).await?;
        }
        member.assignment = Some(a);
        Ok(())
    }

    /// Moves an assignment onto a seat that was taken, and frees the one it held.
    pub(super) async fn reseat(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: &Target<'_>,
        (pool, window, n, overage): (&Pool, Window, i64, bool),
    ) -> Result<(), Error> {
        let old = (a.pool, a.seat, a.state.account());
        let held = a.held && a.state != SeatState::Scheduled;
        put(&mut a, target, pool, window);
        self.sit(&mut a, n);
        self.restall(a.member, None);
        let from = if overage {
            "overage"
        } else {
            Account::Available.as_str()
        };
        let action = if old.1.is_some() {
            "seat.transferred"
        } else {
            seated(&a)
        };
        self.moved(
            action,
            &a,
            (from, account(&a), a.pool),
            placed(target, pool),
        );
        member.seat_reason = None;
        self.tx.save_assignment(&a).await?;
        if let (pool, Some(n), Some(account)) = old {
            self.free(&a, pool, n, account, held).await?;
        }
        member.assignment = Some(a);
        Ok(())
    }
}

/// Whether the seat that is held, and kept, would end at another time than it does.
fn ends_otherwise(a: &Assignment, target: &Target<'_>) -> bool {
    let held = target.held.filter(|_| a.seat.is_some());
    held.is_some_and(|held| (held.ends_at, held.end_source) != (a.ends_at, a.end_source))
}

/// Whether the seat in use cannot be kept any longer: its pool's term is over.
fn is_over(a: &Assignment, target: &Target<'_>, now: Timestamp) -> bool {
    let in_use = a.seat.is_some() && a.state != SeatState::Scheduled;
    in_use && target.held.is_some_and(|held| held.ends_at <= now)
}

/// Puts an assignment where a placement says.
fn put(a: &mut Assignment, target: &Target<'_>, pool: &Pool, window: Window) {
    if a.pool != pool.id {
        a.kept_end = None;
    }
    a.pool = pool.id;
    a.product = pool.product;
    a.track = target.track.id;
    a.rule = target.rule;
    a.starts_at = window.starts_at;
    a.ends_at = window.ends_at;
    a.end_source = window.end_source;
}

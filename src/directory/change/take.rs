//! Taking a seat, and what happens on it.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::line::lines_for;
use super::{Change, account, object, placed, seated};
use crate::directory::{Error, person, seat_unavailable};
use crate::seats::catalog::{FullPolicy, Pool};
use crate::seats::pin::Field;
use crate::seats::placement::{Target, Window, kept_end};
use crate::seats::{Account, Assignment, SeatReason, SeatState, Waiting};
use crate::store;
use crate::store::members::Member;
use serde_json::json;

/// A seat that was taken, or the place in line that was left.
pub(super) enum Got<'c> {
    Seat {
        pool: &'c Pool,
        window: Window,
        n: i64,
        overage: bool,
    },
    Line {
        pool: &'c Pool,
        window: Window,
    },
}

impl<'c> Got<'c> {
    fn seat(pool: &'c Pool, window: Window, n: i64, overage: bool) -> Self {
        Self::Seat {
            pool,
            window,
            n,
            overage,
        }
    }
}

impl Change<'_> {
    /// Begins a new episode, with a seat or a place in line.
    pub(super) async fn open(
        &mut self,
        member: &mut Member,
        last: Option<&Assignment>,
        target: &Target<'_>,
        inputs: String,
        may_refuse: bool,
    ) -> Result<(), Error> {
        // An episode in which no seat was ever held is not one that a person returns from.
        let episode = last.map_or(1, |last| {
            if last.held {
                last.episode + 1
            } else {
                last.episode
            }
        });
        let got = self.allocate(target, may_refuse).await?;
        let (pool, window) = match &got {
            Got::Seat { pool, window, .. } | Got::Line { pool, window } => (*pool, *window),
        };
        let mut a = Assignment {
            id: Uuid::now_v7(),
            member: member.id,
            product: pool.product,
            track: target.track.id,
            pool: pool.id,
            episode,
            state: SeatState::Waitlisted,
            seat: None,
            waiting: None,
            priority_class: 100,
            starts_at: window.starts_at,
            ends_at: window.ends_at,
            end_source: window.end_source,
            held: false,
            grace_until: None,
            ended_at: None,
            end_reason: None,
            paused: None,
            rule: target.rule,
            extended: None,
            kept_end: None,
            inputs,
            created_at: self.now,
        };
        let detail = placed(target, pool);
        let mut lines = Vec::new();
        match got {
            Got::Seat { n, overage, .. } => {
                self.sit(&mut a, n);
                let from = if overage {
                    "overage"
                } else {
                    Account::Available.as_str()
                };
                self.moved(seated(&a), &a, (from, account(&a), a.pool), detail);
                member.seat_reason = None;
            }
            Got::Line { pool, .. } => {
                a.waiting = Some(Waiting {
                    pool: pool.id,
                    since: self.now,
                });
                lines = lines_for(target, &[], self.now);
                self.line("seat.waitlisted", Some(a.member), Some(a.id), None, detail);
                member.seat_reason = Some(SeatReason::PoolFull);
            }
        }
        if person::is_on_leave(&member.doc) {
            self.restall(member.id, Some(true));
        }
        self.begun.push((a.clone(), lines));
        member.assignment = Some(a);
        Ok(())
    }

    /// Puts an assignment on a seat that was taken for it.
    pub(super) fn sit(&mut self, a: &mut Assignment, n: i64) {
        a.seat = Some(n);
        a.waiting = None;
        a.grace_until = None;
        a.end_reason = None;
        a.state = if a.starts_at > self.now {
            SeatState::Scheduled
        } else {
            SeatState::Assigned
        };
        let now = self.now;
        a.paused = a
            .paused
            .filter(|pause| a.state == SeatState::Assigned && pause.is_on(now));
        if a.state == SeatState::Assigned && !a.held {
            a.held = true;
            self.refold.insert(a.member, Some(self.now));
        }
    }

    /// Takes a seat as [`Change::seat_in`] does, else a place in line: the first pool is the one
    /// waited for.
    pub(super) async fn allocate<'c>(
        &mut self,
        target: &Target<'c>,
        may_refuse: bool,
    ) -> Result<Got<'c>, Error> {
        if let Some(seat) = self.seat_in(&target.pools).await? {
            return Ok(seat);
        }
        let Some((pool, window)) = target.pools.first().copied() else {
            return Err(store::Error::Inconsistent("a placement without a pool").into());
        };
        if may_refuse && pool.full_policy == FullPolicy::Reject {
            let figures = self.tx.figures(Some(pool.id), self.now).await?;
            let figures = figures.first().map(|(_, f)| *f).unwrap_or_default();
            return Err(seat_unavailable(&pool.key, &figures));
        }
        Ok(Got::Line { pool, window })
    }

    /// Takes a seat in the first of these pools that has room, else beyond a purchase where that is
    /// allowed. Only when none of them seems to have any are they locked, all at once: a pool that
    /// is full does not hold up those who find room in another. None is certain, and then all of
    /// them are held.
    pub(super) async fn seat_in<'c>(
        &mut self,
        pools: &[(&'c Pool, Window)],
    ) -> Result<Option<Got<'c>>, Error> {
        let mut unsure = BTreeSet::new();
        for &(pool, window) in pools {
            let account = self.account_from(window);
            if let Some(n) = self.stock.seat(self.tx, pool.id, account, self.now).await? {
                return Ok(Some(Got::seat(pool, window, n, false)));
            }
            match self.tx.take_seat(pool.id, account, self.now).await {
                Ok(Some(n)) => return Ok(Some(Got::seat(pool, window, n, false))),
                Ok(None) => {}
                Err(store::Error::NeedPools(more)) => unsure.extend(more),
                Err(error) => return Err(error.into()),
            }
        }
        if !unsure.is_empty() {
            return Err(store::Error::NeedPools(unsure).into());
        }
        for &(pool, window) in pools {
            if pool.full_policy == FullPolicy::Overage
                && !self.tx.someone_waits(pool.id, self.now).await?
            {
                let account = self.account_from(window);
                if let Some(n) = self.tx.add_overage_seat(pool, account).await? {
                    return Ok(Some(Got::seat(pool, window, n, true)));
                }
            }
        }
        Ok(None)
    }

    pub(super) fn account_from(&self, window: Window) -> Account {
        if window.starts_at > self.now {
            Account::Scheduled
        } else {
            Account::Occupied
        }
    }

    /// Same seat or place in line: dates, track and rule follow the placement, and access that was
    /// cut comes back.
    pub(super) async fn adjust(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: &Target<'_>,
        inputs: String,
    ) -> Result<(), Error> {
        let before = a.clone();
        let Some((pool, window)) = target.pools.first().copied() else {
            return Ok(());
        };
        a.starts_at = window.starts_at;
        a.ends_at = window.ends_at;
        a.end_source = window.end_source;
        let is_pinned = member.pins.iter().any(|pin| pin.field == Field::Track);
        a.kept_end = kept_end(&before, target.track.id, is_pinned);
        a.track = target.track.id;
        a.rule = target.rule;
        a.inputs = inputs;
        if let (Some(from), Some(n)) = (a.state.account(), a.seat) {
            self.sit(&mut a, n);
            if a.state.account() != Some(from) {
                let to = a.state.account().unwrap_or(Account::Occupied);
                self.tx.move_seat(a.pool, n, to).await?;
                let action = if from == Account::Grace {
                    "seat.restored"
                } else {
                    seated(&a)
                };
                self.moved(
                    action,
                    &a,
                    (from.as_str(), to.as_str(), a.pool),
                    placed(target, pool),
                );
            }
            member.seat_reason = None;
        }
        if a == before {
            return Ok(());
        }
        if a.track != before.track {
            let catalog = &self.rules.catalog;
            let key = |id| catalog.track(id).map(|t| t.key.clone());
            let detail = object(json!({"from": key(before.track), "to": key(a.track)}));
            self.line("track.changed", Some(a.member), Some(a.id), None, detail);
            self.restall(a.member, None);
        }
        if (a.starts_at, a.ends_at) != (before.starts_at, before.ends_at) {
            let detail = object(json!({
                "startsAt": a.starts_at, "endsAt": a.ends_at, "source": a.end_source.as_str()
            }));
            self.line("access.changed", Some(a.member), Some(a.id), None, detail);
        }
        self.tx.save_assignment(&a).await?;
        member.assignment = Some(a);
        Ok(())
    }
}

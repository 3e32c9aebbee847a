//! Carries out what the rules decide: takes, moves and frees seats, gives freed ones to the next in
//! line, and writes the ledger, all inside the transaction of the change that set it off.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::rules::Rules;
use super::{Error, person, seat_unavailable};
use crate::scim::Object;
use crate::seats::catalog::{FullPolicy, Pool, ReusePolicy};
use crate::seats::decision::{Decision, Trigger, decide};
use crate::seats::placement::{self, Placement, Standing, Target, Window};
use crate::seats::{Account, Assignment, EndReason, SeatReason, SeatState, Waiting, days};
use crate::store::ledger::{Entry, Move};
use crate::store::members::Member;
use crate::store::{self, Tx};

/// Who changes something, and the request it came with.
#[derive(Debug, Clone)]
pub(super) struct By {
    pub(super) actor: String,
    pub(super) cause: String,
}

/// One transaction's changes to seats.
pub(super) struct Change<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) rules: Arc<Rules>,
    by: By,
    now: Timestamp,
    lines: Vec<Entry>,
    /// Made here, and stored once their person is.
    begun: Vec<Assignment>,
    /// Pools in which a seat came free.
    freed: BTreeSet<Uuid>,
    /// Who got a seat because of that.
    pub(super) promoted: Vec<Uuid>,
}

/// A seat that was taken, or the place in line that was left.
enum Got<'c> {
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

impl<'t> Change<'t> {
    pub(super) fn new(tx: &'t mut Tx, rules: Arc<Rules>, by: By, now: Timestamp) -> Self {
        Self {
            tx,
            rules,
            by,
            now,
            lines: Vec::new(),
            begun: Vec::new(),
            freed: BTreeSet::new(),
            promoted: Vec::new(),
        }
    }

    /// Writes a line of the ledger.
    pub(super) fn log(&mut self, action: &str, member: Option<Uuid>, detail: Object) {
        self.line(action, member, None, None, detail);
    }

    /// Writes a line of the ledger about seats that moved without an assignment.
    pub(super) fn log_move(&mut self, action: &str, moved: Move) {
        self.line(action, None, None, Some(moved), Object::new());
    }

    /// Gives what is free in a pool to those in line for it when this change is finished.
    pub(super) fn offer(&mut self, pool: Uuid) {
        self.freed.insert(pool);
    }

    fn line(
        &mut self,
        action: &str,
        member: Option<Uuid>,
        assignment: Option<Uuid>,
        moved: Option<Move>,
        detail: Object,
    ) {
        self.lines.push(Entry {
            id: Uuid::now_v7(),
            at: self.now,
            actor: self.by.actor.clone(),
            cause: self.by.cause.clone(),
            action: action.to_owned(),
            member,
            assignment,
            moved,
            detail,
        });
    }

    fn moved(
        &mut self,
        action: &str,
        a: &Assignment,
        moved: (&'static str, &'static str, Uuid),
        detail: Object,
    ) {
        let (from, to, pool) = moved;
        let moved = Move {
            pool,
            from,
            to,
            quantity: 1,
        };
        self.line(action, Some(a.member), Some(a.id), Some(moved), detail);
    }

    /// Lets the rules look at a person and carries out what they decide. Answers whether the
    /// stored seat state changed; `member` then has the new one, and is to be saved by the caller.
    pub(super) async fn settle(
        &mut self,
        member: &mut Member,
        trigger: Trigger,
        may_refuse: bool,
    ) -> Result<bool, Error> {
        let rules = Arc::clone(&self.rules);
        let catalog = &rules.catalog;
        let person = person::person(&rules, member);
        let decision = decide(
            catalog,
            &person,
            member.assignment.as_ref(),
            trigger,
            self.now,
        );
        let before = (member.assignment.clone(), member.seat_reason);
        let inputs = person.inputs;
        match (decision, member.assignment.clone()) {
            (Decision::Keep(reason), current) => {
                member.seat_reason = reason.or(match current {
                    Some(_) => member.seat_reason,
                    None => None,
                });
            }
            (Decision::Remember(_), Some(mut last)) => {
                last.inputs = if trigger == Trigger::Catalog {
                    inputs
                } else {
                    String::new()
                };
                self.tx.save_assignment(&last).await?;
                member.assignment = Some(last);
                return Ok(false);
            }
            (Decision::Open(target), last) => {
                self.open(member, last.as_ref(), &target, inputs, may_refuse)
                    .await?;
            }
            (Decision::Change(target), Some(open)) => {
                self.adjust(member, open, &target, inputs).await?
            }
            (Decision::Move(target), Some(open)) => {
                self.transfer(member, open, &target, inputs).await?
            }
            (Decision::Grace(until, reason), Some(open)) => {
                self.begin_grace(member, open, until, reason).await?;
            }
            (Decision::End(reason), Some(open)) => {
                self.end(member, open, reason, self.now, inputs).await?;
            }
            // Only an assignment that exists can be remembered, changed, moved, cut or ended.
            (_, None) => return Err(store::Error::Inconsistent("a decision about nothing").into()),
        }
        Ok(differs(&before.0, &member.assignment) || before.1 != member.seat_reason)
    }

    /// Finishes the change, once the person is saved: stores what began, gives freed seats to those
    /// in line and writes the ledger.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        for a in std::mem::take(&mut self.begun) {
            self.tx.insert_assignment(&a).await?;
        }
        while let Some(pool) = self.freed.pop_first() {
            while self.promote(pool).await? {}
        }
        let lines = std::mem::take(&mut self.lines);
        self.tx.append(&lines).await?;
        Ok(())
    }

    /// Begins a new episode, with a seat or a place in line.
    async fn open(
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
            rule: target.rule,
            extended: None,
            inputs,
            created_at: self.now,
        };
        let detail = placed(target, pool);
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
                self.line("seat.waitlisted", Some(a.member), Some(a.id), None, detail);
                member.seat_reason = Some(SeatReason::PoolFull);
            }
        }
        self.begun.push(a.clone());
        member.assignment = Some(a);
        Ok(())
    }

    /// Puts an assignment on a seat that was taken for it.
    fn sit(&self, a: &mut Assignment, n: i64) {
        a.seat = Some(n);
        a.waiting = None;
        a.grace_until = None;
        a.end_reason = None;
        a.state = if a.starts_at > self.now {
            SeatState::Scheduled
        } else {
            SeatState::Assigned
        };
        a.held |= a.state == SeatState::Assigned;
    }

    /// Takes a seat in the first pool that has room, else beyond a purchase where that is allowed,
    /// else a place in the first pool's line.
    async fn allocate<'c>(
        &mut self,
        target: &Target<'c>,
        may_refuse: bool,
    ) -> Result<Got<'c>, Error> {
        for (pool, window) in &target.pools {
            let account = self.account_from(*window);
            if let Some(n) = self.tx.take_seat(pool.id, account, self.now).await? {
                return Ok(Got::Seat {
                    pool,
                    window: *window,
                    n,
                    overage: false,
                });
            }
        }
        for (pool, window) in &target.pools {
            if pool.full_policy == FullPolicy::Overage
                && !self.tx.someone_waits(pool.id, self.now).await?
            {
                let account = self.account_from(*window);
                if let Some(n) = self.tx.add_overage_seat(pool, account).await? {
                    return Ok(Got::Seat {
                        pool,
                        window: *window,
                        n,
                        overage: true,
                    });
                }
            }
        }
        let Some((pool, window)) = target.pools.first().copied() else {
            return Err(store::Error::Inconsistent("a placement without a pool").into());
        };
        if may_refuse && pool.full_policy == FullPolicy::Reject {
            let figures = self.tx.figures(Some(pool.id)).await?;
            let figures = figures.first().map(|(_, f)| *f).unwrap_or_default();
            return Err(seat_unavailable(&pool.key, &figures));
        }
        Ok(Got::Line { pool, window })
    }

    fn account_from(&self, window: Window) -> Account {
        if window.starts_at > self.now {
            Account::Scheduled
        } else {
            Account::Occupied
        }
    }

    /// Same seat or place in line: dates, track and rule follow the placement, and access that was
    /// cut comes back.
    async fn adjust(
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

    /// A seat in another pool, taken before this one is given up. Where that pool is full, the
    /// person keeps what they have and stands in its line.
    async fn transfer(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: &Target<'_>,
        inputs: String,
    ) -> Result<(), Error> {
        if a.seat.is_some() {
            self.need(a.pool)?;
        }
        let wanted = target.pools.first().map(|(pool, _)| pool.id);
        if a.waiting.map(|w| w.pool) == wanted && a.inputs == inputs {
            return Ok(());
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
            Got::Line { pool, window } => {
                let since = a
                    .waiting
                    .filter(|w| w.pool == pool.id)
                    .map_or(self.now, |w| w.since);
                a.waiting = Some(Waiting {
                    pool: pool.id,
                    since,
                });
                let detail = placed(target, pool);
                if a.seat.is_none() {
                    a.pool = pool.id;
                    a.product = pool.product;
                    a.track = target.track.id;
                    a.rule = target.rule;
                    a.starts_at = window.starts_at;
                    a.ends_at = window.ends_at;
                    a.end_source = window.end_source;
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
                    self.line(
                        "seat.transfer_waiting",
                        Some(a.member),
                        Some(a.id),
                        None,
                        detail,
                    );
                }
                self.tx.save_assignment(&a).await?;
                member.assignment = Some(a);
                Ok(())
            }
        }
    }

    /// A start that lies ahead gives its seat back and waits in another pool's line.
    async fn queue_instead(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: &Target<'_>,
        (pool, window): (&Pool, Window),
    ) -> Result<(), Error> {
        let old = (a.pool, a.seat.take());
        a.state = SeatState::Waitlisted;
        a.pool = pool.id;
        a.product = pool.product;
        a.track = target.track.id;
        a.rule = target.rule;
        a.starts_at = window.starts_at;
        a.ends_at = window.ends_at;
        a.end_source = window.end_source;
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
    async fn reseat(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        target: &Target<'_>,
        (pool, window, n, overage): (&Pool, Window, i64, bool),
    ) -> Result<(), Error> {
        let old = (a.pool, a.seat, a.state.account());
        let held = a.held && a.state != SeatState::Scheduled;
        a.pool = pool.id;
        a.product = pool.product;
        a.track = target.track.id;
        a.rule = target.rule;
        a.starts_at = window.starts_at;
        a.ends_at = window.ends_at;
        a.end_source = window.end_source;
        self.sit(&mut a, n);
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

    /// Cuts access and holds the seat until `until`.
    async fn begin_grace(
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
    pub(super) async fn end(
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
    async fn free(
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
        let freed = match reuse {
            ReusePolicy::Consumable if used => Freed::Burned,
            _ => Freed::Available,
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

    /// Gives a free seat of the pool to whoever is next in line; answers whether anybody got one,
    /// or left the line.
    async fn promote(&mut self, pool: Uuid) -> Result<bool, Error> {
        self.need(pool)?;
        let Some(next) = self.tx.next_in_line(pool, self.now).await? else {
            return Ok(false);
        };
        let Some(mut member) = self.tx.lock_member(next).await? else {
            return Ok(false);
        };
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

    async fn leave_line(&mut self, mut member: Member, mut a: Assignment) -> Result<bool, Error> {
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

    /// Saves a member whose seat state alone changed.
    pub(super) async fn save_seat(&mut self, member: &mut Member) -> Result<(), Error> {
        member.version += 1;
        member.last_modified = self.now.max(member.last_modified);
        let keys = person::keys(member, &self.rules.catalog, self.now);
        self.tx.save_member(member, &keys, false).await?;
        Ok(())
    }

    /// Makes sure that this transaction alone may change a pool's seats.
    fn need(&self, pool: Uuid) -> Result<(), store::Error> {
        if self.tx.holds_pool(pool) {
            return Ok(());
        }
        Err(store::Error::NeedPools(BTreeSet::from([pool])))
    }

    /// Applies what the clock alone changes about a person: an end, a start, a grace that is over.
    pub(super) async fn elapse(&mut self, member: &mut Member) -> Result<bool, Error> {
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
            SeatState::Scheduled if a.ends_at > self.now => {
                if let Some(n) = a.seat {
                    self.tx.move_seat(a.pool, n, Account::Occupied).await?;
                    let moved = (
                        Account::Scheduled.as_str(),
                        Account::Occupied.as_str(),
                        a.pool,
                    );
                    self.sit(&mut a, n);
                    self.moved("seat.assigned", &a, moved, Object::new());
                }
                self.tx.save_assignment(&a).await?;
                member.assignment = Some(a);
            }
            _ => {
                if a.state == SeatState::Scheduled {
                    // It began and ended while nobody looked.
                    a.held = true;
                }
                let by_term = a.end_source == crate::seats::EndSource::Pool;
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

/// What became of a seat that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freed {
    /// Somebody can take it.
    Available,
    /// The contract lets nobody take it again.
    Burned,
}

/// Whether an assignment changed in what anybody sees.
fn differs(before: &Option<Assignment>, after: &Option<Assignment>) -> bool {
    let seen = |a: &Option<Assignment>| {
        a.as_ref().map(|a| Assignment {
            inputs: String::new(),
            ..a.clone()
        })
    };
    seen(before) != seen(after)
}

fn seated(a: &Assignment) -> &'static str {
    if a.state == SeatState::Scheduled {
        "seat.scheduled"
    } else {
        "seat.assigned"
    }
}

fn account(a: &Assignment) -> &'static str {
    a.state.account().unwrap_or(Account::Occupied).as_str()
}

fn placed(target: &Target<'_>, pool: &Pool) -> Object {
    object(json!({"track": target.track.key, "pool": pool.key, "rule": target.rule}))
}

fn object(value: serde_json::Value) -> Object {
    match value {
        serde_json::Value::Object(object) => object,
        _ => Object::new(),
    }
}

//! Carries out what the rules decide: takes, moves and frees seats, gives freed ones to the next in
//! line, and writes the ledger, all inside the transaction of the change that set it off.

mod batch;
mod credentials;
mod extend;
mod guard;
mod line;
mod overrides;
mod pause;
mod promote;
mod release;
mod take;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::engagement::StallClock;
use super::rules::Rules;
use super::{Error, engagement, person};
use crate::coaching::journey::Journey;
use crate::scim::Object;
use crate::seats::catalog::Pool;
use crate::seats::decision::{Decision, Trigger, decide};
use crate::seats::placement::Target;
use crate::seats::{Account, Assignment, SeatState};
use crate::store::batch::Stock;
use crate::store::ledger::{Entry, Move};
use crate::store::members::Member;
use crate::store::waitlist::InLine;
use crate::store::{self, Tx};

pub(super) use extend::Granted;
pub(super) use guard::{Guard, People};
pub(super) use release::Freed;

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
    /// The lines that are written.
    pub(super) told: Vec<Entry>,
    /// Made here, and stored once their person is, with the lines they stand in.
    begun: Vec<(Assignment, Vec<InLine>)>,
    /// Pools in which a seat came free.
    freed: BTreeSet<Uuid>,
    /// Who got a seat because of that.
    pub(super) promoted: Vec<Uuid>,
    /// Somebody made in this transaction, to whom nothing can have happened before.
    pub(super) newcomer: Option<Uuid>,
    /// Whose events are to be looked at anew, with when their seat came into use.
    refold: BTreeMap<Uuid, Option<Timestamp>>,
    /// Who may stall at another time, and whether their clock now stands still.
    restall: BTreeMap<Uuid, Option<StallClock>>,
    /// Watches whom a connection removes.
    pub(super) guard: Option<Guard>,
    /// Seats taken ahead for newcomers.
    stock: Stock,
}

impl<'t> Change<'t> {
    pub(super) fn new(tx: &'t mut Tx, rules: Arc<Rules>, by: By, now: Timestamp) -> Self {
        Self {
            tx,
            rules,
            by,
            now,
            lines: Vec::new(),
            told: Vec::new(),
            begun: Vec::new(),
            freed: BTreeSet::new(),
            promoted: Vec::new(),
            newcomer: None,
            refold: BTreeMap::new(),
            restall: BTreeMap::new(),
            guard: None,
            stock: Stock::default(),
        }
    }

    /// Who changes something, as the ledger names them.
    pub(super) fn actor(&self) -> &str {
        &self.by.actor
    }

    /// Looks anew, when this change is finished, at when a person stalls. `stopped` says whether
    /// their clock stands still from now on, where that may have changed.
    pub(super) fn restall(&mut self, member: Uuid, stopped: Option<bool>) {
        let now = self.now;
        let clock = stopped.map(|stopped| {
            if stopped {
                StallClock::Stands
            } else {
                StallClock::RunsFrom(now)
            }
        });
        self.set_stall_clock(member, clock);
    }

    fn set_stall_clock(&mut self, member: Uuid, clock: Option<StallClock>) {
        let known = self.restall.entry(member).or_default();
        *known = clock.or(*known);
    }

    /// Folds all of a person's events anew when this change is finished.
    pub(super) fn fold_anew(&mut self, member: Uuid) {
        self.refold.entry(member).or_default();
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
        self.catch_up_with(member);
        // What the clock has changed comes first: nobody comes back within a grace that is over.
        self.elapse(member).await?;
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
        let Some(decision) = self.guarded(member, decision, trigger).await? else {
            return Ok(true);
        };
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
                let waits = open.seat.is_none();
                if !(waits && self.seek(member, &open, &target, &inputs, trigger).await?) {
                    self.adjust(member, open, &target, inputs).await?;
                }
            }
            (Decision::Move(target), Some(open)) => {
                self.transfer(member, open, target, inputs, trigger).await?;
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
        self.heed_leave(member).await?;
        Ok(
            differs(before.0.as_ref(), member.assignment.as_ref())
                || before.1 != member.seat_reason,
        )
    }

    /// Begins anew when the catalog has changed between the look at it and the lock on the person:
    /// the run over that change may have passed them already.
    fn knows_as_much_as(&self, member: &Member) -> Result<(), store::Error> {
        if member.catalog_version > self.rules.catalog.version {
            return Err(store::Error::Again);
        }
        Ok(())
    }

    /// Takes it to be no earlier than when the person's access began. This change may have waited
    /// for the one that began it, or another replica's clock may be ahead: to take the beginning
    /// for one that lies in the future would undo it.
    fn catch_up_with(&mut self, member: &Member) {
        if let Some(a) = member
            .assignment
            .as_ref()
            .filter(|a| a.state == SeatState::Assigned)
        {
            self.now = self.now.max(a.starts_at);
        }
    }

    /// Finishes the change, once the person is saved: stores what began, gives freed seats to those
    /// in line and writes the ledger.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        self.store_begun().await?;
        while let Some(pool) = self.freed.pop_first() {
            while self.promote(pool).await? {
                // Whoever left the line may have begun anew elsewhere.
                self.store_begun().await?;
            }
        }
        for (member, seated_at) in std::mem::take(&mut self.refold) {
            let catalog = &self.rules.catalog;
            engagement::refold(self.tx, catalog, member, seated_at, None, self.now).await?;
        }
        let people = std::mem::take(&mut self.restall);
        engagement::restall(self.tx, &self.rules.catalog, &people).await?;
        let lines = std::mem::take(&mut self.lines);
        self.tx.append(&lines).await?;
        self.told.extend(lines);
        Ok(())
    }

    /// Stores the assignments that began, each with its journey and its lines.
    async fn store_begun(&mut self) -> Result<(), Error> {
        for (a, lines) in std::mem::take(&mut self.begun) {
            self.begin_journey(&a).await?;
            self.tx.join_lines(&a, &lines).await?;
        }
        Ok(())
    }

    /// Stores an assignment that began, and its journey with it.
    async fn begin_journey(&mut self, a: &Assignment) -> Result<(), Error> {
        let is_new = self.newcomer == Some(a.member);
        let known = self.refold.get(&a.member).copied().flatten();
        // What is known may be of an episode that ended in this change.
        let seated_at = known.filter(|_| a.held);
        let journey = Journey::begun(seated_at);
        let stalls_at = engagement::stalls_at(&self.rules.catalog, a.track, &journey);
        self.tx.insert_assignment(a, &journey, stalls_at).await?;
        if is_new {
            self.refold.remove(&a.member);
        } else {
            self.refold.entry(a.member).or_default();
        }
        Ok(())
    }

    /// Saves a member whose seat state alone changed.
    pub(super) async fn save_seat(&mut self, member: &mut Member) -> Result<(), Error> {
        member.version += 1;
        member.last_modified = self.now.max(member.last_modified);
        let keys = person::keys(member, &self.rules, self.now);
        self.tx.save_member(member, &keys).await?;
        Ok(())
    }

    /// Makes sure that this transaction alone may change a pool's seats.
    fn need(&self, pool: Uuid) -> Result<(), store::Error> {
        self.need_all([pool])
    }

    /// The same for several.
    fn need_all(&self, pools: impl IntoIterator<Item = Uuid>) -> Result<(), store::Error> {
        let mut missing: BTreeSet<_> = pools.into_iter().collect();
        missing.retain(|pool| !self.tx.holds_pool(*pool));
        if missing.is_empty() {
            return Ok(());
        }
        Err(store::Error::NeedPools(missing))
    }
}

/// Whether an assignment changed in what anybody sees.
fn differs(before: Option<&Assignment>, after: Option<&Assignment>) -> bool {
    let seen = |a: &Assignment| Assignment {
        inputs: String::new(),
        ..a.clone()
    };
    before.map(seen) != after.map(seen)
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

/// Where and until when somebody was placed: what tells the past of them.
fn placed(target: &Target<'_>, pool: &Pool) -> Object {
    let mut windows = target.pools.iter();
    let window = windows.find(|(of, _)| of.id == pool.id);
    let window = window.map(|(_, window)| window);
    object(json!({
        "track": target.track.key,
        "pool": pool.key,
        "rule": target.rule,
        "startsAt": window.map(|w| w.starts_at),
        "endsAt": window.map(|w| w.ends_at),
        "source": window.map(|w| w.end_source.as_str()),
    }))
}

fn object(value: serde_json::Value) -> Object {
    match value {
        serde_json::Value::Object(object) => object,
        _ => Object::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

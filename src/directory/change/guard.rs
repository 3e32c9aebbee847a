//! Removals through a connection are counted. Where there are too many to have been meant, access
//! is still cut, which can be undone, and seats are held, since giving them away cannot.

use jiff::Timestamp;
use moka::sync::Cache;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Change, object};
use crate::directory::Error;
use crate::scim::Object;
use crate::seats::breaker::{FROZEN, State, counts_from, people_for, threshold};
use crate::seats::decision::{Decision, Trigger};
use crate::seats::{Assignment, EndReason, IdentityState, SeatReason, SeatState};
use crate::store::TenantId;
use crate::store::breaker::Breaker;
use crate::store::members::Member;

/// How many people connections had when they began to remove many, for a while.
pub(in crate::directory) type People = Cache<(TenantId, Uuid), Counted>;

/// How many people a connection had, as far as it was counted.
#[derive(Clone, Copy, Default)]
pub(in crate::directory) struct Counted {
    people: i64,
    /// Whether these are all; else there were at least so many.
    all: bool,
}

/// What watches a change that came through a connection.
#[derive(Clone)]
pub(in crate::directory) struct Guard {
    pub(in crate::directory) connection: Uuid,
    pub(in crate::directory) people: People,
    /// The group that people are taken out of.
    pub(in crate::directory) group: Option<Uuid>,
    pub(in crate::directory) tripped: bool,
    pub(in crate::directory) noted: Option<Uuid>,
}

impl Change<'_> {
    /// Counts somebody who loses access or a seat, and trips the breaker if they are one too many.
    /// `before` is the person as they were.
    pub(in crate::directory) async fn note_removal(
        &mut self,
        before: &Member,
        deleted: bool,
    ) -> Result<(), Error> {
        let Some(mut guard) = self.guard.take() else {
            return Ok(());
        };
        guard.noted = Some(before.id);
        let policy = self.rules.catalog.policy.clone();
        let mut known = self.tx.breaker_state(guard.connection).await?;
        let closed = |known: &Option<(State, _)>| {
            known.is_none_or(|(state, _): (State, _)| state == State::Closed)
        };
        if closed(&known) {
            // Of removals at the same moment each must see the others.
            self.tx.need_connection(guard.connection).await?;
            known = self.tx.breaker_state(guard.connection).await?;
        }
        let decided_at = known.and_then(|(_, at)| at);
        let since = counts_from(&policy, decided_at, self.now);
        let mut was = undoing(before, deleted, guard.group);
        let earlier = self.tx.removal(guard.connection, before.id).await?;
        guard.tripped = known.is_some_and(|(state, _)| state == State::Tripped);
        if let Some((at, earlier)) = earlier
            && (at > since || guard.tripped)
        {
            was = merged(&earlier, was);
        }
        self.tx
            .save_removal(guard.connection, before.id, self.now, &was)
            .await?;
        if closed(&known) {
            guard.tripped = self.trips(&guard, since).await?;
        }
        self.guard = Some(guard);
        Ok(())
    }

    async fn trips(&mut self, guard: &Guard, since: Timestamp) -> Result<bool, Error> {
        let removals = self.tx.count_removals(guard.connection, since).await?;
        let policy = self.rules.catalog.policy.clone();
        if removals <= policy.breaker_absolute {
            return Ok(false);
        }
        let key = (self.tx.tenant(), guard.connection);
        let mut counted = guard.people.get(&key).unwrap_or_default();
        if let Some(enough) = people_for(&policy, removals)
            && !counted.all
            && counted.people < enough
        {
            // Up to twice as many as it takes, so that the next removals need not count again: all
            // that is ever counted is in proportion to the removals, not to the directory.
            let most = enough.saturating_mul(2);
            let active = self.tx.count_active(guard.connection, most).await?;
            counted = Counted {
                // This one is not stored as removed yet.
                people: active + removals - 1,
                all: active < most,
            };
            guard.people.insert(key, counted);
        }
        let threshold = threshold(&policy, counted.people);
        if removals <= threshold {
            return Ok(false);
        }
        let breaker = Breaker {
            connection: guard.connection,
            state: State::Tripped,
            tripped_at: self.now,
            since,
            removals,
            threshold,
            decided: None,
            held: 0,
        };
        if self.tx.trip(&breaker).await? {
            tracing::warn!(connection = %guard.connection, removals, threshold, "a breaker tripped");
            let detail = object(json!({
                "connection": guard.connection, "removals": removals, "threshold": threshold,
            }));
            self.log("breaker.tripped", None, detail);
        }
        Ok(true)
    }

    /// Looks at a decision that takes a seat away. Answers it, or nothing where the seat is held
    /// instead.
    pub(super) async fn guarded<'c>(
        &mut self,
        member: &mut Member,
        decision: Decision<'c>,
        trigger: Trigger,
    ) -> Result<Option<Decision<'c>>, Error> {
        let removes = [
            EndReason::Deactivated,
            EndReason::Deleted,
            EndReason::Unmatched,
        ];
        let cut = match &decision {
            Decision::Grace(until, reason) => Some((*until, *reason)),
            Decision::End(reason) => Some((self.now, *reason)),
            _ => None,
        };
        let open = member.assignment.clone().filter(Assignment::is_open);
        let cut = cut.filter(|(_, reason)| removes.contains(reason));
        let (Some((free_from, reason)), Some(a)) = (cut, open) else {
            return Ok(Some(decision));
        };
        let noted = self.guard.as_ref().and_then(|guard| guard.noted);
        if trigger != Trigger::Catalog && noted != Some(member.id) {
            let before = member.clone();
            self.note_removal(&before, false).await?;
        }
        let tripped = self.guard.as_ref().filter(|guard| guard.tripped);
        let connection = tripped.map(|guard| guard.connection);
        match connection.filter(|_| trigger != Trigger::Catalog && a.seat.is_some()) {
            Some(connection) => {
                self.freeze(member, a, connection, (free_from, reason))
                    .await?;
                Ok(None)
            }
            // What is frozen stays so whatever else is decided.
            None if a.is_frozen() => Ok(Some(Decision::Keep(None))),
            None => Ok(Some(decision)),
        }
    }

    /// Cuts access and holds the seat until somebody decides.
    async fn freeze(
        &mut self,
        member: &mut Member,
        mut a: Assignment,
        connection: Uuid,
        (free_from, reason): (Timestamp, EndReason),
    ) -> Result<(), Error> {
        let id = a.id;
        if a.state == SeatState::Grace {
            a.grace_until = Some(FROZEN);
            a.end_reason = Some(reason);
            self.tx.save_assignment(&a).await?;
            member.assignment = Some(a);
        } else {
            self.begin_grace(member, a, FROZEN, reason).await?;
        }
        member.seat_reason = Some(SeatReason::BreakerTripped);
        self.tx
            .hold_removal(connection, member.id, (id, free_from))
            .await?;
        let detail = object(json!({"connection": connection, "freeFrom": free_from}));
        self.line("seat.frozen", Some(member.id), Some(id), None, detail);
        Ok(())
    }

    /// Freezes a seat whose grace began before the breaker tripped.
    pub(in crate::directory) async fn freeze_late(
        &mut self,
        member: &mut Member,
        connection: Uuid,
    ) -> Result<(), Error> {
        let running = member
            .assignment
            .clone()
            .filter(|a| a.state == SeatState::Grace);
        let Some((a, until)) = running.and_then(|a| a.grace_until.map(|until| (a, until))) else {
            return Ok(());
        };
        let reason = a.end_reason.unwrap_or(EndReason::Deactivated);
        self.freeze(member, a, connection, (until, reason)).await?;
        self.save_seat(member).await
    }

    /// Lets the time run again that a frozen seat is held for; one whose time is over is given up.
    pub(in crate::directory) async fn thaw(
        &mut self,
        member: &mut Member,
        free_from: Timestamp,
    ) -> Result<(), Error> {
        let Some(mut a) = member.assignment.clone().filter(Assignment::is_frozen) else {
            return Ok(());
        };
        a.grace_until = Some(free_from);
        let reason = a.end_reason;
        self.line(
            "seat.thawed",
            Some(member.id),
            Some(a.id),
            None,
            Object::new(),
        );
        self.tx.save_assignment(&a).await?;
        member.assignment = Some(a);
        member.seat_reason =
            (reason == Some(EndReason::Deactivated)).then_some(SeatReason::Deactivated);
        if !self.elapse(member).await? {
            self.save_seat(member).await?;
        }
        Ok(())
    }
}

/// What it takes to undo a removal: whether the person was active, and what a delete or a push to a
/// group takes away.
fn undoing(before: &Member, deleted: bool, group: Option<Uuid>) -> Object {
    let groups: Vec<_> = if deleted {
        before.groups.iter().map(|(id, _)| *id).collect()
    } else {
        group.into_iter().collect()
    };
    object(json!({
        "active": before.identity == IdentityState::Active,
        "scimId": before.scim_id.filter(|_| deleted),
        "groups": groups,
    }))
}

/// Two removals of the same person, undone at once.
fn merged(earlier: &Object, mut later: Object) -> Object {
    let was_active = |of: &Object| of.get("active").and_then(Value::as_bool) == Some(true);
    let active = was_active(earlier) || was_active(&later);
    let groups = |of: &Object| of.get("groups").and_then(Value::as_array).cloned();
    let mut all = groups(earlier).unwrap_or_default();
    for group in groups(&later).unwrap_or_default() {
        if !all.contains(&group) {
            all.push(group);
        }
    }
    let scim_id = [&later, earlier].into_iter().find_map(|of| {
        let id = of.get("scimId").filter(|id| !id.is_null());
        id.cloned()
    });
    later.insert("active".into(), active.into());
    later.insert("groups".into(), all.into());
    later.insert("scimId".into(), json!(scim_id));
    later
}

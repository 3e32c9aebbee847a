//! What becomes of those whom a connection removed when its breaker tripped.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::roles::Right;
use super::{conflict, connections, not_found, object};
use crate::directory::change::{By, Change};
use crate::directory::{Caller, Code, Directory, Error, person};
use crate::scim::Object;
use crate::seats::breaker::State;
use crate::seats::decision::Trigger;
use crate::seats::{Assignment, IdentityState, named};
use crate::store::breaker::{Breaker, Removal};
use crate::store::members::Member;
use crate::store::{TenantId, Tx, transact};

/// People in one transaction.
const BATCH: i64 = 50;
/// Transactions that the request itself waits for; a job does the rest.
const AWAITED: usize = 10;

named! {
    /// What somebody decides about a breaker that tripped.
    Action {
        /// The removals were meant: grace runs on, and seats are given up.
        Release = "release",
        /// They were not: access and seats come back.
        Restore = "restore",
    }
}

impl Directory {
    /// Decides what becomes of whom a tripped breaker holds.
    pub async fn decide_breaker(
        &self,
        caller: &Caller,
        name: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Approve)?;
        let body = Body::of(body, &["action"])?;
        let action = required("action", body.named::<Action>("action")?)?;
        let (next, word) = match action {
            Action::Release => (State::Releasing, "breaker.released"),
            Action::Restore => (State::Restoring, "breaker.restored"),
        };
        let by = caller.by();
        transact!(self.store, caller.tenant, |tx| {
            let all = tx.connections().await?;
            let connection = all.iter().find(|c| c.name == name);
            let connection = connection.ok_or_else(|| not_found("such connection"))?;
            let decided = Some((by.actor.as_str(), now));
            let moved = tx
                .move_breaker(connection.id, (State::Tripped, next), decided)
                .await?;
            if !moved {
                let detail = "the breaker of the connection has not tripped";
                return Err(conflict(Code::BreakerClosed, detail, []).into());
            }
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, by.clone(), now);
            change.log(word, None, object([("connection", json!(connection.id))]));
            change.finish().await
        })?;
        for _ in 0..AWAITED {
            if !self.carry_on_breakers(caller.tenant, now).await? {
                break;
            }
        }
        let mut session = self.store.snapshot(caller.tenant).await?;
        let facts = connections::Facts::read(&mut session, now).await?;
        let connection = facts.connections.iter().find(|c| c.name == name);
        let connection = connection.ok_or_else(|| not_found("such connection"))?;
        Ok(facts.view(connection, now))
    }

    /// Freezes what was cut before a breaker tripped, and goes on with what was decided, a batch
    /// each; answers whether there is more to do.
    pub async fn carry_on_breakers(&self, tenant: TenantId, now: Timestamp) -> Result<bool, Error> {
        let breakers = self.store.read(tenant).await?.breakers().await?;
        let mut more = false;
        for b in breakers {
            more |= match b.state {
                State::Tripped => self.freeze_some(tenant, &b, now).await?,
                State::Releasing | State::Restoring => self.settle_some(tenant, &b, now).await?,
                State::Closed => false,
            };
        }
        Ok(more)
    }

    async fn freeze_some(
        &self,
        tenant: TenantId,
        b: &Breaker,
        now: Timestamp,
    ) -> Result<bool, Error> {
        transact!(self.store, tenant, |tx| {
            if tx
                .breaker_state(b.connection)
                .await?
                .map(|(state, _)| state)
                != Some(State::Tripped)
            {
                return Ok(false);
            }
            let people = tx.to_freeze(b, BATCH).await?;
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, crate::directory::due::clock(), now);
            for id in &people {
                if let Some(mut member) = change.tx.lock_member(*id).await? {
                    change.freeze_late(&mut member, b.connection).await?;
                }
            }
            change.finish().await?;
            Ok(!people.is_empty())
        })
    }

    async fn settle_some(
        &self,
        tenant: TenantId,
        b: &Breaker,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some((who, decided_at)) = b.decided.clone() else {
            return Ok(false);
        };
        let by = By {
            actor: who,
            cause: format!("breaker:{}", b.connection),
        };
        let restores = b.state == State::Restoring;
        transact!(self.store, tenant, |tx| {
            if tx
                .breaker_state(b.connection)
                .await?
                .map(|(state, _)| state)
                != Some(b.state)
            {
                return Ok(false);
            }
            let removals = tx.removals(b, restores, BATCH).await?;
            if removals.is_empty() {
                tx.forget_removals(b.connection, decided_at).await?;
                tx.move_breaker(b.connection, (b.state, State::Closed), None)
                    .await?;
                return Ok(false);
            }
            let rules = self.current_rules(tx).await?;
            for removal in &removals {
                if restores {
                    rejoin(tx, removal, now).await?;
                }
                let mut change = Change::new(tx, rules.clone(), by.clone(), now);
                if let Some(mut member) = change.tx.lock_member(removal.member).await? {
                    if restores {
                        restore(&mut change, &mut member, removal, now).await?;
                    }
                    let held = removal.held.filter(|(assignment, _)| {
                        let current = member.assignment.as_ref();
                        current.is_some_and(|a| a.id == *assignment)
                    });
                    if let Some((_, free_from)) = held {
                        change.thaw(&mut member, free_from).await?;
                    }
                }
                change.finish().await?;
                tx.forget_removal(b.connection, removal.member).await?;
            }
            Ok(true)
        })
    }
}

/// Puts a person back into the groups that a delete or a push took them out of.
async fn rejoin(tx: &mut Tx, removal: &Removal, now: Timestamp) -> Result<(), Error> {
    let groups = removal.was.get("groups").and_then(Value::as_array);
    let groups: Vec<Uuid> = groups
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().and_then(|id| Uuid::try_parse(id).ok()))
        .collect();
    if groups.is_empty() {
        return Ok(());
    }
    for group in tx.rejoin_groups(removal.member, &groups).await? {
        tx.touch_group(group, 1, now).await?;
    }
    Ok(())
}

/// Makes a person who they were, where nobody has taken their name or number since, and gives them
/// their seat back. Their resource says again that they are active, so that the identity provider
/// sees it, and its next write holds.
async fn restore(
    change: &mut Change<'_>,
    member: &mut Member,
    removal: &Removal,
    now: Timestamp,
) -> Result<(), Error> {
    let frozen = member
        .assignment
        .as_ref()
        .is_some_and(Assignment::is_frozen);
    if member.identity == IdentityState::Active && !frozen {
        // They have come back, or have lost nothing that can be given back.
        change.settle(member, Trigger::Person, false).await?;
        return change.save_seat(member).await;
    }
    let was_active = removal.was.get("active").and_then(Value::as_bool) == Some(true);
    let mut back = member.clone();
    if back.identity == IdentityState::Deleted {
        let id = removal.was.get("scimId").and_then(Value::as_str);
        let Some(id) = id.and_then(|id| Uuid::try_parse(id).ok()) else {
            return Ok(());
        };
        back.scim_id = Some(id);
        back.identity = IdentityState::Inactive;
    }
    if back.identity == IdentityState::Inactive && was_active {
        back.identity = IdentityState::Active;
        back.deactivated_at = None;
        if let Some(active) = back.doc.get_mut("active") {
            *active = true.into();
        }
    }
    let keys = person::keys(&back, &change.rules, now);
    let worker = back.worker_id.clone();
    let worker = worker.filter(|_| back.identity == IdentityState::Active);
    let taken = change
        .tx
        .taken(&keys.user_name_key, worker.as_deref(), back.id)
        .await?;
    if taken.is_some() {
        return Ok(());
    }
    *member = back;
    change.log("member.restored", Some(member.id), Object::new());
    change.settle(member, Trigger::Person, false).await?;
    change.save_seat(member).await
}

/// How a connection's breaker stands.
pub(super) fn view(breaker: Option<&Breaker>) -> Value {
    let Some(b) = breaker else {
        return json!({"state": State::Closed.as_str(), "trippedAt": null, "removals": null,
                      "threshold": null, "held": 0, "decidedBy": null, "decidedAt": null});
    };
    json!({
        "state": b.state.as_str(),
        "trippedAt": b.tripped_at,
        "removals": b.removals,
        "threshold": b.threshold,
        "held": b.held,
        "decidedBy": b.decided.as_ref().map(|(who, _)| who),
        "decidedAt": b.decided.as_ref().map(|(_, at)| at),
    })
}

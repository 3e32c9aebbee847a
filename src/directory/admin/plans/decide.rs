//! Approving a plan, or not.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{find, parse};
use crate::directory::admin::body::{Body, required};
use crate::directory::admin::roles::Right;
use crate::directory::admin::{conflict, object};
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::plans::{State, state_at};
use crate::scim::Object;
use crate::store::plans::Plan;
use crate::store::transact;

impl Directory {
    /// Approves a plan, which whoever made it cannot. Doing it twice changes nothing.
    pub async fn approve_plan(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Approve)?;
        let (id, body) = (parse(id)?, Body::of(body, &["hash"])?);
        let by = caller.by();
        transact!(self.store, caller.tenant, |tx| {
            let mut plan = find(tx.lock_plan(id).await?)?;
            check_hash(&plan, &body)?;
            match state_at(plan.state, plan.expires_at, now) {
                State::Pending if plan.requested_by == by.actor => {
                    let detail = "whoever made a plan cannot approve it; it takes somebody else";
                    return Err(Refusal::new(403, Code::OwnPlan, detail).into());
                }
                State::Pending => {}
                State::Approved => return Ok(()),
                state => return Err(wrong_state(state, "approved").into()),
            }
            plan.state = State::Approved;
            plan.decided = Some((by.actor.clone(), now));
            tx.save_plan(&plan).await?;
            let detail = object([("plan", json!(id)), ("hash", json!(plan.hash))]);
            self.log_plan(tx, by.clone(), "plan.approved", detail, now)
                .await
        })?;
        self.seen_plan(caller, id, now).await
    }

    /// Rejects a plan that has not begun. Whoever made it may withdraw it so.
    pub async fn reject_plan(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        let by = caller.by();
        if !caller.has(Right::Approve) {
            caller.may(Right::Access)?;
        }
        let (id, body) = (parse(id)?, Body::of(body, &["hash"])?);
        transact!(self.store, caller.tenant, |tx| {
            let mut plan = find(tx.lock_plan(id).await?)?;
            if plan.requested_by != by.actor {
                caller.may(Right::Approve)?;
            }
            check_hash(&plan, &body)?;
            match state_at(plan.state, plan.expires_at, now) {
                State::Pending | State::Approved => {}
                State::Rejected => return Ok(()),
                state => return Err(wrong_state(state, "rejected").into()),
            }
            plan.state = State::Rejected;
            plan.decided = Some((by.actor.clone(), now));
            tx.save_plan(&plan).await?;
            let detail = object([("plan", json!(id))]);
            self.log_plan(tx, by.clone(), "plan.rejected", detail, now)
                .await
        })?;
        self.discard_imports(caller.tenant, now).await?;
        self.seen_plan(caller, id, now).await
    }
}

/// Refuses to do what was not looked at.
pub(super) fn check_hash(plan: &Plan, body: &Body) -> Result<(), Refusal> {
    let hash = required("hash", body.text("hash", 128)?)?;
    if hash == plan.hash {
        return Ok(());
    }
    let detail = "the hash is not that of the plan; look at it again";
    Err(conflict(
        Code::PlanChanged,
        detail,
        [("hash", json!(plan.hash))],
    ))
}

pub(super) fn wrong_state(state: State, wanted: &str) -> Refusal {
    let detail = format!("the plan is {state} and cannot be {wanted}");
    conflict(Code::PlanState, detail, [("state", state.as_str().into())])
}

//! Applying a plan, a few people a transaction. How far it is stands in the database, so whoever
//! comes next, a job or a second call, goes on where it stopped.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::decide::{check_hash, wrong_state};
use super::exclusions::Exclusions;
use super::verb::Verb;
use super::{find, parse};
use crate::directory::admin::body::Body;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{conflict, object};
use crate::directory::change::{By, Change};
use crate::directory::due::clock;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::plans::{Item, ItemState, Kind, State, state_at};
use crate::scim::Object;
use crate::store::plans::Plan;
use crate::store::{TenantId, Tx, transact};

/// People in one transaction. Small, since on SQLite everybody else waits.
const BATCH: i64 = 50;
/// Transactions that the request itself waits for; a job does the rest.
const AWAITED: usize = 10;

impl Directory {
    /// Applies a plan that needs no approval or has it. Doing it twice changes nothing.
    pub async fn apply_plan(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let (id, body) = (parse(id)?, Body::of(body, &["hash"])?);
        let kind = find(self.store.read(caller.tenant).await?.plan(id).await?)?.kind;
        if kind == Kind::Mapping {
            return Box::pin(self.apply_mapping(caller, id, &body, now)).await;
        }
        let by = caller.by();
        transact!(self.store, caller.tenant, |tx| {
            let mut plan = find(tx.lock_plan(id).await?)?;
            match plan.kind {
                Kind::Erase => caller.may(Right::Erase)?,
                Kind::Import => caller.may(Right::Import)?,
                _ => {}
            }
            check_hash(&plan, &body)?;
            if !begins(&plan, now)? {
                return Ok(());
            }
            if plan.kind == Kind::Import {
                begin_import(tx, id).await?;
            }
            plan.state = State::Applying;
            plan.applied = Some((by.actor.clone(), now));
            tx.save_plan(&plan).await?;
            let detail = object([("plan", json!(id)), ("hash", json!(plan.hash))]);
            self.log_plan(tx, by.clone(), "plan.applying", detail, now)
                .await
        })?;
        for _ in 0..AWAITED {
            if !self.apply_some(caller.tenant, id, now).await? {
                break;
            }
        }
        if kind == Kind::Import {
            self.discard_imports(caller.tenant, now).await?;
        }
        self.seen_plan(caller, id, now).await
    }

    /// Goes on with the tenant's plans that are being applied, a batch each, and notes which have
    /// expired; answers whether there is more to do.
    pub async fn carry_on_plans(&self, tenant: TenantId, now: Timestamp) -> Result<bool, Error> {
        let plans = transact!(self.store, tenant, |tx| Ok::<_, Error>(
            tx.plans_to_carry_on(now).await?
        ))?;
        let mut more = false;
        for (id, state) in plans {
            if state == State::Applying {
                more |= self.apply_some(tenant, id, now).await?;
            } else {
                self.expire_plan(tenant, id, now).await?;
            }
        }
        self.discard_imports(tenant, now).await?;
        Ok(more)
    }

    async fn expire_plan(&self, tenant: TenantId, id: Uuid, now: Timestamp) -> Result<(), Error> {
        transact!(self.store, tenant, |tx| {
            let mut plan = find(tx.lock_plan(id).await?)?;
            let state = state_at(plan.state, plan.expires_at, now);
            if state == State::Expired && plan.state != state {
                plan.state = state;
                tx.save_plan(&plan).await?;
                let detail = object([("plan", json!(id))]);
                self.log_plan(tx, clock(), "plan.expired", detail, now)
                    .await?;
            }
            Ok(())
        })
    }

    /// One batch; answers whether there may be more.
    async fn apply_some(&self, tenant: TenantId, id: Uuid, now: Timestamp) -> Result<bool, Error> {
        self.catch_up(tenant, now).await?;
        transact!(self.store, tenant, |tx| {
            let plan = tx.lock_plan(id).await?;
            let Some(mut plan) = plan.filter(|plan| plan.state == State::Applying) else {
                return Ok(false);
            };
            if plan.kind == Kind::Import {
                return Box::pin(self.apply_import_part(tx, plan, now)).await;
            }
            let by = By {
                actor: plan
                    .applied
                    .as_ref()
                    .map_or(String::new(), |(who, _)| who.clone()),
                cause: format!("plan:{id}"),
            };
            let items = tx
                .plan_items(id, Some(ItemState::Planned), 0, BATCH)
                .await?;
            if items.is_empty() {
                plan.state = State::Applied;
                plan.finished_at = Some(now);
                tx.save_plan(&plan).await?;
                let counts = tx.plan_counts(&[id]).await?.remove(&id).unwrap_or_default();
                let mut detail = object([("plan", json!(id))]);
                for (state, n) in counts {
                    detail.insert(state.as_str().into(), n.into());
                }
                self.log_plan(tx, by, "plan.applied", detail, now).await?;
                return Ok(false);
            }
            let people: Vec<_> = items.iter().map(|(_, item)| item.member).collect();
            tx.lock_people(&people).await?;
            let exclusions = Exclusions::read(tx).await?;
            let rules = self.current_rules(tx).await?;
            for (n, item) in &items {
                let with = (&rules, &exclusions, &by);
                let (state, problem) = apply(tx, &plan, item, with, now).await?;
                tx.save_item(id, *n, state, problem.as_deref()).await?;
            }
            Ok(true)
        })
    }
}

/// From now on what an import did is counted, and no more what it would do.
async fn begin_import(tx: &mut Tx, plan: Uuid) -> Result<(), Error> {
    if let Some(run) = tx.import_of_plan(plan).await? {
        tx.count_anew(run.id).await?;
    }
    Ok(())
}

/// Whether a plan can be applied now; one that is, or is being, needs no more.
pub(super) fn begins(plan: &Plan, now: Timestamp) -> Result<bool, Refusal> {
    match state_at(plan.state, plan.expires_at, now) {
        State::Approved => Ok(true),
        State::Applying | State::Applied => Ok(false),
        State::Pending => {
            let detail = "the plan takes somebody else's approval first";
            let why = [("approvalReasons", json!(plan.approval))];
            Err(conflict(Code::ApprovalRequired, detail, why))
        }
        state => Err(wrong_state(state, "applied")),
    }
}

/// Does what is planned for one person, unless they have changed since or somebody has excluded
/// them. What the rules refuse leaves no trace but the refusal.
async fn apply(
    tx: &mut Tx,
    plan: &Plan,
    item: &Item,
    (rules, exclusions, by): (&Arc<Rules>, &Exclusions, &By),
    now: Timestamp,
) -> Result<(ItemState, Option<String>), Error> {
    let verb = Verb::planned(plan.kind, item, plan.note.as_deref())?;
    let Some(mut member) = tx.lock_member(item.member).await? else {
        return Ok((ItemState::Stale, None));
    };
    let engagement = tx.engagement(member.id).await?;
    if verb.fingerprint(&member, &engagement) != item.fingerprint {
        return Ok((ItemState::Stale, None));
    }
    if let Some(excluded) = exclusions.of(&member) {
        return Ok((ItemState::Excluded, Some(excluded.to_owned())));
    }
    tx.begin_part().await?;
    let mut change = Change::new(tx, Arc::clone(rules), by.clone(), now);
    match verb.carry_out(&mut change, &mut member, now).await {
        Ok(()) => {
            tx.keep_part().await?;
            Ok((ItemState::Applied, None))
        }
        Err(Error::Refused(refusal)) => {
            tx.undo_part().await?;
            Ok((ItemState::Refused, Some(refusal.code.as_str().to_owned())))
        }
        Err(error) => Err(error),
    }
}

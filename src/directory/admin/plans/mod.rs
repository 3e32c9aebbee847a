//! Plans: changes to many people that are looked at, approved and applied (domain 4.9). One that
//! was made is not changed again; what it does to each of its people is what the use case for one
//! person does, and whoever has changed since is left alone. A new kind is a value of
//! [`crate::plans::Kind`] and what `verb::Verb` makes of it.

mod apply;
mod decide;
pub(in crate::directory) mod draft;
mod erasing;
pub(in crate::directory) mod exclusions;
pub(in crate::directory) mod import;
mod mapping;
pub(super) mod people;
mod reclaim;
mod reconciliation;
pub(in crate::directory) mod standing;
mod verb;
mod view;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use draft::Draft;
use exclusions::Exclusions;
use people::Whom;
use verb::Verb;

use super::body::{Body, required};
use super::roles::Right;
use super::{Items, Query, cursor, not_found, object, wrong};
use crate::directory::change::{By, Change};
use crate::directory::{Caller, Directory, Error, Refusal};
use crate::plans::{self, Act, Kind, State};
use crate::scim::Object;
use crate::store::plans::Plan;
use crate::store::{Session, Tx, transact};

/// Characters of a note at most.
const NOTE: usize = 1_000;
/// Items that an answer shows of a plan that is not stored.
const SHOWN: usize = 500;

/// What was made: a plan that is stored, or what it would be.
pub struct Made {
    /// The plan.
    pub plan: Object,
    /// Whether it is stored.
    pub stored: bool,
}

impl Directory {
    /// Plans to do the same to many people.
    pub async fn create_plan(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Made, Error> {
        caller.may(Right::Access)?;
        let mut known = vec!["kind", "filter", "members", "note", "dryRun"];
        known.extend(verb::FIELDS);
        let body = Body::of(body, &known)?;
        let kind = required("kind", body.named::<Kind>("kind")?)?;
        let act = match kind {
            Kind::End => Act::End,
            Kind::Extend => Act::Extend,
            Kind::Transfer => Act::Transfer,
            other => return Err(elsewhere(other).into()),
        };
        let fields = verb::fields(act);
        let foreign = verb::FIELDS
            .iter()
            .find(|field| body.has(field) && !fields.contains(field));
        if let Some(field) = foreign {
            return Err(wrong(field, &format!("does not go with the kind {kind}")).into());
        }
        let whom = Whom::read(caller, &body)?;
        let asked = body.only(&[&["kind", "filter", "members"], fields].concat());
        let verb = Verb::read(act, body.only(fields), None)?;
        let (note, dry) = (body.text("note", NOTE)?, body.flag("dryRun")?);
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        verb.check(&rules.catalog, now)?;
        let exclusions = Exclusions::read(&mut session).await?;
        let mut draft = Draft::new(kind, asked, note);
        let named = matches!(whom, Whom::Members(_));
        let open = kind.needs_place() && !named;
        let asked = (caller, &*rules, now);
        people::each(&mut session, &whom, asked, open, |m, engagement| {
            let item = verb.item(&rules, m, engagement, &exclusions, now)?;
            draft.add(m, item, named)
        })
        .await?;
        drop(session);
        if named {
            draft.name_nobody();
        }
        let threshold = rules.catalog.policy.approval_threshold;
        self.planned(caller, draft, (threshold, dry == Some(true)), now)
            .await
    }

    /// Stores a draft, or answers what it would be.
    async fn planned(
        &self,
        caller: &Caller,
        draft: Draft,
        (threshold, dry): (i64, bool),
        now: Timestamp,
    ) -> Result<Made, Error> {
        let (plan, items, people) = draft.finish(caller.by().actor, threshold, now);
        let counts = draft::counts(&items);
        let mut answer = view::plan(&plan, &counts, now);
        if dry {
            let shown = items.iter().zip(1..).zip(&people).take(SHOWN);
            let shown = shown.map(|((item, n), who)| view::item(n, item, who.clone()));
            answer.insert("id".into(), Value::Null);
            answer.insert("state".into(), Value::Null);
            answer.insert("items".into(), shown.collect());
            return Ok(Made {
                plan: answer,
                stored: false,
            });
        }
        let by = caller.by();
        transact!(self.store, caller.tenant, |tx| {
            tx.insert_plan(&plan, &items).await?;
            let detail = object([
                ("plan", json!(plan.id)),
                ("kind", plan.kind.as_str().into()),
                ("hash", json!(plan.hash)),
                ("state", plan.state.as_str().into()),
            ]);
            self.log_plan(tx, by.clone(), "plan.created", detail, now)
                .await
        })?;
        answer.insert("plan".into(), json!(plan.id));
        Ok(Made {
            plan: answer,
            stored: true,
        })
    }

    /// Plans, the newest first.
    pub async fn list_plans(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        may_see(caller)?;
        query.only(&["state", "kind"], None)?;
        let one = |name| -> Result<Option<State>, Error> {
            let names = query.names::<State>(name)?.unwrap_or_default();
            match names.as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(*one)),
                _ => Err(super::query::refused(name, "takes one value").into()),
            }
        };
        let state = one("state")?;
        let kind = query.names::<Kind>("kind")?.unwrap_or_default();
        let list = cursor::list(caller, "plans", query);
        let before: Option<Uuid> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let which = (kind.first().copied(), state);
        let plans = session.plans(which, before, limit + 1, now).await?;
        let ids: Vec<_> = plans.iter().map(|plan| plan.id).collect();
        let counts = session.plan_counts(&ids).await?;
        let rows = plans.iter().map(|plan| {
            let counts = counts.get(&plan.id).cloned().unwrap_or_default();
            (view::plan(plan, &counts, now), plan.id)
        });
        self.page(list, rows.collect(), limit, now).await
    }

    /// One plan, with a page of its items.
    pub async fn read_plan(
        &self,
        caller: &Caller,
        id: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<(Object, Items), Error> {
        may_see(caller)?;
        query.only(&["state"], None)?;
        let states = query
            .names::<plans::ItemState>("state")?
            .unwrap_or_default();
        let list = cursor::list(caller, &format!("plan {id}"), query);
        let after: Option<i64> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let plan = find(session.plan(parse(id)?).await?)?;
        let counts = session.plan_counts(&[plan.id]).await?.remove(&plan.id);
        let items = session
            .plan_items(
                plan.id,
                states.first().copied(),
                after.unwrap_or(0),
                limit + 1,
            )
            .await?;
        let mut rows = Vec::with_capacity(items.len());
        for (n, item) in &items {
            let who = brief(&mut session, item.member).await?;
            rows.push((view::item(*n, item, who), *n));
        }
        let mut seen = view::plan(&plan, &counts.unwrap_or_default(), now);
        if plan.kind == Kind::Import {
            let waiting = import::rows(&mut session, plan.id).await?;
            seen.insert("rows".into(), waiting);
        }
        drop(session);
        let page = self.page(list, rows, limit, now).await?;
        Ok((seen, page))
    }

    /// A plan as it is now.
    async fn seen_plan(&self, caller: &Caller, id: Uuid, now: Timestamp) -> Result<Object, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let plan = find(session.plan(id).await?)?;
        let counts = session.plan_counts(&[id]).await?.remove(&id);
        Ok(view::plan(&plan, &counts.unwrap_or_default(), now))
    }

    /// Writes a line of the ledger about a plan.
    async fn log_plan(
        &self,
        tx: &mut Tx,
        by: By,
        action: &str,
        detail: Object,
        now: Timestamp,
    ) -> Result<(), Error> {
        let rules = self.current_rules(tx).await?;
        let mut change = Change::new(tx, rules, by, now);
        change.log(action, None, detail);
        change.finish().await
    }
}

/// The refusal of a kind that is planned by another path.
fn elsewhere(kind: Kind) -> Refusal {
    let path = match kind {
        Kind::Reclaim => "POST /seats/reclaim",
        Kind::Reconciliation => "POST /reconciliations/{id}/plan",
        Kind::Mapping => "POST /mappings/plan",
        Kind::Erase => "POST /members/{id}/erase",
        Kind::Import => "POST /imports",
        Kind::End | Kind::Extend | Kind::Transfer => "POST /plans",
    };
    wrong("kind", &format!("a {kind} is planned by {path}"))
}

/// A plan tells how people use their coaching.
fn may_see(caller: &Caller) -> Result<(), Error> {
    caller.may(Right::Read)?;
    caller.may(Right::Engagement)?;
    Ok(())
}

fn parse(id: &str) -> Result<Uuid, Error> {
    Ok(Uuid::try_parse(id).map_err(|_| not_found("such plan"))?)
}

fn find(plan: Option<Plan>) -> Result<Plan, Error> {
    plan.ok_or_else(|| not_found("such plan").into())
}

async fn brief(session: &mut Session, member: Uuid) -> Result<Value, Error> {
    let found = session.member_by_id(member).await?;
    Ok(found.map_or(json!({"id": member}), |m| super::view::brief(&m)))
}

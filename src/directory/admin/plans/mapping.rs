//! Planning a mapping, or a change of one. Applied, it is written as a whole, with the run that
//! places people by it: so it is simulated again first, and refused where that no longer comes to
//! what was approved.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::apply::begins;
use super::decide::check_hash;
use super::draft::Draft;
use super::exclusions::Exclusions;
use super::{Made, NOTE, find};
use crate::directory::admin::body::Body;
use crate::directory::admin::roles::Right;
use crate::directory::admin::simulate::{Outcome, Seen, Supposed, Tally, renamed};
use crate::directory::admin::{catalog, conflict, mappings, object, placements};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::plans::{self, Item, ItemState, Kind, MOST, State, Warning};
use crate::scim::Object;
use crate::store::engagement::Engagement;
use crate::store::members::Member;
use crate::store::plans::Plan;
use crate::store::transact;

/// People whom a refusal names.
const NAMED: usize = 100;
/// How often a simulation is made again because the catalog changed under it.
const TRIES: usize = 3;

impl Directory {
    /// Plans a new mapping, or a change of the one with this identifier.
    pub async fn plan_mapping(
        &self,
        caller: &Caller,
        id: Option<&str>,
        body: Value,
        now: Timestamp,
    ) -> Result<Made, Error> {
        caller.may(Right::Configure)?;
        let known = [&mappings::FIELDS[..], &["note", "dryRun"]].concat();
        let body = Body::of(renamed(body)?, &known)?;
        let (note, dry) = (body.text("note", NOTE)?, body.flag("dryRun")?);
        let asked = object([
            ("mapping", json!(id)),
            ("change", Value::Object(body.sent(&mappings::FIELDS))),
        ]);
        self.catch_up(caller.tenant, now).await?;
        let (draft, supposed) = self.draft_mapping(caller, asked, note, now).await?;
        let threshold = supposed.rules.catalog.policy.approval_threshold;
        self.planned(caller, draft, (threshold, dry == Some(true)), now)
            .await
    }

    /// Simulates what was asked for.
    async fn draft_mapping(
        &self,
        caller: &Caller,
        asked: Object,
        note: Option<String>,
        now: Timestamp,
    ) -> Result<(Draft, Supposed), Error> {
        let change = asked.get("change").cloned().unwrap_or_default();
        let change = Body::of(change, &mappings::FIELDS)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let id = asked.get("mapping").and_then(Value::as_str);
        let supposed = Supposed::read(&mut session, id, &change).await?;
        let exclusions = Exclusions::read(&mut session).await?;
        let figures = session.figures(None, now).await?;
        let rules = &supposed.rules;
        let mut tally = Tally::new(&rules.catalog, &supposed.rule, &figures, now);
        let mut draft = Draft::new(Kind::Mapping, asked, note);
        supposed
            .people(&mut session, now, |m, engagement| {
                let Some(seen) = tally.look(rules, m) else {
                    return Ok(());
                };
                let mut item = item(m, seen, engagement, now);
                if exclusions.of(m).is_some() {
                    item.warnings.push(Warning::Excluded);
                }
                draft.add(m, item, false)
            })
            .await?;
        Ok((draft, supposed))
    }

    /// Writes a mapping that was planned, and begins the run that places people by it.
    pub(super) async fn apply_mapping(
        &self,
        caller: &Caller,
        id: Uuid,
        body: &Body,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let mut tries = 0;
        let run = loop {
            let plan = find(self.store.read(caller.tenant).await?.plan(id).await?)?;
            check_hash(&plan, body)?;
            if !begins(&plan, now)? {
                break None;
            }
            self.catch_up(caller.tenant, now).await?;
            let supposed = self.as_approved(caller, &plan, now).await?;
            match self.write_mapping(caller, &plan, &supposed, now).await? {
                Written::Begun(run) => break run,
                Written::Overtaken if tries < TRIES => tries += 1,
                Written::Overtaken => return Err(stale(&[]).into()),
            }
        };
        let mut seen = self.seen_plan(caller, id, now).await?;
        if let Some(run) = run {
            seen.insert("placement".into(), json!(run));
        }
        Ok(seen)
    }

    /// What the plan would come to now, if that is what was approved.
    async fn as_approved(
        &self,
        caller: &Caller,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Supposed, Error> {
        let drafted = self.draft_mapping(caller, plan.asked.clone(), None, now);
        let (draft, supposed) = match drafted.await {
            Ok(drafted) => drafted,
            // The mapping, its track or its pool is not what it was.
            Err(Error::Refused(_)) => return Err(stale(&[]).into()),
            Err(error) => return Err(error),
        };
        let (again, items, _) = draft.finish(String::new(), 0, now);
        if again.hash == plan.hash {
            return Ok(supposed);
        }
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let mut session = self.store.read(caller.tenant).await?;
        let known = session.plan_items(plan.id, None, 0, most).await?;
        let known = known.into_iter().map(|(_, item)| item).collect();
        Err(stale(&changed(known, items)).into())
    }

    async fn write_mapping(
        &self,
        caller: &Caller,
        approved: &Plan,
        supposed: &Supposed,
        now: Timestamp,
    ) -> Result<Written, Error> {
        let id = approved.id;
        let as_planned = Caller {
            request_id: format!("plan:{id}"),
            ..caller.clone()
        };
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let mut plan = find(tx.lock_plan(id).await?)?;
            if !begins(&plan, now)? {
                return Ok(Written::Begun(None));
            }
            // Whatever was simulated with another catalog is no more what would come of it.
            let begun = catalog::begin(tx).await?;
            if begun.version != supposed.rules.catalog.version + 1 {
                return Err(overtaken());
            }
            let pair = (&supposed.rule, supposed.before.as_ref());
            let run = mappings::store(tx, &as_planned, pair, now).await?;
            tx.save_all_applied(id).await?;
            plan.state = State::Applied;
            plan.applied = Some((caller.by().actor, now));
            plan.finished_at = Some(now);
            tx.save_plan(&plan).await?;
            let counts = tx.plan_counts(&[id]).await?.remove(&id).unwrap_or_default();
            let mut detail = object([
                ("plan", json!(id)),
                ("mapping", json!(supposed.rule.id)),
                ("placement", json!(run.id)),
            ]);
            for (state, n) in counts {
                detail.insert(state.as_str().into(), n.into());
            }
            let rules = std::sync::Arc::new(crate::directory::rules::Rules::new(begun));
            let mut change = Change::new(tx, rules, as_planned.by(), now);
            change.log("plan.applied", None, detail);
            change.finish().await?;
            Ok(Written::Begun(Some(placements::view(&run))))
        }))
        .or_else(|error| match error {
            Error::Refused(refusal) if refusal.code == Code::StalePlan => Ok(Written::Overtaken),
            error => Err(error),
        })
    }
}

/// What came of writing a mapping.
enum Written {
    /// It is written, with this run; by somebody else where there is none.
    Begun(Option<Object>),
    /// The catalog has changed since it was simulated.
    Overtaken,
}

/// Undoes what was written; the caller simulates again.
fn overtaken() -> Error {
    stale(&[]).into()
}

fn stale(changed: &[Uuid]) -> Refusal {
    let detail = "the mapping would not come to what the plan says any more: people or rules have \
                  changed since; nothing was changed. Plan it anew";
    let shown: Vec<_> = changed.iter().take(NAMED).collect();
    conflict(
        Code::StalePlan,
        detail,
        [
            ("changed", json!(shown)),
            ("changedCount", json!(changed.len())),
        ],
    )
}

/// Of whom a plan says something else now, or nothing.
fn changed(known: Vec<Item>, now: Vec<Item>) -> Vec<Uuid> {
    let prints = |items: Vec<Item>| {
        let prints = items
            .into_iter()
            .map(|item| (item.member, item.fingerprint));
        prints.collect::<HashMap<_, _>>()
    };
    let (known, now) = (prints(known), prints(now));
    let other = known
        .iter()
        .filter(|(id, print)| now.get(*id) != Some(*print));
    let new = now.keys().filter(|id| !known.contains_key(*id));
    let mut changed: Vec<_> = other.map(|(id, _)| *id).chain(new.copied()).collect();
    changed.sort_unstable();
    changed
}

/// What would become of a person. What else they are does not matter to it.
fn item(m: &Member, seen: Seen, engagement: &Engagement, now: Timestamp) -> Item {
    let a = m.assignment.as_ref().filter(|a| a.is_open());
    let has_seat = a.is_some_and(|a| a.seat.is_some());
    let mut before = seen.from;
    before.insert("seatState".into(), m.seat_state().as_str().into());
    let mut warnings = Vec::new();
    let seat_delta = match seen.outcome {
        Outcome::Opens => -1,
        Outcome::Moves => i64::from(has_seat) - 1,
        Outcome::Ends => i64::from(has_seat),
        _ => 0,
    };
    match seen.outcome {
        Outcome::Opens | Outcome::Moves => warnings.push(Warning::TakesSeat),
        Outcome::Waits => warnings.push(Warning::Waits),
        Outcome::Ends => {
            if !has_seat {
                warnings.push(Warning::LeavesLine);
            }
            let journey = engagement.journey.as_ref();
            if plans::is_soon(journey.and_then(|journey| journey.next_session_at), now) {
                warnings.push(Warning::SessionSoon);
            }
        }
        _ => {}
    }
    let outcome = seen.outcome.as_str();
    Item {
        member: m.id,
        state: ItemState::Planned,
        problem: None,
        fingerprint: plans::fingerprint(&json!([outcome, before, seen.to])),
        body: object([("outcome", outcome.into())]),
        before,
        after: seen.to,
        seat_delta,
        warnings,
    }
}

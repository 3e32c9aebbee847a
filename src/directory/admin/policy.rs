//! The tenant's policy.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{Body, MAX_SEATS};
use super::catalog::{self, Done, placed};
use super::roles::Right;
use super::{display_names, object, provenance};
use crate::coaching::Stage;
use crate::coaching::stalled::Mode;
use crate::directory::change::Change;
use crate::directory::{Caller, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::{Name, Policy};
use crate::store::ledger::{self, Entry};
use crate::store::{Session, transact};

/// What the ledger calls a change of the policy.
const CHANGED: &str = "policy.changed";
/// The same of what things are called.
const RENAMED: &str = "display_names.changed";
/// Days that a seat may be held after deactivation at most.
const MAX_GRACE: i64 = 365;
/// People that a policy may let one operator change alone at most.
const MAX_APPROVED: i64 = 10_000;
/// Hours after which a connection may be called silent at most.
const MAX_SILENCE: i64 = 24 * 365;
/// Minutes within which a breaker counts at most.
const MAX_WINDOW: i64 = 24 * 60;

impl Directory {
    /// The policy, each decision with its value and where that comes from.
    pub async fn read_policy(&self, caller: &Caller) -> Result<Object, Error> {
        caller.may(Right::ReadRules)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let changes = latest(&mut session, CHANGED, i64::from(u16::MAX)).await?;
        let renamed = latest(&mut session, RENAMED, 1).await?.pop();
        let mut policy = view(&catalog.policy);
        let sources = provenance::sources(&policy, &changes, renamed.as_ref());
        policy.insert("sources".into(), sources.into());
        let overrides = provenance::overrides(&catalog);
        policy.insert("overrides".into(), overrides.into());
        let server = provenance::of_server(self.people.is_some());
        policy.insert("server".into(), server.into());
        Ok(policy)
    }

    /// Changes what was sent of the policy.
    pub async fn change_policy(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let known = view(&Policy::default());
        let known: Vec<_> = known.keys().map(String::as_str).collect();
        let body = Body::of(body, &known)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let before = catalog::begin(tx).await?.policy;
            let policy = merged(&body, &before)?;
            let answer = view(&policy);
            if policy == before {
                return Ok(placed(answer, None));
            }
            tx.save_policy(&policy).await?;
            if policy.threshold_mode != before.threshold_mode {
                let measured = match policy.threshold_mode.0 {
                    Mode::Benchmark => tx.measure_benchmarks().await?,
                    Mode::Fixed => Vec::new(),
                };
                tx.save_benchmarks(&measured).await?;
            }
            if unnamed(&policy) == unnamed(&before) {
                // What things are called places nobody anew.
                let rules = self.current_rules(tx).await?;
                let mut change = Change::new(tx, rules, caller.by(), now);
                change.log(RENAMED, None, Object::new());
                change.finish().await?;
                return Ok(placed(answer, None));
            }
            let (from, to) = (json!(unnamed(&before)), json!(unnamed(&policy)));
            let done = Done {
                action: CHANGED,
                detail: object([("from", from), ("to", to)]),
                ..Done::default()
            };
            let run = catalog::finish(tx, caller, done, now).await?;
            Ok(placed(answer, Some(&run)))
        }))
    }
}

/// The lines of the ledger of an action, of the newest so many, the oldest first.
async fn latest(session: &mut Session, action: &str, n: i64) -> Result<Vec<Entry>, Error> {
    let of = ledger::Selection {
        action: Some(action.to_owned()),
        ..ledger::Selection::default()
    };
    let lines = session.ledger(&of, n).await?;
    Ok(lines.into_iter().rev().map(|line| line.entry).collect())
}

/// A policy without what things are called, which is for people alone.
fn unnamed(policy: &Policy) -> Policy {
    Policy {
        display_names: BTreeMap::new(),
        ..policy.clone()
    }
}

fn merged(body: &Body, before: &Policy) -> Result<Policy, Refusal> {
    let grace_days = body.whole("graceDays", 0..=MAX_GRACE)?;
    let on_unmatch = body.named("onUnmatch")?.map(Name);
    let full_policy = body.named("fullPolicy")?.map(Name);
    let reuse_policy = body.named("reusePolicy")?.map(Name);
    let threshold_mode = body.named("thresholdMode")?.map(Name);
    let whole = |field, range, before| -> Result<i64, Refusal> {
        Ok(body.whole(field, range)?.unwrap_or(before))
    };
    let approval_threshold = whole(
        "approvalThreshold",
        0..=MAX_APPROVED,
        before.approval_threshold,
    )?;
    let breaker_absolute = whole("breakerAbsolute", 0..=MAX_SEATS, before.breaker_absolute)?;
    let breaker_percent = whole("breakerPercent", 0..=100, before.breaker_percent)?;
    let breaker_window_minutes = whole(
        "breakerWindowMinutes",
        1..=MAX_WINDOW,
        before.breaker_window_minutes,
    )?;
    let pool_low_percent = whole("poolLowPercent", 0..=100, before.pool_low_percent)?;
    let connection_silent_hours = whole(
        "connectionSilentHours",
        1..=MAX_SILENCE,
        before.connection_silent_hours,
    )?;
    let mut display_names = before.display_names.clone();
    display_names::put(body, &mut display_names)?;
    let mut stall_thresholds = before.stall_thresholds;
    body.thresholds("stallThresholds", &mut stall_thresholds)?;
    Ok(Policy {
        grace_days: grace_days.unwrap_or(before.grace_days),
        grace_on_delete: body
            .flag("graceOnDelete")?
            .unwrap_or(before.grace_on_delete),
        start_on_hire: body.flag("startOnHire")?.unwrap_or(before.start_on_hire),
        pause_on_leave: body.flag("pauseOnLeave")?.unwrap_or(before.pause_on_leave),
        on_unmatch: on_unmatch.unwrap_or(before.on_unmatch),
        full_policy: full_policy.unwrap_or(before.full_policy),
        reuse_policy: reuse_policy.unwrap_or(before.reuse_policy),
        stall_thresholds,
        threshold_mode: threshold_mode.unwrap_or(before.threshold_mode),
        approval_threshold,
        approve_erasing: body
            .flag("approveErasing")?
            .unwrap_or(before.approve_erasing),
        breaker_absolute,
        breaker_percent,
        breaker_window_minutes,
        pool_low_percent,
        connection_silent_hours,
        display_names,
    })
}

/// The policy with every decision that holds: where no number was set, the default one.
fn view(policy: &Policy) -> Object {
    let mut policy = policy.clone();
    for stage in Stage::ALL {
        let days = policy.stall_thresholds.of(*stage);
        let days = days.unwrap_or(stage.default_days());
        policy.stall_thresholds.set(*stage, Some(days));
    }
    match json!(policy) {
        Value::Object(object) => object,
        // A struct is an object.
        _ => Object::new(),
    }
}

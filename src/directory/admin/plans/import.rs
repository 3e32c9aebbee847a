//! The plan of a file: whoever would leave by it is an item; what its other rows would do is counted
//! and can be looked at while they wait.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::draft::Draft;
use super::standing::{Standing, fingerprint, place};
use super::verb::untouched;
use crate::directory::admin::object;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Directory, Error};
use crate::plans::{self, Item, Warning};
use crate::scim::Object;
use crate::seats::decision::Decision;
use crate::seats::{Assignment, SeatState};
use crate::store::engagement::Engagement;
use crate::store::imports::ImportRun;
use crate::store::members::Member;
use crate::store::{Session, transact};

/// Rows that are shown of those that wait.
const SHOWN: i64 = 100;

/// Somebody who would leave, as they are and as they would be written.
pub(in crate::directory) struct Plannable<'p> {
    pub(in crate::directory) member: &'p Member,
    pub(in crate::directory) next: &'p Member,
    pub(in crate::directory) engagement: &'p Engagement,
}

/// A plan that is to be stored, with what it comes to for the pools.
pub(in crate::directory) struct Made {
    pub(in crate::directory) draft: Draft,
    pub(in crate::directory) seats_by_pool: BTreeMap<String, i64>,
    pub(in crate::directory) omitted: i64,
}

/// What would become of somebody who leaves.
pub(in crate::directory) fn item(
    rules: &Rules,
    who: &Plannable<'_>,
    decision: &Decision<'_>,
    now: Timestamp,
) -> Item {
    let catalog = &rules.catalog;
    let m = who.member;
    let mut item = untouched(rules, m, fingerprint(m, Some(who.engagement)));
    let open = m.assignment.as_ref().filter(|a| a.is_open());
    let then = m.assignment.as_ref().map(|a| then(a, decision, now));
    item.after = place(m, catalog, then.as_ref());
    let was = m.identity.as_str();
    item.before.insert("identityState".into(), was.into());
    let is = who.next.identity.as_str();
    item.after.insert("identityState".into(), is.into());
    let journey = who.engagement.journey.as_ref();
    let Some(a) = open else {
        return item;
    };
    if matches!(decision, Decision::End(_)) {
        let sessions = journey.map_or(0, |journey| journey.sessions_completed);
        let frees = plans::frees_seat(a, catalog.pool(a.pool), sessions);
        item.seat_delta = i64::from(frees);
        if a.seat.is_none() {
            item.warnings.push(Warning::LeavesLine);
        } else if !frees {
            item.warnings.push(Warning::SeatBurned);
        }
    }
    if plans::is_soon(journey.and_then(|journey| journey.next_session_at), now) {
        item.warnings.push(Warning::SessionSoon);
    }
    item
}

fn then(a: &Assignment, decision: &Decision<'_>, now: Timestamp) -> Standing {
    let as_is = Standing::of(a);
    match decision {
        Decision::Grace(..) => Standing {
            state: SeatState::Grace,
            ..as_is
        },
        Decision::End(_) => Standing {
            state: SeatState::Ended,
            ends_at: a.ends_at.min(now),
            ..as_is
        },
        Decision::Change(target) => {
            let window = target.pools.iter().find(|(pool, _)| pool.id == a.pool);
            Standing {
                track: target.track.id,
                ends_at: window.map_or(a.ends_at, |(_, window)| window.ends_at),
                ..as_is
            }
        }
        _ => as_is,
    }
}

impl Directory {
    /// Stores the plan of an import, which waits for it from then on.
    pub(in crate::directory) async fn store_import_plan(
        &self,
        caller: &Caller,
        made: Made,
        (run, warnings): (&ImportRun, Value),
        threshold: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let by = caller.by();
        let (mut plan, items, _) = made.draft.finish(by.actor.clone(), threshold, now);
        plan.seats = made.seats_by_pool.values().sum();
        plan.seats_by_pool = made
            .seats_by_pool
            .into_iter()
            .map(|(pool, delta)| (pool, delta.into()))
            .collect();
        transact!(self.store, caller.tenant, |tx| {
            tx.insert_plan(&plan, &items).await?;
            tx.plan_import(plan.id, run.id).await?;
            tx.note_planned(run.id, (&warnings, made.omitted), now)
                .await?;
            let detail = object([
                ("plan", json!(plan.id)),
                ("kind", plan.kind.as_str().into()),
                ("import", json!(run.id)),
                ("hash", json!(plan.hash)),
                ("state", plan.state.as_str().into()),
            ]);
            self.log_plan(tx, by.clone(), "plan.created", detail, now)
                .await
        })
    }
}

/// The first of the rows that wait for a plan, each with what it would do.
pub(super) async fn rows(session: &mut Session, plan: Uuid) -> Result<Value, Error> {
    let Some(run) = session.import_of_plan(plan).await? else {
        return Ok(json!([]));
    };
    let rows = session.kept_rows(run.id, SHOWN).await?;
    let shown = rows.iter().map(|row| {
        let names = run.header.as_array().into_iter().flatten();
        let cells = row.given.as_array().into_iter().flatten();
        let given: Object = names
            .zip(cells)
            .filter_map(|(name, cell)| Some((name.as_str()?.to_owned(), cell.clone())))
            .collect();
        json!({"line": row.line, "does": row.does.as_str(), "member": row.member, "given": given})
    });
    Ok(shown.collect())
}

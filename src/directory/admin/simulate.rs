//! What a mapping would do, before there is one.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Body;
use super::plans::people;
use super::roles::Right;
use super::{mappings, object, selection, view, wrong};
use crate::directory::rules::Rules;
use crate::directory::{Caller, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::scim::predicate::fold;
use crate::seats::catalog::{Catalog, FullPolicy, Match, Rule, in_order};
use crate::seats::decision::{Decision, Trigger, decide};
use crate::seats::placement::Target;
use crate::seats::{Assignment, days, named};
use crate::store::figures::Figures;
use crate::store::members::Member;

/// People that an answer shows; they are all counted.
const SHOWN: usize = 500;

named! {
    /// What a mapping would do to a person.
    Outcome {
        /// Another track, on the same seat or place in line.
        TrackChanges = "track_changes",
        /// The same track, with another end or beginning.
        DatesChange = "dates_change",
        /// A seat in another pool.
        Moves = "moves",
        /// A seat, for somebody who has none.
        Opens = "opens",
        /// Waits for a seat, keeping what they have.
        Waits = "waits",
        /// Access would be over.
        Ends = "ends",
        /// Nothing.
        Unchanged = "unchanged",
    }
}

/// What a pool would give and get back.
#[derive(Default)]
struct Balance {
    room: i64,
    taken: i64,
    freed: i64,
    waiting: i64,
}

/// What has been counted.
struct Tally<'c> {
    catalog: &'c Catalog,
    rule: Uuid,
    now: Timestamp,
    pools: HashMap<Uuid, Balance>,
    outcomes: HashMap<Outcome, i64>,
    looked: i64,
    shadowed: i64,
    conflicts: i64,
    rows: Vec<Object>,
}

impl Directory {
    /// Who would move if there were such a mapping, from what to what, and which pools would have
    /// room for them as they are now. Changes nothing.
    pub async fn simulate_mapping(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::ReadRules)?;
        let body = Body::of(renamed(body)?, &mappings::FIELDS)?;
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let mut catalog = session.catalog().await?;
        let mut rule = mappings::new(&body, &catalog)?;
        let filter = match &mut rule.matches {
            Match::Filter(filter) => Some(filter.clone()),
            Match::Group { name, groups } => {
                let named = session.groups_named(&fold(name)).await?;
                groups.extend(named.iter().map(|(id, _)| *id));
                let conditions = groups.iter().map(|id| format!("groups.value eq \"{id}\""));
                let conditions: Vec<_> = conditions.collect();
                (!conditions.is_empty()).then(|| conditions.join(" or "))
            }
        };
        let shown = mappings::view(&rule, now, &catalog);
        let figures = session.figures(None, now).await?;
        if rule.enabled {
            catalog.rules.push(rule.clone());
            catalog.rules = in_order(std::mem::take(&mut catalog.rules));
        }
        let rules = Rules::new(catalog);
        let mut tally = Tally::new(&rules.catalog, &rule, &figures, now);
        if let Some(filter) = filter {
            let selection = selection::matching_filter(&filter, &rules.catalog, now)?;
            people::selected(&mut session, &selection, |m, _| {
                tally.look(&rules, m);
                Ok(())
            })
            .await?;
        }
        Ok(tally.answer(shown))
    }
}

/// `groupDisplay` is another name of `group`.
fn renamed(mut body: Value) -> Result<Value, Refusal> {
    if let Some(object) = body.as_object_mut()
        && let Some(name) = object.shift_remove("groupDisplay")
        && object.insert("group".into(), name).is_some()
    {
        return Err(wrong("groupDisplay", "goes without group"));
    }
    Ok(body)
}

impl<'c> Tally<'c> {
    fn new(catalog: &'c Catalog, rule: &Rule, figures: &[(Uuid, Figures)], now: Timestamp) -> Self {
        let pools = figures.iter().map(|(id, f)| {
            let pool = catalog.pool(*id);
            let beyond = pool
                .filter(|pool| pool.full_policy == FullPolicy::Overage)
                .map_or(0, |pool| (pool.overage_limit - f.overage).max(0));
            // What is free goes to those in line first.
            let room = if f.waitlist > 0 {
                0
            } else {
                f.available + beyond
            };
            let balance = Balance {
                room,
                ..Balance::default()
            };
            (*id, balance)
        });
        Self {
            catalog,
            rule: rule.id,
            now,
            pools: pools.collect(),
            outcomes: HashMap::new(),
            looked: 0,
            shadowed: 0,
            conflicts: 0,
            rows: Vec::new(),
        }
    }

    fn look(&mut self, rules: &'c Rules, m: &Member) {
        let person = person::person(rules, m);
        self.looked += 1;
        let own = person.rules.iter().find(|rule| rule.id == self.rule);
        if let Some(own) = own {
            let rivals = person.rules.iter().filter(|other| other.id != own.id);
            let mut rivals = rivals.filter(|other| other.priority == own.priority);
            self.conflicts += i64::from(rivals.any(|other| other.track != own.track));
        }
        let a = m.assignment.as_ref();
        let decision = decide(self.catalog, &person, a, Trigger::Catalog, self.now);
        let (outcome, to) = self.outcome(a, &decision);
        let target = match &decision {
            Decision::Open(target) | Decision::Change(target) | Decision::Move(target) => {
                Some(target)
            }
            _ => None,
        };
        if target.is_some_and(|target| target.rule != Some(self.rule)) {
            self.shadowed += 1;
        }
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome == Outcome::Unchanged || self.rows.len() >= SHOWN {
            return;
        }
        let open = a.filter(|a| a.is_open());
        let place = |track: Option<Uuid>, pool: Option<Uuid>, end: Option<Timestamp>| {
            let zone = person.intent.zone(self.catalog);
            json!({
                "track": track.and_then(|id| self.catalog.track(id)).map(|track| &track.key),
                "pool": pool.and_then(|id| self.catalog.pool(id)).map(|pool| &pool.key),
                "accessEndDate": end.map(|end| days::last_day(end, zone)),
            })
        };
        let from = place(
            open.map(|a| a.track),
            open.map(|a| a.pool),
            open.map(|a| a.ends_at),
        );
        let window = target.and_then(|t| t.pools.iter().find(|(p, _)| Some(p.id) == to));
        let to = place(
            target.map(|target| target.track.id),
            to,
            window.map(|(_, window)| window.ends_at),
        );
        self.rows.push(object([
            ("member", view::brief(m)),
            ("outcome", outcome.as_str().into()),
            ("seatState", m.seat_state().as_str().into()),
            ("from", from),
            ("to", to),
        ]));
    }

    /// What a decision comes to with the room there is, and in which pool.
    fn outcome(
        &mut self,
        a: Option<&Assignment>,
        decision: &Decision<'_>,
    ) -> (Outcome, Option<Uuid>) {
        match decision {
            Decision::Keep(_) | Decision::Remember(_) => (Outcome::Unchanged, None),
            Decision::Grace(..) | Decision::End(_) => {
                if let Some(a) = a.filter(|a| a.seat.is_some()) {
                    self.pools.entry(a.pool).or_default().freed += 1;
                }
                (Outcome::Ends, None)
            }
            Decision::Change(target) => {
                let pool = target.pools.first();
                let same_track = a.is_some_and(|a| a.track == target.track.id);
                let same_dates = a.zip(pool).is_some_and(|(a, (_, window))| {
                    (a.starts_at, a.ends_at) == (window.starts_at, window.ends_at)
                });
                let outcome = match (same_track, same_dates) {
                    (false, _) => Outcome::TrackChanges,
                    (true, false) => Outcome::DatesChange,
                    (true, true) => Outcome::Unchanged,
                };
                (outcome, pool.map(|(pool, _)| pool.id))
            }
            Decision::Open(target) => self.seat(None, target, Outcome::Opens),
            Decision::Move(target) => {
                let had = a.filter(|a| a.seat.is_some()).map(|a| a.pool);
                self.seat(had, target, Outcome::Moves)
            }
        }
    }

    /// Takes a seat in the first pool that has room, before the one that is held.
    fn seat(
        &mut self,
        had: Option<Uuid>,
        target: &Target<'_>,
        outcome: Outcome,
    ) -> (Outcome, Option<Uuid>) {
        for (pool, _) in &target.pools {
            if Some(pool.id) == had {
                // What is held would do, and nothing before it has room.
                return (Outcome::TrackChanges, had);
            }
            let balance = self.pools.entry(pool.id).or_default();
            if balance.room > 0 {
                balance.room -= 1;
                balance.taken += 1;
                if let Some(had) = had {
                    self.pools.entry(had).or_default().freed += 1;
                }
                return (outcome, Some(pool.id));
            }
        }
        let wanted = target.pools.first().map(|(pool, _)| pool.id);
        if let Some(wanted) = wanted {
            self.pools.entry(wanted).or_default().waiting += 1;
        }
        (Outcome::Waits, wanted)
    }

    fn answer(self, mapping: Object) -> Object {
        let of = |outcome: &Outcome| self.outcomes.get(outcome).copied().unwrap_or(0);
        let mut counts = object([("looked", self.looked.into())]);
        for outcome in Outcome::ALL {
            counts.insert(outcome.as_str().into(), of(outcome).into());
        }
        counts.insert("shadowed".into(), self.shadowed.into());
        counts.insert("conflicts".into(), self.conflicts.into());
        let pools: Vec<_> = self.catalog.pools.iter().collect();
        let pools = pools.iter().filter_map(|pool| {
            let b = self.pools.get(&pool.id)?;
            let touched = b.taken != 0 || b.freed != 0 || b.waiting != 0;
            touched.then(|| {
                json!({
                    "pool": pool.key, "taken": b.taken, "freed": b.freed,
                    "delta": b.taken - b.freed, "waiting": b.waiting,
                })
            })
        });
        let pools: Vec<_> = pools.collect();
        let changed: i64 = self.looked - of(&Outcome::Unchanged);
        let shown = i64::try_from(self.rows.len()).unwrap_or(i64::MAX);
        let mut mapping = mapping;
        for unmade in ["id", "createdAt"] {
            mapping.shift_remove(unmade);
        }
        object([
            ("mapping", Value::Object(mapping)),
            ("counts", Value::Object(counts)),
            ("pools", json!(pools)),
            ("items", json!(self.rows)),
            ("more", (changed - shown).into()),
        ])
    }
}

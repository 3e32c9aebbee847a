//! What a mapping would do to people, and what the pools would give and get back, by the seats that
//! are free.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::admin::object;
use crate::directory::person;
use crate::directory::rules::Rules;
use crate::scim::Object;
use crate::seats::catalog::{Catalog, FullPolicy, Rule};
use crate::seats::decision::{Decision, Trigger, decide};
use crate::seats::placement::Target;
use crate::seats::{Assignment, days, named};
use crate::store::figures::Figures;
use crate::store::members::Member;

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
    /// Who stands in line already.
    line: i64,
}

/// What has been counted.
pub(in crate::directory) struct Tally<'c> {
    catalog: &'c Catalog,
    rule: Uuid,
    now: Timestamp,
    pools: HashMap<Uuid, Balance>,
    outcomes: HashMap<Outcome, i64>,
    looked: i64,
    shadowed: i64,
    conflicts: i64,
}

/// What a mapping would do to one person.
pub(in crate::directory::admin) struct Seen {
    /// What.
    pub(in crate::directory::admin) outcome: Outcome,
    /// Track, pool and last day as they are.
    pub(in crate::directory::admin) from: Object,
    /// As they would be.
    pub(in crate::directory::admin) to: Object,
}

impl<'c> Tally<'c> {
    pub(in crate::directory::admin) fn new(
        catalog: &'c Catalog,
        rule: &Rule,
        figures: &[(Uuid, Figures)],
        now: Timestamp,
    ) -> Self {
        Self {
            rule: rule.id,
            ..Self::of_pools(catalog, figures, now)
        }
    }

    /// A tally of what becomes of people for whatever reason.
    pub(in crate::directory) fn of_pools(
        catalog: &'c Catalog,
        figures: &[(Uuid, Figures)],
        now: Timestamp,
    ) -> Self {
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
                line: f.waitlist,
                ..Balance::default()
            };
            (*id, balance)
        });
        Self {
            catalog,
            rule: Uuid::nil(),
            now,
            pools: pools.collect(),
            outcomes: HashMap::new(),
            looked: 0,
            shadowed: 0,
            conflicts: 0,
        }
    }

    /// Looks at a person; answers what would become of them, if anything.
    pub(in crate::directory::admin) fn look(
        &mut self,
        rules: &'c Rules,
        m: &Member,
    ) -> Option<Seen> {
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
        if outcome == Outcome::Unchanged {
            return None;
        }
        let open = a.filter(|a| a.is_open());
        let place = |track: Option<Uuid>, pool: Option<Uuid>, end: Option<Timestamp>| {
            let zone = person.intent.zone(self.catalog);
            let track = track.and_then(|id| self.catalog.track(id));
            let pool = pool.and_then(|id| self.catalog.pool(id));
            object([
                ("track", json!(track.map(|track| &track.key))),
                ("pool", json!(pool.map(|pool| &pool.key))),
                (
                    "accessEndDate",
                    json!(end.map(|end| days::last_day(end, zone))),
                ),
            ])
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
        Some(Seen { outcome, from, to })
    }

    /// What a decision comes to with the room there is, and in which pool.
    pub(in crate::directory) fn outcome(
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

    /// A seat comes free, for the next in line or else for whoever is counted next.
    pub(in crate::directory) fn frees(&mut self, pool: Uuid) {
        let balance = self.pools.entry(pool).or_default();
        balance.freed += 1;
        if balance.line > 0 {
            balance.line -= 1;
        } else {
            balance.room += 1;
        }
    }

    /// Somebody takes a seat in the first of these pools that has room, or waits for the first.
    pub(in crate::directory) fn takes(&mut self, pools: &[Uuid]) {
        let has_room = |pool: &&Uuid| self.pools.get(*pool).is_some_and(|b| b.room > 0);
        if let Some(pool) = pools.iter().find(has_room) {
            let balance = self.pools.entry(*pool).or_default();
            balance.room -= 1;
            balance.taken += 1;
        } else if let Some(wanted) = pools.first() {
            self.pools.entry(*wanted).or_default().waiting += 1;
        }
    }

    /// By how many seats each pool would have more to give, by its key.
    pub(in crate::directory) fn seats_by_pool(&self) -> BTreeMap<String, i64> {
        let pools = self.pools.iter().filter_map(|(id, b)| {
            let pool = self.catalog.pool(*id)?;
            let more = b.freed - b.taken;
            (more != 0).then(|| (pool.key.clone(), more))
        });
        pools.collect()
    }

    /// How many would wait for a seat of each pool, by its key.
    pub(in crate::directory) fn waiting_by_pool(&self) -> BTreeMap<String, i64> {
        let pools = self.pools.iter().filter_map(|(id, b)| {
            let pool = self.catalog.pool(*id)?;
            (b.waiting != 0).then(|| (pool.key.clone(), b.waiting))
        });
        pools.collect()
    }

    /// The answer to a simulation, with those who are shown of all who would change.
    pub(in crate::directory::admin) fn answer(self, mapping: Object, rows: &[Object]) -> Object {
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
        let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let mut mapping = mapping;
        for unmade in ["id", "createdAt"] {
            mapping.shift_remove(unmade);
        }
        object([
            ("mapping", Value::Object(mapping)),
            ("counts", Value::Object(counts)),
            ("pools", json!(pools)),
            ("items", json!(rows)),
            ("more", (changed - shown).into()),
        ])
    }
}

//! A plan that is being made.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::admin::{invalid, view};
use crate::directory::{Code, Error};
use crate::plans::{self, Item, ItemState, Kind, LIFETIME, MOST, State};
use crate::scim::Object;
use crate::seats::SeatState;
use crate::store::members::Member;
use crate::store::plans::{Counts, Plan};

/// A plan that is being made: its items, each with who it is.
pub(in crate::directory) struct Draft {
    kind: Kind,
    asked: Object,
    note: Option<String>,
    items: Vec<(bool, Item, Value)>,
}

impl Draft {
    pub(in crate::directory) fn new(kind: Kind, asked: Object, note: Option<String>) -> Self {
        Self {
            kind,
            asked,
            note,
            items: Vec::new(),
        }
    }

    /// Adds somebody. Whom nothing would change is left out unless they were named.
    pub(in crate::directory) fn add(
        &mut self,
        m: &Member,
        item: Item,
        named: bool,
    ) -> Result<(), Error> {
        if item.state == ItemState::Unchanged && !named {
            return Ok(());
        }
        if self.items.len() >= MOST {
            let detail = format!("finds more than {MOST} people; narrow it");
            return Err(invalid(Code::TooMany, "filter", &detail).into());
        }
        let has_seat = m.seat_state() != SeatState::Waitlisted;
        self.items.push((has_seat, item, view::brief(m)));
        Ok(())
    }

    /// Says what was asked for, where that is known only in the end.
    pub(in crate::directory) fn ask<const N: usize>(&mut self, asked: [(&str, Value); N]) {
        let asked = asked.map(|(key, value)| (key.to_owned(), value));
        self.asked.extend(asked);
    }

    /// Whether it is about nobody.
    pub(in crate::directory) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Puts identifiers in the place of the names by which people were asked for: a plan outlives
    /// those whom it is about.
    pub(super) fn name_nobody(&mut self) {
        let ids = self.items.iter().map(|(_, item, _)| json!(item.member));
        self.asked.insert("members".into(), ids.collect());
    }

    /// The plan, its items and who they are. Whoever waits comes first: a seat that the plan frees
    /// must not go to somebody whom it is about to end.
    pub(in crate::directory) fn finish(
        mut self,
        requested_by: String,
        threshold: i64,
        now: Timestamp,
    ) -> (Plan, Vec<Item>, Vec<Value>) {
        if self.kind == Kind::Mapping {
            // Made again, it must be the same in whatever order people were found.
            self.items.sort_by_key(|(_, item, _)| item.member);
        }
        self.items.sort_by_key(|(has_seat, _, _)| *has_seat);
        let (items, people): (Vec<_>, Vec<_>) = self
            .items
            .into_iter()
            .map(|(_, item, who)| (item, who))
            .unzip();
        let approval = plans::approval(self.kind, &items, threshold);
        let planned = items.iter().filter(|i| i.state == ItemState::Planned);
        let plan = Plan {
            id: Uuid::now_v7(),
            kind: self.kind,
            state: if approval.is_empty() {
                State::Approved
            } else {
                State::Pending
            },
            hash: plans::hash(self.kind, &self.asked, &items),
            asked: self.asked,
            note: self.note,
            seats: planned.map(|item| item.seat_delta).sum(),
            seats_by_pool: plans::seats_by_pool(&items)
                .into_iter()
                .map(|(pool, delta)| (pool, delta.into()))
                .collect(),
            approval: approval.into_iter().map(str::to_owned).collect(),
            requested_by,
            created_at: now,
            expires_at: now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX),
            decided: None,
            applied: None,
            finished_at: None,
        };
        (plan, items, people)
    }
}

/// How many items are in which state.
pub(super) fn counts(items: &[Item]) -> Counts {
    let mut counts = Counts::new();
    for item in items {
        *counts.entry(item.state).or_default() += 1;
    }
    counts
}

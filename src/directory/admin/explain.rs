//! Why a person is where they are.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::roles::Right;
use super::{find, members, object, view};
use crate::directory::rules::Rules;
use crate::directory::{Caller, Directory, Error, person};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Match, Pool, Rule};
use crate::seats::days::{self, When};
use crate::seats::explain::{
    self, Explanation, Fate, Hypothesis, Judged, LengthOf, Outcome, PoolBy, TrackBy,
};
use crate::seats::placement::{Intent, Placement, Window};
use crate::seats::{Assignment, SeatReason, SeatState, outcome};
use crate::store::figures::Figures;
use crate::store::members::Member;

impl Directory {
    /// What decided each of a person's track, pool, start and end, which rules lost and why, why
    /// there is no seat, and what would change it.
    pub async fn explain_member(
        &self,
        caller: &Caller,
        who: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Read)?;
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let m = find::person(&mut session, who).await?;
        let position = members::position(&mut session, &m).await?;
        let figures = session.figures(None, now).await?;
        let of = Explained::new(&rules, &m, figures, now);
        Ok(object([
            ("member", view::brief(&m)),
            ("at", json!(now)),
            ("track", of.track()),
            ("pool", of.pool()),
            ("start", of.start()),
            ("end", of.end()),
            ("seat", of.seat(position)),
            ("rules", of.rules()),
            ("whatIf", of.what_if()),
        ]))
    }
}

/// What decides a person's track and pool now, in short.
pub(super) fn why(rules: &Rules, m: &Member, now: Timestamp) -> Value {
    let person = person::person(rules, m);
    let open = m.assignment.as_ref().filter(|a| a.is_open());
    let e = explain::explain(&rules.catalog, &person, open, now);
    let losing: Value = e
        .rules
        .iter()
        .filter(|judged| e.rule.is_none_or(|winner| winner.id != judged.rule.id))
        .map(|judged| of_rule(&rules.catalog, judged.rule))
        .collect();
    json!({
        "trackBy": e.track_by.as_str(),
        "rule": e.rule.map(|rule| of_rule(&rules.catalog, rule)),
        "shadowed": losing,
    })
}

fn of_rule(catalog: &Catalog, rule: &Rule) -> Value {
    let (group, filter) = match &rule.matches {
        Match::Group { name, .. } => (Some(name), None),
        Match::Filter(filter) => (None, Some(filter)),
    };
    json!({
        "id": rule.id,
        "priority": rule.priority,
        "group": group,
        "filter": filter,
        "track": catalog.track(rule.track).map(|track| &track.key),
        "pool": rule.pool.and_then(|id| catalog.pool(id)).map(|pool| &pool.key),
    })
}

/// A person with all that explains them.
struct Explained<'c> {
    catalog: &'c Catalog,
    m: &'c Member,
    person: crate::seats::placement::Person<'c>,
    /// Their assignment while it is not over.
    open: Option<&'c Assignment>,
    e: Explanation<'c>,
    figures: Vec<(Uuid, Figures)>,
    now: Timestamp,
}

impl<'c> Explained<'c> {
    fn new(rules: &'c Rules, m: &'c Member, figures: Vec<(Uuid, Figures)>, now: Timestamp) -> Self {
        let person = person::person(rules, m);
        let open = m.assignment.as_ref().filter(|a| a.is_open());
        let e = explain::explain(&rules.catalog, &person, open, now);
        Self {
            catalog: &rules.catalog,
            m,
            person,
            open,
            e,
            figures,
            now,
        }
    }

    fn intent(&self) -> &Intent {
        &self.person.intent
    }

    fn chosen(&self) -> Option<(&'c Pool, Window)> {
        explain::chosen(&self.e.placement, self.open)
    }

    fn track(&self) -> Value {
        let key = |id| self.catalog.track(id).map(|track| &track.key);
        let wanted = match &self.e.placement {
            Placement::Place(target) => Some(&target.track.key),
            Placement::Nowhere(_) => None,
        };
        let by = self.e.track_by;
        let rule = self.e.rule.filter(|_| by == TrackBy::Rule);
        json!({
            "value": self.open.and_then(|a| key(a.track)),
            "wanted": wanted,
            "by": by.as_str(),
            "attribute": self.intent().track.as_ref().filter(|_| by == TrackBy::Attribute),
            "rule": rule.map(|rule| of_rule(self.catalog, rule)),
        })
    }

    fn pool(&self) -> Value {
        let zone = self.intent().zone(self.catalog);
        let pools = match &self.e.placement {
            Placement::Place(target) => target.pools.as_slice(),
            Placement::Nowhere(_) => &[],
        };
        let candidates: Value = pools
            .iter()
            .map(|(pool, window)| {
                let figures = self.figures_of(pool.id);
                json!({
                    "pool": pool.key,
                    "available": figures.available,
                    "waitlist": figures.waitlist,
                    "accessEndDate": days::last_day(window.ends_at, zone),
                    "held": self.open.is_some_and(|a| a.seat.is_some() && a.pool == pool.id),
                })
            })
            .collect();
        let held = self.open.and_then(|a| self.catalog.pool(a.pool));
        json!({
            "value": held.map(|pool| &pool.key),
            "wanted": pools.first().map(|(pool, _)| &pool.key),
            "by": self.e.pool_by.as_str(),
            "attribute": self.intent().pool.as_ref().filter(|_| self.e.pool_by != PoolBy::Pin),
            "candidates": candidates,
        })
    }

    fn start(&self) -> Value {
        let zone = self.intent().zone(self.catalog);
        let at = self.open.map(|a| a.starts_at);
        let wanted = self.chosen().map(|(_, window)| window.starts_at);
        json!({
            "value": at.map(|at| days::day_of(at, zone)),
            "at": at,
            "wanted": wanted.map(|at| days::day_of(at, zone)),
            "by": self.e.start_by.as_str(),
        })
    }

    fn end(&self) -> Value {
        let zone = self.intent().zone(self.catalog);
        let at = self.open.map(|a| a.ends_at);
        let chosen = self.chosen();
        let by = self.open.map(|a| a.end_source);
        let by = by.or(chosen.map(|(_, window)| window.end_source));
        let length = self
            .e
            .length
            .map(|(days, of): (i64, LengthOf)| json!({"days": days, "of": of.as_str()}));
        json!({
            "value": at.map(|at| days::last_day(at, zone)),
            "at": at,
            "wanted": chosen.map(|(_, window)| days::last_day(window.ends_at, zone)),
            "by": by.map(crate::seats::EndSource::as_str),
            "limits": self.limits(),
            "length": length,
        })
    }

    /// Every date that bounds the end; the first of them is it.
    fn limits(&self) -> Value {
        let zone = self.intent().zone(self.catalog);
        let sent = |text: &Option<String>| {
            let when = days::read(text.as_deref()?).ok()??;
            Some(match when {
                When::Day(day) => day,
                When::Instant(at) => days::last_day(at, zone),
            })
        };
        let extended = self.open.and_then(|a| a.extended.as_ref());
        let extended = extended.filter(|extended| extended.over == self.intent().end);
        let pool = self.chosen().map(|(pool, _)| pool);
        let pool = pool.or_else(|| self.catalog.pool(self.open?.pool));
        json!({
            "accessEndDate": sent(&self.intent().end),
            "terminationDate": sent(&self.intent().terminated),
            "extendedUntil": extended.map(|extended| days::last_day(extended.until, zone)),
            "keptEnd": self.open.and_then(|a| a.kept_end).map(|at| days::last_day(at, zone)),
            "poolTermEnd": pool.map(|pool| days::last_day(pool.term_end, zone)),
        })
    }

    fn seat(&self, position: Option<i64>) -> Value {
        let state = outcome::state_at(self.m.assignment.as_ref(), self.now);
        let reason = person::seat_reason(self.m, self.now);
        json!({
            "state": state.as_str(),
            "reason": view::seat_reason(self.m, state, self.now),
            "detail": self.no_seat(state, reason, position),
            "waitlistPosition": position,
        })
    }

    /// Why there is no seat, in words.
    fn no_seat(
        &self,
        state: SeatState,
        reason: Option<SeatReason>,
        position: Option<i64>,
    ) -> Option<String> {
        let zone = self.intent().zone(self.catalog);
        let waits = || {
            let pool = self.open?.waiting?.pool;
            let pool = self.catalog.pool(pool)?;
            let n = self.figures_of(pool.id).purchased;
            let place = position.map_or(String::new(), |n| format!("; place {n} in line"));
            Some(format!(
                "all {n} seats of the pool '{}' are taken{place}",
                pool.key
            ))
        };
        let ended = || {
            let last = self.m.assignment.as_ref()?;
            let on = days::last_day(last.ended_at.unwrap_or(last.ends_at), zone);
            let why = last.end_reason.map_or("", crate::seats::EndReason::as_str);
            Some(format!(
                "access ended on {on} ({why}) and nothing about the person has changed since"
            ))
        };
        match reason {
            Some(SeatReason::NoRule) => {
                Some("no attribute, no rule and no default track places the person".to_owned())
            }
            Some(SeatReason::NoPool) => Some(
                "the track's product has no pool that is live, or the one that is named is not"
                    .to_owned(),
            ),
            Some(SeatReason::PoolFull) => waits(),
            Some(SeatReason::TransferWaiting) => {
                waits().map(|why| format!("holds a seat and waits for another: {why}"))
            }
            Some(SeatReason::Deactivated) => {
                Some("the identity provider has deactivated the person".to_owned())
            }
            Some(SeatReason::AccessEndReached) => ended(),
            _ if state == SeatState::Ended => ended(),
            _ => None,
        }
    }

    fn rules(&self) -> Value {
        let view = |judged: &Judged<'_>| {
            let mut rule = of_rule(self.catalog, judged.rule);
            let lost_to = match judged.fate {
                Fate::Shadowed => self.e.rule.map(|rule| json!({"rule": rule.id})),
                Fate::Overruled => Some(json!({self.e.track_by.as_str(): "track"})),
                Fate::Won | Fate::Supports | Fate::TrackRetired => None,
            };
            if let Value::Object(rule) = &mut rule {
                rule.insert("fate".into(), judged.fate.as_str().into());
                rule.insert("lostTo".into(), json!(lost_to));
                rule.insert("conflict".into(), judged.conflicts.into());
            }
            rule
        };
        self.e.rules.iter().map(view).collect()
    }

    fn what_if(&self) -> Value {
        let current = self.m.assignment.as_ref();
        let groups = &self.m.groups;
        let sent = person::intent(&self.m.doc);
        let found = explain::what_if(self.catalog, &self.person, &sent, groups, current, self.now);
        let view = |(hypothesis, outcome): &(Hypothesis<'_>, Outcome<'_>)| {
            let mut item = self.hypothesis(hypothesis);
            item.extend(self.outcome(outcome));
            Value::Object(item)
        };
        found.iter().map(view).collect()
    }

    fn hypothesis(&self, hypothesis: &Hypothesis<'_>) -> Object {
        let (kind, change, named) = match hypothesis {
            Hypothesis::LeftGroup(id, name) => (
                "left_group",
                format!("removed from the group '{name}'"),
                json!({"id": id, "displayName": name}),
            ),
            Hypothesis::JoinedGroup(rule) => {
                let rule = of_rule(self.catalog, rule);
                let name = rule["group"].as_str().unwrap_or_default();
                ("joined_group", format!("added to the group '{name}'"), rule)
            }
            Hypothesis::WithoutRule(rule) => (
                "without_rule",
                format!("without the rule of priority {}", rule.priority),
                of_rule(self.catalog, rule),
            ),
            Hypothesis::WithoutAttribute(name) => (
                "without_attribute",
                format!("without the attribute {name}"),
                json!({"attribute": name}),
            ),
            Hypothesis::WithoutPin(field) => (
                "without_pin",
                format!("without the pin of {field}"),
                json!({"field": field.as_str()}),
            ),
            Hypothesis::WithoutExtension => (
                "without_extension",
                "without the operator's extension".to_owned(),
                Value::Null,
            ),
            Hypothesis::Reactivated => (
                "reactivated",
                "reactivated by the identity provider".to_owned(),
                Value::Null,
            ),
        };
        object([
            ("change", change.into()),
            ("kind", kind.into()),
            ("of", named),
        ])
    }

    fn outcome(&self, outcome: &Outcome<'_>) -> Object {
        let zone = self.intent().zone(self.catalog);
        let of = |effect: &str, reason: Option<&str>| {
            object([
                ("effect", effect.into()),
                ("track", Value::Null),
                ("pool", Value::Null),
                ("available", Value::Null),
                ("accessEndDate", Value::Null),
                ("reason", json!(reason)),
            ])
        };
        match outcome {
            Outcome::Placed(track, pool, window) => object([
                ("effect", "placed".into()),
                ("track", json!(track.key)),
                ("pool", json!(pool.key)),
                ("available", json!(self.figures_of(pool.id).available)),
                ("accessEndDate", json!(days::last_day(window.ends_at, zone))),
                ("reason", Value::Null),
            ]),
            Outcome::Grace(until, reason) => {
                let mut of = of("grace", Some(reason.as_str()));
                of.insert("graceUntil".into(), json!(until));
                of
            }
            Outcome::Ended(reason) => of("ended", Some(reason.as_str())),
            Outcome::Nowhere(reason) => of("no_seat", reason.map(SeatReason::as_str)),
            Outcome::Unchanged => of("unchanged", None),
        }
    }

    fn figures_of(&self, pool: Uuid) -> Figures {
        let found = self.figures.iter().find(|(id, _)| *id == pool);
        found.map(|(_, figures)| *figures).unwrap_or_default()
    }
}

//! What would be otherwise if one thing were: the decision, made again on a person that lacks it.

use jiff::Timestamp;
use uuid::Uuid;

use crate::seats::catalog::{Catalog, Match, Pool, Rule, Track};
use crate::seats::decision::{Decision, Trigger, decide};
use crate::seats::pin::{self, Field};
use crate::seats::placement::{Intent, Person, Window};
use crate::seats::{Assignment, EndReason, SeatReason};

/// What could be otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum Hypothesis<'c> {
    /// Removed from a group.
    LeftGroup(Uuid, String),
    /// In the group of a rule.
    JoinedGroup(&'c Rule),
    /// A rule were not there.
    WithoutRule(&'c Rule),
    /// The identity provider did not send an attribute of the coaching extension.
    WithoutAttribute(&'static str),
    /// An operator had not pinned a field.
    WithoutPin(Field),
    /// An operator had not extended access.
    WithoutExtension,
    /// The identity provider reactivated them.
    Reactivated,
}

/// What would come of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'c> {
    /// On this track, in this pool if it has room, for this time.
    Placed(&'c Track, &'c Pool, Window),
    /// The seat would be kept until then, and then be free.
    Grace(Timestamp, EndReason),
    /// Access would end.
    Ended(EndReason),
    /// No seat, and why.
    Nowhere(Option<SeatReason>),
    /// As it is.
    Unchanged,
}

/// Joined groups that are tried out for somebody whom nothing places.
const TRIED: usize = 20;

/// What would be otherwise, as far as it would: each hypothesis that changes where the person is,
/// with what would come of it. `current` is their open assignment or else the last, `sent` what the
/// identity provider wants where operators have pinned something.
pub fn what_if<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    sent: &Intent,
    groups: &[(Uuid, String)],
    current: Option<&Assignment>,
    now: Timestamp,
) -> Vec<(Hypothesis<'c>, Outcome<'c>)> {
    let judge = |person: &Person<'c>, current: Option<&Assignment>, trigger| {
        outcome(decide(catalog, person, current, trigger, now), current)
    };
    let as_is = judge(person, current, Trigger::Person);
    let mut found = Vec::new();
    for (hypothesis, other, current) in hypotheses(catalog, person, sent, groups, current) {
        let trigger = match hypothesis {
            Hypothesis::WithoutRule(_) => Trigger::Catalog,
            _ => Trigger::Person,
        };
        let outcome = judge(&other, current.as_ref(), trigger);
        if outcome != as_is && outcome != Outcome::Unchanged {
            found.push((hypothesis, outcome));
        }
    }
    found
}

type Tried<'c> = (Hypothesis<'c>, Person<'c>, Option<Assignment>);

fn hypotheses<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    sent: &Intent,
    groups: &[(Uuid, String)],
    current: Option<&Assignment>,
) -> Vec<Tried<'c>> {
    let mut all = Vec::new();
    let same = || current.cloned();
    for (id, name) in groups {
        let mut other = changed(person);
        other.rules.retain(|rule| match &rule.matches {
            Match::Group { groups: bound, .. } => {
                groups.iter().any(|(g, _)| g != id && bound.contains(g))
            }
            Match::Filter(_) => true,
        });
        if other.rules.len() < person.rules.len() {
            all.push((Hypothesis::LeftGroup(*id, name.clone()), other, same()));
        }
    }
    if let Some(rule) = person.rules.first() {
        let mut other = person.clone();
        other.rules.retain(|other| other.id != rule.id);
        all.push((Hypothesis::WithoutRule(rule), other, same()));
    }
    all.extend(without_attributes(person).map(|(h, other)| (h, other, same())));
    all.extend(without_pins(person, sent).map(|(h, other)| (h, other, same())));
    if let Some(extended) = current.filter(|a| a.is_open() && a.extended.is_some()) {
        let without = Assignment {
            extended: None,
            ..extended.clone()
        };
        all.push((Hypothesis::WithoutExtension, person.clone(), Some(without)));
    }
    if !person.intent.active {
        let mut other = changed(person);
        other.intent.active = true;
        all.push((Hypothesis::Reactivated, other, same()));
    }
    if person.rules.is_empty() && catalog.default_track().is_none() {
        all.extend(joined(catalog, person).map(|(h, other)| (h, other, same())));
    }
    all
}

/// The person, with other placement inputs: which lift what an end has blocked.
fn changed<'c>(person: &Person<'c>) -> Person<'c> {
    Person {
        inputs: format!("other than {}", person.inputs),
        ..person.clone()
    }
}

fn without_attributes<'c>(
    person: &Person<'c>,
) -> impl Iterator<Item = (Hypothesis<'c>, Person<'c>)> {
    type Wish = fn(&mut Intent) -> &mut Option<String>;
    const WISHES: [(&str, Wish); 6] = [
        ("track", |intent| &mut intent.track),
        ("pool", |intent| &mut intent.pool),
        ("accessStartDate", |intent| &mut intent.start),
        ("accessEndDate", |intent| &mut intent.end),
        ("terminationDate", |intent| &mut intent.terminated),
        ("employmentStatus", |intent| &mut intent.employment),
    ];
    WISHES.into_iter().filter_map(|(name, wish)| {
        let mut other = changed(person);
        let is_pinned = |field: &Field| field.as_str() == name;
        if other.intent.pinned.iter().any(is_pinned) {
            return None;
        }
        wish(&mut other.intent).take()?;
        Some((Hypothesis::WithoutAttribute(name), other))
    })
}

fn without_pins<'c>(
    person: &Person<'c>,
    sent: &Intent,
) -> impl Iterator<Item = (Hypothesis<'c>, Person<'c>)> {
    person.intent.pinned.iter().map(|field| {
        let mut other = changed(person);
        other.intent.pinned.retain(|pinned| pinned != field);
        *pin::wish_mut(&mut other.intent, *field) = pin::wish(sent, *field).map(str::to_owned);
        (Hypothesis::WithoutPin(*field), other)
    })
}

fn joined<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
) -> impl Iterator<Item = (Hypothesis<'c>, Person<'c>)> {
    let by_group = |rule: &&Rule| matches!(rule.matches, Match::Group { .. });
    catalog
        .rules
        .iter()
        .filter(by_group)
        .take(TRIED)
        .map(|rule| {
            let mut other = changed(person);
            other.rules = vec![rule];
            (Hypothesis::JoinedGroup(rule), other)
        })
}

/// What a decision comes to, as far as somebody would notice.
fn outcome<'c>(decision: Decision<'c>, current: Option<&Assignment>) -> Outcome<'c> {
    match decision {
        Decision::Open(target) | Decision::Change(target) | Decision::Move(target) => {
            match target.pools.first() {
                Some((pool, window)) => Outcome::Placed(target.track, pool, *window),
                None => Outcome::Nowhere(Some(SeatReason::NoPool)),
            }
        }
        Decision::Grace(until, reason) => Outcome::Grace(until, reason),
        Decision::End(reason) => Outcome::Ended(reason),
        Decision::Remember(reason) => Outcome::Nowhere(Some(reason)),
        Decision::Keep(_) if current.is_some_and(Assignment::is_open) => Outcome::Unchanged,
        Decision::Keep(reason) => Outcome::Nowhere(reason),
    }
}

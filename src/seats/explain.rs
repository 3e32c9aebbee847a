//! Why a person is where they are: what decided each of track, pool, start and end, which rules lost
//! and to what, and what would be otherwise if one thing were. The last is no second set of rules:
//! the decision is made again on a person that lacks the thing.

mod what_if;

use jiff::Timestamp;

pub use what_if::{Hypothesis, Outcome, what_if};

use super::catalog::{Catalog, Pool, Rule, Track};
use super::pin::Field;
use super::placement::{self, Intent, Person, Placement, Standing, Target, Window};
use super::{Assignment, days, named};

named! {
    /// What decided the track.
    TrackBy {
        /// An operator pinned it.
        Pin = "pin",
        /// The identity provider named it.
        Attribute = "attribute",
        /// A mapping rule.
        Rule = "rule",
        /// It is the tenant's default.
        Default = "default",
        /// There is none.
        Nothing = "nothing",
    }
}

named! {
    /// What decided the pool.
    PoolBy {
        /// An operator pinned it.
        Pin = "pin",
        /// The identity provider named it.
        Attribute = "attribute",
        /// The mapping rule names it.
        Rule = "rule",
        /// It is one of the track's product, with room, that covers the time and ends soonest.
        Product = "product",
        /// The pool that comes first falls back on it.
        Fallback = "fallback",
        /// An operator's extension led into it.
        Extension = "extension",
        /// There is none.
        Nothing = "nothing",
    }
}

named! {
    /// What decided when access begins.
    StartBy {
        /// An operator pinned it.
        Pin = "pin",
        /// `accessStartDate`.
        Attribute = "attribute",
        /// `hireDate`, where the policy says so.
        HireDate = "hire_date",
        /// The pool's term, which begins later.
        Pool = "pool",
        /// When they got the seat, or came into line.
        Seat = "seat",
        /// At once.
        Now = "now",
    }
}

named! {
    /// How a rule that matches fared.
    Fate {
        /// It decided the track.
        Won = "won",
        /// It gave pool or length to a track that an attribute named.
        Supports = "supports",
        /// A rule goes before it.
        Shadowed = "shadowed",
        /// An attribute goes before every rule.
        Overruled = "overruled",
        /// Its track is retired.
        TrackRetired = "track_retired",
    }
}

named! {
    /// Whose length of access it is.
    LengthOf {
        /// The rule's.
        Rule = "rule",
        /// The track's.
        Track = "track",
        /// The pool's.
        Pool = "pool",
    }
}

/// A rule that matches, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged<'c> {
    /// The rule.
    pub rule: &'c Rule,
    /// How it fared.
    pub fate: Fate,
    /// Whether it has the priority of the one that won and leads to another track.
    pub conflicts: bool,
}

/// What decides a person's placement.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation<'c> {
    /// Where they belong.
    pub placement: Placement<'c>,
    /// What decided the track.
    pub track_by: TrackBy,
    /// The rule that decided the track, or gives pool or length to the one that was named.
    pub rule: Option<&'c Rule>,
    /// What decided the pool.
    pub pool_by: PoolBy,
    /// What decided the start.
    pub start_by: StartBy,
    /// The length that would decide the end, if no date was sent.
    pub length: Option<(i64, LengthOf)>,
    /// The rules that match, in their order.
    pub rules: Vec<Judged<'c>>,
}

/// Explains where a person belongs, whose open assignment this is.
pub fn explain<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    open: Option<&Assignment>,
    now: Timestamp,
) -> Explanation<'c> {
    let placement = placement::place(catalog, person, standing(open), now);
    let live = |rule: &&&Rule| catalog.track(rule.track).is_some_and(|track| track.live);
    let named = person.intent.track.as_deref();
    let named = named.and_then(|key| catalog.track_named(key));
    let rule = match named {
        Some(track) => person.rules.iter().find(|rule| rule.track == track.id),
        None => person.rules.iter().find(live),
    };
    let rule = rule.copied();
    let track_by = match (named, rule, catalog.default_track()) {
        (Some(_), _, _) if person.intent.pinned.contains(&Field::Track) => TrackBy::Pin,
        (Some(_), _, _) => TrackBy::Attribute,
        (None, Some(_), _) => TrackBy::Rule,
        (None, None, Some(_)) => TrackBy::Default,
        (None, None, None) => TrackBy::Nothing,
    };
    let chosen = chosen(&placement, open);
    let length = match &placement {
        // An end that was kept is nobody's length any more.
        Placement::Place(_) if open.is_some_and(|open| open.kept_end.is_some()) => None,
        Placement::Place(target) => length(rule, target.track, chosen.map(|(pool, _)| pool)),
        Placement::Nowhere(_) => None,
    };
    Explanation {
        track_by,
        rule,
        pool_by: pool_by(catalog, person, rule, chosen.map(|(pool, _)| pool)),
        start_by: start_by(catalog, &person.intent, open, chosen),
        length,
        rules: judged(catalog, person, named.is_some(), rule),
        placement,
    }
}

/// The pool of the seat, or of the place in line, among those that would do; else the first.
pub fn chosen<'c>(
    placement: &Placement<'c>,
    open: Option<&Assignment>,
) -> Option<(&'c Pool, Window)> {
    let Placement::Place(Target { pools, .. }) = placement else {
        return None;
    };
    let held = open.and_then(|open| pools.iter().find(|(pool, _)| pool.id == open.pool));
    held.or_else(|| pools.first()).copied()
}

fn standing(open: Option<&Assignment>) -> Standing<'_> {
    open.map_or_else(Standing::default, Standing::of)
}

fn length(rule: Option<&Rule>, track: &Track, pool: Option<&Pool>) -> Option<(i64, LengthOf)> {
    let of_rule = rule.and_then(|rule| rule.duration_days);
    let of_pool = pool.and_then(|pool| pool.default_duration_days);
    of_rule
        .map(|days| (days, LengthOf::Rule))
        .or_else(|| track.duration_days.map(|days| (days, LengthOf::Track)))
        .or_else(|| of_pool.map(|days| (days, LengthOf::Pool)))
}

fn pool_by(
    catalog: &Catalog,
    person: &Person<'_>,
    rule: Option<&Rule>,
    chosen: Option<&Pool>,
) -> PoolBy {
    let Some(chosen) = chosen else {
        return PoolBy::Nothing;
    };
    let named = person.intent.pool.as_deref();
    let named = named.and_then(|key| catalog.pool_named(key));
    let of_rule = rule
        .and_then(|rule| rule.pool)
        .and_then(|id| catalog.pool(id))
        .filter(|pool| pool.is_live());
    let (first, by) = match (named, of_rule) {
        (Some(pool), _) if person.intent.pinned.contains(&Field::Pool) => (pool, PoolBy::Pin),
        (Some(pool), _) => (pool, PoolBy::Attribute),
        (None, Some(pool)) => (pool, PoolBy::Rule),
        (None, None) => return PoolBy::Product,
    };
    if first.id == chosen.id {
        return by;
    }
    if falls_back(catalog, first, chosen) {
        PoolBy::Fallback
    } else {
        PoolBy::Extension
    }
}

/// Whether a pool falls back, at once or by others, on another.
fn falls_back(catalog: &Catalog, from: &Pool, to: &Pool) -> bool {
    let mut seen = vec![from.id];
    let mut next = from.fallback;
    while let Some(pool) = next.and_then(|id| catalog.pool(id)) {
        if pool.id == to.id {
            return true;
        }
        if seen.contains(&pool.id) {
            return false;
        }
        seen.push(pool.id);
        next = pool.fallback;
    }
    false
}

fn start_by(
    catalog: &Catalog,
    intent: &Intent,
    open: Option<&Assignment>,
    chosen: Option<(&Pool, Window)>,
) -> StartBy {
    let is_set = |text: &Option<String>| {
        let text = text.as_deref();
        text.is_some_and(|text| matches!(days::read(text), Ok(Some(_))))
    };
    let wanted = if is_set(&intent.start) && intent.pinned.contains(&Field::Start) {
        StartBy::Pin
    } else if is_set(&intent.start) {
        StartBy::Attribute
    } else if catalog.policy.start_on_hire && is_set(&intent.hired) {
        StartBy::HireDate
    } else if open.is_some() {
        StartBy::Seat
    } else {
        StartBy::Now
    };
    let start = |text: &Option<String>| {
        let when = days::read(text.as_deref()?).ok()??;
        Some(when.start(intent.zone(catalog)))
    };
    let asked = match wanted {
        StartBy::Pin | StartBy::Attribute => start(&intent.start),
        StartBy::HireDate => start(&intent.hired),
        // What is stored is already no earlier than the term.
        _ => None,
    };
    match chosen.zip(asked) {
        Some(((pool, _), asked)) if pool.term_start > asked => StartBy::Pool,
        _ => wanted,
    }
}

fn judged<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    is_named: bool,
    winner: Option<&'c Rule>,
) -> Vec<Judged<'c>> {
    let judge = |rule: &'c Rule| {
        let is_winner = winner.is_some_and(|winner| winner.id == rule.id);
        let is_retired = catalog.track(rule.track).is_none_or(|track| !track.live);
        let fate = match (is_winner, is_named) {
            (true, true) => Fate::Supports,
            (true, false) => Fate::Won,
            (false, _) if is_retired => Fate::TrackRetired,
            (false, true) => Fate::Overruled,
            (false, false) => Fate::Shadowed,
        };
        let conflicts = fate == Fate::Shadowed
            && winner.is_some_and(|w| w.priority == rule.priority && w.track != rule.track);
        Judged {
            rule,
            fate,
            conflicts,
        }
    };
    person.rules.iter().copied().map(judge).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

//! Where a person belongs: track, pools that can take them, dates (domain 4.5). What an operator
//! pinned goes before what the identity provider wrote, that before rules, rules before the
//! tenant's default track.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::catalog::{Catalog, Pool, Rule, Track};
use super::days::{self, When};
use super::pin::Field;
use super::{Assignment, EndSource, Extended, SeatReason};

/// What the identity provider or HR system wants for a person, as last written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Intent {
    /// Whether the person may have access at all.
    pub active: bool,
    /// A track's key or name.
    pub track: Option<String>,
    /// A pool's key.
    pub pool: Option<String>,
    /// First day of access.
    pub start: Option<String>,
    /// Last day of access.
    pub end: Option<String>,
    /// First day of work.
    pub hired: Option<String>,
    /// Last day of work.
    pub terminated: Option<String>,
    /// `prehire`, `active`, `leave` or `terminated`.
    pub employment: Option<String>,
    /// The person's own time zone.
    pub zone: Option<TimeZone>,
    /// The fields that an operator has pinned, and which are not the identity provider's.
    pub pinned: Vec<Field>,
}

/// A person as the rules see them.
#[derive(Debug, Clone)]
pub struct Person<'c> {
    /// What is wanted for them.
    pub intent: Intent,
    /// The rules that match them, the winning one first.
    pub rules: Vec<&'c Rule>,
    /// Everything that decides their placement, as one text: while it stays the same, an end that
    /// an operator or the calendar made stays too.
    pub inputs: String,
}

/// Where a person belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement<'c> {
    /// Nowhere, and why.
    Nowhere(SeatReason),
    /// On this track, in the first of these pools that has room.
    Place(Target<'c>),
}

/// A track and the pools that can take the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Target<'c> {
    /// The track.
    pub track: &'c Track,
    /// Pools in the order of preference, at least one; the person waits in the first.
    pub pools: Vec<(&'c Pool, Window)>,
    /// The rule that decided the track.
    pub rule: Option<Uuid>,
    /// When the seat that is held may be had, should another pool's be waited for.
    pub held: Option<Window>,
}

/// When access begins and ends in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Begin.
    pub starts_at: Timestamp,
    /// End, exclusive.
    pub ends_at: Timestamp,
    /// Which limit set the end.
    pub end_source: EndSource,
}

/// What an open assignment contributes to its own placement.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing<'a> {
    /// When it began, which stays where no start is wanted.
    pub starts_at: Option<Timestamp>,
    /// An operator's extension.
    pub extended: Option<&'a Extended>,
    /// The pool of the seat held. An operator's extension may have led into one that nothing else
    /// would.
    pub pool: Option<Uuid>,
    /// The end that stays whatever lengths of access the track has.
    pub kept: Kept<'a>,
}

/// What may keep an end: the assignment as it is.
pub type Kept<'a> = Option<&'a Assignment>;

impl<'a> Standing<'a> {
    /// What an open assignment contributes.
    pub fn of(open: &'a Assignment) -> Self {
        Self {
            starts_at: Some(open.starts_at),
            extended: open.extended.as_ref(),
            pool: Some(open.pool),
            kept: Some(open),
        }
    }
}

/// The end that a seat keeps on this track (domain 4.5): one that a length of access made stays when
/// the track changes. Who pins a track says themselves whether the end stays.
pub fn kept_end(open: &Assignment, track: Uuid, is_pinned: bool) -> Option<Timestamp> {
    if open.track == track {
        return open.kept_end;
    }
    if is_pinned {
        return None;
    }
    let by_length = open.seat.is_some() && open.end_source == EndSource::Rule;
    open.kept_end.or(by_length.then_some(open.ends_at))
}

impl Intent {
    /// The zone this person's days are in.
    pub fn zone<'a>(&'a self, catalog: &'a Catalog) -> &'a TimeZone {
        self.zone.as_ref().unwrap_or(&catalog.zone)
    }

    /// Whether the person may have access: active, and not terminated as of now. Termination with
    /// a last day ahead is a leaver with a date, not yet a leaver (domain 4.15).
    pub fn is_active(&self, catalog: &Catalog, now: Timestamp) -> bool {
        let terminated = self
            .employment
            .as_deref()
            .is_some_and(|e| e.eq_ignore_ascii_case("terminated"));
        let leaves_later = moment(self.terminated.as_deref())
            .is_some_and(|when| when.end(self.zone(catalog)) > now);
        self.active && (!terminated || leaves_later)
    }
}

/// Decides where a person belongs.
pub fn place<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    standing: Standing<'_>,
    now: Timestamp,
) -> Placement<'c> {
    let intent = &person.intent;
    let (track, rule) = match intent
        .track
        .as_deref()
        .and_then(|key| catalog.track_named(key))
    {
        // The rule still gives the pool and the length, where it is for the same track.
        Some(track) => (
            track,
            person
                .rules
                .iter()
                .find(|rule| rule.track == track.id)
                .copied(),
        ),
        None => match person
            .rules
            .iter()
            .find_map(|rule| live_track(catalog, rule))
        {
            Some((track, rule)) => (track, Some(rule)),
            None => match catalog.default_track() {
                Some(track) => (track, None),
                None => return Placement::Nowhere(SeatReason::NoRule),
            },
        },
    };
    let request = Request {
        catalog,
        intent,
        track,
        rule,
        standing,
        now,
    };
    let candidates = request.candidates();
    if candidates.is_empty() {
        return Placement::Nowhere(SeatReason::NoPool);
    }
    let pools: Vec<_> = candidates
        .into_iter()
        .map(|pool| (pool, request.window(pool)))
        .filter(|(_, window)| window.ends_at > now && window.starts_at < window.ends_at)
        .collect();
    if pools.is_empty() {
        return Placement::Nowhere(SeatReason::AccessEndReached);
    }
    Placement::Place(Target {
        track,
        pools: request.by_preference(pools),
        rule: rule.map(|r| r.id),
        held: request.held(),
    })
}

fn live_track<'c>(catalog: &'c Catalog, rule: &'c Rule) -> Option<(&'c Track, &'c Rule)> {
    catalog
        .track(rule.track)
        .filter(|track| track.live)
        .map(|track| (track, rule))
}

struct Request<'c, 'p> {
    catalog: &'c Catalog,
    intent: &'p Intent,
    track: &'c Track,
    rule: Option<&'c Rule>,
    standing: Standing<'p>,
    now: Timestamp,
}

impl<'c> Request<'c, '_> {
    /// The pool that was named, or else every live pool of the track's product; with what those
    /// fall back to.
    fn candidates(&self) -> Vec<&'c Pool> {
        let named = self
            .intent
            .pool
            .as_deref()
            .and_then(|key| self.catalog.pool_named(key))
            .or_else(|| {
                self.rule
                    .and_then(|rule| rule.pool)
                    .and_then(|id| self.catalog.pool(id))
            })
            .filter(|pool| pool.is_live());
        let mut pools: Vec<_> = if let Some(pool) = named {
            vec![pool]
        } else {
            let product = self.track.product;
            self.catalog
                .pools
                .iter()
                .filter(|p| p.is_live() && p.product == product)
                .collect()
        };
        let mut at = 0;
        while let Some(pool) = pools.get(at).copied() {
            at += 1;
            let fallback = pool.fallback.and_then(|id| self.catalog.pool(id));
            if let Some(fallback) =
                fallback.filter(|f| f.is_live() && pools.iter().all(|p| p.id != f.id))
            {
                pools.push(fallback);
            }
        }
        if let Some(held) = self.extended_into()
            && pools.iter().all(|pool| pool.id != held.id)
        {
            pools.push(held);
        }
        pools
    }

    /// The pool held under an extension that counts. A pool that is pinned goes before it.
    fn extended_into(&self) -> Option<&'c Pool> {
        if self.intent.pinned.contains(&Field::Pool) {
            return None;
        }
        self.extension()?;
        let held = self.standing.pool.and_then(|id| self.catalog.pool(id));
        held.filter(|pool| pool.is_live() && pool.product == self.track.product)
    }

    fn window(&self, pool: &Pool) -> Window {
        let zone = self.intent.zone(self.catalog);
        let starts_at = self.wanted_start(zone).max(pool.term_start);
        let duration = self
            .rule
            .and_then(|rule| rule.duration_days)
            .or(self.track.duration_days)
            .or(pool.default_duration_days);
        let wanted = if let Some(extended) = self.extension() {
            Some((extended.until, EndSource::Admin))
        } else if let Some(end) = moment(self.intent.end.as_deref()) {
            let pinned = self.intent.pinned.contains(&Field::End);
            let source = if pinned {
                EndSource::Admin
            } else {
                EndSource::Idp
            };
            Some((end.end(zone), source))
        } else if let Some(kept) = self.kept_end(pool, starts_at) {
            Some((kept, EndSource::Rule))
        } else {
            duration.map(|days| (days::days_after(starts_at, days, zone), EndSource::Rule))
        };
        let leaving =
            moment(self.intent.terminated.as_deref()).map(|w| (w.end(zone), EndSource::Hr));
        // Of two limits at the same instant the first named here is the source.
        let (ends_at, end_source) = [wanted, leaving]
            .into_iter()
            .flatten()
            .fold(
                None,
                |first: Option<(Timestamp, EndSource)>, limit| match first {
                    Some(first) if first.0 <= limit.0 => Some(first),
                    _ => Some(limit),
                },
            )
            .filter(|(at, _)| *at <= pool.term_end)
            .unwrap_or((pool.term_end, EndSource::Pool));
        Window {
            starts_at,
            ends_at,
            end_source,
        }
    }

    /// When the seat held may be had while another pool's is waited for: in its own pool's term, and
    /// until the end that is wanted now.
    fn held(&self) -> Option<Window> {
        let open = self.standing.kept.filter(|open| open.seat.is_some())?;
        let pool = self.catalog.pool(open.pool)?;
        let window = self.window(pool);
        let by_length = |source| matches!(source, EndSource::Rule | EndSource::Pool);
        let lengths = by_length(open.end_source) && by_length(window.end_source);
        if open.track == self.track.id || !lengths {
            return Some(window);
        }
        // The length of another track's access begins on the other seat.
        let (ends_at, end_source) = if open.ends_at <= pool.term_end {
            (open.ends_at, open.end_source)
        } else {
            (pool.term_end, EndSource::Pool)
        };
        Some(Window {
            ends_at,
            end_source,
            ..window
        })
    }

    /// The end that is kept in a pool; none where access would begin after it.
    fn kept_end(&self, pool: &Pool, starts_at: Timestamp) -> Option<Timestamp> {
        let open = self.standing.kept.filter(|open| open.pool == pool.id)?;
        let is_pinned = self.intent.pinned.contains(&Field::Track);
        kept_end(open, self.track.id, is_pinned).filter(|at| *at > starts_at)
    }

    fn wanted_start(&self, zone: &TimeZone) -> Timestamp {
        let hired = if self.catalog.policy.start_on_hire {
            self.intent.hired.as_deref()
        } else {
            None
        };
        moment(self.intent.start.as_deref())
            .or_else(|| moment(hired))
            .map(|when| when.start(zone))
            .or(self.standing.starts_at)
            .unwrap_or(self.now)
    }

    /// The operator's extension, unless the identity provider has sent another end since.
    fn extension(&self) -> Option<&Extended> {
        self.standing
            .extended
            .filter(|extended| extended.over == self.intent.end)
    }

    /// Pools that cover the whole wanted time first, those that end soonest before the others
    /// ("use it or lose it"); then those that cover the most of it. A named pool stays first.
    fn by_preference(&self, mut pools: Vec<(&'c Pool, Window)>) -> Vec<(&'c Pool, Window)> {
        if self.intent.pool.is_some() || self.rule.is_some_and(|rule| rule.pool.is_some()) {
            return pools;
        }
        let longest = pools.iter().map(|(_, window)| window.ends_at).max();
        let asked = self.intent.end.is_some() || self.extension().is_some();
        pools.sort_by_key(|(pool, window)| {
            let started = pool.term_start <= self.now.max(window.starts_at);
            let covers = started && (window.end_source != EndSource::Pool || !asked);
            let short_by = longest.map_or(0, |l| l.as_second() - window.ends_at.as_second());
            (
                !covers,
                if covers { 0 } else { short_by },
                pool.term_end,
                pool.id,
            )
        });
        pools
    }
}

/// Reads a date that was checked when it was written.
fn moment(text: Option<&str>) -> Option<When> {
    text.and_then(|text| days::read(text).ok().flatten())
}

#[cfg(test)]
mod tests;

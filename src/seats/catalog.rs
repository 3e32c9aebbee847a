//! What a tenant has bought and decided: pools, tracks, rules, policy. Read often, changed seldom,
//! so it is held in memory as one immutable value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attribute::CustomAttribute;
use super::named;
use crate::coaching::Stage;
use crate::coaching::stalled::{Benchmark, Mode, Threshold, Thresholds};

named! {
    /// What happens to someone who is placed in a full pool.
    FullPolicy {
        /// They wait in line.
        Waitlist = "waitlist",
        /// Create and reactivate are refused.
        Reject = "reject",
        /// They get a seat beyond the purchase, up to a limit, and then wait in line.
        Overage = "overage",
    }
}

named! {
    /// What happens to a seat that somebody has used and left.
    ReusePolicy {
        /// It is free again.
        Reusable = "reusable",
        /// Free again unless a session was completed on it.
        UntilStarted = "until_started",
        /// It is used up.
        Consumable = "consumable",
    }
}

named! {
    /// Whether people may be placed in a pool (domain 4.2).
    PoolState {
        /// Not yet: its seats are bought and not offered.
        Draft = "draft",
        /// They may.
        Live = "live",
        /// Nobody may any more; whoever is in it is placed elsewhere.
        Closed = "closed",
    }
}

named! {
    /// What happens to a seat whose holder no rule places any more.
    OnUnmatch {
        /// They keep it.
        Keep = "keep",
        /// They keep it for the grace period.
        Grace = "grace",
        /// It ends at once.
        End = "end",
    }
}

/// A tenant's decisions, each with a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "decisions that do not depend on each other"
)]
pub struct Policy {
    /// Days that a seat is held after deactivation; 0 frees it at once.
    pub grace_days: i64,
    /// Whether DELETE, too, holds the seat for the grace period.
    pub grace_on_delete: bool,
    /// Whether `hireDate` starts access where `accessStartDate` is absent.
    pub start_on_hire: bool,
    /// Whether `employmentStatus` `leave` pauses access; without it only the clock of stalling stops.
    pub pause_on_leave: bool,
    /// For rules that do not say.
    pub on_unmatch: Name<OnUnmatch>,
    /// For new pools that do not say.
    pub full_policy: Name<FullPolicy>,
    /// For new pools that do not say.
    pub reuse_policy: Name<ReusePolicy>,
    /// Days after which somebody in a status has stalled, where the track does not say.
    pub stall_thresholds: Thresholds,
    /// Whether these or what the tenant's own people took.
    pub threshold_mode: Name<Mode>,
    /// People that one operator alone may change by a plan.
    pub approval_threshold: i64,
    /// Whether erasing somebody takes somebody else's approval.
    pub approve_erasing: bool,
    /// Removals through a connection that never trip its breaker.
    pub breaker_absolute: i64,
    /// The same, in percent of the connection's active people.
    pub breaker_percent: i64,
    /// Minutes within which removals are counted.
    pub breaker_window_minutes: i64,
    /// A pool is low when less than so many percent of its purchase can be taken.
    pub pool_low_percent: i64,
    /// Hours without a request after which a connection is silent.
    pub connection_silent_hours: i64,
    /// What the tenant calls things, by their names in the API.
    pub display_names: BTreeMap<String, String>,
}

/// A named value as JSON: its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<T>(pub T);

macro_rules! name_as_json {
    ($($kind:ty),*) => { $(
        impl Serialize for Name<$kind> {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.0.as_str())
            }
        }
        impl<'de> Deserialize<'de> for Name<$kind> {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map(Self).map_err(serde::de::Error::custom)
            }
        }
    )* };
}
name_as_json!(OnUnmatch, FullPolicy, ReusePolicy, Mode);

impl Default for Policy {
    fn default() -> Self {
        Self {
            grace_days: 14,
            grace_on_delete: false,
            start_on_hire: false,
            pause_on_leave: false,
            on_unmatch: Name(OnUnmatch::Grace),
            full_policy: Name(FullPolicy::Waitlist),
            reuse_policy: Name(ReusePolicy::Reusable),
            stall_thresholds: Thresholds::default(),
            threshold_mode: Name(Mode::Fixed),
            approval_threshold: 10,
            approve_erasing: true,
            breaker_absolute: 20,
            breaker_percent: 10,
            breaker_window_minutes: 60,
            pool_low_percent: 10,
            connection_silent_hours: 24,
            display_names: BTreeMap::new(),
        }
    }
}

/// Something sold by the seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Identifier.
    pub id: Uuid,
    /// The name in the API.
    pub key: String,
}

/// Seats bought together, for a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Identifier.
    pub id: Uuid,
    /// Of what.
    pub product: Uuid,
    /// The name in the API.
    pub key: String,
    /// What operators call it.
    pub subscription_type: String,
    /// Begin of the term.
    pub term_start: Timestamp,
    /// End of the term, exclusive.
    pub term_end: Timestamp,
    /// What happens when it is full.
    pub full_policy: FullPolicy,
    /// How many seats beyond the purchase.
    pub overage_limit: i64,
    /// What happens to a seat that was left.
    pub reuse_policy: ReusePolicy,
    /// Days before a seat that was left can be taken again.
    pub cooldown_days: i64,
    /// Days of access where neither rule nor track says.
    pub default_duration_days: Option<i64>,
    /// Where to look when it is full.
    pub fallback: Option<Uuid>,
    /// Whether people may be placed in it.
    pub state: PoolState,
    /// How many used seats may be given to somebody else within the term; none for any number.
    pub max_reassignments: Option<i64>,
    /// What a seat costs for the term, in the smallest unit of the customer's currency.
    pub unit_cost: Option<i64>,
}

impl Pool {
    /// Whether people may be placed in it.
    pub fn is_live(&self) -> bool {
        self.state == PoolState::Live
    }
}

/// A coaching track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Identifier.
    pub id: Uuid,
    /// Of which product.
    pub product: Uuid,
    /// The name in the API.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Days of access where the rule does not say.
    pub duration_days: Option<i64>,
    /// Whoever matches no rule lands here.
    pub is_default: bool,
    /// Whether people may be placed on it.
    pub live: bool,
    /// Days after which somebody in a status has stalled, before the tenant's.
    pub stall_thresholds: Thresholds,
}

/// Who a rule is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    /// Direct members of these groups, found by this name.
    Group {
        /// As the operator wrote it.
        name: String,
        /// The groups that have borne the name, whatever they are called now.
        groups: Vec<Uuid>,
    },
    /// Whoever a SCIM filter matches; `directory` evaluates it.
    Filter(String),
}

/// Places people by group or attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Identifier.
    pub id: Uuid,
    /// Lower wins.
    pub priority: i64,
    /// Who it is for.
    pub matches: Match,
    /// The track they get.
    pub track: Uuid,
    /// The pool, if the rule names one.
    pub pool: Option<Uuid>,
    /// Days of access, if the rule says.
    pub duration_days: Option<i64>,
    /// What happens when it matches no more.
    pub on_unmatch: OnUnmatch,
    /// Whether it counts.
    pub enabled: bool,
}

/// All of a tenant's decisions at one version.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// Moves with every change.
    pub version: i64,
    /// Where the tenant's days begin.
    pub zone: TimeZone,
    /// The IANA name of the zone.
    pub zone_name: String,
    /// Decisions.
    pub policy: Policy,
    /// Products.
    pub products: Vec<Product>,
    /// Attributes that were ever declared and may be held.
    pub attributes: Vec<CustomAttribute>,
    /// Pools, by key.
    pub pools: Vec<Pool>,
    /// Tracks, by key.
    pub tracks: Vec<Track>,
    /// Rules that count, the winning one first.
    pub rules: Vec<Rule>,
    /// What people took in a status on a track, where that is what thresholds are.
    pub benchmarks: Vec<(Uuid, Stage, Benchmark)>,
}

impl Catalog {
    /// The pool with this identifier.
    pub fn pool(&self, id: Uuid) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.id == id)
    }

    /// The live pool with this key, whatever its case.
    pub fn pool_named(&self, key: &str) -> Option<&Pool> {
        self.pools
            .iter()
            .find(|pool| pool.is_live() && same(&pool.key, key))
    }

    /// The track with this identifier.
    pub fn track(&self, id: Uuid) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// The live track with this key or, failing that, this name, whatever its case.
    pub fn track_named(&self, text: &str) -> Option<&Track> {
        let live = || self.tracks.iter().filter(|track| track.live);
        live()
            .find(|track| same(&track.key, text))
            .or_else(|| live().find(|track| same(&track.name, text)))
    }

    /// Whether there is a live pool of the track's product.
    pub fn is_licensed(&self, track: &Track) -> bool {
        let mut pools = self.pools.iter();
        pools.any(|pool| pool.is_live() && pool.product == track.product)
    }

    /// The track of whoever matches no rule.
    pub fn default_track(&self) -> Option<&Track> {
        self.tracks
            .iter()
            .find(|track| track.is_default && track.live)
    }

    /// The rule with this identifier.
    pub fn rule(&self, id: Uuid) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The days after which somebody in a status on a track has stalled.
    pub fn threshold(&self, track: Uuid, stage: Stage) -> Threshold {
        let of_track = self.track(track).map(|track| track.stall_thresholds);
        let mut benchmarks = self.benchmarks.iter();
        let benchmark = benchmarks.find(|(of, at, _)| *of == track && *at == stage);
        Thresholds::resolve(
            &of_track.unwrap_or_default(),
            &self.policy.stall_thresholds,
            stage,
            benchmark.map(|(_, _, benchmark)| *benchmark),
        )
    }

    /// The attributes that are declared.
    pub fn declared(&self) -> impl Iterator<Item = &CustomAttribute> {
        self.attributes.iter().filter(|a| a.declared)
    }

    /// Whether any rule looks at groups.
    pub fn reads_groups(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| matches!(rule.matches, Match::Group { .. }))
    }
}

/// Puts rules in their order: priority, then group before filter, then age (domain 4.5).
pub fn in_order(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by_key(|rule| {
        (
            rule.priority,
            matches!(rule.matches, Match::Filter(_)),
            rule.id,
        )
    });
    rules
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.trim().to_lowercase()
}

//! Pools of seats, tracks, and the runs that place people anew.

use jiff::Timestamp;
use jiff::civil::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::named::{
    FullPolicy, Key, PoolKey, PoolState, ProductKey, ReusePolicy, TrackState, When,
};
use super::operation::op;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Catalog",
        about: "Pools of seats and tracks, and the runs that place people anew after a change.",
        operations: vec![
            op(
                "list_pools",
                "Pools by key, with the exact number of seats in each account",
            )
            .one::<When>(
                "asOf",
                "The accounts as they were: a day, for its end, or an instant",
            )
            .lists::<Pool>(),
            op("create_pool", "Makes a pool with its seats")
                .takes::<NewPool>()
                .makes::<PoolPlaced>()
                .conflicts(&[Code::Taken, Code::SeatsNotFree]),
            op("read_pool", "One pool").answers::<Pool>(),
            op("change_pool", "Changes a pool, and how many seats it has")
                .takes::<PoolChange>()
                .answers::<PoolPlaced>()
                .conflicts(&[Code::SeatsInUse, Code::SeatsNotFree]),
            op("list_tracks", "Tracks by key").lists::<Track>(),
            op("create_track", "Makes a track")
                .takes::<NewTrack>()
                .makes::<TrackPlaced>()
                .conflicts(&[Code::Taken]),
            op("read_track", "One track").answers::<Track>(),
            op("change_track", "Changes a track")
                .takes::<TrackChange>()
                .answers::<TrackPlaced>(),
            op(
                "list_placements",
                "Runs that place people anew after a change, the newest first",
            )
            .lists::<Placement>(),
            op("read_placement", "One such run").answers::<Placement>(),
        ],
    }
}

/// Seats that were bought together for a term. With `asOf`, what the ledger does not tell is null.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pool {
    key: String,
    product: Option<String>,
    subscription_type: Option<String>,
    term_start: Option<Date>,
    term_end: Option<Date>,
    full_policy: Option<FullPolicy>,
    reuse_policy: Option<ReusePolicy>,
    /// Seats bought, in all: the sum of the accounts.
    purchased: i64,
    /// Seats that can be taken now.
    available: i64,
    /// Seats held back.
    reserved: i64,
    /// Seats of people whose access begins later.
    scheduled: i64,
    /// Seats in use.
    occupied: i64,
    /// Seats held for people who were deactivated.
    grace: i64,
    /// Seats used up.
    burned: i64,
    /// Seats beyond the purchase.
    overage: i64,
    /// People in line.
    waitlist: Option<i64>,
    /// Free seats that rest after use.
    cooling_down: Option<i64>,
    /// Free seats of a pool that is not live.
    not_offered: Option<i64>,
    overage_limit: Option<i64>,
    cooldown_days: Option<i64>,
    default_duration_days: Option<i64>,
    /// The key of the pool that is tried when this one is full.
    fallback_pool: Option<String>,
    state: Option<PoolState>,
    /// How many used seats may be given to somebody else within the term.
    max_reassignments: Option<i64>,
    /// How many were, since there is a limit.
    reassignments: Option<i64>,
    /// What a seat costs for the term, in the smallest unit of your currency.
    unit_cost: Option<i64>,
}

#[derive(ToSchema)]
struct PoolPlaced {
    #[serde(flatten)]
    pool: Pool,
    placement: Option<Placement>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewPool {
    key: Key,
    /// The product's key; `coaching` by default.
    product: Option<ProductKey>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    purchased: i64,
    #[schema(minimum = 0, maximum = 1_000_000)]
    reserved: Option<i64>,
    #[schema(min_length = 1, max_length = 100)]
    subscription_type: Option<String>,
    term_start: When,
    term_end: When,
    full_policy: Option<FullPolicy>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    overage_limit: Option<i64>,
    reuse_policy: Option<ReusePolicy>,
    #[schema(minimum = 0, maximum = 36500)]
    cooldown_days: Option<i64>,
    #[schema(minimum = 1, maximum = 36500)]
    default_duration_days: Option<i64>,
    fallback_pool: Option<PoolKey>,
    state: Option<PoolState>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    max_reassignments: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    unit_cost: Option<i64>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PoolChange {
    #[schema(minimum = 0, maximum = 1_000_000)]
    purchased: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    reserved: Option<i64>,
    #[schema(min_length = 1, max_length = 100)]
    subscription_type: Option<String>,
    term_start: Option<When>,
    term_end: Option<When>,
    full_policy: Option<FullPolicy>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    overage_limit: Option<i64>,
    reuse_policy: Option<ReusePolicy>,
    #[schema(minimum = 0, maximum = 36500)]
    cooldown_days: Option<i64>,
    /// A null takes it away.
    #[schema(minimum = 1, maximum = 36500)]
    default_duration_days: Option<i64>,
    /// A null takes it away.
    fallback_pool: Option<PoolKey>,
    state: Option<PoolState>,
    /// A null takes it away.
    #[schema(minimum = 0, maximum = 1_000_000)]
    max_reassignments: Option<i64>,
    /// A null takes it away.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    unit_cost: Option<i64>,
}

/// What people are coached in.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Track {
    key: String,
    name: String,
    product: Option<String>,
    /// Whether whoever matches no rule lands here.
    default: bool,
    duration_days: Option<i64>,
    state: TrackState,
    stall_thresholds: Thresholds,
}

#[derive(ToSchema)]
struct TrackPlaced {
    #[serde(flatten)]
    track: Track,
    placement: Option<Placement>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewTrack {
    key: Key,
    /// The product's key; `coaching` by default.
    product: Option<ProductKey>,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    default: Option<bool>,
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    state: Option<TrackState>,
    stall_thresholds: Option<ThresholdsChange>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct TrackChange {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    default: Option<bool>,
    /// A null takes it away.
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    state: Option<TrackState>,
    stall_thresholds: Option<ThresholdsChange>,
}

/// Days after which somebody in a status has stalled, each where it is set.
#[derive(ToSchema)]
pub(super) struct Thresholds {
    #[serde(default)]
    invited: i64,
    #[serde(default)]
    activated: i64,
    #[serde(default)]
    completed_onboarding: i64,
    #[serde(default)]
    started_coaching: i64,
    #[serde(default)]
    reflection_assigned: i64,
    #[serde(default)]
    reflection_completed: i64,
}

/// Days after which somebody in a status has stalled; a null takes one back.
#[derive(ToSchema)]
pub(super) struct ThresholdsChange {
    #[schema(minimum = 1, maximum = 3650)]
    invited: Option<i64>,
    #[schema(minimum = 1, maximum = 3650)]
    activated: Option<i64>,
    #[schema(minimum = 1, maximum = 3650)]
    completed_onboarding: Option<i64>,
    #[schema(minimum = 1, maximum = 3650)]
    started_coaching: Option<i64>,
    #[schema(minimum = 1, maximum = 3650)]
    reflection_assigned: Option<i64>,
    #[schema(minimum = 1, maximum = 3650)]
    reflection_completed: Option<i64>,
}

/// A run that places people anew after a change.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placement {
    id: Uuid,
    /// The change.
    reason: String,
    /// People to place.
    total: i64,
    /// People placed so far.
    done: i64,
    /// Those of them whom it changed.
    changed: i64,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

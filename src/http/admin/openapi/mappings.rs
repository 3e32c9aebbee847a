//! Mappings, which say who gets which track, and the policy.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::catalog::{Placement, Thresholds, ThresholdsChange};
use super::members::Brief;
use super::named::{
    FullPolicy, OnUnmatch, PoolKey, ReusePolicy, SeatState, SimulatedOutcome, ThresholdMode,
    TrackKey,
};
use super::operation::op;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Mappings",
        about: "Who gets which track, and the tenant's decisions.",
        operations: vec![
            op("list_mappings", "Mappings, the winning one first").lists::<Mapping>(),
            op("create_mapping", "Makes a mapping")
                .takes::<NewMapping>()
                .makes::<MappingPlaced>(),
            op(
                "simulate_mapping",
                "What a mapping would do; nothing changes",
            )
            .takes::<MappingTried>()
            .answers::<Simulation>(),
            op("read_mapping", "One mapping").answers::<Mapping>(),
            op("change_mapping", "Changes a mapping")
                .takes::<MappingChange>()
                .answers::<MappingPlaced>(),
            op("delete_mapping", "Removes a mapping").answers::<MappingDeleted>(),
            op(
                "read_policy",
                "The policy, each decision with its value and where that comes from",
            )
            .answers::<PolicyRead>(),
            op("change_policy", "Changes what is sent of the policy")
                .takes::<PolicyChange>()
                .answers::<PolicyPlaced>(),
            op(
                "read_display_names",
                "What the tenant calls columns and their values",
            )
            .answers::<DisplayNames>(),
        ],
    }
}

/// Who gets which track: the members of a group, or those whom a SCIM filter matches.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Mapping {
    id: Uuid,
    #[serde(flatten)]
    says: MappingSays,
    created_at: Timestamp,
    /// Who looks after it.
    owner: Option<Brief>,
    /// Whether they have left.
    owner_inactive: bool,
}

/// What a mapping says. The lowest `priority` wins.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct MappingSays {
    priority: i64,
    group: Option<String>,
    filter: Option<String>,
    track: Option<String>,
    pool: Option<String>,
    duration_days: Option<i64>,
    on_unmatch: OnUnmatch,
    enabled: bool,
}

#[derive(ToSchema)]
struct MappingPlaced {
    #[serde(flatten)]
    mapping: Mapping,
    placement: Option<Placement>,
}

#[derive(ToSchema)]
struct MappingDeleted {
    id: Uuid,
    placement: Option<Placement>,
}

/// Takes one of `group` and `filter`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewMapping {
    #[schema(min_length = 1, max_length = 256)]
    group: Option<String>,
    /// A SCIM filter, as in `department eq "Sales"`.
    #[schema(min_length = 1, max_length = 8192)]
    filter: Option<String>,
    track: TrackKey,
    pool: Option<PoolKey>,
    #[schema(minimum = 0, maximum = 1_000_000, default = 100)]
    priority: Option<i64>,
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    on_unmatch: Option<OnUnmatch>,
    enabled: Option<bool>,
}

/// A mapping to be tried out. `groupDisplay` is another name of `group`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct MappingTried {
    #[schema(min_length = 1, max_length = 256)]
    group: Option<String>,
    #[schema(min_length = 1, max_length = 256)]
    group_display: Option<String>,
    /// A SCIM filter, as in `department eq "Sales"`.
    #[schema(min_length = 1, max_length = 8192)]
    filter: Option<String>,
    track: TrackKey,
    pool: Option<PoolKey>,
    #[schema(minimum = 0, maximum = 1_000_000, default = 100)]
    priority: Option<i64>,
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    on_unmatch: Option<OnUnmatch>,
    enabled: Option<bool>,
}

/// A mapping that is planned.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MappingPlanned {
    #[schema(min_length = 1, max_length = 256)]
    group: Option<String>,
    #[schema(min_length = 1, max_length = 256)]
    group_display: Option<String>,
    /// A SCIM filter, as in `department eq "Sales"`.
    #[schema(min_length = 1, max_length = 8192)]
    filter: Option<String>,
    track: TrackKey,
    pool: Option<PoolKey>,
    #[schema(minimum = 0, maximum = 1_000_000, default = 100)]
    priority: Option<i64>,
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    on_unmatch: Option<OnUnmatch>,
    enabled: Option<bool>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// A change of a mapping that is planned.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MappingChangePlanned {
    #[schema(min_length = 1, max_length = 256)]
    group: Option<String>,
    #[schema(min_length = 1, max_length = 8192)]
    filter: Option<String>,
    track: Option<TrackKey>,
    /// A null takes it away.
    pool: Option<PoolKey>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: Option<i64>,
    /// A null takes it away.
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    on_unmatch: Option<OnUnmatch>,
    enabled: Option<bool>,
    #[schema(min_length = 1, max_length = 256)]
    group_display: Option<String>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct MappingChange {
    #[schema(min_length = 1, max_length = 256)]
    group: Option<String>,
    #[schema(min_length = 1, max_length = 8192)]
    filter: Option<String>,
    track: Option<TrackKey>,
    /// A null takes it away.
    pool: Option<PoolKey>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    priority: Option<i64>,
    /// A null takes it away.
    #[schema(minimum = 1, maximum = 36500)]
    duration_days: Option<i64>,
    on_unmatch: Option<OnUnmatch>,
    enabled: Option<bool>,
}

/// What a mapping would do.
#[derive(ToSchema)]
struct Simulation {
    mapping: MappingSays,
    counts: SimulationCounts,
    /// What each pool would give and get back.
    pools: Vec<SimulatedPool>,
    /// Who would change, at most 500.
    items: Vec<SimulatedPerson>,
    /// How many others.
    more: i64,
}

/// How many people were looked at, and what would become of them.
#[derive(ToSchema)]
struct SimulationCounts {
    looked: i64,
    track_changes: i64,
    dates_change: i64,
    moves: i64,
    opens: i64,
    waits: i64,
    ends: i64,
    unchanged: i64,
    shadowed: i64,
    conflicts: i64,
}

#[derive(ToSchema)]
struct SimulatedPool {
    pool: String,
    taken: i64,
    freed: i64,
    delta: i64,
    waiting: i64,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct SimulatedPerson {
    member: Brief,
    outcome: SimulatedOutcome,
    seat_state: SeatState,
    from: Place,
    to: Place,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Place {
    track: Option<String>,
    pool: Option<String>,
    access_end_date: Option<Date>,
}

/// A tenant's decisions.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Policy {
    /// Days that a seat is held after deactivation; 0 frees it at once.
    grace_days: i64,
    /// Whether DELETE, too, holds the seat.
    grace_on_delete: bool,
    /// Whether `hireDate` starts access where `accessStartDate` is absent.
    start_on_hire: bool,
    /// Whether leave pauses access.
    pause_on_leave: bool,
    /// Of mappings that do not say.
    on_unmatch: OnUnmatch,
    /// Of new pools that do not say.
    full_policy: FullPolicy,
    /// Of new pools that do not say.
    reuse_policy: ReusePolicy,
    stall_thresholds: Thresholds,
    threshold_mode: ThresholdMode,
    /// People that one operator alone may change by a plan.
    approval_threshold: i64,
    /// Whether erasing a person takes somebody else's approval.
    approve_erasing: bool,
    /// Removals that never trip a breaker.
    breaker_absolute: i64,
    /// The same in percent of the connection's active people.
    breaker_percent: i64,
    breaker_window_minutes: i64,
    /// Percent of its seats at which a pool is called low.
    pool_low_percent: i64,
    /// Hours after which a connection is called silent.
    connection_silent_hours: i64,
    /// What the tenant calls columns of people, and `column.value`: for people, never for programs.
    display_names: HashMap<String, String>,
}

/// A tenant's decisions, and where they come from.
#[derive(ToSchema)]
struct PolicyRead {
    #[serde(flatten)]
    policy: Policy,
    /// By setting; thresholds by their status, as `stallThresholds.invited`.
    sources: HashMap<String, Provenance>,
    /// Pools, tracks and mappings that say otherwise for themselves.
    overrides: Vec<Override>,
    server: ServerSettings,
}

/// Where a setting comes from.
#[derive(ToSchema)]
struct Provenance {
    /// `default` or `tenant`.
    from: String,
    /// When an operator set it.
    #[serde(default)]
    at: Timestamp,
    /// Who, as the ledger names them.
    #[serde(default)]
    by: String,
}

/// Something that says otherwise for itself.
#[derive(ToSchema)]
struct Override {
    setting: String,
    /// `pool`, `track` or `mapping`.
    by: String,
    /// Its key or identifier.
    name: String,
    value: Value,
}

/// What the server was told when it was started.
#[derive(ToSchema)]
struct ServerSettings {
    /// `on` or `off`.
    breaker: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct DisplayNames {
    display_names: HashMap<String, String>,
}

#[derive(ToSchema)]
struct PolicyPlaced {
    #[serde(flatten)]
    policy: Policy,
    placement: Option<Placement>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PolicyChange {
    #[schema(minimum = 0, maximum = 365)]
    grace_days: Option<i64>,
    grace_on_delete: Option<bool>,
    start_on_hire: Option<bool>,
    pause_on_leave: Option<bool>,
    on_unmatch: Option<OnUnmatch>,
    full_policy: Option<FullPolicy>,
    reuse_policy: Option<ReusePolicy>,
    stall_thresholds: Option<ThresholdsChange>,
    threshold_mode: Option<ThresholdMode>,
    #[schema(minimum = 0, maximum = 10_000)]
    approval_threshold: Option<i64>,
    approve_erasing: Option<bool>,
    #[schema(minimum = 0, maximum = 1_000_000)]
    breaker_absolute: Option<i64>,
    #[schema(minimum = 0, maximum = 100)]
    breaker_percent: Option<i64>,
    #[schema(minimum = 1, maximum = 1440)]
    breaker_window_minutes: Option<i64>,
    #[schema(minimum = 0, maximum = 100)]
    pool_low_percent: Option<i64>,
    #[schema(minimum = 1, maximum = 8760)]
    connection_silent_hours: Option<i64>,
    /// A null takes a label away.
    display_names: Option<HashMap<String, Option<String>>>,
}

//! Changes to many people, and whom none of them touches.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::catalog::Placement;
use super::engagement::PeopleFilter;
use super::mappings::{MappingChangePlanned, MappingPlanned};
use super::members::{Brief, Group};
use super::named::{
    Bucket, EndReasonOfOperator, IdentityState, PlanApproval, PlanItemState, PlanKind, PlanState,
    PlanWarning, PoolKey, ReclaimReason, SeatState, TrackKey, When, missing_or_null,
};
use super::operation::op;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Plans",
        about: "Changes to many people, which are looked at, approved and applied.",
        operations: vec![
            op("reclaim_seats", "Plans to reclaim seats that nobody uses")
                .takes::<Reclaim>()
                .answers::<PlanTried>()
                .makes::<PlanMade>(),
            op("list_plans", "Plans, the newest first")
                .one::<PlanState>("state", "Those in this state")
                .one::<PlanKind>("kind", "Those of this kind")
                .lists::<Plan>(),
            op(
                "create_plan",
                "Plans one change for whom a filter finds, or for a list of people",
            )
            .takes::<NewPlan>()
            .answers::<PlanTried>()
            .makes::<PlanMade>()
            .conflicts(&[Code::Ambiguous]),
            op(
                "plan_reconciliation",
                "Plans what a reconciliation suggests, for some of its findings",
            )
            .takes::<ReconciliationPlanned>()
            .answers::<PlanTried>()
            .makes::<PlanMade>()
            .conflicts(&[Code::NotPlannable]),
            op("plan_mapping", "Plans a new mapping")
                .takes::<MappingPlanned>()
                .answers::<PlanTried>()
                .makes::<PlanMade>(),
            op("plan_mapping_change", "Plans a change of a mapping")
                .takes::<MappingChangePlanned>()
                .answers::<PlanTried>()
                .makes::<PlanMade>(),
            op("read_plan", "A plan and its people")
                .one::<PlanItemState>("state", "People in this state")
                .answers_with_page::<PlanRead>(200),
            op("approve_plan", "Approves a plan that somebody else made")
                .takes::<PlanHash>()
                .answers::<Plan>()
                .refuses(403, &[Code::Forbidden, Code::OwnPlan])
                .conflicts(&[Code::PlanChanged, Code::PlanState]),
            op("reject_plan", "Rejects a plan")
                .takes::<PlanHash>()
                .answers::<Plan>()
                .conflicts(&[Code::PlanChanged, Code::PlanState]),
            op("apply_plan", "Applies a plan; again changes nothing")
                .takes::<PlanHash>()
                .answers::<PlanApplied>()
                .conflicts(&[
                    Code::PlanChanged,
                    Code::PlanState,
                    Code::ApprovalRequired,
                    Code::StalePlan,
                ]),
            op("list_exclusions", "Whom no plan touches").lists::<Exclusion>(),
            op(
                "create_exclusion",
                "Lets no plan touch a person, a group or a track",
            )
            .takes::<NewExclusion>()
            .makes::<Exclusion>()
            .refuses(404, &[Code::NotFound])
            .conflicts(&[Code::Taken, Code::Ambiguous]),
            op("delete_exclusion", "Lifts an exclusion").answers::<ExclusionDeleted>(),
        ],
    }
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reclaim {
    filter: ReclaimFilter,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// Which seats, and of whom: the filters of `GET /members` besides.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReclaimFilter {
    reason: ReclaimReason,
    /// Of reasons that have an age.
    #[schema(minimum = 0, maximum = 36500)]
    older_than_days: Option<i64>,
    #[serde(flatten)]
    filters: HashMap<String, Value>,
}

/// Takes one of `filter` and `members`, and the fields of its kind: `reason` of `end`; `until` or
/// `addDays`, and `pool`, of `extend`; `track`, `pool`, `keepEndDate`, `wait` and `pin` of
/// `transfer`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewPlan {
    kind: PlanKind,
    filter: Option<PeopleFilter>,
    /// People, named as in paths.
    #[schema(min_items = 1, max_items = 10_000)]
    members: Option<Vec<String>>,
    reason: Option<EndReasonOfOperator>,
    until: Option<When>,
    #[schema(minimum = 1, maximum = 36500)]
    add_days: Option<i64>,
    pool: Option<PoolKey>,
    track: Option<TrackKey>,
    keep_end_date: Option<bool>,
    /// In line, where there is no seat.
    wait: Option<bool>,
    /// So that no rule moves them back; true by default.
    pin: Option<bool>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// Takes one of `buckets` and `rows`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReconciliationPlanned {
    #[schema(min_items = 1)]
    buckets: Option<Vec<Bucket>>,
    /// The numbers `n` of findings.
    #[schema(min_items = 1, max_items = 10_000)]
    rows: Option<Vec<i64>>,
    /// Of those whose access ends.
    reason: Option<EndReasonOfOperator>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// Names what was looked at.
#[derive(ToSchema)]
struct PlanHash {
    #[schema(min_length = 1, max_length = 128)]
    hash: String,
}

/// A change to many people.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Plan {
    id: Uuid,
    state: PlanState,
    #[serde(flatten)]
    says: PlanSays,
}

/// What a plan says.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlanSays {
    kind: PlanKind,
    /// What was asked for.
    asked: HashMap<String, Value>,
    note: Option<String>,
    hash: String,
    /// Seats that it frees, less those that it takes.
    seats: i64,
    /// The same by the key of the pool.
    seats_by_pool: HashMap<String, i64>,
    counts: PlanCounts,
    approval_required: bool,
    approval_reasons: Vec<PlanApproval>,
    requested_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    decided_by: Option<String>,
    decided_at: Option<Timestamp>,
    applied_by: Option<String>,
    applied_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// How many of its people are in each state.
#[derive(ToSchema)]
struct PlanCounts {
    planned: i64,
    applied: i64,
    unchanged: i64,
    stale: i64,
    refused: i64,
    excluded: i64,
    total: i64,
}

/// A plan that is applied or being applied.
#[derive(ToSchema)]
struct PlanApplied {
    #[serde(flatten)]
    plan: Plan,
    /// Of a mapping: the run that places people by it.
    #[serde(default)]
    placement: Placement,
}

#[derive(ToSchema)]
pub(super) struct PlanMade {
    #[serde(flatten)]
    made: Plan,
    /// The same as `id`.
    plan: Uuid,
}

/// A plan that is only shown, and its first people.
#[derive(ToSchema)]
struct PlanTried {
    /// Null: it is not stored.
    id: Option<Uuid>,
    state: Option<PlanState>,
    #[serde(flatten)]
    says: PlanSays,
    items: Vec<PlanItem>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlanRead {
    #[serde(flatten)]
    plan: Plan,
    /// Of an import: the first of the rows that wait, each with what it would do.
    #[serde(default)]
    rows: Vec<PlanRow>,
    items: Vec<PlanItem>,
    next_cursor: Option<String>,
}

/// A row of a file that waits for its plan.
#[derive(ToSchema)]
struct PlanRow {
    line: i64,
    /// `create`, `change`, `deactivate` or `schedule`.
    does: String,
    member: Option<Uuid>,
    /// Its cells, by their columns.
    given: HashMap<String, String>,
}

/// What a plan does to one person.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlanItem {
    n: i64,
    member: PlanPerson,
    state: PlanItemState,
    /// A code, or what excludes them.
    problem: Option<String>,
    /// The body of the call for one person.
    does: HashMap<String, Value>,
    before: PlanPlace,
    after: PlanPlace,
    seat_delta: i64,
    warnings: Vec<PlanWarning>,
}

#[derive(ToSchema)]
#[serde(untagged)]
enum PlanPerson {
    Known(Brief),
    Gone(PersonId),
}

/// Somebody of whom nothing but the identifier is left.
#[derive(ToSchema)]
struct PersonId {
    id: Uuid,
}

/// What somebody has, or would have; nothing where the rules refuse them.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlanPlace {
    #[serde(default)]
    seat_state: SeatState,
    #[serde(default)]
    #[schema(schema_with = missing_or_null)]
    track: String,
    #[serde(default)]
    #[schema(schema_with = missing_or_null)]
    pool: String,
    #[serde(default)]
    #[schema(schema_with = missing_or_null)]
    access_end_date: Date,
    /// Where the plan changes it.
    #[serde(default)]
    identity_state: IdentityState,
    /// Of a reclaim.
    #[serde(default)]
    unused_because: ReclaimReason,
    #[serde(default)]
    #[schema(schema_with = missing_or_null)]
    unused_since: Timestamp,
}

/// Whom no plan touches: one of a person, the members of a group, and those on a track.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Exclusion {
    id: Uuid,
    member: Option<PlanPerson>,
    group: Option<Group>,
    track: Option<String>,
    note: Option<String>,
    created_by: String,
    created_at: Timestamp,
}

/// Takes one of `member`, `group` and `track`.
#[derive(ToSchema)]
struct NewExclusion {
    /// A person, named as in paths.
    #[schema(min_length = 1, max_length = 320)]
    member: Option<String>,
    /// A group, by name or id.
    #[schema(min_length = 1, max_length = 256)]
    group: Option<String>,
    track: Option<TrackKey>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
}

#[derive(ToSchema)]
struct ExclusionDeleted {
    id: Uuid,
}

//! What an operator does to one person.

use std::collections::HashMap;

use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::members::{Brief, MemberSeen};
use super::named::{EndReasonOfOperator, PinField, PoolKey, When};
use super::operation::op;
use super::plans::PlanMade;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Access",
        about: "What an operator does to one person. With `dryRun` the answer is the same and \
            nothing changes.",
        operations: vec![
            op("end_access", "Ends a person's access")
                .takes::<End>()
                .answers::<EndDone>(),
            op(
                "extend_access",
                "Extends a person's access, or begins it again",
            )
            .takes::<Extend>()
            .answers::<ExtendDone>()
            .conflicts(&[
                Code::NotActive,
                Code::NothingToExtend,
                Code::NotPlaced,
                Code::PoolFull,
                Code::PoolTermExceeded,
                Code::AccessEndReached,
            ]),
            op("pause_access", "Pauses a person's access; the seat is kept")
                .takes::<PauseUntil>()
                .answers::<VerbDone>()
                .conflicts(&[Code::NothingToPause]),
            op("resume_access", "Ends a pause")
                .may_take::<DryRun>()
                .answers::<VerbDone>()
                .conflicts(&[Code::OnLeave, Code::NotActive]),
            op("transfer_member", "Moves a person to another track or pool")
                .takes::<Transfer>()
                .answers::<VerbDone>()
                .refuses(403, &[Code::Forbidden, Code::SeatUnavailable])
                .conflicts(&[
                    Code::NotActive,
                    Code::NotKnown,
                    Code::NothingToTransfer,
                    Code::PoolFull,
                    Code::PoolTermExceeded,
                ]),
            op(
                "pin_field",
                "Pins a field, so that the identity provider does not move it",
            )
            .takes::<PinTo>()
            .answers::<VerbDone>()
            .refuses(403, &[Code::Forbidden, Code::SeatUnavailable])
            .conflicts(&[Code::NotKnown, Code::NotActive]),
            op("unpin_field", "Lifts a pin")
                .one::<PinField>("field", "Which")
                .must("field")
                .flag("dryRun", "Whether it is only tried out")
                .answers::<VerbDone>()
                .refuses(403, &[Code::Forbidden, Code::SeatUnavailable])
                .conflicts(&[Code::NotKnown]),
            op(
                "deactivate_member",
                "Deactivates a person, as `active: false` does",
            )
            .takes::<Deactivate>()
            .answers::<VerbDone>()
            .conflicts(&[Code::IdpManaged, Code::NotKnown]),
            op(
                "reactivate_member",
                "Reactivates a person, as `active: true` does",
            )
            .takes::<Reactivate>()
            .answers::<VerbDone>()
            .refuses(403, &[Code::Forbidden, Code::SeatUnavailable])
            .conflicts(&[Code::IdpManaged, Code::NotKnown, Code::Uniqueness]),
            op(
                "erase_member",
                "Erases a person's data; this cannot be undone",
            )
            .takes::<Erase>()
            .answers::<VerbDone>()
            .plans::<ErasePlanned>()
            .conflicts(&[Code::LastAdmin]),
            op(
                "hand_over",
                "Gives what a person looks after to somebody else",
            )
            .may_take::<HandOver>()
            .answers::<HandedOver>()
            .conflicts(&[Code::NotActive]),
        ],
    }
}

/// Who takes over; may be left out of somebody who looks after nothing.
#[derive(ToSchema)]
struct HandOver {
    /// An id, e-mail address, user name or `externalId:…`.
    #[schema(min_length = 1, max_length = 1000)]
    to: Option<String>,
}

/// What was handed over.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct HandedOver {
    member: Brief,
    to: Option<Brief>,
    handed_over: Vec<ThingOwned>,
    /// Whether what they left is looked at by this.
    reviewed: bool,
}

/// Something that somebody looks after.
#[derive(ToSchema)]
struct ThingOwned {
    /// `webhook`, `mapping` or `connection`.
    kind: String,
    id: Uuid,
}

/// Whether it is only tried out.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DryRun {
    /// Answers the same and changes nothing.
    dry_run: Option<bool>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct End {
    reason: EndReasonOfOperator,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// One of `until` and `addDays`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Extend {
    until: Option<When>,
    /// Days from the end as it is.
    #[schema(minimum = 1, maximum = 36500)]
    add_days: Option<i64>,
    /// The pool to go on in; lifts a pin of another.
    pool: Option<PoolKey>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PauseUntil {
    /// Resumes it; without it a pause is open.
    until: Option<When>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// Takes `track`, `pool` or both.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Transfer {
    /// The track, by key or name.
    #[schema(min_length = 1, max_length = 200)]
    track: Option<String>,
    pool: Option<PoolKey>,
    /// Whether access ends when it did.
    #[schema(default = true)]
    keep_end_date: Option<bool>,
    /// Whether to stand in line where the pool is full; not without a pin.
    #[schema(default = false)]
    wait: Option<bool>,
    /// Whether it holds against what the identity provider writes.
    #[schema(default = true)]
    pin: Option<bool>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PinTo {
    field: PinField,
    /// A key of a track or a pool, or a day.
    #[schema(min_length = 1, max_length = 200)]
    value: String,
    until: Option<When>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Deactivate {
    reason: EndReasonOfOperator,
    /// Against the identity provider, until it next writes `active`.
    #[schema(default = false)]
    r#override: Option<bool>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reactivate {
    /// Against the identity provider, until it next writes `active`.
    #[schema(default = false)]
    r#override: Option<bool>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Erase {
    /// The person's `userName`, exactly; a dry run goes without it.
    #[schema(min_length = 1, max_length = 1000)]
    confirm: Option<String>,
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
    dry_run: Option<bool>,
}

/// What came of an act.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerbDone {
    member: MemberSeen,
    /// What came of it, in its order.
    effects: Vec<Effect>,
    /// Whom a seat that became free went to.
    promoted: Vec<Brief>,
    dry_run: bool,
}

/// A plan to erase somebody, and what would come of it.
#[derive(ToSchema)]
struct ErasePlanned {
    #[serde(flatten)]
    plan: PlanMade,
    effects: Vec<Effect>,
    promoted: Vec<Brief>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct EndDone {
    member: MemberSeen,
    effects: Vec<Effect>,
    promoted: Vec<Brief>,
    dry_run: bool,
    /// Whether a seat became free.
    seat_freed: bool,
    /// `reuse_policy`, where the pool's contract keeps the seat.
    #[serde(default)]
    reason: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExtendDone {
    member: MemberSeen,
    effects: Vec<Effect>,
    promoted: Vec<Brief>,
    dry_run: bool,
    /// Whether access that was over began again.
    reopened: bool,
}

/// Something that came of an act. `nothing_changed` stands alone.
#[derive(ToSchema)]
pub(super) struct Effect {
    effect: EffectName,
    /// What it concerns: `pool`, `from`, `to`, `until`, `reason`, `count`, `member`, by the effect.
    #[serde(flatten)]
    more: HashMap<String, Value>,
}

/// What came of an act.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
enum EffectName {
    NothingChanged,
    IdentityDeactivated,
    IdentityReactivated,
    IdentityDrift,
    IdentityDriftEnded,
    Erased,
    Merged,
    Pinned,
    Unpinned,
    Paused,
    Resumed,
    AccessEnded,
    AccessExtended,
    DatesChanged,
    TrackChanged,
    SeatAssigned,
    SeatScheduled,
    SeatReopened,
    SeatRestored,
    SeatMoved,
    SeatKept,
    SeatFreed,
    SeatUsedUp,
    GraceStarted,
    TransferWaiting,
    Waitlisted,
    AccessCut,
    AccessRestored,
    SessionsToCancel,
    Promoted,
    ReviewDismissed,
}

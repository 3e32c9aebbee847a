//! Why a person is where they are, and how they came there.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::members::{Brief, RuleSeen};
use super::named::{EndSource, LengthOf, PoolBy, RuleFate, SeatState, StartBy, TrackBy, When};
use super::operation::op;
use super::records::LedgerLine;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Looking into it",
        about: "Why a person has what they have, and how it came to that.",
        operations: vec![
            op(
                "explain_member",
                "Why this track, pool, start and end, and what would change it",
            )
            .answers::<Explanation>(),
            op("member_history", "One person's lines of the ledger")
                .text("action", "Lines of this action")
                .one::<When>("from", "Since this day or instant")
                .one::<When>("to", "Until this day or instant")
                .query(
                    "sort",
                    "The oldest or the newest first",
                    &json!({"type": "string", "enum": ["at", "-at"], "default": "-at"}),
                )
                .lists::<LedgerLine>(),
        ],
    }
}

/// What decided each part of a person's placement, what of it came about, and what would change it.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    member: Brief,
    at: Timestamp,
    track: ExplainedTrack,
    pool: ExplainedPool,
    start: ExplainedStart,
    end: ExplainedEnd,
    seat: ExplainedSeat,
    /// Rules that match.
    rules: Vec<ExplainedRule>,
    what_if: Vec<WhatIf>,
}

#[derive(ToSchema)]
struct ExplainedTrack {
    /// What the person has.
    value: Option<String>,
    /// What the rules as they are would give.
    wanted: Option<String>,
    by: TrackBy,
    attribute: Option<String>,
    rule: Option<RuleSeen>,
}

#[derive(ToSchema)]
struct ExplainedPool {
    value: Option<String>,
    wanted: Option<String>,
    by: PoolBy,
    attribute: Option<String>,
    /// Pools that would do, in their order.
    candidates: Vec<PoolCandidate>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct PoolCandidate {
    pool: String,
    available: i64,
    waitlist: i64,
    access_end_date: Date,
    held: bool,
}

#[derive(ToSchema)]
struct ExplainedStart {
    value: Option<Date>,
    at: Option<Timestamp>,
    wanted: Option<Date>,
    by: StartBy,
}

#[derive(ToSchema)]
struct ExplainedEnd {
    value: Option<Date>,
    at: Option<Timestamp>,
    wanted: Option<Date>,
    by: Option<EndSource>,
    limits: EndLimits,
    length: Option<Length>,
}

/// The last days of which the first holds.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct EndLimits {
    access_end_date: Option<Date>,
    termination_date: Option<Date>,
    extended_until: Option<Date>,
    /// What a length of access came to on the track before.
    kept_end: Option<Date>,
    pool_term_end: Option<Date>,
}

#[derive(ToSchema)]
struct Length {
    days: i64,
    of: LengthOf,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExplainedSeat {
    state: SeatState,
    reason: Option<String>,
    /// In words, why there is none.
    detail: Option<String>,
    waitlist_position: Option<i64>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExplainedRule {
    id: Uuid,
    priority: i64,
    group: Option<String>,
    filter: Option<String>,
    track: Option<String>,
    pool: Option<String>,
    fate: RuleFate,
    /// The rule that won, or the attribute or pin.
    lost_to: Option<std::collections::HashMap<String, String>>,
    /// Whether the winner has the same priority and another track.
    conflict: bool,
}

/// What would be otherwise if one thing were.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct WhatIf {
    /// In words.
    change: String,
    kind: String,
    /// The group, rule or attribute.
    of: Option<std::collections::HashMap<String, Value>>,
    /// `placed`, `grace`, `ended`, `no_seat` or `unchanged`.
    effect: String,
    track: Option<String>,
    pool: Option<String>,
    available: Option<i64>,
    access_end_date: Option<Date>,
    reason: Option<String>,
    #[serde(default)]
    grace_until: Timestamp,
}

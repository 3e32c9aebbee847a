//! How people use their coaching, and reminding them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::members::Brief;
use super::named::{
    EventResult, EventType, NudgeKind, NudgeOutcome, ProblemCode, SessionState, Stage,
    StalledReason, When,
};
use super::operation::{Described, op};
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Engagement",
        about: "What the coaching platform tells, and reminding people.",
        operations: vec![
            op(
                "send_events",
                "Takes what the coaching platform tells, each event once",
            )
            .takes::<Events>()
            .answers::<EventsTaken>(),
            of_time(op("list_events", "Events, the newest first"))
                .text("member", "Of this person, named as in paths")
                .lists::<EventKept>()
                .refuses(404, &[Code::NotFound])
                .conflicts(&[Code::Ambiguous]),
            of_time(op(
                "events_of_member",
                "One person's events, the newest first",
            ))
            .lists::<EventKept>(),
            op(
                "sessions_of_member",
                "One person's sessions, the newest first",
            )
            .lists::<Session>(),
            op("nudge_member", "Reminds a person")
                .takes::<NudgeOne>()
                .answers::<Nudged>()
                .conflicts(NOT_NUDGED),
            op(
                "nudge_members",
                "Reminds all whom a filter finds, at most 1,000",
            )
            .takes::<NudgeAll>()
            .answers::<NudgedAll>()
            .conflicts(&[Code::NoPublicUrl]),
            op(
                "list_nudges",
                "Nudges and what they came to, the newest first",
            )
            .text("member", "Of this person, named as in paths")
            .one::<NudgeOutcome>("outcome", "Those that came to this")
            .lists::<Nudge>()
            .refuses(404, &[Code::NotFound])
            .conflicts(&[Code::Ambiguous]),
        ],
    }
}

const NOT_NUDGED: &[Code] = &[
    Code::NotActive,
    Code::NotInCoaching,
    Code::Paused,
    Code::NudgedRecently,
    Code::NudgedEnough,
    Code::NoPublicUrl,
];

fn of_time(of: Described) -> Described {
    of.any::<EventType>("type", "Of these types")
        .one::<When>("from", "Since this day or instant")
        .one::<When>("to", "Until this day or instant")
}

/// An event, or up to 1,000 of them.
#[derive(ToSchema)]
#[serde(untagged)]
enum Events {
    One(Event),
    Many(Vec<Event>),
}

/// What the coaching platform tells. One that is wrong is refused and holds up no other.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Event {
    /// The platform's own, unique in a tenant.
    #[schema(min_length = 1, max_length = 200)]
    id: String,
    r#type: EventType,
    /// A person, named as in paths.
    #[schema(min_length = 1, max_length = 320)]
    member: String,
    occurred_at: Timestamp,
    /// Of events about a session.
    #[schema(min_length = 1, max_length = 200)]
    session_id: Option<String>,
    /// Of `session.scheduled` and `session.rescheduled`.
    starts_at: Option<Timestamp>,
    #[schema(minimum = 0, maximum = 1440)]
    duration_min: Option<i64>,
    /// Of events about a reflection.
    #[schema(min_length = 1, max_length = 200)]
    reflection_id: Option<String>,
}

/// What came of each event, in their order, and how many of each there are.
#[derive(ToSchema)]
struct EventsTaken {
    items: Vec<EventTaken>,
    applied: i64,
    duplicate: i64,
    stored: i64,
    refused: i64,
}

#[derive(ToSchema)]
struct EventTaken {
    /// As it was sent.
    #[schema(schema_with = anything)]
    id: Value,
    result: EventResult,
    /// A code, or `after_end`.
    #[serde(default)]
    problem: String,
    #[serde(default)]
    detail: String,
}

fn anything() -> utoipa::openapi::Object {
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
    let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
    any.description(Some("As it was sent.")).build()
}

/// An event that is kept.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventKept {
    id: String,
    r#type: EventType,
    /// Whose it is.
    member: Uuid,
    occurred_at: Timestamp,
    received_at: Timestamp,
    session_id: Option<String>,
    starts_at: Option<Timestamp>,
    duration_min: Option<i64>,
    reflection_id: Option<String>,
    result: EventResult,
    /// `after_end`, where it had no effect.
    problem: Option<String>,
}

/// A coaching session. What was said in it is nowhere.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: String,
    state: SessionState,
    starts_at: Timestamp,
    duration_min: Option<i64>,
    episode: Option<i64>,
}

#[derive(ToSchema)]
struct NudgeOne {
    kind: Option<NudgeKind>,
    #[schema(min_length = 1, max_length = 2000)]
    message: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NudgeAll {
    filter: PeopleFilter,
    kind: Option<NudgeKind>,
    #[schema(min_length = 1, max_length = 2000)]
    message: Option<String>,
    dry_run: Option<bool>,
}

/// The filters of `GET /members`, each a text, a number, true or false, or a list of them. At least
/// one.
#[derive(ToSchema)]
pub(super) struct PeopleFilter {
    #[serde(flatten)]
    filters: HashMap<String, Value>,
}

/// A reminder.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Nudge {
    id: Uuid,
    member: Uuid,
    kind: NudgeKind,
    /// The person's when it was sent.
    status: Stage,
    reason: StalledReason,
    message: Option<String>,
    actor: String,
    sent_at: Timestamp,
    outcome: NudgeOutcome,
    outcome_at: Option<Timestamp>,
    /// Of those that ask: until when the link can be used.
    answer_by: Option<Timestamp>,
}

#[derive(ToSchema)]
struct Nudged {
    #[serde(flatten)]
    nudge: Nudge,
    /// How many webhooks are told.
    listeners: i64,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NudgedAll {
    dry_run: bool,
    nudged: i64,
    refused: i64,
    /// How many webhooks are told.
    listeners: i64,
    items: Vec<NudgeResult>,
}

/// What came of reminding one of many.
#[derive(ToSchema)]
#[serde(untagged)]
enum NudgeResult {
    Nudged(NudgeSent),
    Refused(NudgeRefused),
}

#[derive(ToSchema)]
struct NudgeSent {
    member: Brief,
    /// `nudged`.
    result: String,
    /// Null in a dry run.
    nudge: Option<Uuid>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NudgeRefused {
    member: Brief,
    /// `refused`.
    result: String,
    problem: ProblemCode,
    detail: String,
    possible_at: Option<Timestamp>,
}

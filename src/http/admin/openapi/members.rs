//! People: who they are, what they have.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::named::{
    AccessLevel, EndReason, EndSource, IdentityState, ManagedBy, PausedBy, PinField, SeatState,
    StalledReason, Status, TrackBy, When, missing_or_null,
};
use super::operation::{Described, op};
use crate::directory::admin::selection::SortBy;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Members",
        about: "People, their seats and their access.",
        operations: vec![
            choosing(op(
                "list_members",
                "People who are here, and those deleted who once had access",
            ))
            .query("sort", "The order; `-` before it for descending", &orders())
            .one::<When>("asOf", AS_OF)
            .lists::<Member>(),
            op("read_member", "Everything about one person")
                .one::<When>("asOf", AS_OF)
                .answers::<MemberRead>(),
            choosing(op(
                "export_members",
                "Everybody as CSV, with all that is known of them",
            ))
            .answers_text("text/csv", "The columns of the list, and more."),
            choosing(op(
                "export_members_as_lines",
                "Everybody as JSON, a line a person",
            ))
            .answers_text("application/jsonl", "A JSON object a line."),
        ],
    }
}

const AS_OF: &str = "What was true then, by the ledger: a day, for its end, or an instant. \
    Personal data is that of today, and what the ledger does not tell is null";

/// The filters of the list of people, which other operations take too.
pub(super) fn choosing(of: Described) -> Described {
    let of = of
        .text("q", "Words, each in a name, address or `externalId`")
        .any::<Status>(
            "status",
            "How far they have come; takes the right `engagement`",
        )
        .flag(
            "stalled",
            "Whether they have stalled; takes the right `engagement`",
        )
        .whole(
            "idleDays",
            (0, 36_500),
            "Holds a seat of which nothing has come for so many days; takes the right `engagement`",
        )
        .whole(
            "episodeMin",
            (1, 1_000),
            "At least in this episode: 2 for who came back; takes the right `engagement`",
        )
        .any::<SeatState>("seatState", "What became of their claim to a seat")
        .text("track", "On this track, by key")
        .text("pool", "In this pool, by key")
        .flag("ended", "Whether access is over")
        .one::<When>("endsBefore", "Access ends before this day or instant")
        .one::<When>("endsAfter", "Access ends after this day or instant")
        .any::<ManagedBy>("managedBy", "Who last made or linked them")
        .any::<AccessLevel>("accessLevel", "What is open to them");
    [
        "department",
        "division",
        "costCenter",
        "organization",
        "region",
    ]
    .into_iter()
    .fold(of, |of, name| {
        of.text(
            &format!("attr.{name}"),
            &format!("Whose attribute `{name}` is this"),
        )
    })
    .query(DECLARED, "Whose declared attributes are these", &declared())
}

/// Parameters of names that only the tenant knows, as an object whose fields are they
/// (`style: form`, exploded, as it is by default).
const DECLARED: &str = "attr";

fn declared() -> Value {
    json!({
        "type": "object",
        "propertyNames": {"pattern": "^attr\\.[A-Za-z][A-Za-z0-9_-]*$"},
        "additionalProperties": {"type": "string"},
        "example": {"attr.jobLevel": "7"},
    })
}

fn orders() -> Value {
    let names = SortBy::ALL.iter().map(|by| by.as_str());
    let both = names.flat_map(|name| [name.to_owned(), format!("-{name}")]);
    json!({"type": "string", "enum": both.collect::<Vec<_>>(), "default": "name"})
}

/// Who somebody is, where only that matters.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Brief {
    id: Uuid,
    user_name: Option<String>,
    email: Option<String>,
}

/// A person. How they use their coaching (`status` to `lastEngagementAt`) is null for whom it does
/// not concern, who lacks the right `engagement`.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    /// Theirs for ever; the identity provider knows another, `scimId`.
    id: Uuid,
    user_name: Option<String>,
    display_name: Option<String>,
    name: Name,
    title: Option<String>,
    /// The primary address, else the first, else the user name.
    email: Option<String>,
    /// The track's key; null when access is over.
    track: Option<String>,
    /// The pool's key.
    pool: Option<String>,
    subscription_type: Option<String>,
    /// How far they have come; null without a seat.
    status: Option<Status>,
    /// The same, or `stalled`.
    display_status: Option<Status>,
    stalled: Option<Stalled>,
    /// In this episode.
    sessions_completed: Option<i64>,
    next_session_at: Option<Timestamp>,
    last_engagement_at: Option<Timestamp>,
    access_start_date: Option<Date>,
    /// The last day of access.
    access_end_date: Option<Date>,
    /// What set it.
    access_end_source: Option<EndSource>,
    seat_state: SeatState,
    /// Why the seat is as it is; for access that is over, why it ended.
    seat_reason: Option<String>,
    /// 1 for who is next.
    waitlist_position: Option<i64>,
    access_level: AccessLevel,
    identity_state: Option<IdentityState>,
    managed_by: Option<ManagedBy>,
    /// 1 for the first stretch of access.
    episode: Option<i64>,
    attributes: Option<Attributes>,
}

/// A person's name.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Name {
    given_name: Option<String>,
    family_name: Option<String>,
    formatted: Option<String>,
}

/// The attributes by which people are filtered and counted.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    department: Option<String>,
    division: Option<String>,
    cost_center: Option<String>,
    organization: Option<String>,
    region: Option<String>,
    /// Those that the tenant has declared.
    #[serde(flatten)]
    declared: HashMap<String, Value>,
}

/// Whether somebody has stalled; where one person is read, since when and why.
#[derive(ToSchema)]
#[serde(untagged)]
enum Stalled {
    Whether(bool),
    Why(StalledWhy),
}

/// Since when, why, and by which threshold somebody has stalled.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct StalledWhy {
    since: Timestamp,
    reason: StalledReason,
    threshold_days: i64,
    benchmark: Option<Benchmark>,
}

/// What the tenant's own people took.
#[derive(ToSchema)]
struct Benchmark {
    /// Of how many.
    n: i64,
    /// Within which four of five were done.
    days: i64,
}

/// What operators have set over what the identity provider writes.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Overrides {
    pause: Option<Pause>,
    pins: Vec<Pin>,
    identity_drift: Option<IdentityDrift>,
}

/// Access rests, and the seat is kept.
#[derive(ToSchema)]
struct Pause {
    since: Timestamp,
    until: Option<Timestamp>,
    by: PausedBy,
    note: Option<String>,
}

/// A field that an operator has pinned.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pin {
    field: PinField,
    value: String,
    until: Option<Timestamp>,
    /// Who, as the ledger names them.
    by: String,
    at: Timestamp,
    note: Option<String>,
    /// What the identity provider has.
    idp_value: Option<String>,
}

/// The identity was set by hand, otherwise than the identity provider last wrote it.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct IdentityDrift {
    by: String,
    at: Timestamp,
    idp_active: bool,
}

/// A person with what operators have set.
#[derive(ToSchema)]
pub(super) struct MemberSeen {
    #[serde(flatten)]
    member: Member,
    #[serde(flatten)]
    overrides: Overrides,
}

/// A person, now or as they were.
#[derive(ToSchema)]
#[serde(untagged)]
enum MemberRead {
    Now(MemberDetail),
    Then(MemberPast),
}

/// Everything about a person.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberDetail {
    #[serde(flatten)]
    member: Member,
    #[serde(flatten)]
    overrides: Overrides,
    /// When a seat is due for their place in line, where that can be told.
    expected_at: Option<Timestamp>,
    /// What the identity provider knows them by.
    scim_id: Option<Uuid>,
    external_id: Option<String>,
    created_at: Timestamp,
    last_modified: Timestamp,
    deactivated_at: Option<Timestamp>,
    /// Over all episodes; only with the right `engagement`.
    #[serde(default)]
    sessions_completed_total: i64,
    /// Only with the right `engagement`.
    #[serde(default)]
    #[schema(schema_with = missing_or_null)]
    last_login_at: Timestamp,
    /// What is left to do about a leaver.
    offboarding: Option<Offboarding>,
    /// All stretches of access, the newest first.
    assignments: Vec<Assignment>,
    groups: Vec<Group>,
    /// What the identity provider's `roles` make of them: `admin` or `member`.
    role: MemberRole,
    why: Why,
}

/// What somebody is in the customer's own organisation; it gives no right here.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
enum MemberRole {
    Admin,
    Member,
}

/// A person as they were.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberPast {
    #[serde(flatten)]
    member: Member,
    as_of: Timestamp,
    grace_until: Option<Timestamp>,
}

/// What is done about somebody whose access is cut or over, and what is open.
#[derive(ToSchema)]
struct Offboarding {
    complete: bool,
    /// How many items are open.
    open: i64,
    items: Vec<OffboardingItem>,
}

/// `access_cut`, `seat_freed`, `sessions_cancelled`, `groups_left` or `credentials_reviewed`.
#[derive(ToSchema)]
struct OffboardingItem {
    item: String,
    /// Null where it is not known.
    done: Option<bool>,
    /// More, by the item.
    #[serde(flatten)]
    more: HashMap<String, Value>,
}

/// One stretch of access.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    id: Uuid,
    episode: i64,
    track: Option<String>,
    pool: Option<String>,
    state: SeatState,
    starts_at: Timestamp,
    ends_at: Timestamp,
    end_source: EndSource,
    /// By an operator.
    extended_until: Option<Timestamp>,
    seat_taken_at: Option<Timestamp>,
    /// The pool in whose line they stand.
    waiting_for: Option<String>,
    waiting_since: Option<Timestamp>,
    grace_until: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    end_reason: Option<EndReason>,
    end_note: Option<String>,
    /// The mapping that decided it.
    rule: Option<Uuid>,
}

/// A group that somebody is in.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    id: Uuid,
    display_name: Option<String>,
}

/// What decided the track, in short; `GET …/explain` says more.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Why {
    track_by: TrackBy,
    rule: Option<RuleSeen>,
    /// Rules that match and lost.
    shadowed: Vec<RuleSeen>,
}

/// A mapping where only what it says matters.
#[derive(ToSchema)]
pub(super) struct RuleSeen {
    id: Uuid,
    priority: i64,
    group: Option<String>,
    filter: Option<String>,
    track: Option<String>,
    pool: Option<String>,
}

//! Reports.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use utoipa::{PartialSchema as _, ToSchema};
use uuid::Uuid;

use super::Resource;
use super::members::Brief;
use super::named::{
    BreakerState, EndSource, IdentityState, NudgeKind, PoolState, ReportName, Right, SeatState,
    Stage, StalledReason, UnusedReason, number_missing_or_null,
};
use super::operation::op;
use crate::directory::admin::reports;

pub(super) fn resource() -> Resource {
    let names = json!(ReportName::schema());
    let mut read = op(
        "read_report",
        "A report; some take a right more, as the list of them says",
    )
    .id("Which.", &names);
    for (name, what, of) in reports::all_parameters() {
        read = read.text(name, &format!("{what}; of {}", of.join(", ")));
    }
    Resource {
        tag: "Reports",
        about: "What operators would otherwise add up themselves.",
        operations: vec![
            op("list_reports", "The reports and their parameters").lists::<ReportKind>(),
            read.answers_report::<Report>(),
        ],
    }
}

/// A report and its parameters, which all have a default.
#[derive(ToSchema)]
struct ReportKind {
    name: ReportName,
    title: String,
    /// What reading it takes.
    right: Right,
    parameters: Vec<ReportParameter>,
    formats: Vec<String>,
}

#[derive(ToSchema)]
struct ReportParameter {
    name: String,
    default: String,
    what: String,
}

/// A report. Where its lines are people, they have pages, and `summary` counts them.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Report {
    report: ReportName,
    title: String,
    at: Timestamp,
    /// Each as asked or by default.
    parameters: HashMap<String, Option<String>>,
    summary: Vec<ReportCount>,
    items: Vec<ReportLine>,
    next_cursor: Option<String>,
}

/// How many there are for a reason.
#[derive(ToSchema)]
struct ReportCount {
    reason: String,
    /// Null for what is about no person.
    #[serde(default)]
    #[schema(schema_with = number_missing_or_null)]
    people: i64,
    /// Of people or other things.
    #[serde(default)]
    count: i64,
    #[serde(default)]
    seats: i64,
    /// Seats that may be taken again.
    #[serde(default)]
    reclaimable: i64,
}

/// A line of a report, each of its own kind.
#[derive(ToSchema)]
#[serde(untagged)]
enum ReportLine {
    Usage(UsageLine),
    Reflections(ReflectionsLine),
    Attention(AttentionLine),
    Expiring(ExpiringLine),
    Unused(UnusedSeat),
    Leaver(LeaverLine),
    Seats(SeatsLine),
    TrueUp(TrueUpLine),
    Waitlist(WaitlistLine),
    Forecast(ForecastDay),
    Connection(ConnectionLine),
    Nudges(NudgesLine),
}

/// What came of the nudges of a kind for a reason.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct NudgesLine {
    kind: NudgeKind,
    reason: StalledReason,
    sent: i64,
    open: i64,
    converted: i64,
    expired: i64,
    kept: i64,
    released: i64,
    unanswered: i64,
    conversion_rate: Option<f64>,
    /// Null for those that ask nothing.
    answer_rate: Option<f64>,
}

/// How a group takes up and uses its coaching; the numbers of a small one are null (`suppressed`).
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsageLine {
    group: Option<String>,
    suppressed: bool,
    people: Option<i64>,
    invited: Option<i64>,
    activated: Option<i64>,
    activation_rate: Option<f64>,
    onboarded: Option<i64>,
    started: Option<i64>,
    sessions_completed: Option<i64>,
    sessions_per_started: Option<f64>,
    no_shows: Option<i64>,
    no_show_rate: Option<f64>,
    median_days_to_activate: Option<f64>,
    median_days_to_first_session: Option<f64>,
    reflections_assigned: Option<i64>,
    reflections_completed: Option<i64>,
    reflection_rate: Option<f64>,
    stalled: Option<i64>,
    /// By reason.
    stalled_by: Option<HashMap<String, i64>>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReflectionsLine {
    group: Option<String>,
    suppressed: bool,
    people: Option<i64>,
    assigned: Option<i64>,
    completed: Option<i64>,
    outstanding: Option<i64>,
    overdue: Option<i64>,
    completion_rate: Option<f64>,
}

/// Who somebody is and what they have, in a report.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReportPerson {
    id: Uuid,
    user_name: Option<String>,
    email: Option<String>,
    track: Option<String>,
    pool: Option<String>,
    access_end_date: Option<Date>,
}

/// What needs somebody: a person, or a thing, whose person's fields are null.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct AttentionLine {
    id: Option<Uuid>,
    user_name: Option<String>,
    email: Option<String>,
    track: Option<String>,
    pool: Option<String>,
    access_end_date: Option<Date>,
    /// Why somebody has stalled, `access_ends_soon`, `waiting`, `leaver_with_sessions`,
    /// `admin_left`, `credentials_to_review`, `pool_low`, `pool_full`, `token_expiring` or
    /// `connection_silent`.
    reason: String,
    status: Option<Stage>,
    since: Option<Timestamp>,
    days: Option<i64>,
    until: Option<Timestamp>,
    days_left: Option<i64>,
    /// `person`, `pool`, `token` or `connection`.
    about: String,
    /// Of what is no person.
    name: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExpiringLine {
    #[serde(flatten)]
    person: ReportPerson,
    days_left: Option<i64>,
    access_end_source: Option<EndSource>,
    seat_state: SeatState,
    next_session_at: Option<Timestamp>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct UnusedSeat {
    #[serde(flatten)]
    person: ReportPerson,
    reason: UnusedReason,
    since: Option<Timestamp>,
    days: Option<i64>,
    /// Whether the pool's contract lets the seat be taken again.
    reclaimable: bool,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeaverLine {
    #[serde(flatten)]
    person: ReportPerson,
    identity_state: IdentityState,
    deactivated_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    upcoming_sessions: i64,
    next_session_at: Option<Timestamp>,
    sessions_after_end: i64,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct SeatsLine {
    pool: String,
    subscription_type: String,
    purchased: i64,
    occupied: i64,
    grace: i64,
    scheduled: i64,
    burned: i64,
    reserved: i64,
    available: i64,
    overage: i64,
    waitlist: i64,
    utilisation: Option<f64>,
    term_end: Date,
    days_left: i64,
    low: bool,
    state: PoolState,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct TrueUpLine {
    pool: String,
    term_start: Date,
    term_end: Date,
    purchased: i64,
    held: i64,
    /// The most that was out at once.
    peak_held: i64,
    overage: i64,
    peak_overage: i64,
    burned: i64,
    never_used: i64,
    /// Of a seat for the term, in the smallest unit of your currency.
    unit_cost: Option<i64>,
    peak_overage_cost: Option<i64>,
    never_used_cost: Option<i64>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct WaitlistLine {
    pool: String,
    waiting: i64,
    oldest_since: Option<Timestamp>,
    longest_days: Option<i64>,
    available: i64,
    next_free_at: Option<Timestamp>,
    #[serde(rename = "freeWithin30Days")]
    free_within_30_days: i64,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ForecastDay {
    day: Date,
    coming_free: i64,
    available: i64,
    waiting: i64,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectionLine {
    #[serde(flatten)]
    connection: Connection,
    /// Whom it manages.
    people: i64,
    lag_seconds: Option<i64>,
    silent: bool,
}

/// An identity provider or HR system that writes people.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection {
    name: String,
    last_seen_at: Option<Timestamp>,
    last_error: Option<String>,
    last_error_at: Option<Timestamp>,
    /// Tokens that are live.
    tokens: i64,
    /// When the first of them expires.
    token_expires_at: Option<Timestamp>,
    breaker: Breaker,
    /// How long its requests took, over seven days.
    latency: Lengths,
    /// How long it took until access was gone: the same of those that took it away.
    access_cut: Lengths,
    created_at: Timestamp,
    /// Who looks after it.
    owner: Option<Brief>,
    /// Whether they have left.
    owner_inactive: bool,
}

/// How long requests took, in milliseconds: what so many percent took at most.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Lengths {
    count: i64,
    p50_ms: Option<i64>,
    p95_ms: Option<i64>,
    p99_ms: Option<i64>,
}

/// What holds seats when too many people are removed at once.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Breaker {
    state: BreakerState,
    tripped_at: Option<Timestamp>,
    removals: Option<i64>,
    threshold: Option<i64>,
    /// Seats that it holds.
    held: i64,
    decided_by: Option<String>,
    decided_at: Option<Timestamp>,
}

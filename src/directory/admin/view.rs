//! A person as operators see them. Lists and single reads have the same keys in the same order.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::object;
use crate::coaching::Stage;
use crate::directory::person;
use crate::scim::Object;
use crate::scim::custom::CUSTOM_URN;
use crate::scim::schema::{COACHING_URN, ENTERPRISE_URN};
use crate::seats::catalog::Catalog;
use crate::seats::{Assignment, IdentityState, SeatState, days, outcome};
use crate::store::engagement::Engagement;
use crate::store::members::Member;

/// The attributes by which operators filter people, and the schema that each is of.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("department", ENTERPRISE_URN),
    ("division", ENTERPRISE_URN),
    ("costCenter", ENTERPRISE_URN),
    ("organization", ENTERPRISE_URN),
    ("region", COACHING_URN),
];

/// The same with those that the tenant has declared.
pub(super) fn known_attributes(catalog: &Catalog) -> impl Iterator<Item = (&str, &'static str)> {
    let declared = catalog.declared().map(|a| (a.name.as_str(), CUSTOM_URN));
    ATTRIBUTES.iter().copied().chain(declared)
}

/// The attribute of that name, in any case, and the schema that it is of.
pub(super) fn known_attribute<'c>(
    catalog: &'c Catalog,
    name: &str,
) -> Option<(&'c str, &'static str)> {
    known_attributes(catalog).find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// A person at `now`. `position` is their place in line; `engagement` is none for whom it does not
/// concern how people use their coaching.
pub(super) fn member(
    m: &Member,
    engagement: Option<&Engagement>,
    catalog: &Catalog,
    position: Option<i64>,
    now: Timestamp,
) -> Object {
    let a = m.assignment.as_ref();
    let pool = a.and_then(|a| catalog.pool(a.pool));
    let state = outcome::state_at(a, now);
    // Whose access is over is on no track any more; their assignments tell on which they were.
    let open = a.filter(|_| !matches!(state, SeatState::Ended | SeatState::None));
    let track = open.and_then(|a| catalog.track(a.track));
    let used = engagement.map(|engagement| Used::new(m, engagement, now));
    let used = used.unwrap_or_default();
    let intent = person::intent(&m.doc);
    let zone = intent.zone(catalog);
    object([
        ("id", json!(m.id)),
        ("userName", attribute(m, "userName")),
        ("displayName", attribute(m, "displayName")),
        ("name", name(m)),
        ("title", attribute(m, "title")),
        ("email", email(m)),
        ("track", json!(track.map(|track| &track.key))),
        ("pool", json!(pool.map(|pool| &pool.key))),
        (
            "subscriptionType",
            json!(pool.map(|pool| &pool.subscription_type)),
        ),
        ("status", json!(used.status)),
        ("displayStatus", json!(used.display_status)),
        ("stalled", json!(used.stalled)),
        ("sessionsCompleted", json!(used.sessions_completed)),
        ("nextSessionAt", json!(used.next_session_at)),
        ("lastEngagementAt", json!(used.last_engagement_at)),
        (
            "accessStartDate",
            json!(a.map(|a| days::day_of(a.starts_at, zone))),
        ),
        (
            "accessEndDate",
            json!(a.map(|a| days::last_day(a.ends_at, zone))),
        ),
        ("accessEndSource", json!(a.map(|a| a.end_source.as_str()))),
        ("seatState", json!(state.as_str())),
        ("seatReason", seat_reason(m, state, now)),
        ("waitlistPosition", json!(position)),
        (
            "accessLevel",
            json!(outcome::access_level(m.identity, a, now).as_str()),
        ),
        ("identityState", json!(m.identity.as_str())),
        ("managedBy", json!(m.managed_by)),
        ("episode", json!(a.map(|a| a.episode))),
        ("attributes", attributes(m, catalog)),
    ])
}

/// How a person uses their coaching, as it is shown.
#[derive(Default)]
struct Used {
    status: Option<&'static str>,
    display_status: Option<&'static str>,
    stalled: Option<bool>,
    sessions_completed: Option<i64>,
    next_session_at: Option<Timestamp>,
    last_engagement_at: Option<Timestamp>,
}

impl Used {
    fn new(m: &Member, engagement: &Engagement, now: Timestamp) -> Self {
        let journey = engagement.journey.as_ref();
        let stage = journey.map_or(Stage::Invited, |journey| journey.stage);
        let status = outcome::journey(m.assignment.as_ref(), stage, now);
        let status = status.map(outcome::JourneyStatus::as_str);
        let stalled = stalled_since(m, engagement, now).is_some();
        Self {
            status,
            display_status: if stalled { Some("stalled") } else { status },
            stalled: Some(stalled),
            sessions_completed: journey.map(|journey| journey.sessions_completed),
            next_session_at: journey.and_then(|journey| journey.next_session_at),
            last_engagement_at: journey.and_then(|journey| journey.engaged_at),
        }
    }
}

/// Since when a person has stalled, if they have: nobody does without a seat in use.
fn stalled_since(m: &Member, engagement: &Engagement, now: Timestamp) -> Option<Timestamp> {
    let in_use = outcome::state_at(m.assignment.as_ref(), now) == SeatState::Assigned;
    engagement.stalls_at.filter(|at| in_use && *at <= now)
}

/// Since when, why and by which threshold a person has stalled; false if they have not.
pub(super) fn stalled(
    m: &Member,
    engagement: &Engagement,
    catalog: &Catalog,
    now: Timestamp,
) -> Value {
    let (Some(since), Some(a), Some(journey)) = (
        stalled_since(m, engagement, now),
        &m.assignment,
        &engagement.journey,
    ) else {
        return false.into();
    };
    let threshold = catalog.threshold(a.track, journey.stage);
    let benchmark = threshold
        .benchmark
        .map(|b| json!({"n": b.n, "days": b.days}));
    json!({
        "since": since,
        "reason": journey.stage.reason().as_str(),
        "thresholdDays": threshold.days,
        "benchmark": benchmark,
    })
}

/// A person where only who it is matters.
pub(super) fn brief(m: &Member) -> Value {
    json!({"id": m.id, "userName": attribute(m, "userName"), "email": email(m)})
}

/// One stretch of access. The note is what an operator wrote when they ended it.
pub(super) fn assignment(a: &Assignment, catalog: &Catalog, extra: Option<&Extra>) -> Value {
    let key = |id| catalog.pool(id).map(|pool| &pool.key);
    json!({
        "id": a.id,
        "episode": a.episode,
        "track": catalog.track(a.track).map(|track| &track.key),
        "pool": key(a.pool),
        "state": a.state.as_str(),
        "startsAt": a.starts_at,
        "endsAt": a.ends_at,
        "endSource": a.end_source.as_str(),
        "extendedUntil": a.extended.as_ref().map(|extended| extended.until),
        "seatTakenAt": extra.and_then(|extra| extra.seat_taken_at),
        "waitingFor": a.waiting.and_then(|waiting| key(waiting.pool)),
        "waitingSince": a.waiting.map(|waiting| waiting.since),
        "graceUntil": a.grace_until.filter(|_| !a.is_frozen()),
        "endedAt": a.ended_at,
        "endReason": a.end_reason.map(crate::seats::EndReason::as_str),
        "endNote": extra.and_then(|extra| extra.end_note.as_ref()),
        "rule": a.rule,
    })
}

pub(super) use crate::store::member_list::Extra;

pub(super) fn attribute(m: &Member, key: &str) -> Value {
    m.doc.get(key).cloned().unwrap_or_default()
}

pub(super) fn name(m: &Member) -> Value {
    let part = |key| m.doc.get("name").and_then(|name| name.get(key)?.as_str());
    let (given, family) = (part("givenName"), part("familyName"));
    let formatted = part("formatted").map(str::to_owned).or_else(|| {
        let parts: Vec<_> = [given, family].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    json!({"givenName": given, "familyName": family, "formatted": formatted})
}

/// The primary address, or else the first, or else the user name: some identity providers send no
/// other address. Of whoever is erased there is none.
pub(super) fn email(m: &Member) -> Value {
    let emails = m.doc.get("emails").and_then(Value::as_array);
    let emails: Vec<_> = emails.into_iter().flatten().collect();
    let is_primary = |e: &&&Value| e.get("primary").and_then(Value::as_bool) == Some(true);
    let chosen = emails.iter().find(is_primary).or_else(|| emails.first());
    match chosen.and_then(|e| e.get("value")) {
        Some(address) => address.clone(),
        None if m.identity == IdentityState::Erased => Value::Null,
        None => attribute(m, "userName"),
    }
}

/// What the identity provider's `roles` say: `admin` where one of them does, else `member`.
pub(super) fn role(m: &Member) -> &'static str {
    let roles = m.doc.get("roles").and_then(Value::as_array);
    let named = |role: &Value| role.get("value").and_then(Value::as_str).map(str::to_owned);
    let mut names = roles.into_iter().flatten().filter_map(named);
    if names.any(|name| name.eq_ignore_ascii_case("admin")) {
        "admin"
    } else {
        "member"
    }
}

/// Why the state is what it is; for access that is over, why it ended.
pub(super) fn seat_reason(m: &Member, state: SeatState, now: Timestamp) -> Value {
    let end = || match (&m.assignment, state) {
        (Some(a), SeatState::Ended | SeatState::Grace) => {
            a.end_reason.map(crate::seats::EndReason::as_str)
        }
        _ => None,
    };
    json!(
        person::seat_reason(m, now)
            .map(crate::seats::SeatReason::as_str)
            .or_else(end)
    )
}

fn attributes(m: &Member, catalog: &Catalog) -> Value {
    let of = |(name, urn): (&str, &str)| {
        let value = m.doc.get(urn).and_then(|extension| extension.get(name));
        (name.to_owned(), value.cloned().unwrap_or_default())
    };
    Value::Object(known_attributes(catalog).map(of).collect())
}

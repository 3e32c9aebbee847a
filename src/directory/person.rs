//! A person between the protocol and the rules: what their SCIM resource wants, the keys by which
//! they are found, and how the outcome reads in their resource.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::rules::Rules;
use super::{Error, Found, Kind, View, custom};
use crate::scim::Object;
use crate::scim::comparable::comparable;
use crate::scim::error::Error as ScimError;
use crate::scim::predicate::fold;
use crate::scim::schema::COACHING_URN;
use crate::seats::catalog::{Catalog, Match};
use crate::seats::placement::{Intent, Person};
use crate::seats::{IdentityState, SeatReason, SeatState, days, outcome, pin};
use crate::store::members::{Keys, Member};
use crate::store::users::User;

const DATES: [&str; 4] = [
    "accessStartDate",
    "accessEndDate",
    "hireDate",
    "terminationDate",
];
const EMPLOYMENT: [&str; 4] = ["prehire", "active", "leave", "terminated"];

fn text<'o>(object: &'o Object, key: &str) -> Option<&'o str> {
    object.get(key).and_then(Value::as_str)
}

fn coaching(doc: &Object) -> Option<&Object> {
    doc.get(COACHING_URN).and_then(Value::as_object)
}

/// The identity provider's identifier in a resource.
pub(super) fn external_id(doc: &Object) -> Option<String> {
    text(doc, "externalId").map(str::to_owned)
}

/// The HR system's identifier in a resource.
pub(super) fn worker_id(doc: &Object) -> Option<String> {
    coaching(doc)
        .and_then(|c| text(c, "workerId"))
        .map(str::to_owned)
}

/// Whether a resource says that its person is on leave.
pub(super) fn is_on_leave(doc: &Object) -> bool {
    coaching(doc)
        .and_then(|c| text(c, "employmentStatus"))
        .is_some_and(|status| status.eq_ignore_ascii_case("leave"))
}

/// Whether the clock of stalling stands still for a person: they are on leave, or their seat rests.
pub(super) fn stands_still(member: &Member) -> bool {
    let paused = member.assignment.as_ref().and_then(|a| a.paused);
    paused.is_some() || is_on_leave(&member.doc)
}

/// What a resource wants for its person. `active` that is absent means active: an identity provider
/// that does not send it has not deactivated anybody.
pub(super) fn intent(doc: &Object) -> Intent {
    let wish = |key| coaching(doc).and_then(|c| text(c, key)).map(str::to_owned);
    Intent {
        active: doc.get("active").and_then(Value::as_bool).unwrap_or(true),
        track: wish("track").or_else(|| entitled_track(doc)),
        pool: wish("pool"),
        start: wish("accessStartDate"),
        end: wish("accessEndDate"),
        hired: wish("hireDate"),
        terminated: wish("terminationDate"),
        employment: wish("employmentStatus"),
        zone: text(doc, "timezone").and_then(|name| TimeZone::get(name).ok()),
        pinned: Vec::new(),
    }
}

/// The track of the primary entitlement of type `track`, or of the only one.
fn entitled_track(doc: &Object) -> Option<String> {
    let entitlements = doc.get("entitlements")?.as_array()?;
    let tracks = || {
        let objects = entitlements.iter().filter_map(Value::as_object);
        objects.filter(|e| text(e, "type").is_some_and(|t| t.eq_ignore_ascii_case("track")))
    };
    let primary = |e: &&Object| e.get("primary").and_then(Value::as_bool) == Some(true);
    let chosen = tracks().find(primary).or_else(|| tracks().next())?;
    let value = text(chosen, "value")?;
    Some(value.strip_prefix("track:").unwrap_or(value).to_owned())
}

/// Refuses what a write newly wants and cannot be: a track or pool that is not there, a date that
/// is none. What was already stored stays, even if its track has been retired since. A tenant that
/// has no track or pool yet takes any for a wish: identity providers may push before operators have
/// set up.
pub(super) fn check(doc: &Object, before: Option<&Object>, catalog: &Catalog) -> Result<(), Error> {
    custom::check(doc, before)?;
    let Some(now) = coaching(doc) else {
        return Ok(());
    };
    let was = before.and_then(coaching);
    let changed = |key: &str| {
        text(now, key).filter(|value| was.and_then(|was| text(was, key)) != Some(value))
    };
    let tracks: Vec<_> = catalog
        .tracks
        .iter()
        .filter(|t| t.live)
        .map(|t| t.key.as_str())
        .collect();
    let pools: Vec<_> = catalog
        .pools
        .iter()
        .filter(|p| p.is_live())
        .map(|p| p.key.as_str())
        .collect();
    if !tracks.is_empty() || !pools.is_empty() {
        if let Some(track) = changed("track").filter(|key| catalog.track_named(key).is_none()) {
            return Err(no_such("track", track, &tracks));
        }
        if let Some(pool) = changed("pool").filter(|key| catalog.pool_named(key).is_none()) {
            return Err(no_such("pool", pool, &pools));
        }
    }
    for key in DATES {
        if let Some(Err(wrong)) = changed(key).map(days::read) {
            return Err(ScimError::invalid_value(format!("{COACHING_URN}:{key}: {wrong}")).into());
        }
    }
    if let Some(status) = changed("employmentStatus")
        && EMPLOYMENT
            .iter()
            .all(|known| !known.eq_ignore_ascii_case(status))
    {
        return Err(no_such("employmentStatus", status, &EMPLOYMENT));
    }
    Ok(())
}

fn no_such(attribute: &str, value: &str, live: &[&str]) -> Error {
    let known = if live.is_empty() {
        "none".to_owned()
    } else {
        live.join(", ")
    };
    let value: String = value.chars().take(100).collect();
    ScimError::invalid_value(format!(
        "{COACHING_URN}:{attribute} cannot be '{value}'; the values are: {known}"
    ))
    .into()
}

/// A person as the rules see them.
pub(super) fn person<'r>(rules: &'r Rules, member: &Member) -> Person<'r> {
    let mut intent = Intent {
        active: member.identity == IdentityState::Active,
        ..intent(&member.doc)
    };
    pin::apply(&member.pins, &mut intent);
    let search = if rules
        .catalog
        .rules
        .iter()
        .any(|r| matches!(r.matches, Match::Filter(_)))
    {
        comparable(&rules.searched, &member.doc)
    } else {
        Object::new()
    };
    let relevant: Vec<_> = member
        .groups
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| {
            rules.catalog.rules.iter().any(|rule| match &rule.matches {
                Match::Group { groups, .. } => groups.contains(id),
                Match::Filter(_) => false,
            })
        })
        .collect();
    let inputs = json!([
        intent.track,
        intent.pool,
        intent.start,
        intent.end,
        intent.hired,
        intent.terminated,
        intent.employment,
        relevant,
    ])
    .to_string();
    Person {
        rules: rules.matching(&search, &member.groups),
        intent,
        inputs,
    }
}

/// The keys by which a person is found.
pub(super) fn keys(member: &Member, rules: &Rules, now: Timestamp) -> Keys {
    let doc = &member.doc;
    let user_name = text(doc, "userName").unwrap_or_default().to_owned();
    let name = doc.get("name").and_then(Value::as_object);
    let part = |key| name.and_then(|name| text(name, key)).unwrap_or_default();
    let (family, given) = (part("familyName"), part("givenName"));
    // Whoever has no name sorts by what a list shows for it.
    let named = if family.is_empty() && given.is_empty() {
        text(doc, "displayName").unwrap_or(&user_name).to_owned()
    } else {
        format!("{family}\u{1}{given}")
    };
    let mut full = doc.clone();
    merge_outcomes(&mut full, outcomes(member, &rules.catalog, now));
    Keys {
        user_name_key: fold(&user_name),
        user_name,
        name_key: fold(&named),
        search: comparable(&rules.searched, &full),
    }
}

/// What came of the intent, as read-only attributes of the coaching extension (domain 4.15).
fn outcomes(member: &Member, catalog: &Catalog, now: Timestamp) -> Object {
    let a = member.assignment.as_ref();
    let state = outcome::state_at(a, now);
    let mut out = Map::new();
    out.insert("seatState".into(), state.as_str().into());
    if let Some(reason) = seat_reason(member, now) {
        out.insert("seatReason".into(), reason.as_str().into());
    }
    let level = outcome::access_level(member.identity, a, now);
    if let Some(a) = a {
        let current = !matches!(state, SeatState::Ended | SeatState::None);
        if let Some(track) = catalog.track(a.track).filter(|_| current) {
            out.insert("effectiveTrack".into(), track.key.as_str().into());
        }
        if let Some(pool) = catalog.pool(a.pool).filter(|_| current) {
            out.insert("effectivePool".into(), pool.key.as_str().into());
            out.insert(
                "subscriptionType".into(),
                pool.subscription_type.as_str().into(),
            );
        }
        let zone = intent(&member.doc)
            .zone
            .unwrap_or_else(|| catalog.zone.clone());
        let last = days::last_day(a.ends_at, &zone);
        out.insert("effectiveAccessEndDate".into(), last.to_string().into());
        out.insert("accessEndSource".into(), a.end_source.as_str().into());
        if let Some(until) = a
            .grace_until
            .filter(|_| state == SeatState::Grace && !a.is_frozen())
        {
            out.insert("graceUntil".into(), until.to_string().into());
        }
        out.insert("episode".into(), a.episode.into());
    }
    out.insert("accessLevel".into(), level.as_str().into());
    out
}

/// Why the seat state is what it is: what the clock says, or else what was decided.
pub(super) fn seat_reason(member: &Member, now: Timestamp) -> Option<SeatReason> {
    outcome::reason(member.assignment.as_ref(), now).or(member.seat_reason)
}

fn merge_outcomes(resource: &mut Object, outcomes: Object) {
    let extension = resource
        .entry(COACHING_URN)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(extension) = extension {
        extension.extend(outcomes);
    }
}

/// The SCIM resource without what came of it.
pub(super) fn shown(user: User) -> Found {
    let mut resource = user.doc;
    if let Some(id) = user.id {
        resource.insert("id".into(), id.to_string().into());
    }
    if !user.groups.is_empty() {
        let groups = user.groups.iter().map(|(id, display)| {
            json!({"value": id, "display": display, "type": "direct",
                   "$ref": format!("../Groups/{id}")})
        });
        resource.insert("groups".into(), groups.collect());
    }
    Found {
        kind: Kind::User,
        resource,
        version: user.version,
        created: user.created_at,
        last_modified: user.last_modified,
    }
}

/// The SCIM resource as it reads now, with what came of it.
pub(super) fn found(
    member: &Member,
    rules: &Rules,
    waitlist_position: Option<i64>,
    now: Timestamp,
) -> Found {
    let mut found = shown(member.into());
    let mut outcomes = outcomes(member, &rules.catalog, now);
    if let Some(position) = waitlist_position {
        outcomes.insert("waitlistPosition".into(), position.into());
    }
    merge_outcomes(&mut found.resource, outcomes);
    found
}

/// Reads what only some views show: the place in line.
pub(super) async fn waitlist_position(
    session: &mut crate::store::Session,
    member: &Member,
    view: View,
) -> Result<Option<i64>, Error> {
    match &member.assignment {
        Some(a) if view.waitlist_position => Ok(session.waitlist_position(a).await?),
        _ => Ok(None),
    }
}

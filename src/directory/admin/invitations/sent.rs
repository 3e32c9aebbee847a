//! What is sent of an invitation.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use uuid::Uuid;

use crate::directory::admin::body::{Body, required};
use crate::directory::admin::{invalid, licensed, wrong};
use crate::directory::{Caller, Code, Refusal};
use crate::seats::catalog::Catalog;
use crate::seats::days::{self, When};
use crate::seats::invitation as reading;
use crate::store::invitations::{Invitation, InvitationState};

pub(super) const FIELDS: [&str; 11] = [
    "emails",
    "track",
    "pool",
    "startsAt",
    "endsAt",
    "durationDays",
    "language",
    "sendAt",
    "timezone",
    "message",
    "dryRun",
];
/// What of an invitation can be changed until it is sent.
pub(super) const CHANGEABLE: [&str; 9] = [
    "track",
    "pool",
    "startsAt",
    "endsAt",
    "durationDays",
    "language",
    "sendAt",
    "timezone",
    "message",
];
/// Addresses of a request at most.
const MOST: usize = 500;
const MESSAGE: usize = 5_000;

/// The addresses of a body: a list, or one text with anything between them.
pub(super) fn addresses(body: &Body) -> Result<Vec<String>, Refusal> {
    let wrong_kind = || wrong("emails", "must be a text, or a list of texts");
    let found = match required("emails", body.raw("emails"))? {
        Value::String(text) => reading::addresses([text.as_str()]),
        Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            reading::addresses(texts.ok_or_else(wrong_kind)?)
        }
        _ => return Err(wrong_kind()),
    };
    if found.is_empty() {
        return Err(wrong("emails", "has no address"));
    }
    if found.len() > MOST {
        let detail = format!("has more than {MOST} addresses");
        return Err(invalid(Code::TooMany, "emails", &detail));
    }
    Ok(found)
}

/// An invitation of which nothing is said yet.
pub(super) fn blank(caller: &Caller, now: Timestamp) -> Invitation {
    Invitation {
        id: Uuid::nil(),
        email: String::new(),
        email_key: String::new(),
        track: None,
        pool: None,
        starts_on: None,
        ends_on: None,
        duration_days: None,
        language: None,
        time_zone: None,
        message: None,
        send_at: now,
        state: InvitationState::Scheduled,
        result: None,
        member: None,
        actor: caller.by().actor,
        invited_at: None,
        resent_at: None,
        created_at: now,
    }
}

/// Puts what was sent into an invitation.
pub(super) fn put(
    body: &Body,
    i: &mut Invitation,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<(), Refusal> {
    if body.has("track") {
        i.track = body.key("track")?;
        if let Some(key) = &i.track {
            let none = || wrong("track", &format!("there is no live track '{key}'"));
            let track = catalog.track_named(key).ok_or_else(none)?;
            licensed("track", track, catalog)?;
        }
    }
    if body.has("pool") {
        i.pool = body.key("pool")?;
        if let Some(key) = i
            .pool
            .as_deref()
            .filter(|k| catalog.pool_named(k).is_none())
        {
            return Err(wrong("pool", &format!("there is no live pool '{key}'")));
        }
    }
    if body.has("timezone") {
        i.time_zone = body.text("timezone", 60)?;
        if let Some(name) = &i.time_zone {
            TimeZone::get(name).map_err(|_| wrong("timezone", "is no IANA time zone"))?;
        }
    }
    for (field, into) in [("startsAt", &mut i.starts_on), ("endsAt", &mut i.ends_on)] {
        if body.has(field) {
            body.when(field)?;
            *into = body.text(field, 60)?;
        }
    }
    if body.has("durationDays") {
        i.duration_days = body.days("durationDays")?;
    }
    if i.ends_on.is_some() && i.duration_days.is_some() {
        return Err(wrong("durationDays", "goes without endsAt"));
    }
    if body.has("language") {
        i.language = body.text("language", 35)?;
    }
    if body.has("message") {
        i.message = body.text("message", MESSAGE)?;
    }
    let zone = i.time_zone.as_deref().and_then(|z| TimeZone::get(z).ok());
    let zone = zone.as_ref().unwrap_or(&catalog.zone);
    if let Some(text) = body.text("sendAt", 60)? {
        i.send_at = send_at(&text, zone)?;
    }
    let when = |text: &Option<String>| text.as_deref().and_then(|t| days::read(t).ok()).flatten();
    let start = when(&i.starts_on).map_or(i.send_at.max(now), |when: When| when.start(zone));
    if when(&i.ends_on).is_some_and(|when| when.end(zone) <= start) {
        return Err(wrong("endsAt", "must lie after access begins"));
    }
    Ok(())
}

/// A day, an instant, or a time of day where the person is.
fn send_at(text: &str, zone: &TimeZone) -> Result<Timestamp, Refusal> {
    let detail =
        "must be a day, an RFC 3339 instant, or a time in the time zone (2027-05-31T09:00)";
    match days::read(text) {
        Ok(Some(when)) => Ok(when.start(zone)),
        _ => text
            .parse::<DateTime>()
            .ok()
            .and_then(|at| zone.to_timestamp(at).ok())
            .ok_or_else(|| wrong("sendAt", detail)),
    }
}

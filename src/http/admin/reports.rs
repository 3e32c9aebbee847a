//! Reports as JSON, CSV, a table or a chart.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::columns::Column;
use super::export::Asked;
use super::list::{self, CSV, List, NEXT_CURSOR};
use super::{Answer, Call, Named, columns, svg, table};
use crate::directory::Code;
use crate::directory::admin::reports::{Name, Report};
use crate::http::error::Failure;
use crate::scim::Object;

pub(super) async fn all(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_reports(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::REPORTS)
}

pub(super) async fn one(call: Call, Named(name): Named, Asked(mut query): Asked) -> Answer {
    let format = query.take("format");
    let write: fn(&Report) -> Answer = match format.as_deref().map(str::trim) {
        None | Some("" | "json") => |report| Ok(axum::Json(report.to_json()).into_response()),
        Some("csv") => csv,
        Some("table") => |report| Ok(as_table(report)),
        Some("svg") => |report| Ok(chart(report)),
        Some(_) => {
            let detail = "format: must be one of json, csv, table, svg";
            let code = Code::InvalidParameter;
            return Err(Failure::new(StatusCode::BAD_REQUEST, code, detail));
        }
    };
    let report = call
        .directory()
        .read_report(&call.caller, &name, &query, call.now);
    write(&report.await?)
}

fn csv(report: &Report) -> Answer {
    let text = list::csv(&report.lines.items, columns_of(report.name), true)?;
    Ok(answer(report, CSV, text))
}

fn as_table(report: &Report) -> Response {
    let mut text = String::new();
    if !report.summary.is_empty() {
        text.push_str(&table::of(&report.summary, summary_of(report.name)));
    }
    text.push_str(&table::of(&report.lines.items, columns_of(report.name)));
    answer(report, "text/plain; charset=utf-8", text)
}

fn chart(report: &Report) -> Response {
    let (label, value, unit) = drawn(report.name);
    // Of people what is counted is drawn, of all else the lines.
    let items = if report.summary.is_empty() {
        &report.lines.items
    } else {
        &report.summary
    };
    let values: Vec<_> = items
        .iter()
        .filter_map(|item| Some((label_of(item, label), item.get(value)?.as_f64()?)))
        .collect();
    let draw = match report.name {
        Name::Forecast => svg::line,
        _ => svg::bars,
    };
    let text = draw(report.title(), unit, &values);
    answer(report, "image/svg+xml; charset=utf-8", text)
}

fn label_of(item: &Object, key: &str) -> String {
    match item.get(key) {
        None | Some(serde_json::Value::Null) => "none".to_owned(),
        Some(value) => table::text(value),
    }
}

fn answer(report: &Report, media_type: &'static str, text: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, media_type)], text).into_response();
    let cursor = report.lines.next_cursor.as_deref();
    if let Some(cursor) = cursor.and_then(|cursor| cursor.parse().ok()) {
        response.headers_mut().insert(NEXT_CURSOR, cursor);
    }
    response
}

/// What a chart shows: the key of its labels, that of its values, and what those are.
fn drawn(name: Name) -> (&'static str, &'static str, &'static str) {
    match name {
        Name::ActivationUsage => ("group", "activated", "accounts activated"),
        Name::Attention => ("reason", "count", "how many"),
        Name::Connections => ("name", "people", "people managed"),
        Name::Expiring => ("userName", "daysLeft", "days left"),
        Name::Forecast => ("day", "available", "seats available"),
        Name::LeaversWithSessions => ("reason", "people", "people"),
        Name::Nudges => ("reason", "sent", "sent"),
        Name::Reflections => ("group", "outstanding", "outstanding"),
        Name::Seats => ("pool", "available", "seats available"),
        Name::TrueUp => ("pool", "peakHeld", "seats held at most"),
        Name::UnusedSeats => ("reason", "seats", "seats"),
        Name::Waitlist => ("pool", "waiting", "people waiting"),
    }
}

fn summary_of(name: Name) -> &'static [Column] {
    match name {
        Name::UnusedSeats => SEATS_BY_REASON,
        // Some are about pools or tokens, and a total of people and those would say nothing.
        Name::Attention => COUNT_BY_REASON,
        _ => PEOPLE_BY_REASON,
    }
}

const COUNT_BY_REASON: &[Column] = &[
    Column::text("reason", "/reason"),
    Column::text("count", "/count"),
];

const PEOPLE_BY_REASON: &[Column] = &[
    Column::text("reason", "/reason"),
    Column::sum("people", "/people"),
];

const SEATS_BY_REASON: &[Column] = &[
    Column::text("reason", "/reason"),
    Column::sum("people", "/people"),
    Column::sum("seats", "/seats"),
    Column::sum("reclaimable", "/reclaimable"),
];

fn columns_of(name: Name) -> &'static [Column] {
    match name {
        Name::ActivationUsage => USAGE,
        Name::Attention => ATTENTION,
        Name::Connections => CONNECTIONS,
        Name::Expiring => EXPIRING,
        Name::Forecast => FORECAST,
        Name::LeaversWithSessions => LEAVERS,
        Name::Nudges => NUDGES,
        Name::Reflections => REFLECTIONS,
        Name::Seats => SEATS,
        Name::TrueUp => TRUE_UP,
        Name::UnusedSeats => UNUSED,
        Name::Waitlist => WAITLIST,
    }
}

const USAGE: &[Column] = &[
    Column::text("group", "/group"),
    Column::text("suppressed", "/suppressed").only_csv(),
    Column::number("people", "/people"),
    Column::number("invited", "/invited"),
    Column::number("activated", "/activated"),
    Column::number("activationRate", "/activationRate"),
    Column::number("onboarded", "/onboarded"),
    Column::number("started", "/started"),
    Column::number("sessionsCompleted", "/sessionsCompleted"),
    Column::number("sessionsPerStarted", "/sessionsPerStarted"),
    Column::number("noShows", "/noShows").only_csv(),
    Column::number("noShowRate", "/noShowRate"),
    Column::number("medianDaysToActivate", "/medianDaysToActivate"),
    Column::number("medianDaysToFirstSession", "/medianDaysToFirstSession"),
    Column::number("reflectionsAssigned", "/reflectionsAssigned").only_csv(),
    Column::number("reflectionsCompleted", "/reflectionsCompleted").only_csv(),
    Column::number("reflectionRate", "/reflectionRate"),
    Column::number("stalled", "/stalled"),
    Column::number("delayedActivation", "/stalledBy/delayed_activation").only_csv(),
    Column::number("onboardingIncomplete", "/stalledBy/onboarding_incomplete").only_csv(),
    Column::number("noScheduledSession", "/stalledBy/no_scheduled_session").only_csv(),
    Column::number("reflectionIncomplete", "/stalledBy/reflection_incomplete").only_csv(),
];

const NUDGES: &[Column] = &[
    Column::text("kind", "/kind"),
    Column::text("reason", "/reason"),
    Column::sum("sent", "/sent"),
    Column::sum("open", "/open"),
    Column::sum("converted", "/converted"),
    Column::sum("expired", "/expired"),
    Column::sum("kept", "/kept"),
    Column::sum("released", "/released"),
    Column::sum("unanswered", "/unanswered"),
    Column::number("conversionRate", "/conversionRate"),
    Column::number("answerRate", "/answerRate"),
];

const REFLECTIONS: &[Column] = &[
    Column::text("group", "/group"),
    Column::text("suppressed", "/suppressed").only_csv(),
    Column::number("people", "/people"),
    Column::number("assigned", "/assigned"),
    Column::number("completed", "/completed"),
    Column::number("outstanding", "/outstanding"),
    Column::number("overdue", "/overdue"),
    Column::number("completionRate", "/completionRate"),
];

const ATTENTION: &[Column] = &[
    Column::text("id", "/id").only_csv(),
    Column::text("userName", "/userName"),
    Column::text("email", "/email"),
    Column::text("track", "/track"),
    Column::text("pool", "/pool"),
    Column::text("accessEndDate", "/accessEndDate"),
    Column::text("reason", "/reason"),
    Column::text("status", "/status"),
    Column::text("since", "/since").only_csv(),
    Column::number("days", "/days"),
    Column::text("until", "/until").only_csv(),
    Column::number("daysLeft", "/daysLeft"),
    Column::text("about", "/about"),
    Column::text("name", "/name"),
];

const EXPIRING: &[Column] = &[
    Column::text("id", "/id").only_csv(),
    Column::text("userName", "/userName"),
    Column::text("email", "/email"),
    Column::text("track", "/track"),
    Column::text("pool", "/pool"),
    Column::text("accessEndDate", "/accessEndDate"),
    Column::number("daysLeft", "/daysLeft"),
    Column::text("accessEndSource", "/accessEndSource"),
    Column::text("seatState", "/seatState"),
    Column::text("nextSessionAt", "/nextSessionAt"),
];

const UNUSED: &[Column] = &[
    Column::text("id", "/id").only_csv(),
    Column::text("userName", "/userName"),
    Column::text("email", "/email"),
    Column::text("track", "/track"),
    Column::text("pool", "/pool"),
    Column::text("accessEndDate", "/accessEndDate"),
    Column::text("reason", "/reason"),
    Column::text("since", "/since"),
    Column::number("days", "/days"),
    Column::text("reclaimable", "/reclaimable"),
];

const LEAVERS: &[Column] = &[
    Column::text("id", "/id").only_csv(),
    Column::text("userName", "/userName"),
    Column::text("email", "/email"),
    Column::text("track", "/track").only_csv(),
    Column::text("pool", "/pool").only_csv(),
    Column::text("identityState", "/identityState"),
    Column::text("deactivatedAt", "/deactivatedAt"),
    Column::text("endedAt", "/endedAt"),
    Column::number("upcomingSessions", "/upcomingSessions"),
    Column::text("nextSessionAt", "/nextSessionAt"),
    Column::number("sessionsAfterEnd", "/sessionsAfterEnd"),
];

const SEATS: &[Column] = &[
    Column::text("pool", "/pool"),
    Column::text("subscriptionType", "/subscriptionType").only_csv(),
    Column::sum("purchased", "/purchased"),
    Column::sum("occupied", "/occupied"),
    Column::sum("grace", "/grace"),
    Column::sum("scheduled", "/scheduled"),
    Column::sum("burned", "/burned"),
    Column::sum("reserved", "/reserved").only_csv(),
    Column::sum("available", "/available"),
    Column::sum("overage", "/overage"),
    Column::sum("waitlist", "/waitlist"),
    Column::number("utilisation", "/utilisation"),
    Column::text("termEnd", "/termEnd"),
    Column::number("daysLeft", "/daysLeft"),
    Column::text("low", "/low"),
    Column::text("state", "/state").only_csv(),
];

const TRUE_UP: &[Column] = &[
    Column::text("pool", "/pool"),
    Column::text("termStart", "/termStart"),
    Column::text("termEnd", "/termEnd"),
    Column::sum("purchased", "/purchased"),
    Column::sum("held", "/held"),
    Column::number("peakHeld", "/peakHeld"),
    Column::sum("overage", "/overage"),
    Column::number("peakOverage", "/peakOverage"),
    Column::sum("burned", "/burned"),
    Column::number("neverUsed", "/neverUsed"),
    Column::number("unitCost", "/unitCost").only_csv(),
    Column::number("peakOverageCost", "/peakOverageCost"),
    Column::number("neverUsedCost", "/neverUsedCost"),
];

const WAITLIST: &[Column] = &[
    Column::text("pool", "/pool"),
    Column::sum("waiting", "/waiting"),
    Column::text("oldestSince", "/oldestSince"),
    Column::number("longestDays", "/longestDays"),
    Column::sum("available", "/available"),
    Column::text("nextFreeAt", "/nextFreeAt"),
    Column::sum("freeWithin30Days", "/freeWithin30Days"),
];

const FORECAST: &[Column] = &[
    Column::text("day", "/day"),
    Column::sum("comingFree", "/comingFree"),
    Column::number("available", "/available"),
    Column::number("waiting", "/waiting"),
];

const CONNECTIONS: &[Column] = &[
    Column::text("name", "/name"),
    Column::number("people", "/people"),
    Column::text("lastSeenAt", "/lastSeenAt"),
    Column::number("lagSeconds", "/lagSeconds"),
    Column::text("silent", "/silent"),
    Column::text("lastError", "/lastError"),
    Column::text("lastErrorAt", "/lastErrorAt"),
    Column::number("tokens", "/tokens").only_csv(),
    Column::text("tokenExpiresAt", "/tokenExpiresAt"),
];

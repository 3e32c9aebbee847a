//! Which people an operator asks for: the parameters of the list, read against the tenant's tracks
//! and pools.

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::body::MAX_DAYS;
use super::query::{Query, refused};
use super::view;
use crate::directory::{Error, Refusal, custom};
use crate::scim::custom::{CUSTOM_URN, UserType};
use crate::scim::filter;
use crate::scim::predicate::{self, Predicate};
use crate::scim::schema::USER;
use crate::seats::catalog::Catalog;
use crate::seats::days::When;
use crate::seats::outcome::AccessLevel;
use crate::seats::{SeatState, named};
use crate::store::member_list::{Order, Selection, Sort};

/// The parameters that the list of people has besides those of every list.
pub(super) const PARAMETERS: &[&str] = &[
    "q",
    "status",
    "stalled",
    "idleDays",
    "episodeMin",
    "seatState",
    "track",
    "pool",
    "ended",
    "endsBefore",
    "endsAfter",
    "managedBy",
    "accessLevel",
    "sort",
    "asOf",
];
/// Those of them that may be there more than once, for any of their values.
const REPEATED: &[&str] = &["status", "seatState", "managedBy", "accessLevel"];
/// Those that tell how people use their coaching.
const ENGAGEMENT: &[&str] = &["status", "stalled", "idleDays", "episodeMin"];
/// Begins the parameters that filter by attribute.
pub(super) const ATTRIBUTE: &str = "attr.";

/// The attribute of everybody that has an index.
const DEPARTMENT: &str = "department";

/// What a text search looks at.
const SEARCHED: &[&str] = &[
    "userName",
    "displayName",
    "name.formatted",
    "name.givenName",
    "name.familyName",
    "emails.value",
    "externalId",
];

named! {
    /// Every journey status there is (domain 4.1), in their order, and the flag over them.
    Status {
        /// Has a seat and has not activated the account.
        Invited = "invited",
        /// Has activated the account.
        Activated = "activated",
        /// Has completed onboarding.
        CompletedOnboarding = "completed_onboarding",
        /// Has had a session.
        StartedCoaching = "started_coaching",
        /// Has a reflection to write.
        ReflectionAssigned = "reflection_assigned",
        /// Has written all reflections.
        ReflectionCompleted = "reflection_completed",
        /// The seat is gone.
        Ended = "ended",
        /// Has been in a status for too long.
        Stalled = "stalled",
    }
}

named! {
    /// Who last made or linked a person.
    ManagedBy {
        /// The identity provider.
        Scim = "scim",
        /// An operator.
        Admin = "admin",
        /// A file.
        Import = "import",
        /// A domain rule.
        Domain = "domain",
    }
}

named! {
    /// What the list can be sorted by.
    SortBy {
        /// Family name, then given name.
        Name = "name",
        /// User name.
        UserName = "userName",
        /// The address that is shown.
        Email = "email",
        /// Last day of access.
        AccessEndDate = "accessEndDate",
        /// When the identity provider created them.
        CreatedAt = "createdAt",
        /// When they last changed.
        LastModified = "lastModified",
        /// Track, by key.
        Track = "track",
        /// Pool, by key.
        Pool = "pool",
        /// How many sessions they have had.
        SessionsCompleted = "sessionsCompleted",
        /// When the next one is.
        NextSessionAt = "nextSessionAt",
        /// How far they have come.
        Status = "status",
        /// When they were last engaged.
        LastEngagementAt = "lastEngagementAt",
    }
}

impl SortBy {
    /// Whether the order tells how people use their coaching.
    fn is_of_engagement(self) -> bool {
        matches!(
            self,
            Self::SessionsCompleted | Self::NextSessionAt | Self::Status | Self::LastEngagementAt
        )
    }
}

/// Whether a filter or the order tells how people use their coaching.
pub(super) fn tells_engagement(query: &Query) -> bool {
    let sort = query.get("sort").unwrap_or_default();
    let sort = sort.strip_prefix('-').unwrap_or(sort).parse::<SortBy>();
    ENGAGEMENT.iter().any(|name| query.get(name).is_some())
        || sort.is_ok_and(SortBy::is_of_engagement)
}

/// Reads the parameters.
pub(super) fn read(query: &Query, catalog: &Catalog, now: Timestamp) -> Result<Selection, Error> {
    query.only_with(PARAMETERS, REPEATED, Some(ATTRIBUTE))?;
    let track = query.get("track").map(|key| {
        let track = catalog
            .tracks
            .iter()
            .find(|t| t.key.eq_ignore_ascii_case(key));
        track
            .map(|track| track.id)
            .ok_or_else(|| refused("track", "there is no such track"))
    });
    let pool = query.get("pool").map(|key| {
        let pool = catalog
            .pools
            .iter()
            .find(|p| p.key.eq_ignore_ascii_case(key));
        pool.map(|pool| pool.id)
            .ok_or_else(|| refused("pool", "there is no such pool"))
    });
    let statuses = query.names::<Status>("status")?.unwrap_or_default();
    Ok(Selection {
        matching: matching(query, catalog)?,
        is_indexed: has_indexed(query, catalog),
        states: query.names::<SeatState>("seatState")?,
        holds: query.flag("ended")?.map(|ended| !ended),
        or_stalled: statuses.contains(&Status::Stalled),
        statuses: ranks(&statuses),
        stalled: query.flag("stalled")?,
        idle_since: query
            .whole("idleDays", 0..=MAX_DAYS)?
            .map(|days| ago(now, days)),
        episode_min: query.whole("episodeMin", 1..=1_000)?,
        now,
        levels: query.names::<AccessLevel>("accessLevel")?,
        track: track.transpose()?,
        pool: pool.transpose()?,
        managed_by: query
            .names::<ManagedBy>("managedBy")?
            .map(|names| names.into_iter().map(ManagedBy::as_str).collect()),
        ends_by: query.when("endsBefore")?.map(|when| before(when, catalog)),
        ends_after: query.when("endsAfter")?.map(|when| when.end(&catalog.zone)),
        sort: sort(query)?,
    })
}

/// Whoever a SCIM filter matches.
pub(super) fn matching_filter(
    text: &str,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Selection, Error> {
    let matching = predicate::compile(&custom::declared(catalog), &filter::parse(text)?)?;
    Ok(Selection {
        matching: Some(matching),
        is_indexed: false,
        ..read(&Query::default(), catalog, now)?
    })
}

/// The places of statuses in their order, 1 for the first; none where no status is asked for.
fn ranks(statuses: &[Status]) -> Option<Vec<i64>> {
    let of = |status: &Status| Status::ALL.iter().position(|known| known == status);
    let ranks: Vec<_> = statuses
        .iter()
        .filter(|status| **status != Status::Stalled)
        .filter_map(of)
        .filter_map(|place| i64::try_from(place + 1).ok())
        .collect();
    (!ranks.is_empty()).then_some(ranks)
}

fn ago(now: Timestamp, days: i64) -> Timestamp {
    let time = SignedDuration::from_hours(days.saturating_mul(24));
    now.checked_sub(time).unwrap_or(Timestamp::MIN)
}

/// Access is stored with the instant at which it is over. It ends before a day if that is over when
/// the day begins.
pub(super) fn before(when: When, catalog: &Catalog) -> Timestamp {
    let start = when.start(&catalog.zone);
    match when {
        When::Day(_) => start,
        When::Instant(at) => at.checked_sub(1.millisecond()).unwrap_or(at),
    }
}

/// The text search and the attributes, as the filter that they are short for.
fn matching(query: &Query, catalog: &Catalog) -> Result<Option<Predicate>, Error> {
    let mut users = UserType::default();
    let mut conditions = Vec::new();
    for word in query.get("q").into_iter().flat_map(str::split_whitespace) {
        let word = quoted(word);
        let anywhere: Vec<_> = SEARCHED
            .iter()
            .map(|path| format!("{path} co {word}"))
            .collect();
        conditions.push(format!("({})", anywhere.join(" or ")));
    }
    for (name, value) in query.beginning(ATTRIBUTE) {
        let found = view::known_attribute(catalog, name);
        let (attribute, urn) = found.ok_or_else(|| unknown_attribute(name, catalog))?;
        let condition = format!("{urn}:{attribute} eq {}", quoted(value));
        if urn == CUSTOM_URN {
            users = custom::declared(catalog);
            let compiled = filter::parse(&condition).and_then(|f| predicate::compile(&users, &f));
            compiled.map_err(|_| wrong_value(attribute, catalog))?;
        }
        conditions.push(condition);
    }
    if conditions.is_empty() {
        return Ok(None);
    }
    let parsed = filter::parse(&conditions.join(" and "));
    let compiled = parsed.and_then(|parsed| predicate::compile(&users, &parsed));
    // What is composed here is right but for its size.
    compiled
        .map(Some)
        .map_err(|_| refused("q", "is too long").into())
}

/// Whether an attribute is asked for whose values an index has.
fn has_indexed(query: &Query, catalog: &Catalog) -> bool {
    query.beginning(ATTRIBUTE).any(|(name, _)| {
        let found = view::known_attribute(catalog, name);
        found.is_some_and(|(name, urn)| urn == CUSTOM_URN || name == DEPARTMENT)
    })
}

fn wrong_value(name: &str, catalog: &Catalog) -> Refusal {
    let mut declared = catalog.declared();
    let kind = declared
        .find(|a| a.name == name)
        .map_or("", |a| a.kind.as_str());
    refused(
        &format!("{ATTRIBUTE}{name}"),
        &format!("must be of the type {kind}"),
    )
}

fn unknown_attribute(name: &str, catalog: &Catalog) -> Refusal {
    let known: Vec<_> = view::known_attributes(catalog)
        .map(|(name, _)| name)
        .collect();
    let shown: String = name.chars().take(60).collect();
    let detail = format!("no such attribute; there are {}", known.join(", "));
    refused(&format!("{ATTRIBUTE}{shown}"), &detail)
}

/// A text as a filter has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn sort(query: &Query) -> Result<Sort, Error> {
    let text = query.get("sort").unwrap_or("name");
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let by = name.parse().map_err(|detail: String| {
        refused("sort", &format!("{detail}; '-' before it for descending"))
    })?;
    let order = match by {
        SortBy::Name => Order::Name,
        SortBy::UserName => Order::UserName,
        SortBy::Email => Order::Attribute(predicate::sort_target(&USER, "emails.value")?),
        SortBy::AccessEndDate => Order::AccessEnd,
        SortBy::CreatedAt => Order::Created,
        SortBy::LastModified => Order::Modified,
        SortBy::Track => Order::Track,
        SortBy::Pool => Order::Pool,
        SortBy::Status => Order::Status,
        SortBy::SessionsCompleted => Order::SessionsCompleted,
        SortBy::NextSessionAt => Order::NextSession,
        SortBy::LastEngagementAt => Order::LastEngagement,
    };
    Ok(Sort { order, descending })
}

//! People and pools as they were at a past moment, by the ledger. It has identifiers and codes, and
//! no personal data: who somebody was is shown as they are called today, and what no line tells is
//! null. Engagement is not kept by moment.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::query::refused;
use super::{Items, Query, cursor, find, not_found, object, selection, view};
use crate::directory::{Caller, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::outcome::AccessLevel;
use crate::seats::past::{Past, Step};
use crate::seats::{EndReason, EndSource, IdentityState, SeatState, days};
use crate::store::Session;
use crate::store::ledger::{Accounts, Entry};
use crate::store::members::Member;

/// The parameter that asks for the past.
pub(super) const AS_OF: &str = "asOf";
/// The filters that the list knows of the past.
const FILTERS: &[&str] = &[
    AS_OF,
    "seatState",
    "accessLevel",
    "ended",
    "track",
    "pool",
    "endsBefore",
    "endsAfter",
];
/// How far a client's clock may be ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// People looked at in one step.
const BATCH: i64 = 200;
/// People looked at for one page. Where few of them are wanted, it is short and has a next one.
const MOST: usize = 5_000;

/// The moment that a request asks for, if it does, within the tenant's time. A day is its end.
pub(super) async fn moment(
    session: &mut Session,
    query: &Query,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let Some(when) = query.when(AS_OF)? else {
        return Ok(None);
    };
    let soon = now.saturating_add(SKEW).unwrap_or(Timestamp::MAX);
    if when.start(zone) > soon {
        return Err(refused(AS_OF, "lies ahead").into());
    }
    let at = when.end(zone).min(now);
    if at < session.tenant_since().await? {
        return Err(refused(AS_OF, "lies before the tenant was made").into());
    }
    Ok(Some(at))
}

/// Which people of the past are wanted.
struct Wanted {
    states: Option<Vec<SeatState>>,
    levels: Option<Vec<AccessLevel>>,
    ended: Option<bool>,
    track: Option<String>,
    pool: Option<String>,
    ends_by: Option<Timestamp>,
    ends_after: Option<Timestamp>,
}

impl Wanted {
    fn read(query: &Query, catalog: &Catalog) -> Result<Self, Refusal> {
        query.only_with(FILTERS, &["seatState", "accessLevel"], None)?;
        let key = |name: &str| query.get(name).map(str::to_lowercase);
        let before = query.when("endsBefore")?;
        Ok(Self {
            states: query.names("seatState")?,
            levels: query.names("accessLevel")?,
            ended: query.flag("ended")?,
            track: key("track"),
            pool: key("pool"),
            ends_by: before.map(|when| selection::before(when, catalog)),
            ends_after: query.when("endsAfter")?.map(|when| when.end(&catalog.zone)),
        })
    }

    fn has(&self, past: &Past) -> bool {
        let state = past.seat_state();
        let holds = !matches!(state, SeatState::None | SeatState::Ended);
        let is = |wanted: &Option<String>, key: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| {
                key.as_ref()
                    .is_some_and(|key| key.eq_ignore_ascii_case(wanted))
            })
        };
        let ends = past.ends_at;
        self.states.as_ref().is_none_or(|s| s.contains(&state))
            && self
                .levels
                .as_ref()
                .is_none_or(|levels| levels.contains(&past.access_level()))
            && self.ended.is_none_or(|ended| {
                if ended {
                    state == SeatState::Ended
                } else {
                    holds
                }
            })
            && is(&self.track, &past.track)
            && is(&self.pool, &past.pool)
            && self
                .ends_by
                .is_none_or(|by| ends.is_some_and(|at| at <= by))
            && self
                .ends_after
                .is_none_or(|after| ends.is_some_and(|at| at > after))
    }
}

impl Directory {
    /// People as they were, by identifier.
    pub(super) async fn list_members_as_of(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        let list = cursor::list(caller, "members as of", query);
        let mut after: Option<Uuid> = self.place(list, query, now).await?;
        let limit = usize::try_from(query.limit()?).unwrap_or(0);
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let wanted = Wanted::read(query, &catalog)?;
        let at = moment(&mut session, query, &catalog.zone, now).await?;
        let at = at.ok_or_else(|| refused(AS_OF, "must be a day or an instant"))?;
        let (mut rows, mut seen, mut more) = (Vec::new(), 0, true);
        while more && rows.len() < limit && seen < MOST {
            let people = session.everybody(after, BATCH).await?;
            more = i64::try_from(people.len()).is_ok_and(|n| n == BATCH);
            seen += people.len();
            let pasts = pasts(&mut session, &people, &catalog, at).await?;
            for (m, (past, episode)) in people.iter().zip(pasts) {
                if rows.len() == limit {
                    more = true;
                    break;
                }
                after = Some(m.id);
                if is_known(&past) && wanted.has(&past) {
                    rows.push(of_member(m, &past, episode, &catalog));
                }
            }
        }
        let next_cursor = match after.filter(|_| more) {
            Some(place) => Some(self.seal_place(list, place, now).await?),
            None => None,
        };
        Ok(Items {
            items: rows,
            next_cursor,
        })
    }

    /// One person as they were.
    pub(super) async fn read_member_as_of(
        &self,
        caller: &Caller,
        who: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Object, Error> {
        query.only(&[AS_OF], None)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let at = moment(&mut session, query, &catalog.zone, now).await?;
        let at = at.ok_or_else(|| refused(AS_OF, "must be a day or an instant"))?;
        let m = find::person(&mut session, who).await?;
        let people = [m];
        let pasts = pasts(&mut session, &people, &catalog, at).await?;
        let [m] = &people;
        let found = pasts
            .into_iter()
            .next()
            .filter(|(past, _)| past.identity.is_some());
        let (past, episode) = found.ok_or_else(|| not_found("such person at that time"))?;
        let mut object = of_member(m, &past, episode, &catalog);
        object.insert("asOf".into(), json!(at));
        object.insert("graceUntil".into(), json!(past.grace_until));
        Ok(object)
    }

    /// Pools as they were, by key.
    pub(super) async fn list_pools_as_of(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let at = moment(&mut session, query, &catalog.zone, now).await?;
        let at = at.ok_or_else(|| refused(AS_OF, "must be a day or an instant"))?;
        let accounts = session.accounts_until(at).await?;
        let rows = catalog.pools.iter().filter_map(|pool| {
            let (_, accounts) = accounts.iter().find(|(id, _)| *id == pool.id)?;
            Some((pool.key.clone(), of_pool(pool, accounts, &catalog)))
        });
        let list = cursor::list(caller, "pools as of", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }
}

/// Whether the list showed them: somebody who was deleted stays as long as they once had a claim.
fn is_known(past: &Past) -> bool {
    match past.identity {
        None => false,
        Some(IdentityState::Active | IdentityState::Inactive) => true,
        Some(IdentityState::Deleted | IdentityState::Erased) => past.assignment.is_some(),
    }
}

/// Where each of these people was, in their order, and in which episode.
async fn pasts(
    session: &mut Session,
    people: &[Member],
    catalog: &Catalog,
    at: Timestamp,
) -> Result<Vec<(Past, Option<i64>)>, Error> {
    let ids: Vec<_> = people.iter().map(|m| m.id).collect();
    let mut lines: HashMap<Uuid, Vec<Entry>> = HashMap::new();
    for line in session.ledger_until(&ids, at).await? {
        if let Some(member) = line.member {
            lines.entry(member).or_default().push(line);
        }
    }
    let episodes: HashMap<_, _> = session.episodes(&ids).await?.into_iter().collect();
    let past = |id: &Uuid| {
        let lines = lines.get(id).map(Vec::as_slice).unwrap_or_default();
        let past = Past::of(lines.iter().map(|line| step(line, catalog)), at);
        let episode = past.assignment.and_then(|id| episodes.get(&id).copied());
        (past, episode)
    };
    Ok(ids.iter().map(past).collect())
}

pub(super) fn step<'l>(line: &'l Entry, catalog: &'l Catalog) -> Step<'l> {
    let moved = line.moved.as_ref().and_then(|moved| {
        let pool = catalog.pool(moved.pool)?;
        Some((moved.to, pool.key.as_str()))
    });
    Step {
        action: &line.action,
        assignment: line.assignment,
        moved,
        detail: &line.detail,
    }
}

/// A person of the past, with the keys of the list.
fn of_member(m: &Member, past: &Past, episode: Option<i64>, catalog: &Catalog) -> Object {
    let intent = person::intent(&m.doc);
    let zone = intent.zone(catalog);
    let state = past.seat_state();
    let reason = matches!(state, SeatState::Ended | SeatState::Grace)
        .then_some(past.end_reason)
        .flatten();
    let subscription = past.pool.as_ref().and_then(|key| {
        let mut pools = catalog.pools.iter();
        pools.find(|pool| pool.key.eq_ignore_ascii_case(key))
    });
    let start = past.starts_at.map(|at| days::day_of(at, zone));
    let end = past.ends_at.map(|at| days::last_day(at, zone));
    let is_over = matches!(state, SeatState::Ended | SeatState::None);
    let none = Value::Null;
    object([
        ("id", json!(m.id)),
        ("userName", view::attribute(m, "userName")),
        ("displayName", view::attribute(m, "displayName")),
        ("name", view::name(m)),
        ("title", none.clone()),
        ("email", view::email(m)),
        ("track", json!(past.track.as_ref().filter(|_| !is_over))),
        ("pool", json!(past.pool)),
        (
            "subscriptionType",
            json!(subscription.map(|pool| &pool.subscription_type)),
        ),
        ("status", none.clone()),
        ("displayStatus", none.clone()),
        ("stalled", none.clone()),
        ("sessionsCompleted", none.clone()),
        ("nextSessionAt", none.clone()),
        ("lastEngagementAt", none.clone()),
        ("accessStartDate", json!(start)),
        ("accessEndDate", json!(end)),
        (
            "accessEndSource",
            json!(past.end_source.map(EndSource::as_str)),
        ),
        ("seatState", state.as_str().into()),
        ("seatReason", json!(reason.map(EndReason::as_str))),
        ("waitlistPosition", none.clone()),
        ("accessLevel", past.access_level().as_str().into()),
        (
            "identityState",
            json!(past.identity.map(IdentityState::as_str)),
        ),
        ("managedBy", none.clone()),
        ("episode", json!(episode)),
        ("attributes", none),
    ])
}

/// A pool of the past, with the keys of the list. What its terms were the ledger does not have, nor
/// which of the seats that nobody held could be taken.
fn of_pool(pool: &crate::seats::catalog::Pool, accounts: &Accounts, catalog: &Catalog) -> Object {
    let product = super::catalog::product_key(pool.product, catalog);
    let none = Value::Null;
    object([
        ("key", json!(pool.key)),
        ("product", json!(product)),
        ("subscriptionType", none.clone()),
        ("termStart", none.clone()),
        ("termEnd", none.clone()),
        ("fullPolicy", none.clone()),
        ("reusePolicy", none.clone()),
        ("purchased", accounts.purchased.into()),
        ("available", accounts.available.into()),
        ("reserved", accounts.reserved.into()),
        ("scheduled", accounts.scheduled.into()),
        ("occupied", accounts.occupied.into()),
        ("grace", accounts.grace.into()),
        ("burned", accounts.burned.into()),
        ("overage", accounts.overage.into()),
        ("waitlist", none.clone()),
        ("coolingDown", none.clone()),
        ("notOffered", none.clone()),
        ("overageLimit", none.clone()),
        ("cooldownDays", none.clone()),
        ("defaultDurationDays", none.clone()),
        ("fallbackPool", none.clone()),
        ("state", none.clone()),
        ("maxReassignments", none.clone()),
        ("reassignments", none.clone()),
        ("unitCost", none),
    ])
}

//! What a plan does to one person: what it would come to, and doing it, by the use case that an
//! operator calls for one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::exclusions::Exclusions;
use crate::directory::admin::body::Body;
use crate::directory::admin::object;
use crate::directory::admin::verbs::extend::{Judged, Wish};
use crate::directory::admin::verbs::{end, extend};
use crate::directory::change::Change;
use crate::directory::person;
use crate::directory::rules::Rules;
use crate::directory::{Error, Refusal};
use crate::plans::{self, Item, ItemState, Kind, Warning};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::extension::Extension;
use crate::seats::{Assignment, EndReason, SeatState, days};
use crate::store::engagement::Engagement;
use crate::store::members::Member;

/// The fields that say what is done, of all kinds.
pub(super) const FIELDS: [&str; 4] = ["reason", "until", "addDays", "pool"];

/// Those of one kind: of the body of the use case for one person.
pub(super) fn fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::End | Kind::Reclaim => &["reason"],
        Kind::Extend => &["until", "addDays", "pool"],
    }
}

/// What is done to each.
pub(super) enum Verb {
    End(EndReason, Option<String>),
    Extend(Wish),
}

impl Verb {
    /// Reads the body of the use case for one person; `note` is the plan's.
    pub(super) fn read(kind: Kind, body: Object, note: Option<&str>) -> Result<Self, Refusal> {
        let body = Value::Object(body);
        Ok(match kind {
            Kind::End | Kind::Reclaim => {
                let reason = end::reason(&Body::of(body, &["reason"])?)?;
                Self::End(reason, note.map(str::to_owned))
            }
            Kind::Extend => Self::Extend(extend::read(body)?),
        })
    }

    /// Refuses what could be done to nobody.
    pub(super) fn check(&self, catalog: &Catalog, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Self::End(..) => Ok(()),
            Self::Extend(wish) => wish.check(catalog, now),
        }
    }

    /// What it would come to for a person.
    pub(super) fn item(
        &self,
        rules: &Rules,
        m: &Member,
        engagement: &Engagement,
        exclusions: &Exclusions,
        now: Timestamp,
    ) -> Result<Item, Error> {
        let catalog = &rules.catalog;
        let before = m.assignment.as_ref();
        let mut item = Item {
            member: m.id,
            state: ItemState::Planned,
            problem: None,
            fingerprint: fingerprint(m, self.looks_at(engagement)),
            body: Object::new(),
            before: place(m, catalog, before.map(Standing::of).as_ref()),
            after: Object::new(),
            seat_delta: 0,
            warnings: Vec::new(),
        };
        match self {
            Self::End(reason, _) => ended(&mut item, *reason, m, engagement, catalog, now),
            Self::Extend(wish) => match extend::judge(rules, m, wish, now) {
                Ok(Judged::Granted(last, granted)) => {
                    item.body = object([("until", json!(granted.extended.until))]);
                    let Some((pool, window)) = granted.target.pools.first() else {
                        return Err(crate::store::Error::Inconsistent("no pool").into());
                    };
                    if let Some(key) = &wish.pool {
                        item.body.insert("pool".into(), json!(key));
                    }
                    let state = match granted.extension {
                        Extension::Longer | Extension::Move => last.state,
                        Extension::Reopen | Extension::Anew => SeatState::Assigned,
                    };
                    let then = Standing {
                        state,
                        track: granted.target.track.id,
                        pool: pool.id,
                        ends_at: window.ends_at,
                    };
                    item.after = place(m, catalog, Some(&then));
                    let known = last.extended.as_ref() == Some(&granted.extended);
                    extended(
                        &mut item,
                        granted.extension,
                        known && last.ends_at == window.ends_at,
                    );
                }
                Ok(Judged::BeyondTerm(..)) => {
                    refused(&mut item, crate::directory::Code::PoolTermExceeded.as_str());
                }
                Err(Error::Refused(refusal)) => refused(&mut item, refusal.code.as_str()),
                Err(error) => return Err(error),
            },
        }
        if let Some(by) = exclusions
            .of(m)
            .filter(|_| item.state == ItemState::Planned)
        {
            item.state = ItemState::Excluded;
            item.problem = Some(by.to_owned());
            item.seat_delta = 0;
        }
        Ok(item)
    }

    /// How people use their coaching decides whether they lose it, and not whether it goes on.
    pub(super) fn looks_at<'e>(&self, engagement: &'e Engagement) -> Option<&'e Engagement> {
        match self {
            Self::End(..) => Some(engagement),
            Self::Extend(_) => None,
        }
    }

    /// Does it.
    pub(super) async fn carry_out(
        &self,
        change: &mut Change<'_>,
        member: &mut Member,
        now: Timestamp,
    ) -> Result<(), Error> {
        let changed = match self {
            Self::End(reason, note) => {
                let why = (*reason, note.as_deref());
                end::end(change, member, why, now).await?.0
            }
            Self::Extend(wish) => extend::extend(change, member, wish, now).await?.changed,
        };
        if changed {
            change.save_seat(member).await?;
        }
        change.finish().await
    }
}

fn ended(
    item: &mut Item,
    reason: EndReason,
    m: &Member,
    engagement: &Engagement,
    catalog: &Catalog,
    now: Timestamp,
) {
    item.body = object([("reason", reason.as_str().into())]);
    let Some(a) = m.assignment.as_ref().filter(|a| a.is_open()) else {
        item.state = ItemState::Unchanged;
        item.after = item.before.clone();
        return;
    };
    let journey = engagement.journey.as_ref();
    let sessions = journey.map_or(0, |journey| journey.sessions_completed);
    let frees = plans::frees_seat(a, catalog.pool(a.pool), sessions);
    let then = Standing {
        state: SeatState::Ended,
        ends_at: a.ends_at.min(now),
        ..Standing::of(a)
    };
    item.after = place(m, catalog, Some(&then));
    item.seat_delta = i64::from(frees);
    if a.seat.is_none() {
        item.warnings.push(Warning::LeavesLine);
    } else if !frees {
        item.warnings.push(Warning::SeatBurned);
    }
    if plans::is_soon(journey.and_then(|journey| journey.next_session_at), now) {
        item.warnings.push(Warning::SessionSoon);
    }
}

fn extended(item: &mut Item, extension: Extension, is_known: bool) {
    match extension {
        Extension::Longer if is_known => item.state = ItemState::Unchanged,
        Extension::Longer => {}
        Extension::Move => item.warnings.push(Warning::TakesSeat),
        Extension::Reopen | Extension::Anew => {
            item.seat_delta = -1;
            item.warnings.extend([Warning::TakesSeat, Warning::Reopens]);
        }
    }
}

fn refused(item: &mut Item, code: &str) {
    item.state = ItemState::Refused;
    item.problem = Some(code.to_owned());
}

/// What somebody has, as far as a plan shows it.
struct Standing {
    state: SeatState,
    track: uuid::Uuid,
    pool: uuid::Uuid,
    ends_at: Timestamp,
}

impl Standing {
    fn of(a: &Assignment) -> Self {
        Self {
            state: a.state,
            track: a.track,
            pool: a.pool,
            ends_at: a.ends_at,
        }
    }
}

fn place(m: &Member, catalog: &Catalog, s: Option<&Standing>) -> Object {
    let state = s.map_or(SeatState::None, |s| s.state);
    let track = s.and_then(|s| catalog.track(s.track));
    let pool = s.and_then(|s| catalog.pool(s.pool));
    let intent = person::intent(&m.doc);
    let zone = intent.zone(catalog);
    let last = s.map(|s| days::last_day(s.ends_at, zone));
    object([
        ("seatState", state.as_str().into()),
        ("track", json!(track.map(|track| &track.key))),
        ("pool", json!(pool.map(|pool| &pool.key))),
        ("accessEndDate", json!(last)),
    ])
}

/// What tells a person from who they were: their resource, their seat and, where that counts, what
/// they have done with it.
pub(super) fn fingerprint(m: &Member, engagement: Option<&Engagement>) -> String {
    let a = m.assignment.as_ref();
    let journey = engagement.and_then(|engagement| engagement.journey.as_ref());
    plans::fingerprint(&json!([
        m.version,
        m.identity.as_str(),
        a.map(|a| json!([
            a.id,
            a.state.as_str(),
            a.pool,
            a.seat,
            a.track,
            a.starts_at,
            a.ends_at,
            a.grace_until,
            a.waiting.map(|waiting| waiting.pool),
        ])),
        journey.map(|j| json!([j.stage.as_str(), j.sessions_completed, j.engaged_at])),
    ]))
}

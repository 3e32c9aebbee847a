//! Reports whose lines are people.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Body;
use super::asked::{Asked, days_before, whole_days};
use crate::directory::admin::roles::Right;
use crate::directory::admin::{Query, cursor, object, selection, view};
use crate::directory::{Caller, Directory, Error, person};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, ReusePolicy};
use crate::seats::days;
use crate::store::lists::Key;
use crate::store::member_list::{Order, Selection, Sort};
use crate::store::members::Member;
use crate::store::reports::people::{Cutoffs, Unused};

impl Directory {
    pub(super) async fn expiring(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let within = asked.number("within", 'd')?;
        let list = cursor::list(caller, "report expiring", &asked.query);
        let after: Option<Key> = self.place(list, &asked.query, now).await?;
        let limit = asked.query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let catalog = &rules.catalog;
        let everybody = selection::read(&Query::default(), catalog, now)?;
        let selection = Selection {
            holds: Some(true),
            ends_after: Some(now),
            ends_by: Some(days::days_after(now, within, &catalog.zone)),
            track: asked.track(catalog)?,
            pool: asked.pool(catalog)?,
            sort: Sort {
                order: Order::AccessEnd,
                descending: false,
            },
            ..everybody
        };
        let people = session
            .list_members(&selection, after.as_ref(), limit + 1)
            .await?;
        let shows = caller.has(Right::Engagement);
        let rows = people.into_iter().map(|(m, engagement, key)| {
            let next = engagement
                .journey
                .and_then(|journey| journey.next_session_at);
            let mut item = who(&m, catalog);
            let ends = m.assignment.as_ref().map(|a| a.ends_at);
            item.extend(object([
                ("daysLeft", json!(ends.map(|at| whole_days(now, at)))),
                (
                    "accessEndSource",
                    json!(m.assignment.as_ref().map(|a| a.end_source.as_str())),
                ),
                ("seatState", m.seat_state().as_str().into()),
                ("nextSessionAt", json!(next.filter(|_| shows))),
            ]));
            (item, key)
        });
        let lines = self.page(list, rows.collect(), limit, now).await?;
        Ok(Body {
            lines,
            ..Body::default()
        })
    }

    pub(super) async fn unused_seats(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let cutoffs = Cutoffs {
            activation: days_before(now, asked.number("activationDays", 'd')?),
            idle: days_before(now, asked.number("days", 'd')?),
        };
        let only: Option<Unused> = asked.one_of("reason")?;
        let list = cursor::list(caller, "report unused-seats", &asked.query);
        let after: Option<Uuid> = self.place(list, &asked.query, now).await?;
        let limit = asked.query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let catalog = &rules.catalog;
        let pool = asked.pool(catalog)?;
        let seats = session
            .unused_seats(cutoffs, (only, pool), after, limit + 1)
            .await?;
        let rows = seats.into_iter().map(|seat| {
            let of = seat.member.assignment.as_ref().map(|a| a.pool);
            let mut item = who(&seat.member, catalog);
            item.extend(object([
                ("reason", seat.reason.as_str().into()),
                ("since", json!(seat.since)),
                ("days", json!(seat.since.map(|at| whole_days(at, now)))),
                (
                    "reclaimable",
                    of.is_some_and(|of| reclaimable(catalog, of, seat.started))
                        .into(),
                ),
            ]));
            (item, seat.member.id)
        });
        let rows = rows.collect();
        let counted = session.count_unused(cutoffs).await?;
        let summary = Unused::ALL.iter().map(|reason| {
            let of = || {
                counted.iter().filter(|c| {
                    c.reason == *reason
                        && only.is_none_or(|only| only == *reason)
                        && pool.is_none_or(|pool| pool == c.pool)
                })
            };
            let back = of().filter(|c| reclaimable(catalog, c.pool, c.started));
            object([
                ("reason", reason.as_str().into()),
                ("seats", of().map(|c| c.n).sum::<i64>().into()),
                ("reclaimable", back.map(|c| c.n).sum::<i64>().into()),
            ])
        });
        let summary = summary.collect();
        let lines = self.page(list, rows, limit, now).await?;
        Ok(Body { summary, lines })
    }

    pub(super) async fn leavers_with_sessions(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let list = cursor::list(caller, "report leavers-with-sessions", &asked.query);
        let after: Option<Uuid> = self.place(list, &asked.query, now).await?;
        let limit = asked.query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let catalog = &rules.catalog;
        let people = session.leavers_with_sessions(now, after, limit + 1).await?;
        let rows = people.into_iter().map(|leaver| {
            let m = &leaver.member;
            let ended = m.assignment.as_ref().and_then(|a| a.ended_at);
            let mut item = who(m, catalog);
            item.extend(object([
                ("identityState", m.identity.as_str().into()),
                ("deactivatedAt", json!(m.deactivated_at)),
                ("endedAt", json!(ended)),
                ("upcomingSessions", leaver.upcoming.into()),
                ("nextSessionAt", json!(leaver.next_at)),
                ("sessionsAfterEnd", leaver.after_end.into()),
            ]));
            (item, m.id)
        });
        let rows = rows.collect();
        let summary = vec![object([
            ("reason", "leaver_with_sessions".into()),
            (
                "people",
                session.count_leavers_with_sessions(now).await?.into(),
            ),
        ])];
        let lines = self.page(list, rows, limit, now).await?;
        Ok(Body { summary, lines })
    }
}

/// Whether a seat of the pool comes free for somebody else when it is taken back.
fn reclaimable(catalog: &Catalog, pool: Uuid, started: bool) -> bool {
    catalog
        .pool(pool)
        .is_some_and(|pool| match pool.reuse_policy {
            ReusePolicy::Reusable => true,
            ReusePolicy::UntilStarted => !started,
            ReusePolicy::Consumable => false,
        })
}

/// Who a line is about, and the seat that it is about.
pub(super) fn who(m: &Member, catalog: &Catalog) -> Object {
    let a = m.assignment.as_ref();
    let brief = view::brief(m);
    let of = |key: &str| brief.get(key).cloned().unwrap_or(Value::Null);
    let intent = person::intent(&m.doc);
    let zone = intent.zone(catalog);
    object([
        ("id", of("id")),
        ("userName", of("userName")),
        ("email", of("email")),
        (
            "track",
            json!(a.and_then(|a| catalog.track(a.track)).map(|t| &t.key)),
        ),
        (
            "pool",
            json!(a.and_then(|a| catalog.pool(a.pool)).map(|p| &p.key)),
        ),
        (
            "accessEndDate",
            json!(a.map(|a| days::last_day(a.ends_at, zone))),
        ),
    ])
}

//! What needs somebody today, in one list: people who have stalled, whose access ends soon, who
//! wait, who left with sessions booked; then pools, tokens and connections.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Body;
use super::asked::{Asked, whole_days};
use super::figures::{self, SOON, ahead};
use super::people::who;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{Query, cursor, object, selection};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::seats::SeatState;
use crate::seats::catalog::Catalog;
use crate::store::Session;
use crate::store::lists::Key;
use crate::store::member_list::{Order, Selection, Sort};
use crate::store::members::Member;
use crate::webhooks::signal::Level;

/// The parts of the list, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    Stalled,
    Ending,
    Waiting,
    Leavers,
    Reviews,
    Pools,
    Tokens,
    Connections,
}

const PARTS: [Part; 8] = [
    Part::Stalled,
    Part::Ending,
    Part::Waiting,
    Part::Leavers,
    Part::Reviews,
    Part::Pools,
    Part::Tokens,
    Part::Connections,
];

/// A line and its place within its part.
type Row = (Object, Value);

/// What is looked for.
struct Look<'l> {
    session: Session,
    catalog: &'l Catalog,
    track: Option<Uuid>,
    pool: Option<Uuid>,
    /// Whether connections and tokens may be seen.
    sees_rules: bool,
    now: Timestamp,
}

impl Directory {
    pub(super) async fn attention(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let list = cursor::list(caller, "report attention", &asked.query);
        let place: Option<(Part, Value)> = self.place(list, &asked.query, now).await?;
        let (first, mut after) = match place {
            Some((part, key)) => (part, Some(key)),
            None => (Part::Stalled, None),
        };
        let limit = asked.query.limit()?;
        self.flush_seen().await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let mut look = Look {
            catalog: &rules.catalog,
            track: asked.track(&rules.catalog)?,
            pool: asked.pool(&rules.catalog)?,
            sees_rules: caller.has(Right::ReadRules),
            session,
            now,
        };
        let mut rows: Vec<(Object, (Part, Value))> = Vec::new();
        for part in PARTS.into_iter().skip_while(|part| *part != first) {
            let left = limit + 1 - i64::try_from(rows.len()).unwrap_or(limit);
            if left <= 0 {
                break;
            }
            let found = Box::pin(look.part(part, after.take(), left)).await?;
            rows.extend(found.into_iter().map(|(o, key)| (o, (part, key))));
        }
        let summary = look.summary().await?;
        let lines = self.page(list, rows, limit, now).await?;
        Ok(Body { summary, lines })
    }
}

impl Look<'_> {
    async fn part(
        &mut self,
        part: Part,
        after: Option<Value>,
        limit: i64,
    ) -> Result<Vec<Row>, Error> {
        let everywhere = self.track.is_none() && self.pool.is_none();
        match part {
            Part::Stalled => self.stalled(read(after), limit).await,
            Part::Ending => self.ending(read(after), limit).await,
            Part::Waiting => self.waiting(read(after), limit).await,
            Part::Leavers => self.leavers(read(after), limit).await,
            Part::Reviews if everywhere && self.sees_rules => {
                Ok(rest(self.reviews().await?, after, limit))
            }
            Part::Pools if self.track.is_none() => Ok(rest(self.pools().await?, after, limit)),
            Part::Tokens if everywhere && self.sees_rules => {
                Ok(rest(self.tokens().await?, after, limit))
            }
            Part::Connections if everywhere && self.sees_rules => {
                Ok(rest(self.connections().await?, after, limit))
            }
            Part::Reviews | Part::Pools | Part::Tokens | Part::Connections => Ok(Vec::new()),
        }
    }

    async fn stalled(&mut self, after: Option<(i64, Uuid)>, n: i64) -> Result<Vec<Row>, Error> {
        let after = after.and_then(|(at, id)| Some((Timestamp::from_millisecond(at).ok()?, id)));
        let of = (self.track, self.pool);
        let people = self.session.stalled(self.now, of, after, n).await?;
        let rows = people.into_iter().map(|stalled| {
            let why = Why {
                status: Some(stalled.stage.as_str()),
                since: Some(stalled.since),
                ..Why::of(stalled.stage.reason().as_str())
            };
            let place = json!((stalled.since.as_millisecond(), stalled.member.id));
            (self.person(&stalled.member, why), place)
        });
        Ok(rows.collect())
    }

    fn selection(&self, states: &[SeatState], order: Order) -> Result<Selection, Error> {
        let everybody = selection::read(&Query::default(), self.catalog, self.now)?;
        Ok(Selection {
            states: Some(states.to_vec()),
            track: self.track,
            pool: self.pool,
            sort: Sort {
                order,
                descending: false,
            },
            ..everybody
        })
    }

    async fn ending(&mut self, after: Option<Key>, n: i64) -> Result<Vec<Row>, Error> {
        let states = [SeatState::Assigned, SeatState::Scheduled];
        let selection = Selection {
            ends_after: Some(self.now),
            ends_by: Some(ahead(self.now, SOON)),
            ..self.selection(&states, Order::AccessEnd)?
        };
        let people = self.session.list_members(&selection, after.as_ref(), n);
        let rows = people.await?.into_iter().map(|(m, _, key)| {
            let ends_at = m.assignment.as_ref().map(|a| a.ends_at);
            let why = Why {
                until: ends_at,
                ..Why::of("access_ends_soon")
            };
            (self.person(&m, why), json!(key))
        });
        Ok(rows.collect())
    }

    async fn waiting(&mut self, after: Option<Key>, n: i64) -> Result<Vec<Row>, Error> {
        let selection = self.selection(&[SeatState::Waitlisted], Order::Name)?;
        let people = self.session.list_members(&selection, after.as_ref(), n);
        let rows = people.await?.into_iter().map(|(m, _, key)| {
            let waiting = m.assignment.as_ref().and_then(|a| a.waiting);
            let why = Why {
                since: waiting.map(|waiting| waiting.since),
                ..Why::of("waiting")
            };
            (self.person(&m, why), json!(key))
        });
        Ok(rows.collect())
    }

    async fn leavers(&mut self, mut after: Option<Uuid>, n: i64) -> Result<Vec<Row>, Error> {
        let wanted = usize::try_from(n).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        loop {
            let people = self.session.leavers_with_sessions(self.now, after, n);
            let people = people.await?;
            let Some(last) = people.last() else {
                return Ok(rows);
            };
            after = Some(last.member.id);
            for leaver in people {
                let m = leaver.member;
                let a = m.assignment.as_ref();
                let is_in = |asked: Option<Uuid>, of: Option<Uuid>| asked.is_none() || asked == of;
                if is_in(self.track, a.map(|a| a.track)) && is_in(self.pool, a.map(|a| a.pool)) {
                    let why = Why {
                        since: m.deactivated_at.or(a.and_then(|a| a.ended_at)),
                        until: leaver.next_at,
                        ..Why::of("leaver_with_sessions")
                    };
                    rows.push((self.person(&m, why), json!(m.id)));
                }
            }
            if rows.len() >= wanted {
                rows.truncate(wanted);
                return Ok(rows);
            }
        }
    }

    /// Leavers whose tokens and things somebody has to look at, who left longest ago first.
    async fn reviews(&mut self) -> Result<Vec<(String, Object)>, Error> {
        let mut lines = Vec::new();
        for review in self.session.open_credential_reviews().await? {
            let Some(m) = self.session.member_by_id(review.member).await? else {
                continue;
            };
            let reason = if review.admin {
                "admin_left"
            } else {
                "credentials_to_review"
            };
            let why = Why {
                since: Some(review.opened_at),
                ..Why::of(reason)
            };
            let place = format!("{:020} {}", review.opened_at.as_millisecond(), m.id);
            lines.push((place, self.person(&m, why)));
        }
        Ok(lines)
    }

    async fn pools(&mut self) -> Result<Vec<(String, Object)>, Error> {
        let only = self.pool.and_then(|id| self.catalog.pool(id));
        let pools = figures::pools_filling(&mut self.session, self.catalog, self.now).await?;
        let pools = pools
            .into_iter()
            .filter(|(key, ..)| only.is_none_or(|only| only.key == *key));
        let lines = pools.map(|(key, level, _)| {
            let reason = match level {
                Level::Full => "pool_full",
                _ => "pool_low",
            };
            let line = self.thing("pool", &key, Why::of(reason));
            (key, line)
        });
        Ok(lines.collect())
    }

    async fn tokens(&mut self) -> Result<Vec<(String, Object)>, Error> {
        let tokens = figures::tokens_expiring(&mut self.session, self.now).await?;
        let lines = tokens.into_iter().map(|token| {
            let why = Why {
                until: Some(token.expires_at),
                ..Why::of("token_expiring")
            };
            (token.id.clone(), self.thing("token", &token.id, why))
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(lines)
    }

    async fn connections(&mut self) -> Result<Vec<(String, Object)>, Error> {
        let silent = figures::silent(&mut self.session, self.catalog, self.now).await?;
        let lines = silent.into_iter().map(|connection| {
            let why = Why {
                since: connection.last_seen_at,
                ..Why::of("connection_silent")
            };
            let line = self.thing("connection", &connection.name, why);
            (connection.name, line)
        });
        Ok(lines.collect())
    }

    async fn summary(&mut self) -> Result<Vec<Object>, Error> {
        let (now, catalog) = (self.now, self.catalog);
        let session = &mut self.session;
        let mut people = figures::stalled(session, now).await?;
        let ending = session.count_ending(now, ahead(now, SOON)).await?;
        people.push(("access_ends_soon", ending));
        people.push(("waiting", session.count_waiting().await?));
        let leavers = session.count_leavers_with_sessions(now).await?;
        people.push(("leaver_with_sessions", leavers));
        if self.sees_rules {
            let reviews = session.open_credential_reviews().await?;
            let of = |admin| reviews.iter().filter(|r| r.admin == admin).count();
            for (reason, n) in [
                ("admin_left", of(true)),
                ("credentials_to_review", of(false)),
            ] {
                people.push((reason, i64::try_from(n).unwrap_or(i64::MAX)));
            }
        }
        let pools = figures::pools_filling(session, catalog, now).await?;
        let at = |level| pools.iter().filter(|(_, at, _)| *at == level).count();
        let mut others = vec![("pool_low", at(Level::Low)), ("pool_full", at(Level::Full))];
        if self.sees_rules {
            let session = &mut self.session;
            let tokens = figures::tokens_expiring(session, now).await?.len();
            let silent = figures::silent(session, catalog, now).await?.len();
            others.extend([("token_expiring", tokens), ("connection_silent", silent)]);
        }
        let line = |reason: &str, people: Value, count: Value| {
            object([
                ("reason", reason.into()),
                ("people", people),
                ("count", count),
            ])
        };
        let people = people.iter().map(|(why, n)| line(why, json!(n), json!(n)));
        let others = others
            .iter()
            .map(|(why, n)| line(why, Value::Null, json!(n)));
        Ok(people.chain(others).collect())
    }

    fn person(&self, m: &Member, why: Why) -> Object {
        let mut line = who(m, self.catalog);
        line.extend(why.told(self.now));
        line.extend(object([("about", "person".into()), ("name", json!(null))]));
        line
    }

    /// A line that is about no person, with the same keys.
    fn thing(&self, about: &str, name: &str, why: Why) -> Object {
        let mut line = object([
            ("id", Value::Null),
            ("userName", Value::Null),
            ("email", Value::Null),
            ("track", Value::Null),
            ("pool", Value::Null),
            ("accessEndDate", Value::Null),
        ]);
        if about == "pool" {
            line.insert("pool".into(), name.into());
        }
        line.extend(why.told(self.now));
        line.extend(object([("about", about.into()), ("name", name.into())]));
        line
    }
}

/// Why something is on the list.
struct Why {
    reason: &'static str,
    status: Option<&'static str>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Why {
    fn of(reason: &'static str) -> Self {
        Self {
            reason,
            status: None,
            since: None,
            until: None,
        }
    }

    fn told(self, now: Timestamp) -> Object {
        object([
            ("reason", self.reason.into()),
            ("status", json!(self.status)),
            ("since", json!(self.since)),
            ("days", json!(self.since.map(|at| whole_days(at, now)))),
            ("until", json!(self.until)),
            ("daysLeft", json!(self.until.map(|at| whole_days(now, at)))),
        ])
    }
}

fn read<K: DeserializeOwned>(after: Option<Value>) -> Option<K> {
    after.and_then(|after| serde_json::from_value(after).ok())
}

/// What comes after a name, of a short list in the order of names.
fn rest(lines: Vec<(String, Object)>, after: Option<Value>, limit: i64) -> Vec<Row> {
    let after: Option<String> = read(after);
    let limit = usize::try_from(limit).unwrap_or(0);
    lines
        .into_iter()
        .skip_while(|(name, _)| after.as_ref().is_some_and(|after| name <= after))
        .take(limit)
        .map(|(name, line)| (line, name.into()))
        .collect()
}

//! Looking at what the coaching platform told.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::query::refused;
use super::roles::Right;
use super::{Items, Query, cursor, find, object};
use crate::coaching::Kind;
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::store::event_list::{Kept, Selection};

/// The parameters of the list of events.
const PARAMETERS: &[&str] = &["member", "type", "from", "to"];

impl Directory {
    /// Events, the newest first: everybody's, or those of `who`.
    pub async fn list_events(
        &self,
        caller: &Caller,
        who: Option<&str>,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Engagement)?;
        query.only_with(PARAMETERS, &["type"], None)?;
        let name = format!("events of {who:?}");
        let list = cursor::list(caller, &name, query);
        let before: Option<(i64, String)> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let zone = &rules.catalog.zone;
        let who = match (who, query.get("member")) {
            (Some(_), Some(_)) => {
                return Err(refused("member", "the path names the member already").into());
            }
            (named, asked) => named.or(asked),
        };
        let member = match who {
            Some(who) => Some(find::person(&mut session, who).await?.id),
            None => None,
        };
        let selection = Selection {
            member,
            kinds: query.names::<Kind>("type")?,
            from: query.when("from")?.map(|when| when.start(zone)),
            to: query.when("to")?.map(|when| when.end(zone)),
            before: before.and_then(|(at, id)| Some((Timestamp::from_millisecond(at).ok()?, id))),
        };
        let events = session.list_events(&selection, limit + 1).await?;
        let place = |kept: &Kept| {
            let at = kept.event.occurred_at.as_millisecond();
            (at, kept.event.id.clone())
        };
        let rows = events.iter().map(|kept| (view(kept), place(kept)));
        self.page(list, rows.collect(), limit, now).await
    }

    /// A person's sessions, the newest first: when, what became of them and how long they took.
    /// What was said in them is nowhere in this program.
    pub async fn list_sessions(
        &self,
        caller: &Caller,
        who: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Engagement)?;
        query.only(&[], None)?;
        let list = cursor::list(caller, &format!("sessions of {who}"), query);
        let before: Option<(i64, String)> = self.place(list, query, now).await?;
        let before = before.and_then(|(at, id)| Some((Timestamp::from_millisecond(at).ok()?, id)));
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let member = find::person(&mut session, who).await?;
        let episodes = session.assignments_of(member.id).await?;
        let sessions = session
            .sessions_of(member.id, before.as_ref(), limit + 1)
            .await?;
        let rows = sessions.into_iter().map(|kept| {
            let of = episodes.iter().find(|a| Some(a.id) == kept.assignment);
            let row = object([
                ("id", json!(kept.id)),
                ("state", json!(kept.state.as_str())),
                ("startsAt", json!(kept.starts_at)),
                ("durationMin", json!(kept.duration_min)),
                ("episode", json!(of.map(|a| a.episode))),
            ]);
            (row, (kept.starts_at.as_millisecond(), kept.id))
        });
        self.page(list, rows.collect(), limit, now).await
    }
}

fn view(kept: &Kept) -> Object {
    let event = &kept.event;
    let result: Value = if kept.problem.is_some() {
        "stored".into()
    } else {
        "applied".into()
    };
    object([
        ("id", json!(event.id)),
        ("type", json!(event.kind.as_str())),
        ("member", json!(kept.member)),
        ("occurredAt", json!(event.occurred_at)),
        ("receivedAt", json!(kept.received_at)),
        ("sessionId", json!(event.session)),
        ("startsAt", json!(event.starts_at)),
        ("durationMin", json!(event.duration_min)),
        ("reflectionId", json!(event.reflection)),
        ("result", result),
        ("problem", json!(kept.problem)),
    ])
}

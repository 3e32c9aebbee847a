//! Everybody with all that is known of them, a batch at a time. Each batch is a snapshot of its own
//! and begins after the last person of the one before, by an identifier that never changes: so each
//! person is met once, however long it takes and whatever happens meanwhile, and neither memory nor
//! a transaction grows with the directory. What is due at the beginning is carried out before it,
//! and every row is as of that moment's clock.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::roles::Right;
use super::{Query, invalid, members, selection, view};
use crate::directory::{Caller, Code, Directory, Error};
use crate::scim::Object;
use crate::seats::EndReason;
use crate::seats::catalog::Catalog;
use crate::store::engagement::Engagement;
use crate::store::exports::History;
use crate::store::lists::Key;
use crate::store::member_list::{Order, Selection, Sort};
use crate::store::members::Member;

/// People in a batch.
const BATCH: i64 = 500;

/// An export under way.
pub struct Export {
    directory: Directory,
    caller: Caller,
    selection: Selection,
    after: Option<Key>,
    done: bool,
    now: Timestamp,
}

impl Directory {
    /// Begins an export of the people whom the parameters of the list choose.
    pub async fn export_members(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Export, Error> {
        caller.may(Right::Read)?;
        if selection::tells_engagement(query) {
            caller.may(Right::Engagement)?;
        }
        for of_pages in ["sort", "limit", "cursor", "format", "asOf"] {
            if query.get(of_pages).is_some() {
                let detail = "an export is of everybody, in the order of their identifiers";
                return Err(invalid(Code::UnknownParameter, of_pages, detail).into());
            }
        }
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.read(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let sort = Sort {
            order: Order::Id,
            descending: false,
        };
        let selection = selection::read(query, &rules.catalog, now)?;
        Ok(Export {
            directory: self.clone(),
            caller: caller.clone(),
            selection: Selection { sort, ..selection },
            after: None,
            done: false,
            now,
        })
    }
}

impl Export {
    /// The next people; none when everybody has been.
    pub async fn next(&mut self) -> Result<Option<Vec<Object>>, Error> {
        if self.done {
            return Ok(None);
        }
        let directory = &self.directory;
        let mut session = directory.store.snapshot(self.caller.tenant).await?;
        let rules = directory.current_rules(&mut session).await?;
        let people = session
            .list_members(&self.selection, self.after.as_ref(), BATCH)
            .await?;
        let full = i64::try_from(people.len()).is_ok_and(|n| n == BATCH);
        self.done = !full;
        self.after = people.last().map(|(_, _, key)| key.clone());
        let shows = self.caller.has(Right::Engagement);
        let waiting: Vec<_> = people
            .iter()
            .filter_map(|(m, _, _)| members::waiting(m))
            .collect();
        let positions = session.waitlist_positions(&waiting).await?;
        let ids: Vec<Uuid> = people.iter().map(|(m, _, _)| m.id).collect();
        let mut histories = session.histories(&ids).await?;
        let rows = people.iter().map(|(m, engagement, _)| {
            let history = histories.remove(&m.id).unwrap_or_default();
            let position = members::waiting_at(m, &positions);
            let seen = Some(engagement).filter(|_| shows);
            let mut row = view::member(m, seen, &rules.catalog, position, self.now);
            row.extend(more(m, &history));
            row.extend(engaged(m, seen, &history, &rules.catalog, self.now));
            row
        });
        Ok(Some(rows.collect()))
    }
}

/// What the list does not show of a person.
fn more(m: &Member, history: &History) -> Object {
    let a = m.assignment.as_ref();
    let groups: Value = m.groups.iter().map(|(_, name)| name.as_str()).collect();
    super::object([
        ("scimId", json!(m.scim_id)),
        ("externalId", json!(m.external_id)),
        ("workerId", json!(m.worker_id)),
        ("createdAt", json!(m.created_at)),
        ("lastModified", json!(m.last_modified)),
        ("deactivatedAt", json!(m.deactivated_at)),
        ("graceUntil", json!(a.and_then(|a| a.grace_until))),
        ("endedAt", json!(a.and_then(|a| a.ended_at))),
        (
            "endReason",
            json!(a.and_then(|a| a.end_reason).map(EndReason::as_str)),
        ),
        ("groups", groups),
        ("episodes", json!(history.episodes)),
    ])
}

/// How a person has used their coaching over all episodes; nulls for whom that does not concern.
fn engaged(
    m: &Member,
    engagement: Option<&Engagement>,
    history: &History,
    catalog: &Catalog,
    now: Timestamp,
) -> Object {
    let shown = |value: Value| engagement.map_or(Value::Null, |_| value);
    let login = engagement
        .and_then(|e| e.journey.as_ref())
        .and_then(|journey| journey.login_at);
    let stalled = engagement.map(|e| view::stalled(m, e, catalog, now));
    let of_stalled = |key: &str| {
        let value = stalled.as_ref().and_then(|stalled| stalled.get(key));
        value.cloned().unwrap_or_default()
    };
    super::object([
        ("firstInvitedAt", shown(json!(history.first_invited_at))),
        (
            "sessionsCompletedTotal",
            shown(history.sessions_completed.into()),
        ),
        (
            "sessionsScheduledTotal",
            shown(history.sessions_scheduled.into()),
        ),
        (
            "sessionsCancelledTotal",
            shown(history.sessions_cancelled.into()),
        ),
        ("noShowsTotal", shown(history.no_shows.into())),
        (
            "reflectionsAssignedTotal",
            shown(history.reflections_assigned.into()),
        ),
        (
            "reflectionsCompletedTotal",
            shown(history.reflections_completed.into()),
        ),
        ("stalledSince", of_stalled("since")),
        ("stalledReason", of_stalled("reason")),
        ("lastLoginAt", json!(login)),
    ])
}

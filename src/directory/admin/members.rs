//! Looking at people.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::roles::Right;
use super::{
    Items, Query, as_of, cursor, explain, find, offboarding, selection, verbs, view, waitlist,
};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::store::Session;
use crate::store::lists::Key;
use crate::store::members::Member;

impl Directory {
    /// People: those the identity provider knows, and those it deleted who once had access.
    pub async fn list_members(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        let shows = caller.has(Right::Engagement);
        if selection::tells_engagement(query) {
            caller.may(Right::Engagement)?;
        }
        self.catch_up(caller.tenant, now).await?;
        if query.get(as_of::AS_OF).is_some() {
            return self.list_members_as_of(caller, query, now).await;
        }
        let list = cursor::list(caller, "members", query);
        let after: Option<Key> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let catalog = &rules.catalog;
        let selection = selection::read(query, catalog, now)?;
        let members = session
            .list_members(&selection, after.as_ref(), limit + 1)
            .await?;
        let waiting: Vec<Uuid> = members.iter().filter_map(|(m, _, _)| waiting(m)).collect();
        let positions = session.waitlist_positions(&waiting).await?;
        let rows = members
            .into_iter()
            .map(|(m, engagement, key)| {
                let position = waiting_at(&m, &positions);
                let engagement = Some(&engagement).filter(|_| shows);
                (view::member(&m, engagement, catalog, position, now), key)
            })
            .collect();
        self.page(list, rows, limit, now).await
    }

    /// One person, with all their episodes and why they are where they are.
    pub async fn read_member(
        &self,
        caller: &Caller,
        who: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Read)?;
        query.only(&[as_of::AS_OF], None)?;
        self.catch_up(caller.tenant, now).await?;
        if query.get(as_of::AS_OF).is_some() {
            return self.read_member_as_of(caller, who, query, now).await;
        }
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let m = find::person(&mut session, who).await?;
        let mut object = seen(&mut session, caller, &m, &rules.catalog, now).await?;
        let extras = session.assignment_extras(m.id).await?;
        let assignments = session.assignments_of(m.id).await?;
        let assignments: Value = assignments
            .iter()
            .rev()
            .map(|a| view::assignment(a, &rules.catalog, extras.get(&a.id)))
            .collect();
        let groups = m.groups.iter();
        let groups: Value = groups
            .map(|(id, name)| json!({"id": id, "displayName": name}))
            .collect();
        let expected = waitlist::expected_of(&mut session, &rules.catalog, &m, now).await?;
        object.insert("expectedAt".into(), json!(expected));
        object.insert("scimId".into(), json!(m.scim_id));
        object.insert("externalId".into(), json!(m.external_id));
        object.insert("createdAt".into(), json!(m.created_at));
        object.insert("lastModified".into(), json!(m.last_modified));
        object.insert("deactivatedAt".into(), json!(m.deactivated_at));
        if caller.has(Right::Engagement) {
            let engagement = session.engagement(m.id).await?;
            let stalled = view::stalled(&m, &engagement, &rules.catalog, now);
            let login = engagement.journey.and_then(|journey| journey.login_at);
            let total = session.sessions_completed(m.id).await?;
            object.insert("stalled".into(), stalled);
            object.insert("sessionsCompletedTotal".into(), total.into());
            object.insert("lastLoginAt".into(), json!(login));
        }
        verbs::show_overrides(&mut object, &mut session, &m).await?;
        let left = offboarding::of(&mut session, caller, &m, now).await?;
        object.insert("offboarding".into(), left);
        object.insert("assignments".into(), assignments);
        object.insert("groups".into(), groups);
        object.insert("role".into(), view::role(&m).into());
        object.insert("why".into(), explain::why(&rules, &m, now));
        Ok(object)
    }
}

/// A person at `now`, with their place in line, as the caller may see them.
pub(super) async fn seen(
    session: &mut Session,
    caller: &Caller,
    m: &Member,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Object, Error> {
    let position = position(session, m).await?;
    let engagement = if caller.has(Right::Engagement) {
        Some(session.engagement(m.id).await?)
    } else {
        None
    };
    Ok(view::member(m, engagement.as_ref(), catalog, position, now))
}

/// A person's place in line, if they wait.
pub(super) async fn position(session: &mut Session, m: &Member) -> Result<Option<i64>, Error> {
    let waiting: Vec<_> = waiting(m).into_iter().collect();
    let positions = session.waitlist_positions(&waiting).await?;
    Ok(waiting_at(m, &positions))
}

/// The assignment by which a person stands in line.
pub(super) fn waiting(m: &Member) -> Option<Uuid> {
    let waiting = m.assignment.as_ref().filter(|a| a.waiting.is_some());
    waiting.map(|a| a.id)
}

pub(super) fn waiting_at(
    m: &Member,
    positions: &std::collections::HashMap<Uuid, i64>,
) -> Option<i64> {
    waiting(m).and_then(|id| positions.get(&id).copied())
}

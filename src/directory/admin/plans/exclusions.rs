//! Whom no plan touches: people, the members of groups, those on tracks.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::NOTE;
use crate::directory::admin::body::Body;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{
    Items, Query, catalog, conflict, cursor, find, invalid, not_found, object, view, wrong,
};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error};
use crate::plans::{Item, ItemState};
use crate::scim::Object;
use crate::scim::predicate::fold;
use crate::seats::catalog::Catalog;
use crate::store::exclusions::{Excluded, Exclusion};
use crate::store::members::Member;
use crate::store::{self, Session, transact};

/// The exclusions of a tenant, ready to be asked.
pub(in crate::directory) struct Exclusions {
    members: HashSet<Uuid>,
    groups: HashSet<Uuid>,
    tracks: HashSet<Uuid>,
}

impl Exclusions {
    pub(in crate::directory) async fn read(session: &mut Session) -> Result<Self, Error> {
        let mut all = Self {
            members: HashSet::new(),
            groups: HashSet::new(),
            tracks: HashSet::new(),
        };
        for exclusion in session.exclusions().await? {
            match exclusion.of {
                Excluded::Member(id) => all.members.insert(id),
                Excluded::Group(id) => all.groups.insert(id),
                Excluded::Track(id) => all.tracks.insert(id),
            };
        }
        Ok(all)
    }

    /// Takes whoever is excluded out of what would be done.
    pub(in crate::directory) fn keep(&self, item: &mut Item, m: &Member) {
        if item.state != ItemState::Planned {
            return;
        }
        if let Some(by) = self.of(m) {
            item.state = ItemState::Excluded;
            item.problem = Some(by.to_owned());
            item.seat_delta = 0;
        }
    }

    /// What a person is excluded by, if anything.
    pub(in crate::directory) fn of(&self, m: &Member) -> Option<&'static str> {
        let track = m.assignment.as_ref().map(|a| a.track);
        if self.members.contains(&m.id) {
            Some("member")
        } else if m.groups.iter().any(|(id, _)| self.groups.contains(id)) {
            Some("group")
        } else {
            track
                .filter(|track| self.tracks.contains(track))
                .map(|_| "track")
        }
    }
}

impl Directory {
    /// Exclusions, the oldest first.
    pub async fn list_exclusions(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::ReadRules)?;
        query.only(&[], None)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let mut rows = Vec::new();
        for exclusion in session.exclusions().await? {
            let shown = shown(&mut session, &exclusion, &catalog).await?;
            rows.push((exclusion.id, shown));
        }
        drop(session);
        let list = cursor::list(caller, "exclusions", query);
        self.page_by_key(list, query, rows, now).await
    }

    /// Excludes a person, a group's members or a track from every plan, also from those there are.
    pub async fn create_exclusion(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &["member", "group", "track", "note"])?;
        let note = body.text("note", NOTE)?;
        transact!(self.store, caller.tenant, |tx| {
            let catalog = tx.catalog().await?;
            let exclusion = Exclusion {
                id: Uuid::now_v7(),
                of: whom(tx, &body, &catalog).await?,
                note: note.clone(),
                created_by: caller.by().actor,
                created_at: now,
            };
            if tx.exclusions().await?.iter().any(|e| e.of == exclusion.of) {
                return Err(taken());
            }
            tx.insert_exclusion(&exclusion)
                .await
                .map_err(|error| match error {
                    store::Error::Taken => taken(),
                    error => error.into(),
                })?;
            let detail = object([("exclusion", json!(exclusion.id))]);
            self.log_exclusion(tx, caller, "exclusion.created", (exclusion.of, detail), now)
                .await?;
            shown(tx, &exclusion, &catalog).await
        })
    }

    /// Lifts an exclusion.
    pub async fn delete_exclusion(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let nothing = || not_found("such exclusion");
        let id = Uuid::try_parse(id).map_err(|_| nothing())?;
        transact!(self.store, caller.tenant, |tx| {
            let all = tx.exclusions().await?;
            let known = all.iter().find(|e| e.id == id).ok_or_else(nothing)?;
            tx.delete_exclusion(id).await?;
            let detail = object([("exclusion", json!(id))]);
            self.log_exclusion(tx, caller, "exclusion.deleted", (known.of, detail), now)
                .await?;
            Ok(object([("id", json!(id))]))
        })
    }

    async fn log_exclusion(
        &self,
        tx: &mut store::Tx,
        caller: &Caller,
        action: &str,
        (of, mut detail): (Excluded, Object),
        now: Timestamp,
    ) -> Result<(), Error> {
        let member = match of {
            Excluded::Member(id) => Some(id),
            Excluded::Group(id) => {
                detail.insert("group".into(), json!(id));
                None
            }
            Excluded::Track(id) => {
                detail.insert("track".into(), json!(id));
                None
            }
        };
        let rules = self.current_rules(tx).await?;
        let mut change = Change::new(tx, rules, caller.by(), now);
        change.log(action, member, detail);
        change.finish().await
    }
}

fn taken() -> Error {
    conflict(Code::Taken, "this is excluded already", []).into()
}

/// Whom a body excludes: exactly one of the three.
async fn whom(session: &mut Session, body: &Body, catalog: &Catalog) -> Result<Excluded, Error> {
    let member = body.text("member", 320)?;
    let group = body.text("group", 256)?;
    let track = body.key("track")?;
    match (member, group, track) {
        (Some(who), None, None) => Ok(Excluded::Member(find::person(session, &who).await?.id)),
        (None, Some(name), None) => Ok(Excluded::Group(group_of(session, &name).await?)),
        (None, None, Some(key)) => Ok(Excluded::Track(
            catalog::with_key(&catalog.tracks, &key)
                .map_err(|_| wrong("track", "there is no such track"))?
                .id,
        )),
        (None, None, None) => {
            let detail = "an exclusion takes a member, a group or a track";
            Err(invalid(Code::MissingField, "member", detail).into())
        }
        _ => Err(wrong("member", "goes without group and track, as do they").into()),
    }
}

/// The group with this identifier, or else this display name.
async fn group_of(session: &mut Session, name: &str) -> Result<Uuid, Error> {
    if let Ok(id) = Uuid::try_parse(name)
        && let Some(group) = session.group(id).await?
    {
        return Ok(group.id);
    }
    let named = session.groups_named(&fold(name)).await?;
    match named.as_slice() {
        [] => Err(wrong("group", "there is no such group").into()),
        [(id, _)] => Ok(*id),
        _ => {
            let ids: Value = named.iter().map(|(id, _)| json!(id)).collect();
            let detail = "more than one group has this name; name one by id";
            Err(conflict(Code::Ambiguous, detail, [("ids", ids)]).into())
        }
    }
}

async fn shown(session: &mut Session, e: &Exclusion, catalog: &Catalog) -> Result<Object, Error> {
    let (mut member, mut group, mut track) = (Value::Null, Value::Null, Value::Null);
    match e.of {
        Excluded::Member(id) => {
            let found = session.member_by_id(id).await?;
            member = found.map_or(json!({"id": id}), |m| view::brief(&m));
        }
        Excluded::Group(id) => {
            let name = session.group(id).await?.map(|group| group.display_name);
            group = json!({"id": id, "displayName": name});
        }
        Excluded::Track(id) => track = json!(catalog.track(id).map(|track| &track.key)),
    }
    Ok(object([
        ("id", json!(e.id)),
        ("member", member),
        ("group", group),
        ("track", track),
        ("note", json!(e.note)),
        ("createdBy", json!(e.created_by)),
        ("createdAt", json!(e.created_at)),
    ]))
}

//! Groups: create, read, replace, patch, delete. Members are rows; whoever joins or leaves a group
//! that a rule looks at is placed anew in the same transaction.

mod membership;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use membership::{Moves, apply};

use super::change::Change;
use super::rules::Rules;
use super::{Caller, Directory, Error, Found, IfMatch, Kind, View, unknown};
use crate::scim::members::{self, MemberOp};
use crate::scim::patch::{self, Patched};
use crate::scim::predicate::fold;
use crate::scim::schema::GROUP;
use crate::scim::{Object, comparable, quirks, validate};
use crate::seats::decision::Trigger;
use crate::store::groups::{Group, GroupMember};
use crate::store::{Session, Tx, transact};

/// A group of more members than this is not sent back after a PATCH that did not ask for it.
const SENT_BACK: i64 = 1_000;

/// The outcome of a PATCH of a group.
#[derive(Debug, Clone)]
pub struct PatchedGroup {
    /// The group, unless it is too large to send back unasked.
    pub found: Option<Found>,
    /// Its version.
    pub version: i64,
}

/// What a write does to a group.
struct Edit {
    doc: Object,
    members: Vec<MemberOp>,
}

impl Directory {
    /// Creates a group (RFC 7644 3.3).
    pub async fn create_group(
        &self,
        caller: &Caller,
        mut body: Value,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let named = members::take(&mut body)?.unwrap_or_default();
        let doc = validate::create(&GROUP, body)?;
        let id = Uuid::now_v7();
        transact!(self.store, caller.tenant, |tx| {
            let mut group = Group {
                id,
                display_name: String::new(),
                external_id: None,
                doc: Object::new(),
                member_count: 0,
                version: 1,
                created_at: now,
                last_modified: now,
            };
            write(&mut group, doc.clone());
            let (key, search) = keys(&group);
            tx.insert_group(&group, &key, &search).await?;
            let bound = tx.bind_group(id).await?;
            let mut moves = Moves::default();
            apply(tx, id, &MemberOp::Add(named.clone()), &mut moves).await?;
            if moves.grown_by != 0 {
                group.member_count = moves.grown_by;
                tx.save_group(&group, &key, &search).await?;
            }
            if bound {
                tx.touch_catalog().await?;
                self.place_all(tx, (caller, Some(id)), &moves.people, now)
                    .await?;
            }
            let view = View {
                members: true,
                ..View::default()
            };
            found(tx, &group, view).await
        })
    }

    /// Reads a group (RFC 7644 3.4.1), its members only if they are to be shown.
    pub async fn read_group(
        &self,
        caller: &Caller,
        id: &str,
        view: &View,
        _now: Timestamp,
    ) -> Result<Found, Error> {
        let id = parse(id)?;
        let mut session = self.store.read(caller.tenant).await?;
        let group = session
            .group(id)
            .await?
            .ok_or_else(|| unknown(Kind::Group))?;
        found(&mut session, &group, *view).await
    }

    /// Replaces a group (RFC 7644 3.5.1). Without `members` it has none then.
    pub async fn replace_group(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        body: Value,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let view = View {
            members: true,
            ..View::default()
        };
        let done = self.update_group(caller, id, if_match, now, |group| {
            let mut body = body.clone();
            let named = members::take(&mut body)?.unwrap_or_default();
            let doc = validate::replace(&GROUP, &group.doc, body)?;
            Ok(Edit {
                doc,
                members: vec![MemberOp::Replace(named)],
            })
        });
        let group = done.await?;
        let mut session = self.store.read(caller.tenant).await?;
        found(&mut session, &group, view).await
    }

    /// Patches a group (RFC 7644 3.5.2). `asked` is whether the client named what it wants back.
    #[allow(
        clippy::too_many_arguments,
        reason = "who, what, under which condition, seen how, when"
    )]
    pub async fn patch_group(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        body: Value,
        view: &View,
        asked: bool,
        now: Timestamp,
    ) -> Result<PatchedGroup, Error> {
        let done = self.update_group(caller, id, if_match, now, |group| {
            let normalised = quirks::patch_body(&GROUP, body.clone())?;
            if !normalised.leniencies.is_empty() {
                tracing::debug!(leniencies = ?normalised.leniencies, "PATCH in another form");
            }
            let (operations, members) = members::split(&GROUP, normalised.operations)?;
            let doc = match patch::apply(&GROUP, &group.doc, &operations)? {
                Patched::Changed(doc) => doc,
                Patched::Unchanged => group.doc.clone(),
            };
            Ok(Edit { doc, members })
        });
        let group = done.await?;
        let version = group.version;
        if !asked && group.member_count > SENT_BACK {
            return Ok(PatchedGroup {
                found: None,
                version,
            });
        }
        let mut session = self.store.read(caller.tenant).await?;
        let found = found(&mut session, &group, *view).await?;
        Ok(PatchedGroup {
            found: Some(found),
            version,
        })
    }

    async fn update_group(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        now: Timestamp,
        edit: impl Fn(&Group) -> Result<Edit, Error> + Send + Sync,
    ) -> Result<Group, Error> {
        let id = parse(id)?;
        transact!(self.store, caller.tenant, |tx| {
            let mut group = tx
                .lock_group(id)
                .await?
                .ok_or_else(|| unknown(Kind::Group))?;
            if_match.check(group.version)?;
            let edit = edit(&group)?;
            let mut moves = Moves::default();
            for op in &edit.members {
                apply(tx, id, op, &mut moves).await?;
            }
            let rewritten = edit.doc != group.doc;
            if !rewritten && !moves.touched {
                return Ok(group);
            }
            let renamed = edit.doc.get("displayName") != group.doc.get("displayName");
            group.member_count += moves.grown_by;
            group.version += 1;
            group.last_modified = now.max(group.last_modified);
            if rewritten {
                write(&mut group, edit.doc);
                let (key, search) = keys(&group);
                tx.save_group(&group, &key, &search).await?;
            } else {
                tx.touch_group(id, moves.grown_by, group.last_modified)
                    .await?;
            }
            if renamed && tx.bind_group(id).await? {
                // A rule has met this group: everybody in it may belong elsewhere now.
                tx.touch_catalog().await?;
                moves.people.extend(tx.people_in(id).await?);
            }
            if !moves.people.is_empty() && tx.has_rules(id).await? {
                self.place_all(tx, (caller, Some(id)), &moves.people, now)
                    .await?;
            }
            Ok(group)
        })
    }

    /// Deletes a group (RFC 7644 3.6). Its users stay, and are placed without it.
    pub async fn delete_group(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = parse(id)?;
        transact!(self.store, caller.tenant, |tx| {
            let group = tx
                .lock_group(id)
                .await?
                .ok_or_else(|| unknown(Kind::Group))?;
            if_match.check(group.version)?;
            let placed = tx.has_rules(id).await?;
            let people = if placed {
                tx.people_in(id).await?
            } else {
                Vec::new()
            };
            for parent in tx.leave_parents(id).await? {
                tx.touch_group(parent, -1, now).await?;
            }
            tx.delete_group(id).await?;
            if placed {
                tx.touch_catalog().await?;
                self.place_all(tx, (caller, None), &people.into_iter().collect(), now)
                    .await?;
            }
            Ok(())
        })
    }

    /// Places people whose groups changed.
    async fn place_all(
        &self,
        tx: &mut Tx,
        (caller, group): (&Caller, Option<Uuid>),
        people: &BTreeSet<Uuid>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        // Read in this transaction, which may have changed it, and so kept for itself.
        let rules = Arc::new(Rules::new(tx.catalog().await?));
        let mut change = Change::new(tx, rules, caller.by(), now);
        change.guard = self.guard(caller, group);
        for id in people {
            let Some(mut member) = change.tx.lock_member(*id).await? else {
                continue;
            };
            if change.settle(&mut member, Trigger::Person, false).await? {
                change.save_seat(&mut member).await?;
            }
        }
        change.finish().await
    }
}

fn write(group: &mut Group, doc: Object) {
    let text = |key: &str| doc.get(key).and_then(Value::as_str).map(str::to_owned);
    group.display_name = text("displayName").unwrap_or_default();
    group.external_id = text("externalId");
    group.doc = doc;
}

fn keys(group: &Group) -> (String, Object) {
    (
        fold(&group.display_name),
        comparable::comparable(&GROUP, &group.doc),
    )
}

fn member_json(m: &GroupMember) -> Object {
    let (kind, endpoint) = if m.is_group {
        ("Group", "Groups")
    } else {
        ("User", "Users")
    };
    let mut object = Object::new();
    object.insert("value".into(), m.value.to_string().into());
    if let Some(display) = &m.display {
        object.insert("display".into(), display.as_str().into());
    }
    object.insert("type".into(), kind.into());
    object.insert("$ref".into(), format!("../{endpoint}/{}", m.value).into());
    object
}

/// The SCIM resource as it reads now.
async fn found(session: &mut Session, group: &Group, view: View) -> Result<Found, Error> {
    let members = if view.members {
        session.members_of(&[group.id]).await?
    } else {
        Vec::new()
    };
    let members: Vec<_> = members.iter().map(|(_, member)| member).collect();
    Ok(resource(group, &members))
}

/// The SCIM resource of a group with these members.
pub(super) fn resource(group: &Group, members: &[&GroupMember]) -> Found {
    let mut resource = group.doc.clone();
    resource.insert("id".into(), json!(group.id));
    if !members.is_empty() {
        let members = members.iter().map(|m| Value::Object(member_json(m)));
        resource.insert("members".into(), members.collect());
    }
    Found {
        kind: Kind::Group,
        resource,
        version: group.version,
        created: group.created_at,
        last_modified: group.last_modified,
    }
}

fn parse(id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(id).map_err(|_| unknown(Kind::Group))
}

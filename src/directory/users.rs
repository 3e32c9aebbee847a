//! Users: create, read, replace, patch, delete. Each write places the person and moves the seat in
//! the same transaction.

mod written;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin::owners::{LAST_ADMIN, is_last_admin};
use super::change::Change;
use super::credentials::Role;
use super::rules::Rules;
use super::{Caller, Directory, Error, Found, IfMatch, Kind, View, person, unknown};
use crate::scim::custom::{self, UserType};
use crate::scim::error::{Error as ScimError, ScimType};
use crate::scim::patch::{self, Patched};
use crate::scim::{Object, quirks, validate};
use crate::seats::decision::Trigger;
use crate::seats::{Assignment, IdentityState};
use crate::store::members::{Member, Taken};
use crate::store::{self, Tx, transact};
pub(super) use written::{Making, newcomer, rewrite, write};
use written::{Written, has_active, is_here, is_of_active, part, retire};

/// Who made a person that an identity provider writes.
const SCIM: &str = "scim";

impl Caller {
    /// Who manages whomever the caller makes.
    fn manages(&self) -> &'static str {
        if self.role == Role::Scim {
            SCIM
        } else {
            "admin"
        }
    }
}

impl Directory {
    /// Creates a user (RFC 7644 3.3) and gives the person a seat or a place in line. Somebody who
    /// was deleted and comes back under the same `externalId` or worker identifier is the same
    /// person, in a new episode; so is somebody deactivated who comes back under the same worker
    /// identifier and another user name, whose former SCIM user is gone by that.
    pub async fn create_user(
        &self,
        caller: &Caller,
        body: Value,
        view: &View,
        now: Timestamp,
    ) -> Result<Found, Error> {
        // Nearly always this is somebody new and the catalog is the one in memory: the first try
        // takes that for granted, and to insert the person is to check it.
        let mut known = self.known_rules(caller.tenant);
        let users = known.as_ref().map_or(&caller.users, |rules| &rules.users);
        let users = users.clone();
        let own = custom::is_mentioned(&body).then(|| body.clone());
        let doc = validate::create(&users, body)?;
        let id = Uuid::now_v7();
        let done = transact!(self.store, caller.tenant, |tx| {
            let doc = doc.clone();
            let made = Making {
                id,
                managed_by: caller.manages(),
                groups: &[],
            };
            let (member, rules) = if let Some(rules) = known.take() {
                self.create(tx, caller, made, doc, now, (rules, None))
                    .await
                    .map_err(unless_outdated)?
            } else {
                let judged = Box::pin(self.judge_newcomer(tx, &doc)).await?;
                let doc = match &own {
                    Some(body) if judged.0.users != users => {
                        validate::create(&judged.0.users, body.clone())?
                    }
                    _ => doc,
                };
                Box::pin(self.create(tx, caller, made, doc, now, judged)).await?
            };
            let position = person::waitlist_position(tx, &member, *view).await?;
            Ok(person::found(&member, &rules, position, now))
        });
        Box::pin(self.refused_is_noted(done, caller, now)).await
    }

    /// The catalog as it is, and the person that a newcomer was before, locked, if they left.
    pub(super) async fn judge_newcomer(
        &self,
        tx: &mut Tx,
        doc: &Object,
    ) -> Result<(Arc<Rules>, Option<Member>), Error> {
        let (external_id, worker_id) = (person::external_id(doc), person::worker_id(doc));
        let (version, was) = tx
            .catalog_version_and_returning(external_id.as_deref(), worker_id.as_deref())
            .await?;
        let rules = self.rules(tx, version).await?;
        let was = match was {
            Some(was) => tx.lock_member(was).await?,
            None => None,
        };
        let left = |m: &Member| match m.identity {
            IdentityState::Deleted => true,
            IdentityState::Inactive => m.worker_id.is_some() && m.worker_id == worker_id,
            IdentityState::Active | IdentityState::Erased => false,
        };
        Ok((rules, was.filter(left)))
    }

    /// Makes a person, or makes them again whom they were before.
    pub(super) async fn create(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        made: Making<'_>,
        doc: Object,
        now: Timestamp,
        (rules, returning): (Arc<Rules>, Option<Member>),
    ) -> Result<(Member, Arc<Rules>), Error> {
        let is_new = returning.is_none();
        let mut member = newcomer(caller, made, doc, &rules, now)?;
        if let Some(was) = &returning {
            member.id = was.id;
            member.assignment.clone_from(&was.assignment);
        }
        let mut change = Change::new(tx, Arc::clone(&rules), caller.by(), now);
        change.newcomer = is_new.then_some(member.id);
        let action = if is_new {
            "member.created"
        } else {
            "member.relinked"
        };
        let mut detail = Object::new();
        if member.identity != IdentityState::Active {
            detail.insert("active".into(), false.into());
        }
        if let Some(was) = returning.filter(|was| was.identity == IdentityState::Inactive) {
            detail.insert("retiredScimId".into(), json!(was.scim_id));
            retire(&mut change, was, &member, now).await?;
        }
        change.log(action, Some(member.id), detail);
        let settled = change.settle(&mut member, Trigger::Person, true).await;
        taken_first(&mut change, &member, settled).await?;
        let keys = person::keys(&member, &change.rules, now);
        if is_new {
            if !change.tx.insert_member(&member, &keys).await? {
                return Err(match who_has(change.tx, &member).await? {
                    Some(taken) => uniqueness(taken),
                    None => store::Error::Again.into(),
                });
            }
        } else {
            if let Some(taken) = who_has(change.tx, &member).await? {
                return Err(uniqueness(taken));
            }
            change.tx.save_member(&member, &keys).await?;
        }
        for (group, _) in made.groups {
            let user = member.scim_id.as_slice();
            change.tx.join_group(*group, user, now).await?;
        }
        change.finish().await?;
        Ok((member, rules))
    }

    /// Reads a user (RFC 7644 3.4.1).
    pub async fn read_user(
        &self,
        caller: &Caller,
        id: &str,
        view: &View,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let id = parse(id)?;
        let mut session = self.store.read(caller.tenant).await?;
        if !view.outcomes {
            let user = session.user(id).await?;
            return Ok(person::shown(user.ok_or_else(|| unknown(Kind::User))?));
        }
        let member = session
            .member_by_scim_id(id)
            .await?
            .ok_or_else(|| unknown(Kind::User))?;
        let rules = self.rules(&mut session, member.catalog_version).await?;
        let position = person::waitlist_position(&mut session, &member, *view).await?;
        Ok(person::found(&member, &rules, position, now))
    }

    /// Replaces a user (RFC 7644 3.5.1).
    pub async fn replace_user(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        body: Value,
        view: &View,
        now: Timestamp,
    ) -> Result<Found, Error> {
        self.update_user(caller, id, if_match, view, now, |member, users| {
            let doc = validate::replace(users, &member.doc, body.clone())?;
            Ok(Written {
                doc: (doc != member.doc).then_some(doc),
                of_active: member.drift.is_some() && has_active(&body),
            })
        })
        .await
    }

    /// Patches a user (RFC 7644 3.5.2).
    pub async fn patch_user(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        body: Value,
        view: &View,
        now: Timestamp,
    ) -> Result<Found, Error> {
        self.update_user(caller, id, if_match, view, now, |member, users| {
            let normalised = quirks::patch_body(users, body.clone())?;
            if !normalised.leniencies.is_empty() {
                tracing::debug!(leniencies = ?normalised.leniencies, "PATCH in another form");
            }
            let patched = patch::apply(users, &member.doc, &normalised.operations)?;
            Ok(Written {
                doc: match patched {
                    Patched::Changed(doc) => Some(doc),
                    Patched::Unchanged => None,
                },
                of_active: member.drift.is_some() && normalised.operations.iter().any(is_of_active),
            })
        })
        .await
    }

    async fn update_user(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        view: &View,
        now: Timestamp,
        next: impl Fn(&Member, &UserType) -> Result<Written, Error> + Send + Sync,
    ) -> Result<Found, Error> {
        let id = parse(id)?;
        let done = transact!(self.store, caller.tenant, |tx| {
            let mut member = tx
                .lock_member_by_scim_id(id)
                .await?
                .ok_or_else(|| unknown(Kind::User))?;
            if_match.check(member.version)?;
            let rules = self.rules(tx, member.catalog_version).await?;
            let Written { doc, of_active } = next(&member, &rules.users)?;
            let Some(doc) = doc.or_else(|| of_active.then(|| member.doc.clone())) else {
                let position = person::waitlist_position(tx, &member, *view).await?;
                return Ok(person::found(&member, &rules, position, now));
            };
            let mut change = Change::new(tx, rules, caller.by(), now);
            change.guard = self.guard(caller, None);
            if caller.manages() == SCIM && member.managed_by != SCIM {
                // Whoever was made otherwise is an identity provider's from its first write on.
                SCIM.clone_into(&mut member.managed_by);
                member.connection = caller.connection;
            }
            let decides = member.drift.is_none() || of_active;
            let was_here = is_here(&change, &member, now);
            rewrite(&mut change, &mut member, doc, decides, now).await?;
            if was_here && !is_here(&change, &member, now) {
                caller.cut.note();
            }
            change.finish().await?;
            let position = person::waitlist_position(change.tx, &member, *view).await?;
            Ok(person::found(&member, &change.rules, position, now))
        });
        Box::pin(self.refused_is_noted(done, caller, now)).await
    }

    /// Deletes a user (RFC 7644 3.6). The person's history stays, and the name is free.
    pub async fn delete_user(
        &self,
        caller: &Caller,
        id: &str,
        if_match: &IfMatch,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = parse(id)?;
        transact!(self.store, caller.tenant, |tx| {
            let mut member = tx
                .lock_member_by_scim_id(id)
                .await?
                .ok_or_else(|| unknown(Kind::User))?;
            if_match.check(member.version)?;
            if is_last_admin(tx, member.id, now).await? {
                return Err(ScimError::new(409, None, LAST_ADMIN).into());
            }
            let rules = self.rules(tx, member.catalog_version).await?;
            let mut change = Change::new(tx, rules, caller.by(), now);
            change.guard = self.guard(caller, None);
            change.log("member.deleted", Some(member.id), Object::new());
            if is_here(&change, &member, now) {
                caller.cut.note();
            }
            change.cut_credentials(&member).await?;
            // Who was deactivated long ago, and holds nothing, loses nothing.
            let holds = member.assignment.as_ref().is_some_and(Assignment::is_open);
            if member.identity == IdentityState::Active || holds {
                let before = member.clone();
                change.note_removal(&before, true).await?;
            }
            change.settle(&mut member, Trigger::Deleted, false).await?;
            part(&mut change, &mut member, now).await?;
            member.identity = IdentityState::Deleted;
            member.scim_id = None;
            member.deactivated_at = member.deactivated_at.or(Some(now));
            change.save_seat(&mut member).await?;
            change.finish().await
        })
    }

    /// A refused seat leaves no trace of the write, but one in the ledger. A unique value that was
    /// taken while this transaction ran is a conflict like any other.
    async fn refused_is_noted<T>(
        &self,
        done: Result<T, Error>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<T, Error> {
        match done {
            Err(Error::Scim(error)) if error.scim_type == Some(ScimType::SeatUnavailable) => {
                transact!(self.store, caller.tenant, |tx| {
                    let rules = self.current_rules(tx).await?;
                    let mut change = Change::new(tx, rules, caller.by(), now);
                    change.log("seat.refused", None, Object::new());
                    change.finish().await
                })?;
                Err(error.into())
            }
            Err(Error::Store(store::Error::Taken)) => Err(uniqueness(Taken::UserName)),
            done => done,
        }
    }
}

/// A refusal by rules that may be out of date is none yet.
fn unless_outdated(error: Error) -> Error {
    match error {
        Error::Scim(error) if error.scim_type != Some(ScimType::Uniqueness) => {
            store::Error::Again.into()
        }
        error => error,
    }
}

/// The outcome of a placement, unless the person is refused a seat and exists already: that is what
/// an identity provider can go by.
async fn taken_first(
    change: &mut Change<'_>,
    member: &Member,
    settled: Result<bool, Error>,
) -> Result<bool, Error> {
    if let Err(Error::Scim(error)) = &settled
        && error.scim_type == Some(ScimType::SeatUnavailable)
        && let Some(taken) = who_has(change.tx, member).await?
    {
        return Err(uniqueness(taken));
    }
    settled
}

pub(super) async fn who_has(tx: &mut Tx, member: &Member) -> Result<Option<Taken>, Error> {
    let name = member
        .doc
        .get("userName")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let key = crate::scim::predicate::fold(name);
    let worker = match member.identity {
        IdentityState::Active => member.worker_id.as_deref(),
        _ => None,
    };
    Ok(tx.taken(&key, worker, member.id).await?)
}

pub(super) fn uniqueness(taken: Taken) -> Error {
    ScimError::uniqueness(match taken {
        Taken::UserName => "another user has this userName",
        Taken::WorkerId => "another active user has this workerId",
    })
    .into()
}

pub(super) fn parse(id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(id).map_err(|_| unknown(Kind::User))
}

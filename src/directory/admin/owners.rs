//! Who looks after webhooks, mappings and connections. They go on when that person has left, and
//! say so, until somebody else takes them over.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Body;
use super::roles::Right;
use super::{conflict, find, invalid, object, view, wrong};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::IdentityState;
use crate::store::owners::Thing;
use crate::store::{Session, Tx, transact};

/// Who looks after what.
#[derive(Default)]
pub(super) struct Owners(HashMap<(Thing, Uuid), (Value, bool)>);

impl Owners {
    pub(super) async fn read(session: &mut Session) -> Result<Self, Error> {
        let mut people: HashMap<Uuid, Value> = HashMap::new();
        let mut owners = HashMap::new();
        for owned in session.owned().await? {
            let brief = if let Some(brief) = people.get(&owned.member) {
                brief.clone()
            } else {
                let found = session.member_by_id(owned.member).await?;
                let brief = found.map_or(Value::Null, |m| view::brief(&m));
                people.insert(owned.member, brief.clone());
                brief
            };
            owners.insert((owned.thing, owned.id), (brief, owned.active));
        }
        Ok(Self(owners))
    }

    /// Adds who looks after something, and whether they have left.
    pub(super) fn show(&self, object: &mut Object, thing: Thing, id: Uuid) {
        let (owner, active) = match self.0.get(&(thing, id)) {
            Some((owner, active)) => (owner.clone(), *active),
            None => (Value::Null, true),
        };
        object.insert("owner".into(), owner);
        object.insert("ownerInactive".into(), (!active).into());
    }
}

/// Lets whose token it is look after what they made. What nobody's token made is nobody's.
pub(super) async fn claim(
    tx: &mut Tx,
    caller: &Caller,
    thing: (Thing, Uuid),
    now: Timestamp,
) -> Result<(), Error> {
    if let Some(member) = tx.member_of_token(&caller.token).await? {
        tx.set_owner(thing, member, now).await?;
    }
    Ok(())
}

/// Whether nobody could do all that an owner may once this person is gone for good.
pub(in crate::directory) async fn is_last_admin(
    session: &mut Session,
    member: Uuid,
    now: Timestamp,
) -> Result<bool, Error> {
    let was_admin = match session.credential_review(member).await? {
        Some(review) => review.admin,
        None => false,
    };
    let is_admin = was_admin || session.has_owner_token(member, now).await?;
    Ok(is_admin && !session.has_other_owner(member, now).await?)
}

/// Why the last one is not removed for good.
pub(in crate::directory) const LAST_ADMIN: &str = "this is the last person with an owner's token; make another one first \
     (seatkeeper token create --role owner)";

/// Refuses to remove the last one for good.
pub(super) async fn unless_last_admin(
    session: &mut Session,
    member: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    if is_last_admin(session, member, now).await? {
        return Err(conflict(Code::LastAdmin, LAST_ADMIN, []).into());
    }
    Ok(())
}

impl Directory {
    /// Gives what a person looks after to somebody else, and notes that somebody has looked at what
    /// they left.
    pub async fn hand_over(
        &self,
        caller: &Caller,
        who: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        caller.may(Right::Webhooks)?;
        let body = Body::of(body, &["to"])?;
        let to = body.text("to", 1_000)?;
        transact!(self.store, caller.tenant, |tx| {
            let from = find::locked(tx, who).await?;
            let owned = tx.owned_by(from.id).await?;
            let to = match &to {
                Some(to) => Some(find::person(tx, to).await?),
                None if owned.is_empty() => None,
                None => {
                    let detail = "is required: somebody has to look after what they leave";
                    return Err(invalid(Code::MissingField, "to", detail).into());
                }
            };
            if let Some(to) = &to {
                if to.id == from.id {
                    return Err(wrong("to", "must be somebody else").into());
                }
                if to.identity != IdentityState::Active {
                    let detail = "whoever takes over must be active";
                    return Err(Refusal::new(409, Code::NotActive, detail).into());
                }
            }
            let things = match &to {
                Some(to) => tx.give_all(from.id, to.id, now).await?,
                None => Vec::new(),
            };
            let by = caller.by();
            let reviewed = tx.close_credential_review(from.id, &by.actor, now).await?;
            let things: Vec<_> = things
                .iter()
                .map(|(thing, id)| json!({"kind": thing.as_str(), "id": id}))
                .collect();
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, by, now);
            if let (Some(to), false) = (&to, things.is_empty()) {
                let detail = object([("to", json!(to.id)), ("things", json!(things))]);
                change.log("member.handed_over", Some(from.id), detail);
            }
            if reviewed {
                change.log("credentials.reviewed", Some(from.id), Object::new());
            }
            change.finish().await?;
            Ok(object([
                ("member", view::brief(&from)),
                ("to", json!(to.as_ref().map(view::brief))),
                ("handedOver", json!(things)),
                ("reviewed", reviewed.into()),
            ]))
        })
    }
}

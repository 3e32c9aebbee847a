//! Deactivating and reactivating a person by hand.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run, end, note, refusal};
use crate::directory::admin::roles::Right;
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal, users};
use crate::scim::Object;
use crate::seats::IdentityState;
use crate::seats::decision::Trigger;
use crate::store::members::Member;
use crate::store::overrides::Drift;
use crate::store::transact;

/// What an operator sends.
struct Wish {
    /// Why, for a deactivation.
    reason: Option<&'static str>,
    note: Option<String>,
    /// Against the identity provider.
    overrides: bool,
    dry_run: bool,
}

impl Directory {
    /// Cuts a person's access as the identity provider's `active: false` does: at once, with the
    /// grace of the seat. Whom the identity provider manages takes an `override`, which holds until
    /// it next writes `active`.
    pub async fn deactivate_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let sent = body(sent, &["reason", "override"])?;
        let wish = Wish {
            reason: Some(end::reason(&sent)?.as_str()),
            note: note(&sent)?,
            overrides: sent.flag("override")?.unwrap_or(false),
            dry_run: dry_run(&sent)?,
        };
        self.set_identity(caller, who, IdentityState::Inactive, &wish, now)
            .await
    }

    /// Gives a person's access back as `active: true` does.
    pub async fn reactivate_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let sent = body(sent, &["override"])?;
        let wish = Wish {
            reason: None,
            note: note(&sent)?,
            overrides: sent.flag("override")?.unwrap_or(false),
            dry_run: dry_run(&sent)?,
        };
        self.set_identity(caller, who, IdentityState::Active, &wish, now)
            .await
    }

    async fn set_identity(
        &self,
        caller: &Caller,
        who: &str,
        identity: IdentityState,
        wish: &Wish,
        now: Timestamp,
    ) -> Result<Object, Error> {
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (wish.dry_run, now)).await?;
            if matches!(
                act.member.identity,
                IdentityState::Deleted | IdentityState::Erased
            ) {
                return Err(refusal::not_known().into());
            }
            let by_idp = act.member.managed_by == "scim";
            if by_idp && !wish.overrides {
                return Err(idp_managed().into());
            }
            if act.member.identity == identity {
                return act.answer(caller, false).await;
            }
            turn(&mut act.change, &mut act.member, identity, wish.reason, now);
            note_drift(&mut act.change, &mut act.member, (by_idp, caller), now).await?;
            let back = identity == IdentityState::Active;
            if !back {
                act.change.cut_credentials(&act.member).await?;
            }
            act.change
                .settle(&mut act.member, Trigger::Person, back)
                .await?;
            if let Some(taken) = users::who_has(act.change.tx, &act.member).await? {
                return Err(users::uniqueness(taken));
            }
            if let (Some(note), Some(a)) = (&wish.note, &act.member.assignment)
                && !back
            {
                act.change.tx.note_end(a.id, note).await?;
            }
            act.answer(caller, true).await
        })
    }
}

fn turn(
    change: &mut Change<'_>,
    member: &mut Member,
    identity: IdentityState,
    reason: Option<&str>,
    now: Timestamp,
) {
    let mut detail = Object::new();
    if let Some(reason) = reason {
        detail.insert("reason".into(), reason.into());
    }
    let active = identity == IdentityState::Active;
    let action = if active {
        "member.reactivated"
    } else {
        "member.deactivated"
    };
    member.identity = identity;
    member.deactivated_at = (!active).then_some(now);
    change.log(action, Some(member.id), detail);
}

/// Notes whether the identity is now other than the identity provider has it. Of whom no identity
/// provider manages, the resource itself says it.
async fn note_drift(
    change: &mut Change<'_>,
    member: &mut Member,
    (by_idp, caller): (bool, &Caller),
    now: Timestamp,
) -> Result<(), Error> {
    let active = member.identity == IdentityState::Active;
    if !by_idp {
        member.doc.insert("active".into(), active.into());
        return Ok(());
    }
    let idp_active = member.doc.get("active").and_then(Value::as_bool);
    let idp_active = idp_active.unwrap_or(true);
    let before = member.drift.take();
    if idp_active != active {
        member.drift = Some(Drift {
            by: caller.by().actor,
            at: now,
            idp_active,
        });
        let detail = json!({"idpActive": idp_active});
        let detail = detail.as_object().cloned().unwrap_or_default();
        change.log("member.drift_started", Some(member.id), detail);
    } else if before.is_some() {
        change.log("member.drift_ended", Some(member.id), Object::new());
    }
    change.tx.save_overrides(member).await?;
    Ok(())
}

fn idp_managed() -> Refusal {
    let detail = "the identity provider manages this person: change them there, or send \
                  \"override\": true, which holds until it next writes `active`";
    Refusal::new(409, Code::IdpManaged, detail)
}

//! Pinning a field of a person's placement, and lifting that.

use jiff::Timestamp;
use serde_json::Value;

use super::{Act, body, dry_run, note, refusal};
use crate::directory::admin::body::{Body, required};
use crate::directory::admin::roles::Right;
use crate::directory::admin::{Query, invalid, licensed, wrong};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::decision::Trigger;
use crate::seats::pin::{Field, Pin};
use crate::seats::placement::Intent;
use crate::seats::{IdentityState, SeatState, days};
use crate::store::members::Member;
use crate::store::transact;

impl Directory {
    /// Pins a field: whatever the identity provider writes, the person is placed by the pin, until
    /// it is lifted or `until` comes. It never takes away what they have.
    pub async fn pin_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let sent = body(sent, &["field", "value", "until"])?;
        let field: Field = required("field", sent.named("field")?)?;
        let (note, dry) = (note(&sent)?, dry_run(&sent)?);
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (dry, now)).await?;
            known(&act.member)?;
            let rules = act.rules();
            let intent = act.person(&rules).intent;
            let zone = intent.zone(&rules.catalog);
            let until = sent.last_day("until", zone)?;
            if until.is_some_and(|until| until <= now) {
                return Err(wrong("until", "must lie in the future").into());
            }
            let pin = Pin {
                field,
                value: value(field, &sent, &rules.catalog, &intent, now)?,
                until,
                note: note.clone(),
                by: caller.by().actor,
                at: now,
            };
            let same = |known: &Pin| {
                (known.field, &known.value, known.until, &known.note)
                    == (pin.field, &pin.value, pin.until, &pin.note)
            };
            if act.member.pins.iter().any(same) {
                return act.answer(caller, false).await;
            }
            act.change.pin(&mut act.member, pin).await?;
            let held = act.before.seat_state();
            let changed = place(&mut act.change, &mut act.member, held).await?;
            act.answer(caller, changed).await
        })
    }

    /// Lifts a pin, and places the person as if it had never been.
    pub async fn unpin_member(
        &self,
        caller: &Caller,
        who: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        query.only(&["field", "dryRun"], None)?;
        let field: Field = match query.get("field") {
            Some(name) => name
                .parse()
                .map_err(|detail: String| invalid(Code::InvalidParameter, "field", &detail))?,
            None => return Err(invalid(Code::InvalidParameter, "field", "is required").into()),
        };
        let dry = match query.get("dryRun") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                let detail = "must be true or false";
                return Err(invalid(Code::InvalidParameter, "dryRun", detail).into());
            }
        };
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (dry, now)).await?;
            let lifted = act
                .change
                .unpin(&mut act.member, |pin| pin.field == field)
                .await?;
            let changed = lifted && {
                act.change
                    .settle(&mut act.member, Trigger::Person, false)
                    .await?
            };
            act.answer(caller, changed).await
        })
    }
}

/// Refuses what is done to somebody who is no user any more.
pub(super) fn known(member: &Member) -> Result<(), Refusal> {
    match member.identity {
        IdentityState::Active | IdentityState::Inactive => Ok(()),
        IdentityState::Deleted | IdentityState::Erased => Err(refusal::not_known()),
    }
}

/// Places a person anew who had a seat in this state; refuses what would take away what they have.
pub(super) async fn place(
    change: &mut Change<'_>,
    member: &mut Member,
    held: SeatState,
) -> Result<bool, Error> {
    let changed = change.settle(member, Trigger::Person, false).await?;
    let holds = member.seat_state();
    let lost = !matches!(held, SeatState::None | SeatState::Grace | SeatState::Ended)
        && matches!(holds, SeatState::Grace | SeatState::Ended);
    if lost {
        return Err(not_placed().into());
    }
    Ok(changed)
}

/// They would lose what they have.
pub(super) fn not_placed() -> Refusal {
    let detail = "by this the person would have a place nowhere, or access that is over; \
                  POST …/end ends it";
    Refusal::new(409, Code::NotPlaced, detail)
}

/// A value that the field can have: a key as the catalog writes it, or a date.
fn value(
    field: Field,
    sent: &Body,
    catalog: &Catalog,
    intent: &Intent,
    now: Timestamp,
) -> Result<String, Refusal> {
    let text = required("value", sent.text("value", 200)?)?;
    match field {
        Field::Track => {
            let track = catalog.track_named(&text);
            let track = track.ok_or_else(|| wrong("value", "there is no such live track"))?;
            licensed("value", track, catalog)?;
            Ok(track.key.clone())
        }
        Field::Pool => {
            let pool = catalog.pool_named(&text);
            let pool = pool.ok_or_else(|| wrong("value", "there is no such live pool"))?;
            Ok(pool.key.clone())
        }
        Field::Start | Field::End => {
            let when = days::read(&text).map_err(|detail| wrong("value", &detail))?;
            let over = when.filter(|when| when.end(intent.zone(catalog)) <= now);
            if field == Field::End && over.is_some() {
                return Err(wrong(
                    "value",
                    "must lie in the future; POST …/end ends access",
                ));
            }
            Ok(text)
        }
    }
}

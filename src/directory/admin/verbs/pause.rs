//! Pausing a person's access, and letting it run again.

use jiff::Timestamp;
use serde_json::Value;

use super::{Act, body, dry_run, note, refusal};
use crate::directory::admin::roles::Right;
use crate::directory::admin::wrong;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::pause::{Pause, PausedBy};
use crate::seats::{IdentityState, SeatState};
use crate::store::transact;

impl Directory {
    /// Pauses a person's access: the seat is kept and access is that of an archive, until it is
    /// resumed or `until` comes. Whoever has no seat in use has nothing to pause.
    pub async fn pause_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let sent = body(sent, &["until"])?;
        let (until, note, dry) = (sent.when("until")?, note(&sent)?, dry_run(&sent)?);
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (dry, now)).await?;
            let rules = act.rules();
            let zone = act.person(&rules).intent.zone(&rules.catalog).clone();
            let until = until.map(|when| when.end(&zone));
            // Instants are kept to the millisecond.
            if until.is_some_and(|until| until.as_millisecond() <= now.as_millisecond()) {
                return Err(wrong("until", "must lie in the future").into());
            }
            let active = act.member.identity == IdentityState::Active;
            let seated = act.open().filter(|a| a.state == SeatState::Assigned);
            let Some(a) = seated.filter(|_| active) else {
                return Err(nothing_to_pause().into());
            };
            let known = a.paused.filter(|pause| pause.by == PausedBy::Admin);
            let pause = Pause {
                since: a.paused.map_or(now, |pause| pause.since),
                until,
                by: PausedBy::Admin,
            };
            let changed = known != Some(pause);
            let id = a.id;
            if changed {
                act.change.pause(&mut act.member, a, pause).await?;
            }
            if let Some(note) = &note {
                act.change.tx.note_pause(id, Some(note)).await?;
            }
            act.answer(caller, changed).await
        })
    }

    /// Lets a person's access run again. What leave paused ends with the leave.
    pub async fn resume_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let dry = dry_run(&body(sent, &[])?)?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (dry, now)).await?;
            let Some(a) = act.open().filter(|a| a.paused.is_some()) else {
                return act.answer(caller, false).await;
            };
            if a.paused.is_some_and(|pause| pause.by == PausedBy::Leave) {
                return Err(on_leave().into());
            }
            act.change.resume(&mut act.member, a, now).await?;
            if act.member.identity != IdentityState::Active {
                return Err(refusal::not_active().into());
            }
            act.change.heed_leave(&mut act.member).await?;
            act.answer(caller, true).await
        })
    }
}

fn nothing_to_pause() -> Refusal {
    let detail = "the person has no seat in use; only that can be paused";
    Refusal::new(409, Code::NothingToPause, detail)
}

fn on_leave() -> Refusal {
    let detail = "the person is on leave (employmentStatus) and the policy pauses whoever is \
                  (pauseOnLeave); access returns with them";
    Refusal::new(409, Code::OnLeave, detail)
}

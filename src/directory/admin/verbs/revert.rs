//! Undoing what a line of the ledger says an operator did, by the same use cases.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::end::end;
use super::extend::{self, extend};
use super::pin::{known, place};
use super::{Act, refusal, transfer};
use crate::directory::admin::as_of::step;
use crate::directory::admin::body::{Body, required};
use crate::directory::admin::roles::Right;
use crate::directory::admin::{conflict, not_found, object};
use crate::directory::credentials::Role;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::pause::{Pause, PausedBy};
use crate::seats::pin::{Field, Pin};
use crate::seats::undo::{self, Hindrance, Pinned, Undo, Undoing, Why};
use crate::seats::{EndReason, EndSource, SeatState};
use crate::store::ledger::{self, OfMember};
use crate::store::{Tx, transact};

/// Lines of one person that are looked at.
const MOST: i64 = 10_000;

impl Directory {
    /// Undoes what a line of the ledger says, where nothing about the person has changed since.
    pub async fn revert_entry(
        &self,
        caller: &Caller,
        seq: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let sent = Body::of(sent, &["reason", "dryRun"])?;
        let why: Why = required("reason", sent.named("reason")?)?;
        let dry = sent.flag("dryRun")?.unwrap_or(false);
        let seq: i64 = seq.parse().map_err(|_| not_found("such line"))?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let found = tx.sealed_line(seq).await?;
            let line = found.ok_or_else(|| not_found("such line"))?;
            let who = line
                .member
                .ok_or_else(|| never(&line, "it is about nobody"))?;
            let mut act = Act::on(self, tx, caller, &who.to_string(), (dry, now)).await?;
            known(&act.member)?;
            by_operator(act.change.tx, &line).await?;
            let undoing = judge(&mut act, &line).await?;
            let changed = Box::pin(revert(&mut act, &line, undoing)).await?;
            let detail = object([
                ("seq", seq.into()),
                ("entry", json!(line.id)),
                ("action", json!(line.action)),
                ("reason", why.as_str().into()),
            ]);
            act.change.log("entry.reverted", Some(who), detail);
            let mut answer = act.answer(caller, changed).await?;
            let reverted = json!({"seq": seq, "id": line.id, "action": line.action});
            answer.insert("reverted".into(), reverted);
            Ok(answer)
        })
    }
}

/// Refuses to undo what an identity provider wrote: it would write it again.
async fn by_operator(tx: &mut Tx, line: &ledger::Entry) -> Result<(), Error> {
    let Some(id) = line.actor.strip_prefix("token:") else {
        return Ok(());
    };
    let tokens = tx.tokens().await?;
    let scim = |role: Role| role == Role::Scim;
    if tokens
        .iter()
        .any(|token| token.id == id && scim(token.role))
    {
        let detail = "the identity provider wrote it, and would write it again";
        return Err(never(line, detail).into());
    }
    Ok(())
}

/// What it takes to undo a line.
async fn judge(act: &mut Act<'_>, line: &ledger::Entry) -> Result<Undoing, Error> {
    let rules = act.rules();
    let all = OfMember::default();
    let found = act.change.tx.ledger_of(act.member.id, &all, MOST).await?;
    let lines: Vec<_> = found
        .iter()
        .map(|known| undo::Line {
            id: known.entry.id,
            actor: &known.entry.actor,
            cause: &known.entry.cause,
            at: known.entry.at,
            step: step(&known.entry, &rules.catalog),
        })
        .collect();
    let at = lines.iter().position(|known| known.id == line.id);
    let at = at.ok_or_else(|| never(line, "it is one of too many lines"))?;
    undo::undoing(&lines, at).map_err(|hindrance| match hindrance {
        Hindrance::Never(why) => never(line, why).into(),
        Hindrance::Since(at) => match found.get(at) {
            Some(later) => changed_since(line, later).into(),
            None => never(line, "more has happened since").into(),
        },
    })
}

/// Does it; answers whether the person changed, who is not saved yet.
async fn revert(act: &mut Act<'_>, line: &ledger::Entry, undoing: Undoing) -> Result<bool, Error> {
    let now = act.now;
    match undoing.undo {
        Undo::Reopen => reopen(act, line).await,
        Undo::EndAt(ends_at, source) => end_at(act, ends_at, source).await,
        Undo::EndAgain => {
            let why = (EndReason::ErrorCorrection, None);
            Ok(end(&mut act.change, &mut act.member, why, now).await?.0)
        }
        Undo::Pause(until) => pause(act, line, until).await,
        Undo::Place(ref pins) => place_back(act, pins, &undoing).await,
    }
}

/// Lets the episode that was ended go on until when it would have, on a seat that is free.
async fn reopen(act: &mut Act<'_>, line: &ledger::Entry) -> Result<bool, Error> {
    let last = act.member.assignment.clone();
    let last = last.filter(|a| Some(a.id) == line.assignment && !a.is_open());
    let last = last.ok_or_else(|| never(line, "the person has had access again since"))?;
    if last.ends_at <= act.now {
        return Err(over().into());
    }
    let wish = extend::Wish::until(last.ends_at);
    let done = extend(&mut act.change, &mut act.member, &wish, act.now).await?;
    let Some(a) = &act.member.assignment else {
        return Ok(done.changed);
    };
    if a.state == SeatState::Waitlisted {
        return Err(given_on(act, last.pool, 0).await?.into());
    }
    if a.id != last.id {
        let detail = "access has been over for more than 30 days; extending it begins anew";
        return Err(never(line, detail).into());
    }
    // It ends when it did, for the reason it did.
    let owed = act
        .change
        .owe_end_to(&mut act.member, last.end_source, last.extended);
    owed.await?;
    Ok(true)
}

async fn end_at(
    act: &mut Act<'_>,
    ends_at: Timestamp,
    source: Option<EndSource>,
) -> Result<bool, Error> {
    if ends_at <= act.now {
        return Err(over().into());
    }
    let wish = extend::Wish::until(ends_at);
    let done = extend(&mut act.change, &mut act.member, &wish, act.now).await?;
    let source = source.filter(|source| *source != EndSource::Admin);
    if let Some(source) = source {
        // What set the end before sets it again, and no operator.
        let owed = act.change.owe_end_to(&mut act.member, source, None);
        owed.await?;
    }
    Ok(done.changed)
}

async fn pause(
    act: &mut Act<'_>,
    line: &ledger::Entry,
    until: Option<Timestamp>,
) -> Result<bool, Error> {
    let seated = act.open().filter(|a| a.state == SeatState::Assigned);
    let a = seated.ok_or_else(|| never(line, "the person has no seat in use any more"))?;
    let Some(until) = until else {
        if a.paused.is_none() {
            return Ok(false);
        }
        let now = act.now;
        act.change.resume(&mut act.member, a, now).await?;
        act.change.heed_leave(&mut act.member).await?;
        return Ok(true);
    };
    if until <= act.now {
        return Err(never(line, "the pause would be over by now").into());
    }
    let pause = Pause {
        since: a.paused.map_or(act.now, |pause| pause.since),
        until: Some(until).filter(|until| *until != Timestamp::MAX),
        by: PausedBy::Admin,
    };
    act.change.pause(&mut act.member, a, pause).await?;
    Ok(true)
}

/// Puts pins back to what they were, and the person to where they were by them.
async fn place_back(
    act: &mut Act<'_>,
    pins: &[(Field, Option<Pinned>)],
    undoing: &Undoing,
) -> Result<bool, Error> {
    let now = act.now;
    for (field, before) in pins {
        let held = before
            .as_ref()
            .filter(|(_, until)| until.is_none_or(|until| until > now));
        if let Some((value, until)) = held {
            let pin = Pin {
                field: *field,
                value: value.clone(),
                until: *until,
                note: None,
                by: act.change.actor().to_owned(),
                at: now,
            };
            act.change.pin(&mut act.member, pin).await?;
        } else {
            let is_it = |pin: &Pin| pin.field == *field;
            act.change.unpin(&mut act.member, is_it).await?;
        }
    }
    if undoing.before.end_source != Some(EndSource::Admin)
        && let Some(a) = act.member.assignment.as_mut()
        && a.extended.take().is_some()
    {
        let a = a.clone();
        act.change.tx.save_assignment(&a).await?;
    }
    let held = act.before.seat_state();
    let changed = place(&mut act.change, &mut act.member, held).await?;
    let rules = act.rules();
    let catalog = &rules.catalog;
    let keys = act.open().and_then(|a| {
        let (track, pool) = (catalog.track(a.track)?, catalog.pool(a.pool)?);
        Some((track.key.clone(), pool.key.clone(), a))
    });
    let Some((track, pool, a)) = keys else {
        return Ok(changed);
    };
    if undo::is_back(&undoing.before, &track, &pool) {
        return Ok(changed);
    }
    if let Some(waiting) = a.waiting {
        // They stood in line for a moment.
        return Err(given_on(act, waiting.pool, 1).await?.into());
    }
    let back = (undoing.before.track.clone(), undoing.before.pool.clone());
    let wish = transfer::Wish::once(back);
    let moved = transfer::transfer(&mut act.change, &mut act.member, &wish, now).await?;
    Ok(changed || moved)
}

/// The seat is somebody else's, and no other is free; so many in line are the person's own.
async fn given_on(act: &mut Act<'_>, pool: Uuid, own: i64) -> Result<Refusal, Error> {
    let rules = act.rules();
    let pool = rules.catalog.pool(pool);
    let pool = pool.ok_or(crate::store::Error::Inconsistent("a seat of no pool"))?;
    let figures = act.change.tx.figures(Some(pool.id), act.now).await?;
    let mut figures = figures.first().map(|(_, f)| *f).unwrap_or_default();
    figures.waitlist -= own;
    Ok(refusal::pool_full(pool, &figures))
}

fn over() -> Refusal {
    let detail = "access would have ended by now; extend it instead";
    Refusal::new(409, Code::AccessEndReached, detail)
}

fn never(line: &ledger::Entry, why: &str) -> Refusal {
    let detail = format!("the line '{}' cannot be undone: {why}", line.action);
    let extra = [("action", json!(line.action))];
    conflict(Code::NotRevertible, &detail, extra)
}

fn changed_since(line: &ledger::Entry, later: &ledger::Line) -> Refusal {
    let detail = format!(
        "the line '{}' cannot be undone: '{}' has come since about the same person",
        line.action, later.entry.action
    );
    let by = json!({"seq": later.seq, "id": later.entry.id, "action": later.entry.action,
                    "at": later.entry.at});
    conflict(Code::ChangedSince, &detail, [("since", by)])
}

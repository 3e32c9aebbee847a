//! Moving a person to another track or pool by hand.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run, note, pin, refusal};
use crate::directory::admin::body::required;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{conflict, wrong};
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool, Track};
use crate::seats::pin::{Field, Pin};
use crate::seats::{Assignment, EndSource, Extended, days};
use crate::store::transact;

/// How a transfer holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Until the person is placed anew.
    Once,
    /// Against whatever the identity provider writes.
    Pinned,
    /// The same, standing in line where the pool is full.
    PinnedInLine,
}

struct Wish {
    track: String,
    pool: Option<String>,
    /// Whether access ends when it did.
    keep_end_date: bool,
    hold: Hold,
    note: Option<String>,
    dry_run: bool,
}

impl Directory {
    /// Moves a person (domain 4.5). In the same pool episode, sessions and status stay; another
    /// pool's seat is taken before this one is freed, and where that pool is full nothing changes,
    /// unless they are to wait. Track and pool are pinned, so that the next write of the identity
    /// provider does not move them back.
    pub async fn transfer_member(
        &self,
        caller: &Caller,
        who: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let wish = read(sent)?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let mut act = Act::on(self, tx, caller, who, (wish.dry_run, now)).await?;
            pin::known(&act)?;
            let rules = act.rules();
            let catalog = &rules.catalog;
            let (track, pool) = target(&wish, catalog)?;
            let person = act.person(&rules);
            if !person.intent.is_active(catalog, now) {
                return Err(refusal::not_active().into());
            }
            let Some(before) = act.open() else {
                return Err(nothing_to_transfer().into());
            };
            let moves = before.track != track.id || pool.is_some_and(|p| p.id != before.pool);
            if moves {
                let end = person.intent.end.clone();
                hold_end(&mut act, &wish, pool, end, catalog)?;
            }
            let pins = act.member.pins.clone();
            pin_place(&mut act, &wish, (track, pool), (caller, now)).await?;
            let changed = pin::place(&mut act).await?;
            arrived(&mut act, &wish, &before, pool).await?;
            if wish.hold == Hold::Once {
                act.member.pins = pins;
            }
            act.answer(caller, changed).await
        })
    }
}

fn read(sent: Value) -> Result<Wish, Refusal> {
    let fields = ["track", "pool", "keepEndDate", "wait", "pin"];
    let sent = body(sent, &fields)?;
    Ok(Wish {
        track: required("track", sent.text("track", 200)?)?,
        pool: sent.key("pool")?,
        keep_end_date: sent.flag("keepEndDate")?.unwrap_or(true),
        hold: match (sent.flag("pin")?, sent.flag("wait")?) {
            // In line they are placed anew, and nothing would say where.
            (Some(false), Some(true)) => return Err(wrong("wait", "goes only with a pin")),
            (Some(false), _) => Hold::Once,
            (_, Some(true)) => Hold::PinnedInLine,
            _ => Hold::Pinned,
        },
        note: note(&sent)?,
        dry_run: dry_run(&sent)?,
    })
}

fn target<'c>(wish: &Wish, catalog: &'c Catalog) -> Result<(&'c Track, Option<&'c Pool>), Refusal> {
    let track = catalog.track_named(&wish.track);
    let track = track.ok_or_else(|| wrong("track", "there is no such live track"))?;
    let Some(key) = &wish.pool else {
        return Ok((track, None));
    };
    let pool = catalog.pool_named(key);
    let pool = pool.filter(|pool| pool.product == track.product);
    let detail = "there is no such live pool of the track's product";
    Ok((track, Some(pool.ok_or_else(|| wrong("pool", detail))?)))
}

/// Sees to it that access ends when it did, if that is wanted: what the identity provider or HR set
/// stays anyway, and an end of the track's or the pool's making is held as an extension is. Where
/// it is not wanted, an earlier extension goes.
fn hold_end(
    act: &mut Act<'_>,
    wish: &Wish,
    pool: Option<&Pool>,
    over: Option<String>,
    catalog: &Catalog,
) -> Result<(), Refusal> {
    let Some(a) = act.member.assignment.as_mut() else {
        return Ok(());
    };
    if !wish.keep_end_date {
        a.extended = None;
        return Ok(());
    }
    if let Some(short) = pool.filter(|pool| pool.term_end < a.ends_at) {
        return Err(exceeded(short, catalog));
    }
    if matches!(a.end_source, EndSource::Rule | EndSource::Pool) {
        a.extended = Some(Extended {
            until: a.ends_at,
            over,
        });
    }
    Ok(())
}

/// Pins the place, or only for as long as this takes.
async fn pin_place(
    act: &mut Act<'_>,
    wish: &Wish,
    (track, pool): (&Track, Option<&Pool>),
    (caller, now): (&Caller, Timestamp),
) -> Result<(), Error> {
    let track = (Field::Track, &track.key);
    let pool = pool.map(|pool| (Field::Pool, &pool.key));
    for (field, key) in [track].into_iter().chain(pool) {
        let pin = Pin {
            field,
            value: key.clone(),
            until: None,
            note: wish.note.clone(),
            by: caller.by().actor,
            at: now,
        };
        let mut known = act.member.pins.iter();
        if known.any(|known| (known.field, &known.value, known.until) == (field, key, None)) {
            continue;
        }
        if wish.hold == Hold::Once {
            act.member.pins.retain(|known| known.field != field);
            act.member.pins.push(pin);
        } else {
            act.change.pin(&mut act.member, pin).await?;
        }
    }
    Ok(())
}

/// Refuses what did not come about: a seat in the pool that was meant, and the end as it was.
async fn arrived(
    act: &mut Act<'_>,
    wish: &Wish,
    before: &Assignment,
    pool: Option<&Pool>,
) -> Result<(), Error> {
    let rules = act.rules();
    let Some(after) = act.open() else {
        return Err(nothing_to_transfer().into());
    };
    let line = |a: &Assignment| a.waiting.map(|waiting| waiting.pool);
    let waits = line(&after).filter(|pool| Some(*pool) != line(before));
    let elsewhere = pool.filter(|pool| pool.id != after.pool && line(&after) != Some(pool.id));
    let missed = waits
        .and_then(|id| rules.catalog.pool(id))
        .or(elsewhere)
        .filter(|_| wish.hold != Hold::PinnedInLine);
    if let Some(full) = missed {
        let figures = act.change.tx.figures(Some(full.id), act.now).await?;
        let mut figures = figures.first().map(|(_, f)| *f).unwrap_or_default();
        // They stood in line for a moment.
        figures.waitlist -= i64::from(waits == Some(full.id));
        return Err(refusal::pool_full(full, &figures).into());
    }
    let shorter = wish.keep_end_date && waits.is_none() && after.ends_at < before.ends_at;
    if let Some(pool) = rules.catalog.pool(after.pool).filter(|_| shorter) {
        return Err(exceeded(pool, &rules.catalog).into());
    }
    Ok(())
}

fn nothing_to_transfer() -> Refusal {
    let detail = "the person has no seat and no place in line";
    Refusal::new(409, Code::NothingToTransfer, detail)
}

fn exceeded(pool: &Pool, catalog: &Catalog) -> Refusal {
    let term_end = days::last_day(pool.term_end, &catalog.zone);
    let detail = format!(
        "the term of the pool '{}' ends on {term_end}, before the person's access does; send \
         \"keepEndDate\": false to shorten it",
        pool.key
    );
    let extra = [("pool", json!(pool.key)), ("termEnd", json!(term_end))];
    conflict(Code::PoolTermExceeded, detail, extra)
}

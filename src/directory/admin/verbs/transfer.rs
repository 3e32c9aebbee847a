//! Moving a person to another track or pool by hand.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run, note, pin, refusal};
use crate::directory::admin::roles::Right;
use crate::directory::admin::{conflict, invalid, licensed, wrong};
use crate::directory::change::Change;
use crate::directory::rules::Rules;
use crate::directory::{Caller, Code, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool, Track};
use crate::seats::decision::{Decision, Trigger, decide};
use crate::seats::pin::{Field, Pin};
use crate::seats::{Assignment, EndSource, Extended, days};
use crate::store::members::Member;
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

/// What was asked for: a track, a pool or both.
pub(in crate::directory::admin) struct Wish {
    track: Option<String>,
    pool: Option<String>,
    /// Whether access ends when it did.
    keep_end_date: bool,
    hold: Hold,
    note: Option<String>,
    dry_run: bool,
}

impl Wish {
    /// To a track and a pool, until the person is placed anew.
    pub(super) fn once((track, pool): (Option<String>, Option<String>)) -> Self {
        Self {
            track,
            pool,
            keep_end_date: true,
            hold: Hold::Once,
            note: None,
            dry_run: false,
        }
    }

    /// The same, with what an operator noted of it.
    pub(in crate::directory::admin) fn noted(mut self, note: Option<&str>) -> Self {
        self.note = note.map(str::to_owned);
        self
    }

    /// Refuses what nobody could be moved to.
    pub(in crate::directory::admin) fn check(&self, catalog: &Catalog) -> Result<(), Refusal> {
        let track = self.track(catalog)?;
        if let Some(track) = track {
            licensed("track", track, catalog)?;
        }
        let Some(key) = &self.pool else { return Ok(()) };
        let pool = catalog.pool_named(key);
        let pool = pool.filter(|pool| track.is_none_or(|track| track.product == pool.product));
        pool.map(|_| ()).ok_or_else(no_such_pool)
    }

    fn track<'c>(&self, catalog: &'c Catalog) -> Result<Option<&'c Track>, Refusal> {
        let Some(name) = &self.track else {
            return Ok(None);
        };
        let track = catalog.track_named(name);
        let track = track.ok_or_else(|| wrong("track", "there is no such live track"))?;
        Ok(Some(track))
    }
}

fn no_such_pool() -> Refusal {
    wrong("pool", "there is no such live pool of the track's product")
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
            let changed = transfer(&mut act.change, &mut act.member, &wish, now).await?;
            act.answer(caller, changed).await
        })
    }
}

/// Reads the body of a transfer.
pub(in crate::directory::admin) fn read(sent: Value) -> Result<Wish, Refusal> {
    let fields = ["track", "pool", "keepEndDate", "wait", "pin"];
    let sent = body(sent, &fields)?;
    let (track, pool) = (sent.text("track", 200)?, sent.key("pool")?);
    if track.is_none() && pool.is_none() {
        let detail = "is required, or a pool";
        return Err(invalid(Code::MissingField, "track", detail));
    }
    Ok(Wish {
        track,
        pool,
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

/// Where somebody is to be moved from and to.
struct Aim<'c> {
    before: Assignment,
    track: Option<&'c Track>,
    pool: Option<&'c Pool>,
    /// The end that the identity provider wants.
    over: Option<String>,
}

impl<'c> Aim<'c> {
    fn of(wish: &Wish, rules: &'c Rules, member: &Member, now: Timestamp) -> Result<Self, Refusal> {
        pin::known(member)?;
        let catalog = &rules.catalog;
        wish.check(catalog)?;
        let track = wish.track(catalog)?;
        let person = person::person(rules, member);
        if !person.intent.is_active(catalog, now) {
            return Err(refusal::not_active());
        }
        let before = member.assignment.clone().filter(Assignment::is_open);
        let before = before.ok_or_else(nothing_to_transfer)?;
        let pool = match &wish.pool {
            Some(key) => {
                let product = track.map_or(before.product, |track| track.product);
                let pool = catalog.pool_named(key).filter(|p| p.product == product);
                Some(pool.ok_or_else(no_such_pool)?)
            }
            None => None,
        };
        Ok(Self {
            before,
            track,
            pool,
            over: person.intent.end,
        })
    }

    fn moves(&self) -> bool {
        let other_track = self.track.is_some_and(|t| t.id != self.before.track);
        other_track || self.pool.is_some_and(|p| p.id != self.before.pool)
    }

    /// What the placement is pinned to.
    fn pins(&self) -> impl Iterator<Item = (Field, &'c String)> {
        let track = self.track.map(|track| (Field::Track, &track.key));
        let pool = self.pool.map(|pool| (Field::Pool, &pool.key));
        track.into_iter().chain(pool)
    }
}

/// Where a transfer would take somebody.
pub(in crate::directory::admin) struct Outlook<'c> {
    /// The track.
    pub(in crate::directory::admin) track: &'c Track,
    /// The pool of the seat.
    pub(in crate::directory::admin) pool: &'c Pool,
    /// When access would end.
    pub(in crate::directory::admin) ends_at: Timestamp,
    /// Whether a seat in another pool is taken for it.
    pub(in crate::directory::admin) takes_seat: bool,
}

/// What the rules make of a wish: nothing where the person is there already.
pub(in crate::directory::admin) fn judge<'c>(
    rules: &'c Rules,
    member: &Member,
    wish: &Wish,
    now: Timestamp,
) -> Result<Option<Outlook<'c>>, Refusal> {
    let aim = Aim::of(wish, rules, member, now)?;
    if !aim.moves() {
        return Ok(None);
    }
    let mut then = member.clone();
    hold_end(&mut then, wish, &aim, &rules.catalog)?;
    for (field, key) in aim.pins() {
        then.pins.retain(|known| known.field != field);
        then.pins
            .push(pinned(field, key, wish, (String::new(), now)));
    }
    let person = person::person(rules, &then);
    let current = then.assignment.as_ref();
    let decided = decide(&rules.catalog, &person, current, Trigger::Person, now);
    let (target, takes_seat) = match decided {
        Decision::Change(target) => (target, false),
        Decision::Move(target) => (target, true),
        _ => return Err(pin::not_placed()),
    };
    let (pool, window) = target.pools.first().ok_or_else(pin::not_placed)?;
    if wish.keep_end_date && window.ends_at < aim.before.ends_at {
        return Err(exceeded(pool, &rules.catalog));
    }
    Ok(Some(Outlook {
        track: target.track,
        pool,
        ends_at: window.ends_at,
        takes_seat,
    }))
}

/// Moves somebody, and answers whether they changed; saving them and finishing the change are the
/// caller's.
pub(in crate::directory::admin) async fn transfer(
    change: &mut Change<'_>,
    member: &mut Member,
    wish: &Wish,
    now: Timestamp,
) -> Result<bool, Error> {
    let rules = Arc::clone(&change.rules);
    let aim = Aim::of(wish, &rules, member, now)?;
    if aim.moves() {
        hold_end(member, wish, &aim, &rules.catalog)?;
    }
    let pins = member.pins.clone();
    pin_place(change, member, wish, &aim, now).await?;
    let changed = pin::place(change, member, aim.before.state).await?;
    arrived(change, member, wish, &aim, now).await?;
    if wish.hold == Hold::Once {
        member.pins = pins;
    }
    Ok(changed)
}

/// Sees to it that access ends when it did, if that is wanted: what the identity provider or HR set
/// stays anyway, and an end of the track's or the pool's making is held as an extension is. Where
/// it is not wanted, an earlier extension goes.
fn hold_end(
    member: &mut Member,
    wish: &Wish,
    aim: &Aim<'_>,
    catalog: &Catalog,
) -> Result<(), Refusal> {
    let Some(a) = member.assignment.as_mut() else {
        return Ok(());
    };
    if !wish.keep_end_date {
        a.extended = None;
        return Ok(());
    }
    if let Some(short) = aim.pool.filter(|pool| pool.term_end < a.ends_at) {
        return Err(exceeded(short, catalog));
    }
    if matches!(a.end_source, EndSource::Rule | EndSource::Pool) {
        a.extended = Some(Extended {
            until: a.ends_at,
            over: aim.over.clone(),
        });
    }
    Ok(())
}

fn pinned(field: Field, key: &str, wish: &Wish, (by, at): (String, Timestamp)) -> Pin {
    Pin {
        field,
        value: key.to_owned(),
        until: None,
        note: wish.note.clone(),
        by,
        at,
    }
}

/// Pins the place, or only for as long as this takes.
async fn pin_place(
    change: &mut Change<'_>,
    member: &mut Member,
    wish: &Wish,
    aim: &Aim<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    for (field, key) in aim.pins() {
        let mut known = member.pins.iter();
        if known.any(|known| (known.field, &known.value, known.until) == (field, key, None)) {
            continue;
        }
        let pin = pinned(field, key, wish, (change.actor().to_owned(), now));
        if wish.hold == Hold::Once {
            member.pins.retain(|known| known.field != field);
            member.pins.push(pin);
        } else {
            change.pin(member, pin).await?;
        }
    }
    Ok(())
}

/// Refuses what did not come about: a seat in the pool that was meant, and the end as it was.
async fn arrived(
    change: &mut Change<'_>,
    member: &Member,
    wish: &Wish,
    aim: &Aim<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let (rules, before) = (Arc::clone(&change.rules), &aim.before);
    let after = member.assignment.as_ref().filter(|a| a.is_open());
    let after = after.ok_or_else(nothing_to_transfer)?;
    let line = |a: &Assignment| a.waiting.map(|waiting| waiting.pool);
    let waits = line(after).filter(|pool| Some(*pool) != line(before));
    let elsewhere = aim
        .pool
        .filter(|pool| pool.id != after.pool && line(after) != Some(pool.id));
    let missed = waits
        .and_then(|id| rules.catalog.pool(id))
        .or(elsewhere)
        .filter(|_| wish.hold != Hold::PinnedInLine);
    if let Some(full) = missed {
        let figures = change.tx.figures(Some(full.id), now).await?;
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

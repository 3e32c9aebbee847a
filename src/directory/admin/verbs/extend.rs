//! Extending a person's access.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Act, body, dry_run};
use crate::directory::admin::body::required;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{conflict, wrong};
use crate::directory::change::{Change, Granted};
use crate::directory::rules::Rules;
use crate::directory::{Caller, Code, Directory, Error, Refusal, person};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Pool, Track};
use crate::seats::days::{self, When};
use crate::seats::extension::{self, Extension};
use crate::seats::pin::Field;
use crate::seats::placement::{self, Intent, Person, Placement, Standing, Target};
use crate::seats::{Assignment, Extended, SeatState};
use crate::store::figures::Figures;
use crate::store::members::Member;
use crate::store::transact;

/// What was asked for.
pub(in crate::directory::admin) struct Wish {
    until: Until,
    /// Another pool's key.
    pub(in crate::directory::admin) pool: Option<String>,
    dry_run: bool,
}

impl Wish {
    /// Access until then, in the same pool.
    pub(super) fn until(at: Timestamp) -> Self {
        Self {
            until: Until::At(When::Instant(at)),
            pool: None,
            dry_run: false,
        }
    }

    /// Refuses what nobody could be granted.
    pub(in crate::directory::admin) fn check(
        &self,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if let Until::At(when) = self.until
            && when.end(&catalog.zone) <= now
        {
            return Err(wrong("until", "must lie in the future"));
        }
        let unknown = |key: &String| catalog.pool_named(key).is_none();
        if self.pool.as_ref().is_some_and(unknown) {
            return Err(wrong("pool", "there is no such live pool"));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Until {
    At(When),
    /// So many days after the present end or, where access is over, from now.
    Days(i64),
}

impl Directory {
    /// Extends a person's access, which then lasts until the identity provider sends another end
    /// (decision 14). Beyond the term of the pool it takes another pool with room, by name.
    pub async fn extend_member(
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
            let done = extend(&mut act.change, &mut act.member, &wish, now).await?;
            let open = act.member.seat_state() != SeatState::Waitlisted;
            let mut answer = act.answer(caller, done.changed).await?;
            answer.insert("reopened".into(), (done.reopened && open).into());
            Ok(answer)
        })
    }
}

pub(in crate::directory::admin) fn read(sent: Value) -> Result<Wish, Refusal> {
    let body = body(sent, &["until", "addDays", "pool"])?;
    let until = match (body.when("until")?, body.days("addDays")?) {
        (Some(when), None) => Some(Until::At(when)),
        (None, Some(days)) => Some(Until::Days(days)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(wrong("addDays", "goes without until")),
    };
    Ok(Wish {
        until: required("until", until)?,
        pool: body.key("pool")?,
        dry_run: dry_run(&body)?,
    })
}

/// What the rules make of a wish.
pub(in crate::directory::admin) enum Judged<'c> {
    /// They allow it, for this assignment.
    Granted(Assignment, Granted<'c>),
    /// The pool's term does not reach so far.
    BeyondTerm(Assignment, &'c Pool, Timestamp),
}

/// Asks the rules for an extension.
pub(in crate::directory::admin) fn judge<'c>(
    rules: &'c Rules,
    member: &Member,
    wish: &Wish,
    now: Timestamp,
) -> Result<Judged<'c>, Error> {
    let person = person::person(rules, member);
    let last = extendable(member, &person, &rules.catalog, now)?;
    let until = until(wish, last, &person.intent, &rules.catalog, now)?;
    let pool = pool(wish, last, &rules.catalog)?;
    if !extension::covers(pool, last, until, now) {
        return Ok(Judged::BeyondTerm(last.clone(), pool, until));
    }
    let granted = grant(rules, person, last, pool, until, now)?;
    Ok(Judged::Granted(last.clone(), granted))
}

/// What came of an extension.
pub(in crate::directory::admin) struct Done {
    /// Whether the person changed, and is to be saved.
    pub(in crate::directory::admin) changed: bool,
    /// Whether an episode that was over goes on.
    reopened: bool,
}

/// Extends a person's access; saving them and finishing the change are the caller's.
pub(in crate::directory::admin) async fn extend(
    change: &mut Change<'_>,
    member: &mut Member,
    wish: &Wish,
    now: Timestamp,
) -> Result<Done, Error> {
    let rules = Arc::clone(&change.rules);
    let (last, granted) = match judge(&rules, member, wish, now)? {
        Judged::Granted(last, granted) => (last, granted),
        Judged::BeyondTerm(last, pool, until) => {
            let figures = change.tx.figures(None, now).await?;
            return Err(exceeded(pool, &last, until, &rules.catalog, &figures, now).into());
        }
    };
    let reopened = granted.extension == Extension::Reopen;
    let changed = change.extend(member, last, granted).await?;
    if wish.pool.is_some() {
        // Naming a pool is the later word.
        change.unpin(member, |pin| pin.field == Field::Pool).await?;
    }
    Ok(Done { changed, reopened })
}

/// The assignment to extend: the open one or else the last.
fn extendable<'m>(
    member: &'m Member,
    person: &Person<'_>,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<&'m Assignment, Refusal> {
    if !person.intent.is_active(catalog, now) {
        let detail = "the person is deactivated; access returns when the identity provider \
                      reactivates them";
        return Err(Refusal::new(409, Code::NotActive, detail));
    }
    let last = member.assignment.as_ref();
    last.ok_or_else(|| {
        Refusal::new(
            409,
            Code::NothingToExtend,
            "the person has never had access",
        )
    })
}

fn until(
    wish: &Wish,
    last: &Assignment,
    intent: &Intent,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let zone = intent.zone(catalog);
    let (field, until) = match wish.until {
        Until::At(when) => ("until", when.end(zone)),
        Until::Days(days) => {
            let from = if last.is_open() { last.ends_at } else { now };
            ("addDays", days::days_after(from, days, zone))
        }
    };
    let begun = if last.is_open() { last.starts_at } else { now };
    if until <= now || until <= begun {
        return Err(wrong(
            field,
            "must lie in the future, and after access begins",
        ));
    }
    Ok(until)
}

/// The pool that was named or else the present one.
fn pool<'c>(wish: &Wish, last: &Assignment, catalog: &'c Catalog) -> Result<&'c Pool, Error> {
    let Some(key) = &wish.pool else {
        let pool = catalog.pool(last.pool);
        return Ok(pool.ok_or(crate::store::Error::Inconsistent("a seat of no pool"))?);
    };
    let pool = catalog.pool_named(key);
    let pool = pool.filter(|pool| pool.product == last.product);
    Ok(pool.ok_or_else(|| wrong("pool", "there is no such live pool of this product"))?)
}

/// The refusal of an end that the pool's term does not reach, with the pools that could.
fn exceeded(
    pool: &Pool,
    last: &Assignment,
    until: Timestamp,
    catalog: &Catalog,
    figures: &[(uuid::Uuid, Figures)],
    now: Timestamp,
) -> Refusal {
    let has_room = |other: &Pool| {
        let figures = figures.iter().find(|(id, _)| *id == other.id);
        figures.is_some_and(|(_, figures)| figures.available > 0 && figures.waitlist == 0)
    };
    let candidates: Value = catalog
        .pools
        .iter()
        .filter(|other| other.id != pool.id && has_room(other))
        .filter(|other| extension::covers(other, last, until, now))
        .map(|other| json!(other.key))
        .collect();
    let term_end = days::last_day(pool.term_end, &catalog.zone);
    let detail = format!(
        "the term of the pool '{}' ends on {term_end}; name one of candidatePools as pool",
        pool.key
    );
    conflict(
        Code::PoolTermExceeded,
        detail,
        [
            ("pool", json!(pool.key)),
            ("termEnd", json!(term_end)),
            ("candidatePools", candidates),
        ],
    )
}

fn grant<'c>(
    rules: &'c Rules,
    person: Person<'c>,
    last: &Assignment,
    pool: &'c Pool,
    until: Timestamp,
    now: Timestamp,
) -> Result<Granted<'c>, Refusal> {
    let catalog = &rules.catalog;
    let not_placed = || {
        let detail =
            "nothing places the person on a track any more; extend the reason, not the end";
        Refusal::new(409, Code::NotPlaced, detail)
    };
    let extension = extension::decide(last, pool, now).ok_or_else(not_placed)?;
    let extended = Extended {
        until,
        over: person.intent.end.clone(),
    };
    let window = extension::window(catalog, &person.intent, last, extension, until, now);
    if window.ends_at <= now {
        let detail = "the person's last day of work has passed (terminationDate)";
        return Err(Refusal::new(409, Code::AccessEndReached, detail));
    }
    let (track, rule) = if last.is_open() {
        (catalog.track(last.track), last.rule)
    } else {
        placed(catalog, &person, &extended, now)
    };
    Ok(Granted {
        extension,
        extended,
        target: Target {
            track: track.ok_or_else(not_placed)?,
            pools: vec![(pool, window)],
            rule,
            held: None,
        },
        inputs: person.inputs,
    })
}

/// The track on which somebody whose access was over would be now.
fn placed<'c>(
    catalog: &'c Catalog,
    person: &Person<'c>,
    extended: &Extended,
    now: Timestamp,
) -> (Option<&'c Track>, Option<uuid::Uuid>) {
    let standing = Standing {
        extended: Some(extended),
        ..Standing::default()
    };
    match placement::place(catalog, person, standing, now) {
        Placement::Place(target) => (Some(target.track), target.rule),
        Placement::Nowhere(_) => (None, None),
    }
}

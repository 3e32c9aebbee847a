//! What a plan does to one person: what it would come to, and doing it, by the use case that an
//! operator calls for one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::exclusions::Exclusions;
use super::standing::{
    Standing, ended, erased, extended, fingerprint, place, refused, transferred,
};
use crate::directory::admin::body::Body;
use crate::directory::admin::object;
use crate::directory::admin::verbs::extend::{self, Judged};
use crate::directory::admin::verbs::{end, erase, transfer};
use crate::directory::change::Change;
use crate::directory::rules::Rules;
use crate::directory::{Code, Error, Refusal};
use crate::plans::{self, Act, Item, ItemState, Kind};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::extension::Extension;
use crate::seats::{EndReason, SeatState};
use crate::store::engagement::Engagement;
use crate::store::members::Member;

/// The fields that say what is done, of all kinds.
pub(super) const FIELDS: [&str; 8] = [
    "reason",
    "until",
    "addDays",
    "pool",
    "track",
    "keepEndDate",
    "wait",
    "pin",
];

/// Those of one kind: of the body of the use case for one person.
pub(super) fn fields(act: Act) -> &'static [&'static str] {
    match act {
        Act::End => &["reason"],
        Act::Extend => &["until", "addDays", "pool"],
        Act::Transfer => &["track", "pool", "keepEndDate", "wait", "pin"],
        Act::Erase => &[],
    }
}

/// Where the body of an item says what is done, in a plan that does not do the same to all.
const ACT: &str = "verb";

/// What is done to each.
pub(super) enum Verb {
    End(EndReason, Option<String>),
    Extend(extend::Wish),
    /// Moves them, as the body says.
    Transfer(transfer::Wish, Object),
    Erase,
}

impl Verb {
    /// Reads the body of the use case for one person; `note` is the plan's.
    pub(super) fn read(act: Act, body: Object, note: Option<&str>) -> Result<Self, Refusal> {
        Ok(match act {
            Act::End => {
                let reason = end::reason(&Body::of(Value::Object(body), &["reason"])?)?;
                Self::End(reason, note.map(str::to_owned))
            }
            Act::Extend => Self::Extend(extend::read(Value::Object(body))?),
            Act::Transfer => {
                let wish = transfer::read(Value::Object(body.clone()))?;
                Self::Transfer(wish.noted(note), body)
            }
            Act::Erase => Self::Erase,
        })
    }

    /// What is planned for one person of a plan.
    pub(super) fn planned(kind: Kind, item: &Item, note: Option<&str>) -> Result<Self, Error> {
        let mut body = item.body.clone();
        let own = body.shift_remove(ACT);
        let own = own.as_ref().and_then(Value::as_str);
        let act = kind.act().or(own.and_then(|name| name.parse().ok()));
        let unknown = crate::store::Error::Inconsistent("an item that does nothing");
        Ok(Self::read(act.ok_or(unknown)?, body, note)?)
    }

    fn act(&self) -> Act {
        match self {
            Self::End(..) => Act::End,
            Self::Extend(_) => Act::Extend,
            Self::Transfer(..) => Act::Transfer,
            Self::Erase => Act::Erase,
        }
    }

    /// Refuses what could be done to nobody.
    pub(super) fn check(&self, catalog: &Catalog, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Self::End(..) | Self::Erase => Ok(()),
            Self::Extend(wish) => wish.check(catalog, now),
            Self::Transfer(wish, _) => wish.check(catalog),
        }
    }

    /// What it would come to for a person.
    pub(super) fn item(
        &self,
        rules: &Rules,
        m: &Member,
        engagement: &Engagement,
        exclusions: &Exclusions,
        now: Timestamp,
    ) -> Result<Item, Error> {
        let mut item = untouched(rules, m, self.fingerprint(m, engagement));
        match self {
            Self::End(reason, _) => ended(&mut item, *reason, m, engagement, &rules.catalog, now),
            Self::Extend(wish) => extend_item(&mut item, rules, (m, engagement), wish, now)?,
            Self::Transfer(wish, body) => {
                item.body.clone_from(body);
                match transfer::judge(rules, m, wish, now) {
                    Ok(outlook) => transferred(&mut item, m, outlook, engagement, &rules.catalog),
                    Err(refusal) => refused(&mut item, refusal.code),
                }
            }
            Self::Erase => erased(&mut item, m, engagement, &rules.catalog, now),
        }
        exclusions.keep(&mut item, m);
        Ok(item)
    }

    /// The same in a plan that does not do the same to all.
    pub(super) fn own_item(
        &self,
        rules: &Rules,
        m: &Member,
        engagement: &Engagement,
        exclusions: &Exclusions,
        now: Timestamp,
    ) -> Result<Item, Error> {
        let mut item = self.item(rules, m, engagement, exclusions, now)?;
        item.body.insert(ACT.into(), self.act().as_str().into());
        Ok(item)
    }

    /// What tells the person whom it was planned for from who they have become. How people use their
    /// coaching decides whether they lose it, and not whether it goes on; whoever asks to be erased
    /// is to be erased whatever else has changed.
    pub(super) fn fingerprint(&self, m: &Member, engagement: &Engagement) -> String {
        match self {
            Self::End(..) => fingerprint(m, Some(engagement)),
            Self::Extend(_) | Self::Transfer(..) => fingerprint(m, None),
            Self::Erase => plans::fingerprint(&json!([m.id])),
        }
    }

    /// Does it.
    pub(super) async fn carry_out(
        &self,
        change: &mut Change<'_>,
        member: &mut Member,
        now: Timestamp,
    ) -> Result<(), Error> {
        let changed = match self {
            Self::End(reason, note) => {
                let why = (*reason, note.as_deref());
                end::end(change, member, why, now).await?.0
            }
            Self::Extend(wish) => extend::extend(change, member, wish, now).await?.changed,
            Self::Transfer(wish, _) => transfer::transfer(change, member, wish, now).await?,
            Self::Erase => erase::erase(change, member, now).await?,
        };
        if changed {
            change.save_seat(member).await?;
        }
        change.finish().await
    }
}

/// An item about somebody as they are, with nothing to be done yet.
pub(super) fn untouched(rules: &Rules, m: &Member, fingerprint: String) -> Item {
    let standing = m.assignment.as_ref().map(Standing::of);
    Item {
        member: m.id,
        state: ItemState::Planned,
        problem: None,
        fingerprint,
        body: Object::new(),
        before: place(m, &rules.catalog, standing.as_ref()),
        after: Object::new(),
        seat_delta: 0,
        warnings: Vec::new(),
    }
}

/// An item about somebody to whom what is suggested cannot be done.
pub(super) fn refused_item(rules: &Rules, m: &Member, act: Act, code: Code) -> Item {
    let mut item = untouched(rules, m, fingerprint(m, None));
    item.body = object([(ACT, act.as_str().into())]);
    refused(&mut item, code);
    item
}

fn extend_item(
    item: &mut Item,
    rules: &Rules,
    (m, engagement): (&Member, &Engagement),
    wish: &extend::Wish,
    now: Timestamp,
) -> Result<(), Error> {
    let (last, granted) = match extend::judge(rules, m, wish, now) {
        Ok(Judged::Granted(last, granted)) => (last, granted),
        Ok(Judged::BeyondTerm(..)) => {
            refused(item, Code::PoolTermExceeded);
            return Ok(());
        }
        Err(Error::Refused(refusal)) => {
            refused(item, refusal.code);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    item.body = object([("until", json!(granted.extended.until))]);
    let Some((pool, window)) = granted.target.pools.first() else {
        return Err(crate::store::Error::Inconsistent("no pool").into());
    };
    if let Some(key) = &wish.pool {
        item.body.insert("pool".into(), json!(key));
    }
    let reopens = matches!(granted.extension, Extension::Reopen | Extension::Anew);
    let then = Standing {
        state: if reopens {
            SeatState::Assigned
        } else {
            last.state
        },
        track: granted.target.track.id,
        pool: pool.id,
        ends_at: window.ends_at,
    };
    item.after = place(m, &rules.catalog, Some(&then));
    let known = last.extended.as_ref() == Some(&granted.extended);
    extended(
        item,
        granted.extension,
        known && last.ends_at == window.ends_at,
        (&last, engagement, &rules.catalog),
    );
    Ok(())
}

//! What the coaching platform tells: each event has its own identifier and one effect, however often
//! and in whatever order it comes.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::roles::Right;
use super::{find, invalid, object};
use crate::coaching::{Event, Kind};
use crate::directory::{Caller, Code, Directory, Error, Refusal, engagement};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::named;
use crate::store::sessions::Touched;
use crate::store::{Tx, transact};

/// Events in a request at most.
pub(super) const MAX_EVENTS: usize = 1_000;
/// Events in a transaction.
const BATCH: usize = 50;
/// Minutes by which a sender's clock may be ahead.
const AHEAD: i64 = 5;
/// Characters of an identifier.
const ID: usize = 200;
/// Minutes of a session at most.
const DAY: i64 = 24 * 60;
/// Why an event that is kept has no effect.
const AFTER_END: &str = "after_end";

const FIELDS: [&str; 8] = [
    "id",
    "type",
    "member",
    "occurredAt",
    "sessionId",
    "startsAt",
    "durationMin",
    "reflectionId",
];

named! {
    /// What became of an event.
    Outcome {
        /// It had its effect.
        Applied = "applied",
        /// One of this identifier is kept already; nothing changed.
        Duplicate = "duplicate",
        /// It is kept and has no effect.
        Stored = "stored",
        /// It is not kept.
        Refused = "refused",
    }
}

/// An event as it was sent, and of whom.
struct Sent {
    event: Event,
    member: String,
}

/// What is answered for an event.
#[derive(Clone)]
enum Answer {
    Done(Outcome),
    Refused(Refusal),
}

/// Where an event stands in the request.
type Batch<'s> = [(usize, &'s Sent)];
/// Events by their person.
type People<'s> = BTreeMap<Uuid, Vec<(usize, &'s Event)>>;

impl Directory {
    /// Takes events in. Each is answered by itself, so that one that is wrong holds up no other.
    pub async fn post_events(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Events)?;
        let items = list(body)?;
        let sent: Vec<_> = items.iter().map(|item| read(item, now)).collect();
        let mut answers: Vec<_> = sent
            .iter()
            .map(|sent| match sent {
                Ok(_) => Answer::Done(Outcome::Duplicate),
                Err(refusal) => Answer::Refused(refusal.clone()),
            })
            .collect();
        let good: Vec<_> = sent
            .iter()
            .enumerate()
            .filter_map(|(at, sent)| Some((at, sent.as_ref().ok()?)))
            .collect();
        self.catch_up(caller.tenant, now).await?;
        for batch in good.chunks(BATCH) {
            let done = transact!(self.store, caller.tenant, |tx| self
                .take_in(tx, batch, now)
                .await)?;
            for (at, answer) in done {
                if let Some(known) = answers.get_mut(at) {
                    *known = answer;
                }
            }
        }
        Ok(answered(&items, &answers))
    }

    /// Keeps a batch and folds it into the journeys of its people. The catalog is read once they are
    /// locked: a run over a newer one comes to them after this.
    async fn take_in(
        &self,
        tx: &mut Tx,
        batch: &Batch<'_>,
        now: Timestamp,
    ) -> Result<Vec<(usize, Answer)>, Error> {
        let (people, mut answers) = locked(tx, batch).await?;
        let rules = self.current_rules(tx).await?;
        for (member, events) in people {
            answers.extend(take_in_of(tx, &rules.catalog, member, events, now).await?);
        }
        Ok(answers)
    }
}

fn list(body: Value) -> Result<Vec<Value>, Refusal> {
    let items = match body {
        Value::Array(items) => items,
        one @ Value::Object(_) => vec![one],
        _ => {
            let detail = "the body must be an event or a list of events";
            return Err(Refusal::new(400, Code::InvalidBody, detail));
        }
    };
    if items.len() > MAX_EVENTS {
        let detail = format!("at most {MAX_EVENTS} events in a request");
        return Err(Refusal::new(400, Code::TooMany, detail));
    }
    Ok(items)
}

/// Reads an event and refuses what is wrong with it whoever it is of.
fn read(item: &Value, now: Timestamp) -> Result<Sent, Refusal> {
    let body = Body::of(item.clone(), &FIELDS)?;
    let id = required("id", body.text("id", ID)?)?;
    let kind = required("type", body.text("type", 60)?)?;
    let kind: Kind = kind
        .parse()
        .map_err(|detail: String| invalid(Code::UnknownType, "type", &detail))?;
    let member = required("member", body.text("member", 320)?)?;
    let occurred_at = required("occurredAt", body.instant("occurredAt")?)?;
    let limit = now.checked_add(AHEAD.minutes()).unwrap_or(now);
    if occurred_at > limit {
        let detail = format!("lies more than {AHEAD} minutes in the future");
        return Err(invalid(Code::InTheFuture, "occurredAt", &detail));
    }
    let event = Event {
        id,
        kind,
        occurred_at,
        session: body.text("sessionId", ID)?,
        starts_at: body.instant("startsAt")?,
        duration_min: body.whole("durationMin", 0..=DAY)?,
        reflection: body.text("reflectionId", ID)?,
    };
    if kind.is_of_session() {
        required("sessionId", event.session.as_ref())?;
    }
    if kind.sets_a_start() {
        required("startsAt", event.starts_at)?;
    }
    if kind.is_of_reflection() {
        required("reflectionId", event.reflection.as_ref())?;
    }
    Ok(Sent { event, member })
}

/// The events of each person of a batch, and the answers where there is no such person. The people
/// are locked in the order of their identifiers, so that two batches queue instead of crossing.
async fn locked<'s>(
    tx: &mut Tx,
    batch: &Batch<'s>,
) -> Result<(People<'s>, Vec<(usize, Answer)>), Error> {
    let mut answers = Vec::with_capacity(batch.len());
    let mut people = People::new();
    let mut known: BTreeMap<&str, Result<Uuid, Refusal>> = BTreeMap::new();
    for (at, sent) in batch {
        let who = sent.member.as_str();
        if !known.contains_key(who) {
            known.insert(who, whose(tx, who).await?);
        }
        match known.get(who) {
            Some(Ok(id)) => people.entry(*id).or_default().push((*at, &sent.event)),
            Some(Err(refusal)) => answers.push((*at, Answer::Refused(refusal.clone()))),
            None => {}
        }
    }
    for member in people.keys() {
        tx.lock_member(*member).await?;
    }
    Ok((people, answers))
}

async fn take_in_of(
    tx: &mut Tx,
    catalog: &Catalog,
    member: Uuid,
    events: Vec<(usize, &Event)>,
    now: Timestamp,
) -> Result<Vec<(usize, Answer)>, Error> {
    let mut answers = Vec::with_capacity(events.len());
    let stretches = tx.stretches(member).await?;
    let episodes = engagement::episodes(&stretches, None);
    let mut touched = Touched::default();
    let mut is_new = false;
    for (at, event) in events {
        let applies = episodes.applies(event);
        let problem = (!applies).then_some(AFTER_END);
        let outcome = match (tx.insert_event(event, member, problem, now).await?, applies) {
            (false, _) => Outcome::Duplicate,
            (true, true) => Outcome::Applied,
            (true, false) => Outcome::Stored,
        };
        if outcome == Outcome::Applied {
            is_new = true;
            touched.sessions.extend(event.session.clone());
            touched.reflections.extend(event.reflection.clone());
        }
        answers.push((at, Answer::Done(outcome)));
    }
    if is_new {
        engagement::refold_over(tx, catalog, member, (&stretches, None), Some(&touched), now)
            .await?;
    }
    Ok(answers)
}

/// The person whom an event names.
async fn whose(tx: &mut Tx, who: &str) -> Result<Result<Uuid, Refusal>, Error> {
    match find::person(tx, who).await {
        Ok(member) => Ok(Ok(member.id)),
        Err(Error::Refused(refusal)) => {
            let code = if refusal.code == Code::Ambiguous {
                Code::AmbiguousMember
            } else {
                Code::UnknownMember
            };
            Ok(Err(invalid(code, "member", &refusal.detail)))
        }
        Err(error) => Err(error),
    }
}

/// What came of each event, in the order in which they were sent, and how many of each there are.
fn answered(items: &[Value], answers: &[Answer]) -> Object {
    let outcome = |answer: &Answer| match answer {
        Answer::Done(outcome) => *outcome,
        Answer::Refused(_) => Outcome::Refused,
    };
    let of = |(item, answer): (&Value, &Answer)| {
        let id = item.get("id").cloned().unwrap_or_default();
        let mut told = object([("id", id), ("result", outcome(answer).as_str().into())]);
        match answer {
            Answer::Refused(refusal) => {
                told.insert("problem".into(), refusal.code.as_str().into());
                told.insert("detail".into(), refusal.detail.clone().into());
            }
            Answer::Done(Outcome::Stored) => {
                told.insert("problem".into(), AFTER_END.into());
            }
            Answer::Done(_) => {}
        }
        Value::Object(told)
    };
    let mut body = object([("items", items.iter().zip(answers).map(of).collect())]);
    for kind in Outcome::ALL {
        let count = answers.iter().filter(|a| outcome(a) == *kind).count();
        body.insert(kind.as_str().to_owned(), json!(count));
    }
    body
}

//! Reminding people: one, or all whom the filters of the list of people find.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::query::refused;
use super::roles::Right;
use super::{Items, Query, cursor, find, object, selection, view, wrong};
use crate::coaching::nudge::{self, Kind, Outcome, Question, Unless};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::{IdentityState, SeatState, outcome};
use crate::store::members::Member;
use crate::store::nudges::{Nudge, Selection};
use crate::store::{Session, TenantId, transact};
use crate::webhooks::kind;

/// Characters of a message at most.
const MESSAGE: usize = 2_000;
/// People of one request at most.
const MOST: usize = 1_000;
/// People nudged in one transaction. On SQLite everybody waits.
const BATCH: usize = 50;

/// What an operator has to say, and whether it asks something.
struct Words {
    kind: Kind,
    message: Option<String>,
}

impl Directory {
    fn words(&self, body: &Body) -> Result<Words, Refusal> {
        let kind = body.named("kind")?.unwrap_or(Kind::Remind);
        if kind == Kind::KeepOrRelease && self.public_url.is_none() {
            let detail = "the server is not told where people reach it: set --public-url";
            return Err(Refusal::new(409, Code::NoPublicUrl, detail));
        }
        let message = body.text("message", MESSAGE)?;
        Ok(Words { kind, message })
    }

    /// Reminds somebody, or asks them whether they keep their seat: their coaching platform, or whoever else listens to the webhook
    /// `member.nudged`, is told what to say.
    pub async fn nudge_member(
        &self,
        caller: &Caller,
        who: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Nudge)?;
        let body = Body::of(body, &["message", "kind"])?;
        let words = self.words(&body)?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let member = find::locked(tx, who).await?;
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, caller.by(), now);
            let nudge = send(&mut change, caller, &member, &words, now).await?;
            change.finish().await?;
            let mut answer = seen(&nudge);
            answer.insert("listeners".into(), listeners(change.tx).await?.into());
            Ok(answer)
        })
    }

    /// Reminds all whom the filters find, as far as each may be; answers what came of each.
    pub async fn nudge_all(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Nudge)?;
        let body = Body::of(body, &["filter", "message", "kind", "dryRun"])?;
        let words = self.words(&body)?;
        let dry = body.flag("dryRun")?.unwrap_or(false);
        let query = filter(required("filter", body.object("filter")?)?)?;
        self.catch_up(caller.tenant, now).await?;
        let people = self.found_by(caller.tenant, &query, now).await?;
        let mut results = BTreeMap::new();
        // In the order in which everybody locks people.
        let ids: Vec<Uuid> = people.keys().copied().collect();
        for batch in ids.chunks(BATCH) {
            results.extend(self.nudge_some(caller, batch, &words, dry, now).await?);
        }
        let items: Vec<Value> = people
            .into_iter()
            .map(|(id, brief)| {
                let mut item = object([("member", brief)]);
                item.extend(results.remove(&id).unwrap_or_default());
                item.into()
            })
            .collect();
        let is = |item: &&Value, result: &str| item.get("result") == Some(&result.into());
        let nudged = items.iter().filter(|item| is(item, "nudged")).count();
        let mut session = self.store.read(caller.tenant).await?;
        Ok(object([
            ("dryRun", dry.into()),
            ("nudged", nudged.into()),
            ("refused", (items.len() - nudged).into()),
            ("listeners", listeners(&mut session).await?.into()),
            ("items", items.into()),
        ]))
    }

    async fn found_by(
        &self,
        tenant: TenantId,
        query: &Query,
        now: Timestamp,
    ) -> Result<BTreeMap<Uuid, Value>, Error> {
        let mut session = self.store.snapshot(tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let selection = selection::read(query, &rules.catalog, now)?;
        let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
        let found = session.list_members(&selection, None, limit).await?;
        if found.len() > MOST {
            let detail = format!("filter: finds more than {MOST} people");
            return Err(Refusal::new(400, Code::TooMany, detail).into());
        }
        let brief = |m: &Member| (m.id, view::brief(m));
        Ok(found.iter().map(|(m, _, _)| brief(m)).collect())
    }

    async fn nudge_some(
        &self,
        caller: &Caller,
        people: &[Uuid],
        words: &Words,
        dry: bool,
        now: Timestamp,
    ) -> Result<Vec<(Uuid, Object)>, Error> {
        transact!(self.store, caller.tenant, |tx| {
            let rules = self.current_rules(tx).await?;
            let mut change = Change::new(tx, rules, caller.by(), now);
            let mut results = Vec::with_capacity(people.len());
            for id in people {
                let Some(member) = change.tx.lock_member(*id).await? else {
                    continue;
                };
                let done = if dry {
                    judge(change.tx, &member, now).await.map(|_| None)
                } else {
                    let sent = send(&mut change, caller, &member, words, now).await;
                    sent.map(|nudge| Some(nudge.id))
                };
                let result = match done {
                    Ok(nudge) => object([("result", "nudged".into()), ("nudge", json!(nudge))]),
                    Err(Error::Refused(refusal)) => refused_item(&refusal),
                    Err(error) => return Err(error),
                };
                results.push((*id, result));
            }
            change.finish().await?;
            Ok(results)
        })
    }

    /// Nudges, the newest first, and what came of them.
    pub async fn list_nudges(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Nudge)?;
        query.only(&["member", "outcome"], None)?;
        let list = cursor::list(caller, "nudges", query);
        let before: Option<(Timestamp, Uuid)> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let outcome = query.get("outcome").map(str::parse::<Outcome>).transpose();
        let outcome = outcome.map_err(|detail| refused("outcome", &detail))?;
        self.resolve_nudges(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let member = match query.get("member") {
            Some(who) => Some(find::person(&mut session, who).await?.id),
            None => None,
        };
        let selection = Selection {
            member,
            outcome,
            before,
        };
        let rows = session.nudges(&selection, limit + 1).await?;
        let rows = rows.iter().map(|n| (seen(n), (n.sent_at, n.id)));
        self.page(list, rows.collect(), limit, now).await
    }

    /// Notes what came of nudges, as far as it is known.
    pub async fn resolve_nudges(&self, tenant: TenantId, now: Timestamp) -> Result<(), Error> {
        const PAGE: i64 = 500;
        let mut after = None;
        loop {
            let mut session = self.store.read(tenant).await?;
            let open = session.open_nudges(after, PAGE).await?;
            drop(session);
            let came_to = |(n, journey): &(Nudge, Option<_>)| {
                let known = nudge::outcome(n.stage, n.sent_at, journey.as_ref(), now);
                known.map(|(outcome, at)| (n.id, outcome, at))
            };
            let known: Vec<_> = open.iter().filter_map(came_to).collect();
            if !known.is_empty() {
                transact!(self.store, tenant, |tx| {
                    for (id, outcome, at) in &known {
                        tx.nudge_came_to(*id, *outcome, *at).await?;
                    }
                    Ok::<_, Error>(())
                })?;
            }
            match open.last() {
                Some((last, _)) if open.len() == 500 => after = Some(last.sent_at),
                _ => return Ok(()),
            }
        }
    }
}

/// The filter of a body as the parameters of a list.
fn filter(sent: &Object) -> Result<Query, Refusal> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    let mut pairs = Vec::with_capacity(sent.len());
    for (name, value) in sent {
        if matches!(name.as_str(), "limit" | "cursor" | "sort") {
            return Err(wrong("filter", &format!("{name} is no filter")));
        }
        let value = match value {
            Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(text).collect();
                texts.map(|texts| texts.join(","))
            }
            value => text(value),
        };
        let value = value.filter(|value| !value.trim().is_empty());
        let value = value.ok_or_else(|| {
            let detail = format!("{name} must be a text, a number, true or false, or a list");
            wrong("filter", &detail)
        })?;
        pairs.push((name.clone(), value));
    }
    if pairs.is_empty() {
        return Err(wrong("filter", "must have at least one condition"));
    }
    Ok(Query::new(pairs))
}

/// Whether somebody may be nudged; answers what for.
async fn judge(
    session: &mut Session,
    m: &Member,
    now: Timestamp,
) -> Result<(Uuid, crate::coaching::Stage), Error> {
    let no = |code, detail: &str| Error::from(Refusal::new(409, code, detail));
    if m.identity != IdentityState::Active {
        return Err(no(Code::NotActive, "the person is deactivated"));
    }
    let in_use = outcome::state_at(m.assignment.as_ref(), now) == SeatState::Assigned;
    let journey = session.engagement(m.id).await?.journey;
    let (Some(a), Some(journey), true) = (&m.assignment, journey, in_use) else {
        return Err(no(Code::NotInCoaching, "the person has no seat in use"));
    };
    if journey.stopped {
        return Err(no(Code::Paused, "the person's coaching is paused"));
    }
    let before = session.nudged(m.id, a.id).await?;
    nudge::may(journey.stage, &before, now).map_err(|why| match why {
        Unless::Enough => {
            let detail = "nudged as often as may be; again when their status changes";
            no(Code::NudgedEnough, detail)
        }
        Unless::Recently(again) => {
            let detail = format!("nudged less than three days ago; again from {again}");
            let mut refusal = Refusal::new(409, Code::NudgedRecently, detail);
            refusal.extra = object([("possibleAt", json!(again))]);
            refusal.into()
        }
    })?;
    Ok((a.id, journey.stage))
}

async fn send(
    change: &mut Change<'_>,
    caller: &Caller,
    member: &Member,
    words: &Words,
    now: Timestamp,
) -> Result<Nudge, Error> {
    let (assignment, stage) = judge(change.tx, member, now).await?;
    let nudge = Nudge {
        id: Uuid::now_v7(),
        member: member.id,
        assignment,
        stage,
        message: words.message.clone(),
        actor: caller.by().actor,
        sent_at: now,
        question: (words.kind == Kind::KeepOrRelease).then(|| Question::asked(now)),
        outcome: Outcome::Open,
        outcome_at: None,
    };
    change.tx.insert_nudge(&nudge).await?;
    if let Some(question) = &nudge.question {
        let times = (now, question.expires_at);
        change
            .tx
            .insert_question(nudge.id, assignment, times)
            .await?;
    }
    let detail = object([("nudge", json!(nudge.id))]);
    change.log("member.nudged", Some(member.id), detail);
    Ok(nudge)
}

fn refused_item(refusal: &Refusal) -> Object {
    let possible = refusal.extra.get("possibleAt").cloned();
    object([
        ("result", "refused".into()),
        ("problem", refusal.code.as_str().into()),
        ("detail", refusal.detail.clone().into()),
        ("possibleAt", possible.unwrap_or_default()),
    ])
}

/// How many webhooks are told of a nudge: where it is none, nobody is reminded.
async fn listeners(session: &mut Session) -> Result<usize, Error> {
    let webhooks = session.webhooks().await?;
    let listens = |w: &&crate::store::webhooks::Webhook| {
        w.disabled.is_none() && w.wants(kind::Kind::MemberNudged)
    };
    Ok(webhooks.iter().filter(listens).count())
}

fn seen(n: &Nudge) -> Object {
    object([
        ("id", json!(n.id)),
        ("member", json!(n.member)),
        ("kind", kind_of(n).as_str().into()),
        ("status", n.stage.as_str().into()),
        ("reason", n.stage.reason().as_str().into()),
        ("message", json!(n.message)),
        ("actor", json!(n.actor)),
        ("sentAt", json!(n.sent_at)),
        ("outcome", n.outcome.as_str().into()),
        ("outcomeAt", json!(n.outcome_at)),
        (
            "answerBy",
            json!(n.question.map(|question| question.expires_at)),
        ),
    ])
}

fn kind_of(n: &Nudge) -> Kind {
    match n.question {
        Some(_) => Kind::KeepOrRelease,
        None => Kind::Remind,
    }
}

/// A nudge as its receivers are told it: the reason only where they may know how people use their
/// coaching.
pub(super) fn told(n: &Nudge, engagement: bool, link: Option<Value>) -> Value {
    let reason = engagement.then(|| n.stage.reason().as_str());
    let mut told = json!({"id": n.id, "kind": kind_of(n).as_str(), "message": n.message,
                          "reason": reason});
    if let Some(link) = link {
        told["answer"] = link;
    }
    told
}

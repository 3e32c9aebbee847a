//! What people answer who are asked whether they keep their seat. They come with nothing but the
//! link that they were sent: a sealed token that names one question of one tenant.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::verbs::end;
use super::{conflict, not_found, object};
use crate::coaching::nudge::{Answer, KEPT_FOR, Outcome, Question, Unanswerable};
use crate::directory::change::{By, Change};
use crate::directory::{Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::{EndReason, IdentityState, SeatState, outcome};
use crate::store::members::Member;
use crate::store::nudges::Nudge;
use crate::store::questions::Asked;
use crate::store::{TenantId, transact};

/// What tells these tokens from whatever else is sealed with the same key.
const PURPOSE: &[u8] = b"nudge";
/// Who the ledger says it was.
const ACTOR: &str = "member";

/// A question that a link names.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Of which tenant.
    pub tenant: TenantId,
    nudge: Uuid,
}

fn no_such_link() -> Refusal {
    not_found("such question; the link may be cut off")
}

impl Directory {
    /// Where somebody may answer a nudge, if it asks something.
    pub(super) async fn link_of(
        &self,
        tenant: TenantId,
        nudge: &Nudge,
    ) -> Result<Option<Value>, Error> {
        let (Some(base), Some(question)) = (&self.public_url, &nudge.question) else {
            return Ok(None);
        };
        let mut bytes = PURPOSE.to_vec();
        bytes.extend(tenant.number().to_be_bytes());
        bytes.extend(nudge.id.as_bytes());
        let token = URL_SAFE_NO_PAD.encode(self.sealed(bytes).await?);
        let url = format!("{base}/nudges/answer/{token}");
        Ok(Some(json!({"url": url, "expiresAt": question.expires_at})))
    }

    /// The question that a token names. Whether it is one is decided without the database.
    pub async fn read_link(&self, token: &str) -> Result<Link, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| no_such_link())?;
        let body = self.unsealed(&bytes).await?.ok_or_else(no_such_link)?;
        let named = body.strip_prefix(PURPOSE).and_then(|rest| {
            let (number, nudge) = rest.split_first_chunk::<8>()?;
            Some((i64::from_be_bytes(*number), Uuid::from_slice(nudge).ok()?))
        });
        let (number, nudge) = named.ok_or_else(no_such_link)?;
        let tenant = self.store.tenant_of_question(number, nudge).await?;
        let tenant = tenant.ok_or_else(no_such_link)?;
        Ok(Link { tenant, nudge })
    }

    /// What is asked, and what each answer would do. Nothing changes.
    pub async fn read_question(&self, link: Link, now: Timestamp) -> Result<Object, Error> {
        self.catch_up(link.tenant, now).await?;
        let mut session = self.store.snapshot(link.tenant).await?;
        let asked = session.question(link.nudge).await?;
        let asked = asked.ok_or_else(no_such_link)?;
        let member = session.member_by_id(asked.member).await?;
        let member = member.ok_or_else(no_such_link)?;
        may(&asked, &member, None, now)?;
        let rules = self.current_rules(&mut session).await?;
        Ok(shown(&asked.question, &member, &rules.catalog))
    }

    /// Takes an answer. One that is given again changes nothing.
    pub async fn answer_question(
        &self,
        link: Link,
        answer: Answer,
        request: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        self.catch_up(link.tenant, now).await?;
        transact!(self.store, link.tenant, |tx| {
            let asked = tx.question(link.nudge).await?;
            let asked = asked.ok_or_else(no_such_link)?;
            let member = tx.lock_member(asked.member).await?;
            let mut member = member.ok_or_else(no_such_link)?;
            // Whoever answers holds the person; another may have answered before.
            let asked = tx.question(link.nudge).await?;
            let mut asked = asked.ok_or_else(no_such_link)?;
            may(&asked, &member, Some(answer), now)?;
            let rules = self.current_rules(tx).await?;
            let answered = answer.outcome();
            if asked.question.answer.is_none() {
                tx.answer_question(link.nudge, answered, now).await?;
                asked.question.answer = Some((answered, now));
                let came_to = match answer {
                    Answer::Keep => Outcome::Converted,
                    Answer::Release => Outcome::Expired,
                };
                tx.nudge_came_to(link.nudge, came_to, now).await?;
                let by = By {
                    actor: ACTOR.into(),
                    cause: request.to_owned(),
                };
                let mut change = Change::new(tx, rules.clone(), by, now);
                let detail = object([
                    ("nudge", json!(link.nudge)),
                    ("answer", answered.as_str().into()),
                ]);
                change.log("nudge.answered", Some(member.id), detail);
                if answer == Answer::Release {
                    let why = (EndReason::Declined, None);
                    end::end(&mut change, &mut member, why, now).await?;
                    change.save_seat(&mut member).await?;
                }
                change.finish().await?;
            }
            Ok(shown(&asked.question, &member, &rules.catalog))
        })
    }
}

/// Refuses what can no longer be answered, or not so.
fn may(
    asked: &Asked,
    member: &Member,
    answer: Option<Answer>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match asked.question.may(answer, now) {
        Ok(()) => {}
        Err(Unanswerable::Answered(before)) => {
            let detail = format!("it was answered before: {before}");
            let extra = [("answer", before.as_str().into())];
            return Err(conflict(Code::AlreadyAnswered, detail, extra));
        }
        Err(Unanswerable::Expired) => {
            let detail = format!("the link was good until {}", asked.question.expires_at);
            return Err(Refusal::new(410, Code::LinkExpired, detail));
        }
    }
    let a = member
        .assignment
        .as_ref()
        .filter(|a| a.id == asked.assignment);
    let in_use = a.is_some() && outcome::state_at(a, now) == SeatState::Assigned;
    let is_here = member.identity == IdentityState::Active && in_use;
    if asked.question.answer.is_none() && !is_here {
        let detail = "the seat that was asked about is not in use any more";
        return Err(Refusal::new(409, Code::NotInCoaching, detail));
    }
    Ok(())
}

fn shown(question: &Question, member: &Member, catalog: &Catalog) -> Object {
    let track = member.assignment.as_ref().map(|a| a.track);
    let track = track.and_then(|id| catalog.track(id));
    let days = KEPT_FOR.as_hours() / 24;
    object([
        ("question", "keep_or_release".into()),
        ("track", json!(track.map(|track| &track.name))),
        ("expiresAt", json!(question.expires_at)),
        (
            "answer",
            json!(question.answer.map(|(answer, _)| answer.as_str())),
        ),
        (
            "answers",
            json!([
                {"answer": "keep",
                 "does": format!("the seat stays yours, and for {days} days nobody proposes to take it back")},
                {"answer": "release",
                 "does": "your access ends at once, and the seat goes to the next in line"},
            ]),
        ),
    ])
}

//! Somebody new with the address of somebody who left: whether they are one person is for an
//! operator to say, since addresses get used again (domain 4.6).

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Act, body, dry_run, erase};
use crate::directory::admin::query::refused;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{Items, Query, cursor, not_found, object, view};
use crate::directory::change::Change;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::scim::Object;
use crate::seats::decision::Trigger;
use crate::seats::{EndReason, IdentityState};
use crate::store::members::Member;
use crate::store::rehire::{Place, Review, ReviewState};
use crate::store::{Session, Tx, transact};

impl Directory {
    /// Reviews, the oldest first; those that are open, unless another `state` is asked for.
    pub async fn list_reviews(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        query.only(&["state"], None)?;
        let state = match query.get("state") {
            Some(name) => name
                .parse()
                .map_err(|detail: String| refused("state", &detail))?,
            None => ReviewState::Open,
        };
        let list = cursor::list(caller, "reviews", query);
        let after: Option<Place> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let reviews = session.reviews(state, after.as_ref(), limit + 1).await?;
        let mut rows = Vec::with_capacity(reviews.len());
        for review in reviews {
            let place = Place {
                at: review.created_at,
                id: review.id,
            };
            rows.push((shown(&mut session, &review).await?, place));
        }
        self.page(list, rows, limit, now).await
    }

    /// The two are one person: the former one, who begins a new episode with what the new one has.
    /// The identifier by which the identity provider knows the new one stays.
    pub async fn merge_review(
        &self,
        caller: &Caller,
        id: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let dry = dry_run(&body(sent, &[])?)?;
        self.catch_up(caller.tenant, now).await?;
        transact!(self.store, caller.tenant, |tx| {
            let review = open(tx, id).await?;
            // In their order, as everybody locks people.
            let mut pair = [review.member, review.former];
            pair.sort_unstable();
            for who in pair {
                tx.lock_member(who).await?;
            }
            let former = review.former.to_string();
            let mut act = Act::on(self, tx, caller, &former, (dry, now)).await?;
            let new = act.change.tx.lock_member(review.member).await?;
            let new = new.filter(is_known).ok_or_else(closed)?;
            if !matches!(
                act.member.identity,
                IdentityState::Deleted | IdentityState::Inactive
            ) {
                return Err(closed().into());
            }
            let by = caller.by().actor;
            let merged = ReviewState::Merged;
            act.change
                .tx
                .decide_review(review.id, merged, &by, now)
                .await?;
            merge(&mut act, new, now).await?;
            act.answer(caller, true).await
        })
    }

    /// The two are two people.
    pub async fn dismiss_review(
        &self,
        caller: &Caller,
        id: &str,
        sent: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Access)?;
        let dry = dry_run(&body(sent, &[])?)?;
        transact!(self.store, caller.tenant, |tx| {
            let mut review = open(tx, id).await?;
            let rules = self.current_rules(tx).await?;
            if !dry {
                let by = caller.by().actor;
                let dismissed = ReviewState::Dismissed;
                tx.decide_review(review.id, dismissed, &by, now).await?;
                let mut change = Change::new(tx, rules, caller.by(), now);
                let detail = object([("former", json!(review.former))]);
                change.log("review.dismissed", Some(review.member), detail);
                change.finish().await?;
            }
            review.state = ReviewState::Dismissed;
            review.decided_at = Some(now);
            let effects = json!([{"effect": "review_dismissed"}]);
            let review = shown(tx, &review).await?;
            Ok(object([
                ("review", review.into()),
                ("effects", effects),
                ("dryRun", dry.into()),
            ]))
        })
    }
}

fn is_known(m: &Member) -> bool {
    matches!(m.identity, IdentityState::Active | IdentityState::Inactive)
}

fn closed() -> Refusal {
    let detail = "the review is decided, or its people are not as they were";
    Refusal::new(409, Code::ReviewClosed, detail)
}

async fn open(tx: &mut Tx, id: &str) -> Result<Review, Error> {
    let nothing = || not_found("such review");
    let id = Uuid::try_parse(id).map_err(|_| nothing())?;
    let review = tx.review(id).await?.ok_or_else(nothing)?;
    if review.state == ReviewState::Open {
        Ok(review)
    } else {
        Err(closed().into())
    }
}

async fn shown(session: &mut Session, review: &Review) -> Result<Object, Error> {
    let member = session.member_by_id(review.member).await?;
    let former = session.member_by_id(review.former).await?;
    let person = |m: Option<Member>| {
        let m = m?;
        let mut person = view::brief(&m);
        person["identityState"] = json!(m.identity.as_str());
        person["workerId"] = json!(m.worker_id);
        person["externalId"] = json!(m.external_id);
        person["deactivatedAt"] = json!(m.deactivated_at);
        Some(person)
    };
    Ok(object([
        ("id", json!(review.id)),
        ("kind", "possible_rehire".into()),
        ("state", review.state.as_str().into()),
        ("member", json!(person(member))),
        ("former", json!(person(former))),
        ("createdAt", json!(review.created_at)),
        ("decidedAt", json!(review.decided_at)),
    ]))
}

/// Makes `new` and the person of the act one.
async fn merge(act: &mut Act<'_>, new: Member, now: Timestamp) -> Result<(), Error> {
    let last = act.member.assignment.clone();
    if let Some(grace) = act.open() {
        // One person has one seat: they go on in that of the new one.
        let reason = EndReason::Transferred;
        let inputs = String::new();
        act.change
            .end(&mut act.member, grace, reason, now, inputs)
            .await?;
    }
    let change = &mut act.change;
    for group in change.tx.leave_groups(act.member.id).await? {
        change.tx.touch_group(group, -1, now).await?;
    }
    let episodes = last.map_or(0, |last| {
        if last.held {
            last.episode
        } else {
            last.episode - 1
        }
    });
    change.tx.hand_over(new.id, act.member.id, episodes).await?;
    let mut shell = new.clone();
    shell.assignment = None;
    shell.seat_reason = None;
    erase::become_nobody(change, &mut shell, now).await?;
    change.save_seat(&mut shell).await?;
    let detail = object([
        ("from", json!(new.id)),
        ("episodesBefore", episodes.into()),
        ("retiredScimId", json!(act.member.scim_id)),
    ]);
    change.log("member.merged", Some(act.member.id), detail);
    let detail = object([("into", json!(act.member.id))]);
    change.log("member.merged_away", Some(new.id), detail);
    let mut assignment = new.assignment.clone();
    if let Some(a) = &mut assignment {
        a.member = act.member.id;
        a.episode += episodes;
    }
    act.member = Member {
        id: act.member.id,
        assignment: assignment.or(act.member.assignment.take()),
        ..new
    };
    change.tx.save_overrides(&act.member).await?;
    change.fold_anew(act.member.id);
    change
        .settle(&mut act.member, Trigger::Person, false)
        .await?;
    Ok(())
}

//! Planning what a reconciliation suggests, for the findings of some buckets or for some of them.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::draft::Draft;
use super::exclusions::Exclusions;
use super::verb::{Verb, refused_item};
use super::{Made, NOTE};
use crate::directory::admin::body::Body;
use crate::directory::admin::reconciliations::found;
use crate::directory::admin::roles::Right;
use crate::directory::admin::verbs::end;
use crate::directory::admin::{conflict, invalid, object, wrong};
use crate::directory::rules::Rules;
use crate::directory::{Caller, Code, Directory, Error, Refusal};
use crate::plans::remedy::{Whose, remedy};
use crate::plans::{Act, Item, Kind, MOST};
use crate::roster::compare::Bucket;
use crate::scim::Object;
use crate::seats::{EndReason, days};
use crate::store::Session;
use crate::store::members::Member;
use crate::store::reconciliations::Finding;

/// Findings read at once.
const PAGE: i64 = 500;

/// Which findings are meant.
enum Chosen {
    Buckets(Vec<Bucket>),
    /// Their places.
    Rows(Vec<i64>),
}

impl Chosen {
    fn read(body: &Body) -> Result<Self, Refusal> {
        let buckets = body.names::<Bucket>("buckets")?;
        let rows = rows(body)?;
        match (buckets, rows) {
            (Some(_), Some(_)) => Err(wrong("rows", "goes without buckets")),
            (None, None) => {
                let detail = "a plan takes buckets or rows of the reconciliation";
                Err(invalid(Code::MissingField, "buckets", detail))
            }
            (Some(buckets), None) if buckets.is_empty() => {
                Err(wrong("buckets", "must name at least one"))
            }
            (Some(buckets), None) => {
                for bucket in &buckets {
                    planned(*bucket)?;
                }
                Ok(Self::Buckets(buckets))
            }
            (None, Some(rows)) => Ok(Self::Rows(rows)),
        }
    }
}

/// The places of findings that are meant one by one.
fn rows(body: &Body) -> Result<Option<Vec<i64>>, Refusal> {
    let Some(value) = body.raw("rows") else {
        return Ok(None);
    };
    let numbers = value.as_array().map(|list| {
        let numbers = list.iter().map(|n| n.as_i64().filter(|n| *n > 0));
        numbers.collect::<Option<Vec<_>>>()
    });
    let numbers = numbers
        .flatten()
        .filter(|n| !n.is_empty() && n.len() <= MOST);
    let detail = format!("must be a list of between 1 and {MOST} numbers, `n` of the findings");
    Ok(Some(numbers.ok_or_else(|| wrong("rows", &detail))?))
}

/// What is done about the findings of a bucket, or whose that is.
fn planned(bucket: Bucket) -> Result<Act, Refusal> {
    remedy(bucket).map_err(|whose| {
        let why = match whose {
            Whose::Nobodys => "both sides agree",
            Whose::IdentityProvider => {
                "the identity provider says who somebody is and who is to have a seat"
            }
            Whose::Purchase => "it takes a seat that is bought or comes free",
            Whose::List => "the list has to be mended",
            Whose::Vendor => "the seat is the coaching vendor's to release",
        };
        let detail = format!("nothing of the bucket {bucket} can be planned here: {why}");
        conflict(
            Code::NotPlannable,
            detail,
            [
                ("field", "buckets".into()),
                ("bucket", bucket.as_str().into()),
                ("suggestedAction", bucket.suggested_action().into()),
                ("whose", whose.as_str().into()),
            ],
        )
    })
}

impl Directory {
    /// Plans to do what a reconciliation suggests: each person is judged as they are now, and what
    /// is done to each is what the call for one person does.
    pub async fn plan_reconciliation(
        &self,
        caller: &Caller,
        id: &str,
        body: serde_json::Value,
        now: Timestamp,
    ) -> Result<Made, Error> {
        caller.may(Right::Import)?;
        caller.may(Right::Access)?;
        let known = ["buckets", "rows", "reason", "note", "dryRun"];
        let body = Body::of(body, &known)?;
        let chosen = Chosen::read(&body)?;
        let reason = if body.has("reason") {
            end::reason(&body)?
        } else {
            EndReason::RemovedByAdmin
        };
        let (note, dry) = (body.text("note", NOTE)?, body.flag("dryRun")?);
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let exclusions = Exclusions::read(&mut session).await?;
        let held = found(&mut session, id).await?;
        if held.state != "finished" {
            let detail = "the reconciliation is not finished";
            let state = [("state", json!(held.state))];
            return Err(conflict(Code::NotPlannable, detail, state).into());
        }
        let mut asked = object([("reconciliation", json!(held.id))]);
        asked.extend(body.only(&["buckets", "rows", "reason"]));
        let mut draft = Draft::new(Kind::Reconciliation, asked, note);
        let mut seen = HashSet::new();
        let of = (&*rules, &exclusions, reason, now);
        match chosen {
            Chosen::Buckets(buckets) => {
                for bucket in buckets {
                    let mut after = 0;
                    loop {
                        let page = session.findings(held.id, Some(bucket), after, PAGE).await?;
                        for finding in &page {
                            add(&mut session, &mut draft, &mut seen, finding, of).await?;
                        }
                        match page.last() {
                            Some(last) => after = last.n,
                            None => break,
                        }
                    }
                }
            }
            Chosen::Rows(rows) => {
                for n in rows {
                    let finding = session.findings(held.id, None, n - 1, 1).await?;
                    let finding = finding.first().filter(|finding| finding.n == n);
                    let finding = finding.ok_or_else(|| {
                        wrong("rows", &format!("there is no finding whose n is {n}"))
                    })?;
                    planned(finding.bucket)?;
                    add(&mut session, &mut draft, &mut seen, finding, of).await?;
                }
            }
        }
        drop(session);
        let threshold = rules.catalog.policy.approval_threshold;
        self.planned(caller, draft, (threshold, dry == Some(true)), now)
            .await
    }
}

/// Adds the person whom a finding is about, each once.
async fn add(
    session: &mut Session,
    draft: &mut Draft,
    seen: &mut HashSet<Uuid>,
    finding: &Finding,
    (rules, exclusions, reason, now): (&Rules, &Exclusions, EndReason, Timestamp),
) -> Result<(), Error> {
    let act = planned(finding.bucket)?;
    let Some(id) = finding.member.filter(|id| seen.insert(*id)) else {
        return Ok(());
    };
    let Some(m) = session.member_by_id(id).await? else {
        return Ok(());
    };
    let engagement = session.engagement(m.id).await?;
    let body = suggested(act, finding, reason);
    let verb =
        Verb::read(act, body, None).and_then(|verb| verb.check(&rules.catalog, now).map(|()| verb));
    let item: Item = match verb {
        Ok(verb) => verb.own_item(rules, &m, &engagement, exclusions, now)?,
        Err(refusal) => refused_item(rules, &m, act, code(act, finding, rules, &m, &refusal, now)),
    };
    draft.add(&m, item, true)
}

/// The body of the call for one person.
fn suggested(act: Act, finding: &Finding, reason: EndReason) -> Object {
    let listed = |key: &str| {
        let value = finding.content.get("listed").and_then(|l| l.get(key));
        value.cloned().unwrap_or_default()
    };
    match act {
        Act::End => object([("reason", reason.as_str().into())]),
        Act::Transfer => object([("track", listed("track"))]),
        Act::Extend => object([("until", listed("accessEndDate"))]),
        Act::Erase => Object::new(),
    }
}

/// Why what is suggested cannot be done. A last day that is past would end access, which is not what
/// another date is meant to do.
fn code(
    act: Act,
    finding: &Finding,
    rules: &Rules,
    m: &Member,
    refusal: &Refusal,
    now: Timestamp,
) -> Code {
    let listed = finding.content.pointer("/listed/accessEndDate");
    let day = listed.and_then(|day| days::read(day.as_str()?).ok().flatten());
    let intent = crate::directory::person::intent(&m.doc);
    let zone = intent.zone(&rules.catalog);
    match day {
        Some(day) if act == Act::Extend && day.end(zone) <= now => Code::AccessEndReached,
        _ => refusal.code,
    }
}

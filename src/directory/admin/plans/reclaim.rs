//! Planning to reclaim seats that are not used.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::draft::Draft;
use super::exclusions::Exclusions;
use super::verb::Verb;
use super::{Made, NOTE, people};
use crate::coaching::nudge::KEPT_FOR;
use crate::directory::admin::body::{Body, MAX_DAYS, required};
use crate::directory::admin::roles::Right;
use crate::directory::admin::{object, selection, wrong};
use crate::directory::{Caller, Directory, Error};
use crate::plans::reclaim::{Holder, Reason, since, use_of};
use crate::plans::{Act, Kind};
use crate::scim::Object;
use crate::store::Session;
use crate::store::engagement::Engagement;
use crate::store::members::Member;

impl Directory {
    /// Plans to end the access of those whose seats are not used.
    pub async fn reclaim_seats(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Made, Error> {
        caller.may(Right::Access)?;
        caller.may(Right::Engagement)?;
        let body = Body::of(body, &["filter", "note", "dryRun"])?;
        let filter = required("filter", body.object("filter")?)?.clone();
        let (reason, days, rest) = read(filter)?;
        let query = people::query(&rest)?;
        let (note, dry) = (body.text("note", NOTE)?, body.flag("dryRun")?);
        let end = object([("reason", reason.end_reason().as_str().into())]);
        let verb = Verb::read(Act::End, end, None)?;
        self.catch_up(caller.tenant, now).await?;
        // Whose reason has cleared was not silent.
        self.resolve_nudges(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let rules = self.current_rules(&mut session).await?;
        let exclusions = Exclusions::read(&mut session).await?;
        let mut selection = selection::read(&query, &rules.catalog, now)?;
        if selection.states.is_none() {
            selection.states = Some(reason.states().to_vec());
        }
        let spare = match reason {
            Reason::Duplicate => Some(spare(&mut session).await?),
            _ => None,
        };
        let asked = Asked::read(&mut session, reason, now).await?;
        let mut draft = Draft::new(Kind::Reclaim, body.only(&["filter"]), note);
        people::selected(&mut session, &selection, |m, engagement| {
            let Some(unused) = unused(reason, days, (m, engagement, &asked), now) else {
                return Ok(());
            };
            if spare.as_ref().is_some_and(|spare| !spare.contains(&m.id)) {
                return Ok(());
            }
            let mut item = verb.item(&rules, m, engagement, &exclusions, now)?;
            item.before
                .insert("unusedBecause".into(), reason.as_str().into());
            let unused = reason.has_age().then_some(unused);
            item.before.insert("unusedSince".into(), json!(unused));
            draft.add(m, item, false)
        })
        .await?;
        drop(session);
        let threshold = rules.catalog.policy.approval_threshold;
        self.planned(caller, draft, (threshold, dry == Some(true)), now)
            .await
    }
}

/// What people said, or did not, who were asked whether they keep their seat.
#[derive(Default)]
struct Asked {
    kept: HashSet<Uuid>,
    unanswered: HashMap<Uuid, (Timestamp, Timestamp)>,
}

impl Asked {
    async fn read(session: &mut Session, reason: Reason, now: Timestamp) -> Result<Self, Error> {
        let mut asked = Self::default();
        if reason.heeds_keeping() {
            let since = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::UNIX_EPOCH);
            asked.kept = session.kept_since(since).await?;
        }
        if reason == Reason::Unanswered {
            asked.unanswered = session.unanswered(now).await?;
        }
        Ok(asked)
    }
}

/// Takes the reason and its age out of a filter.
fn read(mut filter: Object) -> Result<(Reason, i64, Object), Error> {
    let own: Object = ["reason", "olderThanDays"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), filter.shift_remove(*name)?)))
        .collect();
    let own = Body::of(Value::Object(own), &["reason", "olderThanDays"])?;
    let reason = own.named::<Reason>("reason")?;
    let reason = required("filter.reason", reason)?;
    let days = own.whole("olderThanDays", 0..=MAX_DAYS)?;
    if days.is_some() && !reason.has_age() {
        let detail = format!("goes without reason {reason}");
        return Err(wrong("olderThanDays", &detail).into());
    }
    Ok((reason, days.unwrap_or(reason.default_days()), filter))
}

fn unused(
    reason: Reason,
    days: i64,
    (m, engagement, asked): (&Member, &Engagement, &Asked),
    now: Timestamp,
) -> Option<Timestamp> {
    let assignment = m.assignment.as_ref()?;
    if asked.kept.contains(&assignment.id) {
        return None;
    }
    let holder = Holder {
        unanswered: asked.unanswered.get(&assignment.id).copied(),
        identity: m.identity,
        deactivated_at: m.deactivated_at,
        assignment,
        journey: engagement.journey.as_ref()?,
    };
    since(reason, days, holder, now)
}

/// Of accounts that share an address and hold seats, all but the one that is used most.
async fn spare(session: &mut Session) -> Result<HashSet<Uuid>, Error> {
    let mut by_address: HashMap<String, Vec<Uuid>> = HashMap::new();
    for (address, member) in session.duplicates().await? {
        by_address.entry(address).or_default().push(member);
    }
    let mut spare = HashSet::new();
    for members in by_address.into_values().filter(|m| m.len() > 1) {
        let mut accounts = Vec::new();
        for id in members {
            let member = session.member_by_id(id).await?;
            let engagement = session.engagement(id).await?;
            let assignment = member.and_then(|m| m.assignment);
            if let Some((a, journey)) = assignment.zip(engagement.journey) {
                accounts.push((use_of(&journey, &a), id));
            }
        }
        accounts.sort_by(|(a, _), (b, _)| a.cmp(b));
        // The last is used most, and stays.
        accounts.pop();
        spare.extend(accounts.into_iter().map(|(_, id)| id));
    }
    Ok(spare)
}

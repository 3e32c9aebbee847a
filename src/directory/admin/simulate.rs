//! What a mapping would do, before there is one or before it is changed.

pub mod tally;

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::body::Body;
use super::plans::people;
use super::roles::Right;
use super::{mappings, object, selection, view, wrong};
use crate::directory::rules::Rules;
use crate::directory::{Caller, Directory, Error, Refusal};
use crate::scim::Object;
use crate::scim::predicate::fold;
use crate::seats::catalog::{Match, Rule, in_order};
use crate::store::Session;
use crate::store::engagement::Engagement;
use crate::store::members::Member;

pub use tally::Outcome;
pub(super) use tally::{Seen, Tally};

/// People that an answer shows; they are all counted.
const SHOWN: usize = 500;

/// A mapping as it might be, among all others.
pub(super) struct Supposed {
    pub(super) rules: Rules,
    pub(super) rule: Rule,
    /// The mapping that it is a change of, as it is.
    pub(super) before: Option<Rule>,
    /// Filters that find everybody whom it concerns.
    filters: Vec<String>,
}

impl Supposed {
    /// Supposes a new mapping, or a change of the one with this identifier.
    pub(super) async fn read(
        session: &mut Session,
        changed: Option<&str>,
        body: &Body,
    ) -> Result<Self, Error> {
        let mut catalog = session.catalog().await?;
        let before = match changed {
            Some(id) => Some(mappings::with_id(session, id).await?.rule),
            None => None,
        };
        let mut rule = match &before {
            Some(before) => mappings::changed(body, before, &catalog)?,
            None => mappings::new(body, &catalog)?,
        };
        let mut filters = Vec::new();
        if let Some(before) = &before {
            filters.extend(finding(&before.matches));
        }
        if let Match::Group { name, groups } = &mut rule.matches {
            let named = session.groups_named(&fold(name)).await?;
            let named = named.iter().map(|(id, _)| *id);
            groups.extend(named.filter(|id| !groups.contains(id)).collect::<Vec<_>>());
        }
        filters.extend(finding(&rule.matches));
        filters.dedup();
        catalog.rules.retain(|known| known.id != rule.id);
        if rule.enabled {
            catalog.rules.push(rule.clone());
        }
        catalog.rules = in_order(std::mem::take(&mut catalog.rules));
        Ok(Self {
            rules: Rules::new(catalog),
            rule,
            before,
            filters,
        })
    }

    /// Looks at everybody whom it concerns, each once.
    pub(super) async fn people(
        &self,
        session: &mut Session,
        now: Timestamp,
        mut look: impl FnMut(&Member, &Engagement) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let mut seen: HashSet<Uuid> = HashSet::new();
        for filter in &self.filters {
            let selection = selection::matching_filter(filter, &self.rules.catalog, now)?;
            people::selected(session, &selection, |m, engagement| {
                if seen.insert(m.id) {
                    look(m, engagement)?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}

/// A filter that finds whom a mapping is for; nothing where that is nobody.
fn finding(matches: &Match) -> Option<String> {
    match matches {
        Match::Filter(filter) => Some(filter.clone()),
        Match::Group { groups, .. } => {
            let conditions = groups.iter().map(|id| format!("groups.value eq \"{id}\""));
            let conditions: Vec<_> = conditions.collect();
            (!conditions.is_empty()).then(|| conditions.join(" or "))
        }
    }
}

impl Directory {
    /// Who would move if there were such a mapping, from what to what, and which pools would have
    /// room for them as they are now. Changes nothing.
    pub async fn simulate_mapping(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::ReadRules)?;
        let body = Body::of(renamed(body)?, &mappings::FIELDS)?;
        self.catch_up(caller.tenant, now).await?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let supposed = Supposed::read(&mut session, None, &body).await?;
        let catalog = &supposed.rules.catalog;
        let shown = mappings::view(&supposed.rule, now, catalog);
        let figures = session.figures(None, now).await?;
        let mut tally = Tally::new(catalog, &supposed.rule, &figures, now);
        let mut rows = Vec::new();
        supposed
            .people(&mut session, now, |m, _| {
                let seen = tally.look(&supposed.rules, m);
                if let Some(seen) = seen.filter(|_| rows.len() < SHOWN) {
                    rows.push(object([
                        ("member", view::brief(m)),
                        ("outcome", seen.outcome.as_str().into()),
                        ("seatState", m.seat_state().as_str().into()),
                        ("from", seen.from.into()),
                        ("to", seen.to.into()),
                    ]));
                }
                Ok(())
            })
            .await?;
        Ok(tally.answer(shown, &rows))
    }
}

/// `groupDisplay` is another name of `group`.
pub(super) fn renamed(mut body: Value) -> Result<Value, Refusal> {
    if let Some(object) = body.as_object_mut()
        && let Some(name) = object.shift_remove("groupDisplay")
        && object.insert("group".into(), name).is_some()
    {
        return Err(wrong("groupDisplay", "goes without group"));
    }
    Ok(body)
}

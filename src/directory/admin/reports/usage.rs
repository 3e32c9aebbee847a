//! How coaching is used, added up. Groups of an attribute that are too small to be told of are
//! named, and their numbers are not.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::asked::{Asked, days_before};
use super::{Body, exact, rate, rounded};
use crate::coaching::suppression::suppressed;
use crate::directory::admin::object;
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::store::reports::usage::{GroupBy, Groups, Usage};

impl Directory {
    pub(super) async fn activation_usage(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let scope = asked.scope(&catalog, now)?;
        let groups = session.usage(&scope, now).await?;
        Ok(Body::of(lines(groups, &scope.by, &catalog, usage)))
    }

    pub(super) async fn reflections(
        &self,
        caller: &Caller,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<Body, Error> {
        let cutoff = days_before(now, asked.number("overdueDays", 'd')?);
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let scope = asked.scope(&catalog, now)?;
        let groups = session.reflections(&scope, cutoff).await?;
        Ok(Body::of(lines(groups, &scope.by, &catalog, reflections)))
    }
}

/// A line a group, in the order of their names; who has no value comes last.
fn lines(
    groups: Groups,
    by: &GroupBy,
    catalog: &Catalog,
    line: impl Fn(&Usage) -> Object,
) -> Vec<Object> {
    let people: Vec<_> = groups.values().map(|usage| usage.people).collect();
    let out = match by {
        GroupBy::Attribute(..) => suppressed(&people),
        GroupBy::All | GroupBy::Track | GroupBy::Pool | GroupBy::Week(_) => {
            vec![false; people.len()]
        }
    };
    let mut lines: Vec<_> = groups
        .into_iter()
        .zip(out)
        .map(|((group, usage), is_out)| {
            let mut numbers = line(&usage);
            if is_out {
                numbers.values_mut().for_each(|value| *value = Value::Null);
            }
            let mut item = object([
                ("group", json!(group.map(|g| named(&g, by, catalog)))),
                ("suppressed", is_out.into()),
            ]);
            item.extend(numbers);
            item
        })
        .collect();
    // A sort that keeps the order of equals.
    lines.sort_by_key(|item| {
        let group = item.get("group").and_then(Value::as_str);
        (group.is_none(), group.unwrap_or_default().to_owned())
    });
    lines
}

/// A group as operators name it: by key, or the Monday on which a week begins.
fn named(group: &str, by: &GroupBy, catalog: &Catalog) -> String {
    let id = || Uuid::try_parse(group).ok();
    let found = match by {
        GroupBy::Track => id()
            .and_then(|id| catalog.track(id))
            .map(|track| track.key.clone()),
        GroupBy::Pool => id()
            .and_then(|id| catalog.pool(id))
            .map(|pool| pool.key.clone()),
        GroupBy::Week(_) => GroupBy::week_begins(group)
            .and_then(|days| Date::constant(1970, 1, 1).checked_add(days.days()).ok())
            .map(|day| day.to_string()),
        GroupBy::All | GroupBy::Attribute(..) => None,
    };
    found.unwrap_or_else(|| group.to_owned())
}

fn usage(u: &Usage) -> Object {
    let per_started = if u.started > 0 {
        rounded(exact(u.sessions) / exact(u.started), 2)
    } else {
        Value::Null
    };
    let days = |days: Option<f64>| days.map_or(Value::Null, |days| rounded(days, 1));
    object([
        ("people", u.people.into()),
        ("invited", u.invited.into()),
        ("activated", u.activated.into()),
        ("activationRate", rate(u.activated, u.invited)),
        ("onboarded", u.onboarded.into()),
        ("started", u.started.into()),
        ("sessionsCompleted", u.sessions.into()),
        ("sessionsPerStarted", per_started),
        ("noShows", u.no_shows.into()),
        ("noShowRate", rate(u.no_shows, u.no_shows + u.sessions)),
        ("medianDaysToActivate", days(u.days_to_activate)),
        ("medianDaysToFirstSession", days(u.days_to_start)),
        ("reflectionsAssigned", u.reflections.into()),
        ("reflectionsCompleted", u.written.into()),
        ("reflectionRate", rate(u.written, u.reflections)),
        ("stalled", u.stalled.values().sum::<i64>().into()),
        ("stalledBy", json!(u.stalled)),
    ])
}

fn reflections(u: &Usage) -> Object {
    object([
        ("people", u.people.into()),
        ("assigned", u.reflections.into()),
        ("completed", u.written.into()),
        ("outstanding", (u.reflections - u.written).into()),
        ("overdue", u.overdue.into()),
        ("completionRate", rate(u.written, u.reflections)),
    ])
}

//! Whom a plan is for: by the filters of the list of people, or by name.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::admin::body::Body;
use crate::directory::admin::query::Query;
use crate::directory::admin::roles::Right;
use crate::directory::admin::{find, invalid, selection, wrong};
use crate::directory::rules::Rules;
use crate::directory::{Caller, Code, Error, Refusal};
use crate::plans::MOST;
use crate::scim::Object;
use crate::store::Session;
use crate::store::engagement::Engagement;
use crate::store::lists::Key;
use crate::store::member_list::Selection;
use crate::store::members::Member;

/// People read at once.
const PAGE: i64 = 500;

/// Whom a plan is for.
pub(super) enum Whom {
    Filter(Query),
    /// Identifiers or addresses.
    Members(Vec<String>),
}

impl Whom {
    /// Reads `filter` or `members` of a body.
    pub(super) fn read(caller: &Caller, body: &Body) -> Result<Self, Refusal> {
        match (body.object("filter")?, body.texts("members", MOST)?) {
            (Some(_), Some(_)) => Err(wrong("members", "goes without filter")),
            (None, None) => Err(invalid(
                Code::MissingField,
                "filter",
                "a plan takes a filter or a list of members",
            )),
            (None, Some(members)) => Ok(Self::Members(members)),
            (Some(filter), None) => {
                let query = query(filter)?;
                if query.is_empty() {
                    let detail = "must say something; everybody is not meant by nothing";
                    return Err(wrong("filter", detail));
                }
                may_filter(caller, &query)?;
                Ok(Self::Filter(query))
            }
        }
    }
}

/// Whether a caller may filter by this.
pub(super) fn may_filter(caller: &Caller, query: &Query) -> Result<(), Refusal> {
    if selection::tells_engagement(query) {
        caller.may(Right::Engagement)?;
    }
    Ok(())
}

/// A filter as the parameters of the list of people.
pub(super) fn query(filter: &Object) -> Result<Query, Refusal> {
    let mut pairs = Vec::new();
    for (name, value) in filter {
        let at = format!("filter.{name}");
        if matches!(name.as_str(), "sort" | "limit" | "cursor") {
            return Err(wrong(&at, "chooses nobody"));
        }
        let values = match value {
            Value::Null => continue,
            Value::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Err(wrong(&at, "must be a text, a number or true or false")),
            };
            pairs.push((name.clone(), text));
        }
    }
    Ok(Query::new(pairs))
}

/// Looks at each of them. `open` leaves those out who have nothing that could be ended.
pub(super) async fn each(
    session: &mut Session,
    whom: &Whom,
    (caller, rules, now): (&Caller, &Rules, Timestamp),
    open: bool,
    mut look: impl FnMut(&Member, &Engagement) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    match whom {
        Whom::Filter(query) => {
            may_filter(caller, query)?;
            let mut selection = selection::read(query, &rules.catalog, now)?;
            if open {
                selection.holds = Some(selection.holds.unwrap_or(true));
            }
            selected(session, &selection, look).await
        }
        Whom::Members(names) => {
            for member in named(session, names).await? {
                let engagement = session.engagement(member.id).await?;
                look(&member, &engagement)?;
            }
            Ok(())
        }
    }
}

/// Looks at everybody of a selection.
pub(in crate::directory::admin) async fn selected(
    session: &mut Session,
    selection: &Selection,
    mut look: impl FnMut(&Member, &Engagement) -> Result<(), Error> + Send,
) -> Result<(), Error> {
    let mut after: Option<Key> = None;
    loop {
        let people = session
            .list_members(selection, after.as_ref(), PAGE)
            .await?;
        for (member, engagement, _) in &people {
            look(member, engagement)?;
        }
        let full = i64::try_from(people.len()).is_ok_and(|n| n >= PAGE);
        after = people.into_iter().last().map(|(_, _, key)| key);
        if !full {
            return Ok(());
        }
    }
}

/// The people of these names, each once. Who is not found is named, and then none is answered.
async fn named(session: &mut Session, names: &[String]) -> Result<Vec<Member>, Error> {
    let mut seen: HashSet<Uuid> = HashSet::new();
    let (mut people, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match find::person(session, name).await {
            Ok(member) => {
                if seen.insert(member.id) {
                    people.push(member);
                }
            }
            Err(Error::Refused(refusal)) if refusal.status == 404 => unknown.push(name),
            Err(error) => return Err(error),
        }
    }
    if unknown.is_empty() {
        return Ok(people);
    }
    let mut refusal = invalid(
        Code::UnknownMember,
        "members",
        &format!("there is no such person: {}", unknown.len()),
    );
    let shown: Vec<_> = unknown.iter().take(100).collect();
    refusal.extra.insert("unknown".into(), json!(shown));
    Err(refusal.into())
}

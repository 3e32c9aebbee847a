//! Mappings: the rules that place people by group or attribute.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, required};
use super::catalog::{self, Done, placed};
use super::owners::{self, Owners};
use super::roles::Right;
use super::{Items, Query, cursor, invalid, not_found, object, wrong};
use crate::directory::rules::compile;
use crate::directory::{Caller, Code, Directory, Error, Refusal, custom};
use crate::scim::Object;
use crate::seats::catalog::{Catalog, Match, Rule};
use crate::store::operations::PlacementRun;
use crate::store::owners::Thing;
use crate::store::rules::StoredRule;
use crate::store::{Session, Tx, transact};

pub(super) const FIELDS: [&str; 8] = [
    "group",
    "filter",
    "track",
    "pool",
    "priority",
    "durationDays",
    "onUnmatch",
    "enabled",
];
/// The priority of a mapping that does not say.
const PRIORITY: i64 = 100;

impl Directory {
    /// Mappings, the winning one first.
    pub async fn list_mappings(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::ReadRules)?;
        query.only(&[], None)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let catalog = session.catalog().await?;
        let rules = session.rules().await?;
        let owners = Owners::read(&mut session).await?;
        let rows = rules.iter().map(|stored| {
            let by_filter = matches!(stored.rule.matches, Match::Filter(_));
            let key = (stored.rule.priority, by_filter, stored.rule.id);
            let mut object = view(&stored.rule, stored.created_at, &catalog);
            owners.show(&mut object, Thing::Mapping, stored.rule.id);
            (key, object)
        });
        let list = cursor::list(caller, "mappings", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }

    /// One mapping.
    pub async fn read_mapping(&self, caller: &Caller, id: &str) -> Result<Object, Error> {
        caller.may(Right::ReadRules)?;
        let mut session = self.store.snapshot(caller.tenant).await?;
        let stored = with_id(&mut session, id).await?;
        let catalog = session.catalog().await?;
        let mut object = view(&stored.rule, stored.created_at, &catalog);
        let owners = Owners::read(&mut session).await?;
        owners.show(&mut object, Thing::Mapping, stored.rule.id);
        Ok(object)
    }

    /// Makes a mapping.
    pub async fn create_mapping(
        &self,
        caller: &Caller,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &FIELDS)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            let rule = new(&body, &catalog)?;
            let run = store(tx, caller, (&rule, None), now).await?;
            let mut object = view(&rule, now, &catalog);
            let owners = Owners::read(tx).await?;
            owners.show(&mut object, Thing::Mapping, rule.id);
            Ok(placed(object, Some(&run)))
        }))
    }

    /// Changes a mapping.
    pub async fn change_mapping(
        &self,
        caller: &Caller,
        id: &str,
        body: Value,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        let body = Body::of(body, &FIELDS)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            let catalog = catalog::begin(tx).await?;
            let stored = with_id(tx, id).await?;
            let before = stored.rule;
            let rule = changed(&body, &before, &catalog)?;
            let mut answer = view(&rule, stored.created_at, &catalog);
            let owners = Owners::read(tx).await?;
            owners.show(&mut answer, Thing::Mapping, rule.id);
            if is_same(&rule, &before) {
                return Ok(placed(answer, None));
            }
            let run = store(tx, caller, (&rule, Some(&before)), now).await?;
            Ok(placed(answer, Some(&run)))
        }))
    }

    /// Removes a mapping; whom it placed is placed anew.
    pub async fn delete_mapping(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Configure)?;
        self.begun(transact!(self.store, caller.tenant, |tx| {
            catalog::begin(tx).await?;
            let stored = with_id(tx, id).await?;
            tx.delete_rule(stored.rule.id).await?;
            let done = done("mapping.deleted", stored.rule.id);
            let run = catalog::finish(tx, caller, done, now).await?;
            let deleted = object([("id", json!(stored.rule.id))]);
            Ok(placed(deleted, Some(&run)))
        }))
    }
}

fn done(action: &'static str, rule: Uuid) -> Done {
    Done {
        action,
        detail: object([("mapping", json!(rule))]),
        ..Done::default()
    }
}

/// Stores a mapping that is new, or a change of what it was `before`, and begins the run that places
/// people by it.
pub(super) async fn store(
    tx: &mut Tx,
    caller: &Caller,
    (rule, before): (&Rule, Option<&Rule>),
    now: Timestamp,
) -> Result<PlacementRun, Error> {
    let action = match before {
        None => {
            tx.insert_rule(rule, now).await?;
            owners::claim(tx, caller, (Thing::Mapping, rule.id), now).await?;
            "mapping.created"
        }
        Some(before) => {
            if !matches_alike(rule, before) {
                tx.unbind_rule(rule.id).await?;
            }
            tx.save_rule(rule).await?;
            "mapping.changed"
        }
    };
    catalog::finish(tx, caller, done(action, rule.id), now).await
}

pub(super) async fn with_id(session: &mut Session, id: &str) -> Result<StoredRule, Error> {
    let id = Uuid::try_parse(id).map_err(|_| not_found("such mapping"))?;
    let mut rules = session.rules().await?.into_iter();
    let found = rules.find(|stored| stored.rule.id == id);
    found.ok_or_else(|| not_found("such mapping").into())
}

pub(super) fn new(body: &Body, catalog: &Catalog) -> Result<Rule, Refusal> {
    let matches = matching(body, catalog)?;
    let mut rule = Rule {
        id: Uuid::now_v7(),
        priority: PRIORITY,
        matches: required("group", matches).map_err(|_| neither())?,
        track: Uuid::nil(),
        pool: None,
        duration_days: None,
        on_unmatch: catalog.policy.on_unmatch.0,
        enabled: true,
    };
    required("track", body.key("track")?)?;
    apply(body, &mut rule, catalog)?;
    Ok(rule)
}

/// A mapping with what was sent in the place of what it was.
pub(super) fn changed(body: &Body, before: &Rule, catalog: &Catalog) -> Result<Rule, Refusal> {
    let mut rule = before.clone();
    if let Some(matches) = matching(body, catalog)? {
        rule.matches = matches;
        if matches_alike(&rule, before) {
            rule.matches = before.matches.clone();
        }
    }
    apply(body, &mut rule, catalog)?;
    Ok(rule)
}

fn neither() -> Refusal {
    invalid(
        Code::MissingField,
        "group",
        "a mapping takes a group or a filter",
    )
}

/// Whom a mapping is for, if the body says.
fn matching(body: &Body, catalog: &Catalog) -> Result<Option<Match>, Refusal> {
    match (body.text("group", 256)?, body.text("filter", 8 * 1024)?) {
        (Some(_), Some(_)) => Err(wrong("filter", "goes without group")),
        (Some(name), None) => Ok(Some(Match::Group {
            name,
            groups: Vec::new(),
        })),
        (None, Some(filter)) => match compile(&custom::declared(catalog), &filter) {
            Ok(_) => Ok(Some(Match::Filter(filter))),
            Err(error) => Err(invalid(Code::InvalidFilter, "filter", &error.detail)),
        },
        (None, None) => Ok(None),
    }
}

/// Puts what else was sent into a mapping.
fn apply(body: &Body, rule: &mut Rule, catalog: &Catalog) -> Result<(), Refusal> {
    if let Some(key) = body.key("track")? {
        let mut tracks = catalog.tracks.iter();
        let track = tracks.find(|track| track.live && track.key.eq_ignore_ascii_case(&key));
        let track = track.ok_or_else(|| wrong("track", &format!("there is no live track '{key}'")));
        rule.track = track?.id;
    }
    if body.has("pool") {
        rule.pool = match body.key("pool")? {
            Some(key) => {
                let pool = catalog.pool_named(&key);
                let pool =
                    pool.ok_or_else(|| wrong("pool", &format!("there is no live pool '{key}'")));
                Some(pool?.id)
            }
            None => None,
        };
    }
    let product = catalog.track(rule.track).map(|track| track.product);
    let pool = rule.pool.and_then(|id| catalog.pool(id));
    if pool.is_some_and(|pool| Some(pool.product) != product) {
        return Err(wrong("pool", "is of another product than the track"));
    }
    let priority = body.whole("priority", 0..=1_000_000)?;
    rule.priority = priority.unwrap_or(rule.priority);
    if body.has("durationDays") {
        rule.duration_days = body.days("durationDays")?;
    }
    rule.on_unmatch = body.named("onUnmatch")?.unwrap_or(rule.on_unmatch);
    rule.enabled = body.flag("enabled")?.unwrap_or(rule.enabled);
    Ok(())
}

/// Whether two rules are for the same people: a group by name, whichever groups have borne it.
fn matches_alike(a: &Rule, b: &Rule) -> bool {
    match (&a.matches, &b.matches) {
        (Match::Group { name: a, .. }, Match::Group { name: b, .. }) => a == b,
        (Match::Filter(a), Match::Filter(b)) => a == b,
        _ => false,
    }
}

fn is_same(a: &Rule, b: &Rule) -> bool {
    let alike = Rule {
        matches: b.matches.clone(),
        ..a.clone()
    };
    matches_alike(a, b) && alike == *b
}

pub(super) fn view(rule: &Rule, created_at: Timestamp, catalog: &Catalog) -> Object {
    let (group, filter) = match &rule.matches {
        Match::Group { name, .. } => (Some(name), None),
        Match::Filter(filter) => (None, Some(filter)),
    };
    let track = catalog.track(rule.track);
    let pool = rule.pool.and_then(|id| catalog.pool(id));
    object([
        ("id", json!(rule.id)),
        ("priority", json!(rule.priority)),
        ("group", json!(group)),
        ("filter", json!(filter)),
        ("track", json!(track.map(|track| &track.key))),
        ("pool", json!(pool.map(|pool| &pool.key))),
        ("durationDays", json!(rule.duration_days)),
        ("onUnmatch", json!(rule.on_unmatch.as_str())),
        ("enabled", json!(rule.enabled)),
        ("createdAt", json!(created_at)),
    ])
}

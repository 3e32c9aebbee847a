//! Lists of users, of groups, or of both: filter, sort, pages by index or cursor (RFC 7644 3.4.2,
//! RFC 9865).

mod merged;

use std::time::Duration;

use jiff::Timestamp;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use super::cursor::{ListId, Unusable};
use super::{Caller, Directory, Error, Found, Kind, View, groups, person};
use crate::scim::error::{Error as ScimError, ScimType};
use crate::scim::filter;
use crate::scim::predicate::{self, Predicate, Target};
use crate::scim::schema::{COACHING_URN, ResourceType};
use crate::store::lists::{From, Key, Listing};
use crate::store::{Session, TenantId};

/// Resources on a page if the client does not say.
pub const DEFAULT_COUNT: i64 = 100;
/// Resources on a page at most.
pub const MAX_COUNT: i64 = 500;
/// What a client asks of a list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// `filter`.
    pub filter: Option<String>,
    /// `sortBy`.
    pub sort_by: Option<String>,
    /// Whether `sortOrder` is `descending`.
    pub descending: bool,
    /// `startIndex`, 1 for the first.
    pub start_index: Option<i64>,
    /// `cursor`; empty for the first page.
    pub cursor: Option<String>,
    /// `count`, at most [`MAX_COUNT`].
    pub count: Option<i64>,
    /// What will be shown.
    pub view: View,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// What is on it.
    pub resources: Vec<Found>,
    /// How many there are on all pages.
    pub total: i64,
    /// The index of the first, unless the pages are walked by cursor.
    pub start_index: Option<i64>,
    /// Where the next page begins, if the pages are walked by cursor and there is one.
    pub next_cursor: Option<String>,
}

/// Remembers where the pages of walks ended, so that the next one need not count its way there.
#[derive(Clone)]
pub(super) struct Walks(Cache<(ListId, i64), Key>);

impl Default for Walks {
    fn default() -> Self {
        let ends = Cache::builder()
            .max_capacity(10_000)
            .time_to_idle(Duration::from_mins(10));
        Self(ends.build())
    }
}

/// Where a page begins, as a cursor holds it.
#[derive(Serialize, Deserialize)]
enum Place {
    #[serde(rename = "k")]
    After(Key),
    #[serde(rename = "o")]
    Offset(i64),
}

impl Directory {
    /// A page of a list.
    ///
    /// # Errors
    /// 400 `invalidFilter`, `invalidValue` (what to sort by), `invalidCursor`, `expiredCursor`.
    pub async fn list(
        &self,
        caller: &Caller,
        kinds: &[Kind],
        query: &ListQuery,
        now: Timestamp,
    ) -> Result<Page, Error> {
        let listings = listings(caller, kinds, query)?;
        if listings.iter().any(|(_, listing)| tells_outcomes(listing)) {
            Box::pin(self.catch_up(caller.tenant, now)).await?;
        }
        // Most lists are one page, found by a filter, and need no name.
        let list = || list_id(caller.tenant, kinds, query);
        let count = query.count.unwrap_or(DEFAULT_COUNT).clamp(0, MAX_COUNT);
        let place = match query.cursor.as_deref() {
            None | Some("") => None,
            Some(cursor) => Some(
                Box::pin(self.open_place(cursor, list(), now))
                    .await
                    .map_err(wrong_cursor)?,
            ),
        };
        let start = query.start_index.unwrap_or(1).max(1);
        let from = match place {
            Some(Place::After(key)) => From::After(key),
            Some(Place::Offset(offset)) => From::Offset(offset),
            None if query.cursor.is_some() => From::Offset(0),
            None if start == 1 || listings.len() > 1 => From::Offset(start - 1),
            None => match self.walks.0.get(&(list(), start)) {
                Some(key) => From::After(key),
                None => From::Offset(start - 1),
            },
        };
        let mut session = self.store.read(caller.tenant).await?;
        let many = listings.len() > 1;
        let cut = if many {
            Box::pin(self.merged(&mut session, &listings, &from, count, query.view, now)).await?
        } else {
            let Some((kind, listing)) = listings.first() else {
                return Ok(Page::empty(query));
            };
            self.one_kind(&mut session, *kind, listing, &from, count, query.view, now)
                .await?
        };
        let begun = matches!(from, From::Offset(0));
        let shown = i64::try_from(cut.resources.len()).unwrap_or(i64::MAX);
        let total = match cut.total {
            Some(total) => total,
            // The first page tells when it is all there is.
            None if begun && !cut.more && count > 0 => shown,
            None => count_all(&mut session, &listings).await?,
        };
        let next = match (&cut.last, &from) {
            _ if !cut.more => None,
            (Some(_), From::Offset(offset)) if many => Some(Place::Offset(offset + shown)),
            (Some(key), _) => Some(Place::After(key.clone())),
            (None, _) => None,
        };
        if query.cursor.is_some() {
            let next_cursor = match next {
                Some(place) => Some(Box::pin(self.seal_place(list(), place, now)).await?),
                None => None,
            };
            return Ok(Page {
                resources: cut.resources,
                total,
                start_index: None,
                next_cursor,
            });
        }
        if let Some(Place::After(key)) = next {
            self.walks.0.insert((list(), start + shown), key);
        }
        Ok(Page {
            resources: cut.resources,
            total,
            start_index: Some(start),
            next_cursor: None,
        })
    }

    #[allow(clippy::too_many_arguments)] // a page is where, what and how much
    async fn one_kind(
        &self,
        session: &mut Session,
        kind: Kind,
        listing: &Listing,
        from: &From,
        count: i64,
        view: View,
        now: Timestamp,
    ) -> Result<Cut, Error> {
        if count == 0 {
            return Ok(Cut::default());
        }
        let mut rows = self
            .rows(session, kind, listing, from, count + 1, view, now)
            .await?;
        let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > count;
        rows.truncate(usize::try_from(count).unwrap_or(0));
        let last = rows.last().map(|(_, key)| key.clone());
        let resources = rows.into_iter().map(|(found, _)| found).collect();
        Ok(Cut {
            resources,
            last,
            more,
            total: None,
        })
    }

    #[allow(clippy::too_many_arguments)] // as above
    async fn rows(
        &self,
        session: &mut Session,
        kind: Kind,
        listing: &Listing,
        from: &From,
        limit: i64,
        view: View,
        now: Timestamp,
    ) -> Result<Vec<(Found, Key)>, Error> {
        match kind {
            Kind::User if !view.outcomes => {
                let users = session.list_users(listing, from, limit).await?;
                let shown = |(user, key)| (person::shown(user), key);
                Ok(users.into_iter().map(shown).collect())
            }
            Kind::User => {
                let members = session.list_placed_users(listing, from, limit).await?;
                let Some((first, _)) = members.first() else {
                    return Ok(Vec::new());
                };
                let rules = self.rules(session, first.catalog_version).await?;
                let mut rows = Vec::with_capacity(members.len());
                for (member, key) in members {
                    let position = person::waitlist_position(session, &member, view).await?;
                    rows.push((person::found(&member, &rules, position, now), key));
                }
                Ok(rows)
            }
            Kind::Group => {
                let found = session.list_groups(listing, from, limit).await?;
                let ids: Vec<_> = found.iter().map(|(group, _)| group.id).collect();
                let members = if view.members {
                    session.members_of(&ids).await?
                } else {
                    Vec::new()
                };
                let of = |id| {
                    members
                        .iter()
                        .filter(move |(g, _)| *g == id)
                        .map(|(_, m)| m)
                };
                let rows = found.into_iter();
                Ok(rows
                    .map(|(g, key)| (groups::resource(&g, &of(g.id).collect::<Vec<_>>()), key))
                    .collect())
            }
        }
    }
}

impl Page {
    fn empty(query: &ListQuery) -> Self {
        let start_index = query.cursor.is_none().then_some(1);
        Self {
            resources: Vec::new(),
            total: 0,
            start_index,
            next_cursor: None,
        }
    }
}

/// What was read for a page.
#[derive(Default)]
struct Cut {
    resources: Vec<Found>,
    last: Option<Key>,
    more: bool,
    total: Option<i64>,
}

async fn count_all(session: &mut Session, listings: &[(Kind, Listing)]) -> Result<i64, Error> {
    let mut total = 0;
    for (kind, listing) in listings {
        let filter = listing.filter.as_ref();
        total += match kind {
            Kind::User => session.count_users(filter).await?,
            Kind::Group => session.count_groups(filter).await?,
        };
    }
    Ok(total)
}

/// The query typed for each kind. Over several kinds an attribute that one of them lacks matches
/// nothing there; one that none has is an error.
fn listings(
    caller: &Caller,
    kinds: &[Kind],
    query: &ListQuery,
) -> Result<Vec<(Kind, Listing)>, Error> {
    let types: Vec<&ResourceType> = kinds
        .iter()
        .map(|kind| caller.resource_type(*kind))
        .collect();
    let filters = match query.filter.as_deref() {
        None => vec![None; kinds.len()],
        Some(text) => {
            let parsed = filter::parse(text)?;
            predicate::compile_across(&types, &parsed)?
                .into_iter()
                .map(Some)
                .collect()
        }
    };
    let sorts = sorts(&types, query.sort_by.as_deref())?;
    let descending = query.descending;
    let typed = kinds.iter().zip(filters).zip(sorts);
    Ok(typed
        .map(|((kind, filter), sort)| {
            (
                *kind,
                Listing {
                    filter,
                    sort,
                    descending,
                },
            )
        })
        .collect())
}

fn sorts(types: &[&ResourceType], name: Option<&str>) -> Result<Vec<Option<Target>>, Error> {
    let Some(name) = name else {
        return Ok(vec![None; types.len()]);
    };
    let found: Vec<_> = types
        .iter()
        .map(|rt| predicate::sort_target(rt, name))
        .collect();
    if let (true, Some(Err(error))) = (found.iter().all(Result::is_err), found.first()) {
        return Err(error.clone().into());
    }
    Ok(found.into_iter().map(Result::ok).collect())
}

/// Whether the list looks at what the clock may have changed since it was stored.
fn tells_outcomes(listing: &Listing) -> bool {
    let of = |target: &Target| target.path.first().is_some_and(|key| key == COACHING_URN);
    listing.sort.as_ref().is_some_and(of)
        || listing.filter.as_ref().is_some_and(|f| mentions(f, &of))
}

fn mentions(p: &Predicate, of: &impl Fn(&Target) -> bool) -> bool {
    match p {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().any(|part| mentions(part, of)),
        Predicate::Not(inner) => mentions(inner, of),
        Predicate::Test(target, _) | Predicate::Any { target, .. } => of(target),
    }
}

fn list_id(tenant: TenantId, kinds: &[Kind], query: &ListQuery) -> ListId {
    let ListQuery {
        filter,
        sort_by,
        descending,
        ..
    } = query;
    ListId::of(&format!(
        "{tenant} {kinds:?} {filter:?} {sort_by:?} {descending}"
    ))
}

fn wrong_cursor(why: Unusable) -> Error {
    let (kind, detail) = match why {
        Unusable::Foreign => (ScimType::InvalidCursor, "the cursor is not of this list"),
        Unusable::Expired => (
            ScimType::ExpiredCursor,
            "the cursor has expired; begin again without one",
        ),
        Unusable::Store(error) => return error.into(),
    };
    ScimError::new(400, Some(kind), detail).into()
}

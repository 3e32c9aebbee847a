//! Lists of SCIM resources: filtered, sorted, a page at a time.
//!
//! Pages are cut by key, not by counting: a page begins after the last row of the one before it.
//! Only a jump to the middle of a list that nobody has walked to has to count its way there.

use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::{Dialect, Row, Value};
use super::filter_sql::{Scope, Sql, asks_by_user_name};
use super::groups::{Group, group, group_columns};
use super::members::{Member, member, member_columns, member_tables};
use super::seats::assignment_columns;
use super::users::{User, user, user_columns};
use super::{Error, Session, TenantId};
use crate::scim::predicate::{Predicate, Target};
use crate::scim::schema::Type;

/// What to list, of one kind of resource.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which; none for all.
    pub filter: Option<Predicate>,
    /// In which order; none for that in which they were made.
    pub sort: Option<Target>,
    /// From the highest.
    pub descending: bool,
}

/// Where a page begins.
#[derive(Debug, Clone)]
pub enum From {
    /// At the beginning, or after so many rows.
    Offset(i64),
    /// After this row.
    After(Key),
}

/// The place of a row in a sorted list.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Key {
    /// The value sorted by.
    pub value: Json,
    /// What orders equal values.
    pub id: Uuid,
}

/// How the values of a sort are typed in SQL.
#[derive(Clone, Copy, PartialEq)]
enum Sorted {
    ByText,
    ByNumber,
}

impl Session {
    /// A page of users, each with its place in the list.
    pub async fn list_users(
        &mut self,
        listing: &Listing,
        from: &From,
        limit: i64,
    ) -> Result<Vec<(User, Key)>, Error> {
        let head = concat!(user_columns!(), "from member m ");
        let rows = self.page(head, Scope::User, listing, from, limit).await?;
        rows.iter().map(|row| Ok((user(row)?, key(row)?))).collect()
    }

    /// As [`Session::list_users`], with all that is known of the people.
    pub async fn list_placed_users(
        &mut self,
        listing: &Listing,
        from: &From,
        limit: i64,
    ) -> Result<Vec<(Member, Key)>, Error> {
        let head = concat!(member_columns!(), member_tables!());
        let rows = self.page(head, Scope::User, listing, from, limit).await?;
        rows.iter()
            .map(|row| Ok((member(row)?, key(row)?)))
            .collect()
    }

    /// A page of groups, each with its place in the list.
    pub async fn list_groups(
        &mut self,
        listing: &Listing,
        from: &From,
        limit: i64,
    ) -> Result<Vec<(Group, Key)>, Error> {
        let rows = self
            .page(group_columns!(), Scope::Group, listing, from, limit)
            .await?;
        rows.iter()
            .map(|row| Ok((group(row)?, key(row)?)))
            .collect()
    }

    /// How many users there are in a list.
    pub async fn count_users(&mut self, filter: Option<&Predicate>) -> Result<i64, Error> {
        self.count(Scope::User, filter).await
    }

    /// How many groups there are in a list.
    pub async fn count_groups(&mut self, filter: Option<&Predicate>) -> Result<i64, Error> {
        self.count(Scope::Group, filter).await
    }

    async fn count(&mut self, scope: Scope<'_>, filter: Option<&Predicate>) -> Result<i64, Error> {
        let sql = count_sql(self.dialect(), self.tenant, scope, filter);
        let rows = self.made(sql.text, sql.values).await?;
        rows.first().map_or(Ok(0), |row| row.get("n"))
    }

    async fn page(
        &mut self,
        head: &'static str,
        scope: Scope<'_>,
        listing: &Listing,
        from: &From,
        limit: i64,
    ) -> Result<Vec<Row>, Error> {
        let sql = page_sql(
            self.dialect(),
            self.tenant,
            (head, scope),
            listing,
            from,
            limit,
        );
        self.made(sql.text, sql.values).await
    }
}

/// The statement of a page: `head` is what to read and where.
pub(super) fn page_sql(
    dialect: Dialect,
    tenant: TenantId,
    (head, scope): (&'static str, Scope<'_>),
    listing: &Listing,
    from: &From,
    limit: i64,
) -> Sql {
    let id = if matches!(scope, Scope::User) {
        "m.id"
    } else {
        "g.id"
    };
    let mut sql = Sql::new(dialect, "select ", vec![tenant.into()]);
    let sorted = listing.sort.as_ref().map(|sort| match sort.kind {
        Type::Integer | Type::Decimal | Type::DateTime => Sorted::ByNumber,
        _ => Sorted::ByText,
    });
    let expression = listing.sort.as_ref().map(|sort| sql.sort_key(sort, scope));
    match (&expression, sorted) {
        (Some(e), Some(Sorted::ByText)) => sql.push(&format!("{e} as sort_text, ")),
        (Some(e), Some(Sorted::ByNumber)) => sql.push(&format!(
            "cast({e} as {}) as sort_number, ",
            if dialect == Dialect::Sqlite {
                "real"
            } else {
                "float8"
            }
        )),
        _ => {}
    }
    sql.push(&format!("{id} as sort_id, "));
    sql.push(dialect.spell(head));
    sql.push(match scope {
        Scope::User => "where m.tenant_id = $1 and m.scim_id is not null",
        _ => "where g.tenant_id = $1",
    });
    narrow(&mut sql, scope, listing.filter.as_ref());
    if let From::After(key) = from {
        after(&mut sql, expression.as_deref(), id, listing.descending, key);
    }
    let direction = if listing.descending { " desc" } else { "" };
    let collation = match (sorted, sql.dialect) {
        (Some(Sorted::ByText), Dialect::Postgres) => " collate \"C\"",
        _ => "",
    };
    sql.push(" order by ");
    if let Some(e) = &expression {
        // Unset values come last going up and first going down (RFC 7644 3.4.2.3).
        sql.push(&format!(
            "({e} is null){direction}, {e}{collation}{direction}, "
        ));
    }
    sql.push(&format!("{id}{direction}"));
    sql.limit(limit);
    if let From::Offset(offset @ 1..) = from {
        sql.push(" offset ");
        sql.bind(*offset);
    }
    sql
}

/// The statement that counts a list.
pub(super) fn count_sql(
    dialect: Dialect,
    tenant: TenantId,
    scope: Scope<'_>,
    filter: Option<&Predicate>,
) -> Sql {
    let text = match scope {
        Scope::User => {
            "select count(*) as n from member m where m.tenant_id = $1 and m.scim_id is not null"
        }
        _ => "select count(*) as n from scim_group g where g.tenant_id = $1",
    };
    let mut sql = Sql::new(dialect, text, vec![tenant.into()]);
    narrow(&mut sql, scope, filter);
    sql
}

/// Narrows a list down to what a filter matches.
fn narrow(sql: &mut Sql, scope: Scope<'_>, filter: Option<&Predicate>) {
    let Some(filter) = filter else { return };
    if matches!(scope, Scope::User) && asks_by_user_name(filter) {
        // True of every user; said so that the index of their names can serve, and only then: it
        // reads to a planner without statistics as if nearly nobody were left.
        sql.push(" and m.identity_state in ('active', 'inactive')");
    }
    sql.push(" and (");
    sql.predicate(filter, scope);
    sql.push(")");
}

/// Writes the condition that a row comes after `key`.
fn after(sql: &mut Sql, expression: Option<&str>, id: &str, descending: bool, key: &Key) {
    let sign = if descending { "<" } else { ">" };
    let Some(e) = expression else {
        sql.push(&format!(" and {id} {sign} "));
        return sql.bind(key.id);
    };
    let (value, collation): (Option<Value>, &str) = match &key.value {
        Json::String(text) if sql.dialect == Dialect::Postgres => {
            (Some(text.into()), " collate \"C\"")
        }
        Json::String(text) => (Some(text.into()), ""),
        Json::Number(number) => (number.as_f64().map(Into::into), ""),
        _ => (None, ""),
    };
    let Some(value) = value else {
        // Among the unset: going up nothing else follows, going down all that is set does.
        sql.push(&format!(" and (({e} is null and {id} {sign} "));
        sql.bind(key.id);
        sql.push(")");
        if descending {
            sql.push(&format!(" or {e} is not null"));
        }
        return sql.push(")");
    };
    sql.push(&format!(" and ({e}{collation} {sign} "));
    sql.bind(value.clone());
    sql.push(&format!(" or ({e} = "));
    sql.bind(value);
    sql.push(&format!(" and {id} {sign} "));
    sql.bind(key.id);
    sql.push(")");
    if !descending {
        sql.push(&format!(" or {e} is null"));
    }
    sql.push(")");
}

fn key(row: &Row) -> Result<Key, Error> {
    let text = row.maybe::<String>("sort_text")?.map(Json::from);
    let number = row.maybe::<f64>("sort_number")?.map(Json::from);
    let value = text.or(number).unwrap_or(Json::Null);
    Ok(Key {
        value,
        id: row.get("sort_id")?,
    })
}

//! What SQLite and PostgreSQL share: values, rows, statements. Every statement in the store is
//! written once and runs through here on either engine; what they must say differently is a
//! `{marker}` in the text, spelled out by [`Dialect`]. A limit that is a parameter is written
//! `limit $n + 0`: by a bare one SQLite plans, anew each time it is bound.

mod value;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{LazyLock, PoisonError, RwLock};

use jiff::Timestamp;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{
    AssertSqlSafe, Decode, Executor, Postgres, Row as _, SqlSafeStr as _, SqlStr, Sqlite, Type,
};

use value::{Instant, postgres, sqlite};
pub(super) use value::{Value, args};

use super::Error;

/// One connection of either engine.
pub(super) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Which SQL a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// A row of either engine, read by column name.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Statements as they are spelled, by where their text is and how long it is.
type Spelled = HashMap<(Dialect, usize, usize), &'static str>;

impl Dialect {
    /// Spells out the `{markers}` of a statement. Each is spelled once and kept: there are as many
    /// as the program's text has, and some are run thousands of times a second.
    pub(super) fn spell(self, sql: &'static str) -> &'static str {
        static SPELLED: LazyLock<RwLock<Spelled>> = LazyLock::new(RwLock::default);
        if !sql.contains('{') {
            return sql;
        }
        let key = (self, sql.as_ptr().addr(), sql.len());
        let known = SPELLED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(&key) {
            return text;
        }
        drop(known);
        let text: &'static str = self.spelled(sql).leak();
        let mut known = SPELLED.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, text);
        text
    }

    fn spelled(self, sql: &str) -> String {
        let mut text = self.numbered(sql);
        for (marker, sqlite, postgres) in MARKERS {
            text = text.replace(
                marker,
                match self {
                    Self::Sqlite => sqlite,
                    Self::Postgres => postgres,
                },
            );
        }
        text
    }

    /// Spells out `{?}`. To SQLite it has no name: sqlx asks for the name of each parameter when it
    /// binds them, and SQLite looks through all names for it, so that a statement of 2,000 named
    /// ones takes longer to bind than to run.
    fn numbered(self, sql: &str) -> String {
        let mut parts = sql.split(NEXT);
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (before, part) in parts.enumerate() {
            match self {
                Self::Sqlite => text.push('?'),
                Self::Postgres => {
                    let _ = write!(text, "${}", before + 1);
                }
            }
            text.push_str(part);
        }
        text
    }
}

/// `({?}, {?}, …), ({?}, …)`: rows of so many parameters each.
pub(super) fn rows_of(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec![NEXT; columns].join(", "));
    vec![row; rows].join(", ")
}

/// The next parameter, in a statement that has each of its parameters once and in order.
const NEXT: &str = "{?}";

/// Marker, SQLite, PostgreSQL. SQLite has one writer at a time and so needs no row locks. Those of
/// PostgreSQL leave the key alone: a foreign key's check locks the key of the row it points at, and
/// would wait for whoever has a pool locked while holding the seat that this one waits for.
const MARKERS: &[(&str, &str, &str)] = &[
    ("{lock}", "", "for no key update"),
    ("{skip locked}", "", "for no key update skip locked"),
    // The elements of a JSON array of identifiers, as a column `id`.
    (
        "{ids}",
        "select unhex(replace(value, '-', '')) as id from json_each",
        "select value::uuid as id from jsonb_array_elements_text",
    ),
    (
        "{texts}",
        "select value as t from json_each",
        "select value as t from jsonb_array_elements_text",
    ),
    // The elements of a JSON array of arrays, as a column `value`.
    ("{elements}", "json_each", "jsonb_array_elements"),
    (
        "{fourth as id}",
        "unhex(replace(e.value ->> 3, '-', ''))",
        "cast(e.value ->> 3 as uuid)",
    ),
    // A column `g.id`, `g.display_name` list as JSON.
    (
        "{group_list}",
        "json_group_array(json_array({hex}, g.display_name))",
        "jsonb_agg(jsonb_build_array(g.id, g.display_name))",
    ),
    ("{hex}", "lower(hex(g.id))", "g.id"),
    (
        "{threshold mode}",
        "json_extract(policy, '$.thresholdMode')",
        "policy ->> 'thresholdMode'",
    ),
    (
        "{display of doc}",
        "json_extract(doc, '$.displayName')",
        "doc ->> 'displayName'",
    ),
];

impl Connection {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and answers its first row, if there is one.
    pub(super) async fn optional(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<Row>, Error> {
        let sql = self.dialect().spell(sql);
        Ok(match self {
            Self::Sqlite(c) => {
                let query = sqlx::query_with(sql, sqlite(values)?);
                c.fetch_optional(query).await?.map(Row::Sqlite)
            }
            Self::Postgres(c) => {
                let query = sqlx::query_with(sql, postgres(values)?);
                c.fetch_optional(query).await?.map(Row::Postgres)
            }
        })
    }

    /// Runs a statement that always answers a row.
    pub(super) async fn one(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Row, Error> {
        self.optional(sql, values)
            .await?
            .ok_or(Error::Inconsistent("a statement answered no row"))
    }

    /// Runs a statement and answers all its rows.
    pub(super) async fn all(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let sql = self.dialect().spell(sql);
        self.rows(sql.into_sql_str(), values).await
    }

    /// Runs a statement for its effect and answers how many rows it touched.
    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, Error> {
        let sql = self.dialect().spell(sql);
        Ok(match self {
            Self::Sqlite(c) => {
                let query = sqlx::query_with(sql, sqlite(values)?);
                c.execute(query).await?.rows_affected()
            }
            Self::Postgres(c) => {
                let query = sqlx::query_with(sql, postgres(values)?);
                c.execute(query).await?.rows_affected()
            }
        })
    }

    /// As [`Connection::all`], for text put together from a filter (`filter_sql`), the only place
    /// that makes SQL at run time; what a client sent is bound, never part of it.
    pub(super) async fn all_made(
        &mut self,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let sql = if sql.contains(NEXT) {
            self.dialect().numbered(&sql)
        } else {
            sql
        };
        self.rows(AssertSqlSafe(sql).into_sql_str(), values).await
    }

    async fn rows(&mut self, sql: SqlStr, values: Vec<Value>) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Sqlite(c) => {
                let rows = c.fetch_all(sqlx::query_with(sql, sqlite(values)?)).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(c) => {
                let rows = c
                    .fetch_all(sqlx::query_with(sql, postgres(values)?))
                    .await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs one or more statements without parameters, in one step.
    pub(super) async fn batch(&mut self, sql: &'static str) -> Result<(), Error> {
        match self {
            Self::Sqlite(c) => c.execute(sqlx::raw_sql(sql)).await.map(|_| ())?,
            Self::Postgres(c) => c.execute(sqlx::raw_sql(sql)).await.map(|_| ())?,
        }
        Ok(())
    }
}

impl Row {
    /// Reads a column.
    pub(super) fn get<'r, T>(&'r self, column: &str) -> Result<T, Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// Reads a column that may be null, and that only some statements answer.
    pub(super) fn maybe<'r, T>(&'r self, column: &str) -> Result<Option<T>, Error>
    where
        Option<T>: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        let read = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        match read {
            Ok(value) => Ok(value),
            Err(sqlx::Error::ColumnNotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads an instant.
    pub(super) fn instant(&self, column: &str) -> Result<Timestamp, Error> {
        self.get::<Instant>(column).map(Timestamp::from)
    }

    /// Reads an instant that may be null.
    pub(super) fn maybe_instant(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.get::<Option<Instant>>(column)?.map(Timestamp::from))
    }

    /// Reads a JSON object.
    pub(super) fn object(&self, column: &str) -> Result<crate::scim::Object, Error> {
        Ok(self.get::<Json<crate::scim::Object>>(column)?.0)
    }

    /// Reads any JSON.
    pub(super) fn json(&self, column: &str) -> Result<serde_json::Value, Error> {
        Ok(self.get::<Json<serde_json::Value>>(column)?.0)
    }
}

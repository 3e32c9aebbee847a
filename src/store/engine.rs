//! What SQLite and PostgreSQL share: values, rows, statements. Every statement in the store is
//! written once and runs through here on either engine; what they must say differently is a
//! `{marker}` in the text, spelled out by [`Dialect`]. A limit that is a parameter is written
//! `limit $n + 0`: by a bare one SQLite plans, anew each time it is bound.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnection, PgRow, PgTypeInfo, PgValueRef};
use sqlx::sqlite::{
    SqliteArguments, SqliteArgumentsBuffer, SqliteConnection, SqliteRow, SqliteTypeInfo,
    SqliteValueRef,
};
use sqlx::types::Json;
use sqlx::{
    Arguments, AssertSqlSafe, Decode, Encode, Executor, Postgres, Row as _, SqlSafeStr as _,
    SqlStr, Sqlite, Type,
};
use uuid::Uuid;

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

/// A bound parameter. Its type is known even when it is null, as PostgreSQL asks.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(bool),
    Uuid(Option<Uuid>),
    Instant(Option<Instant>),
    Json(serde_json::Value),
    Bytes(Vec<u8>),
    Real(f64),
}

/// A row of either engine, read by column name.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A point in time as the databases keep it: `timestamptz` on PostgreSQL, milliseconds since 1970
/// on SQLite. Finer parts are cut, so that both answer alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant(i64);

impl Dialect {
    /// Spells out the `{markers}` of a statement. Each is spelled once and kept: there are as many
    /// as the program's text has, and some are run thousands of times a second.
    pub(super) fn spell(self, sql: &'static str) -> &'static str {
        static SPELLED: LazyLock<RwLock<HashMap<(Dialect, usize, usize), &'static str>>> =
            LazyLock::new(RwLock::default);
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
        let mut text = sql.to_owned();
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
}

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
}

fn sqlite(values: Vec<Value>) -> Result<SqliteArguments, Error> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Text(v) => arguments.add(v),
            Value::Int(v) => arguments.add(v),
            Value::Bool(v) => arguments.add(v),
            Value::Uuid(v) => arguments.add(v),
            Value::Instant(v) => arguments.add(v),
            Value::Json(v) => arguments.add(Json(v)),
            Value::Bytes(v) => arguments.add(v),
            Value::Real(v) => arguments.add(v),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn postgres(values: Vec<Value>) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Text(v) => arguments.add(v),
            Value::Int(v) => arguments.add(v),
            Value::Bool(v) => arguments.add(v),
            Value::Uuid(v) => arguments.add(v),
            Value::Instant(v) => arguments.add(v),
            Value::Json(v) => arguments.add(Json(v)),
            Value::Bytes(v) => arguments.add(v),
            Value::Real(v) => arguments.add(v),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Microseconds from 1970 to 2000, where PostgreSQL's clock begins.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
const TIMESTAMPTZ: sqlx::postgres::types::Oid = sqlx::postgres::types::Oid(1184);

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at.as_millisecond())
    }
}

impl From<Instant> for Timestamp {
    fn from(at: Instant) -> Self {
        // Only instants that were timestamps are stored; a foreign one clamps to the nearest.
        Self::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Self::MIN } else { Self::MAX })
    }
}

impl Type<Sqlite> for Instant {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <i64 as Type<Sqlite>>::compatible(ty)
    }
}

impl Encode<'_, Sqlite> for Instant {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<'_, Sqlite>>::encode_by_ref(&self.0, buffer)
    }
}

impl<'r> Decode<'r, Sqlite> for Instant {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        <i64 as Decode<'r, Sqlite>>::decode(value).map(Self)
    }
}

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }
    fn compatible(ty: &PgTypeInfo) -> bool {
        ty.oid() == Some(TIMESTAMPTZ)
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.saturating_mul(1000).saturating_sub(POSTGRES_EPOCH);
        <i64 as Encode<'_, Postgres>>::encode_by_ref(&micros, buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Instant {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let micros = <i64 as Decode<'r, Postgres>>::decode(value)?;
        Ok(Self(micros.saturating_add(POSTGRES_EPOCH).div_euclid(1000)))
    }
}

macro_rules! value_from {
    ($($from:ty => $value:expr;)*) => {
        $(impl From<$from> for Value {
            fn from(v: $from) -> Self {
                let make: fn($from) -> Value = $value;
                make(v)
            }
        })*
    };
}

value_from! {
    &str => |v| Value::Text(Some(v.to_owned()));
    &String => |v| Value::Text(Some(v.clone()));
    String => |v| Value::Text(Some(v));
    Option<&str> => |v| Value::Text(v.map(str::to_owned));
    Option<String> => Value::Text;
    i64 => |v| Value::Int(Some(v));
    Option<i64> => Value::Int;
    bool => Value::Bool;
    f64 => Value::Real;
    Uuid => |v| Value::Uuid(Some(v));
    Option<Uuid> => Value::Uuid;
    Timestamp => |v| Value::Instant(Some(v.into()));
    Option<Timestamp> => |v| Value::Instant(v.map(Into::into));
    serde_json::Value => Value::Json;
    crate::scim::Object => |v| Value::Json(serde_json::Value::Object(v));
    &crate::scim::Object => |v| Value::Json(serde_json::Value::Object(v.clone()));
    Vec<u8> => Value::Bytes;
    super::TenantId => |v| Value::Int(Some(v.0));
}

/// The parameters of a statement, `$1` first.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::engine::Value::from($value)),*] };
}
pub(super) use args;

//! Values as both engines bind them, and instants as each of them keeps them.

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, PgValueRef};
use sqlx::sqlite::{SqliteArguments, SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::types::Json;
use sqlx::{Arguments, Decode, Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::store::{Error, TenantId};

/// A bound parameter. Its type is known even when it is null, as PostgreSQL asks.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(bool),
    Uuid(Option<Uuid>),
    Instant(Option<Instant>),
    Json(serde_json::Value),
    Bytes(Vec<u8>),
    Real(f64),
}

/// A point in time as the databases keep it: `timestamptz` on PostgreSQL, milliseconds since 1970
/// on SQLite. Finer parts are cut, so that both answer alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Instant(i64);

pub(super) fn sqlite(values: Vec<Value>) -> Result<SqliteArguments, Error> {
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

pub(super) fn postgres(values: Vec<Value>) -> Result<PgArguments, Error> {
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
    TenantId => |v| Value::Int(Some(v.0));
}

/// The parameters of a statement, `$1` first.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::engine::Value::from($value)),*] };
}
pub(in crate::store) use args;

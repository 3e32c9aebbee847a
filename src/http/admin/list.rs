//! Lists as JSON for programs, CSV for spreadsheets, or a table for people.

use axum::extract::{FromRequestParts, Query as Pairs};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Answer;
use super::columns::Column;
use super::table;
use crate::directory::Code;
use crate::directory::admin::{Items, Query};
use crate::http::error::Failure;
use crate::scim::Object;

/// Where the next page begins, in answers that have no place for it in their body.
pub(super) const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// The media type of CSV that begins with headers (RFC 4180, RFC 7111).
pub(super) const CSV: &str = "text/csv; charset=utf-8; header=present";

#[derive(Clone, Copy)]
enum Format {
    Json,
    Csv,
    Table,
}

/// A request for a list: which, and how it is to be written.
pub(super) struct List {
    pub(super) query: Query,
    format: Format,
}

impl<S: Sync> FromRequestParts<S> for List {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut query = parameters(parts)?;
        let format = match query.take("format").as_deref().map(str::trim) {
            None | Some("" | "json") => Format::Json,
            Some("csv") => Format::Csv,
            Some("table") => Format::Table,
            Some(_) => return Err(refused("format: must be one of json, csv, table")),
        };
        Ok(Self { query, format })
    }
}

fn refused(detail: &'static str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, Code::InvalidParameter, detail)
}

/// The parameters of a request.
pub(super) fn parameters(parts: &Parts) -> Result<Query, Failure> {
    let pairs = Pairs::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let pairs = pairs.map_err(|_| refused("the query is malformed"))?;
    Ok(Query::new(pairs.0))
}

impl List {
    /// Whether it is to be read by people, who know things by their labels.
    pub(super) fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Table)
    }

    /// Writes a page.
    pub(super) fn write(&self, page: Items, columns: &[Column]) -> Answer {
        self.write_within(Object::new(), page, columns)
    }

    /// Writes a page of what `around` has; lines have no place for the rest of it.
    pub(super) fn write_within(
        &self,
        mut around: Object,
        page: Items,
        columns: &[Column],
    ) -> Answer {
        let Items { items, next_cursor } = page;
        let (media_type, text) = match self.format {
            Format::Json => {
                around.insert("items".into(), json!(items));
                around.insert("nextCursor".into(), json!(next_cursor));
                return Ok(axum::Json(around).into_response());
            }
            Format::Csv => (CSV, csv(&items, columns, true)?),
            Format::Table => ("text/plain; charset=utf-8", table::of(&items, columns)),
        };
        let mut response: Response = ([(header::CONTENT_TYPE, media_type)], text).into_response();
        if let Some(cursor) = next_cursor.and_then(|cursor| HeaderValue::try_from(cursor).ok()) {
            response.headers_mut().insert(NEXT_CURSOR, cursor);
        }
        Ok(response)
    }
}

/// Items as lines, after the headers of their columns where there are to be any.
pub(super) fn csv(items: &[Object], columns: &[Column], headers: bool) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory fails only where there is none left.
    let failed = |_| Failure::internal();
    if headers {
        let headers = columns.iter().map(|column| column.header.as_ref());
        writer.write_record(headers).map_err(failed)?;
    }
    for item in items {
        let cells = columns.iter().map(|column| cell(column.value(item)));
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|_| Failure::internal())?;
    String::from_utf8(bytes).map_err(|_| Failure::internal())
}

/// A value in a spreadsheet. A text that a spreadsheet would take for a formula is quoted: names
/// come from whoever may edit a profile at the identity provider.
fn cell(value: &Value) -> String {
    let text = table::text(value);
    let is_text = matches!(value, Value::String(_) | Value::Array(_));
    if is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_quoted() {
        for text in ["=1+1", "+49", "-1", "@a", "\t=1", "\r=1"] {
            assert_eq!(cell(&json!(text)), format!("'{text}"));
        }
        for (value, written) in [
            (json!("a=b"), "a=b"),
            (json!("'=1"), "'=1"),
            (json!(-5), "-5"),
            (json!(null), ""),
            (json!(true), "true"),
            (json!(["a", "b"]), "a b"),
            (json!(["=a", "b"]), "'=a b"),
        ] {
            assert_eq!(cell(&value), written);
        }
    }
}

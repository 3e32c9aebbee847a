//! Exports: bodies of any length, written as they are sent. A client that reads slowly holds up the
//! reading of its own export and nothing else.

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse as _;
use http_body_util::channel::Channel;
use tracing::Instrument as _;

use super::columns::{self, Column};
use super::list::{self, CSV};
use super::{Answer, Call};
use crate::directory::Error;
use crate::directory::admin::{Export, Query};
use crate::http::error::Failure;
use crate::scim::Object;

/// Batches that are ready and wait for the client.
const AHEAD: usize = 2;

/// The columns that an export has after those of the list.
const MORE: &[Column] = &[
    Column::text("scimId", "/scimId"),
    Column::text("externalId", "/externalId"),
    Column::text("workerId", "/workerId"),
    Column::text("createdAt", "/createdAt"),
    Column::text("lastModified", "/lastModified"),
    Column::text("deactivatedAt", "/deactivatedAt"),
    Column::text("graceUntil", "/graceUntil"),
    Column::text("endedAt", "/endedAt"),
    Column::text("endReason", "/endReason"),
    Column::text("groups", "/groups"),
    Column::number("episodes", "/episodes"),
    Column::text("firstInvitedAt", "/firstInvitedAt"),
    Column::number("sessionsCompletedTotal", "/sessionsCompletedTotal"),
    Column::number("sessionsScheduledTotal", "/sessionsScheduledTotal"),
    Column::number("sessionsCancelledTotal", "/sessionsCancelledTotal"),
    Column::number("noShowsTotal", "/noShowsTotal"),
    Column::number("reflectionsAssignedTotal", "/reflectionsAssignedTotal"),
    Column::number("reflectionsCompletedTotal", "/reflectionsCompletedTotal"),
    Column::text("stalledSince", "/stalledSince"),
    Column::text("stalledReason", "/stalledReason"),
    Column::text("lastLoginAt", "/lastLoginAt"),
];

/// The parameters of a request whose answer is no page.
pub(super) struct Asked(pub(super) Query);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        list::parameters(parts).map(Self)
    }
}

#[derive(Clone, Copy)]
enum Form {
    Csv,
    JsonLines,
}

pub(super) async fn members_csv(call: Call, asked: Asked) -> Answer {
    members(call, asked, Form::Csv).await
}

pub(super) async fn members_jsonl(call: Call, asked: Asked) -> Answer {
    members(call, asked, Form::JsonLines).await
}

async fn members(call: Call, Asked(query): Asked, form: Form) -> Answer {
    let directory = call.directory();
    let mut export = directory
        .export_members(&call.caller, &query, call.now)
        .await?;
    // What cannot be begun is refused; what breaks off later is cut, so that nobody takes it for whole.
    let first = export.next().await?.unwrap_or_default();
    let (media_type, name) = match form {
        Form::Csv => (CSV, "members.csv"),
        Form::JsonLines => ("application/jsonl; charset=utf-8", "members.jsonl"),
    };
    let columns: Vec<_> = columns::of_members(&first)
        .into_iter()
        .chain(MORE.iter().cloned())
        .collect();
    let first = form.write(&first, &columns, true)?;
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, stream(first, export, form, columns)).into_response())
}

fn stream(first: Bytes, mut export: Export, form: Form, columns: Vec<Column>) -> Body {
    let (mut sender, body) = Channel::<Bytes, Broken>::new(AHEAD);
    let send = async move {
        let mut chunk = first;
        loop {
            if sender.send_data(chunk).await.is_err() {
                // The client has hung up.
                return;
            }
            let next = match export.next().await {
                Ok(Some(items)) => form.write(&items, &columns, false).map_err(|_| Broken),
                Ok(None) => return,
                Err(error) => Err(broken(&error)),
            };
            match next {
                Ok(bytes) => chunk = bytes,
                Err(broken) => return sender.abort(broken),
            }
        }
    };
    tokio::spawn(send.in_current_span());
    Body::new(body)
}

fn broken(error: &Error) -> Broken {
    tracing::error!(%error, "an export broke off");
    Broken
}

/// Why an answer is cut off.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off; the log has the cause")]
struct Broken;

impl Form {
    fn write(self, items: &[Object], columns: &[Column], is_first: bool) -> Result<Bytes, Failure> {
        match self {
            Self::Csv => list::csv(items, columns, is_first).map(Bytes::from),
            Self::JsonLines => {
                let mut lines = Vec::new();
                for item in items {
                    serde_json::to_writer(&mut lines, item).map_err(|_| Failure::internal())?;
                    lines.push(b'\n');
                }
                Ok(Bytes::from(lines))
            }
        }
    }
}

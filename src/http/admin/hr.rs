//! Files of HR systems, and the domains of those whom they make.

use std::fs::File;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, created, one};
use crate::directory::Code;
use crate::directory::admin::Query;
use crate::directory::imports::{Wanted, Watch, source};
use crate::http::body::{MediaTypes, next_part};
use crate::http::error::Failure;
use crate::http::request::FILE_TIME;

/// What a file is called.
const CSV: MediaTypes = MediaTypes {
    names: &[
        "text/csv",
        "text/tab-separated-values",
        "text/plain",
        "application/vnd.ms-excel",
    ],
    unnamed: false,
};
/// How long the next part of a file may take to arrive.
const PART_TIME: Duration = Duration::from_secs(30);

pub(super) async fn import(call: Call, list: List, request: Request) -> Answer {
    call.directory().may_send_files(&call.caller)?;
    // All of it is taken before anything else is refused, so that the client is there to see why.
    let file = spool(request).await?;
    let wanted = Wanted::read(&list.query)?;
    let now = || call.app.now();
    let watch = Watch {
        now: &now,
        progress: &|_, _| {},
    };
    let done = call.directory().import(&call.caller, &wanted, file, &watch);
    created("imports", "id", done.await)
}

pub(super) async fn imports(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_imports(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::IMPORTS)
}

pub(super) async fn read(call: Call, Named(id): Named) -> Answer {
    one(call
        .directory()
        .read_import(&call.caller, &id, call.now)
        .await)
}

/// Holds a list against the directory.
pub(super) async fn reconcile(call: Call, list: List, request: Request) -> Answer {
    call.directory().may_send_files(&call.caller)?;
    let file = spool(request).await?;
    let source = source(&list.query)?;
    let now = || call.app.now();
    let watch = Watch {
        now: &now,
        progress: &|_, _| {},
    };
    let done = call
        .directory()
        .reconcile(&call.caller, source, file, &watch)
        .await;
    let id = done.as_ref().ok().and_then(|held| held.get("id")?.as_str());
    let Some(id) = id.map(str::to_owned) else {
        return created("reconciliations", "id", done);
    };
    let location = [(header::LOCATION, format!("/admin/v1/reconciliations/{id}"))];
    let first = Query::default();
    let page = call
        .directory()
        .list_findings(&call.caller, &id, &first, call.now);
    let mut answer = list.write_within(done?, page.await?, columns::FINDINGS)?;
    *answer.status_mut() = StatusCode::CREATED;
    Ok((location, answer).into_response())
}

pub(super) async fn reconciliations(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_reconciliations(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::RECONCILIATIONS)
}

pub(super) async fn reconciliation(call: Call, Named(id): Named, list: List) -> Answer {
    let held = call.directory().read_reconciliation(&call.caller, &id);
    let held = held.await?;
    let page = call
        .directory()
        .list_findings(&call.caller, &id, &list.query, call.now);
    list.write_within(held, page.await?, columns::FINDINGS)
}

/// The rows that failed, sent as they are read: there may be as many as the file had.
pub(super) async fn errors(call: Call, Named(id): Named) -> Answer {
    let first = call.directory().failed_rows(&call.caller, &id, None);
    let first = first.await?;
    let (parts, body) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut part = Ok(first);
        while let Ok(read) = part {
            let after = read.after;
            if parts.send(Ok(Bytes::from(read.text))).await.is_err() || after.is_none() {
                return;
            }
            part = call.directory().failed_rows(&call.caller, &id, after).await;
        }
        // A list that broke off must not read as one that ended.
        let _ = parts.send(Err(Cut)).await;
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"errors.csv\"",
        ),
    ];
    Ok((headers, Body::new(Parts(body))).into_response())
}

/// A body that is sent part by part.
struct Parts(mpsc::Receiver<Result<Bytes, Cut>>);

/// What was sent is not all.
#[derive(Debug, thiserror::Error)]
#[error("the list could not be read to its end")]
struct Cut;

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let part = self.0.poll_recv(cx);
        part.map(|part| part.map(|part| part.map(Frame::data)))
    }
}

/// Puts a body of any size into a file that has no name and goes with its handle.
async fn spool(request: Request) -> Result<File, Failure> {
    let (head, body) = request.into_parts();
    let (parts, mut arriving) = mpsc::channel::<Bytes>(4);
    let writing = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile()?;
        while let Some(part) = arriving.blocking_recv() {
            file.write_all(&part)?;
        }
        Ok::<_, std::io::Error>(file)
    });
    let arrived = tokio::time::timeout(FILE_TIME, receive(body, parts)).await;
    arrived.unwrap_or_else(|_| Err(late()))?;
    CSV.check(&head.headers)?;
    match writing.await {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(error)) => {
            tracing::error!(%error, "a file that was sent cannot be put aside");
            let detail = "there is no room for the file";
            Err(Failure::new(
                StatusCode::INSUFFICIENT_STORAGE,
                Code::Unavailable,
                detail,
            ))
        }
        Err(_) => Err(Failure::internal()),
    }
}

async fn receive(mut body: Body, parts: mpsc::Sender<Bytes>) -> Result<(), Failure> {
    loop {
        let part = tokio::time::timeout(PART_TIME, next_part(&mut body)).await;
        match part.unwrap_or_else(|_| Err(late()))? {
            None => return Ok(()),
            // Who writes it says why it cannot be written.
            Some(part) => {
                if parts.send(part).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn late() -> Failure {
    let detail = "the file did not arrive in time";
    Failure::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, detail)
}

pub(super) async fn domains(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_domains(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::DOMAINS)
}

pub(super) async fn create_domain(call: Call, Json(body): Json) -> Answer {
    let made = call
        .directory()
        .create_domain(&call.caller, body, call.now)
        .await;
    created("domains", "domain", made)
}

pub(super) async fn delete_domain(call: Call, Named(name): Named) -> Answer {
    call.directory().delete_domain(&call.caller, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

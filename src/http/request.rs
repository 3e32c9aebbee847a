//! What happens to every request, whatever its path: it gets an identifier, a span in the log and a
//! deadline, and leaves with a body that fits its errors.

use std::any::Any;
use std::fmt;
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use super::error::{self, Failure, Form};
use crate::directory::Code;

/// How long a client may take to send a body.
pub(super) const BODY_TIME: Duration = Duration::from_secs(30);
/// How long a request may take: its body, and then the work.
const REQUEST_TIME: Duration = BODY_TIME.saturating_add(Duration::from_secs(30));
/// How long a file may take to arrive.
pub(super) const FILE_TIME: Duration = Duration::from_mins(15);
/// How long a request with a file may take.
const FILE_REQUEST_TIME: Duration = FILE_TIME.saturating_add(Duration::from_mins(15));
/// The routes that take files, of any size.
pub(super) const FILE_ROUTES: [&str; 2] = ["/admin/v1/imports", "/admin/v1/reconciliations"];
/// Bytes of a path with its query at most.
const MAX_TARGET: usize = 16 << 10;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request, in its answer, in the log and in the ledger. Always made here: what a
/// client calls it says nothing to anybody else.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestId(Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Every request has passed `observe`.
        parts
            .extensions
            .get()
            .copied()
            .ok_or_else(Failure::internal)
    }
}

/// Names a request, logs its end, and gives its error a body. The log has the route and not the
/// path, which may name a person, and nothing of the query, the headers or the body.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let id = RequestId(Uuid::now_v7());
    request.extensions_mut().insert(id);
    let form = Form::of(&request);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        %id,
        method = %request.method(),
        route,
        tenant = tracing::field::Empty,
        token = tracing::field::Empty,
    );
    let began = Instant::now();
    let response = limited(request, next).instrument(span.clone()).await;
    let mut response = error::render(response, form, id);
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    span.in_scope(|| {
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        // A line for each request costs more than many a request; refusals are worth theirs.
        if status < 400 {
            tracing::debug!(status, ms = took, "answered");
        } else {
            tracing::info!(status, ms = took, "refused");
        }
    });
    response
}

async fn limited(request: Request, next: Next) -> Response {
    if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > MAX_TARGET)
    {
        let detail =
            "the path and its query are longer than 16 KiB; send the query by POST to .search";
        return Failure::new(StatusCode::URI_TOO_LONG, Code::UriTooLong, detail).into_response();
    }
    let answered = tokio::time::timeout(time_of(&request), next.run(request)).await;
    answered.unwrap_or_else(|_| {
        tracing::warn!("a request took too long");
        let detail = "the request took too long; read before you try again, it may be done";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, Code::Timeout, detail)
            .retry_after(1)
            .into_response()
    })
}

fn time_of(request: &Request) -> Duration {
    let route = request.extensions().get::<MatchedPath>();
    match route {
        Some(route) if FILE_ROUTES.contains(&route.as_str()) => FILE_REQUEST_TIME,
        _ => REQUEST_TIME,
    }
}

/// The answer to a request whose handler panicked; the next one is not harmed.
#[allow(
    clippy::needless_pass_by_value,
    reason = "what the layer that calls it hands over"
)]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("not a text"), "a request panicked");
    Failure::internal().into_response()
}

/// The one value of a header that must not come twice.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

//! `Idempotency-Key` on what is sent by `POST` to the admin API: a request that is sent again under
//! the same key is answered again, and done once. A request with a key is carried to its end when its
//! client hangs up, since that is when clients send again.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::AppState;
use super::body::{self, MAX_BODY};
use super::caller::AdminCaller;
use super::error::Failure;
use super::request::{self, FILE_ROUTES};
use crate::directory::idempotency::Judged;
use crate::directory::{Caller, Code};
use crate::store::idempotency::{Answer, Claim, under};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is a former one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key at most.
const MAX_KEY: usize = 255;
/// Bytes of an answer at most.
const MAX_ANSWER: usize = 16 << 20;
/// How long a request may take once its body is there.
const WORK_TIME: Duration = Duration::from_mins(1);

/// Does what was not done yet, and answers the rest again.
pub(super) async fn once(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST || !is_keyed(&request) {
        return next.run(request).await;
    }
    let answered = Box::pin(keyed(app, caller, request, next)).await;
    answered.unwrap_or_else(Failure::into_response)
}

/// Whether a key came with the request and concerns it. Files can be sent again as they are, without
/// a key, and are too large to be held here; a path that is none does nothing.
fn is_keyed(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str);
    request.headers().contains_key(IDEMPOTENCY_KEY)
        && route.is_some_and(|route| !FILE_ROUTES.contains(&route))
}

async fn keyed(
    app: AppState,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let key = key_of(request.headers())?;
    let (parts, content) = request.into_parts();
    let content = body::whole(content, MAX_BODY).await?;
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    let fingerprint = Sha256::new()
        .chain_update(target)
        .chain_update([0])
        .chain_update(&content)
        .finalize();
    let request = Request::from_parts(parts, Body::from(content));
    // From here on whether the client waits makes no difference: a claim whose request went with its
    // client would keep the next try waiting.
    let work = judged(app, caller, (key, fingerprint.to_vec()), request, next);
    match tokio::spawn(work.in_current_span()).await {
        Ok(answered) => answered,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Failure::internal()),
    }
}

async fn judged(
    app: AppState,
    caller: Caller,
    (key, fingerprint): (String, Vec<u8>),
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let judged = app
        .directory()
        .claim(&caller, &key, &fingerprint, app.now());
    match judged.await? {
        Judged::New(claim) => Box::pin(carried_out(app, claim, request, next)).await,
        Judged::Answered(answer) => again(answer),
        Judged::Running => {
            let detail = "a request with this Idempotency-Key is being carried out";
            let failure = Failure::new(StatusCode::CONFLICT, Code::IdempotencyKeyInUse, detail);
            Err(failure.retry_after(1))
        }
        Judged::Reused => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            Code::IdempotencyKeyReused,
            "this Idempotency-Key was sent with another request",
        )),
        Judged::Lost => Err(Failure::new(
            StatusCode::CONFLICT,
            Code::IdempotencyAnswerLost,
            "the request with this Idempotency-Key was carried out, at least in part, and its \
             answer is not there any more; look at what is there before you send another",
        )),
    }
}

fn key_of(headers: &HeaderMap) -> Result<String, Failure> {
    let key = request::only(headers, &IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
    let is_key = |key: &&str| (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(is_visible);
    let key = key.map(str::trim).filter(is_key);
    key.map(str::to_owned).ok_or_else(|| {
        let detail = "Idempotency-Key: must be there once, of 1 to 255 visible characters";
        Failure::new(StatusCode::BAD_REQUEST, Code::InvalidIdempotencyKey, detail)
    })
}

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// Carries a request out and keeps its answer. One that failed without having changed anything is as
/// if it had never been sent.
async fn carried_out(
    app: AppState,
    claim: Claim,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let work = tokio::time::timeout(WORK_TIME, next.run(request));
    let answered = if let Ok(response) = under(claim.clone(), work).await {
        taken(response).await
    } else {
        let detail = "the request took too long; send it again under the same key";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Err(Failure::new(status, Code::Timeout, detail))
    };
    let store = app.directory().store();
    let kept = match &answered {
        Ok((answer, _)) if answer.status < 500 => store.keep_answer(&claim, answer).await,
        _ => store.give_back(&claim).await,
    };
    if let Err(error) = kept {
        // Who sends it again is told that it was done, or does it if it was not.
        tracing::warn!(%error, "the answer to a request with a key was not kept");
    }
    answered.map(|(_, response)| response)
}

/// An answer as it is kept, and as it goes out.
async fn taken(response: Response) -> Result<(Answer, Response), Failure> {
    let (parts, content) = response.into_parts();
    let content = match parts.extensions.get::<Failure>() {
        // Its body is made further out, of the same parts.
        Some(failure) => Bytes::from(failure.problem_body().to_string()),
        None => to_bytes(content, MAX_ANSWER)
            .await
            .map_err(|_| Failure::internal())?,
    };
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let answer = Answer {
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE).map(str::to_owned),
        location: text(header::LOCATION).map(str::to_owned),
        body: content.to_vec(),
    };
    Ok((answer, Response::from_parts(parts, Body::from(content))))
}

/// A former answer once more.
fn again(answer: Answer) -> Result<Response, Failure> {
    let status = StatusCode::from_u16(answer.status).map_err(|_| Failure::internal())?;
    let mut response = if status.is_success() {
        let mut response = (status, Body::from(answer.body)).into_response();
        for (name, value) in [
            (header::CONTENT_TYPE, answer.content_type),
            (header::LOCATION, answer.location),
        ] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    } else {
        Failure::of_problem(status, &answer.body).into_response()
    };
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

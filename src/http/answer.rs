//! Where people answer who are asked whether they keep their seat: no credential but the link. A
//! look at it changes nothing, since programs that look for harm in mail follow every link.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::AppState;
use super::body::{self, MediaTypes};
use super::error::Failure;
use super::request::RequestId;
use crate::coaching::nudge::Answer;
use crate::directory::Code;
use crate::directory::admin::Link;
use crate::scim::Object;

const FORM: &str = "application/x-www-form-urlencoded";
/// What an answer may come as.
const TAKEN: MediaTypes = MediaTypes {
    names: &[FORM, "application/json"],
    unnamed: false,
};
/// Bytes of an answer at most.
const MAX_ANSWER: usize = 1 << 10;
/// A page that loads nothing, runs nothing, tells nobody where it is, and stands in no frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// What is asked.
pub(super) async fn show(
    State(app): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let link = admitted(&app, &token).await?;
    let shown = app.directory().read_question(link, app.now()).await?;
    Ok(written(&headers, &shown))
}

/// Takes the answer.
pub(super) async fn take(
    State(app): State<AppState>,
    Path(token): Path<String>,
    id: RequestId,
    request: Request,
) -> Result<Response, Failure> {
    let link = admitted(&app, &token).await?;
    let headers = request.headers().clone();
    let answer = answer(request).await?;
    let id = id.to_string();
    let done = app
        .directory()
        .answer_question(link, answer, &id, app.now());
    Ok(written(&headers, &done.await?))
}

/// The question that a link names, within its tenant's rate.
async fn admitted(app: &AppState, token: &str) -> Result<Link, Failure> {
    let link = app.directory().read_link(token).await?;
    app.rate_limit().take(link.tenant).map_err(|seconds| {
        let detail = "there are more requests a second than there may be";
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, detail);
        failure.retry_after(seconds)
    })?;
    Ok(link)
}

async fn answer(request: Request) -> Result<Answer, Failure> {
    let is_form = is(request.headers(), &header::CONTENT_TYPE, FORM);
    let bytes = body::read(request, MAX_ANSWER, &TAKEN).await?;
    let refused = |code, detail: String| Failure::new(StatusCode::BAD_REQUEST, code, detail);
    let fields: Object = if is_form {
        url::form_urlencoded::parse(&bytes)
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect()
    } else {
        let sent = body::json(&bytes).map_err(|detail| refused(Code::InvalidJson, detail))?;
        let Value::Object(fields) = sent else {
            let detail = "the body must be a JSON object".to_owned();
            return Err(refused(Code::InvalidBody, detail));
        };
        fields
    };
    if let Some(unknown) = fields.keys().find(|name| *name != "answer") {
        let shown: String = unknown.chars().take(60).collect();
        let detail = format!("{shown}: no such field; there is answer");
        return Err(refused(Code::UnknownField, detail));
    }
    let Some(given) = fields.get("answer") else {
        let detail = "answer: must be there".to_owned();
        return Err(refused(Code::MissingField, detail));
    };
    let parsed = given.as_str().unwrap_or_default().parse();
    parsed.map_err(|detail: String| refused(Code::InvalidValue, format!("answer: {detail}")))
}

/// Whether a header begins with a media type, or lists it.
fn is(headers: &HeaderMap, name: &header::HeaderName, media_type: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let mut listed = value.unwrap_or_default().split(',');
    listed.any(|one| {
        let essence = one.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case(media_type)
    })
}

/// As a page for browsers, else as JSON.
fn written(headers: &HeaderMap, shown: &Object) -> Response {
    let mut response = if is(headers, &header::ACCEPT, "text/html") {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        ([(header::CONTENT_TYPE, html)], page(shown)).into_response()
    } else {
        axum::Json(shown).into_response()
    };
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

fn page(shown: &Object) -> String {
    let text = |key: &str| shown.get(key).and_then(Value::as_str);
    let of_track = text("track").map(|track| format!(" ({})", escaped(track)));
    let of_track = of_track.unwrap_or_default();
    let body = match text("answer") {
        Some("kept") => "<p>Your seat stays yours. Thank you.</p>".to_owned(),
        Some(_) => "<p>Your seat is free for somebody else. Thank you.</p>".to_owned(),
        None => {
            let answers = shown.get("answers").and_then(Value::as_array);
            let form = |answer: &Value| {
                let (name, does) = (answer["answer"].as_str(), answer["does"].as_str());
                let (name, does) = (name.unwrap_or_default(), does.unwrap_or_default());
                let label = if name == "keep" {
                    "Keep it"
                } else {
                    "Release it"
                };
                format!(
                    "<form method=\"post\"><button name=\"answer\" value=\"{name}\">{label}\
                     </button> <span>{}</span></form>",
                    escaped(does)
                )
            };
            answers.into_iter().flatten().map(form).collect()
        }
    };
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" \
         content=\"noindex\"><title>Your coaching seat</title><style>body{{font:1.1em/1.5 \
         sans-serif;max-width:34em;margin:3em auto;padding:0 1em}}button{{font:inherit}}</style>\
         <h1>Do you keep your coaching seat{of_track}?</h1>{body}</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

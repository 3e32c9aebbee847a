//! How a request fails: the one place that turns an error into an answer. A handler returns a
//! [`Failure`]; [`render`] gives it the body that the path calls for, SCIM (RFC 7644 3.12) or
//! `application/problem+json` (RFC 9457), and does so for whatever else answers with an error.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::request::RequestId;
use crate::directory::{Code, Error as DirectoryError, Refusal};
use crate::scim::Object;
use crate::scim::error::{Error as ScimError, ScimType};
use crate::store;

/// Seconds after which a client may try again when the database did not answer.
const DATABASE_PAUSE: u32 = 2;

/// A request that was not done, and why.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    status: StatusCode,
    scim_type: Option<ScimType>,
    /// The stable name of the problem, for the administrative API.
    code: Code,
    detail: String,
    /// More for machines to go by, as the code defines it.
    extra: Box<Object>,
    /// The value of `WWW-Authenticate`.
    challenge: Option<&'static str>,
    /// The value of `Retry-After`.
    retry_after: Option<u32>,
}

impl Failure {
    /// A failure with a status, its stable name and a sentence for people.
    pub(super) fn new(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            code,
            detail: detail.into(),
            extra: Box::default(),
            challenge: None,
            retry_after: None,
        }
    }

    /// 401, with the scheme that is asked for (RFC 6750 3). A credential that was given but is not
    /// valid is told apart from one that is missing.
    pub(super) fn unauthorized(given: bool) -> Self {
        let (challenge, detail) = if given {
            let challenge = "Bearer realm=\"seatkeeper\", error=\"invalid_token\"";
            (challenge, "the credential is not valid, or not any more")
        } else {
            let detail = "a credential is missing: Authorization: Bearer <token>";
            ("Bearer realm=\"seatkeeper\"", detail)
        };
        let failure = Self::new(StatusCode::UNAUTHORIZED, Code::Unauthorized, detail);
        Self {
            challenge: Some(challenge),
            ..failure
        }
    }

    /// 404.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, detail)
    }

    /// 413, naming the limit.
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge, detail)
    }

    /// 500. The cause belongs into the log and never into an answer.
    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::Internal,
            "the server failed; its log has the cause",
        )
    }

    /// The same, to be tried again after so many seconds. A whole number: the other form, a date,
    /// is not understood by every client.
    pub(super) fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Its status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in words.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The error as RFC 7644 3.12 has it.
    pub(super) fn scim_body(&self) -> Value {
        ScimError::new(self.status.as_u16(), self.scim_type, self.detail.as_str()).body()
    }

    /// The error as RFC 9457 has it. What tells problems apart is the code; the type says no more
    /// than the status, and so the title is the status's phrase (4.2.1).
    pub(super) fn problem_body(&self) -> Value {
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code.as_str(),
            "detail": self.detail,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(*self.extra.clone());
        }
        body
    }
}

impl Failure {
    /// A failure that was answered before, of the body that it had.
    pub(super) fn of_problem(status: StatusCode, body: &[u8]) -> Self {
        let mut extra: Object = serde_json::from_slice(body).unwrap_or_default();
        let mut take = |key: &str| match extra.shift_remove(key) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (code, detail) = (take("code").parse(), take("detail"));
        for made_anew in ["type", "title", "status"] {
            take(made_anew);
        }
        Self {
            extra: Box::new(extra),
            ..Self::new(status, code.unwrap_or(code_of_status(status)), detail)
        }
    }
}

/// An answer without a body as yet; [`render`] makes it.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        let code = match error.scim_type {
            Some(scim_type) => code_of(scim_type),
            None => code_of_status(status),
        };
        Self {
            scim_type: error.scim_type,
            ..Self::new(status, code, error.detail)
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            extra: Box::new(refusal.extra),
            ..Self::new(status, refusal.code, refusal.detail)
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) | store::Error::Again | store::Error::Closed => {
                tracing::warn!(%error, "the database did not answer");
                let detail = "the database is busy or away; try again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, detail)
                    .retry_after(DATABASE_PAUSE)
            }
            store::Error::Taken => {
                ScimError::uniqueness("a value that must be unique is taken").into()
            }
            store::Error::NeedPools(_)
            | store::Error::NeedConnection(_)
            | store::Error::Inconsistent(_)
            | store::Error::Schema(_)
            | store::Error::Database(_) => {
                tracing::error!(%error, "the database and the program disagree");
                Self::internal()
            }
        }
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Scim(error) => error.into(),
            DirectoryError::Refused(refusal) => refusal.into(),
            DirectoryError::Store(error) => error.into(),
        }
    }
}

/// Which bodies the errors of a path have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Scim,
    Problem,
}

impl Form {
    /// By the path alone: an error may come before any route is known.
    pub(super) fn of(request: &Request) -> Self {
        let path = request.uri().path();
        match path.strip_prefix("/scim") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Scim,
            _ => Self::Problem,
        }
    }
}

/// Gives an error its body; every other answer passes.
pub(super) fn render(response: Response, form: Form, id: RequestId) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let mut failure = parts.extensions.remove::<Failure>().unwrap_or_else(|| {
        // Nobody named it: an answer of the framework's own.
        let reason = status.canonical_reason().unwrap_or("Error");
        Failure::new(status, code_of_status(status), reason)
    });
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        failure.detail = format!("{} (request {id})", failure.detail);
    }
    let (media_type, body) = match form {
        Form::Scim => ("application/scim+json", failure.scim_body()),
        Form::Problem => ("application/problem+json", failure.problem_body()),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let media_type = HeaderValue::from_static(media_type);
    parts.headers.insert(header::CONTENT_TYPE, media_type);
    parts.extensions.insert(failure);
    Response::from_parts(parts, body.to_string().into())
}

/// 404 for a path that is no route.
pub(super) async fn no_such_route() -> Failure {
    Failure::not_found("there is nothing at this path")
}

/// 405; the framework adds `Allow`.
pub(super) async fn method_not_allowed() -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::MethodNotAllowed,
        "this path has other methods: see Allow",
    )
}

/// What a keyword of SCIM is to the administrative API, which meets few of them.
fn code_of(scim_type: ScimType) -> Code {
    match scim_type {
        ScimType::InvalidFilter => Code::InvalidFilter,
        ScimType::InvalidSyntax => Code::InvalidSyntax,
        ScimType::InvalidValue => Code::InvalidValue,
        ScimType::InvalidCursor => Code::InvalidCursor,
        ScimType::ExpiredCursor => Code::ExpiredCursor,
        ScimType::Uniqueness => Code::Uniqueness,
        ScimType::SeatUnavailable => Code::SeatUnavailable,
        ScimType::TooMany
        | ScimType::Mutability
        | ScimType::InvalidPath
        | ScimType::NoTarget
        | ScimType::InvalidVers
        | ScimType::Sensitive
        | ScimType::InvalidCount => Code::InvalidRequest,
    }
}

/// The code of a failure that nobody named.
fn code_of_status(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PRECONDITION_FAILED => Code::PreconditionFailed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_server_error() => Code::Internal,
        _ => Code::InvalidRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scim_type_is_a_code_of_the_administrative_api() {
        let failure = Failure::from(ScimError::invalid_filter("no"));
        let body = failure.problem_body();
        assert_eq!(body["code"], "invalid_filter");
        assert_eq!(body["status"], 400);
        assert_eq!(body["type"], "about:blank");
        assert_eq!(body["title"], "Bad Request");
    }

    #[test]
    fn errors_md_names_every_code_and_no_other() {
        let text = include_str!("../../docs/errors.md");
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut named: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        named.sort_unstable();
        codes.sort_unstable();
        assert_eq!(named, codes);
    }

    #[test]
    fn a_refusal_carries_what_its_code_adds() {
        let mut refusal = Refusal::new(409, Code::PoolFull, "no seat is free");
        refusal.extra.insert("pool".into(), "exec".into());
        let body = Failure::from(refusal).problem_body();
        assert_eq!(
            (&body["code"], &body["pool"]),
            (&json!("pool_full"), &json!("exec"))
        );
    }

    #[test]
    fn what_the_database_says_stays_inside() {
        let failure = Failure::from(store::Error::Inconsistent("ada@example.com twice"));
        assert_eq!(failure.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!failure.scim_body().to_string().contains("ada"));
        let failure = Failure::from(store::Error::Unavailable("postgres://u:p@host".into()));
        assert_eq!(failure.retry_after, Some(DATABASE_PAUSE));
        assert!(!failure.scim_body().to_string().contains("host"));
    }

    #[test]
    fn only_what_is_under_scim_fails_in_scim() {
        for (path, form) in [
            ("/scim", Form::Scim),
            ("/scim/v2/Users", Form::Scim),
            ("/scim/v1", Form::Scim),
            ("/scimitar", Form::Problem),
            ("/admin/v1/scim", Form::Problem),
        ] {
            let mut request = Request::default();
            *request.uri_mut() = axum::http::Uri::from_static(path);
            assert_eq!(Form::of(&request), form, "{path}");
        }
    }
}

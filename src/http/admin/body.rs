//! Bodies of requests: JSON and nothing else.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::http::error::Failure;
use crate::http::request::BODY_TIME;

/// Bytes of a body at most.
const MAX_BODY: usize = 1 << 20;

/// The JSON of a request.
pub(super) struct Json(pub(super) Value);

impl<S: Sync> FromRequest<S> for Json {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await;
        let bytes = bytes
            .map_err(|_| {
                let detail = "the body did not arrive in time";
                Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail)
            })?
            .map_err(|_| Failure::too_large(format!("the body is larger than {MAX_BODY} bytes")))?;
        check_media_type(&parts.headers)?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            // serde_json says where and what it expected, and nothing of what it read.
            let detail = format!("the body is not JSON: {error}");
            Failure::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
        })?;
        Ok(Self(value))
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Failure> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str());
    let essence = media_type.and_then(|text| text.ok()?.split(';').next());
    if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "the body must be application/json",
    ))
}

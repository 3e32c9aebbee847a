//! Bodies of requests: JSON and nothing else.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde_json::Value;

use crate::directory::Code;
use crate::http::body::{self, MAX_BODY, MediaTypes};
use crate::http::error::Failure;

const JSON: MediaTypes = MediaTypes {
    names: &["application/json"],
    unnamed: false,
};

/// The JSON of a request.
pub(super) struct Json(pub(super) Value);

impl<S: Sync> FromRequest<S> for Json {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let bytes = body::read(request, MAX_BODY, &JSON).await?;
        let value = body::json(&bytes)
            .map_err(|detail| Failure::new(StatusCode::BAD_REQUEST, Code::InvalidJson, detail))?;
        Ok(Self(value))
    }
}

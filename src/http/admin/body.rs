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

/// Of a body that may be none; what there is of one is looked at.
const ANY: MediaTypes = MediaTypes {
    names: &[],
    unnamed: true,
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

/// What a request says that has nothing to say: no body, or an object without fields.
pub(super) struct Nothing;

impl<S: Sync> FromRequest<S> for Nothing {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let bytes = body::read(request, MAX_BODY, &ANY).await?;
        if bytes.is_empty() {
            return Ok(Self);
        }
        JSON.check(&headers)?;
        let refused = |code, detail: &str| Failure::new(StatusCode::BAD_REQUEST, code, detail);
        match body::json(&bytes).map_err(|detail| refused(Code::InvalidJson, &detail))? {
            Value::Object(fields) if fields.is_empty() => Ok(Self),
            Value::Object(_) => {
                let detail = "no such field; this request takes none";
                Err(refused(Code::UnknownField, detail))
            }
            _ => Err(refused(
                Code::InvalidBody,
                "the body must be a JSON object, or nothing",
            )),
        }
    }
}

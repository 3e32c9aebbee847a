//! Bodies of requests (RFC 7644 3.1): the JSON of a resource or of a message.

use axum::extract::{FromRequest, Request};
use serde_json::Value;

use crate::http::body::{self, MAX_BODY, MediaTypes};
use crate::http::error::Failure;
use crate::scim::Object;
use crate::scim::error::Error;

/// Any JSON type that SCIM clients name; without a `Content-Type` the body speaks for itself.
const SCIM: MediaTypes = MediaTypes {
    names: &["application/scim+json", "application/json"],
    unnamed: true,
};

/// The body of a request, read but not yet understood: whether its target exists comes first.
#[derive(Debug)]
pub(in crate::http) struct ScimBody<const MAX: usize = MAX_BODY>(Vec<u8>);

impl<const MAX: usize> ScimBody<MAX> {
    /// Its JSON.
    ///
    /// # Errors
    /// 400 `invalidSyntax`, which names the line and the column.
    pub(super) fn json(&self) -> Result<Value, Error> {
        body::json(&self.0).map_err(Error::invalid_syntax)
    }
}

impl<S: Sync, const MAX: usize> FromRequest<S> for ScimBody<MAX> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let bytes = body::read(request, MAX, &SCIM).await?;
        Ok(Self(bytes))
    }
}

/// A message by its schema (RFC 7644 3.1): an object whose `schemas` names it.
///
/// # Errors
/// 400 `invalidSyntax`.
pub(super) fn message(body: Value, urn: &str) -> Result<Object, Error> {
    let Value::Object(message) = body else {
        return Err(Error::invalid_syntax("the body is not a JSON object"));
    };
    let schemas = member(&message, "schemas").and_then(Value::as_array);
    let named = |schema: &Value| schema.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn));
    if schemas.is_some_and(|schemas| schemas.iter().any(named)) {
        Ok(message)
    } else {
        Err(Error::invalid_syntax(format!(
            "`schemas` does not name {urn}"
        )))
    }
}

/// The value of that name in any case (RFC 7643 2.1), unless it is null.
pub(super) fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    let mut members = object.iter();
    let found = members.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use axum::body::Body;
    use axum::http::{StatusCode, header};

    use super::*;

    async fn body(content_type: &str, bytes: &[u8]) -> Result<ScimBody<16>, Failure> {
        let request = Request::post("/").header(header::CONTENT_TYPE, content_type);
        ScimBody::from_request(request.body(Body::from(bytes.to_vec())).unwrap(), &()).await
    }

    #[tokio::test]
    async fn both_media_types_are_taken_with_any_parameters() {
        for media_type in [
            "application/scim+json",
            "application/json",
            "Application/SCIM+JSON; charset=utf-8",
            "application/json ;charset=UTF-8",
        ] {
            assert!(body(media_type, b"{}").await.is_ok(), "{media_type}");
        }
        for media_type in ["text/plain", "application/jsonp", "json", "", "application"] {
            let failure = body(media_type, b"{}").await.unwrap_err();
            assert_eq!(
                failure.status(),
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{media_type}"
            );
        }
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit() {
        assert!(body("application/json", &[b' '; 16]).await.is_ok());
        let failure = body("application/json", &[b' '; 17]).await.unwrap_err();
        assert_eq!(failure.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(failure.detail().contains("16"));
    }

    #[tokio::test]
    async fn malformed_json_is_refused_without_being_repeated() {
        let read = body("application/json", b"{\n\"a\": hush}").await.unwrap();
        let error = read.json().unwrap_err();
        assert!(error.detail.contains("line 2 column"), "{error}");
        assert!(!error.detail.contains("hush"), "{error}");
    }

    #[test]
    fn a_message_names_its_schema() {
        let urn = crate::scim::schema::SEARCH_URN;
        assert!(message(serde_json::json!({"Schemas": [urn.to_uppercase()]}), urn).is_ok());
        for body in [
            serde_json::json!([]),
            serde_json::json!({}),
            serde_json::json!({"schemas": urn}),
            serde_json::json!({"schemas": ["urn:example"]}),
            serde_json::json!({"schemas": null}),
        ] {
            assert!(message(body.clone(), urn).is_err(), "{body}");
        }
    }
}

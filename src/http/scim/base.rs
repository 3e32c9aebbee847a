//! Where the client sees the SCIM service: the beginning of each `meta.location`.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;

use crate::http::AppState;
use crate::http::error::Failure;
use crate::http::request;

/// The root of the SCIM service as an absolute URL, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Base(String);

impl Base {
    /// From the root of the server.
    pub(super) fn below(server: &str) -> Self {
        Self(format!("{server}/scim/v2"))
    }

    /// The absolute URL of a path that begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The root itself.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The settings say it; else the `Host` header, which the client itself has sent; else the address
/// that the server listens on.
impl FromRequestParts<AppState> for Base {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        if let Some(base_url) = app.base_url() {
            return Ok(Self::below(base_url));
        }
        let host = || {
            request::only(&parts.headers, &header::HOST)?
                .to_str()
                .ok()?
                .parse()
                .ok()
        };
        let named = parts.uri.authority().cloned().or_else(host);
        let named = named.filter(|authority: &Authority| !authority.as_str().contains('@'));
        Ok(Self::below(&match named {
            Some(authority) => format!("http://{authority}"),
            None => format!("http://{}", app.address()),
        }))
    }
}

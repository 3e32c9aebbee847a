//! `/Me` (RFC 7644 3.11).

use axum::http::StatusCode;

use crate::directory::Code;
use crate::http::error::Failure;

/// 501, as the RFC has it for a service where the caller is no resource: the credential of an
/// identity provider stands for no user.
pub(in crate::http) async fn me() -> Failure {
    let detail = "the credential stands for a connection and not for a user";
    Failure::new(StatusCode::NOT_IMPLEMENTED, Code::NotImplemented, detail)
}

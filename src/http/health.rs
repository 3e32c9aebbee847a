//! Whether the process lives, and whether it is ready for requests.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::error::Failure;
use crate::directory::Code;

/// 200 as long as the process answers at all, whatever its database does: a restart would not mend
/// that.
pub(super) async fn alive() -> Response {
    ok()
}

/// 200 while the database answers and the server is not stopping, 503 otherwise.
pub(super) async fn ready(State(app): State<AppState>) -> Result<Response, Failure> {
    if app.is_draining() {
        let detail = "the server is stopping";
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::Stopping,
            detail,
        ));
    }
    app.directory().store().ping().await?;
    Ok(ok())
}

fn ok() -> Response {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([no_store], "ok\n").into_response()
}

//! The administrative API, `/admin/v1`.

use axum::Router;

use super::AppState;

/// Its routes, below the prefix.
pub(super) fn router() -> Router<AppState> {
    Router::new()
}

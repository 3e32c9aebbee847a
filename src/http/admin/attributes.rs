//! Attributes that a tenant declares for itself.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, created};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_attributes(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::CUSTOM_ATTRIBUTES)
}

pub(super) async fn declare(call: Call, Json(body): Json) -> Answer {
    let made = call
        .directory()
        .declare_attribute(&call.caller, body, call.now)
        .await;
    created("custom-attributes", "name", made)
}

pub(super) async fn undeclare(call: Call, Named(name): Named) -> Answer {
    let done = call
        .directory()
        .undeclare_attribute(&call.caller, &name, call.now);
    done.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

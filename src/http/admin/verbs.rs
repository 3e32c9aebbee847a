//! What an operator does to one person, and whether two are one.

use axum::body::HttpBody as _;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};
use crate::directory::admin::Erasing;
use crate::http::error::Failure;
use crate::scim::Object;

/// A body that may be left out, since nothing in it must be there.
pub(super) struct MaybeJson(Value);

impl<S: Sync> FromRequest<S> for MaybeJson {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if request.body().is_end_stream() {
            return Ok(Self(json!({})));
        }
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

pub(super) async fn end(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .end_member(&call.caller, &who, body, call.now)
        .await)
}

/// Undoes what a line of the ledger says.
pub(super) async fn revert(call: Call, Named(seq): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .revert_entry(&call.caller, &seq, body, call.now)
        .await)
}

pub(super) async fn extend(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .extend_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn pause(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .pause_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn resume(call: Call, Named(who): Named, MaybeJson(body): MaybeJson) -> Answer {
    let directory = call.directory();
    one(directory
        .resume_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn transfer(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .transfer_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn pin(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .pin_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn deactivate(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .deactivate_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn reactivate(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    one(directory
        .reactivate_member(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn erase(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    let erased = directory.erase_member(&call.caller, &who, body, call.now);
    match erased.await? {
        Erasing::Done(answer) => one(Ok(answer)),
        Erasing::Planned(plan) => Ok(planned(&plan)),
    }
}

/// 202, with the place of a plan that somebody else has to approve first.
fn planned(plan: &Object) -> Response {
    let id = plan.get("id").and_then(Value::as_str).unwrap_or_default();
    let headers = [(header::LOCATION, format!("/admin/v1/plans/{id}"))];
    (StatusCode::ACCEPTED, headers, axum::Json(plan)).into_response()
}

pub(super) async fn merge(call: Call, Named(who): Named, MaybeJson(body): MaybeJson) -> Answer {
    let directory = call.directory();
    one(directory
        .merge_review(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn dismiss(call: Call, Named(who): Named, MaybeJson(body): MaybeJson) -> Answer {
    let directory = call.directory();
    one(directory
        .dismiss_review(&call.caller, &who, body, call.now)
        .await)
}

pub(super) async fn unpin(call: Call, Named(who): Named, List { query, .. }: List) -> Answer {
    let directory = call.directory();
    one(directory
        .unpin_member(&call.caller, &who, &query, call.now)
        .await)
}

pub(super) async fn reviews(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_reviews(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::REVIEWS)
}

pub(super) async fn hand_over(call: Call, Named(who): Named, MaybeJson(body): MaybeJson) -> Answer {
    let done = call
        .directory()
        .hand_over(&call.caller, &who, body, call.now);
    one(done.await)
}

//! What the coaching platform tells, and what is shown of it.

use axum::extract::State;

use super::body::Json;
use super::list::List;
use super::{Answer, Named, columns, one};
use crate::http::AppState;
use crate::http::caller::AdminCaller;

pub(super) async fn post(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Json(body): Json,
) -> Answer {
    let answered = app.directory().post_events(&caller, body, app.now());
    Ok(one(answered.await?))
}

pub(super) async fn events(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let directory = app.directory();
    let page = directory.list_events(&caller, None, &list.query, app.now());
    list.write(page.await?, columns::EVENTS)
}

pub(super) async fn events_of(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(who): Named,
    list: List,
) -> Answer {
    let directory = app.directory();
    let page = directory.list_events(&caller, Some(&who), &list.query, app.now());
    list.write(page.await?, columns::EVENTS)
}

pub(super) async fn sessions_of(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(who): Named,
    list: List,
) -> Answer {
    let directory = app.directory();
    let page = directory.list_sessions(&caller, &who, &list.query, app.now());
    list.write(page.await?, columns::SESSIONS)
}

//! People and their access.

use axum::extract::State;

use super::body::Json;
use super::list::List;
use super::{Answer, Named, columns, one};
use crate::http::AppState;
use crate::http::caller::AdminCaller;

pub(super) async fn list(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app
        .directory()
        .list_members(&caller, &list.query, app.now());
    list.write(page.await?, columns::MEMBERS)
}

pub(super) async fn read(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(who): Named,
) -> Answer {
    let member = app.directory().read_member(&caller, &who, app.now());
    Ok(one(member.await?))
}

pub(super) async fn end(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(who): Named,
    Json(body): Json,
) -> Answer {
    let ended = app.directory().end_member(&caller, &who, body, app.now());
    Ok(one(ended.await?))
}

pub(super) async fn extend(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(who): Named,
    Json(body): Json,
) -> Answer {
    let extended = app
        .directory()
        .extend_member(&caller, &who, body, app.now());
    Ok(one(extended.await?))
}

pub(super) async fn waitlist(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app
        .directory()
        .list_waitlist(&caller, &list.query, app.now());
    list.write(page.await?, columns::WAITLIST)
}

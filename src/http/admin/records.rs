//! What has happened: the ledger, connections; and who may do what.

use axum::extract::State;

use super::list::List;
use super::{Answer, columns, one};
use crate::http::AppState;
use crate::http::caller::AdminCaller;

pub(super) async fn ledger(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app.directory().list_ledger(&caller, &list.query, app.now());
    list.write(page.await?, columns::LEDGER)
}

pub(super) async fn connections(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app
        .directory()
        .list_connections(&caller, &list.query, app.now());
    list.write(page.await?, columns::CONNECTIONS)
}

pub(super) async fn roles(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app.directory().list_roles(&caller, &list.query, app.now());
    list.write(page.await?, columns::ROLES)
}

pub(super) async fn verify(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
) -> Answer {
    let verdict = app.directory().verify_ledger(&caller);
    Ok(one(verdict.await?))
}

//! What decides who gets which seat: pools, tracks, mappings, policy, and how far the runs are that
//! a change of them begins.

use axum::extract::State;

use super::body::Json;
use super::list::List;
use super::{Answer, Named, columns, created, one};
use crate::http::AppState;
use crate::http::caller::AdminCaller;

pub(super) async fn pools(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app.directory().list_pools(&caller, &list.query, app.now());
    list.write(page.await?, columns::POOLS)
}

pub(super) async fn pool(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(key): Named,
) -> Answer {
    let pool = app.directory().read_pool(&caller, &key, app.now());
    Ok(one(pool.await?))
}

pub(super) async fn create_pool(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Json(body): Json,
) -> Answer {
    let pool = app.directory().create_pool(&caller, body, app.now());
    Ok(created("pools", "key", pool.await?))
}

pub(super) async fn change_pool(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(key): Named,
    Json(body): Json,
) -> Answer {
    let pool = app.directory().change_pool(&caller, &key, body, app.now());
    Ok(one(pool.await?))
}

pub(super) async fn tracks(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app.directory().list_tracks(&caller, &list.query, app.now());
    list.write(page.await?, columns::TRACKS)
}

pub(super) async fn track(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(key): Named,
) -> Answer {
    let track = app.directory().read_track(&caller, &key);
    Ok(one(track.await?))
}

pub(super) async fn create_track(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Json(body): Json,
) -> Answer {
    let track = app.directory().create_track(&caller, body, app.now());
    Ok(created("tracks", "key", track.await?))
}

pub(super) async fn change_track(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(key): Named,
    Json(body): Json,
) -> Answer {
    let track = app.directory().change_track(&caller, &key, body, app.now());
    Ok(one(track.await?))
}

pub(super) async fn mappings(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app
        .directory()
        .list_mappings(&caller, &list.query, app.now());
    list.write(page.await?, columns::MAPPINGS)
}

pub(super) async fn mapping(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(id): Named,
) -> Answer {
    let mapping = app.directory().read_mapping(&caller, &id);
    Ok(one(mapping.await?))
}

pub(super) async fn create_mapping(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Json(body): Json,
) -> Answer {
    let mapping = app.directory().create_mapping(&caller, body, app.now());
    Ok(created("mappings", "id", mapping.await?))
}

pub(super) async fn change_mapping(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(id): Named,
    Json(body): Json,
) -> Answer {
    let mapping = app
        .directory()
        .change_mapping(&caller, &id, body, app.now());
    Ok(one(mapping.await?))
}

pub(super) async fn delete_mapping(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(id): Named,
) -> Answer {
    let deleted = app.directory().delete_mapping(&caller, &id, app.now());
    Ok(one(deleted.await?))
}

pub(super) async fn policy(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
) -> Answer {
    let policy = app.directory().read_policy(&caller);
    Ok(one(policy.await?))
}

pub(super) async fn change_policy(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Json(body): Json,
) -> Answer {
    let policy = app.directory().change_policy(&caller, body, app.now());
    Ok(one(policy.await?))
}

pub(super) async fn placements(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    list: List,
) -> Answer {
    let page = app
        .directory()
        .list_placements(&caller, &list.query, app.now());
    list.write(page.await?, columns::PLACEMENTS)
}

pub(super) async fn placement(
    State(app): State<AppState>,
    AdminCaller(caller): AdminCaller,
    Named(id): Named,
) -> Answer {
    let run = app.directory().read_placement(&caller, &id);
    Ok(one(run.await?))
}

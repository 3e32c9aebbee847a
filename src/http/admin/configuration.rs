//! What decides who gets which seat: pools, tracks, mappings, policy, and how far the runs are that
//! a change of them begins.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, created, one};

pub(super) async fn pools(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_pools(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::POOLS)
}

pub(super) async fn pool(call: Call, Named(key): Named) -> Answer {
    let pool = call.directory().read_pool(&call.caller, &key, call.now);
    one(pool.await)
}

pub(super) async fn create_pool(call: Call, Json(body): Json) -> Answer {
    let pool = call.directory().create_pool(&call.caller, body, call.now);
    created("pools", "key", pool.await)
}

pub(super) async fn change_pool(call: Call, Named(key): Named, Json(body): Json) -> Answer {
    let pool = call
        .directory()
        .change_pool(&call.caller, &key, body, call.now);
    one(pool.await)
}

pub(super) async fn tracks(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_tracks(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::TRACKS)
}

pub(super) async fn track(call: Call, Named(key): Named) -> Answer {
    let track = call.directory().read_track(&call.caller, &key);
    one(track.await)
}

pub(super) async fn create_track(call: Call, Json(body): Json) -> Answer {
    let track = call.directory().create_track(&call.caller, body, call.now);
    created("tracks", "key", track.await)
}

pub(super) async fn change_track(call: Call, Named(key): Named, Json(body): Json) -> Answer {
    let track = call
        .directory()
        .change_track(&call.caller, &key, body, call.now);
    one(track.await)
}

pub(super) async fn mappings(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_mappings(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::MAPPINGS)
}

pub(super) async fn simulate_mapping(call: Call, Json(body): Json) -> Answer {
    let simulated = call
        .directory()
        .simulate_mapping(&call.caller, body, call.now);
    one(simulated.await)
}

pub(super) async fn mapping(call: Call, Named(id): Named) -> Answer {
    let mapping = call.directory().read_mapping(&call.caller, &id);
    one(mapping.await)
}

pub(super) async fn create_mapping(call: Call, Json(body): Json) -> Answer {
    let mapping = call
        .directory()
        .create_mapping(&call.caller, body, call.now);
    created("mappings", "id", mapping.await)
}

pub(super) async fn change_mapping(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let mapping = call
        .directory()
        .change_mapping(&call.caller, &id, body, call.now);
    one(mapping.await)
}

pub(super) async fn delete_mapping(call: Call, Named(id): Named) -> Answer {
    let deleted = call.directory().delete_mapping(&call.caller, &id, call.now);
    one(deleted.await)
}

pub(super) async fn display_names(call: Call) -> Answer {
    one(call.directory().display_names(&call.caller).await)
}

pub(super) async fn policy(call: Call) -> Answer {
    let policy = call.directory().read_policy(&call.caller);
    one(policy.await)
}

pub(super) async fn change_policy(call: Call, Json(body): Json) -> Answer {
    let policy = call.directory().change_policy(&call.caller, body, call.now);
    one(policy.await)
}

pub(super) async fn placements(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_placements(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::PLACEMENTS)
}

pub(super) async fn placement(call: Call, Named(id): Named) -> Answer {
    let run = call.directory().read_placement(&call.caller, &id);
    one(run.await)
}

//! Webhooks and what they were told.

use axum::extract::Path;

use super::body::{Json, Nothing};
use super::list::List;
use super::{Answer, Call, Named, columns, created, one};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_webhooks(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::WEBHOOKS)
}

pub(super) async fn read(call: Call, Named(id): Named) -> Answer {
    one(call
        .directory()
        .read_webhook(&call.caller, &id, call.now)
        .await)
}

pub(super) async fn create(call: Call, Json(body): Json) -> Answer {
    let made = call
        .directory()
        .create_webhook(&call.caller, body, call.now);
    created("webhooks", "id", made.await)
}

pub(super) async fn change(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let changed = call
        .directory()
        .change_webhook(&call.caller, &id, body, call.now);
    one(changed.await)
}

pub(super) async fn delete(call: Call, Named(id): Named) -> Answer {
    let deleted = call.directory().delete_webhook(&call.caller, &id, call.now);
    one(deleted.await)
}

pub(super) async fn rotate(call: Call, Named(id): Named, _: Nothing) -> Answer {
    let rotated = call.directory().rotate_webhook(&call.caller, &id, call.now);
    one(rotated.await)
}

pub(super) async fn test(call: Call, Named(id): Named, _: Nothing) -> Answer {
    let sent = call.directory().test_webhook(&call.caller, &id, call.now);
    one(sent.await)
}

pub(super) async fn replay(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let replayed = call
        .directory()
        .replay_webhook(&call.caller, &id, body, call.now);
    one(replayed.await)
}

pub(super) async fn deliveries(call: Call, Named(id): Named, list: List) -> Answer {
    let page = call
        .directory()
        .list_deliveries(&call.caller, &id, &list.query, call.now);
    list.write(page.await?, columns::DELIVERIES)
}

pub(super) async fn redeliver(
    call: Call,
    Path((id, n)): Path<(String, String)>,
    _: Nothing,
) -> Answer {
    let sent = call.directory().redeliver(&call.caller, &id, &n, call.now);
    one(sent.await)
}

//! Reminding people.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_nudges(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::NUDGES)
}

pub(super) async fn of(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let nudged = call
        .directory()
        .nudge_member(&call.caller, &who, body, call.now);
    one(nudged.await)
}

pub(super) async fn all(call: Call, Json(body): Json) -> Answer {
    one(call
        .directory()
        .nudge_all(&call.caller, body, call.now)
        .await)
}

//! What the coaching platform tells, and what is shown of it.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn post(call: Call, Json(body): Json) -> Answer {
    let answered = call.directory().post_events(&call.caller, body, call.now);
    one(answered.await)
}

pub(super) async fn events(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_events(&call.caller, None, &list.query, call.now);
    list.write(page.await?, columns::EVENTS)
}

pub(super) async fn events_of(call: Call, Named(who): Named, list: List) -> Answer {
    let page = call
        .directory()
        .list_events(&call.caller, Some(&who), &list.query, call.now);
    list.write(page.await?, columns::EVENTS)
}

pub(super) async fn sessions_of(call: Call, Named(who): Named, list: List) -> Answer {
    let page = call
        .directory()
        .list_sessions(&call.caller, &who, &list.query, call.now);
    list.write(page.await?, columns::SESSIONS)
}

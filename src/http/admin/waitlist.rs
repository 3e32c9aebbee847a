//! The lines for seats.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_waitlist(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::WAITLIST)
}

pub(super) async fn prioritise(call: Call, Named(who): Named, Json(body): Json) -> Answer {
    let changed = call
        .directory()
        .prioritise_waiting(&call.caller, &who, body, call.now);
    one(changed.await)
}

pub(super) async fn promote(call: Call, Json(body): Json) -> Answer {
    let promoted = call
        .directory()
        .promote_waiting(&call.caller, body, call.now);
    one(promoted.await)
}

//! Inviting people.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_invitations(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::INVITATIONS)
}

pub(super) async fn create(call: Call, Json(body): Json) -> Answer {
    one(call.directory().invite(&call.caller, body, call.now).await)
}

pub(super) async fn read(call: Call, Named(id): Named) -> Answer {
    one(call.directory().read_invitation(&call.caller, &id).await)
}

pub(super) async fn change(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let changed = call
        .directory()
        .change_invitation(&call.caller, &id, body, call.now);
    one(changed.await)
}

pub(super) async fn cancel(call: Call, Named(id): Named) -> Answer {
    let cancelled = call
        .directory()
        .cancel_invitation(&call.caller, &id, call.now);
    one(cancelled.await)
}

pub(super) async fn resend(call: Call, Named(id): Named) -> Answer {
    let resent = call
        .directory()
        .resend_invitation(&call.caller, &id, call.now);
    one(resent.await)
}

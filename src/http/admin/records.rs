//! What has happened: the ledger, connections; and who may do what.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn ledger(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_ledger(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::LEDGER)
}

pub(super) async fn connections(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_connections(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::CONNECTIONS)
}

pub(super) async fn breaker(call: Call, Named(name): Named, Json(body): Json) -> Answer {
    let decided = call
        .directory()
        .decide_breaker(&call.caller, &name, body, call.now);
    one(decided.await)
}

pub(super) async fn roles(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_roles(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::ROLES)
}

pub(super) async fn verify(call: Call) -> Answer {
    let verdict = call.directory().verify_ledger(&call.caller);
    one(verdict.await)
}

pub(super) async fn capabilities(call: Call) -> Answer {
    one(Ok(call.directory().capabilities(&call.caller)))
}

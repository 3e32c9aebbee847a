//! What has happened: the ledger, connections; and who may do what.

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, one};
use crate::directory::admin::Against;

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
    let directory = call.directory();
    one(directory
        .verify_ledger(&call.caller, None, &|_, _| ())
        .await)
}

/// Holds the ledger against a checkpoint.
pub(super) async fn verify_against(call: Call, Json(checkpoint): Json) -> Answer {
    let against = Against {
        checkpoint,
        keys: None,
    };
    let directory = call.directory();
    let verdict = directory.verify_ledger(&call.caller, Some(&against), &|_, _| ());
    one(verdict.await)
}

pub(super) async fn checkpoint(call: Call) -> Answer {
    let made = call.directory().ledger_checkpoint(&call.caller, call.now);
    one(made.await)
}

pub(super) async fn keys(call: Call) -> Answer {
    one(call.directory().ledger_keys(&call.caller).await)
}

pub(super) async fn capabilities(call: Call) -> Answer {
    one(Ok(call.directory().capabilities(&call.caller)))
}

//! Why a person is where they are, and how they came there.

use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn explain(call: Call, Named(who): Named) -> Answer {
    let explained = call
        .directory()
        .explain_member(&call.caller, &who, call.now);
    one(explained.await)
}

pub(super) async fn ledger(call: Call, Named(who): Named, list: List) -> Answer {
    let page = call
        .directory()
        .list_ledger_of(&call.caller, &who, &list.query, call.now);
    list.write(page.await?, columns::LEDGER)
}

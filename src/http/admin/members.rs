//! People and their access.

use super::export::Asked;
use super::list::List;
use super::{Answer, Call, Named, columns, one};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_members(&call.caller, &list.query, call.now);
    let page = page.await?;
    let columns = columns::of_members(&page.items);
    list.write(page, &columns)
}

pub(super) async fn read(call: Call, Named(who): Named, Asked(query): Asked) -> Answer {
    let member = call
        .directory()
        .read_member(&call.caller, &who, &query, call.now);
    one(member.await)
}

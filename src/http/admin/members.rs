//! People and their access.

use super::export::Asked;
use super::list::List;
use super::{Answer, Call, Named, columns, labels, one};

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_members(&call.caller, &list.query, call.now);
    let mut page = page.await?;
    let mut columns = columns::of_members(&page.items);
    if list.is_for_people() {
        let labels = call.directory().display_names(&call.caller).await?;
        labels::put(&labels, &mut columns, &mut page.items);
    }
    list.write(page, &columns)
}

pub(super) async fn read(call: Call, Named(who): Named, Asked(query): Asked) -> Answer {
    let member = call
        .directory()
        .read_member(&call.caller, &who, &query, call.now);
    one(member.await)
}

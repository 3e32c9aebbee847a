//! People who are missing in a file that should have all.

use jiff::Timestamp;

use crate::directory::change::Change;
use crate::directory::{Error, users};
use crate::scim::Object;
use crate::store::members::Member;

/// The resource of somebody who leaves because a file leaves them out.
pub(super) fn left_out(member: &Member) -> Object {
    let mut doc = member.doc.clone();
    doc.insert("active".into(), false.into());
    doc
}

/// Ends the time of somebody who is locked. The change is finished by the caller.
pub(super) async fn leave(
    change: &mut Change<'_>,
    member: &mut Member,
    now: Timestamp,
) -> Result<(), Error> {
    let doc = left_out(member);
    users::rewrite(change, member, doc, true, now).await
}

//! Finding a person by what an operator has of them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{conflict, not_found};
use crate::directory::{Code, Error, Refusal};
use crate::scim::predicate::fold;
use crate::seats::IdentityState;
use crate::store::members::Member;
use crate::store::{Session, Tx};

const EXTERNAL_ID: &str = "externalId:";

/// The person with this identifier (their own or their SCIM user's), e-mail address, user name or
/// `externalId:…`.
pub(super) async fn person(session: &mut Session, who: &str) -> Result<Member, Error> {
    let nobody = || Error::from(not_found("such person"));
    if let Some(external) = who.strip_prefix(EXTERNAL_ID) {
        let found = session.member_by_external_id(external).await?;
        return found.ok_or_else(nobody);
    }
    if let Ok(id) = Uuid::try_parse(who)
        && let Some(member) = session.member_by_id(id).await?
    {
        return Ok(member);
    }
    let mut found = session
        .members_by_email(&fold(who.trim()))
        .await?
        .into_iter();
    match (found.next(), found.next()) {
        (None, _) => Err(nobody()),
        // Addresses get used again: somebody who is still here goes before those who left.
        (Some(one), Some(other)) if is_known(&one) == is_known(&other) => {
            Err(ambiguous(&one, &other).into())
        }
        (Some(one), _) => Ok(one),
    }
}

/// The same, locked until the end of the transaction.
pub(super) async fn locked(tx: &mut Tx, who: &str) -> Result<Member, Error> {
    let found = person(tx, who).await?;
    let locked = tx.lock_member(found.id).await?;
    locked.ok_or_else(|| not_found("such person").into())
}

fn is_known(member: &Member) -> bool {
    matches!(
        member.identity,
        IdentityState::Active | IdentityState::Inactive
    )
}

fn ambiguous(one: &Member, other: &Member) -> Refusal {
    let ids: Value = json!([one.id, other.id]);
    let detail = format!(
        "more than one person has this address, among them {} and {}; name one by id",
        one.id, other.id
    );
    conflict(Code::Ambiguous, detail, [("ids", ids)])
}

//! Who is in a group: what a write asks of its members, carried out on their rows.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::member_json;
use crate::directory::Error;
use crate::scim::error::Error as ScimError;
use crate::scim::members::{self, Member as Named, MemberKind, MemberOp};
use crate::scim::schema::GROUP;
use crate::store::Tx;

/// What changed about who is in a group.
#[derive(Default)]
pub(super) struct Moves {
    pub(super) people: BTreeSet<Uuid>,
    pub(super) grown_by: i64,
    pub(super) touched: bool,
}

/// Carries out one change of the membership.
pub(super) async fn apply(
    tx: &mut Tx,
    group: Uuid,
    op: &MemberOp,
    moves: &mut Moves,
) -> Result<(), Error> {
    match op {
        MemberOp::Add(named) => add(tx, group, named, moves).await,
        MemberOp::Remove(values) => {
            let ids: Vec<_> = values
                .iter()
                .filter_map(|v| Uuid::try_parse(v).ok())
                .collect();
            let people = tx.remove_users(group, &ids).await?;
            let groups = tx.remove_groups(group, &ids).await?;
            moves.removed(people, groups);
            Ok(())
        }
        MemberOp::RemoveAll => replace(tx, group, &[], moves).await,
        MemberOp::Replace(named) => replace(tx, group, named, moves).await,
        MemberOp::RemoveWhere(predicate) => {
            let members = tx.members_of(&[group]).await?;
            let hit = members
                .into_iter()
                .map(|(_, m)| m)
                .filter(|m| members::chosen(&GROUP, predicate, &Value::Object(member_json(m))));
            let ids: Vec<_> = hit.map(|m| m.value).collect();
            let people = tx.remove_users(group, &ids).await?;
            let groups = tx.remove_groups(group, &ids).await?;
            moves.removed(people, groups);
            Ok(())
        }
    }
}

impl Moves {
    fn removed(&mut self, people: Vec<Uuid>, groups: u64) {
        let count = i64::try_from(people.len() as u64 + groups).unwrap_or(i64::MAX);
        self.grown_by -= count;
        self.touched |= count > 0;
        self.people.extend(people);
    }

    fn added(&mut self, people: Vec<Uuid>, groups: u64) {
        let count = i64::try_from(people.len() as u64 + groups).unwrap_or(i64::MAX);
        self.grown_by += count;
        self.touched |= count > 0;
        self.people.extend(people);
    }
}

/// The identifiers of named members, as users and as groups. Without a type it may be either.
fn split(named: &[Named]) -> (Vec<Uuid>, Vec<Uuid>) {
    let ids = |other: MemberKind| {
        let those = named.iter().filter(move |m| m.kind != Some(other));
        those
            .filter_map(|m| Uuid::try_parse(&m.value).ok())
            .collect::<Vec<_>>()
    };
    (ids(MemberKind::Group), ids(MemberKind::User))
}

async fn add(tx: &mut Tx, group: Uuid, named: &[Named], moves: &mut Moves) -> Result<(), Error> {
    let (users, groups) = split(named);
    if users.is_empty() && groups.is_empty() {
        note_unknown(named.len(), group);
        return Ok(());
    }
    let people = tx.add_users(group, &users).await?;
    // Whoever was just added is no group; most pushes are over here.
    let mut joined = 0;
    if people.len() < named.len() {
        if groups.contains(&group) {
            return Err(in_itself());
        }
        joined = tx.add_groups(group, &groups).await?;
        if joined > 0 && tx.is_in_itself(group).await? {
            return Err(in_itself());
        }
        let mut all = users;
        all.extend(groups);
        let unknown = tx.nobody_among(&all).await?.len();
        let malformed = named
            .iter()
            .filter(|m| Uuid::try_parse(&m.value).is_err())
            .count();
        note_unknown(unknown + malformed, group);
    }
    moves.added(people, joined);
    Ok(())
}

fn in_itself() -> Error {
    ScimError::invalid_value("a group cannot be inside itself, not even over other groups").into()
}

async fn replace(
    tx: &mut Tx,
    group: Uuid,
    named: &[Named],
    moves: &mut Moves,
) -> Result<(), Error> {
    let (users, groups) = split(named);
    let people = tx.keep_users(group, &users).await?;
    let left = tx.keep_groups(group, &groups).await?;
    moves.removed(people, left);
    if named.is_empty() {
        Ok(())
    } else {
        add(tx, group, named, moves).await
    }
}

/// A member that nobody is: identifiers are made here, so it can never become somebody, and to
/// refuse the push would lose its other members.
fn note_unknown(count: usize, group: Uuid) {
    if count > 0 {
        tracing::warn!(%group, count, "members that nobody is were left out");
    }
}

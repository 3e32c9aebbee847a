//! Which person a row is about: by worker identifier, then by the identity provider's, then by
//! address.

use std::collections::HashMap;

use crate::directory::Error;
use crate::roster::columns::Column;
use crate::roster::row::{Fault, Problem, Row};
use crate::scim::predicate::fold;
use crate::seats::IdentityState;
use crate::store::Session;
use crate::store::members::Member;

/// The people that rows may be about.
pub(super) struct People {
    members: Vec<Member>,
    by_worker: HashMap<String, usize>,
    by_external: HashMap<String, usize>,
    by_address: HashMap<String, Vec<usize>>,
}

impl People {
    /// Looks them up, all at once.
    pub(super) async fn of(session: &mut Session, rows: &[&Row]) -> Result<Self, Error> {
        let all = |column| rows.iter().filter_map(move |row| row.get(column)).collect();
        let (workers, externals): (Vec<_>, Vec<_>) =
            (all(Column::WorkerId), all(Column::ExternalId));
        let addresses: Vec<_> = rows.iter().flat_map(|row| row.address_keys()).collect();
        let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
        let members = session
            .people_named(&workers, &externals, &addresses)
            .await?;
        Ok(Self::new(members))
    }

    fn new(members: Vec<Member>) -> Self {
        let mut people = Self {
            by_worker: HashMap::new(),
            by_external: HashMap::new(),
            by_address: HashMap::new(),
            members,
        };
        // Whoever is active goes before those who are not, and the newest before older ones.
        let mut order: Vec<_> = (0..people.members.len()).collect();
        order.sort_by_key(|at| people.members.get(*at).map(rank));
        for at in order {
            let Some(member) = people.members.get(at) else {
                continue;
            };
            if let Some(worker) = &member.worker_id {
                people.by_worker.insert(worker.clone(), at);
            }
            if let Some(external) = &member.external_id {
                people.by_external.insert(external.clone(), at);
            }
            for address in addresses(member) {
                people.by_address.entry(address).or_default().push(at);
            }
        }
        people
    }

    /// The person a row is about, if there is one.
    ///
    /// # Errors
    /// What is wrong with the row: it is about several people.
    pub(super) fn about(&self, row: &Row) -> Result<Option<&Member>, Fault> {
        let by = |column, index: &HashMap<String, usize>| {
            row.get(column).and_then(|key| index.get(key)).copied()
        };
        let found = by(Column::WorkerId, &self.by_worker)
            .or_else(|| by(Column::ExternalId, &self.by_external));
        let same = row.address_keys();
        let same = same.iter().find_map(|key| self.by_address.get(key));
        let same = same.map(Vec::as_slice).unwrap_or_default();
        if let Some(found) = found {
            // Only whoever the file may rename can take another's address.
            let other = same.iter().find(|at| **at != found && self.is_active(**at));
            let renames = self
                .members
                .get(found)
                .is_some_and(|m| m.managed_by != "scim");
            if other.is_some() && renames {
                let detail = "another person has this address";
                return Err(Fault::of(Column::Email, Problem::Uniqueness, detail));
            }
            return Ok(self.members.get(found));
        }
        let active: Vec<_> = same.iter().filter(|at| self.is_active(**at)).collect();
        if active.len() > 1 {
            let detail = "several people have this address; name one by worker_id or external_id";
            return Err(Fault::of(Column::Email, Problem::Ambiguous, detail));
        }
        let Some(member) = same.last().and_then(|at| self.members.get(*at)) else {
            return Ok(None);
        };
        match (row.get(Column::WorkerId), &member.worker_id) {
            // Addresses get used again: this may be somebody else.
            (Some(given), Some(known)) if given != known => {
                let detail = "somebody with another worker_id has this address";
                Err(Fault::of(Column::Email, Problem::Uniqueness, detail))
            }
            _ => Ok(Some(member)),
        }
    }

    fn is_active(&self, at: usize) -> bool {
        let member = self.members.get(at);
        member.is_some_and(|m| m.identity == IdentityState::Active)
    }
}

/// Later in this order goes before.
fn rank(member: &Member) -> (bool, uuid::Uuid) {
    (member.identity == IdentityState::Active, member.id)
}

/// The addresses of a person and their user name, as they are compared.
pub(super) fn addresses(member: &Member) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().map(fold);
    let emails = member.doc.get("emails").and_then(|e| e.as_array());
    let emails = emails.into_iter().flatten();
    let mut all: Vec<_> = emails
        .filter_map(|email| email.get("value").and_then(text))
        .chain(member.doc.get("userName").and_then(text))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

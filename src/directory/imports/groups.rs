//! The groups that rows name, by the names they have now. A file puts people in and takes nobody
//! out: who else may have put them there it does not know.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::directory::Error;
use crate::roster::columns::Column;
use crate::roster::row::{Fault, Problem, Row};
use crate::scim::predicate::fold;
use crate::store::Session;
use crate::store::members::Member;

/// A group: identifier and name.
pub(super) type Named = (Uuid, String);

/// The groups that rows name, by name without its case.
pub(super) struct Groups(HashMap<String, Vec<Named>>);

impl Groups {
    /// Looks them up, all at once.
    pub(super) async fn of(session: &mut Session, rows: &[&Row]) -> Result<Self, Error> {
        let keys: BTreeSet<_> = rows.iter().flat_map(|row| row.groups()).map(fold).collect();
        let mut groups: HashMap<String, Vec<Named>> = HashMap::new();
        if !keys.is_empty() {
            let keys: Vec<_> = keys.into_iter().collect();
            for (id, name) in session.groups_by_keys(&keys).await? {
                groups.entry(fold(&name)).or_default().push((id, name));
            }
        }
        Ok(Self(groups))
    }

    /// Those that a row names and its person is not in.
    ///
    /// # Errors
    /// What is wrong with the row: there is no such group, or several.
    pub(super) fn new_to(&self, row: &Row, member: Option<&Member>) -> Result<Vec<Named>, Fault> {
        let mut joined: Vec<Named> = Vec::new();
        for name in row.groups() {
            let found = self.0.get(&fold(name)).map(Vec::as_slice);
            let shown: String = name.chars().take(60).collect();
            let wrong = |problem, detail| Err(Fault::of(Column::Group, problem, detail));
            let group = match found {
                None | Some([]) => {
                    let detail = format!("there is no group '{shown}'");
                    return wrong(Problem::UnknownGroup, detail);
                }
                Some([group]) => group,
                Some(_) => {
                    let detail = format!("there are several groups '{shown}'");
                    return wrong(Problem::Ambiguous, detail);
                }
            };
            let is_in = member.is_some_and(|m| m.groups.iter().any(|(id, _)| *id == group.0));
            if !is_in && !joined.contains(group) {
                joined.push(group.clone());
            }
        }
        Ok(joined)
    }
}

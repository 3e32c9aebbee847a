//! The header of a file: which columns are known.

use std::sync::Arc;

use crate::seats::attribute::{CustomAttribute, plain};
use crate::seats::named;

named! {
    /// A column that says something of a person (domain 4.11).
    Column {
        /// The HR system's identifier.
        WorkerId = "worker_id",
        /// The identity provider's identifier.
        ExternalId = "external_id",
        /// Work e-mail address; of somebody new also the user name.
        Email = "email",
        /// First name.
        GivenName = "given_name",
        /// Last name.
        FamilyName = "family_name",
        /// Job title.
        Title = "title",
        /// Department.
        Department = "department",
        /// Division.
        Division = "division",
        /// Cost center.
        CostCenter = "cost_center",
        /// Organization.
        Organization = "organization",
        /// Region.
        Region = "region",
        /// The manager's e-mail address.
        ManagerEmail = "manager_email",
        /// Names of groups, with `|` between.
        Group = "group",
        /// A track's key or name.
        Track = "track",
        /// A pool's key.
        Pool = "pool",
        /// First day of access.
        AccessStart = "access_start",
        /// Last day of access.
        AccessEnd = "access_end",
        /// First day of work.
        HireDate = "hire_date",
        /// Last day of work.
        TerminationDate = "termination_date",
        /// `prehire`, `active`, `leave` or `terminated`.
        EmploymentStatus = "employment_status",
        /// User name; of lists alone.
        UserName = "user_name",
        /// Whether the account is active, in the words of its system; of lists alone.
        Active = "active",
    }
}

/// Columns that only lists have: a file that makes people does not say them.
const OF_LISTS: [Column; 2] = [Column::UserName, Column::Active];

/// How Okta, Entra ID and vendors call columns of their lists.
const ALIASES: [(&str, Column); 18] = [
    ("login", Column::UserName),
    ("userprincipalname", Column::UserName),
    ("upn", Column::UserName),
    ("mail", Column::Email),
    ("primaryemail", Column::Email),
    ("emailaddress", Column::Email),
    ("id", Column::ExternalId),
    ("objectid", Column::ExternalId),
    ("userid", Column::ExternalId),
    ("employeeid", Column::WorkerId),
    ("employeenumber", Column::WorkerId),
    ("firstname", Column::GivenName),
    ("lastname", Column::FamilyName),
    ("surname", Column::FamilyName),
    ("status", Column::Active),
    ("accountenabled", Column::Active),
    ("enddate", Column::AccessEnd),
    ("accessenddate", Column::AccessEnd),
];

/// Columns of a list of failed rows, which may be sent again as it is.
const OURS: [&str; 2] = ["line", "error"];

/// The columns of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The header as given.
    pub header: Vec<String>,
    /// What each column is, if it is known.
    pub known: Vec<Option<Column>>,
    /// Which of the tenant's declared attributes each of the others is, if it is one.
    pub declared: Vec<Option<Arc<CustomAttribute>>>,
}

impl Columns {
    /// Reads a header; answers the names that nobody knows as well.
    ///
    /// # Errors
    /// The name of a column that is there twice.
    pub fn read(header: Vec<String>) -> Result<(Self, Vec<String>), String> {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for name in &header {
            let wanted = plain(name);
            let found = Column::ALL
                .iter()
                .find(|column| plain(column.as_str()) == wanted && !OF_LISTS.contains(column))
                .copied();
            if found.is_some() && known.contains(&found) {
                return Err(name.trim().to_owned());
            }
            if found.is_none() && !OURS.contains(&wanted.as_str()) {
                unknown.push(name.trim().to_owned());
            }
            known.push(found);
        }
        Ok((Self::new(header, known), unknown))
    }

    /// Reads the header of a list, by the names that other systems have as well. Of two names for
    /// the same the first counts.
    pub fn of_roster(header: Vec<String>) -> (Self, Vec<String>) {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for name in &header {
            let wanted = plain(name);
            let ours = Column::ALL.iter().find(|c| plain(c.as_str()) == wanted);
            let theirs = ALIASES.iter().find(|(alias, _)| *alias == wanted);
            let found = ours.copied().or(theirs.map(|(_, column)| *column));
            if found.is_none() {
                unknown.push(name.trim().to_owned());
            }
            known.push(found.filter(|_| !known.contains(&found)));
        }
        (Self::new(header, known), unknown)
    }

    fn new(header: Vec<String>, known: Vec<Option<Column>>) -> Self {
        Self {
            declared: vec![None; header.len()],
            header,
            known,
        }
    }

    /// Finds a tenant's declared attributes among the names that nobody knew, and takes them out
    /// of those.
    ///
    /// # Errors
    /// The name of a column that is there twice.
    pub fn declare<'a>(
        &mut self,
        attributes: impl IntoIterator<Item = &'a CustomAttribute>,
        unknown: &mut Vec<String>,
    ) -> Result<(), String> {
        let attributes: Vec<_> = attributes.into_iter().cloned().map(Arc::new).collect();
        let columns = self.header.iter().zip(&self.known);
        let mut declared = Vec::with_capacity(self.header.len());
        for (name, known) in columns {
            let is = |a: &&Arc<CustomAttribute>| known.is_none() && plain(&a.name) == plain(name);
            let found = attributes.iter().find(is).cloned();
            if found.is_some() && declared.contains(&found) {
                return Err(name.trim().to_owned());
            }
            declared.push(found);
        }
        unknown.retain(|name| attributes.iter().all(|a| plain(&a.name) != plain(name)));
        self.declared = declared;
        Ok(())
    }

    /// Whether a name is that of a column which every file may have.
    pub fn is_name(name: &str) -> bool {
        let wanted = plain(name);
        let mut columns = Column::ALL.iter();
        columns.any(|column| plain(column.as_str()) == wanted) || OURS.contains(&wanted.as_str())
    }

    /// Whether there is this column.
    pub fn has(&self, column: Column) -> bool {
        self.known.contains(&Some(column))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_known_however_they_are_written() {
        for name in ["worker_id", "Worker ID", "workerId", "WORKER-ID"] {
            let (columns, unknown) = Columns::read(header(&[name])).unwrap();
            assert!(
                columns.has(Column::WorkerId) && unknown.is_empty(),
                "{name}"
            );
        }
        let (columns, unknown) = Columns::read(header(&["E-Mail", "shoe size"])).unwrap();
        assert!(columns.has(Column::Email));
        assert_eq!(unknown, ["shoe size"]);
    }

    #[test]
    fn a_column_that_is_there_twice_is_refused() {
        assert_eq!(
            Columns::read(header(&["email", "E-mail"])),
            Err("E-mail".to_owned())
        );
    }

    #[test]
    fn what_was_answered_can_be_sent_again() {
        let (columns, unknown) = Columns::read(header(&["email", "line", "error"])).unwrap();
        assert!(columns.has(Column::Email) && unknown.is_empty());
    }
}

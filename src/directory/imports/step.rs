//! What a row comes to, by what is known of its person. It changes nothing.

use jiff::Timestamp;
use serde_json::Value;

use super::groups::{Groups, Named};
use super::people::People;
use crate::directory::Error;
use crate::directory::rules::Rules;
use crate::roster::columns::Column;
use crate::roster::resource::{self, Scope};
use crate::roster::row::{Fault, Leaving, Problem, Row};
use crate::scim::schema::COACHING_URN;
use crate::scim::{Object, validate};
use crate::store::import_plans::Does;
use crate::store::imports::Mode;
use crate::store::members::Member;

/// Who made the people of files.
pub(super) const IMPORT: &str = "import";

/// What is to be done for a row.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing: everything is as it has it.
    Nothing,
    /// Nothing: it is about somebody who has left and who was never here.
    NobodyLeft,
    /// Nothing: it is wrong.
    Fail(Fault),
    /// Somebody new, in these groups.
    Create(Object, Vec<Named>),
    /// Somebody who is here, and groups that they are not in yet.
    Change(Object, Kind, Vec<Named>),
}

/// What a change is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Changed,
    Deactivated,
    Scheduled,
}

impl Kind {
    /// What a row does that comes to this.
    pub(super) fn does(self) -> Does {
        match self {
            Self::Changed => Does::Change,
            Self::Deactivated => Does::Deactivate,
            Self::Scheduled => Does::Schedule,
        }
    }
}

/// By what a row is judged.
pub(super) struct Judge<'r> {
    pub(super) rules: &'r Rules,
    pub(super) groups: &'r Groups,
    pub(super) mode: Mode,
    pub(super) now: Timestamp,
}

/// How much of a person a file may say.
pub(super) fn scope(member: &Member) -> Scope {
    if member.managed_by == "scim" {
        Scope::Wishes
    } else {
        Scope::Everything
    }
}

impl Judge<'_> {
    /// Judges a row; answers the person that it is about as well.
    pub(super) fn of<'p>(&self, row: &Row, people: &'p People) -> (Step, Option<&'p Member>) {
        let member = match people.about(row) {
            Ok(member) => member,
            Err(fault) => return (Step::Fail(fault), None),
        };
        let step = match member {
            Some(member) => self.known(row, member),
            None => self.unknown(row),
        };
        (step.unwrap_or_else(Step::Fail), member)
    }

    fn leaving(&self, row: &Row) -> Leaving {
        let leaving = row.leaving(&self.rules.catalog.zone, self.now);
        match (self.mode, leaving) {
            // Whoever is in a list of leavers leaves.
            (Mode::Deprovision, Leaving::No) => Leaving::Now,
            (_, leaving) => leaving,
        }
    }

    fn unknown(&self, row: &Row) -> Result<Step, Fault> {
        if self.mode == Mode::Deprovision || self.leaving(row) == Leaving::Now {
            return Ok(Step::NobodyLeft);
        }
        self.wishes_exist(row, None)?;
        let Some(email) = row.get(Column::Email) else {
            let detail = "there is no such person, and nobody is made without an address";
            return Err(Fault::of(Column::Email, Problem::MissingEmail, detail));
        };
        if let Some(domain) = self.rules.foreign_domain(email) {
            let detail = format!("addresses of the domain '{domain}' are not allowed");
            return Err(Fault::of(Column::Email, Problem::DomainNotAllowed, detail));
        }
        let doc = resource::with_row(None, row, Scope::Everything);
        let joined = self.groups.new_to(row, None)?;
        validate::create(&self.rules.users, Value::Object(doc))
            .map(|doc| Step::Create(doc, joined))
            .map_err(|error| Fault::of_row(Problem::InvalidValue, error.detail))
    }

    /// Judges a row about somebody who is here.
    pub(super) fn known(&self, row: &Row, member: &Member) -> Result<Step, Fault> {
        let (before, scope) = (&member.doc, scope(member));
        let leaving = self.leaving(row);
        let next = if self.mode == Mode::Deprovision {
            let next = resource::with_last_day(before.clone(), row);
            resource::leaving(next, row, scope, leaving == Leaving::Now)
        } else {
            self.wishes_exist(row, Some(before))?;
            let next = resource::with_row(Some(before), row, scope);
            match leaving {
                Leaving::Now => resource::leaving(next, row, scope, true),
                Leaving::Later => next,
                Leaving::No if scope == Scope::Everything => resource::returned(next, row),
                Leaving::No => next,
            }
        };
        // Whoever leaves joins nothing, and the groups of an identity provider's people are its own.
        let stays = self.mode != Mode::Deprovision && leaving != Leaving::Now;
        let joined = if stays && scope == Scope::Everything {
            self.groups.new_to(row, Some(member))?
        } else {
            Vec::new()
        };
        if next == *before && joined.is_empty() {
            return Ok(Step::Nothing);
        }
        let next = validate::replace(&self.rules.users, before, Value::Object(next))
            .map_err(|error| Fault::of_row(Problem::InvalidValue, error.detail))?;
        if next == *before && joined.is_empty() {
            return Ok(Step::Nothing);
        }
        let leaves = |doc: &Object| {
            let wish = |key| doc.get(COACHING_URN).and_then(|c| c.get(key)).cloned();
            (
                doc.get("active").cloned(),
                wish("employmentStatus"),
                wish("terminationDate"),
            )
        };
        let kind = match leaving {
            Leaving::Now if leaves(&next) != leaves(before) => Kind::Deactivated,
            Leaving::Later if leaves(&next) != leaves(before) => Kind::Scheduled,
            _ => Kind::Changed,
        };
        Ok(Step::Change(next, kind, joined))
    }

    /// Refuses a track or a pool that is newly wanted and not there. As over SCIM, a tenant that
    /// has none yet takes any for a wish.
    fn wishes_exist(&self, row: &Row, before: Option<&Object>) -> Result<(), Fault> {
        let catalog = &self.rules.catalog;
        let tracks: Vec<_> = catalog.tracks.iter().filter(|t| t.live).collect();
        let pools: Vec<_> = catalog.pools.iter().filter(|p| p.is_live()).collect();
        if tracks.is_empty() && pools.is_empty() {
            return Ok(());
        }
        let held = before.and_then(|doc| doc.get(COACHING_URN));
        let fresh = |column, key: &str| {
            let held = held.and_then(|held| held.get(key)?.as_str());
            row.get(column).filter(|wanted| held != Some(*wanted))
        };
        let refusal = |column, problem, wanted: &str, known: Vec<&str>| {
            let shown: String = wanted.chars().take(60).collect();
            let known = known.join(", ");
            Fault::of(
                column,
                problem,
                format!("there is no '{shown}'; there are: {known}"),
            )
        };
        if let Some(wanted) = fresh(Column::Track, "track") {
            let Some(track) = catalog.track_named(wanted) else {
                let known = tracks.iter().map(|t| t.key.as_str()).collect();
                return Err(refusal(Column::Track, Problem::UnknownTrack, wanted, known));
            };
            if !catalog.is_licensed(track) {
                let detail = "there is no live pool of this track's product";
                return Err(Fault::of(
                    Column::Track,
                    Problem::ProductNotLicensed,
                    detail,
                ));
            }
        }
        if let Some(wanted) = fresh(Column::Pool, "pool")
            && catalog.pool_named(wanted).is_none()
        {
            let known = pools.iter().map(|p| p.key.as_str()).collect();
            return Err(refusal(Column::Pool, Problem::UnknownPool, wanted, known));
        }
        Ok(())
    }
}

/// What a refusal of the use case is to the row that met it; the error itself if it is none of a
/// row's.
pub(super) fn fault(error: Error) -> Result<Fault, Error> {
    use crate::scim::error::ScimType;
    match error {
        Error::Scim(error) => {
            let problem = match error.scim_type {
                Some(ScimType::Uniqueness) => Problem::Uniqueness,
                Some(ScimType::SeatUnavailable) => Problem::SeatUnavailable,
                _ => Problem::InvalidValue,
            };
            Ok(Fault::of_row(problem, error.detail))
        }
        Error::Store(crate::store::Error::Taken) => {
            let detail = "another person has this address or identifier";
            Ok(Fault::of_row(Problem::Uniqueness, detail))
        }
        Error::Refused(refusal) => Ok(Fault::of_row(Problem::InvalidValue, refusal.detail)),
        Error::Store(error) => Err(error.into()),
    }
}

//! The parameters of a report, each as sent or by default.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Name;
use crate::directory::Code;
use crate::directory::Refusal;
use crate::directory::admin::body::MAX_DAYS;
use crate::directory::admin::query::refused;
use crate::directory::admin::{Query, invalid, view};
use crate::scim::Object;
use crate::seats::catalog::Catalog;
use crate::seats::days::{self, When};
use crate::store::reports::usage::{GroupBy, Scope};

/// What was asked of a report.
pub(super) struct Asked {
    pub(super) name: Name,
    pub(super) query: Query,
}

impl Asked {
    /// Refuses parameters that the report does not have.
    pub(super) fn read(name: Name, query: &Query) -> Result<Self, Refusal> {
        let known: Vec<_> = name.parameters().iter().map(|p| p.name).collect();
        query.only(&known, None)?;
        for of_pages in ["limit", "cursor"] {
            if !name.has_pages() && query.get(of_pages).is_some() {
                let detail = "this report has all its lines on one page";
                return Err(invalid(Code::UnknownParameter, of_pages, detail));
            }
        }
        Ok(Self {
            name,
            query: query.clone(),
        })
    }

    /// A parameter as sent or else by default; none where that is nothing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let default = || {
            let mut known = self.name.parameters().iter();
            known.find(|p| p.name == name).map(|p| p.default)
        };
        self.query
            .get(name)
            .or_else(default)
            .filter(|text| !text.is_empty())
    }

    /// All parameters with their values.
    pub(super) fn shown(&self) -> Object {
        let of = |name: &str| (name.to_owned(), self.get(name).into());
        let parameters = self.name.parameters().iter();
        parameters.map(|p| of(p.name)).collect()
    }

    /// A number of days, hours or percent, which may say so: `30d`.
    pub(super) fn number(&self, name: &str, unit: char) -> Result<i64, Refusal> {
        let text = self.get(name).unwrap_or("0");
        let text = text.strip_suffix(unit).unwrap_or(text);
        let number = text.parse().ok().filter(|n| (0..=MAX_DAYS).contains(n));
        let detail = format!("must be a whole number from 0 to {MAX_DAYS}");
        number.ok_or_else(|| refused(name, &detail))
    }

    pub(super) fn one_of<T: FromStr<Err = String>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        let parsed = self.get(name).map(str::parse::<T>).transpose();
        parsed.map_err(|detail| refused(name, &detail))
    }

    pub(super) fn track(&self, catalog: &Catalog) -> Result<Option<Uuid>, Refusal> {
        let Some(key) = self.get("track") else {
            return Ok(None);
        };
        let mut tracks = catalog.tracks.iter();
        let track = tracks.find(|track| track.key.eq_ignore_ascii_case(key));
        let track = track.ok_or_else(|| refused("track", "there is no such track"))?;
        Ok(Some(track.id))
    }

    pub(super) fn pool(&self, catalog: &Catalog) -> Result<Option<Uuid>, Refusal> {
        let Some(key) = self.get("pool") else {
            return Ok(None);
        };
        let mut pools = catalog.pools.iter();
        let pool = pools.find(|pool| pool.key.eq_ignore_ascii_case(key));
        let pool = pool.ok_or_else(|| refused("pool", "there is no such pool"))?;
        Ok(Some(pool.id))
    }

    /// A day or instant, or so many days ahead.
    pub(super) fn ahead(
        &self,
        name: &str,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        let text = self.get(name).unwrap_or_default();
        if text.len() < 8 {
            let days = self.number(name, 'd')?;
            return Ok(days::days_after(now, days, &catalog.zone));
        }
        let when = self.query.when(name)?;
        let detail = "must be a day (2027-05-31), an instant or a number of days (90d)";
        let when = when.ok_or_else(|| refused(name, detail))?;
        Ok(when.end(&catalog.zone))
    }

    /// By what, when and where to add up.
    pub(super) fn scope(&self, catalog: &Catalog, now: Timestamp) -> Result<Scope, Refusal> {
        let when = |name| self.query.when(name);
        let zone = &catalog.zone;
        Ok(Scope {
            by: self.group_by(catalog, now)?,
            from: when("from")?.map(|when: When| when.start(zone)),
            to: when("to")?.map(|when: When| when.end(zone)),
            track: self.track(catalog)?,
            pool: self.pool(catalog)?,
        })
    }

    fn group_by(&self, catalog: &Catalog, now: Timestamp) -> Result<GroupBy, Refusal> {
        let text = self.get("groupBy").unwrap_or_default();
        let attribute = text.strip_prefix("attr.");
        if let Some((name, urn)) = attribute.and_then(|name| view::known_attribute(catalog, name)) {
            return Ok(GroupBy::Attribute(name.to_owned(), urn));
        }
        match text {
            "all" => Ok(GroupBy::All),
            "track" => Ok(GroupBy::Track),
            "pool" => Ok(GroupBy::Pool),
            // Weeks begin at midnight of the tenant as its clocks stand now.
            "week" => Ok(GroupBy::Week(catalog.zone.to_offset(now).seconds().into())),
            _ => {
                let attributes: Vec<_> = view::known_attributes(catalog)
                    .map(|(name, _)| format!("attr.{name}"))
                    .collect();
                let detail = format!(
                    "must be one of all, track, pool, week, {}",
                    attributes.join(", ")
                );
                Err(refused("groupBy", &detail))
            }
        }
    }
}

/// So many days before a moment.
pub(super) fn days_before(at: Timestamp, days: i64) -> Timestamp {
    let time = SignedDuration::from_hours(days.saturating_mul(24));
    at.checked_sub(time).unwrap_or(Timestamp::MIN)
}

/// Whole days from one moment to a later one.
pub(super) fn whole_days(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).div_euclid(24 * 60 * 60)
}

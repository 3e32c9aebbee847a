//! Reading the parameters of a list. As with bodies, an unknown one is refused: a filter that is
//! silently ignored shows everybody.

use std::ops::RangeInclusive;
use std::str::FromStr;

use super::invalid;
use crate::directory::{Code, Refusal};
use crate::seats::days::{self, When};

/// Items on a page if the caller does not say.
const DEFAULT_LIMIT: i64 = 50;
/// How many items a caller may ask for.
const LIMITS: RangeInclusive<i64> = 1..=500;

/// What of lists and bodies is limited, for programs that ask.
pub(super) fn limits() -> serde_json::Value {
    serde_json::json!({
        "pageDefault": DEFAULT_LIMIT,
        "pageMost": LIMITS.end(),
        "eventsPerRequest": super::events::MAX_EVENTS,
        "days": super::body::MAX_DAYS,
        "seatsPerPool": super::body::MAX_SEATS,
    })
}

/// The parameters of a request, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters in the order in which they were sent.
    pub fn new(parameters: Vec<(String, String)>) -> Self {
        Self(parameters)
    }

    /// Whether nothing is asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, value)| value.trim().is_empty())
    }

    /// Takes a parameter out: one that concerns how the answer is written, not what it says.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Refuses parameters other than `known`, those of every list, and those that begin with one
    /// of `prefixes`; and any that is there twice.
    pub(in crate::directory) fn only(
        &self,
        known: &[&str],
        prefix: Option<&str>,
    ) -> Result<(), Refusal> {
        self.only_with(known, &[], prefix)
    }

    /// The same, where those `repeated` may be there more than once.
    pub(super) fn only_with(
        &self,
        known: &[&str],
        repeated: &[&str],
        prefix: Option<&str>,
    ) -> Result<(), Refusal> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            let is_known = known.contains(&name.as_str())
                || matches!(name.as_str(), "limit" | "cursor")
                || prefix.is_some_and(|prefix| name.starts_with(prefix));
            let shown: String = name.chars().take(60).collect();
            if !is_known {
                let known = known.iter().copied().chain(["limit", "cursor", "format"]);
                let known: Vec<_> = known.chain(prefix).collect();
                let detail = format!("no such parameter; there are {}", known.join(", "));
                return Err(invalid(Code::UnknownParameter, &shown, &detail));
            }
            let is_again = self.0.iter().take(at).any(|(earlier, _)| earlier == name);
            if is_again && !repeated.contains(&name.as_str()) {
                return Err(refused(&shown, "is there twice"));
            }
        }
        Ok(())
    }

    /// The parameters that begin with a prefix, without it.
    pub(super) fn beginning<'q>(
        &'q self,
        prefix: &'q str,
    ) -> impl Iterator<Item = (&'q str, &'q str)> {
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// A parameter that is not empty.
    pub(in crate::directory) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|v| !v.is_empty())
    }

    pub(in crate::directory) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.get(name)
            .map(|text| {
                text.to_ascii_lowercase()
                    .parse()
                    .map_err(|_| refused(name, "must be true or false"))
            })
            .transpose()
    }

    /// One or more names, separated by commas or in parameters of their own.
    pub(super) fn names<T: FromStr<Err = String>>(
        &self,
        name: &str,
    ) -> Result<Option<Vec<T>>, Refusal> {
        let texts = self.0.iter().filter(|(known, _)| known == name);
        let texts = texts.map(|(_, text)| text.trim()).filter(|t| !t.is_empty());
        let parts = texts.flat_map(|text| text.split(',')).map(|part| {
            let parsed = part.trim().parse::<T>();
            parsed.map_err(|detail| refused(name, &detail))
        });
        let names: Vec<T> = parts.collect::<Result<_, _>>()?;
        Ok((!names.is_empty()).then_some(names))
    }

    /// One name.
    pub(in crate::directory) fn name<T: FromStr<Err = String>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        let parsed = self.get(name).map(str::parse::<T>);
        parsed.transpose().map_err(|detail| refused(name, &detail))
    }

    /// A whole number.
    pub(in crate::directory) fn whole(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (from, to) = range.into_inner();
        let detail = format!("must be a whole number from {from} to {to}");
        number.map(Some).ok_or_else(|| refused(name, &detail))
    }

    /// A day or an instant.
    pub(super) fn when(&self, name: &str) -> Result<Option<When>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match days::read(text) {
            Ok(Some(when)) => Ok(Some(when)),
            Ok(None) => Err(refused(
                name,
                "must be a day (2027-05-31) or an RFC 3339 instant",
            )),
            Err(detail) => Err(refused(name, &detail)),
        }
    }

    /// How many items are wanted.
    pub(super) fn limit(&self) -> Result<i64, Refusal> {
        Ok(self.whole("limit", LIMITS)?.unwrap_or(DEFAULT_LIMIT))
    }
}

/// A refusal of a parameter.
pub(super) fn refused(name: &str, detail: &str) -> Refusal {
    invalid(Code::InvalidParameter, name, detail)
}

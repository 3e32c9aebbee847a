//! Reading the JSON object that an operator sends. Every field is known by name, so that a typing
//! error is refused instead of ignored.

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{invalid, wrong};
use crate::coaching::Stage;
use crate::coaching::stalled::Thresholds;
use crate::directory::{Code, Refusal};
use crate::scim::Object;
use crate::seats::days::{self, When};

/// Seats of a pool at most: more is a typing error.
pub(super) const MAX_SEATS: i64 = 1_000_000;
/// Days of any duration at most.
pub(super) const MAX_DAYS: i64 = 36_500;
/// Days after which somebody can be said to have stalled.
const STALL_DAYS: RangeInclusive<i64> = 1..=3_650;

/// What was sent.
pub(super) struct Body(Object);

impl Body {
    /// Reads a body whose fields are all among `known`.
    pub(super) fn of(body: Value, known: &[&str]) -> Result<Self, Refusal> {
        let Value::Object(object) = body else {
            let detail = "the body must be a JSON object";
            return Err(Refusal::new(400, Code::InvalidBody, detail));
        };
        if let Some(unknown) = object.keys().find(|key| !known.contains(&key.as_str())) {
            let shown: String = unknown.chars().take(60).collect();
            let detail = format!("no such field; there are {}", known.join(", "));
            return Err(invalid(Code::UnknownField, &shown, &detail));
        }
        Ok(Self(object))
    }

    /// Whether a field was sent, be it null.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// A field that was sent and is not null.
    fn value(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A field as it was sent, if it is not null.
    pub(super) fn raw(&self, field: &str) -> Option<&Value> {
        self.value(field)
    }

    /// A text, without the blanks around it.
    pub(super) fn text(&self, field: &str, length: usize) -> Result<Option<String>, Refusal> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .map(str::trim)
            .ok_or_else(|| wrong(field, "must be a text"))?;
        if text.is_empty() || text.chars().count() > length || text.contains('\0') {
            let detail = format!("must have between 1 and {length} characters");
            return Err(wrong(field, &detail));
        }
        Ok(Some(text.to_owned()))
    }

    /// A whole number.
    pub(super) fn whole(
        &self,
        field: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        let number = value.as_i64().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (from, to) = range.into_inner();
            wrong(
                field,
                &format!("must be a whole number from {from} to {to}"),
            )
        })
    }

    /// A number of days, or a null that takes it away.
    pub(super) fn days(&self, field: &str) -> Result<Option<i64>, Refusal> {
        self.whole(field, 1..=MAX_DAYS)
    }

    pub(super) fn flag(&self, field: &str) -> Result<Option<bool>, Refusal> {
        self.value(field)
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| wrong(field, "must be true or false"))
            })
            .transpose()
    }

    /// The name of a value.
    pub(super) fn named<T: FromStr<Err = String>>(
        &self,
        field: &str,
    ) -> Result<Option<T>, Refusal> {
        self.text(field, 60)?
            .map(|text| text.parse().map_err(|detail: String| wrong(field, &detail)))
            .transpose()
    }

    /// An object.
    pub(super) fn object(&self, field: &str) -> Result<Option<&Object>, Refusal> {
        self.value(field)
            .map(|value| {
                let object = value.as_object();
                object.ok_or_else(|| wrong(field, "must be an object"))
            })
            .transpose()
    }

    /// A list of names, none twice.
    pub(super) fn names<T: FromStr<Err = String> + PartialEq>(
        &self,
        field: &str,
    ) -> Result<Option<Vec<T>>, Refusal> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        let items = value.as_array();
        let items = items.ok_or_else(|| wrong(field, "must be a list"))?;
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            let text = item.as_str().unwrap_or_default();
            let name = text
                .parse()
                .map_err(|detail: String| wrong(field, &detail))?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(Some(names))
    }

    /// A day or an instant.
    pub(super) fn when(&self, field: &str) -> Result<Option<When>, Refusal> {
        let Some(text) = self.text(field, 60)? else {
            return Ok(None);
        };
        match days::read(&text) {
            Ok(Some(when)) => Ok(Some(when)),
            Ok(None) => Err(wrong(
                field,
                "must be a day (2027-05-31) or an RFC 3339 instant",
            )),
            Err(detail) => Err(wrong(field, &detail)),
        }
    }

    /// The beginning of a first day.
    pub(super) fn first_day(
        &self,
        field: &str,
        zone: &TimeZone,
    ) -> Result<Option<Timestamp>, Refusal> {
        Ok(self.when(field)?.map(|when| when.start(zone)))
    }

    /// The end of a last day.
    pub(super) fn last_day(
        &self,
        field: &str,
        zone: &TimeZone,
    ) -> Result<Option<Timestamp>, Refusal> {
        Ok(self.when(field)?.map(|when| when.end(zone)))
    }

    /// An instant.
    pub(super) fn instant(&self, field: &str) -> Result<Option<Timestamp>, Refusal> {
        match self.when(field)? {
            None => Ok(None),
            Some(When::Instant(at)) => Ok(Some(at)),
            Some(When::Day(_)) => Err(wrong(field, "must be an RFC 3339 instant")),
        }
    }

    /// Changes the days after which somebody in a status has stalled, as far as they were sent. A
    /// null takes what was set away, of one status or of all.
    pub(super) fn thresholds(&self, field: &str, into: &mut Thresholds) -> Result<(), Refusal> {
        match self.0.get(field) {
            None => {}
            Some(Value::Null) => *into = Thresholds::default(),
            Some(Value::Object(sent)) => {
                for (name, value) in sent {
                    let at = format!("{field}.{name}");
                    let stage: Stage =
                        name.parse().map_err(|detail: String| wrong(&at, &detail))?;
                    let days = value.as_i64().filter(|days| STALL_DAYS.contains(days));
                    if days.is_none() && !value.is_null() {
                        let (from, to) = STALL_DAYS.into_inner();
                        let detail = format!("must be a whole number from {from} to {to}");
                        return Err(wrong(&at, &detail));
                    }
                    into.set(stage, days);
                }
            }
            Some(_) => {
                let detail = "must be an object of statuses and days";
                return Err(wrong(field, detail));
            }
        }
        Ok(())
    }

    /// A list of texts, of at most `most`.
    pub(super) fn texts(&self, field: &str, most: usize) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.value(field) else {
            return Ok(None);
        };
        let texts: Option<Vec<_>> = value.as_array().and_then(|list| {
            let texts = list.iter().map(|v| v.as_str().map(str::to_owned));
            texts.collect()
        });
        let texts = texts.ok_or_else(|| wrong(field, "must be a list of texts"))?;
        if texts.is_empty() || texts.len() > most {
            return Err(wrong(
                field,
                &format!("must have between 1 and {most} items"),
            ));
        }
        Ok(Some(texts))
    }

    /// The fields of these names that were sent and are not null.
    pub(super) fn only(&self, fields: &[&str]) -> Object {
        let sent = fields.iter().filter_map(|field| {
            let value = self.value(field)?;
            Some(((*field).to_owned(), value.clone()))
        });
        sent.collect()
    }

    /// The fields of these names as they were sent, nulls among them.
    pub(super) fn sent(&self, fields: &[&str]) -> Object {
        let sent = fields.iter().filter_map(|field| {
            let value = self.0.get(*field)?;
            Some(((*field).to_owned(), value.clone()))
        });
        sent.collect()
    }

    /// A key: what scripts and addresses name a pool or a track by.
    pub(super) fn key(&self, field: &str) -> Result<Option<String>, Refusal> {
        let key = self.text(field, 60)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        match key {
            Some(key) if !key.chars().all(plain) || key.starts_with('.') => {
                let detail = "may hold letters, digits, '-', '_' and '.'";
                Err(wrong(field, detail))
            }
            key => Ok(key),
        }
    }
}

/// A field that must be sent.
pub(super) fn required<T>(field: &str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| invalid(Code::MissingField, field, "is required"))
}

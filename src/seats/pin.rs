//! What an operator has pinned: first in the precedence of placement, field by field (domain 4.5),
//! whatever the identity provider writes meanwhile.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::named;
use super::placement::Intent;

named! {
    /// A field of placement that can be pinned, by its name in the coaching extension.
    Field {
        /// The coaching track.
        Track = "track",
        /// The pool of the seat.
        Pool = "pool",
        /// First day of access.
        Start = "accessStartDate",
        /// Last day of access.
        End = "accessEndDate",
    }
}

/// One field held at a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Which.
    #[serde(with = "by_name")]
    pub field: Field,
    /// At what: a key, or a date as the coaching extension writes it.
    pub value: String,
    /// When the clock lifts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What an operator noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who pinned it, as the ledger names them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Pin {
    /// Whether the clock has lifted it by `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// What is wanted for a person once their pins have had their say.
pub fn apply(pins: &[Pin], intent: &mut Intent) {
    for pin in pins {
        *wish_mut(intent, pin.field) = Some(pin.value.clone());
        intent.pinned.push(pin.field);
    }
}

/// The same, to be changed.
pub(super) fn wish_mut(intent: &mut Intent, field: Field) -> &mut Option<String> {
    match field {
        Field::Track => &mut intent.track,
        Field::Pool => &mut intent.pool,
        Field::Start => &mut intent.start,
        Field::End => &mut intent.end,
    }
}

/// What the identity provider wants of a field.
pub fn wish(intent: &Intent, field: Field) -> Option<&str> {
    match field {
        Field::Track => intent.track.as_deref(),
        Field::Pool => intent.pool.as_deref(),
        Field::Start => intent.start.as_deref(),
        Field::End => intent.end.as_deref(),
    }
}

/// A field in JSON: its name.
mod by_name {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Field;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(field: &Field, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(field.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Field, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(field: Field, value: &str, until: Option<&str>) -> Pin {
        Pin {
            field,
            value: value.into(),
            until: until.map(|at| at.parse().unwrap()),
            note: None,
            by: "token:x".into(),
            at: "2027-06-15T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_pin_goes_before_what_is_wanted_and_leaves_the_rest() {
        let mut intent = Intent {
            track: Some("sales".into()),
            pool: Some("a".into()),
            ..Intent::default()
        };
        apply(&[pin(Field::Track, "lead", None)], &mut intent);
        assert_eq!(wish(&intent, Field::Track), Some("lead"));
        assert_eq!(wish(&intent, Field::Pool), Some("a"));
        assert_eq!(intent.pinned, [Field::Track]);
    }

    #[test]
    fn a_pin_is_kept_as_it_is() {
        let pins = vec![
            pin(Field::End, "2027-09-30", Some("2027-10-01T00:00:00Z")),
            pin(Field::Pool, "b", None),
        ];
        let text = serde_json::to_string(&pins).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Pin>>(&text).unwrap(), pins);
        let end = "2027-10-01T00:00:00Z".parse().unwrap();
        assert!(
            pins.iter()
                .all(|pin| pin.is_over(end) == (pin.field == Field::End))
        );
    }
}

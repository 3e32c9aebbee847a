//! What operators set over what the identity provider writes.

use serde_json::json;

use super::{Change, object};
use crate::directory::Error;
use crate::seats::pin::{Field, Pin};
use crate::store::members::Member;

impl Change<'_> {
    /// Pins a field of a person's placement, in the place of what was pinned before.
    pub(in crate::directory) async fn pin(
        &mut self,
        member: &mut Member,
        pin: Pin,
    ) -> Result<(), Error> {
        // A date or a key: neither tells who the person is.
        let detail = object(json!({
            "field": pin.field.as_str(), "value": pin.value, "until": pin.until,
        }));
        self.line("pin.set", Some(member.id), None, None, detail);
        member.pins.retain(|known| known.field != pin.field);
        member.pins.push(pin);
        self.tx.save_overrides(member).await?;
        Ok(())
    }

    /// Lifts the pins of these fields; answers whether there was any.
    pub(in crate::directory) async fn unpin(
        &mut self,
        member: &mut Member,
        is_lifted: impl Fn(&Pin) -> bool,
    ) -> Result<bool, Error> {
        let lifted: Vec<Field> = member
            .pins
            .iter()
            .filter(|pin| is_lifted(pin))
            .map(|pin| pin.field)
            .collect();
        if lifted.is_empty() {
            return Ok(false);
        }
        for field in &lifted {
            let detail = object(json!({"field": field.as_str()}));
            self.line("pin.lifted", Some(member.id), None, None, detail);
        }
        member.pins.retain(|pin| !lifted.contains(&pin.field));
        self.tx.save_overrides(member).await?;
        Ok(true)
    }
}

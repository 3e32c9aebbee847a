//! What operators have set over what the identity provider writes, as it is shown.

use serde_json::{Value, json};

use crate::directory::{Error, person};
use crate::scim::Object;
use crate::seats::pin;
use crate::store::Session;
use crate::store::members::Member;

/// Adds a person's pause, pins and drift to what is shown of them.
pub(in crate::directory::admin) async fn show(
    seen: &mut Object,
    session: &mut Session,
    m: &Member,
) -> Result<(), Error> {
    let pause = match m.assignment.as_ref().and_then(|a| Some((a, a.paused?))) {
        Some((a, pause)) => json!({
            "since": pause.since,
            "until": pause.until,
            "by": pause.by.as_str(),
            "note": session.pause_note(a.id).await?,
        }),
        None => Value::Null,
    };
    let intent = person::intent(&m.doc);
    let pins: Value = m
        .pins
        .iter()
        .map(|pin| {
            json!({
                "field": pin.field.as_str(),
                "value": pin.value,
                "until": pin.until,
                "by": pin.by,
                "at": pin.at,
                "note": pin.note,
                "idpValue": pin::wish(&intent, pin.field),
            })
        })
        .collect();
    seen.insert("pause".into(), pause);
    seen.insert("pins".into(), pins);
    seen.insert("identityDrift".into(), json!(m.drift));
    Ok(())
}

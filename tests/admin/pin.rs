//! Pinning a field of placement: it goes before what the identity provider writes.

use serde_json::json;

use crate::common::{COACHING, Engine, Tenant};
use crate::office::{Office, day, days, each, effect, effects};

both_engines!(
    a_pinned_end_holds_against_what_is_written,
    lifting_a_pin_places_by_what_is_written,
    pinning_the_same_again_changes_nothing,
    a_pin_never_takes_away_what_they_have,
    nonsense_is_refused,
    a_pinned_start_lies_ahead,
    deleting_lifts_the_pins,
    extending_into_a_pool_lifts_the_pin_of_another,
    the_ledger_has_the_pin_and_not_the_note,
);
both_engines_alone!(
    the_clock_lifts_a_pin_and_places_anew,
    a_pin_that_runs_out_revives_nobody
);

async fn a_pinned_end_holds_against_what_is_written(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let wish = json!({COACHING: {"accessEndDate": "2037-03-31"}});
    let ada = office.hire("ada", wish).await;
    let body = json!({"field": "accessEndDate", "value": "2037-09-30"});
    let pinned = office.act("ada", "pin", body).await.status(200);
    assert_eq!(effects(&pinned), ["pinned", "dates_changed", "seat_kept"]);
    office
        .set_coaching(&ada, "accessEndDate", json!("2036-12-31"))
        .await;
    let member = office.member("ada").await;
    let member = member
        .holds("/accessEndDate", "2037-09-30")
        .holds("/accessEndSource", "admin");
    let pin = member.element("pins", "field", "accessEndDate");
    assert_eq!(pin["idpValue"], "2036-12-31", "{member}");
    assert_eq!(pin["until"], json!(null), "{member}");
    // HR still ends it sooner.
    office
        .set_coaching(&ada, "terminationDate", json!("2037-01-31"))
        .await;
    office
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-01-31")
        .holds("/accessEndSource", "hr");
}

async fn lifting_a_pin_places_by_what_is_written(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.pool("other", 1, json!({})).await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"field": "pool", "value": "OTHER"});
    office
        .act("ada", "pin", body)
        .await
        .status(200)
        .holds("/member/pool", "other")
        .holds("/member/pins/0/value", "other");
    let tried = office
        .owner
        .delete("/members/ada/pin?field=pool&dryRun=true")
        .await
        .status(200);
    tried.holds("/member/pool", "main").holds("/dryRun", true);
    office.member("ada").await.holds("/pool", "other");
    let lifted = office.owner.delete("/members/ada/pin?field=pool").await;
    let lifted = lifted.status(200);
    assert!(effects(&lifted).contains(&"unpinned"), "{lifted}");
    lifted
        .holds("/member/pool", "main")
        .holds("/member/pins", json!([]));
    let again = office.owner.delete("/members/ada/pin?field=pool").await;
    assert_eq!(effects(&again.status(200)), ["nothing_changed"]);
    office.books_balance().await;
}

async fn pinning_the_same_again_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let body = json!({"field": "track", "value": "growth"});
    office.act("ada", "pin", body.clone()).await.status(200);
    let version = async || {
        let path = format!("/Users/{ada}");
        office.tenant.scim().get(&path).await.version()
    };
    let before = version().await;
    let lines = office.owner.get("/ledger").await.status(200);
    let again = office.act("ada", "pin", body).await.status(200);
    assert_eq!(effects(&again), ["nothing_changed"]);
    let still = office.owner.get("/ledger").await.status(200);
    assert_eq!(each(&still, "id"), each(&lines, "id"));
    assert_eq!(version().await, before);
}

async fn a_pin_never_takes_away_what_they_have(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-03-31"}}))
        .await;
    // A start after the end: there would be no access at all.
    let body = json!({"field": "accessStartDate", "value": "2037-06-01"});
    let refused = office.act("ada", "pin", body).await.status(409);
    refused.holds("/code", "not_placed");
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/pins", json!([]));
}

async fn nonsense_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"field": "title", "value": "x"}), "invalid_value"),
        (json!({"field": "track"}), "missing_field"),
        (
            json!({"field": "track", "value": "nothing"}),
            "invalid_value",
        ),
        (
            json!({"field": "pool", "value": "nothing"}),
            "invalid_value",
        ),
        (
            json!({"field": "accessEndDate", "value": "soon"}),
            "invalid_value",
        ),
        (
            json!({"field": "accessEndDate", "value": "2020-01-01"}),
            "invalid_value",
        ),
        (
            json!({"field": "track", "value": "growth", "until": "2020-01-01"}),
            "invalid_value",
        ),
    ] {
        let refused = office.act("ada", "pin", body).await.status(400);
        refused.holds("/code", code);
    }
    for query in ["", "?field=title", "?field=track&dryRun=maybe"] {
        let path = format!("/members/ada/pin{query}");
        let refused = office.owner.delete(&path).await.status(400);
        refused.holds("/code", "invalid_parameter");
    }
    let refused = office.owner.delete("/members/ada/pin?fields=track").await;
    refused.status(400).holds("/code", "unknown_parameter");
    office.member("ada").await.holds("/pins", json!([]));
}

async fn a_pinned_start_lies_ahead(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"field": "accessStartDate", "value": "2037-06-01"});
    let pinned = office.act("ada", "pin", body).await.status(200);
    pinned.holds("/member/seatState", "scheduled");
    office.books_balance().await;
}

async fn deleting_lifts_the_pins(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({"externalId": "e1"})).await;
    let body = json!({"field": "accessEndDate", "value": "2037-09-30"});
    office.act("ada", "pin", body).await.status(200);
    office.delete(&ada).await;
    office.hire("ada", json!({"externalId": "e1"})).await;
    office
        .member("ada")
        .await
        .holds("/episode", 2)
        .holds("/pins", json!([]))
        .holds("/accessEndSource", "pool");
}

async fn extending_into_a_pool_lifts_the_pin_of_another(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .pool("later", 1, json!({"termEnd": "2049-12-31"}))
        .await;
    let ada = office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"field": "pool", "value": "main"});
    office.act("ada", "pin", body).await.status(200);
    let body = json!({"until": "2045-01-01", "pool": "later"});
    let extended = office.extend("ada", body).await.status(200);
    assert!(effects(&extended).contains(&"unpinned"), "{extended}");
    office.set(&ada, "title", json!("VP")).await;
    office
        .member("ada")
        .await
        .holds("/pool", "later")
        .holds("/accessEndDate", "2045-01-01");
}

async fn the_ledger_has_the_pin_and_not_the_note(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"field": "track", "value": "growth", "note": "Ada King wants it"});
    office.act("ada", "pin", body).await.status(200);
    let lines = office.owner.get("/ledger?member=ada").await.status(200);
    let line = lines.element("items", "action", "pin.set");
    assert_eq!(line["detail"]["field"], "track", "{lines}");
    assert!(!lines.text.contains("King"), "{lines}");
    let member = office.member("ada").await;
    member.holds("/pins/0/note", "Ada King wants it");
}

async fn the_clock_lifts_a_pin_and_places_anew(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.pool("other", 1, json!({})).await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let until = day(&server.clock, 3);
    let body = json!({"field": "pool", "value": "other", "until": until});
    let pinned = office.act("ada", "pin", body).await.status(200);
    assert!(effect(&pinned, "pinned")["until"].is_string(), "{pinned}");
    server.clock.advance(days(2));
    office.member("ada").await.holds("/pool", "other");
    server.clock.advance(days(2));
    office
        .member("ada")
        .await
        .holds("/pool", "main")
        .holds("/episode", 1)
        .holds("/pins", json!([]));
    let lines = office.owner.get("/ledger?member=ada").await.status(200);
    let line = lines.element("items", "action", "pin.lifted");
    assert_eq!(line["actor"], "clock", "{lines}");
    office.books_balance().await;
}

async fn a_pin_that_runs_out_revives_nobody(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let until = day(&server.clock, 3);
    let body = json!({"field": "accessEndDate", "value": "2037-09-30", "until": until});
    office.act("ada", "pin", body).await.status(200);
    office.end("ada").await;
    server.clock.advance(days(5));
    office
        .member("ada")
        .await
        .holds("/seatState", "ended")
        .holds("/pins", json!([]));
}

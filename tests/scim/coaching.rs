//! The coaching extension as a client writes and reads it. What it does to seats is tested with
//! the seats.

use serde_json::json;

use crate::common::tenant::user;
use crate::common::{COACHING, Reply, Tenant};

both_engines!(
    what_a_client_asks_for_is_echoed_as_sent,
    outcomes_cannot_be_written,
    a_date_is_a_day_an_instant_or_none,
    an_unknown_track_or_pool_is_refused,
    the_schema_lists_the_tenants_own_tracks,
    the_waitlist_position_is_shown_on_request_alone,
    attributes_are_filtered_and_projected,
);

async fn what_a_client_asks_for_is_echoed_as_sent(t: Tenant) {
    let asked = json!({"accessStartDate": "2026-12-01", "accessEndDate": "2027-03-31T18:00:00+02:00",
                       "hireDate": "2026-11-01T00:00:00.000Z", "employmentStatus": "active",
                       "workerId": "W-7", "region": "EMEA"});
    let created = t.create_user("ada", json!({COACHING: asked})).await;
    let read = t
        .scim()
        .get(&format!("/Users/{}", created.id()))
        .await
        .status(200);
    for (name, value) in asked.as_object().into_iter().flatten() {
        assert_eq!(read[COACHING][name], *value, "{name}: {read}");
    }
    assert!(
        read["schemas"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(COACHING))),
        "{read}"
    );
}

/// What came of a user's wishes, which is returned on request.
async fn outcome(t: &Tenant, id: &str) -> Reply {
    let read = t.scim().get(&format!("/Users/{id}"));
    read.query("attributes", COACHING).await.status(200)
}

async fn outcomes_cannot_be_written(t: Tenant) {
    let forged =
        json!({"seatState": "occupied", "effectiveTrack": "gold", "episode": 9, "region": "EMEA"});
    let created = t.create_user("ada", json!({COACHING: forged})).await;
    let id = created.id();
    let created = outcome(&t, &id).await;
    assert_eq!(created[COACHING]["seatState"], "none", "{created}");
    assert!(
        created[COACHING].get("effectiveTrack").is_none(),
        "{created}"
    );
    assert_ne!(created[COACHING]["episode"], 9, "{created}");
    let path = format!("/Users/{id}");
    let target = format!("{COACHING}:seatState");
    let force = json!([{"op": "replace", "path": target, "value": "occupied"}]);
    t.scim().patch(&path, force).await.error(400, "mutability");
}

async fn a_date_is_a_day_an_instant_or_none(t: Tenant) {
    for attribute in [
        "accessStartDate",
        "accessEndDate",
        "hireDate",
        "terminationDate",
    ] {
        for bad in [
            "soon",
            "2026-13-01",
            "2026-02-30",
            "31.12.2026",
            "2026-12-01 10:00",
            "20261201",
            "None at all",
        ] {
            let body = user("ada", json!({COACHING: {attribute: bad}}));
            t.scim()
                .post("/Users", body)
                .await
                .error(400, "invalidValue")
                .says(attribute);
        }
        for good in [
            "2027-12-01",
            "2027-12-01T10:00:00Z",
            "2027-12-01T10:00:00.5-07:00",
            "none",
        ] {
            let created = t
                .create_user("ada", json!({COACHING: {attribute: good}}))
                .await;
            assert_eq!(created[COACHING][attribute], good, "{created}");
            t.scim()
                .delete(&format!("/Users/{}", created.id()))
                .await
                .status(204);
        }
    }
}

// A value that was never one of the tenant's own must not fall back to a default in silence.
async fn an_unknown_track_or_pool_is_refused(t: Tenant) {
    t.command(&[
        "track",
        "create",
        "--tenant",
        &t.name,
        "--key",
        "gold",
        "--name",
        "Leadership Gold",
    ]);
    for attribute in ["track", "pool"] {
        let body = user("ada", json!({COACHING: {attribute: "platinum"}}));
        t.scim()
            .post("/Users", body)
            .await
            .error(400, "invalidValue")
            .says("platinum");
    }
    let body = user("ada", json!({COACHING: {"track": "platinum"}}));
    t.scim()
        .post("/Users", body)
        .await
        .error(400, "invalidValue")
        .says("gold");
    t.command(&[
        "pool",
        "create",
        "--tenant",
        &t.name,
        "--key",
        "seats",
        "--purchased",
        "3",
        "--term-start",
        "2020-01-01",
        "--term-end",
        "2090-12-31",
    ]);
    for (name, track) in [("ada", "gold"), ("bob", "GOLD"), ("cyd", "leadership gold")] {
        let created = t
            .create_user(name, json!({COACHING: {"track": track}}))
            .await;
        assert_eq!(
            created[COACHING]["track"], track,
            "echoed as sent: {created}"
        );
        let outcome = outcome(&t, &created.id()).await;
        assert_eq!(outcome[COACHING]["effectiveTrack"], "gold", "{outcome}");
    }
}

async fn the_schema_lists_the_tenants_own_tracks(t: Tenant) {
    let other = t.neighbour();
    other.command(&[
        "track",
        "create",
        "--tenant",
        &other.name,
        "--key",
        "silver",
        "--name",
        "Silver",
    ]);
    t.command(&[
        "track", "create", "--tenant", &t.name, "--key", "gold", "--name", "Gold",
    ]);
    let schema = t
        .scim()
        .get(&format!("/Schemas/{COACHING}"))
        .await
        .status(200);
    assert_eq!(
        schema.element("attributes", "name", "track")["canonicalValues"],
        json!(["gold"]),
        "{schema}"
    );
    let statuses = &schema.element("attributes", "name", "employmentStatus")["canonicalValues"];
    assert_eq!(
        *statuses,
        json!(["prehire", "active", "leave", "terminated"])
    );
}

async fn the_waitlist_position_is_shown_on_request_alone(t: Tenant) {
    let term = ["--term-start", "2026-01-01", "--term-end", "2036-01-01"];
    let pool = [
        "pool",
        "create",
        "--tenant",
        &t.name,
        "--key",
        "p",
        "--purchased",
        "1",
    ];
    t.command(&[&pool[..], &term[..]].concat());
    t.command(&[
        "track",
        "create",
        "--tenant",
        &t.name,
        "--key",
        "gold",
        "--name",
        "Gold",
        "--default",
    ]);
    let asked = json!({COACHING: {"track": "gold", "pool": "p"}});
    for name in ["ada", "bob"] {
        t.create_user(name, asked.clone()).await;
    }
    let waiting = t.create_user("cyd", asked).await;
    let outcome = outcome(&t, &waiting.id()).await;
    assert_eq!(outcome[COACHING]["seatState"], "waitlisted", "{outcome}");
    let waiting = waiting.lacks(&format!("/{COACHING}/waitlistPosition"));
    let path = format!("/Users/{}", waiting.id());
    let asked = t
        .scim()
        .get(&path)
        .query("attributes", &format!("{COACHING}:waitlistPosition"));
    assert_eq!(asked.await.status(200)[COACHING]["waitlistPosition"], 2);
}

async fn attributes_are_filtered_and_projected(t: Tenant) {
    t.create_user(
        "ada",
        json!({COACHING: {"region": "EMEA", "workerId": "W-1"}}),
    )
    .await;
    t.create_user(
        "bob",
        json!({COACHING: {"region": "APAC", "workerId": "W-2"}}),
    )
    .await;
    let filter = format!("{COACHING}:region eq \"emea\" and {COACHING}:seatState eq \"none\"");
    let request = t.scim().get("/Users").query("filter", &filter);
    let reply = request
        .query("attributes", &format!("userName,{COACHING}:region"))
        .await
        .status(200);
    assert_eq!(reply.each("userName"), ["ada"], "{reply}");
    reply.holds(
        &format!("/Resources/0/{COACHING}"),
        json!({"region": "EMEA"}),
    );
}

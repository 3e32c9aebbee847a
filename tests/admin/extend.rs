//! Extending access: within the term, beyond it into another pool, and after it was over.

use serde_json::json;

use crate::common::{COACHING, Engine, Tenant};
use crate::office::{Office, day, days};

both_engines!(
    row_32_the_end_moves_and_says_that_an_operator_moved_it,
    it_holds_until_the_identity_provider_sends_another_end,
    days_are_added_to_the_present_end,
    beyond_the_term_the_pools_that_could_are_named,
    a_named_pool_takes_the_person_over,
    in_the_other_pool_they_stay,
    a_full_pool_takes_nobody_over,
    an_end_that_has_passed_is_refused,
    what_was_asked_must_be_clear,
    whoever_is_away_is_not_extended,
    who_waits_waits_longer,
);

both_engines_alone!(
    what_ended_lately_goes_on,
    what_ended_long_ago_begins_anew,
    without_a_free_seat_a_new_episode_waits,
);

async fn row_32_the_end_moves_and_says_that_an_operator_moved_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    let extended = office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    let extended = extended.holds("/member/accessEndDate", "2037-09-30");
    let extended = extended.holds("/member/accessEndSource", "admin");
    extended
        .holds("/member/episode", 1)
        .holds("/reopened", false);
    let lines = office
        .owner
        .get("/ledger")
        .query("action", "access.extended");
    assert_eq!(lines.await["items"].as_array().map(Vec::len), Some(1));
    office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    let lines = office
        .owner
        .get("/ledger")
        .query("action", "access.extended");
    assert_eq!(
        lines.await["items"].as_array().map(Vec::len),
        Some(1),
        "the same again"
    );
    let shorter = office
        .extend("ada", json!({"until": "2037-03-01T12:00:00Z"}))
        .await
        .status(200);
    shorter.holds("/member/accessEndDate", "2037-03-01");
}

async fn it_holds_until_the_identity_provider_sends_another_end(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    office.set(&ada, "title", json!("VP")).await;
    office
        .set_coaching(&ada, "accessEndDate", json!("2037-05-31"))
        .await;
    office
        .change("/tracks/growth", json!({"durationDays": 10}))
        .await;
    office
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-09-30");
    office
        .set_coaching(&ada, "accessEndDate", json!("2037-06-30"))
        .await;
    let ada = office
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-06-30");
    ada.holds("/accessEndSource", "idp");
}

async fn days_are_added_to_the_present_end(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    let extended = office
        .extend("ada", json!({"addDays": 30}))
        .await
        .status(200);
    extended.holds("/member/accessEndDate", "2037-06-30");
}

async fn beyond_the_term_the_pools_that_could_are_named(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .pool("longer", 1, json!({"termEnd": "2045-12-31"}))
        .await;
    office
        .pool("full", 0, json!({"termEnd": "2045-12-31"}))
        .await;
    office
        .pool(
            "later",
            1,
            json!({"termStart": "2040-01-01", "termEnd": "2045-12-31"}),
        )
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let refused = office
        .extend("ada", json!({"until": "2044-01-31"}))
        .await
        .status(409);
    let refused = refused
        .holds("/code", "pool_term_exceeded")
        .holds("/termEnd", "2039-12-31");
    refused.holds("/candidatePools", json!(["longer"]));
    office
        .member("ada")
        .await
        .holds("/accessEndDate", "2039-12-31");
}

async fn a_named_pool_takes_the_person_over(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .pool("longer", 1, json!({"termEnd": "2045-12-31"}))
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    office
        .hire("bob", json!({COACHING: {"pool": "main"}}))
        .await;
    let bob = office.member("bob").await.id();
    let body = json!({"until": "2044-01-31", "pool": "longer"});
    let extended = office.extend("ada", body).await.status(200);
    let extended = extended
        .holds("/member/pool", "longer")
        .holds("/member/episode", 1);
    let extended = extended.holds("/member/accessEndDate", "2044-01-31");
    extended.holds("/promoted/0/id", bob);
    assert_eq!(office.state("bob").await, "assigned");
    office.figures("longer").await.holds("/occupied", 1);
    office.books_balance().await;
}

// What the identity provider wrote still names the old pool; the operator's word goes further.
async fn in_the_other_pool_they_stay(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .pool("longer", 1, json!({"termEnd": "2045-12-31"}))
        .await;
    let ada = office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"until": "2044-01-31", "pool": "longer"});
    office.extend("ada", body).await.status(200);
    office.set(&ada, "title", json!("VP")).await;
    office
        .change("/tracks/growth", json!({"durationDays": 10}))
        .await;
    let member = office.member("ada").await.holds("/pool", "longer");
    member.holds("/accessEndDate", "2044-01-31");
    office
        .set_coaching(&ada, "accessEndDate", json!("2038-01-31"))
        .await;
    let member = office.member("ada").await.holds("/pool", "main");
    member.holds("/accessEndDate", "2038-01-31");
    office.books_balance().await;
}

async fn a_full_pool_takes_nobody_over(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .pool("longer", 0, json!({"termEnd": "2045-12-31"}))
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let body = json!({"until": "2044-01-31", "pool": "longer"});
    office
        .extend("ada", body)
        .await
        .status(409)
        .holds("/code", "pool_full");
    let body = json!({"until": "2044-01-31", "pool": "nowhere"});
    office
        .extend("ada", body)
        .await
        .status(400)
        .holds("/field", "pool");
    office
        .member("ada")
        .await
        .holds("/pool", "main")
        .holds("/accessEndDate", "2039-12-31");
    office.books_balance().await;
}

async fn an_end_that_has_passed_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for until in ["2021-01-01", "2021-01-01T00:00:00Z"] {
        let refused = office
            .extend("ada", json!({"until": until}))
            .await
            .status(400);
        refused
            .holds("/code", "invalid_value")
            .holds("/field", "until");
    }
}

async fn what_was_asked_must_be_clear(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (body, code) in [
        (json!({}), "missing_field"),
        (
            json!({"until": "2037-01-01", "addDays": 3}),
            "invalid_value",
        ),
        (json!({"until": "none"}), "invalid_value"),
        (json!({"until": 2037}), "invalid_value"),
        (json!({"addDays": 0}), "invalid_value"),
        (json!({"addDays": "3"}), "invalid_value"),
        (json!({"days": 3}), "unknown_field"),
    ] {
        office
            .extend("ada", body)
            .await
            .status(400)
            .holds("/code", code);
    }
}

async fn whoever_is_away_is_not_extended(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({"active": false})).await;
    office.set_active(&ada, false).await;
    for who in ["ada", "bob"] {
        let refused = office
            .extend(who, json!({"until": "2037-01-01"}))
            .await
            .status(409);
        refused.holds("/code", "not_active");
    }
}

async fn who_waits_waits_longer(t: Tenant) {
    let office = Office::with_seats(t, 0).await;
    office
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-05-31"}}))
        .await;
    let extended = office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    let extended = extended.holds("/member/seatState", "waitlisted");
    extended
        .holds("/member/accessEndDate", "2037-09-30")
        .holds("/member/waitlistPosition", 1);
    office.change("/pools/main", json!({"purchased": 1})).await;
    let ada = office.member("ada").await.holds("/seatState", "assigned");
    ada.holds("/accessEndDate", "2037-09-30")
        .holds("/accessEndSource", "admin");
}

async fn what_ended_lately_goes_on(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let last = day(&server.clock, 10);
    office
        .hire("ada", json!({COACHING: {"accessEndDate": last}}))
        .await;
    server.clock.advance(days(30));
    office
        .member("ada")
        .await
        .holds("/seatState", "ended")
        .holds("/accessLevel", "archive");
    let until = day(&server.clock, 100);
    let extended = office
        .extend("ada", json!({"until": until}))
        .await
        .status(200);
    let extended = extended
        .holds("/reopened", true)
        .holds("/member/seatState", "assigned");
    extended
        .holds("/member/episode", 1)
        .holds("/member/accessEndDate", until);
    let ada = office.member("ada").await;
    assert!(ada.at("/assignments/1").is_null(), "{ada}");
    office.books_balance().await;
}

async fn what_ended_long_ago_begins_anew(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    server.clock.advance(days(31));
    let extended = office
        .extend("ada", json!({"addDays": 20}))
        .await
        .status(200);
    let extended = extended
        .holds("/reopened", false)
        .holds("/member/episode", 2);
    extended
        .holds("/member/seatState", "assigned")
        .holds("/member/accessEndSource", "admin");
    office.books_balance().await;
}

async fn without_a_free_seat_a_new_episode_waits(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    office.end("ada").await;
    server.clock.advance(days(1));
    let until = day(&server.clock, 50);
    let extended = office
        .extend("ada", json!({"until": until}))
        .await
        .status(200);
    let extended = extended
        .holds("/reopened", false)
        .holds("/member/seatState", "waitlisted");
    extended
        .holds("/member/episode", 2)
        .holds("/member/status", "ended");
    office.end("bob").await.holds("/promoted/0/userName", "ada");
    office
        .member("ada")
        .await
        .holds("/accessEndDate", until)
        .holds("/accessEndSource", "admin");
    office.books_balance().await;
}

//! The line for seats.

use serde_json::json;

use reqwest::Method;

use crate::common::{COACHING, Engine, Reply, Tenant};
use crate::office::{Office, day, days, each_of};

both_engines!(
    the_first_to_come_is_the_first_in_line,
    each_pool_has_its_own_line,
    the_line_is_read_a_page_at_a_time,
    whoever_leaves_the_line_is_not_in_it,
    a_later_start_waits_like_everybody,
    a_lower_priority_class_goes_first,
    promoting_gives_what_is_free_and_nothing_else,
);
both_engines_alone!(a_seat_is_expected_when_the_next_one_ends);

/// Who is in line: pool, position and name of each.
fn line(reply: &crate::common::Reply) -> Vec<(String, i64, String)> {
    let items = reply["items"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .map(|item| {
            let position = item["position"].as_i64().unwrap_or_default();
            (
                text(&item["pool"]),
                position,
                text(&item["member"]["userName"]),
            )
        })
        .collect()
}

fn places(of: &[(&str, i64, &str)]) -> Vec<(String, i64, String)> {
    let owned = of
        .iter()
        .map(|(pool, n, name)| ((*pool).to_owned(), *n, (*name).to_owned()));
    owned.collect()
}

async fn the_first_to_come_is_the_first_in_line(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let waiting = office.owner.get("/waitlist").await.status(200);
    assert_eq!(
        line(&waiting),
        places(&[("main", 1, "bob"), ("main", 2, "cyd")])
    );
    let waiting = waiting.holds("/items/0/priorityClass", 100);
    assert!(waiting.at("/items/0/since").is_string(), "{waiting}");
    waiting.holds("/items/0/member/email", "bob@acme.example");
    office
        .member("cyd")
        .await
        .holds("/waitlistPosition", 2)
        .holds("/seatReason", "pool_full");
    office.end("ada").await;
    office.member("cyd").await.holds("/waitlistPosition", 1);
}

async fn each_pool_has_its_own_line(t: Tenant) {
    let office = Office::bare(t).await;
    for (pool, names) in [("b", ["ada", "bob"]), ("a", ["cyd", "dan"])] {
        office.pool(pool, 0, json!({})).await;
        for name in names {
            office.hire(name, json!({COACHING: {"pool": pool}})).await;
        }
    }
    let all = office.owner.get("/waitlist").await.status(200);
    let expected = places(&[
        ("a", 1, "cyd"),
        ("a", 2, "dan"),
        ("b", 1, "ada"),
        ("b", 2, "bob"),
    ]);
    assert_eq!(line(&all), expected);
    let one = office
        .owner
        .get("/waitlist")
        .query("pool", "B")
        .await
        .status(200);
    assert_eq!(line(&one), places(&[("b", 1, "ada"), ("b", 2, "bob")]));
    let refused = office
        .owner
        .get("/waitlist")
        .query("pool", "nowhere")
        .await
        .status(400);
    refused.holds("/code", "invalid_parameter");
}

async fn the_line_is_read_a_page_at_a_time(t: Tenant) {
    let office = Office::with_seats(t, 0).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let first = office
        .owner
        .get("/waitlist")
        .query("limit", "2")
        .await
        .status(200);
    let next = first.string("/nextCursor");
    // Whoever moves up between two pages is not passed over.
    office.end("ada").await;
    let rest = office
        .owner
        .get("/waitlist")
        .query("cursor", &next)
        .await
        .status(200);
    assert_eq!(line(&rest), places(&[("main", 2, "cyd")]));
    rest.holds("/nextCursor", json!(null));
}

async fn whoever_leaves_the_line_is_not_in_it(t: Tenant) {
    let office = Office::with_seats(t, 0).await;
    let ada = office.hire("ada", json!({})).await;
    let bob = office.hire("bob", json!({})).await;
    office.hire("cyd", json!({})).await;
    office.set_active(&ada, false).await;
    office.delete(&bob).await;
    let waiting = office.owner.get("/waitlist").await.status(200);
    assert_eq!(line(&waiting), places(&[("main", 1, "cyd")]));
    office
        .member("ada")
        .await
        .holds("/seatState", "ended")
        .holds("/status", json!(null));
}

async fn a_later_start_waits_like_everybody(t: Tenant) {
    let office = Office::with_seats(t, 0).await;
    office
        .hire("ada", json!({COACHING: {"accessStartDate": "2037-01-01"}}))
        .await;
    office.hire("bob", json!({})).await;
    let grown = office
        .patch("/pools/main", json!({"purchased": 1}))
        .await
        .status(200);
    grown.holds("/scheduled", 1).holds("/waitlist", 1);
    office
        .member("ada")
        .await
        .holds("/seatState", "scheduled")
        .holds("/accessStartDate", "2037-01-01");
}

async fn prioritise(office: &Office, who: &str, body: serde_json::Value) -> Reply {
    let request = office
        .owner
        .request(Method::PATCH, &format!("/waitlist/{who}"));
    request.body("application/json", body.to_string()).await
}

async fn a_lower_priority_class_goes_first(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob", "cyd", "dan"]).await;
    let changed = prioritise(&office, "dan", json!({"priorityClass": 1})).await;
    let changed = changed.status(200).holds("/priorityClass", 1);
    let changed = changed.holds("/member/waitlistPosition", 1);
    let waiting = office.owner.get("/waitlist").await.status(200);
    assert_eq!(
        line(&waiting),
        places(&[("main", 1, "dan"), ("main", 2, "bob"), ("main", 3, "cyd")])
    );
    let waiting = waiting.holds("/items/0/id", changed.string("/id").as_str());
    // By the place's own id as well.
    let cyd = waiting.string("/items/2/id");
    prioritise(&office, &cyd, json!({"priorityClass": 0}))
        .await
        .status(200);
    office.end("ada").await;
    assert_eq!(office.state("cyd").await, "assigned");
    let lines = office
        .owner
        .get("/ledger")
        .query("action", "waitlist.prioritised");
    let lines = lines.await.status(200);
    assert_eq!(
        each_of(&lines, "detail"),
        [json!({"from": 100, "to": 0}), json!({"from": 100, "to": 1})]
    );
    for (who, body, status, code) in [
        ("ada", json!({"priorityClass": 1}), 409, "not_waiting"),
        ("eve", json!({"priorityClass": 1}), 404, "not_found"),
        ("dan", json!({"priorityClass": -1}), 400, "invalid_value"),
        ("dan", json!({}), 400, "missing_field"),
    ] {
        prioritise(&office, who, body)
            .await
            .status(status)
            .holds("/code", code);
    }
}

async fn promoting_gives_what_is_free_and_nothing_else(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    let none = office
        .owner
        .post("/waitlist/promote", json!({}))
        .await
        .status(200);
    none.holds("/promoted", json!([]));
    let none = office
        .owner
        .post("/waitlist/promote", json!({"pool": "main"}))
        .await;
    none.status(200).holds("/promoted", json!([]));
    assert_eq!(office.state("bob").await, "waitlisted");
    let wrong = office
        .owner
        .post("/waitlist/promote", json!({"pool": "none"}))
        .await;
    wrong.status(400).holds("/field", "pool");
    office.books_balance().await;
}

async fn a_seat_is_expected_when_the_next_one_ends(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    for (name, end) in [("ada", 20), ("bob", 10)] {
        let last = day(&server.clock, end);
        office
            .hire(name, json!({COACHING: {"accessEndDate": last}}))
            .await;
    }
    office.hire_all(&["cyd", "dan", "eve"]).await;
    let waiting = office.owner.get("/waitlist").await.status(200);
    let after = |n: i64| format!("{}T00:00:00Z", day(&server.clock, n + 1));
    // Two seats come free before the pool's term is over, and the third in line is told nothing.
    assert_eq!(
        each_of(&waiting, "expectedAt"),
        [json!(after(10)), json!(after(20)), json!(null)],
        "{waiting}"
    );
    office
        .member("dan")
        .await
        .holds("/expectedAt", after(20).as_str());
    office.member("ada").await.holds("/expectedAt", json!(null));
    server.clock.advance(days(11));
    assert_eq!(office.state("cyd").await, "assigned");
    office.member("dan").await.holds("/waitlistPosition", 1);
}

//! What the clock does: starts, ends, and seats that rest.

use serde_json::json;

use crate::common::{COACHING, Engine};
use crate::office::{Office, day, days, each};

both_engines_alone!(
    access_begins_on_its_first_day,
    access_is_over_after_its_last_day,
    what_a_read_shows_does_not_wait_for_a_job,
    the_end_of_the_term_ends_everybodys_access,
    over_is_over_until_something_changes,
    a_place_in_line_runs_out,
    a_seat_rests_before_it_is_taken_again,
    days_are_those_of_the_tenants_time_zone,
    after_a_long_sleep_everything_is_caught_up_in_order,
);

async fn access_begins_on_its_first_day(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let first = day(&server.clock, 5);
    office
        .hire("ada", json!({COACHING: {"accessStartDate": first}}))
        .await;
    let ada = office.member("ada").await.holds("/seatState", "scheduled");
    ada.holds("/status", json!(null))
        .holds("/accessLevel", "none");
    office
        .figures("main")
        .await
        .holds("/scheduled", 1)
        .holds("/available", 0);
    server.clock.advance(days(5));
    let ada = office.member("ada").await.holds("/seatState", "assigned");
    ada.holds("/status", "invited")
        .holds("/accessLevel", "full")
        .holds("/accessStartDate", first);
    office
        .figures("main")
        .await
        .holds("/scheduled", 0)
        .holds("/occupied", 1);
    office.books_balance().await;
}

async fn access_is_over_after_its_last_day(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let last = day(&server.clock, 5);
    office
        .hire("ada", json!({COACHING: {"accessEndDate": last}}))
        .await;
    office.hire("bob", json!({})).await;
    server.clock.advance(days(5));
    assert_eq!(office.state("ada").await, "assigned", "the last day counts");
    server.clock.advance(days(1));
    let ada = office.member("ada").await.holds("/seatState", "ended");
    let ada = ada
        .holds("/accessLevel", "archive")
        .holds("/status", "ended");
    ada.holds("/seatReason", "access_end_reached")
        .holds("/identityState", "active");
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn what_a_read_shows_does_not_wait_for_a_job(engine: Engine) {
    let (server, office) = Office::alone(engine, 3).await;
    for (name, ends) in [("ada", 1), ("bob", 2), ("cyd", 3)] {
        let last = day(&server.clock, ends);
        office
            .hire(name, json!({COACHING: {"accessEndDate": last}}))
            .await;
    }
    for ended in 1..=3 {
        server.clock.advance(days(if ended == 1 { 2 } else { 1 }));
        let list = office
            .owner
            .get("/members")
            .query("seatState", "ended")
            .await;
        assert_eq!(each(&list, "userName").len(), ended, "{list}");
        office.figures("main").await.holds("/available", ended);
    }
}

async fn the_end_of_the_term_ends_everybodys_access(engine: Engine) {
    let (server, office) = Office::alone(engine, 0).await;
    let last = day(&server.clock, 30);
    office.pool("short", 2, json!({"termEnd": last})).await;
    for name in ["ada", "bob"] {
        office
            .hire(name, json!({COACHING: {"pool": "short"}}))
            .await;
    }
    office
        .member("ada")
        .await
        .holds("/accessEndDate", last.as_str())
        .holds("/accessEndSource", "pool");
    server.clock.advance(days(31));
    for name in ["ada", "bob"] {
        let ended = office.member(name).await.holds("/seatState", "ended");
        ended.holds("/assignments/0/endReason", "term_end");
    }
    office.books_balance().await;
}

async fn over_is_over_until_something_changes(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let last = day(&server.clock, 5);
    let ada = office
        .hire("ada", json!({COACHING: {"accessEndDate": last}}))
        .await;
    server.clock.advance(days(10));
    office.set(&ada, "title", json!("VP")).await;
    office.change("/pools/main", json!({"purchased": 2})).await;
    assert_eq!(office.state("ada").await, "ended");
    let last = day(&server.clock, 50);
    office
        .set_coaching(&ada, "accessEndDate", json!(last))
        .await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/episode", 2);
}

async fn a_place_in_line_runs_out(engine: Engine) {
    let (server, office) = Office::alone(engine, 0).await;
    let last = day(&server.clock, 5);
    office
        .hire("ada", json!({COACHING: {"accessEndDate": last}}))
        .await;
    office.hire("bob", json!({})).await;
    server.clock.advance(days(6));
    let line = office.owner.get("/waitlist").await.status(200);
    line.holds("/items/0/member/userName", "bob")
        .holds("/items/0/position", 1);
    office
        .member("ada")
        .await
        .holds("/seatState", "ended")
        .holds("/status", json!(null));
}

async fn a_seat_rests_before_it_is_taken_again(engine: Engine) {
    let (server, office) = Office::alone(engine, 0).await;
    office.pool("resting", 1, json!({"cooldownDays": 3})).await;
    for name in ["ada", "bob"] {
        office
            .hire(name, json!({COACHING: {"pool": "resting"}}))
            .await;
    }
    office.end("ada").await.holds("/promoted", json!([]));
    server.clock.advance(days(2));
    assert_eq!(office.state("bob").await, "waitlisted");
    server.clock.advance(days(1));
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn days_are_those_of_the_tenants_time_zone(engine: Engine) {
    let (_server, office) = Office::alone(engine, 0).await;
    let t = &office.tenant;
    let name = format!("{}-auckland", t.name);
    t.command(&["tenant", "create", &name, "--time-zone", "Pacific/Auckland"]);
    let mut auckland = t.neighbour();
    auckland.name = name;
    let auckland = Office::with_seats(auckland, 1).await;
    auckland
        .hire("ada", json!({COACHING: {"accessEndDate": "2037-06-30"}}))
        .await;
    let ada = auckland
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-06-30");
    ada.holds("/assignments/0/endsAt", "2037-06-30T12:00:00Z");
    auckland
        .figures("main")
        .await
        .holds("/termStart", "2020-01-01")
        .holds("/termEnd", "2039-12-31");
}

// A day on which the server was down: the seat that a leaver gives up is the one that starts.
async fn after_a_long_sleep_everything_is_caught_up_in_order(engine: Engine) {
    let (server, mut office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let (start, end) = (day(&server.clock, 20), day(&server.clock, 40));
    let dates = json!({"accessStartDate": start, "accessEndDate": end});
    office.hire("bob", json!({COACHING: dates})).await;
    office.hire("cyd", json!({})).await;
    office.set_active(&ada, false).await;
    server.clock.advance(days(60));
    let server = server.restart().await;
    office.tenant.address = server.address;
    office.owner = office.tenant.admin("owner");
    let all = office
        .owner
        .get("/members")
        .query("sort", "userName")
        .await
        .status(200);
    assert_eq!(
        each(&all, "seatState"),
        ["ended", "ended", "assigned"],
        "{all}"
    );
    office.books_balance().await;
}

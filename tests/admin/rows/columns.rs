//! The columns of the list of people.

use serde_json::{Value, json};

use crate::common::{COACHING, Engine, Reply, Tenant};
use crate::journey::{tell, tell_at};
use crate::office::{Office, days};

both_engines!(
    row_1_one_list_has_every_column_in_every_format,
    row_2_a_name_is_shown_whole_and_in_parts,
    row_3_a_title_is_what_the_identity_provider_sends,
    row_4_an_address_is_the_primary_one_else_the_user_name,
    row_5_a_track_is_that_of_open_access,
    row_9_a_subscription_is_called_as_its_pool_is,
    row_10_a_status_is_one_of_seven_and_shown_as_stalled,
);
both_engines_alone!(
    row_6_sessions_are_counted_in_this_episode_and_in_all,
    row_8_an_end_of_access_says_what_set_it,
);

/// The columns that a console shows, by their names here.
const COLUMNS: [&str; 9] = [
    "name",
    "title",
    "email",
    "track",
    "sessionsCompleted",
    "nextSessionAt",
    "accessEndDate",
    "subscriptionType",
    "displayStatus",
];

async fn listed(office: &Office, who: &str) -> Value {
    let all = office.owner.get("/members").await.status(200);
    all.element("items", "userName", who).clone()
}

/// The cells of the line about somebody, by column.
fn cells<'r>(text: &'r str, split: &str, who: &str) -> Vec<(&'r str, &'r str)> {
    let mut lines = text.lines().filter(|line| line.contains(split));
    let headings = lines.next().unwrap_or_default().split(split);
    let line = lines.find(|line| line.contains(who)).unwrap_or_default();
    let cells = headings.zip(line.split(split));
    cells.map(|(h, cell)| (h.trim(), cell.trim())).collect()
}

async fn row_1_one_list_has_every_column_in_every_format(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 2, json!({"subscriptionType": "Coaching Plus"}))
        .await;
    let name = json!({"givenName": "Ada", "familyName": "King"});
    let rest = json!({"name": name, "title": "Countess",
                      COACHING: {"accessEndDate": "2037-05-31"}});
    office.hire("ada", rest).await;
    let booked = json!({"sessionId": "s2", "startsAt": "2037-01-01T10:00:00Z"});
    tell(
        &office,
        "ada",
        "session.completed",
        json!({"sessionId": "s1"}),
    )
    .await;
    tell(&office, "ada", "session.scheduled", booked).await;
    let shown = [
        "Ada King",
        "Countess",
        "ada@acme.example",
        "growth",
        "1",
        "2037-01-01T10:00:00Z",
        "2037-05-31",
        "Coaching Plus",
        "started_coaching",
    ];
    let ada = listed(&office, "ada").await;
    for (column, shown) in COLUMNS.iter().zip(shown) {
        let value = match *column {
            "name" => &ada["name"]["formatted"],
            column => &ada[column],
        };
        let text = value.as_str().map_or(value.to_string(), str::to_owned);
        assert_eq!(text, shown, "{column}\n{ada:#}");
    }
    for (format, split) in [("csv", ","), ("table", "│")] {
        let list = office.owner.get("/members").query("format", format);
        let list = list.await.status(200);
        let text = list.text.replace(['┆', '|'], "│");
        let cells = cells(&text, split, "ada@acme.example");
        for expected in COLUMNS.into_iter().zip(shown) {
            assert!(
                cells.contains(&expected),
                "{expected:?} in {cells:?}\n{list}"
            );
        }
    }
}

async fn row_2_a_name_is_shown_whole_and_in_parts(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let name = json!({"givenName": "Ada", "familyName": "King"});
    let rest = json!({"name": name, "displayName": "Ada K."});
    office.hire("ada", rest).await;
    office.hire("bob", json!({"displayName": "Bob"})).await;
    let ada = listed(&office, "ada").await;
    assert_eq!(ada["displayName"], "Ada K.", "{ada:#}");
    let name = json!({"givenName": "Ada", "familyName": "King", "formatted": "Ada King"});
    assert_eq!(ada["name"], name, "{ada:#}");
    let bob = listed(&office, "bob").await;
    let none = json!({"givenName": null, "familyName": null, "formatted": null});
    assert_eq!((&bob["displayName"], &bob["name"]), (&json!("Bob"), &none));
}

async fn row_3_a_title_is_what_the_identity_provider_sends(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let ada = office.hire("ada", json!({"title": "Clerk"})).await;
    assert_eq!(listed(&office, "ada").await["title"], "Clerk");
    office.set(&ada, "title", json!("VP Sales")).await;
    assert_eq!(listed(&office, "ada").await["title"], "VP Sales");
    office.hire("bob", json!({})).await;
    assert_eq!(listed(&office, "bob").await["title"], json!(null));
}

async fn row_4_an_address_is_the_primary_one_else_the_user_name(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let two = json!([{"value": "home@acme.example"},
                     {"value": "work@acme.example", "primary": true}]);
    office.hire("ada", json!({"emails": two})).await;
    let first = json!([{"value": "one@acme.example"}, {"value": "two@acme.example"}]);
    office.hire("bob", json!({"emails": first})).await;
    // Entra ID sends no `emails` of whoever has no mailbox; the user name is an address.
    let none = json!({"emails": []});
    office.hire("cyd@acme.example", none).await;
    for (who, address) in [
        ("ada", "work@acme.example"),
        ("bob", "one@acme.example"),
        ("cyd@acme.example", "cyd@acme.example"),
    ] {
        assert_eq!(listed(&office, who).await["email"], address);
        office.member(who).await.holds("/email", address);
    }
}

async fn row_5_a_track_is_that_of_open_access(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .make("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await;
    let wish = json!({COACHING: {"track": "Sales"}});
    office.hire("ada", wish.clone()).await;
    office.hire("waits", wish).await;
    office.hire("away", json!({"active": false})).await;
    for (who, track) in [
        ("ada", json!("sales")),
        ("waits", json!("sales")),
        ("away", json!(null)),
    ] {
        assert_eq!(listed(&office, who).await["track"], track, "{who}");
    }
    office.end("ada").await.holds("/member/track", json!(null));
    assert_eq!(listed(&office, "ada").await["track"], json!(null));
    let ada = office.member("ada").await.holds("/track", json!(null));
    ada.holds("/assignments/0/track", "sales");
    let csv = office.owner.get("/members").query("format", "csv");
    let csv = csv.query("q", "ada").await.status(200);
    assert!(!csv.text.contains("sales"), "{csv}");
    // Who has none comes last, in either direction.
    for sort in ["track", "-track"] {
        let all = office.owner.get("/members").query("sort", sort);
        let all = all.await.status(200);
        all.holds("/items/0/userName", "waits");
    }
}

async fn row_6_sessions_are_counted_in_this_episode_and_in_all(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let held = async |id: &str, kind: &str| {
        tell_at(
            &office,
            server.clock.now(),
            "ada",
            kind,
            json!({"sessionId": id}),
        )
        .await;
    };
    let counts = async |now: i64, ever: i64| {
        let listed = listed(&office, "ada").await;
        assert_eq!(listed["sessionsCompleted"], now, "{listed:#}");
        let ada = office.member("ada").await.holds("/sessionsCompleted", now);
        ada.holds("/sessionsCompletedTotal", ever);
    };
    counts(0, 0).await;
    held("s1", "session.completed").await;
    held("s2", "session.completed").await;
    held("s3", "session.no_show").await;
    held("s4", "session.cancelled").await;
    counts(2, 2).await;
    // A new episode begins at nought; what was before is in the total.
    office.set_active(&ada, false).await;
    server.clock.advance(days(15));
    office.set_active(&ada, true).await;
    office.member("ada").await.holds("/episode", 2);
    counts(0, 2).await;
    held("s5", "session.completed").await;
    counts(1, 3).await;
    server.stop().await;
}

async fn row_8_an_end_of_access_says_what_set_it(engine: Engine) {
    let (server, office) = Office::alone(engine, 9).await;
    let mapped = json!({"filter": "title eq \"Rookie\"", "track": "growth", "durationDays": 10});
    office.make("/mappings", mapped).await;
    let until = |day: &str| json!({COACHING: {"accessEndDate": day}});
    office.hire("idp", until("2037-05-31")).await;
    let leaves =
        json!({COACHING: {"terminationDate": "2037-02-28", "accessEndDate": "2037-05-31"}});
    office.hire("hr", leaves).await;
    office.hire("admin", until("2037-05-31")).await;
    let later = json!({"until": "2037-07-31"});
    office.extend("admin", later).await.status(200);
    office.hire("rule", json!({"title": "Rookie"})).await;
    office.hire("pool", json!({})).await;
    let ten = crate::office::day(&server.clock, 10);
    for (who, last, source) in [
        ("idp", "2037-05-31", "idp"),
        ("hr", "2037-02-28", "hr"),
        ("admin", "2037-07-31", "admin"),
        ("pool", "2039-12-31", "pool"),
    ] {
        let m = listed(&office, who).await;
        assert_eq!(m["accessEndDate"], last, "{who}\n{m:#}");
        assert_eq!(m["accessEndSource"], source, "{who}\n{m:#}");
    }
    let rule = listed(&office, "rule").await;
    assert_eq!(rule["accessEndSource"], "rule", "{rule:#}");
    let last = rule["accessEndDate"].as_str().unwrap_or_default();
    assert!(last <= ten.as_str() && last > crate::office::day(&server.clock, 8).as_str());
    server.stop().await;
}

async fn row_9_a_subscription_is_called_as_its_pool_is(t: Tenant) {
    let office = Office::bare(t).await;
    let label = json!({"subscriptionType": "Coaching 12 months"});
    office.pool("c-12", 2, label).await;
    office.hire_all(&["ada"]).await;
    let shown = async || listed(&office, "ada").await["subscriptionType"].clone();
    assert_eq!(shown().await, "Coaching 12 months");
    let renamed = json!({"subscriptionType": "Coaching 2026"});
    office.change("/pools/c-12", renamed).await;
    assert_eq!(shown().await, "Coaching 2026");
    // It is read-only: what an identity provider writes of it is ignored in a whole resource.
    let wish = json!({COACHING: {"subscriptionType": "Platinum"}});
    office.hire("bob", wish).await;
    assert_eq!(
        listed(&office, "bob").await["subscriptionType"],
        "Coaching 2026"
    );
}

async fn row_10_a_status_is_one_of_seven_and_shown_as_stalled(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let read = async |who: &str| -> Reply { office.member(who).await };
    let steps: [(&str, &[(&str, Value)]); 7] = [
        ("invited", &[]),
        ("activated", &[("account.activated", json!({}))]),
        (
            "completed_onboarding",
            &[("onboarding.completed", json!({}))],
        ),
        (
            "started_coaching",
            &[("session.completed", json!({"sessionId": "s"}))],
        ),
        (
            "reflection_assigned",
            &[("reflection.assigned", json!({"reflectionId": "r"}))],
        ),
        (
            "reflection_completed",
            &[
                ("reflection.assigned", json!({"reflectionId": "q"})),
                ("reflection.completed", json!({"reflectionId": "q"})),
            ],
        ),
        ("ended", &[]),
    ];
    for (status, events) in steps {
        office.hire(status, json!({})).await;
        for (kind, rest) in events {
            tell(&office, status, kind, rest.clone()).await;
        }
        if status == "ended" {
            office.end(status).await;
        }
        let m = read(status).await.holds("/status", status);
        m.holds("/displayStatus", status);
    }
    // An identity provider's users wait when there is no seat, and have none of them.
    office.hire_all(&["x1", "x2", "x3", "waits"]).await;
    let waits = read("waits").await.holds("/status", json!(null));
    waits.holds("/displayStatus", json!(null));
}

//! Reports: what operators would otherwise add up themselves.

use serde_json::{Value, json};

use crate::common::{COACHING, ENTERPRISE, Engine, Reply, Tenant};
use crate::journey::{tell, tell_at};
use crate::office::{Office, days, each};

both_engines!(
    every_report_has_every_format_and_defaults_for_all,
    row_30_activation_and_usage_by_track,
    groups_of_few_people_are_not_told_of,
    row_26_reflections_are_counted,
    row_23_of_1_2_true_up_is_what_was_out_at_most,
    seats_and_lines_are_told_by_pool,
    connections_tell_when_they_were_last_seen,
    who_may_read_which_report,
    nonsense_is_refused,
    a_neighbours_figures_are_their_own,
);
both_engines_alone!(
    row_23_to_25_attention_is_what_needs_somebody_today,
    row_24_to_27_attention_has_leavers_tokens_and_connections,
    row_27_expiring_within_days,
    row_22_of_1_2_unused_seats_and_whether_they_come_free,
    row_24_of_1_2_leavers_who_still_have_sessions,
    a_forecast_gives_what_comes_free_to_those_in_line,
    weeks_and_medians,
);

const REPORTS: [&str; 12] = [
    "activation-usage",
    "attention",
    "connections",
    "expiring",
    "forecast",
    "leavers-with-sessions",
    "nudges",
    "reflections",
    "seats",
    "true-up",
    "unused-seats",
    "waitlist",
];

async fn report(office: &Office, name: &str, parameters: &[(&str, &str)]) -> Reply {
    let mut request = office.owner.get(&format!("/reports/{name}"));
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    request.await.status(200).holds("/report", name)
}

fn group<'r>(report: &'r Reply, name: &str) -> &'r Value {
    report.element("items", "group", name)
}

fn counted<'r>(report: &'r Reply, reason: &str, key: &str) -> &'r Value {
    &report.element("summary", "reason", reason)[key]
}

async fn every_report_has_every_format_and_defaults_for_all(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "<b>&bob", "cleo"]).await;
    office.end("ada").await;
    let all = office.owner.get("/reports").await.status(200);
    assert_eq!(each(&all, "name"), REPORTS);
    for item in all["items"].as_array().unwrap() {
        for parameter in item["parameters"].as_array().unwrap() {
            assert!(parameter["default"].is_string(), "{parameter}");
        }
    }
    for name in REPORTS {
        let json = report(&office, name, &[]).await;
        assert!(
            json["items"].is_array() && json["summary"].is_array(),
            "{json}"
        );
        let path = format!("/reports/{name}");
        for (format, media_type) in [
            ("csv", "text/csv"),
            ("table", "text/plain"),
            ("svg", "image/svg+xml"),
        ] {
            let text = office.owner.get(&path).query("format", format).await;
            let text = text.status(200);
            let found = text.header("content-type");
            assert!(found.starts_with(media_type), "{text}");
            if format == "svg" {
                let parsed = roxmltree::Document::parse(&text.text);
                let root = parsed.unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert_eq!(root.root_element().tag_name().name(), "svg");
            }
            if format == "csv" {
                let mut headers = text.text.lines().next().unwrap().split(',');
                let first = json["items"].get(0).and_then(Value::as_object);
                assert!(
                    first.is_none_or(|first| headers
                        .all(|h| first.contains_key(h) || first["stalledBy"].is_object())),
                    "a column of nothing\n{text}\n{json}"
                );
            }
        }
        let refused = office.owner.get(&path).query("format", "pdf").await;
        refused.status(400);
    }
}

async fn row_30_activation_and_usage_by_track(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let track = json!({"key": "sales", "name": "Sales"});
    office.make("/tracks", track).await;
    office.hire_all(&["ada", "bob"]).await;
    let on_sales = json!({COACHING: {"track": "sales"}});
    office.hire("cleo", on_sales).await;
    tell(&office, "ada", "account.activated", json!({})).await;
    tell(&office, "ada", "onboarding.completed", json!({})).await;
    for id in ["s1", "s2"] {
        tell(
            &office,
            "ada",
            "session.completed",
            json!({"sessionId": id}),
        )
        .await;
    }
    tell(
        &office,
        "ada",
        "session.no_show",
        json!({"sessionId": "s3"}),
    )
    .await;
    tell(
        &office,
        "ada",
        "reflection.assigned",
        json!({"reflectionId": "r"}),
    )
    .await;
    tell(&office, "cleo", "account.activated", json!({})).await;
    let usage = report(&office, "activation-usage", &[]).await;
    let growth = group(&usage, "growth");
    for (key, value) in [
        ("people", json!(2)),
        ("invited", json!(2)),
        ("activated", json!(1)),
        ("activationRate", json!(0.5)),
        ("onboarded", json!(1)),
        ("started", json!(1)),
        ("sessionsCompleted", json!(2)),
        ("sessionsPerStarted", json!(2.0)),
        ("noShows", json!(1)),
        ("noShowRate", json!(0.333)),
        ("reflectionsAssigned", json!(1)),
        ("reflectionRate", json!(0.0)),
        ("stalled", json!(0)),
        ("suppressed", json!(false)),
    ] {
        assert_eq!(growth[key], value, "{key}\n{usage}");
    }
    assert_eq!(group(&usage, "sales")["activationRate"], 1.0, "{usage}");
    let one = report(
        &office,
        "activation-usage",
        &[("track", "sales"), ("groupBy", "pool")],
    );
    let one = one.await;
    assert_eq!(each(&one, "group"), ["main"]);
    assert_eq!(group(&one, "main")["invited"], 1, "{one}");
    let all = report(&office, "activation-usage", &[("groupBy", "all")]).await;
    assert_eq!(group(&all, "all")["invited"], 3, "{all}");
    let old = report(&office, "activation-usage", &[("to", "2020-01-01")]).await;
    assert_eq!(old["items"], json!([]), "{old}");
}

async fn groups_of_few_people_are_not_told_of(t: Tenant) {
    let office = Office::with_seats(t, 30).await;
    for (department, n) in [("Sales", 8), ("Legal", 2), ("Research", 6)] {
        for k in 0..n {
            let rest = json!({ENTERPRISE: {"department": department}});
            office.hire(&format!("{department}{k}"), rest).await;
        }
    }
    for name in ["activation-usage"] {
        let by = [("groupBy", "attr.department")];
        let usage = report(&office, name, &by).await;
        assert_eq!(each(&usage, "group"), ["Legal", "Research", "Sales"]);
        assert_eq!(group(&usage, "Sales")["invited"], 8, "{usage}");
        for hidden in ["Legal", "Research"] {
            // Research is large enough, but the whole less the others would be Legal.
            let hidden = group(&usage, hidden);
            assert_eq!(hidden["suppressed"], true, "{usage}");
            assert!(
                hidden["invited"].is_null() && hidden["people"].is_null(),
                "{usage}"
            );
            assert!(hidden["stalledBy"].is_null(), "{usage}");
        }
    }
    let csv = office.owner.get("/reports/activation-usage");
    let csv = csv
        .query("groupBy", "attr.department")
        .query("format", "csv");
    let csv = csv.await.status(200);
    assert!(csv.text.contains("\nLegal,true,,,"), "{csv}");
    for k in 0..2 {
        let who = format!("Legal{k}");
        tell(
            &office,
            &who,
            "reflection.assigned",
            json!({"reflectionId": "r"}),
        )
        .await;
    }
    let by = [("groupBy", "attr.department")];
    let reflections = report(&office, "reflections", &by).await;
    assert!(
        group(&reflections, "Legal")["assigned"].is_null(),
        "{reflections}"
    );
}

async fn row_26_reflections_are_counted(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let point = |id: &str| json!({"reflectionId": id});
    for (who, kind, id) in [
        ("ada", "reflection.assigned", "1"),
        ("ada", "reflection.assigned", "2"),
        ("bob", "reflection.assigned", "3"),
        ("ada", "reflection.completed", "1"),
    ] {
        tell(&office, who, kind, point(id)).await;
    }
    let reflections = report(&office, "reflections", &[]).await;
    let growth = group(&reflections, "growth");
    for (key, value) in [
        ("people", json!(2)),
        ("assigned", json!(3)),
        ("completed", json!(1)),
        ("outstanding", json!(2)),
        ("overdue", json!(0)),
        ("completionRate", json!(0.333)),
    ] {
        assert_eq!(growth[key], value, "{key}\n{reflections}");
    }
    let overdue = report(&office, "reflections", &[("overdueDays", "0")]).await;
    assert_eq!(group(&overdue, "growth")["overdue"], 2, "{overdue}");
}

async fn row_23_of_1_2_true_up_is_what_was_out_at_most(t: Tenant) {
    let office = Office::bare(t).await;
    let lent = json!({"fullPolicy": "overage", "overageLimit": 5});
    office.pool("main", 2, lent).await;
    office.hire_all(&["ada", "bob", "cleo", "dan"]).await;
    office.end("cleo").await;
    office.end("dan").await;
    office.end("ada").await;
    let true_up = report(&office, "true-up", &[]).await;
    let true_up = true_up
        .holds("/items/0/pool", "main")
        .holds("/items/0/purchased", 2)
        .holds("/items/0/held", 1)
        .holds("/items/0/peakHeld", 4)
        .holds("/items/0/overage", 0)
        .holds("/items/0/peakOverage", 2);
    true_up.holds("/items/0/neverUsed", 0);
}

async fn seats_and_lines_are_told_by_pool(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cleo"]).await;
    let seats = report(&office, "seats", &[]).await;
    let seats = seats
        .holds("/items/0/purchased", 2)
        .holds("/items/0/occupied", 2)
        .holds("/items/0/waitlist", 1)
        .holds("/items/0/utilisation", 1.0);
    let seats = seats.holds("/items/0/low", true);
    assert!(
        seats.at("/items/0/daysLeft").as_i64() > Some(4_000),
        "{seats}"
    );
    let not_low = report(&office, "seats", &[("lowPercent", "0")]).await;
    not_low.holds("/items/0/low", false);
    let lines = report(&office, "waitlist", &[]).await;
    lines
        .holds("/items/0/waiting", 1)
        .holds("/items/0/longestDays", 0)
        .holds("/items/0/nextFreeAt", json!(null))
        .holds("/items/0/freeWithin30Days", 0);
}

async fn connections_tell_when_they_were_last_seen(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let connections = report(&office, "connections", &[]).await;
    let connections = connections
        .holds("/items/0/name", "default")
        .holds("/items/0/people", 2)
        .holds("/items/0/silent", false);
    assert!(
        connections.at("/items/0/lagSeconds").as_i64() < Some(60),
        "{connections}"
    );
    let silent = report(&office, "connections", &[("silentHours", "0")]).await;
    silent.holds("/items/0/silent", true);
}

async fn who_may_read_which_report(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for (role, seats, usage, connections) in [
        ("owner", 200, 200, 200),
        ("license_admin", 200, 200, 200),
        ("approver", 200, 200, 403),
        ("viewer", 200, 403, 403),
        ("auditor", 403, 403, 403),
    ] {
        let client = office.tenant.admin(role);
        for (names, status) in [
            (
                &["seats", "waitlist", "true-up", "forecast", "expiring"][..],
                seats,
            ),
            (
                &[
                    "activation-usage",
                    "attention",
                    "unused-seats",
                    "reflections",
                    "leavers-with-sessions",
                ][..],
                usage,
            ),
            (&["connections"][..], connections),
        ] {
            for name in names {
                client.get(&format!("/reports/{name}")).await.status(status);
            }
        }
        client.get("/reports").await.status(seats);
    }
}

async fn nonsense_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.owner.get("/reports/topics").await.status(404);
    for (name, parameter, value, code) in [
        ("activation-usage", "groupBy", "colour", "invalid_parameter"),
        (
            "activation-usage",
            "groupBy",
            "attr.salary",
            "invalid_parameter",
        ),
        ("activation-usage", "from", "soon", "invalid_parameter"),
        ("activation-usage", "track", "none", "invalid_parameter"),
        ("expiring", "within", "a while", "invalid_parameter"),
        ("expiring", "within", "-3d", "invalid_parameter"),
        ("expiring", "colour", "red", "unknown_parameter"),
        ("forecast", "until", "2020-01-01", "invalid_parameter"),
        ("forecast", "until", "2199-01-01", "invalid_parameter"),
        ("forecast", "limit", "3", "unknown_parameter"),
        ("unused-seats", "reason", "boredom", "invalid_parameter"),
        ("unused-seats", "days", "many", "invalid_parameter"),
        ("attention", "cursor", "abc", "invalid_cursor"),
        ("seats", "track", "growth", "unknown_parameter"),
    ] {
        let path = format!("/reports/{name}");
        let refused = office.owner.get(&path).query(parameter, value).await;
        refused.status(400).holds("/code", code);
    }
}

async fn a_neighbours_figures_are_their_own(t: Tenant) {
    let office = Office::with_seats(t.clone(), 2).await;
    office.hire_all(&["ada", "bob"]).await;
    tell(&office, "ada", "account.activated", json!({})).await;
    let neighbour = Office::with_seats(t.neighbour(), 1).await;
    let usage = report(&neighbour, "activation-usage", &[]).await;
    assert_eq!(usage["items"], json!([]), "{usage}");
    let true_up = report(&neighbour, "true-up", &[]).await;
    true_up
        .holds("/items/0/peakHeld", 0)
        .holds("/items/1", json!(null));
}

async fn row_23_to_25_attention_is_what_needs_somebody_today(engine: Engine) {
    let (server, office) = Office::alone(engine, 4).await;
    office.hire_all(&["ada", "bob"]).await;
    let now = server.clock.now();
    tell_at(&office, now, "bob", "account.activated", json!({})).await;
    server.clock.advance(days(8));
    office.hire("cleo", json!({})).await;
    let attention = report(&office, "attention", &[]).await;
    assert_eq!(each(&attention, "userName"), ["bob"]);
    let attention = attention.holds("/items/0/reason", "onboarding_incomplete");
    attention
        .holds("/items/0/days", 1)
        .holds("/items/0/status", "activated");
    server.clock.advance(days(5));
    let soon = crate::office::day(&server.clock, 9);
    office
        .hire("dan", json!({COACHING: {"accessEndDate": soon}}))
        .await;
    office.hire("waits", json!({})).await;
    let attention = report(&office, "attention", &[]).await;
    assert_eq!(
        each(&attention, "userName"),
        ["bob", "ada", "dan", "waits", ""],
        "who stalled first, then the others"
    );
    assert_eq!(
        each(&attention, "reason"),
        [
            "onboarding_incomplete",
            "delayed_activation",
            "access_ends_soon",
            "waiting",
            "pool_full"
        ]
    );
    assert_eq!(each(&attention, "name")[4], "main");
    assert_eq!(*counted(&attention, "pool_full", "count"), 1);
    for (reason, n) in [
        ("delayed_activation", 1),
        ("onboarding_incomplete", 1),
        ("no_scheduled_session", 0),
        ("reflection_incomplete", 0),
        ("access_ends_soon", 1),
        ("waiting", 1),
        ("leaver_with_sessions", 0),
    ] {
        assert_eq!(
            *counted(&attention, reason, "people"),
            n,
            "{reason}\n{attention}"
        );
    }
    let page = report(&office, "attention", &[("limit", "1")]).await;
    assert_eq!(each(&page, "userName"), ["bob"]);
    let cursor = page.string("/nextCursor");
    let rest = report(&office, "attention", &[("limit", "1"), ("cursor", &cursor)]).await;
    assert_eq!(each(&rest, "userName"), ["ada"]);
    let mut met = Vec::new();
    let mut next = rest.string("/nextCursor");
    loop {
        let page = report(&office, "attention", &[("limit", "1"), ("cursor", &next)]).await;
        met.push(page.string("/items/0/reason"));
        match page.at("/nextCursor").as_str() {
            Some(cursor) => cursor.clone_into(&mut next),
            None => break,
        }
    }
    assert_eq!(met, ["access_ends_soon", "waiting", "pool_full"]);
    let csv = office
        .owner
        .get("/reports/attention")
        .query("format", "csv");
    let csv = csv.await.status(200);
    assert_eq!(csv.text.lines().count(), 6, "{csv}");
    let table = office
        .owner
        .get("/reports/attention")
        .query("format", "table");
    let table = table.await.status(200);
    let counted = table.text.lines().find(|line| line.contains("pool_full"));
    let cells: Vec<_> = counted.unwrap().split(['│', '┆']).map(str::trim).collect();
    assert_eq!(cells, ["", "pool_full", "1", ""], "{table}");
    server.stop().await;
}

async fn row_24_to_27_attention_has_leavers_tokens_and_connections(engine: Engine) {
    let (server, office) = Office::alone(engine, 9).await;
    let ada = office.hire("ada", json!({})).await;
    let now = server.clock.now();
    let ahead = json!({"sessionId": "s", "startsAt": now + days(90)});
    tell_at(&office, now, "ada", "session.scheduled", ahead).await;
    office.set_active(&ada, false).await;
    let token = ["token", "create", "--role", "viewer", "--expires-in", "31d"];
    let of = ["--tenant", &office.tenant.name];
    office.tenant.command(&[&token[..], &of].concat());
    let calm = report(&office, "attention", &[]).await;
    assert_eq!(each(&calm, "reason"), ["leaver_with_sessions"], "{calm}");
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    server.clock.advance(days(2));
    let attention = report(&office, "attention", &[]).await;
    let reasons = each(&attention, "reason");
    let expected = [
        "leaver_with_sessions",
        "token_expiring",
        "connection_silent",
    ];
    assert_eq!(reasons, expected, "{attention}");
    assert_eq!(each(&attention, "about"), ["person", "token", "connection"]);
    assert_eq!(each(&attention, "name")[2], "default");
    attention.holds("/items/1/daysLeft", 28);
    let of_pool = report(&office, "attention", &[("pool", "main")]).await;
    assert_eq!(each(&of_pool, "reason"), ["leaver_with_sessions"]);
    // Whoever may not see connections is shown none.
    let approver = office.tenant.admin("approver");
    let seen = approver.get("/reports/attention").await.status(200);
    assert_eq!(each(&seen, "reason"), ["leaver_with_sessions"], "{seen}");
    server.stop().await;
}

async fn row_27_expiring_within_days(engine: Engine) {
    let (server, office) = Office::alone(engine, 4).await;
    for (name, ahead) in [("later", 40), ("soon", 10), ("first", 3)] {
        let until = crate::office::day(&server.clock, ahead);
        office
            .hire(name, json!({COACHING: {"accessEndDate": until}}))
            .await;
    }
    office.hire("never", json!({})).await;
    let expiring = report(&office, "expiring", &[]).await;
    assert_eq!(each(&expiring, "userName"), ["first", "soon"]);
    let expiring = expiring.holds("/items/0/accessEndSource", "idp");
    expiring
        .holds("/items/0/daysLeft", 3)
        .holds("/parameters/within", "30d");
    let within = |days: &'static str| {
        let office = &office;
        async move { report(office, "expiring", &[("within", days)]).await }
    };
    assert_eq!(
        each(&within("60d").await, "userName"),
        ["first", "soon", "later"]
    );
    assert_eq!(each(&within("5").await, "userName"), ["first"]);
    let page = report(&office, "expiring", &[("limit", "1")]).await;
    let cursor = page.string("/nextCursor");
    let rest = report(&office, "expiring", &[("limit", "1"), ("cursor", &cursor)]).await;
    assert_eq!(each(&rest, "userName"), ["soon"]);
    office.end("first").await;
    assert_eq!(each(&within("30d").await, "userName"), ["soon"]);
    server.stop().await;
}

async fn row_22_of_1_2_unused_seats_and_whether_they_come_free(engine: Engine) {
    let (server, office) = Office::alone(engine, 6).await;
    office
        .change("/pools/main", json!({"reusePolicy": "until_started"}))
        .await;
    office.hire_all(&["never", "idle", "busy", "booked"]).await;
    let leaver = office.hire("leaver", json!({})).await;
    let now = server.clock.now();
    for who in ["idle", "booked"] {
        tell_at(&office, now, who, "account.activated", json!({})).await;
        let done = json!({"sessionId": format!("{who}1")});
        tell_at(&office, now, who, "session.completed", done).await;
    }
    server.clock.advance(days(31));
    let now = server.clock.now();
    tell_at(&office, now, "busy", "account.activated", json!({})).await;
    let ahead = json!({"sessionId": "b2", "startsAt": now + days(5)});
    let then = now - days(20);
    tell_at(&office, then, "booked", "session.scheduled", ahead).await;
    office.set_active(&leaver, false).await;
    let unused = report(&office, "unused-seats", &[]).await;
    let mut found: Vec<_> = unused["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let text = |key: &str| item[key].as_str().unwrap_or_default();
            (
                text("userName"),
                text("reason"),
                item["reclaimable"] == true,
            )
        })
        .collect();
    found.sort_unstable();
    let expected = [
        // A session took place on it, so the contract burns it.
        ("idle", "idle", false),
        ("leaver", "leaver_holding", true),
        ("never", "never_activated", true),
    ];
    assert_eq!(found, expected, "{unused}");
    for (reason, seats, back) in [
        ("idle", 1, 0),
        ("leaver_holding", 1, 1),
        ("never_activated", 1, 1),
        ("no_recent_session", 0, 0),
    ] {
        assert_eq!(
            *counted(&unused, reason, "seats"),
            seats,
            "{reason}\n{unused}"
        );
        assert_eq!(
            *counted(&unused, reason, "reclaimable"),
            back,
            "{reason}\n{unused}"
        );
    }
    let only = report(&office, "unused-seats", &[("reason", "idle")]).await;
    assert_eq!(each(&only, "userName"), ["idle"]);
    only.holds("/items/0/days", 31);
    let none = report(
        &office,
        "unused-seats",
        &[("days", "60"), ("reason", "idle")],
    )
    .await;
    assert_eq!(none["items"], json!([]), "{none}");
    let message = server.clock.now();
    tell_at(&office, message, "idle", "message.sent", json!({})).await;
    let unused = report(&office, "unused-seats", &[("reason", "no_recent_session")]).await;
    assert_eq!(
        each(&unused, "userName"),
        ["idle"],
        "writes, and has no session"
    );
    server.stop().await;
}

async fn row_24_of_1_2_leavers_who_still_have_sessions(engine: Engine) {
    let (server, office) = Office::alone(engine, 4).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire_all(&["bob", "cleo"]).await;
    let now = server.clock.now();
    for who in ["ada", "bob", "cleo"] {
        let ahead = json!({"sessionId": format!("{who}1"), "startsAt": now + days(9)});
        tell_at(&office, now, who, "session.scheduled", ahead).await;
    }
    let before = report(&office, "leavers-with-sessions", &[]).await;
    assert_eq!(before["items"], json!([]), "{before}");
    server.clock.advance(days(1));
    office.set_active(&ada, false).await;
    office.end("bob").await;
    server.clock.advance(days(1));
    let now = server.clock.now();
    let late = json!({"id": "late", "type": "session.completed", "member": "bob",
                      "sessionId": "bob2", "occurredAt": now});
    office.owner.post("/events", late).await.status(200);
    let leavers = report(&office, "leavers-with-sessions", &[]).await;
    let mut names = each(&leavers, "userName");
    names.sort_unstable();
    assert_eq!(names, ["ada", "bob"], "{leavers}");
    let of = |name| leavers.element("items", "userName", name);
    assert_eq!(of("ada")["upcomingSessions"], 1, "{leavers}");
    assert_eq!(of("ada")["identityState"], "inactive", "{leavers}");
    assert_eq!(of("bob")["sessionsAfterEnd"], 1, "{leavers}");
    assert_eq!(*counted(&leavers, "leaver_with_sessions", "people"), 2);
    let off = json!({"sessionId": "ada1"});
    tell_at(&office, now, "ada", "session.cancelled", off).await;
    let leavers = report(&office, "leavers-with-sessions", &[]).await;
    assert_eq!(each(&leavers, "userName"), ["bob"], "{leavers}");
    server.stop().await;
}

async fn a_forecast_gives_what_comes_free_to_those_in_line(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    for (name, ahead) in [("ada", 3), ("bob", 5)] {
        let until = crate::office::day(&server.clock, ahead);
        office
            .hire(name, json!({COACHING: {"accessEndDate": until}}))
            .await;
    }
    office.hire("waits", json!({})).await;
    let forecast = report(&office, "forecast", &[("until", "10d")]).await;
    let on = |ahead: i64| {
        let day = crate::office::day(&server.clock, ahead);
        let item = forecast.element("items", "day", &day);
        (
            item["comingFree"].as_i64().unwrap(),
            item["available"].as_i64().unwrap(),
            item["waiting"].as_i64().unwrap(),
        )
    };
    assert_eq!(on(0), (0, 0, 1), "{forecast}");
    assert_eq!(on(3), (0, 0, 1), "the last day is a whole day\n{forecast}");
    assert_eq!(on(4), (1, 0, 0), "it goes to who waits\n{forecast}");
    assert_eq!(on(6), (1, 1, 0), "{forecast}");
    assert_eq!(on(9), (0, 1, 0), "{forecast}");
    let until = crate::office::day(&server.clock, 4);
    let to_day = report(&office, "forecast", &[("until", &until), ("pool", "main")]).await;
    assert_eq!(
        each(&to_day, "day").last(),
        Some(&until.as_str()),
        "{to_day}"
    );
    let lines = report(&office, "waitlist", &[]).await;
    let lines = lines.holds("/items/0/freeWithin30Days", 2);
    assert!(lines.at("/items/0/nextFreeAt").is_string(), "{lines}");
    server.stop().await;
}

async fn weeks_and_medians(engine: Engine) {
    let (server, office) = Office::alone(engine, 9).await;
    server.clock.set("2027-03-03T12:00:00Z".parse().unwrap());
    office.hire_all(&["a", "b", "c", "d"]).await;
    let start = server.clock.now();
    server.clock.advance(days(7));
    office.hire("e", json!({})).await;
    server.clock.advance(days(14));
    for (who, after) in [("a", 1), ("b", 2), ("c", 4), ("d", 9)] {
        let at = start + days(after);
        tell_at(&office, at, who, "account.activated", json!({})).await;
        let done = json!({"sessionId": format!("{who}1"), "startsAt": at + days(3)});
        tell_at(&office, at, who, "session.scheduled", done.clone()).await;
        tell_at(&office, at + days(3), who, "session.completed", done).await;
    }
    let usage = report(&office, "activation-usage", &[("groupBy", "week")]).await;
    // The 3rd of March 2027 is a Wednesday.
    assert_eq!(
        each(&usage, "group"),
        ["2027-03-01", "2027-03-08"],
        "{usage}"
    );
    let first = group(&usage, "2027-03-01");
    assert_eq!(first["invited"], 4, "{usage}");
    assert_eq!(
        first["medianDaysToActivate"], 3.0,
        "between two and four\n{usage}"
    );
    assert_eq!(first["medianDaysToFirstSession"], 3.0, "{usage}");
    let second = group(&usage, "2027-03-08");
    assert!(second["medianDaysToActivate"].is_null(), "{usage}");
    assert_eq!(second["stalledBy"]["delayed_activation"], 1, "{usage}");
    let from = [("groupBy", "week"), ("from", "2027-03-08")];
    let later = report(&office, "activation-usage", &from).await;
    assert_eq!(each(&later, "group"), ["2027-03-08"]);
    server.stop().await;
}

//! The list of people by how they use their coaching: filters, orders, and who may see it.

use serde_json::{Value, json};

use crate::common::{Engine, Reply, Server, Tenant};
use crate::journey::tell_at;
use crate::office::{Office, days, each, each_of};

both_engines!(a_viewer_sees_no_engagement);
both_engines_alone!(
    row_18_and_22_filters_by_status_and_stalled,
    row_15_and_16_orders_with_unset_last,
    idle_people_are_found_by_days,
    an_ended_episode_is_not_the_current_one,
);

/// Seven people, each at another point of the journey: a `stalled` one, one in each status named,
/// and somebody who waits. All of it about now.
async fn crowd(engine: Engine) -> (Server, Office) {
    let (server, office) = Office::alone(engine, 6).await;
    office.hire("stalled", json!({})).await;
    server.clock.advance(days(20));
    office
        .hire_all(&[
            "invited",
            "activated",
            "onboarded",
            "started",
            "ended",
            "waiting",
        ])
        .await;
    let now = server.clock.now();
    let tell = async |who: &str, kind: &str, rest: Value| {
        tell_at(&office, now, who, kind, rest).await;
    };
    let booked = |id: &str, day: i64| json!({"sessionId": id, "startsAt": now + days(day)});
    tell("activated", "account.activated", json!({})).await;
    tell("activated", "session.scheduled", booked("a", 9)).await;
    tell("onboarded", "onboarding.completed", json!({})).await;
    tell("onboarded", "session.scheduled", booked("o", 3)).await;
    for id in ["s1", "s2"] {
        tell("started", "session.completed", json!({"sessionId": id})).await;
    }
    tell("ended", "session.completed", json!({"sessionId": "e"})).await;
    office.end("ended").await;
    (server, office)
}

async fn list(office: &Office, parameters: &[(&str, &str)]) -> Reply {
    let mut request = office.owner.get("/members").query("limit", "500");
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    request.await.status(200)
}

async fn row_18_and_22_filters_by_status_and_stalled(engine: Engine) {
    let (server, office) = crowd(engine).await;
    // The seat of who ended went to who waited.
    for (parameters, found) in [
        (
            vec![("status", "invited")],
            vec!["invited", "stalled", "waiting"],
        ),
        (vec![("status", "activated")], vec!["activated"]),
        (
            vec![("status", "completed_onboarding,started_coaching")],
            vec!["onboarded", "started"],
        ),
        (
            vec![("status", "activated"), ("status", "ended")],
            vec!["activated", "ended"],
        ),
        (vec![("status", "reflection_assigned")], vec![]),
        (vec![("status", "stalled")], vec!["stalled"]),
        (vec![("stalled", "true")], vec!["stalled"]),
        (vec![("status", "stalled,ended")], vec!["ended", "stalled"]),
        (
            vec![("stalled", "false")],
            vec![
                "activated",
                "ended",
                "invited",
                "onboarded",
                "started",
                "waiting",
            ],
        ),
        (
            vec![("stalled", "false"), ("status", "invited")],
            vec!["invited", "waiting"],
        ),
        (vec![("ended", "false"), ("status", "ended")], vec![]),
        (vec![("ended", "true")], vec!["ended"]),
        (vec![("accessLevel", "archive")], vec!["ended"]),
        (vec![("episodeMin", "2")], vec![]),
        (
            vec![("episodeMin", "1"), ("status", "started_coaching")],
            vec!["started"],
        ),
    ] {
        for sort in [
            "userName",
            "-userName",
            "nextSessionAt",
            "-sessionsCompleted",
            "status",
        ] {
            let mut sorted = parameters.clone();
            sorted.push(("sort", sort));
            let reply = list(&office, &sorted).await;
            let mut names = each(&reply, "userName");
            if sort != "userName" {
                names.sort_unstable();
            }
            assert_eq!(names, found, "{sorted:?}");
        }
    }
    for (name, value) in [
        ("status", "asleep"),
        ("idleDays", "-1"),
        ("episodeMin", "0"),
        ("stalled", "maybe"),
    ] {
        let refused = office
            .owner
            .get("/members")
            .query(name, value)
            .await
            .status(400);
        refused.holds("/code", "invalid_parameter");
    }
    server.stop().await;
}

async fn row_15_and_16_orders_with_unset_last(engine: Engine) {
    let (server, office) = crowd(engine).await;
    office.hire("nobody", json!({"active": false})).await;
    for (sort, key) in [
        ("sessionsCompleted", "sessionsCompleted"),
        ("nextSessionAt", "nextSessionAt"),
        ("lastEngagementAt", "lastEngagementAt"),
        ("status", "status"),
    ] {
        for descending in [false, true] {
            let sort = if descending {
                format!("-{sort}")
            } else {
                sort.to_owned()
            };
            let whole = list(&office, &[("sort", &sort)]).await;
            assert_eq!(each(&whole, "userName").len(), 8, "{sort} {whole}");
            let rank = |value: &Value| match value.as_str() {
                Some(text) if key == "status" => {
                    let order = [
                        "invited",
                        "activated",
                        "completed_onboarding",
                        "started_coaching",
                        "ended",
                    ];
                    let place = order.iter().position(|known| *known == text).unwrap();
                    format!("{place}")
                }
                Some(text) => text.to_owned(),
                None => value.to_string(),
            };
            let values = each_of(&whole, key);
            let set: Vec<_> = values.iter().filter(|v| !v.is_null()).map(rank).collect();
            let mut ordered = set.clone();
            ordered.sort();
            if descending {
                ordered.reverse();
            }
            assert_eq!(set, ordered, "{sort} {whole}");
            assert!(!set.is_empty());
            assert!(
                values[set.len()..].iter().all(Value::is_null),
                "{sort} {whole}"
            );
            for limit in ["1", "3"] {
                let walked = walk(&office, &sort, limit).await;
                assert_eq!(walked, each(&whole, "userName"), "{sort} by {limit}");
            }
        }
    }
    server.stop().await;
}

async fn walk(office: &Office, sort: &str, limit: &str) -> Vec<String> {
    let mut walked = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let mut request = office
            .owner
            .get("/members")
            .query("sort", sort)
            .query("limit", limit);
        if let Some(cursor) = &cursor {
            request = request.query("cursor", cursor);
        }
        let page = request.await.status(200);
        walked.extend(each(&page, "userName").iter().map(ToString::to_string));
        match page.at("/nextCursor").as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return walked,
        }
    }
}

async fn idle_people_are_found_by_days(engine: Engine) {
    let (server, office) = crowd(engine).await;
    server.clock.advance(days(5));
    tell_at(
        &office,
        server.clock.now(),
        "started",
        "message.sent",
        json!({}),
    )
    .await;
    for (least, found) in [
        (
            "0",
            vec![
                "activated",
                "invited",
                "onboarded",
                "stalled",
                "started",
                "waiting",
            ],
        ),
        (
            "5",
            vec!["activated", "invited", "onboarded", "stalled", "waiting"],
        ),
        ("6", vec!["stalled"]),
        ("26", vec![]),
    ] {
        let reply = list(&office, &[("idleDays", least), ("sort", "userName")]).await;
        assert_eq!(each(&reply, "userName"), found, "{least}");
    }
    server.stop().await;
}

async fn an_ended_episode_is_not_the_current_one(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    for id in ["1", "2", "3"] {
        let session = json!({"sessionId": id});
        tell_at(
            &office,
            server.clock.now(),
            "ada",
            "session.completed",
            session,
        )
        .await;
    }
    office.end("ada").await;
    server.clock.advance(days(1));
    office
        .set_coaching(&ada, "accessEndDate", json!("2038-01-31"))
        .await;
    for sort in ["sessionsCompleted", "-status", "lastEngagementAt"] {
        let reply = list(&office, &[("sort", sort)]).await;
        assert_eq!(each(&reply, "userName"), ["ada"], "{sort}");
        reply
            .holds("/items/0/sessionsCompleted", 0)
            .holds("/items/0/episode", 2);
    }
    let ended = list(&office, &[("status", "ended")]).await;
    assert!(each(&ended, "userName").is_empty(), "{ended}");
    let returned = list(&office, &[("episodeMin", "2")]).await;
    assert_eq!(each(&returned, "userName"), ["ada"]);
    server.stop().await;
}

async fn a_viewer_sees_no_engagement(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let viewer = office.tenant.admin("viewer");
    let all = viewer.get("/members").await.status(200);
    let one = viewer.get("/members/ada").await.status(200);
    for key in [
        "status",
        "displayStatus",
        "stalled",
        "sessionsCompleted",
        "nextSessionAt",
        "lastEngagementAt",
    ] {
        assert_eq!(all["items"][0][key], json!(null), "{key} {all}");
        assert_eq!(one[key], json!(null), "{key} {one}");
    }
    one.lacks("/lastLoginAt")
        .lacks("/sessionsCompletedTotal")
        .holds("/seatState", "assigned");
    for (name, value) in [
        ("status", "invited"),
        ("stalled", "false"),
        ("idleDays", "1"),
        ("episodeMin", "2"),
        ("sort", "-lastEngagementAt"),
        ("sort", "status"),
    ] {
        let refused = viewer.get("/members").query(name, value).await.status(403);
        refused
            .holds("/code", "forbidden")
            .holds("/right", "engagement");
    }
    for path in ["/events", "/members/ada/events", "/members/ada/sessions"] {
        viewer.get(path).await.status(403);
    }
    viewer
        .get("/members")
        .query("ended", "false")
        .await
        .status(200);
}

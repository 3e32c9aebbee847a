//! What is kept of what the coaching platform told, and what is shown of it.

use serde_json::{Value, json};

use crate::common::{Engine, Tenant};
use crate::events::{journey, told};
use crate::office::{Office, days, each};

both_engines!(
    events_are_listed_and_filtered,
    row_11_session_history_has_dates_state_and_duration,
    a_groups_session_is_each_ones_own,
    who_is_deleted_leaves_with_their_history,
);
both_engines_alone!(what_happens_after_the_end_is_kept_without_effect,);

async fn events_are_listed_and_filtered(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let event = |id: &str, who: &str, kind: &str, day: u8| {
        json!({"id": id, "type": kind, "member": who, "occurredAt": format!("2026-03-{day:02}T12:00:00Z"),
               "sessionId": "s", "startsAt": "2026-03-20T12:00:00Z"})
    };
    let events = json!([
        event("a", "ada", "session.scheduled", 1),
        event("b", "bob", "session.scheduled", 2),
        event("c", "ada", "session.cancelled", 3),
        event("d", "bob", "login", 4),
    ]);
    office.owner.post("/events", events).await.status(200);
    for (parameters, found) in [
        (vec![], vec!["d", "c", "b", "a"]),
        (vec![("member", "bob")], vec!["d", "b"]),
        (vec![("type", "session.scheduled")], vec!["b", "a"]),
        (vec![("type", "login,session.cancelled")], vec!["d", "c"]),
        (
            vec![("from", "2026-03-02"), ("to", "2026-03-03")],
            vec!["c", "b"],
        ),
        (vec![("to", "2026-03-02T12:00:00Z")], vec!["a"]),
    ] {
        let mut walked = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let mut request = office.owner.get("/events").query("limit", "1");
            for (name, value) in &parameters {
                request = request.query(name, value);
            }
            if let Some(cursor) = &cursor {
                request = request.query("cursor", cursor);
            }
            let page = request.await.status(200);
            walked.extend(each(&page, "id").iter().map(ToString::to_string));
            match page.at("/nextCursor").as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(walked, found, "{parameters:?}");
    }
    for (name, value) in [
        ("type", "session.rated"),
        ("from", "soon"),
        ("kind", "login"),
    ] {
        office
            .owner
            .get("/events")
            .query(name, value)
            .await
            .status(400);
    }
    office
        .owner
        .get("/events")
        .query("member", "nobody")
        .await
        .status(404);
    let csv = office
        .owner
        .get("/events")
        .query("format", "csv")
        .await
        .status(200);
    assert!(
        csv.text.starts_with("id,type,member,occurredAt,receivedAt"),
        "{csv}"
    );
}

async fn row_11_session_history_has_dates_state_and_duration(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    told(
        &office,
        &[
            (
                "session.scheduled",
                json!({"sessionId": "s1", "startsAt": "2026-01-05T10:00:00Z"}),
            ),
            (
                "session.rescheduled",
                json!({"sessionId": "s1", "startsAt": "2026-01-06T10:00:00Z"}),
            ),
            (
                "session.completed",
                json!({"sessionId": "s1", "durationMin": 45}),
            ),
            (
                "session.scheduled",
                json!({"sessionId": "s2", "startsAt": "2026-02-05T10:00:00Z"}),
            ),
            ("session.no_show", json!({"sessionId": "s2"})),
            (
                "session.scheduled",
                json!({"sessionId": "s3", "startsAt": "2038-02-05T10:00:00Z"}),
            ),
            (
                "session.scheduled",
                json!({"sessionId": "s4", "startsAt": "2037-02-05T10:00:00Z"}),
            ),
            ("session.cancelled", json!({"sessionId": "s4"})),
        ],
    )
    .await
    .holds("/applied", 8);
    let sessions = office.owner.get("/members/ada/sessions").await.status(200);
    let session = |id: &str, state: &str, starts_at: &str, minutes: Value| json!({"id": id, "state": state, "startsAt": starts_at, "durationMin": minutes, "episode": 1});
    assert_eq!(
        sessions["items"],
        json!([
            session("s3", "scheduled", "2038-02-05T10:00:00Z", json!(null)),
            session("s4", "cancelled", "2037-02-05T10:00:00Z", json!(null)),
            session("s2", "no_show", "2026-02-05T10:00:00Z", json!(null)),
            session("s1", "completed", "2026-01-06T10:00:00Z", json!(45)),
        ])
    );
    let page = office
        .owner
        .get("/members/ada/sessions")
        .query("limit", "3")
        .await
        .status(200);
    let cursor = page.string("/nextCursor");
    let rest = office
        .owner
        .get("/members/ada/sessions")
        .query("limit", "3")
        .query("cursor", &cursor);
    assert_eq!(each(&rest.await.status(200), "id"), ["s1"]);
}

async fn a_groups_session_is_each_ones_own(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    let event = |id: &str, who: &str, kind: &str| json!({"id": id, "type": kind, "member": who, "occurredAt": "2026-01-01T00:00:00Z", "sessionId": "g"});
    let events = json!([
        event("1", "ada", "session.completed"),
        event("2", "bob", "session.no_show")
    ]);
    office.owner.post("/events", events).await.status(200);
    office.member("ada").await.holds("/sessionsCompleted", 1);
    office.member("bob").await.holds("/sessionsCompleted", 0);
}

async fn who_is_deleted_leaves_with_their_history(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    told(&office, &journey()).await.holds("/applied", 4);
    office.delete(&ada).await;
    let gone = office.member(&ada).await.holds("/identityState", "deleted");
    gone.holds("/status", "ended")
        .holds("/sessionsCompletedTotal", 1);
    let sessions = office.owner.get(&format!("/members/{ada}/sessions")).await;
    assert_eq!(each(&sessions.status(200), "id"), ["s1"]);
}

async fn what_happens_after_the_end_is_kept_without_effect(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let booked = server.clock.now() + days(20);
    let scheduled = json!({"id": "b", "type": "session.scheduled", "member": "ada", "sessionId": "b",
                           "occurredAt": server.clock.now(), "startsAt": booked});
    office.owner.post("/events", scheduled).await.status(200);
    server.clock.advance(days(5));
    office.end("ada").await;
    server.clock.advance(days(1));
    let late = |id: &str, ago: i64| {
        json!({"id": id, "type": "session.completed", "member": "ada", "sessionId": id,
               "occurredAt": server.clock.now() - days(ago)})
    };
    let events = json!([late("before", 3), late("after", 0)]);
    let answer = office.owner.post("/events", events).await.status(200);
    let answer = answer.holds("/items/0", json!({"id": "before", "result": "applied"}));
    answer.holds(
        "/items/1",
        json!({"id": "after", "result": "stored", "problem": "after_end"}),
    );
    let ada = office
        .member("ada")
        .await
        .holds("/status", "ended")
        .holds("/sessionsCompleted", 1);
    ada.holds("/nextSessionAt", json!(booked))
        .holds("/accessLevel", "archive");
    let kept = office.owner.get("/members/ada/events").await.status(200);
    assert_eq!(each(&kept, "problem"), ["after_end", "", ""], "{kept}");
    let off = json!({"id": "off", "type": "session.cancelled", "member": "ada", "sessionId": "b",
                     "occurredAt": server.clock.now()});
    let answer = office.owner.post("/events", off).await.status(200);
    answer.holds("/items/0/result", "applied");
    office
        .member("ada")
        .await
        .holds("/nextSessionAt", json!(null));
    server.stop().await;
}

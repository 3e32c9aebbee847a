//! What the coaching platform tells: one effect for each event, and an answer for each.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::common::{NOBODY, Reply, Tenant};
use crate::office::{Office, each, each_of};

both_engines!(
    an_event_has_one_effect_however_often_it_is_sent,
    the_order_does_not_matter,
    one_event_need_not_be_a_list,
    two_that_send_the_same_at_once_do_it_once,
    an_event_that_is_wrong_is_refused_by_itself,
    a_person_is_found_by_whatever_is_at_hand,
    more_than_a_thousand_are_refused_whole,
    a_thousand_go_through,
    a_neighbours_events_are_their_own,
    the_scim_resource_stays_as_it_was,
);

/// Sends events of `ada` at times before now, each an hour after the other.
pub async fn told(office: &Office, events: &[(&str, Value)]) -> Reply {
    let first = jiff::Timestamp::now() - SignedDuration::from_hours(100);
    let events: Value = events
        .iter()
        .zip(0..)
        .map(|((kind, rest), n)| {
            let at = first + SignedDuration::from_hours(n);
            let mut event = json!({"id": format!("e{n}"), "type": kind, "member": "ada",
                                   "occurredAt": at});
            crate::office::merge(&mut event, rest.clone());
            event
        })
        .collect();
    office.owner.post("/events", events).await.status(200)
}

pub fn journey() -> Vec<(&'static str, Value)> {
    vec![
        ("account.activated", json!({})),
        ("onboarding.completed", json!({})),
        (
            "session.scheduled",
            json!({"sessionId": "s1", "startsAt": "2026-01-05T10:00:00Z"}),
        ),
        (
            "session.completed",
            json!({"sessionId": "s1", "durationMin": 45}),
        ),
    ]
}

async fn an_event_has_one_effect_however_often_it_is_sent(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let first = told(&office, &journey()).await;
    assert_eq!(each(&first, "result"), ["applied"; 4], "{first}");
    first.holds("/applied", 4).holds("/refused", 0);
    let once = office.member("ada").await;
    let again = told(&office, &journey()).await;
    assert_eq!(each(&again, "result"), ["duplicate"; 4], "{again}");
    let twice = office.member("ada").await;
    assert_eq!(once.json, twice.json);
    twice
        .holds("/status", "started_coaching")
        .holds("/sessionsCompleted", 1);
}

async fn the_order_does_not_matter(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let at = |hour: i64| jiff::Timestamp::now() - SignedDuration::from_hours(hour);
    let events = [
        json!({"id": "r2", "type": "reflection.completed", "member": "ada",
               "occurredAt": at(1), "reflectionId": "r"}),
        json!({"id": "s", "type": "session.completed", "member": "ada", "occurredAt": at(3), "sessionId": "s"}),
        json!({"id": "r1", "type": "reflection.assigned", "member": "ada",
               "occurredAt": at(2), "reflectionId": "r"}),
        json!({"id": "a", "type": "account.activated", "member": "ada", "occurredAt": at(9)}),
    ];
    for event in events {
        let answer = office.owner.post("/events", event).await.status(200);
        answer.holds("/items/0/result", "applied");
    }
    let ada = office.member("ada").await;
    ada.holds("/status", "reflection_completed")
        .holds("/sessionsCompleted", 1);
}

async fn one_event_need_not_be_a_list(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let event =
        json!({"id": "e", "type": "login", "member": "ada", "occurredAt": "2026-01-01T00:00:00Z"});
    let answer = office.owner.post("/events", event).await.status(200);
    answer
        .holds("/items", json!([{"id": "e", "result": "applied"}]))
        .holds("/applied", 1);
    office
        .member("ada")
        .await
        .holds("/lastLoginAt", "2026-01-01T00:00:00Z")
        .holds("/lastEngagementAt", json!(null));
    for body in [json!("e"), json!(5), json!(null)] {
        let refused = office.owner.post("/events", body).await.status(400);
        refused.holds("/code", "invalid_body");
    }
}

async fn two_that_send_the_same_at_once_do_it_once(t: Tenant) {
    let office = Office::with_seats(t, 8).await;
    let mut events = Vec::new();
    for n in 0..8 {
        let name = format!("p{n}");
        office.hire(&name, json!({})).await;
        for s in 0..5 {
            events.push(
                json!({"id": format!("{name}-{s}"), "type": "session.completed", "member": name,
                "occurredAt": "2026-01-01T00:00:00Z", "sessionId": format!("s{s}")}),
            );
        }
    }
    let mut backwards = events.clone();
    backwards.reverse();
    let (one, other) = tokio::join!(
        office.owner.post("/events", json!(events)).into_future(),
        office.owner.post("/events", json!(backwards)).into_future(),
    );
    let (one, other) = (one.status(200), other.status(200));
    assert_eq!(one.number("/applied") + other.number("/applied"), 40);
    assert_eq!(one.number("/duplicate") + other.number("/duplicate"), 40);
    let all = office.owner.get("/members").await.status(200);
    assert_eq!(each_of(&all, "sessionsCompleted"), vec![json!(5); 8]);
}

async fn an_event_that_is_wrong_is_refused_by_itself(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let soon = |minutes| jiff::Timestamp::now() + SignedDuration::from_mins(minutes);
    let good = json!({"id": "good", "type": "account.activated", "member": "ada",
                      "occurredAt": "2026-01-01T00:00:00Z"});
    let wrong: [(Value, &str); 14] = [
        (json!({"member": "nobody@acme.example"}), "unknown_member"),
        (json!({"member": NOBODY}), "unknown_member"),
        (json!({"type": "session.rated"}), "unknown_type"),
        (json!({"type": "session.completed"}), "missing_field"),
        (
            json!({"type": "session.scheduled", "sessionId": "s"}),
            "missing_field",
        ),
        (json!({"type": "reflection.assigned"}), "missing_field"),
        (json!({"occurredAt": soon(6)}), "in_the_future"),
        (json!({"occurredAt": "yesterday"}), "invalid_value"),
        (json!({"occurredAt": "2026-01-01"}), "invalid_value"),
        (json!({"occurredAt": null}), "missing_field"),
        (json!({"notes": "she said"}), "unknown_field"),
        (json!({"durationMin": -1}), "invalid_value"),
        (json!({"member": null}), "missing_field"),
        (json!({"id": 7}), "invalid_value"),
    ];
    let mut events: Vec<_> = wrong
        .iter()
        .zip(0..)
        .map(|((rest, _), n)| {
            let mut event = good.clone();
            event["id"] = json!(format!("bad{n}"));
            crate::office::merge(&mut event, rest.clone());
            event
        })
        .collect();
    events.push(json!("nonsense"));
    events.push(good);
    let answer = office
        .owner
        .post("/events", json!(events))
        .await
        .status(200);
    for (n, (rest, problem)) in wrong.iter().enumerate() {
        let item = &answer["items"][n];
        assert_eq!(item["result"], "refused", "{rest} {answer}");
        assert_eq!(item["problem"], *problem, "{rest} {answer}");
        assert!(item["detail"].is_string(), "{answer}");
    }
    let answer = answer
        .holds("/refused", 15)
        .holds("/items/15", json!({"id": "good", "result": "applied"}));
    drop(answer);
    let early = json!({"id": "early", "type": "login", "member": "ada", "occurredAt": soon(4)});
    let answer = office.owner.post("/events", early).await.status(200);
    answer.holds("/items/0/result", "applied");
    let kept = office.owner.get("/events").await.status(200);
    assert_eq!(
        each(&kept, "id"),
        ["early", "good"],
        "what is refused is not kept"
    );
}

async fn a_person_is_found_by_whatever_is_at_hand(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    let id = office.hire("ada", json!({"externalId": "00u1"})).await;
    let shared = json!([{"value": "desk@acme.example"}]);
    office.hire("bob", json!({"emails": shared})).await;
    office.hire("cyd", json!({"emails": shared})).await;
    let names = [
        &id,
        "ada",
        "ADA@acme.example",
        "externalId:00u1",
        "desk@acme.example",
    ];
    let events: Value = names
        .iter()
        .enumerate()
        .map(|(n, who)| {
            json!({"id": format!("e{n}"), "type": "message.sent", "member": who,
                               "occurredAt": "2026-01-01T00:00:00Z"})
        })
        .collect();
    let answer = office.owner.post("/events", events).await.status(200);
    let answer = answer.holds("/applied", 4);
    answer.holds("/items/4/problem", "ambiguous_member");
    let events = office.owner.get("/members/ada/events").await.status(200);
    assert_eq!(each(&events, "member"), [id.as_str(); 4]);
}

fn logins(count: usize) -> Value {
    (0..count)
        .map(|n| {
            json!({"id": format!("e{n}"), "type": "login", "member": "ada",
                        "occurredAt": "2026-01-01T00:00:00Z"})
        })
        .collect()
}

async fn more_than_a_thousand_are_refused_whole(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let refused = office
        .owner
        .post("/events", logins(1_001))
        .await
        .status(400);
    refused.holds("/code", "too_many");
}

async fn a_thousand_go_through(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let answer = office
        .owner
        .post("/events", logins(1_000))
        .await
        .status(200);
    answer
        .holds("/applied", 1_000)
        .holds("/items/999/id", "e999");
}

async fn a_neighbours_events_are_their_own(t: Tenant) {
    let neighbour = Office::with_seats(t.neighbour(), 1).await;
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let event =
        json!({"id": "e", "type": "login", "member": ada, "occurredAt": "2026-01-01T00:00:00Z"});
    let refused = neighbour
        .owner
        .post("/events", event.clone())
        .await
        .status(200);
    refused.holds("/items/0/problem", "unknown_member");
    let applied = office
        .owner
        .post("/events", event.clone())
        .await
        .status(200);
    applied.holds("/items/0/result", "applied");
    let theirs = neighbour.hire("ada", json!({})).await;
    let mut same = event;
    same["member"] = json!(theirs);
    let applied = neighbour.owner.post("/events", same).await.status(200);
    applied.holds("/items/0/result", "applied");
    neighbour
        .owner
        .get(&format!("/members/{ada}/events"))
        .await
        .status(404);
    neighbour
        .owner
        .get(&format!("/members/{ada}/sessions"))
        .await
        .status(404);
}

async fn the_scim_resource_stays_as_it_was(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let path = format!("/Users/{ada}");
    let before = office.tenant.scim().get(&path).await.status(200);
    told(&office, &journey()).await.holds("/applied", 4);
    let after = office.tenant.scim().get(&path).await.status(200);
    assert_eq!(before.json, after.json);
    assert_eq!(before.header("etag"), after.header("etag"));
    let coaching = crate::common::COACHING;
    let asked = office
        .tenant
        .scim()
        .get(&path)
        .query("attributes", coaching)
        .await
        .status(200);
    for hidden in [
        "memberStatus",
        "stalled",
        "sessionsCompleted",
        "nextSessionAt",
        "lastEngagementAt",
    ] {
        assert!(asked[coaching].get(hidden).is_none(), "{hidden} {asked}");
    }
}

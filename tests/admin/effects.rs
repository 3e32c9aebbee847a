//! What every verb says came of it, and a dry run of each.

use serde_json::json;

use crate::common::{Engine, Tenant};
use crate::office::{Office, day, each, each_of, effect, effects};

both_engines!(
    an_end_says_what_was_freed_and_who_came_next,
    an_end_says_that_a_seat_is_used_up,
    an_extension_says_from_when_to_when,
    a_dry_run_of_each_verb_says_the_same_and_changes_nothing,
);
both_engines_alone!(booked_sessions_are_counted);

async fn an_end_says_what_was_freed_and_who_came_next(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    let bob = office.member("bob").await.id();
    let ended = office.end("ada").await;
    assert_eq!(
        ended["effects"],
        json!([
            {"effect": "access_ended", "reason": "removed_by_admin"},
            {"effect": "seat_freed", "pool": "main"},
            {"effect": "access_cut", "from": "full", "to": "archive"},
            {"effect": "promoted", "member": bob, "userName": "bob", "pool": "main"},
        ])
    );
    assert_eq!(effects(&office.end("ada").await), ["nothing_changed"]);
}

async fn an_end_says_that_a_seat_is_used_up(t: Tenant) {
    let office = Office::bare(t).await;
    let terms = json!({"reusePolicy": "consumable"});
    office.pool("main", 1, terms).await;
    office.hire("ada", json!({})).await;
    let ended = office.end("ada").await;
    let used = json!({"effect": "seat_used_up", "pool": "main", "reason": "reuse_policy"});
    assert_eq!(*effect(&ended, "seat_used_up"), used, "{ended}");
}

async fn an_extension_says_from_when_to_when(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"until": "2037-12-31"});
    let extended = office.extend("ada", body).await.status(200);
    let said = effect(&extended, "access_extended");
    assert_eq!(said["from"], "2040-01-01T00:00:00Z", "{extended}");
    assert_eq!(said["until"], "2038-01-01T00:00:00Z", "{extended}");
    assert_eq!(
        *effect(&extended, "seat_kept"),
        json!({"effect": "seat_kept", "pool": "main"})
    );
}

async fn a_dry_run_of_each_verb_says_the_same_and_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .make("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await;
    let policy = json!({"approveErasing": false});
    office.change("/policy", policy).await;
    office.pool("other", 1, json!({})).await;
    office
        .hire("ada", json!({crate::common::COACHING: {"pool": "main"}}))
        .await;
    office
        .hire("bob", json!({crate::common::COACHING: {"pool": "main"}}))
        .await;
    for (verb, mut body) in [
        ("pause", json!({"until": "2038-01-01"})),
        ("transfer", json!({"track": "sales", "pool": "other"})),
        (
            "pin",
            json!({"field": "accessEndDate", "value": "2038-01-01"}),
        ),
        ("extend", json!({"until": "2038-06-30"})),
        (
            "deactivate",
            json!({"reason": "inactive", "override": true}),
        ),
        ("reactivate", json!({"override": true})),
        ("resume", json!({})),
        ("end", json!({"reason": "declined"})),
        ("erase", json!({"confirm": "ada"})),
    ] {
        let id = office.member("ada").await.id();
        let seen = async || {
            let member = office.member(&id).await.json;
            let lines = office.owner.get("/ledger?limit=500").await.status(200);
            let pools = office.owner.get("/pools").await.status(200);
            // The chain is written behind, so only which lines there are.
            (member, each_of(&lines, "id"), pools.json)
        };
        let before = seen().await;
        body["dryRun"] = json!(true);
        let tried = office.act(&id, verb, body.clone()).await.status(200);
        let tried = tried.holds("/dryRun", true);
        assert_eq!(
            seen().await,
            before,
            "a dry run of {verb} changed something"
        );
        body["dryRun"] = json!(false);
        let done = office.act(&id, verb, body).await.status(200);
        assert_eq!(effects(&done), effects(&tried), "{verb}");
        assert_eq!(done["promoted"], tried["promoted"], "{verb}");
        if verb == "erase" {
            break;
        }
    }
    assert_eq!(office.state("bob").await, "assigned");
    office.books_balance().await;
}

async fn booked_sessions_are_counted(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let now = server.clock.now();
    for (id, days) in [("s1", 2), ("s2", 9)] {
        let event = json!({"id": id, "type": "session.scheduled", "member": "ada",
            "sessionId": id, "occurredAt": now,
            "startsAt": format!("{}T10:00:00Z", day(&server.clock, days))});
        let told = office.owner.post("/events", event).await.status(200);
        told.holds("/applied", 1);
    }
    // Those that lie in the pause.
    let until = json!({"until": day(&server.clock, 5), "dryRun": true});
    let paused = office.act("ada", "pause", until).await.status(200);
    assert_eq!(
        effect(&paused, "sessions_to_cancel")["count"],
        1,
        "{paused}"
    );
    let ended = office.end("ada").await;
    assert_eq!(effect(&ended, "sessions_to_cancel")["count"], 2, "{ended}");
    assert!(each(&office.owner.get("/members").await, "id").len() == 1);
}

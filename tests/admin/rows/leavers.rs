//! What becomes of those who leave: access, seat and records.

use serde_json::json;

use crate::common::{Engine, Tenant};
use crate::journey::tell_at;
use crate::office::{Office, days, each, effects};

both_engines!(
    row_12_of_1_2_what_each_removal_does_is_published_and_answered,
    row_13_of_1_2_three_verbs_do_three_things,
);
both_engines_alone!(
    row_15_of_1_2_records_stay_when_people_go,
    row_25_of_1_2_seats_come_back_without_asking_anybody,
);

async fn row_12_of_1_2_what_each_removal_does_is_published_and_answered(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let all = office.owner.get("/capabilities").await.status(200);
    for (removal, identity, access) in [
        ("end", "active", "archive"),
        ("deactivate", "inactive", "none"),
        ("delete", "deleted", "none"),
        ("erase", "erased", "none"),
    ] {
        let published = all.element("removals", "removal", removal);
        assert_eq!(published["identity"], identity, "{published}");
        assert_eq!(published["access"], access, "{published}");
        assert_eq!(
            published["undo"].is_null(),
            removal == "erase",
            "{published}"
        );
        // And it is so.
        let id = office.hire(removal, json!({})).await;
        let member = office.member(removal).await.id();
        match removal {
            "end" => {
                let done = office.end(removal).await;
                assert!(effects(&done).contains(&"access_ended"), "{done}");
            }
            "deactivate" => {
                let body = json!({"reason": "inactive", "override": true});
                let done = office.act(removal, "deactivate", body).await.status(200);
                assert!(effects(&done).contains(&"identity_deactivated"), "{done}");
            }
            "delete" => office.delete(&id).await,
            _ => {
                office
                    .change("/policy", json!({"approveErasing": false}))
                    .await;
                let body = json!({"confirm": "erase"});
                let done = office.act(removal, "erase", body).await.status(200);
                assert!(effects(&done).contains(&"erased"), "{done}");
            }
        }
        let gone = office.member(&member).await;
        gone.holds("/identityState", identity)
            .holds("/accessLevel", access);
    }
}

async fn row_13_of_1_2_three_verbs_do_three_things(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    office
        .change("/policy", json!({"approveErasing": false}))
        .await;
    office.hire_all(&["over", "away", "nobody"]).await;
    // Remove from coaching: may still read. Disable: nothing is open to them, the seat is held.
    // Erase: nothing tells any more who they were.
    office.end("over").await;
    let body = json!({"reason": "inactive", "override": true});
    office.act("away", "deactivate", body).await.status(200);
    let nobody = office.member("nobody").await.id();
    let confirm = json!({"confirm": "nobody"});
    office.act("nobody", "erase", confirm).await.status(200);
    for (who, seat, access, named) in [
        ("over", "ended", "archive", true),
        ("away", "grace", "none", true),
        (nobody.as_str(), "ended", "none", false),
    ] {
        let member = office.member(who).await;
        let member = member
            .holds("/seatState", seat)
            .holds("/accessLevel", access);
        assert_eq!(*member.at("/email") != json!(null), named, "{member}");
    }
    // There is no fourth that does all at once.
    office.act("over", "remove", json!({})).await.status(404);
    let figures = office.figures("main").await;
    figures.holds("/available", 2).holds("/grace", 1);
}

async fn row_15_of_1_2_records_stay_when_people_go(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office
        .change("/policy", json!({"approveErasing": false}))
        .await;
    let scim = office.hire("ada", json!({})).await;
    let id = office.member("ada").await.id();
    let session = json!({"sessionId": "s", "durationMin": 45});
    tell_at(
        &office,
        server.clock.now(),
        "ada",
        "session.completed",
        session,
    )
    .await;
    let kept = async |identity: &str, least: usize| {
        let member = office.member(&id).await.holds("/identityState", identity);
        let member = member.holds("/assignments/0/episode", 1);
        assert_eq!(member["assignments"].as_array().map(Vec::len), Some(1));
        let path = format!("/members/{id}/sessions");
        let sessions = office.owner.get(&path).await.status(200);
        sessions.holds("/items/0/durationMin", 45);
        let history = office.owner.get("/ledger").query("member", &id);
        let history = history.query("limit", "500").await.status(200);
        let lines = each(&history, "action").len();
        assert!(lines >= least, "{history}");
        lines
    };
    let mut lines = kept("active", 2).await;
    office.set_active(&scim, false).await;
    lines = kept("inactive", lines + 1).await;
    office.delete(&scim).await;
    lines = kept("deleted", lines + 1).await;
    let user_name = office.member(&id).await.string("/userName");
    let body = json!({"confirm": user_name});
    office.act(&id, "erase", body).await.status(200);
    kept("erased", lines + 1).await;
    let erased = office.member(&id).await;
    assert!(
        erased.string("/userName").starts_with("erased-"),
        "{erased}"
    );
    assert!(!erased.text.contains("acme.example"), "{erased}");
    office.books_balance().await;
    server.stop().await;
}

async fn row_25_of_1_2_seats_come_back_without_asking_anybody(engine: Engine) {
    let (server, office) = Office::alone(engine, 3).await;
    let leaver = office.hire("leaver", json!({})).await;
    office
        .hire_all(&["ended", "unused", "w1", "w2", "w3"])
        .await;
    // By a call, at once.
    office.end("ended").await;
    assert_eq!(office.state("w1").await, "assigned");
    // By the clock, when the grace is over.
    office.set_active(&leaver, false).await;
    assert_eq!(office.state("w2").await, "waitlisted");
    server.clock.advance(days(15));
    assert_eq!(office.state("w2").await, "assigned");
    // Many at once, by a plan of what nobody uses.
    let reclaim = json!({"filter": {"reason": "never_activated", "olderThanDays": 14}});
    let plan = office
        .owner
        .post("/seats/reclaim", reclaim)
        .await
        .status(201);
    let applied = crate::plans::step(&office.owner, &plan, "apply").await;
    applied.status(200).holds("/state", "applied");
    assert_eq!(office.state("unused").await, "ended");
    assert_eq!(office.state("w3").await, "assigned");
    office.books_balance().await;
    server.stop().await;
}

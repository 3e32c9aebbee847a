//! Pausing: the seat is kept and rests.

use jiff::SignedDuration;
use serde_json::json;

use crate::common::{COACHING, Engine, Tenant};
use crate::office::{Office, day, each, effect, effects};

both_engines!(
    a_paused_seat_is_kept_and_access_rests,
    pausing_twice_changes_nothing,
    only_a_seat_in_use_can_be_paused,
    nonsense_is_refused_and_changes_nothing,
    resuming_takes_no_body,
    a_note_is_checked_whatever_becomes_of_it,
    ending_ends_the_pause_with_it,
    leave_pauses_where_the_policy_has_it_so,
    what_an_operator_paused_is_not_resumed_by_the_end_of_leave,
    a_change_of_policy_pauses_and_resumes_who_is_on_leave,
    a_paused_seat_outlasts_grace,
);
both_engines_alone!(the_clock_resumes_at_the_instant, nobody_stalls_while_paused);

async fn a_paused_seat_is_kept_and_access_rests(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.hire("bob", json!({})).await;
    let paused = office
        .act("ada", "pause", json!({"note": "Ada King is ill"}))
        .await
        .status(200);
    assert_eq!(effects(&paused), ["paused", "seat_kept", "access_cut"]);
    paused
        .holds("/member/seatState", "assigned")
        .holds("/member/seatReason", "paused")
        .holds("/member/accessLevel", "archive")
        .holds("/member/pause/by", "admin")
        .holds("/member/pause/note", "Ada King is ill")
        .holds("/promoted", json!([]));
    assert_eq!(office.state("bob").await, "waitlisted");
    let archive = office.owner.get("/members?accessLevel=archive").await;
    assert_eq!(each(&archive.status(200), "userName"), ["ada"]);
    let full = office.owner.get("/members?accessLevel=full").await;
    assert!(each(&full.status(200), "userName").is_empty());
    let path = format!("/Users/{ada}?attributes={COACHING}");
    let seen = office.tenant.scim().get(&path).await.status(200);
    let pointer = |key: &str| format!("/{COACHING}/{key}");
    let seen = seen.holds(&pointer("accessLevel"), "archive");
    seen.holds(&pointer("seatReason"), "paused");
    let lines = office.owner.get("/ledger?member=ada").await.status(200);
    assert!(!lines.text.contains("King"), "{lines}");
    let resumed = office.act("ada", "resume", json!({})).await.status(200);
    assert_eq!(
        effects(&resumed),
        ["resumed", "seat_kept", "access_restored"]
    );
    resumed
        .holds("/member/accessLevel", "full")
        .holds("/member/seatReason", json!(null))
        .holds("/member/pause", json!(null));
    office.books_balance().await;
}

async fn pausing_twice_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let until = json!({"until": "2038-05-31"});
    office.act("ada", "pause", until.clone()).await.status(200);
    let lines = office.owner.get("/ledger").await.status(200);
    let again = office.act("ada", "pause", until).await.status(200);
    assert_eq!(effects(&again), ["nothing_changed"]);
    let still = office.owner.get("/ledger").await.status(200);
    assert_eq!(each(&still, "id"), each(&lines, "id"));
    office.act("ada", "resume", json!({})).await.status(200);
    let again = office.act("ada", "resume", json!({})).await.status(200);
    assert_eq!(effects(&again), ["nothing_changed"]);
}

async fn only_a_seat_in_use_can_be_paused(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let late = json!({COACHING: {"accessStartDate": "2037-01-01"}});
    office.hire("ada", late).await;
    let bob = office.hire("bob", json!({})).await;
    office.hire("cyd", json!({})).await;
    office.set_active(&bob, false).await;
    for who in ["ada", "bob", "cyd"] {
        let refused = office.act(who, "pause", json!({})).await.status(409);
        refused.holds("/code", "nothing_to_pause");
    }
}

async fn nonsense_is_refused_and_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for body in [
        json!({"until": "2020-01-01"}),
        json!({"until": "soon"}),
        json!({"until": 7}),
        json!({"dryRun": "yes"}),
    ] {
        let refused = office.act("ada", "pause", body).await.status(400);
        refused.holds("/code", "invalid_value");
    }
    let refused = office.act("ada", "pause", json!({"for": 3})).await;
    refused.status(400).holds("/code", "unknown_field");
    office.member("ada").await.holds("/pause", json!(null));
}

async fn resuming_takes_no_body(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.act("ada", "pause", json!({})).await.status(200);
    let request = office
        .owner
        .request(reqwest::Method::POST, "/members/ada/resume");
    request
        .await
        .status(200)
        .holds("/member/accessLevel", "full");
}

async fn ending_ends_the_pause_with_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.act("ada", "pause", json!({})).await.status(200);
    office.end("ada").await.holds("/seatFreed", true);
    office.member("ada").await.holds("/pause", json!(null));
    let back = json!({"until": "2038-01-01"});
    office.extend("ada", back).await.status(200);
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/accessLevel", "full");
    office.books_balance().await;
}

async fn leave_pauses_where_the_policy_has_it_so(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let ada = office.hire("ada", json!({})).await;
    office
        .set_coaching(&ada, "employmentStatus", json!("leave"))
        .await;
    office.member("ada").await.holds("/accessLevel", "full");
    office
        .set_coaching(&ada, "employmentStatus", json!("active"))
        .await;
    office
        .change("/policy", json!({"pauseOnLeave": true}))
        .await;
    office
        .set_coaching(&ada, "employmentStatus", json!("leave"))
        .await;
    office
        .member("ada")
        .await
        .holds("/accessLevel", "archive")
        .holds("/seatReason", "paused")
        .holds("/pause/by", "leave");
    let refused = office.act("ada", "resume", json!({})).await.status(409);
    refused.holds("/code", "on_leave");
    let away = json!({COACHING: {"employmentStatus": "leave"}});
    office.hire("bob", away).await;
    office.member("bob").await.holds("/accessLevel", "archive");
    office
        .set_coaching(&ada, "employmentStatus", json!("active"))
        .await;
    office
        .member("ada")
        .await
        .holds("/accessLevel", "full")
        .holds("/episode", 1);
    office.books_balance().await;
}

async fn what_an_operator_paused_is_not_resumed_by_the_end_of_leave(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .change("/policy", json!({"pauseOnLeave": true}))
        .await;
    let ada = office.hire("ada", json!({})).await;
    office.act("ada", "pause", json!({})).await.status(200);
    for status in ["leave", "active"] {
        office
            .set_coaching(&ada, "employmentStatus", json!(status))
            .await;
        office.member("ada").await.holds("/pause/by", "admin");
    }
    office.act("ada", "resume", json!({})).await.status(200);
    office.member("ada").await.holds("/accessLevel", "full");
}

async fn a_change_of_policy_pauses_and_resumes_who_is_on_leave(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let away = json!({COACHING: {"employmentStatus": "leave"}});
    office.hire("ada", away).await;
    for (pauses, level) in [(true, "archive"), (false, "full")] {
        office
            .change("/policy", json!({"pauseOnLeave": pauses}))
            .await;
        office.member("ada").await.holds("/accessLevel", level);
    }
}

async fn a_paused_seat_outlasts_grace(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    office.act("ada", "pause", json!({})).await.status(200);
    office.set_active(&ada, false).await;
    office.member("ada").await.holds("/accessLevel", "none");
    office.set_active(&ada, true).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "assigned")
        .holds("/accessLevel", "archive")
        .holds("/seatReason", "paused");
}

async fn the_clock_resumes_at_the_instant(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let until = server.clock.now() + SignedDuration::from_hours(24);
    office
        .act("ada", "pause", json!({"until": until}))
        .await
        .status(200);
    server.clock.advance(SignedDuration::from_hours(23));
    office.member("ada").await.holds("/accessLevel", "archive");
    server.clock.advance(SignedDuration::from_hours(1));
    office
        .member("ada")
        .await
        .holds("/accessLevel", "full")
        .holds("/pause", json!(null));
    let lines = office.owner.get("/ledger?member=ada").await.status(200);
    let resumed = lines.element("items", "action", "access.resumed");
    assert_eq!(resumed["actor"], "clock", "{lines}");
    office.books_balance().await;
}

async fn nobody_stalls_while_paused(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let until = json!({"until": day(&server.clock, 29)});
    let paused = office.act("ada", "pause", until).await.status(200);
    assert_eq!(effect(&paused, "paused")["by"], "admin");
    server.clock.advance(SignedDuration::from_hours(24 * 20));
    office.member("ada").await.holds("/stalled", false);
    // It begins anew when the pause is over: thirty days on, and ten for who was only invited.
    server.clock.advance(SignedDuration::from_hours(24 * 19));
    office.member("ada").await.holds("/stalled", false);
    server.clock.advance(SignedDuration::from_hours(24 * 2));
    let late = office.member("ada").await;
    assert_eq!(late.at("/stalled/reason"), "delayed_activation", "{late}");
}

async fn a_note_is_checked_whatever_becomes_of_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.act("ada", "pause", json!({})).await.status(200);
    for (act, sent) in [
        ("resume", json!({})),
        ("extend", json!({"addDays": 1})),
        ("erase", json!({"dryRun": true})),
    ] {
        for note in [json!(""), json!("n".repeat(1_001)), json!(5)] {
            let mut sent = sent.clone();
            sent["note"] = note;
            let refused = office.act("ada", act, sent).await.status(400);
            refused
                .holds("/code", "invalid_value")
                .holds("/field", "note");
        }
    }
    let ada = office.owner.get("/members/ada").await.status(200);
    ada.holds("/seatReason", "paused");
}

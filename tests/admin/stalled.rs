//! Who has stalled: in a status for too long, and why.

use jiff::SignedDuration;
use serde_json::json;

use crate::common::Engine;
use crate::journey::{tell_at, tell_now};
use crate::office::{Office, days};

both_engines_alone!(
    row_43_stalled_is_a_flag_over_the_status,
    row_43_each_status_has_its_reason,
    a_booked_session_puts_stalling_off,
    leave_stops_the_clock,
    thresholds_are_the_tracks_then_the_tenants,
    a_track_changed_changes_the_threshold,
    a_benchmark_is_what_the_tenants_own_people_took,
    a_start_ahead_runs_no_clock,
);

async fn row_43_stalled_is_a_flag_over_the_status(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let invited = office
        .member("ada")
        .await
        .string("/assignments/0/seatTakenAt");
    let invited: jiff::Timestamp = invited.parse().unwrap();
    server
        .clock
        .set(invited + days(10) - SignedDuration::from_secs(30));
    office.member("ada").await.holds("/stalled", false);
    server.clock.set(invited + days(10));
    let ada = office.member("ada").await.holds("/status", "invited");
    let ada = ada.holds("/displayStatus", "stalled");
    ada.holds(
        "/stalled",
        json!({"since": invited + days(10), "reason": "delayed_activation",
               "thresholdDays": 10, "benchmark": null}),
    );
    let list = office
        .owner
        .get("/members")
        .query("stalled", "true")
        .await
        .status(200);
    list.holds("/items/0/stalled", true)
        .holds("/items/0/displayStatus", "stalled");
    tell_now(&server, &office, "account.activated", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/stalled", false)
        .holds("/displayStatus", "activated");
    server.stop().await;
}

async fn row_43_each_status_has_its_reason(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let reflection = json!({"reflectionId": "r"});
    for (kind, rest, days_left, reason) in [
        ("account.activated", json!({}), 7, "onboarding_incomplete"),
        (
            "onboarding.completed",
            json!({}),
            14,
            "no_scheduled_session",
        ),
        (
            "session.completed",
            json!({"sessionId": "s"}),
            30,
            "no_scheduled_session",
        ),
        (
            "reflection.assigned",
            reflection.clone(),
            14,
            "reflection_incomplete",
        ),
        (
            "reflection.completed",
            reflection,
            30,
            "no_scheduled_session",
        ),
    ] {
        tell_now(&server, &office, kind, rest).await;
        server
            .clock
            .advance(days(days_left) - SignedDuration::from_mins(5));
        office.member("ada").await.holds("/stalled", false);
        server.clock.advance(SignedDuration::from_mins(5));
        let ada = office.member("ada").await.holds("/stalled/reason", reason);
        ada.holds("/stalled/thresholdDays", days_left);
    }
    server.stop().await;
}

async fn a_booked_session_puts_stalling_off(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    tell_now(
        &server,
        &office,
        "session.completed",
        json!({"sessionId": "s"}),
    )
    .await;
    let booked = json!({"sessionId": "t", "startsAt": server.clock.now() + days(40)});
    tell_now(&server, &office, "session.scheduled", booked).await;
    server.clock.advance(days(39));
    office.member("ada").await.holds("/stalled", false);
    server.clock.advance(days(1));
    office
        .member("ada")
        .await
        .holds("/stalled/reason", "no_scheduled_session");
    server.stop().await;
}

async fn leave_stops_the_clock(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    server.clock.advance(days(9));
    office
        .set_coaching(&ada, "employmentStatus", json!("leave"))
        .await;
    server.clock.advance(days(100));
    office
        .member("ada")
        .await
        .holds("/stalled", false)
        .holds("/seatState", "assigned");
    office
        .set_coaching(&ada, "employmentStatus", json!("active"))
        .await;
    server.clock.advance(days(9));
    office.member("ada").await.holds("/stalled", false);
    server.clock.advance(days(1));
    office
        .member("ada")
        .await
        .holds("/stalled/reason", "delayed_activation");
    server.stop().await;
}

async fn thresholds_are_the_tracks_then_the_tenants(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    server.clock.advance(days(5));
    let set = json!({"stallThresholds": {"invited": 5}});
    let policy = office.change("/policy", set).await;
    policy
        .holds("/stallThresholds/invited", 5)
        .holds("/stallThresholds/activated", 7);
    office
        .member("ada")
        .await
        .holds("/stalled/thresholdDays", 5);
    let track = office
        .change(
            "/tracks/growth",
            json!({"stallThresholds": {"invited": 20}}),
        )
        .await;
    track.holds("/stallThresholds", json!({"invited": 20}));
    office.member("ada").await.holds("/stalled", false);
    let none = json!({"stallThresholds": {"invited": null}});
    let track = office.change("/tracks/growth", none).await;
    track.holds("/stallThresholds", json!({}));
    office
        .member("ada")
        .await
        .holds("/stalled/thresholdDays", 5);
    office
        .change("/policy", json!({"stallThresholds": null}))
        .await
        .holds("/stallThresholds/invited", 10);
    office.member("ada").await.holds("/stalled", false);
    for (value, field) in [
        (json!({"invited": 0}), "stallThresholds.invited"),
        (json!({"ended": 5}), "stallThresholds.ended"),
        (json!(5), "stallThresholds"),
    ] {
        let refused = office
            .patch("/policy", json!({"stallThresholds": value}))
            .await
            .status(400);
        refused
            .holds("/code", "invalid_value")
            .holds("/field", field);
    }
    server.stop().await;
}

async fn a_track_changed_changes_the_threshold(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let patient = json!({"key": "slow", "name": "Slow", "stallThresholds": {"invited": 50}});
    office.make("/tracks", patient).await;
    let ada = office.hire("ada", json!({})).await;
    server.clock.advance(days(11));
    office
        .member("ada")
        .await
        .holds("/displayStatus", "stalled");
    office.set_coaching(&ada, "track", json!("slow")).await;
    office
        .member("ada")
        .await
        .holds("/displayStatus", "invited")
        .holds("/track", "slow");
    server.stop().await;
}

async fn a_benchmark_is_what_the_tenants_own_people_took(engine: Engine) {
    let (server, office) = Office::alone(engine, 40).await;
    office.hire("ada", json!({})).await;
    for n in 0..29 {
        office.hire(&format!("p{n}"), json!({})).await;
    }
    let start = server.clock.now();
    server.clock.advance(days(4));
    for n in 0..29 {
        let took = SignedDuration::from_hours(48 + n);
        tell_at(
            &office,
            start + took,
            &format!("p{n}"),
            "account.activated",
            json!({}),
        )
        .await;
    }
    let policy = office
        .change("/policy", json!({"thresholdMode": "benchmark"}))
        .await;
    policy.holds("/thresholdMode", "benchmark");
    office.member("ada").await.holds("/stalled", false);
    office.hire("late", json!({})).await;
    server.clock.advance(SignedDuration::from_hours(25));
    tell_at(
        &office,
        server.clock.now(),
        "late",
        "account.activated",
        json!({}),
    )
    .await;
    // The next of the daily looks finds that there are enough.
    server.clock.advance(days(1));
    for _ in 0..200 {
        if !office
            .member("ada")
            .await
            .at("/stalled/benchmark")
            .is_null()
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let ada = office.member("ada").await;
    ada.holds("/stalled/benchmark", json!({"n": 30, "days": 3}))
        .holds("/stalled/thresholdDays", 3)
        .holds("/stalled/reason", "delayed_activation");
    office
        .change("/policy", json!({"thresholdMode": "fixed"}))
        .await;
    office.member("ada").await.holds("/stalled", false);
    server.stop().await;
}

async fn a_start_ahead_runs_no_clock(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ahead =
        json!({crate::common::COACHING: {"accessStartDate": server.clock.now() + days(30)}});
    office.hire("ada", ahead).await;
    office
        .member("ada")
        .await
        .holds("/seatState", "scheduled")
        .holds("/status", json!(null));
    server.clock.advance(days(31));
    office
        .member("ada")
        .await
        .holds("/status", "invited")
        .holds("/stalled", false);
    server.clock.advance(days(9));
    office
        .member("ada")
        .await
        .holds("/stalled/reason", "delayed_activation");
    server.stop().await;
}

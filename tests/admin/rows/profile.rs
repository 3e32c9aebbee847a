//! One person's profile.

use serde_json::json;

use crate::common::{COACHING, Engine, Tenant};
use crate::journey::tell_at;
use crate::office::{Office, days};

both_engines!(row_13_each_episode_has_its_start_and_its_end);
both_engines_alone!(
    row_12_last_engagement_is_the_latest_event_that_counts,
    row_13_a_return_is_an_episode_of_its_own,
);

async fn row_12_last_engagement_is_the_latest_event_that_counts(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office.hire("ada", json!({})).await;
    let begun = server.clock.now();
    office
        .member("ada")
        .await
        .holds("/lastEngagementAt", json!(null));
    server.clock.advance(days(20));
    let at = |n: i64| begun + days(n);
    let mut latest = json!(null);
    for (n, kind, rest, counts) in [
        (1, "login", json!({}), false),
        (2, "account.activated", json!({}), true),
        (3, "onboarding.completed", json!({}), true),
        (
            4,
            "session.scheduled",
            json!({"sessionId": "s", "startsAt": at(30)}),
            true,
        ),
        (5, "session.cancelled", json!({"sessionId": "s"}), false),
        (6, "session.completed", json!({"sessionId": "t"}), true),
        (7, "session.no_show", json!({"sessionId": "u"}), false),
        (
            8,
            "reflection.assigned",
            json!({"reflectionId": "r"}),
            false,
        ),
        (
            9,
            "reflection.completed",
            json!({"reflectionId": "r"}),
            true,
        ),
        (10, "message.sent", json!({}), true),
        (11, "login", json!({}), false),
    ] {
        tell_at(&office, at(n), "ada", kind, rest).await;
        if counts {
            latest = json!(at(n));
        }
        let ada = office.member("ada").await;
        assert_eq!(*ada.at("/lastEngagementAt"), latest, "{kind}\n{ada}");
    }
    // What arrives late does not turn it back.
    tell_at(&office, at(9), "ada", "message.sent", json!({})).await;
    office
        .member("ada")
        .await
        .holds("/lastEngagementAt", latest);
    server.stop().await;
}

async fn row_13_each_episode_has_its_start_and_its_end(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let dates = json!({"accessStartDate": "2037-03-01", "accessEndDate": "2037-08-31"});
    office.hire("ada", json!({COACHING: dates})).await;
    let ada = office.member("ada").await;
    // The last day is whole: access ends as the next one begins.
    ada.holds("/accessStartDate", "2037-03-01")
        .holds("/accessEndDate", "2037-08-31")
        .holds("/assignments/0/episode", 1)
        .holds("/assignments/0/startsAt", "2037-03-01T00:00:00Z")
        .holds("/assignments/0/endsAt", "2037-09-01T00:00:00Z")
        .holds("/assignments/0/endSource", "idp")
        .lacks("/assignments/1");
}

async fn row_13_a_return_is_an_episode_of_its_own(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let first = office.member("ada").await.string("/assignments/0/startsAt");
    server.clock.advance(days(30));
    office.set_active(&ada, false).await;
    server.clock.advance(days(30));
    office.set_active(&ada, true).await;
    let ada = office.member("ada").await;
    let ada = ada
        .holds("/episode", 2)
        .holds("/assignments/0/episode", 2)
        .holds("/assignments/0/state", "assigned")
        .holds("/assignments/0/endedAt", json!(null))
        .holds("/assignments/1/episode", 1)
        .holds("/assignments/1/state", "ended")
        .holds("/assignments/1/startsAt", first.as_str())
        .holds("/assignments/1/endReason", "deactivated");
    // The newest first, and none begins before the one before it was over.
    let (begun, over) = (
        ada.string("/assignments/0/startsAt"),
        ada.string("/assignments/1/endedAt"),
    );
    let instant = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    assert!(
        instant(&over) <= instant(&begun) && instant(&over) > instant(&first),
        "{ada}"
    );
    server.stop().await;
}

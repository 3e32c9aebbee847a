//! An end that a length of access made stays when the identity provider or a group changes the
//! track (domain 4.5).

use serde_json::{Value, json};

use crate::common::{Engine, Tenant};
use crate::office::{Office, day, days};

both_engines!(
    the_end_stays_when_the_track_changes_and_when_they_are_written_again,
    the_end_stays_when_a_group_changes_the_track,
    a_date_that_is_sent_goes_before_the_end_that_was_kept,
    an_end_of_the_pools_is_none_that_is_kept,
    who_moves_to_another_pool_has_the_length_of_the_new_track,
    an_operator_says_whether_the_end_stays,
);

both_engines_alone!(a_shorter_track_does_not_end_access_at_once,);

/// Tracks of 100 and of 10 days.
async fn tracks(office: &Office) {
    for (key, length) in [
        ("long", json!(100)),
        ("short", json!(10)),
        ("open", Value::Null),
    ] {
        let body = json!({"key": key, "name": key, "durationDays": length});
        office.make("/tracks", body).await;
    }
}

async fn office(t: Tenant) -> (Office, String, String) {
    let office = Office::with_seats(t, 9).await;
    tracks(&office).await;
    let ada = office.hire("ada", json!({})).await;
    office.set_coaching(&ada, "track", json!("long")).await;
    let end = office.member("ada").await.string("/accessEndDate");
    (office, ada, end)
}

async fn the_end_stays_when_the_track_changes_and_when_they_are_written_again(t: Tenant) {
    let (office, ada, end) = office(t).await;
    for track in ["short", "long", "short"] {
        office.set_coaching(&ada, "track", json!(track)).await;
        let member = office.member("ada").await;
        member
            .holds("/track", track)
            .holds("/accessEndDate", end.clone())
            .holds("/accessEndSource", "rule")
            .holds("/episode", 1);
    }
    office.set(&ada, "title", json!("CEO")).await;
    // A change of something else in the catalog places everybody anew.
    office
        .make("/tracks", json!({"key": "more", "name": "More"}))
        .await;
    let member = office.member("ada").await;
    member
        .holds("/track", "short")
        .holds("/accessEndDate", end.clone());
    let explained = office.owner.get("/members/ada/explain").await.status(200);
    assert!(
        explained.text.contains(&format!("\"keptEnd\":\"{end}\"")),
        "{explained}"
    );
}

async fn the_end_stays_when_a_group_changes_the_track(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    tracks(&office).await;
    for (group, track) in [("L", "long"), ("S", "short")] {
        office
            .make("/mappings", json!({"group": group, "track": track}))
            .await;
    }
    let ada = office.hire("ada", json!({})).await;
    let group = office.tenant.create_group("L", &[&ada]).await.id();
    let end = office.member("ada").await.string("/accessEndDate");
    office.tenant.create_group("S", &[&ada]).await;
    let leave = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    let request = office
        .tenant
        .scim()
        .patch(&format!("/Groups/{group}"), leave);
    request.await.status(200);
    let member = office.member("ada").await;
    member.holds("/track", "short").holds("/accessEndDate", end);
}

async fn a_date_that_is_sent_goes_before_the_end_that_was_kept(t: Tenant) {
    let (office, ada, end) = office(t).await;
    office.set_coaching(&ada, "track", json!("short")).await;
    office
        .set_coaching(&ada, "accessEndDate", json!("2038-05-31"))
        .await;
    let member = office.member("ada").await;
    member
        .holds("/accessEndDate", "2038-05-31")
        .holds("/accessEndSource", "idp");
    office
        .set_coaching(&ada, "accessEndDate", json!("none"))
        .await;
    office.member("ada").await.holds("/accessEndDate", end);
}

async fn an_end_of_the_pools_is_none_that_is_kept(t: Tenant) {
    let (office, ada, end) = office(t).await;
    office.hire("bob", json!({})).await;
    let bob = office.member("bob").await.string("/scimId");
    office.set_coaching(&bob, "track", json!("open")).await;
    let member = office.member("bob").await.holds("/accessEndSource", "pool");
    assert_ne!(member.string("/accessEndDate"), end);
    office.set_coaching(&bob, "track", json!("long")).await;
    office.member("bob").await.holds("/accessEndDate", end);
    assert_eq!(office.state(&ada).await, "assigned");
}

async fn who_moves_to_another_pool_has_the_length_of_the_new_track(t: Tenant) {
    let (office, ada, end) = office(t).await;
    office.pool("other", 3, json!({})).await;
    office.set_coaching(&ada, "track", json!("short")).await;
    office
        .member("ada")
        .await
        .holds("/accessEndDate", end.clone());
    office.set_coaching(&ada, "pool", json!("other")).await;
    let member = office.member("ada").await.holds("/pool", "other");
    assert_ne!(member.string("/accessEndDate"), end);
}

async fn an_operator_says_whether_the_end_stays(t: Tenant) {
    let (office, _, end) = office(t).await;
    let stays = json!({"track": "short"});
    office.act("ada", "transfer", stays).await.status(200);
    office
        .member("ada")
        .await
        .holds("/accessEndDate", end.clone());
    let ends = json!({"track": "open", "keepEndDate": false});
    office.act("ada", "transfer", ends).await.status(200);
    let ends = json!({"track": "short", "keepEndDate": false});
    office.act("ada", "transfer", ends).await.status(200);
    let member = office.member("ada").await.holds("/track", "short");
    assert_ne!(member.string("/accessEndDate"), end);
}

async fn a_shorter_track_does_not_end_access_at_once(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    tracks(&office).await;
    let ada = office.hire("ada", json!({})).await;
    office.set_coaching(&ada, "track", json!("long")).await;
    let end = office.member("ada").await.string("/accessEndDate");
    server.clock.advance(days(20));
    office.set_coaching(&ada, "track", json!("short")).await;
    let member = office.member("ada").await;
    member
        .holds("/seatState", "assigned")
        .holds("/accessEndDate", end.clone());
    // Who comes back later has an episode by the length of the track.
    office.set_active(&ada, false).await;
    server.clock.advance(days(20));
    office.set_active(&ada, true).await;
    let member = office.member("ada").await.holds("/episode", 2);
    let due = day(&server.clock, 10);
    assert!(member.string("/accessEndDate") <= due, "{member}");
}

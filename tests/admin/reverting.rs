//! Undoing what a line of the ledger says an operator did.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{COACHING, Engine, Reply, Tenant};
use crate::office::{Office, days, effects};

both_engines!(
    an_end_is_undone_on_a_seat_that_is_free,
    an_end_is_not_undone_once_its_seat_is_given_on,
    an_extension_is_undone,
    an_extension_that_revived_is_undone,
    a_transfer_is_undone_with_its_pins,
    a_transfer_to_another_pool_is_undone,
    a_pin_goes_back_to_the_one_before,
    a_pause_is_undone_and_so_is_its_end,
    what_has_changed_since_is_not_undone,
    what_no_operator_did_is_not_undone,
    undoing_can_be_tried_out,
    nobody_who_is_erased_comes_back,
    only_lines_of_the_own_ledger_are_undone,
);

both_engines_alone!(an_end_that_would_have_come_is_not_undone,);

impl Office {
    /// The place in the chain of the newest line of this action about somebody.
    async fn seq_of(&self, who: &str, action: &str) -> i64 {
        let path = format!("/members/{who}/ledger?action={action}");
        for _ in 0..200 {
            let lines = self.owner.get(&path).await.status(200);
            assert!(!lines.at("/items/0").is_null(), "no {action}\n{lines}");
            if let Some(seq) = lines.at("/items/0/seq").as_i64() {
                return seq;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a line is not sealed");
    }

    async fn undo(&self, seq: i64) -> Reply {
        let body = json!({"reason": "error_correction"});
        self.owner
            .post(&format!("/ledger/{seq}/revert"), body)
            .await
    }

    async fn undo_last(&self, who: &str, action: &str) -> Reply {
        let seq = self.seq_of(who, action).await;
        self.undo(seq).await
    }
}

async fn an_end_is_undone_on_a_seat_that_is_free(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let wish = json!({COACHING: {"accessEndDate": "2037-03-31"}});
    office.hire("ada", wish).await;
    office.end("ada").await;
    let seq = office.seq_of("ada", "access.ended").await;
    let undone = office.undo(seq).await.status(200);
    let undone = undone
        .holds("/reverted/seq", seq)
        .holds("/reverted/action", "access.ended")
        .holds("/member/seatState", "assigned")
        .holds("/member/accessEndDate", "2037-03-31")
        .holds("/member/accessEndSource", "idp")
        .holds("/member/episode", 1);
    assert!(effects(&undone).contains(&"seat_reopened"), "{undone}");
    assert!(effects(&undone).contains(&"access_restored"), "{undone}");
    let lines = office.owner.get("/ledger?action=entry.reverted").await;
    lines
        .holds("/items/0/detail/seq", seq)
        .holds("/items/0/detail/action", "access.ended")
        .holds("/items/0/detail/reason", "error_correction")
        .holds("/items/0/member", office.member("ada").await.id());
    // An end that the identity provider sends counts again, as it did before.
    let ada = office.member("ada").await.string("/scimId");
    office
        .set_coaching(&ada, "accessEndDate", json!("2037-05-31"))
        .await;
    office
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-05-31");
    let again = office.undo(seq).await.status(409);
    again.holds("/code", "changed_since");
    office.books_balance().await;
}

async fn an_end_is_not_undone_once_its_seat_is_given_on(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    office.end("ada").await;
    assert_eq!(office.state("bob").await, "assigned");
    let lines = office.owner.get("/ledger").await.status(200).json["items"].clone();
    let refused = office.undo_last("ada", "access.ended").await.status(409);
    refused
        .holds("/code", "pool_full")
        .holds("/pool", "main")
        .holds("/available", 0)
        .holds("/waitlist", 0);
    assert_eq!(office.state("ada").await, "ended");
    assert_eq!(office.state("bob").await, "assigned");
    let now = office.owner.get("/ledger").await.status(200).json["items"].clone();
    assert_eq!(
        now.as_array().unwrap().len(),
        lines.as_array().unwrap().len()
    );
}

async fn an_end_that_would_have_come_is_not_undone(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let until = crate::office::day(&server.clock, 5);
    office
        .hire("ada", json!({COACHING: {"accessEndDate": until}}))
        .await;
    office.end("ada").await;
    let seq = office.seq_of("ada", "access.ended").await;
    server.clock.advance(days(10));
    let refused = office.undo(seq).await.status(409);
    refused.holds("/code", "access_end_reached");
}

async fn an_extension_is_undone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let wish = json!({COACHING: {"accessEndDate": "2037-03-31"}});
    let ada = office.hire("ada", wish).await;
    office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    let undone = office.undo_last("ada", "access.extended").await.status(200);
    undone
        .holds("/member/accessEndDate", "2037-03-31")
        .holds("/member/accessEndSource", "idp");
    // It holds no more: the identity provider's word counts as if nobody had extended.
    office
        .set_coaching(&ada, "accessEndDate", json!("2037-04-30"))
        .await;
    office
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-04-30");
    // One of two goes back to the other, which still holds.
    office
        .extend("ada", json!({"until": "2037-08-31"}))
        .await
        .status(200);
    office
        .extend("ada", json!({"until": "2037-10-31"}))
        .await
        .status(200);
    let undone = office.undo_last("ada", "access.extended").await.status(200);
    undone
        .holds("/member/accessEndDate", "2037-08-31")
        .holds("/member/accessEndSource", "admin");
    office.books_balance().await;
}

async fn an_extension_that_revived_is_undone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    assert_eq!(office.state("ada").await, "assigned");
    let undone = office.undo_last("ada", "access.extended").await.status(200);
    undone.holds("/member/seatState", "ended");
    office.figures("main").await.holds("/available", 1);
    office.books_balance().await;
}

async fn two_tracks(office: &Office) {
    let track = json!({"key": "exec", "name": "Executive"});
    office.make("/tracks", track).await;
}

async fn a_transfer_is_undone_with_its_pins(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    two_tracks(&office).await;
    office.hire("ada", json!({})).await;
    let moved = office
        .act("ada", "transfer", json!({"track": "exec"}))
        .await;
    moved.status(200).holds("/member/track", "exec");
    let undone = office.undo_last("ada", "track.changed").await.status(200);
    let undone = undone
        .holds("/member/track", "growth")
        .holds("/member/pins", json!([]));
    assert!(effects(&undone).contains(&"unpinned"), "{undone}");
    // One that was not pinned as well.
    let once = json!({"track": "exec", "pin": false});
    office.act("ada", "transfer", once).await.status(200);
    let undone = office.undo_last("ada", "track.changed").await.status(200);
    undone
        .holds("/member/track", "growth")
        .holds("/member/episode", 1);
    office.books_balance().await;
}

async fn a_transfer_to_another_pool_is_undone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .pool("other", 1, json!({"termEnd": "2039-12-31"}))
        .await;
    office
        .hire("ada", json!({COACHING: {"pool": "main"}}))
        .await;
    let there = json!({"pool": "other"});
    office
        .act("ada", "transfer", there.clone())
        .await
        .status(200);
    let undone = office
        .undo_last("ada", "seat.transferred")
        .await
        .status(200);
    undone
        .holds("/member/pool", "main")
        .holds("/member/pins", json!([]));
    office.figures("other").await.holds("/available", 1);
    // Where somebody else sits there by now, they stay where they are.
    office.act("ada", "transfer", there).await.status(200);
    office
        .hire("bob", json!({COACHING: {"pool": "main"}}))
        .await;
    let refused = office
        .undo_last("ada", "seat.transferred")
        .await
        .status(409);
    refused.holds("/code", "pool_full").holds("/pool", "main");
    office.member("ada").await.holds("/pool", "other");
    office.books_balance().await;
}

async fn a_pin_goes_back_to_the_one_before(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    two_tracks(&office).await;
    office.hire("ada", json!({})).await;
    let pin = |value: &str| json!({"field": "accessEndDate", "value": value});
    office
        .act("ada", "pin", pin("2037-03-31"))
        .await
        .status(200);
    office
        .act("ada", "pin", pin("2037-06-30"))
        .await
        .status(200);
    let undone = office.undo_last("ada", "pin.set").await.status(200);
    undone
        .holds("/member/accessEndDate", "2037-03-31")
        .holds("/member/pins/0/value", "2037-03-31");
    let lift = office
        .owner
        .delete("/members/ada/pin?field=accessEndDate")
        .await;
    lift.status(200).holds("/member/pins", json!([]));
    let undone = office.undo_last("ada", "pin.lifted").await.status(200);
    undone
        .holds("/member/accessEndDate", "2037-03-31")
        .holds("/member/pins/0/value", "2037-03-31");
}

async fn a_pause_is_undone_and_so_is_its_end(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office
        .act("ada", "pause", json!({"until": "2036-12-31"}))
        .await
        .status(200);
    let undone = office.undo_last("ada", "access.paused").await.status(200);
    undone
        .holds("/member/accessLevel", "full")
        .holds("/member/pause", Value::Null);
    office
        .act("ada", "pause", json!({"until": "2036-12-31"}))
        .await
        .status(200);
    office.act("ada", "resume", json!({})).await.status(200);
    let undone = office.undo_last("ada", "access.resumed").await.status(200);
    let until = undone.string("/member/pause/until");
    undone.holds("/member/accessLevel", "archive");
    assert!(
        until.starts_with("2036-12-31") || until.starts_with("2037-01-01"),
        "{until}"
    );
}

async fn what_has_changed_since_is_not_undone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office
        .extend("ada", json!({"until": "2037-09-30"}))
        .await
        .status(200);
    let seq = office.seq_of("ada", "access.extended").await;
    office.act("ada", "pause", json!({})).await.status(200);
    let refused = office.undo(seq).await.status(409);
    refused
        .holds("/code", "changed_since")
        .holds("/since/action", "access.paused");
    office
        .member("ada")
        .await
        .holds("/accessEndDate", "2037-09-30");
}

async fn what_no_operator_did_is_not_undone(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let ada = office.hire("ada", json!({})).await;
    let made = office.undo_last("ada", "seat.assigned").await.status(409);
    made.holds("/code", "not_revertible")
        .holds("/action", "seat.assigned");
    two_tracks(&office).await;
    office.set_coaching(&ada, "track", json!("exec")).await;
    let theirs = office.undo_last("ada", "track.changed").await.status(409);
    theirs.holds("/code", "not_revertible");
    office.set_active(&ada, false).await;
    let grace = office
        .undo_last("ada", "seat.grace_started")
        .await
        .status(409);
    grace.holds("/code", "not_revertible");
    office.member("ada").await.holds("/track", "exec");
}

async fn undoing_can_be_tried_out(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    let seq = office.seq_of("ada", "access.ended").await;
    let body = json!({"reason": "wrong_person", "dryRun": true});
    let path = format!("/ledger/{seq}/revert");
    let tried = office.owner.post(&path, body).await.status(200);
    tried
        .holds("/dryRun", true)
        .holds("/member/seatState", "assigned");
    assert_eq!(office.state("ada").await, "ended");
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"reason": "because"}), "invalid_value"),
        (
            json!({"reason": "wrong_person", "note": "x"}),
            "unknown_field",
        ),
    ] {
        let refused = office.owner.post(&path, body).await.status(400);
        refused.holds("/code", code);
    }
    let auditor = office.tenant.admin("auditor");
    let body = json!({"reason": "wrong_person"});
    auditor
        .post(&path, body)
        .await
        .status(403)
        .holds("/right", "access");
}

async fn nobody_who_is_erased_comes_back(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office
        .change("/policy", json!({"approveErasing": false}))
        .await;
    office.hire("ada", json!({})).await;
    let id = office.member("ada").await.id();
    office.end("ada").await;
    let seq = office.seq_of("ada", "access.ended").await;
    office
        .act(&id, "erase", json!({"confirm": "ada"}))
        .await
        .status(200);
    let refused = office.undo(seq).await.status(409);
    refused.holds("/code", "not_known");
}

async fn only_lines_of_the_own_ledger_are_undone(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    office.end("ada").await;
    let seq = office.seq_of("ada", "access.ended").await;
    let neighbour = Office::bare(office.tenant.neighbour()).await;
    neighbour.undo(seq + 1_000).await.status(404);
    for path in [
        "/ledger/x/revert",
        "/ledger/0/revert",
        "/ledger/99999/revert",
    ] {
        let body = json!({"reason": "wrong_person"});
        office.owner.post(path, body).await.status(404);
    }
    // A line about no person.
    let pool = office.owner.get("/ledger?limit=500").await.status(200);
    let lines = pool["items"].as_array().unwrap();
    let nobody = lines
        .iter()
        .find(|line| line["member"].is_null() && !line["seq"].is_null());
    let seq = nobody.unwrap()["seq"].as_i64().unwrap();
    let refused = office.undo(seq).await.status(409);
    refused.holds("/code", "not_revertible");
}

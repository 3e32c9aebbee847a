//! Inviting people by their addresses (domain 1.1, row 31).

use jiff::SignedDuration;
use seatkeeper::clock::Clock;
use serde_json::{Value, json};

use crate::common::receiver::Receiver;
use crate::common::{COACHING, Engine, NOBODY, Reply, Tenant};
use crate::office::{Office, day, days, each, each_of};

both_engines!(
    row_31_an_invited_address_has_a_seat_on_its_track,
    the_webhook_says_what_to_write,
    each_address_is_answered_for,
    a_dry_run_invites_nobody,
    a_full_pool_is_said,
    an_identity_provider_finds_and_links_whom_an_operator_invited,
    nonsense_is_refused_and_invites_nobody,
    an_invitation_is_for_program_admins,
    another_tenants_invitation_is_not_there,
);

both_engines_alone!(
    row_31_an_invitation_is_sent_when_its_time_comes,
    an_invitation_is_changed_or_called_off_until_it_is_sent,
    sent_again_it_keeps_when_the_person_was_invited,
);

async fn invite(office: &Office, body: Value) -> Reply {
    office.owner.post("/invitations", body).await
}

fn results(reply: &Reply) -> Vec<(&str, &str)> {
    let items = reply["items"].as_array().unwrap().iter();
    items
        .map(|i| (i["email"].as_str().unwrap(), i["result"].as_str().unwrap()))
        .collect()
}

async fn row_31_an_invited_address_has_a_seat_on_its_track(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let track = json!({"key": "leadership", "name": "Leadership"});
    office.make("/tracks", track).await;
    let body = json!({"emails": "ada@acme.example; bob@acme.example", "track": "leadership",
                      "pool": "main", "durationDays": 30, "timezone": "Europe/Berlin",
                      "language": "de"});
    let done = invite(&office, body).await.status(200);
    let done = done.holds("/invited", 2).holds("/warnings", json!([]));
    let done = done.holds("/items/0/seatState", "assigned");
    assert_eq!(
        results(&done),
        [
            ("ada@acme.example", "invited"),
            ("bob@acme.example", "invited")
        ]
    );
    let member = office.member("ada@acme.example").await;
    let member = member
        .holds("/track", "leadership")
        .holds("/managedBy", "admin")
        .holds("/status", "invited")
        .holds("/accessEndSource", "idp");
    let ends: jiff::civil::Date = member.string("/accessEndDate").parse().unwrap();
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let today = berlin.to_datetime(Clock::system().now());
    let left = today.date().until(ends).unwrap().get_days();
    assert!((29..=30).contains(&left), "{member}");
    let all = office
        .owner
        .get("/invitations?state=sent")
        .await
        .status(200);
    assert_eq!(
        each(&all, "email"),
        ["bob@acme.example", "ada@acme.example"]
    );
    office.books_balance().await;
}

async fn the_webhook_says_what_to_write(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url, "types": ["member.invited"]});
    office.owner.post("/webhooks", hook).await.status(201);
    let body = json!({"emails": ["ada@acme.example"], "message": "Welcome!", "language": "de"});
    invite(&office, body).await.status(200);
    let got = receiver
        .until_told("member.invited", "ada@acme.example")
        .await;
    let told = &got.json["data"]["invitation"];
    assert_eq!(told["message"], "Welcome!", "{}", got.body);
    assert_eq!(told["language"], "de");
    assert_eq!(told["again"], false);
    let lines = office.owner.get("/ledger").await.status(200);
    assert!(!lines.text.contains("ada@"), "{lines}");
}

async fn each_address_is_answered_for(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.hire("ada", json!({})).await;
    let later = json!({"emails": "cid@acme.example", "sendAt": "2039-01-01T00:00:00Z"});
    invite(&office, later)
        .await
        .status(200)
        .holds("/scheduled", 1);
    let text = "ADA@acme.example, nonsense;bob@acme.example\n cid@acme.example BOB@acme.example";
    let done = invite(&office, json!({"emails": text})).await.status(200);
    assert_eq!(
        results(&done),
        [
            ("ADA@acme.example", "already_member"),
            ("nonsense", "invalid_address"),
            ("bob@acme.example", "invited"),
            ("cid@acme.example", "already_invited"),
        ]
    );
    done.holds("/invited", 1)
        .holds("/refused", 3)
        .holds("/warnings", json!(["not_in_idp"]));
    office.figures("main").await.holds("/occupied", 2);
}

async fn a_dry_run_invites_nobody(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let body = json!({"emails": "ada@acme.example", "dryRun": true});
    let done = invite(&office, body).await.status(200);
    done.holds("/dryRun", true)
        .holds("/items/0/result", "invited");
    let all = office.owner.get("/invitations").await.status(200);
    assert_eq!(each(&all, "id").len(), 0);
    office
        .owner
        .get("/members/ada@acme.example")
        .await
        .status(404);
}

async fn a_full_pool_is_said(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 1, json!({"fullPolicy": "reject"}))
        .await;
    let emails = json!({"emails": "ada@acme.example bob@acme.example"});
    let done = invite(&office, emails).await.status(200);
    assert_eq!(
        results(&done),
        [
            ("ada@acme.example", "invited"),
            ("bob@acme.example", "pool_full")
        ]
    );
    office
        .change("/pools/main", json!({"fullPolicy": "waitlist"}))
        .await;
    let emails = json!({"emails": "bob@acme.example"});
    let done = invite(&office, emails).await.status(200);
    done.holds("/items/0/result", "invited")
        .holds("/items/0/seatState", "waitlisted");
}

async fn an_identity_provider_finds_and_links_whom_an_operator_invited(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    invite(&office, json!({"emails": "ada@acme.example"}))
        .await
        .status(200);
    let scim = office.tenant.scim();
    let filter = "userName eq \"ada@acme.example\"";
    let found = scim.get("/Users").query("filter", filter).await.status(200);
    assert_eq!(found.total(), 1);
    let id = found.string("/Resources/0/id");
    office.set(&id, "externalId", json!("00u1")).await;
    let member = office.member("externalId:00u1").await;
    member
        .holds("/managedBy", "scim")
        .holds("/seatState", "assigned");
}

async fn nonsense_is_refused_and_invites_nobody(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = "ada@acme.example";
    for (body, code, field) in [
        (json!({}), "missing_field", "emails"),
        (json!({"emails": 7}), "invalid_value", "emails"),
        (json!({"emails": [7]}), "invalid_value", "emails"),
        (json!({"emails": " , ;"}), "invalid_value", "emails"),
        (
            json!({"emails": ada, "track": "none"}),
            "invalid_value",
            "track",
        ),
        (
            json!({"emails": ada, "pool": "none"}),
            "invalid_value",
            "pool",
        ),
        (
            json!({"emails": ada, "startsAt": "soon"}),
            "invalid_value",
            "startsAt",
        ),
        (
            json!({"emails": ada, "sendAt": "soon"}),
            "invalid_value",
            "sendAt",
        ),
        (
            json!({"emails": ada, "timezone": "Mars"}),
            "invalid_value",
            "timezone",
        ),
        (
            json!({"emails": ada, "durationDays": 0}),
            "invalid_value",
            "durationDays",
        ),
        (
            json!({"emails": ada, "durationDays": 5, "endsAt": "2039-01-01"}),
            "invalid_value",
            "durationDays",
        ),
        (
            json!({"emails": ada, "endsAt": "2020-01-01"}),
            "invalid_value",
            "endsAt",
        ),
        (json!({"emails": ada, "role": "x"}), "unknown_field", "role"),
    ] {
        let refused = invite(&office, body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
    let many: Vec<_> = (0..501).map(|n| format!("u{n}@acme.example")).collect();
    let refused = invite(&office, json!({"emails": many})).await.status(400);
    refused.holds("/code", "too_many");
    let all = office.owner.get("/invitations").await.status(200);
    assert_eq!(each(&all, "id").len(), 0);
    for id in [NOBODY, "x"] {
        let path = format!("/invitations/{id}");
        office.owner.get(&path).await.status(404);
        office.owner.delete(&path).await.status(404);
        let path = format!("{path}/resend");
        office.owner.post(&path, json!({})).await.status(404);
    }
}

async fn an_invitation_is_for_program_admins(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let body = json!({"emails": "ada@acme.example"});
    for role in ["viewer", "approver", "license_admin", "auditor"] {
        let client = office.tenant.admin(role);
        let refused = client.post("/invitations", body.clone()).await.status(403);
        refused.holds("/right", "invite");
        client.get("/invitations").await.status(403);
    }
    let client = office.tenant.admin("program_admin");
    let done = client.post("/invitations", body).await.status(200);
    done.holds("/invited", 1);
}

async fn another_tenants_invitation_is_not_there(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let later = json!({"emails": "cid@acme.example", "sendAt": "2039-01-01"});
    let id = invite(&office, later).await.string("/items/0/id");
    let other = office.tenant.neighbour().admin("owner");
    let path = format!("/invitations/{id}");
    other.get(&path).await.status(404);
    other.delete(&path).await.status(404);
    let mine = office.owner.get(&path).await.status(200);
    mine.holds("/state", "scheduled");
}

/// Waits until an invitation is in a state.
async fn until(office: &Office, id: &str, state: &str) -> Reply {
    for _ in 0..400 {
        let read = office.owner.get(&format!("/invitations/{id}")).await;
        if read["state"] == state {
            return read;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the invitation is never {state}");
}

async fn row_31_an_invitation_is_sent_when_its_time_comes(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let at = format!("{}T09:00", day(&server.clock, 3));
    let body = json!({"emails": "ada@acme.example", "sendAt": at, "durationDays": 10,
                      "timezone": "America/New_York"});
    let done = invite(&office, body).await.status(200);
    let done = done
        .holds("/scheduled", 1)
        .holds("/items/0/result", "scheduled");
    let id = done.string("/items/0/id");
    let read = office.owner.get(&format!("/invitations/{id}")).await;
    let send_at: jiff::Timestamp = read.string("/sendAt").parse().unwrap();
    let new_york = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let there = new_york.to_datetime(send_at);
    assert_eq!(there.time(), jiff::civil::time(9, 0, 0, 0));
    server.clock.set(send_at - SignedDuration::from_secs(60));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    office
        .owner
        .get("/members/ada@acme.example")
        .await
        .status(404);
    server.clock.set(send_at + SignedDuration::from_secs(1));
    let sent = until(&office, &id, "sent").await;
    assert!(sent.at("/invitedAt").is_string(), "{sent}");
    office
        .member("ada@acme.example")
        .await
        .holds("/seatState", "assigned");
}

async fn an_invitation_is_changed_or_called_off_until_it_is_sent(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    let later = day(&server.clock, 5);
    let body = json!({"emails": "ada@acme.example bob@acme.example", "sendAt": later});
    let done = invite(&office, body).await.status(200);
    let (ada, bob) = (done.string("/items/0/id"), done.string("/items/1/id"));
    let sooner = json!({"sendAt": day(&server.clock, 1), "message": "Hello"});
    let path = format!("/invitations/{ada}");
    let changed = office.patch(&path, sooner).await.status(200);
    changed.holds("/message", "Hello");
    let refused = office.patch(&path, json!({"track": "none"})).await;
    refused.status(400);
    let off = office.owner.delete(&format!("/invitations/{bob}")).await;
    off.status(200).holds("/state", "cancelled");
    server.clock.advance(days(2));
    until(&office, &ada, "sent").await;
    server.clock.advance(days(5));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    office
        .owner
        .get("/members/bob@acme.example")
        .await
        .status(404);
    let refused = office.patch(&path, json!({"message": "x"})).await;
    refused.status(409).holds("/code", "already_sent");
    let refused = office.owner.delete(&path).await.status(409);
    refused.holds("/code", "already_sent");
    let path = format!("/invitations/{bob}/resend");
    let refused = office.owner.post(&path, json!({})).await.status(409);
    refused.holds("/code", "not_sent");
}

async fn sent_again_it_keeps_when_the_person_was_invited(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url, "types": ["member.invited"]});
    office.owner.post("/webhooks", hook).await.status(201);
    let done = invite(&office, json!({"emails": "ada@acme.example"})).await;
    let id = done.string("/items/0/id");
    let first = office.owner.get(&format!("/invitations/{id}")).await;
    receiver.until_got(1).await;
    server.clock.advance(days(3));
    let path = format!("/invitations/{id}/resend");
    let again = office.owner.post(&path, json!({})).await.status(200);
    assert_eq!(again["invitedAt"], first["invitedAt"]);
    assert!(again.string("/resentAt") > first.string("/invitedAt"));
    let got = receiver.until_got(2).await;
    assert_eq!(got[1].json["data"]["invitation"]["again"], true);
    assert_ne!(got[0].id(), got[1].id());
    let user = office.owner.get("/members/ada@acme.example").await;
    let scim = office
        .tenant
        .scim()
        .get(&format!("/Users/{}", user.string("/scimId")));
    let scim = scim.await.status(200);
    assert!(scim.json.get(COACHING).is_none(), "{scim}");
    assert_eq!(
        each_of(&office.owner.get("/invitations").await, "state"),
        ["sent"]
    );
}

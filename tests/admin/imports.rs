//! Files of HR systems: rows that become people, and those that do not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{COACHING, ENTERPRISE, Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_file_is_tried_before_it_is_applied,
    row_9_of_1_2_a_file_makes_people_with_seats_tracks_and_dates,
    the_same_file_twice_changes_nothing,
    a_file_changes_what_it_says_and_nothing_else,
    people_of_an_identity_provider_keep_who_they_are,
    an_identity_provider_takes_over_whom_a_file_made,
    people_are_found_by_worker_then_external_id_then_address,
    an_address_that_is_used_again_is_not_the_same_person,
    a_full_pool_refuses_its_rows_alone,
    a_rehire_is_the_same_person,
    more_rows_than_a_batch_go_in,
    files_and_creates_at_once_sell_no_seat_twice,
    imports_are_listed_and_read,
    only_some_roles_may_import,
);

impl Office {
    pub(crate) async fn send(&self, query: &str, file: impl Into<Vec<u8>>) -> Reply {
        let path = format!("/imports?{query}");
        let request = self.owner.request(Method::POST, &path);
        request.body("text/csv", file).await
    }

    /// Applies the plan that an import waits for; it takes nobody's approval.
    pub(crate) async fn apply_import(&self, planned: &Reply) -> Reply {
        let path = format!("/plans/{}/apply", planned.string("/plan/id"));
        let hash = json!({"hash": planned.string("/plan/hash")});
        self.owner.post(&path, hash).await.status(200);
        let path = format!("/imports/{}", planned.string("/id"));
        self.owner.get(&path).await.status(200)
    }

    /// Sends a file that is applied.
    pub(crate) async fn import(&self, file: &str) -> Reply {
        self.send("dryRun=false", file).await.status(201)
    }

    pub(crate) async fn ledger_lines(&self) -> usize {
        let ledger = self.owner.get("/ledger?limit=500").await.status(200);
        ledger["items"].as_array().unwrap().len()
    }
}

/// Created, changed, unchanged, deactivated, scheduled, failed.
#[track_caller]
pub(crate) fn came_to(reply: &Reply, expected: [usize; 6]) {
    let counts = [
        "created",
        "changed",
        "unchanged",
        "deactivated",
        "scheduled",
        "failed",
    ];
    let found = counts.map(|count| reply.number(&format!("/{count}")));
    assert_eq!(found, expected, "{counts:?}\n{reply}");
}

pub(crate) fn codes(reply: &Reply, list: &str) -> Vec<String> {
    let all = reply[list].as_array().unwrap();
    let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
    all.iter().map(code).collect()
}

pub(crate) const TWO: &str = "worker_id,email,given_name,family_name,department,track,access_end\n\
                   007,ada@acme.example,Ada,Ito,Sales,growth,2037-05-31\n\
                   008,bob@acme.example,Bob,Ray,,,\n";

async fn a_file_is_tried_before_it_is_applied(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let lines = office.ledger_lines().await;
    let reply = office.send("", TWO).await.status(201);
    came_to(&reply, [2, 0, 0, 0, 0, 0]);
    let reply = reply.holds("/dryRun", true).holds("/mode", "upsert");
    reply.holds("/rows", 2).holds("/state", "finished");
    let people = office.owner.get("/members").await.status(200);
    assert!(each(&people, "id").is_empty(), "{people}");
    office.figures("main").await.holds("/available", 5);
    assert_eq!(office.ledger_lines().await, lines);
}

async fn row_9_of_1_2_a_file_makes_people_with_seats_tracks_and_dates(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let reply = office.import(TWO).await;
    came_to(&reply, [2, 0, 0, 0, 0, 0]);
    let ada = office.member("ada@acme.example").await;
    let ada = ada
        .holds("/managedBy", "import")
        .holds("/seatState", "assigned")
        .holds("/track", "growth")
        .holds("/accessEndDate", "2037-05-31")
        .holds("/name/familyName", "Ito")
        .holds("/attributes/department", "Sales");
    let user = office
        .tenant
        .scim()
        .get(&format!("/Users/{}", ada.string("/scimId")));
    let user = user
        .await
        .status(200)
        .holds("/userName", "ada@acme.example");
    assert_eq!(user[COACHING]["workerId"], "007", "leading zeros stay");
    assert_eq!(user[ENTERPRISE]["department"], "Sales");
    office.figures("main").await.holds("/occupied", 2);
    office.books_balance().await;
    let ledger = office.owner.get("/ledger?member=bob@acme.example").await;
    let mut actions = each(&ledger, "action");
    actions.sort_unstable();
    assert_eq!(actions, ["member.created", "seat.assigned"], "{ledger}");
}

async fn the_same_file_twice_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.import(TWO).await;
    let lines = office.ledger_lines().await;
    let version = office
        .member("ada@acme.example")
        .await
        .string("/lastModified");
    let reply = office.import(TWO).await;
    came_to(&reply, [0, 0, 2, 0, 0, 0]);
    assert_eq!(office.ledger_lines().await, lines);
    let again = office.member("ada@acme.example").await;
    again.holds("/lastModified", version);
}

async fn a_file_changes_what_it_says_and_nothing_else(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.import(TWO).await;
    let file = "worker_id,email,department,access_end\n007,ada.king@acme.example,,2036-01-31\n";
    let reply = office.import(file).await;
    came_to(&reply, [0, 1, 0, 0, 0, 0]);
    let ada = office.member("ada.king@acme.example").await;
    ada.holds("/userName", "ada.king@acme.example")
        .holds("/attributes/department", Value::Null)
        .holds("/name/familyName", "Ito")
        .holds("/accessEndDate", "2036-01-31");
    office
        .owner
        .get("/members/ada@acme.example")
        .await
        .status(404);
    office.books_balance().await;
}

async fn people_of_an_identity_provider_keep_who_they_are(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let track = json!({"key": "exec", "name": "Executive"});
    office.make("/tracks", track).await;
    office.hire("ada", json!({"title": "CEO"})).await;
    let file = "email,title,track,access_end\nada@acme.example,Clown,exec,2036-01-31\n";
    let reply = office.import(file).await;
    came_to(&reply, [0, 1, 0, 0, 0, 0]);
    assert_eq!(codes(&reply, "warnings"), ["managed_by_idp"]);
    reply.holds("/warnings/0/rows", 1);
    let ada = office.member("ada@acme.example").await;
    ada.holds("/title", "CEO")
        .holds("/managedBy", "scim")
        .holds("/track", "exec")
        .holds("/accessEndDate", "2036-01-31");
    // A leaver of theirs loses the seat, and stays who the identity provider says they are.
    let reply = office.send("mode=deprovision&dryRun=false", "email\nada@acme.example\n");
    came_to(&reply.await.status(201), [0, 0, 0, 1, 0, 0]);
    let ada = office.member("ada@acme.example").await;
    ada.holds("/identityState", "active")
        .holds("/seatState", "grace");
    office.books_balance().await;
}

async fn an_identity_provider_takes_over_whom_a_file_made(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.import(TWO).await;
    let found = office.tenant.scim().get("/Users");
    let found = found
        .query("filter", "userName eq \"ada@acme.example\"")
        .await;
    let id = found.string("/Resources/0/id");
    office.set(&id, "title", json!("CEO")).await;
    let ada = office.member("ada@acme.example").await;
    ada.holds("/managedBy", "scim");
    // So no file can end her by leaving her out.
    let file = "email\nbob@acme.example\n";
    let reply = office
        .send("mode=full&dryRun=false", file)
        .await
        .status(201);
    // Where there is nothing to do there is nothing to plan.
    reply.holds("/omitted", 0).holds("/state", "finished");
}

async fn people_are_found_by_worker_then_external_id_then_address(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "email,worker_id,external_id\na@acme.example,1,x1\nb@acme.example,,x2\n\
                c@acme.example,,\n";
    office.import(file).await;
    let file = "email,worker_id,external_id,title\na2@acme.example,1,x1,A\n\
                b2@acme.example,,x2,B\nC@ACME.example,,,C\n";
    let reply = office.import(file).await;
    came_to(&reply, [0, 3, 0, 0, 0, 0]);
    let a = office.member("a2@acme.example").await;
    a.holds("/title", "A");
    let b = office.member("b2@acme.example").await;
    b.holds("/title", "B");
    let c = office.member("c@acme.example").await;
    c.holds("/title", "C");
    let people = office.owner.get("/members").await;
    assert_eq!(each(&people, "id").len(), 3);
}

async fn an_address_that_is_used_again_is_not_the_same_person(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office
        .import("email,worker_id\na@acme.example,1\nb@acme.example,2\n")
        .await;
    let file = "email,worker_id\na@acme.example,9\nb@acme.example,1\n";
    for query in ["dryRun=true", "dryRun=false"] {
        let reply = office.send(query, file).await.status(201);
        came_to(&reply, [0, 0, 0, 0, 0, 2]);
        assert_eq!(codes(&reply, "errors"), ["uniqueness", "uniqueness"]);
    }
}

async fn a_full_pool_refuses_its_rows_alone(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 1, json!({"fullPolicy": "reject"}))
        .await;
    let file = "email,termination_date\na@acme.example,\nb@acme.example,\nc@acme.example,\n\
                d@acme.example,2020-01-01\n";
    let reply = office.import(file).await;
    came_to(&reply, [1, 0, 1, 0, 0, 2]);
    assert_eq!(
        codes(&reply, "errors"),
        ["seat_unavailable", "seat_unavailable"]
    );
    let people = office.owner.get("/members").await;
    assert_eq!(each(&people, "userName"), ["a@acme.example"]);
    office
        .pool("spare", 1, json!({"fullPolicy": "waitlist"}))
        .await;
    office.books_balance().await;
}

async fn a_rehire_is_the_same_person(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.import("email,worker_id\na@acme.example,1\n").await;
    let before = office.member("a@acme.example").await;
    office.delete(&before.string("/scimId")).await;
    let file = "email,worker_id\nb@acme.example,2\na.new@acme.example,1\n";
    let reply = office.import(file).await;
    came_to(&reply, [2, 0, 0, 0, 0, 0]);
    let after = office.member("a.new@acme.example").await;
    after
        .holds("/id", before.id())
        .holds("/episode", 2)
        .holds("/managedBy", "import");
}

async fn more_rows_than_a_batch_go_in(t: Tenant) {
    use std::fmt::Write as _;
    let office = Office::bare(t).await;
    office
        .pool("first", 60, json!({"termEnd": "2038-12-31"}))
        .await;
    office.pool("second", 150, json!({})).await;
    let mut file = String::from("email,worker_id,track\n");
    for n in 0..330 {
        let _ = writeln!(file, "p{n}@acme.example,{n},growth");
    }
    let reply = office.import(&file).await;
    came_to(&reply, [330, 0, 0, 0, 0, 0]);
    office.figures("first").await.holds("/occupied", 60);
    let second = office.figures("second").await;
    second.holds("/occupied", 150).holds("/available", 0);
    let waiting = office
        .owner
        .get("/members?seatState=waitlisted&limit=500")
        .await;
    assert_eq!(each(&waiting, "id").len(), 120);
    office.books_balance().await;
    let reply = office.import(&file).await;
    came_to(&reply, [0, 0, 330, 0, 0, 0]);
}

async fn files_and_creates_at_once_sell_no_seat_twice(t: Tenant) {
    let office = Office::with_seats(t, 230).await;
    let file = |name: &str| {
        let rows = (0..150).map(|n| format!("{name}{n}@acme.example\n"));
        format!("email\n{}", rows.collect::<String>())
    };
    let hires = async {
        for n in 0..20 {
            office.hire(&format!("c{n}"), json!({})).await;
        }
    };
    let (one, other) = (file("a"), file("b"));
    let (one, other, ()) = tokio::join!(office.import(&one), office.import(&other), hires);
    came_to(&one, [150, 0, 0, 0, 0, 0]);
    came_to(&other, [150, 0, 0, 0, 0, 0]);
    let pool = office.figures("main").await;
    pool.holds("/occupied", 230)
        .holds("/available", 0)
        .holds("/waitlist", 90);
    office.books_balance().await;
}

async fn imports_are_listed_and_read(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let first = office.import(TWO).await;
    let second = office.send("mode=full", TWO).await;
    let path = format!("/admin/v1/imports/{}", first.id());
    assert_eq!(first.header("location"), path);
    let listed = office.owner.get("/imports").await.status(200);
    assert_eq!(each(&listed, "id"), [second.id(), first.id()]);
    let read = office.owner.get(&format!("/imports/{}", first.id())).await;
    assert_eq!(read.status(200).json, first.json);
    let csv = office
        .owner
        .get("/imports?format=csv&limit=1")
        .await
        .status(200);
    assert_eq!(csv.text.lines().count(), 2, "{csv}");
    let neighbour = Office::bare(office.tenant.neighbour()).await;
    for path in [
        format!("/imports/{}", first.id()),
        format!("/imports/{}/errors.csv", first.id()),
        "/imports/nonsense".to_owned(),
    ] {
        neighbour.owner.get(&path).await.status(404);
    }
}

async fn only_some_roles_may_import(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    for (role, may) in [
        ("viewer", false),
        ("approver", false),
        ("program_admin", false),
        ("auditor", false),
        ("license_admin", true),
    ] {
        let client = office.tenant.admin(role);
        let sent = client
            .request(Method::POST, "/imports")
            .body("text/csv", TWO);
        sent.await.status(if may { 201 } else { 403 });
        let status = if may { 200 } else { 403 };
        client.get("/imports").await.status(status);
    }
}

//! Files of HR systems: rows that become people, and those that do not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{COACHING, ENTERPRISE, Engine, Reply, Tenant};
use crate::office::{Office, days, each};

both_engines!(
    a_file_is_tried_before_it_is_applied,
    row_9_of_1_2_a_file_makes_people_with_seats_tracks_and_dates,
    the_same_file_twice_changes_nothing,
    a_file_changes_what_it_says_and_nothing_else,
    rows_that_are_wrong_fail_alone,
    a_broken_row_loses_no_other,
    the_rows_that_failed_can_be_mended_and_sent_again,
    what_is_no_file_of_people_is_refused,
    files_are_read_however_they_were_written,
    people_of_an_identity_provider_keep_who_they_are,
    an_identity_provider_takes_over_whom_a_file_made,
    people_are_found_by_worker_then_external_id_then_address,
    an_address_that_is_used_again_is_not_the_same_person,
    leavers_are_deactivated_or_scheduled,
    whoever_returns_has_access_again,
    a_full_file_ends_those_it_leaves_out_when_their_number_is_said,
    a_full_file_with_unreadable_rows_ends_nobody,
    a_connection_leaves_out_its_own_people_alone,
    a_full_pool_refuses_its_rows_alone,
    a_rehire_is_the_same_person,
    more_rows_than_a_batch_go_in,
    files_and_creates_at_once_sell_no_seat_twice,
    imports_are_listed_and_read,
    only_some_roles_may_import,
);

both_engines_alone!(rows_of_files_are_forgotten_after_a_month,);

impl Office {
    async fn send(&self, query: &str, file: impl Into<Vec<u8>>) -> Reply {
        let path = format!("/imports?{query}");
        let request = self.owner.request(Method::POST, &path);
        request.body("text/csv", file).await
    }

    /// Applies the plan that an import waits for; it takes nobody's approval.
    async fn apply_import(&self, planned: &Reply) -> Reply {
        let path = format!("/plans/{}/apply", planned.string("/plan/id"));
        let hash = json!({"hash": planned.string("/plan/hash")});
        self.owner.post(&path, hash).await.status(200);
        let path = format!("/imports/{}", planned.string("/id"));
        self.owner.get(&path).await.status(200)
    }

    /// Sends a file that is applied.
    async fn import(&self, file: &str) -> Reply {
        self.send("dryRun=false", file).await.status(201)
    }

    async fn ledger_lines(&self) -> usize {
        let ledger = self.owner.get("/ledger?limit=500").await.status(200);
        ledger["items"].as_array().unwrap().len()
    }
}

/// Created, changed, unchanged, deactivated, scheduled, failed.
#[track_caller]
fn came_to(reply: &Reply, expected: [usize; 6]) {
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

fn codes(reply: &Reply, list: &str) -> Vec<String> {
    let all = reply[list].as_array().unwrap();
    let code = |one: &Value| one["code"].as_str().unwrap().to_owned();
    all.iter().map(code).collect()
}

const TWO: &str = "worker_id,email,given_name,family_name,department,track,access_end\n\
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

async fn rows_that_are_wrong_fail_alone(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "email,worker_id,track,pool,access_end,termination_date\n\
                ada@acme.example,1,,,,\n\
                ,2,,,,\n\
                not an address,3,,,,\n\
                ADA@acme.example,4,,,,\n\
                bob@acme.example,1,,,,\n\
                cyd@acme.example,5,piano,,,\n\
                dee@acme.example,6,,attic,,\n\
                eve@acme.example,7,,,31.12.2037,\n\
                fay@acme.example,8,growth,main,2037-12-31,\n";
    for query in ["dryRun=true", "dryRun=false"] {
        let reply = office.send(query, file).await.status(201);
        came_to(&reply, [2, 0, 0, 0, 0, 7]);
        let at = |error: &Value| {
            let column = error["column"].as_str().unwrap().to_owned();
            let code = error["code"].as_str().unwrap().to_owned();
            (error["line"].as_u64().unwrap(), column, code)
        };
        let errors: Vec<_> = reply["errors"].as_array().unwrap().iter().map(at).collect();
        let expected = [
            (3, "email", "missing_email"),
            (4, "email", "invalid_email"),
            (5, "email", "duplicate"),
            (6, "worker_id", "duplicate"),
            (7, "track", "unknown_track"),
            (8, "pool", "unknown_pool"),
            (9, "access_end", "invalid_date"),
        ];
        let expected = expected.map(|(line, c, e)| (line, c.to_owned(), e.to_owned()));
        assert_eq!(errors, expected, "{query}\n{reply}");
    }
    let people = office.owner.get("/members").await;
    let mut names = each(&people, "userName");
    names.sort_unstable();
    assert_eq!(names, ["ada@acme.example", "fay@acme.example"]);
}

async fn a_broken_row_loses_no_other(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "email,title\nada@acme.example,CEO\nbob@acme.example,\"CTO\n\
                cyd@acme.example,\"Head, \"\"Sales\"\"\"\ndee@acme.example\neve@acme.example,CFO\n";
    let reply = office.import(file).await;
    came_to(&reply, [3, 0, 0, 0, 0, 2]);
    assert_eq!(codes(&reply, "errors"), ["broken_row", "broken_row"]);
    reply.holds("/errors/0/line", 3).holds("/errors/1/line", 5);
    let cyd = office.member("cyd@acme.example").await;
    cyd.holds("/title", "Head, \"Sales\"");
    office
        .owner
        .get("/members/bob@acme.example")
        .await
        .status(404);
}

async fn the_rows_that_failed_can_be_mended_and_sent_again(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "Worker ID;E-mail;Shoe size;Track\n007;ada@acme.example;40;\n\
                008;bob@acme.example;41;piano\n009;\"cyd;x\";42;\n";
    let reply = office.import(file).await;
    came_to(&reply, [1, 0, 0, 0, 0, 2]);
    assert_eq!(codes(&reply, "warnings"), ["unknown_column"]);
    let path = reply.string("/errorsCsv").replace("/admin/v1", "");
    let failed = office.owner.get(&path).await.status(200);
    let mut lines = failed.text.lines();
    assert_eq!(
        lines.next(),
        Some("Worker ID,E-mail,Shoe size,Track,line,error")
    );
    let bob = lines.next().unwrap();
    assert!(bob.starts_with("008,bob@acme.example,41,piano,3,"), "{bob}");
    assert!(lines.next().unwrap().starts_with("009,cyd;x,42,,4,"));
    assert_eq!(lines.next(), None);
    let mended = failed
        .text
        .replace("piano", "growth")
        .replace("cyd;x", "cyd@acme.example");
    let reply = office.import(&mended).await;
    came_to(&reply, [2, 0, 0, 0, 0, 0]);
    assert_eq!(codes(&reply, "warnings"), ["unknown_column"], "{reply}");
}

async fn rows_of_files_are_forgotten_after_a_month(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let reply = office.import("email,track\nada@acme.example,piano\n").await;
    let path = reply.string("/errorsCsv").replace("/admin/v1", "");
    let held = "/reconciliations?source=hr";
    let held = office.owner.request(Method::POST, held);
    let held = held.body("text/csv", "email\nada@acme.example\n").await;
    let found = format!("/reconciliations/{}", held.status(201).id());
    server.clock.advance(days(29));
    let kept = office.owner.get(&path).await.status(200);
    assert!(kept.text.contains("ada@acme.example"), "{kept}");
    server.clock.advance(days(2));
    for _ in 0..100 {
        let kept = office.owner.get(&path).await.status(200);
        let gone = !kept.text.contains("ada@") && office.owner.get(&found).await.status == 404;
        if gone {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("rows of a file are kept for longer than a month");
}

async fn what_is_no_file_of_people_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for file in [
        "",
        "\n\n",
        "name,title\nAda,CEO\n",
        "email,E-mail\na,b\n",
        "email,\"x\n1,2\n",
    ] {
        let reply = office.send("dryRun=false", file).await.status(400);
        reply.holds("/code", "invalid_file");
    }
    for query in ["mode=all", "dryRun=maybe", "confirmOmissions=-1"] {
        let reply = office.send(query, TWO).await.status(400);
        reply.holds("/code", "invalid_parameter");
    }
    let reply = office.send("dryrun=false", TWO).await.status(400);
    reply.holds("/code", "unknown_parameter");
    let request = office.owner.post("/imports", json!({})).await;
    request.status(415);
    let imports = office.owner.get("/imports").await;
    assert!(each(&imports, "id").is_empty(), "{imports}");
}

async fn files_are_read_however_they_were_written(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let utf16 = "\u{feff}email\tgiven_name\r\nfay@acme.example\tZoë\r\n".encode_utf16();
    let files: [(&str, Vec<u8>); 4] = [
        (
            "ada",
            "\u{feff}email,given_name\r\nada@acme.example,Zoë\r\n".into(),
        ),
        ("bob", "email;given_name\nbob@acme.example;Zoë".into()),
        (
            "cyd",
            b"email\tgiven_name\ncyd@acme.example\tZo\xeb\n".to_vec(),
        ),
        ("fay", utf16.flat_map(u16::to_le_bytes).collect()),
    ];
    for (name, file) in files {
        let is_latin = name == "cyd";
        let reply = office.send("dryRun=false", file).await.status(201);
        came_to(&reply, [1, 0, 0, 0, 0, 0]);
        let expected: &[&str] = if is_latin { &["encoding"] } else { &[] };
        assert_eq!(codes(&reply, "warnings"), expected, "{name}");
        let member = office.member(&format!("{name}@acme.example")).await;
        member.holds("/name/givenName", "Zoë");
    }
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

async fn leavers_are_deactivated_or_scheduled(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "email,worker_id\na@acme.example,1\nb@acme.example,2\nc@acme.example,3\n";
    office.import(file).await;
    let leavers = "worker_id,termination_date\n1,\n2,2036-06-30\n77,\n";
    let reply = office.send("mode=deprovision", leavers).await.status(201);
    came_to(&reply, [0, 0, 1, 1, 1, 0]);
    assert_eq!(
        office.state("a@acme.example").await,
        "assigned",
        "only tried"
    );
    for expected in [[0, 0, 1, 1, 1, 0], [0, 0, 3, 0, 0, 0]] {
        let reply = office.send("mode=deprovision&dryRun=false", leavers).await;
        came_to(&reply, expected);
        assert_eq!(codes(&reply, "warnings"), ["unknown_leaver"]);
    }
    let a = office.member("a@acme.example").await;
    a.holds("/identityState", "inactive")
        .holds("/seatState", "grace")
        .holds("/accessLevel", "none");
    let b = office.member("b@acme.example").await;
    b.holds("/seatState", "assigned")
        .holds("/accessEndDate", "2036-06-30")
        .holds("/accessEndSource", "hr");
    assert_eq!(office.state("c@acme.example").await, "assigned");
    office.books_balance().await;
}

async fn whoever_returns_has_access_again(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let here = "email,employment_status,termination_date\na@acme.example,active,\n";
    let gone = "email,employment_status,termination_date\na@acme.example,terminated,2026-01-31\n";
    office.import(here).await;
    came_to(&office.import(gone).await, [0, 0, 0, 1, 0, 0]);
    came_to(&office.import(gone).await, [0, 0, 1, 0, 0, 0]);
    assert_eq!(office.state("a@acme.example").await, "grace");
    came_to(&office.import(here).await, [0, 1, 0, 0, 0, 0]);
    let a = office.member("a@acme.example").await;
    a.holds("/seatState", "assigned")
        .holds("/identityState", "active");
    // Whoever left long ago is not made only to be a leaver.
    let long_ago = "email,termination_date\nz@acme.example,2020-01-31\n";
    came_to(&office.import(long_ago).await, [0, 0, 1, 0, 0, 0]);
    office
        .owner
        .get("/members/z@acme.example")
        .await
        .status(404);
}

async fn a_full_file_ends_those_it_leaves_out_when_their_number_is_said(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.hire("okta", json!({})).await;
    let file = "email\na@acme.example\nb@acme.example\nc@acme.example\n";
    office.import(file).await;
    let file = "email,title,access_end\na@acme.example,CEO,\nd@acme.example,,\n\
                c@acme.example,,someday\n";
    let tried = office.send("mode=full", file).await.status(201);
    tried.holds("/omitted", 1);
    let lines = office.ledger_lines().await;
    for query in ["", "&confirmOmissions=0", "&confirmOmissions=2"] {
        let query = format!("mode=full&dryRun=false{query}");
        let refused = office.send(&query, file).await.status(409);
        refused
            .holds("/code", "confirm_omissions")
            .holds("/omitted", 1);
    }
    assert_eq!(
        office.ledger_lines().await,
        lines,
        "a refusal changes nothing"
    );
    office
        .owner
        .get("/members/d@acme.example")
        .await
        .status(404);
    let query = "mode=full&dryRun=false&confirmOmissions=1";
    let planned = office.send(query, file).await.status(201);
    came_to(&planned, [1, 1, 0, 0, 0, 1]);
    let planned = planned.holds("/omitted", 1).holds("/state", "planned");
    let reply = office.apply_import(&planned).await;
    came_to(&reply, [1, 1, 0, 1, 0, 1]);
    reply.holds("/omitted", 1).holds("/state", "finished");
    let b = office.member("b@acme.example").await;
    b.holds("/identityState", "inactive")
        .holds("/seatState", "grace");
    for name in ["a@acme.example", "c@acme.example", "d@acme.example", "okta"] {
        assert_eq!(office.state(name).await, "assigned", "{name}");
    }
    // Now nobody is left out, and there is nothing to confirm.
    let reply = office
        .send("mode=full&dryRun=false", file)
        .await
        .status(201);
    came_to(&reply, [0, 0, 2, 0, 0, 1]);
    reply
        .holds("/state", "finished")
        .holds("/plan", Value::Null);
    office.books_balance().await;
}

async fn a_full_file_with_unreadable_rows_ends_nobody(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office
        .import("email,title\na@acme.example,\nb@acme.example,\n")
        .await;
    for file in [
        "email,title\na@acme.example,\nb@acme.example,\"CTO\n",
        "email,title\na@acme.example,\nb at acme,CTO\n",
    ] {
        let query = "mode=full&dryRun=false&confirmOmissions=1";
        let refused = office.send(query, file).await.status(409);
        refused.holds("/code", "unreadable_rows").holds("/rows", 1);
    }
    assert_eq!(office.state("b@acme.example").await, "assigned");
}

async fn a_connection_leaves_out_its_own_people_alone(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let (one, other) = (
        "dryRun=false&connection=workday",
        "dryRun=false&connection=sap",
    );
    office
        .send(one, "email\na@acme.example\nb@acme.example\n")
        .await
        .status(201);
    office
        .send(other, "email\nc@acme.example\n")
        .await
        .status(201);
    let file = "email\na@acme.example\n";
    let tried = office.send("mode=full&connection=workday", file).await;
    tried.status(201).holds("/omitted", 1);
    let tried = office.send("mode=full", file).await;
    tried.status(201).holds("/omitted", 2);
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

//! Files that wait for a plan: those by which many would leave, and those that should have all.

use std::fmt::Write as _;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Engine, Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_file_by_which_many_leave_waits_for_somebody_elses_approval,
    a_file_by_which_few_leave_is_done_at_once,
    a_full_file_is_planned_however_few_leave,
    a_plan_shows_what_its_file_would_do,
    whoever_changed_since_is_left_alone_and_named,
    nobody_leaves_whom_the_plan_did_not_show,
    whom_an_exclusion_names_no_file_ends,
    whoever_waits_goes_before_a_seat_comes_free,
    a_rejected_import_leaves_nothing,
    erasing_somebody_takes_their_row_along,
    more_rows_than_a_part_are_applied,
    applying_it_takes_the_right_to_import,
);

both_engines_alone!(a_plan_that_expires_leaves_nothing,);

const ELEVEN: usize = 11;

fn file(names: impl IntoIterator<Item = String>) -> String {
    let mut text = String::from("email\n");
    for name in names {
        let _ = writeln!(text, "{name}@acme.example");
    }
    text
}

fn people(n: usize) -> impl Iterator<Item = String> {
    (0..n).map(|n| format!("p{n}"))
}

impl Office {
    async fn hand_in(&self, query: &str, file: impl Into<Vec<u8>>) -> Reply {
        let path = format!("/imports?dryRun=false{query}");
        let request = self.owner.request(Method::POST, &path);
        request.body("text/csv", file).await
    }

    async fn read_plan_of(&self, import: &Reply) -> Reply {
        let path = format!("/plans/{}", import.string("/plan/id"));
        self.owner.get(&path).await.status(200)
    }

    async fn read_import(&self, import: &Reply) -> Reply {
        let path = format!("/imports/{}", import.string("/id"));
        self.owner.get(&path).await.status(200)
    }

    /// A step of the plan of an import, by somebody of a role.
    async fn decide(&self, import: &Reply, step: &str, role: &str) -> Reply {
        let path = format!("/plans/{}/{step}", import.string("/plan/id"));
        let body = json!({"hash": import.string("/plan/hash")});
        match role {
            "owner" => self.owner.post(&path, body).await,
            role => self.tenant.admin(role).post(&path, body).await,
        }
    }

    async fn approve_and_apply(&self, import: &Reply) -> Reply {
        if import.at("/plan/state") == "pending" {
            self.decide(import, "approve", "approver").await.status(200);
        }
        self.decide(import, "apply", "owner").await.status(200)
    }

    /// Eleven people with seats, and the plan by which all of them leave.
    async fn eleven_leavers(&self) -> Reply {
        let all = file(people(ELEVEN));
        self.hand_in("", all.clone()).await.status(201);
        let reply = self.hand_in("&mode=deprovision", all).await.status(201);
        reply.holds("/state", "planned")
    }
}

/// The states of the items of a plan, by their people's names.
fn states(plan: &Reply) -> Vec<(String, String)> {
    let items = plan["items"].as_array().unwrap();
    let mut all: Vec<_> = items
        .iter()
        .map(|item| {
            let name = item["member"]["userName"].as_str().unwrap_or_default();
            (name.to_owned(), item["state"].as_str().unwrap().to_owned())
        })
        .collect();
    all.sort();
    all
}

async fn a_file_by_which_many_leave_waits_for_somebody_elses_approval(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    let planned = office.eleven_leavers().await;
    let planned = planned
        .holds("/plan/state", "pending")
        .holds("/plan/approvalReasons", json!(["many_items"]))
        .holds("/deactivated", 11)
        .holds("/finishedAt", Value::Null);
    assert_eq!(office.state("p0@acme.example").await, "assigned");
    let early = office.decide(&planned, "apply", "owner").await.status(409);
    early.holds("/code", "approval_required");
    let own = office.decide(&planned, "approve", "owner").await;
    own.status(403).holds("/code", "own_plan");
    let approved = office.decide(&planned, "approve", "approver").await;
    approved.status(200).holds("/state", "approved");
    office
        .read_import(&planned)
        .await
        .holds("/state", "planned");
    let applied = office.decide(&planned, "apply", "owner").await.status(200);
    applied
        .holds("/state", "applied")
        .holds("/counts/applied", 11);
    let done = office.read_import(&planned).await;
    done.holds("/state", "finished")
        .holds("/plan/state", "applied")
        .holds("/deactivated", 11)
        .holds("/failed", 0);
    for name in people(ELEVEN) {
        let member = office.member(&format!("{name}@acme.example")).await;
        member
            .holds("/seatState", "grace")
            .holds("/identityState", "inactive");
    }
    let ledger = office.owner.get("/ledger?action=plan.applied").await;
    ledger.holds("/items/0/detail/import", planned.id());
    let left = "/ledger?action=member.deactivated&limit=1";
    let cause = format!("plan:{}", planned.string("/plan/id"));
    office.owner.get(left).await.holds("/items/0/cause", cause);
    // Doing it twice changes nothing.
    office.decide(&planned, "apply", "owner").await.status(200);
    office.books_balance().await;
}

async fn a_file_by_which_few_leave_is_done_at_once(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    office.hand_in("", file(people(12))).await.status(201);
    let reply = office.hand_in("&mode=deprovision", file(people(10))).await;
    let reply = reply.status(201).holds("/state", "finished");
    reply.holds("/deactivated", 10).holds("/plan", Value::Null);
    // The policy says how many are few; a date that has passed ends access as well.
    office
        .change("/policy", json!({"approvalThreshold": 1}))
        .await;
    let text = "email,access_end\np10@acme.example,2020-01-31\np11@acme.example,2020-01-31\n";
    let reply = office.hand_in("", text).await.status(201);
    reply.holds("/state", "planned").holds("/changed", 2);
    assert_eq!(office.state("p10@acme.example").await, "assigned");
}

async fn a_full_file_is_planned_however_few_leave(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    office.hand_in("", file(people(3))).await.status(201);
    let reply = office
        .hand_in("&mode=full", file(people(2)))
        .await
        .status(409);
    reply
        .holds("/code", "confirm_omissions")
        .holds("/omitted", 1);
    let planned = office.hand_in("&mode=full&confirmOmissions=1", file(people(2)));
    let planned = planned.await.status(201);
    let planned = planned
        .holds("/state", "planned")
        .holds("/omitted", 1)
        .holds("/plan/state", "approved")
        .holds("/plan/approvalRequired", false);
    let plan = office.read_plan_of(&planned).await;
    plan.holds("/items/0/does/because", "omitted")
        .holds("/items/0/before/identityState", "active")
        .holds("/items/0/after/identityState", "inactive")
        .holds("/items/0/after/seatState", "grace");
    assert_eq!(office.state("p2@acme.example").await, "assigned");
    let applied = office.decide(&planned, "apply", "owner").await;
    applied.status(200).holds("/state", "applied");
    assert_eq!(office.state("p2@acme.example").await, "grace");
    assert_eq!(office.state("p1@acme.example").await, "assigned");
}

async fn a_plan_shows_what_its_file_would_do(t: Tenant) {
    let office = Office::with_seats(t, 4).await;
    office.change("/policy", json!({"graceDays": 0})).await;
    office.hand_in("", file(people(3))).await.status(201);
    let text = "email,title,department\np0@acme.example,CEO,\nnew@acme.example,,Sales\n\
                also@acme.example,,\nthird@acme.example,,\nfourth@acme.example,,\nnobody,,\n";
    let planned = office.hand_in("&mode=full&confirmOmissions=2", text).await;
    planned.status(409).holds("/code", "unreadable_rows");
    let text = text.replace("nobody,,\n", "p1@acme.example,\u{1},\n");
    let planned = office.hand_in("&mode=full&confirmOmissions=1", text).await;
    let planned = planned.status(201).holds("/state", "planned");
    let plan = office.read_plan_of(&planned).await;
    let plan = plan
        .holds("/kind", "import")
        .holds("/asked/import", planned.id())
        .holds("/asked/mode", "full")
        .holds("/asked/counts/rows", 6)
        .holds("/asked/counts/created", 4)
        .holds("/asked/counts/changed", 1)
        .holds("/asked/counts/failed", 1)
        .holds("/asked/counts/omitted", 1)
        // One comes free, one was free, and four people come.
        .holds("/items/0/seatDelta", 1)
        .holds("/counts/planned", 1);
    let rows = plan["rows"].as_array().unwrap();
    let does: Vec<_> = rows
        .iter()
        .map(|row| row["does"].as_str().unwrap())
        .collect();
    assert_eq!(does, ["change", "create", "create", "create", "create"]);
    plan.holds("/rows/0/line", 2)
        .holds(
            "/rows/0/given",
            json!({"email": "p0@acme.example", "title": "CEO", "department": ""}),
        )
        .holds("/asked/waiting", json!({"main": 2}))
        .holds("/seatsByPool", json!({"main": -1}));
    let table = office.owner.get(&format!(
        "/plans/{}?format=table",
        planned.string("/plan/id")
    ));
    assert!(table.await.status(200).text.contains("p2@acme.example"));
    office
        .approve_and_apply(&planned)
        .await
        .holds("/state", "applied");
    let done = office.read_import(&planned).await;
    done.holds("/created", 4)
        .holds("/changed", 1)
        .holds("/deactivated", 1)
        .holds("/failed", 1);
    let pool = office.figures("main").await;
    pool.holds("/available", 0).holds("/waitlist", 2);
    office.books_balance().await;
}

async fn whoever_changed_since_is_left_alone_and_named(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    let planned = office.eleven_leavers().await;
    let p3 = office.member("p3@acme.example").await;
    office
        .set(&p3.string("/scimId"), "title", json!("CEO"))
        .await;
    let applied = office.approve_and_apply(&planned).await;
    applied
        .holds("/state", "applied")
        .holds("/counts/applied", 10)
        .holds("/counts/stale", 1);
    assert_eq!(office.state("p3@acme.example").await, "assigned");
    assert_eq!(office.state("p4@acme.example").await, "grace");
    let plan = office.read_plan_of(&planned).await;
    let stale = ("p3@acme.example".to_owned(), "stale".to_owned());
    assert!(states(&plan).contains(&stale), "{plan}");
    let done = office.read_import(&planned).await;
    let done = done
        .holds("/deactivated", 10)
        .holds("/failed", 1)
        .holds("/errors/0/code", "changed_since")
        .holds("/errors/0/line", 5);
    let path = done.string("/errorsCsv").replace("/admin/v1", "");
    let failed = office.owner.get(&path).await.status(200);
    assert!(failed.text.contains("p3@acme.example,5,"), "{failed}");
    office.books_balance().await;
}

async fn nobody_leaves_whom_the_plan_did_not_show(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    office.hand_in("", file(people(2))).await.status(201);
    let text = "email,access_end\np0@acme.example,\nlate@acme.example,2020-01-31\n";
    let planned = office.hand_in("&mode=full&confirmOmissions=1", text).await;
    let planned = planned.status(201).holds("/state", "planned");
    // Both come after the plan was made: one by whose row they would lose a seat, one who is missing.
    let late = json!({"emails": [{"value": "late@acme.example", "primary": true}]});
    office.tenant.create_user("late@acme.example", late).await;
    office
        .hand_in("", file(["other".to_owned()]))
        .await
        .status(201);
    office
        .approve_and_apply(&planned)
        .await
        .holds("/state", "applied");
    assert_eq!(office.state("p1@acme.example").await, "grace");
    assert_eq!(office.state("other@acme.example").await, "assigned");
    assert_eq!(office.state("late@acme.example").await, "assigned");
    let done = office.read_import(&planned).await;
    done.holds("/failed", 1)
        .holds("/errors/0/code", "changed_since")
        .holds("/errors/0/line", 3);
}

async fn whom_an_exclusion_names_no_file_ends(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    let all = file(people(13));
    office.hand_in("", all.clone()).await.status(201);
    let exclude = json!({"member": "p0@acme.example"});
    office.owner.post("/exclusions", exclude).await.status(201);
    let planned = office.hand_in("&mode=deprovision", all).await.status(201);
    let planned = planned
        .holds("/state", "planned")
        .holds("/deactivated", 12)
        .holds("/failed", 1)
        .holds("/errors/0/code", "excluded");
    // And one who is excluded after the plan was made.
    let exclude = json!({"member": "p1@acme.example"});
    office.owner.post("/exclusions", exclude).await.status(201);
    let applied = office.approve_and_apply(&planned).await;
    applied
        .holds("/counts/applied", 11)
        .holds("/counts/excluded", 1);
    for name in ["p0", "p1"] {
        let state = office.state(&format!("{name}@acme.example")).await;
        assert_eq!(state, "assigned", "{name}");
    }
    let done = office.read_import(&planned).await;
    done.holds("/deactivated", 11).holds("/failed", 2);
}

async fn whoever_waits_goes_before_a_seat_comes_free(t: Tenant) {
    let office = Office::with_seats(t, 6).await;
    office.change("/policy", json!({"graceDays": 0})).await;
    office.hand_in("", file(people(12))).await.status(201);
    assert_eq!(office.state("p11@acme.example").await, "waitlisted");
    let planned = office.hand_in("&mode=deprovision", file(people(12))).await;
    let planned = planned.status(201).holds("/state", "planned");
    let applied = office.approve_and_apply(&planned).await;
    applied
        .holds("/counts/applied", 12)
        .holds("/seatsByPool", json!({"main": 6}));
    let promoted = office.owner.get("/ledger?action=seat.promoted").await;
    assert!(each(&promoted, "id").is_empty(), "{promoted}");
    office.figures("main").await.holds("/available", 6);
    office.books_balance().await;
}

async fn a_rejected_import_leaves_nothing(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    let planned = office.eleven_leavers().await;
    let plan = office.read_plan_of(&planned).await;
    assert_eq!(plan["rows"].as_array().unwrap().len(), ELEVEN, "{plan}");
    let rejected = office.decide(&planned, "reject", "approver").await;
    rejected.status(200).holds("/state", "rejected");
    let plan = office.read_plan_of(&planned).await;
    assert_eq!(plan["rows"], json!([]), "{plan}");
    let read = office.read_import(&planned).await;
    let read = read.holds("/state", "rejected").holds("/deactivated", 0);
    assert!(!read.at("/finishedAt").is_null(), "{read}");
    office.decide(&planned, "apply", "owner").await.status(409);
    assert_eq!(office.state("p0@acme.example").await, "assigned");
}

async fn erasing_somebody_takes_their_row_along(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    office
        .change("/policy", json!({"approveErasing": false}))
        .await;
    let planned = office.eleven_leavers().await;
    let confirm = json!({"confirm": "p2@acme.example"});
    office
        .act("p2@acme.example", "erase", confirm)
        .await
        .status(200);
    let plan = office.read_plan_of(&planned).await;
    assert_eq!(plan["rows"].as_array().unwrap().len(), ELEVEN - 1, "{plan}");
    assert!(!plan.text.contains("p2@acme.example"), "{plan}");
    let applied = office.approve_and_apply(&planned).await;
    applied
        .holds("/counts/applied", 10)
        .holds("/counts/stale", 1);
}

async fn more_rows_than_a_part_are_applied(t: Tenant) {
    let office = Office::with_seats(t, 400).await;
    let all = |n: usize| {
        let mut text = String::from("email,title\n");
        for name in people(n) {
            let _ = writeln!(text, "{name}@acme.example,Boss");
        }
        text
    };
    office.hand_in("", file(people(120))).await.status(201);
    // One row in the middle is refused, and no other with it.
    let text = format!("{}p7@acme.example,Twice\n", all(230));
    let planned = office.hand_in("&mode=full&confirmOmissions=0", text).await;
    let planned = planned.status(201).holds("/state", "planned");
    office
        .approve_and_apply(&planned)
        .await
        .holds("/state", "applied");
    let done = office.read_import(&planned).await;
    done.holds("/created", 110)
        .holds("/changed", 120)
        .holds("/failed", 1)
        .holds("/rows", 231);
    office.figures("main").await.holds("/occupied", 230);
    office.books_balance().await;
}

async fn applying_it_takes_the_right_to_import(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    let planned = office.eleven_leavers().await;
    office
        .decide(&planned, "approve", "approver")
        .await
        .status(200);
    let refused = office.decide(&planned, "apply", "program_admin").await;
    refused.status(403).holds("/right", "import");
    let applied = office.decide(&planned, "apply", "license_admin").await;
    applied.status(200).holds("/state", "applied");
}

async fn a_plan_that_expires_leaves_nothing(engine: Engine) {
    let (server, office) = Office::alone(engine, 20).await;
    let planned = office.eleven_leavers().await;
    server.clock.advance(SignedDuration::from_hours(73));
    office
        .read_import(&planned)
        .await
        .holds("/state", "expired");
    for _ in 0..100 {
        let plan = office.read_plan_of(&planned).await;
        if plan["rows"] == json!([]) {
            let read = office.read_import(&planned).await;
            assert!(!read.at("/finishedAt").is_null(), "{read}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("rows of a plan that expired are kept");
}

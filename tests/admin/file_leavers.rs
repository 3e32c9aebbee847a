//! Files of leavers, and people who are missing in a file of all.

use serde_json::json;

use crate::common::Tenant;
use crate::imports::{came_to, codes};
use crate::office::Office;

both_engines!(
    leavers_are_deactivated_or_scheduled,
    whoever_returns_has_access_again,
    a_full_file_ends_those_it_leaves_out_when_their_number_is_said,
    a_full_file_with_unreadable_rows_ends_nobody,
    a_connection_leaves_out_its_own_people_alone,
);

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
        .holds("/plan", json!(null));
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

//! Erasing somebody takes somebody else's approval, unless the policy says otherwise.

use reqwest::Method;
use serde_json::json;

use crate::common::Tenant;
use crate::office::{Office, effects};
use crate::plans::{items, step};

both_engines!(
    nobody_is_erased_until_somebody_else_approves,
    what_has_changed_meanwhile_makes_no_difference,
    only_who_may_erase_applies_it,
    lists_and_files_that_name_them_forget_them,
    a_plan_does_not_keep_the_names_it_was_asked_with,
);

async fn nobody_is_erased_until_somebody_else_approves(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    let id = office.member("ada").await.id();
    let wrong = json!({"confirm": "bob"});
    let wrong = office.act("ada", "erase", wrong).await.status(400);
    wrong.holds("/code", "not_confirmed");
    let asked = office.act("ada", "erase", json!({"confirm": "ada"})).await;
    let asked = asked.status(202).holds("/state", "pending");
    let asked = asked
        .holds("/kind", "erase")
        .holds("/asked/member", id.as_str())
        .holds("/approvalReasons", json!(["erase"]))
        .holds("/seatsByPool", json!({"main": 1}));
    assert_eq!(
        asked.header("location"),
        format!("/admin/v1/plans/{}", asked.string("/id"))
    );
    let named = effects(&asked);
    for name in ["erased", "seat_freed", "promoted"] {
        assert!(named.contains(&name), "no {name}\n{asked}");
    }
    // It was only tried.
    assert_eq!(office.state("ada").await, "assigned");
    assert_eq!(office.state("bob").await, "waitlisted");
    let early = step(&office.owner, &asked, "apply").await.status(409);
    early.holds("/code", "approval_required");
    let own = step(&office.owner, &asked, "approve").await.status(403);
    own.holds("/code", "own_plan");
    let approver = office.tenant.admin("approver");
    step(&approver, &asked, "approve").await.status(200);
    let applied = step(&office.owner, &asked, "apply").await.status(200);
    applied
        .holds("/state", "applied")
        .holds("/counts/applied", 1);
    office.owner.get("/members/ada").await.status(404);
    let gone = office.member(&id).await.holds("/identityState", "erased");
    gone.holds("/userName", format!("erased-{id}"));
    assert_eq!(office.state("bob").await, "assigned");
    let shown = items(&office, &asked).await;
    assert!(!shown.text.contains("ada@"), "{shown}");
    let again = office.act(&id, "erase", json!({"confirm": "x"})).await;
    assert_eq!(effects(&again.status(200)), ["nothing_changed"]);
    office.books_balance().await;
}

async fn what_has_changed_meanwhile_makes_no_difference(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let id = office.member("ada").await.id();
    let asked = office.act("ada", "erase", json!({"confirm": "ada"})).await;
    let asked = asked.status(202);
    office.set(&ada, "title", json!("VP")).await;
    office.delete(&ada).await;
    let approver = office.tenant.admin("approver");
    step(&approver, &asked, "approve").await.status(200);
    let applied = step(&office.owner, &asked, "apply").await.status(200);
    applied.holds("/counts/applied", 1);
    let gone = office.member(&id).await;
    gone.holds("/identityState", "erased");
}

async fn only_who_may_erase_applies_it(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let asked = office.act("ada", "erase", json!({"confirm": "ada"})).await;
    let asked = asked.status(202);
    let approver = office.tenant.admin("approver");
    step(&approver, &asked, "approve").await.status(200);
    let admin = office.tenant.admin("license_admin");
    let refused = step(&admin, &asked, "apply").await.status(403);
    refused.holds("/right", "erase");
    assert_eq!(office.state("ada").await, "assigned");
}

async fn lists_and_files_that_name_them_forget_them(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let policy = json!({"approveErasing": false});
    office.change("/policy", policy).await;
    office.hire("zoë", json!({})).await;
    office.hire("bob", json!({})).await;
    let csv = |path: &str, text: &str| {
        let request = office.owner.request(Method::POST, path);
        request.body("text/csv", text.to_owned())
    };
    let list = "login,email,status\nzoë,ZOË@acme.example,ACTIVE\nbob,bob@acme.example,ACTIVE\n";
    let held = csv("/reconciliations?source=okta", list).await.status(201);
    let list = "login,email\nbob,bob@acme.example\n,\"zoë@acme.example\"\n,zoë@acme.example\n";
    let twice = csv("/reconciliations?source=okta", list).await.status(201);
    let file = "email,track\nZoë@acme.example,piano\nbob@acme.example,piano\n";
    let failed = csv("/imports", file).await.status(201);
    let failed = failed.holds("/failed", 2);
    let done = office.act("zoë", "erase", json!({"confirm": "zoë"})).await;
    done.status(200);
    let errors = format!("/imports/{}/errors.csv", failed.string("/id"));
    for path in [
        format!("/reconciliations/{}", held.string("/id")),
        format!("/reconciliations/{}", twice.string("/id")),
        errors,
    ] {
        let left = office.owner.get(&path).await.status(200);
        let text = left.text.to_lowercase();
        assert!(!text.contains("zoë@"), "{path}\n{left}");
        assert!(text.contains("bob@"), "{path}\n{left}");
    }
}

async fn a_plan_does_not_keep_the_names_it_was_asked_with(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let id = office.member("ada").await.id();
    let body = crate::plans::end(&["ada@acme.example"]);
    let planned = crate::plans::plan(&office, body).await.status(201);
    planned.holds("/asked/members", json!([id]));
    let plans = office.owner.get("/plans").await.status(200);
    assert!(!plans.text.contains("ada@"), "{plans}");
}

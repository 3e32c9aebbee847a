//! Licences: who has one, how many there are, what the contract lets happen to them.

use serde_json::{Value, json};

use crate::common::{COACHING, Engine, Reply, Tenant};
use crate::office::{Office, days, each};

both_engines!(
    row_18_of_1_2_the_contract_says_whether_a_seat_is_free_again,
    row_18_of_1_2_a_seat_is_given_on_as_often_as_the_contract_has_it,
    row_20_of_1_2_a_person_has_one_open_assignment,
    row_21_of_1_2_a_pool_says_how_its_seats_are_used,
    row_23_of_1_2_true_up_says_what_it_costs,
);
both_engines_alone!(row_18_of_1_2_a_seat_rests_as_long_as_the_contract_has_it);

async fn row_18_of_1_2_the_contract_says_whether_a_seat_is_free_again(t: Tenant) {
    let office = Office::bare(t).await;
    for (reuse, frees) in [
        ("reusable", true),
        ("until_started", true),
        ("consumable", false),
    ] {
        let terms = json!({"reusePolicy": reuse});
        office.pool(reuse, 1, terms).await;
        office.figures(reuse).await.holds("/reusePolicy", reuse);
        let wish = json!({COACHING: {"pool": reuse}});
        office.hire(reuse, wish).await;
        let ended = office.end(reuse).await.holds("/seatFreed", frees);
        let reason = if frees {
            json!(null)
        } else {
            json!("reuse_policy")
        };
        assert_eq!(*ended.at("/reason"), reason, "{ended}");
        let figures = office.figures(reuse).await;
        let (free, burned) = if frees { (1, 0) } else { (0, 1) };
        figures.holds("/available", free).holds("/burned", burned);
    }
    office.books_balance().await;
}

async fn row_18_of_1_2_a_seat_is_given_on_as_often_as_the_contract_has_it(t: Tenant) {
    let office = Office::bare(t).await;
    let terms = json!({"maxReassignments": 1});
    office.pool("main", 1, terms).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let shown = async |given_on: i64| {
        let figures = office.figures("main").await;
        figures
            .holds("/maxReassignments", 1)
            .holds("/reassignments", given_on);
    };
    shown(0).await;
    office.end("ada").await.holds("/seatFreed", true);
    shown(1).await;
    assert_eq!(office.state("bob").await, "assigned");
    // Once was agreed: the seat is used up now.
    let ended = office.end("bob").await.holds("/seatFreed", false);
    ended
        .holds("/reason", "reuse_policy")
        .holds("/promoted", json!([]));
    shown(1).await;
    assert_eq!(office.state("cyd").await, "waitlisted");
    let figures = office.figures("main").await;
    figures.holds("/burned", 1).holds("/available", 0);
    // No limit any more: the next ones come back.
    let more = json!({"maxReassignments": null, "purchased": 2});
    office.change("/pools/main", more).await;
    office.end("cyd").await.holds("/seatFreed", true);
    for wrong in [json!(-1), json!("one"), json!(1.5)] {
        let refused = office.patch("/pools/main", json!({"maxReassignments": wrong}));
        let refused = refused.await.status(400).holds("/code", "invalid_value");
        refused.holds("/field", "maxReassignments");
    }
    office.books_balance().await;
}

async fn row_18_of_1_2_a_seat_rests_as_long_as_the_contract_has_it(engine: Engine) {
    let (server, office) = Office::alone(engine, 0).await;
    office.pool("rests", 1, json!({"cooldownDays": 30})).await;
    let wish = json!({COACHING: {"pool": "rests"}});
    office.hire("ada", wish.clone()).await;
    office.hire("bob", wish).await;
    office.end("ada").await;
    let figures = office.figures("rests").await;
    figures
        .holds("/cooldownDays", 30)
        .holds("/coolingDown", 1)
        .holds("/available", 0);
    server.clock.advance(days(29));
    assert_eq!(office.state("bob").await, "waitlisted");
    server.clock.advance(days(2));
    assert_eq!(office.state("bob").await, "assigned");
    server.stop().await;
}

async fn row_20_of_1_2_a_person_has_one_open_assignment(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office.pool("other", 5, json!({})).await;
    office
        .make("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await;
    let id = office.hire("ada", json!({})).await;
    let group = office.tenant.create_group("Sellers", &[&id]).await;
    let rule = json!({"group": "Sellers", "track": "sales", "pool": "other", "priority": 1});
    office.make("/mappings", rule).await;
    // Whatever wants to give her another seat: an invitation, an address again, a transfer.
    let body = json!({"emails": "ada@acme.example", "track": "growth"});
    let again = office.owner.post("/invitations", body).await.status(200);
    again.holds("/items/0/result", "already_member");
    let user = crate::common::tenant::user("ada", json!({}));
    let scim = office.tenant.scim();
    scim.post("/Users", user).await.error(409, "uniqueness");
    let to = json!({"track": "growth", "pool": "main"});
    office.act("ada", "transfer", to).await.status(200);
    let ada = office.member("ada").await;
    let open = |assignments: &Value| {
        let all = assignments.as_array().cloned().unwrap_or_default();
        let open = all.iter().filter(|a| a["state"] != "ended");
        open.count()
    };
    assert_eq!(open(&ada["assignments"]), 1, "{ada}");
    let mut occupied = 0;
    for pool in ["main", "other"] {
        occupied += office.figures(pool).await.number("/occupied");
    }
    assert_eq!(occupied, 1);
    drop(group);
    office.books_balance().await;
}

async fn row_21_of_1_2_a_pool_says_how_its_seats_are_used(t: Tenant) {
    let office = Office::with_seats(t, 6).await;
    office.hire_all(&["ada", "bob"]).await;
    let later = json!({COACHING: {"accessStartDate": "2037-01-01"}});
    office.hire("later", later).await;
    let leaver = office.hire("leaver", json!({})).await;
    office.set_active(&leaver, false).await;
    office.change("/pools/main", json!({"reserved": 1})).await;
    let holds = |figures: Reply, wanted: [(&str, i64); 7]| {
        wanted.into_iter().fold(figures, |figures, (account, n)| {
            figures.holds(&format!("/{account}"), n)
        })
    };
    let figures = office.figures("main").await;
    let accounts = [
        ("purchased", 6),
        ("occupied", 2),
        ("scheduled", 1),
        ("grace", 1),
        ("reserved", 1),
        ("available", 1),
        ("waitlist", 0),
    ];
    let figures = holds(figures, accounts);
    let sum: i64 = [
        "occupied",
        "scheduled",
        "grace",
        "reserved",
        "available",
        "burned",
    ]
    .iter()
    .map(|account| figures[*account].as_i64().unwrap())
    .sum();
    assert_eq!(sum, 6, "every seat is in one account\n{figures}");
    office.hire_all(&["cyd", "waits"]).await;
    let full = office.figures("main").await;
    full.holds("/available", 0).holds("/waitlist", 1);
    // The list of pools says the same.
    let all = office.owner.get("/pools").await.status(200);
    let one = office.figures("main").await;
    assert_eq!(all["items"], json!([one.json]), "{all}");
    assert_eq!(each(&all, "key"), ["main"]);
}

async fn row_23_of_1_2_true_up_says_what_it_costs(t: Tenant) {
    let office = Office::bare(t).await;
    let terms = json!({"fullPolicy": "overage", "overageLimit": 5, "unitCost": 14_900,
                       "termStart": "2020-01-01", "termEnd": "2039-12-31"});
    office.pool("main", 2, terms).await;
    office.pool("free", 3, json!({})).await;
    let wish = json!({COACHING: {"pool": "main"}});
    for who in ["ada", "bob", "cyd", "dan"] {
        office.hire(who, wish.clone()).await;
    }
    office.end("dan").await;
    let report = office.owner.get("/reports/true-up").await.status(200);
    let main = report.element("items", "pool", "main");
    for (key, value) in [
        ("termStart", json!("2020-01-01")),
        ("termEnd", json!("2039-12-31")),
        ("purchased", json!(2)),
        ("overage", json!(1)),
        ("peakOverage", json!(2)),
        ("unitCost", json!(14_900)),
        ("peakOverageCost", json!(29_800)),
        ("neverUsedCost", json!(0)),
    ] {
        assert_eq!(main[key], value, "{key}\n{report}");
    }
    // Where nothing is known of the price nothing is said of it.
    let free = report.element("items", "pool", "free");
    assert_eq!(
        (&free["unitCost"], &free["neverUsedCost"]),
        (&json!(null), &json!(null))
    );
    office.change("/pools/free", json!({"unitCost": 100})).await;
    let report = office.owner.get("/reports/true-up").await.status(200);
    assert_eq!(
        report.element("items", "pool", "free")["neverUsedCost"],
        300
    );
    let refused = office.patch("/pools/free", json!({"unitCost": -1})).await;
    refused.status(400).holds("/field", "unitCost");
}

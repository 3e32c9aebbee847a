//! Moving many people to another track or pool by a plan.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::{Office, each};
use crate::plans::{items, plan, step};

both_engines!(
    a_plan_moves_many_to_another_track,
    a_plan_says_what_each_pool_gives_and_gets,
    who_finds_no_seat_is_named_and_stays,
    nonsense_is_refused,
    a_pool_alone_is_enough_for_one_person_too,
);

async fn office(t: Tenant, others: u32) -> Office {
    let office = Office::with_seats(t, 3).await;
    let track = json!({"key": "sales", "name": "Sales", "durationDays": 30});
    office.make("/tracks", track).await;
    office.pool("other", others, json!({})).await;
    office
}

async fn a_plan_moves_many_to_another_track(t: Tenant) {
    let office = office(t, 0).await;
    office.hire_all(&["ada", "bob"]).await;
    office
        .hire("cyd", json!({COACHING: {"track": "sales"}}))
        .await;
    let body = json!({"kind": "transfer", "filter": {"pool": "main"}, "track": "sales"});
    let planned = plan(&office, body).await.status(201);
    // Whoever is there already is left out.
    let planned = planned
        .holds("/kind", "transfer")
        .holds("/counts/planned", 2)
        .holds("/counts/total", 2)
        .holds("/seats", 0)
        .holds("/seatsByPool", json!({}));
    let shown = items(&office, &planned).await;
    shown
        .holds("/items/0/before/track", "growth")
        .holds("/items/0/after/track", "sales")
        .holds("/items/0/after/pool", "main")
        .holds("/items/0/after/accessEndDate", "2039-12-31")
        .holds("/items/0/warnings", json!([]));
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied.holds("/counts/applied", 2);
    for name in ["ada", "bob"] {
        let member = office.member(name).await.holds("/track", "sales");
        // The plan said that the end stays.
        member.holds("/accessEndDate", "2039-12-31");
    }
    office.books_balance().await;
}

async fn a_plan_says_what_each_pool_gives_and_gets(t: Tenant) {
    let office = office(t, 2).await;
    let main = json!({COACHING: {"pool": "main"}});
    for name in ["ada", "bob", "cyd", "dan"] {
        office.hire(name, main.clone()).await;
    }
    assert_eq!(office.state("dan").await, "waitlisted");
    let body = json!({"kind": "transfer", "members": ["ada", "dan"], "pool": "other",
                      "note": "agreed"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned
        .holds("/seats", -1)
        .holds("/seatsByPool", json!({"main": 1, "other": -2}));
    let shown = items(&office, &planned).await;
    for n in [0, 1] {
        assert_eq!(shown["items"][n]["after"]["pool"], "other", "{shown}");
        assert_eq!(shown["items"][n]["after"]["track"], "growth", "{shown}");
        assert_eq!(
            shown["items"][n]["warnings"],
            json!(["takes_seat"]),
            "{shown}"
        );
    }
    step(&office.owner, &planned, "apply").await.status(200);
    for name in ["ada", "dan"] {
        let member = office.member(name).await.holds("/pool", "other");
        let member = member.holds("/seatState", "assigned");
        assert_eq!(
            member.element("pins", "field", "pool")["note"],
            "agreed",
            "{member}"
        );
    }
    office.figures("main").await.holds("/available", 1);
    office.books_balance().await;
}

async fn who_finds_no_seat_is_named_and_stays(t: Tenant) {
    let office = office(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    let cyd = office.hire("cyd", json!({})).await;
    office.set_active(&cyd, false).await;
    let members = ["ada", "bob", "cyd"];
    let body = json!({"kind": "transfer", "members": members, "pool": "other"});
    let planned = plan(&office, body).await.status(201);
    let planned = planned
        .holds("/counts/planned", 2)
        .holds("/counts/refused", 1);
    let applied = step(&office.owner, &planned, "apply").await.status(200);
    applied
        .holds("/counts/applied", 1)
        .holds("/counts/refused", 2);
    let shown = items(&office, &planned).await;
    let problems = each(&shown, "problem");
    assert!(problems.contains(&"pool_full"), "{shown}");
    assert!(problems.contains(&"not_active"), "{shown}");
    let figures = office.figures("other").await;
    figures.holds("/occupied", 1).holds("/waitlist", 0);
    office.figures("main").await.holds("/occupied", 1);
    office.books_balance().await;
}

async fn nonsense_is_refused(t: Tenant) {
    let office = office(t, 1).await;
    office.hire("ada", json!({})).await;
    for (rest, code, field) in [
        (json!({}), "missing_field", "track"),
        (json!({"track": "none"}), "invalid_value", "track"),
        (json!({"pool": "none"}), "invalid_value", "pool"),
        (
            json!({"pool": "other", "reason": "declined"}),
            "invalid_value",
            "reason",
        ),
        (
            json!({"pool": "other", "wait": true, "pin": false}),
            "invalid_value",
            "wait",
        ),
    ] {
        let mut body = json!({"kind": "transfer", "members": ["ada"]});
        crate::office::merge(&mut body, rest);
        let refused = plan(&office, body).await.status(400);
        refused.holds("/code", code).holds("/field", field);
    }
}

async fn a_pool_alone_is_enough_for_one_person_too(t: Tenant) {
    let office = office(t, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"pool": "other"});
    let moved = office.act("ada", "transfer", body).await.status(200);
    let moved = moved
        .holds("/member/pool", "other")
        .holds("/member/track", "growth");
    let pins = moved.at("/member/pins").as_array().unwrap();
    assert_eq!(pins.len(), 1, "{moved}");
}

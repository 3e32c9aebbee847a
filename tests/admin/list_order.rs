//! The order of the list of people, and its pages.

use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::members::list;
use crate::office::{Office, each};

both_engines!(
    the_order_is_as_asked_and_unset_comes_last,
    tracks_and_pools_are_in_the_order_of_their_keys,
    rare_people_are_found_in_any_order,
    pages_follow_each_other_in_any_order,
);

async fn the_order_is_as_asked_and_unset_comes_last(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    let name = |given: &str, family: &str| json!({"givenName": given, "familyName": family});
    let until = |day: &str| json!({"accessEndDate": day});
    office
        .hire(
            "c",
            json!({"name": name("Eva", "Abel"), COACHING: until("2037-05-01"), "emails": []}),
        )
        .await;
    office
        .hire(
            "a",
            json!({"name": name("Ann", "Berg"), COACHING: until("2037-04-01")}),
        )
        .await;
    office
        .hire("b", json!({"name": name("Bea", "Abel"), "active": false}))
        .await;
    for (sort, order) in [
        ("name", ["b", "c", "a"]),
        ("-name", ["a", "c", "b"]),
        ("userName", ["a", "b", "c"]),
        ("-userName", ["c", "b", "a"]),
        ("createdAt", ["c", "a", "b"]),
        ("-createdAt", ["b", "a", "c"]),
        ("lastModified", ["c", "a", "b"]),
        ("accessEndDate", ["a", "c", "b"]),
        ("-accessEndDate", ["c", "a", "b"]),
        ("email", ["a", "b", "c"]),
        ("-email", ["b", "a", "c"]),
    ] {
        let sorted = list(&office, &[("sort", sort)]).await;
        assert_eq!(each(&sorted, "userName"), order, "{sort}\n{sorted}");
    }
    for sort in ["status", "-status", "track", "-track", "pool", "-pool"] {
        let sorted = list(&office, &[("sort", sort)]).await;
        assert_eq!(each(&sorted, "userName")[2], "b", "{sort}\n{sorted}");
    }
}

/// Walks a list two at a time, and answers who is on it.
async fn walk(office: &Office, parameters: &[(&str, &str)]) -> Vec<String> {
    let mut walked = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let mut parameters = [parameters, &[("limit", "2")]].concat();
        if let Some(cursor) = &cursor {
            parameters.push(("cursor", cursor));
        }
        let page = list(office, &parameters).await;
        walked.extend(each(&page, "userName").iter().map(ToString::to_string));
        match page.at("/nextCursor").as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return walked,
        }
    }
}

async fn tracks_and_pools_are_in_the_order_of_their_keys(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    for key in ["sales", "agile"] {
        let track = json!({"key": key, "name": key});
        office.owner.post("/tracks", track).await.status(201);
        office.pool(key, 5, json!({})).await;
    }
    for (name, track, pool) in [
        ("ada", "sales", "main"),
        ("bob", "agile", "agile"),
        ("cyd", "growth", "sales"),
        ("dan", "sales", "agile"),
        ("eve", "agile", "main"),
    ] {
        let wish = json!({COACHING: {"track": track, "pool": pool}});
        office.hire(name, wish).await;
    }
    office.hire("fay", json!({"active": false})).await;
    for (sort, order) in [
        ("track", ["bob", "eve", "cyd", "ada", "dan", "fay"]),
        ("-track", ["dan", "ada", "cyd", "eve", "bob", "fay"]),
        ("pool", ["bob", "dan", "ada", "eve", "cyd", "fay"]),
        ("-pool", ["cyd", "eve", "ada", "dan", "bob", "fay"]),
    ] {
        assert_eq!(walk(&office, &[("sort", sort)]).await, order, "{sort}");
    }
    // Few are looked up and sorted, which must come to the same.
    for (sort, order) in [("track", ["eve", "ada"]), ("-track", ["ada", "eve"])] {
        let found = walk(&office, &[("sort", sort), ("pool", "main")]).await;
        assert_eq!(found, order, "{sort}");
    }
}

async fn rare_people_are_found_in_any_order(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    office.hire("dan", json!({"active": false})).await;
    office.end("bob").await;
    for sort in ["name", "-userName", "createdAt", "track", "-pool", "status"] {
        for (filter, value, mut who) in [
            ("ended", "true", vec!["bob"]),
            ("seatState", "assigned,none", vec!["ada", "cyd", "dan"]),
            ("accessLevel", "archive", vec!["bob"]),
            ("accessLevel", "none,archive", vec!["bob", "dan"]),
            ("managedBy", "admin,import", vec![]),
            ("endsBefore", "2020-01-01", vec![]),
        ] {
            let mut found = walk(&office, &[("sort", sort), (filter, value)]).await;
            found.sort_unstable();
            who.sort_unstable();
            assert_eq!(found, who, "{filter}={value} by {sort}");
        }
    }
}

async fn pages_follow_each_other_in_any_order(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    for name in ["dan", "eve"] {
        office.hire(name, json!({"active": false})).await;
    }
    for sort in [
        "name",
        "-name",
        "userName",
        "email",
        "-email",
        "accessEndDate",
        "-accessEndDate",
        "createdAt",
        "-lastModified",
        "track",
        "-track",
        "pool",
        "status",
        "-status",
        "sessionsCompleted",
        "nextSessionAt",
        "-nextSessionAt",
    ] {
        let whole = list(&office, &[("sort", sort)]).await;
        let walked = walk(&office, &[("sort", sort)]).await;
        assert_eq!(walked, each(&whole, "userName"), "{sort}");
    }
}

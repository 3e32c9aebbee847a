//! Pages by index: RFC 7644 section 3.4.2.4.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::tenant::user;
use crate::common::{BULK, Client, Tenant};

both_engines!(
    a_page_says_where_it_is_and_how_many_there_are,
    a_start_below_one_is_one,
    a_start_beyond_the_end_is_an_empty_page,
    a_count_of_zero_or_less_answers_the_total_alone,
    a_page_has_a_hundred_unless_told_otherwise,
    a_large_count_is_cut_and_never_an_error,
    a_number_that_is_none_is_refused,
    names_of_parameters_compare_without_case,
    a_walk_sees_each_resource_once_in_a_stable_order,
    a_jump_shows_what_a_walk_shows,
    the_total_counts_what_the_filter_finds,
    groups_are_paged_alike,
);

/// Creates users in one bulk request: `u000`, `u001`, …
async fn crowd(t: &Tenant, size: usize) {
    let create = |n: usize| {
        json!({"method": "POST", "path": "/Users", "bulkId": n.to_string(),
               "data": user(&format!("u{n:03}"), json!({}))})
    };
    let operations: Vec<Value> = (0..size).map(create).collect();
    let reply = t.scim().post(
        "/Bulk",
        json!({"schemas": [BULK], "Operations": operations}),
    );
    let reply = reply.await.status(200);
    let created = reply["Operations"].as_array().into_iter().flatten();
    assert_eq!(
        created.filter(|one| one["status"] == "201").count(),
        size,
        "{reply}"
    );
}

async fn page(scim: &Client, start: &str, count: &str) -> crate::common::Reply {
    let request = scim
        .get("/Users")
        .query("startIndex", start)
        .query("count", count);
    request.await.status(200)
}

async fn a_page_says_where_it_is_and_how_many_there_are(t: Tenant) {
    crowd(&t, 5).await;
    let reply = page(&t.scim(), "2", "2").await;
    let reply = reply
        .holds("/totalResults", 5)
        .holds("/startIndex", 2)
        .holds("/itemsPerPage", 2);
    assert_eq!(reply.resources().len(), 2, "{reply}");
    let last = page(&t.scim(), "5", "2")
        .await
        .holds("/totalResults", 5)
        .holds("/itemsPerPage", 1);
    assert_eq!(last.resources().len(), 1, "{last}");
}

// A value less than 1 SHALL be interpreted as 1.
async fn a_start_below_one_is_one(t: Tenant) {
    crowd(&t, 3).await;
    let first = page(&t.scim(), "1", "1").await;
    for start in ["0", "-1", "-99999999999"] {
        assert_eq!(
            page(&t.scim(), start, "1").await.json,
            first.json,
            "startIndex {start}"
        );
    }
}

async fn a_start_beyond_the_end_is_an_empty_page(t: Tenant) {
    crowd(&t, 3).await;
    let reply = page(&t.scim(), "101", "100").await;
    reply
        .holds("/totalResults", 3)
        .holds("/startIndex", 101)
        .holds("/itemsPerPage", 0)
        .holds("/Resources", json!([]));
    page(&t.scim(), "9223372036854775807", "2")
        .await
        .holds("/totalResults", 3);
}

// A negative value SHALL be interpreted as 0, and 0 asks for totalResults alone.
async fn a_count_of_zero_or_less_answers_the_total_alone(t: Tenant) {
    crowd(&t, 3).await;
    for count in ["0", "-1"] {
        let reply = page(&t.scim(), "1", count).await;
        reply
            .holds("/totalResults", 3)
            .holds("/itemsPerPage", 0)
            .holds("/Resources", json!([]));
    }
}

async fn a_page_has_a_hundred_unless_told_otherwise(t: Tenant) {
    crowd(&t, 103).await;
    let reply = t.scim().get("/Users").await.status(200);
    let reply = reply
        .holds("/totalResults", 103)
        .holds("/startIndex", 1)
        .holds("/itemsPerPage", 100);
    assert_eq!(reply.resources().len(), 100);
    let rest = t
        .scim()
        .get("/Users")
        .query("startIndex", "101")
        .await
        .status(200);
    assert_eq!(rest.resources().len(), 3);
}

// A page MUST NOT have more results than asked for, and may have fewer.
async fn a_large_count_is_cut_and_never_an_error(t: Tenant) {
    crowd(&t, 220).await;
    let reply = page(&t.scim(), "1", "200").await;
    assert_eq!(reply.resources().len(), 200);
    for count in ["1000000", "99999999999999999999"] {
        let reply = page(&t.scim(), "1", count)
            .await
            .holds("/totalResults", 220);
        assert!(reply.resources().len() >= 200, "{reply}");
    }
}

async fn a_number_that_is_none_is_refused(t: Tenant) {
    for (name, value) in [("startIndex", "one"), ("count", "many"), ("count", "1.5")] {
        t.scim()
            .get("/Users")
            .query(name, value)
            .await
            .error(400, "");
    }
}

async fn names_of_parameters_compare_without_case(t: Tenant) {
    crowd(&t, 3).await;
    let reply = t
        .scim()
        .get("/Users")
        .query("startindex", "2")
        .query("COUNT", "1")
        .await
        .status(200);
    reply.holds("/startIndex", 2).holds("/itemsPerPage", 1);
}

async fn walk(scim: &Client, size: usize, query: &[(&str, &str)]) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let mut request = scim.get("/Users").query("count", &size.to_string());
        request = request.query("startIndex", &(names.len() + 1).to_string());
        for (name, value) in query {
            request = request.query(name, value);
        }
        let reply = request.await.status(200);
        if reply.resources().is_empty() {
            assert_eq!(reply.total(), names.len() as u64, "{reply}");
            return names;
        }
        names.extend(reply.each("userName").into_iter().map(str::to_owned));
    }
}

async fn a_walk_sees_each_resource_once_in_a_stable_order(t: Tenant) {
    crowd(&t, 57).await;
    let by_ten = walk(&t.scim(), 10, &[]).await;
    assert_eq!(by_ten.len(), 57);
    assert_eq!(
        by_ten.iter().collect::<BTreeSet<_>>().len(),
        57,
        "some are seen twice"
    );
    for size in [7, 57, 100] {
        assert_eq!(walk(&t.scim(), size, &[]).await, by_ten, "pages of {size}");
    }
}

// Pages are found by key: where a walk has passed, and where none has.
async fn a_jump_shows_what_a_walk_shows(t: Tenant) {
    crowd(&t, 57).await;
    for query in [
        vec![],
        vec![("sortBy", "userName"), ("sortOrder", "descending")],
    ] {
        let whole = walk(&t.scim(), 57, &query).await;
        for start in [41, 3, 56, 12, 42] {
            let mut request = t
                .scim()
                .get("/Users")
                .query("startIndex", &start.to_string());
            for (name, value) in &query {
                request = request.query(name, value);
            }
            let reply = request.query("count", "4").await.status(200);
            let expected = &whole[start - 1..(start + 3).min(57)];
            assert_eq!(reply.each("userName"), expected, "from {start}");
        }
    }
}

async fn the_total_counts_what_the_filter_finds(t: Tenant) {
    crowd(&t, 25).await;
    let filter = [("filter", "userName sw \"u01\"")];
    assert_eq!(walk(&t.scim(), 3, &filter).await.len(), 10);
    let reply = t
        .scim()
        .get("/Users")
        .query("filter", "userName ge \"u020\"")
        .query("count", "2");
    reply
        .await
        .status(200)
        .holds("/totalResults", 5)
        .holds("/itemsPerPage", 2);
}

async fn groups_are_paged_alike(t: Tenant) {
    for number in 0..5 {
        t.create_group(&format!("group {number}"), &[]).await;
    }
    let mut names = BTreeSet::new();
    for start in ["1", "3", "5"] {
        let request = t
            .scim()
            .get("/Groups")
            .query("startIndex", start)
            .query("count", "2");
        let reply = request.await.status(200).holds("/totalResults", 5);
        names.extend(reply.each("displayName").into_iter().map(str::to_owned));
    }
    assert_eq!(names.len(), 5, "{names:?}");
}

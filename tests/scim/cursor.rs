//! Pages by cursor: RFC 9865.

use std::collections::BTreeSet;

use serde_json::json;

use jiff::SignedDuration;
use seatkeeper::clock::Clock;

use crate::common::{Engine, Reply, SEARCH, Server, Tenant};

both_engines!(
    an_empty_cursor_starts_a_walk_that_sees_each_resource_once,
    the_last_page_has_no_next_cursor,
    resources_that_stay_are_seen_once_while_others_come_and_go,
    a_walk_heeds_filter_sort_and_projection,
    a_cursor_that_the_server_never_gave_is_invalid,
    a_cursor_of_another_query_is_invalid,
    a_cursor_of_another_tenant_is_invalid,
    a_count_that_is_none_is_an_invalid_count,
    without_a_cursor_pages_go_by_index,
    a_search_takes_a_cursor,
);

both_engines_alone!(an_old_cursor_is_expired);

async fn crowd(t: &Tenant, size: usize) {
    for number in 0..size {
        t.bare_user(&format!("u{number:03}")).await;
    }
}

async fn page(t: &Tenant, cursor: &str, query: &[(&str, &str)]) -> Reply {
    let mut request = t.scim().get("/Users").query("cursor", cursor);
    for (name, value) in query {
        request = request.query(name, value);
    }
    request.await.status(200)
}

async fn walk(t: &Tenant, query: &[(&str, &str)]) -> Vec<String> {
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = page(t, &cursor, query).await;
        names.extend(reply.each("userName").into_iter().map(str::to_owned));
        match reply["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return names,
        }
    }
}

async fn an_empty_cursor_starts_a_walk_that_sees_each_resource_once(t: Tenant) {
    crowd(&t, 12).await;
    let first = page(&t, "", &[("count", "5")])
        .await
        .holds("/totalResults", 12);
    assert_eq!(first.resources().len(), 5, "{first}");
    let names = walk(&t, &[("count", "5")]).await;
    assert_eq!(names.len(), 12);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 12);
}

async fn the_last_page_has_no_next_cursor(t: Tenant) {
    crowd(&t, 4).await;
    let first = page(&t, "", &[("count", "2")]).await;
    let next = first.string("/nextCursor");
    page(&t, &next, &[("count", "2")])
        .await
        .lacks("/nextCursor");
    page(&t, "", &[("count", "4")]).await.lacks("/nextCursor");
}

async fn resources_that_stay_are_seen_once_while_others_come_and_go(t: Tenant) {
    crowd(&t, 9).await;
    let by_name = [("count", "3"), ("sortBy", "userName")];
    let first = page(&t, "", &by_name).await;
    // One that was seen goes, one comes before the place, one comes after it.
    t.scim()
        .delete(&format!("/Users/{}", first.string("/Resources/0/id")))
        .await
        .status(204);
    t.bare_user("u000-new").await;
    t.bare_user("u007-new").await;
    let second = page(&t, &first.string("/nextCursor"), &by_name).await;
    assert_eq!(second.each("userName"), ["u003", "u004", "u005"]);
    let third = page(&t, &second.string("/nextCursor"), &by_name).await;
    assert_eq!(third.each("userName"), ["u006", "u007", "u007-new"]);
}

async fn a_walk_heeds_filter_sort_and_projection(t: Tenant) {
    for (number, title) in ["b", "a", "b", "c", "a", "b"].into_iter().enumerate() {
        t.create_user(&format!("u{number}"), json!({"title": title}))
            .await;
    }
    t.bare_user("untitled").await;
    for order in ["ascending", "descending"] {
        let query = [
            ("filter", "title pr and title ne \"c\""),
            ("sortBy", "title"),
            ("sortOrder", order),
            ("attributes", "userName,title"),
            ("count", "2"),
        ];
        let names = walk(&t, &query).await;
        let (a, b): (Vec<_>, Vec<_>) = names
            .iter()
            .partition(|n| ["u1", "u4"].contains(&n.as_str()));
        assert_eq!((a.len(), b.len()), (2, 3), "{names:?}");
        let first_is_a = ["u1", "u4"].contains(&names[0].as_str());
        assert_eq!(first_is_a, order == "ascending", "{names:?}");
    }
    // Unset values take part in a walk, too.
    let all = walk(&t, &[("sortBy", "title"), ("count", "2")]).await;
    assert_eq!((all.len(), all[6].as_str()), (7, "untitled"), "{all:?}");
    let all = walk(
        &t,
        &[
            ("sortBy", "title"),
            ("sortOrder", "descending"),
            ("count", "2"),
        ],
    )
    .await;
    assert_eq!((all.len(), all[0].as_str()), (7, "untitled"), "{all:?}");
}

async fn a_cursor_that_the_server_never_gave_is_invalid(t: Tenant) {
    crowd(&t, 3).await;
    let given = page(&t, "", &[("count", "1")]).await.string("/nextCursor");
    // One changed character, anywhere.
    let mut forged = vec![
        "garbage".to_owned(),
        "AAAA".repeat(10),
        given[..given.len() / 2].to_owned(),
    ];
    for at in [0, given.len() / 2] {
        let other = if &given[at..=at] == "A" { "B" } else { "A" };
        forged.push(format!("{}{other}{}", &given[..at], &given[at + 1..]));
    }
    for cursor in forged {
        let request = t
            .scim()
            .get("/Users")
            .query("cursor", &cursor)
            .query("count", "1");
        request.await.error(400, "invalidCursor");
    }
}

async fn a_cursor_of_another_query_is_invalid(t: Tenant) {
    crowd(&t, 3).await;
    let cursor = page(&t, "", &[("count", "1")]).await.string("/nextCursor");
    for (name, value) in [("filter", "active eq true"), ("sortBy", "userName")] {
        let request = t
            .scim()
            .get("/Users")
            .query("cursor", &cursor)
            .query(name, value);
        request.await.error(400, "invalidCursor");
    }
    t.scim()
        .get("/Groups")
        .query("cursor", &cursor)
        .await
        .error(400, "invalidCursor");
}

async fn a_cursor_of_another_tenant_is_invalid(t: Tenant) {
    crowd(&t, 3).await;
    let cursor = page(&t, "", &[("count", "1")]).await.string("/nextCursor");
    let neighbour = t.neighbour();
    neighbour
        .scim()
        .get("/Users")
        .query("cursor", &cursor)
        .query("count", "1")
        .await
        .error(400, "invalidCursor");
}

async fn a_count_that_is_none_is_an_invalid_count(t: Tenant) {
    crowd(&t, 2).await;
    let request = t
        .scim()
        .get("/Users")
        .query("cursor", "")
        .query("count", "many");
    request.await.error(400, "invalidCount");
}

async fn without_a_cursor_pages_go_by_index(t: Tenant) {
    crowd(&t, 3).await;
    let reply = t.scim().get("/Users").query("count", "1").await.status(200);
    reply.holds("/startIndex", 1).lacks("/nextCursor");
}

async fn a_search_takes_a_cursor(t: Tenant) {
    crowd(&t, 3).await;
    let mut names = Vec::new();
    let mut cursor = String::new();
    for _ in 0..2 {
        let body = json!({"schemas": [SEARCH], "cursor": cursor, "count": 2});
        let reply = t.scim().post("/Users/.search", body).await.status(200);
        names.extend(reply.each("userName").into_iter().map(str::to_owned));
        reply["nextCursor"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut cursor);
    }
    assert_eq!((names.len(), cursor.as_str()), (3, ""), "{names:?}");
}

async fn an_old_cursor_is_expired(engine: Engine) {
    let clock = Clock::system();
    let server = Server::start(engine, clock.clone()).await;
    let t = server.new_tenant();
    crowd(&t, 3).await;
    let provider = t.scim().get("/ServiceProviderConfig").await.status(200);
    let seconds = provider.number("/pagination/cursorTimeout");
    let timeout = SignedDuration::from_secs(i64::try_from(seconds).expect("a short time"));
    let cursor = page(&t, "", &[("count", "1")]).await.string("/nextCursor");
    clock.advance(timeout - SignedDuration::from_secs(60));
    page(&t, &cursor, &[("count", "1")]).await;
    clock.advance(SignedDuration::from_secs(120));
    let late = t
        .scim()
        .get("/Users")
        .query("cursor", &cursor)
        .query("count", "1");
    late.await.error(400, "expiredCursor");
    server.stop().await;
}

//! Queries by POST: RFC 7644 section 3.4.3.

use serde_json::{Value, json};

use crate::common::{NOBODY, SEARCH, Tenant};

both_engines!(
    a_search_of_a_type_answers_as_its_list_does,
    a_search_takes_every_parameter_of_a_list,
    a_search_at_the_root_finds_every_type,
    at_the_root_an_attribute_that_a_type_lacks_matches_nothing_there,
    at_the_root_an_attribute_that_no_type_knows_is_refused,
    a_search_at_the_root_is_sorted_and_paged_as_a_whole,
    a_search_must_identify_itself,
    a_search_that_finds_nothing_is_an_empty_list,
);

fn search(parameters: Value) -> Value {
    let mut body = json!({"schemas": [SEARCH]});
    if let (Some(body), Value::Object(parameters)) = (body.as_object_mut(), parameters) {
        body.extend(parameters);
    }
    body
}

async fn a_search_of_a_type_answers_as_its_list_does(t: Tenant) {
    t.bare_user("ada").await;
    t.create_group("Analysts", &[]).await;
    for path in ["/Users", "/Groups"] {
        let listed = t.scim().get(path).await.status(200);
        let found = t
            .scim()
            .post(&format!("{path}/.search"), search(json!({})))
            .await
            .status(200);
        assert_eq!(found.json, listed.json);
    }
}

async fn a_search_takes_every_parameter_of_a_list(t: Tenant) {
    for (name, title) in [("ada", "b"), ("bob", "a"), ("cyd", "c"), ("dee", "x")] {
        t.create_user(name, json!({"title": title, "nickName": "n"}))
            .await;
    }
    let parameters = json!({"filter": "title ne \"x\"", "sortBy": "title", "sortOrder": "descending",
                            "startIndex": 2, "count": 1, "attributes": ["userName", "title"]});
    let reply = t
        .scim()
        .post("/Users/.search", search(parameters))
        .await
        .status(200);
    let reply = reply
        .holds("/totalResults", 3)
        .holds("/startIndex", 2)
        .holds("/itemsPerPage", 1);
    let reply = reply
        .holds("/Resources/0/userName", "ada")
        .lacks("/Resources/0/nickName");
    reply.lacks("/Resources/0/meta");
    let excluded = search(json!({"excludedAttributes": ["title", "emails"]}));
    let reply = t.scim().post("/Users/.search", excluded).await.status(200);
    reply
        .holds("/Resources/0/nickName", "n")
        .lacks("/Resources/0/title");
    t.scim()
        .post("/Users/.search", search(json!({"count": 0})))
        .await
        .status(200)
        .holds("/totalResults", 4);
}

async fn a_search_at_the_root_finds_every_type(t: Tenant) {
    t.create_user("ada", json!({"displayName": "Analysts"}))
        .await;
    t.create_group("Analysts", &[]).await;
    t.create_group("Coaches", &[]).await;
    let parameters = json!({"filter": "displayName eq \"analysts\""});
    let reply = t
        .scim()
        .post("/.search", search(parameters))
        .await
        .status(200)
        .holds("/totalResults", 2);
    let mut types: Vec<_> = reply
        .resources()
        .iter()
        .map(|one| one["meta"]["resourceType"].as_str().unwrap_or(""))
        .collect();
    types.sort_unstable();
    assert_eq!(types, ["Group", "User"], "{reply}");
    let users = json!({"filter": "meta.resourceType eq \"User\""});
    let reply = t.scim().post("/.search", search(users)).await.status(200);
    assert_eq!(reply.each("userName"), ["ada"], "{reply}");
}

async fn at_the_root_an_attribute_that_a_type_lacks_matches_nothing_there(t: Tenant) {
    t.bare_user("ada").await;
    t.create_group("ada", &[]).await;
    for filter in [
        "userName eq \"ada\"",
        "userName pr",
        "emails pr or userName sw \"a\"",
    ] {
        let reply = t
            .scim()
            .post("/.search", search(json!({"filter": filter})))
            .await
            .status(200);
        assert_eq!(reply.total(), 1, "{filter}: {reply}");
        reply.holds("/Resources/0/meta/resourceType", "User");
    }
}

async fn at_the_root_an_attribute_that_no_type_knows_is_refused(t: Tenant) {
    for filter in ["shoeSize pr", "userName eq \"ada\" or shoeSize eq \"38\""] {
        let reply = t
            .scim()
            .post("/.search", search(json!({"filter": filter})))
            .await;
        reply.error(400, "invalidFilter").says("shoeSize");
    }
}

async fn a_search_at_the_root_is_sorted_and_paged_as_a_whole(t: Tenant) {
    for name in ["b", "d"] {
        t.create_user(name, json!({"displayName": name})).await;
    }
    for name in ["a", "c"] {
        t.create_group(name, &[]).await;
    }
    let mut names = Vec::new();
    for start in [1, 3] {
        let parameters = json!({"sortBy": "displayName", "startIndex": start, "count": 2});
        let reply = t
            .scim()
            .post("/.search", search(parameters))
            .await
            .status(200);
        let reply = reply.holds("/totalResults", 4);
        names.extend(reply.each("displayName").into_iter().map(str::to_owned));
    }
    assert_eq!(names, ["a", "b", "c", "d"]);
}

// A search MUST be identified by the URN of a SearchRequest.
async fn a_search_must_identify_itself(t: Tenant) {
    for path in ["/.search", "/Users/.search"] {
        let nameless = json!({"filter": "userName pr"});
        t.scim()
            .post(path, nameless)
            .await
            .error(400, "invalidSyntax");
        t.scim()
            .post(path, json!([]))
            .await
            .error(400, "invalidSyntax");
    }
}

async fn a_search_that_finds_nothing_is_an_empty_list(t: Tenant) {
    let filter = format!("id eq \"{NOBODY}\"");
    for path in ["/.search", "/Users/.search", "/Groups/.search"] {
        let reply = t
            .scim()
            .post(path, search(json!({"filter": filter})))
            .await
            .status(200);
        reply
            .holds("/totalResults", 0)
            .holds("/Resources", json!([]));
    }
}

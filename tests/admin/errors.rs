//! What is refused, and how.

use reqwest::Method;
use serde_json::json;

use crate::common::{NOBODY, Tenant};
use crate::office::Office;

both_engines!(
    an_unknown_path_is_a_problem,
    a_wrong_method_names_the_right_ones,
    malformed_json_is_pointed_at,
    only_json_is_taken,
    a_body_that_is_no_object_is_refused,
    a_body_has_a_size,
    a_trailing_slash_is_the_same_path,
    head_is_get_without_a_body,
    without_a_credential_nothing_is_answered,
);

async fn an_unknown_path_is_a_problem(t: Tenant) {
    let owner = t.admin("owner");
    for path in ["", "/nothing", "/members/a/b/c", "/Members"] {
        let refused = owner
            .get(path)
            .await
            .status(404)
            .holds("/code", "not_found");
        refused.holds("/title", "Not Found");
    }
}

async fn a_wrong_method_names_the_right_ones(t: Tenant) {
    let owner = t.admin("owner");
    for (method, path, allowed) in [
        (Method::DELETE, "/members", "GET"),
        (Method::PUT, "/pools/main", "PATCH"),
        (Method::GET, "/members/ada/end", "POST"),
        (Method::POST, "/policy", "PATCH"),
    ] {
        let refused = owner.request(method, path).await.status(405);
        assert!(refused.header("allow").contains(allowed), "{refused}");
        refused.holds("/code", "method_not_allowed");
    }
}

async fn malformed_json_is_pointed_at(t: Tenant) {
    let owner = t.admin("owner");
    let post = |text: &str| {
        let request = owner.request(Method::POST, "/pools");
        request.body("application/json", text.as_bytes())
    };
    let refused = post("{\n  \"key\": hush\n}").await.status(400);
    let refused = refused
        .holds("/code", "invalid_json")
        .says("line 2 column 10");
    assert!(!refused.text.contains("hush"), "{refused}");
    for text in ["", "{", "{}{}", "\u{feff}{}", "nul"] {
        post(text).await.status(400).holds("/code", "invalid_json");
    }
    let deep = "[".repeat(100_000);
    post(&deep).await.status(400).holds("/code", "invalid_json");
}

async fn only_json_is_taken(t: Tenant) {
    let owner = t.admin("owner");
    let post = async |media_type: &str| {
        let request = owner.request(Method::POST, "/tracks");
        request
            .body(media_type, json!({"key": "x", "name": "X"}).to_string())
            .await
    };
    for media_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/xml",
    ] {
        let refused = post(media_type).await.status(415);
        refused.holds("/code", "unsupported_media_type");
    }
    post("Application/JSON; charset=utf-8").await.status(201);
}

async fn a_body_that_is_no_object_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for body in [json!([]), json!("x"), json!(null), json!(7)] {
        for path in [
            "/pools",
            "/tracks",
            "/mappings",
            "/members/ada/end",
            "/members/ada/extend",
        ] {
            let refused = office.owner.post(path, body.clone()).await.status(400);
            refused.holds("/code", "invalid_body");
        }
    }
}

async fn a_body_has_a_size(t: Tenant) {
    let owner = t.admin("owner");
    let body = json!({"key": "x", "name": "x".repeat(1 << 20)});
    owner
        .post("/tracks", body)
        .await
        .status(413)
        .holds("/code", "too_large");
}

async fn a_trailing_slash_is_the_same_path(t: Tenant) {
    let owner = t.admin("owner");
    owner.get("/pools/").query("limit", "1").await.status(200);
}

async fn head_is_get_without_a_body(t: Tenant) {
    let owner = t.admin("owner");
    let reply = owner.request(Method::HEAD, "/pools").await.status(200);
    assert_eq!(
        (reply.header("content-type"), reply.text.as_str()),
        ("application/json", "")
    );
}

async fn without_a_credential_nothing_is_answered(t: Tenant) {
    let owner = t.admin("owner");
    for (path, method) in [
        ("/members", Method::GET),
        ("/pools", Method::POST),
        ("/x", Method::GET),
    ] {
        for credential in ["", "Basic b3duZXI6", "Bearer skp_nobody_nothing"] {
            let request = owner
                .request(method.clone(), path)
                .header("authorization", credential);
            let refused = request.await.status(401).holds("/code", "unauthorized");
            assert!(
                refused.header("www-authenticate").starts_with("Bearer"),
                "{refused}"
            );
        }
    }
    let path = format!("/members/{NOBODY}");
    owner
        .get(&path)
        .header("authorization", "")
        .await
        .status(401);
}

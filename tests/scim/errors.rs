//! How requests are refused: RFC 7644 sections 2 and 3.12. The client of these tests holds every
//! refusal against the form of an error.

use jiff::SignedDuration;
use reqwest::Method;
use seatkeeper::clock::Clock;
use serde_json::json;

use crate::common::tenant::{group, user};
use crate::common::{Engine, NOBODY, Server, Tenant};

both_engines!(
    an_unknown_route_is_404,
    a_method_that_a_path_lacks_is_405_and_says_which_it_has,
    a_media_type_other_than_json_is_415,
    a_body_that_is_too_large_is_413,
    malformed_json_is_refused_with_line_and_column,
    an_id_that_does_not_exist_is_404_whatever_the_body,
    a_request_without_a_valid_credential_is_401_and_names_the_scheme,
    a_credential_of_the_wrong_kind_is_403,
    another_tenants_resource_does_not_exist,
);

both_engines_alone!(
    an_expired_token_is_401,
    a_tenant_above_its_rate_is_429_with_whole_seconds
);

async fn an_unknown_route_is_404(t: Tenant) {
    for path in [
        "/Nonsense",
        "/Users/1/2",
        "/users",
        "/Users.search",
        "/Schemas/a/b",
    ] {
        t.scim().get(path).await.error(404, "");
    }
    t.scim().post("/Nonsense", json!({})).await.error(404, "");
}

async fn a_method_that_a_path_lacks_is_405_and_says_which_it_has(t: Tenant) {
    let id = t.bare_user("ada").await.id();
    for (method, path, allowed) in [
        (Method::POST, format!("/Users/{id}"), "PATCH"),
        (Method::DELETE, "/Users".to_owned(), "POST"),
        (Method::PUT, "/Users".to_owned(), "GET"),
        (Method::PATCH, "/Groups".to_owned(), "POST"),
        (Method::GET, "/Bulk".to_owned(), "POST"),
        (Method::PUT, "/.search".to_owned(), "POST"),
    ] {
        let reply = t
            .scim()
            .request(method, &path)
            .body("application/scim+json", "{}");
        let reply = reply.await.error(405, "");
        assert!(reply.header("allow").contains(allowed), "{reply}");
    }
}

async fn a_media_type_other_than_json_is_415(t: Tenant) {
    let body = user("ada", json!({})).to_string();
    for content_type in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "json",
    ] {
        let post = t
            .scim()
            .post("/Users", json!({}))
            .body(content_type, body.clone());
        post.await.error(415, "");
    }
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    t.scim()
        .patch(&path, json!([]))
        .body("text/plain", "{}")
        .await
        .error(415, "");
}

async fn a_body_that_is_too_large_is_413(t: Tenant) {
    let body = user("ada", json!({"displayName": "x".repeat(5 << 20)}));
    t.scim().post("/Users", body).await.error(413, "");
}

async fn malformed_json_is_refused_with_line_and_column(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for (body, place) in [
        ("", "line 1"),
        ("{", "line 1"),
        ("{\n  \"userName\": ada\n}", "line 2"),
        ("{}}", "column 3"),
        ("{'userName': 'ada'}", "line 1"),
        ("\u{feff}{}", "line 1"),
        ("{\"a\": 01}", "line 1"),
        ("{\"a\": NaN}", "line 1"),
        ("{\"a\":\n\n1,}", "line 3"),
    ] {
        for (method, path) in [
            (Method::POST, "/Users"),
            (Method::PUT, &path),
            (Method::PATCH, &path),
        ] {
            let request = t
                .scim()
                .request(method, path)
                .body("application/scim+json", body);
            request
                .await
                .error(400, "invalidSyntax")
                .says(place)
                .says("column");
        }
    }
}

async fn an_id_that_does_not_exist_is_404_whatever_the_body(t: Tenant) {
    for path in [
        format!("/Users/{NOBODY}"),
        format!("/Groups/{NOBODY}"),
        "/Users/of-no-shape".to_owned(),
    ] {
        for body in ["{", "[]", "{\"schemas\": []}", "null"] {
            for method in [Method::PUT, Method::PATCH] {
                let request = t
                    .scim()
                    .request(method, &path)
                    .body("application/scim+json", body);
                request.await.error(404, "");
            }
        }
    }
}

async fn a_request_without_a_valid_credential_is_401_and_names_the_scheme(t: Tenant) {
    let token = t.token("scim");
    let cut = format!("Bearer {}", &token[..token.len() - 1]);
    let basic = format!("Basic {token}");
    for authorization in [
        None,
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer x"),
        Some("x"),
        Some(&*cut),
        Some(&*basic),
    ] {
        for path in ["/Users", "/Users/1", "/Groups", "/Nonsense"] {
            let reply = t.scim_as(authorization).get(path).await.error(401, "");
            assert!(
                reply.header("www-authenticate").starts_with("Bearer"),
                "{reply}"
            );
        }
        let post = t
            .scim_as(authorization)
            .post("/Users", user("eve", json!({})));
        post.await.error(401, "");
    }
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 0);
    let lower_case = format!("bearer {token}");
    t.scim_as(Some(&lower_case)).get("/Users").await.status(200);
}

async fn a_credential_of_the_wrong_kind_is_403(t: Tenant) {
    for role in [
        "viewer",
        "program_admin",
        "license_admin",
        "approver",
        "auditor",
        "owner",
    ] {
        let admin = format!("Bearer {}", t.token(role));
        t.scim_as(Some(&admin)).get("/Users").await.error(403, "");
        t.scim_as(Some(&admin))
            .post("/Users", user("eve", json!({})))
            .await
            .error(403, "");
    }
    t.admin("scim").get("/members").await.status(403);
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 0);
}

// 404 and not 403: an id of another tenant is an id that does not exist, to the letter.
async fn another_tenants_resource_does_not_exist(t: Tenant) {
    let (ada, analysts) = (
        t.bare_user("ada").await.id(),
        t.create_group("Analysts", &[]).await.id(),
    );
    let other = t.neighbour().scim();
    for (kind, id, body) in [
        ("Users", &ada, user("eve", json!({}))),
        ("Groups", &analysts, group("Eves", &[])),
    ] {
        let theirs = format!("/{kind}/{id}");
        let read = other.get(&theirs).await.error(404, "");
        let unknown = other.get(&format!("/{kind}/{NOBODY}")).await.error(404, "");
        assert_eq!(read.text.replace(id, NOBODY), unknown.text);
        other.put(&theirs, body).await.error(404, "");
        let rename = json!([{"op": "replace", "path": "displayName", "value": "Eve"}]);
        other.patch(&theirs, rename).await.error(404, "");
        other.delete(&theirs).await.error(404, "");
        assert_eq!(other.get(&format!("/{kind}")).await.status(200).total(), 0);
        t.scim().get(&theirs).await.status(200);
    }
    t.scim()
        .get(&format!("/Groups/{analysts}"))
        .await
        .status(200)
        .holds("/displayName", "Analysts");
}

async fn an_expired_token_is_401(engine: Engine) {
    let clock = Clock::system();
    let server = Server::start(engine, clock.clone()).await;
    let t = server.new_tenant();
    let command = [
        "token",
        "create",
        "--tenant",
        &t.name,
        "--role",
        "scim",
        "--expires-in",
        "30d",
    ];
    let token = format!("Bearer {}", t.command(&command));
    clock.advance(SignedDuration::from_hours(24 * 29));
    t.scim_as(Some(&token)).get("/Users").await.status(200);
    clock.advance(SignedDuration::from_hours(24 * 2));
    let reply = t.scim_as(Some(&token)).get("/Users").await.error(401, "");
    assert!(
        reply.header("www-authenticate").starts_with("Bearer"),
        "{reply}"
    );
    server.stop().await;
}

async fn a_tenant_above_its_rate_is_429_with_whole_seconds(engine: Engine) {
    let server = Server::start_with(engine, Clock::system(), |config| config.rate_limit = 5).await;
    let t = server.new_tenant();
    let scim = t.scim();
    let mut refused = None;
    for _ in 0..200 {
        let reply = scim.get("/Users").query("count", "0").await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
        reply.status(200);
    }
    let refused = refused
        .expect("a refusal within 200 requests at 5 a second")
        .error(429, "");
    assert!(
        refused
            .header("retry-after")
            .parse::<u32>()
            .is_ok_and(|s| s >= 1),
        "{refused}"
    );
    // The limit is the tenant's own.
    t.neighbour().scim().get("/Users").await.status(200);
    server.stop().await;
}

//! Bodies, paths and parameters that are meant to break a server. None is ever a 5xx.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::tenant::user;
use crate::common::{Reply, Tenant};

both_engines!(
    nested_brackets_by_the_hundred_thousand_are_refused,
    nested_filters_by_the_hundred_thousand_are_refused,
    a_nul_character_is_refused_or_finds_nothing,
    a_lone_surrogate_is_malformed,
    a_megabyte_in_one_attribute_is_refused,
    a_long_text_within_the_limit_is_kept,
    bytes_that_are_no_utf_8_are_malformed,
    sql_in_every_place_is_text,
    keys_that_aim_at_the_servers_own_state_are_ignored,
    a_key_that_comes_twice_does_no_harm,
    numbers_beyond_all_bounds_are_refused,
);

fn refused(reply: &Reply) {
    assert!((400..500).contains(&reply.status), "{reply}");
}

async fn raw(t: &Tenant, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Reply {
    t.scim()
        .request(method, path)
        .body("application/scim+json", body)
        .await
}

async fn nested_brackets_by_the_hundred_thousand_are_refused(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let within = format!("{{\"userName\": \"x\", \"name\": {nested}}}");
        for body in [&nested, &within, &open.repeat(100_000)] {
            raw(&t, Method::POST, "/Users", body.as_str())
                .await
                .error(400, "invalidSyntax");
            raw(&t, Method::PATCH, &path, body.as_str())
                .await
                .error(400, "invalidSyntax");
        }
    }
}

async fn nested_filters_by_the_hundred_thousand_are_refused(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for open in ["(", "not (", "emails[", "not "] {
        let filter = open.repeat(100_000);
        let search = json!({"schemas": [crate::common::SEARCH], "filter": filter});
        t.scim()
            .post("/Users/.search", search)
            .await
            .error(400, "invalidFilter");
        let remove = json!([{"op": "remove", "path": format!("emails[{filter}")}]);
        refused(&t.scim().patch(&path, remove).await);
        // In a URL the same is cut short by the limit of a request's head, or by the filter's.
        refused(
            &t.scim()
                .get("/Users")
                .query("filter", &open.repeat(2_000))
                .await,
        );
    }
}

async fn a_nul_character_is_refused_or_finds_nothing(t: Tenant) {
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for rest in [
        json!({"displayName": "a\0b"}),
        json!({"name": {"givenName": "\0"}}),
        json!({"emails": [{"value": "a\0@x.example"}]}),
        json!({"externalId": "\0"}),
    ] {
        t.scim()
            .post("/Users", user("eve", rest))
            .await
            .error(400, "invalidValue");
    }
    t.scim()
        .post("/Users", user("e\0ve", json!({})))
        .await
        .error(400, "invalidValue");
    let replace = json!([{"op": "replace", "path": "title", "value": "\0"}]);
    t.scim()
        .patch(&path, replace)
        .await
        .error(400, "invalidValue");
    for filter in [
        "userName eq \"\\u0000\"",
        "displayName co \"\\u0000\"",
        "externalId eq \"a\0b\"",
    ] {
        let reply = t.scim().get("/Users").query("filter", filter).await;
        let nothing = reply.status == 200 && reply.total() == 0;
        assert!(nothing || reply.status == 400, "{reply}");
    }
    let reply = t
        .scim()
        .get("/Users")
        .query("attributes", "user\0Name")
        .await;
    assert!(reply.status < 500, "{reply}");
    refused(&t.scim().get("/Users").query("cursor", "\0").await);
}

async fn a_lone_surrogate_is_malformed(t: Tenant) {
    for half in ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800"] {
        let body = user("ada", json!({"displayName": "HALF"}))
            .to_string()
            .replace("HALF", half);
        raw(&t, Method::POST, "/Users", body)
            .await
            .error(400, "invalidSyntax");
    }
}

async fn a_megabyte_in_one_attribute_is_refused(t: Tenant) {
    let text = "x".repeat(1 << 20);
    let path = format!("/Users/{}", t.bare_user("ada").await.id());
    for rest in [
        json!({"displayName": text}),
        json!({"emails": [{"value": text}]}),
        json!({"name": {"givenName": text}}),
        json!({"externalId": text}),
    ] {
        refused(&t.scim().post("/Users", user("eve", rest)).await);
    }
    refused(&t.scim().post("/Users", user(&text, json!({}))).await);
    let replace = json!([{"op": "replace", "path": "title", "value": text}]);
    refused(&t.scim().patch(&path, replace).await);
    refused(
        &t.scim()
            .patch(&path, json!([{"op": "remove", "path": text}]))
            .await,
    );
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 1);
}

async fn a_long_text_within_the_limit_is_kept(t: Tenant) {
    let text = "ä".repeat(1_500);
    let rest = json!({"displayName": text, "externalId": text, "emails": [{"value": text}]});
    t.create_user("ada", rest)
        .await
        .holds("/displayName", text.clone());
    let found = t
        .scim()
        .get("/Users")
        .query("filter", &format!("displayName eq \"{text}\""))
        .await;
    assert_eq!(found.status(200).total(), 1);
}

async fn bytes_that_are_no_utf_8_are_malformed(t: Tenant) {
    let mut body = user("ada", json!({"displayName": "HERE"}))
        .to_string()
        .into_bytes();
    if let Some(at) = body.windows(4).position(|four| four == b"HERE") {
        body[at] = 0xff;
    }
    raw(&t, Method::POST, "/Users", body)
        .await
        .error(400, "invalidSyntax");
}

async fn sql_in_every_place_is_text(t: Tenant) {
    t.bare_user("witness").await;
    for text in [
        "'; drop table users; --",
        "' or '1'='1",
        "\" or \"\"=\"",
        "%' --",
        "\\'; --",
        "$1",
        "?1",
        "{{7*7}}",
        "${x}",
    ] {
        let rest = json!({"displayName": text, "externalId": text, "emails": [{"value": text, "type": text}]});
        let created = t.create_user(text, rest).await.holds("/displayName", text);
        let quoted = json!(text).to_string();
        for attribute in [
            "userName",
            "displayName",
            "externalId",
            "emails.value",
            "emails.type",
        ] {
            let filter = format!("{attribute} eq {quoted}");
            let found = t
                .scim()
                .get("/Users")
                .query("filter", &filter)
                .await
                .status(200);
            assert_eq!(found.each("id"), [created.id()], "{filter}");
        }
        let path = format!("/Users/{}", created.id());
        let remove = json!([{"op": "remove", "path": format!("emails[value eq {quoted}]")}]);
        t.scim()
            .patch(&path, remove)
            .await
            .status(200)
            .lacks("/emails");
        t.scim().delete(&path).await.status(204);
    }
    assert_eq!(
        t.scim().get("/Users").await.status(200).each("userName"),
        ["witness"]
    );
}

async fn keys_that_aim_at_the_servers_own_state_are_ignored(t: Tenant) {
    let before = t.bare_user("ada").await;
    let path = format!("/Users/{}", before.id());
    for key in [
        "tenant",
        "tenantId",
        "tenant_id",
        "status",
        "seat",
        "version",
        "__proto__",
        "constructor",
        "ID",
        "Meta",
        "meta.created",
        "GROUPS",
    ] {
        let value: Value = json!({key: {"value": "x"}});
        let replace = json!([{"op": "replace", "value": value}]);
        let reply = t.scim().patch(&path, replace).await;
        assert!(reply.status == 200 || reply.status == 400, "{reply}");
        assert_eq!(
            t.scim().get(&path).await.status(200).json,
            before.json,
            "{key}"
        );
    }
}

async fn a_key_that_comes_twice_does_no_harm(t: Tenant) {
    let body = user("ada", json!({})).to_string();
    let body = body.replacen(
        "\"userName\"",
        "\"userName\":\"eve\",\"username\":\"mallory\",\"userName\"",
        1,
    );
    let reply = raw(&t, Method::POST, "/Users", body).await;
    assert!(reply.status == 201 || reply.status == 400, "{reply}");
    let names = t.scim().get("/Users").await.status(200);
    assert!(names.total() <= 1, "{names}");
}

async fn numbers_beyond_all_bounds_are_refused(t: Tenant) {
    for number in ["1e400", "-1e999", "123456789012345678901234567890"] {
        let body = user("ada", json!({"active": "N"}))
            .to_string()
            .replace("\"N\"", number);
        refused(&raw(&t, Method::POST, "/Users", body).await);
    }
}

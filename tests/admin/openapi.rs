//! `/openapi.json`: it has every operation, and of each the fields and parameters that the server
//! says there are. What of answers it says is held against every reply of these tests
//! (`common::described`).

use std::collections::BTreeSet;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Client, NOBODY, Reply, Tenant, client::Rules};

both_engines!(
    anybody_can_have_it,
    it_has_every_operation_and_no_other,
    it_has_every_field_of_every_body,
    it_has_every_parameter_of_every_operation,
);

/// What a refusal names, since a list like it has it, and what is refused all the same.
const NOT_HERE: &[(&str, &str)] = &[
    ("/admin/v1/exports/members.csv", "sort"),
    ("/admin/v1/exports/members.csv", "asOf"),
    ("/admin/v1/exports/members.jsonl", "sort"),
    ("/admin/v1/exports/members.jsonl", "asOf"),
    ("/admin/v1/members/{id}/events", "member"),
];

fn root(t: &Tenant) -> Client {
    Client::new(format!("http://{}", t.address), Rules::Admin)
}

async fn document(t: &Tenant) -> Value {
    root(t).get("/openapi.json").await.status(200).json
}

/// Every operation: its method, its path and the rest.
fn operations(document: &Value) -> Vec<(Method, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods.iter().map(move |(method, operation)| {
            let method = method.to_uppercase().parse().unwrap();
            (method, path.clone(), operation)
        })
    });
    each.collect()
}

async fn anybody_can_have_it(t: Tenant) {
    let served = root(&t).get("/openapi.json").await.status(200);
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served["openapi"], "3.1.0", "{served}");
    let printed = Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
        .arg("openapi")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), served.text);
    for path in ["/healthz", "/readyz"] {
        root(&t).get(path).await.status(200);
    }
}

async fn it_has_every_operation_and_no_other(t: Tenant) {
    let document = document(&t).await;
    let capabilities = t.admin("owner").get("/capabilities").await.status(200);
    let known: BTreeSet<_> = capabilities["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|known| {
            let text = |key: &str| known[key].as_str().unwrap().to_owned();
            let rights = known["rights"].clone().to_string();
            let or = known["orRight"].clone().to_string();
            (text("method"), text("path"), text("operation"), rights, or)
        })
        .collect();
    let described: BTreeSet<_> = operations(&document)
        .into_iter()
        .filter(|(_, path, _)| path.starts_with("/admin/v1/"))
        .map(|(method, path, operation)| {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let rights = operation["x-rights"].to_string();
            let or = operation["x-or-right"].to_string();
            (method.to_string(), path, name, rights, or)
        })
        .collect();
    assert_eq!(described, known);
    for (_, path, operation) in operations(&document) {
        let text = operation["description"].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{path}: {operation}");
    }
    let text = document.to_string();
    for named in text.split("\"$ref\":\"#").skip(1) {
        let pointer = named.split('"').next().unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "nothing is at {pointer}"
        );
    }
}

/// A request for the operation, with what `id` names in its path.
fn request(
    client: &Client,
    method: &Method,
    path: &str,
    id: &str,
) -> crate::common::client::Request {
    let path = path.strip_prefix("/admin/v1").unwrap();
    let path = path
        .replace("{id}", id)
        .replace("{n}", "1")
        .replace("{seq}", "1");
    client.request(method.clone(), &path)
}

/// What a refusal says that there is.
fn there_are(reply: &Reply) -> BTreeSet<String> {
    let detail = reply["detail"].as_str().unwrap_or_default();
    let (_, names) = detail.rsplit_once("there are ").unwrap_or_default();
    names.split(", ").map(str::to_owned).collect()
}

async fn it_has_every_field_of_every_body(t: Tenant) {
    let document = document(&t).await;
    let owner = t.admin("owner");
    let mut compared = 0;
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let named = schema["$ref"]
            .as_str()
            .and_then(|named| named.strip_prefix('#'));
        let Some(schema) = named.map(|pointer| &document.pointer(pointer).unwrap()["properties"])
        else {
            continue;
        };
        // Events are refused one by one.
        let Some(fields) = schema.as_object() else {
            assert_eq!(path, "/admin/v1/events");
            continue;
        };
        let sent = request(&owner, &method, &path, NOBODY);
        let sent = sent.body("application/json", json!({"nonsense": 1}).to_string());
        let reply = sent.await.status(400).holds("/code", "unknown_field");
        let mut described: BTreeSet<_> = fields.keys().cloned().collect();
        if path.contains("/mappings/") {
            // Another name of `group`.
            described.remove("groupDisplay");
        }
        assert_eq!(described, there_are(&reply), "{method} {path}");
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

async fn it_has_every_parameter_of_every_operation(t: Tenant) {
    let document = document(&t).await;
    let owner = Client::new(format!("http://{}/admin/v1", t.address), Rules::None)
        .with_header("authorization", &format!("Bearer {}", t.token("owner")));
    let held = owner
        .request(Method::POST, "/reconciliations?source=hr")
        .body("text/csv", "email\n");
    let held = held.await.status(201).id();
    let mut compared = 0;
    for (method, path, operation) in operations(&document) {
        let is_own = |name: &str| {
            // Those of pages are said to be there wherever there is one, and attributes by prefix.
            !matches!(name, "limit" | "cursor" | "format") && !name.starts_with("attr")
        };
        let parameters = operation["parameters"].as_array();
        let described: BTreeSet<_> = parameters
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .filter(|name| is_own(name))
            .map(str::to_owned)
            .collect();
        let takes_json = operation["requestBody"]["content"]["application/json"].is_object();
        // Each report has parameters of its own.
        if !path.starts_with("/admin/v1/") || path.contains("/reports/") || takes_json {
            continue;
        }
        let id = match path.as_str() {
            "/admin/v1/reconciliations/{id}" => &held,
            _ => NOBODY,
        };
        let mut sent = request(&owner, &method, &path, id).query("nonsense", "1");
        if operation["requestBody"].is_object() {
            sent = sent.body("text/csv", "email\n");
        }
        let reply = sent.await;
        if reply["code"] == "unknown_parameter" {
            let mut known = there_are(&reply);
            known.retain(|name| is_own(name) && !NOT_HERE.contains(&(&path, name)));
            assert_eq!(described, known, "{method} {path}");
            compared += 1;
        } else {
            assert!(
                described.is_empty(),
                "{method} {path} ignores what it is asked\n{reply}"
            );
        }
    }
    assert!(compared > 30, "{compared}");
}

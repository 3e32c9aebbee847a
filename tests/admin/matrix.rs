//! Every endpoint with every role (domain 4.14): the matrix that `/roles` and `/capabilities` publish
//! is the one that holds.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::common::Tenant;
use crate::office::Office;

both_engines!(
    every_route_is_among_the_capabilities,
    every_endpoint_refuses_whom_the_matrix_refuses,
);

/// The routes, where they are declared.
const ROUTES: &str = include_str!("../../src/http/admin/mod.rs");

/// A path without the names of what it names.
fn plain(path: &str) -> String {
    let mut parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| path + "/" + part)
}

fn texts<'v>(value: &'v Value, pointer: &str) -> Vec<&'v str> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    let list = list.unwrap_or_else(|| panic!("no list at {pointer}: {value}"));
    list.iter().filter_map(Value::as_str).collect()
}

async fn every_route_is_among_the_capabilities(t: Tenant) {
    let owner = t.admin("owner");
    let mut routes = BTreeSet::new();
    for declared in ROUTES.split(".route(").skip(1) {
        let path = plain(declared.split('"').nth(1).unwrap());
        // What a path has is in the refusal of what it has not.
        let refused = owner.request(Method::TRACE, &path).await.status(405);
        for method in refused.header("allow").split(',') {
            if method.trim() != "HEAD" {
                routes.insert(format!("{} {path}", method.trim()));
            }
        }
    }
    let all = owner.get("/capabilities").await.status(200);
    let operations = all["operations"].as_array().unwrap().iter();
    let known: BTreeSet<_> = operations
        .map(|operation| {
            let path = operation["path"].as_str().unwrap();
            let path = plain(path.strip_prefix("/admin/v1").unwrap());
            format!("{} {path}", operation["method"].as_str().unwrap())
        })
        .collect();
    assert!(routes.len() > 80, "{routes:?}");
    assert_eq!(known, routes);
}

async fn every_endpoint_refuses_whom_the_matrix_refuses(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let roles = office.owner.get("/roles").await.status(200);
    for role in roles["items"].as_array().unwrap() {
        let rights = texts(role, "/rights");
        let role = role["role"].as_str().unwrap();
        let client = office.tenant.admin(role);
        let seen = client.get("/capabilities").await.status(200);
        for operation in seen["operations"].as_array().unwrap() {
            let all = texts(operation, "/rights");
            let all = all.iter().all(|right| rights.contains(right));
            let other = operation["orRight"].as_str();
            let may = all || other.is_some_and(|right| rights.contains(&right));
            assert_eq!(operation["allowed"], may, "{role}: {operation}");

            let path = operation["path"].as_str().unwrap();
            let path = plain(path.strip_prefix("/admin/v1").unwrap());
            let method: Method = operation["method"].as_str().unwrap().parse().unwrap();
            let is_file = matches!(path.as_str(), "/imports" | "/reconciliations");
            let request = client.request(method.clone(), &path);
            let reply = match method {
                Method::GET | Method::DELETE => request.await,
                _ if is_file => request.body("text/csv", String::new()).await,
                _ => request.body("application/json", "{}".to_owned()).await,
            };
            if may {
                let refused = matches!(reply.status, 401 | 403 | 405 | 415) || reply.status >= 500;
                assert!(!refused, "{role} may {operation}\n{reply}");
            } else {
                let reply = reply.status(403).holds("/code", "forbidden");
                reply.holds("/role", role);
            }
        }
    }
}

//! Sends the exchanges of a recording one after another to a fresh tenant.

use reqwest::Method;
use serde_json::{Value, json};

use crate::NOT_EXPECTED;
use crate::assertion;
use crate::common::{NOBODY, Reply, Tenant, tenant::user};
use crate::exchange::{Exchange, Request, Variables};

/// What an assertion may look at.
pub struct Step<'a> {
    pub tenant: &'a Tenant,
    pub variables: &'a Variables,
    pub request: &'a Request,
    pub reply: &'a Reply,
    /// The resource of the path as it was before the request.
    pub before: Value,
    /// The answer to the exchange before this one.
    pub previous: &'a Value,
}

impl Step<'_> {
    /// The body of the request with its variables filled, null when it has none.
    pub fn sent(&self) -> Value {
        let body = self
            .request
            .body
            .as_ref()
            .map(Value::to_string)
            .unwrap_or_default();
        serde_json::from_str(&self.variables.fill(&body)).unwrap_or_default()
    }
}

/// Returns what did not hold. It goes on after a failure: a later exchange may fail for a reason
/// of its own.
pub async fn replay(tenant: Tenant, exchanges: Vec<Exchange>) -> Vec<String> {
    let mut variables = Variables::default();
    variables.set("token", &tenant.token("scim"));
    variables.set("guid", NOBODY);
    variables.set("EntitlementEndpoint", "/Roles");
    let mut failures = Vec::new();
    let mut previous = Value::Null;
    for exchange in exchanges {
        if let Some(setup) = &exchange.setup {
            bring_about(&tenant, setup).await;
        }
        let before = resource(&tenant, &variables, &exchange.request).await;
        let reply = send(&tenant, &variables, &exchange.request).await;
        for (variable, attribute) in exchange.capture.iter().flatten() {
            variables.set(
                variable,
                reply[attribute.as_str()].as_str().unwrap_or_default(),
            );
        }
        let step = Step {
            tenant: &tenant,
            variables: &variables,
            request: &exchange.request,
            reply: &reply,
            before,
            previous: &previous,
        };
        failures.extend(unmet(&exchange, &step).await);
        previous = reply.json;
    }
    failures
}

async fn unmet(exchange: &Exchange, step: &Step<'_>) -> Vec<String> {
    let excepted = |line: &str| {
        NOT_EXPECTED
            .iter()
            .any(|(name, l, _)| *name == exchange.name && (*l == line || *l == "*"))
    };
    let mut failures = Vec::new();
    let status = step.reply.status;
    if !exchange.expect.status.contains(&status) && !excepted("status") {
        let expected = &exchange.expect.status;
        failures.push(format!(
            "{}: status {status}, not {expected:?}\n{}",
            exchange.name, step.reply
        ));
    }
    for line in exchange.expect.assert.iter().filter(|line| !excepted(line)) {
        if let Err(why) = assertion::check(line, step).await {
            failures.push(format!("{}: {line}\n{why}\n{}", exchange.name, step.reply));
        }
    }
    failures
}

pub async fn send(tenant: &Tenant, variables: &Variables, request: &Request) -> Reply {
    let method = request.method.parse().unwrap_or(Method::GET);
    let mut sent = tenant
        .scim_as(None)
        .request(method, &variables.fill(&request.path));
    for (name, value) in &request.headers {
        sent = sent.header(name, &variables.fill(value));
    }
    if let Some(body) = &request.body {
        let content_type = request.headers.get("Content-Type").map(String::as_str);
        let body = variables.fill(&body.to_string());
        sent = sent.body(content_type.unwrap_or("application/scim+json"), body);
    }
    sent.await
}

/// The one resource that a request's path names, null when it names none.
pub async fn resource(tenant: &Tenant, variables: &Variables, request: &Request) -> Value {
    let path = variables.fill(&request.path);
    if path.contains('?') || path.trim_matches('/').split('/').count() != 2 {
        return Value::Null;
    }
    let reply = tenant.scim().get(&path).await;
    if reply.status == 200 {
        reply.json
    } else {
        Value::Null
    }
}

async fn bring_about(tenant: &Tenant, setup: &str) {
    assert_eq!(setup, ">= 11 users", "a setup that this test does not know");
    for number in 0..11 {
        let body = user(&format!("filler-{number}@example.com"), json!({}));
        tenant.scim().post("/Users", body).await.status(201);
    }
}

//! The admin API described for programs: `OpenAPI` 3.1 (<https://spec.openapis.org/oas/v3.1.0>).
//!
//! Methods, paths, rights and effects are those of `directory::admin::operations`. Each file here
//! says the rest of the operations of one resource: their parameters, and as structs what they take
//! and answer. The structs are never made; the tests hold every request and every answer of the
//! black-box tests against what is made of them here, so that they cannot say what is not so.
//!
//! - In what is taken, a field that is an `Option` may be left out or null, and a field that is not
//!   described is refused.
//! - In what is answered, a field that is an `Option` is there and may be null; one with
//!   `#[serde(default)]` may be missing.

#![allow(
    dead_code,
    clippy::struct_field_names,
    clippy::struct_excessive_bools,
    clippy::large_enum_variant,
    reason = "the structs are read by the macro that makes schemas of them, and never made"
)]

mod catalog;
mod engagement;
mod explain;
mod files;
mod invitations;
#[cfg(test)]
mod lint;
mod mappings;
mod members;
mod named;
mod operation;
mod plans;
mod problem;
mod records;
mod reports;
mod reviews;
mod verbs;
mod waitlist;
mod webhooks;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::directory::admin::operations::{OPERATIONS, Operation};
use operation::{Components, Described, reference};

/// The operations of a resource.
struct Resource {
    /// What they are called.
    tag: &'static str,
    /// What they are about.
    about: &'static str,
    operations: Vec<Described>,
}

fn resources() -> Vec<Resource> {
    vec![
        members::resource(),
        verbs::resource(),
        reviews::resource(),
        explain::resource(),
        engagement::resource(),
        invitations::resource(),
        catalog::resource(),
        mappings::resource(),
        waitlist::resource(),
        plans::resource(),
        files::resource(),
        reports::resource(),
        records::resource(),
        webhooks::resource(),
    ]
}

/// The document as JSON.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", build()));
    &DOCUMENT
}

/// The document, which holds no data and so asks for no credential.
pub(in crate::http) async fn serve() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}

fn build() -> Value {
    let mut paths = Map::new();
    let mut components = problem::components();
    let mut tags = Vec::new();
    for resource in resources() {
        tags.push(json!({"name": resource.tag, "description": resource.about}));
        for described in resource.operations {
            let mut known = OPERATIONS.iter();
            // One that there is not is missing in the document, which a test notices.
            let Some(operation) = known.find(|known| known.name == described.name) else {
                continue;
            };
            let at = paths
                .entry(format!("/admin/v1{}", operation.path))
                .or_insert_with(|| json!({}));
            at[operation.method.to_lowercase()] = of(operation, &described, resource.tag);
            components.extend(described.components);
        }
    }
    for (path, what) in [
        ("/healthz", "Whether the process lives."),
        ("/readyz", "Whether the server is ready for requests."),
    ] {
        paths.insert(path.into(), json!({"get": health(path, what)}));
    }
    tags.push(json!({"name": "Health", "description": "Whether the server lives and is ready."}));
    settle(&paths, &mut components);
    let refusals = problem::responses(&paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Seatkeeper's admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Who holds which coaching seat, what decides it, and what operators do \
                about it. Lists answer JSON, CSV or a text table.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": refusals,
            "parameters": {"IdempotencyKey": {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same request under the same key is done once within 24 hours, \
                    and answered again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255,
                           "pattern": "^[!-~]+$"},
            }},
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of `seatkeeper token create --role …`, of any role but scim.",
            }},
        },
    })
}

/// An operation with all that is known of it.
fn of(operation: &Operation, described: &Described, tag: &str) -> Value {
    let rights: Vec<_> = operation.rights.iter().map(|r| r.as_str()).collect();
    let mut text = format!("{}.", described.text);
    if let Some(effect) = operation.effect {
        let _ = write!(text, "\n\nWhat it does: {effect}.");
    }
    match rights.as_slice() {
        [] => text += "\n\nTakes no right but a credential.",
        rights => {
            let _ = write!(text, "\n\nTakes the right `{}`", rights.join("` and `"));
        }
    }
    if let Some(or) = operation.or {
        let _ = write!(text, " or `{or}`");
    }
    let mut parameters = path_parameters(operation, described);
    parameters.extend(described.parameters.iter().cloned());
    if described.can_have_key(operation) {
        parameters.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
    }
    let mut of = json!({
        "operationId": operation.name,
        "tags": [tag],
        "summary": described.text,
        "description": text.trim_end_matches('.').to_owned() + ".",
        "x-rights": rights,
        "parameters": parameters,
        "responses": problem::all(operation, described),
    });
    if let Some(or) = operation.or {
        of["x-or-right"] = or.as_str().into();
    }
    if let Some(body) = &described.body {
        of["requestBody"] = body.clone();
    }
    of
}

fn path_parameters(operation: &Operation, described: &Described) -> Vec<Value> {
    let named = operation.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let mut parameter = if name == "n" {
            json!({"description": "Its number.", "schema": {"type": "integer", "format": "int64"}})
        } else {
            described.id.clone().unwrap_or_else(|| id_of(operation))
        };
        parameter["name"] = name.into();
        parameter["in"] = "path".into();
        parameter["required"] = true.into();
        Some(parameter)
    });
    named.collect()
}

/// What the `{id}` of a path is.
fn id_of(operation: &Operation) -> Value {
    match operation.path.split('/').nth(1) {
        Some("members" | "waitlist") => json!({
            "description": "A person: an id, e-mail address, user name or `externalId:…`.",
            "schema": {"type": "string", "minLength": 1},
        }),
        Some("pools" | "tracks") => json!({
            "description": "A key, whatever its case.",
            "schema": {"type": "string", "minLength": 1},
        }),
        _ => json!({
            "description": "An identifier.",
            "schema": {"type": "string", "format": "uuid"},
        }),
    }
}

fn health(path: &str, what: &str) -> Value {
    let mut responses = json!({"200": {
        "description": "It is.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }});
    for status in [414, 500, 503] {
        responses[status.to_string()] = problem::response(status);
    }
    json!({
        "operationId": path.trim_start_matches('/'),
        "tags": ["Health"],
        "summary": what,
        "description": what,
        "security": [],
        "responses": responses,
    })
}

/// Says of every object what holds for all that are taken, or for all that are answered.
fn settle(paths: &Map<String, Value>, components: &mut Components) {
    let operations: Vec<_> = paths.values().filter_map(Value::as_object).collect();
    let part = |key: &str| -> BTreeSet<String> {
        let operations = operations.iter().flat_map(|methods| methods.values());
        let roots: Vec<_> = operations.filter_map(|of| of.get(key)).collect();
        reachable(&roots, components)
    };
    let (taken, answered) = (part("requestBody"), part("responses"));
    for (name, schema) in components.iter_mut() {
        if taken.contains(name) {
            each_object(schema, &mut close);
        } else if answered.contains(name) {
            each_object(schema, &mut require_what_can_be_null);
            let_more_than_one_fit(schema);
        }
    }
}

/// The schemas that these refer to, and those refer to, and so on.
fn reachable(roots: &[&Value], components: &Components) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Value> = roots.to_vec();
    while let Some(value) = next.pop() {
        match value {
            Value::Object(object) => {
                let named = object.get("$ref").and_then(Value::as_str);
                let name = named.and_then(|path| path.strip_prefix(&reference("")));
                if let Some(name) = name
                    && found.insert(name.to_owned())
                {
                    next.extend(components.get(name));
                }
                next.extend(object.values());
            }
            Value::Array(items) => next.extend(items),
            _ => {}
        }
    }
    found
}

/// Does something to every schema with properties in this one.
fn each_object(schema: &mut Value, act: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            if object.get("properties").is_some_and(Value::is_object) {
                act(object);
            }
            object
                .values_mut()
                .for_each(|value| each_object(value, act));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, act)),
        _ => {}
    }
}

fn close(object: &mut Map<String, Value>) {
    object
        .entry("additionalProperties")
        .or_insert_with(|| false.into());
}

fn require_what_can_be_null(object: &mut Map<String, Value>) {
    let properties = object.get("properties").and_then(Value::as_object);
    let nullable: Vec<_> = properties
        .into_iter()
        .flatten()
        .filter(|(_, schema)| can_be_null(schema))
        .map(|(name, _)| json!(name))
        .collect();
    let required = object.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        for name in nullable {
            if !required.contains(&name) {
                required.push(name);
            }
        }
        if required.is_empty() {
            object.shift_remove("required");
        }
    }
}

/// What one of several shapes of an answer says is often a part of what another says, and answers
/// may have more than is described: so which it is cannot be told from the shape alone.
fn let_more_than_one_fit(schema: &mut Value) {
    let is_null = |choice: &Value| choice["type"] == "null";
    match schema {
        Value::Object(object) => {
            let choices = object.get("oneOf").and_then(Value::as_array);
            if choices.is_some_and(|choices| !choices.iter().any(is_null))
                && let Some(choices) = object.shift_remove("oneOf")
            {
                object.insert("anyOf".into(), choices);
            }
            object.values_mut().for_each(let_more_than_one_fit);
        }
        Value::Array(items) => items.iter_mut().for_each(let_more_than_one_fit),
        _ => {}
    }
}

fn can_be_null(schema: &Value) -> bool {
    let is_null = |schema: &Value| schema["type"] == "null";
    let kinds = schema["type"].as_array();
    let choices = schema["oneOf"].as_array();
    kinds.is_some_and(|kinds| kinds.contains(&"null".into()))
        || choices.is_some_and(|choices| choices.iter().any(is_null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_once_and_nothing_else() {
        let resources = resources();
        let described = resources.iter().flat_map(|of| &of.operations);
        let mut described: Vec<_> = described.map(|of| of.name).collect();
        let mut known: Vec<_> = OPERATIONS.iter().map(|known| known.name).collect();
        described.sort_unstable();
        known.sort_unstable();
        assert_eq!(described, known, "src/http/admin/openapi describes them");
    }

    #[test]
    fn what_is_taken_is_not_what_is_answered() {
        let document = build();
        let mut components: Components = Components::new();
        for (name, schema) in document["components"]["schemas"]
            .as_object()
            .unwrap_or(&Map::new())
        {
            components.insert(name.clone(), schema.clone());
        }
        let paths = document["paths"].as_object().cloned().unwrap_or_default();
        let operations = || {
            paths
                .values()
                .filter_map(Value::as_object)
                .flat_map(|of| of.values())
        };
        let bodies: Vec<_> = operations()
            .filter_map(|of| of.get("requestBody"))
            .collect();
        let answers: Vec<_> = operations().filter_map(|of| of.get("responses")).collect();
        let taken = reachable(&bodies, &components);
        let answered = reachable(&answers, &components);
        let both = taken.intersection(&answered);
        let both: Vec<_> = both
            .filter(|name| !components[*name]["properties"].is_null())
            .collect();
        assert!(
            both.is_empty(),
            "a null means something else in each: {both:?}"
        );
    }
}

//! What `/openapi.json` says of the admin API, held against what it takes and answers.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};

use super::Reply;

/// The document, with every object of answers closed: what is not described is not to be there.
pub static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let document = seatkeeper::http::document();
    closed(serde_json::from_str(document).expect("the document is JSON"))
});

/// A request to the admin API, as far as it is described.
pub struct Sent<'r> {
    pub method: &'r Method,
    pub url: &'r Url,
    pub body: Option<&'r [u8]>,
}

/// Panics where the answer is not among those of the document, and where a request was taken that
/// by the document would not be.
#[track_caller]
pub fn check(sent: &Sent, reply: &Reply) {
    let Some((path, operation)) = operation(sent) else {
        return;
    };
    let (method, status) = (sent.method, reply.status);
    let name = format!("{method} {path}");
    let answer = resolved(&operation["responses"][status.to_string()]);
    assert!(
        !answer.is_null(),
        "{name} is not described to answer {status}: see src/http/admin/openapi\n{reply}"
    );
    let media_type = reply.header("content-type").split(';').next();
    let media_type = media_type.unwrap_or_default();
    if !reply.text.is_empty() {
        let content = &answer["content"][media_type];
        assert!(
            !content.is_null(),
            "{name} is not described to answer {status} as {media_type}\n{reply}"
        );
        if media_type.ends_with("json") {
            let key = format!("{name} {status} {media_type}");
            let of = format!("{name} does not describe its answer");
            hold(&key, &content["schema"], &reply.json, &of, reply);
        }
    }
    if status < 300 {
        check_request(&name, operation, sent, reply);
    }
}

/// What was done must be what the document lets one ask for.
#[track_caller]
fn check_request(name: &str, operation: &Value, sent: &Sent, reply: &Reply) {
    let parameters = operation["parameters"].as_array();
    let is_known = |asked: &str| {
        let mut known = parameters.into_iter().flatten();
        known.any(|known| {
            // The fields of an object are parameters by themselves.
            let fields = &known["schema"]["propertyNames"];
            let is_field = || !fields.is_null() && jsonschema::is_valid(fields, &json!(asked));
            known["in"] == "query" && (known["name"] == asked || is_field())
        })
    };
    for (asked, _) in sent.url.query_pairs() {
        assert!(
            is_known(&asked),
            "{name} does not describe the parameter {asked}\n{reply}"
        );
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body = sent.body.and_then(|body| serde_json::from_slice(body).ok());
    // Of many things those that are wrong are refused one by one.
    let is_taken = reply["refused"].as_u64().unwrap_or(0) == 0;
    if let (false, true, Some(body)) = (schema.is_null(), is_taken, body) {
        let of = format!("{name} took what it does not describe");
        hold(&format!("{name} body"), schema, &body, &of, reply);
    }
}

/// Holds a value against a schema of the document.
#[track_caller]
fn hold(key: &str, schema: &Value, value: &Value, what: &str, reply: &Reply) {
    let validator = validator(key, schema);
    let errors = validator.iter_errors(value);
    let errors: Vec<_> = errors
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{what}, see src/http/admin/openapi: {}\n{reply}",
        errors.join("; ")
    );
}

/// Made once for each, since it takes the whole document in.
fn validator(key: &str, schema: &Value) -> Arc<Validator> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let make = || {
        let mut root = schema.clone();
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        root["components"] = CLOSED["components"].clone();
        let made = jsonschema::options()
            .should_validate_formats(true)
            .build(&root);
        Arc::new(made.unwrap_or_else(|error| panic!("{key}: {error}")))
    };
    Arc::clone(known.entry(key.to_owned()).or_insert_with(make))
}

/// The operation that a request is for, with its path.
fn operation(sent: &Sent) -> Option<(&'static str, &'static Value)> {
    let asked: Vec<_> = sent.url.path().trim_end_matches('/').split('/').collect();
    let matches = |path: &str| {
        let parts: Vec<_> = path.split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    let paths = CLOSED["paths"].as_object()?;
    let mut found: Vec<_> = paths.iter().filter(|(path, _)| matches(path)).collect();
    // As routers do: what is named goes before what is not.
    found.sort_by_key(|(path, _)| path.matches('{').count());
    let (path, methods) = found.first()?;
    let operation = &methods[sent.method.as_str().to_lowercase()];
    (!operation.is_null()).then_some((path.as_str(), operation))
}

fn resolved(response: &'static Value) -> &'static Value {
    let named = response["$ref"].as_str();
    let pointer = named.and_then(|named| named.strip_prefix('#'));
    pointer.map_or(response, |pointer| {
        CLOSED.pointer(pointer).unwrap_or(&Value::Null)
    })
}

/// The document with no room for what it does not describe.
fn closed(mut document: Value) -> Value {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        // Where one is used it is closed, since it may be a part of another.
        schemas.values_mut().for_each(|schema| close(schema, false));
    }
    if let Some(responses) = document["components"]["responses"].as_object_mut() {
        responses.values_mut().for_each(close_content);
    }
    for methods in document["paths"]
        .as_object_mut()
        .expect("paths")
        .values_mut()
    {
        for operation in methods.as_object_mut().expect("methods").values_mut() {
            let responses = operation["responses"].as_object_mut().expect("responses");
            responses.values_mut().for_each(close_content);
        }
    }
    document
}

fn close_content(response: &mut Value) {
    let content = response.get_mut("content").and_then(Value::as_object_mut);
    for media_type in content.into_iter().flat_map(Map::values_mut) {
        close(&mut media_type["schema"], true);
    }
}

fn close(schema: &mut Value, whole: bool) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let speaks_of_fields = ["$ref", "properties", "allOf", "oneOf", "anyOf"]
        .iter()
        .any(|key| object.contains_key(*key));
    if whole && speaks_of_fields && !object.contains_key("additionalProperties") {
        object.insert("unevaluatedProperties".into(), json!(false));
    }
    for (key, part) in object.iter_mut() {
        match (key.as_str(), part) {
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|part| close(part, true));
            }
            ("items" | "additionalProperties", part) => close(part, true),
            ("oneOf" | "anyOf", Value::Array(parts)) => {
                for part in parts.iter_mut() {
                    close(part, true);
                }
            }
            ("allOf", Value::Array(parts)) => parts.iter_mut().for_each(|part| close(part, false)),
            _ => {}
        }
    }
}

//! What makes the document one to read and to make clients of, besides its being valid.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Components, build, reachable};

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    each.collect()
}

#[test]
fn an_operation_says_what_it_is_and_how_it_ends() {
    let document = build();
    let tags = document["tags"].as_array().into_iter().flatten();
    let tags: Vec<_> = tags.map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id),
            "{name}: operationId {id:?}"
        );
        for text in ["summary", "description"] {
            let text = operation[text].as_str().unwrap_or_default();
            assert!(!text.trim().is_empty(), "{name}: {operation}");
        }
        let of = operation["tags"].as_array();
        assert!(
            of.is_some_and(|of| of.len() == 1 && tags.contains(&&of[0])),
            "{name}: {of:?} of {tags:?}"
        );
        let answers = operation["responses"].as_object();
        let answers: Vec<_> = answers.into_iter().flat_map(Map::keys).collect();
        let mut expected = vec!["500"];
        // Who asks for no credential refuses none.
        if operation["security"].is_null() {
            expected.extend(["401", "403", "429"]);
        }
        assert!(
            answers.iter().any(|status| status.starts_with('2'))
                && expected
                    .iter()
                    .all(|status| answers.iter().any(|known| known == status)),
            "{name}: {answers:?}"
        );
    }
    assert!(ids.len() > 100, "{}", ids.len());
}

#[test]
fn no_component_is_unused() {
    let document = build();
    let mut components = Components::new();
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        components.insert(name.clone(), schema.clone());
    }
    let roots = [&document["paths"], &document["components"]["responses"]];
    let used = reachable(&roots, &components);
    let unused: Vec<_> = components
        .keys()
        .filter(|name| !used.contains(*name))
        .collect();
    assert!(unused.is_empty(), "schemas: {unused:?}");
    let paths = document["paths"].to_string();
    for kind in ["responses", "parameters"] {
        for name in document["components"][kind]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
        {
            let named = format!("\"#/components/{kind}/{name}\"");
            assert!(paths.contains(&named), "{kind}: {name} is not used");
        }
    }
}

#[test]
fn examples_and_defaults_are_of_their_schemas() {
    let document = build();
    let mut schemas = Vec::new();
    with_examples(&document, &mut schemas);
    assert!(schemas.len() > 10, "{}", schemas.len());
    for schema in schemas {
        let mut root = schema.clone();
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        root["components"] = document["components"].clone();
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&root)
            .unwrap_or_else(|error| panic!("{schema}: {error}"));
        let given = [&schema["example"], &schema["default"]];
        let lists = schema["examples"].as_array().into_iter().flatten();
        for value in given
            .into_iter()
            .filter(|value| !value.is_null())
            .chain(lists)
        {
            let errors: Vec<_> = validator
                .iter_errors(value)
                .map(|e| json!(e.to_string()))
                .collect();
            assert!(errors.is_empty(), "{value} of {schema}: {errors:?}");
        }
    }
}

/// Every schema with an example or a default.
fn with_examples<'d>(value: &'d Value, found: &mut Vec<&'d Value>) {
    match value {
        Value::Object(object) => {
            let is_schema = ["type", "$ref", "anyOf", "oneOf", "allOf"]
                .iter()
                .any(|key| object.contains_key(*key));
            let has = ["example", "examples", "default"]
                .iter()
                .any(|key| object.get(*key).is_some_and(|given| !is_property(given)));
            if is_schema && has {
                found.push(value);
            }
            object.values().for_each(|part| with_examples(part, found));
        }
        Value::Array(items) => items.iter().for_each(|part| with_examples(part, found)),
        _ => {}
    }
}

/// A field that happens to have such a name is described by an object.
fn is_property(given: &Value) -> bool {
    given.get("type").is_some() || given.get("$ref").is_some()
}

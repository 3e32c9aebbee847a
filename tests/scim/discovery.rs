//! What the server tells of itself: RFC 7644 section 4 and RFC 7643 sections 5 to 7.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::tenant::user;
use crate::common::{COACHING, ENTERPRISE, GROUP, LIST, Tenant, USER};

both_engines!(
    the_provider_config_tells_what_is_supported,
    the_resource_types_name_their_schemas,
    each_resource_type_can_be_read_by_its_name,
    the_schemas_are_those_of_the_resource_types,
    each_schema_can_be_read_by_its_urn,
    every_attribute_is_described_whole,
    the_characteristics_are_the_rfcs,
    what_does_not_exist_is_404,
    other_methods_are_405,
    a_filter_is_403,
    me_is_501,
    what_is_written_and_described_agree,
);

const ENDPOINTS: [&str; 3] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];

async fn the_provider_config_tells_what_is_supported(t: Tenant) {
    let urn = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    let reply = t
        .scim()
        .get("/ServiceProviderConfig")
        .await
        .status(200)
        .holds("/schemas", json!([urn]));
    for feature in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(reply[feature]["supported"], true, "{feature}: {reply}");
    }
    let reply = reply.holds("/changePassword/supported", false);
    for limit in [
        "/bulk/maxOperations",
        "/bulk/maxPayloadSize",
        "/filter/maxResults",
    ] {
        assert!(
            reply.at(limit).as_u64().is_some_and(|limit| limit >= 100),
            "{limit}: {reply}"
        );
    }
    // RFC 9865 section 4; pages go by index unless a cursor is asked for.
    let reply = reply
        .holds("/pagination/cursor", true)
        .holds("/pagination/index", true);
    let reply = reply.holds("/pagination/defaultPaginationMethod", "index");
    let reply = reply.holds("/pagination/defaultPageSize", 100);
    let schemes = reply["authenticationSchemes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    assert!(
        schemes
            .iter()
            .any(|scheme| scheme["type"] == "oauthbearertoken"),
        "{reply}"
    );
    for scheme in schemes {
        assert!(
            scheme["name"].is_string() && scheme["description"].is_string(),
            "{reply}"
        );
    }
    let location = format!("{}/ServiceProviderConfig", t.scim().base());
    reply
        .holds("/meta/resourceType", "ServiceProviderConfig")
        .holds("/meta/location", location);
}

async fn the_resource_types_name_their_schemas(t: Tenant) {
    let reply = t
        .scim()
        .get("/ResourceTypes")
        .await
        .status(200)
        .holds("/schemas", json!([LIST]));
    assert_eq!(
        reply.each("name"),
        ["User", "Group"],
        "User is the first: {reply}"
    );
    assert_eq!(reply.each("endpoint"), ["/Users", "/Groups"], "{reply}");
    assert_eq!(reply.each("schema"), [USER, GROUP], "{reply}");
    let extensions = json!([{"schema": ENTERPRISE, "required": false},
                            {"schema": COACHING, "required": false}]);
    reply
        .holds("/totalResults", 2)
        .holds("/Resources/0/schemaExtensions", extensions);
}

async fn each_resource_type_can_be_read_by_its_name(t: Tenant) {
    let all = t.scim().get("/ResourceTypes").await.status(200);
    assert_eq!(all.total(), 2, "{all}");
    for listed in all.resources() {
        let path = format!(
            "/ResourceTypes/{}",
            listed["id"].as_str().unwrap_or_default()
        );
        let one = t
            .scim()
            .get(&path)
            .await
            .status(200)
            .holds("/meta/resourceType", "ResourceType");
        assert_eq!(one.json, *listed);
        assert_eq!(
            *one.at("/meta/location"),
            format!("{}{path}", t.scim().base())
        );
    }
}

async fn the_schemas_are_those_of_the_resource_types(t: Tenant) {
    let reply = t
        .scim()
        .get("/Schemas")
        .await
        .status(200)
        .holds("/schemas", json!([LIST]));
    let ids = reply.each("id");
    for urn in [USER, GROUP, ENTERPRISE, COACHING] {
        assert!(ids.contains(&urn), "{urn} is missing: {ids:?}");
    }
    assert_eq!(ids[0], USER);
    reply
        .holds("/Resources/0/description", "User Account")
        .holds("/Resources/0/name", "User");
}

async fn each_schema_can_be_read_by_its_urn(t: Tenant) {
    let all = t.scim().get("/Schemas").await.status(200);
    assert!(all.resources().len() >= 4, "{all}");
    for listed in all.resources() {
        let path = format!("/Schemas/{}", listed["id"].as_str().unwrap_or_default());
        let one = t
            .scim()
            .get(&path)
            .await
            .status(200)
            .holds("/meta/resourceType", "Schema");
        assert_eq!(one.json, *listed);
        assert_eq!(
            *one.at("/meta/location"),
            format!("{}{path}", t.scim().base())
        );
    }
}

/// Every attribute and sub-attribute of every schema.
fn attributes(schemas: &[Value]) -> Vec<&Value> {
    let mut found: Vec<&Value> = schemas
        .iter()
        .filter_map(|schema| schema["attributes"].as_array())
        .flatten()
        .collect();
    let subs: Vec<&Value> = found
        .iter()
        .filter_map(|attribute| attribute["subAttributes"].as_array())
        .flatten()
        .collect();
    found.extend(subs);
    found
}

// RFC 7643 section 7
async fn every_attribute_is_described_whole(t: Tenant) {
    let reply = t.scim().get("/Schemas").await.status(200);
    let all = attributes(reply.resources());
    assert!(all.len() > 100, "{reply}");
    for attribute in all {
        let one_of = |key: &str, allowed: &[&str]| {
            let value = attribute[key].as_str().unwrap_or_default();
            assert!(allowed.contains(&value), "{key} of {attribute}");
        };
        let kinds = [
            "string",
            "boolean",
            "decimal",
            "integer",
            "dateTime",
            "binary",
            "reference",
            "complex",
        ];
        one_of("type", &kinds);
        one_of(
            "mutability",
            &["readOnly", "readWrite", "immutable", "writeOnly"],
        );
        one_of("returned", &["always", "never", "default", "request"]);
        assert!(
            attribute["name"].is_string() && attribute["description"].is_string(),
            "{attribute}"
        );
        assert!(
            attribute["multiValued"].is_boolean() && attribute["required"].is_boolean(),
            "{attribute}"
        );
        if attribute["type"] == "complex" {
            assert!(attribute["subAttributes"][0].is_object(), "{attribute}");
        }
        if attribute["type"] == "reference" {
            assert!(attribute["referenceTypes"][0].is_string(), "{attribute}");
        }
    }
}

async fn the_characteristics_are_the_rfcs(t: Tenant) {
    let reply = t.scim().get("/Schemas").await.status(200);
    for (schema, name, key, expected) in [
        (USER, "userName", "required", json!(true)),
        (USER, "userName", "caseExact", json!(false)),
        (USER, "userName", "uniqueness", json!("server")),
        (USER, "password", "mutability", json!("writeOnly")),
        (USER, "password", "returned", json!("never")),
        (USER, "groups", "mutability", json!("readOnly")),
        (USER, "emails", "multiValued", json!(true)),
        (USER, "active", "type", json!("boolean")),
        (USER, "profileUrl", "referenceTypes", json!(["external"])),
        (GROUP, "displayName", "required", json!(true)),
        (GROUP, "members", "multiValued", json!(true)),
        (ENTERPRISE, "manager", "type", json!("complex")),
        (COACHING, "seatState", "mutability", json!("readOnly")),
        (COACHING, "waitlistPosition", "returned", json!("request")),
        (COACHING, "accessEndDate", "type", json!("string")),
        (
            COACHING,
            "accessEndDate",
            "canonicalValues",
            json!(["none"]),
        ),
    ] {
        let found = reply.resources().iter().filter(|one| one["id"] == schema);
        let found: Vec<&Value> = found
            .filter_map(|one| one["attributes"].as_array())
            .flatten()
            .filter(|attribute| attribute["name"] == name)
            .collect();
        assert_eq!(found.len(), 1, "{name} of {schema}");
        assert_eq!(found[0][key], expected, "{key} of {name} of {schema}");
    }
}

async fn what_does_not_exist_is_404(t: Tenant) {
    for path in [
        "/Schemas/urn:example:no",
        "/ResourceTypes/Nothing",
        "/ServiceProviderConfig/1",
    ] {
        t.scim().get(path).await.error(404, "");
    }
}

async fn other_methods_are_405(t: Tenant) {
    let one_of_each = [format!("/Schemas/{USER}"), "/ResourceTypes/User".to_owned()];
    for path in ENDPOINTS.iter().map(ToString::to_string).chain(one_of_each) {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let request = t
                .scim()
                .request(method, &path)
                .body("application/scim+json", "{}");
            let reply = request.await.error(405, "");
            assert!(reply.header("allow").contains("GET"), "{reply}");
        }
    }
}

// Section 4: a filter SHOULD be answered with 403.
async fn a_filter_is_403(t: Tenant) {
    for path in ENDPOINTS {
        t.scim()
            .get(path)
            .query("filter", "name pr")
            .await
            .error(403, "");
    }
}

// Section 3.11: the credential of an identity provider stands for no user.
async fn me_is_501(t: Tenant) {
    for method in [
        Method::GET,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::POST,
    ] {
        let request = t
            .scim()
            .request(method, "/Me")
            .body("application/scim+json", "{}");
        request.await.error(501, "");
    }
}

/// A value that an attribute takes by its description.
fn value_for(attribute: &Value) -> Value {
    let name = attribute["name"].as_str().unwrap_or_default();
    let one = match attribute["type"].as_str().unwrap_or_default() {
        "boolean" => json!(true),
        "integer" => json!(7),
        "decimal" => json!(7.5),
        "dateTime" => json!("2026-11-24T10:00:00Z"),
        "binary" => json!("AAEC"),
        "reference" => json!("https://example.com/x"),
        "complex" => {
            let subs = attribute["subAttributes"].as_array().into_iter().flatten();
            let writable = subs.filter(|sub| sub["mutability"] != "readOnly");
            writable
                .map(|sub| {
                    (
                        sub["name"].as_str().unwrap_or_default().to_owned(),
                        value_for(sub),
                    )
                })
                .collect()
        }
        _ => json!(format!("{name} Ä")),
    };
    if attribute["multiValued"] == true {
        json!([one])
    } else {
        one
    }
}

// Attributes are data: whatever a schema says can be written comes back as it was sent.
async fn what_is_written_and_described_agree(t: Tenant) {
    let schemas = t.scim().get("/Schemas").await.status(200);
    for urn in [USER, ENTERPRISE] {
        let schema = schemas.resources().iter().find(|one| one["id"] == urn);
        let described = schema
            .and_then(|one| one["attributes"].as_array())
            .into_iter()
            .flatten();
        let mut tried = 0;
        for attribute in described {
            let name = attribute["name"].as_str().unwrap_or_default();
            if attribute["mutability"] != "readWrite" || name == "userName" {
                continue;
            }
            tried += 1;
            let value = value_for(attribute);
            let rest = if urn == USER {
                json!({name: value})
            } else {
                json!({urn: {name: value}})
            };
            let created = t.scim().post("/Users", user(name, rest)).await.status(201);
            let pointer = if urn == USER {
                format!("/{name}")
            } else {
                format!("/{urn}/{name}")
            };
            match (&value, created.at(&pointer)) {
                // The server may add readOnly sub-attributes of its own.
                (Value::Object(sent), Value::Object(got)) => {
                    assert!(
                        sent.iter().all(|(key, value)| got.get(key) == Some(value)),
                        "{created}"
                    );
                }
                (sent, got) => assert_eq!(sent, got, "{created}"),
            }
        }
        assert!(tried > 5, "{urn}: {schemas}");
    }
}

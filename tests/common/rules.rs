//! What every reply must keep, whatever a test is about.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ERROR, LIST, Reply};

/// RFC 7644 3.1, 3.12, 3.14 and RFC 7643 3.1.
#[track_caller]
pub fn check_scim(reply: &Reply, method: &Method) {
    if reply.text.is_empty() {
        let bodiless = matches!(reply.status, 204 | 304) || *method == Method::HEAD;
        assert!(bodiless, "an empty body\n{reply}");
        return;
    }
    let content_type = reply.header("content-type");
    assert_eq!(
        content_type.split(';').next(),
        Some("application/scim+json"),
        "\n{reply}"
    );
    assert!(
        reply.json.is_object(),
        "the body is not a JSON object\n{reply}"
    );
    assert!(
        !has_null(&reply.json),
        "a null: unassigned attributes are left out\n{reply}"
    );
    assert!(
        !has_password(&reply.json),
        "a password is never returned\n{reply}"
    );
    if reply.status >= 400 {
        check_error(reply);
    } else if reply["schemas"] == json!([LIST]) {
        check_list(reply);
    } else if reply.json.get("id").is_some() {
        check_resource(reply);
    }
}

#[track_caller]
fn check_error(reply: &Reply) {
    assert_eq!(reply["schemas"], json!([ERROR]), "\n{reply}");
    assert_eq!(
        reply["status"],
        reply.status.to_string(),
        "status is a string\n{reply}"
    );
    assert!(
        reply["detail"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "no detail\n{reply}"
    );
}

#[track_caller]
fn check_list(reply: &Reply) {
    let returned = reply.resources().len() as u64;
    assert!(
        reply.total() >= returned,
        "totalResults below what is returned\n{reply}"
    );
    if let Some(items) = reply.json.get("itemsPerPage") {
        assert_eq!(items.as_u64(), Some(returned), "itemsPerPage\n{reply}");
    }
    if let Some(start) = reply.json.get("startIndex") {
        assert!(
            start.as_u64().is_some_and(|start| start >= 1),
            "startIndex\n{reply}"
        );
    }
}

/// RFC 7643 3.1, as far as a projection shows it.
#[track_caller]
fn check_resource(reply: &Reply) {
    if reply.status == 201 {
        assert!(
            reply.header("location").starts_with("http"),
            "no absolute Location\n{reply}"
        );
    }
    if let Some(location) = reply.at("/meta/location").as_str() {
        assert_eq!(
            reply.header("location"),
            location,
            "Location and meta.location\n{reply}"
        );
    }
    if let Some(version) = reply.at("/meta/version").as_str() {
        assert_eq!(
            reply.header("etag"),
            version,
            "ETag and meta.version\n{reply}"
        );
        assert!(
            version.starts_with("W/\"") && version.ends_with('"'),
            "a weak tag\n{reply}"
        );
    }
}

/// RFC 9457 with a stable code, for all that is not SCIM.
#[track_caller]
pub fn check_admin(reply: &Reply) {
    if reply.status < 400 {
        return;
    }
    let content_type = reply.header("content-type");
    assert_eq!(
        content_type.split(';').next(),
        Some("application/problem+json"),
        "\n{reply}"
    );
    assert_eq!(reply["status"], reply.status, "\n{reply}");
    // RFC 9457 4.2.1: the title of this type is the status's phrase.
    let phrase = reqwest::StatusCode::from_u16(reply.status).ok();
    let phrase = phrase.and_then(|status| status.canonical_reason());
    assert_eq!(reply["type"], "about:blank", "\n{reply}");
    assert_eq!(reply["title"].as_str(), phrase, "\n{reply}");
    assert!(
        reply["code"].as_str().is_some_and(|code| !code.is_empty()),
        "no code\n{reply}"
    );
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

fn has_password(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_password),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name == "password" || has_password(value)),
        _ => false,
    }
}

//! GET of one resource: RFC 7644 sections 3.4.1, 3.9 and 3.14.

use serde_json::{Value, json};

use crate::common::{ENTERPRISE, NOBODY, Reply, Tenant, USER};

both_engines!(
    a_read_answers_the_resource_with_location_and_etag,
    an_unknown_id_is_404,
    a_trailing_slash_is_the_same_path,
    attributes_names_what_is_returned_besides_the_minimum,
    attributes_may_name_a_sub_attribute,
    attributes_may_be_qualified_by_a_urn,
    attributes_may_name_a_whole_extension,
    attributes_compare_without_case_and_may_repeat,
    a_filter_inside_attributes_projects_the_whole_attribute,
    unknown_names_in_attributes_are_ignored,
    excluded_attributes_are_left_out,
    what_is_always_returned_cannot_be_excluded,
    attributes_and_excluded_attributes_exclude_each_other,
    if_none_match_of_the_current_version_is_304,
    if_none_match_of_another_version_is_200,
);

/// Ada with a value of each shape.
async fn ada(t: &Tenant) -> Reply {
    let rest = json!({
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "title": "Countess",
        "emails": [{"value": "ada@work.example", "type": "work"},
                   {"value": "ada@home.example", "type": "home"}],
        ENTERPRISE: {"department": "Analysis", "costCenter": "7"},
    });
    t.create_user("ada", rest).await
}

/// Ada as a GET with one more query parameter returns her.
async fn ada_with(t: &Tenant, parameter: &str, value: &str) -> Reply {
    let path = format!("/Users/{}", ada(t).await.id());
    t.scim()
        .get(&path)
        .query(parameter, value)
        .await
        .status(200)
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| &**key)
        .collect();
    keys.sort_unstable();
    keys
}

async fn a_read_answers_the_resource_with_location_and_etag(t: Tenant) {
    let created = ada(&t).await;
    let read = t
        .scim()
        .get(&format!("/Users/{}", created.id()))
        .await
        .status(200);
    assert_eq!(read.json, created.json);
    assert_eq!(read.header("location"), created.header("location"));
    assert_eq!(read.header("etag"), created.version());
}

async fn an_unknown_id_is_404(t: Tenant) {
    for id in [
        NOBODY,
        "7",
        "not-an-id",
        "%00",
        "..%2fGroups",
        "'%20or%201=1",
    ] {
        t.scim().get(&format!("/Users/{id}")).await.error(404, "");
    }
}

async fn a_trailing_slash_is_the_same_path(t: Tenant) {
    let id = ada(&t).await.id();
    t.scim()
        .get(&format!("/Users/{id}/"))
        .await
        .status(200)
        .holds("/id", id);
    assert_eq!(t.scim().get("/Users/").await.status(200).total(), 1);
}

// 3.9: attributes override the default set; id is always returned.
async fn attributes_names_what_is_returned_besides_the_minimum(t: Tenant) {
    let reply = ada_with(&t, "attributes", "title,userName").await;
    assert_eq!(
        keys(&reply.json),
        ["id", "schemas", "title", "userName"],
        "{reply}"
    );
}

async fn attributes_may_name_a_sub_attribute(t: Tenant) {
    let reply = ada_with(&t, "attributes", "name.familyName,emails.value").await;
    assert_eq!(reply["name"], json!({"familyName": "Lovelace"}), "{reply}");
    let values = json!([{"value": "ada@work.example"}, {"value": "ada@home.example"}]);
    assert_eq!(reply["emails"], values, "{reply}");
}

async fn attributes_may_be_qualified_by_a_urn(t: Tenant) {
    let names = format!("{USER}:title,{ENTERPRISE}:department,{USER}:name.givenName");
    let reply = ada_with(&t, "attributes", &names).await;
    assert_eq!(
        keys(&reply.json),
        ["id", "name", "schemas", "title", ENTERPRISE],
        "{reply}"
    );
    assert_eq!(reply["name"], json!({"givenName": "Ada"}), "{reply}");
    assert_eq!(
        reply[ENTERPRISE],
        json!({"department": "Analysis"}),
        "{reply}"
    );
}

async fn attributes_may_name_a_whole_extension(t: Tenant) {
    let reply = ada_with(&t, "attributes", ENTERPRISE).await;
    assert_eq!(keys(&reply.json), ["id", "schemas", ENTERPRISE], "{reply}");
    assert_eq!(
        reply[ENTERPRISE],
        json!({"department": "Analysis", "costCenter": "7"}),
        "{reply}"
    );
}

async fn attributes_compare_without_case_and_may_repeat(t: Tenant) {
    let path = format!("/Users/{}", ada(&t).await.id());
    let read = t
        .scim()
        .get(&path)
        .query("ATTRIBUTES", "TITLE")
        .query("attributes", " username ");
    let reply = read.await.status(200);
    assert_eq!(
        keys(&reply.json),
        ["id", "schemas", "title", "userName"],
        "{reply}"
    );
}

async fn a_filter_inside_attributes_projects_the_whole_attribute(t: Tenant) {
    let reply = ada_with(&t, "attributes", "emails[type eq \"work\"]").await;
    assert_eq!(reply["emails"].as_array().map(Vec::len), Some(2), "{reply}");
    reply.lacks("/userName");
}

async fn unknown_names_in_attributes_are_ignored(t: Tenant) {
    let reply = ada_with(&t, "attributes", "shoeSize,title").await;
    assert_eq!(keys(&reply.json), ["id", "schemas", "title"], "{reply}");
}

async fn excluded_attributes_are_left_out(t: Tenant) {
    let names = format!("title,name.familyName,emails.type,{ENTERPRISE}:costCenter");
    let reply = ada_with(&t, "excludedAttributes", &names)
        .await
        .lacks("/title");
    assert_eq!(reply["name"], json!({"givenName": "Ada"}), "{reply}");
    assert_eq!(keys(&reply["emails"][0]), ["value"], "{reply}");
    assert_eq!(
        reply[ENTERPRISE],
        json!({"department": "Analysis"}),
        "{reply}"
    );
    reply.holds("/userName", "ada");
}

async fn what_is_always_returned_cannot_be_excluded(t: Tenant) {
    let reply = ada_with(&t, "excludedAttributes", "id,schemas,userName").await;
    assert!(
        reply["id"].is_string() && reply["schemas"].is_array(),
        "{reply}"
    );
    reply.lacks("/userName");
}

// 3.9: the two parameters are mutually exclusive.
async fn attributes_and_excluded_attributes_exclude_each_other(t: Tenant) {
    let path = format!("/Users/{}", ada(&t).await.id());
    let both = t
        .scim()
        .get(&path)
        .query("attributes", "title")
        .query("excludedAttributes", "name");
    both.await.error(400, "invalidValue");
}

// 3.14, with the weak comparison of RFC 9110 13.1.2.
async fn if_none_match_of_the_current_version_is_304(t: Tenant) {
    let created = ada(&t).await;
    let (path, version) = (format!("/Users/{}", created.id()), created.version());
    let strong = version.trim_start_matches("W/").to_owned();
    for tag in [
        version.clone(),
        strong,
        "*".to_owned(),
        format!("W/\"other\", {version}"),
    ] {
        let reply = t
            .scim()
            .get(&path)
            .header("If-None-Match", &tag)
            .await
            .status(304);
        assert_eq!(reply.header("etag"), version, "for {tag}: {reply}");
        assert_eq!(reply.text, "", "for {tag}");
    }
}

async fn if_none_match_of_another_version_is_200(t: Tenant) {
    let created = ada(&t).await;
    let path = format!("/Users/{}", created.id());
    let replace = json!([{"op": "replace", "path": "title", "value": "Mathematician"}]);
    t.scim().patch(&path, replace).await.status(200);
    let read = t
        .scim()
        .get(&path)
        .header("If-None-Match", &created.version());
    read.await.status(200).holds("/title", "Mathematician");
}

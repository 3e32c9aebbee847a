//! POST: RFC 7644 section 3.3.

use serde_json::json;
use tokio::task::JoinSet;

use crate::common::tenant::user;
use crate::common::{ENTERPRISE, Tenant, USER};

both_engines!(
    a_create_answers_201_with_the_resource_and_its_location,
    the_location_leads_to_the_resource,
    created_and_last_modified_are_equal_at_first,
    read_only_attributes_of_the_client_are_ignored,
    every_attribute_of_a_full_user_is_kept_as_sent,
    a_create_without_schemas_is_invalid_syntax,
    a_create_without_a_required_attribute_is_refused,
    a_value_of_the_wrong_type_is_refused_by_name,
    two_primary_values_are_refused,
    a_taken_user_name_is_a_uniqueness_conflict,
    user_names_that_differ_in_case_alone_are_equal,
    a_user_name_is_unique_within_its_tenant_alone,
    of_equal_concurrent_creates_one_wins,
    attribute_names_and_schema_urns_compare_without_case,
    nulls_and_empty_strings_are_unassigned,
    unknown_attributes_are_ignored,
    nothing_is_put_where_nothing_was_sent,
    a_password_is_accepted_and_never_returned,
    the_answer_can_be_projected,
);

async fn a_create_answers_201_with_the_resource_and_its_location(t: Tenant) {
    let reply = t
        .create_user("ada", json!({"name": {"givenName": "Ada"}}))
        .await;
    let location = format!("{}/Users/{}", t.scim().base(), reply.id());
    assert_eq!(reply.header("location"), location);
    assert_eq!(reply.header("etag"), reply.version());
    reply
        .holds("/userName", "ada")
        .holds("/name/givenName", "Ada")
        .holds("/meta/resourceType", "User")
        .holds("/meta/location", location);
}

async fn the_location_leads_to_the_resource(t: Tenant) {
    let created = t.bare_user("ada").await;
    let path = created.header("location").replace(t.scim().base(), "");
    let read = t.scim().get(&path).await.status(200);
    assert_eq!(read.json, created.json);
}

// RFC 7643 3.1: never modified since, lastModified MUST be the same as created.
async fn created_and_last_modified_are_equal_at_first(t: Tenant) {
    let reply = t.bare_user("ada").await;
    assert_eq!(
        reply.string("/meta/created"),
        reply.string("/meta/lastModified")
    );
    let created: jiff::Timestamp = reply.string("/meta/created").parse().expect("RFC 3339");
    let age = jiff::Timestamp::now().duration_since(created);
    assert!(age.as_secs().abs() < 60, "{reply}");
}

// Attributes whose mutability is readOnly SHALL be ignored.
async fn read_only_attributes_of_the_client_are_ignored(t: Tenant) {
    let meta = json!({"created": "2001-01-01T00:00:00Z", "version": "W/\"mine\"", "location": "x",
                      "resourceType": "Group"});
    let sent = json!({"id": "mine", "meta": meta, "groups": [{"value": "g", "display": "Admins"}]});
    let reply = t
        .create_user("ada", sent)
        .await
        .lacks("/groups")
        .holds("/meta/resourceType", "User");
    assert_ne!(reply.id(), "mine");
    assert_ne!(reply.version(), "W/\"mine\"");
    assert!(
        !reply.string("/meta/created").starts_with("2001"),
        "{reply}"
    );
}

async fn every_attribute_of_a_full_user_is_kept_as_sent(t: Tenant) {
    let mut body = user(
        "Barbara.Jensen@Example.com",
        json!({
            "externalId": "701984 äöü ✓",
            "name": {"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen",
                     "givenName": "Barbara", "middleName": "Jane", "honorificPrefix": "Ms.",
                     "honorificSuffix": "III"},
            "displayName": "  Babs  Jensen ",
            "nickName": "Babs",
            "profileUrl": "https://login.example.com/bjensen",
            "emails": [{"value": "bjensen@example.com", "type": "work", "primary": true},
                       {"value": "babs@jensen.example", "type": "home", "display": "private"}],
            "addresses": [{"type": "work", "streetAddress": "100 Universal City Plaza\nFloor 2",
                           "locality": "Hollywood", "region": "CA", "postalCode": "91608",
                           "country": "USA", "formatted": "100 Universal City Plaza", "primary": true}],
            "phoneNumbers": [{"value": "555-555-5555", "type": "work"}],
            "ims": [{"value": "someaimhandle", "type": "aim"}],
            "photos": [{"value": "https://photos.example.com/F", "type": "photo"}],
            "userType": "Employee", "title": "Tour Guide", "preferredLanguage": "en-US",
            "locale": "en-US", "timezone": "America/Los_Angeles", "active": true,
            "roles": [{"value": "guide", "display": "Guide", "type": "tour", "primary": false}],
            "entitlements": [{"value": "bus"}],
            "x509Certificates": [{"value": "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAw"}],
        }),
    );
    body["schemas"] = json!([USER, ENTERPRISE]);
    body[ENTERPRISE] = json!({"employeeNumber": "701984", "costCenter": "4130",
                              "organization": "Universal Studios", "division": "Theme Park",
                              "department": "Tour Operations", "manager": {"value": "26118915"}});
    let created = t.scim().post("/Users", body.clone()).await.status(201);
    let mut written = created.written();
    // $ref and displayName of the manager are the server's to fill in.
    written[ENTERPRISE]["manager"] = json!({"value": written[ENTERPRISE]["manager"]["value"]});
    body["id"] = created.json["id"].clone();
    assert_eq!(written, body);
}

async fn a_create_without_schemas_is_invalid_syntax(t: Tenant) {
    t.scim()
        .post("/Users", json!({"userName": "ada"}))
        .await
        .error(400, "invalidSyntax");
    t.scim()
        .post("/Users", json!(["ada"]))
        .await
        .error(400, "invalidSyntax");
}

async fn a_create_without_a_required_attribute_is_refused(t: Tenant) {
    let without = json!({"schemas": [USER], "displayName": "Ada"});
    t.scim()
        .post("/Users", without)
        .await
        .error(400, "invalidValue")
        .says("userName");
    for empty in [json!(null), json!("")] {
        let body = json!({"schemas": [USER], "userName": empty});
        t.scim()
            .post("/Users", body)
            .await
            .error(400, "invalidValue")
            .says("userName");
    }
}

async fn a_value_of_the_wrong_type_is_refused_by_name(t: Tenant) {
    for (attribute, value) in [
        ("displayName", json!(5)),
        ("active", json!("sometimes")),
        ("active", json!(1)),
        ("name", json!("Ada Lovelace")),
        ("emails", json!({"value": {"nested": true}})),
        ("nickName", json!(["a", "b"])),
        ("title", json!({"value": "x"})),
    ] {
        let body = user("ada", json!({attribute: value}));
        t.scim()
            .post("/Users", body)
            .await
            .error(400, "invalidValue")
            .says(attribute);
    }
}

// RFC 7643 2.4: the primary value true MUST appear no more than once.
async fn two_primary_values_are_refused(t: Tenant) {
    let emails = json!([{"value": "a@x.example", "primary": true},
                        {"value": "b@x.example", "primary": true}]);
    let body = user("ada", json!({"emails": emails}));
    t.scim()
        .post("/Users", body)
        .await
        .error(400, "invalidValue")
        .says("primary");
}

// A duplicate MUST be answered with 409 and SHOULD be with the scimType uniqueness.
async fn a_taken_user_name_is_a_uniqueness_conflict(t: Tenant) {
    t.bare_user("ada").await;
    t.scim()
        .post("/Users", user("ada", json!({})))
        .await
        .error(409, "uniqueness");
    let all = t.scim().get("/Users").await.status(200);
    assert_eq!(all.total(), 1, "{all}");
}

async fn user_names_that_differ_in_case_alone_are_equal(t: Tenant) {
    t.bare_user("Ada.Ångström@Example.com")
        .await
        .holds("/userName", "Ada.Ångström@Example.com");
    let body = user("aDA.åNGSTRÖM@eXAMPLE.COM", json!({}));
    t.scim().post("/Users", body).await.error(409, "uniqueness");
}

async fn a_user_name_is_unique_within_its_tenant_alone(t: Tenant) {
    t.bare_user("ada").await;
    t.neighbour().bare_user("ada").await;
}

async fn of_equal_concurrent_creates_one_wins(t: Tenant) {
    let mut creates = JoinSet::new();
    for number in 0..20 {
        let scim = t.scim();
        let name = if number % 2 == 0 { "race" } else { "RACE" };
        creates.spawn(async move { scim.post("/Users", user(name, json!({}))).await.status });
    }
    let mut answers = creates.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers[0], 201);
    assert!(
        answers[1..].iter().all(|status| *status == 409),
        "{answers:?}"
    );
    assert_eq!(t.scim().get("/Users").await.status(200).total(), 1);
}

// RFC 7643 2.1: attribute names are case insensitive.
async fn attribute_names_and_schema_urns_compare_without_case(t: Tenant) {
    let body = json!({"SCHEMAS": [USER], "USERNAME": "ada", "NAME": {"GIVENNAME": "Ada"},
                      "Emails": [{"VALUE": "ada@x.example", "Type": "work"}],
                      ENTERPRISE.to_uppercase(): {"DEPARTMENT": "Analysis"}});
    t.scim()
        .post("/Users", body)
        .await
        .status(201)
        .holds("/userName", "ada")
        .holds("/name/givenName", "Ada")
        .holds("/emails/0/value", "ada@x.example")
        .holds("/emails/0/type", "work")
        .holds(&format!("/{ENTERPRISE}/department"), "Analysis");
}

// RFC 7643 2.5: null and unassigned are the same state.
async fn nulls_and_empty_strings_are_unassigned(t: Tenant) {
    let rest = json!({"title": null, "nickName": "", "emails": null, "addresses": [],
                      "name": {"givenName": "Ada", "familyName": null}, ENTERPRISE: {"division": null}});
    t.create_user("ada", rest)
        .await
        .lacks("/title")
        .lacks("/nickName")
        .lacks("/emails")
        .lacks("/addresses")
        .lacks("/name/familyName")
        .lacks(&format!("/{ENTERPRISE}"));
}

async fn unknown_attributes_are_ignored(t: Tenant) {
    let other = "urn:example:other:2.0:User";
    let rest = json!({"schemas": [USER, other], "favouriteColour": "blue", "tenantId": "another",
                      "__proto__": {"admin": true}, other: {"x": 1}, "name": {"shoeSize": 38}});
    let reply = t.create_user("ada", rest).await;
    let text = reply.text.to_lowercase();
    for ignored in [
        "favouritecolour",
        "tenantid",
        "__proto__",
        "shoesize",
        other,
    ] {
        assert!(
            !text.contains(&ignored.to_lowercase()),
            "{ignored} is stored\n{reply}"
        );
    }
}

async fn nothing_is_put_where_nothing_was_sent(t: Tenant) {
    let reply = t
        .create_user("ada", json!({"emails": [{"value": "ada@x.example"}]}))
        .await;
    let expected = json!({"schemas": [USER], "id": reply.id(), "userName": "ada",
                          "emails": [{"value": "ada@x.example"}]});
    assert_eq!(reply.written(), expected, "{reply}");
}

// The client of these tests fails on any password in an answer.
async fn a_password_is_accepted_and_never_returned(t: Tenant) {
    let created = t
        .create_user("ada", json!({"password": "correct horse"}))
        .await;
    let path = format!("/Users/{}", created.id());
    let read = t
        .scim()
        .get(&path)
        .query("attributes", "password,userName")
        .await
        .status(200);
    assert!(!read.text.contains("horse"), "{read}");
}

// Section 3.9: on every write, too.
async fn the_answer_can_be_projected(t: Tenant) {
    let body = user("ada", json!({"title": "Countess", "nickName": "A"}));
    let reply = t
        .scim()
        .post("/Users", body)
        .query("attributes", "title")
        .await
        .status(201);
    let reply = reply
        .holds("/title", "Countess")
        .lacks("/nickName")
        .lacks("/userName");
    assert!(reply.header("location").ends_with(&reply.id()), "{reply}");
}

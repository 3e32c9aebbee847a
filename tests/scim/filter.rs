//! Filters that find: RFC 7644 section 3.4.2.2.

use serde_json::json;

use crate::common::{ENTERPRISE, Tenant, USER};

both_engines!(
    each_operator_compares_as_the_rfc_says,
    text_compares_as_its_case_exact_says,
    presence_is_a_value_that_is_not_empty,
    booleans_compare,
    instants_compare_as_instants,
    references_and_binary_values_are_equal_or_not,
    and_binds_closer_than_or_and_not_closest,
    a_bracket_binds_its_conditions_to_one_value,
    a_multi_valued_attribute_matches_by_any_of_its_values,
    an_extension_is_named_by_its_urn,
    common_attributes_are_compared,
    names_and_operators_compare_without_case,
    a_filter_that_finds_nothing_is_an_empty_list,
    groups_are_filtered_by_their_own_attributes,
);

/// Four people who differ in every kind of attribute.
pub async fn people(t: &Tenant) {
    let ada = json!({
        "externalId": "E-1", "displayName": "Ada Lovelace", "title": "Countess", "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@work.example", "type": "work", "primary": true},
                   {"value": "ada@home.example", "type": "home"}],
        ENTERPRISE: {"department": "Analysis", "costCenter": "07", "manager": {"value": "boss-1"}},
    });
    let bob = json!({
        "externalId": "e-1", "title": "Count", "active": false,
        "emails": [{"value": "bob@home.example", "type": "work"}],
        ENTERPRISE: {"department": "Sales", "costCenter": "10"},
    });
    let cyd = json!({"active": true, "nickName": "cy", "name": {"familyName": "Charisse"}});
    let dee = json!({"active": true, "displayName": "50% off_sale \"now\" \\ o'clock",
                     "roles": [{"value": "guide", "type": "tour"}], "emails": [{"value": "d@d.example"}]});
    for (name, rest) in [("ada", ada), ("bob", bob), ("cyd", cyd), ("dee", dee)] {
        t.create_user(name, rest).await;
    }
}

/// The userNames that a filter finds, sorted and joined: `ada bob`.
pub async fn found(t: &Tenant, filter: &str) -> String {
    let reply = t
        .scim()
        .get("/Users")
        .query("filter", filter)
        .await
        .status(200);
    let mut names = reply.each("userName");
    names.sort_unstable();
    assert_eq!(reply.total(), names.len() as u64, "{reply}");
    names.join(" ")
}

pub async fn finds(t: &Tenant, table: &[(&str, &str)]) {
    for (filter, expected) in table {
        assert_eq!(found(t, filter).await, *expected, "{filter}");
    }
}

async fn each_operator_compares_as_the_rfc_says(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("userName eq \"bob\"", "bob"),
            ("userName ne \"bob\"", "ada cyd dee"),
            // What is not there is not equal.
            ("title ne \"Count\"", "ada cyd dee"),
            ("title co \"unt\"", "ada bob"),
            ("title sw \"Count\"", "ada bob"),
            ("title ew \"ess\"", "ada"),
            ("userName gt \"bob\"", "cyd dee"),
            ("userName ge \"bob\"", "bob cyd dee"),
            ("userName lt \"cyd\"", "ada bob"),
            ("userName le \"cyd\"", "ada bob cyd"),
            ("title pr", "ada bob"),
        ],
    )
    .await;
}

async fn text_compares_as_its_case_exact_says(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("userName eq \"ADA\"", "ada"),
            ("title eq \"countess\"", "ada"),
            ("title ew \"ESS\"", "ada"),
            ("emails.value eq \"ADA@Work.Example\"", "ada"),
            ("externalId eq \"E-1\"", "ada"),
            ("externalId eq \"e-1\"", "bob"),
            ("externalId sw \"E\"", "ada"),
            ("userName gt \"BOB\"", "cyd dee"),
        ],
    )
    .await;
}

async fn presence_is_a_value_that_is_not_empty(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("nickName pr", "cyd"),
            ("not (title pr)", "cyd dee"),
            ("title eq null", "cyd dee"),
            ("title ne null", "ada bob"),
            ("emails pr", "ada bob dee"),
            ("emails.type pr", "ada bob"),
            ("name pr", "ada cyd"),
            ("name.givenName pr", "ada"),
            (&format!("{ENTERPRISE}:manager pr"), "ada"),
            ("photos pr", ""),
        ],
    )
    .await;
}

async fn booleans_compare(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("active eq true", "ada cyd dee"),
            ("active eq false", "bob"),
            ("active ne true", "bob"),
            ("active eq \"False\"", "bob"),
            ("emails[primary eq true]", "ada"),
            ("emails.primary eq true", "ada"),
        ],
    )
    .await;
}

async fn references_and_binary_values_are_equal_or_not(t: Tenant) {
    let rest =
        json!({"profileUrl": "https://x.example/Ada", "x509Certificates": [{"value": "AAEC"}]});
    t.create_user("ada", rest).await;
    finds(
        &t,
        &[
            ("profileUrl eq \"https://x.example/Ada\"", "ada"),
            ("profileUrl eq \"https://x.example/ada\"", ""),
            ("profileUrl sw \"https:\"", "ada"),
            ("x509Certificates.value eq \"AAEC\"", "ada"),
            ("x509Certificates.value eq \"aaec\"", ""),
        ],
    )
    .await;
}

// Instants are compared chronologically, whatever their offset.
async fn instants_compare_as_instants(t: Tenant) {
    people(&t).await;
    let ada = t
        .scim()
        .get("/Users")
        .query("filter", "userName eq \"ada\"")
        .await
        .status(200);
    let created = ada.string("/Resources/0/meta/created");
    let instant: jiff::Timestamp = created.parse().expect("RFC 3339");
    let elsewhere = instant.display_with_offset(jiff::tz::offset(9)).to_string();
    let all = "ada bob cyd dee";
    finds(
        &t,
        &[
            ("meta.created gt \"2011-05-13T04:42:34Z\"", all),
            ("meta.created lt \"2011-05-13T04:42:34.000Z\"", ""),
            ("meta.lastModified lt \"9999-12-31T23:59:59Z\"", all),
            (&format!("meta.created ge \"{created}\""), all),
            (
                &format!("userName eq \"ada\" and meta.created eq \"{created}\""),
                "ada",
            ),
            (
                &format!("userName eq \"ada\" and meta.created eq \"{elsewhere}\""),
                "ada",
            ),
            (&format!("meta.created lt \"{created}\""), ""),
            ("meta.created gt 2015-10-10T14:38:21.8617979-07:00", all),
        ],
    )
    .await;
}

// The order of precedence is grouping, not, and, or.
async fn and_binds_closer_than_or_and_not_closest(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            (
                "userName eq \"ada\" or userName eq \"bob\" and active eq true",
                "ada",
            ),
            (
                "(userName eq \"ada\" or userName eq \"bob\") and active eq false",
                "bob",
            ),
            ("not (userName eq \"ada\") and active eq true", "cyd dee"),
            ("not (userName eq \"ada\" or active eq false)", "cyd dee"),
            ("not (not (userName eq \"ada\"))", "ada"),
            ("((userName eq \"ada\"))", "ada"),
            (
                "active eq true and (title pr or nickName pr) and not (userName eq \"ada\")",
                "cyd",
            ),
        ],
    )
    .await;
}

async fn a_bracket_binds_its_conditions_to_one_value(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("emails[type eq \"work\" and value co \"@home\"]", "bob"),
            (
                "emails.type eq \"work\" and emails.value co \"@home\"",
                "ada bob",
            ),
            ("emails[type eq \"home\"]", "ada"),
            ("emails[not (type pr)]", "dee"),
            ("not (emails[type eq \"work\"])", "cyd dee"),
            (
                "emails[type eq \"work\"].value eq \"ada@work.example\"",
                "ada",
            ),
            ("emails[type eq \"work\"].value eq \"ada@home.example\"", ""),
            (
                "emails[type eq \"work\" and (value sw \"ada\" or value sw \"bob\")]",
                "ada bob",
            ),
            ("name[familyName sw \"L\"]", "ada"),
            (
                "userName sw \"a\" or emails[value ew \"@d.example\"] and roles[type eq \"tour\"]",
                "ada dee",
            ),
        ],
    )
    .await;
}

async fn a_multi_valued_attribute_matches_by_any_of_its_values(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("emails co \"@home.example\"", "ada bob"),
            ("emails.value sw \"ada@h\"", "ada"),
            ("roles eq \"guide\"", "dee"),
            (
                "schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
                "ada bob",
            ),
        ],
    )
    .await;
}

async fn an_extension_is_named_by_its_urn(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            (&format!("{ENTERPRISE}:department eq \"sales\""), "bob"),
            (&format!("{ENTERPRISE}:manager.value eq \"boss-1\""), "ada"),
            (&format!("{ENTERPRISE}:costCenter lt \"08\""), "ada"),
            (
                &format!("{USER}:userName eq \"ada\" and {USER}:name.givenName eq \"Ada\""),
                "ada",
            ),
            (
                &format!("{}:department eq \"Sales\"", ENTERPRISE.to_uppercase()),
                "bob",
            ),
            ("department eq \"Sales\"", "bob"),
        ],
    )
    .await;
}

async fn common_attributes_are_compared(t: Tenant) {
    people(&t).await;
    let ada = t
        .scim()
        .get("/Users")
        .query("filter", "userName eq \"ada\"")
        .await
        .status(200);
    let (id, version) = (
        ada.string("/Resources/0/id"),
        ada.string("/Resources/0/meta/version"),
    );
    let quoted = json!(version).to_string();
    finds(
        &t,
        &[
            (&format!("id eq \"{id}\""), "ada"),
            (&format!("id eq \"{}\"", crate::common::NOBODY), ""),
            ("id eq \"of no known shape\"", ""),
            ("meta.resourceType eq \"User\"", "ada bob cyd dee"),
            (
                &format!("userName eq \"ada\" and meta.version eq {quoted}"),
                "ada",
            ),
            (&format!("id ne \"{id}\" and id pr"), "bob cyd dee"),
        ],
    )
    .await;
}

// Attribute names and operators in filters are case insensitive.
async fn names_and_operators_compare_without_case(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("USERNAME EQ \"ada\"", "ada"),
            (
                "Name.FAMILYname Sw \"l\" AND NOT (Title PR) Or userName eQ \"ada\"",
                "ada",
            ),
            ("EMAILS[Type Eq \"work\" And Value Co \"ada\"]", "ada"),
            ("active EQ TRUE and title PR", "ada"),
        ],
    )
    .await;
}

async fn a_filter_that_finds_nothing_is_an_empty_list(t: Tenant) {
    people(&t).await;
    let filter = format!("userName eq \"{}\"", crate::common::NOBODY);
    let reply = t
        .scim()
        .get("/Users")
        .query("filter", &filter)
        .await
        .status(200);
    reply
        .holds("/totalResults", 0)
        .holds("/Resources", json!([]));
}

async fn groups_are_filtered_by_their_own_attributes(t: Tenant) {
    let ada = t.bare_user("ada").await.id();
    let analysts = t.create_group("Analysts", &[&ada]).await.id();
    t.create_group("Coaches", &[]).await;
    for (filter, expected) in [
        ("displayName eq \"ANALYSTS\"".to_owned(), vec!["Analysts"]),
        (format!("members[value eq \"{ada}\"]"), vec!["Analysts"]),
        (format!("members.value eq \"{ada}\""), vec!["Analysts"]),
        ("members pr".to_owned(), vec!["Analysts"]),
        ("not (members pr)".to_owned(), vec!["Coaches"]),
        (
            format!("id eq \"{analysts}\" and displayName sw \"A\""),
            vec!["Analysts"],
        ),
    ] {
        let reply = t
            .scim()
            .get("/Groups")
            .query("filter", &filter)
            .await
            .status(200);
        assert_eq!(reply.each("displayName"), expected, "{filter}");
    }
    let filter = format!("groups.value eq \"{analysts}\"");
    assert_eq!(found(&t, &filter).await, "ada");
}

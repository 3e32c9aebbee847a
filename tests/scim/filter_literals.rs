//! What stands on the right of an operator: RFC 7644 section 3.4.2.2.

use serde_json::json;

use super::filter::{finds, found, people};
use crate::common::Tenant;

both_engines!(
    a_literal_is_a_json_string,
    wildcards_of_sql_are_plain_characters,
    case_folds_beyond_ascii,
    a_literal_may_lack_quotes,
);

async fn a_literal_is_a_json_string(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            (r#"displayName co "\"now\"""#, "dee"),
            (r#"displayName co "\\ o'clock""#, "dee"),
            (r#"displayName eq "\u0041da Lovelace""#, "ada"),
            (r#"displayName co "' or '1'='1""#, ""),
            (r#"userName eq "ada\" or userName eq \"bob""#, ""),
            (r#"userName eq "or" or userName eq "and""#, ""),
            (r#"displayName co "off_sale \"now\" \\""#, "dee"),
        ],
    )
    .await;
}

async fn wildcards_of_sql_are_plain_characters(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("displayName co \"%\"", "dee"),
            ("displayName sw \"%\"", ""),
            ("displayName sw \"50%\"", "dee"),
            ("displayName co \"_\"", "dee"),
            ("displayName co \"off_s\"", "dee"),
            ("displayName co \"of__s\"", ""),
            ("userName sw \"a%\"", ""),
            ("userName ew \"_\"", ""),
            ("displayName co \"*\"", ""),
        ],
    )
    .await;
}

async fn case_folds_beyond_ascii(t: Tenant) {
    t.create_user(
        "Ångström",
        json!({"displayName": "ÄRGER ΣΟΦΊΑ", "emails": [{"value": "Ö@x.example"}]}),
    )
    .await;
    for filter in [
        "userName eq \"åNGSTRÖM\"",
        "displayName sw \"ärger\"",
        "displayName co \"σοφ\"",
        "emails.value eq \"ö@x.example\"",
        "userName co \"GSTRÖ\"",
    ] {
        assert_eq!(found(&t, filter).await, "Ångström", "{filter}");
    }
}

async fn a_literal_may_lack_quotes(t: Tenant) {
    people(&t).await;
    finds(
        &t,
        &[
            ("userName eq ada", "ada"),
            ("userName sw a or externalId eq e-1", "ada bob"),
            ("emails.value eq ada@work.example", "ada"),
            ("externalId eq nobody", ""),
        ],
    )
    .await;
}

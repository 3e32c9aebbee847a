//! Filters that are refused: never all rows, never a fault.

use serde_json::json;

use crate::common::{SEARCH, Tenant};

both_engines!(
    an_unknown_attribute_is_refused_by_name,
    a_broken_filter_is_refused_at_its_place,
    a_comparison_that_the_type_lacks_is_refused,
    a_literal_of_another_type_is_refused,
    a_password_cannot_be_asked_for,
    depth_terms_and_length_are_capped,
    a_search_refuses_the_same,
);

async fn an_unknown_attribute_is_refused_by_name(t: Tenant) {
    t.bare_user("ada").await;
    for (filter, name) in [
        ("shoeSize eq \"38\"", "shoeSize"),
        ("name.shoeSize pr", "shoeSize"),
        ("userName eq \"ada\" or shoeSize eq \"38\"", "shoeSize"),
        ("emails[shoeSize eq \"38\"]", "shoeSize"),
        ("urn:example:User:userName eq \"ada\"", "urn:example:User"),
        ("not (shoeSize pr)", "shoeSize"),
        ("userName.value eq \"ada\"", "userName"),
    ] {
        t.scim()
            .get("/Users")
            .query("filter", filter)
            .await
            .error(400, "invalidFilter")
            .says(name);
    }
    t.scim()
        .get("/Groups")
        .query("filter", "userName pr")
        .await
        .error(400, "invalidFilter");
}

async fn a_broken_filter_is_refused_at_its_place(t: Tenant) {
    t.bare_user("ada").await;
    for filter in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq \"ada",
        "eq \"ada\"",
        "\"ada\" eq userName",
        "userName == \"ada\"",
        "userName eq \"ada\" and",
        "or userName pr",
        "userName eq \"ada\" userName pr",
        "(userName pr",
        "userName pr)",
        "()",
        "not userName pr",
        "not ()",
        "emails[",
        "emails[]",
        "emails[type eq \"work\"",
        "emails]",
        "emails[type eq \"work\"]]",
        "userName eq '",
        "userName eq \"",
        "userName eq 'ada'",
        "userName eq \"\\x\"",
        "userName eq \"\\ud800\"",
        "userName xx \"ada\"",
        "userName pr \"ada\"",
        "emails[type eq \"work\"].",
        ".userName pr",
        "name. pr",
        "name..x pr",
        "userName eq [\"ada\"]",
        "userName eq {}",
        "userName eq \"a\"\"b\"",
        "userName;pr",
        "true",
        "1 eq 1",
        "emails[emails[type pr]]",
        "userName eq -",
        "userName eq tru\"e",
    ] {
        let reply = t
            .scim()
            .get("/Users")
            .query("filter", filter)
            .await
            .error(400, "invalidFilter");
        assert!(
            reply.string("/detail").contains("column"),
            "no place: {reply}"
        );
    }
}

// An order of boolean or binary values SHALL fail with 400 and invalidFilter.
async fn a_comparison_that_the_type_lacks_is_refused(t: Tenant) {
    for operator in ["gt", "ge", "lt", "le"] {
        for left in ["active", "emails.primary", "x509Certificates.value"] {
            let filter = format!("{left} {operator} \"true\"");
            t.scim()
                .get("/Users")
                .query("filter", &filter)
                .await
                .error(400, "invalidFilter");
        }
    }
}

async fn a_literal_of_another_type_is_refused(t: Tenant) {
    for filter in [
        "active eq \"perhaps\"",
        "active eq 1",
        "meta.created gt \"yesterday\"",
        "meta.created gt 5",
        "meta.created eq true",
    ] {
        t.scim()
            .get("/Users")
            .query("filter", filter)
            .await
            .error(400, "invalidFilter");
    }
}

async fn a_password_cannot_be_asked_for(t: Tenant) {
    t.create_user("ada", json!({"password": "correct horse"}))
        .await;
    for filter in [
        "password pr",
        "password sw \"c\"",
        "not (password eq \"x\")",
    ] {
        let reply = t.scim().get("/Users").query("filter", filter).await;
        assert!(matches!(reply.status, 400 | 403), "{reply}");
    }
}

async fn depth_terms_and_length_are_capped(t: Tenant) {
    let deep = format!("{}userName pr{}", "(".repeat(25), ")".repeat(25));
    let wide = vec!["userName pr"; 101].join(" or ");
    let long = format!("userName eq \"{}\"", "x".repeat(9_000));
    for filter in [deep, wide, long] {
        let reply = t
            .scim()
            .get("/Users")
            .query("filter", &filter)
            .await
            .error(400, "invalidFilter");
        assert!(reply.text.len() < 1_000, "the filter is echoed: {reply}");
    }
    let deep = format!("{}userName pr{}", "(".repeat(15), ")".repeat(15));
    let wide = vec!["userName pr"; 90].join(" or ");
    let long = format!("userName eq \"{}\"", "x".repeat(7_000));
    for filter in [deep, wide, long] {
        t.scim()
            .get("/Users")
            .query("filter", &filter)
            .await
            .status(200);
    }
}

async fn a_search_refuses_the_same(t: Tenant) {
    for filter in ["shoeSize pr", "userName eq", "("] {
        for path in ["/.search", "/Users/.search"] {
            let body = json!({"schemas": [SEARCH], "filter": filter});
            t.scim().post(path, body).await.error(400, "invalidFilter");
        }
    }
}

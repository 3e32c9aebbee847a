//! Sorting: RFC 7644 section 3.4.2.3.

use serde_json::json;

use crate::common::{ENTERPRISE, Tenant};

both_engines!(
    lists_sort_ascending_unless_told_otherwise,
    the_order_heeds_case_exact,
    unset_values_sort_last_ascending_and_first_descending,
    a_complex_multi_valued_attribute_sorts_by_its_primary_or_first_value,
    sub_attributes_and_extensions_sort,
    instants_sort,
    an_unknown_attribute_is_refused,
    pages_of_a_sorted_list_are_pages_of_the_whole,
);

async fn sorted(t: &Tenant, sort_by: &str, order: &str) -> Vec<String> {
    let mut request = t.scim().get("/Users").query("sortBy", sort_by);
    if !order.is_empty() {
        request = request.query("sortOrder", order);
    }
    request
        .await
        .status(200)
        .each("userName")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

async fn people(t: &Tenant) {
    let users = [
        (
            "cyd",
            json!({"title": "b", "externalId": "b", "name": {"familyName": "Zeta"},
                       "emails": [{"value": "a@x.example"}, {"value": "z@x.example", "primary": true}],
                       ENTERPRISE: {"department": "Sales"}}),
        ),
        (
            "ADA",
            json!({"title": "C", "externalId": "C", "name": {"familyName": "eta"},
                       "emails": [{"value": "m@x.example"}, {"value": "b@x.example"}]}),
        ),
        (
            "bob",
            json!({"title": "a", "externalId": "a", "emails": [{"value": "b@x.example"}],
                       ENTERPRISE: {"department": "analysis"}}),
        ),
        ("dee", json!({})),
    ];
    for (name, rest) in users {
        t.create_user(name, rest).await;
    }
}

// Without sortOrder the order SHALL be ascending.
async fn lists_sort_ascending_unless_told_otherwise(t: Tenant) {
    people(&t).await;
    let ascending = ["ADA", "bob", "cyd", "dee"];
    assert_eq!(sorted(&t, "userName", "").await, ascending);
    assert_eq!(sorted(&t, "USERNAME", "Ascending").await, ascending);
    assert_eq!(
        sorted(&t, "userName", "descending").await,
        ["dee", "cyd", "bob", "ADA"]
    );
}

// Text sorts by the caseExact of its attribute.
async fn the_order_heeds_case_exact(t: Tenant) {
    people(&t).await;
    assert_eq!(sorted(&t, "title", "").await[..3], ["bob", "cyd", "ADA"]);
    assert_eq!(
        sorted(&t, "externalId", "").await[..3],
        ["ADA", "bob", "cyd"]
    );
}

// Resources without the attribute come last ascending and first descending.
async fn unset_values_sort_last_ascending_and_first_descending(t: Tenant) {
    people(&t).await;
    assert_eq!(
        sorted(&t, "title", "ascending").await,
        ["bob", "cyd", "ADA", "dee"]
    );
    assert_eq!(
        sorted(&t, "title", "descending").await,
        ["dee", "ADA", "cyd", "bob"]
    );
}

async fn a_complex_multi_valued_attribute_sorts_by_its_primary_or_first_value(t: Tenant) {
    people(&t).await;
    assert_eq!(sorted(&t, "emails", "").await, ["bob", "ADA", "cyd", "dee"]);
    assert_eq!(
        sorted(&t, "emails.value", "descending").await,
        ["dee", "cyd", "ADA", "bob"]
    );
}

async fn sub_attributes_and_extensions_sort(t: Tenant) {
    people(&t).await;
    assert_eq!(sorted(&t, "name.familyName", "").await[..2], ["ADA", "cyd"]);
    let department = format!("{ENTERPRISE}:department");
    assert_eq!(sorted(&t, &department, "").await[..2], ["bob", "cyd"]);
}

async fn instants_sort(t: Tenant) {
    people(&t).await;
    assert_eq!(
        sorted(&t, "meta.created", "descending").await,
        ["dee", "bob", "ADA", "cyd"]
    );
}

async fn an_unknown_attribute_is_refused(t: Tenant) {
    for name in [
        "shoeSize",
        "name.shoeSize",
        "emails[type eq \"work\"]",
        "userName desc",
    ] {
        t.scim()
            .get("/Users")
            .query("sortBy", name)
            .await
            .error(400, "");
    }
}

async fn pages_of_a_sorted_list_are_pages_of_the_whole(t: Tenant) {
    people(&t).await;
    for order in ["ascending", "descending"] {
        let whole = sorted(&t, "title", order).await;
        assert_eq!(whole.len(), 4);
        for (index, name) in whole.iter().enumerate() {
            let page = t
                .scim()
                .get("/Users")
                .query("sortBy", "title")
                .query("sortOrder", order);
            let page = page
                .query("startIndex", &(index + 1).to_string())
                .query("count", "1");
            assert_eq!(
                page.await.status(200).each("userName"),
                [name],
                "{order} {index}"
            );
        }
    }
}

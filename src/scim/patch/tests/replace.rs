//! RFC 7644 3.5.2.3.

use super::*;

#[test]
fn without_a_path_replaces_the_attributes_of_the_value() {
    let value = json!({
        "emails": [{ "value": "b@new.com" }],
        "name": { "givenName": "Babs" },
        ENTERPRISE_URN: { "department": "D" },
    });
    let next = patched(Replace, "", value);
    assert_eq!(next["emails"], json!([{ "value": "b@new.com" }]));
    assert_eq!(
        next["name"],
        json!({ "givenName": "Babs", "familyName": "Jensen" })
    );
    assert_eq!(next[ENTERPRISE_URN]["department"], "D");
    assert_eq!(next["userName"], "bjensen");
}

#[test]
fn of_a_single_value_replaces_it() {
    assert_eq!(
        patched(Replace, "userName", json!("babs"))["userName"],
        "babs"
    );
    assert_eq!(
        patched(Replace, "name.familyName", json!("J"))["name"]["familyName"],
        "J"
    );
}

#[test]
fn of_a_list_replaces_all_values() {
    let next = patched(Replace, "emails", json!([{ "value": "x@y" }]));
    assert_eq!(next["emails"], json!([{ "value": "x@y" }]));
    assert!(
        patched(Replace, "emails", json!([]))
            .get("emails")
            .is_none()
    );
}

#[test]
fn of_what_is_absent_is_an_add() {
    assert_eq!(patched(Replace, "title", json!("T"))["title"], "T");
    assert_eq!(
        patched(Replace, "name.middleName", json!("M"))["name"]["middleName"],
        "M"
    );
}

#[test]
fn of_a_complex_attribute_replaces_the_given_parts_only() {
    let next = patched(
        Replace,
        "name",
        json!({ "familyName": "J", "givenName": null }),
    );
    assert_eq!(next["name"], json!({ "familyName": "J" }));
}

#[test]
fn by_a_filter_replaces_the_matching_values() {
    let next = patched(
        Replace,
        r#"emails[type eq "work"]"#,
        json!({ "value": "new@work.com" }),
    );
    assert_eq!(
        next["emails"][0],
        json!({ "type": "work", "value": "new@work.com" })
    );
    assert_eq!(next["emails"][1], barbara()["emails"][1]);
    let next = patched(
        Replace,
        r#"emails[value ew "home.com"]"#,
        json!({ "value": "new@home.com" }),
    );
    assert_eq!(next["emails"][1], json!({ "value": "new@home.com" }));
}

#[test]
fn by_a_filter_of_a_part_replaces_that_part_of_each_match() {
    let next = patched(Replace, "emails[value pr].display", json!("Babs"));
    assert_eq!(next["emails"][0]["display"], "Babs");
    assert_eq!(next["emails"][1]["display"], "Babs");
    assert_eq!(next["emails"][0]["primary"], true);
}

#[test]
fn by_a_filter_that_matches_nothing_makes_what_it_describes() {
    let next = patched(
        Replace,
        r#"emails[type eq "Other" and primary eq "False"].value"#,
        json!("x@y"),
    );
    assert_eq!(
        next["emails"][2],
        json!({ "type": "Other", "primary": false, "value": "x@y" })
    );
    refused(
        Replace,
        r#"emails[type sw "oth"].value"#,
        json!("x"),
        "noTarget",
    );
    refused(
        Replace,
        "emails[not (type pr)].value",
        json!("x"),
        "noTarget",
    );
}

#[test]
fn by_null_or_an_empty_string_clears() {
    for value in [json!(""), json!([]), json!({})] {
        assert!(
            patched(Replace, "name.givenName", value)["name"]
                .get("givenName")
                .is_none()
        );
    }
}

//! RFC 7644 3.5.2.2.

use super::*;

#[test]
fn without_a_path_has_no_target() {
    refused(Remove, "", Value::Null, "noTarget");
    refused(Remove, USER_URN, Value::Null, "noTarget");
}

#[test]
fn of_a_single_value_unassigns_it() {
    assert!(patched(Remove, "name", Value::Null).get("name").is_none());
    let next = patched(Remove, "name.givenName", Value::Null);
    assert_eq!(next["name"], json!({ "familyName": "Jensen" }));
}

#[test]
fn of_a_list_without_a_filter_removes_all_values() {
    assert!(
        patched(Remove, "emails", Value::Null)
            .get("emails")
            .is_none()
    );
}

#[test]
fn by_a_filter_removes_the_matching_values() {
    let next = patched(Remove, r#"emails[type eq "WORK"]"#, Value::Null);
    assert_eq!(next["emails"], json!([barbara()["emails"][1]]));
}

#[test]
fn of_the_last_value_unassigns_the_list() {
    assert!(
        patched(Remove, "emails[value pr]", Value::Null)
            .get("emails")
            .is_none()
    );
    let last = json!({ "userName": "a", "name": { "givenName": "x" } });
    let next = patch(last, &[operation(Remove, "name.givenName", Value::Null)]).unwrap();
    assert!(next.get("name").is_none());
}

#[test]
fn by_a_filter_of_a_part_removes_that_part() {
    let next = patched(Remove, r#"emails[type eq "work"].primary"#, Value::Null);
    assert_eq!(
        next["emails"][0],
        json!({ "value": "b@work.com", "type": "work" })
    );
}

#[test]
fn of_the_value_takes_a_type_with_nothing_to_say_along() {
    let next = patched(Remove, r#"emails[type eq "work"].value"#, Value::Null);
    assert_eq!(
        next["emails"],
        json!([{ "value": "b@home.com", "type": "home" }])
    );
}

#[test]
fn of_a_required_attribute_is_refused() {
    refused(Remove, "userName", Value::Null, "mutability");
}

#[test]
fn of_what_is_absent_succeeds() {
    for path in [
        "title",
        "name.middleName",
        "phoneNumbers",
        r#"emails[type eq "fax"]"#,
        ENTERPRISE_URN,
    ] {
        unchanged(Remove, path, Value::Null);
    }
}

#[test]
fn with_values_removes_those() {
    let unwanted = json!([{ "type": "HOME", "value": "B@home.com", "display": "stale" }, "x"]);
    let next = patched(Remove, "emails", unwanted);
    assert_eq!(next["emails"], json!([barbara()["emails"][0]]));
    unchanged(Remove, "emails", json!([]));
    unchanged(Remove, "emails", json!([{}]));
    unchanged(
        Remove,
        "emails",
        json!([{ "value": "b@home.com", "type": "work" }]),
    );
}

#[test]
fn of_an_extension_removes_it_but_for_what_is_read_only() {
    let mut resource = barbara();
    resource[ENTERPRISE_URN] = json!({ "department": "D", "manager": { "value": "m" } });
    resource[COACHING_URN] = json!({ "track": "t", "seatState": "assigned" });
    let removals = [ENTERPRISE_URN, COACHING_URN].map(|urn| operation(Remove, urn, Value::Null));
    let next = patch(resource, &removals).unwrap();
    assert!(next.get(ENTERPRISE_URN).is_none());
    assert_eq!(next[COACHING_URN], json!({ "seatState": "assigned" }));
    assert_eq!(next["schemas"], json!([USER_URN, COACHING_URN]));
}

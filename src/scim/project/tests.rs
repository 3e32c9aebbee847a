use serde_json::json;

use super::*;
use crate::scim::schema::{
    COACHING_URN, ENTERPRISE_URN, GROUP, GROUP_URN, Mutability, USER, USER_URN,
};

fn barbara() -> Object {
    let resource = json!({
        COACHING_URN: { "track": "t", "waitlistPosition": 3, "seatState": "waitlisted" },
        "emails": [
            { "value": "b@x", "type": "work", "primary": true },
            { "value": "b@y", "display": "Babs" },
        ],
        "name": { "familyName": "J", "givenName": "B" },
        "userName": "b",
        "password": "secret",
        "meta": { "version": "W/1", "resourceType": "User" },
        "externalId": "e",
        "id": "1",
        "shoeSize": 1,
        ENTERPRISE_URN: { "department": "D" },
    });
    match resource {
        Value::Object(resource) => resource,
        other => panic!("{other}"),
    }
}

fn shown(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let projection = Projection::parse(&USER, attributes, excluded).unwrap();
    projection.apply(&USER, barbara()).into()
}

fn only(attributes: &str) -> Value {
    let mut shown = shown(Some(attributes), None);
    assert_eq!(
        shown["schemas"],
        json!([USER_URN, ENTERPRISE_URN, COACHING_URN])
    );
    assert_eq!(shown["id"], "1");
    let shown = shown.as_object_mut().unwrap();
    shown.remove("schemas");
    shown.remove("id");
    shown.clone().into()
}

#[test]
fn the_default_view_has_the_order_of_the_schema_and_no_secret() {
    let shown = shown(None, None);
    let keys: Vec<_> = shown.as_object().unwrap().keys().collect();
    let wanted = [
        "schemas",
        "id",
        "externalId",
        "meta",
        "userName",
        "name",
        "emails",
        ENTERPRISE_URN,
        COACHING_URN,
    ];
    assert_eq!(keys, wanted);
    assert_eq!(
        shown["name"].to_string(),
        r#"{"familyName":"J","givenName":"B"}"#
    );
    assert_eq!(shown[COACHING_URN].to_string(), r#"{"track":"t"}"#);
    assert_eq!(
        shown,
        Value::Object(Projection::none().apply(&USER, barbara()))
    );
}

#[test]
fn attributes_names_what_is_shown_beside_what_is_always_shown() {
    assert_eq!(only("userName"), json!({ "userName": "b" }));
    assert_eq!(
        only("USERNAME, meta.version"),
        json!({ "meta": { "version": "W/1" }, "userName": "b" })
    );
    assert_eq!(
        only("name.givenName"),
        json!({ "name": { "givenName": "B" } })
    );
    assert_eq!(
        only("emails.display"),
        json!({ "emails": [{ "display": "Babs" }] })
    );
    assert_eq!(only("shoeSize,,%,password"), json!({}));
}

#[test]
fn attributes_may_name_urns_and_whole_extensions() {
    let department = json!({ ENTERPRISE_URN: { "department": "D" } });
    assert_eq!(only(ENTERPRISE_URN), department);
    assert_eq!(only(&format!("{ENTERPRISE_URN}:department")), department);
    assert_eq!(only("department"), department);
    let core = only(USER_URN);
    assert_eq!(core["userName"], "b");
    assert!(core.get(ENTERPRISE_URN).is_none());
}

#[test]
fn what_is_returned_on_request_is_returned_only_then() {
    let named = only(&format!("{COACHING_URN}:waitlistPosition"));
    assert_eq!(named, json!({ COACHING_URN: { "waitlistPosition": 3 } }));
    assert_eq!(only(COACHING_URN)[COACHING_URN]["waitlistPosition"], 3);
    assert!(
        shown(None, Some("title"))[COACHING_URN]
            .get("waitlistPosition")
            .is_none()
    );
}

#[test]
fn a_filter_in_attributes_shows_the_whole_attribute() {
    let emails = only(r#"emails[type eq "work,home" and value ew "]"],userName"#);
    assert_eq!(emails["emails"], barbara()["emails"]);
    assert_eq!(emails["userName"], "b");
}

#[test]
fn excluded_attributes_are_left_out_unless_always_returned() {
    let shown = shown(
        None,
        Some(&format!("emails.value, name, id, schemas, {COACHING_URN}")),
    );
    assert_eq!(shown["id"], "1");
    assert!(shown.get("schemas").is_some() && shown.get("name").is_none());
    assert!(shown.get(COACHING_URN).is_none());
    assert_eq!(
        shown["emails"],
        json!([{ "type": "work", "primary": true }, { "display": "Babs" }])
    );
}

#[test]
fn attributes_and_excluded_attributes_exclude_each_other() {
    let error = Projection::parse(&USER, Some("a"), Some("b")).unwrap_err();
    assert_eq!(error.scim_type.unwrap().as_str(), "invalidValue");
    assert_eq!(
        Projection::parse(&USER, Some(""), Some(" ")),
        Ok(Projection::none())
    );
}

#[test]
fn what_is_not_shown_need_not_be_read() {
    let parse = |only, without| Projection::parse(&GROUP, only, without).unwrap();
    let members = |p: Projection| p.shows_any(&GROUP, GROUP_URN, |a| a.name == "members");
    assert!(members(Projection::none()));
    assert!(!members(parse(None, Some("members"))));
    assert!(!members(parse(Some("displayName"), None)));
    assert!(members(parse(Some("members.value"), None)));

    let outcomes = |p: &Projection| {
        p.shows_any(&USER, COACHING_URN, |a| {
            a.mutability == Mutability::ReadOnly
        })
    };
    assert!(!outcomes(&Projection::none()));
    for asked in [COACHING_URN.to_owned(), format!("{COACHING_URN}:episode")] {
        let named = Projection::parse(&USER, Some(&asked), None).unwrap();
        assert!(outcomes(&named), "{asked}");
    }
    let wish = format!("{COACHING_URN}:track");
    let named = Projection::parse(&USER, Some(&wish), None).unwrap();
    assert!(!outcomes(&named));
}

#[test]
fn an_extension_of_which_nothing_is_shown_unasked_is_not_named() {
    let mut resource = barbara();
    resource.insert(COACHING_URN.to_owned(), json!({ "seatState": "none" }));
    let schemas = |view: Projection| view.apply(&USER, resource.clone())["schemas"].to_string();
    assert!(!schemas(Projection::none()).contains(COACHING_URN));
    let asked = Projection::parse(&USER, Some(&format!("schemas,{COACHING_URN}")), None).unwrap();
    assert!(schemas(asked).contains(COACHING_URN));
}

use super::*;
use crate::scim::filter::AttrPath;

fn path(text: &str) -> AttrPath {
    text.parse().unwrap()
}

fn keys(resource_type: &ResourceType, text: &str) -> Option<String> {
    resource_type
        .find(&path(text))
        .map(|located| located.keys().join("|"))
}

#[test]
fn every_compiled_in_document_reads() {
    assert_eq!(USER.extensions.len(), 2);
    assert_eq!(GROUP.extensions.len(), 0);
    assert_eq!(COMMON.attributes.len(), 4);
    assert_eq!(schemas().len(), 7);
    assert_eq!(provider_config()["pagination"]["cursor"], true);
}

#[test]
fn user_is_first_and_is_a_user_account() {
    let first = schemas()[0];
    assert_eq!(
        (first.id.as_str(), first.description.as_str()),
        (USER_URN, "User Account")
    );
}

#[test]
fn a_schema_survives_the_round_trip_and_holds_no_null() {
    for schema in schemas() {
        let document = schema.document("https://example.com/scim/v2");
        assert!(!document.to_string().contains("null"), "{}", schema.id);
        let again: Schema = serde_json::from_value(document).unwrap();
        assert_eq!(&again, schema);
    }
}

#[test]
fn case_exact_is_shown_only_where_there_is_case() {
    let active = serde_json::to_value(USER.schema.attribute("active")).unwrap();
    assert!(active.get("caseExact").is_none());
    let user_name = serde_json::to_value(USER.schema.attribute("userName")).unwrap();
    assert_eq!(user_name["caseExact"], false);
    assert_eq!(user_name["uniqueness"], "server");
}

#[test]
fn an_omitted_characteristic_is_the_default_of_the_rfc() {
    let attribute: Attribute = serde_json::from_str(r#"{"name": "shoeSize"}"#).unwrap();
    assert_eq!(attribute.kind, Type::String);
    assert_eq!(attribute.mutability, Mutability::ReadWrite);
    assert_eq!(attribute.returned, Returned::Default);
    assert!(!attribute.required && !attribute.case_exact && !attribute.multi_valued);
}

#[test]
fn references_and_binaries_compare_exactly() {
    let photo = USER
        .schema
        .attribute("photos")
        .unwrap()
        .sub_attribute("value")
        .unwrap();
    assert!(!photo.case_exact && photo.compares_exactly());
    let certificate = USER
        .schema
        .attribute("x509Certificates")
        .unwrap()
        .sub_attribute("value")
        .unwrap();
    assert!(certificate.compares_exactly());
}

#[test]
fn names_and_urns_match_in_any_case() {
    assert_eq!(keys(&USER, "USERNAME").unwrap(), "userName");
    assert_eq!(keys(&USER, "Name.FamilyName").unwrap(), "name|familyName");
    assert_eq!(keys(&USER, "META.Created").unwrap(), "meta|created");
    assert_eq!(keys(&GROUP, "ExternalID").unwrap(), "externalId");
    let upper = format!("{}:MANAGER.Value", ENTERPRISE_URN.to_uppercase());
    assert_eq!(
        keys(&USER, &upper).unwrap(),
        format!("{ENTERPRISE_URN}|manager|value")
    );
}

#[test]
fn the_core_urn_qualifies_core_and_common_attributes() {
    assert_eq!(
        keys(&USER, &format!("{USER_URN}:name.givenName")).unwrap(),
        "name|givenName"
    );
    assert_eq!(keys(&USER, &format!("{USER_URN}:id")).unwrap(), "id");
    assert_eq!(keys(&USER, &format!("{USER_URN}:department")), None);
    assert_eq!(keys(&USER, &format!("{ENTERPRISE_URN}:id")), None);
}

#[test]
fn a_dot_after_the_urn_is_as_good_as_a_colon() {
    let manager = format!("{ENTERPRISE_URN}|manager");
    assert_eq!(
        keys(&USER, &format!("{ENTERPRISE_URN}.manager")).unwrap(),
        manager
    );
    assert_eq!(
        keys(&USER, &format!("{ENTERPRISE_URN}.manager.value")).unwrap(),
        format!("{manager}|value")
    );
}

#[test]
fn an_unqualified_extension_attribute_is_found_when_only_one_has_it() {
    assert_eq!(
        keys(&USER, "manager").unwrap(),
        format!("{ENTERPRISE_URN}|manager")
    );
    assert_eq!(
        keys(&USER, "track").unwrap(),
        format!("{COACHING_URN}|track")
    );
    let mut doubled = USER.clone();
    let mut custom = doubled.extensions[0].clone();
    custom.schema.id = "urn:example:custom".to_owned();
    doubled.extensions.push(custom);
    assert_eq!(keys(&doubled, "manager"), None);
    assert_eq!(
        keys(&doubled, "urn:example:custom:manager").unwrap(),
        "urn:example:custom|manager"
    );
}

#[test]
fn a_bare_urn_is_the_whole_schema() {
    for urn in [USER_URN, ENTERPRISE_URN, COACHING_URN] {
        match USER.resolve(&path(urn)) {
            Some(Place::Schema(schema)) => assert_eq!(schema.id, urn),
            other => panic!("{other:?}"),
        }
        assert!(USER.find(&path(urn)).is_none());
    }
    assert!(USER.resolve(&path(GROUP_URN)).is_none());
}

#[test]
fn a_resource_type_document_names_its_extensions() {
    let document = USER.document("https://example.com/scim/v2");
    assert_eq!(document["schemaExtensions"][1]["schema"], COACHING_URN);
    assert_eq!(
        document["meta"]["location"],
        "https://example.com/scim/v2/ResourceTypes/User"
    );
    assert!(GROUP.document("").get("schemaExtensions").is_none());
}

#[test]
fn what_the_rfc_says_of_an_attribute_is_what_the_schema_says() {
    let user = |name: &str| USER.schema.attribute(name).unwrap();
    assert!(user("userName").required && user("userName").uniqueness == Uniqueness::Server);
    let password = user("password");
    assert_eq!(
        (password.mutability, password.returned),
        (Mutability::WriteOnly, Returned::Never)
    );
    assert_eq!(user("groups").mutability, Mutability::ReadOnly);
    assert_eq!(
        user("emails")
            .sub_attribute("type")
            .unwrap()
            .canonical_values,
        ["work", "home", "other"]
    );
    assert_eq!(user("profileUrl").reference_types, ["external"]);
    for sub in ["value", "$ref", "type"] {
        let members = GROUP.schema.attribute("members").unwrap();
        assert_eq!(
            members.sub_attribute(sub).unwrap().mutability,
            Mutability::Immutable
        );
    }
    let manager = USER.extensions[0].schema.attribute("manager").unwrap();
    assert_eq!(
        manager.sub_attribute("displayName").unwrap().mutability,
        Mutability::ReadOnly
    );
    for name in ["id", "externalId"] {
        assert!(COMMON.attribute(name).unwrap().case_exact);
    }
}

#[test]
fn coaching_outcomes_are_read_only_and_dates_may_be_cleared() {
    let coaching = &USER.extension(COACHING_URN).unwrap().schema;
    let position = coaching.attribute("waitlistPosition").unwrap();
    assert_eq!(
        (position.mutability, position.returned),
        (Mutability::ReadOnly, Returned::Request)
    );
    let end = coaching.attribute("accessEndDate").unwrap();
    assert_eq!(
        (end.kind, end.canonical_values.as_slice()),
        (Type::String, ["none".to_owned()].as_slice())
    );
    assert!(
        coaching
            .attributes
            .iter()
            .all(|attribute| !attribute.multi_valued)
    );
}

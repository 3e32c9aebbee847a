use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::comparable::comparable;
use crate::scim::filter::parse;
use crate::scim::predicate::compile;
use crate::scim::schema::{ENTERPRISE_URN, USER};

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

fn barbara() -> Object {
    object(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "Id-1",
        "externalId": "Ext-1",
        "userName": "BJensen@Example.com",
        "name": { "familyName": "O'Malley" },
        "active": true,
        "emails": [
            { "value": "b@example.com", "type": "work", "primary": true },
            { "value": "babs@home.org", "type": "home" },
        ],
        "meta": { "lastModified": "2026-05-13T04:42:34Z" },
        ENTERPRISE_URN: { "department": "Tour 100%_\\", "manager": { "value": "m1" } },
    }))
}

fn holds(resource: &Object, filter: &str) -> bool {
    let predicate = compile(&USER, &parse(filter).unwrap()).unwrap();
    matches(&predicate, &comparable(&USER, resource))
}

#[track_caller]
fn matching(filters: &[&str]) {
    for filter in filters {
        assert!(holds(&barbara(), filter), "{filter}");
    }
}

#[track_caller]
fn not_matching(filters: &[&str]) {
    for filter in filters {
        assert!(!holds(&barbara(), filter), "{filter}");
    }
}

#[test]
fn text_compares_by_the_case_of_its_attribute() {
    matching(&[
        r#"userName eq "BJENSEN@EXAMPLE.COM""#,
        r#"userName sw "bj""#,
        r#"userName ew ".COM""#,
        r#"name.familyName co "O'M""#,
        r#"externalId eq "Ext-1""#,
        r#"userName gt "b""#,
        r#"userName le "bjensen@example.com""#,
    ]);
    not_matching(&[
        r#"externalId eq "ext-1""#,
        r#"id eq "ID-1""#,
        r#"userName lt "b""#,
    ]);
}

#[test]
fn wildcards_of_other_languages_mean_nothing() {
    matching(&[r#"department co "%_\\""#, r#"department eq "tour 100%_\\""#]);
    not_matching(&[r#"department eq "tour%""#, r#"department co "1_0""#]);
}

#[test]
fn instants_compare_whatever_their_offset() {
    matching(&[
        r#"meta.lastModified eq "2026-05-13T06:42:34+02:00""#,
        r#"meta.lastModified ge "2026-05-13T04:42:34Z""#,
        r#"meta.lastModified lt "2026-05-13T04:42:34.001Z""#,
    ]);
    not_matching(&[r#"meta.lastModified gt "2026-05-13T04:42:34Z""#]);
}

#[test]
fn brackets_are_about_one_element_and_and_is_not() {
    matching(&[
        r#"emails[type eq "work"].value eq "B@EXAMPLE.COM""#,
        r#"emails[type eq "work" and primary eq "True"]"#,
        r#"emails.type eq "work" and emails.value ew "home.org""#,
    ]);
    not_matching(&[r#"emails[type eq "work" and value ew "home.org"]"#]);
}

#[test]
fn what_is_absent_equals_nothing_and_differs_from_everything() {
    matching(&[
        r#"title ne "x""#,
        "title eq null",
        "not (title pr)",
        "not (title eq \"x\")",
        "userName ne null",
        r#"manager ne "m2""#,
    ]);
    not_matching(&[
        r#"title eq "x""#,
        "title pr",
        "title co \"\"",
        "title lt \"z\"",
        "phoneNumbers pr",
    ]);
}

#[test]
fn ne_on_a_list_asks_for_one_value_that_differs() {
    matching(&[r#"emails.type ne "work""#, r#"emails.display ne "x""#]);
    not_matching(&[
        r#"phoneNumbers.type ne "work""#,
        r#"schemas ne "urn:ietf:params:scim:schemas:core:2.0:User""#,
    ]);
}

/// Filters over a few attributes with few values, so that they often match.
fn filter() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec!["a", "b", "ab", ""]);
    let op = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let path = prop::sample::select(vec![
        "userName",
        "title",
        "externalId",
        "name.givenName",
        "emails",
        "emails.type",
        "department",
    ]);
    let leaf = prop_oneof![
        path.clone().prop_map(|path| format!("{path} pr")),
        (path, op, text).prop_map(|(path, op, text)| format!("{path} {op} \"{text}\"")),
        Just("active eq true".to_owned()),
        Just(r#"emails[type eq "a" and not (value eq "b")]"#.to_owned()),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) and ({r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) or ({r})")),
            inner.prop_map(|filter| format!("not ({filter})")),
        ]
    })
}

fn user() -> impl Strategy<Value = Object> {
    let text = || prop::option::of(prop::sample::select(vec!["a", "B", "ab", "c"]));
    let email = (text(), text()).prop_map(|(value, kind)| json!({ "value": value, "type": kind }));
    let emails = prop::collection::vec(email, 0..3);
    (
        text(),
        text(),
        text(),
        text(),
        emails,
        any::<Option<bool>>(),
    )
        .prop_map(|(user_name, title, given, department, emails, active)| {
            object(json!({
                "userName": user_name,
                "title": title,
                "externalId": title,
                "name": { "givenName": given },
                "emails": emails,
                "active": active,
                ENTERPRISE_URN: { "department": department },
            }))
        })
}

proptest! {
    #[test]
    fn the_laws_of_logic_hold(user in user(), p in filter(), q in filter()) {
        let holds = |filter: &str| holds(&user, filter);
        let (with_p, with_q) = (holds(&p), holds(&q));
        prop_assert_eq!(holds(&format!("not ({p})")), !with_p);
        prop_assert_eq!(holds(&format!("({p}) and ({q})")), with_p && with_q);
        prop_assert_eq!(holds(&format!("({p}) or ({q})")), with_p || with_q);
        prop_assert_eq!(
            holds(&format!("not (({p}) and ({q}))")),
            holds(&format!("not ({p}) or not ({q})"))
        );
        prop_assert_eq!(
            holds(&format!("not (({p}) or ({q}))")),
            holds(&format!("not ({p}) and not ({q})"))
        );
    }

    #[test]
    fn orders_agree_with_each_other(user in user(), text in "[abc]{0,2}") {
        for path in ["userName", "title", "externalId", "name.givenName", "department"] {
            let holds = |op: &str| holds(&user, &format!("{path} {op} \"{text}\""));
            prop_assert_eq!(holds("ge"), holds("gt") || holds("eq"));
            prop_assert_eq!(holds("le"), holds("lt") || holds("eq"));
            prop_assert_eq!(holds("ne"), !holds("eq"));
            let ordered = [holds("lt"), holds("eq"), holds("gt")];
            let is_present = super::tests::holds(&user, &format!("{path} pr"));
            prop_assert_eq!(ordered.into_iter().filter(|holds| *holds).count(), usize::from(is_present));
        }
    }
}

use super::*;
use crate::scim::filter::parse;
use crate::scim::schema::{ENTERPRISE_URN, GROUP, USER};

fn compiled(filter: &str) -> Predicate {
    compile(&USER, &parse(filter).unwrap()).unwrap_or_else(|error| panic!("{filter}: {error}"))
}

fn refused(filter: &str) -> String {
    let error = compile(&USER, &parse(filter).unwrap()).expect_err(filter);
    assert_eq!(error.status, 400);
    assert_eq!(error.scim_type.unwrap().as_str(), "invalidFilter");
    error.detail
}

/// The target and the test of a predicate that is only one.
fn single(filter: &str) -> (Target, Test) {
    match compiled(filter) {
        Predicate::Test(target, test) => (target, test),
        other => panic!("{filter}: {other:?}"),
    }
}

fn operand(filter: &str) -> Operand {
    match single(filter).1 {
        Test::Compare(_, operand) => operand,
        Test::Present => panic!("{filter}"),
    }
}

#[test]
fn a_target_has_canonical_keys_and_the_type_of_the_schema() {
    let (target, test) = single(r#"USERNAME EQ "Bob""#);
    assert_eq!(target.path, ["userName"]);
    assert!(!target.case_exact && !target.multi_valued && target.primary_of.is_none());
    assert_eq!(test, Test::Compare(Op::Eq, Operand::Text("bob".to_owned())));

    let (target, _) = single("name.FAMILYNAME pr");
    assert_eq!(target.path, ["name", "familyName"]);
    let (target, _) = single(&format!("{ENTERPRISE_URN}:department sw \"x\""));
    assert_eq!(target.path, [ENTERPRISE_URN, "department"]);
    let (target, _) = single("meta.lastModified pr");
    assert_eq!(
        (target.path.join("."), target.kind),
        ("meta.lastModified".to_owned(), Type::DateTime)
    );
}

#[test]
fn only_what_ignores_case_is_folded() {
    assert_eq!(
        operand(r#"displayName eq "ÉCOLE""#),
        Operand::Text("école".to_owned())
    );
    assert_eq!(
        operand(r#"externalId eq "AbC""#),
        Operand::Text("AbC".to_owned())
    );
    assert_eq!(operand(r#"id eq "AbC""#), Operand::Text("AbC".to_owned()));
}

#[test]
fn the_attribute_decides_the_type_of_a_literal() {
    for literal in ["true", "True", r#""True""#, r#""TRUE""#] {
        assert_eq!(
            operand(&format!("active eq {literal}")),
            Operand::Bool(true),
            "{literal}"
        );
    }
    assert_eq!(operand("externalId eq 17"), Operand::Text("17".to_owned()));
    assert_eq!(
        operand("externalId eq true"),
        Operand::Text("true".to_owned())
    );
    assert_eq!(
        operand(r#"waitlistPosition lt "10""#),
        Operand::Number(10.0)
    );
    assert_eq!(operand("waitlistPosition lt 1e1"), Operand::Number(10.0));
    assert_eq!(
        operand(r#"meta.created gt "1970-01-01T00:00:01Z""#),
        Operand::Instant(1000)
    );
    let bare = operand("meta.Created gt 2015-10-10T14:38:21.8617979-07:00");
    assert_eq!(bare, Operand::Instant(1_444_513_101_861));
}

#[test]
fn a_literal_of_another_type_is_refused_naming_the_attribute() {
    for filter in [
        r#"active eq "yes""#,
        "active eq 1",
        r#"waitlistPosition eq "first""#,
        r#"waitlistPosition eq "inf""#,
        r#"meta.created gt "yesterday""#,
        "title gt null",
    ] {
        let detail = refused(filter);
        assert!(
            detail.contains(filter.split(' ').next().unwrap()),
            "{detail}"
        );
    }
}

#[test]
fn an_operator_must_make_sense_for_the_type() {
    for filter in [
        "active gt true",
        "active co \"t\"",
        "waitlistPosition co 1",
        "meta.created sw \"2026\"",
        "x509Certificates.value lt \"a\"",
        "emails.primary ge true",
    ] {
        assert!(refused(filter).contains("no operator"), "{filter}");
    }
    compiled("title gt \"a\"");
    compiled("x509Certificates.value eq \"AAA=\"");
}

#[test]
fn an_unknown_attribute_is_named() {
    assert!(refused("shoeSize eq 1").contains("`shoeSize`"));
    assert!(refused("name.shoeSize pr").contains("`name.shoeSize`"));
    assert!(refused("emails[shoeSize eq 1]").contains("`shoeSize`"));
    assert!(refused("urn:x:y:z eq 1").contains("`urn:x:y:z`"));
    assert!(refused(&format!("{} pr", "a".repeat(5_000))).len() < 300);
}

#[test]
fn secrets_cannot_be_filtered_or_sorted_by() {
    for filter in [
        "password pr",
        r#"password eq "x""#,
        r#"not (password sw "x")"#,
        "password eq null",
    ] {
        assert!(refused(filter).contains("`password`"), "{filter}");
    }
    assert!(sort_target(&USER, "password").is_err());
}

#[test]
fn one_element_of_a_list_must_satisfy_the_comparison() {
    let Predicate::Any { target, each } = compiled(r#"emails.value eq "A@B""#) else {
        panic!()
    };
    assert_eq!(target.path, ["emails"]);
    assert!(target.multi_valued && target.kind == Type::Complex);
    let Predicate::Test(target, Test::Compare(Op::Eq, Operand::Text(text))) = *each else {
        panic!()
    };
    assert_eq!(
        (target.path, text.as_str()),
        (vec!["value".to_owned()], "a@b")
    );

    assert_eq!(
        compiled(r#"emails co "x""#),
        compiled(r#"emails.value co "x""#)
    );
    assert_eq!(
        compiled(r#"emails[value co "x"]"#),
        compiled(r#"emails.value co "x""#)
    );
}

#[test]
fn brackets_hold_paths_of_the_element() {
    let Predicate::Any { each, .. } = compiled(r#"emails[type eq "work"].value eq "a@b""#) else {
        panic!()
    };
    let Predicate::And(both) = *each else {
        panic!()
    };
    let keys: Vec<_> = both
        .iter()
        .map(|test| match test {
            Predicate::Test(target, _) => target.path.join("."),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, ["type", "value"]);
}

#[test]
fn brackets_on_a_single_complex_value_are_its_parts() {
    assert_eq!(
        compiled(r#"name[familyName eq "x"]"#),
        compiled(r#"name.familyName eq "x""#)
    );
    assert_eq!(
        compiled(r#"manager[value eq "x"]"#),
        compiled(r#"manager.value eq "x""#)
    );
    refused(r#"userName[value eq "x"]"#);
}

#[test]
fn a_list_of_simple_values_is_tested_value_by_value() {
    let (target, _) = single(&format!("schemas eq \"{ENTERPRISE_URN}\""));
    assert!(target.multi_valued && target.case_exact);
    let Predicate::Any { each, .. } = compiled(r#"schemas[value sw "urn"]"#) else {
        panic!()
    };
    let Predicate::Test(target, _) = *each else {
        panic!()
    };
    assert!(target.path.is_empty() && !target.multi_valued);
}

#[test]
fn a_complex_attribute_compares_its_value_if_it_has_one() {
    assert_eq!(
        compiled(r#"manager eq "x""#),
        compiled(r#"manager.value eq "x""#)
    );
    assert!(refused(r#"name eq "x""#).contains("`name`"));
    assert!(refused(r#"addresses eq "x""#).contains("`addresses`"));
    let (target, test) = single("emails pr");
    assert_eq!(
        (target.path.join("."), test),
        ("emails".to_owned(), Test::Present)
    );
}

#[test]
fn null_is_the_absence_of_a_value() {
    let present = compiled("title pr");
    assert_eq!(compiled("title ne null"), present);
    assert_eq!(compiled("title eq null"), Predicate::Not(Box::new(present)));
}

#[test]
fn an_attribute_that_one_type_lacks_matches_nothing_there() {
    let across = |filter: &str| compile_across(&[&USER, &GROUP], &parse(filter).unwrap());
    let predicates = across(r#"userName eq "x""#).unwrap();
    assert_eq!(predicates[0], compiled(r#"userName eq "x""#));
    assert_eq!(predicates[1], Predicate::Or(Vec::new()));
    assert_eq!(across("displayName pr").unwrap().len(), 2);
    assert!(
        across("userName pr or shoeSize eq 1")
            .unwrap_err()
            .detail
            .contains("`shoeSize`")
    );
}

#[test]
fn sorting_by_a_list_is_sorting_by_its_primary_element() {
    let target = sort_target(&USER, "emails").unwrap();
    assert_eq!(target.path, ["value"]);
    assert_eq!(target.primary_of.unwrap(), ["emails"]);
    let target = sort_target(&USER, "Emails.TYPE").unwrap();
    assert_eq!(
        (target.path, target.primary_of.unwrap()),
        (vec!["type".to_owned()], vec!["emails".to_owned()])
    );
    let target = sort_target(&USER, "name.familyName").unwrap();
    assert_eq!((target.path.len(), target.primary_of), (2, None));
}

#[test]
fn sorting_by_what_has_no_order_is_refused() {
    for name in [
        "shoeSize",
        "name",
        "addresses",
        "",
        "a b",
        ENTERPRISE_URN,
        "emails[type pr]",
    ] {
        let error = sort_target(&USER, name).expect_err(name);
        assert_eq!(
            (error.status, error.scim_type.unwrap().as_str()),
            (400, "invalidValue")
        );
    }
}

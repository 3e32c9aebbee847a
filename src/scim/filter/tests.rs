use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Filter {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    let error = parse(text).expect_err(text);
    assert_eq!(error.status, 400);
    assert_eq!(error.scim_type.unwrap().as_str(), "invalidFilter");
    error.detail
}

fn compare(path: &str, op: Op, text: &str) -> Filter {
    Filter::Compare(path.parse().unwrap(), op, Literal::Text(text.to_owned()))
}

/// The examples of RFC 7644 3.4.2.2.
const RFC_EXAMPLES: &[&str] = &[
    r#"userName eq "bjensen""#,
    r#"name.familyName co "O'Malley""#,
    r#"userName sw "J""#,
    r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
    "title pr",
    r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified le "2011-05-13T04:42:34Z""#,
    r#"title pr and userType eq "Employee""#,
    r#"title pr or userType eq "Intern""#,
    r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
    r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
    r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
    r#"userType eq "Employee" and (emails.type eq "work")"#,
    r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
    r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
];

#[test]
fn the_examples_of_the_rfc_read() {
    for text in RFC_EXAMPLES {
        assert_eq!(read(&read(text).to_string()), read(text), "{text}");
    }
}

#[test]
fn and_binds_tighter_than_or_and_both_group_to_the_left() {
    let [a, b, c] = ["a", "b", "c"].map(|name| Filter::Present(name.parse().unwrap()));
    let or = |l: &Filter, r: &Filter| Filter::Or(Box::new(l.clone()), Box::new(r.clone()));
    let and = |l: &Filter, r: &Filter| Filter::And(Box::new(l.clone()), Box::new(r.clone()));
    assert_eq!(read("a pr or b pr and c pr"), or(&a, &and(&b, &c)));
    assert_eq!(read("a pr and b pr or c pr"), or(&and(&a, &b), &c));
    assert_eq!(read("a pr and b pr and c pr"), and(&and(&a, &b), &c));
    assert_eq!(read("(a pr or b pr) and c pr"), and(&or(&a, &b), &c));
    assert_eq!(
        read("a pr and (b pr and c pr)").to_string(),
        "a pr and (b pr and c pr)"
    );
}

#[test]
fn keywords_match_in_any_case() {
    let wanted = read(r#"userName eq "x" and not (active eq true or title pr)"#);
    assert_eq!(
        read(r#"userName EQ "x" AND NOT (active Eq TRUE oR title Pr)"#),
        wanted
    );
    assert_eq!(
        read(r#"userName eq "x" and not(active eq true or title pr)"#),
        wanted
    );
}

#[test]
fn an_attribute_may_be_called_like_a_keyword() {
    assert_eq!(read(r#"not eq "x""#), compare("not", Op::Eq, "x"));
    assert_eq!(read("or pr or and pr").to_string(), "or pr or and pr");
    assert_eq!(
        read(r#"title eq "and or not""#),
        compare("title", Op::Eq, "and or not")
    );
}

#[test]
fn literals_have_their_json_type() {
    let literal = |text: &str| match read(&format!("a eq {text}")) {
        Filter::Compare(_, _, literal) => literal,
        other => panic!("{other}"),
    };
    assert_eq!(literal("TRUE"), Literal::Bool(true));
    assert_eq!(literal("Null"), Literal::Null);
    assert_eq!(literal("-5"), Literal::Number((-5).into()));
    assert_eq!(literal(r#""""#), Literal::Text(String::new()));
    assert_eq!(
        literal(r#""a\"b\\c\u00e9\n""#),
        Literal::Text("a\"b\\cé\n".to_owned())
    );
    assert_eq!(literal(r#""true""#), Literal::Text("true".to_owned()));
}

#[test]
fn barewords_are_text_as_microsoft_sends_them() {
    for (text, path, op, value) in [
        ("externalId eq jyoung", "externalId", Op::Eq, "jyoung"),
        ("userName sw O", "userName", Op::Sw, "O"),
        (
            "meta.Created gt 2015-10-10T14:38:21.8617979-07:00",
            "meta.Created",
            Op::Gt,
            "2015-10-10T14:38:21.8617979-07:00",
        ),
        (
            "id eq 54D382A4-2050-4C03-94D1-E769F1D15682",
            "id",
            Op::Eq,
            "54D382A4-2050-4C03-94D1-E769F1D15682",
        ),
        // Not numbers: they would not read as they were written.
        ("externalId eq 0123", "externalId", Op::Eq, "0123"),
        ("externalId eq 1e3", "externalId", Op::Eq, "1e3"),
    ] {
        assert_eq!(read(text), compare(path, op, value), "{text}");
    }
}

#[test]
fn a_bareword_holds_no_quote_bracket_or_space_and_starts_with_a_letter_or_digit() {
    for text in [
        r#"userName eq ""#,
        "userName eq '",
        "userName eq 'x'",
        "userName eq O'Brien",
        r#"userName eq a"b"#,
        "userName eq a[b]",
        "userName eq f(x)",
        "userName eq a b",
        "userName eq -x",
        "userName eq @x",
        "userName eq",
        "userName eq ",
    ] {
        refused(text);
    }
}

#[test]
fn a_filter_after_brackets_is_about_the_same_element() {
    let both = r#"emails[type eq "work" and value eq "a@b"]"#;
    assert_eq!(read(r#"emails[type eq "work"].value eq "a@b""#), read(both));
    let either = r#"emails[(type eq "work" or type eq "home") and value pr]"#;
    assert_eq!(
        read(r#"emails[type eq "work" or type eq "home"].value pr"#),
        read(either)
    );
}

#[test]
fn urns_split_at_the_last_colon_and_take_a_dot_too() {
    let path: AttrPath = "urn:x:2.0:User:manager.value".parse().unwrap();
    assert_eq!(path.urn.as_deref(), Some("urn:x:2.0:User"));
    assert_eq!(
        (path.attr.as_str(), path.sub.as_deref()),
        ("manager", Some("value"))
    );
    assert_eq!(
        "urn:x:2.0:User.manager.value".parse::<AttrPath>().unwrap(),
        path
    );
    let bare: AttrPath = "urn:x:2.0:User".parse().unwrap();
    assert_eq!(
        (bare.urn.as_deref(), bare.attr.as_str()),
        (Some("urn:x:2.0"), "User")
    );
    assert_eq!(bare.to_string(), "urn:x:2.0:User");
}

#[test]
fn patch_paths_read() {
    for text in [
        "members",
        "name.familyName",
        r#"addresses[type eq "work"]"#,
        r#"members[value eq "2819c223-7f76-453a-919d-413861904646"]"#,
        r#"members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value"#,
        "members[$ref pr]",
    ] {
        assert_eq!(parse_path(text).unwrap().to_string(), text);
    }
}

#[test]
fn a_broken_path_is_an_invalid_path_and_a_broken_filter_in_it_an_invalid_filter() {
    let kind = |text: &str| {
        parse_path(text)
            .expect_err(text)
            .scim_type
            .unwrap()
            .as_str()
    };
    for text in [
        "", " ", ".", "a.", ".a", "a..b", "a.b.c", "a b", "a]", "a[b pr]c", "1a", "a[b pr].", ":a",
    ] {
        assert_eq!(kind(text), "invalidPath", "{text}");
    }
    for text in [
        "a[",
        "a[]",
        "a[b]",
        "a[b eq",
        "a[b pr",
        "a[b[c pr]]",
        r#"a[b eq "x]"#,
    ] {
        assert_eq!(kind(text), "invalidFilter", "{text}");
    }
}

#[test]
fn errors_say_what_was_expected_and_where_but_not_what_was_sent() {
    for (text, column) in [
        ("", 1),
        (r#"secret "x""#, 8),
        (r#"secret xx "y""#, 8),
        ("secret eq", 10),
        (r#"secret eq "y" z"#, 15),
        (r#"(secret eq "y""#, 15),
        (r#"é eq "y""#, 1),
        (r#"secret eq "é" )"#, 15),
        (r#"secret eq "y\q""#, 11),
    ] {
        let detail = refused(text);
        assert!(
            detail.ends_with(&format!("at column {column}.")),
            "{text}: {detail}"
        );
        assert!(
            detail.contains("expected ") && !detail.contains("secret"),
            "{text}: {detail}"
        );
    }
}

#[test]
fn text_that_no_database_holds_is_refused() {
    refused(r#"userName eq "a\u0000b""#);
    refused("userName eq a\0b");
}

#[test]
fn each_limit_is_named_and_the_largest_filter_within_it_reads() {
    let nested = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
    read(&nested(MAX_DEPTH));
    assert!(refused(&nested(MAX_DEPTH + 1)).contains("20 levels"));

    let terms = |terms: usize| vec!["a pr"; terms].join(" or ");
    read(&terms(MAX_TERMS));
    assert!(refused(&terms(MAX_TERMS + 1)).contains("100 comparisons"));

    let long = |bytes: usize| format!("a eq \"{}\"", "x".repeat(bytes - 7));
    read(&long(MAX_BYTES));
    assert!(refused(&long(MAX_BYTES + 1)).contains("8192 bytes"));
    assert!(parse_path(&"a".repeat(MAX_BYTES + 1)).is_err());
}

#[test]
fn hostile_input_of_any_size_is_refused() {
    for size in [10, 100, 8_000, 1_000_000] {
        for text in [
            "(".repeat(size),
            "not (".repeat(size),
            "a[".repeat(size),
            "a[b eq ".repeat(size),
            "a pr and ".repeat(size),
            format!("a eq \"{}", "\\\"".repeat(size)),
            format!("a eq \"{}", "x".repeat(size)),
            ")".repeat(size),
            "not ".repeat(size),
            format!("{}a pr", "not not ".repeat(size)),
            "a.".repeat(size),
            "a:".repeat(size),
            " ".repeat(size),
            "\u{0}".repeat(size),
            "é".repeat(size),
        ] {
            refused(&text);
            parse_path(&text).expect_err("a hostile path");
        }
    }
}

/// The crate's parser and this one must agree on what the grammar allows.
fn agrees_with_scim_v2(text: &str) -> bool {
    text.parse::<scim_v2::filter::Filter>().is_ok() == parse(text).is_ok()
}

#[test]
fn another_parser_accepts_the_same_examples() {
    for text in RFC_EXAMPLES {
        assert!(agrees_with_scim_v2(text), "{text}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9_-]{0,6}".prop_filter("a keyword of the grammar", |name| {
        ![
            "and", "or", "not", "pr", "true", "false", "null", "eq", "ne", "co", "sw", "ew", "gt",
            "ge", "lt", "le",
        ]
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(name))
    })
}

fn attr_path() -> impl Strategy<Value = AttrPath> {
    let urn = prop::option::of("urn:ietf:params:scim:schemas:[a-z]{1,8}:2\\.0:User");
    (urn, name(), prop::option::of(name())).prop_map(|(urn, attr, sub)| AttrPath { urn, attr, sub })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        "[^\\x00]{0,12}".prop_map(Literal::Text),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        (any::<i32>(), 0..4).prop_filter_map("not finite", |(digits, places)| {
            let number = f64::from(digits) / 10_f64.powi(places);
            serde_json::Number::from_f64(number).map(Literal::Number)
        }),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::Null),
    ]
}

fn term() -> impl Strategy<Value = Filter> {
    prop_oneof![
        attr_path().prop_map(Filter::Present),
        (
            attr_path(),
            prop::sample::select(Op::ALL.to_vec()),
            literal()
        )
            .prop_map(|(path, op, literal)| Filter::Compare(path, op, literal)),
    ]
}

fn combined(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 16, 2, |inner| {
        let pair = (inner.clone(), inner.clone()).prop_map(|(l, r)| (Box::new(l), Box::new(r)));
        prop_oneof![
            pair.clone().prop_map(|(l, r)| Filter::And(l, r)),
            pair.prop_map(|(l, r)| Filter::Or(l, r)),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let has = (attr_path(), combined(term()))
        .prop_map(|(path, filter)| Filter::Has(path, Box::new(filter)));
    combined(prop_oneof![3 => term().boxed(), 1 => has.boxed()])
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_equal(filter in filter()) {
        prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
    }

    #[test]
    fn another_parser_accepts_what_the_grammar_allows(filter in filter()) {
        prop_assert!(agrees_with_scim_v2(&filter.to_string()), "{}", filter);
    }

    #[test]
    fn no_text_panics(text in ".{0,60}") {
        let _ = (parse(&text), parse_path(&text));
    }

    #[test]
    fn no_text_of_tokens_panics(tokens in prop::collection::vec(
        prop::sample::select(vec!["a", "eq", "\"x\"", "(", ")", "[", "]", ".", "not", "and", "or", "pr", " ", "\"", "\\", ":", "urn:a:2.0:B"]), 0..40)
    ) {
        let text = tokens.concat();
        if let Ok(filter) = parse(&text) {
            prop_assert_eq!(parse(&filter.to_string()), Ok(filter));
        }
        let _ = parse_path(&text);
    }
}

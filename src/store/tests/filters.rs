//! SQL answers as the filter does in memory, and pages show every row once.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{Fixture, on_both};
use crate::scim::predicate::{self, Predicate};
use crate::scim::schema::USER;
use crate::scim::{Object, filter, matches};
use crate::store::lists::{From, Listing};

on_both!(
    sql_and_memory_agree_on_random_filters,
    pages_by_key_show_every_row_once
);

/// Words that collide, differ in case only, or are special to LIKE, JSON or SQL.
const WORDS: &[&str] = &[
    "a", "A", "ab", "École", "ÉCOLE", "straße", "100%", "a_b", "a\\b", "o'hara", "\"q\"", "zz",
    "Ω", "0", "true",
];

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(WORDS)
}

fn user() -> impl Strategy<Value = Value> {
    let email = (
        word(),
        prop::sample::select(vec!["work", "home"]),
        any::<bool>(),
    );
    let text = || prop::option::of(word());
    (
        (text(), text(), text(), text(), text()),
        prop::option::of(any::<bool>()),
        prop::collection::vec(email, 0..3),
        (text(), text(), text()),
    )
        .prop_map(
            |((title, family, given, external, nick), active, emails, (dept, manager, region))| {
                let mut free = true;
                let emails: Vec<_> = emails
                    .into_iter()
                    .map(|(value, kind, wish)| {
                        let is = wish && free;
                        free &= !is;
                        json!({"value": format!("{value}@x.org"), "type": kind, "primary": is})
                    })
                    .collect();
                json!({
                    "title": title, "nickName": nick, "externalId": external, "active": active,
                    "name": {"familyName": family, "givenName": given}, "emails": emails,
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                        {"department": dept, "manager": {"value": manager}},
                    "urn:ietf:params:scim:schemas:extension:coaching:2.0:User": {"region": region},
                })
            },
        )
}

const TEXTS: &[&str] = &[
    "title",
    "nickName",
    "userName",
    "externalId",
    "name.familyName",
    "name.givenName",
    "displayName",
    "id",
    "emails",
    "emails.value",
    "emails.type",
    "groups",
    "groups.display",
    "meta.version",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    "urn:ietf:params:scim:schemas:extension:coaching:2.0:User:region",
];

fn comparison() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let quoted = |text: &str| Value::from(text).to_string();
    prop_oneof![
        6 => (prop::sample::select(TEXTS), op.clone(), word()).prop_map(move |(a, op, w)| format!("{a} {op} {}", quoted(w))),
        1 => prop::sample::select(TEXTS).prop_map(|a| format!("{a} pr")),
        1 => (prop::sample::select(vec!["active", "emails.primary"]), prop::sample::select(vec!["eq", "ne"]), any::<bool>())
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (prop::sample::select(vec!["eq", "ne", "gt", "le"]), prop::sample::select(vec!["2020-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2030-01-01T00:00:00Z"]))
            .prop_map(|(op, t)| format!("meta.lastModified {op} \"{t}\"")),
        2 => (prop::sample::select(vec!["work", "home"]), op, word(), any::<bool>()).prop_map(move |(t, op, w, not)| {
            let not = if not { "not " } else { "" };
            format!("emails[type eq \"{t}\" and {not}(value {op} {})]", Value::from(w))
        }),
    ]
}

fn random_filter() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// Makes users at random; answers what filters see of each.
async fn users(f: &Fixture, runner: &mut TestRunner, count: usize) -> Vec<Object> {
    let mut all = Vec::new();
    for n in 0..count {
        let mut body = user().new_tree(runner).unwrap().current();
        body["userName"] = format!("{}{n}", WORDS[n % WORDS.len()]).into();
        let mut seen = f.user(body).await;
        let millis = super::now().as_millisecond();
        seen.insert(
            "meta".into(),
            json!({"lastModified": millis, "created": millis, "version": "W/\"1\""}),
        );
        all.push(seen);
    }
    all
}

fn compiled(text: &str) -> Predicate {
    let parsed = filter::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    predicate::compile(&USER, &parsed).unwrap_or_else(|e| panic!("{text}: {e}"))
}

async fn sql_and_memory_agree_on_random_filters(f: Fixture) {
    let mut runner = TestRunner::deterministic();
    let users = users(&f, &mut runner, 40).await;
    let mut session = f.store.read(f.tenant).await.unwrap();
    let mut hits = 0;
    for _ in 0..400 {
        let text = random_filter().new_tree(&mut runner).unwrap().current();
        let predicate = compiled(&text);
        let expected: BTreeSet<_> = users
            .iter()
            .filter(|user| matches::matches(&predicate, user))
            .map(|user| user["id"].as_str().unwrap().to_owned())
            .collect();
        let listing = Listing {
            filter: Some(predicate.clone()),
            sort: None,
            descending: false,
        };
        let rows = session.list_users(&listing, &From::Offset(0), 100).await;
        let rows = rows.unwrap_or_else(|e| panic!("{text}: {e}"));
        let found: BTreeSet<_> = rows.iter().map(|(_, key)| key.id.to_string()).collect();
        assert_eq!(found, expected, "{text}");
        let count = session.count_users(Some(&predicate)).await.unwrap();
        assert_eq!(usize::try_from(count).unwrap(), expected.len(), "{text}");
        hits += usize::from(!expected.is_empty() && expected.len() < users.len());
    }
    assert!(hits > 100, "only {hits} filters told users apart");
}

async fn pages_by_key_show_every_row_once(f: Fixture) {
    let mut runner = TestRunner::deterministic();
    let users = users(&f, &mut runner, 23).await;
    let mut session = f.store.read(f.tenant).await.unwrap();
    for by in [
        None,
        Some("userName"),
        Some("title"),
        Some("emails"),
        Some("active"),
        Some("meta.lastModified"),
        Some("externalId"),
    ] {
        for descending in [false, true] {
            let sort = by.map(|name| predicate::sort_target(&USER, name).unwrap());
            let listing = Listing {
                filter: None,
                sort,
                descending,
            };
            let whole = session
                .list_users(&listing, &From::Offset(0), 100)
                .await
                .unwrap();
            let whole: Vec<_> = whole.into_iter().map(|(m, _)| m.id).collect();
            assert_eq!(whole.len(), users.len());
            let mut walked = Vec::new();
            let mut from = From::Offset(0);
            loop {
                let page = session.list_users(&listing, &from, 4).await.unwrap();
                let Some((_, last)) = page.last() else { break };
                from = From::After(last.clone());
                walked.extend(page.iter().map(|(m, _)| m.id));
            }
            assert_eq!(walked, whole, "by {by:?}, descending {descending}");
        }
    }
}

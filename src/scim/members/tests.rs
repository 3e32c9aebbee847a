use serde_json::json;

use super::*;
use crate::scim::filter::parse_path;
use crate::scim::matches::chooses;
use crate::scim::schema::{GROUP, USER};

fn operation(op: OpKind, path: Option<&str>, value: Option<Value>) -> Operation {
    Operation {
        op,
        path: path.map(|path| parse_path(path).unwrap()),
        value,
    }
}

fn changes(op: OpKind, path: &str, value: Option<Value>) -> Result<Vec<MemberOp>, Error> {
    let (others, changes) = split(&GROUP, vec![operation(op, Some(path), value)])?;
    assert!(others.is_empty());
    Ok(changes)
}

fn refused(op: OpKind, path: &str, value: Option<Value>) -> &'static str {
    changes(op, path, value)
        .expect_err(path)
        .scim_type
        .unwrap()
        .as_str()
}

fn member(id: &str, kind: Option<MemberKind>) -> Member {
    Member {
        value: id.to_owned(),
        kind,
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

#[test]
fn members_come_in_many_shapes() {
    let all = vec![member("1", None), member("2", None)];
    for value in [
        json!([{ "value": "1" }, { "value": "2" }]),
        json!(["1", "2"]),
        json!([{ "Value": "1", "$ref": null, "display": null }, "2", null, { "value": "1" }]),
    ] {
        assert_eq!(
            changes(OpKind::Add, "members", Some(value)).unwrap(),
            [MemberOp::Add(all.clone())]
        );
    }
    let one = vec![MemberOp::Add(vec![member("1", None)])];
    assert_eq!(
        changes(OpKind::Add, "members", Some(json!("1"))).unwrap(),
        one
    );
    assert_eq!(
        changes(OpKind::Add, "members", Some(json!({ "value": "1" }))).unwrap(),
        one
    );
}

#[test]
fn the_kind_of_a_member_is_its_type_or_else_its_reference() {
    let value = json!([
        { "value": "1", "type": "group" },
        { "value": "2", "$ref": "https://example.com/scim/v2/Users/2" },
        { "value": "3", "$ref": "../Groups/3" },
        { "value": "4", "type": "Device" },
    ]);
    let kinds = [
        Some(MemberKind::Group),
        Some(MemberKind::User),
        Some(MemberKind::Group),
        None,
    ];
    let MemberOp::Replace(members) = &changes(OpKind::Replace, "members", Some(value)).unwrap()[0]
    else {
        panic!()
    };
    assert_eq!(
        members.iter().map(|member| member.kind).collect::<Vec<_>>(),
        kinds
    );
}

#[test]
fn a_remove_with_values_removes_only_those() {
    let value = json!([{ "$ref": null, "value": "1" }, { "value": "2" }]);
    let removed = vec![MemberOp::Remove(ids(&["1", "2"]))];
    assert_eq!(
        changes(OpKind::Remove, "members", Some(value)).unwrap(),
        removed
    );
    assert_eq!(
        changes(OpKind::Remove, "members", Some(json!([]))).unwrap(),
        [MemberOp::Remove(vec![])]
    );
}

#[test]
fn a_remove_without_a_value_removes_all() {
    assert_eq!(
        changes(OpKind::Remove, "members", None).unwrap(),
        [MemberOp::RemoveAll]
    );
}

#[test]
fn a_remove_by_filter_of_ids_names_the_ids() {
    let remove = |path: &str| changes(OpKind::Remove, path, None).unwrap();
    assert_eq!(
        remove(r#"members[value eq "1"]"#),
        [MemberOp::Remove(ids(&["1"]))]
    );
    assert_eq!(
        remove(r#"members[value eq "1" or VALUE EQ "2" or value eq "3"]"#),
        [MemberOp::Remove(ids(&["1", "2", "3"]))]
    );
}

#[test]
fn any_other_filter_is_a_predicate_over_a_member() {
    for (filter, chosen) in [
        (r#"type eq "Group""#, true),
        (r#"value eq "1" and type eq "User""#, false),
        (r#"not (display sw "x")"#, true),
        (r#"value eq "2" or display eq "a""#, true),
    ] {
        let changes = changes(OpKind::Remove, &format!("members[{filter}]"), None).unwrap();
        let [MemberOp::RemoveWhere(predicate)] = changes.as_slice() else {
            panic!("{filter}")
        };
        let member = json!({ "value": "1", "type": "group", "display": "a" });
        assert_eq!(chooses(predicate, &member), chosen, "{filter}");
    }
    assert_eq!(
        refused(OpKind::Remove, "members[shoeSize eq 1]", None),
        "invalidFilter"
    );
}

#[test]
fn the_parts_of_a_member_are_immutable() {
    for path in [
        "members.value",
        r#"members[value eq "1"].type"#,
        r#"members[value eq "1"]"#,
    ] {
        assert_eq!(
            refused(OpKind::Replace, path, Some(json!("2"))),
            "mutability",
            "{path}"
        );
    }
    assert_eq!(
        refused(OpKind::Remove, r#"members[value eq "1"].display"#, None),
        "mutability"
    );
}

#[test]
fn what_is_no_member_is_refused() {
    for value in [
        json!([{}]),
        json!([{ "display": "x" }]),
        json!([5]),
        json!([""]),
        json!(["a\0b"]),
    ] {
        assert_eq!(refused(OpKind::Add, "members", Some(value)), "invalidValue");
    }
    assert_eq!(refused(OpKind::Add, "members", None), "invalidValue");
}

#[test]
fn a_request_names_ten_thousand_members_at_most() {
    let value = |members: usize| Some((0..members).map(|id| id.to_string()).collect::<Value>());
    changes(OpKind::Add, "members", value(MAX_MEMBERS)).unwrap();
    assert_eq!(
        refused(OpKind::Add, "members", value(MAX_MEMBERS + 1)),
        "tooMany"
    );
    let half = || operation(OpKind::Remove, Some("members"), value(MAX_MEMBERS / 2 + 1));
    assert!(split(&GROUP, vec![half(), half()]).is_err());
}

#[test]
fn other_operations_keep_their_order_and_members_theirs() {
    let operations = vec![
        operation(OpKind::Replace, Some("displayName"), Some(json!("a"))),
        operation(OpKind::Add, Some("members"), Some(json!(["1"]))),
        operation(OpKind::Add, Some("MEMBERS"), Some(json!(["2"]))),
        operation(
            OpKind::Replace,
            None,
            Some(json!({ "externalId": "e", "members": ["3"] })),
        ),
        operation(OpKind::Remove, Some(r#"members[value eq "1"]"#), None),
        operation(OpKind::Remove, Some(r#"members[value eq "2"]"#), None),
    ];
    let (others, changes) = split(&GROUP, operations).unwrap();
    let paths: Vec<_> = others
        .iter()
        .map(|other| other.path.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(paths, ["displayName", "externalId"]);
    assert_eq!(
        changes,
        [
            MemberOp::Add(vec![member("1", None), member("2", None)]),
            MemberOp::Replace(vec![member("3", None)]),
            MemberOp::Remove(ids(&["1", "2"])),
        ]
    );
}

#[test]
fn a_user_has_no_members() {
    assert!(
        split(
            &USER,
            vec![operation(OpKind::Add, Some("members"), Some(json!(["1"])))]
        )
        .is_err()
    );
    let (others, changes) =
        split(&USER, vec![operation(OpKind::Remove, Some("title"), None)]).unwrap();
    assert_eq!((others.len(), changes.len()), (1, 0));
}

#[test]
fn members_are_taken_out_of_a_body() {
    let mut body = json!({ "displayName": "g", "Members": [{ "value": "1" }] });
    assert_eq!(take(&mut body).unwrap(), Some(vec![member("1", None)]));
    assert_eq!(body, json!({ "displayName": "g" }));
    assert_eq!(take(&mut body).unwrap(), None);
    assert_eq!(take(&mut json!({ "members": [] })).unwrap(), Some(vec![]));
    assert_eq!(take(&mut json!({ "members": null })).unwrap(), Some(vec![]));
    assert_eq!(
        take(&mut json!({ format!("{GROUP_URN}:members"): ["1"] }))
            .unwrap()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(take(&mut json!([])).unwrap(), None);
    assert!(take(&mut json!({ "members": [{}] })).is_err());
}

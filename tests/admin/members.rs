//! The list of people: who is on it, in which order, a page at a time.

use serde_json::json;

use crate::common::{COACHING, ENTERPRISE, Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    everybody_is_on_the_list,
    a_deleted_person_stays_with_their_history,
    a_search_finds_names_and_addresses,
    filters_select_by_state_and_status,
    filters_select_by_track_and_pool,
    filters_select_by_last_day,
    filters_select_by_attribute,
    an_unknown_parameter_is_refused,
    a_value_that_is_none_is_refused,
    a_cursor_serves_its_own_list_alone,
);

pub(crate) async fn list(office: &Office, parameters: &[(&str, &str)]) -> Reply {
    let mut request = office.owner.get("/members");
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    request.await.status(200)
}

async fn everybody_is_on_the_list(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    office.hire("cyd", json!({"active": false})).await;
    let all = list(&office, &[]).await;
    assert_eq!(each(&all, "userName"), ["ada", "bob", "cyd"], "{all}");
    assert_eq!(
        each(&all, "seatState"),
        ["assigned", "waitlisted", "none"],
        "{all}"
    );
    assert_eq!(
        each(&all, "identityState"),
        ["active", "active", "inactive"]
    );
    assert_eq!(each(&all, "accessLevel"), ["full", "none", "none"]);
    all.holds("/items/1/waitlistPosition", 1)
        .holds("/nextCursor", json!(null));
}

async fn a_deleted_person_stays_with_their_history(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let unseated = office.hire("bob", json!({"active": false})).await;
    office.delete(&ada).await;
    office.delete(&unseated).await;
    let all = list(&office, &[]).await;
    assert_eq!(each(&all, "userName"), ["ada"], "{all}");
    assert_eq!(each(&all, "identityState"), ["deleted"]);
    assert_eq!(each(&all, "status"), ["ended"]);
    all.holds("/items/0/seatReason", "deleted");
}

async fn a_search_finds_names_and_addresses(t: Tenant) {
    let office = Office::bare(t).await;
    let name = json!({"givenName": "Zoë", "familyName": "Müller-Ito"});
    office
        .hire("u1", json!({"name": name, "externalId": "00u77"}))
        .await;
    office
        .hire("u2", json!({"displayName": "Robert % Tables"}))
        .await;
    for (text, found) in [
        ("müller", vec!["u1"]),
        ("ZOË ito", vec!["u1"]),
        ("zoë tables", vec![]),
        ("u2@ACME", vec!["u2"]),
        ("00u77", vec!["u1"]),
        ("%", vec!["u2"]),
        ("acme.example", vec!["u2", "u1"]),
        ("\"", vec![]),
    ] {
        let mut found_now = each(&list(&office, &[("q", text)]).await, "userName")
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        found_now.sort_by(|a, b| b.cmp(a));
        assert_eq!(found_now, found, "{text}");
    }
}

async fn filters_select_by_state_and_status(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let dan = office.hire("dan", json!({"active": false})).await;
    office.end("ada").await;
    // Her seat went to cyd; bob has his own.
    for (parameters, found) in [
        (vec![("seatState", "assigned")], vec!["bob", "cyd"]),
        (vec![("seatState", "ended,none")], vec!["ada", "dan"]),
        (vec![("status", "ended")], vec!["ada"]),
        (vec![("status", "invited")], vec!["bob", "cyd"]),
        (vec![("status", "activated")], vec![]),
        (vec![("ended", "true")], vec!["ada"]),
        (vec![("ended", "false")], vec!["bob", "cyd"]),
        (vec![("accessLevel", "archive")], vec!["ada"]),
        (vec![("accessLevel", "full")], vec!["bob", "cyd"]),
        (vec![("accessLevel", "none")], vec!["dan"]),
        (vec![("managedBy", "scim"), ("q", "dan")], vec!["dan"]),
        (vec![("managedBy", "admin")], vec![]),
    ] {
        let found_now = list(&office, &parameters).await;
        assert_eq!(each(&found_now, "userName"), found, "{parameters:?}");
    }
    office.set_active(&dan, true).await;
    let waiting = list(&office, &[("seatState", "waitlisted")]).await;
    assert_eq!(each(&waiting, "userName"), ["dan"]);
    assert_eq!(
        each(&list(&office, &[("ended", "false")]).await, "userName").len(),
        3
    );
}

async fn filters_select_by_track_and_pool(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    office
        .owner
        .post("/tracks", json!({"key": "sales", "name": "Sales"}))
        .await
        .status(201);
    office.pool("extra", 5, json!({})).await;
    office
        .hire("ada", json!({COACHING: {"track": "sales", "pool": "main"}}))
        .await;
    office
        .hire("bob", json!({COACHING: {"pool": "extra"}}))
        .await;
    let by = async |name, value| {
        let found = list(&office, &[(name, value)]).await;
        each(&found, "userName")
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(by("track", "SALES").await, ["ada"]);
    assert_eq!(by("track", "growth").await, ["bob"]);
    assert_eq!(by("pool", "extra").await, ["bob"]);
    office.end("bob").await;
    assert_eq!(by("pool", "extra").await, ["bob"], "their last one");
}

async fn filters_select_by_last_day(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    for (name, last) in [
        ("ada", "2037-03-31"),
        ("bob", "2037-04-01"),
        ("cyd", "2037-04-02"),
    ] {
        office
            .hire(name, json!({COACHING: {"accessEndDate": last}}))
            .await;
    }
    for (name, value, found) in [
        ("endsBefore", "2037-04-01", vec!["ada"]),
        ("endsAfter", "2037-04-01", vec!["cyd"]),
        ("endsBefore", "2037-04-02T00:00:00Z", vec!["ada"]),
        ("endsBefore", "2037-04-02T00:00:01Z", vec!["ada", "bob"]),
        ("endsAfter", "2037-04-01T23:59:59Z", vec!["bob", "cyd"]),
    ] {
        let found_now = list(&office, &[(name, value)]).await;
        assert_eq!(each(&found_now, "userName"), found, "{name} {value}");
    }
}

async fn filters_select_by_attribute(t: Tenant) {
    let office = Office::bare(t).await;
    let sales = json!({"department": "Sales", "costCenter": "C \"1\""});
    office
        .hire(
            "ada",
            json!({ENTERPRISE: sales, COACHING: {"region": "EMEA"}}),
        )
        .await;
    office
        .hire("bob", json!({ENTERPRISE: {"department": "Sales"}}))
        .await;
    for (parameters, found) in [
        (vec![("attr.department", "sales")], vec!["ada", "bob"]),
        (
            vec![("attr.department", "Sales"), ("attr.region", "EMEA")],
            vec!["ada"],
        ),
        (vec![("attr.costCenter", "C \"1\"")], vec!["ada"]),
        (vec![("attr.division", "Sales")], vec![]),
    ] {
        let found_now = list(&office, &parameters).await;
        assert_eq!(each(&found_now, "userName"), found, "{parameters:?}");
    }
    let ada = list(&office, &[("q", "ada")]).await;
    ada.holds(
        "/items/0/attributes",
        json!({"department": "Sales", "division": null, "costCenter": "C \"1\"",
               "organization": null, "region": "EMEA"}),
    );
}

async fn an_unknown_parameter_is_refused(t: Tenant) {
    let owner = t.admin("owner");
    for (name, code) in [
        ("department", "unknown_parameter"),
        ("Status", "unknown_parameter"),
        ("attr.shoeSize", "invalid_parameter"),
    ] {
        let refused = owner.get("/members").query(name, "x").await.status(400);
        refused.holds("/code", code).holds("/field", name);
    }
    let twice = owner
        .get("/members")
        .query("q", "a")
        .query("q", "b")
        .await
        .status(400);
    twice.holds("/code", "invalid_parameter");
}

async fn a_value_that_is_none_is_refused(t: Tenant) {
    let owner = t.admin("owner");
    for (name, value) in [
        ("status", "paused"),
        ("seatState", "assigned,nonsense"),
        ("accessLevel", "some"),
        ("managedBy", "nobody"),
        ("ended", "perhaps"),
        ("endsBefore", "soon"),
        ("endsAfter", "none"),
        ("track", "nowhere"),
        ("pool", "nowhere"),
        ("sort", "height"),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "many"),
        ("format", "xml"),
    ] {
        let refused = owner.get("/members").query(name, value).await.status(400);
        refused.holds("/code", "invalid_parameter").says(name);
    }
}

async fn a_cursor_serves_its_own_list_alone(t: Tenant) {
    let office = Office::bare(t).await;
    office.hire_all(&["ada", "bob"]).await;
    let page = list(&office, &[("limit", "1")]).await;
    let cursor = page.string("/nextCursor");
    let (head, tail) = cursor.split_at(cursor.len() / 2);
    let other = if tail.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{head}{other}{}", &tail[1..]);
    for (path, parameters) in [
        (
            "/members",
            vec![("cursor", cursor.as_str()), ("sort", "-name")],
        ),
        ("/members", vec![("cursor", forged.as_str())]),
        ("/members", vec![("cursor", "nonsense")]),
        ("/waitlist", vec![("cursor", cursor.as_str())]),
    ] {
        let mut request = office.owner.get(path);
        for (name, value) in &parameters {
            request = request.query(name, value);
        }
        request.await.status(400).holds("/code", "invalid_cursor");
    }
}

//! Orders and filters of the list of people.

use serde_json::{Value, json};

use crate::common::{COACHING, Tenant};
use crate::office::{Office, each};

both_engines!(
    row_14_names_are_ordered_by_family_given_and_id,
    row_17_ends_of_access_are_ordered_with_unset_last,
    row_19_people_are_filtered_by_track,
    row_21_people_whose_access_is_not_over,
);

async fn found(office: &Office, parameters: &[(&str, &str)]) -> Vec<String> {
    let mut request = office.owner.get("/members");
    for (name, value) in parameters {
        request = request.query(name, value);
    }
    let reply = request.await.status(200);
    each(&reply, "userName")
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn named(given: &str, family: &str) -> Value {
    json!({"name": {"givenName": given, "familyName": family}})
}

async fn row_14_names_are_ordered_by_family_given_and_id(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    // Two of one name, so that only their ids order them: the later one has the larger.
    for (who, given, family) in [
        ("5", "Zoe", "Miller"),
        ("3", "Bea", "Abel"),
        ("4", "Bea", "Abel"),
        ("2", "ann", "ABEL"),
        ("1", "Zed", "Aaron"),
        ("6", "Ann", "Nolan"),
    ] {
        office.hire(who, named(given, family)).await;
    }
    let order = ["1", "2", "3", "4", "5", "6"];
    let mut back = order;
    back.reverse();
    assert_eq!(found(&office, &[("sort", "name")]).await, order);
    assert_eq!(
        found(&office, &[]).await,
        order,
        "and unless asked otherwise"
    );
    assert_eq!(found(&office, &[("sort", "-name")]).await, back);
    // The order holds from page to page, and however often it is asked for.
    for (sort, order) in [("name", order), ("-name", back)] {
        let mut walked = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut request = office.owner.get("/members").query("sort", sort);
            request = request.query("limit", "1");
            if !cursor.is_empty() {
                request = request.query("cursor", &cursor);
            }
            let page = request.await.status(200);
            walked.extend(each(&page, "userName").iter().map(ToString::to_string));
            match page.at("/nextCursor").as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(walked, order, "{sort}");
    }
}

async fn row_17_ends_of_access_are_ordered_with_unset_last(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    for (who, last) in [
        ("b", "2037-05-31"),
        ("c", "2037-06-30"),
        ("a", "2037-04-30"),
    ] {
        office
            .hire(who, json!({COACHING: {"accessEndDate": last}}))
            .await;
    }
    office.hire("none", json!({"active": false})).await;
    let by = async |sort| found(&office, &[("sort", sort)]).await;
    assert_eq!(by("accessEndDate").await, ["a", "b", "c", "none"]);
    assert_eq!(by("-accessEndDate").await, ["c", "b", "a", "none"]);
}

async fn row_19_people_are_filtered_by_track(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office
        .make(
            "/tracks",
            json!({"key": "leadership", "name": "Leading People"}),
        )
        .await;
    office
        .hire("ada", json!({COACHING: {"track": "leadership"}}))
        .await;
    office.hire("bob", json!({})).await;
    assert_eq!(found(&office, &[("track", "leadership")]).await, ["ada"]);
    assert_eq!(found(&office, &[("track", "growth")]).await, ["bob"]);
    let other = office.owner.get("/members").query("track", "nowhere");
    let other = other.await.status(400);
    other
        .holds("/code", "invalid_parameter")
        .holds("/field", "track");
    // A transfer moves a person from the one filter to the other.
    let body = json!({"track": "leadership"});
    office.act("bob", "transfer", body).await.status(200);
    assert_eq!(
        found(&office, &[("track", "leadership")]).await,
        ["ada", "bob"]
    );
    assert!(found(&office, &[("track", "growth")]).await.is_empty());
}

async fn row_21_people_whose_access_is_not_over(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "waits"]).await;
    let leaver = office.hire("leaver", json!({})).await;
    office.end("ada").await;
    office.set_active(&leaver, false).await;
    // Who waits has yet to begin, and whoever never had access has none that could be over.
    assert_eq!(
        found(&office, &[("ended", "false")]).await,
        ["bob", "waits"]
    );
    // Whose wait is over for good is not in coaching either, though they never were.
    let over = found(&office, &[("ended", "true")]).await;
    assert_eq!(over, ["ada", "leaver"]);
    let both = [("ended", "false"), ("status", "ended")];
    assert!(found(&office, &both).await.is_empty());
}

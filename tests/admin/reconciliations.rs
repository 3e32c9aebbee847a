//! Lists of people from elsewhere, held against the directory.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Tenant};
use crate::office::{Office, each, each_of, merge};

both_engines!(
    row_29_of_1_2_each_difference_has_its_bucket,
    row_30_of_1_2_what_entra_and_vendors_export_is_understood,
    findings_are_paged_filtered_and_written_as_csv,
    a_list_that_names_nobody_is_refused,
    a_reconciliation_changes_nothing,
);

impl Office {
    async fn reconcile(&self, source: &str, list: impl Into<Vec<u8>>) -> Reply {
        let path = format!("/reconciliations?source={source}");
        let request = self.owner.request(Method::POST, &path);
        request.body("text/csv", list).await
    }
}

/// The buckets that hold something, with how much.
fn buckets(reply: &Reply) -> Value {
    let mut all = reply["buckets"].clone();
    all.as_object_mut().unwrap().retain(|_, count| *count != 0);
    all
}

/// The bucket and action of the finding about an address.
#[track_caller]
fn about<'r>(reply: &'r Reply, email: &str) -> (&'r str, &'r str) {
    let finding = reply.element("items", "email", email);
    let text = |key: &str| finding[key].as_str().unwrap_or("none at all");
    (text("bucket"), text("suggestedAction"))
}

async fn row_29_of_1_2_each_difference_has_its_bucket(t: Tenant) {
    let office = Office::with_seats(t, 6).await;
    let exec = json!({"key": "exec", "name": "Executive"});
    office.make("/tracks", exec).await;
    for name in ["fine", "track", "date", "leaver", "session", "orphan"] {
        let mut rest = json!({"externalId": format!("00u-{name}")});
        merge(
            &mut rest,
            json!({"name": {"givenName": "G", "familyName": name}}),
        );
        office.hire(name, rest).await;
    }
    office.hire("waiter", json!({})).await;
    let soon = json!([{"id": "e1", "type": "session.scheduled", "member": "session",
        "occurredAt": "2026-01-01T00:00:00Z", "sessionId": "s1",
        "startsAt": "2038-01-01T10:00:00Z"}]);
    office.owner.post("/events", soon).await.status(200);
    let list = "id,login,email,status,track,accessEndDate,firstName,lastName\n\
        00u-fine,fine,fine@acme.example,ACTIVE,growth,2039-12-31,,\n\
        00u-track,track,track@acme.example,ACTIVE,exec,,,\n\
        00u-date,date,date@acme.example,ACTIVE,Growth,2030-12-31,,\n\
        00u-leaver,leaver,leaver@acme.example,DEPROVISIONED,,,,\n\
        00u-session,session,session@acme.example,SUSPENDED,,,,\n\
        ,waiter,waiter@acme.example,ACTIVE,,,,\n\
        00u-new,new,new@acme.example,ACTIVE,,,G,Orphan\n\
        00u-gone,gone,gone@acme.example,DEPROVISIONED,,,,\n\
        00u-fine,fine,fine@acme.example,ACTIVE,,,,\n\
        broken,\"row\n";
    let reply = office.reconcile("okta", list).await.status(201);
    for (name, bucket, action) in [
        ("track", "wrong_track", "transfer"),
        ("date", "date_mismatch", "set_end_date"),
        ("leaver", "leaver_with_seat", "end"),
        ("session", "leaver_with_session", "cancel_sessions_and_end"),
        ("waiter", "waiting", "wait_or_buy"),
        ("new", "missing_seat", "assign"),
        ("gone", "ok", "none"),
        ("orphan", "orphan_seat", "end"),
    ] {
        let found = about(&reply, &format!("{name}@acme.example"));
        assert_eq!(found, (bucket, action), "{name}\n{reply}");
    }
    let expected = json!({"ok": 2, "orphan_seat": 1, "leaver_with_seat": 1,
        "leaver_with_session": 1, "missing_seat": 1, "waiting": 1, "wrong_track": 1,
        "date_mismatch": 1, "duplicate": 1, "broken_row": 1});
    assert_eq!(buckets(&reply), expected, "{reply}");
    let twice = reply.element("items", "bucket", "duplicate");
    assert_eq!(
        (&twice["line"], &twice["earlierLine"]),
        (&json!(10), &json!(2))
    );
    // Somebody of the same name is only suggested.
    let new = reply.element("items", "email", "new@acme.example");
    let orphan = office.member("orphan@acme.example").await;
    assert_eq!(new["sameName"], json!([orphan.id()]), "{new}");
    reply
        .holds("/source", "okta")
        .holds("/rows", 10)
        .holds("/people", 7);
}

async fn row_30_of_1_2_what_entra_and_vendors_export_is_understood(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office
        .hire("ada@acme.example", json!({"externalId": "oid-1"}))
        .await;
    office.hire("bob@acme.example", json!({})).await;
    let file = "email\nhr@acme.example\n";
    let request = office.owner.request(Method::POST, "/imports?dryRun=false");
    request.body("text/csv", file).await.status(201);
    let list = "\u{feff}userPrincipalName;objectId;accountEnabled;mail\r\n\
        ada.king@acme.example;oid-1;True;\r\nBOB@acme.example;;False;\r\n";
    let reply = office.reconcile("entra", list).await.status(201);
    let expected = json!({"identity_mismatch": 1, "leaver_with_seat": 1, "manual_only": 1});
    assert_eq!(buckets(&reply), expected, "{reply}");
    let list = "email,end date\nbob@acme.example,2039-12-31\nstranger@acme.example,\n";
    let reply = office.reconcile("vendor", list).await.status(201);
    assert_eq!(
        about(&reply, "stranger@acme.example"),
        ("unknown_vendor_seat", "release_at_vendor")
    );
    let expected = json!({"ok": 1, "unknown_vendor_seat": 1, "missing_seat": 2});
    assert_eq!(buckets(&reply), expected, "{reply}");
}

async fn findings_are_paged_filtered_and_written_as_csv(t: Tenant) {
    use std::fmt::Write as _;
    let office = Office::bare(t).await;
    let mut list = String::from("email\n");
    for n in 0..250 {
        let _ = writeln!(list, "p{n}@acme.example");
    }
    let reply = office.reconcile("hr", list).await.status(201);
    assert_eq!(buckets(&reply), json!({"missing_seat": 250}));
    let path = format!("/reconciliations/{}", reply.id());
    assert_eq!(reply.header("location"), format!("/admin/v1{path}"));
    let mut lines = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = office
            .owner
            .get(&format!("{path}?bucket=missing_seat&limit=100"));
        let page = if cursor.is_empty() {
            page
        } else {
            page.query("cursor", &cursor)
        };
        let page = page.await.status(200);
        lines.extend(each_of(&page, "line"));
        match page.at("/nextCursor").as_str() {
            None => break,
            Some(next) => next.clone_into(&mut cursor),
        }
    }
    let expected: Vec<_> = (2..252).map(Value::from).collect();
    assert_eq!(lines, expected);
    let none = office
        .owner
        .get(&format!("{path}?bucket=ok"))
        .await
        .status(200);
    assert!(each(&none, "email").is_empty());
    let csv = office
        .owner
        .get(&format!("{path}?format=csv&limit=500"))
        .await
        .status(200);
    assert_eq!(csv.text.lines().count(), 251);
    assert!(
        csv.text
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("missing_seat,assign,p0@acme.example,")
    );
    let wrong = office
        .owner
        .get(&format!("{path}?bucket=lost"))
        .await
        .status(400);
    wrong.holds("/code", "invalid_parameter");
    let all = office.owner.get("/reconciliations").await.status(200);
    assert_eq!(each(&all, "id"), [reply.id()]);
    let neighbour = Office::bare(office.tenant.neighbour()).await;
    neighbour.owner.get(&path).await.status(404);
    let viewer = office.tenant.admin("viewer");
    viewer.get(&path).await.status(403);
}

async fn a_list_that_names_nobody_is_refused(t: Tenant) {
    let office = Office::bare(t).await;
    for (source, list, code) in [
        ("okta", "", "invalid_file"),
        ("okta", "firstName\nAda\n", "invalid_file"),
        ("", "email\n", "missing_field"),
        ("ldap", "email\n", "invalid_parameter"),
    ] {
        let refused = office.reconcile(source, list).await.status(400);
        refused.holds("/code", code);
    }
    let all = office.owner.get("/reconciliations").await;
    assert!(each(&all, "id").is_empty());
}

async fn a_reconciliation_changes_nothing(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    office.hire_all(&["ada", "bob"]).await;
    let people = office.owner.get("/members").await.text;
    let ledger = office.owner.get("/ledger").await;
    let actions = each(&ledger, "action").len();
    office
        .reconcile("hr", "email,status\nada@acme.example,left\n")
        .await
        .status(201);
    assert_eq!(office.owner.get("/members").await.text, people);
    let ledger = office.owner.get("/ledger").await;
    assert_eq!(each(&ledger, "action").len(), actions);
}

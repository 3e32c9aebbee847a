//! Lists as CSV and as tables.

use serde_json::json;

use crate::common::{COACHING, ENTERPRISE, Tenant};
use crate::office::Office;

both_engines!(
    csv_has_a_column_for_every_value,
    csv_does_not_carry_formulas,
    a_table_is_aligned_and_added_up,
    every_list_has_every_format,
    the_next_page_is_named_in_a_header,
    an_empty_parameter_is_as_if_it_were_not_there,
);

const LISTS: [&str; 11] = [
    "/members",
    "/pools",
    "/tracks",
    "/mappings",
    "/waitlist",
    "/ledger",
    "/connections",
    "/placements",
    "/roles",
    "/reports",
    "/members/ada/ledger",
];

async fn csv_has_a_column_for_every_value(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let name = json!({"givenName": "Ada", "familyName": "King, Countess"});
    let rest = json!({"name": name, ENTERPRISE: {"department": "R&D"},
                      COACHING: {"region": "EMEA", "accessEndDate": "2037-05-31"}});
    office.hire("ada", rest).await;
    let csv = office
        .owner
        .get("/members")
        .query("format", "csv")
        .await
        .status(200);
    assert!(csv.header("content-type").starts_with("text/csv"), "{csv}");
    let mut lines = csv.text.lines();
    let header: Vec<_> = lines.next().unwrap().split(',').collect();
    assert_eq!(header[..4], ["id", "userName", "displayName", "name"]);
    assert_eq!(
        header[25..],
        [
            "department",
            "division",
            "costCenter",
            "organization",
            "region"
        ]
    );
    let line = lines.next().unwrap();
    assert!(
        line.contains(",ada,,\"Ada King, Countess\",,ada@acme.example,growth,main,"),
        "{csv}"
    );
    assert!(
        line.contains(",2037-05-31,idp,assigned,,,full,active,scim,1,R&D,,,,EMEA"),
        "{csv}"
    );
    assert_eq!(lines.next(), None);
}

// A name that the identity provider lets people edit must not run in the reader's spreadsheet.
async fn csv_does_not_carry_formulas(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .hire("=1+1", json!({"displayName": "@SUM(A1)", "title": "-2"}))
        .await;
    let csv = office
        .owner
        .get("/members")
        .query("format", "csv")
        .await
        .status(200);
    assert!(csv.text.contains(",'=1+1,'@SUM(A1),"), "{csv}");
    assert!(csv.text.contains(",'-2,"), "{csv}");
}

async fn a_table_is_aligned_and_added_up(t: Tenant) {
    let office = Office::bare(t).await;
    office.pool("a", 5, json!({})).await;
    office.pool("b", 1200, json!({})).await;
    let table = office
        .owner
        .get("/pools")
        .query("format", "table")
        .await
        .status(200);
    assert!(
        table.header("content-type").starts_with("text/plain"),
        "{table}"
    );
    let cells = |key: &str| -> Vec<String> {
        let line = table
            .text
            .lines()
            .find(|line| line.contains(key))
            .unwrap_or_default();
        line.split(['│', '┆', '|']).map(str::to_owned).collect()
    };
    assert!(
        cells(" a ").iter().any(|cell| cell.ends_with("   5 ")),
        "{table}"
    );
    assert!(
        cells("total").iter().any(|cell| cell.trim() == "1205"),
        "{table}"
    );
}

async fn every_list_has_every_format(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire_all(&["ada", "bob"]).await;
    for list in LISTS {
        let json = office
            .owner
            .get(list)
            .query("format", "json")
            .await
            .status(200);
        assert_eq!(json.header("content-type"), "application/json", "{list}");
        assert!(
            json["items"].is_array() && json.json.get("nextCursor").is_some(),
            "{json}"
        );
        for (format, media_type) in [("csv", "text/csv"), ("table", "text/plain")] {
            let text = office
                .owner
                .get(list)
                .query("format", format)
                .await
                .status(200);
            assert!(
                text.header("content-type").starts_with(media_type),
                "{text}"
            );
            assert!(!text.text.is_empty(), "{list} as {format}");
        }
        office
            .owner
            .get(list)
            .query("format", "xml")
            .await
            .status(400);
    }
}

async fn the_next_page_is_named_in_a_header(t: Tenant) {
    let office = Office::bare(t).await;
    office.hire_all(&["ada", "bob"]).await;
    let list = office.owner.get("/members").query("format", "csv");
    let first = list.query("limit", "1").await.status(200);
    let next = first.header("x-next-cursor");
    let list = office
        .owner
        .get("/members")
        .query("format", "csv")
        .query("limit", "1");
    let rest = list.query("cursor", next).await.status(200);
    assert!(
        rest.text.contains(",bob,") && !rest.text.contains(",ada,"),
        "{rest}"
    );
    assert_eq!(rest.header("x-next-cursor"), "");
}

/// As forms send what was left open.
async fn an_empty_parameter_is_as_if_it_were_not_there(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for (path, names) in [
        (
            "/members",
            &["format", "limit", "track", "ended", "endsBefore", "asOf"][..],
        ),
        ("/ledger", &["format", "from", "to"]),
        ("/reports/activation-usage", &["format", "from", "to"]),
    ] {
        let without = office.owner.get(path).await.status(200);
        for name in names {
            let with = office.owner.get(path).query(name, "").await.status(200);
            assert_eq!(with["items"], without["items"], "{path}?{name}=");
        }
    }
}

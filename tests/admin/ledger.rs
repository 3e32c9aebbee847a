//! The record of every seat.

use serde_json::json;

use crate::common::{Engine, Tenant};
use crate::office::{Office, day, days, each};

both_engines!(
    the_newest_line_comes_first,
    lines_are_selected_by_what_they_are_about,
    lines_are_read_a_page_at_a_time,
    the_chain_holds_and_covers_every_line,
    no_line_names_a_person,
    a_command_leaves_its_name,
);

both_engines_alone!(lines_are_selected_by_time);

async fn the_newest_line_comes_first(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let ada = office.hire("ada", json!({})).await;
    let lines = office.owner.get("/ledger").await.status(200);
    let actions = each(&lines, "action");
    let expected = [
        "seat.assigned",
        "member.created",
        "seats.bought",
        "pool.created",
        "track.created",
    ];
    assert_eq!(actions, expected, "{lines}");
    let lines = lines
        .holds("/items/0/member", ada)
        .holds("/items/0/pool", "main");
    let lines = lines
        .holds("/items/0/from", "available")
        .holds("/items/0/to", "occupied");
    let lines = lines
        .holds("/items/0/quantity", 1)
        .holds("/items/1/quantity", json!(null));
    assert_ne!(lines.at("/items/0/cause"), lines.at("/items/2/cause"));
}

async fn lines_are_selected_by_what_they_are_about(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob"]).await;
    office.end("ada").await;
    let select = async |name, value: &str| {
        let lines = office
            .owner
            .get("/ledger")
            .query(name, value)
            .await
            .status(200);
        each(&lines, "action")
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let hers = [
        "seat.freed",
        "access.ended",
        "seat.assigned",
        "member.created",
    ];
    assert_eq!(select("member", "ada@acme.example").await, hers);
    assert_eq!(select("action", "seat.assigned").await.len(), 2);
    let moves = [
        "seat.freed",
        "seat.assigned",
        "seat.assigned",
        "seats.bought",
    ];
    assert_eq!(select("pool", "main").await, moves);
    let ended = office
        .owner
        .get("/ledger")
        .query("action", "access.ended")
        .await;
    let actor = ended.string("/items/0/actor");
    assert!(
        !select("actor", &actor)
            .await
            .contains(&"member.created".to_owned())
    );
    assert_eq!(select("actor", "token:nobody").await.len(), 0);
    for (name, value) in [("pool", "nowhere"), ("from", "soon"), ("who", "ada")] {
        office
            .owner
            .get("/ledger")
            .query(name, value)
            .await
            .status(400);
    }
    office
        .owner
        .get("/ledger")
        .query("member", "nobody")
        .await
        .status(404);
}

async fn lines_are_read_a_page_at_a_time(t: Tenant) {
    let office = Office::with_seats(t, 3).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let whole = office.owner.get("/ledger").await.status(200);
    let mut walked = Vec::new();
    let mut page = office
        .owner
        .get("/ledger")
        .query("limit", "2")
        .await
        .status(200);
    loop {
        walked.extend(each(&page, "id").iter().map(ToString::to_string));
        let Some(next) = page.at("/nextCursor").as_str() else {
            break;
        };
        let request = office.owner.get("/ledger").query("limit", "2");
        page = request.query("cursor", next).await.status(200);
    }
    assert_eq!(walked, each(&whole, "id"));
}

async fn the_chain_holds_and_covers_every_line(t: Tenant) {
    let office = Office::with_seats(t, 2).await;
    office.hire_all(&["ada", "bob", "cyd"]).await;
    let verdict = office.owner.get("/ledger/verify").await.status(200);
    let rows = verdict.number("/rows");
    assert_eq!(
        verdict.json,
        json!({"ok": true, "rows": rows, "sealed": rows})
    );
    let lines = office
        .owner
        .get("/ledger")
        .query("limit", "500")
        .await
        .status(200);
    let numbers: Vec<_> = lines["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| &l["seq"])
        .collect();
    assert_eq!(numbers.len(), rows);
    assert_eq!(*numbers[0], json!(rows), "{lines}");
    let printed = office
        .tenant
        .command(&["ledger", "verify", "--tenant", &office.tenant.name]);
    assert!(printed.contains("true"), "{printed}");
}

async fn no_line_names_a_person(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    let name = json!({"givenName": "Augusta", "familyName": "Byron"});
    let ada = office
        .hire("augusta", json!({"name": name, "displayName": "Augusta B"}))
        .await;
    office.set_active(&ada, false).await;
    office.end("augusta").await;
    office.delete(&ada).await;
    let lines = office
        .owner
        .get("/ledger")
        .query("limit", "500")
        .await
        .status(200);
    let text = lines.text.to_lowercase();
    assert!(
        !text.contains("augusta") && !text.contains("byron"),
        "{lines}"
    );
}

async fn a_command_leaves_its_name(t: Tenant) {
    let owner = t.admin("owner");
    t.command(&[
        "track", "create", "--tenant", &t.name, "--key", "gold", "--name", "Gold",
    ]);
    owner
        .get("/ledger")
        .await
        .status(200)
        .holds("/items/0/actor", "command");
}

async fn lines_are_selected_by_time(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    office.hire("ada", json!({})).await;
    server.clock.advance(days(3));
    office.hire("bob", json!({})).await;
    let between = async |from: Option<String>, to: Option<String>| {
        let mut request = office
            .owner
            .get("/ledger")
            .query("action", "member.created");
        for (name, day) in [("from", from), ("to", to)] {
            if let Some(day) = day {
                request = request.query(name, &day);
            }
        }
        each(&request.await.status(200), "id").len()
    };
    let (today, before) = (day(&server.clock, 0), day(&server.clock, -1));
    assert_eq!(between(Some(today.clone()), None).await, 1);
    assert_eq!(between(None, Some(before)).await, 1);
    assert_eq!(between(None, Some(today)).await, 2, "the last day counts");
}

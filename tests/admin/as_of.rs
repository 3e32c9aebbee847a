//! Yesterday's truth: people and pools as they were.

use serde_json::json;

use crate::common::{COACHING, Engine, Reply, Server};
use crate::office::{Office, day, days, each};

both_engines!(what_is_not_kept_is_not_made_up, nonsense_is_refused);
both_engines_alone!(
    a_person_is_as_they_were_at_each_moment,
    the_list_is_as_it_was,
    the_list_is_walked_a_page_at_a_time,
    pools_are_as_they_were,
    an_extension_counts_from_when_it_was_made,
    where_somebody_moved_from_is_where_they_were,
);

async fn at(office: &Office, path: &str, moment: jiff::Timestamp) -> Reply {
    let request = office.owner.get(path).query("asOf", &moment.to_string());
    request.await.status(200)
}

/// Moves on by a day, and answers when it was before the next thing happens.
fn moment(server: &Server) -> jiff::Timestamp {
    let now = server.clock.now();
    server.clock.advance(days(1));
    now
}

async fn a_person_is_as_they_were_at_each_moment(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let nobody = moment(&server);
    let end = day(&server.clock, 100);
    let until = json!({COACHING: {"accessEndDate": end}});
    let id = office.hire("ada", until).await;
    let hired = moment(&server);
    office.set_active(&id, false).await;
    let away = moment(&server);
    office.set_active(&id, true).await;
    let back = moment(&server);
    office.end("ada").await;
    let ended = moment(&server);
    office.delete(&id).await;
    let gone = moment(&server);
    let member = office.member(&id).await.string("/id");
    let path = format!("/members/{member}");
    let before = office.owner.get(&path).query("asOf", &nobody.to_string());
    before.await.status(404);
    for (moment, identity, seat, access, reason) in [
        (hired, "active", "assigned", "full", json!(null)),
        (away, "inactive", "grace", "none", json!("deactivated")),
        (back, "active", "assigned", "full", json!(null)),
        (
            ended,
            "active",
            "ended",
            "archive",
            json!("removed_by_admin"),
        ),
        (gone, "deleted", "ended", "none", json!("removed_by_admin")),
    ] {
        // Whose access is over is on no track any more.
        let track = if seat == "ended" {
            json!(null)
        } else {
            json!("growth")
        };
        let ada = at(&office, &path, moment).await;
        let ada = ada
            .holds("/identityState", identity)
            .holds("/seatState", seat)
            .holds("/accessLevel", access)
            .holds("/seatReason", reason)
            .holds("/track", track)
            .holds("/pool", "main");
        let ada = ada
            .holds("/accessEndDate", end.as_str())
            .holds("/accessEndSource", "idp")
            .holds("/episode", 1);
        ada.holds("/userName", "ada");
    }
    server.stop().await;
}

async fn the_list_is_as_it_was(engine: Engine) {
    let (server, office) = Office::alone(engine, 2).await;
    let soon = day(&server.clock, 2);
    office
        .hire("ada", json!({COACHING: {"accessEndDate": soon}}))
        .await;
    office.hire("bob", json!({})).await;
    let first = moment(&server);
    office.hire("waits", json!({})).await;
    let second = moment(&server);
    server.clock.advance(days(5));
    // The clock has leapt, and what it changed is done when somebody looks.
    office.state("waits").await;
    let third = moment(&server);
    let names = |reply: &Reply| -> Vec<String> {
        let mut names: Vec<_> = each(reply, "userName")
            .iter()
            .map(ToString::to_string)
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&at(&office, "/members", first).await), ["ada", "bob"]);
    let list = at(&office, "/members", second).await;
    assert_eq!(names(&list), ["ada", "bob", "waits"]);
    let waits = list.element("items", "userName", "waits");
    assert_eq!(
        (&waits["seatState"], &waits["pool"]),
        (&json!("waitlisted"), &json!("main"))
    );
    let list = at(&office, "/members", third).await;
    let of = |name| &list.element("items", "userName", name)["seatState"];
    assert_eq!(
        (of("ada"), of("waits")),
        (&json!("ended"), &json!("assigned")),
        "{list}"
    );
    for (parameters, found) in [
        ("?ended=false", vec!["bob", "waits"]),
        ("?ended=true", vec!["ada"]),
        ("?seatState=ended", vec!["ada"]),
        ("?track=growth&accessLevel=full", vec!["bob", "waits"]),
        ("?track=none", vec![]),
    ] {
        let list = at(&office, &format!("/members{parameters}"), third).await;
        assert_eq!(names(&list), found, "{parameters}");
    }
    let then = at(&office, "/members?ended=false&format=csv", first).await;
    assert_eq!(then.text.lines().count(), 3, "{then}");
    // As it was computed when it was now.
    let now = office
        .owner
        .get("/members")
        .query("sort", "createdAt")
        .await;
    let now = now.status(200);
    let past = at(&office, "/members", server.clock.now()).await;
    for key in [
        "seatState",
        "track",
        "pool",
        "accessEndDate",
        "accessLevel",
        "episode",
    ] {
        let of = |reply: &Reply, name: &str| reply.element("items", "userName", name)[key].clone();
        for name in ["ada", "bob", "waits"] {
            assert_eq!(of(&past, name), of(&now, name), "{key} of {name}\n{past}");
        }
    }
    server.stop().await;
}

async fn the_list_is_walked_a_page_at_a_time(engine: Engine) {
    let (server, office) = Office::alone(engine, 5).await;
    office.hire_all(&["a", "b", "c", "d", "e"]).await;
    let then = moment(&server);
    office.hire_all(&["f"]).await;
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = office.owner.get("/members").query("limit", "2");
        let page = page
            .query("asOf", &then.to_string())
            .query("cursor", &cursor)
            .await
            .status(200);
        walked.extend(each(&page, "userName").into_iter().map(str::to_owned));
        match page.at("/nextCursor").as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(walked, ["a", "b", "c", "d", "e"]);
    server.stop().await;
}

async fn pools_are_as_they_were(engine: Engine) {
    let (server, office) = Office::alone(engine, 3).await;
    let id = office.hire("ada", json!({})).await;
    let first = moment(&server);
    office.pool("later", 9, json!({})).await;
    office.set_active(&id, false).await;
    office
        .change("/pools/main", json!({"purchased": 5, "reserved": 1}))
        .await;
    let second = moment(&server);
    let pools = at(&office, "/pools", first).await;
    assert_eq!(each(&pools, "key"), ["main"]);
    for (key, value) in [
        ("purchased", json!(3)),
        ("available", json!(2)),
        ("occupied", json!(1)),
        ("grace", json!(0)),
        ("termEnd", json!(null)),
        ("waitlist", json!(null)),
    ] {
        assert_eq!(pools["items"][0][key], value, "{key}\n{pools}");
    }
    let pools = at(&office, "/pools", second).await;
    let main = pools.element("items", "key", "main");
    for (key, value) in [
        ("purchased", 5),
        ("available", 3),
        ("reserved", 1),
        ("occupied", 0),
        ("grace", 1),
    ] {
        assert_eq!(main[key], value, "{key}\n{pools}");
    }
    assert_eq!(pools.element("items", "key", "later")["purchased"], 9);
    server.stop().await;
}

async fn an_extension_counts_from_when_it_was_made(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let (end, longer) = (day(&server.clock, 10), day(&server.clock, 20));
    office
        .hire("ada", json!({COACHING: {"accessEndDate": end}}))
        .await;
    let before = moment(&server);
    office
        .extend("ada", json!({"until": longer}))
        .await
        .status(200);
    let after = moment(&server);
    let ada = at(&office, "/members/ada", before).await;
    ada.holds("/accessEndDate", end.as_str())
        .holds("/accessEndSource", "idp");
    let ada = at(&office, "/members/ada", after).await;
    ada.holds("/accessEndDate", longer.as_str())
        .holds("/accessEndSource", "admin");
    server.stop().await;
}

async fn where_somebody_moved_from_is_where_they_were(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    office
        .pool("other", 1, json!({"termEnd": "2040-12-31"}))
        .await;
    let track = json!({"key": "sales", "name": "Sales"});
    office.make("/tracks", track).await;
    let id = office.hire("ada", json!({})).await;
    let first = moment(&server);
    office.set_coaching(&id, "track", json!("sales")).await;
    let second = moment(&server);
    office.set_coaching(&id, "pool", json!("other")).await;
    let third = moment(&server);
    for (moment, track, pool) in [
        (first, "growth", "main"),
        (second, "sales", "main"),
        (third, "sales", "other"),
    ] {
        let ada = at(&office, "/members/ada", moment).await;
        let ada = ada.holds("/track", track).holds("/pool", pool);
        ada.holds("/seatState", "assigned");
    }
    server.stop().await;
}

async fn what_is_not_kept_is_not_made_up(t: crate::common::Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({"title": "VP"})).await;
    let sent = json!({"active": false});
    office.hire("away", sent).await;
    let now = jiff::Timestamp::now();
    let ada = at(&office, "/members/ada", now).await;
    for key in [
        "status",
        "stalled",
        "sessionsCompleted",
        "title",
        "waitlistPosition",
        "attributes",
    ] {
        assert!(ada[key].is_null(), "{key}\n{ada}");
    }
    let away = at(&office, "/members/away", now).await;
    away.holds("/identityState", "inactive")
        .holds("/seatState", "none");
}

async fn nonsense_is_refused(t: crate::common::Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    for path in ["/members", "/members/ada", "/pools"] {
        for moment in ["2019-12-31T00:00:00Z", "2099-01-01", "yesterday", "none"] {
            let refused = office.owner.get(path).query("asOf", moment).await;
            refused.status(400).holds("/code", "invalid_parameter");
        }
    }
    let now = jiff::Timestamp::now().to_string();
    for (name, value) in [
        ("status", "invited"),
        ("sort", "name"),
        ("q", "ada"),
        ("attr.region", "EMEA"),
    ] {
        let refused = office.owner.get("/members").query("asOf", &now);
        let refused = refused.query(name, value).await.status(400);
        refused.holds("/code", "unknown_parameter");
    }
    let viewer = office.tenant.admin("viewer");
    viewer.get("/members").query("asOf", &now).await.status(200);
    let auditor = office.tenant.admin("auditor");
    auditor
        .get("/members")
        .query("asOf", &now)
        .await
        .status(403);
}

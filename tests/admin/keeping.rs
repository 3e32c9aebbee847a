//! Asking people whether they keep their seat (domain 4.9).

use jiff::SignedDuration;
use reqwest::{Response, StatusCode};
use seatkeeper::clock::Clock;
use serde_json::{Value, json};

use crate::common::receiver::Receiver;
use crate::common::{Engine, Reply, Server, Tenant};
use crate::journey::tell_at;
use crate::office::{Office, days, each};

both_engines!(without_an_address_nobody_is_asked);

both_engines_alone!(
    a_look_changes_nothing_and_a_release_serves_the_next_in_line,
    who_keeps_the_seat_is_left_in_peace_for_sixty_days,
    who_does_not_answer_can_be_reclaimed_and_loses_nothing_by_itself,
    a_link_is_for_one_person_one_answer_and_seven_days,
    of_two_answers_at_once_one_counts,
    nudges_are_reported_by_what_came_of_them,
);

const BASE: &str = "https://seats.acme.example";

struct Desk {
    server: Server,
    office: Office,
    receiver: Receiver,
    http: reqwest::Client,
}

impl Desk {
    /// A server that knows how people reach it, and a webhook that writes to them.
    async fn open(engine: Engine, seats: u32) -> Self {
        let set = |config: &mut seatkeeper::config::Config| {
            config.public_url = Some(BASE.to_owned());
        };
        let server = Server::start_with(engine, Clock::system(), set).await;
        let office = Office::with_seats(server.new_tenant(), seats).await;
        let receiver = Receiver::start().await;
        let hook = json!({"url": receiver.url, "types": ["member.nudged"]});
        office.owner.post("/webhooks", hook).await.status(201);
        Self {
            server,
            office,
            receiver,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Asks somebody; answers the link as this server has it.
    async fn ask(&self, who: &str) -> String {
        let before = self.receiver.got().len();
        let path = format!("/members/{who}/nudge");
        let body = json!({"kind": "keep_or_release", "message": "Still with us?"});
        let asked = self.office.owner.post(&path, body).await.status(200);
        asked.holds("/kind", "keep_or_release");
        let got = self.receiver.until_got(before + 1).await;
        let nudge = &got[before].json["data"]["nudge"];
        assert_eq!(nudge["kind"], "keep_or_release", "{nudge}");
        let url = nudge["answer"]["url"].as_str().unwrap();
        let path = url.strip_prefix(BASE).unwrap();
        assert!(path.starts_with("/nudges/answer/"), "{url}");
        format!("http://{}{path}", self.server.address)
    }

    async fn look(&self, link: &str) -> Response {
        self.http.get(link).send().await.unwrap()
    }

    async fn say(&self, link: &str, answer: &str) -> Response {
        let body = json!({"answer": answer});
        self.http.post(link).json(&body).send().await.unwrap()
    }

    /// Whom a reclaim plan for a reason would name.
    async fn reclaimed(&self, reason: &str, days: i64) -> Vec<String> {
        let filter = json!({"reason": reason, "olderThanDays": days});
        let body = json!({"filter": filter});
        let plan = self.office.owner.post("/seats/reclaim", body).await;
        let path = format!("/plans/{}", plan.status(201).id());
        let plan = self.office.owner.get(&path).await.status(200);
        let items = plan["items"].as_array().unwrap().iter();
        let names = items.map(|item| item["member"]["userName"].as_str().unwrap().to_owned());
        names.collect()
    }

    async fn nudges(&self, outcome: &str) -> Reply {
        let path = format!("/nudges?outcome={outcome}");
        self.office.owner.get(&path).await.status(200)
    }
}

async fn problem(response: Response, status: u16, code: &str) {
    assert_eq!(response.status().as_u16(), status, "{response:?}");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], code, "{body}");
}

async fn a_look_changes_nothing_and_a_release_serves_the_next_in_line(engine: Engine) {
    let desk = Desk::open(engine, 1).await;
    desk.office.hire_all(&["ada", "bob"]).await;
    let link = desk.ask("ada").await;
    for _ in 0..3 {
        let seen: Value = desk.look(&link).await.json().await.unwrap();
        assert_eq!(seen["question"], "keep_or_release", "{seen}");
        assert_eq!(seen["track"], "Growth");
        assert_eq!(seen["answer"], json!(null));
        assert_eq!(seen["answers"][1]["answer"], "release");
        let text = seen.to_string();
        assert!(!text.contains("ada"), "it says who it is\n{text}");
    }
    let page = desk.http.get(&link).header("accept", "text/html,*/*");
    let page = page.send().await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-type").starts_with("text/html"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert!(header("content-security-policy").contains("default-src 'none'"));
    let text = page.text().await.unwrap();
    assert!(text.contains("value=\"release\""), "{text}");
    desk.office
        .member("ada")
        .await
        .holds("/seatState", "assigned");

    let form = desk.http.post(&link).header("accept", "text/html");
    let form = form
        .header("content-type", "application/x-www-form-urlencoded")
        .body("answer=release");
    let form = form.send().await.unwrap();
    assert_eq!(form.status(), StatusCode::OK);
    let text = form.text().await.unwrap();
    assert!(text.contains("free for somebody else"), "{text}");
    let ada = desk.office.member("ada").await.holds("/seatState", "ended");
    ada.holds("/seatReason", "declined")
        .holds("/accessLevel", "archive");
    desk.office
        .member("bob")
        .await
        .holds("/seatState", "assigned");
    let released = desk.nudges("released").await;
    assert_eq!(each(&released, "id").len(), 1);
    let lines = desk.office.owner.get("/ledger?action=nudge.answered").await;
    let lines = lines.status(200).holds("/items/0/actor", "member");
    lines.holds("/items/0/detail/answer", "released");
    desk.office.books_balance().await;
    // Said twice, it is done once; another answer is too late.
    assert_eq!(desk.say(&link, "release").await.status(), StatusCode::OK);
    problem(desk.say(&link, "keep").await, 409, "already_answered").await;
    desk.office
        .member("bob")
        .await
        .holds("/seatState", "assigned");
    desk.server.stop().await;
}

async fn who_keeps_the_seat_is_left_in_peace_for_sixty_days(engine: Engine) {
    let desk = Desk::open(engine, 3).await;
    desk.office.hire_all(&["ada", "bob"]).await;
    desk.server.clock.advance(days(31));
    assert_eq!(desk.reclaimed("never_activated", 10).await, ["ada", "bob"]);
    let link = desk.ask("ada").await;
    assert_eq!(desk.say(&link, "keep").await.status(), StatusCode::OK);
    desk.office
        .member("ada")
        .await
        .holds("/seatState", "assigned");
    assert_eq!(desk.reclaimed("never_activated", 10).await, ["bob"]);
    assert_eq!(desk.reclaimed("idle", 30).await, ["bob"]);
    desk.server.clock.advance(days(59));
    assert_eq!(desk.reclaimed("idle", 30).await, ["bob"]);
    desk.server.clock.advance(days(2));
    assert_eq!(desk.reclaimed("idle", 30).await, ["ada", "bob"]);
    assert_eq!(desk.reclaimed("unanswered", 0).await, Vec::<String>::new());
    desk.server.stop().await;
}

async fn who_does_not_answer_can_be_reclaimed_and_loses_nothing_by_itself(engine: Engine) {
    let desk = Desk::open(engine, 4).await;
    desk.office.hire_all(&["ada", "bob", "cyd"]).await;
    desk.ask("ada").await;
    desk.ask("bob").await;
    desk.server.clock.advance(days(6));
    assert_eq!(desk.reclaimed("unanswered", 0).await, Vec::<String>::new());
    let now = desk.server.clock.now();
    tell_at(&desk.office, now, "bob", "account.activated", json!({})).await;
    desk.server.clock.advance(days(2));
    assert_eq!(desk.reclaimed("unanswered", 0).await, ["ada"]);
    assert_eq!(desk.reclaimed("unanswered", 5).await, Vec::<String>::new());
    desk.office
        .member("ada")
        .await
        .holds("/seatState", "assigned");
    assert_eq!(each(&desk.nudges("unanswered").await, "id").len(), 1);
    assert_eq!(each(&desk.nudges("converted").await, "id").len(), 1);
    // Asked again, it is that question which counts.
    let link = desk.ask("ada").await;
    assert_eq!(desk.reclaimed("unanswered", 0).await, Vec::<String>::new());
    assert_eq!(desk.say(&link, "keep").await.status(), StatusCode::OK);
    desk.server.clock.advance(days(8));
    assert_eq!(desk.reclaimed("unanswered", 0).await, Vec::<String>::new());
    desk.server.stop().await;
}

async fn a_link_is_for_one_person_one_answer_and_seven_days(engine: Engine) {
    let desk = Desk::open(engine, 3).await;
    let ada = desk.office.hire("ada", json!({})).await;
    desk.office.hire("bob", json!({})).await;
    let link = desk.ask("ada").await;
    let (base, token) = link.rsplit_once('/').unwrap();
    let mut forged = token.to_owned().into_bytes();
    // A byte of the identifier, one of the seal.
    for at in [20, token.len() - 3] {
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged.clone()).unwrap();
        let made_up = format!("{base}/{forged}");
        problem(desk.look(&made_up).await, 404, "not_found").await;
        problem(desk.say(&made_up, "release").await, 404, "not_found").await;
    }
    for short in ["x", "%00", "bnVkZ2U", &token[..token.len() - 4]] {
        let short = format!("{base}/{short}");
        problem(desk.look(&short).await, 404, "not_found").await;
    }
    problem(desk.say(&link, "maybe").await, 400, "invalid_value").await;
    let post = |body: &'static str, media_type: &'static str| {
        let post = desk.http.post(&link).header("content-type", media_type);
        post.body(body).send()
    };
    for (body, media_type, status, code) in [
        ("{}", "application/json", 400, "missing_field"),
        ("[]", "application/json", 400, "invalid_body"),
        ("{", "application/json", 400, "invalid_json"),
        (
            "answer=keep&x=1",
            "application/x-www-form-urlencoded",
            400,
            "unknown_field",
        ),
        (
            "",
            "application/x-www-form-urlencoded",
            400,
            "missing_field",
        ),
        ("answer=keep", "text/plain", 415, "unsupported_media_type"),
    ] {
        let answer = post(body, media_type).await.unwrap();
        problem(answer, status, code).await;
    }
    let put = desk.http.put(&link).send().await.unwrap();
    problem(put, 405, "method_not_allowed").await;
    desk.office
        .member("ada")
        .await
        .holds("/seatState", "assigned");
    // Whoever is gone has nothing to release any more.
    let bobs = desk.ask("bob").await;
    desk.office.end("bob").await;
    problem(desk.look(&bobs).await, 409, "not_in_coaching").await;
    problem(desk.say(&bobs, "release").await, 409, "not_in_coaching").await;
    desk.server
        .clock
        .advance(days(7) + SignedDuration::from_mins(1));
    problem(desk.look(&link).await, 410, "link_expired").await;
    problem(desk.say(&link, "release").await, 410, "link_expired").await;
    desk.office
        .member("ada")
        .await
        .holds("/seatState", "assigned");
    desk.office.set_active(&ada, false).await;
    desk.server.stop().await;
}

async fn of_two_answers_at_once_one_counts(engine: Engine) {
    let desk = Desk::open(engine, 5).await;
    for n in 0..5 {
        let name = format!("u{n}");
        desk.office.hire(&name, json!({})).await;
        let link = desk.ask(&name).await;
        let (keep, release) = tokio::join!(desk.say(&link, "keep"), desk.say(&link, "release"));
        let mut met = [keep.status().as_u16(), release.status().as_u16()];
        let kept = met[0] == 200;
        met.sort_unstable();
        assert_eq!(met, [200, 409]);
        let state = if kept { "assigned" } else { "ended" };
        desk.office.member(&name).await.holds("/seatState", state);
    }
    desk.office.books_balance().await;
    desk.server.stop().await;
}

async fn nudges_are_reported_by_what_came_of_them(engine: Engine) {
    let desk = Desk::open(engine, 5).await;
    desk.office.hire_all(&["a", "b", "c", "d"]).await;
    let (keeps, leaves) = (desk.ask("a").await, desk.ask("b").await);
    desk.ask("c").await;
    let path = "/members/d/nudge";
    desk.office.owner.post(path, json!({})).await.status(200);
    desk.say(&keeps, "keep").await;
    desk.say(&leaves, "release").await;
    let now = desk.server.clock.now();
    tell_at(&desk.office, now, "d", "account.activated", json!({})).await;
    let report = desk.office.owner.get("/reports/nudges").await.status(200);
    let line = |kind: &str| report.element("items", "kind", kind).clone();
    let asked = line("keep_or_release");
    for (key, value) in [
        ("reason", json!("delayed_activation")),
        ("sent", json!(3)),
        ("open", json!(1)),
        ("kept", json!(1)),
        ("released", json!(1)),
        ("unanswered", json!(0)),
        ("answerRate", json!(1.0)),
    ] {
        assert_eq!(asked[key], value, "{key}\n{report}");
    }
    let reminded = line("remind");
    assert_eq!(reminded["sent"], 1, "{report}");
    assert_eq!(reminded["conversionRate"], 1.0, "{report}");
    assert_eq!(reminded["answerRate"], json!(null), "{report}");
    desk.server.clock.advance(days(8));
    let report = desk.office.owner.get("/reports/nudges").await.status(200);
    let asked = report.element("items", "kind", "keep_or_release");
    assert_eq!(asked["unanswered"], 1, "{report}");
    assert_eq!(asked["answerRate"], 0.667, "{report}");
    let later = desk
        .office
        .owner
        .get("/reports/nudges")
        .query("from", "2039-01-01");
    later.await.status(200).holds("/items", json!([]));
    let viewer = desk.office.tenant.admin("license_admin");
    viewer.get("/reports/nudges").await.status(403);
    desk.server.stop().await;
}

async fn without_an_address_nobody_is_asked(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    office.hire("ada", json!({})).await;
    let body = json!({"kind": "keep_or_release"});
    let refused = office.owner.post("/members/ada/nudge", body.clone()).await;
    refused.status(409).holds("/code", "no_public_url");
    let mut all = body;
    all["filter"] = json!({"seatState": "assigned"});
    let refused = office.owner.post("/nudges", all).await.status(409);
    refused.holds("/code", "no_public_url");
    let wrong = json!({"kind": "shout"});
    let refused = office.owner.post("/members/ada/nudge", wrong).await;
    refused.status(400).holds("/field", "kind");
    let none = office.owner.get("/nudges").await.status(200);
    assert_eq!(each(&none, "id").len(), 0);
}

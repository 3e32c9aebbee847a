//! What those who run it ask: how fast access is cut, and where a setting comes from.

use serde_json::json;

use crate::common::{Engine, Reply, Server, Tenant};
use crate::office::{Office, each};

both_engines!(
    row_27_of_1_2_a_connection_says_how_long_access_takes_to_be_cut,
    row_32_of_1_2_the_policy_says_where_every_setting_comes_from,
    row_32_of_1_2_what_says_otherwise_for_itself_is_named,
);
both_engines_alone!(row_32_of_1_2_what_the_server_was_told_is_a_setting_too);

async fn row_27_of_1_2_a_connection_says_how_long_access_takes_to_be_cut(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let ada = office.hire("ada", json!({})).await;
    let bob = office.hire("bob", json!({})).await;
    let connection = async || -> Reply { office.owner.get("/connections").await.status(200) };
    let before = connection().await.holds("/items/0/name", "default");
    let before = before
        .holds("/items/0/accessCut/count", 0)
        .holds("/items/0/accessCut/p95Ms", json!(null));
    let requests = before.number("/items/0/latency/count");
    assert!(requests >= 2, "{before}");
    office.set(&ada, "title", json!("VP")).await;
    office.set_active(&ada, false).await;
    office.set_active(&ada, false).await;
    office.delete(&bob).await;
    // One that is refused cuts nothing.
    let path = format!("/Users/{}", crate::common::NOBODY);
    office.tenant.scim().delete(&path).await.status(404);
    let after = connection().await.holds("/items/0/accessCut/count", 2);
    assert_eq!(
        after.number("/items/0/latency/count"),
        requests + 5,
        "{after}"
    );
    for of in ["latency", "accessCut"] {
        let at = |percent: &str| after.number(&format!("/items/0/{of}/{percent}"));
        assert!(at("p50Ms") >= 1 && at("p50Ms") <= at("p95Ms"), "{after}");
        assert!(
            at("p95Ms") <= at("p99Ms") && at("p99Ms") <= 60_000,
            "{after}"
        );
    }
    // The report says it, too, and one connection's requests are not another's.
    let report = office.owner.get("/reports/connections").await.status(200);
    report.holds("/items/0/accessCut/count", 2);
    let tenant = &office.tenant.name;
    let other = ["token", "create", "--tenant", tenant, "--role", "scim"];
    let other = [&other[..], &["--connection", "hr"]].concat();
    office.tenant.command(&other);
    let all = connection().await;
    assert_eq!(all.element("items", "name", "hr")["latency"]["count"], 0);
}

async fn row_32_of_1_2_the_policy_says_where_every_setting_comes_from(t: Tenant) {
    let office = Office::bare(t).await;
    let policy = office.owner.get("/policy").await.status(200);
    let sources = policy["sources"].as_object().unwrap();
    let mut settings = Vec::new();
    for (name, value) in policy.json.as_object().unwrap() {
        match (name.as_str(), value.as_object()) {
            ("sources" | "overrides" | "server", _) => {}
            ("stallThresholds", Some(parts)) => {
                settings.extend(parts.keys().map(|part| format!("{name}.{part}")));
            }
            _ => settings.push(name.clone()),
        }
    }
    let mut told: Vec<_> = sources.keys().cloned().collect();
    settings.sort();
    told.sort();
    assert_eq!(told, settings, "every setting has a source\n{policy}");
    assert!(sources.values().all(|s| *s == json!({"from": "default"})));
    let body = json!({"graceDays": 30, "stallThresholds": {"invited": 5}});
    office.change("/policy", body).await;
    let policy = office.owner.get("/policy").await.status(200);
    for setting in ["graceDays", "stallThresholds.invited"] {
        let source = &policy["sources"][setting];
        assert_eq!(source["from"], "tenant", "{policy}");
        assert!(source["at"].is_string(), "{policy}");
        assert!(source["by"].as_str().unwrap().starts_with("token:"));
    }
    let named = json!({"displayNames": {"track": "Programme"}});
    office.change("/policy", named).await;
    let named = office.owner.get("/policy").await.status(200);
    named.holds("/sources/displayNames/from", "tenant");
    let activated = &policy["sources"]["stallThresholds.activated"];
    assert_eq!(*activated, json!({"from": "default"}));
    // Set back by hand it is still a decision; a threshold that is taken back is none.
    let back = json!({"graceDays": 14, "stallThresholds": {"invited": null}});
    office.change("/policy", back).await;
    let policy = office.owner.get("/policy").await.status(200);
    let policy = policy.holds("/graceDays", 14);
    assert_eq!(policy["sources"]["graceDays"]["from"], "tenant", "{policy}");
    let invited = &policy["sources"]["stallThresholds.invited"];
    assert_eq!(*invited, json!({"from": "default"}), "{policy}");
}

async fn row_32_of_1_2_what_says_otherwise_for_itself_is_named(t: Tenant) {
    let office = Office::bare(t).await;
    let none = office.owner.get("/policy").await.status(200);
    none.holds("/overrides", json!([]));
    let terms = json!({"fullPolicy": "reject"});
    office.pool("strict", 1, terms).await;
    let track = json!({"key": "slow", "name": "Slow", "stallThresholds": {"invited": 40}});
    office.make("/tracks", track).await;
    let rule = json!({"filter": "title pr", "track": "slow", "onUnmatch": "end"});
    let rule = office.make("/mappings", rule).await.id();
    let policy = office.owner.get("/policy").await.status(200);
    policy.holds(
        "/overrides",
        json!([
            {"setting": "fullPolicy", "by": "pool", "name": "strict", "value": "reject"},
            {"setting": "stallThresholds.invited", "by": "track", "name": "slow", "value": 40},
            {"setting": "onUnmatch", "by": "mapping", "name": rule, "value": "end"},
        ]),
    );
}

async fn row_32_of_1_2_what_the_server_was_told_is_a_setting_too(engine: Engine) {
    for breaker in [
        seatkeeper::config::Switch::On,
        seatkeeper::config::Switch::Off,
    ] {
        let clock = seatkeeper::clock::Clock::system();
        let set = |config: &mut seatkeeper::config::Config| config.breaker = breaker;
        let server = Server::start_with(engine, clock, set).await;
        let office = Office::bare(server.new_tenant()).await;
        let policy = office.owner.get("/policy").await.status(200);
        let expected = match breaker {
            seatkeeper::config::Switch::On => "on",
            seatkeeper::config::Switch::Off => "off",
        };
        policy.holds("/server/breaker", expected);
        assert!(each(&office.owner.get("/tracks").await, "key").contains(&"growth"));
        server.stop().await;
    }
}

//! Attributes of people that a customer declares for itself: over SCIM, in lists, files, rules and
//! reports.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{CUSTOM, Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    row_20_a_declared_attribute_is_one_like_any_other_over_scim,
    row_20_people_are_filtered_by_declared_attributes,
    values_of_another_type_are_refused,
    who_has_declared_nothing_has_no_such_extension,
    a_name_that_something_has_is_refused,
    an_undeclared_attribute_is_hidden_and_its_values_come_back,
    an_undeclared_value_goes_with_the_next_write,
    what_a_mapping_asks_for_is_not_taken_back,
    a_mapping_places_by_a_declared_attribute,
    files_have_columns_of_declared_attributes,
    reports_group_by_a_declared_attribute,
    one_customer_knows_nothing_of_anothers_attributes,
    only_some_roles_declare,
);

impl Office {
    async fn declare(&self, name: &str, kind: &str) -> Reply {
        let body = json!({"name": name, "type": kind, "source": "Workday"});
        let request = self.owner.post("/custom-attributes", body);
        request.await.status(201)
    }

    async fn undeclare(&self, name: &str) -> Reply {
        let path = format!("/custom-attributes/{name}");
        self.owner.delete(&path).await.status(204)
    }

    /// Who is on the list with a parameter.
    async fn with(&self, name: &str, value: &str) -> Vec<String> {
        let request = self.owner.get("/members").query(name, value);
        let list = request.await.status(200);
        each(&list, "userName")
            .into_iter()
            .map(Into::into)
            .collect()
    }

    async fn found(&self, filter: &str) -> Vec<String> {
        let request = self.tenant.scim().get("/Users").query("filter", filter);
        let list = request.await.status(200);
        let mut names: Vec<_> = list.each("userName").into_iter().map(Into::into).collect();
        names.sort();
        names
    }

    async fn user(&self, id: &str) -> Reply {
        let request = self.tenant.scim().get(&format!("/Users/{id}"));
        request.await.status(200)
    }

    async fn send_file(&self, query: &str, file: &str) -> Reply {
        let request = self
            .owner
            .request(Method::POST, &format!("/imports?{query}"));
        request.body("text/csv", file).await.status(201)
    }
}

async fn row_20_a_declared_attribute_is_one_like_any_other_over_scim(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let scim = office.tenant.scim();
    let made = office.declare("jobLevel", "integer").await;
    made.holds("/name", "jobLevel")
        .holds("/type", "integer")
        .holds("/source", "Workday");
    office.declare("remote", "boolean").await;
    let list = office.owner.get("/custom-attributes").await.status(200);
    assert_eq!(each(&list, "name"), ["jobLevel", "remote"]);

    let schema = scim.get(&format!("/Schemas/{CUSTOM}")).await.status(200);
    assert_eq!(
        schema.element("attributes", "name", "jobLevel")["type"],
        "integer"
    );
    let all = scim.get("/Schemas").await.status(200);
    assert!(all.resources().iter().any(|schema| schema["id"] == CUSTOM));
    let types = scim.get("/ResourceTypes/User").await.status(200);
    assert_eq!(
        types.element("schemaExtensions", "schema", CUSTOM)["required"],
        false
    );

    let ada = office
        .hire("ada", json!({CUSTOM: {"joblevel": 5, "shoeSize": 42}}))
        .await;
    let read = office.user(&ada).await;
    assert_eq!(read[CUSTOM], json!({"jobLevel": 5}));
    assert!(read["schemas"].as_array().unwrap().contains(&json!(CUSTOM)));
    let version = read.version();

    // Identity providers write booleans as text, and name attributes by their whole path.
    office
        .set(&ada, &format!("{CUSTOM}:remote"), json!("True"))
        .await;
    let read = office.user(&ada).await;
    assert_eq!(read[CUSTOM], json!({"jobLevel": 5, "remote": true}));
    assert_ne!(read.version(), version);
    let same = office
        .set(&ada, &format!("{CUSTOM}:remote"), json!(true))
        .await;
    assert_eq!(same.version(), read.version());

    let only = scim.get(&format!("/Users/{ada}"));
    let only = only
        .query("attributes", &format!("{CUSTOM}:jobLevel"))
        .await;
    assert_eq!(only[CUSTOM], json!({"jobLevel": 5}));
    only.lacks("/userName");
    let without = scim.get(&format!("/Users/{ada}"));
    let without = without
        .query("excludedAttributes", CUSTOM)
        .await
        .status(200);
    assert!(without.json.get(CUSTOM).is_none());

    let body = crate::common::tenant::user("ada", json!({CUSTOM: {"jobLevel": 6}}));
    let put = scim.put(&format!("/Users/{ada}"), body).await.status(200);
    assert_eq!(put[CUSTOM], json!({"jobLevel": 6}));
    let removal = json!([{"op": "remove", "path": format!("{CUSTOM}:jobLevel")}]);
    let removed = scim
        .patch(&format!("/Users/{ada}"), removal)
        .await
        .status(200);
    assert!(removed.json.get(CUSTOM).is_none());
}

async fn row_20_people_are_filtered_by_declared_attributes(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("costType", "string").await;
    office.declare("jobLevel", "integer").await;
    office.declare("remote", "boolean").await;
    office.declare("reviewedAt", "dateTime").await;
    for (name, own) in [
        (
            "ada",
            json!({"costType": "Direct", "jobLevel": 5, "remote": true,
                       "reviewedAt": "2026-01-01T00:00:00Z"}),
        ),
        (
            "bob",
            json!({"costType": "direct O'Hara \"1\"", "jobLevel": 12, "remote": false}),
        ),
        ("cleo", json!({"costType": "direct", "jobLevel": 5})),
        ("dan", json!({})),
    ] {
        office.hire(name, json!({CUSTOM: own})).await;
    }
    for (name, value, expected) in [
        ("attr.costType", "DIRECT", vec!["ada", "cleo"]),
        ("attr.costtype", "direct o'hara \"1\"", vec!["bob"]),
        ("attr.jobLevel", "5", vec!["ada", "cleo"]),
        ("attr.jobLevel", "-5", vec![]),
        ("attr.remote", "false", vec!["bob"]),
        ("attr.reviewedAt", "2026-01-01T01:00:00+01:00", vec!["ada"]),
    ] {
        assert_eq!(office.with(name, value).await, expected, "{name}={value}");
    }
    let both = office.owner.get("/members").query("attr.jobLevel", "5");
    let both = both.query("attr.remote", "true").await.status(200);
    assert_eq!(each(&both, "userName"), ["ada"]);
    assert_eq!(both.at("/items/0/attributes/jobLevel"), 5);
    assert_eq!(*both.at("/items/0/attributes/department"), Value::Null);

    for (filter, expected) in [
        (format!("{CUSTOM}:jobLevel gt 5"), vec!["bob"]),
        (format!("{CUSTOM}:jobLevel eq 5.0"), vec!["ada", "cleo"]),
        (format!("{CUSTOM}:jobLevel eq 5.5"), vec![]),
        (format!("{CUSTOM}:costType sw \"direct o\""), vec!["bob"]),
        (format!("{CUSTOM}:costType pr"), vec!["ada", "bob", "cleo"]),
        (
            format!("not ({CUSTOM}:remote eq true)"),
            vec!["bob", "cleo", "dan"],
        ),
        (format!("{CUSTOM}:jobLevel ne 5"), vec!["bob", "dan"]),
        (
            "jobLevel eq 12 or userName eq \"dan\"".to_owned(),
            vec!["bob", "dan"],
        ),
    ] {
        assert_eq!(office.found(&filter).await, expected, "{filter}");
    }
    // What was found by a value is not once it has another, or none.
    let ada = office.member("ada").await.string("/scimId");
    office
        .set(&ada, &format!("{CUSTOM}:jobLevel"), json!(6))
        .await;
    assert_eq!(office.with("attr.jobLevel", "5").await, ["cleo"]);
    assert_eq!(office.with("attr.jobLevel", "6").await, ["ada"]);
    let unknown = office.owner.get("/members").query("attr.jobLevels", "5");
    let unknown = unknown.await.status(400);
    unknown.holds("/code", "invalid_parameter").says("costType");

    let csv = office.owner.get("/members?format=csv").await.status(200);
    let header = csv.text.lines().next().unwrap();
    assert!(
        header.ends_with(",region,costType,jobLevel,remote,reviewedAt"),
        "{header}"
    );
    let export = office
        .owner
        .get("/exports/members.csv?attr.costType=direct");
    let export = export.await.status(200);
    let header = export.text.lines().next().unwrap();
    assert!(header.contains(",costType,jobLevel,"), "{header}");
    assert_eq!(export.text.lines().count(), 3, "{export}");
}

async fn values_of_another_type_are_refused(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    office.declare("reviewedAt", "dateTime").await;
    office.declare("costType", "string").await;
    let scim = office.tenant.scim();
    for own in [
        json!({"jobLevel": "five"}),
        json!({"jobLevel": 5.5}),
        json!({"reviewedAt": "yesterday"}),
        json!({"costType": 7}),
        json!({"costType": "x".repeat(501)}),
    ] {
        let body = crate::common::tenant::user("ada", json!({CUSTOM: own}));
        scim.post("/Users", body).await.error(400, "invalidValue");
    }
    let ada = office
        .hire("ada", json!({CUSTOM: {"costType": "é".repeat(500)}}))
        .await;
    let wrong = json!([{"op": "add", "path": format!("{CUSTOM}:jobLevel"), "value": {"a": 1}}]);
    let patch = scim.patch(&format!("/Users/{ada}"), wrong);
    patch.await.error(400, "invalidValue");
    let filter = scim
        .get("/Users")
        .query("filter", &format!("{CUSTOM}:jobLevel eq \"x\""));
    filter.await.error(400, "invalidFilter");
    let list = office.owner.get("/members").query("attr.jobLevel", "x");
    let list = list.await.status(400);
    list.holds("/code", "invalid_parameter")
        .says("must be of the type integer");
}

async fn who_has_declared_nothing_has_no_such_extension(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let scim = office.tenant.scim();
    let schemas = scim.get("/Schemas").await.status(200);
    assert!(
        schemas
            .resources()
            .iter()
            .all(|schema| schema["id"] != CUSTOM)
    );
    scim.get(&format!("/Schemas/{CUSTOM}")).await.error(404, "");
    let ada = office.hire("ada", json!({CUSTOM: {"jobLevel": 5}})).await;
    assert!(office.user(&ada).await.json.get(CUSTOM).is_none());
    let filter = scim
        .get("/Users")
        .query("filter", &format!("{CUSTOM}:jobLevel eq 5"));
    filter.await.error(400, "invalidFilter");
}

async fn a_name_that_something_has_is_refused(t: Tenant) {
    let office = Office::bare(t).await;
    office.declare("jobLevel", "integer").await;
    for (body, code) in [
        (
            json!({"name": "department", "type": "string"}),
            "invalid_value",
        ),
        (
            json!({"name": "userName", "type": "string"}),
            "invalid_value",
        ),
        (
            json!({"name": "job level", "type": "string"}),
            "invalid_value",
        ),
        (json!({"name": "a", "type": "complex"}), "invalid_value"),
        (json!({"name": "a"}), "missing_field"),
        (json!({"type": "string"}), "missing_field"),
        (
            json!({"name": "a", "type": "string", "required": true}),
            "unknown_field",
        ),
    ] {
        let refused = office
            .owner
            .post("/custom-attributes", body)
            .await
            .status(400);
        refused.holds("/code", code);
    }
    for name in ["JOBLEVEL", "job_level"] {
        let body = json!({"name": name, "type": "integer"});
        let refused = office
            .owner
            .post("/custom-attributes", body)
            .await
            .status(409);
        refused.holds("/code", "taken");
    }
    office
        .owner
        .delete("/custom-attributes/none")
        .await
        .status(404);
    let ledger = office.owner.get("/ledger?action=attribute.declared");
    let ledger = ledger.await.status(200);
    assert_eq!(ledger.at("/items/0/detail/name"), "jobLevel");
    assert_eq!(ledger["items"].as_array().unwrap().len(), 1);
}

async fn an_undeclared_attribute_is_hidden_and_its_values_come_back(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    office.declare("idle", "string").await;
    let ada = office.hire("ada", json!({CUSTOM: {"jobLevel": 5}})).await;
    office.undeclare("joblevel").await;
    office.undeclare("idle").await;

    let scim = office.tenant.scim();
    assert!(office.user(&ada).await.json.get(CUSTOM).is_none());
    scim.get(&format!("/Schemas/{CUSTOM}")).await.error(404, "");
    let filter = scim
        .get("/Users")
        .query("filter", &format!("{CUSTOM}:jobLevel eq 5"));
    filter.await.error(400, "invalidFilter");
    office
        .owner
        .get("/members")
        .query("attr.jobLevel", "5")
        .await
        .status(400);
    let member = office.member("ada").await;
    assert!(member["attributes"].get("jobLevel").is_none(), "{member}");
    // What becomes of her seat writes her row, and is no write of her resource.
    office.end("ada").await;

    let other = json!({"name": "jobLevel", "type": "string"});
    let refused = office
        .owner
        .post("/custom-attributes", other)
        .await
        .status(409);
    refused
        .holds("/code", "still_held")
        .holds("/attributeType", "integer");
    // Nobody holds one of this, so that it may be anything.
    office.declare("idle", "boolean").await;
    office.declare("jobLevel", "integer").await;
    assert_eq!(office.user(&ada).await[CUSTOM], json!({"jobLevel": 5}));
    assert_eq!(office.with("attr.jobLevel", "5").await, ["ada"]);
    assert_eq!(office.found("jobLevel ge 5").await, ["ada"]);
}

async fn an_undeclared_value_goes_with_the_next_write(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    let ada = office.hire("ada", json!({CUSTOM: {"jobLevel": 5}})).await;
    office.undeclare("jobLevel").await;
    office.set(&ada, "title", json!("CEO")).await;
    office.declare("jobLevel", "string").await;
    assert!(office.user(&ada).await.json.get(CUSTOM).is_none());
    assert!(office.with("attr.jobLevel", "5").await.is_empty());
    office
        .set(&ada, &format!("{CUSTOM}:jobLevel"), json!("five"))
        .await;
    assert_eq!(office.with("attr.jobLevel", "Five").await, ["ada"]);
}

async fn what_a_mapping_asks_for_is_not_taken_back(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    let filter = format!("{CUSTOM}:jobLevel ge 10 or title eq \"x\"");
    let mapping = json!({"filter": filter, "track": "growth"});
    let made = office.make("/mappings", mapping).await;
    let refused = office
        .owner
        .delete("/custom-attributes/jobLevel")
        .await
        .status(409);
    refused
        .holds("/code", "attribute_in_use")
        .holds("/mappings/0", made.id());
    let gone = office.owner.delete(&format!("/mappings/{}", made.id()));
    gone.await.status(200);
    office.undeclare("jobLevel").await;
    let mapping = json!({"filter": "jobLevel ge 10", "track": "growth"});
    let refused = office.owner.post("/mappings", mapping).await.status(400);
    refused.holds("/code", "invalid_filter");
}

async fn a_mapping_places_by_a_declared_attribute(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    office
        .make("/tracks", json!({"key": "exec", "name": "Exec"}))
        .await;
    let ada = office.hire("ada", json!({CUSTOM: {"jobLevel": 12}})).await;
    let mapping = json!({"filter": "jobLevel ge 10", "track": "exec"});
    let simulated = office.owner.post("/mappings/simulate", mapping.clone());
    let simulated = simulated.await.status(200);
    assert!(simulated.text.contains("\"ada\""), "{simulated}");
    office.make("/mappings", mapping).await;
    office.member("ada").await.holds("/track", "exec");
    office
        .set(&ada, &format!("{CUSTOM}:jobLevel"), json!(9))
        .await;
    office.member("ada").await.holds("/track", "growth");
    office.hire("bob", json!({CUSTOM: {"jobLevel": 10}})).await;
    office.member("bob").await.holds("/track", "exec");
}

async fn files_have_columns_of_declared_attributes(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    office.declare("remote", "boolean").await;
    let file = "email,Job Level,remote,shoe\nada@acme.example,5,TRUE,1\nbob@acme.example,,,\n\
                cleo@acme.example,five,false,\n";
    let sent = office.send_file("dryRun=false", file).await;
    let sent = sent
        .holds("/created", 2)
        .holds("/failed", 1)
        .holds("/errors/0/code", "invalid_value")
        .holds("/errors/0/column", "jobLevel");
    assert_eq!(sent["warnings"].as_array().unwrap().len(), 1, "{sent}");
    sent.holds("/warnings/0/column", "shoe");
    let ada = office.member("ada@acme.example").await;
    ada.holds("/attributes/jobLevel", 5)
        .holds("/attributes/remote", true);
    let file = "email,jobLevel,remote\nada@acme.example,5,true\nbob@acme.example,,\n";
    let again = office.send_file("dryRun=false", file).await;
    again.holds("/unchanged", 2).holds("/changed", 0);
    let file = "email,job_level\nada@acme.example,\nbob@acme.example,7\n";
    let changed = office.send_file("dryRun=false", file).await;
    changed.holds("/changed", 2);
    assert_eq!(
        office.with("attr.jobLevel", "7").await,
        ["bob@acme.example"]
    );
    assert!(office.with("attr.jobLevel", "5").await.is_empty());
    assert_eq!(
        office.with("attr.remote", "true").await,
        ["ada@acme.example"]
    );
    let twice = office.owner.request(Method::POST, "/imports");
    let twice = twice.body("text/csv", "email,jobLevel,Job level\na@acme.example,1,1\n");
    twice.await.status(400).holds("/code", "invalid_file");
}

async fn reports_group_by_a_declared_attribute(t: Tenant) {
    let office = Office::with_seats(t, 20).await;
    office.declare("jobLevel", "integer").await;
    office.declare("remote", "boolean").await;
    for n in 0..10 {
        let own = json!({"jobLevel": n % 2, "remote": n % 2 == 0});
        office.hire(&format!("p{n}"), json!({CUSTOM: own})).await;
    }
    for (by, expected) in [
        ("attr.jobLevel", ["0", "1"]),
        ("attr.joblevel", ["0", "1"]),
        ("attr.remote", ["false", "true"]),
    ] {
        let report = office.owner.get("/reports/activation-usage");
        let report = report.query("groupBy", by).await.status(200);
        assert_eq!(each(&report, "group"), expected, "{by}");
        report.holds("/items/0/invited", 5);
    }
    let unknown = office.owner.get("/reports/activation-usage");
    let unknown = unknown.query("groupBy", "attr.shoe").await.status(400);
    unknown.says("attr.jobLevel");
}

async fn one_customer_knows_nothing_of_anothers_attributes(t: Tenant) {
    let other = Office::with_seats(t.neighbour(), 9).await;
    let office = Office::with_seats(t, 9).await;
    office.declare("jobLevel", "integer").await;
    office.hire("ada", json!({CUSTOM: {"jobLevel": 5}})).await;
    let theirs = other.hire("ada", json!({CUSTOM: {"jobLevel": 5}})).await;
    assert!(other.user(&theirs).await.json.get(CUSTOM).is_none());
    other.declare("jobLevel", "integer").await;
    assert!(other.with("attr.jobLevel", "5").await.is_empty());
    other
        .owner
        .delete("/custom-attributes/jobLevel")
        .await
        .status(204);
    assert_eq!(office.with("attr.jobLevel", "5").await, ["ada"]);
}

async fn only_some_roles_declare(t: Tenant) {
    let office = Office::bare(t).await;
    let body = json!({"name": "jobLevel", "type": "integer"});
    for role in ["viewer", "program_admin", "approver", "auditor"] {
        let client = office.tenant.admin(role);
        let refused = client.post("/custom-attributes", body.clone()).await;
        refused.status(403);
    }
    let client = office.tenant.admin("license_admin");
    client.post("/custom-attributes", body).await.status(201);
}

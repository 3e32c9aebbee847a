//! Rows of files that are wrong, and files however they were written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Engine, Tenant};
use crate::imports::{TWO, came_to, codes};
use crate::office::{Office, days, each};

both_engines!(
    rows_that_are_wrong_fail_alone,
    a_broken_row_loses_no_other,
    the_rows_that_failed_can_be_mended_and_sent_again,
    what_is_no_file_of_people_is_refused,
    files_are_read_however_they_were_written,
);

both_engines_alone!(rows_of_files_are_forgotten_after_a_month,);

async fn rows_that_are_wrong_fail_alone(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "email,worker_id,track,pool,access_end,termination_date\n\
                ada@acme.example,1,,,,\n\
                ,2,,,,\n\
                not an address,3,,,,\n\
                ADA@acme.example,4,,,,\n\
                bob@acme.example,1,,,,\n\
                cyd@acme.example,5,piano,,,\n\
                dee@acme.example,6,,attic,,\n\
                eve@acme.example,7,,,31.12.2037,\n\
                fay@acme.example,8,growth,main,2037-12-31,\n";
    for query in ["dryRun=true", "dryRun=false"] {
        let reply = office.send(query, file).await.status(201);
        came_to(&reply, [2, 0, 0, 0, 0, 7]);
        let at = |error: &Value| {
            let column = error["column"].as_str().unwrap().to_owned();
            let code = error["code"].as_str().unwrap().to_owned();
            (error["line"].as_u64().unwrap(), column, code)
        };
        let errors: Vec<_> = reply["errors"].as_array().unwrap().iter().map(at).collect();
        let expected = [
            (3, "email", "missing_email"),
            (4, "email", "invalid_email"),
            (5, "email", "duplicate"),
            (6, "worker_id", "duplicate"),
            (7, "track", "unknown_track"),
            (8, "pool", "unknown_pool"),
            (9, "access_end", "invalid_date"),
        ];
        let expected = expected.map(|(line, c, e)| (line, c.to_owned(), e.to_owned()));
        assert_eq!(errors, expected, "{query}\n{reply}");
    }
    let people = office.owner.get("/members").await;
    let mut names = each(&people, "userName");
    names.sort_unstable();
    assert_eq!(names, ["ada@acme.example", "fay@acme.example"]);
}

async fn a_broken_row_loses_no_other(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "email,title\nada@acme.example,CEO\nbob@acme.example,\"CTO\n\
                cyd@acme.example,\"Head, \"\"Sales\"\"\"\ndee@acme.example\neve@acme.example,CFO\n";
    let reply = office.import(file).await;
    came_to(&reply, [3, 0, 0, 0, 0, 2]);
    assert_eq!(codes(&reply, "errors"), ["broken_row", "broken_row"]);
    reply.holds("/errors/0/line", 3).holds("/errors/1/line", 5);
    let cyd = office.member("cyd@acme.example").await;
    cyd.holds("/title", "Head, \"Sales\"");
    office
        .owner
        .get("/members/bob@acme.example")
        .await
        .status(404);
}

async fn the_rows_that_failed_can_be_mended_and_sent_again(t: Tenant) {
    let office = Office::with_seats(t, 5).await;
    let file = "Worker ID;E-mail;Shoe size;Track\n007;ada@acme.example;40;\n\
                008;bob@acme.example;41;piano\n009;\"cyd;x\";42;\n";
    let reply = office.import(file).await;
    came_to(&reply, [1, 0, 0, 0, 0, 2]);
    assert_eq!(codes(&reply, "warnings"), ["unknown_column"]);
    let path = reply.string("/errorsCsv").replace("/admin/v1", "");
    let failed = office.owner.get(&path).await.status(200);
    let mut lines = failed.text.lines();
    assert_eq!(
        lines.next(),
        Some("Worker ID,E-mail,Shoe size,Track,line,error")
    );
    let bob = lines.next().unwrap();
    assert!(bob.starts_with("008,bob@acme.example,41,piano,3,"), "{bob}");
    assert!(lines.next().unwrap().starts_with("009,cyd;x,42,,4,"));
    assert_eq!(lines.next(), None);
    let mended = failed
        .text
        .replace("piano", "growth")
        .replace("cyd;x", "cyd@acme.example");
    let reply = office.import(&mended).await;
    came_to(&reply, [2, 0, 0, 0, 0, 0]);
    assert_eq!(codes(&reply, "warnings"), ["unknown_column"], "{reply}");
}

async fn what_is_no_file_of_people_is_refused(t: Tenant) {
    let office = Office::with_seats(t, 1).await;
    for file in [
        "",
        "\n\n",
        "name,title\nAda,CEO\n",
        "email,E-mail\na,b\n",
        "email,\"x\n1,2\n",
    ] {
        let reply = office.send("dryRun=false", file).await.status(400);
        reply.holds("/code", "invalid_file");
    }
    for query in ["mode=all", "dryRun=maybe", "confirmOmissions=-1"] {
        let reply = office.send(query, TWO).await.status(400);
        reply.holds("/code", "invalid_parameter");
    }
    let reply = office.send("dryrun=false", TWO).await.status(400);
    reply.holds("/code", "unknown_parameter");
    let request = office.owner.post("/imports", json!({})).await;
    request.status(415);
    let imports = office.owner.get("/imports").await;
    assert!(each(&imports, "id").is_empty(), "{imports}");
}

async fn files_are_read_however_they_were_written(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    let utf16 = "\u{feff}email\tgiven_name\r\nfay@acme.example\tZoë\r\n".encode_utf16();
    let files: [(&str, Vec<u8>); 4] = [
        (
            "ada",
            "\u{feff}email,given_name\r\nada@acme.example,Zoë\r\n".into(),
        ),
        ("bob", "email;given_name\nbob@acme.example;Zoë".into()),
        (
            "cyd",
            b"email\tgiven_name\ncyd@acme.example\tZo\xeb\n".to_vec(),
        ),
        ("fay", utf16.flat_map(u16::to_le_bytes).collect()),
    ];
    for (name, file) in files {
        let is_latin = name == "cyd";
        let reply = office.send("dryRun=false", file).await.status(201);
        came_to(&reply, [1, 0, 0, 0, 0, 0]);
        let expected: &[&str] = if is_latin { &["encoding"] } else { &[] };
        assert_eq!(codes(&reply, "warnings"), expected, "{name}");
        let member = office.member(&format!("{name}@acme.example")).await;
        member.holds("/name/givenName", "Zoë");
    }
}

async fn rows_of_files_are_forgotten_after_a_month(engine: Engine) {
    let (server, office) = Office::alone(engine, 1).await;
    let reply = office.import("email,track\nada@acme.example,piano\n").await;
    let path = reply.string("/errorsCsv").replace("/admin/v1", "");
    let held = "/reconciliations?source=hr";
    let held = office.owner.request(Method::POST, held);
    let held = held.body("text/csv", "email\nada@acme.example\n").await;
    let found = format!("/reconciliations/{}", held.status(201).id());
    server.clock.advance(days(29));
    let kept = office.owner.get(&path).await.status(200);
    assert!(kept.text.contains("ada@acme.example"), "{kept}");
    server.clock.advance(days(2));
    for _ in 0..100 {
        let kept = office.owner.get(&path).await.status(200);
        let gone = !kept.text.contains("ada@") && office.owner.get(&found).await.status == 404;
        if gone {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("rows of a file are kept for longer than a month");
}

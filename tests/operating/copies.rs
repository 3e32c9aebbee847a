//! Backups of a database in use, and restoring them.

use serde_json::json;

use super::process::Process;
use crate::common::server::command;
use crate::common::tenant::user;
use crate::common::{Engine, Server, database};

both_engines_alone!(a_copy_of_a_database_in_use_can_be_served);

async fn a_copy_of_a_database_in_use_can_be_served(engine: Engine) {
    let server = Server::start(engine, seatkeeper::clock::Clock::system()).await;
    let t = server.new_tenant();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    if engine == Engine::Postgres {
        let refused = super::commands::refused(&server.database_url, &["backup", copy]);
        assert!(refused.contains("pg_dump"), "{refused}");
        return;
    }
    let id = t
        .scim()
        .post("/Users", user("before", json!({})))
        .await
        .status(201)
        .id();
    let scim = t.token("scim");
    command(&server.database_url, &["backup", copy]);
    let later = t
        .scim()
        .post("/Users", user("later", json!({})))
        .await
        .status(201)
        .id();

    let nothing = format!("sqlite://{}", folder.path().join("nothing.db").display());
    let refused = super::commands::refused(&nothing, &["backup", "never.db"]);
    assert!(refused.contains("no database"), "{refused}");
    let restored = format!("sqlite://{}", folder.path().join("restored.db").display());
    command(&restored, &["restore", copy]);
    let over = super::commands::refused(&restored, &["restore", copy]);
    assert!(over.contains("already"), "{over}");
    let damaged = folder.path().join("damaged.db");
    std::fs::write(&damaged, "this is no database").unwrap();
    let url = database::create(engine).await;
    let refused = super::commands::refused(&url, &["restore", damaged.to_str().unwrap()]);
    assert!(refused.contains("damaged"), "{refused}");

    let (_process, base) = Process::serve(&restored);
    let status = async |id: &str| {
        let get = reqwest::Client::new().get(format!("{base}/scim/v2/Users/{id}"));
        get.bearer_auth(&scim)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!((status(&id).await, status(&later).await), (200, 404));
}

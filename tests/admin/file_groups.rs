//! The column `group` of files: people are put into groups, and so on tracks.

use reqwest::Method;
use serde_json::json;

use crate::common::tenant::group;
use crate::common::{Reply, Tenant};
use crate::office::{Office, each};

both_engines!(
    a_file_puts_people_into_groups_and_so_on_tracks,
    the_same_file_twice_moves_no_group,
    a_group_that_is_not_there_is_the_rows_error,
    a_file_takes_nobody_out_of_a_group,
    the_groups_of_an_identity_providers_people_are_its_own,
    a_full_pool_of_no_group_keeps_nobody_out,
);

/// With a track that comes of a group.
async fn office(t: Tenant) -> (Office, String) {
    let office = Office::with_seats(t, 9).await;
    office
        .make("/tracks", json!({"key": "exec", "name": "Exec"}))
        .await;
    office
        .make("/mappings", json!({"group": "Execs", "track": "exec"}))
        .await;
    let execs = office.tenant.create_group("Execs", &[]).await.id();
    (office, execs)
}

impl Office {
    async fn file(&self, query: &str, file: &str) -> Reply {
        let request = self
            .owner
            .request(Method::POST, &format!("/imports?{query}"));
        request.body("text/csv", file.to_owned()).await.status(201)
    }

    async fn group(&self, id: &str) -> Reply {
        let request = self.tenant.scim().get(&format!("/Groups/{id}"));
        request.await.status(200)
    }
}

async fn a_file_puts_people_into_groups_and_so_on_tracks(t: Tenant) {
    let (office, execs) = office(t).await;
    let sales = office.tenant.create_group("Sales | EMEA", &[]).await.id();
    let berlin = office.tenant.create_group("Berlin", &[]).await.id();
    office
        .file("dryRun=false", "email\ncleo@acme.example\n")
        .await;
    office
        .member("cleo@acme.example")
        .await
        .holds("/track", "growth");

    let file = "email,Group\nada@acme.example,execs | BERLIN|\nbob@acme.example,\n\
                cleo@acme.example,Execs|execs\n";
    let tried = office.file("dryRun=true", file).await;
    tried.holds("/created", 2).holds("/changed", 1);
    office.group(&execs).await.lacks("/members");

    let sent = office.file("dryRun=false", file).await;
    sent.holds("/created", 2)
        .holds("/changed", 1)
        .holds("/failed", 0);
    for (who, track) in [("ada", "exec"), ("bob", "growth"), ("cleo", "exec")] {
        let member = office.member(&format!("{who}@acme.example")).await;
        member
            .holds("/track", track)
            .holds("/seatState", "assigned");
    }
    assert_eq!(
        office.group(&execs).await["members"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        office.group(&berlin).await["members"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    office.group(&sales).await.lacks("/members");
    // One row alone goes another way than many.
    office
        .file("dryRun=false", "email,group\ndan@acme.example,Execs\n")
        .await;
    office
        .member("dan@acme.example")
        .await
        .holds("/track", "exec")
        .holds("/groups/0/id", execs);
    office.books_balance().await;
}

async fn the_same_file_twice_moves_no_group(t: Tenant) {
    let (office, execs) = office(t).await;
    let file = "email,group\nada@acme.example,Execs\nbob@acme.example,Execs\n";
    office.file("dryRun=false", file).await.holds("/created", 2);
    let version = office.group(&execs).await.version();
    let again = office.file("dryRun=false", file).await;
    again.holds("/unchanged", 2).holds("/changed", 0);
    assert_eq!(office.group(&execs).await.version(), version);
}

async fn a_group_that_is_not_there_is_the_rows_error(t: Tenant) {
    let (office, _) = office(t).await;
    for _ in 0..2 {
        let twin = office.tenant.scim().post("/Groups", group("Twins", &[]));
        twin.await.status(201);
    }
    let file = "email,group\nada@acme.example,Execs|Nobody\nbob@acme.example,Twins\n\
                cleo@acme.example,Execs\n";
    for dry in ["true", "false"] {
        let sent = office.file(&format!("dryRun={dry}"), file).await;
        sent.holds("/created", 1)
            .holds("/failed", 2)
            .holds("/errors/0/code", "unknown_group")
            .holds("/errors/0/column", "group")
            .holds("/errors/0/detail", "there is no group 'Nobody'")
            .holds("/errors/1/code", "ambiguous");
    }
    let groups = office.tenant.scim().get("/Groups").await.status(200);
    assert_eq!(groups.total(), 3);
    let members = office.owner.get("/members").await.status(200);
    assert_eq!(each(&members, "userName"), ["cleo@acme.example"]);
}

async fn a_file_takes_nobody_out_of_a_group(t: Tenant) {
    let (office, execs) = office(t).await;
    let file = "email,group\nada@acme.example,Execs\n";
    office.file("dryRun=false", file).await;
    let file = "email,group,title\nada@acme.example,,CEO\n";
    office.file("dryRun=false", file).await.holds("/changed", 1);
    let member = office.member("ada@acme.example").await;
    member
        .holds("/track", "exec")
        .holds("/groups/0/id", execs.clone());
    // Whoever leaves joins nothing.
    let file = "email,group,employment_status\nada@acme.example,Nobody,terminated\n";
    office
        .file("dryRun=false", file)
        .await
        .holds("/deactivated", 1);
}

async fn the_groups_of_an_identity_providers_people_are_its_own(t: Tenant) {
    let (office, execs) = office(t).await;
    office.hire("ada", json!({})).await;
    let sent = office
        .file("dryRun=false", "email,group\nada@acme.example,Execs\n")
        .await;
    sent.holds("/unchanged", 1)
        .holds("/warnings/0/code", "managed_by_idp");
    office.group(&execs).await.lacks("/members");
}

async fn a_full_pool_of_no_group_keeps_nobody_out(t: Tenant) {
    let office = Office::bare(t).await;
    office
        .pool("main", 0, json!({"fullPolicy": "reject"}))
        .await;
    office.pool("exec", 2, json!({})).await;
    let mapping = json!({"group": "Execs", "track": "growth", "pool": "exec"});
    office.make("/mappings", mapping).await;
    office.tenant.create_group("Execs", &[]).await;
    let file = "email,group\nada@acme.example,Execs\n";
    office.file("dryRun=false", file).await.holds("/created", 1);
    office
        .member("ada@acme.example")
        .await
        .holds("/pool", "exec");
}

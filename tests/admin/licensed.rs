//! Nobody is put on a track of a product of which the customer has no live pool.

use reqwest::Method;
use serde_json::json;

use crate::common::{COACHING, Tenant};
use crate::office::Office;

both_engines!(row_5_of_1_2_operators_grant_nothing_that_is_not_licensed,);

async fn row_5_of_1_2_operators_grant_nothing_that_is_not_licensed(t: Tenant) {
    let office = Office::with_seats(t, 9).await;
    office.hire("ada", json!({})).await;
    // Both are of the one product; without a live pool of it neither is licensed.
    office
        .make("/tracks", json!({"key": "exec", "name": "Exec"}))
        .await;
    office
        .act("ada", "transfer", json!({"track": "exec", "dryRun": true}))
        .await
        .status(200);
    office
        .change("/pools/main", json!({"state": "closed"}))
        .await;

    let refused = [
        office
            .act("ada", "pin", json!({"field": "track", "value": "exec"}))
            .await,
        office
            .act("ada", "transfer", json!({"track": "exec"}))
            .await,
        office
            .owner
            .post(
                "/invitations",
                json!({"emails": "bob@acme.example", "track": "exec"}),
            )
            .await,
    ];
    for reply in refused {
        let reply = reply.status(422);
        reply
            .holds("/code", "product_not_licensed")
            .holds("/product", "coaching");
    }
    let file = "email,track\nbob@acme.example,exec\ncleo@acme.example,\n";
    let sent = office.owner.request(Method::POST, "/imports?dryRun=false");
    let sent = sent.body("text/csv", file).await.status(201);
    sent.holds("/failed", 1)
        .holds("/created", 1)
        .holds("/errors/0/code", "product_not_licensed")
        .holds("/errors/0/column", "track");

    // What an identity provider wants is kept, and what came of it says why it is nothing.
    office
        .hire("dan", json!({COACHING: {"track": "exec"}}))
        .await;
    let dan = office.member("dan").await;
    dan.holds("/seatState", "none")
        .holds("/seatReason", "no_pool");
}

//! However many are removed at the same moment, no more seats are given up than the limit allows.

use serde_json::json;

use crate::common::Engine;
use crate::office::Office;

both_engines_alone!(
    removals_at_the_same_moment_count_each_other,
    a_share_of_the_people_is_exact_however_they_are_counted,
);

/// Deletes everybody at once, which frees seats without any grace; answers how many are free.
async fn delete_all(office: &Office, ids: Vec<String>) -> (usize, usize) {
    let mut racing = Vec::new();
    for id in ids {
        let scim = office.tenant.scim();
        racing.push(tokio::spawn(async move {
            scim.delete(&format!("/Users/{id}")).await.status(204);
        }));
    }
    for racer in racing {
        racer.await.unwrap();
    }
    let free = office.figures("main").await.number("/available");
    let seen = office.owner.get("/connections").await.status(200);
    let seen = seen.holds("/items/0/breaker/state", "tripped");
    (free, seen.number("/items/0/breaker/held"))
}

async fn hired(office: &Office, people: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..people {
        ids.push(office.hire(&format!("p{n}"), json!({})).await);
    }
    ids
}

async fn removals_at_the_same_moment_count_each_other(engine: Engine) {
    let (_server, office) = Office::alone(engine, 40).await;
    let policy = json!({"breakerAbsolute": 5, "breakerPercent": 0});
    office.change("/policy", policy).await;
    let ids = hired(&office, 40).await;
    assert_eq!(delete_all(&office, ids).await, (5, 35));
    office.books_balance().await;
}

async fn a_share_of_the_people_is_exact_however_they_are_counted(engine: Engine) {
    let (_server, office) = Office::alone(engine, 60).await;
    let policy = json!({"breakerAbsolute": 1, "breakerPercent": 20});
    office.change("/policy", policy).await;
    let ids = hired(&office, 60).await;
    // Twelve are a fifth of sixty.
    assert_eq!(delete_all(&office, ids).await, (12, 48));
    let seen = office.owner.get("/connections").await.status(200);
    seen.holds("/items/0/breaker/threshold", 12)
        .holds("/items/0/breaker/removals", 13);
    office.books_balance().await;
}

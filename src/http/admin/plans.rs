//! Changes to many people, and whom they never touch.

use axum::response::IntoResponse as _;

use super::body::Json;
use super::list::List;
use super::{Answer, Call, Named, columns, created, one};
use crate::directory::Error;
use crate::directory::admin::plans::Made;

pub(super) async fn reclaim(call: Call, Json(body): Json) -> Answer {
    let made = call.directory().reclaim_seats(&call.caller, body, call.now);
    answer(made.await)
}

pub(super) async fn create(call: Call, Json(body): Json) -> Answer {
    let made = call.directory().create_plan(&call.caller, body, call.now);
    answer(made.await)
}

pub(super) async fn reconciliation(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    let made = directory.plan_reconciliation(&call.caller, &id, body, call.now);
    answer(made.await)
}

pub(super) async fn mapping(call: Call, Json(body): Json) -> Answer {
    let directory = call.directory();
    let made = directory.plan_mapping(&call.caller, None, body, call.now);
    answer(made.await)
}

pub(super) async fn mapping_change(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let directory = call.directory();
    let made = directory.plan_mapping(&call.caller, Some(&id), body, call.now);
    answer(made.await)
}

/// 201 for a plan that is stored; one that is only shown has no place.
fn answer(made: Result<Made, Error>) -> Answer {
    let made = made?;
    if made.stored {
        return created("plans", "id", Ok(made.plan));
    }
    Ok(axum::Json(made.plan).into_response())
}

pub(super) async fn list(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_plans(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::PLANS)
}

pub(super) async fn read(call: Call, Named(id): Named, list: List) -> Answer {
    let plan = call
        .directory()
        .read_plan(&call.caller, &id, &list.query, call.now);
    let (plan, page) = plan.await?;
    list.write_within(plan, page, columns::PLAN_ITEMS)
}

pub(super) async fn approve(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let plan = call
        .directory()
        .approve_plan(&call.caller, &id, body, call.now);
    one(plan.await)
}

pub(super) async fn reject(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let plan = call
        .directory()
        .reject_plan(&call.caller, &id, body, call.now);
    one(plan.await)
}

pub(super) async fn apply(call: Call, Named(id): Named, Json(body): Json) -> Answer {
    let plan = call
        .directory()
        .apply_plan(&call.caller, &id, body, call.now);
    one(plan.await)
}

pub(super) async fn exclusions(call: Call, list: List) -> Answer {
    let page = call
        .directory()
        .list_exclusions(&call.caller, &list.query, call.now);
    list.write(page.await?, columns::EXCLUSIONS)
}

pub(super) async fn create_exclusion(call: Call, Json(body): Json) -> Answer {
    let made = call
        .directory()
        .create_exclusion(&call.caller, body, call.now);
    created("exclusions", "id", made.await)
}

pub(super) async fn delete_exclusion(call: Call, Named(id): Named) -> Answer {
    let deleted = call
        .directory()
        .delete_exclusion(&call.caller, &id, call.now);
    one(deleted.await)
}

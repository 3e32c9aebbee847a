//! `/Bulk` (RFC 7644 3.7): many operations in one request, each answered as if it had come alone.

mod operation;
mod reference;

use std::collections::HashMap;

use axum::extract::State;
use serde_json::{Value, json};

use super::base::Base;
use super::body::{ScimBody, member, message};
use super::reply::Reply;
use crate::directory::Caller;
use crate::http::AppState;
use crate::http::caller::ScimCaller;
use crate::http::error::Failure;
use crate::scim::error::Error;
use crate::scim::schema::{BULK_REQUEST_URN, BULK_RESPONSE_URN};
use operation::Operation;
use reference::Plan;

/// Operations of one request at most, as `/ServiceProviderConfig` says.
const MAX_OPERATIONS: usize = 1000;
/// Bytes of one request at most, as `/ServiceProviderConfig` says.
const MAX_PAYLOAD: usize = 4 << 20;

/// Carries out the operations of a request.
pub(in crate::http) async fn bulk(
    State(app): State<AppState>,
    ScimCaller(caller): ScimCaller,
    base: Base,
    body: ScimBody<MAX_PAYLOAD>,
) -> Result<Reply, Failure> {
    let request = Request::read(body.json()?)?;
    let results = request.run(&app, &caller, &base).await;
    Ok(Reply::ok(
        json!({ "schemas": [BULK_RESPONSE_URN], "Operations": results }),
    ))
}

struct Request {
    operations: Vec<Operation>,
    /// After so many errors the rest is left undone; 0 tries all.
    fail_on_errors: u64,
}

impl Request {
    fn read(body: Value) -> Result<Self, Failure> {
        let request = message(body, BULK_REQUEST_URN)?;
        let fail_on_errors = match member(&request, "failOnErrors") {
            None => 0,
            Some(count) => count
                .as_u64()
                .ok_or_else(|| Error::invalid_value("`failOnErrors` is not a number of errors"))?,
        };
        let Some(Value::Array(operations)) = member(&request, "Operations") else {
            return Err(Error::invalid_syntax("`Operations` is not a list").into());
        };
        if operations.len() > MAX_OPERATIONS {
            let detail = format!("the request has more than {MAX_OPERATIONS} operations");
            return Err(Failure::too_large(detail));
        }
        let operations = operations.iter().map(Operation::read).collect();
        Ok(Self {
            operations,
            fail_on_errors,
        })
    }

    /// The results, in the order of the operations; those left undone have none.
    async fn run(mut self, app: &AppState, caller: &Caller, base: &Base) -> Vec<Value> {
        let plan = Plan::of(&mut self.operations);
        let mut made = HashMap::new();
        let mut results = vec![None; self.operations.len()];
        let mut errors = 0;
        for &index in &plan.order {
            let operation = &mut self.operations[index];
            let done = match plan.resolve(index, operation, &made) {
                Ok(()) => operation.perform(app, caller, base).await,
                Err(error) => Err(error.into()),
            };
            if let (Ok(done), Some(bulk_id)) = (&done, &operation.bulk_id)
                && operation.creates()
            {
                // Of two that have the same bulkId the first is meant.
                made.entry(bulk_id.clone())
                    .or_insert_with(|| done.id.clone());
            }
            errors += u64::from(done.is_err());
            results[index] = Some(operation.result(done, base));
            if errors == self.fail_on_errors && errors > 0 {
                break;
            }
        }
        results.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_those_announced() {
        let announced = &crate::scim::schema::provider_config()["bulk"];
        assert_eq!(announced["maxOperations"], MAX_OPERATIONS);
        assert_eq!(announced["maxPayloadSize"], MAX_PAYLOAD);
    }
}

//! References of bulk operations to one another (RFC 7644 3.7.2): `bulkId:x` stands for the
//! identifier of what the POST with that `bulkId` makes, wherever an identifier may stand and in
//! whatever order the operations come.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::operation::Operation;
use crate::scim::error::Error;

const PREFIX: &str = "bulkId:";

/// In which order operations are carried out, so that what they refer to is made before.
#[derive(Debug)]
pub(super) struct Plan {
    /// The indices of the operations; as they came where nothing demands another order.
    pub(super) order: Vec<usize>,
    /// Those that refer to themselves over others.
    circular: HashSet<usize>,
    /// What will be made.
    announced: HashSet<String>,
}

impl Plan {
    pub(super) fn of(operations: &mut [Operation]) -> Self {
        let mut makers = HashMap::new();
        for (index, operation) in operations.iter().enumerate() {
            if let (true, Some(bulk_id)) = (operation.creates(), &operation.bulk_id) {
                makers.entry(bulk_id.clone()).or_insert(index);
            }
        }
        let needs: Vec<Vec<usize>> = operations
            .iter_mut()
            .map(|operation| {
                let mut needed = Vec::new();
                rewrite_operation(operation, &mut |bulk_id| {
                    needed.extend(makers.get(bulk_id).copied());
                    None
                });
                needed
            })
            .collect();
        let mut walk = Walk {
            needs: &needs,
            seen: HashSet::new(),
            path: Vec::new(),
            plan: Self::empty(),
        };
        for index in 0..needs.len() {
            walk.visit(index);
        }
        Self {
            announced: makers.into_keys().collect(),
            ..walk.plan
        }
    }

    fn empty() -> Self {
        Self {
            order: Vec::new(),
            circular: HashSet::new(),
            announced: HashSet::new(),
        }
    }

    /// Puts identifiers into an operation for its references to what was made.
    ///
    /// # Errors
    /// 409 for a reference in a circle (3.7.1) or to what was not made, 400 for one to nothing.
    pub(super) fn resolve(
        &self,
        index: usize,
        operation: &mut Operation,
        made: &HashMap<String, String>,
    ) -> Result<(), Error> {
        if self.circular.contains(&index) {
            let detail = "the operation refers to itself over others; none of them can be first";
            return Err(Error::new(409, None, detail));
        }
        let mut missing = None;
        rewrite_operation(operation, &mut |bulk_id| {
            let id = made.get(bulk_id).cloned();
            if id.is_none() {
                missing.get_or_insert_with(|| bulk_id.to_owned());
            }
            id
        });
        match missing {
            None => Ok(()),
            Some(bulk_id) if self.announced.contains(&bulk_id) => {
                let detail = "the operation refers to one that failed";
                Err(Error::new(409, None, detail))
            }
            Some(_) => Err(Error::invalid_value(
                "the operation refers to a `bulkId` that no POST has",
            )),
        }
    }
}

/// Walks operations depth first, what they need before themselves. No deeper than the number of
/// operations, which is limited.
struct Walk<'a> {
    needs: &'a [Vec<usize>],
    seen: HashSet<usize>,
    path: Vec<usize>,
    plan: Plan,
}

impl Walk<'_> {
    fn visit(&mut self, index: usize) {
        if let Some(at) = self.path.iter().position(|&on_path| on_path == index) {
            self.plan.circular.extend(&self.path[at..]);
            return;
        }
        if !self.seen.insert(index) {
            return;
        }
        self.path.push(index);
        let needs = self.needs;
        for &needed in &needs[index] {
            self.visit(needed);
        }
        self.path.pop();
        self.plan.order.push(index);
    }
}

/// What a `bulkId` is to be replaced by, if by anything.
type Replace<'a> = dyn FnMut(&str) -> Option<String> + 'a;

fn rewrite_operation(operation: &mut Operation, replace: &mut Replace<'_>) {
    rewrite_text("$ref", &mut operation.path, replace);
    rewrite("", &mut operation.data, replace);
}

fn rewrite(key: &str, value: &mut Value, replace: &mut Replace<'_>) {
    match value {
        Value::String(text) => rewrite_text(key, text, replace),
        Value::Array(elements) => elements.iter_mut().for_each(|e| rewrite(key, e, replace)),
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(key, v)| rewrite(key, v, replace)),
        _ => {}
    }
}

/// A text is a reference as a whole. In a URL, one may be the last segment; in the path of a PATCH,
/// values that a filter compares with may be some.
fn rewrite_text(key: &str, text: &mut String, replace: &mut Replace<'_>) {
    if let Some(bulk_id) = text.strip_prefix(PREFIX) {
        if let Some(id) = replace(bulk_id) {
            *text = id;
        }
        return;
    }
    match key {
        "$ref" => {
            let Some((before, last)) = text.rsplit_once('/') else {
                return;
            };
            let Some(bulk_id) = last.strip_prefix(PREFIX) else {
                return;
            };
            if let Some(id) = replace(bulk_id) {
                *text = format!("{before}/{id}");
            }
        }
        "path" if text.contains(PREFIX) => {
            // What stands between quotes is every second part; no identifier holds a quote.
            let parts = text.split('"').enumerate().map(|(n, part)| {
                let bulk_id = part.strip_prefix(PREFIX).filter(|_| n % 2 == 1);
                bulk_id
                    .and_then(&mut *replace)
                    .unwrap_or_else(|| part.to_owned())
            });
            *text = parts.collect::<Vec<_>>().join("\"");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operations(list: &Value) -> Vec<Operation> {
        list.as_array()
            .into_iter()
            .flatten()
            .map(Operation::read)
            .collect()
    }

    fn post(bulk_id: &str, refers_to: &[&str]) -> Value {
        let members: Vec<_> = refers_to
            .iter()
            .map(|id| json!({"value": format!("bulkId:{id}")}))
            .collect();
        json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": {"members": members}})
    }

    fn plan(list: &Value) -> Plan {
        Plan::of(&mut operations(list))
    }

    #[test]
    fn what_is_referred_to_comes_first_and_all_else_as_it_came() {
        let list = json!([
            post("a", &["c"]),
            post("b", &[]),
            post("c", &["d"]),
            post("d", &[])
        ]);
        let plan = plan(&list);
        assert_eq!(plan.order, [3, 2, 0, 1]);
        assert!(plan.circular.is_empty());
    }

    #[test]
    fn a_circle_is_found_and_spares_those_outside() {
        let list = json!([
            post("a", &["b"]),
            post("b", &["c"]),
            post("c", &["b"]),
            post("d", &["d"])
        ]);
        let plan = plan(&list);
        assert_eq!(plan.circular, HashSet::from([1, 2, 3]));
        assert_eq!(plan.order.len(), 4);
    }

    #[test]
    fn a_chain_of_all_operations_is_no_trouble() {
        let list: Vec<_> = (0..1000)
            .map(|n| post(&n.to_string(), &[&(n + 1).to_string()]))
            .collect();
        assert_eq!(plan(&list.into()).order[0], 999);
    }

    #[test]
    fn references_are_resolved_wherever_an_identifier_may_stand() {
        let mut list = operations(&json!([{
            "method": "PATCH", "path": "/Groups/bulkId:g", "data": {"Operations": [
                {"op": "add", "path": "members", "value": ["bulkId:u", {"value": "bulkId:u", "$ref": "../Users/bulkId:u"}]},
                {"op": "remove", "path": "members[value eq \"bulkId:u\" or value eq \"bulkId:g\"]"},
                {"op": "add", "value": {"displayName": "about bulkId:u and /bulkId:u"}},
            ]},
        }]));
        let made = HashMap::from([
            ("g".to_owned(), "7".to_owned()),
            ("u".to_owned(), "8".to_owned()),
        ]);
        let plan = Plan::of(&mut list);
        assert_eq!(plan.resolve(0, &mut list[0], &made), Ok(()));
        assert_eq!(list[0].path, "/Groups/7");
        let expected = json!({"Operations": [
            {"op": "add", "path": "members", "value": ["8", {"value": "8", "$ref": "../Users/8"}]},
            {"op": "remove", "path": "members[value eq \"8\" or value eq \"7\"]"},
            {"op": "add", "value": {"displayName": "about bulkId:u and /bulkId:u"}},
        ]});
        assert_eq!(list[0].data, expected);
    }

    #[test]
    fn a_reference_that_cannot_be_resolved_fails_its_operation() {
        let mut list = operations(&json!([
            post("a", &["b"]),
            post("b", &[]),
            post("c", &["nobody"])
        ]));
        let plan = Plan::of(&mut list);
        let status = |index: usize, list: &mut [Operation]| {
            plan.resolve(index, &mut list[index], &HashMap::new())
                .map_err(|error| error.status)
        };
        assert_eq!(
            status(0, &mut list),
            Err(409),
            "what it refers to was not made"
        );
        assert_eq!(status(1, &mut list), Ok(()));
        assert_eq!(
            status(2, &mut list),
            Err(400),
            "nobody makes what it refers to"
        );
    }
}

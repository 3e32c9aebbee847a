//! Invariant 10 over a whole history: lines of the ledger stay as they were written.

use std::collections::BTreeMap;

use serde_json::Value;

use super::facts::{items, number, text};
use crate::common::Client;

/// What was seen of the ledger on the way.
#[derive(Default)]
pub(super) struct Trail {
    lines: BTreeMap<String, Value>,
    checkpoints: Vec<Value>,
}

impl Trail {
    /// Remembers all lines that there are, and has them signed.
    pub(super) async fn note(&mut self, owner: &Client) {
        for (id, line) in lines(owner).await {
            let known = self.lines.entry(id).or_insert_with(|| line.clone());
            assert_eq!(*known, line, "10: a line of the ledger changed");
        }
        let checkpoint = owner.get("/ledger/checkpoint").await.status(200);
        self.checkpoints.push(checkpoint.json);
    }

    pub(super) async fn invariant_10_lines_never_change(&mut self, owner: &Client) {
        let now = lines(owner).await;
        for (id, line) in &self.lines {
            assert_eq!(now.get(id), Some(line), "10: a line of the ledger changed");
        }
        for checkpoint in &self.checkpoints {
            let verdict = owner.post("/ledger/verify", checkpoint.clone()).await;
            let verdict = verdict.status(200);
            assert_eq!(
                verdict["ok"], true,
                "10: not the history of then\n{verdict}"
            );
            // A line that the clock has written meanwhile may be in one and not in the other.
            let rows = usize::try_from(number(&verdict.json, "rows")).unwrap();
            assert!(
                now.len() <= rows && rows <= lines(owner).await.len(),
                "10: lines that no list shows\n{verdict}"
            );
        }
    }
}

/// All lines by id, without the place in the chain, which a line is given later.
async fn lines(owner: &Client) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = owner.get("/ledger?limit=500");
        let page = match &cursor {
            Some(cursor) => page.query("cursor", cursor),
            None => page,
        };
        let page = page.await.status(200);
        for line in items(&page) {
            let mut line = line.clone();
            line["seq"].take();
            all.insert(text(&line, "id").to_owned(), line);
        }
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return all;
        }
    }
}

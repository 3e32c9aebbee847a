//! How far the runs are that place people anew after a change.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::roles::Right;
use super::{Items, Query, cursor, not_found, object};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::store::operations::PlacementRun;

impl Directory {
    /// The latest runs, the newest first.
    pub async fn list_placements(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::ReadRules)?;
        query.only(&[], None)?;
        let runs = self
            .store
            .read(caller.tenant)
            .await?
            .placement_runs()
            .await?;
        let newest_first = |run: &PlacementRun| {
            let at = run.created_at.as_millisecond();
            std::cmp::Reverse((at, run.id))
        };
        let rows = runs
            .iter()
            .map(|run| (newest_first(run), view(run)))
            .collect();
        let list = cursor::list(caller, "placements", query);
        self.page_by_key(list, query, rows, now).await
    }

    /// One run.
    pub async fn read_placement(&self, caller: &Caller, id: &str) -> Result<Object, Error> {
        caller.may(Right::ReadRules)?;
        let nothing = || not_found("such placement run");
        let id = Uuid::try_parse(id).map_err(|_| nothing())?;
        let mut session = self.store.read(caller.tenant).await?;
        let run = session.placement_run(id).await?;
        Ok(view(&run.ok_or_else(nothing)?))
    }
}

/// A run as operators see it.
pub(super) fn view(run: &PlacementRun) -> Object {
    object([
        ("id", json!(run.id)),
        ("reason", json!(run.reason)),
        ("total", json!(run.total)),
        ("done", json!(run.done)),
        ("changed", json!(run.changed)),
        ("createdAt", json!(run.created_at)),
        ("finishedAt", json!(run.finished_at)),
    ])
}

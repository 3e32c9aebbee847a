//! Imports as operators see them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::roles::Right;
use super::{Items, Query, cursor, not_found, object};
use crate::directory::{Caller, Directory, Error};
use crate::plans::{State, state_at};
use crate::scim::Object;
use crate::store::imports::{FailedRow, ImportRun, ImportState};
use crate::store::plans::Plan;

/// Errors in an answer at most; all of them are in its list.
pub const MAX_SHOWN: usize = 100;
/// Failed rows that are read at a time.
const PART: i64 = 500;
/// An import of which nothing is heard for so long was cut off.
const SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// Some rows of the list of those that failed, as text, and where it goes on.
#[derive(Debug)]
pub struct CsvPart {
    /// Text.
    pub text: String,
    /// The last line of the file in it; none at the end.
    pub after: Option<i64>,
}

impl Directory {
    /// Imports, the newest first.
    pub async fn list_imports(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Import)?;
        query.only(&[], None)?;
        let list = cursor::list(caller, "imports", query);
        let before: Option<Uuid> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.read(caller.tenant).await?;
        let runs = session.imports(before, limit + 1).await?;
        let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
        let plans = session.plans_of_imports(&ids).await?;
        let rows = runs
            .iter()
            .map(|run| (view(run, plans.get(&run.id), now), run.id));
        let rows = rows.collect();
        self.page(list, rows, limit, now).await
    }

    /// One import, with the first of its errors.
    pub async fn read_import(
        &self,
        caller: &Caller,
        id: &str,
        now: Timestamp,
    ) -> Result<Object, Error> {
        caller.may(Right::Import)?;
        let mut session = self.store.read(caller.tenant).await?;
        let run = found(session.import(parse(id)?).await?)?;
        let most = i64::try_from(MAX_SHOWN).unwrap_or(i64::MAX);
        let failed = session.failed_rows(run.id, 0, most).await?;
        let plan = session.plans_of_imports(&[run.id]).await?.remove(&run.id);
        let mut object = view(&run, plan.as_ref(), now);
        let errors = failed.iter().flat_map(errors).take(MAX_SHOWN);
        object.insert("errors".into(), errors.collect());
        Ok(object)
    }

    /// A part of the rows that failed, as they were given, with what is wrong with each: the
    /// first, or what follows a line.
    pub async fn failed_rows(
        &self,
        caller: &Caller,
        id: &str,
        after: Option<i64>,
    ) -> Result<CsvPart, Error> {
        caller.may(Right::Import)?;
        let mut session = self.store.read(caller.tenant).await?;
        let run = found(session.import(parse(id)?).await?)?;
        let failed = session
            .failed_rows(run.id, after.unwrap_or(0), PART)
            .await?;
        let header = texts(&run.header);
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .from_writer(Vec::new());
        // Writing to memory does not fail.
        if after.is_none() {
            let kept = kept(&header).into_iter().filter_map(|at| header.get(at));
            let head = kept.map(String::as_str).chain(["line", "error"]);
            let _ = writer.write_record(head);
        }
        for row in &failed {
            let given = texts(&row.given);
            let cells = kept(&header)
                .into_iter()
                .map(|at| given.get(at).cloned().unwrap_or_default());
            let error = errors(row).map(|e| text(&e)).collect::<Vec<_>>().join("; ");
            let _ = writer.write_record(cells.chain([row.line.to_string(), error]));
        }
        let bytes = writer.into_inner().unwrap_or_default();
        let is_full = failed.len() >= usize::try_from(PART).unwrap_or(usize::MAX);
        Ok(CsvPart {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            after: failed.last().filter(|_| is_full).map(|row| row.line),
        })
    }
}

/// The columns of a file but for those that an earlier list of failed rows had added.
fn kept(header: &[String]) -> Vec<usize> {
    let ours = |name: &String| {
        let name = name.trim();
        name.eq_ignore_ascii_case("line") || name.eq_ignore_ascii_case("error")
    };
    let columns = header.iter().enumerate().filter(|(_, name)| !ours(name));
    columns.map(|(at, _)| at).collect()
}

fn text(error: &Value) -> String {
    let part = |key: &str| error.get(key).and_then(Value::as_str);
    let detail = part("detail").unwrap_or_default();
    match part("column") {
        Some(column) => format!("{column}: {detail}"),
        None => detail.to_owned(),
    }
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The errors of a row, each with its line.
fn errors(row: &FailedRow) -> impl Iterator<Item = Value> {
    let faults = row.faults.as_array().cloned().unwrap_or_default();
    let line = row.line;
    faults.into_iter().map(move |fault| {
        json!({"line": line, "column": fault["column"], "code": fault["code"],
               "detail": fault["detail"]})
    })
}

fn parse(id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(id).map_err(|_| not_found("such import").into())
}

fn found(run: Option<ImportRun>) -> Result<ImportRun, Error> {
    run.ok_or_else(|| not_found("such import").into())
}

fn state(run: &ImportRun, plan: Option<&Plan>, now: Timestamp) -> &'static str {
    let silent = now.duration_since(run.touched_at) > SILENCE;
    match plan.map(|plan| state_at(plan.state, plan.expires_at, now)) {
        Some(State::Pending | State::Approved) => return "planned",
        Some(State::Applying) => return "running",
        Some(state @ (State::Rejected | State::Expired)) => return state.as_str(),
        Some(State::Applied) | None => {}
    }
    match run.state {
        ImportState::Running if silent => "interrupted",
        state => state.as_str(),
    }
}

fn view(run: &ImportRun, plan: Option<&Plan>, now: Timestamp) -> Object {
    let counts = &run.counts;
    let waits_for = plan.map(|plan| {
        json!({
            "id": plan.id, "hash": plan.hash,
            "state": state_at(plan.state, plan.expires_at, now).as_str(),
            "approvalRequired": !plan.approval.is_empty(),
            "approvalReasons": plan.approval, "expiresAt": plan.expires_at,
        })
    });
    object([
        ("id", json!(run.id)),
        ("mode", run.mode.as_str().into()),
        ("dryRun", run.dry_run.into()),
        ("state", state(run, plan, now).into()),
        ("plan", json!(waits_for)),
        ("rows", counts.seen.into()),
        ("created", counts.created.into()),
        ("changed", counts.changed.into()),
        ("unchanged", counts.unchanged.into()),
        ("deactivated", counts.deactivated.into()),
        ("scheduled", counts.scheduled.into()),
        ("failed", counts.failed.into()),
        ("omitted", run.omitted.into()),
        ("actor", json!(run.actor)),
        ("createdAt", json!(run.created_at)),
        ("finishedAt", json!(run.finished_at)),
        ("warnings", run.warnings.clone()),
        (
            "errorsCsv",
            json!(format!("/admin/v1/imports/{}/errors.csv", run.id)),
        ),
    ])
}

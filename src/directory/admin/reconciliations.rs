//! Reconciliations as operators see them.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::roles::Right;
use super::{Items, Query, cursor, not_found, object};
use crate::directory::{Caller, Directory, Error};
use crate::roster::compare::Bucket;
use crate::scim::Object;
use crate::store::Session;
use crate::store::reconciliations::{Finding, Reconciliation};

impl Directory {
    /// Reconciliations, the newest first.
    pub async fn list_reconciliations(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Import)?;
        query.only(&[], None)?;
        let list = cursor::list(caller, "reconciliations", query);
        let before: Option<Uuid> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let mut session = self.store.read(caller.tenant).await?;
        let all = session.reconciliations(before, limit + 1).await?;
        let rows = all.iter().map(|held| (view(held), held.id)).collect();
        self.page(list, rows, limit, now).await
    }

    /// What one came to, without its findings.
    pub async fn read_reconciliation(&self, caller: &Caller, id: &str) -> Result<Object, Error> {
        caller.may(Right::Import)?;
        let mut session = self.store.read(caller.tenant).await?;
        Ok(view(&found(&mut session, id).await?))
    }

    /// The findings of one, those of some kinds or all, in the order of the list.
    pub async fn list_findings(
        &self,
        caller: &Caller,
        id: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Import)?;
        query.only(&["bucket"], None)?;
        let bucket: Option<Bucket> = query.name("bucket")?;
        let mut session = self.store.read(caller.tenant).await?;
        let held = found(&mut session, id).await?;
        let list = cursor::list(caller, &format!("reconciliations {}", held.id), query);
        let after: Option<i64> = self.place(list, query, now).await?;
        let limit = query.limit()?;
        let after = after.unwrap_or_default();
        let findings = session.findings(held.id, bucket, after, limit + 1).await?;
        let rows = findings.iter().map(|f| (finding(f), f.n)).collect();
        self.page(list, rows, limit, now).await
    }
}

pub(super) async fn found(session: &mut Session, id: &str) -> Result<Reconciliation, Error> {
    let nothing = || Error::from(not_found("such reconciliation"));
    let id = Uuid::try_parse(id).map_err(|_| nothing())?;
    session.reconciliation(id).await?.ok_or_else(nothing)
}

fn view(held: &Reconciliation) -> Object {
    object([
        ("id", json!(held.id)),
        ("source", held.source.as_str().into()),
        ("state", held.state.as_str().into()),
        ("rows", held.listed.into()),
        ("people", held.people.into()),
        ("buckets", held.buckets.clone()),
        ("warnings", held.warnings.clone()),
        ("actor", json!(held.actor)),
        ("createdAt", json!(held.created_at)),
    ])
}

fn finding(f: &Finding) -> Object {
    let part = |key: &str| f.content.get(key).cloned().unwrap_or_default();
    object([
        ("n", f.n.into()),
        ("bucket", f.bucket.as_str().into()),
        ("suggestedAction", f.bucket.suggested_action().into()),
        ("email", part("email")),
        ("member", json!(f.member)),
        ("line", json!(f.line)),
        ("listed", part("listed")),
        ("held", part("held")),
        ("sameName", part("sameName")),
        ("earlierLine", part("earlierLine")),
        ("detail", part("detail")),
    ])
}

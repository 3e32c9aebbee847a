//! What lists and files that were sent say of a person: it goes with them when they are erased.

use serde_json::Value as Json;
use uuid::Uuid;

use super::engine::args;
use super::{Error, Tx};
use crate::scim::predicate::fold;

impl Tx {
    /// Forgets the findings of reconciliations and the rows of imports, failed or waiting for a plan,
    /// that are about a person, or name one of these identifiers of theirs in whatever case.
    pub async fn forget_traces(
        &mut self,
        member: Uuid,
        identifiers: &[String],
    ) -> Result<(), Error> {
        let sql = "delete from reconciliation_row where tenant_id = $1 and member_id = $2";
        self.run(sql, args![self.tenant, member]).await?;
        for identifier in identifiers {
            let key = fold(identifier);
            let like = format!("%{}%", searchable(&key));
            self.forget_findings(&key, &like).await?;
            self.forget_failed_rows(&key, &like).await?;
            self.forget_kept_rows(&key, &like).await?;
        }
        Ok(())
    }

    async fn forget_findings(&mut self, key: &str, like: &str) -> Result<(), Error> {
        let sql = "select reconciliation_id, n, content from reconciliation_row \
                   where tenant_id = $1 and lower(cast(content as text)) like $2";
        for row in &self.all(sql, args![self.tenant, like]).await? {
            if names(&row.json("content")?, key) {
                let (held, n): (Uuid, i64) = (row.get("reconciliation_id")?, row.get("n")?);
                let sql = "delete from reconciliation_row where tenant_id = $1 \
                           and reconciliation_id = $2 and n = $3";
                self.run(sql, args![self.tenant, held, n]).await?;
            }
        }
        Ok(())
    }

    async fn forget_failed_rows(&mut self, key: &str, like: &str) -> Result<(), Error> {
        let sql = "select import_id, line, given from import_failure \
                   where tenant_id = $1 and lower(cast(given as text)) like $2";
        for row in &self.all(sql, args![self.tenant, like]).await? {
            if names(&row.json("given")?, key) {
                let (import, line): (Uuid, i64) = (row.get("import_id")?, row.get("line")?);
                let sql = "delete from import_failure where tenant_id = $1 \
                           and import_id = $2 and line = $3";
                self.run(sql, args![self.tenant, import, line]).await?;
            }
        }
        Ok(())
    }

    async fn forget_kept_rows(&mut self, key: &str, like: &str) -> Result<(), Error> {
        let sql = "select import_id, line, given from import_row \
                   where tenant_id = $1 and lower(cast(given as text)) like $2";
        for row in &self.all(sql, args![self.tenant, like]).await? {
            if names(&row.json("given")?, key) {
                self.forget_row(row.get("import_id")?, row.get("line")?)
                    .await?;
            }
        }
        Ok(())
    }
}

/// Whether a text within is this one, folded.
fn names(value: &Json, key: &str) -> bool {
    match value {
        Json::String(text) => fold(text.trim()) == key,
        Json::Array(items) => items.iter().any(|item| names(item, key)),
        Json::Object(fields) => fields.values().any(|value| names(value, key)),
        _ => false,
    }
}

/// The longest part of a text that is written alike in JSON and in a pattern, and whose case both
/// engines fold: by it the rows are found that are then looked at.
fn searchable(key: &str) -> &str {
    let parts = key.split(|c: char| !(c.is_ascii_alphanumeric() || "@.-+".contains(c)));
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_names_somebody_as_a_whole_and_in_any_case() {
        let row = json!(["Zoë@Acme.example ", "w-1", {"email": null}]);
        assert!(names(&row, "zoë@acme.example"));
        assert!(names(&row, "w-1"));
        assert!(!names(&row, "w-"));
    }

    #[test]
    fn what_is_searched_for_is_plain() {
        assert_eq!(searchable("zoë@acme.example"), "@acme.example");
        assert_eq!(searchable("50%_off"), "off");
        assert_eq!(searchable("ë"), "");
    }
}

//! Files of HR systems and lists from elsewhere, and the domains of newcomers.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Resource;
use super::named::{
    AttributeType, Bucket, ImportMode, PlanApproval, PlanState, RowProblem, Source,
};
use super::operation::op;
use crate::directory::Code;

pub(super) fn resource() -> Resource {
    Resource {
        tag: "Files",
        about: "Files of HR systems, lists held against the directory, the domains that newcomers \
            may be of, and attributes of the tenant's own.",
        operations: vec![
            op("list_imports", "Imports, the newest first").lists::<Import>(),
            op(
                "import_file",
                "Takes over a file of an HR system, or says what it would do",
            )
            .one::<ImportMode>("mode", "What its rows are; `upsert` by default")
            .flag(
                "dryRun",
                "Whether it is only tried out, as it is by default",
            )
            .whole(
                "confirmOmissions",
                (0, i64::MAX),
                "How many are missing in a full file and leave",
            )
            .text("connection", "The source's name")
            .takes_file("A row a person, the columns in the first line.")
            .makes::<ImportRead>()
            .conflicts(&[Code::ConfirmOmissions, Code::UnreadableRows]),
            op("read_import", "One import, with its first 100 errors").answers::<ImportRead>(),
            op(
                "failed_rows",
                "The rows of an import that failed, as they were sent",
            )
            .answers_text("text/csv", "The columns of the file, `line` and `error`."),
            op("list_reconciliations", "Reconciliations, the newest first")
                .lists::<Reconciliation>(),
            op(
                "reconcile",
                "Holds a list of people against the directory; nothing changes",
            )
            .one::<Source>("source", "Whose list it is")
            .must("source")
            .takes_file("A row a person, the columns in the first line.")
            .answers_with_format::<ReconciliationRead>(201),
            op("read_reconciliation", "A reconciliation and its findings")
                .one::<Bucket>("bucket", "Findings of this kind")
                .answers_with_page::<ReconciliationRead>(200),
            op(
                "list_domains",
                "The domains that newcomers' addresses may be of",
            )
            .lists::<Domain>(),
            op("create_domain", "Declares a domain")
                .takes::<NewDomain>()
                .makes::<Domain>()
                .conflicts(&[Code::Taken]),
            op("delete_domain", "Withdraws a domain")
                .id("The domain.", &json!({"type": "string", "minLength": 1}))
                .answers_nothing(),
            op(
                "list_custom_attributes",
                "The attributes of people that the tenant declares for itself",
            )
            .lists::<CustomAttribute>(),
            op("declare_attribute", "Declares an attribute of people")
                .takes::<NewAttribute>()
                .makes::<CustomAttribute>()
                .conflicts(&[Code::Taken, Code::StillHeld, Code::TooMany]),
            op("undeclare_attribute", "Takes an attribute back")
                .id(
                    "The attribute's name.",
                    &json!({"type": "string", "minLength": 1}),
                )
                .answers_nothing()
                .conflicts(&[Code::AttributeInUse]),
        ],
    }
}

/// A file that was taken over, or tried out.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Import {
    id: Uuid,
    mode: ImportMode,
    dry_run: bool,
    /// `running`, `finished`, `refused`, `failed` or `interrupted`; `planned`, `rejected` or `expired`
    /// of one that takes a plan.
    state: String,
    /// The plan that it waits for, or was done by.
    plan: Option<ImportPlan>,
    rows: i64,
    created: i64,
    changed: i64,
    unchanged: i64,
    deactivated: i64,
    /// People who leave later.
    scheduled: i64,
    failed: i64,
    /// People who are missing in a full file.
    omitted: i64,
    actor: String,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
    warnings: Vec<FileWarning>,
    /// Where the failed rows are.
    errors_csv: String,
}

/// The plan of an import, as far as it takes that to approve it.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportPlan {
    id: Uuid,
    hash: String,
    state: PlanState,
    approval_required: bool,
    approval_reasons: Vec<PlanApproval>,
    expires_at: Timestamp,
}

#[derive(ToSchema)]
struct ImportRead {
    #[serde(flatten)]
    import: Import,
    /// The first 100.
    errors: Vec<RowError>,
}

/// What to know about a file.
#[derive(ToSchema)]
struct FileWarning {
    /// `unknown_column`, `encoding`, `managed_by_idp` or `unknown_leaver`.
    code: String,
    detail: String,
    #[serde(default)]
    column: String,
    #[serde(default)]
    rows: i64,
}

#[derive(ToSchema)]
struct RowError {
    line: i64,
    column: Option<String>,
    code: RowProblem,
    detail: String,
}

/// A list from elsewhere, held against the directory.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reconciliation {
    id: Uuid,
    source: Source,
    /// `running`, `finished` or `failed`.
    state: String,
    /// Rows of the list.
    rows: i64,
    /// People of the directory that were looked at.
    people: i64,
    /// How many findings there are of each kind.
    buckets: HashMap<String, i64>,
    warnings: Vec<FileWarning>,
    actor: String,
    created_at: Timestamp,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReconciliationRead {
    #[serde(flatten)]
    held: Reconciliation,
    items: Vec<Finding>,
    next_cursor: Option<String>,
}

/// Somebody of whom list and directory say different things, or the same.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Finding {
    /// Its place, by which a plan can name it.
    n: i64,
    bucket: Bucket,
    suggested_action: String,
    email: Option<String>,
    member: Option<Uuid>,
    line: Option<i64>,
    /// What the list has.
    listed: Option<HashMap<String, Value>>,
    /// What the directory has.
    held: Option<HashMap<String, Value>>,
    /// People of the same name.
    same_name: Option<Vec<Uuid>>,
    earlier_line: Option<i64>,
    detail: Option<String>,
}

/// A domain that newcomers' addresses may be of.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Domain {
    domain: String,
    created_at: Timestamp,
}

#[derive(ToSchema)]
struct NewDomain {
    #[schema(min_length = 1, max_length = 253, example = "acme.example")]
    domain: String,
}

/// An attribute of people that the tenant declares for itself.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct CustomAttribute {
    name: String,
    r#type: AttributeType,
    description: Option<String>,
    source: Option<String>,
    created_at: Timestamp,
}

#[derive(ToSchema)]
struct NewAttribute {
    #[schema(
        min_length = 1,
        max_length = 60,
        pattern = "^[A-Za-z][A-Za-z0-9_-]*$",
        example = "jobLevel"
    )]
    name: String,
    r#type: AttributeType,
    #[schema(min_length = 1, max_length = 200)]
    description: Option<String>,
    /// Where its values come from.
    #[schema(min_length = 1, max_length = 200)]
    source: Option<String>,
}

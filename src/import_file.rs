//! `seatkeeper import`: a file of an HR system, straight into the database.

use std::error::Error;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use seatkeeper::clock::Clock;
use seatkeeper::directory::imports::{Wanted, Watch};
use seatkeeper::directory::{Caller, Directory};
use seatkeeper::scim::Object;
use seatkeeper::store::imports::{Counts, Mode};
use serde_json::Value;

/// Errors that are shown on a terminal; all are in the list that `--errors` writes.
const SHOWN: usize = 20;

#[derive(Args)]
pub(crate) struct ImportFile {
    /// The file: CSV with a header.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// The name of the tenant.
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// What the file is for.
    #[arg(long, default_value = "upsert", value_parser = mode())]
    mode: Mode,
    /// Do it, and not only say what it would do.
    #[arg(long)]
    apply: bool,
    /// How many people may leave because a full file leaves them out.
    #[arg(long, value_name = "N")]
    confirm_omissions: Option<i64>,
    /// The HR source that its people belong to.
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Where to write the rows that failed, to be mended and sent again.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) database: crate::cli::Database,
}

fn mode() -> impl TypedValueParser<Value = Mode> {
    let names = Mode::ALL.iter().map(|mode| mode.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Mode>())
}

/// The status with which a command ends whose import waits for a plan.
pub(crate) const PLANNED: u8 = 3;

/// Nothing is done yet: the import waits for its plan.
#[derive(Debug)]
pub(crate) struct Waits(String);

impl Error for Waits {}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Imports the file. Rows that fail make the command fail, once the others are in.
pub(crate) async fn run(of: &ImportFile, directory: &Directory) -> Result<(), Box<dyn Error>> {
    let caller = Caller::command(directory.tenant_named(&of.tenant).await?.id);
    let file = open(&of.file)?;
    let bar = bar(&file)?;
    let clock = Clock::system();
    let wanted = Wanted {
        mode: of.mode,
        dry_run: !of.apply,
        confirm_omissions: of.confirm_omissions,
        connection: of.connection.clone(),
    };
    let watch = Watch {
        now: &|| clock.now(),
        progress: &|bytes, counts: &Counts| {
            bar.set_position(bytes);
            bar.set_message(format!("{} rows, {} failed", counts.seen, counts.failed));
        },
    };
    let done = directory.import(&caller, &wanted, file, &watch).await;
    bar.finish_and_clear();
    let done = done?;
    let id = done["id"].as_str().unwrap_or_default();
    let failed = done["failed"].as_i64().unwrap_or_default();
    if let Some(path) = &of.errors {
        write_errors(directory, &caller, id, path).await?;
    }
    summary(&done)?;
    if done["state"] == "planned" {
        return Err(Box::new(waits(&done["plan"])?));
    }
    if failed > 0 {
        return Err(format!("{failed} rows failed").into());
    }
    Ok(())
}

/// A file that can be read twice: what is piped in is put aside.
fn open(path: &Path) -> Result<File, Box<dyn Error>> {
    let mut file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    let mut copy = tempfile::tempfile()?;
    std::io::copy(&mut file, &mut copy)?;
    Ok(copy)
}

fn bar(file: &File) -> Result<ProgressBar, Box<dyn Error>> {
    // It draws nothing where stderr is no terminal.
    let style = ProgressStyle::with_template("{bar:40} {percent}% {msg} {eta}")?;
    Ok(ProgressBar::new(file.metadata()?.len()).with_style(style))
}

async fn write_errors(
    directory: &Directory,
    caller: &Caller,
    import: &str,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let mut file = File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut after = None;
    loop {
        let part = directory.failed_rows(caller, import, after).await?;
        file.write_all(part.text.as_bytes())?;
        match part.after {
            None => return Ok(file.sync_all()?),
            next => after = next,
        }
    }
}

/// Says by what requests the plan goes on; answers what it waits for.
fn waits(plan: &Value) -> Result<Waits, Box<dyn Error>> {
    let text = |key: &str| plan[key].as_str().unwrap_or_default();
    let (id, hash, until) = (text("id"), text("hash"), text("expiresAt"));
    let mut out = std::io::stdout().lock();
    writeln!(out, "plan {id}, hash {hash}, good until {until}")?;
    let request = |step: &str, token: &str| {
        format!(
            "curl -s \"$A/plans/{id}/{step}\" -H \"Authorization: Bearer ${token}\" \
             -H 'Content-Type: application/json' -d '{{\"hash\": \"{hash}\"}}'"
        )
    };
    writeln!(out, "with A=<server>/admin/v1, look at it and go on with:")?;
    writeln!(
        out,
        "curl -s \"$A/plans/{id}?format=table\" -H \"Authorization: Bearer $TOKEN\""
    )?;
    let is_pending = text("state") == "pending";
    if is_pending {
        writeln!(out, "{}", request("approve", "APPROVER"))?;
    }
    writeln!(out, "{}", request("apply", "TOKEN"))?;
    out.flush()?;
    let what = if is_pending {
        "somebody's approval"
    } else {
        "being applied"
    };
    Ok(Waits(format!(
        "nothing is changed yet: plan {id} waits for {what}"
    )))
}

fn summary(done: &Object) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let count = |key: &str| done[key].as_i64().unwrap_or_default();
    if done["dryRun"] == true {
        writeln!(out, "only tried; --apply does it")?;
    } else if done["state"] == "planned" {
        writeln!(out, "only planned; it would come to:")?;
    }
    let mut parts = vec![format!("{} rows", count("rows"))];
    for key in [
        "created",
        "changed",
        "unchanged",
        "deactivated",
        "scheduled",
        "omitted",
        "failed",
    ] {
        parts.push(format!("{} {key}", count(key)));
    }
    writeln!(out, "{}", parts.join(", "))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for warning in done["warnings"].as_array().into_iter().flatten() {
        writeln!(out, "warning: {}", text(&warning["detail"]))?;
    }
    let errors = done["errors"].as_array().into_iter().flatten();
    let shown = if std::io::stdout().is_terminal() {
        SHOWN
    } else {
        usize::MAX
    };
    for error in errors.take(shown) {
        let column = error["column"].as_str().map(|c| format!("{c}: "));
        let (column, line) = (column.unwrap_or_default(), &error["line"]);
        writeln!(out, "line {line}: {column}{}", text(&error["detail"]))?;
    }
    Ok(out.flush()?)
}

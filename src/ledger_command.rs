//! `seatkeeper ledger`: whether the record of every seat holds, by itself and against a checkpoint
//! that was taken before.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use seatkeeper::clock::Clock;
use seatkeeper::directory::Directory;
use seatkeeper::directory::admin::Against;
use serde_json::{Value, json};

use crate::cli::Of;
use crate::{Outcome, operator, print_object};

#[derive(Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check that no row was changed, added or taken away.
    Verify(Verify),
    /// Print a signed checkpoint: keep it elsewhere, and verify the ledger against it later.
    Checkpoint(Of),
    /// Print the public keys that checkpoints are checked by, a JWK set.
    Keys(Of),
}

#[derive(Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    of: Of,
    /// A checkpoint that was exported: check that the ledger still has exactly its history.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The public key to check the checkpoint by, a JWK or a set, instead of the database's own.
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    key: Option<PathBuf>,
}

pub(crate) async fn run(command: LedgerCommand, directory: &Directory) -> Outcome {
    match command {
        LedgerCommand::Verify(of) => verify(&of, directory).await,
        LedgerCommand::Checkpoint(of) => {
            let caller = operator(directory, &of.tenant).await?;
            let now = Clock::system().now();
            print_object(directory.ledger_checkpoint(&caller, now).await?)
        }
        LedgerCommand::Keys(of) => {
            let caller = operator(directory, &of.tenant).await?;
            print_object(directory.ledger_keys(&caller).await?)
        }
    }
}

async fn verify(of: &Verify, directory: &Directory) -> Outcome {
    let against = match &of.checkpoint {
        None => None,
        Some(file) => Some(Against {
            checkpoint: checkpoint(file)?,
            keys: of.key.as_deref().map(json).transpose()?,
        }),
    };
    let caller = operator(directory, &of.of.tenant).await?;
    // It draws nothing where stderr is no terminal.
    let style = ProgressStyle::with_template("{bar:40} {percent}% {pos}/{len} rows {eta}")?;
    let bar = ProgressBar::new(0).with_style(style);
    let progress = |seen: i64, of: i64| {
        bar.set_length(of.unsigned_abs());
        bar.set_position(seen.unsigned_abs());
    };
    let verdict = directory.verify_ledger(&caller, against.as_ref(), &progress);
    let verdict = verdict.await;
    bar.finish_and_clear();
    let verdict = verdict?;
    let (holds, seq) = (verdict["ok"] == true, verdict.get("seq").cloned());
    let reason = verdict.get("reason").and_then(Value::as_str);
    let reason = reason.unwrap_or_default().to_owned();
    print_object(verdict)?;
    if holds {
        return Ok(());
    }
    let place = seq.and_then(|seq| seq.as_i64());
    let place = place.map_or_else(String::new, |seq| format!(" at row {seq}"));
    Err(format!("the ledger does not hold{place}: {reason}").into())
}

/// A checkpoint as it was exported, or its signature alone, which says all of it.
fn checkpoint(file: &Path) -> Result<Value, Box<dyn Error>> {
    let text = read(file)?;
    if text.trim_start().starts_with('{') {
        return json(file);
    }
    Ok(json!({"signature": text.trim()}))
}

fn json(file: &Path) -> Result<Value, Box<dyn Error>> {
    let json = serde_json::from_str(&read(file)?);
    Ok(json.map_err(|error| format!("{} is no JSON: {error}", file.display()))?)
}

fn read(file: &Path) -> Result<String, Box<dyn Error>> {
    let text = std::fs::read_to_string(file);
    Ok(text.map_err(|error| format!("{}: {error}", file.display()))?)
}

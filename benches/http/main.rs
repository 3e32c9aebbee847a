//! The HTTP bench: `cargo bench --bench http` prints one table, each line a comparison of two sides
//! within this run, on this machine, over HTTP, with the bound that it must keep.
//!
//! The sides take turns in every round. A line shows the median of the rounds' ratios, so that what
//! else the machine does meets both sides alike and cancels out. Every answer is checked: its status
//! and what it says, and the totals afterwards. One wrong answer ends the bench with an error; a
//! bound that is missed is only marked, since time is not what a check can depend on.

mod client;
mod load;
mod people;
mod postgres;
mod reference;
mod report;
mod rows;
mod server;
mod site;

use std::error::Error;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::ProgressStyle;

use report::Line;
use rows::{Bench, Row};
use site::Ground;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Measures the server over HTTP and prints a table.
#[derive(Parser)]
struct Arguments {
    /// People on the large side of the rows about growth, and in their large group.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    users: usize,

    /// Rounds of each row.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// Rows to run, instead of all.
    #[arg(long, value_name = "NAME", value_enum, num_args = 1.., value_delimiter = ',')]
    rows: Vec<Row>,

    /// Where the databases are while the bench runs: a folder on a disk, that other users may pass.
    #[arg(long, value_name = "FOLDER", default_value = "/var/tmp")]
    folder: PathBuf,

    /// Be the bare reference on this database; the bench starts itself so.
    #[arg(long, value_name = "URL", hide = true)]
    reference: Option<String>,

    /// The reference asks its connections whether they live before it uses them.
    #[arg(long, hide = true)]
    pings: bool,

    /// What cargo says to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome {
    if let Some(url) = &arguments.reference {
        // On as many threads as the server that it is compared with.
        return tokio::runtime::Runtime::new()?.block_on(reference::serve(url, arguments.pings));
    }
    let folder = tempfile::Builder::new()
        .prefix("seatkeeper-bench-")
        .permissions(std::fs::Permissions::from_mode(0o711))
        .tempdir_in(&arguments.folder)?;
    let mut bench = Bench::new(
        Ground {
            folder: folder.path().to_owned(),
            cluster: None,
        },
        arguments.users,
        arguments.rounds,
    );
    let client = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let lines = client.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // Stopped by a signal, it still ends what it has started.
        tokio::select! {
            lines = measure(&mut bench, &arguments.rows) => lines,
            _ = terminate.recv() => Err(wrong("stopped")),
            _ = interrupt.recv() => Err(wrong("stopped")),
        }
    })?;
    let machine = client.block_on(machine(&bench))?;
    println!("{}", report::table(&lines));
    println!(
        "Medians of {} rounds; the large side has {} people.\n\n{machine}",
        arguments.rounds, arguments.users
    );
    Ok(())
}

/// Runs the rows, all if none is named.
async fn measure(bench: &mut Bench, rows: &[Row]) -> Outcome<Vec<Line>> {
    let rows = if rows.is_empty() { Row::ALL } else { rows };
    let mut lines = Vec::new();
    for row in rows {
        eprintln!("{row:?} …");
        for line in row.run(bench).await? {
            eprintln!("  {}", line.short());
            lines.push(line);
        }
    }
    Ok(lines)
}

async fn machine(bench: &Bench) -> Outcome<String> {
    let postgres = match &bench.ground.cluster {
        Some(cluster) => Some(cluster.version().await?),
        None => None,
    };
    let sqlite = site::sqlite_version().await?;
    Ok(report::machine(&sqlite, postgres.as_deref()))
}

/// An error of the bench's own.
pub(crate) fn wrong(what: impl Into<String>) -> Box<dyn Error> {
    what.into().into()
}

/// How long-running work shows itself on a terminal.
pub(crate) fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

//! What was measured, as a table in Markdown, and the machine it was measured on.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// Shown for its own sake.
    None,
}

/// A line of the table.
pub(crate) struct Line {
    name: String,
    a: String,
    b: String,
    figure: f64,
    unit: &'static str,
    bound: Bound,
    /// How far the rounds lay apart.
    spread: String,
}

/// The paired figures of all rounds: `(A, B)`.
#[derive(Default)]
pub(crate) struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    pub(crate) fn push(&mut self, a: f64, b: f64) {
        self.0.push((a, b));
    }

    /// A line with the median of the paired ratios A / B.
    pub(crate) fn line(&self, name: impl Into<String>, unit: &str, bound: Bound) -> Line {
        let mut ratios: Vec<f64> = self.0.iter().map(|(a, b)| a / b).collect();
        let figure = median(&mut ratios);
        let show = |value: f64| format!("{} {unit}", rounded(value));
        Line {
            name: name.into(),
            a: show(median(
                &mut self.0.iter().map(|(a, _)| *a).collect::<Vec<_>>(),
            )),
            b: show(median(
                &mut self.0.iter().map(|(_, b)| *b).collect::<Vec<_>>(),
            )),
            figure,
            unit: "×",
            bound,
            spread: spread(&ratios),
        }
    }
}

impl Line {
    /// A line with the median of figures that are compared with nothing.
    pub(crate) fn of(
        name: impl Into<String>,
        mut figures: Vec<f64>,
        unit: &'static str,
        bound: Bound,
    ) -> Self {
        let figure = median(&mut figures);
        Self {
            name: name.into(),
            a: String::new(),
            b: String::new(),
            figure,
            unit,
            bound,
            spread: spread(&figures),
        }
    }

    fn mark(&self) -> &'static str {
        let met = match self.bound {
            Bound::AtLeast(least) => self.figure >= least,
            Bound::AtMost(most) => self.figure <= most,
            Bound::None => return "",
        };
        if met { "✓" } else { "✗" }
    }

    /// The line as it is shown while the bench still runs.
    pub(crate) fn short(&self) -> String {
        format!("{} {}: {}", self.mark(), self.name, self.figure())
    }

    fn figure(&self) -> String {
        format!("{:.2} {}", self.figure, self.unit)
    }

    fn cells(&self) -> [String; 7] {
        let bound = match self.bound {
            Bound::AtLeast(least) => format!("≥ {least} {}", self.unit),
            Bound::AtMost(most) => format!("≤ {most} {}", self.unit),
            Bound::None => String::new(),
        };
        [
            self.name.clone(),
            self.a.clone(),
            self.b.clone(),
            self.figure(),
            self.spread.clone(),
            bound,
            self.mark().to_owned(),
        ]
    }
}

/// The table.
pub(crate) fn table(lines: &[Line]) -> String {
    let mut out = String::from("| what | A | B | A / B | of the rounds | must be | |\n");
    out.push_str("| --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
    for line in lines {
        let _ = writeln!(out, "| {} |", line.cells().join(" | "));
    }
    out
}

/// The machine and the versions, a list.
pub(crate) fn machine(sqlite: &str, postgres: Option<&str>) -> String {
    let cpu = field("/proc/cpuinfo", "model name");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = field("/proc/meminfo", "MemTotal");
    let gigabytes = memory
        .split(' ')
        .next()
        .and_then(|kb| kb.parse::<u64>().ok())
        .map_or(0, |kb| kb.div_ceil(1024 * 1024));
    let mut out = format!("- {cores} cores of {cpu}, {gigabytes} GB of memory\n");
    let _ = writeln!(out, "- {}", said("uname", &["-srm"]));
    let _ = writeln!(out, "- {}", said("rustc", &["--version"]));
    let _ = writeln!(out, "- SQLite {sqlite}");
    if let Some(postgres) = postgres {
        let _ = writeln!(out, "- PostgreSQL {postgres}");
    }
    out
}

fn field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.trim() == name)
        .map_or_else(|| "?".to_owned(), |(_, value)| value.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

/// Sorts the figures and answers the middle one.
fn median(figures: &mut [f64]) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    match (figures.len(), figures.len() / 2) {
        (0, _) => f64::NAN,
        (n, half) if n % 2 == 1 => figures[half],
        (_, half) => f64::midpoint(figures[half - 1], figures[half]),
    }
}

fn spread(sorted: &[f64]) -> String {
    match sorted {
        [first, .., last] => format!("{first:.2} … {last:.2}"),
        _ => String::new(),
    }
}

fn rounded(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A percentile of sorted times, in milliseconds: the smallest time that so many do not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted
        .get(rank)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

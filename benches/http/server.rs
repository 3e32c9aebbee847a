//! The servers that are measured, each a process of its own: Seatkeeper, and the bare reference.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, reference, wrong};

/// The program that is measured, built as a release.
pub(crate) const SEATKEEPER: &str = env!("CARGO_BIN_EXE_seatkeeper");

/// `USER_HZ`: what Linux counts processor time in, on every machine of today.
const TICK: Duration = Duration::from_millis(10);

/// The kinds of the bare reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// With the pool as sqlx makes it.
    AsItComes,
    /// Without a ping before each statement.
    Pingless,
}

/// A server that runs until this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From before the start of the process to its ready line.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Seatkeeper on a database, with all settings as by default but the rate limit, which is off.
    pub(crate) fn start(url: &str, settings: &[(&str, &Path)]) -> Outcome<Self> {
        let mut command = Command::new(SEATKEEPER);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", url]);
        without_settings(&mut command).env("SEATKEEPER_RATE_LIMIT", "0");
        command.envs(settings.iter().copied());
        Self::ready(command)
    }

    /// The bare reference on the same database: this very program, told so by its arguments.
    pub(crate) fn reference(url: &str, kind: Reference) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([reference::ARGUMENT, url]);
        if kind == Reference::AsItComes {
            command.arg(reference::PINGS);
        }
        Self::ready(command)
    }

    /// Starts it, and waits for the line that says its address.
    fn ready(mut command: Command) -> Outcome<Self> {
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What it logs is written as it would be in use, and thrown away.
            .stderr(File::options().write(true).open("/dev/null")?)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("a child without a stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let started_in = began.elapsed();
        let Some(address) = address(&line) else {
            let _ = child.kill();
            let status = child.wait()?;
            return Err(wrong(format!("a server did not start: {status} {line:?}")));
        };
        Ok(Self {
            child,
            address,
            started_in,
        })
    }

    /// Resident memory, in megabytes.
    pub(crate) fn memory(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .ok_or("no VmRSS in /proc")?
            .parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Processor time that all its threads have used so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program, in brackets, may hold spaces: count after it.
        let (_, rest) = stat.rsplit_once(')').ok_or("/proc/PID/stat is another")?;
        let mut fields = rest.split_whitespace().skip(11);
        let user: u32 = fields.next().ok_or("no utime")?.parse()?;
        let system: u32 = fields.next().ok_or("no stime")?.parse()?;
        Ok(TICK * (user + system))
    }

    /// Stops it as an operator would, so that the database is left whole.
    pub(crate) fn stop(mut self) -> Outcome {
        signal("-TERM", &self.child)?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(wrong(format!("a server did not end well: {status}")))
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both do nothing to a process that has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of Seatkeeper on a database and answers what it prints.
pub(crate) fn seatkeeper(url: &str, arguments: &[&str]) -> Outcome<String> {
    let mut command = Command::new(SEATKEEPER);
    command.args(arguments).args(["--database-url", url]);
    said(without_settings(&mut command))
}

/// Runs a program to its end and answers what it prints.
pub(crate) fn said(command: &mut Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(wrong(format!("{command:?}: {}\n{stderr}", output.status)));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Sends a signal to a child; the standard library knows only the one that leaves no time.
pub(crate) fn signal(name: &str, child: &Child) -> Outcome {
    said(Command::new("kill").args([name, &child.id().to_string()]))?;
    Ok(())
}

/// Whoever runs the bench may have settings in the environment. They are not what is measured.
fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEATKEEPER_") {
            command.env_remove(name);
        }
    }
    command
}

/// The address in `… http://127.0.0.1:8080/scim/v2 …`.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(['/', ',', ' ', '\n']).next()?.parse().ok()
}

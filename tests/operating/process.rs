//! `seatkeeper` as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A running process, killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_seatkeeper"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("seatkeeper runs");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Serves a database on a free port; answers with the base address.
    pub(crate) fn serve(database_url: &str) -> (Self, String) {
        Self::serve_with(database_url, &[])
    }

    /// The same with more options.
    pub(crate) fn serve_with(database_url: &str, more: &[&str]) -> (Self, String) {
        let serve = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--rate-limit",
            "0",
            "--database-url",
        ];
        let process = Self::start(&[&serve[..], &[database_url], more].concat());
        let ready = process.line();
        let (_, after) = ready.split_once("SCIM at ").expect("the address of SCIM");
        let (base, _) = after.split_once("/scim/v2").expect("the address of SCIM");
        let base = base.to_owned();
        (process, base)
    }

    /// The next line of its output.
    pub(crate) fn line(&self) -> String {
        self.lines
            .recv_timeout(Duration::from_secs(30))
            .expect("it says something")
    }

    /// All that it says within that time.
    pub(crate) fn lines_within(&self, time: Duration) -> Vec<String> {
        let end = std::time::Instant::now() + time;
        let left = || end.saturating_duration_since(std::time::Instant::now());
        std::iter::from_fn(|| self.lines.recv_timeout(left()).ok()).collect()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.expect("kill runs").success());
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }

    /// Ends it without a chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The demo shows what the product is for.

use std::time::Duration;

use super::process::Process;

#[test]
fn the_demo_prints_people_seats_and_curl_lines_that_work() {
    let demo = Process::start(&["demo", "--listen", "127.0.0.1:0"]);
    let lines = demo.lines_within(Duration::from_secs(15));
    assert!(lines.len() >= 20, "{lines:#?}");
    let text = lines.join("\n");
    for part in [
        "mia.costa",
        "waitlisted",
        "grace",
        "new-manager",
        "coaching",
        "curl",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    // The curl lines, with the variables they name, as a person would paste them.
    let script: Vec<_> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| {
            ["A=", "OWNER=", "SCIM=", "curl "]
                .iter()
                .any(|w| line.starts_with(w))
        })
        .map(|line| line.replace("curl -s", "curl -sSf"))
        .collect();
    let output = std::process::Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script.join("\n")])
        .output()
        .expect("bash runs");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(
        out.contains("\"ok\":true") && out.contains("seatFreed"),
        "{out}"
    );
}

//! What the runner starts ends with it, and in time.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{CASES, Ports, failures, finish, script};

#[test]
fn what_an_adapter_leaves_behind_ends_with_it() {
    for (mode, code) in [("good", 0), ("crash", 1)] {
        let ports = Ports::scripted(mode, "");
        let pids = ports.folder().join("pids");
        let line = format!(
            "sleep 300 >/dev/null 2>&1 </dev/null & echo $! >> '{}'; exec python3 '{}' {mode}",
            pids.display(),
            script().display()
        );
        let command = serde_json::to_string(&["sh", "-c", &line]).expect("a list of texts");
        ports.write("scripted", &format!("title = 'it'\ncommand = {command}\n"));
        let (run, _) = ports.run(&[]);
        assert_eq!(run.code, code, "{mode}: {}", run.err);
        let left = std::fs::read_to_string(&pids).expect("at least one was started");
        assert!(!left.is_empty());
        for pid in left.lines() {
            assert!(has_gone(pid), "{mode}: {pid} is still there");
        }
    }
}

#[test]
fn what_a_port_requires_and_its_build_end_in_time() {
    let ports = Ports::scripted("good", "");
    ports.add(
        "requiring",
        &["good"],
        "start_timeout_s = 1\nrequires = [['sleep', '300']]",
    );
    ports.add(
        "building",
        &["good"],
        "build_timeout_s = 1\nbuild = [['sleep', '300']]",
    );
    let begun = Instant::now();
    let (run, report) = ports.run(&[]);
    assert!(begun.elapsed() < Duration::from_secs(200));
    assert_eq!(run.code, 1, "{}", run.err);
    let requiring = "!! requiring: not available: it needs `sleep 300` to succeed: `sleep 300` has not ended within 1s";
    assert!(run.err.contains(requiring), "{}", run.err);
    let failures = failures(&report);
    let expected = ["adapter hello: `sleep 300` has not ended within 1s"];
    assert_eq!(failures, expected);
}

#[test]
fn a_signal_ends_what_a_port_requires() {
    let ports = Ports::scripted("good", "");
    let file = ports.folder().join("pid");
    let line = format!("echo $$ > '{}'; sleep 300", file.display());
    let requires = serde_json::to_string(&[["sh", "-c", &line]]).expect("a list of texts");
    ports.add("scripted", &["good"], &format!("requires = {requires}"));
    let mut runner = ports
        .command(["run"].iter().chain(&CASES))
        .spawn()
        .expect("the runner starts");
    let pid = wait_for(&file);
    let kill = Command::new("kill").arg(runner.id().to_string()).status();
    assert!(kill.expect("kill starts").success());
    assert_eq!(runner.wait().expect("it ends").code(), Some(130));
    assert!(has_gone(&pid), "{pid} is still there");
}

#[test]
fn a_server_that_does_not_work_is_a_problem() {
    for (variable, case, said) in [
        (
            "NATSBRIDGE_TEST_NATS_SERVER",
            "w8.1-deliver-silent",
            "nats-server does not come up",
        ),
        (
            "NATSBRIDGE_TEST_PLIK",
            "w2.3-send-link",
            "Plik does not come up",
        ),
    ] {
        let ports = Ports::scripted("connected", "");
        let arguments = [
            "run",
            "--format",
            "json",
            "--case",
            "w1.1-smallest",
            "--case",
            case,
        ];
        let run = finish(ports.command(arguments).env(variable, "/bin/false"));
        assert_eq!(run.code, 1, "{variable}: {}", run.err);
        assert!(run.out.contains(said), "{variable}: {}", run.out);
    }
}

fn wait_for(file: &Path) -> String {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.ends_with('\n') {
            return text.trim().to_owned();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it has not started");
}

/// Whether a process has ended, waited for or not.
fn has_gone(pid: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let ps = Command::new("ps").args(["-o", "stat=", "-p", pid]).output();
        let state = String::from_utf8(ps.expect("ps starts").stdout).expect("text");
        let is_there = !state.trim().is_empty() && !state.starts_with('Z');
        if !is_there || Instant::now() >= until {
            return !is_there;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

//! A signal ends everything that was started.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::{CASES, Ports};

#[test]
fn a_signal_ends_the_runner_and_its_adapters() {
    for (signal, code) in [("-INT", 130), ("-TERM", 130)] {
        let ports = Ports::scripted("good", "");
        let pid = ports.folder().join("pid");
        let path = pid.to_str().expect("a path that is UTF-8");
        ports.add("scripted", &["pid", path], "start_timeout_s = 60");
        let text = std::fs::read_to_string(ports.folder().join("scripted.toml")).expect("the file");
        ports.write(
            "scripted",
            &text.replace("request_timeout_s = 1", "request_timeout_s = 60"),
        );
        let mut runner = ports
            .command(["run"].iter().chain(&CASES))
            .spawn()
            .expect("the runner starts");
        let adapter = wait_for(&pid);
        // It is asked for something, which it will never answer.
        std::thread::sleep(Duration::from_millis(500));
        kill(signal, runner.id());
        let status = runner.wait().expect("it ends");
        assert_eq!(status.code(), Some(code));
        assert!(!is_running(adapter), "the adapter {adapter} is still there");
    }
}

pub(crate) fn wait_for(file: &Path) -> u32 {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Ok(pid) = text.parse() {
            return pid;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the adapter has not started");
}

pub(crate) fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(status.expect("kill starts").success());
}

pub(crate) fn is_running(pid: u32) -> bool {
    let status = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(std::process::Stdio::null())
        .status();
    status.expect("kill starts").success()
}
